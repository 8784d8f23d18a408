"""What a failed check says: which operation or which sum is wrong, by how much, and the graph to reproduce it."""

from __future__ import annotations

import keyword
import math
from collections.abc import Collection, Mapping
from typing import Any

import tinygrad_sigmoid
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import dot_product, fixed_power, general_power
from tinygrad_sigmoid.value import Value

LONGEST = 16  # lines of a graph that fit into a message


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
        code: The part of the graph that shows it, as Python to paste.
    """

    def __init__(
        self,
        culprit: str,
        value: Value,
        *,
        got: float | None,
        true: Any = None,
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
        return "\n".join(as_python(self.shown, self.value))

    def draw(self) -> Any:
        """The graph as a picture, with the value and the edge that are wrong marked."""
        from tinygrad_sigmoid.testing.marking import marked

        return marked(self)

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
    names = _names([value for value in order if not value.constant])
    lines, called = [], {"Value"}
    for value in order:
        if value.constant:
            continue
        if value in shown and value.operation is not None:
            operands = [_number(used.data) if used.constant else names[used] for used in value.inputs]
            called.add(_public(value.operation))
            line = f"{names[value]} = {_call(value.operation, operands)}"
        else:
            line = f"{names[value]} = Value({_number(value.data)}, {value.label or names[value]!r})"
        lines.append(line + ("  # <- here" if value is marked else ""))
    ours = sorted(called & set(tinygrad_sigmoid.__all__))
    return [f"from tinygrad_sigmoid import {', '.join(ours)}", *lines]


def _call(operation: Operation, operands: list[str]) -> str:
    if operation is dot_product:
        half = len(operands) // 2
        return f"dot([{', '.join(operands[:half])}], [{', '.join(operands[half:])}])"
    return f"{_public(operation)}({', '.join(operands)})"


def _public(operation: Operation) -> str:
    return {fixed_power: "power", general_power: "power", dot_product: "dot"}.get(operation, operation.name)


def _number(number: float) -> str:
    return repr(number) if math.isfinite(number) else f"float({str(number)!r})"


def _names(values: list[Value]) -> dict[Value, str]:
    """A Python name for each value: its label where that is one, else v1, v2, …"""
    taken: set[str] = {*tinygrad_sigmoid.__all__, *[v.operation.name for v in values if v.operation]}
    names: dict[Value, str] = {}
    for value in values:
        usable = value.label.isidentifier() and not keyword.iskeyword(value.label) and value.label not in taken
        if usable:
            taken.add(value.label)
            names[value] = value.label
    count = 0
    for value in values:
        if value not in names:
            count += 1
            while f"v{count}" in taken:
                count += 1
            names[value] = f"v{count}"
    return names


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
