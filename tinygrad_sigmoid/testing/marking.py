"""The picture of a failed check: the part of the graph that shows it, with the bad value and edge marked."""

from __future__ import annotations

from tinygrad_sigmoid.drawing import Drawing, draw
from tinygrad_sigmoid.formulas import number_text
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.value import Value

# Told by its weight and its words as well as by its colour.
_BAD = 'color="#c0392b" fontcolor="#c0392b" penwidth=3'


def marked(mismatch: GradientMismatch) -> Drawing:
    """A picture of the part of a graph in which a check has failed."""
    part = _cut_out(mismatch)
    outputs = [part[value] for value in mismatch.shown if not any(value in user.inputs for user in mismatch.shown)]
    drawing = draw(*sorted(outputs, key=lambda value: value.number), collapse=[])
    names = {value: f"n{place}" for place, value in enumerate(topological_order(*outputs))}
    bad = part[mismatch.value]
    if mismatch.used is not None:
        _mark_edge(drawing, f"\t{names[part[mismatch.used]]} -> {names[bad]} [")
    numbers = [("got", mismatch.got), ("true", mismatch.true)]
    told = r"\n".join(f"{word} {number_text(number)}" for word, number in numbers if number is not None)
    drawing.body.append(f'\t{names[bad]} [{_BAD} xlabel="{told}"]\n')
    return drawing


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


def _mark_edge(drawing: Drawing, start: str) -> None:
    """Marks the edge whose line begins so; of several, as in a·a, the first."""
    line = next(number for number, text in enumerate(drawing.body) if text.startswith(start))
    drawing.body[line] = drawing.body[line].replace("[", f"[{_BAD} ", 1)
