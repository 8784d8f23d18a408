"""Numbers with as many digits as are wanted: fed with them, the rules tell what floats should have given.

An operation's own `forward` is run on `Exact` numbers, down to the elementary functions, which are all that is known
here. No derivative is written in this file: that is what makes it a judge of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DivisionByZero, InvalidOperation, localcontext
from functools import lru_cache
from typing import Any

from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import exp, expm1, fixed_power, log, log1p, sqrt
from tinygrad_sigmoid.operations import general_power as power


@lru_cache(maxsize=256)
def digits(wanted: int) -> Context:
    """Decimal arithmetic with this many digits, which like floats takes 1/∞ for 0, but refuses 0/0 and 1/0."""
    return Context(prec=wanted, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero])


class Exact:
    """A number that rules can be fed with, as with a float or a Value; it computes with the digits now in force."""

    __slots__ = ("number",)

    def __init__(self, number: Decimal) -> None:
        self.number = number

    @staticmethod
    def record(operation: Operation, inputs: Sequence[Any]) -> Exact:
        if elementary := ELEMENTARY.get(operation):
            return Exact(elementary(*[_decimal(given) for given in inputs]))
        return exact(operation.forward(*[exact(given) for given in inputs]))

    def __add__(self, other: Any) -> Exact:
        return Exact(self.number + _decimal(other))

    def __sub__(self, other: Any) -> Exact:
        return Exact(self.number - _decimal(other))

    def __mul__(self, other: Any) -> Exact:
        return Exact(self.number * _decimal(other))

    def __truediv__(self, other: Any) -> Exact:
        return Exact(self.number / _decimal(other))

    def __pow__(self, other: Any) -> Exact:
        return Exact(_power(self.number, _decimal(other)))

    def __radd__(self, other: Any) -> Exact:
        return Exact(_decimal(other) + self.number)

    def __rsub__(self, other: Any) -> Exact:
        return Exact(_decimal(other) - self.number)

    def __rmul__(self, other: Any) -> Exact:
        return Exact(_decimal(other) * self.number)

    def __rtruediv__(self, other: Any) -> Exact:
        return Exact(_decimal(other) / self.number)

    def __rpow__(self, other: Any) -> Exact:
        return Exact(_power(_decimal(other), self.number))

    def __neg__(self) -> Exact:
        return Exact(-self.number)

    def __abs__(self) -> Exact:
        return Exact(abs(self.number))

    def __lt__(self, other: Any) -> bool:
        return self.number < _decimal(other)

    def __le__(self, other: Any) -> bool:
        return self.number <= _decimal(other)

    def __gt__(self, other: Any) -> bool:
        return self.number > _decimal(other)

    def __ge__(self, other: Any) -> bool:
        return self.number >= _decimal(other)

    def __eq__(self, other: object) -> bool:
        return self.number == _decimal(other)

    __hash__ = None  # type: ignore[assignment]


def exact(given: Any) -> Exact:
    """A plain number as an Exact one, with all its digits."""
    return given if isinstance(given, Exact) else Exact(Decimal(given))


def _decimal(given: Any) -> Decimal:
    return given.number if isinstance(given, Exact) else Decimal(given)


# Near 0 the 1 swallows digits: as many are added, and where those would be more than are wanted in all, the first two
# terms of the series leave out nothing that would show.


def _expm1(x: Decimal) -> Decimal:
    with localcontext() as context:
        if x.adjusted() < -context.prec:
            return x + x * x / 2
        context.prec += max(0, -x.adjusted())
        return x.exp() - 1


def _log1p(x: Decimal) -> Decimal:
    with localcontext() as context:
        if x.adjusted() < -context.prec:
            return x - x * x / 2
        context.prec += max(0, -x.adjusted())
        return (1 + x).ln()


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    return base**exponent if exponent else Decimal(1)


# What every target has to know for itself. Everything else is said with these and with + − · / and comparisons.
ELEMENTARY: dict[Operation, Callable[..., Decimal]] = {
    exp: Decimal.exp,
    expm1: _expm1,
    log: Decimal.ln,
    log1p: _log1p,
    sqrt: Decimal.sqrt,
    power: _power,
    fixed_power: _power,
}


class Opaque(Exception):  # noqa: N818 (it is no error: it says that another way has to be taken)
    """An operation is computed by something that takes floats only, such as `math.sin`."""


def exact_result(operation: Operation, inputs: Sequence[Any]) -> Decimal:
    """What the operation gives on these inputs, with the digits now in force.

    Raises:
        Opaque: Its `forward` takes floats only.
    """
    try:
        return Exact.record(operation, inputs).number
    except (TypeError, AttributeError):
        raise Opaque(operation.name) from None
