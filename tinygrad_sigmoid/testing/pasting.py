"""Recorded graphs as Python to paste: line by line for a message, or as one expression."""

from __future__ import annotations

import itertools
import keyword
import math
from collections.abc import Collection, Mapping, Sequence

from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.notation import FUNCTION, SIGN
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, add, divide, dot_product, fixed_power, multiply, negate, subtract
from tinygrad_sigmoid.reading.writer import LOOSE, Binding, Code, Written, typed_name
from tinygrad_sigmoid.value import Value, operation_of

IMPORTABLE = {"Value", *map(typed_name, TABLE.values())}
SIGNS = {operation: ELEMENTARY[operation].python for operation in (add, subtract, multiply, divide, negate)}


class Recording(Code):
    """Python that records a graph: with signs where Python has them, else by calls of this package's functions."""

    def binding(self, operation: Operation) -> Binding:
        return super().binding(operation) if operation in self.templates else Binding(FUNCTION, LOOSE, LOOSE)

    def composed(self, operation: Operation, texts: Sequence[str]) -> str:
        return super().composed(operation, texts) if operation in self.templates else _call(operation, texts)

    def number(self, number: float) -> Written:
        return Written(_number(number), SIGN if number < 0 else FUNCTION)


RECORDING = Recording(SIGNS | {fixed_power: "{0} ** {1}"})


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
            called.add(typed_name(value.operation))
            call = _call(value.operation, operands)
        else:
            call = f"Value({_number(value.data)}, {value.label or names[value]!r})"
        lines.append(f"{names[value]} = {call}{'  # <- here' if value is marked else ''}")
    return [f"from tinygrad_sigmoid import {', '.join(sorted(called & IMPORTABLE))}", *lines]


def as_expression(output: Value, names: Mapping[Value, str]) -> str:
    """The same as one expression; what is used more than once gets a name where it comes first, `(t1 := exp(x))`."""
    users = uses(topological_order(output))
    named = dict(names)

    def operand(value: Value) -> Written:
        if value.constant:
            return RECORDING.number(value.data)
        if value in named:
            return Written(named[value])
        formula = RECORDING.written(operation_of(value), [operand(used) for used in value.inputs])
        if len(users[value]) <= 1:
            return formula
        named[value] = f"t{len(named) - len(names) + 1}"
        return Written(f"({named[value]} := {formula.text})")

    return operand(output).text


def _call(operation: Operation, operands: Sequence[str]) -> str:
    function = typed_name(operation)
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
