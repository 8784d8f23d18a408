"""Exercises on graphs: the order of the values, the backward pass, and an engine of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

from tinygrad_sigmoid.course.exercises.exercise import (
    Answer,
    Case,
    Exercise,
    Function,
    Given,
    MarkedGraph,
    NotAsked,
    Row,
    marked_graph,
    plain,
    returned,
    same,
)
from tinygrad_sigmoid.course.exhibits import EXHIBITS, RIGHT, Edge, Exhibit, Ledger
from tinygrad_sigmoid.course.museum import judged
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import dot, sigmoid
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.trials import Program
from tinygrad_sigmoid.testing.wrong_passes import recognised
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


def _programs(random: Random) -> Iterator[Case]:
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


def _sums(random: Random) -> Iterator[Case]:
    """The same, and values of one input and of three."""
    yield from _programs(random)
    for lines in (["y = sigmoid(x)", "z = sigmoid(y)"], ["y = x * 3", "z = dot([x, w, y], [w, x, w])"]):
        yield [lines, *_leaves(lines, random)]
    yield [[], ["x"], [2.0]]  # an output that is a leaf


def _without_labels(case: Case) -> Value:
    """The graph, in which nothing but the values themselves tells one from the other if it is not small."""
    output = graph(*case)
    if len(case[0]) > FEW:
        for value in topological_order(output):
            value.label = ""
    return output


AGAIN = "called once more, on the same graph, it gives something else: is anything kept from the first time?"


class Order(OnGraphs):
    """The exercise on the topological order: any order will do in which inputs come first."""

    def call(self, function: Function, case: Case) -> Answer:
        """The places of the values that a function gives, in the order in which they were recorded."""
        output = _without_labels(case)
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


class Passes(OnGraphs):
    """An exercise on a backward pass, which is told with a ledger along which edges it goes."""

    def call(self, function: Function, case: Case) -> Answer:
        """The edges that a pass takes, as numbers, and then the gradient of each value."""
        output = _without_labels(case)
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
        return same(_gradients(answer), _gradients(self.call(self.right, case)))

    def name_of(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """The name of a wrong pass that gives the same."""
        found = []
        for case, given in zip(cases, answers, strict=True):
            if given.error:
                return ""
            output = graph(*case)
            found.append((output, dict(zip(topological_order(output), _gradients(given.answer), strict=True))))
        name = recognised(found)
        taken = [(edge, len(_gradients(given.answer)) - 1) for given in answers for edge in given.answer[0]]
        # Who adds to a gradient without having read another one leaves an edge from a value to itself.
        if name == POST_ORDER and taken and all(edge[0] in (edge[1], output) for edge, output in taken):
            name = ONLY_THE_OUTPUT  # which gives the same
        return with_lesson(name)

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """The gradients that are wrong."""
        right = _gradients(self.call(self.right, case))
        order = topological_order(graph(*case))
        rows = zip(order, _gradients(answer), right, strict=True)
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


def _gradients(answer: Answer) -> list[float]:
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


class OnClasses(OnGraphs):
    """The exercise on a class of values: what its values hold, and the gradients that its own `backward` gives."""

    def call(self, function: Function, case: Case) -> Answer:
        """The data of what is computed, the gradients of all but constants, and those of two more passes.

        One goes over the same values once more, from twice the output, the other over the same leaves.
        """
        lines, names, numbers = case
        program = Program(" ".join(names), *lines)
        leaves = [function(number) for number in numbers]
        values = [*leaves, *program.run(*leaves)]
        returned(values[-1]).backward()
        answer = [[value.data for value in values], [value.grad or 0.0 for value in values]]
        for value in values:
            value.grad = 0.0
        (values[-1] * 2.0).backward()
        answer.append([value.grad or 0.0 for value in values])
        for leaf in leaves:
            leaf.grad = 0.0
        [*_, again] = program.run(*leaves)
        again.backward()
        return plain([*answer, [leaf.grad or 0.0 for leaf in leaves]])

    def name_of(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """What is computed wrongly; or the name of a wrong pass that gives the same."""
        found = []
        for case, given in zip(cases, answers, strict=True):
            right = self.call(self.right, case)
            if given.error:
                return ""
            if not same(given.answer[0], right[0]):
                return "data is wrong before any gradient is: what do + and * compute?"
            output = graph(*case)
            named = [value for value in topological_order(output) if value.label]
            by_name = dict(zip(Program(" ".join(case[1]), *case[0]).names, _gradients(given.answer), strict=True))
            found.append((output, {value: by_name[value.label] for value in named}))
        rights = [self.call(self.right, case)[1] for case in cases]
        if same([given.answer[1] for given in answers], rights):
            return "a second pass is wrong, over values of the first or its leaves: what has the first left behind?"
        if name := recognised(found):
            return with_lesson(name)
        wrong = [
            [value.data for value in topological_order(output)]
            for (output, _), given, right in zip(found, answers, rights, strict=True)
            if not same(given.answer[1], right)
        ]
        if all(len({*numbers}) < len(numbers) for numbers in wrong):
            return "two values with the same number are taken for one: it isn't their data that tells them apart"
        return _by_operation(found)

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """The data and the gradients that are wrong."""
        right = self.call(self.right, case)
        names = Program(" ".join(case[1]), *case[0]).names
        return [
            (f"{what} of {name}", number_text(mine), number_text(true))
            for what, mines, trues in zip(("data", "gradient", *["second gradient"] * 2), answer, right, strict=True)
            for name, mine, true in zip(names, mines, trues, strict=False)  # the last ones are those of the leaves
            if not same(mine, true)
        ]


def _by_operation(found: Sequence[tuple[Value, Mapping[Value, float]]]) -> str:
    """The one operation whose inputs alone have not the sum of the shares that they should get."""
    wrong: list[str] = []
    for _, gradients in found:
        users: dict[Value, list[tuple[str, float]]] = {}
        names = {value: value.operation.name for value in gradients if value.operation}
        for value in names:
            for used, local in zip(value.inputs, value.local_derivatives, strict=True):
                users.setdefault(used, []).append((names[value], gradients[value] * local))
        for value, shares in users.items():
            if value in gradients and not same(gradients[value], sum(share for _, share in shares)):
                wrong.append(" ".join(sorted({name for name, _ in shares})))
    [only, *others] = sorted(wrong, key=len) or [""]  # one that is wrong now and then is none of an operation's own
    symbol = {"add": "+", "multiply": "*"}.get(only, "")
    if not symbol or len(others) < 3 or any(only not in other for other in others):
        return ""
    return f"it goes wrong at {symbol}: look at what `__{only[:3]}__` records and passes back"


# -- The exercises -----------------------------------------------------------------------------------------------------


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
    _sums,
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


def _pass(file: str, *hints: str) -> Passes:
    return Passes(file, "backward", (), _sums, RIGHT.run, {}, hints)


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
OWN_VALUE = OnClasses(
    "11_own_value.py",
    "Value",
    (),
    _programs,
    Value,
    {},
    (
        "First make + and * record what they were computed from: their inputs, and a local derivative for each.",
        "backward is the exercise before, on your own class: an order, a 1 for the output, and +=.",
        "Collect the order with visit(); for each value in reversed(order) add value.grad * local to each input.",
    ),
)
