"""Levels 1 and 2: every recorded number is what its operation gives, and every local derivative is its slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.exact import IN_DECIMALS, Exact, digits
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of, same_bits
from tinygrad_sigmoid.value import Value, operation_of

# For a local derivative, in ulp. A very large or small one has an exponential or a power behind it, and those turn a
# rounding of what they are given, as the p − 1 of p·x^(p−1), into as many times more as their result has powers of two.
ALLOWED = 64
ALLOWED_ELEMENTARY = 4  # ulp, for a function that Python's mathematical library computes

SETTLES_NOT = "its slope does not settle, however closely it is looked at"
TOO_COARSE = "it is computed by something that takes floats only, and differences of floats are too coarse"


def check_value(value: Value) -> None:
    """Raises a mismatch if a value's number is not what its operation gives on its inputs, bit for bit."""
    operation, numbers = operation_of(value), [used.data for used in value.inputs]
    now = operation.forward(*numbers)
    if not same_bits(now, value.data):
        changed = " or ".join(name_of(used) for used in value.inputs if not used.inputs and not used.constant) or "it"
        sentence = (
            f"data changed after recording: {name_of(value)} is not what {operation.name} gives on its inputs; was "
            f"{changed} changed without a forward()?"
        )
        raise GradientMismatch(sentence, value, got=value.data, true=now)
    if operation in IN_DECIMALS:
        with localcontext(digits(30)):
            true = Exact.record(operation, numbers).number
            allowed = ALLOWED_ELEMENTARY * slopes.ulps(true)
            wrong = abs(Decimal(now) - true) > allowed
        if wrong:
            sentence = f"the forward of {operation.name} is wrong: it gives {compared(now, true)}"
            raise GradientMismatch(sentence, value, operation=operation, got=now, true=true, allowed=allowed)


def check_rule(value: Value, certificate: Certificate, suspects: frozenset[Operation] = frozenset()) -> None:
    """Raises a mismatch if one of a value's local derivatives is not the slope of its operation's formula.

    The suspects are operations whose rules are composed of this one's: an error here explains theirs.
    """
    operation, given, count = operation_of(value), len(value.local_derivatives), len(value.inputs)
    wrong = f"the rule of {operation.name} is wrong"
    if given != count:
        sentence = f"{wrong}: it gives {given} local derivatives for {count} inputs"
        raise GradientMismatch(sentence, value, operation=operation, got=None)
    numbers = [used.data for used in value.inputs]
    for place, (used, claim) in enumerate(zip(value.inputs, value.local_derivatives, strict=True)):
        if used.constant:
            continue
        partial = Partial(operation, numbers, place)
        where = f"∂{operation.name}/∂{used.label or f'input {place + 1}'}"
        at = f"{where} at ({', '.join(f'{number:.6g}' for number in numbers)})"
        if math.isnan(claim):
            sentence = f"{wrong}: {where} is {compared(claim, claim)}"
            raise GradientMismatch(sentence, value, operation=operation, used=used, got=claim)
        verdict, true, allowed, exact = partial.judged(claim)
        if verdict is slopes.Verdict.WRONG:
            _check_composed_of(operation, value, suspects | {operation})
            sentence = f"{wrong}: {where} is {_against(true, claim, partial, value, exact=exact)}"
            raise GradientMismatch(
                sentence, value, operation=operation, used=used, got=claim, true=true, allowed=allowed
            )
        if verdict is slopes.Verdict.UNRESOLVED:
            certificate.unresolved.append(f"{at}: {SETTLES_NOT if exact else TOO_COARSE}")
            continue
        certificate.local_derivatives += 1
        if verdict is slopes.Verdict.KINK or (operation.kink_at is not None and operation.kink_at(*numbers) == 0):
            (certificate.jumps if partial.jumps() else certificate.kinks).append(at)
        elif math.isfinite(claim) and exact:
            certificate.worst_ulp = max(certificate.worst_ulp, float(abs(Decimal(claim) - true) / slopes.ulps(true)))


@dataclass(frozen=True)
class Partial:
    """An operation's own `forward` as a function of one of its inputs, to be differentiated."""

    operation: Operation
    numbers: Sequence[float]
    place: int

    def exactly(self, x: Decimal) -> Decimal:
        return Exact.record(self.operation, self._moved(Exact(x))).number

    def in_floats(self, x: float) -> float:
        return float(self.operation.forward(*self._moved(x)))

    def _moved(self, x: Exact | float) -> list[Exact | float]:
        return [*self.numbers[: self.place], x, *self.numbers[self.place + 1 :]]

    def judged(self, claim: float) -> slopes.Judgement:
        """The judgement on a claimed derivative: with many digits, or by differences if it takes floats only."""
        at = self.numbers[self.place]
        scale = min(abs(at), 1.0) or min([1.0, *[abs(number) for number in self.numbers if number]])
        with suppress(Opaque):
            return slopes.judged(claim, self.exactly, at, scale, abs(self.in_floats(at)), _allowed)
        return slopes.judged_by_differences(claim, self.in_floats, at)

    def jumps(self) -> bool:
        """Whether the result changes as much across the input on a short way as on one a thousand times as long."""
        at = self.numbers[self.place]
        changes = [change * (abs(at) or 1.0) for change in (1e-12, 1e-9)]
        try:
            near, far = [abs(self.in_floats(at + h) - self.in_floats(at - h)) for h in changes]
        except (ArithmeticError, ValueError):  # it is not defined on both sides
            return False
        return near > far / 2

    def right_on_paper(self, true: Decimal) -> bool:
        """Whether the operation's rule would be right if it were computed with many digits."""
        with localcontext(digits(2 * slopes.DIGITS)):
            inputs = [Exact(number) for number in self.numbers]
            try:
                out = Exact.record(self.operation, inputs)
                derivative = Exact(self.operation.derivatives(out, *inputs)[self.place]).number
            except (ArithmeticError, TypeError, AttributeError):
                return False
            return abs(derivative - true) <= abs(true) * Decimal(10) ** -(slopes.DIGITS // 2 - 10)


def _allowed(true: Decimal) -> Decimal:
    if abs(true) < slopes.SMALLEST_NORMAL:
        return slopes.SMALLEST_NORMAL
    return (ALLOWED + abs(true.adjusted()) * 10 // 3) * slopes.ulps(true)


def _check_composed_of(operation: Operation, value: Value, suspects: frozenset[Operation]) -> None:
    """Checks the operations that a rule is composed of: if one of them is wrong by itself, this rule is innocent."""
    inputs = [used.data if used.constant else Value(used.data, used.label) for used in value.inputs]
    try:
        out = operation(*inputs)
        parts = [operation.forward(*inputs), *operation.derivatives(out, *inputs)]
    except (ArithmeticError, ValueError, TypeError, AttributeError):  # it takes floats only, or ends in infinity
        return
    for inner in computed(*[part for part in parts if isinstance(part, Value)]):
        if operation_of(inner) not in suspects:
            check_value(inner)
            check_rule(inner, Certificate(), suspects)


def _against(true: Decimal, claim: float, partial: Partial, value: Value, *, exact: bool) -> str:
    """How a wrong derivative compares with the right one, and what may have been mistaken."""
    for place, used in enumerate(value.inputs):
        other = replace(partial, place=place)
        if other != partial and not used.constant and claim and other.judged(claim).verdict is slopes.Verdict.RIGHT:
            return f"that of input {place + 1}: are the derivatives in the order of the inputs?"
    losing = exact and partial.right_on_paper(true)
    return compared(claim, true) + (": right on paper, but written so that it loses digits" if losing else "")
