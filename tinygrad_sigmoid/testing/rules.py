"""The first proof: every recorded number is what its operation gives, and every rule gives the slope of its formula."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from numbers import Real
from typing import Any

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.calling import unsteady
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.claimed import Claimed, Direction, Numbers, along, moved
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of, same_bits
from tinygrad_sigmoid.testing.naming import mistake
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict
from tinygrad_sigmoid.value import Value, operation_of

ONE_BY_ONE = 2  # inputs are moved so; more are moved all at once
JITTER, EPSILON = range(-8, 9), 2.0**-52  # from float to float
UNTOLD = 1e-15  # so small a slope may be what is left of 1 − 1
TOO_SMALL = "its rule takes floats only, and is too small here to tell a mistake from rounding"


def _check_value(value: Value) -> None:
    """Raises a mismatch if a value's number and local derivatives are not what its operation gives, bit for bit."""
    operation, numbers = operation_of(value), [used.data for used in value.inputs]
    now = operation.forward(*numbers)
    if not same_bits(now, value.data):
        _raise_if_unsteady(operation.forward, numbers, value)
        changed = " or ".join(name_of(used) for used in value.inputs if not used.inputs and not used.constant) or "it"
        sentence = (
            f"data changed after recording: {name_of(value)} is not what {operation.name} gives on its inputs; was "
            f"{changed} changed without a forward()?"
        )
        raise GradientMismatch(sentence, value, got=value.data, true=now, bug="changed data")
    rule, wrong = operation.derivatives(now, *numbers), f"the rule of {operation.name} is wrong: it gives"
    if len(rule) != len(numbers):
        sentence = f"{wrong} {counted(len(rule), 'local derivative')} for {counted(len(numbers), 'input')}"
        raise GradientMismatch(sentence, value, operation=operation, bug="number of derivatives")
    for used, recorded, local in zip(value.inputs, value.local_derivatives, rule, strict=True):
        if not isinstance(local, Real) or math.isnan(local):
            sentence = f"{wrong} {shown(local)} for {name_of(used)} instead of a number"
            raise GradientMismatch(sentence, value, operation=operation, used=used, bug="no number")
        if not same_bits(recorded, float(local)):
            _raise_if_unsteady(operation.derivatives, [now, *numbers], value)
            sentence = (
                f"the rule of {operation.name} was changed after {name_of(value)} was recorded: it gave another local "
                f"derivative for {name_of(used)} then; record the graph again"
            )
            raise GradientMismatch(
                sentence, value, operation=operation, used=used, got=recorded, true=local, bug="changed rule"
            )


def _raise_if_unsteady(function: Callable[..., Any], numbers: Sequence[float], value: Value) -> None:
    if kind := unsteady(function, *numbers):
        name = operation_of(value).name
        cure = "draw the random numbers outside of it" if kind == "nondeterministic" else "give it no memory"
        sentence = f"{name} is {kind}: called again on the same numbers, it gives others, so it has no slope; {cure}"
        raise GradientMismatch(sentence, value, operation=operation_of(value), bug=kind)


def check_rule(
    value: Value, certificate: Certificate, *, intended: bool = False, suspects: frozenset[Operation] = frozenset()
) -> None:
    """Raises a mismatch if a value is not what its operation gives, or a local derivative not the slope of that.

    Args:
        value: What the operation has computed.
        certificate: Is told of kinks, of digits lost and of what can't be told.
        intended: Whether a wrong rule is wrong on purpose, and only told, too.
        suspects: Operations whose rules are composed of this one's: an error here explains theirs.
    """
    _check_value(value)
    rule = Rule(value)
    places = [place for place, used in enumerate(value.inputs) if not used.constant]
    directions: Sequence[Direction]
    if len(places) <= ONE_BY_ONE or rule.takes_floats_only():
        directions = [rule.towards(place) for place in places]
    else:
        known = [claim if place in places else None for place, claim in enumerate(rule.claims)]
        directions = slopes.directions(rule.numbers, known)
    for direction in directions:
        judgement = rule.judged(direction)
        if judgement.verdict is Verdict.WRONG:
            _check_composed_of(value, suspects | {rule.operation})
            mismatch = rule.mismatch(rule.first_wrong(direction))
            if not intended:
                raise mismatch
            certificate.intended.append(mismatch.culprit)
        rule.note(direction, judgement, certificate)


class Rule(Claimed):
    """An operation at some inputs: what it gives, and what its rule says of that."""

    def __init__(self, value: Value) -> None:
        super().__init__([used.data for used in value.inputs], value.local_derivatives)
        self.value, self.operation = value, operation_of(value)
        self.exact: Sequence[Any] = []  # its local derivatives with many digits, once they have been computed

    def result(self, numbers: Numbers) -> Precise:
        return Precise.record(self.operation, numbers)

    def gradient(self, numbers: Numbers) -> Sequence[Any]:
        inputs = [Precise(x) for x in numbers]
        found = [bare(local) for local in precisely(self.operation.derivatives, self.result(inputs), *inputs)]
        if numbers is self.numbers:
            self.exact = found
        return found

    def in_floats(self, numbers: Sequence[float]) -> float:
        return float(self.operation.forward(*numbers))

    def takes_floats_only(self) -> bool:
        with suppress(*UNDEFINED):
            try:
                self.result(self.numbers)
            except Opaque:
                return True
        return False

    def judged(self, direction: Direction) -> Judgement:
        """The judgement by many digits; if the rule takes floats only, on those; if the formula does, by those."""

        def claim(t: Precise) -> Any:
            numbers = [float(bare(x)) for x in self.at(t, direction)]
            found = self.operation.derivatives(self.operation.forward(*numbers), *numbers)
            return along(direction, [CONTEXT.mpf(local) for local in found])

        with suppress(Opaque):
            return self.judged_precisely(direction)
        with suppress(Opaque):
            judgement = self.judged_precisely(direction, claim, noise=_rounding(claim))
            size = max(abs(judgement.claim or 0), abs(judgement.true or 0))
            if judgement.verdict is Verdict.WRONG and size <= UNTOLD * max(map(abs, direction)):
                return replace(judgement, verdict=Verdict.UNRESOLVED, why=TOO_SMALL)
            return judgement
        return self.judged_in_floats(direction)

    def where(self, direction: Direction) -> str:
        """As in ∂sigmoid/∂z at (0.5)."""
        place, *others = moved(direction)
        name = self.value.inputs[place].label or f"input {place + 1}"
        numbers = ", ".join(f"{number:.6g}" for number in self.numbers)
        return f"∂{self.operation.name}/∂{name}{', …' if others else ''} at ({numbers})"

    def mismatch(self, place: int) -> GradientMismatch:
        """What is wrong about one input, and by which mistake."""
        used, got, true = self.value.inputs[place], self.claims[place], float(self.judged_alone(place).true)
        bug, words = mistake(self.operation, self.numbers, place)
        where = self.where(self.towards(place)).partition(" at ")[0]
        sentence = f"the rule of {self.operation.name} is wrong: {where} is {words or compared(got, true)}"
        return GradientMismatch(sentence, self.value, operation=self.operation, used=used, got=got, true=true, bug=bug)

    def note(self, direction: Direction, judgement: Judgement, certificate: Certificate) -> None:
        """Tells the certificate what else there is to say."""
        where, kink_at = self.where(direction), self.operation.kink_at
        place, *others = moved(direction)
        if certificate.note(judgement, where):
            return
        if kink_at is not None and kink_at(*self.numbers) == 0:
            certificate.kinks.append(where)
        elif self.exact:
            for each in (place, *others):
                certificate.note_digits(self.claims[each], self.exact[each], where)
        elif not others:
            certificate.note_digits(self.claims[place], judgement.true / direction[place], where)


def _rounding(claim: Callable[[Precise], Any]) -> Any:
    """How far rounding takes a rule that is computed in floats: what it jitters by from float to float."""
    found = []
    for step in JITTER:
        with suppress(*UNDEFINED):
            found.append(claim(Precise(step * EPSILON)))
    return 8 * (max(found) - min(found)) if found else 0


def _check_composed_of(value: Value, suspects: frozenset[Operation]) -> None:
    """Checks the operations that a rule is composed of: if one of them is wrong by itself, this rule is innocent."""
    operation = operation_of(value)
    inputs = [used.data if used.constant else Value(used.data, used.label) for used in value.inputs]
    try:
        out = operation(*inputs)
        parts = [operation.forward(*inputs), *operation.derivatives(out, *inputs)]
    except (ArithmeticError, ValueError, TypeError, AttributeError):  # it takes floats only, or ends in infinity
        return
    for inner in computed(*[part for part in parts if isinstance(part, Value)]):
        if operation_of(inner) not in suspects:
            check_rule(inner, Certificate(), suspects=suspects)
