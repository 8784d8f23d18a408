"""The last proof: the whole graph, or the function that recorded it, is moved, and moves as its gradients say."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import product
from typing import Any

from tinygrad_sigmoid.derivatives import backpropagated
from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.accumulation import Gradients
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.claimed import Claimed, Numbers
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import Verdict
from tinygrad_sigmoid.testing.twins import gradients_by_rules, moving, result_of, twins
from tinygrad_sigmoid.value import Value, operation_of

Function = Callable[..., Any]

SAME = CONTEXT.mpf(1e-9)  # as a part of a number: more is no rounding
SHIFT = 2.0**-10  # by what part of themselves leaves are moved to look at a gradient at a shifted point
FREELY_CHOSEN = "an operation is at its kink, where the chain rule may choose for each one"


class Whole(Claimed):
    """A graph, or the function that recorded it, and the gradients that a backward pass has given its inputs."""

    def __init__(self, output: Value, inputs: Sequence[Value], found: Gradients, function: Function | None) -> None:
        super().__init__([used.data for used in inputs], [found.get(used) or 0.0 for used in inputs])
        self.output, self.inputs, self.function = output, inputs, function
        self._unmoved: dict[int, dict[Value, Any]] = {}  # the gradients, by how many digits they have

    def result(self, numbers: Numbers) -> Any:
        if self.function is None:
            return result_of(self.output, self._moved(numbers))
        return precisely(self.function, *map(Precise, numbers))

    def gradient(self, numbers: Numbers) -> list[Any]:
        found = self.unmoved() if numbers is self.numbers else gradients_by_rules(self.output, self._moved(numbers))
        return [found.get(used, 0) for used in self.inputs]

    def in_floats(self, numbers: Sequence[float]) -> float:
        again = [Value(float(number), used.label) for used, number in zip(self.inputs, numbers, strict=True)]
        if self.function is None:
            return _recorded(self.output, dict(zip(self.inputs, again, strict=True)))[self.output].data
        return float(self.function(*again).data)

    def unmoved(self) -> dict[Value, Any]:
        """The gradients of the graph as it is."""
        if CONTEXT.prec not in self._unmoved:
            self._unmoved[CONTEXT.prec] = gradients_by_rules(self.output)
        return self._unmoved[CONTEXT.prec]

    def at_kink(self) -> bool:
        """Whether an operation is at its kink, or near enough for rounding to decide on which side it is."""
        for value, twin in twins(self.output).items():
            if value.operation is not None and (kink_at := value.operation.kink_at):
                distance = bare(kink_at(*[used._data for used in twin.inputs]))
                if abs(distance - kink_at(*[used.data for used in value.inputs])) * 64 >= abs(distance):
                    return True
        return False

    def _moved(self, numbers: Numbers) -> dict[Value, Any]:
        return dict(zip(self.inputs, numbers, strict=True))


def check_end_to_end(
    output: Value, inputs: Sequence[Value], found: Gradients, certificate: Certificate, function: Function | None = None
) -> None:
    """Raises a mismatch if the output doesn't move as the gradients found say.

    The graph is computed again on its leaves, moved; the function that recorded it, if there is one, on its inputs.
    """
    whole, why = Whole(output, inputs, found, function), ""
    try:
        if function is not None:
            _check_same_number(whole)
        with CONTEXT.workprec(slopes.FIRST_LOOK):
            whole.unmoved()
    except Opaque as opaque:
        why = str(opaque)
    except UNDEFINED:
        certificate.unresolved.append("end to end: with more digits it is not defined here")
        return
    for direction in slopes.directions(whole.numbers, whole.claims):
        judgement = whole.judged(direction)
        if judgement.verdict is Verdict.WRONG:
            if certificate.kinks or certificate.jumps or (not why and whole.at_kink()):
                certificate.unresolved.append(f"end to end: {FREELY_CHOSEN}")
            elif function is not None and not why and whole.judged_in_floats(direction).verdict is not Verdict.WRONG:
                certificate.unresolved.append("end to end: the inputs are as near to a kink as rounding lets them be")
            else:
                raise _mismatch(whole, whole.first_wrong(direction))
            return
        if judgement.verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"end to end: {judgement.why}")
            return
        if judgement.verdict is not Verdict.RIGHT and not (certificate.kinks or certificate.jumps):
            certificate.kinks.append("the whole, at its inputs")
    if not why:
        _note_digits(whole, found, certificate)
    things = ("leaf", "leaves") if function is None else ("input", "inputs")
    means = f"to 8 digits, in floats, as it takes nothing else ({why})" if why else "to 18 digits"
    count = counted(len(inputs), *things)
    certificate.proven.append(f"{count}: moved, the output moves as the gradients say, {means}")


def _check_same_number(whole: Whole) -> None:
    """Raises a mismatch if the function computes something else on plain numbers than it recorded on Values."""
    with CONTEXT.workprec(256):
        recorded, called = bare(result_of(whole.output)), bare(whole.result(whole.numbers))
    if abs(recorded - called) > SAME * abs(recorded):
        sentence = "the function gives one number on Values and another on floats: does it look at what it is given?"
        raise _of_all(whole.output, sentence, whole.output, recorded, called, "looks")


def _mismatch(whole: Whole, place: int) -> GradientMismatch:
    judgement, culprit = whole.judged_alone(place), whole.inputs[place]
    got, true = float(judgement.claim), float(judgement.true)
    sentence = f"end to end: the gradient of {name_of(culprit)} is {compared(got, true)}"
    if whole.function is None:
        return _of_all(whole.output, sentence, culprit, got, true)
    sentence += ": is a part of the function computed from .data, outside of the graph?"
    return _of_all(whole.output, sentence, culprit, got, true, "detached")


def _of_all(output: Value, sentence: str, value: Value, got: Any, true: Any, bug: str = "") -> GradientMismatch:
    """A mismatch that the whole graph shows."""
    return GradientMismatch(sentence, value, got=got, true=true, shown=computed(output), bug=bug)


def _note_digits(whole: Whole, found: Gradients, certificate: Certificate) -> None:
    """Tells of leaves whose gradients are right on paper, and as floats are not."""
    order, wrt = computed(whole.output), moving(whole.output)
    sizes = backpropagated(whole.output, wrt, lambda value: tuple(map(abs, value.local_derivatives)))
    with CONTEXT.workprec(slopes.FIRST_LOOK):
        for leaf in wrt:
            number, true = found.get(leaf), whole.unmoved()[leaf]
            if number is None or not math.isfinite(number):
                continue
            rounding = sizes[leaf] * len(order) * 2.0**-50  # of all that its paths contribute
            if not math.isfinite(rounding) or abs(number - true) > rounding:
                certificate.note_digits(number, true, f"the gradient of {name_of(leaf)}")


# -- Gradients that are graphs -----------------------------------------------------------------------------------------


def check_as_graphs(output: Value, recorded: Mapping[Value, Value], certificate: Certificate) -> None:
    """Raises a mismatch if a gradient as a graph is not what the rules give, here and where the leaves are larger."""
    points = [_shifted(output, shift) for shift in (0.0, SHIFT)]
    try:
        with CONTEXT.workprec(256):
            by_rules = [gradients_by_rules(output, point) for point in points]
            as_graphs = [{leaf: bare(result_of(graph, at)) for leaf, graph in recorded.items()} for at in points]
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
            raise _of_all(output, sentence, leaf, got, true, "frozen" if place else "")


def at_shifted_point(output: Value) -> list[Value]:
    """The graph recorded where the leaves are a little larger, as far as it can be: special points hide mistakes."""
    again: dict[Value, Value] = {leaf: Value(number, leaf.label) for leaf, number in _shifted(output, SHIFT).items()}
    with suppress(ArithmeticError, ValueError):
        _recorded(output, again)
    return [value for value in again.values() if value.inputs]


def _recorded(output: Value, again: dict[Value, Value]) -> dict[Value, Value]:
    """Records a graph again on other leaves; what each value becomes is added to these."""
    for value in computed(output):
        again[value] = operation_of(value)(*[used.data if used.constant else again[used] for used in value.inputs])
        again[value].label = value.label
    return again


def _shifted(output: Value, shift: float) -> dict[Value, float]:
    return {leaf: leaf.data * (1 + shift) if leaf.data else shift for leaf in moving(output)}
