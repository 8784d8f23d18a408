"""Hypothesis strategies: random expressions, and inputs over an operation's whole domain (extra `testing`).

A test of an operation of your own:

    @given(points(softsign))
    def test_softsign(at):
        check_operation(softsign, at)

and of whatever works on graphs:

    @given(expressions())
    def test_mine(expression):
        check_gradients(expression.recorded())
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, absolute, add, divide, fixed_power, multiply, negate, subtract
from tinygrad_sigmoid.value import Value

STEEPEST = 1e6  # no result or local derivative of an expression is larger
NEAREST = 1e-6  # to a kink
LONGEST_LIST = 3  # of an operation that takes any number of inputs
FARTHEST = 7  # operands are looked for among so many results, from the last one back

_EXPONENTS = st.sampled_from([2.0, 3.0, 0.5, -1.0])
_INFIX = {add: "+", subtract: "-", multiply: "*", divide: "/", fixed_power: "**"}


class _Row(NamedTuple):
    """An operation and its operands: places among the inputs and the results before it, or plain numbers."""

    operation: Operation
    operands: tuple[int | float, ...]


class Expression:
    """A function of numbers or Values, with numbers at which it can be computed; its `repr` is Python that pastes.

    Attributes:
        function: What it computes.
        at: A number for each of its inputs.
    """

    def __init__(self, function: Callable[..., Any], at: dict[str, float], text: str = "") -> None:
        self.function = function
        self.at = at
        self._text = text

    def __call__(self, *inputs: Any) -> Any:
        return self.function(*inputs)

    def recorded(self) -> Value:
        """The graph at `at`, its leaves labelled with the names of the inputs."""
        output: Value = self.function(*[Value(number, name) for name, number in self.at.items()])
        return output

    def __repr__(self) -> str:
        return f"expression({self._text}, {', '.join(f'{name}={number!r}' for name, number in self.at.items())})"


def expression(function: Callable[..., Any], **at: float) -> Expression:
    """The expression that a failing test has printed, for `@example(expression(…))`.

    >>> from tinygrad_sigmoid import exp, relu
    >>> expression(lambda x: relu((t1 := exp(x))) + t1, x=0.0).recorded()
    Value(2.0)
    """
    text = getattr(function, "__name__", "…")
    return Expression(function, dict(at), "…" if text == "<lambda>" else text)


@st.composite
def expressions(
    draw: Any,
    *,
    operations: Sequence[Operation] | None = None,
    min_operations: int = 1,
    max_operations: int = 10,
    max_inputs: int = 3,
) -> Expression:
    """Random differentiable expressions that use results more than once; they shrink to the smallest that fails.

    Whatever is drawn becomes an expression: an operation that would land near a kink, a pole or an overflow is left
    out, and `x + x` stands in where that leaves too few. Results that nothing uses are added up at the end.

    Args:
        operations: What they are made of; all of the table if left out.
        min_operations: At least so many.
        max_operations: At most so many, without the final sum.
        max_inputs: At most so many inputs, x, y, z, x4, x5, …
    """
    numbers = [draw(st.floats(-4.0, 4.0)) for _ in range(draw(st.integers(1, max_inputs)))]
    usable = list(TABLE.values()) if operations is None else list(operations)
    results = list(numbers)
    rows: list[_Row] = []
    for operation, distances, exponent in draw(
        st.lists(_drawn_rows(usable), min_size=min_operations, max_size=max_operations)
    ):
        operands: list[int | float] = [max(0, len(results) - 1 - distance) for distance in distances]
        if operation is fixed_power:
            operands[1] = exponent
        _append(rows, results, _Row(operation, tuple(operands)))
    while len(rows) < min_operations:
        _append(rows, results, _Row(add, (len(results) - 1, 0)))
    _add_up(rows, results, len(numbers))
    return _assembled(*_used_only(numbers, rows))


def points(operation: Operation) -> st.SearchStrategy[Any]:
    """Inputs over an operation's whole domain: ordinary ones, kinks, saturation, subnormals, the largest floats.

    One number for an operation of one input, else a tuple. Where a number falls outside of the domain, or the result
    is too large for a float, another takes its place; nothing is filtered.
    """
    count = _input_count(operation)
    if count is None:
        halves = st.integers(1, LONGEST_LIST).flatmap(lambda n: st.tuples(*[_NUMBERS] * (2 * n)))
        return halves.map(lambda at: _inside(operation, at))
    drawn = st.tuples(*[_NUMBERS] * count).map(lambda at: _inside(operation, at))
    return drawn.map(lambda at: at[0]) if count == 1 else drawn


def register() -> None:
    """Lets Hypothesis make Values by itself, for `from_type(Value)`: it calls this when it is imported."""
    st.register_type_strategy(Value, st.builds(Value, st.floats(allow_nan=False, allow_infinity=False)))


_NUMBERS = st.one_of(
    st.floats(-4.0, 4.0),
    st.sampled_from(
        [0.0, 1.0, -1.0, 0.5, 2.0, 13.0, -13.0, 37.0, -37.0, 745.2, -745.2, 800.0, -800.0, 5e-324, -1e-310]
    ),
    st.floats(-800.0, 800.0),
    st.floats(allow_nan=False, allow_infinity=False),
)


def _inside(operation: Operation, at: tuple[float, ...]) -> tuple[float, ...]:
    """The point, or the first of some points ever nearer to (1, 1, …) at which the operation can be computed."""
    tamed = [at, tuple(map(abs, at)), tuple(abs(number) ** 0.125 for number in at)]
    for point in tamed:
        if _computable(operation, point):
            return point
    return (1.0,) * len(at)


def _computable(operation: Operation, point: Sequence[float]) -> bool:
    first, *others = point
    rest = others if operation is fixed_power else map(Value, others)
    try:
        operation(Value(first), *rest)
    except (ArithmeticError, ValueError):
        return False
    return True


def _input_count(operation: Operation) -> int | None:
    """How many inputs an operation has, or None if it takes two lists of one length."""
    parameters = inspect.signature(operation.derivatives).parameters.values()
    return None if any(one.kind is one.VAR_POSITIONAL for one in parameters) else len(parameters) - 1


@st.composite
def _drawn_rows(draw: Any, usable: list[Operation]) -> tuple[Operation, list[int], float]:
    """An operation, how many results back each operand is, and an exponent if that is what it takes."""
    operation = usable[draw(st.integers(0, len(usable) - 1))]
    count = _input_count(operation) or 2 * draw(st.integers(1, LONGEST_LIST))
    distances = [draw(st.integers(0, FARTHEST)) for _ in range(count)]
    return operation, distances, draw(_EXPONENTS) if operation is fixed_power else 1.0


def _append(rows: list[_Row], results: list[float], row: _Row) -> None:
    """Takes a row if everything about it is tame."""
    inputs = [results[operand] if isinstance(operand, int) else operand for operand in row.operands]
    operation = row.operation
    try:
        if operation.kink_at is not None and abs(operation.kink_at(*inputs)) < NEAREST:
            return
        result = operation(*inputs)
        slopes = operation.derivatives(result, *inputs)
    except (ArithmeticError, ValueError):
        return
    if all(abs(number) <= STEEPEST for number in (result, *slopes)):
        rows.append(row)
        results.append(result)


def _add_up(rows: list[_Row], results: list[float], inputs: int) -> None:
    """Adds the results that nothing uses, one after the other, so that all of them have a say."""
    used = {operand for row in rows for operand in row.operands if isinstance(operand, int)}
    loose = [place for place in range(inputs, len(results)) if place not in used]
    total = loose[0]
    for place in loose[1:]:
        rows.append(_Row(add, (total, place)))
        results.append(results[total] + results[place])
        total = len(results) - 1


def _used_only(numbers: list[float], rows: list[_Row]) -> tuple[list[float], list[_Row]]:
    """The same without the inputs that no row uses."""
    used = {operand for row in rows for operand in row.operands if isinstance(operand, int)}
    kept = [place for place in range(len(numbers) + len(rows)) if place in used or place >= len(numbers)]
    new_place = {old: new for new, old in enumerate(kept)}
    renumbered = [
        _Row(
            row.operation,
            tuple(new_place[operand] if isinstance(operand, int) else operand for operand in row.operands),
        )
        for row in rows
    ]
    return [number for place, number in enumerate(numbers) if place in used], renumbered


def _assembled(numbers: list[float], rows: list[_Row]) -> Expression:
    names = [*"xyz", *[f"x{place}" for place in range(4, len(numbers) + 1)]][: len(numbers)]

    def function(*inputs: Any) -> Any:
        results = list(inputs)
        for row in rows:
            operands = [results[operand] if isinstance(operand, int) else operand for operand in row.operands]
            results.append(row.operation(*operands))
        return results[-1]

    text = f"lambda {', '.join(names)}: {_written(names, rows)}"
    return Expression(function, dict(zip(names, numbers, strict=True)), text)


def _written(names: list[str], rows: list[_Row]) -> str:
    """The last row as Python; what is used more than once gets a name where it comes first, `(t1 := exp(x))`."""
    uses = [operand for row in rows for operand in row.operands if isinstance(operand, int)]
    named: dict[int, str] = dict(enumerate(names))

    def written(operand: int | float, beside_symbol: bool) -> str:
        if not isinstance(operand, int):
            return repr(operand)
        if operand in named:
            return named[operand]
        row = rows[operand - len(names)]
        text = computed(row)
        if uses.count(operand) > 1:
            named[operand] = f"t{len(named) - len(names) + 1}"
            return f"({named[operand]} := {text})"
        return f"({text})" if beside_symbol and _has_symbol(row.operation) else text

    def computed(row: _Row) -> str:
        return _python(row.operation, [written(operand, _has_symbol(row.operation)) for operand in row.operands])

    return computed(rows[-1])


def _has_symbol(operation: Operation) -> bool:
    return operation in _INFIX or operation is negate


def _python(operation: Operation, operands: list[str]) -> str:
    if operation in _INFIX:
        return f"{operands[0]} {_INFIX[operation]} {operands[1]}"
    if operation is negate:
        return f"-{operands[0]}"
    if _input_count(operation) is None:
        half = len(operands) // 2
        return f"{operation.name}([{', '.join(operands[:half])}], [{', '.join(operands[half:])}])"
    return f"{'abs' if operation is absolute else operation.name}({', '.join(operands)})"
