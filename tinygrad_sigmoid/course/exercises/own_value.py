"""The exercise on a class of values of one's own, with its own backward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygrad_sigmoid.course.exercises.exercise import Answer, Case, Function, Given, Row, plain, returned, same
from tinygrad_sigmoid.course.exercises.graphs import OnGraphs, graph, programs
from tinygrad_sigmoid.course.exercises.passes import gradients_in, with_lesson
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.trials import Program
from tinygrad_sigmoid.testing.wrong_passes import recognised
from tinygrad_sigmoid.value import Value


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
            by_name = dict(zip(Program(" ".join(case[1]), *case[0]).names, gradients_in(given.answer), strict=True))
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


OWN_VALUE = OnClasses(
    "11_own_value.py",
    "Value",
    (),
    programs,
    Value,
    {},
    (
        "First make + and * record what they were computed from: their inputs, and a local derivative for each.",
        "backward is the exercise before, on your own class: an order, a 1 for the output, and +=.",
        "Collect the order with visit(); for each value in reversed(order) add value.grad * local to each input.",
    ),
)
