"""Every gradient is the sum of its contributions, after one backward pass and after a second one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import accumulate, combinations
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.certificate import SMALLEST, ULP, Certificate, counted
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, descendants, name_of, same_bits
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, bare, precisely
from tinygrad_sigmoid.testing.slopes import LARGEST
from tinygrad_sigmoid.testing.trials import SHAPES, SHAPES_AT
from tinygrad_sigmoid.testing.twins import twins
from tinygrad_sigmoid.testing.wrong_passes import recognised, titled
from tinygrad_sigmoid.value import Value

Gradients = Mapping[Value, float | None]
Backward = Callable[[Value], Gradients | None]

MOST_USES = 8  # of one value, for which all the ways to lose some of them are tried when a culprit is looked for
OVERFLOW = LARGEST * (1 - CONTEXT.ldexp(1, -40))  # what is larger may be infinite as a float
BITS = 2_500  # with which the sums are computed, and an algorithm once more: enough for the smallest floats
AS_FLOATS = (53, 52)  # bits: with one of these it loses what it lost in floats, unless by luck
OWN_RULES = ", or with many digits: the algorithm computes local derivatives of its own, and loses digits"


@dataclass
class Received:
    """What the uses of a value contribute to its gradient, which must be the sum of it.

    Attributes:
        start: What the sum starts with: 1 for the output, else 0.
        uses: For each use, last one first, what was computed and what that contributes.
        problem: Why that can't be told; empty if it can.
    """

    start: Any
    uses: list[tuple[Value, Any]] = field(default_factory=list)
    problem: str = ""

    @property
    def total(self) -> Any:
        return sum((amount for _, amount in self.uses), self.start)

    @property
    def size(self) -> Any:
        """The sum of their sizes: where a float can't hold that, an infinity may have come up on the way."""
        return sum((abs(amount) for _, amount in self.uses), self.start)

    def fits(self, got: Any) -> bool:
        """Whether that is the sum, but for what rounding comes to when it is computed in floats."""
        return _is_near(got, self.total, self.allowed)

    @property
    def allowed(self) -> Any:
        count = len(self.uses)
        return (count + 2) * self.size * ULP + count * CONTEXT.mpf(SMALLEST) if count else 0


def check_backward(output: Value, backward: Backward, certificate: Certificate) -> Gradients:
    """The gradients that a backward pass gives; raises the first mismatch on its way, or on that of a second pass."""
    with CONTEXT.workprec(BITS):
        first, second, separate = _two_passes(output, backward)
        received = _received(output, first)
        _check_sums(output, backward, first, received, certificate)
        for value, own in received.items():
            _check_second_pass(value, own, output, first, second, adds_up=not value.inputs and not separate)
    again = "gives the same again" if separate else "adds the same once more to the leaves"
    certificate.proven.append(f"a second backward pass {again}, and no data has changed")
    return first


def _check_sums(
    output: Value, backward: Backward, found: Gradients, received: Mapping[Value, Received], certificate: Certificate
) -> None:
    lossy: set[Value] | None = None
    count = 0
    for value, own in received.items():
        got, where = found.get(value), f"the gradient of {name_of(value)}"
        if value.constant or value not in found:
            continue
        if got is not None and not math.isfinite(got) and own.size >= OVERFLOW:
            own.problem = own.problem or "what its uses contribute is too large for a float"
        if own.problem:
            certificate.unresolved.append(f"{where}: {own.problem}")
            continue
        count += 1
        if own.fits(got):
            continue
        lossy = _loses_digits_only(output, backward) if lossy is None else lossy
        if value not in lossy:
            bug, sentence = _known_mistake(output, found, backward), _culprit(value, got, received)
            raise _mismatch(sentence, value, own.total, output, found, bug)
        certificate.note_digits(float(got or 0.0), own.total, where)
    sums = f"{counted(count, 'gradient')}: the sums of the contributions, as near as rounding allows"
    certificate.proven.append(sums + (OWN_RULES if lossy else ""))


def _two_passes(output: Value, backward: Backward) -> tuple[Gradients, Gradients, bool]:
    """The gradients after one pass and after two, and whether the passes returned them, and so had nothing to add to.

    The gradients in the graph are put back as they were.
    """
    kept = [(value, value.grad, value.data) for value in topological_order(output)]
    try:
        for value, *_ in kept:
            value.grad = None
        passes: list[Gradients] = []
        for _ in range(2):
            returned = backward(output)
            wanted, cure = "a dict of gradients, or None where it sets grad", "pass for instance Value.backward"
            checks.instance(returned, Mapping | None, "what backward returns", wanted, cure)
            passes.append({value: value.grad for value, *_ in kept} if returned is None else dict(returned))
            for value, _, data in kept:
                if not same_bits(value.data, data):
                    sentence, shown = f"backward changed the data of {name_of(value)}", topological_order(output)
                    raise GradientMismatch(sentence, value, got=value.data, true=data, shown=shown)
        return passes[0], passes[1], returned is not None
    finally:
        for value, grad, data in kept:
            value.grad, value._data = grad, data


def _received(output: Value, gradients: Mapping[Value, Any]) -> dict[Value, Received]:
    """For each value, last first, what it must have received.

    The upstream gradients are those found, not those that should be: so an error shows where it is made, and not once
    more at everything before it. A gradient that was not given is made up for by the right one.
    """
    received = {value: Received(CONTEXT.mpf(value is output)) for value in reversed(topological_order(output))}
    for value, own in received.items():
        problem, upstream = own.problem, own.total
        if value in gradients:
            upstream = bare(gradients[value] or 0)
            problem = problem or ("" if CONTEXT.isfinite(upstream) else "an infinite gradient was propagated to it")
        for used, local in zip(value.inputs, map(bare, value.local_derivatives), strict=True):
            too_large = "" if CONTEXT.isfinite(local) else "a local derivative is too large for a float"
            received[used].problem = problem or too_large or received[used].problem
            received[used].uses.append((value, upstream * local))
    return received


def _check_second_pass(
    value: Value, own: Received, output: Value, first: Gradients, second: Gradients, *, adds_up: bool
) -> None:
    """A second pass adds the same once more to the gradients of leaves, and gives all others again."""
    before, got = first.get(value), second.get(value)
    if own.problem or before is None or not math.isfinite(before):
        return
    sentence = f"two passes: the gradient of {name_of(value)}"
    if adds_up and not _is_near(got, 2 * bare(before), 4 * own.allowed) and 2 * own.size < OVERFLOW:
        bug = "a leaf's gradient doesn't add up over passes"
        raise _mismatch(f"{sentence} does not grow by the same once more", value, 2 * bare(before), output, second, bug)
    if not adds_up and (got is None or not same_bits(got, before)):
        bug = "second pass, nothing reset"
        sentence += " is another after a second backward pass: is it added to what the first one left there?"
        raise _mismatch(sentence, value, before, output, second, bug)


def _mismatch(sentence: str, value: Value, true: Any, output: Value, found: Gradients, bug: str) -> GradientMismatch:
    named, got, shown = f"{sentence} ({titled(bug)})" if bug else sentence, found.get(value), descendants(value, output)
    return GradientMismatch(named, value, bug=bug, got=got, true=true, shown=shown, gradients=found)


def _is_near(got: Any, true: Any, allowed: Any) -> bool:
    return got is not None and bool(abs(bare(got) - true) <= allowed)


# -- With many digits --------------------------------------------------------------------------------------------------


def _loses_digits_only(output: Value, backward: Backward) -> set[Value]:
    """The values whose gradients are right with many digits, and wrong again with as many as floats have."""
    exact, one, other = [_right_with(bits, output, backward) for bits in (BITS, *AS_FLOATS)]
    return exact - (one & other)


def _right_with(bits: int, output: Value, backward: Backward) -> set[Value]:
    """The values whose gradients are right when the algorithm computes with so many binary digits."""
    with CONTEXT.workprec(bits):
        try:
            twin_of = twins(output)
            returned = precisely(backward, twin_of[output])
        except (Opaque, RecursionError, *UNDEFINED):
            return set()
    found = {twin: twin.grad for twin in twin_of.values()} if returned is None else returned
    received = _received(twin_of[output], found)
    return {
        value for value, twin in twin_of.items() if not received[twin].problem and received[twin].fits(found.get(twin))
    }


# -- What was done wrong -----------------------------------------------------------------------------------------------


def _culprit(value: Value, got: float | None, received: Mapping[Value, Received]) -> str:
    """What was done wrong to arrive at the gradient `got`, in a sentence."""
    if got is None:
        return f"accumulation: no gradient of {name_of(value)} was computed"
    close = received[value].size / 10**9
    for gradient, sentence in _mistakes(value, received):
        if _is_near(got, gradient, close):
            return sentence
    wrong = compared(got, float(received[value].total))
    return f"accumulation: the gradient of {name_of(value)} is {wrong}: it must be what its uses add up to"


def _mistakes(value: Value, received: Mapping[Value, Received]) -> Iterator[tuple[Any, str]]:
    """The usual mistakes: the gradient of a value that comes of each, and the sentence that describes it."""
    name, uses = name_of(value), received[value].uses
    given: dict[Value, Any] = {}  # what each user contributes, in all of its uses
    for user, amount in uses:
        given[user] = given.get(user, 0) + amount
    total = received[value].total
    if len(uses) > 1:
        for which, place in (("last", -1), ("first", 0)):
            kept = f"of the {len(uses)} uses of {name} only the {which} was kept"
            yield uses[place][1], f"accumulation: {kept}: `=` for `+=`, or a set for a list?"
    for user, amount in given.items():
        parts = [amount for _, amount in received[user].uses]
        pairs = zip(user.inputs, user.local_derivatives, strict=True)
        local = sum(bare(slope) for used, slope in pairs if used is value)
        rest = total - amount
        propagated = f"order: {name_of(user)} propagated its gradient"
        for count in range(len(parts) if len(parts) <= MOST_USES else 0):
            early = f"before all its uses had been accumulated ({count} of {len(parts)})"
            yield from [(rest + sum(some) * local, f"{propagated} {early}") for some in combinations(parts, count)]
        times = f"{len(parts)} times, each time all it had so far"
        if len(parts) > 1:
            for sequence in (parts, parts[::-1]):
                yield rest + sum(accumulate(sequence)) * local, f"{propagated} {times}"
    if len(uses) > 1:
        names = " and ".join(dict.fromkeys(map(name_of, given)))
        yield 0, f"order: {names} propagated their gradients before any of their uses had been accumulated"


def _known_mistake(output: Value, found: Gradients, backward: Backward) -> str:
    """The name of the mistake, if the algorithm gives on other graphs, too, what comes of that; else empty."""
    observed = [(output, found)]
    for shape in SHAPES:
        *_, probe = shape.run(*map(Value, SHAPES_AT[: len(shape.leaves)]))
        try:
            observed.append((probe, _two_passes(probe, backward)[0]))
        except Exception:  # it was wrong already, and now it does not even run
            return ""
    return recognised(observed)
