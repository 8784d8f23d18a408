"""Random graphs, and whether a kernel's program computes what the graph does: alone, in batches and in descent."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from tinygrad_sigmoid import Operation, Value, cos, elementary, exp, gradients, sin, sqrt, translated, vectorized
from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.compiling.llvm import NativeProgram
from tinygrad_sigmoid.compiling.wasm import WasmProgram
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.testing.pasting import as_expression
from tinygrad_sigmoid.testing.strategies import HARD, ORDINARY, graphs, networks

HUGE = [1.7e308, -1.7e308, 1e300, -1e200, 1e155, 709.5, 710.0, -745.5]
TINY = [5e-324, -5e-324, 1e-310, -1e-200, 0.0, -0.0]
FINITE = st.one_of(HARD, st.sampled_from(HUGE), st.sampled_from(TINY))
BATCHES = [1, 3, 4, 5, 64, 65, 1000]
Found = list[float] | None  # the output and its gradients; nothing if they are refused


# Operations of one's own: of one input and of two, in the kernel's arithmetic, and composed of others.
def larger_first(a: Any, b: Any) -> Any:
    """√(a² + b²), which nothing but the result can make too large."""
    most, least = abs(a).most(abs(b)), abs(a).least(abs(b))
    ratio = least / most
    return most.equals(0.0).where(0.0, most * (1.0 + ratio * ratio).sqrt())


binary_logarithm = translated(
    Operation("binary_logarithm", math.log2, lambda out, x: (1.0 / (x * math.log(2)),)),
    "log2({0})",
    "Math.log2({0})",
    lambda x: vectorized.log(x) * (1.0 / math.log(2)),
)
hypotenuse = translated(
    Operation("hypotenuse", math.hypot, lambda out, a, b: (a / out, b / out)),
    "hypot({0}, {1})",
    "Math.hypot({0}, {1})",
    larger_first,
)
bump = Operation("bump", lambda x: exp(-x * x), lambda out, x: (-2.0 * x * out,))
half_circle = Operation("half_circle", lambda x: sqrt(1.0 - x * x), lambda out, x: (-x / out,))
OWN = [binary_logarithm, hypotenuse, bump, half_circle]


class Case(NamedTuple):
    """A graph, what is wanted of it, and where."""

    output: Value
    inputs: list[Value]
    wrt: list[Value]
    parameters: list[float]
    rows: list[list[float]]  # of inputs
    batch: int

    def __repr__(self) -> str:
        given = [leaf for leaf in leaves(self.output) if not leaf.constant]
        names = {leaf: f"x{place}" for place, leaf in enumerate(given)}
        wrt = [names.get(value, value) for value in self.wrt]
        return (
            f"{as_expression(self.output, names)}, {[names[leaf] for leaf in self.inputs]}, {wrt}, {self.parameters}, "
            f"{len(self.rows)} rows, as {self.rows[:2]}, {self.batch}"
        )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Graphs at hard and at ordinary numbers, with operations of one's own, and networks."""
    operations = [*TABLE.values(), *OWN]
    kinds = [graphs(operations=operations, numbers=numbers) for numbers in (HARD, ORDINARY)]
    output = draw(st.one_of(*kinds, networks(max_inputs=9, max_layers=3, max_neurons=7)))
    changeable = [value for value in topological_order(output) if not value.constant]
    given = [leaf for leaf in changeable if not leaf.inputs]
    inputs = given[: draw(st.integers(0, len(given)))]
    wrt = draw(st.one_of(st.just(given[len(inputs) :]), st.lists(st.sampled_from(changeable), max_size=5)))
    program = compiled(output, inputs=inputs, wrt=wrt)
    parameters = [*program.parameters]
    for place, number in draw(st.dictionaries(st.integers(0, 9), FINITE, max_size=2)).items():
        if place < len(parameters):
            parameters[place] = number
    # Hypothesis draws the hard rows, and a generator the many that are near what was recorded.
    generator = random.Random(draw(st.integers(0, 9999)))
    rows = [[leaf.data * generator.uniform(0.5, 1.5) for leaf in inputs] for _ in range(draw(st.sampled_from(BATCHES)))]
    for place in draw(st.sets(st.integers(0, 99), max_size=5)):
        rows[place % len(rows)] = [draw(FINITE) for _ in inputs]
    return Case(output, inputs, wrt, parameters, rows, draw(st.sampled_from([1, 3, 4, 5, 64])))


def found_by(program: Any, numbers: Sequence[float]) -> Found:
    try:
        value, slopes = program(*numbers)
    except (ArithmeticError, ValueError):
        return None
    return [value, *slopes]


def goes_round_too_often(output: Value) -> bool:
    """Whether a wave in the graph has an input for which kernels have too few digits of π, and refuse."""
    waves = [value for value in topological_order(output) if value.operation in (sin, cos)]
    return any(abs(value.inputs[0].data) > vectorized.MOST for value in waves)


def set_to(case: Case, numbers: Sequence[float]) -> None:
    """Records the graph again at the numbers of its inputs and parameters."""
    others = [leaf for leaf in leaves(case.output) if not leaf.constant and leaf not in case.inputs]
    first = [leaf for leaf in dict.fromkeys(case.wrt) if leaf in others]
    for leaf, number in zip(dict.fromkeys([*case.inputs, *first, *others]), numbers, strict=True):
        leaf.data = number
    case.output.forward()


def may_be_refused(case: Case, numbers: Sequence[float]) -> bool:
    """Whether a kernel may refuse what Python's program computes: a wave, or what can't be recorded either."""
    try:
        set_to(case, numbers)
    except (ArithmeticError, ValueError):
        return True
    return goes_round_too_often(case.output)


UNDERFLOW = 1e-307  # e^z is infinite from 709.8 on: where a graph then has 0 for e^−z, a kernel has digits left


def difference(got: float, wanted: float, graph_of_it: Value) -> float:
    """The difference of two numbers relative to them, or to what is added up where that cancels.

    In exp(x)·exp(−x) − 1 it is the digits of what was added that count. So it is measured by the sum of what every
    value of its graph contributes, |∂result/∂value · value|; and what underflow takes from each is no difference.
    """
    if got == wanted:
        return 0.0
    graph_of_it.zero_grad()
    graph_of_it.backward()
    size, lost = abs(wanted), 0.0
    for value in topological_order(graph_of_it):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            size += abs(value.grad or 0.0) * abs(local * used.data)
            lost += abs(value.grad or 0.0) * UNDERFLOW
    return max(0.0, abs(got - wanted) - lost) / max(size, 5e-324) if math.isfinite(size) else 0.0


def is_beside_a_kink(output: Value) -> bool:
    """Whether rounding decides on which side of a kink it is, as between √(1 − ¼) and √(¼ + ¼ + ¼)."""
    for value in topological_order(output):
        if value.operation is not None and value.operation.kink_at is not None:
            numbers = [used.data for used in value.inputs]
            if 0.0 < abs(value.operation.kink_at(*numbers)) <= 4 * math.ulp(max(map(abs, numbers))):
                return True
    return False


@contextmanager
def one_kernel() -> Iterator[None]:
    """Lets all programs share one kernel for each target: LLVM takes its time for every other."""
    with pytest.MonkeyPatch.context() as patched:
        for program in (WasmProgram, NativeProgram):
            patched.setattr(program, "always", (*elementary.OWN, binary_logarithm, hypotenuse))
        yield


@one_kernel()
def compared(case: Case, target: Any) -> Counter[str]:
    """What was found alike; anything else is an assertion that fails. `"worst"` is in units of 2^−53."""
    python = compiled(case.output, inputs=case.inputs, wrt=case.wrt)
    program = compiled(case.output, inputs=case.inputs, wrt=case.wrt, watch=[case.output], target=target)
    seen: Counter[str] = Counter(graphs=1)
    alone = []
    for row in case.rows:
        numbers = [*row, *case.parameters]
        wanted, got = found_by(python, numbers), found_by(program, numbers)
        alone.append(got)
        if got is None or wanted is None:
            assert got is None, ("not refused", numbers, got)
            if wanted is not None:
                assert may_be_refused(case, numbers), ("refused", numbers, wanted)
            seen["samples refused" if wanted is None else "refused by the kernel alone"] += 1
            continue
        seen["samples computed"] += 1
        seen["worst"] = max(seen["worst"], require_close(case, numbers, got, wanted))
    if None in alone:
        with pytest.raises(ArithmeticError, match=f"^sample {alone.index(None)}, counted from 0"):
            program.batch(case.rows, parameters=case.parameters)
    good = [(row, found) for row, found in zip(case.rows, alone, strict=True) if found is not None]
    if good:
        rows, results = map(list, zip(*good, strict=True))
        require_mean(program, rows, case.parameters, results)
        require_descent(case, program, rows)
    return seen


def require_close(case: Case, numbers: Sequence[float], got: list[float], wanted: list[float]) -> int:
    """That the output and the gradients are those of the graph, but for rounding; the worst, in units of 2^−53."""
    worst = 0.0
    for place, (one, other) in enumerate(zip(got, wanted, strict=True)):
        assert math.isfinite(one)
        if abs(one - other) <= 1e-13 * abs(other):
            worst = max(worst, abs(one - other) / abs(other) if other else 0.0)
            continue
        try:  # recording computes all local derivatives, a program those of `wrt`
            set_to(case, numbers)
            if is_beside_a_kink(case.output):
                continue
            graph = gradients(case.output, [case.wrt[place - 1]])[0] if place else case.output
            worst = max(worst, difference(one, other, graph))
        except (ArithmeticError, ValueError):
            continue
    assert worst <= 1e-11, (worst, numbers, got, wanted)
    return math.ceil(worst * 2**53)


def require_mean(program: Any, rows: list[list[float]], parameters: list[float], alone: list[list[float]]) -> None:
    """That a batch gives the mean of what its samples give alone, and watches the same outputs to the last bit."""
    assert program.watched(parameters, rows) == [found[:1] for found in alone]
    columns = [[number / len(rows) for number in column] for column in zip(*alone, strict=True)]
    if max(sum(map(abs, column)) * len(rows) for column in columns) < 1e308:  # a sum may else be too large
        value, slopes = program.batch(rows, parameters=parameters)
        for mean, column in zip([value, *slopes], columns, strict=True):
            allowed = len(rows) * (2**-52 * sum(map(abs, column)) + 5e-324)
            assert abs(mean - math.fsum(column)) <= allowed, (mean, column)


def require_descent(case: Case, program: Any, rows: list[list[float]]) -> None:
    """That a descent goes step by step, to the last bit, by the sums over its mini-batches."""
    if not program.trainable or not case.wrt:
        return
    order = random.Random(len(rows)).choices(range(len(rows)), k=min(2 * len(rows), 150))
    rate = 0.01
    descent = program.descent(program.samples(rows), case.batch, rate, case.parameters)
    wanted, losses, failed = program.parameters_from(case.parameters), 0.0, False
    for start in range(0, len(order), case.batch):
        places = order[start : start + case.batch]
        try:
            value, *slopes = program.sums(wanted, program.samples(rows), places)
        except ArithmeticError:
            failed = True
            break
        new = [p - rate / len(places) * slope for p, slope in zip(wanted, slopes, strict=False)]
        if not all(map(math.isfinite, [value, *slopes, *new])):
            failed = True
            break
        wanted[: len(new)] = type(wanted)("d", new)
        losses += value
    if failed or not math.isfinite(losses):
        with pytest.raises(ArithmeticError):
            descent(order)
    else:
        assert descent(order) == losses
    assert list(descent.parameters) == list(wanted)
