"""Levels 1 and 2: every recorded number is what its operation gives, and every local derivative is its slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.exact import IN_DECIMALS, Exact, digits, exact_result
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared, name_of, same_bits
from tinygrad_sigmoid.testing.slopes import DIGITS, SMALLEST_NORMAL, Verdict, judged, judged_by_differences, ulps
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
            true = exact_result(operation, numbers)
            wrong = abs(Decimal(now) - true) > ALLOWED_ELEMENTARY * ulps(true)
        if wrong:
            sentence = f"the forward of {operation.name} is wrong: it gives {compared(now, true)}"
            raise GradientMismatch(sentence, value, operation=operation, got=now, true=true, allowed=ALLOWED_ELEMENTARY)


def check_rule(value: Value, certificate: Certificate, suspects: frozenset[Operation] = frozenset()) -> None:
    """Raises a mismatch if one of a value's local derivatives is not the slope of its operation's formula.

    Args:
        value: A value computed.
        certificate: What is proven is noted there.
        suspects: Operations whose rules are composed of this one's, so that an error here explains theirs.
    """
    operation, count = operation_of(value), len(value.inputs)
    if len(value.local_derivatives) != count:
        given = len(value.local_derivatives)
        sentence = f"the rule of {operation.name} is wrong: it gives {given} local derivatives for {count} inputs"
        raise GradientMismatch(sentence, value, operation=operation, got=None)
    formula = Formula(operation, [used.data for used in value.inputs])
    for place, (used, claim) in enumerate(zip(value.inputs, value.local_derivatives, strict=True)):
        if used.constant:
            continue
        verdict, true, allowed = formula.verdict(place, claim)
        where = f"∂{operation.name}/∂{used.label or f'input {place + 1}'}"
        at = f"{where} at ({', '.join(f'{number:.6g}' for number in formula.numbers)})"
        if verdict is Verdict.WRONG:
            _check_composed_of(operation, value, suspects | {operation})
            sentence = f"the rule of {operation.name} is wrong: {where} is {_against(formula, value, place, true)}"
            raise GradientMismatch(
                sentence, value, operation=operation, used=used, got=claim, true=true, allowed=allowed
            )
        if verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"{at}: {TOO_COARSE if formula.opaque else SETTLES_NOT}")
            continue
        certificate.local_derivatives += 1
        if verdict is Verdict.KINK or (operation.kink_at is not None and operation.kink_at(*formula.numbers) == 0):
            (certificate.jumps if formula.jumps(place) else certificate.kinks).append(at)
        elif math.isfinite(claim) and not formula.opaque:
            certificate.worst_ulp = max(certificate.worst_ulp, float(abs(Decimal(claim) - true) / ulps(true)))


class Formula:
    """An operation's own `forward` at some inputs, to be differentiated: with many digits, or by differences."""

    def __init__(self, operation: Operation, numbers: Sequence[float]) -> None:
        self.operation = operation
        self.numbers = list(numbers)
        self.opaque = False

    def verdict(self, place: int, claim: float) -> tuple[Verdict, Decimal, float]:
        """The verdict on ∂result/∂input, the right derivative, and the ulps that a claim may be away from it."""
        at = self.numbers[place]
        if not self.opaque:
            scale = min(abs(at), 1.0) or min([1.0, *[abs(number) for number in self.numbers if number]])
            size = abs(self.operation.forward(*self.numbers))
            try:
                verdict, true = judged(claim, lambda x: self._exactly(place, x), at, scale, size, _allowed)
                return verdict, true, float(_allowed(true) / ulps(true))
            except Opaque:
                self.opaque = True
        verdict, slope, uncertain = judged_by_differences(claim, lambda x: self._in_floats(place, x), at)
        return verdict, Decimal(slope), uncertain / float(ulps(Decimal(slope)))

    def _exactly(self, place: int, x: Decimal) -> Decimal:
        return exact_result(self.operation, [*self.numbers[:place], Exact(x), *self.numbers[place + 1 :]])

    def _in_floats(self, place: int, x: float) -> float:
        result: float = self.operation.forward(*self.numbers[:place], x, *self.numbers[place + 1 :])
        return result

    def jumps(self, place: int) -> bool:
        """Whether the result changes as much across the input on a short way as on one a thousand times as long."""
        at = self.numbers[place]
        changes = [change * (abs(at) or 1.0) for change in (1e-12, 1e-9)]
        try:
            near, far = [abs(self._in_floats(place, at + h) - self._in_floats(place, at - h)) for h in changes]
        except (ArithmeticError, ValueError):  # it is not defined on both sides
            return False
        return near > far / 2

    def right_on_paper(self, place: int, true: Decimal) -> bool:
        """Whether the operation's rule would be right if it were computed with many digits."""
        with localcontext(digits(2 * DIGITS)):
            inputs = [Exact(number) for number in self.numbers]
            try:
                out = Exact.record(self.operation, inputs)
                derivative = Exact(self.operation.derivatives(out, *inputs)[place]).number
            except (ArithmeticError, TypeError, AttributeError):
                return False
            return abs(derivative - true) <= abs(true) * Decimal(10) ** -(DIGITS // 2 - 10)


def _allowed(true: Decimal) -> Decimal:
    if abs(true) < SMALLEST_NORMAL:
        return SMALLEST_NORMAL
    return (ALLOWED + abs(true.adjusted()) * 10 // 3) * ulps(true)


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


def _against(formula: Formula, value: Value, place: int, true: Decimal) -> str:
    """How a wrong derivative compares with the right one, and what may have been mistaken."""
    claim = value.local_derivatives[place]
    for other, used in enumerate(value.inputs):
        if other != place and not used.constant and claim and formula.verdict(other, claim)[0] is Verdict.RIGHT:
            return f"that of input {other + 1}: are the derivatives in the order of the inputs?"
    if not formula.opaque and formula.right_on_paper(place, true):
        return f"{compared(claim, true)}: right on paper, but written so that it loses digits"
    return compared(claim, true)
