"""The last proof: the whole graph, or the function that recorded it, is moved, and moves as its gradients say."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from tinygrad_sigmoid.derivatives import backpropagated
from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.differences import judged_by_differences
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict
from tinygrad_sigmoid.value import Value, operation_of

Gradients = Mapping[Value, float | None]
Function = Callable[..., Any]

SAME = CONTEXT.mpf(1e-9)  # as a part of a number: more is no rounding
SHIFT = 2.0**-10  # by what part of themselves leaves are moved to look at a gradient at a shifted point
FREELY_CHOSEN = "an operation is at its kink, where the chain rule may choose for each one"


class Twin:
    """A graph computed again with the digits in force, the leaves as they are or moved, the gradients by its rules."""

    def __init__(self, output: Value) -> None:
        self.output = output
        self.order = computed(output)
        self.leaves = [leaf for leaf in leaves(output) if not leaf.constant]
        self._unmoved: dict[int, dict[Value, Any]] = {}  # the gradients, by how many digits they have

    def numbers(self, moved: Mapping[Value, Any]) -> dict[Value, Precise]:
        """All computed numbers, and the leaves that are moved."""
        found = {leaf: Precise(number) for leaf, number in moved.items()}
        for value in self.order:
            found[value] = Precise.record(operation_of(value), _inputs(value, found))
        return found

    def result(self, moved: Mapping[Value, Any]) -> Precise:
        return self.numbers(moved).get(self.output, Precise(self.output.data))

    def in_floats(self, moved: Mapping[Value, float]) -> float:
        found = dict(moved)
        for value in self.order:
            found[value] = operation_of(value).forward(*[found.get(used, used.data) for used in value.inputs])
        return found.get(self.output, self.output.data)

    def gradients(self, moved: Mapping[Value, Any] = {}) -> dict[Value, Any]:
        """∂output/∂value for all values of the graph."""
        if moved:
            return self._backpropagated(moved)
        if CONTEXT.prec not in self._unmoved:
            self._unmoved[CONTEXT.prec] = self._backpropagated({})
        return self._unmoved[CONTEXT.prec]

    def _backpropagated(self, moved: Mapping[Value, Any]) -> dict[Value, Any]:
        found = self.numbers(moved)

        def local_derivatives(value: Value) -> tuple[Any, ...]:
            rule = operation_of(value).derivatives
            return precisely(rule, found[value], *_inputs(value, found))  # type: ignore[no-any-return]

        gradients = backpropagated(self.output, self.leaves, local_derivatives)
        return {value: bare(gradient) for value, gradient in gradients.items()}

    def at_kink(self) -> bool:
        """Whether an operation is at its kink, or near enough for rounding to decide on which side it is."""
        exact = self.numbers({})
        for value in self.order:
            if kink_at := operation_of(value).kink_at:
                distance = bare(kink_at(*_inputs(value, exact)))
                if abs(distance - kink_at(*[used.data for used in value.inputs])) * 64 >= abs(distance):
                    return True
        return False


def _inputs(value: Value, numbers: Mapping[Value, Precise]) -> list[Precise]:
    return [numbers[used] if used in numbers else Precise(used.data) for used in value.inputs]


class Moved:
    """The inputs of a graph, moved all at once: how the output moves, and how it should by their gradients."""

    def __init__(self, twin: Twin, inputs: Sequence[Value], found: Gradients, function: Function | None) -> None:
        self.twin, self.inputs, self.function = twin, inputs, function
        self.claims = [found.get(used) or 0.0 for used in inputs]
        numbers = [used.data for used in inputs]
        self.directions = [dict(zip(inputs, one, strict=True)) for one in slopes.directions(numbers, self.claims)]

    def judged(self, direction: Mapping[Value, Any]) -> Judgement:
        try:
            return slopes.judged(lambda t: self.result(self.at(t, direction)), lambda t: self.claim(t, direction))
        except Opaque:
            return self.judged_in_floats(direction)

    def judged_in_floats(self, direction: Mapping[Value, Any]) -> Judgement:
        claim = sum(claim * float(direction[used]) for used, claim in zip(self.inputs, self.claims, strict=True))
        # At 1, where floats are as near to each other as the inputs are beside their own sizes; at 0 they are nearer.
        return judged_by_differences(claim, lambda t: self.in_floats(self.at(t - 1.0, direction)), 1.0)

    def at(self, t: Any, direction: Mapping[Value, Any]) -> list[Any]:
        return [used.data + t * direction[used] if direction[used] else used.data for used in self.inputs]

    def claim(self, t: Precise, direction: Mapping[Value, Any]) -> Any:
        gradients = self.twin.gradients(dict(zip(self.inputs, self.at(t, direction), strict=True)) if t else {})
        return sum(gradients[used] * direction[used] for used in self.inputs if used in gradients)

    def result(self, numbers: Sequence[Any]) -> Any:
        if self.function is None:
            return self.twin.result(dict(zip(self.inputs, numbers, strict=True)))
        return precisely(self.function, *map(Precise, numbers))

    def in_floats(self, numbers: Sequence[Any]) -> float:
        if self.function is None:
            return self.twin.in_floats(dict(zip(self.inputs, map(float, numbers), strict=True)))
        given = [Value(float(number), used.label) for used, number in zip(self.inputs, numbers, strict=True)]
        return float(self.function(*given).data)

    def first_wrong(self, direction: Mapping[Value, Any]) -> Value:
        """The input about which the gradients are wrong: half of them are moved, then half of those, and so on."""

        def wrong(some: Collection[Value]) -> bool:
            only = {used: move if used in some else 0 for used, move in direction.items()}
            return self.judged(only).verdict is Verdict.WRONG

        return slopes.bisected([used for used in self.inputs if direction[used]], wrong)


def check_end_to_end(
    output: Value, inputs: Sequence[Value], found: Gradients, certificate: Certificate, function: Function | None = None
) -> None:
    """Raises a mismatch if the output doesn't move as the gradients of the inputs say.

    Args:
        output: The graph's.
        inputs: Its leaves, or those that a function was given.
        found: The gradients of a backward pass.
        certificate: Is told what was proven.
        function: What recorded the graph, to be called again on moved inputs; else the graph is computed again.
    """
    moved, why = Moved(Twin(output), inputs, found, function), ""
    try:
        if function is not None:
            _check_same_number(moved)
        with CONTEXT.workprec(slopes.working_bits(slopes.LADDER[0])):
            moved.twin.gradients()
    except Opaque as opaque:
        why = str(opaque)
    except UNDEFINED:
        certificate.unresolved.append("end to end: with more digits it is not defined here")
        return
    for direction in moved.directions:
        judgement = moved.judged(direction)
        if judgement.verdict is Verdict.WRONG:
            if certificate.kinks or certificate.jumps or (not why and moved.twin.at_kink()):
                certificate.unresolved.append(f"end to end: {FREELY_CHOSEN}")
            elif function is not None and not why and moved.judged_in_floats(direction).verdict is not Verdict.WRONG:
                certificate.unresolved.append("end to end: the inputs are as near to a kink as rounding lets them be")
            else:
                raise _mismatch(moved, moved.first_wrong(direction))
            return
        if judgement.verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"end to end: {judgement.why}")
            return
        if judgement.verdict is not Verdict.RIGHT and not (certificate.kinks or certificate.jumps):
            certificate.kinks.append("the whole, at its inputs")
    if not why:
        _note_digits(moved.twin, found, certificate)
    things = ("leaf", "leaves") if function is None else ("input", "inputs")
    means = f"to 8 digits, in floats, as it takes nothing else ({why})" if why else "to 18 digits"
    count = counted(len(moved.inputs), *things)
    certificate.proven.append(f"{count}: moved, the output moves as the gradients say, {means}")


def _check_same_number(moved: Moved) -> None:
    """Raises a mismatch if the function computes something else on plain numbers than it recorded on Values."""
    with CONTEXT.workprec(256):
        recorded, called = bare(moved.twin.result({})), bare(moved.result([used.data for used in moved.inputs]))
        if abs(recorded - called) > SAME * abs(recorded):
            sentence = "the function gives one number on Values and another on floats"
            output = moved.twin.output
            raise GradientMismatch(
                f"{sentence}: does it look at what it is given?",
                output,
                got=float(recorded),
                true=float(called),
                shown=moved.twin.order,
                bug="looks",
            )


def _mismatch(moved: Moved, culprit: Value) -> GradientMismatch:
    direction = {used: (abs(used.data) or 1.0) if used is culprit else 0 for used in moved.inputs}
    judgement = moved.judged(direction)
    got, true = [float(number / direction[culprit]) for number in (judgement.claim, judgement.true)]
    sentence = f"end to end: the gradient of {name_of(culprit)} is {compared(got, true)}"
    if moved.function is not None:
        sentence += ": is a part of the function computed from .data, outside of the graph?"
    shown = moved.twin.order
    return GradientMismatch(
        sentence, culprit, got=got, true=true, shown=shown, bug="detached" if moved.function else ""
    )


def _note_digits(twin: Twin, found: Gradients, certificate: Certificate) -> None:
    """Tells of leaves whose gradients are right on paper, and as floats are not."""
    sizes = backpropagated(twin.output, twin.leaves, lambda value: tuple(map(abs, value.local_derivatives)))
    with CONTEXT.workprec(slopes.working_bits(slopes.LADDER[0])):
        for leaf, true in twin.gradients().items():
            number = found.get(leaf)
            if leaf.inputs or number is None or not math.isfinite(number):
                continue
            rounding = sizes[leaf] * len(twin.order) * 2.0**-50  # of all that its paths contribute
            if not math.isfinite(rounding) or abs(number - true) > rounding:
                certificate.note_digits(number, true, f"the gradient of {name_of(leaf)}")


# -- Gradients that are graphs -----------------------------------------------------------------------------------------


def check_as_graphs(output: Value, recorded: Mapping[Value, Value], certificate: Certificate) -> None:
    """Raises a mismatch if a gradient as a graph is not what the rules give, here and where the leaves are larger."""
    twin, points = Twin(output), [_shifted(output, shift) for shift in (0.0, SHIFT)]
    try:
        with CONTEXT.workprec(256):
            by_rules = [twin.gradients(point) for point in points]
            as_graphs = [
                {leaf: bare(Twin(graph).result(point)) for leaf, graph in recorded.items()} for point in points
            ]
    except (Opaque, *UNDEFINED):
        certificate.unresolved.append("the derivatives at a shifted point: they can't be computed with more digits")
        return
    for place, leaf in product(range(len(points)), recorded):
        got, true = as_graphs[place][leaf], by_rules[place][leaf]
        if abs(got - true) > SAME * max(abs(one[leaf]) for one in by_rules):
            sentence = f"gradients() and the backward pass differ about {name_of(leaf)}"
            if place:
                sentence = (
                    f"the gradient of {name_of(leaf)} as a graph is right where it was recorded, but not where the "
                    f"leaves are {SHIFT:.1%} larger: is a number frozen in it?"
                )
            bug = "frozen" if place else ""
            raise GradientMismatch(sentence, leaf, got=float(got), true=float(true), shown=twin.order, bug=bug)


def at_shifted_point(output: Value) -> list[Value]:
    """The graph recorded where the leaves are a little larger, as far as it can be: special points hide mistakes."""
    again: dict[Value, Value] = {leaf: Value(number, leaf.label) for leaf, number in _shifted(output, SHIFT).items()}
    with suppress(ArithmeticError, ValueError):
        for value in computed(output):
            inputs = [used.data if used.constant else again[used] for used in value.inputs]
            again[value] = operation_of(value)(*inputs)
            again[value].label = value.label
    return [value for value in again.values() if value.inputs]


def _shifted(output: Value, shift: float) -> dict[Value, float]:
    return {leaf: leaf.data * (1 + shift) if leaf.data else shift for leaf in leaves(output) if not leaf.constant}
