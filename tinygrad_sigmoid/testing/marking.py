"""The picture of a failed check: the part of the graph that shows it, with the bad value and edge marked."""

from __future__ import annotations

from tinygrad_sigmoid.drawing import Drawing, draw
from tinygrad_sigmoid.drawing.dot import Marks
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.value import Value


def marked(mismatch: GradientMismatch) -> Drawing:
    """A picture of the part of a graph in which a check has failed."""
    part = _cut_out(mismatch)
    outputs = [part[value] for value in mismatch.shown if not any(value in user.inputs for user in mismatch.shown)]
    bad = part[mismatch.value]
    numbers = [("got", mismatch.got), ("true", mismatch.true)]
    remark = ", ".join(f"{word} {number_text(number)}" for word, number in numbers if number is not None) or "wrong"
    marks: Marks = {bad: remark}
    if mismatch.used is not None:
        marks = {bad: "wrong rule", (bad, part[mismatch.used]): remark}
    return draw(*sorted(outputs, key=lambda value: value.index), collapse=[], marks=marks)


def _cut_out(mismatch: GradientMismatch) -> dict[Value, Value]:
    """For each value of the part, a copy; what the part takes from outside of it becomes a leaf."""
    part: dict[Value, Value] = {}
    for value in topological_order(*mismatch.shown):
        twin = part[value] = Value(value.data, value.label)
        twin.grad, twin.constant = mismatch.gradients.get(value), value.constant
        if value in mismatch.shown and value.operation is not None:
            twin.operation, twin.local_derivatives = value.operation, value.local_derivatives
            twin.inputs = tuple(part[used] for used in value.inputs)
            twin.data = value.operation.forward(*[used.data for used in twin.inputs])
    return part
