"""Levels 1 and 2: every recorded number is what its operation gives, and every local derivative is its slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, getcontext, localcontext
from typing import Any

from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.differencing import judged_by_differences
from tinygrad_sigmoid.testing.exact import ELEMENTARY, Exact, Opaque, digits, exact, exact_result
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, name_of
from tinygrad_sigmoid.testing.slopes import DIGITS, SMALLEST_NORMAL, Verdict, judged, ulps
from tinygrad_sigmoid.value import Value

# For a local derivative, in ulp. A very large or small one has an exponential or a power behind it, and those turn a
# rounding of what they are given, as the p − 1 of p·x^(p−1), into as many times more as their result has powers of two.
ALLOWED = 64
ALLOWED_ELEMENTARY = 4  # ulp, for a function that Python's mathematical library computes


def wrong_value(value: Value) -> GradientMismatch | None:
    """The mismatch if a value's number is not what its operation gives on its inputs, bit for bit."""
    operation: Any = value.operation
    now = operation.forward(*[used.data for used in value.inputs])
    if not same_bits(now, value.data):
        changed = [name_of(used) for used in value.inputs if not used.inputs and not used.constant]
        return GradientMismatch(
            f"data changed after recording: {name_of(value)} is not what {operation.name} gives on its inputs; was "
            f"{' or '.join(changed) or 'it'} changed without a forward()?",
            value,
            got=value.data,
            true=now,
        )
    if operation in ELEMENTARY:
        with localcontext(digits(30)):
            true = exact_result(operation, [used.data for used in value.inputs])
            wrong = abs(Decimal(value.data) - true) > ALLOWED_ELEMENTARY * ulps(true)
        if wrong:
            return GradientMismatch(
                f"the forward of {operation.name} is wrong: it gives {_compared(value.data, true)}",
                value,
                operation=operation,
                got=value.data,
                true=true,
                allowed=ALLOWED_ELEMENTARY,
            )
    return None


def wrong_rule(
    value: Value, certificate: Certificate, suspects: frozenset[Operation] = frozenset()
) -> GradientMismatch | None:
    """The mismatch if one of a value's local derivatives is not the slope of its operation's formula."""
    operation: Any = value.operation
    numbers = [used.data for used in value.inputs]
    if len(value.local_derivatives) != len(numbers):
        return GradientMismatch(
            f"the rule of {operation.name} is wrong: it gives {len(value.local_derivatives)} local derivatives for "
            f"{len(numbers)} inputs",
            value,
            operation=operation,
            got=None,
        )
    formula = ForwardFormula(operation, numbers)
    for place, (used, claim) in enumerate(zip(value.inputs, value.local_derivatives, strict=True)):
        if used.constant:
            continue
        verdict, true, allowed = formula.verdict(place, claim)
        where = f"∂{operation.name}/∂{used.label or f'input {place + 1}'}"
        if verdict is Verdict.WRONG:
            if inner := _inner_culprit(operation, value, suspects | {operation}):
                return inner
            return GradientMismatch(
                f"the rule of {operation.name} is wrong: {where} is {_against(formula, value, place, claim, true)}",
                value,
                operation=operation,
                used=used,
                got=claim,
                true=true,
                allowed=allowed,
            )
        at = f"{where} at ({', '.join(f'{number:.6g}' for number in numbers)})"
        if verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"{at}: {formula.obstacle}")
            continue
        if verdict is Verdict.KINK or (operation.kink_at is not None and operation.kink_at(*numbers) == 0):
            (certificate.jumps if formula.jumps(place) else certificate.kinks).append(at)
        elif math.isfinite(claim) and not formula.opaque:
            certificate.worst_ulp = max(certificate.worst_ulp, float(abs(Decimal(claim) - true) / ulps(true)))
        certificate.local_derivatives += 1
    return None


class ForwardFormula:
    """An operation's own formula at some inputs, to be differentiated: exactly, or by differences if it is opaque."""

    def __init__(self, operation: Operation, numbers: Sequence[float]) -> None:
        self.operation = operation
        self.numbers = list(numbers)
        self.opaque = False
        self.obstacle = "its slope does not settle, however closely it is looked at"
        self._size = abs(operation.forward(*numbers))
        self._unchanged: dict[int, Decimal] = {}  # the result itself, by the number of digits

    def verdict(self, place: int, claim: float) -> tuple[Verdict, Any, float]:
        """The verdict on ∂result/∂input, the right derivative, and the ulps that a claim may be away from it."""
        at = self.numbers[place]
        if not self.opaque:
            scale = abs(at) or min([1.0, *[abs(number) for number in self.numbers if number]])
            try:
                verdict, true = judged(claim, lambda x: self._exactly(place, x), at, scale, self._size, _allowed)
                return verdict, true, float(_allowed(true) / ulps(true))
            except Opaque:
                self.opaque = True
                self.obstacle = (
                    "it is computed by something that takes floats only, and differences of floats are too coarse"
                )
        verdict, slope, uncertain = judged_by_differences(claim, lambda x: self._in_floats(place, x), at)
        return verdict, slope, uncertain / float(ulps(Decimal(slope)))

    def jumps(self, place: int) -> bool:
        """Whether the result changes as much across the input on a short way as on one a thousand times as long."""
        at = self.numbers[place]
        try:
            far, near = (
                abs(self._in_floats(place, at + change) - self._in_floats(place, at - change))
                for change in (1e-9 * (abs(at) or 1.0), 1e-12 * (abs(at) or 1.0))
            )
        except (ArithmeticError, ValueError):  # it is not defined on both sides
            return False
        return near > far / 2

    def right_on_paper(self, place: int, true: Decimal) -> bool:
        """Whether the operation's rule would be right if it were computed with many digits."""
        with localcontext(digits(2 * DIGITS)):
            inputs = [Exact(Decimal(number)) for number in self.numbers]
            try:
                out = Exact.record(self.operation, inputs)
                derivative = exact(self.operation.derivatives(out, *inputs)[place]).number
            except (ArithmeticError, TypeError, AttributeError):
                return False
            return abs(derivative - true) <= abs(true) * Decimal(10) ** -(DIGITS // 2 - 10)

    def _exactly(self, place: int, x: Decimal) -> Decimal:
        if x == self.numbers[place]:
            precision = getcontext().prec
            if precision not in self._unchanged:
                self._unchanged[precision] = exact_result(self.operation, self.numbers)
            return self._unchanged[precision]
        inputs: list[Any] = list(self.numbers)
        inputs[place] = Exact(x)
        return exact_result(self.operation, inputs)

    def _in_floats(self, place: int, x: float) -> float:
        inputs = list(self.numbers)
        inputs[place] = x
        result: float = self.operation.forward(*inputs)
        return result


def same_bits(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def _allowed(true: Decimal) -> Decimal:
    if abs(true) < SMALLEST_NORMAL:
        return SMALLEST_NORMAL
    return (ALLOWED + abs(true.adjusted()) * 10 // 3) * ulps(true)


def _inner_culprit(operation: Operation, value: Value, suspects: frozenset[Operation]) -> GradientMismatch | None:
    """The mismatch of an operation that this one's rule is said with, if that one is wrong by itself."""
    inputs = [used.data if used.constant else Value(used.data, used.label) for used in value.inputs]
    try:
        out = operation(*inputs)
        said_with = [operation.forward(*inputs), *operation.derivatives(out, *inputs)]
    except (ArithmeticError, ValueError, TypeError, AttributeError):  # it takes floats only, or ends in infinity
        return None
    for inner in computed(*[part for part in said_with if isinstance(part, Value)]):
        if inner.operation not in suspects:
            found = wrong_value(inner) or wrong_rule(inner, Certificate(), suspects)
            if found is not None:
                return found
    return None


def _against(formula: ForwardFormula, value: Value, place: int, claim: float, true: Any) -> str:
    """How a wrong derivative compares with the right one, and what may have been mistaken."""
    for other, used in enumerate(value.inputs):
        if other != place and not used.constant and claim != 0:
            verdict, _, _ = formula.verdict(other, claim)
            if verdict is Verdict.RIGHT:
                return f"that of input {other + 1}: are the derivatives in the order of the inputs?"
    if not formula.opaque and formula.right_on_paper(place, true):
        return f"{_compared(claim, true)}: right on paper, but written so that it loses digits"
    return _compared(claim, true)


def _compared(claim: float, true: Any) -> str:
    """How a wrong number compares with the right one, in words."""
    if not math.isfinite(claim):
        return f"{claim} instead of a number"
    right = float(true)
    if claim == 0:
        return f"0 instead of {right:.6g}"
    if right == 0:
        return f"{claim:.6g} instead of 0"
    ratio = claim / right
    if abs(ratio + 1) < 1e-12:
        return "of the wrong sign"
    if abs(ratio - 1) < 1e-4:
        return f"off by {abs(ratio - 1):.2g} of itself"
    return f"{ratio:.6g} times the true one"
