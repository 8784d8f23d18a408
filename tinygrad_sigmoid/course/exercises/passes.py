"""Exercises on the backward pass: one's own, and one with a bug to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_sigmoid.course.exercises.exercise import (
    Answer,
    Case,
    Function,
    Given,
    MarkedGraph,
    NotAsked,
    Row,
    marked_graph,
    plain,
    same,
)
from tinygrad_sigmoid.course.exercises.graphs import AGAIN, OnGraphs, graph, more_programs, without_labels
from tinygrad_sigmoid.course.exhibits import EXHIBITS, RIGHT, Edge, Exhibit, Ledger
from tinygrad_sigmoid.course.museum import judged
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.wrong_passes import recognised


class Passes(OnGraphs):
    """An exercise on a backward pass, which is told with a ledger along which edges it goes."""

    def call(self, function: Function, case: Case) -> Answer:
        """The edges that a pass takes, as numbers, and then the gradient of each value."""
        output = without_labels(case)
        order = topological_order(output)
        ledger, again = Ledger(), Ledger()
        for gradients in (ledger, again):
            gradients.update({value: 0.0 for value in order if not value.constant})
            function(output, gradients)
        if {*ledger, *[value for edge in ledger.edges for value in edge[:2]]} - {*order}:
            raise NotAsked("it uses gradients[…] of what is no value of the graph: the keys are the values themselves")
        if plain([*ledger.values()]) != plain([*again.values()]):
            raise NotAsked(AGAIN)
        index = {value: place for place, value in enumerate(order)}
        taken: list[Any] = [[index[edge.value], index[edge.used], *edge[2:]] for edge in ledger.edges]
        return plain([taken, [0.0 if value.constant else ledger.get(value, 0.0) for value in order]])

    def agrees(self, case: Case, answer: Answer) -> bool:
        """Whether the gradients are right; in which order the edges were taken is its own affair."""
        return same(gradients_in(answer), gradients_in(self.call(self.right, case)))

    def name_of(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """The name of a wrong pass that gives the same."""
        found = []
        for case, given in zip(cases, answers, strict=True):
            if given.error:
                return ""
            output = graph(*case)
            found.append((output, dict(zip(topological_order(output), gradients_in(given.answer), strict=True))))
        name = recognised(found)
        taken = [(edge, len(gradients_in(given.answer)) - 1) for given in answers for edge in given.answer[0]]
        # Who adds to a gradient without having read another one leaves an edge from a value to itself.
        if name == POST_ORDER and taken and all(edge[0] in (edge[1], output) for edge, output in taken):
            name = ONLY_THE_OUTPUT  # which gives the same
        return with_lesson(name)

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """The gradients that are wrong."""
        right = gradients_in(self.call(self.right, case))
        order = topological_order(graph(*case))
        rows = zip(order, gradients_in(answer), right, strict=True)
        return [
            (f"gradient of {value.label}", number_text(mine), number_text(true))
            for value, mine, true in rows
            if value.label and not same(mine, true)
        ]

    def picture(self, case: Case, answer: Answer) -> MarkedGraph | None:
        """The first edge that passes something wrong, in words; without one, the gradients that are wrong."""
        output, ledger = graph(*case), Ledger()
        order = topological_order(output)
        taken, found = answer
        ledger.edges = [Edge(order[int(value)], order[int(used)], *numbers) for value, used, *numbers in taken]
        ledger.update(zip(order, found, strict=True))
        mistake = judged(Exhibit(self.function, RIGHT.run), output, ledger).mistake
        return MarkedGraph(output, mistake.marks) if mistake else marked_graph(output, self.compared(case, answer))


def gradients_in(answer: Answer) -> list[float]:
    """What stands second in the answer of a pass, and of an engine."""
    gradients: list[float] = answer[1]
    return gradients


POST_ORDER, ONLY_THE_OUTPUT = "post-order, not reversed", "only the output passes its gradient back"
LESSONS: Mapping[str, str] = {
    **{exhibit.name: f"{exhibit.name}: {exhibit.lesson}" for exhibit in EXHIBITS},
    ONLY_THE_OUTPUT: f"{ONLY_THE_OUTPUT}: go on with its inputs, and with theirs",
    "the output's gradient is never set to 1": (
        "every gradient is 0: is that of the output set to 1, and is it written where it belongs?"
    ),
    "the output does not pass its gradient back": (
        "the output does not pass its gradient back, and all others stay 0: are they written where they belong, by += "
        "and not by *=?"
    ),
}


def with_lesson(name: str) -> str:
    """The name of a wrong pass, with what is to be learnt from it where something is."""
    return LESSONS.get(name, name)


def _pass(file: str, *hints: str) -> Passes:
    return Passes(file, "backward", (), more_programs, RIGHT.run, {}, hints)


BACKWARD = _pass(
    "09_backward.py",
    "Where does the pass begin, in which order do the values come, and what becomes of two contributions to one value?",
    "Go through reversed(topological_order(output)); the gradient of the output itself is 1.",
    "For each value, for used, local in edges(value): gradients[used] += gradients[value] * local.",
)
FIND_THE_BUG = _pass(
    "10_find_the_bug.py",
    "Run it on the picture above by hand: which value hands its gradient on, and is that all of it by then?",
    "Compare it with the museum: tinygrad_sigmoid.course.exhibits. Nothing is wrong with += or with the products.",
    "It is the order: a value's first visit comes before its other uses have added their share.",
)
