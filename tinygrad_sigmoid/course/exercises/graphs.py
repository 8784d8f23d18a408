"""Exercises on graphs: what their cases are, and what is common to the exercises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from tinygrad_sigmoid.course.exercises.exercise import Answer, Case, Exercise, Given, MarkedGraph, marked_graph
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import dot, sigmoid
from tinygrad_sigmoid.testing.trials import Program
from tinygrad_sigmoid.value import Value

SMALL = [  # in which the famous mistakes show, the smallest first
    ["y = x * x"],
    ["y = x + x", "z = y * x"],
    ["y = 3 * x", "z = y + y"],
    ["y = 3 * x", "a = 2 * y", "c = a + y"],
    ["y = 3 * x", "a = 2 * y", "b = 5 * y", "c = a + b"],
    ["p = x * w", "q = p + w", "r = q * p", "s = r + x"],
    ["y = x * 2", "a = x + w", "c = y + a"],
    ["y = 3 + x", "a = x + 2", "c = y * a"],
]
ALIKE = [["p = x + w", "q = x * w", "r = p * q"], ["w", "x"], [2.0, 2.0]]  # two pairs of values with the same data
FEW, LARGE = 4, 8  # lines that a small graph has at most, and one at random


def programs(random: Random) -> Iterator[Case]:
    """The small ones, then some at random in which each line uses the one before it: all lead to the output."""
    for lines in SMALL:
        yield [lines, *_leaves(lines, random)]
    yield ALIKE
    yield [["p = x * w", "q = p + x"], ["w", "x"], [2.0, 0.0]]
    for _ in range(12):
        names = ["w", "x", *[f"v{number}" for number in range(1, random.randint(3, LARGE) + 1)]]
        lines = [
            f"{name} = {names[place - 1]} {random.choice('+*')} {random.choice(names[:place])}"
            for place, name in enumerate(names[2:], 2)
        ]
        yield [lines, *_leaves(lines, random)]


def _leaves(lines: Sequence[str], random: Random) -> tuple[list[str], list[float]]:
    names = [name for name in ("w", "x") if any(name in line.partition("=")[2] for line in lines)]
    return names, [float(random.choice((2, 3, 2.5, 5, -2, -3))) for _ in names]


def more_programs(random: Random) -> Iterator[Case]:
    """The same, values of one input and of three, and an output that is a leaf."""
    yield from programs(random)
    for lines in (["y = sigmoid(x)", "z = sigmoid(y)"], ["y = x * 3", "z = dot([x, w, y], [w, x, w])"]):
        yield [lines, *_leaves(lines, random)]
    yield [[], ["x"], [2.0]]


def graph(lines: Sequence[str], names: Sequence[str], numbers: Sequence[float]) -> Value:
    """The graph that these lines record, each value labelled with its name in them."""
    values = [Value(number) for number in numbers]
    if lines:
        program = Program(" ".join(names), *lines, known={"sigmoid": sigmoid, "dot": dot})
        values, names = [*values, *program.run(*values)], program.names
    for name, value in zip(names, values, strict=True):
        value.label = name
    return values[-1]


class OnGraphs(Exercise):
    """An exercise whose cases are graphs: lines of Python, the names of the leaves, and their numbers."""

    def size(self, case: Case) -> int:
        """How many lines it has."""
        return len(case[0])

    def said(self, case: Case) -> str:
        """The lines, in one."""
        lines, names, numbers = case
        return "; ".join([*[f"{name} = {number:g}" for name, number in zip(names, numbers, strict=True)], *lines])

    def described(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """Nothing; the rows and the picture tell it."""
        return ""

    def picture(self, case: Case, answer: Answer) -> MarkedGraph | None:
        """The values that are wrong."""
        return marked_graph(graph(*case), self.compared(case, answer))


def without_labels(case: Case) -> Value:
    """The graph, in which nothing but the values themselves tells one from the other if it is not small."""
    output = graph(*case)
    if len(case[0]) > FEW:
        for value in topological_order(output):
            value.label = ""
    return output


AGAIN = "called once more, on the same graph, it gives something else: is anything kept from the first time?"
