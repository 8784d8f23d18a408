"""The graph of a walk as a tree of text, from the output down, with the numbers that are known at a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tinygrad_sigmoid.reading.steps import BackwardStep, Steps
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value


class Line(NamedTuple):
    """One use of a value, under the operation that uses it."""

    text: str
    current: bool  # whether the step computes this value, or passes a gradient along this use of it


class Known(NamedTuple):
    """The numbers that are known after a step, by the index of their values."""

    data: dict[int, float]
    gradients: dict[int, float]

    def numbers(self, value: int) -> str:
        """`0.6  grad 0.1491`, with a dot for what is not known yet."""
        data, gradient = (number_text(known[value]) if value in known else "·" for known in self)
        return f"{data}  grad {gradient}"


def known_at(walked: Steps, place: int) -> Known:
    """What is known after the step at this place: gradients as far as they have been added up."""
    data = {index: value.data for index, value in enumerate(walked.values) if not value.inputs}
    data |= {step.value: step.result for step in walked.forward[: place + 1]}
    if place < len(walked.forward):
        return Known(data, {})
    beginning = {len(walked.values) - 1: 1.0}
    return Known(
        data, beginning | {step.input: step.after for step in walked.backward[: place + 1 - len(walked.forward)]}
    )


def tree(walked: Steps, place: int) -> Iterator[Line]:
    """The tree after the step at this place, line by line; what is computed once and used twice is unfolded once.

    >>> from tinygrad_sigmoid import Value, sigmoid, steps
    >>> w, x = Value(2, "w"), Value(3, "x")
    >>> print(*[line.text for line in tree(steps(w * x + x), 3)], sep="\\n")
    w·x + x  9  grad 1
    ├─ w·x   6  grad 1
    │  ├─ w  2  grad ·
    │  └─ x  3  grad 1
    └─ x     3  grad 1
    """
    step, known = walked[place], known_at(walked, place)
    at = (step.value, step.operand) if isinstance(step, BackwardStep) else None
    rows = list(_rows(walked))
    width = max(len(branch + name) for branch, name, _, _ in rows)
    for branch, name, value, use in rows:
        constant = walked.values[value].constant
        numbers = number_text(known.data[value]) if constant else known.numbers(value)
        current = use == at if at else value == step.value
        yield Line(f"{branch + name:{width}}  {numbers}", current)


def marked(output: Value, marks: Mapping[Any, str]) -> str:
    """The graph of an output as a tree, with a remark beside some values and some edges (value, one of its inputs).

    >>> from tinygrad_sigmoid import Value
    >>> w, x = Value(2, "w"), Value(3, "x")
    >>> print(marked(w * x, {x: "here"}))
    w·x   6
    ├─ w  2
    └─ x  3  ◀ here
    """
    walked = Steps(output)
    lines = []
    for branch, name, value, use in _rows(walked):
        used = walked.values[value]
        remarks = [marks.get(used, ""), marks.get((walked.values[use[0]], used), "") if use else ""]
        lines.append((branch + name, number_text(used.data), "; ".join(filter(None, remarks))))
    names, numbers = (max(len(line[column]) for line in lines) for column in (0, 1))
    texts = [f"{name:{names}}  {number:{numbers}}  {'◀ ' * bool(remark)}{remark}" for name, number, remark in lines]
    return "\n".join(text.rstrip() for text in texts)


def _rows(walked: Steps) -> Iterator[tuple[str, str, int, tuple[int, int] | None]]:
    """For each line its branch, its name, its value, and the operand of which operation that is."""
    unfolded = set()
    waiting: list[tuple[str, str, int, tuple[int, int] | None]] = [("", "", len(walked.values) - 1, None)]
    while waiting:
        branch, below, value, use = waiting.pop()
        inputs = walked.values[value].inputs
        again = value in unfolded and bool(inputs)
        yield branch, walked.names[value] + " (above)" * again, value, use
        unfolded.add(value)
        if not again:
            last = len(inputs) - 1
            for operand in range(last, -1, -1):
                fork, line = ("└─ ", "   ") if operand == last else ("├─ ", "│  ")
                waiting.append((below + fork, below + line, walked.index_of[inputs[operand]], (value, operand)))
