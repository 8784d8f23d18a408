"""The exercise on the order of the values, and the orders that learners give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinygrad_sigmoid.course.exercises.exercise import Answer, Case, Function, Given, NotAsked, Row, returned
from tinygrad_sigmoid.course.exercises.graphs import AGAIN, OnGraphs, graph, more_programs, without_labels
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value


class Order(OnGraphs):
    """The exercise on the topological order: any order will do in which inputs come first."""

    def call(self, function: Function, case: Case) -> Answer:
        """The places of the values that a function gives, in the order in which they were recorded."""
        output = without_labels(case)
        places = {value: float(place) for place, value in enumerate(topological_order(output))}
        answers = []
        for _ in range(2):
            given = returned(function(output))
            if not isinstance(given, Iterable):
                raise NotAsked(f"{shown(given)} is no list: return all values in one")
            answers.append([places.get(value, -1.0) if isinstance(value, Value) else -1.0 for value in given])
        if len(answers[0]) != len(answers[1]):
            raise NotAsked(AGAIN)
        return answers[0]

    def agrees(self, case: Case, answer: Answer) -> bool:
        """Whether each value is there once, inputs before what is computed from them."""
        return not self.compared(case, answer)

    def described(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """What would make the lists right; or what is wrong with the first one."""
        pairs = [(case, given.answer) for case, given in zip(cases, answers, strict=True)]
        if all(self.agrees(case, answer[::-1]) for case, answer in pairs):
            return "the right order, but the output first: it is asked for with the inputs first"
        if all(self.agrees(case, [*answer, len(topological_order(graph(*case))) - 1.0]) for case, answer in pairs):
            return "the output itself is missing"
        [_, found, right] = next(rows[0] for case, answer in pairs if (rows := self.compared(case, answer)))
        return f"a value is {found}, and should be {right}" if right.startswith("there") else WRONG[right[:5]]

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """The first value that stands in a wrong place."""
        order = topological_order(graph(*case))
        places = {value: place for place, value in enumerate(order)}
        seen: set[Value] = set()
        for place in answer:
            value = order[int(place)] if place >= 0 else None
            if value is None:
                return [("the list", "something that is not in the graph", "its values")]
            if value in seen:
                return [(value.label, "there twice", "there once")]
            for used in value.inputs:
                if used.label and used not in seen:
                    if places[used] not in answer:
                        return [(used.label, "missing", "there once")]
                    return [(value.label, f"before {used.label}", f"after {used.label}, from which it is computed")]
            seen.add(value)
        left = [value.label for value in order if value.label and value not in seen]
        return [(left[0], "missing", "there once")] if left else []


WRONG = {  # the first letters of what is right
    "after": "a value stands before one of its inputs: its inputs come first",
    "its v": "something that is not in the graph: it must be the values themselves, not their data, labels or copies",
}


def _breadth_first(output: Value) -> list[Value]:
    order = [output]
    for value in order:
        order += [used for used in value.inputs if used not in order]
    return order


def _breadth_first_once(output: Value) -> list[Value]:
    order = [output]
    for value in order:
        for used in value.inputs:
            if used not in order:
                order.append(used)
    return order


def _without_a_set(output: Value) -> list[Value]:
    return [*[value for used in output.inputs for value in _without_a_set(used)], output]


def _on_the_way_down(output: Value) -> list[Value]:
    order: list[Value] = []

    def visit(value: Value) -> None:
        if value not in order:
            order.append(value)
            for used in value.inputs:
                visit(used)

    visit(output)
    return order


ORDER = Order(
    "08_topological_order.py",
    "topological_order",
    (),
    more_programs,
    topological_order,
    {
        "breadth first: a value may come up before something that uses it": [
            _breadth_first,
            lambda output: _breadth_first(output)[::-1],
            _breadth_first_once,
            lambda output: _breadth_first_once(output)[::-1],
        ],
        "a value that is used twice is there twice: remember what was visited": [_without_a_set],
        "each value is put into the list on the way down, before its inputs: put it there on the way back": [
            _on_the_way_down,
            lambda output: _on_the_way_down(output)[::-1],
        ],
        "the leaves are missing: they belong to the graph": [
            lambda output: [value for value in topological_order(output) if value.inputs]
        ],
        "only the output and its own inputs: go on into their inputs": [
            lambda output: [*dict.fromkeys(output.inputs), output],
            lambda output: [*output.inputs, output],
        ],
    },
    (
        "Before a value may stand in the list, all its inputs must: visit these first.",
        "def visit(value): visit each of value.inputs, then append value. What about a value that is visited twice?",
        "Keep a set of the visited ones, and return at once if the value is in it.",
    ),
)
