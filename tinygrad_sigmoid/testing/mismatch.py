"""What a failed check says: which operation or which sum is wrong, by how much, and the graph to reproduce it."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.pasting import as_lines
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

LONGEST = 16  # lines of a graph that fit into a message


class GradientMismatch(TinygradSigmoidError, AssertionError):  # noqa: N818 (what it is, not that it is an error)
    """A gradient, or something it is made of, is not what it must be.

    Attributes:
        culprit: What is wrong, in one sentence.
        operation: The operation whose rule is wrong; `None` if it is not a rule.
        value: The value in the graph at which it showed.
        used: The input of it that was concerned, if only one was.
        got: The number that was found.
        true: The right number; `None` if no single number is right.
        allowed: How far from the right number it may be, in units of the last place (given as a difference).
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
        allowed: Decimal | Fraction | float = 0.0,
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
        self.allowed = math.nan if self.true is None else float(allowed) / _ulp(self.true)
        self.shown = {used for used in shown if used.inputs} or {value}
        self.gradients = gradients or {}

    @property
    def error(self) -> float:
        """How far the number found is from the right one, in units of the last place."""
        if self.got is None or self.true is None:
            return math.nan
        return abs(self.got - self.true) / _ulp(self.true)

    @property
    def code(self) -> str:
        """The part of the graph that shows it, as Python to paste."""
        return "\n".join(as_lines(self.shown, self.value))

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
                twin = value.operation(*[part[used] for used in value.inputs])
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
        code = as_lines(self.shown, self.value)
        if len(code) > LONGEST:
            code = [*code[:2], f"# … {len(code) - LONGEST} lines more in .code", *code[2 - LONGEST :]]
        return "\n".join([*lines, *[f"    {line}" for line in code]])


def name_of(value: Value) -> str:
    """How a sentence calls a value: by its label, else by its operation or its number."""
    if value.label:
        return value.label
    return f"{value.operation.name}(…) = {value.data:.6g}" if value.operation else f"the leaf {value.data:.6g}"


def descendants(value: Value, output: Value) -> list[Value]:
    """What was computed from a value on the way to the output, inputs before what is computed from them."""
    concerned, found = {value}, []
    for later in computed(output):
        if not concerned.isdisjoint(later.inputs):
            concerned.add(later)
            found.append(later)
    return found


def _ulp(number: float) -> float:
    return max(abs(number) * 2.0**-52, math.ulp(0.0))


def same_bits(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def compared(claim: float, true: Decimal | float) -> str:
    """How a wrong number compares with the right one, in words."""
    right = float(true)
    if not math.isfinite(claim):
        return f"{claim} instead of a number"
    if claim == 0 or right == 0:
        return f"{claim:.6g} instead of {right:.6g}"
    ratio = claim / right
    if abs(ratio + 1) < 1e-12:
        return "of the wrong sign"
    if abs(ratio - 1) < 1e-4:
        return f"off by {abs(ratio - 1):.2g} of itself"
    return f"{ratio:.6g} times the true one"
