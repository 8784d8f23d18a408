"""Random graphs for property tests: any operation of the table, on any values that are there already."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.operations import dot_product as dot

NUMBERS = st.one_of(
    st.floats(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1000.0, -1000.0, 1e-310, -5e-324, 1e-160, 36.0, -745.0]),
)


@st.composite
def graphs(draw: Any, numbers: st.SearchStrategy[float] = NUMBERS, rows: int = 12) -> tuple[Value, list[Value]]:
    """A graph and its leaves: the output depends on the last values computed, and on some of the others."""
    leaves = [Value(draw(numbers), f"x{i}") for i in range(draw(st.integers(1, 4)))]
    values: list[Any] = [*leaves, draw(numbers)]
    names = sorted(TABLE)
    for _ in range(draw(st.integers(1, rows))):
        operation = TABLE[draw(st.sampled_from(names))]
        count = draw(st.integers(1, 3)) * 2 if operation is dot else operation.arity
        operands = [values[draw(st.integers(0, len(values) - 1))] for _ in range(count)]
        if operation.name == "fixed_power":
            operands[1] = draw(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0]))
        try:
            values.append(operation(*operands))
        except (ArithmeticError, ValueError):
            continue
    computed = [value for value in values if isinstance(value, Value)]
    output = computed[-1]
    return output, leaves
