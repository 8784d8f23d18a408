"""The pytest plugin: a test per operation, input and order, short tracebacks, and what was proven."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tinygrad_sigmoid.testing import plugin, reporting

ROOT = Path(__file__).parents[1]
OPERATIONS = """
    import math
    import pytest
    from tinygrad_sigmoid import Operation, multiply, relu, sigmoid
    from tinygrad_sigmoid.testing import check_gradients, planted_bug

    softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    wrong = Operation("wrong", lambda x: x * x, lambda out, x: (-2 * x,))
    coarse = Operation("coarse", lambda x: float(round(x * 1e4)) / 1e4, lambda out, x: (1.0,))
"""


@pytest.fixture
def run(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> Run:
    return Run(request, pytester)


class Run:
    """Runs a file of tests, with the plugin loaded as its entry point would load it."""

    def __init__(self, request: pytest.FixtureRequest, pytester: pytest.Pytester) -> None:
        self.plugins = [] if request.config.pluginmanager.has_plugin("gradients") else [plugin]
        self.pytester = pytester

    def __call__(self, tests: str, *options: str) -> pytest.RunResult:
        path = self.pytester.makepyfile(OPERATIONS + tests)
        strict = "--strict-config", "--strict-markers", "-W", "error", "-p", "no:cacheprovider"
        return self.pytester.runpytest_inprocess(path, *strict, *options, plugins=self.plugins)


def test_each_operation_input_and_order_is_a_test(run: Run) -> None:
    outcome = run(
        """
    @pytest.mark.gradients(softsign, sigmoid, at=[0.5, -3.0], order=2)
    @pytest.mark.gradients(multiply, at=[(1, 2.0)])
    def test_operations(certify):
        assert certify().verdict == "the gradients are right"
    """,
        "--collect-only",
        "-q",
    )
    names = [line.partition("::")[2] for line in outcome.outlines if "::" in line]
    assert names == [
        "test_operations[multiply-a=1,b=2]",
        "test_operations[softsign-x=0.5-order1]",
        "test_operations[softsign-x=0.5-order2]",
        "test_operations[softsign-x=-3-order1]",
        "test_operations[softsign-x=-3-order2]",
        "test_operations[sigmoid-z=0.5-order1]",
        "test_operations[sigmoid-z=0.5-order2]",
        "test_operations[sigmoid-z=-3-order1]",
        "test_operations[sigmoid-z=-3-order2]",
    ]


def test_each_passes_or_fails_by_itself_in_its_own_line(run: Run) -> None:
    outcome = run(
        """
    @pytest.mark.gradients(softsign, wrong, at=[0.5])
    def test_operations(certify):
        certify()
    """
    )
    outcome.assert_outcomes(passed=1, failed=1)
    outcome.stdout.fnmatch_lines(
        [
            "*_ test_operations?wrong-x=0.5? _*",
            "certify = <certify wrong-x=0.5>",
            ">       certify()",
            "E       *GradientMismatch: the rule of wrong is wrong: ∂wrong/∂x is of the wrong sign",
            "E           got      -1.0",
            "E           wrong = Operation('wrong', lambda x: x * x, lambda out, x: (-2 * x,))",
            "*test_each_passes_or_fails_by_itself_in_its_own_line.py:*: GradientMismatch",
        ]
    )
    outcome.stdout.no_fnmatch_line("*checking.py*")
    outcome.stdout.no_fnmatch_line("*plugin.py*")


def test_an_error_that_is_no_mismatch_points_to_the_test_as_well(run: Run) -> None:
    outcome = run(
        """
    @pytest.mark.gradients(relu, multiply, at=[(1e300, 1e300)])
    def test_operations(certify):
        certify()
    """
    )
    outcome.assert_outcomes(failed=2)
    outcome.stdout.fnmatch_lines([">       certify()", "E       TypeError: relu takes 1 input, but was given 2: *"])
    outcome.stdout.fnmatch_lines([">       certify()", "E       OverflowError: multiply(a=1e+300, b=1e+300) is too *"])
    outcome.stdout.no_fnmatch_line("*checking.py:*: *")


def test_what_else_check_gradients_takes_is_handed_on(run: Run) -> None:
    outcome = run(
        """
    calls = []

    @pytest.fixture(autouse=True)
    def recorded(monkeypatch):
        name = "tinygrad_sigmoid.testing.checking.check_gradients"
        monkeypatch.setattr(name, lambda *at, **options: calls.append((at, options)))

    class Engine:
        pass

    def layer(x, w):
        return x @ w

    @pytest.mark.gradients(Engine, at=())
    @pytest.mark.gradients(layer, math.hypot, at=[([1.0], [[2.0]])], vjp=len, strict=True)
    def test_operations(request, certify):
        certify()
        expected = {
            "layer-point1": ((layer, [1.0], [[2.0]]), {"vjp": len, "strict": True}),
            "hypot-point1": ((math.hypot, [1.0], [[2.0]]), {"vjp": len, "strict": True}),
            "Engine": ((Engine,), {}),
        }
        assert calls.pop() == expected[request.node.callspec.id]
    """
    )
    outcome.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (
            "@pytest.mark.gradients(softsign, at=[0.5])\n    def test_nothing(): pass",
            "test_nothing would check nothing: write `def test_nothing(certify): certify()`",
        ),
        (
            "def test_nothing(certify): certify()",
            "test_nothing doesn't say what to certify: write `@pytest.mark.gradients(*, at=?0.5?)`",
        ),
        (
            "@pytest.mark.gradients(softsign)\n    def test_nothing(certify): certify()",
            "the mark `gradients` takes what is checked, and a list of points: write for instance *",
        ),
        (
            "@pytest.mark.gradients(softsign, at=[0.5], order=9)\n    def test_nothing(certify): certify()",
            "the mark `gradients` takes what is checked, and a list of points: write for instance *",
        ),
    ],
)
def test_a_mark_that_checks_nothing_is_an_error(tests: str, said: str, run: Run) -> None:
    outcome = run(f"\n    {tests}\n")
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines([said])


def test_a_test_that_never_calls_certify_fails(run: Run) -> None:
    outcome = run(
        """
    @pytest.mark.gradients(softsign, at=[0.5])
    def test_nothing(certify):
        assert certify
    """
    )
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines(["test_nothing has checked nothing: call certify() in it"])


TWO_TESTS = """
    def test_neuron():
        for w in (0.5, 0.6):
            check_gradients(lambda w, x, b: sigmoid(w * x + b), w, 1.0, 0.9)

    def test_without_gradients():
        pass
"""


def test_v_lists_what_was_proven(run: Run) -> None:
    outcome = run(TWO_TESTS, "-v")
    outcome.assert_outcomes(passed=2)
    outcome.stdout.fnmatch_lines(
        [
            "*= gradients proven =*",
            "test_v_lists_what_was_proven.py::test_neuron",
            "    checks: 2",
            "    5 local derivatives*",
        ]
    )
    assert "test_without_gradients" not in outcome.stdout.str().partition("gradients proven")[2]
    run(TWO_TESTS).stdout.no_fnmatch_line("*gradients*")


COARSE = """
    def test_coarse():
        check_gradients(coarse, 1.23456)
"""


def test_what_is_unresolved_is_told_though_the_test_passes_and_fails_if_asked(run: Run) -> None:
    outcome = run(COARSE)
    outcome.assert_outcomes(passed=1)
    outcome.stdout.fnmatch_lines(["gradients unresolved in 1 test (-v lists them, --gradients-strict lets them fail)"])
    run(COARSE, "-v").stdout.fnmatch_lines(["    unresolved: *"])
    strict = run(COARSE, "--gradients-strict")
    strict.assert_outcomes(failed=1)
    strict.stdout.fnmatch_lines([">*check_gradients(*"])
    assert reporting.strict is False, "and it does so for no other run"


def test_junit_has_it_as_properties(run: Run, pytester: pytest.Pytester) -> None:
    run(TWO_TESTS + COARSE, "--junitxml=report.xml").assert_outcomes(passed=3)
    cases = {case.get("name"): case for case in ElementTree.parse(pytester.path / "report.xml").iter("testcase")}
    properties = {
        name: [(p.get("name"), p.get("value")) for p in case.iter("property")] for name, case in cases.items()
    }
    assert properties["test_neuron"][0] == ("gradients.checks", "2")
    assert properties["test_neuron"][1][0] == "gradients.proven"
    assert "gradients.unresolved" in dict(properties["test_coarse"])
    assert properties["test_without_gradients"] == []


def test_checks_made_while_collecting_are_of_no_test(run: Run) -> None:
    outcome = run("\n    check_gradients(sigmoid, 0.5)\n\n    def test_without_gradients(): pass", "-v")
    outcome.stdout.no_fnmatch_line("*gradients proven*")


HYPOTHESIS = """
    from hypothesis import given, settings
    from tinygrad_sigmoid.testing.strategies import points

    @settings(max_examples=20, derandomize=True, database=None)
    @given(points(wrong))
    def test_points(x):
        check_gradients(wrong, x)
"""


def test_with_hypothesis_the_traceback_is_as_short(run: Run) -> None:
    outcome = run(HYPOTHESIS)
    outcome.assert_outcomes(failed=1)
    outcome.stdout.fnmatch_lines([">*check_gradients(wrong, x)", "E *GradientMismatch: the rule of wrong is wrong: *"])
    outcome.stdout.no_fnmatch_line("*checking.py:*: *")
    outcome.stdout.fnmatch_lines(["E *x=0.5,"])


@pytest.mark.slow
def test_on_several_machines_the_list_and_the_failures_are_the_same(run: Run, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    failing = "\n    def test_wrong():\n        check_gradients(wrong, 0.5)\n"
    path = pytester.makepyfile(OPERATIONS + TWO_TESTS + failing)
    loaded = ["-p", plugin.__name__] if run.plugins else []
    outcome = pytester.runpytest_subprocess(path, *loaded, "-n1", "-v", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=2, failed=1)
    outcome.stdout.fnmatch_lines([">       check_gradients(wrong, 0.5)", "*= gradients proven =*", "    checks: 2"])
    outcome.stdout.no_fnmatch_line("*checking.py:*: *")


def test_the_plugin_loads_neither_the_judge_nor_hypothesis_nor_numpy() -> None:
    code = (
        f"import sys, pytest; before = {{*sys.modules}}; import {plugin.__name__}; print(*({{*sys.modules}} - before))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    testing = {name.rpartition("testing.")[2] for name in shown.split() if "testing." in name}
    assert testing == {"plugin", "reporting", "calling"}
    assert {name.partition(".")[0] for name in shown.split()} <= {"tinygrad_sigmoid", *sys.stdlib_module_names}


def test_pytest_finds_it_through_the_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"gradients": plugin.__name__}
