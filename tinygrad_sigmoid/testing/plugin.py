"""The pytest plugin: installed with the package, there is nothing to import or to configure.

    @pytest.mark.gradients(softsign, swish, at=[0.5, -3.0], order=2)
    def test_activations(certify):
        certify()

makes a test for each operation, input and order, `test_activations[softsign-x=0.5-order2]`, that fails by itself. The
mark says what is checked, so that it is there before anything runs; the fixture checks it in the test's own line, so
that this is where a failure points to, and gives back the certificate, as in `assert certify().worst_ulp < 4`.

Each point of `at` is a number, or a tuple of all inputs; `at=()` is for a class, which needs none. Whatever else
`check_gradients` takes may be given too, as in `gradients(layer, vjp=layer_backward, at=[(x, w)])`.

`-v` lists what every check of a test has proven, whether it was made so or by a call of `check_gradients`; JUnit's XML
has the same as properties. What could not be told is counted in any case, and fails with `--gradients-strict`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from tinygrad_sigmoid.testing import reporting
from tinygrad_sigmoid.testing.calling import input_names

if TYPE_CHECKING:  # loading the judge takes longer than all else here, and most test runs need none
    from tinygrad_sigmoid.testing.certificate import Certificate

MARK = "gradients(checked, ..., at=[...], order=1): what `certify` checks, each at each point, in each order up to this"
CHECKS, PROVEN, UNRESOLVED = "gradients.checks", "gradients.proven", "gradients.unresolved"  # properties of a test
LISTED = {CHECKS: "checks: ", PROVEN: "", UNRESOLVED: "unresolved: "}  # how the list of `-v` begins them
MOST_UNRESOLVED = 5  # of one test: Hypothesis may find a thousand


@dataclass(repr=False)
class Certify:
    """What the fixture `certify` gives: called, it checks the gradients that the test's mark is about."""

    name: str
    checked: Any
    at: tuple[Any, ...]
    options: dict[str, Any]
    was_called: bool = False

    def __repr__(self) -> str:
        return f"<certify {self.name}>"

    def __call__(self) -> Certificate:
        __tracebackhide__ = True
        from tinygrad_sigmoid.testing import check_gradients

        self.was_called = True
        return check_gradients(self.checked, *self.at, **self.options)


CERTIFICATES = pytest.StashKey[list["Certificate"]]()  # those of the test that runs


def _properties(certificates: list[Certificate]) -> Iterator[tuple[str, str]]:
    """What the checks of one test have proven: the first of them, as it says, and what could not be told by any."""
    if certificates:
        unresolved: dict[str, None] = {}
        for certificate in certificates:
            unresolved |= dict.fromkeys(reason for one in certificate.walk() for reason in one.unresolved)
        yield CHECKS, str(len(certificates))
        _, *lines = str(certificates[0]).splitlines()
        yield from ((PROVEN, line) for line in lines if not line.lstrip().startswith("unresolved: "))
        yield from ((UNRESOLVED, reason) for reason in islice(unresolved, MOST_UNRESOLVED))


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradients", "gradient checks")
    group.addoption("--gradients-strict", action="store_true", help="a gradient that can't be told fails its test")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)
    certificates = config.stash[CERTIFICATES] = []

    def restore(strict: bool = reporting.strict) -> None:
        reporting.strict = strict
        reporting.observers.remove(certificates.append)

    reporting.observers.append(certificates.append)
    reporting.strict = config.getoption("gradients_strict") or reporting.strict
    config.add_cleanup(restore)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    test, marks = metafunc.definition.name, [*metafunc.definition.iter_markers("gradients")]
    asked = "certify" in metafunc.fixturenames
    if marks and not asked:
        pytest.fail(f"{test} would check nothing: write `def {test}(certify): certify()`", pytrace=False)
    if asked and not marks:
        pytest.fail(f"{test} doesn't say what to certify: write `@pytest.mark.gradients(…, at=[0.5])`", pytrace=False)
    if asked:
        cases = [case for mark in marks for case in _cases(**mark.kwargs, checked=mark.args)]
        metafunc.parametrize("certify", cases, indirect=True, ids=[case.name for case in cases])


def _cases(checked: tuple[Any, ...], at: Any = None, order: int | None = None, **options: Any) -> Iterator[Certify]:
    """The mark's cases: everything checked, at every point, in every order."""
    if not checked or not isinstance(at, list | tuple) or order not in (None, 1, 2, 3):
        wanted = (
            "what is checked, and a list of points: write for instance gradients(softsign, at=[0.5, -3.0], order=2)"
        )
        pytest.fail(f"the mark `gradients` takes {wanted}", pytrace=False)
    for one in checked:
        name = getattr(one, "name", None) or getattr(one, "__name__", None) or type(one).__name__
        for place, point in enumerate(at or [()], 1):
            inputs = point if isinstance(point, tuple) else (point,)
            words = [name, *[_point(one, inputs, place)] * bool(inputs)]
            if order is None:
                yield Certify("-".join(words), one, inputs, options)
            for up_to in range(1, (order or 0) + 1):
                yield Certify("-".join([*words, f"order{up_to}"]), one, inputs, {**options, "order": up_to})


def _point(checked: Any, inputs: tuple[Any, ...], place: int) -> str:
    """How the name of a test writes its inputs: `x=0.5,y=2`, or `point1` if they are no plain numbers."""
    if not all(isinstance(number, int | float) for number in inputs):
        return f"point{place}"
    names = input_names(checked, len(inputs))
    return ",".join(f"{name}={number:.6g}" for name, number in zip(names, inputs, strict=True))


@pytest.fixture
def certify(request: pytest.FixtureRequest) -> Certify:
    """Checks the gradients that the test's mark `gradients` is about, and gives their certificate."""
    case: Certify = request.param
    return replace(case)  # one for each test


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fails a test that has asked for `certify` and not called it, which could never fail otherwise."""
    outcome = yield
    asked = pyfuncitem.funcargs.get("certify")
    if isinstance(asked, Certify) and not asked.was_called:
        pytest.fail(f"{pyfuncitem.originalname} has checked nothing: call certify() in it", pytrace=False)
    return outcome


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Begins anew: what was checked while tests were collected is of none of them."""
    item.config.stash[CERTIFICATES].clear()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item) -> None:
    """Hands what was proven to the report of the test, which is what reaches the terminal, JUnit and other machines."""
    item.user_properties += _properties(item.config.stash[CERTIFICATES])
    item.config.stash[CERTIFICATES].clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """With `-v` a list of what was proven; in any case how much could not be told."""
    told: dict[str, list[tuple[str, str]]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                told[report.nodeid] = [(name, text) for name, text in report.user_properties if name in LISTED]
    if terminalreporter.verbosity > 0 and any(told.values()):
        terminalreporter.section("gradients proven")
        for test, properties in told.items():
            if properties:
                terminalreporter.write_line(test)
            for name, text in properties:
                terminalreporter.write_line(f"    {LISTED[name]}{text}")
    unresolved = [test for test, properties in told.items() if UNRESOLVED in dict(properties)]
    if unresolved:
        tests = f"{len(unresolved)} test{'s' * (len(unresolved) > 1)}"
        hint = "-v lists them, --gradients-strict lets them fail"
        terminalreporter.write_line(f"gradients unresolved in {tests} ({hint})", yellow=True)
