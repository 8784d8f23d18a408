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
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.differences import judged_by_differences
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of, same_bits
from tinygrad_sigmoid.testing.naming import mistake
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict
from tinygrad_sigmoid.value import Value, operation_of

ONE_BY_ONE = 2  # inputs are moved so; more are moved all at once
JITTER, EPSILON = range(-8, 9), 2.0**-52  # from float to float
UNTOLD = 1e-15  # so small a slope may be what is left of 1 − 1
TOO_SMALL = "its rule takes floats only, and is too small here to tell a mistake from rounding"


def check_value(value: Value) -> None:
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
        sentence = f"{wrong} {len(rule)} local derivatives for {len(numbers)} inputs"
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
    """Raises a mismatch if one of a value's local derivatives is not the slope of its operation's formula.

    Args:
        value: What the operation has computed.
        certificate: Is told of kinks, of digits lost and of what can't be told.
        intended: Whether a wrong rule is wrong on purpose, and only told, too.
        suspects: Operations whose rules are composed of this one's: an error here explains theirs.
    """
    claims = [
        None if used.constant else local for used, local in zip(value.inputs, value.local_derivatives, strict=True)
    ]
    places = [place for place, claim in enumerate(claims) if claim is not None]
    numbers = [used.data for used in value.inputs]

    def alone(*chosen: int) -> Rule:
        return Rule(value, [(abs(x) or 1.0) if place in chosen else 0 for place, x in enumerate(numbers)])

    if len(places) <= ONE_BY_ONE or _takes_floats_only(value):
        rules = [alone(place) for place in places]
    else:
        rules = [Rule(value, direction) for direction in slopes.directions(numbers, claims)]
    for rule in rules:
        judgement = rule.judged()
        if judgement.verdict is Verdict.WRONG:
            _check_composed_of(value, suspects | {rule.operation})
            place = slopes.bisected(rule.moved, lambda some: alone(*some).judged().verdict is Verdict.WRONG)
            if not intended:
                raise alone(place).mismatch()
            certificate.intended.append(alone(place).mismatch().culprit)
        rule.note(judgement, certificate)


def _takes_floats_only(value: Value) -> bool:
    with suppress(*UNDEFINED):
        try:
            Precise.record(operation_of(value), [used.data for used in value.inputs])
        except Opaque:
            return True
    return False


class Rule:
    """An operation at some inputs, which are moved in a direction: what it gives, and what its rule says of that."""

    def __init__(self, value: Value, direction: Sequence[Any]) -> None:
        self.value = value
        self.operation = operation_of(value)
        self.numbers = [used.data for used in value.inputs]
        self.direction = direction
        self.moved = [place for place, move in enumerate(direction) if move]
        self.exact: list[Any] = []  # its local derivatives with many digits, once they have been computed

    def judged(self) -> Judgement:
        """The judgement by many digits; if the rule takes floats only, on those; if the formula does, by those."""
        unit = self.direction[self.moved[0]] if len(self.moved) == 1 else 1
        with suppress(Opaque):
            return slopes.judged(self.line, self.claim).per_unit(unit)
        with suppress(Opaque):
            judgement = slopes.judged(self.line, self.claim_in_floats, noise=self.rounding()).per_unit(unit)
            if judgement.verdict is Verdict.WRONG and max(abs(judgement.claim), abs(judgement.true)) <= UNTOLD:
                return replace(judgement, verdict=Verdict.UNRESOLVED, why=TOO_SMALL)
            return judgement
        [place] = self.moved
        return judged_by_differences(self.value.local_derivatives[place], self.in_floats, self.numbers[place])

    def line(self, t: Precise) -> Precise:
        return Precise.record(self.operation, self.at(t))

    def at(self, t: Precise) -> list[Precise]:
        return [
            Precise(x) + t * move if move else Precise(x) for x, move in zip(self.numbers, self.direction, strict=True)
        ]

    def in_floats(self, x: float) -> float:
        [place] = self.moved
        return float(self.operation.forward(*self.numbers[:place], x, *self.numbers[place + 1 :]))

    def claim(self, t: Precise) -> Any:
        inputs = self.at(t)
        out = Precise.record(self.operation, inputs)
        self.exact = [bare(local) for local in precisely(self.operation.derivatives, out, *inputs)]
        return sum(self.exact[place] * self.direction[place] for place in self.moved)

    def claim_in_floats(self, t: Precise) -> Any:
        numbers = [float(x.number) for x in self.at(t)]
        by_rule = self.operation.derivatives(self.operation.forward(*numbers), *numbers)
        return sum(CONTEXT.mpf(by_rule[place]) * self.direction[place] for place in self.moved)

    def rounding(self) -> Any:
        """How far rounding takes a rule that is computed in floats: what it jitters by from float to float."""
        found = []
        for step in JITTER:
            with suppress(*UNDEFINED):
                found.append(self.claim_in_floats(Precise(step * EPSILON)))
        return 8 * (max(found) - min(found)) if found else 0

    @property
    def where(self) -> str:
        """As in ∂sigmoid/∂z at (0.5)."""
        names = [self.value.inputs[place].label or f"input {place + 1}" for place in self.moved]
        numbers = ", ".join(f"{number:.6g}" for number in self.numbers)
        return f"∂{self.operation.name}/∂{names[0]}{', …' if len(names) > 1 else ''} at ({numbers})"

    def mismatch(self) -> GradientMismatch:
        """What is wrong about the one input that is moved, and by which mistake."""
        [place], judgement = self.moved, self.judged()
        used, true = self.value.inputs[place], float(judgement.true)
        bug, words = mistake(self.operation, self.numbers, place)
        got = self.value.local_derivatives[place]
        where = self.where.partition(" at ")[0]
        sentence = f"the rule of {self.operation.name} is wrong: {where} is {words or compared(got, true)}"
        return GradientMismatch(sentence, self.value, operation=self.operation, used=used, got=got, true=true, bug=bug)

    def note(self, judgement: Judgement, certificate: Certificate) -> None:
        """Tells the certificate what else there is to say."""
        operation = self.operation
        if judgement.verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"{self.where}: {judgement.why}")
        elif judgement.verdict is Verdict.JUMP:
            certificate.jumps.append(self.where)
        elif judgement.verdict is Verdict.KINK or (
            operation.kink_at is not None and operation.kink_at(*self.numbers) == 0
        ):
            certificate.kinks.append(self.where)
        elif self.exact:
            for place in self.moved:
                certificate.note_digits(self.value.local_derivatives[place], self.exact[place], self.where)
        elif len(self.moved) == 1:
            [place] = self.moved
            certificate.note_digits(self.value.local_derivatives[place], judgement.true, self.where)


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
            check_value(inner)
            check_rule(inner, Certificate(), suspects=suspects)
