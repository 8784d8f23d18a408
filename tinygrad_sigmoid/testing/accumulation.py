"""Levels 3 and 4: every gradient is the sum of its contributions, after one backward pass and after a second one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, combinations
from typing import NamedTuple

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, descendants, name_of, same_bits
from tinygrad_sigmoid.value import Value

Gradients = Mapping[Value, float | None]
Backward = Callable[[Value], Gradients | None]

MOST_USES = 8  # of one value, for which all the ways to lose some of them are tried when a culprit is looked for
_SMALLEST = Fraction(math.ulp(0.0))


class Contribution(NamedTuple):
    """What one use of a value adds to its gradient."""

    user: Value
    upstream: Fraction
    local: Fraction

    @property
    def amount(self) -> Fraction:
        return self.upstream * self.local


@dataclass
class Received:
    """What the uses of a value contribute to its gradient, which must be the sum of it.

    Attributes:
        start: What the sum starts with: 1 for the output, else 0.
        contributions: One for each use, last use first.
        problem: Why they can't be told; empty if they can.
    """

    start: Fraction
    contributions: list[Contribution] = field(default_factory=list)
    problem: str = ""

    @property
    def amounts(self) -> list[Fraction]:
        return [contribution.amount for contribution in self.contributions]

    @property
    def total(self) -> Fraction:
        return sum(self.amounts, self.start)

    @property
    def size(self) -> Fraction:
        """The sum of their sizes: where a float can't hold that, an infinity may have come up on the way."""
        return sum(map(abs, self.amounts), self.start)

    @property
    def allowed(self) -> Fraction:
        """How far rounding may take the sum when it is computed in floats."""
        uses = len(self.contributions)
        return (uses + 2) * self.size / 2**52 + uses * _SMALLEST if uses else Fraction(0)


def check_backward(output: Value, backward: Backward, certificate: Certificate) -> Gradients:
    """The gradients that a backward pass gives, once they and those of a second pass are proven.

    Raises:
        GradientMismatch: A gradient is not the sum of its contributions; the first on the way back from the output.
    """
    data = {value: value.data for value in topological_order(output)}
    first, second, separate = _two_passes(output, backward)
    for value, number in data.items():
        if not same_bits(value.data, number):
            value.data, changed = number, value.data
            sentence = f"backward changed the data of {name_of(value)}"
            raise GradientMismatch(sentence, value, got=changed, true=number, shown=data)
    received = _received(output, first)
    for value, own in received.items():
        if own.problem:
            certificate.unresolved.append(f"the gradient of {name_of(value)}: {own.problem}")
        elif not value.constant and value in first:
            _check_sum(value, received, output, first, certificate)
    for value, own in received.items():
        before = first.get(value)
        if not own.problem and before is not None and math.isfinite(before):
            _check_second_pass(value, before, None if value.inputs or separate else own, output, second)
    return first


def _two_passes(output: Value, backward: Backward) -> tuple[Gradients, Gradients, bool]:
    """The gradients after one pass and after two, and whether the passes returned them, and so had nothing to add to.

    The gradients in the graph are put back as they were.
    """
    order = topological_order(output)
    kept = [value.grad for value in order]
    try:
        for value in order:
            value.grad = None
        passes: list[Gradients] = []
        for _ in range(2):
            returned = backward(output)
            passes.append({value: value.grad for value in order} if returned is None else dict(returned))
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
        found = gradients.get(value, math.nan)
        problem, upstream = own.problem, Fraction(0)
        if value not in gradients:
            upstream = own.total
        elif found is not None and math.isfinite(found):
            upstream = Fraction(found)
        else:
            problem = problem or "an infinite gradient was propagated to it"
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            if problem:
                received[used].problem = problem
            elif not math.isfinite(local):
                received[used].problem = "a local derivative is too large for a float"
            else:
                received[used].contributions.append(Contribution(value, upstream, Fraction(local)))
    return received


def _check_sum(
    value: Value, received: Mapping[Value, Received], output: Value, gradients: Gradients, certificate: Certificate
) -> None:
    own, got = received[value], gradients[value]
    finite = got is not None and math.isfinite(got)
    off, allowed = abs(Fraction(got or 0) - own.total) if finite else Fraction(0), own.allowed
    if finite and off <= allowed:
        certificate.gradients += 1
        certificate.worst_sum = max(certificate.worst_sum, float(off / allowed) if allowed else 0.0)
    elif got is not None and not finite and _overflows(own.size):
        certificate.unresolved.append(
            f"the gradient of {name_of(value)}: what its uses contribute is too large for a float"
        )
    else:
        raise _mismatch(_culprit(value, got, received, output), value, got, own.total, allowed, output, gradients)


def _check_second_pass(value: Value, before: float, leaf: Received | None, output: Value, second: Gradients) -> None:
    """A leaf must have received the same once more; of any other value the gradient is the same again."""
    got = second.get(value)
    if leaf is None:
        true, allowed = Fraction(before), Fraction(0)
        right = got is not None and same_bits(got, before)
        problem = "is another after a second backward pass: is it added to what the first one left there?"
    else:
        true, allowed = 2 * leaf.total, 4 * leaf.allowed
        right = got is not None and math.isfinite(got) and abs(Fraction(got) - true) <= allowed
        right = right or _overflows(2 * leaf.size)
        problem = "does not grow by the same amount in a second backward pass, as that of a leaf must"
    if not right:
        sentence = f"two passes: the gradient of {name_of(value)} {problem}"
        raise _mismatch(sentence, value, got, true, allowed, output, second)


def _mismatch(
    culprit: str,
    value: Value,
    got: float | None,
    true: Fraction,
    allowed: Fraction,
    output: Value,
    gradients: Gradients,
) -> GradientMismatch:
    return GradientMismatch(
        culprit,
        value,
        got=got,
        true=_float(true),
        allowed=_float(allowed / max(abs(true) / 2**52, _SMALLEST)),
        shown=descendants(value, output) - {value},
        gradients=gradients,
    )


# -- What was done wrong -----------------------------------------------------------------------------------------------


def _culprit(value: Value, got: float | None, received: Mapping[Value, Received], output: Value) -> str:
    """What was done wrong to arrive at the gradient `got`, in a sentence."""
    name = name_of(value)
    if got is None:
        return f"accumulation: no gradient of {name} was computed"
    if not math.isfinite(got):
        return f"accumulation: the gradient of {name} is {got}"
    size = sum(map(abs, received[value].amounts), Fraction(0))
    for gradient, sentence in _mistakes(value, received, output):
        if abs(Fraction(got) - gradient) <= size / 10**9:
            return sentence
    true = received[value].total
    if true and got:
        return f"accumulation: the gradient of {name} is {float(Fraction(got) / true):.6g} times the sum of its uses"
    return f"accumulation: the gradient of {name} is not the sum of what its uses contribute"


def _mistakes(value: Value, received: Mapping[Value, Received], output: Value) -> Iterator[tuple[Fraction, str]]:
    """The usual mistakes: the gradient of a value that comes of each, and the sentence that describes it."""
    name, own = name_of(value), received[value]
    amounts, true = own.amounts, own.total
    if len(amounts) > 1:
        for which, amount in (("last", amounts[-1]), ("first", amounts[0])):
            kept = f"of the {len(amounts)} uses of {name} only the {which} was kept"
            yield amount, f"accumulation: {kept}: `=` for `+=`, or a set for a list?"
    users = {contribution.user: None for contribution in own.contributions}
    for user in users:
        if user is not output:
            yield from _mistakes_of_order(user, received[user].amounts, own)
    if len(amounts) > 1:
        names = " and ".join(dict.fromkeys(map(name_of, users)))
        yield (
            Fraction(0),
            f"order: {names} propagated their gradients before any of their uses had been accumulated",
        )
    for contribution in own.contributions:
        through = f"accumulation: the contribution to {name} through {name_of(contribution.user)}"
        yield true - contribution.amount, f"{through} is missing"
        yield true + contribution.amount, f"{through} was added twice: was an earlier pass not reset?"
    yield -true, f"accumulation: the gradient of {name} has the wrong sign"


def _mistakes_of_order(user: Value, parts: list[Fraction], own: Received) -> Iterator[tuple[Fraction, str]]:
    """The gradients that come of it if a user propagated its own before it was complete, or more than once."""
    if len(parts) > MOST_USES:
        return
    through_user = [contribution for contribution in own.contributions if contribution.user is user]
    local = sum((contribution.local for contribution in through_user), Fraction(0))
    rest = own.total - sum((contribution.amount for contribution in through_user), Fraction(0))
    propagated = f"order: {name_of(user)} propagated its gradient"
    for count in range(len(parts)):
        for some in combinations(parts, count):
            early = f"before all its uses had been accumulated ({count} of {len(parts)})"
            yield rest + sum(some, Fraction(0)) * local, f"{propagated} {early}"
    if len(parts) > 1:
        for sequence in (parts, parts[::-1]):
            so_far = sum(accumulate(sequence), Fraction(0))
            yield rest + so_far * local, f"{propagated} {len(parts)} times, each time all it had so far"


def _overflows(number: Fraction) -> bool:
    return abs(number) >= Fraction(2) ** 1024 * (1 - Fraction(1, 2**40))


def _float(number: Fraction) -> float:
    return float(number) if not _overflows(number) else math.inf if number > 0 else -math.inf
