"""One rule on all targets: either all give the same numbers, or none of them gives any."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import FINITE, Found, difference, found_by, goes_round_too_often, one_kernel
from test_compiled import CALLABLE, leaves_of
from test_compiled_javascript import Run, run  # noqa: F401 (a fixture)

from tinygrad_sigmoid import (
    Network,
    Operation,
    Value,
    exp,
    gradients,
    heaviside,
    log,
    maximum,
    minimum,
    relu,
    sigmoid,
    train,
)
from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.testing.strategies import graphs

TARGETS = [*CALLABLE, "javascript"]
NUMBERS = st.one_of(FINITE, st.sampled_from([math.inf, -math.inf, math.nan]))


def found_in_a_page(run: Run, source: str, numbers: Sequence[float]) -> Found:  # noqa: F811
    value, slopes = run(source, numbers)
    found = [value, *slopes]
    assert len({math.isnan(number) for number in found}) == 1, "all or nothing"
    return None if math.isnan(value) else found


def require_agreement(found: dict[str, Found], output: Value, leaves: Sequence[Value]) -> None:
    """That all are the same, but for rounding, or all are refused."""
    wanted = found["python"]
    if wanted is not None and goes_round_too_often(output):
        assert found.pop("wasm") is found.pop("native") is None
    assert {target: result is None for target, result in found.items()} == dict.fromkeys(found, wanted is None)
    if wanted is None:
        return
    for result in found.values():
        assert result is not None
        assert all(map(math.isfinite, result))
        for place, (one, other) in enumerate(zip(result, wanted, strict=True)):
            if not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-300):
                graph = gradients(output, [leaves[place - 1]])[0] if place else output
                assert difference(one, other, graph) <= 1e-11


@pytest.mark.slow
@settings(max_examples=300)
@given(graphs(), st.data())
@one_kernel()
def test_all_targets_agree_or_all_refuse(run: Run, output: Value, data: Any) -> None:  # noqa: F811
    leaves = leaves_of(output)
    split = data.draw(st.integers(0, len(leaves)))
    programs = {
        target: compiled(output, inputs=leaves[:split], wrt=leaves, target=target)  # type: ignore[arg-type]
        for target in TARGETS
    }
    for _ in range(3):
        numbers = [data.draw(NUMBERS) for _ in leaves]
        found = {target: found_by(programs[target], numbers) for target in CALLABLE}
        found["javascript"] = found_in_a_page(run, programs["javascript"].source, numbers)
        if found["python"] is not None:
            for leaf, number in zip(leaves, numbers, strict=True):
                leaf.data = number
            try:
                output.forward()
            except (ArithmeticError, ValueError):  # recording may raise earlier
                continue
        require_agreement(found, output, leaves)


def every_target(
    run: Run,  # noqa: F811
    output: Value,
    inputs: Sequence[Value],
    numbers: Sequence[float],
) -> dict[str, Found]:
    """What each target finds at these numbers, alone and in a batch."""
    found: dict[str, Found] = {}
    for target in CALLABLE:
        program = compiled(output, inputs=inputs, wrt=inputs, target=target)  # type: ignore[arg-type]
        found[target] = found_by(program, numbers)
        found[f"{target}, batch"] = found_by(lambda *numbers, batch=program.batch: batch([numbers]), numbers)
    source = compiled(output, inputs=inputs, wrt=inputs, target="javascript").source
    return {**found, "javascript": found_in_a_page(run, source, numbers)}


LOST: dict[str, tuple[Callable[[Value], Any], float]] = {
    "nan in a choice": (lambda x: minimum(709.5, x), math.nan),
    "nan in the other place": (lambda x: maximum(x, 1.0), math.nan),
    "infinity in a choice": (lambda x: minimum(709.5, x), math.inf),
    "an input that is infinite": (lambda x: sigmoid(x), math.inf),
    "a weighted input that overflows": (lambda x: sigmoid(x * 1e200), 1e200),
    "a step": (lambda x: heaviside(x * 1e200), 1e200),
    "nothing is left": (lambda x: relu(x * 1e200), -1e200),
    "an exponential": (lambda x: 1 / (1 + exp(x)), 710.0),
    "a divisor": (lambda x: 1 / (x * 1e200), 1e200),
    "what a negative power is taken of": (lambda x: (x * 1e200) ** -1, 1e200),
    "a gradient": (lambda x: x**0.5 * 1.0, 0.0),
    "a difference of two that are too large": (lambda x: exp(x) * 1e307 - exp(x) * 1e307, 3.0),
    "nothing is computed": (lambda x: x**1.0, math.inf),
}


@pytest.mark.parametrize("case", LOST)
def test_what_could_get_lost_is_refused_by_all(run: Run, case: str) -> None:  # noqa: F811
    function, number = LOST[case]
    x = Value(1.0, "x")
    output = function(x)
    assert all(found is not None for found in every_target(run, output, [x], [1.0]).values())
    assert set(map(str, every_target(run, output, [x], [number]).values())) == {"None"}


# What is refused inside a rule, where nothing is recorded and the result would hide it.
hidden_division = Operation("hidden_division", lambda x: minimum(1.0 / x, 2.0), lambda out, x: (-heaviside(2.0 - out),))
hidden_logarithm = Operation("hidden_logarithm", lambda x: maximum(log(x), 0.0), lambda out, x: (heaviside(out),))
hidden_overflow = Operation("hidden_overflow", lambda x: 1.0 / (1.0 + exp(x)), lambda out, x: (-out * (1.0 - out),))
twice_divided = Operation("twice_divided", lambda x: 1.0 / (1.0 + 1.0 / x), lambda out, x: (out,))


@pytest.mark.parametrize("numbers", [[0.0], [-0.0], [-1.0], [5e-324], [0.5], [1000.0]], ids=str)
@pytest.mark.parametrize("operation", [hidden_division, hidden_logarithm, hidden_overflow, twice_divided], ids=str)
def test_targets_agree_about_what_a_rule_hides(run: Run, operation: Operation, numbers: list[float]) -> None:  # noqa: F811
    x = Value(2.0, "x")
    found = every_target(run, operation(x), [x], numbers)
    try:
        recorded = operation(Value(numbers[0])).data
    except (ArithmeticError, ValueError):
        assert set(map(str, found.values())) == {"None"}
    else:
        for result in found.values():
            assert result is not None
            assert math.isclose(result[0], recorded, rel_tol=1e-12)


@pytest.mark.parametrize("target", ["wasm", "native"])
def test_what_is_watched_is_finite_too(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(1.0, "w")
    hidden = sigmoid(x * w)
    program: Any = compiled(hidden * 2.0, inputs=[x], watch=[hidden], target=target)
    huge = program.parameters_from([1e200])
    assert program.watched(huge, program.samples([0.0, 1.0, -1.0])) == [[0.5], [1.0], [0.0]]
    with pytest.raises(ArithmeticError, match="sample 1, counted from 0"):
        program.watched(huge, program.samples([0.0, 1e200]))


@pytest.mark.parametrize("target", ["wasm", "native"])
def test_what_two_watched_sigmoids_share_is_finite_too(target: Any) -> None:
    z = Value(1.0, "z")
    power, one, other = exp(-z), sigmoid(z), sigmoid(-z)
    program: Any = compiled(one + other, inputs=[z], watch=[heaviside(power), one, other], target=target)
    with pytest.raises(ArithmeticError, match="sample 1, counted from 0"):
        program.watched([], [[1.0], [-800.0]])


@pytest.mark.parametrize("target", CALLABLE)
def test_no_sum_of_numbers_that_are_only_large_is_refused(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program: Any = compiled(heaviside(x * 1.0) + w, inputs=[x], wrt=[w], target=target)
    assert program.batch([1.7e308] * 3)[0] == 2.0
    descent = program.descent([1.7e308] * 3, 3, 1.0)
    assert descent() == 6.0
    assert list(descent.parameters) == [0.0]


@pytest.mark.parametrize("target", CALLABLE)
def test_a_step_that_would_make_a_parameter_infinite_is_not_taken(target: Any) -> None:
    x, v, w = Value(1.0, "x"), Value(1.0, "v"), Value(1.0, "w")
    program: Any = compiled(x * w + v, inputs=[x], wrt=[v, w], target=target)
    descent = program.descent([0.0, 1e300], 1, 1e10)
    with pytest.raises(ArithmeticError, match="a parameter after this step, is too large for a float: make the loss"):
        descent()
    assert list(descent.parameters) == [1.0 - 1e10, 1.0], "the mini-batch before has been applied"


@pytest.mark.parametrize("target", CALLABLE)
def test_sums_that_no_float_can_hold_are_refused(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program: Any = compiled(x + w * 0.0, inputs=[x], wrt=[w], target=target)
    with pytest.raises(OverflowError, match="the sum over the samples"):
        program.batch([1.7e308] * 2)
    for batch in (1, 2):
        with pytest.raises(OverflowError, match="the sum o"):
            program.descent([1.7e308] * 2, batch, 0.1)()


def test_the_source_by_itself_refuses_what_the_program_refuses() -> None:
    x, w = Value(1.0, "x"), Value(1.0, "w")
    alone: Any = compiled(heaviside(x) * w, inputs=[x, w]).function  # type: ignore[attr-defined]
    assert alone(2.0, 3.0) == (3.0, [])
    for numbers in ((math.nan, 1.0), (-math.inf, 1.0), (1.0, math.inf)):
        with pytest.raises(OverflowError, match="is too large for a float"):
            alone(*numbers)


# -- Kinds of input ----------------------------------------------------------------------------------------------------


class Like:
    """What pandas and others have: an array when asked for one."""

    def __init__(self, rows: Any) -> None:
        self.rows = np.array(rows)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return self.rows if dtype is None else self.rows.astype(dtype)

    def __len__(self) -> int:
        return len(self.rows)


ROWS = [[0.0, 1.0], [1.0, 0.0], [2.0, 3.0]]
GOOD: dict[str, Any] = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "float64": np.array(ROWS),
    "float32": np.array(ROWS, np.float32),
    "float16": np.array(ROWS, np.float16),
    "long double": np.array(ROWS, np.longdouble),
    "int64": np.array(ROWS, np.int64),
    "uint8": np.array(ROWS, np.uint8),
    "big endian": np.array(ROWS, ">f8"),
    "strided": np.array([[row[0], 9.0, row[1], 9.0] for row in ROWS])[:, ::2],
    "backwards": np.array(ROWS[::-1])[::-1],
    "Fortran's order": np.asfortranarray(ROWS),
    "read-only": np.broadcast_to(np.array(ROWS), (3, 2)),
    "three dimensions": np.array(ROWS).reshape(3, 1, 2),
    "objects": np.array(ROWS, object),
    "arrays in a list": [np.array(row) for row in ROWS],
    "NumPy's scalars": [[np.float64(number) for number in row] for row in ROWS],
    "masks that hide nothing": np.ma.masked_array(ROWS, False),
    "like pandas": Like(ROWS),
    "ranges": [range(2), [1, 0], [2, 3]],
}
BAD: dict[str, Any] = {
    "text": [["0", "1"]] * 3,
    "an array of text": np.array([["0", "1"]] * 3),
    "bytes": [b"ab"] * 3,
    "nothing": [[None, 1.0]] * 3,
    "complex": np.array(ROWS) + 0j,
    "dates": np.array([["2026-01-01", "2026-01-02"]] * 3, "datetime64[D]"),
    "objects that are no numbers": np.array([[{}, 1.0]] * 3, object),
    "masked": np.ma.masked_array(ROWS, [[True, False]] * 3),
    "masked rows": [np.ma.masked_array(row, [True, False]) for row in ROWS],
    "ragged": [[0.0, 1.0], [1.0], [2.0, 3.0]],
    "an iterator of rows": iter(ROWS),
    "iterators": [iter(row) for row in ROWS],
    "sets": [{0.0, 1.0}] * 3,
    "dicts": [{0: 0.0, 1: 1.0}] * 3,
    "a dict": {0: [0.0, 1.0]},
    "a set": {0.0, 1.0},
    "text itself": "abc",
    "one number": 3.0,
    "no dimensions": np.array(3.0),
    "empty": [],
    "an empty array": np.zeros((0, 2)),
    "no columns": np.zeros((3, 0)),
    "nan": [[math.nan, 1.0]] * 3,
    "infinity in an array": np.full((3, 2), -math.inf),
    "an int that would lose digits": [[2**53 + 1, 1]] * 3,
    "the same beside a float": [[2**53 + 1, 0.5]] * 3,
    "ints of an array that would": np.full((3, 2), 2**63 - 1),
    "an int too large for a float": [[10**400, 1]] * 3,
    "values": [[Value(0.0), Value(1.0)]] * 3,
    "a function": math.sin,
}


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("kind", GOOD)
def test_kinds_of_samples_that_are_taken(target: Any, kind: str) -> None:
    x, y, w = Value(1.0, "x"), Value(1.0, "y"), Value(3.0, "w")
    program: Any = compiled(x * w + y, inputs=[x, y], wrt=[w], target=target)
    value, [slope] = program.batch(GOOD[kind])
    assert (value, slope) == (pytest.approx(13 / 3), 1.0)
    assert program.descent(GOOD[kind], 1, 0.1)([2]) == 9.0
    numbers = compiled(x * y * w, inputs=[], target=target).parameters_from(np.array([[4, 5, 6]], np.float32))
    assert list(numbers) == [4.0, 5.0, 6.0]


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("kind", BAD)
def test_kinds_of_samples_that_are_refused_in_one_sentence(target: Any, kind: str) -> None:
    x, y, w = Value(1.0, "x"), Value(1.0, "y"), Value(3.0, "w")
    program: Any = compiled(x * w + y, inputs=[x, y], wrt=[w], target=target)
    for call in (program.batch, program.samples):
        with pytest.raises((TypeError, ValueError, OverflowError)) as refused:
            call(BAD[kind] if not kind.startswith("an iterator") else iter(ROWS))
        assert raised_here(refused)
    with pytest.raises((TypeError, ValueError, ArithmeticError)) as refused:
        program.descent(BAD[kind], 1, 0.1)
    assert raised_here(refused)


def raised_here(refused: Any) -> bool:
    """Whether the error is one of ours: raised by a statement of this package, with a cure after a colon."""
    return "tinygrad_sigmoid" in str(refused.traceback[-1].path) and ": " in str(refused.value)


def test_a_huge_array_is_taken_whole() -> None:
    x, w = Value(1.0, "x"), Value(3.0, "w")
    for target in CALLABLE:
        program: Any = compiled(x * w, inputs=[x], wrt=[w], target=target)  # type: ignore[arg-type]
        value, [slope] = program.batch(np.full(100_000 if target == "python" else 1_000_000, 2.0, np.float32))
        assert (value, slope) == (6.0, 2.0)


# -- What `descent` is given -------------------------------------------------------------------------------------------

WRONG: dict[str, list[Any]] = {
    "batch": [0, -1, 2**63, 2**64, 2**64 + 1, 10**5000, 1.5, 1.0, math.nan, True, np.bool_(True), "1", None, [1]],
    "rate": [0.0, -0.1, math.inf, -math.inf, math.nan, 10**400, "0.1", None, [0.1], 1j],
    "order": [
        [True, False],
        [np.bool_(True)],
        [0.0],
        [0, 1.5],
        [math.nan],
        [-1],
        [3],
        [0, 2**64],
        [10**5000],
        np.array([[0, 1]]),
        np.array([0.0]),
        np.array([True]),
        np.array([0, 1], object) * 0.5,
        [[0]],
        ["0"],
        "012",
        b"\0",
        1,
        np.array(1),
        {0: 1},
        {0},
        iter([0]),
    ],
    "parameters": [1.0, "ab", {0: 1.0}, [1.0], [1.0] * 3, np.ones(3), iter([1.0])],
}
WRONG["parameters"] += [["1", "1"], [None, None], [math.nan, 1.0], [1.0, math.inf]]
WRONG["parameters"] += [np.ma.masked_array([1.0, 1.0], [True, False])]


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("name", WRONG)
def test_descent_is_given_nothing_that_it_has_not_looked_at(target: Any, name: str) -> None:
    x, w, b = Value(1.0, "x"), Value(2.0, "w"), Value(0.5, "b")
    program: Any = compiled((w * x + b) ** 2, inputs=[x], wrt=[w, b], target=target)
    samples, usual = program.samples([1.0, 2.0, 3.0]), {"batch": 2, "rate": 0.1}
    for wrong in WRONG[name]:
        descent = program.descent(samples, **usual)
        tried = (
            partial(descent, wrong) if name == "order" else partial(program.descent, samples, **{**usual, name: wrong})
        )
        with pytest.raises((TypeError, ValueError, ArithmeticError)) as refused:
            tried()
        assert raised_here(refused)
        assert list(descent.parameters) == [2.0, 0.5]


@pytest.mark.parametrize("target", CALLABLE)
def test_what_descent_is_given_may_be_of_several_kinds(target: Any) -> None:
    x, w, b = Value(1.0, "x"), Value(2.0, "w"), Value(0.5, "b")
    program: Any = compiled((w * x + b) ** 2, inputs=[x], wrt=[w, b], target=target)
    samples = program.samples([1.0, 2.0, 3.0])

    def trained(order: Any = (0, 1, 2), batch: Any = 3, rate: Any = 0.01) -> list[float]:
        descent = program.descent(samples, batch, rate)
        return [descent(order), *descent.parameters]

    wanted = trained()
    for batch in (4, sys.maxsize, np.int64(3), np.uint8(200)):
        assert trained(batch=batch) == wanted
    for order in ([0, 1, 2], range(3), np.arange(3), np.arange(3, dtype=np.uint8), [np.int64(0), 1, 2]):
        assert trained(order=order) == wanted
    for rate in (np.float64(0.01), Fraction(1, 100)):
        assert trained(rate=rate) == wanted
    assert trained(rate=1) == trained(rate=1.0)


@pytest.mark.parametrize("target", CALLABLE)
def test_a_descent_has_its_parameters_to_itself_and_takes_others(target: Any) -> None:
    x, w, b = Value(1.0, "x"), Value(2.0, "w"), Value(0.5, "b")
    program: Any = compiled((w * x + b) ** 2, inputs=[x], wrt=[w, b], target=target)
    given = np.array([9.0, 2.0, 9.0, 0.5])[1::2]
    first, second = program.descent([1.0], 1, 0.1), program.descent([1.0], 1, 0.1, given)
    first()
    assert list(given) == [2.0, 0.5] == list(second.parameters)
    second()
    assert first.parameters == second.parameters
    moved = first.parameters
    first.parameters = given
    assert list(first.parameters) == [2.0, 0.5]
    assert first() == second([0] * 0) + 6.25
    assert first.parameters == moved == second.parameters


@pytest.mark.parametrize("target", CALLABLE)
def test_samples_with_numbers_that_nobody_has_looked_at_are_refused(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    program: Any = compiled(minimum(x, 1.0) * w, inputs=[x], wrt=[w], target=target)
    samples = program.samples([1.0, 2.0])
    samples.numbers[1] = math.nan
    descent = program.descent(samples, 1, 0.1)
    with pytest.raises(ArithmeticError, match="sample 1, counted from 0"):
        descent([1, 0])
    assert list(descent.parameters) == [2.0]


def test_a_mini_batch_larger_than_all_samples_is_all_of_them() -> None:
    samples = [([0.1 * i, 0.5], [0.2 * i]) for i in range(6)]
    histories = []
    for batch in (6, 7, sys.maxsize):
        for target in (*CALLABLE, "best", None):
            network = Network([2, 3, 1], seed=0)
            history = train(network, samples, epochs=3, batch=batch, seed=0, target=target)  # type: ignore[arg-type]
            histories.append([epoch.loss for epoch in history] + [p.data for p in network.parameters()])
    assert all(np.allclose(history, histories[0], rtol=1e-12) for history in histories)
