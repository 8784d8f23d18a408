"""Levels 3 and 4: every gradient is the sum of its contributions, after one backward pass and after a second one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, combinations

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, descendants, name_of, same_bits
from tinygrad_sigmoid.value import Value

Gradients = Mapping[Value, float | None]
Backward = Callable[[Value], Gradients | None]

MOST_USES = 8  # of one value, for which all the ways to lose some of them are tried when a culprit is looked for
SMALLEST = Fraction(math.ulp(0.0))
ULP = Fraction(1, 2**52)
OVERFLOW = Fraction(2) ** 1024 * (1 - Fraction(1, 2**40))  # what is larger may be infinite as a float


@dataclass
class Received:
    """What the uses of a value contribute to its gradient, which must be the sum of it.

    Attributes:
        start: What the sum starts with: 1 for the output, else 0.
        uses: For each use, last one first, what was computed and what that contributes.
        problem: Why that can't be told; empty if it can.
    """

    start: Fraction
    uses: list[tuple[Value, Fraction]] = field(default_factory=list)
    problem: str = ""

    @property
    def total(self) -> Fraction:
        return sum((amount for _, amount in self.uses), self.start)

    @property
    def size(self) -> Fraction:
        """The sum of their sizes: where a float can't hold that, an infinity may have come up on the way."""
        return sum((abs(amount) for _, amount in self.uses), self.start)

    @property
    def allowed(self) -> Fraction:
        """How far rounding may take the sum when it is computed in floats."""
        count = len(self.uses)
        return (count + 2) * self.size * ULP + count * SMALLEST if count else Fraction(0)


def check_backward(output: Value, backward: Backward, certificate: Certificate) -> Gradients:
    """The gradients that a backward pass gives; raises the first mismatch on its way, or on that of a second pass."""
    first, second, separate = _two_passes(output, backward)
    received = _received(output, first)
    for value, own in received.items():
        problem, got = own.problem, first.get(value)
        if not problem and (value.constant or value not in first):
            continue
        if got is not None and not math.isfinite(got) and own.size >= OVERFLOW:
            problem = problem or "what its uses contribute is too large for a float"
        if problem:
            certificate.unresolved.append(f"the gradient of {name_of(value)}: {problem}")
            continue
        total, allowed = own.total, own.allowed
        if not _is_near(got, total, allowed):
            raise _mismatch(_culprit(value, got, received), value, total, allowed, output, first)
        certificate.gradients += 1
        if allowed:
            certificate.worst_sum = max(certificate.worst_sum, float(abs(Fraction(got or 0) - total) / allowed))
    for value, own in received.items():
        before = first.get(value)
        if not own.problem and before is not None and math.isfinite(before):
            _check_second_pass(value, own, before, output, second, adds_up=not value.inputs and not separate)
    return first


def _two_passes(output: Value, backward: Backward) -> tuple[Gradients, Gradients, bool]:
    """The gradients after one pass and after two, and whether the passes returned them, and so had nothing to add to.

    The gradients in the graph are put back as they were.
    """
    order = topological_order(output)
    kept, data = [value.grad for value in order], [value.data for value in order]
    try:
        for value in order:
            value.grad = None
        passes: list[Gradients] = []
        for _ in range(2):
            returned = backward(output)
            wanted, cure = "a dict of gradients, or None where it sets grad", "pass for instance Value.backward"
            checks.instance(returned, Mapping | None, "what backward returns", wanted, cure)
            passes.append({value: value.grad for value in order} if returned is None else dict(returned))
            for value, number in zip(order, data, strict=True):
                if not same_bits(value.data, number):
                    value._data, changed = number, value.data
                    sentence = f"backward changed the data of {name_of(value)}"
                    raise GradientMismatch(sentence, value, got=changed, true=number, shown=order)
        return passes[0], passes[1], returned is not None
    finally:
        for value, grad in zip(order, kept, strict=True):
            value.grad = grad


def _received(output: Value, gradients: Gradients) -> dict[Value, Received]:
    """For each value, last first, what it must have received.

    The upstream gradients are those found, not those that should be: so an error shows where it is made, and not once
    more at everything before it. A gradient that was not given is made up for by the right one.
    """
    received = {value: Received(Fraction(int(value is output))) for value in reversed(topological_order(output))}
    for value, own in received.items():
        found = gradients.get(value)
        problem, upstream = own.problem, own.total
        if found is not None and math.isfinite(found):
            upstream = Fraction(found)
        elif value in gradients:
            problem = problem or "an infinite gradient was propagated to it"
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            if problem:
                received[used].problem = problem
            elif not math.isfinite(local):
                received[used].problem = "a local derivative is too large for a float"
            else:
                received[used].uses.append((value, upstream * Fraction(local)))
    return received


def _check_second_pass(
    value: Value, own: Received, before: float, output: Value, gradients: Gradients, *, adds_up: bool
) -> None:
    """A second pass adds the same once more to the gradients of leaves, and gives all others again."""
    got = gradients.get(value)
    if adds_up:
        true, allowed = 2 * own.total, 4 * own.allowed
        right = _is_near(got, true, allowed) or 2 * own.size >= OVERFLOW
        problem = "does not grow by the same amount in a second backward pass, as that of a leaf must"
    else:
        true, allowed = Fraction(before), Fraction(0)
        right = got is not None and same_bits(got, before)
        problem = "is another after a second backward pass: is it added to what the first one left there?"
    if not right:
        sentence = f"two passes: the gradient of {name_of(value)} {problem}"
        raise _mismatch(sentence, value, true, allowed, output, gradients)


def _mismatch(
    culprit: str, value: Value, true: Fraction, allowed: Fraction, output: Value, gradients: Gradients
) -> GradientMismatch:
    return GradientMismatch(
        culprit,
        value,
        got=gradients.get(value),
        true=_as_float(true),
        allowed=allowed,
        shown=descendants(value, output),
        gradients=gradients,
    )


def _is_near(got: float | None, true: Fraction, allowed: Fraction) -> bool:
    return got is not None and math.isfinite(got) and abs(Fraction(got) - true) <= allowed


def _as_float(number: Fraction) -> float:
    return float(number) if abs(number) < OVERFLOW else math.inf if number > 0 else -math.inf


# -- What was done wrong -----------------------------------------------------------------------------------------------


def _culprit(value: Value, got: float | None, received: Mapping[Value, Received]) -> str:
    """What was done wrong to arrive at the gradient `got`, in a sentence."""
    if got is None:
        return f"accumulation: no gradient of {name_of(value)} was computed"
    close = received[value].size / 10**9
    for gradient, sentence in _mistakes(value, received):
        if _is_near(got, gradient, close):
            return sentence
    wrong = compared(got, _as_float(received[value].total))
    return f"accumulation: the gradient of {name_of(value)} is {wrong}: it must be what its uses add up to"


def _mistakes(value: Value, received: Mapping[Value, Received]) -> Iterator[tuple[Fraction, str]]:
    """The usual mistakes: the gradient of a value that comes of each, and the sentence that describes it."""
    name, uses, true = name_of(value), received[value].uses, received[value].total
    if len(uses) > 1:
        for which, (_, amount) in (("last", uses[-1]), ("first", uses[0])):
            kept = f"of the {len(uses)} uses of {name} only the {which} was kept"
            yield amount, f"accumulation: {kept}: `=` for `+=`, or a set for a list?"
    users = dict.fromkeys(user for user, _ in uses)
    for user in users:
        yield from _mistakes_of_order(user, value, received)
    if len(uses) > 1:
        names = " and ".join(dict.fromkeys(map(name_of, users)))
        yield Fraction(0), f"order: {names} propagated their gradients before any of their uses had been accumulated"
    for user, amount in uses:
        through = f"accumulation: the contribution to {name} through {name_of(user)}"
        yield true - amount, f"{through} is missing"
        yield true + amount, f"{through} was added twice: was an earlier pass not reset?"


def _mistakes_of_order(user: Value, value: Value, received: Mapping[Value, Received]) -> Iterator[tuple[Fraction, str]]:
    """What comes of it if a user of a value propagated its own gradient before it was complete, or more than once."""
    parts = [amount for _, amount in received[user].uses]
    if len(parts) > MOST_USES:
        return
    local = sum(
        Fraction(slope) for used, slope in zip(user.inputs, user.local_derivatives, strict=True) if used is value
    )
    rest = sum((amount for other, amount in received[value].uses if other is not user), received[value].start)
    propagated = f"order: {name_of(user)} propagated its gradient"
    for count in range(len(parts)):
        early = f"before all its uses had been accumulated ({count} of {len(parts)})"
        for some in combinations(parts, count):
            yield rest + sum(some) * local, f"{propagated} {early}"
    if len(parts) > 1:
        for sequence in (parts, parts[::-1]):
            yield (
                rest + sum(accumulate(sequence)) * local,
                f"{propagated} {len(parts)} times, each time all it had so far",
            )
