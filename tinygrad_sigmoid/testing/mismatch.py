"""What a failed check says: which operation or which sum is wrong, by how much, and the graph to reproduce it."""

from __future__ import annotations

import itertools
import keyword
import math
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, dot, fixed_power
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

LONGEST = 16  # lines of a graph that fit into a message
OURS = {"Value", "power", *TABLE} - {"fixed_power"}  # what a graph to paste can import


class GradientMismatch(AssertionError):  # noqa: N818 (what it is, not that it is an error)
    """A gradient, or something it is made of, is not what it must be.

    Attributes:
        culprit: What is wrong, in one sentence.
        operation: The operation whose rule is wrong; `None` if it is not a rule.
        value: The value in the graph at which it showed.
        used: The input of it that was concerned, if only one was.
        got: The number that was found.
        true: The right number; `None` if no single number is right.
        allowed: How far from the right number it may be, in units of the last place.
        shown: The values computed that belong to the part of the graph that shows it.
        gradients: The gradients found in that part.
    """

    def __init__(
        self,
        culprit: str,
        value: Value,
        *,
        got: float | None,
        true: Decimal | float | None = None,
        allowed: float = 0.0,
        operation: Operation | None = None,
        used: Value | None = None,
        shown: Collection[Value] = (),
        gradients: Mapping[Value, float | None] | None = None,
    ) -> None:
        super().__init__(culprit)
        self.culprit = culprit
        self.operation = operation
        self.value = value
        self.used = used
        self.got = got
        self.true = None if true is None else float(true)
        self.allowed = allowed
        self.shown = {used for used in shown if used.inputs} or {value}
        self.gradients = gradients or {}

    @property
    def error(self) -> float:
        """How far the number found is from the right one, in units of the last place."""
        if self.got is None or self.true is None:
            return math.nan
        return abs(self.got - self.true) / max(abs(self.true) * 2.0**-52, math.ulp(0.0))

    @property
    def code(self) -> str:
        """The part of the graph that shows it, as Python to paste."""
        return "\n".join(as_python(self.shown, self.value))

    def draw(self) -> Drawing:
        """The same part as a picture, with the value and the edge that are wrong marked."""
        from tinygrad_sigmoid.drawing import draw  # loads Graphviz

        part = self._part()
        bad = part[self.value]
        numbers = [("got", self.got), ("true", self.true)]
        remark = ", ".join(f"{word} {number_text(number)}" for word, number in numbers if number is not None) or "wrong"
        marks: dict[Value | tuple[Value, Value], str] = {bad: remark}
        if self.used is not None:
            marks = {bad: "wrong rule", (bad, part[self.used]): remark}
        used = {used for value in self.shown for used in value.inputs}
        outputs = [part[value] for value in self.shown - used]
        return draw(*sorted(outputs, key=lambda value: value.index), collapse=[], marks=marks)

    def _part(self) -> dict[Value, Value]:
        """For each value of the part, a copy; what the part takes from outside of it becomes a leaf."""
        part: dict[Value, Value] = {}
        for value in topological_order(*self.shown):
            if value in self.shown and value.operation is not None:
                twin = value.operation.apply(*[part[used] for used in value.inputs])
                twin.local_derivatives = value.local_derivatives
            else:
                twin = Value(value.data)
            twin.label, twin.grad, twin.constant = value.label, self.gradients.get(value), value.constant
            part[value] = twin
        return part

    def __str__(self) -> str:
        lines = [self.culprit]
        if self.got is not None or self.true is not None:
            lines.append(f"    got      {self.got!r}")
        if self.true is not None:
            lines.append(f"    true     {self.true!r}")
        if self.got is not None and self.true is not None:
            lines.append(f"    error    {self.error:.3g} ulp (units of the last place), allowed {self.allowed:.3g}")
        code = self.code.splitlines()
        if len(code) > LONGEST:
            code = [*code[:2], f"# … {len(code) - LONGEST} lines more in .code", *code[2 - LONGEST :]]
        return "\n".join([*lines, *[f"    {line}" for line in code]])


def as_python(shown: Collection[Value], marked: Value) -> list[str]:
    """Lines of Python that record the values `shown`, and take everything else that these need as leaves."""
    order = sorted({*shown, *[used for value in shown for used in value.inputs]}, key=lambda value: value.index)
    names = _identifiers([value for value in order if not value.constant])
    lines, called = [], {"Value"}
    for value in order:
        if value.constant:
            continue
        if value in shown and value.operation is not None:
            operands = [_number(used.data) if used.constant else names[used] for used in value.inputs]
            function, call = _call(value.operation, operands)
            called.add(function)
        else:
            call = f"Value({_number(value.data)}, {value.label or names[value]!r})"
        lines.append(f"{names[value]} = {call}{'  # <- here' if value is marked else ''}")
    return [f"from tinygrad_sigmoid import {', '.join(sorted(called & OURS))}", *lines]


def _call(operation: Operation, operands: list[str]) -> tuple[str, str]:
    """The function to import, and the call."""
    if operation is dot:
        half = len(operands) // 2
        return "dot", f"dot([{', '.join(operands[:half])}], [{', '.join(operands[half:])}])"
    function = "power" if operation is fixed_power else operation.name
    return function, f"{function}({', '.join(operands)})"


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else f"float({str(number)!r})"


def _identifiers(values: list[Value]) -> dict[Value, str]:
    """A Python name for each value: its label where that is one, else v1, v2, …"""
    taken = {*OURS, *[value.operation.name for value in values if value.operation]}
    names: dict[Value, str] = {}
    for value in values:
        if value.label.isidentifier() and not keyword.iskeyword(value.label) and value.label not in taken:
            names[value] = value.label
            taken.add(value.label)
    free = (name for count in itertools.count(1) if (name := f"v{count}") not in taken)
    return {value: names.get(value) or next(free) for value in values}


def name_of(value: Value) -> str:
    """How a sentence calls a value: by its label, else by its operation or its number."""
    if value.label:
        return value.label
    return f"{value.operation.name}(…) = {value.data:.6g}" if value.operation else f"the leaf {value.data:.6g}"


def descendants(value: Value, output: Value) -> set[Value]:
    """What was computed from a value on the way to the output, and the value itself."""
    found = {value}
    for later in topological_order(output):
        if not found.isdisjoint(later.inputs):
            found.add(later)
    return found


def same_bits(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def operation_of(value: Value) -> Operation:
    """The operation of a value computed."""
    assert value.operation is not None
    return value.operation
