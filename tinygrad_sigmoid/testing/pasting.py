"""Recorded graphs as Python to paste: line by line for a message, or as one expression."""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Collection, Iterable, Mapping, Sequence

from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.notation import FUNCTION
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, add, divide, dot_product, fixed_power, multiply, negate, subtract
from tinygrad_sigmoid.reading.writer import LOOSE, Binding, Code, Written, typed_name
from tinygrad_sigmoid.testing.sources import Definitions
from tinygrad_sigmoid.value import Value, operation_of

LONGEST = 100  # letters of a call on one line


def as_lines(shown: Collection[Value], marked: Value, options: Mapping[str, object] = {}) -> list[str]:
    """Lines of Python that record the values `shown`, and check the last of them; all else becomes leaves.

    Operations and functions that are not of this package are defined there, as far as their source can be had.
    """
    order = sorted({*shown, *[used for value in shown for used in value.inputs]}, key=lambda value: value.index)
    order = [value for value in order if not value.constant]
    definitions = Definitions()
    definitions.define("Value", Value)
    for operation in dict.fromkeys(value.operation for value in order if value in shown and value.operation):
        if operation in TABLE.values():
            definitions.imported("tinygrad_sigmoid", typed_name(operation))
        else:
            definitions.define(operation.name, operation)
    asked = definitions.arguments([], options)
    names = _identifiers(order, definitions.known)
    lines = []
    for value in order:
        if value in shown and value.operation is not None:
            call = _call(value.operation, [repr(used.data) if used.constant else names[used] for used in value.inputs])
        else:
            call = f"Value({value.data!r}, {value.label or names[value]!r})"
        lines.append(f"{names[value]} = {call}{'  # <- here' if value is marked else ''}")
    return _program(definitions, lines, [names[order[-1]], *asked])


def as_call(checked: object, at: Sequence[object], options: Mapping[str, object]) -> list[str]:
    """Lines of Python that check a function or class again, with its definition and all that this names."""
    definitions = Definitions()
    return _program(definitions, [], definitions.arguments([checked, *at], options))


def _program(definitions: Definitions, lines: Sequence[str], arguments: Sequence[str]) -> list[str]:
    """The definitions, the lines, and the check of these arguments."""
    definitions.imported("tinygrad_sigmoid.testing", "check_gradients")
    call = [f"check_gradients({', '.join(arguments)})"]
    if len(call[0]) > LONGEST:
        call = ["check_gradients(", *[f"    {argument}," for argument in arguments], ")"]
    return [*definitions.lines(), *lines, *call]


def as_expression(output: Value, names: Mapping[Value, str]) -> str:
    """The same as one expression; what is used more than once gets a name where it comes first, `(t1 := exp(x))`."""
    users = uses(topological_order(output))
    named = {value: Written(name) for value, name in names.items()}

    def written(value: Value) -> Written:
        if value.constant:
            return PYTHON.number(value.data)
        if value in named:
            return named[value]
        computation = PYTHON.written(operation_of(value), [written(used) for used in value.inputs])
        if len(users[value]) < 2:
            return computation
        named[value] = Written(f"t{len(named) - len(names) + 1}")
        return Written(f"{named[value].text} := {computation.text}", LOOSE)

    return written(output).text


class Python(Code):
    """Python that records: the operators of arithmetic, and calls for everything else."""

    def binding(self, operation: Operation) -> Binding:
        return super().binding(operation) if operation in self.templates else Binding(FUNCTION, LOOSE, LOOSE)

    def composed(self, operation: Operation, texts: Sequence[str]) -> str:
        return super().composed(operation, texts) if operation in self.templates else _call(operation, texts)


PYTHON = Python(
    {fixed_power: "{0} ** {1}"}
    | {operation: ELEMENTARY[operation].python for operation in (add, subtract, multiply, divide, negate)}
)


def _call(operation: Operation, operands: Sequence[str]) -> str:
    arguments = ", ".join(operands)
    if operation is dot_product:
        half = len(operands) // 2
        arguments = f"[{', '.join(operands[:half])}], [{', '.join(operands[half:])}]"
    return f"{typed_name(operation)}({arguments})"


def _identifiers(values: Collection[Value], defined: Iterable[str]) -> dict[Value, str]:
    """A Python name for each value: its label where that is one and not yet taken, else v1, v2, …"""
    taken = {"check_gradients", *defined, *[typed_name(value.operation) for value in values if value.operation]}
    unfree = taken.union(value.label for value in values)
    free = (name for count in itertools.count(1) if (name := f"v{count}") not in unfree)
    names: dict[Value, str] = {}
    for value in values:
        usable = value.label.isidentifier() and not keyword.iskeyword(value.label) and value.label not in taken
        names[value] = value.label if usable else next(free)
        taken.add(names[value])
    return names
