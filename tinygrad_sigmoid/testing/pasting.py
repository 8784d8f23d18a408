"""Recorded graphs as Python to paste: line by line for a message, or as one expression."""

from __future__ import annotations

import itertools
import keyword
import math
from collections.abc import Collection, Mapping, Sequence

from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import (
    TABLE,
    add,
    divide,
    dot_product,
    fixed_power,
    general_power,
    multiply,
    negate,
    subtract,
)
from tinygrad_sigmoid.value import Value, operation_of

FUNCTIONS = {general_power: "power", fixed_power: "power", dot_product: "dot"}  # what records them
IMPORTABLE = {"Value", *[FUNCTIONS.get(operation, name) for name, operation in TABLE.items()]}
INFIX = {add: "+", subtract: "-", multiply: "*", divide: "/", fixed_power: "**"}


def as_lines(shown: Collection[Value], marked: Value) -> list[str]:
    """Lines of Python that record the values `shown`, and take everything else that these need as leaves."""
    order = sorted({*shown, *[used for value in shown for used in value.inputs]}, key=lambda value: value.index)
    names = _identifiers([value for value in order if not value.constant])
    lines, called = [], {"Value"}
    for value in order:
        if value.constant:
            continue
        if value in shown and value.operation is not None:
            operands = [_number(used.data) if used.constant else names[used] for used in value.inputs]
            called.add(FUNCTIONS.get(value.operation, value.operation.name))
            call = _call(value.operation, operands)
        else:
            call = f"Value({_number(value.data)}, {value.label or names[value]!r})"
        lines.append(f"{names[value]} = {call}{'  # <- here' if value is marked else ''}")
    return [f"from tinygrad_sigmoid import {', '.join(sorted(called & IMPORTABLE))}", *lines]


def as_expression(output: Value, names: Mapping[Value, str]) -> str:
    """The same as one expression; what is used more than once gets a name where it comes first, `(t1 := exp(x))`."""
    users = uses(topological_order(output))
    named = dict(names)

    def operand(value: Value, beside_symbol: bool) -> str:
        if value.constant:
            return _number(value.data)
        if value in named:
            return named[value]
        text = computation(value)
        if len(users[value]) > 1:
            named[value] = f"t{len(named) - len(names) + 1}"
            return f"({named[value]} := {text})"
        return f"({text})" if beside_symbol and _has_symbol(operation_of(value)) else text

    def computation(value: Value) -> str:
        operation = operation_of(value)
        operands = [operand(used, _has_symbol(operation)) for used in value.inputs]
        if operation in INFIX:
            return f"{operands[0]} {INFIX[operation]} {operands[1]}"
        return f"-{operands[0]}" if operation is negate else _call(operation, operands)

    return computation(output)


def _has_symbol(operation: Operation) -> bool:
    return operation in INFIX or operation is negate


def _call(operation: Operation, operands: Sequence[str]) -> str:
    function = FUNCTIONS.get(operation, operation.name)
    if operation is dot_product:
        half = len(operands) // 2
        return f"{function}([{', '.join(operands[:half])}], [{', '.join(operands[half:])}])"
    return f"{function}({', '.join(operands)})"


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else f"float({str(number)!r})"


def _identifiers(values: list[Value]) -> dict[Value, str]:
    """A Python name for each value: its label where that is one, else v1, v2, …"""
    taken = {*IMPORTABLE, *[value.operation.name for value in values if value.operation]}
    names: dict[Value, str] = {}
    for value in values:
        if value.label.isidentifier() and not keyword.iskeyword(value.label) and value.label not in taken:
            names[value] = value.label
            taken.add(value.label)
    free = (name for count in itertools.count(1) if (name := f"v{count}") not in taken)
    return {value: names.get(value) or next(free) for value in values}
