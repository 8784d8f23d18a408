"""Levels 3 and 5: every gradient is the sum of its contributions, in one backward pass and in a second one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate, combinations
from typing import NamedTuple

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, descendants, name_of
from tinygrad_sigmoid.testing.rules import same_bits
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


class Passes(NamedTuple):
    """The gradients after one backward pass and after a second one.

    Attributes:
        first: Those after one.
        second: Those after two.
        separate: Whether the passes returned them, and so had nothing to add to.
    """

    first: Gradients
    second: Gradients
    separate: bool


def passed_back(output: Value, backward: Backward) -> Passes:
    """The gradients that two backward passes give; those in the graph are put back as they were."""
    order = topological_order(output)
    kept, numbers = [value.grad for value in order], [value.data for value in order]
    try:
        for value in order:
            value.grad = None
        passes = []
        for _ in range(2):
            returned = backward(output)
            passes.append({value: value.grad for value in order} if returned is None else dict(returned))
            if [value.data for value in order] != numbers:
                passes.append(passes[0])  # the check of the data will tell
                break
        return Passes(passes[0], passes[1], returned is not None)
    finally:
        for value, grad in zip(order, kept, strict=True):
            value.grad = grad


def wrong_sum(output: Value, gradients: Gradients, certificate: Certificate) -> GradientMismatch | None:
    """The mismatch if a gradient is not the sum of its contributions, the first on the way back from the output."""
    for value, contributions, problem in _received(output, gradients):
        if problem:
            certificate.unresolved.append(f"the gradient of {name_of(value)}: {problem}")
            continue
        if value.constant or value not in gradients:
            continue
        true, allowed, size = _sum(value is output, contributions)
        got = gradients[value]
        if got is None or not math.isfinite(got) or abs(Fraction(got) - true) > allowed:
            if got is not None and not math.isfinite(got) and _overflows(size):
                certificate.unresolved.append(
                    f"the gradient of {name_of(value)}: what its uses contribute is too large for a float"
                )
                continue
            return GradientMismatch(
                _culprit(value, got, true, contributions, output, gradients),
                value,
                got=got,
                true=_float(true),
                allowed=_in_ulp(allowed, true),
                shown=descendants(value, output) - {value},
                gradients=gradients,
            )
        certificate.gradients += 1
        if allowed:
            certificate.worst_sum = max(certificate.worst_sum, float(abs(Fraction(got) - true) / allowed))
    return None


def wrong_second_pass(output: Value, passes: Passes) -> GradientMismatch | None:
    """The mismatch if a second backward pass does not add the same once more to the leaves, and to nothing else."""
    for value, contributions, problem in _received(output, passes.first):
        got, before = passes.second.get(value), passes.first.get(value)
        if problem or before is None or not math.isfinite(before):
            continue
        same_again = bool(value.inputs) or passes.separate
        if same_again:
            right = got is not None and same_bits(got, before)
            true, allowed = Fraction(before), Fraction(0)
        else:
            once = _sum(value is output, contributions)
            true, allowed = 2 * once.exact, 4 * once.allowed
            right = got is not None and math.isfinite(got) and abs(Fraction(got) - true) <= allowed
            right = right or _overflows(2 * once.size)
        if not right:
            culprit = f"the gradient of {name_of(value)} "
            if same_again:
                culprit += "is another after a second backward pass: is it added to what the first one left there?"
            else:
                culprit += "does not grow by the same amount in a second backward pass, as that of a leaf must"
            return GradientMismatch(
                f"two passes: {culprit}",
                value,
                got=got,
                true=_float(true),
                allowed=_in_ulp(allowed, true),
                shown=descendants(value, output) - {value},
                gradients=passes.second,
            )
    return None


def _received(output: Value, gradients: Gradients) -> Iterator[tuple[Value, list[Contribution], str]]:
    """Each value, last first, with the contributions it must have received, or why they can't be told.

    The upstream gradients are those found, not those that should be: so an error shows where it is made, and not once
    more at everything before it. A gradient that was not given is made up for by the right one.
    """
    order = topological_order(output)
    received: dict[Value, list[Contribution]] = {value: [] for value in order}
    problems: dict[Value, str] = {}
    for value in reversed(order):
        yield value, received[value], problems.get(value, "")
        found = gradients.get(value, math.nan)
        if value not in gradients:
            upstream = _sum(value is output, received[value]).exact
        elif found is not None and math.isfinite(found):
            upstream = Fraction(found)
        else:
            problems.setdefault(value, "an infinite gradient was handed on to it")
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            if value in problems:
                problems[used] = problems[value]
            elif not math.isfinite(local):
                problems[used] = "a local derivative is too large for a float"
            else:
                received[used].append(Contribution(value, upstream, Fraction(local)))


class Total(NamedTuple):
    """The sum of contributions.

    Attributes:
        exact: The sum itself.
        allowed: How far rounding may take it when it is computed in floats.
        size: The sum of their sizes: where a float can't hold that, an infinity may have come up on the way.
    """

    exact: Fraction
    allowed: Fraction
    size: Fraction


def _sum(is_output: bool, contributions: list[Contribution]) -> Total:
    amounts = [contribution.amount for contribution in contributions]
    begin = Fraction(int(is_output))
    uses = len(amounts)
    size = sum(map(abs, amounts), begin)
    allowed = (uses + 2) * size / 2**52 + uses * _SMALLEST if uses else Fraction(0)
    return Total(sum(amounts, begin), allowed, size)


def _culprit(
    value: Value,
    got: float | None,
    true: Fraction,
    contributions: list[Contribution],
    output: Value,
    gradients: Gradients,
) -> str:
    """What was done wrong to arrive at `got`, in a sentence."""
    name = name_of(value)
    if got is None:
        return f"accumulation: no gradient of {name} was computed"
    if not math.isfinite(got):
        return f"accumulation: the gradient of {name} is {got}"
    amounts = [contribution.amount for contribution in contributions]
    size = sum(map(abs, amounts), Fraction(0))

    def looks_like(candidate: Fraction) -> bool:
        return abs(Fraction(got) - candidate) <= size / 10**9

    count = len(amounts)
    if count > 1:
        for which, amount in (("last", amounts[-1]), ("first", amounts[0])):
            if looks_like(amount):
                return (
                    f"accumulation: of the {count} uses of {name} only the {which} was kept: `=` for `+=`, or a set "
                    f"for a list?"
                )
    if order := _wrong_order(looks_like, contributions, true, output, gradients):
        return order
    for contribution in contributions:
        through = name_of(contribution.user)
        if looks_like(true - contribution.amount):
            return f"accumulation: the contribution to {name} through {through} is missing"
        if looks_like(true + contribution.amount):
            return (
                f"accumulation: the contribution to {name} through {through} was added twice: was an earlier pass not "
                f"reset?"
            )
    if looks_like(-true):
        return f"accumulation: the gradient of {name} has the wrong sign"
    if true and got:
        return f"accumulation: the gradient of {name} is {float(Fraction(got) / true):.6g} times the sum of its uses"
    return f"accumulation: the gradient of {name} is not the sum of what its uses contribute"


def _wrong_order(
    looks_like: Callable[[Fraction], bool],
    contributions: list[Contribution],
    true: Fraction,
    output: Value,
    gradients: Gradients,
) -> str:
    """A sentence if a value seems to have handed its gradient on before it was complete, or more than once; or ''."""
    collected = {user: parts for user, parts, _ in _received(output, gradients)}
    for user in {contribution.user: None for contribution in contributions}:
        parts = [part.amount for part in collected[user]]
        if user is output or not parts or len(parts) > MOST_USES:
            continue
        mine = [contribution for contribution in contributions if contribution.user is user]
        local = sum((contribution.local for contribution in mine), Fraction(0))
        rest = true - sum((contribution.amount for contribution in mine), Fraction(0))
        for count in range(len(parts)):
            if any(looks_like(rest + sum(some, Fraction(0)) * local) for some in combinations(parts, count)):
                return (
                    f"order: {name_of(user)} handed its gradient on before all its uses had reported "
                    f"({count} of {len(parts)})"
                )
        for sequence in (parts, parts[::-1]):
            if len(parts) > 1 and looks_like(rest + sum(accumulate(sequence), Fraction(0)) * local):
                return f"order: {name_of(user)} handed its gradient on {len(parts)} times, each time all it had so far"
    if len(contributions) > 1 and looks_like(Fraction(0)):
        users = " and ".join({name_of(contribution.user): None for contribution in contributions})
        return f"order: {users} handed their gradients on before any of their uses had reported"
    return ""


def _overflows(number: Fraction) -> bool:
    return abs(number) >= Fraction(2) ** 1024 * (1 - Fraction(1, 2**40))


def _float(number: Fraction) -> float:
    return float(number) if not _overflows(number) else math.inf if number > 0 else -math.inf


def _in_ulp(allowed: Fraction, true: Fraction) -> float:
    return _float(allowed / max(abs(true) / 2**52, _SMALLEST))
