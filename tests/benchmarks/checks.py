"""How far the gradient check can be trusted, beside others: `python tests/benchmarks/checks.py [GRAPHS [SEED]]`.

False alarms on right graphs, planted bugs found and named, cost a value; then JAX, autograd and PyTorch with the
defaults of their own checks on single operations, as far as they are installed. All of them get our rules, computed
with their own arithmetic.
"""

from __future__ import annotations

import importlib.metadata
import platform
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Operation, Value
from tinygrad_sigmoid.course.exhibits import EXHIBITS, RIGHT, Ledger
from tinygrad_sigmoid.graph import computed, leaves, topological_order
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, check_operation, planted_bug
from tinygrad_sigmoid.testing.strategies import HARD, ORDINARY, Expression, expressions
from tinygrad_sigmoid.value import operation_of

sys.path.append(str(Path(__file__).parents[1]))

from human_bugs import BUGS as BUGS_OF_PEOPLE
from human_bugs import RIGHT as RIGHT_OF_PEOPLE
from human_bugs import inputs

SCALES = (-1.0, 1.01, 1.001, 1 + 1e-5, 1 + 1e-8)
BUGS: dict[str, dict[str, Any]] = {
    "1.01 times too large": {"scale": 1.01},
    "wrong by 1e-9 of itself": {"scale": 1 + 1e-9},
    "of the wrong sign": {"sign": True},
    "first one dropped": {"drop": 1},
    "in the wrong order": {"swap": True},
}


# -- Right graphs, and the same with a bug -------------------------------------------------------------------------


def drawn(count: int, seed: int) -> list[Expression]:
    """Random expressions of the whole table; one in four at the edges of what floats can hold."""
    found: list[Expression] = []
    kinds = [expressions(max_operations=12, well_scaled=False, numbers=numbers) for numbers in (ORDINARY, HARD)]

    @hypothesis.seed(seed)
    @settings(
        max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    @given(st.integers(0, 3).flatmap(lambda number: kinds[number == 0]))
    def collect(expression: Expression) -> None:
        found.append(expression)

    collect()
    return found


def right_graphs(found: list[Expression]) -> None:
    seen: Counter[str] = Counter()
    begin = time.perf_counter()
    for expression in found:
        output = expression.recorded()
        seen["graphs"] += 1
        seen["values"] += len(topological_order(output))
        seen["single checks"] += 2 * sum(len(value.inputs) for value in computed(output)) + len(leaves(output))
        seen.update(outcome(output))
    seconds = time.perf_counter() - begin
    print(
        f"{told(seen)}; {seen['graphs'] / seconds:.0f} graphs a second, {seconds / seen['values'] * 1e3:.2f} ms a value"
    )


def outcome(output: Value) -> list[str]:
    """What came of the check of something right."""
    try:
        certificate = check_gradients(output)
    except GradientMismatch as mismatch:
        print(mismatch, file=sys.stderr)
        return ["false alarms"]
    return ["unresolved"] * bool(certificate.open_points) + ["losses"] * any(one.losses for one in certificate.walk())


def told(seen: Counter[str]) -> str:
    return ", ".join(f"{name}: {seen[name]:,}" for name in dict.fromkeys([*seen, "false alarms", "unresolved"]))


# -- Operations as people write them, with `math` --------------------------------------------------------------------


def people(count: int, seed: int) -> None:
    """Right operations at many inputs of their whole domains; then all kinds of mistakes that people make in them."""
    seen: Counter[str] = Counter()
    for operation, where in RIGHT_OF_PEOPLE.values():
        for at in inputs(where, operation.arity or 2, count, seed):
            with suppress(ArithmeticError, ValueError):  # floats can't compute it there
                output = operation(*map(Value, at))
                seen["points"] += 1
                seen["single checks"] += 3 * len(at)
                seen.update(outcome(output))
    print(f"\n{len(RIGHT_OF_PEOPLE)} own operations: {told(seen)}")
    for scale in SCALES:
        seen = Counter()
        for operation, where in RIGHT_OF_PEOPLE.values():
            for at in inputs(where, operation.arity or 2, 40, seed):
                with suppress(ArithmeticError, ValueError), planted_bug(operation, scale=scale):
                    output = operation(*map(Value, at))
                    if any(output.local_derivatives):
                        seen["wrong"] += 1
                        seen.update(outcome_of_wrong(output))
        print(f"  scaled by {scale!r}: {', '.join(f'{name} {number:,}' for name, number in seen.items())}")
    named = Counter[str]()
    for bug in BUGS_OF_PEOPLE:
        try:
            check_gradients(bug.operation(*map(Value, bug.at)))
        except GradientMismatch as mismatch:
            named["found"] += 1
            named["named rightly"] += mismatch.bug == bug.name
    print(f"{len(BUGS_OF_PEOPLE)} kinds of mistakes: found {named['found']}, named rightly {named['named rightly']}")


def outcome_of_wrong(output: Value) -> list[str]:
    try:
        certificate = check_gradients(output)
    except GradientMismatch:
        return ["found"]
    return ["unresolved"] if certificate.open_points else ["at a kink"] if certificate.kinks else ["missed"]


# -- Random graphs with a mistake ------------------------------------------------------------------------------------


def planted(generator: random.Random, found: list[Expression]) -> None:
    print("\n| planted | in graphs | found | right operation named |\n|---|---|---|---|")
    for place, (name, bug) in enumerate(BUGS.items()):
        seen: Counter[str] = Counter()
        for expression in found[place :: len(BUGS)]:
            values = computed(expression.recorded())
            culprit = operation_of(generator.choice(values))
            with suppress(ArithmeticError, ValueError), planted_bug(culprit, **bug):
                output = expression.recorded()
                right = [value.local_derivatives for value in values]
                wrong = [value.local_derivatives for value in computed(output)]
                if not any(map(_clearly_other, computed(output), right, wrong)):
                    continue
                seen["planted"] += 1
                try:
                    check_gradients(output)
                except GradientMismatch as mismatch:
                    seen["found"] += 1
                    seen["named"] += mismatch.operation is culprit
        print(f"| {name} | {seen['planted']:,} | {seen['found']:,} | {seen['named']:,} |")


def _clearly_other(value: Value, right: tuple[float, ...], wrong: tuple[float, ...]) -> bool:
    """Whether a planted bug made a difference: 0 times 1.01 is still 0, and at a kink many slopes are right."""
    operation, numbers = operation_of(value), [used.data for used in value.inputs]
    if operation.kink_at is not None and operation.kink_at(*numbers) == 0:
        return False
    pairs = zip(value.inputs, right, wrong, strict=True)
    return any(
        not used.constant and abs(a - b) > 1e-10 * abs(a) and max(abs(a), abs(b)) > 1e-290 for used, a, b in pairs
    )


def algorithms(found: list[Expression]) -> None:
    print("\n| wrong algorithm | wrong by a thousandth or more, on graphs | found |\n|---|---|---|")
    for exhibit in EXHIBITS:
        if exhibit.passes > 1:
            continue
        seen: Counter[str] = Counter()

        def backward(output: Value, exhibit: Any = exhibit) -> Ledger:
            gradients = Ledger()
            exhibit.run(output, gradients)
            return gradients

        for expression in found[::10]:
            output = expression.recorded()
            wrong, right = backward(output), backward(output, RIGHT)
            if not any(_wrong_by_a_thousandth(wrong[leaf], right[leaf]) for leaf in leaves(output)):
                continue
            seen["wrong"] += 1
            try:
                check_gradients(output, backward=backward)
            except GradientMismatch:
                seen["found"] += 1
        print(f"| {exhibit.name} | {seen['wrong']:,} | {seen['found']:,} |")


def _wrong_by_a_thousandth(found: float, right: float) -> bool:
    size = max(abs(found), abs(right))
    return 1e-290 < size < float("inf") and abs(found - right) > 1e-3 * size


# -- Others, on single operations ------------------------------------------------------------------------------------


class Theirs:
    """A number of another library, for our rules to be fed with; `functions` is where that library keeps its own."""

    functions: Any

    def __init__(self, number: Any) -> None:
        self.number = number

    @classmethod
    def record(cls, operation: Operation, inputs: tuple[Any, ...]) -> Any:
        if theirs := getattr(cls.functions, operation.name, None):
            return cls(theirs(*[_bare(one) for one in inputs]))
        return operation.forward(*inputs)

    def __add__(self, other: Any) -> Any:
        return type(self)(self.number + _bare(other))

    def __mul__(self, other: Any) -> Any:
        return type(self)(self.number * _bare(other))

    def __rtruediv__(self, other: Any) -> Any:
        return type(self)(_bare(other) / self.number)

    def __neg__(self) -> Any:
        return type(self)(-self.number)

    __radd__, __rmul__ = __add__, __mul__


def _bare(number: Any) -> Any:
    return number.number if isinstance(number, Theirs) else number


def _rule(operation: Operation, functions: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Our formula and our derivative of an operation, in the arithmetic of another library."""
    # sigmoid is composed of exp here as everywhere: their own function of that name would be another rule.
    own = type("Own", (), {name: getattr(functions, name) for name in ("exp", "expm1", "log", "log1p", "sqrt")})
    number = type("Number", (Theirs,), {"functions": own})

    def forward(z: Any) -> Any:
        return _bare(operation(number(z)))

    def derivative(z: Any) -> Any:
        z = number(z)
        [slope] = operation.derivatives(operation(z), z)
        return _bare(slope)

    return forward, derivative


def ours() -> Callable[[Operation, float], Any]:
    return lambda operation, z: check_operation(operation, z, order=1)


def jax_check() -> Callable[[Operation, float], Any]:
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def check(operation: Operation, z: float) -> None:
        forward, derivative = _rule(operation, jax.numpy)
        f = jax.custom_jvp(forward)
        f.defjvp(lambda primals, tangents: (f(*primals), derivative(*primals) * tangents[0]))
        check_grads(f, (z,), order=1)

    return check


def autograd_check() -> Callable[[Operation, float], Any]:
    import autograd.numpy
    from autograd.extend import defjvp, defvjp, primitive
    from autograd.test_util import check_grads

    def check(operation: Operation, z: float) -> None:
        forward, derivative = _rule(operation, autograd.numpy)
        f = primitive(forward)
        defvjp(f, lambda ans, z: lambda g: g * derivative(z))
        defjvp(f, lambda g, ans, z: g * derivative(z))
        check_grads(f)(z)

    return check


def torch_check() -> Callable[[Operation, float], Any]:
    import torch

    def check(operation: Operation, z: float) -> None:
        forward, derivative = _rule(operation, torch)

        class Function(torch.autograd.Function):  # type: ignore[misc]
            @staticmethod
            def forward(context: Any, z: Any) -> Any:
                context.save_for_backward(z)
                return forward(z)

            @staticmethod
            def backward(context: Any, upstream: Any) -> Any:
                return upstream * derivative(*context.saved_tensors)

        torch.autograd.gradcheck(Function.apply, (torch.tensor(z, dtype=torch.float64, requires_grad=True),))

    return check


def beside_others(generator: random.Random, count: int) -> None:
    rows = [TABLE[name] for name in ("sigmoid", "exp", "expm1", "log", "log1p", "sqrt")]
    points = [(row, generator.uniform(-1, 1) * generator.choice([4, 40])) for row in rows for _ in range(count)]
    points = [(row, abs(z) if row.defined else z) for row, z in points]
    print(f"\n{len(points)} points, six operations; a miss is a wrong derivative that passes\n")
    print("| check | false alarms | " + " | ".join(f"misses, × {scale:.9g}" for scale in SCALES) + " |")
    print("|---|---|" + "---|" * len(SCALES))
    for name, prepared in CHECKS.items():
        try:
            check = prepared()
        except ImportError:
            print(f"| {name}: not installed, left out |" + " |" * (1 + len(SCALES)))
            continue
        alarms = sum(_raises(check, row, z) for row, z in points)
        misses = []
        for scale in SCALES:
            passed = 0
            for row, z in points:
                with planted_bug(row, scale=scale):
                    passed += not _raises(check, row, z)
            misses.append(passed)
        print(f"| {name} | {alarms} | " + " | ".join(map(str, misses)) + " |")


def numdifftools_check() -> Callable[[Operation, float], Any]:
    import numdifftools
    import numpy

    def check(operation: Operation, z: float) -> None:
        forward, derivative = _rule(operation, numpy)
        assert numpy.allclose(numdifftools.Derivative(forward)(z), derivative(z))

    return check


CHECKS = {
    "tinygrad_sigmoid": ours,
    "jax.test_util.check_grads": jax_check,
    "autograd.test_util.check_grads": autograd_check,
    "torch.autograd.gradcheck": torch_check,
    "numdifftools, numpy.allclose": numdifftools_check,
}


def _raises(check: Callable[[Operation, float], Any], operation: Operation, z: float) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(operation, z)
    except Exception:
        return True
    return False


def versions() -> str:
    found = []
    for name in ("jax", "autograd", "torch", "numdifftools"):
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join([f"{platform.machine()}, Python {platform.python_version()}", *found])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    chance, found = random.Random(seed), drawn(count, seed)
    print(f"{versions()}\n")
    right_graphs(found)
    people(count // 10, seed)
    planted(chance, found)
    algorithms(found)
    beside_others(chance, 118)
