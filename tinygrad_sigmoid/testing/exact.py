"""Numbers with as many digits as are wanted: a rule that is fed with them tells what floats should have given.

An operation's own `forward` is run on `Exact` numbers, down to arithmetic and the elementary functions, which are all
that is known here. No derivative is written in this file: that is what makes it a judge of derivatives.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DivisionByZero, InvalidOperation, getcontext, localcontext
from functools import lru_cache, total_ordering

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.arithmetic import Arithmetic
from tinygrad_sigmoid.elementary import Opaque, traced
from tinygrad_sigmoid.operation import Operation


@lru_cache(maxsize=256)
def digits(wanted: int) -> Context:
    """Decimal arithmetic with this many digits, which like floats takes 1/∞ for 0, but refuses 0/0 and 1/0."""
    return Context(prec=wanted, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[InvalidOperation, DivisionByZero])


UNDEFINED = (InvalidOperation, DivisionByZero)  # what is raised where there is no result


@total_ordering
class Exact(Arithmetic):
    """A number that rules can be fed with, as with a float or a Value; it computes with the digits now in force."""

    __slots__ = ("number",)

    def __init__(self, number: Exact | Decimal | float) -> None:
        self.number = _decimal(number)

    @staticmethod
    def record(operation: Operation, inputs: Sequence[Exact | float]) -> Exact:
        """What the operation gives on these inputs, by its own formula.

        Raises:
            Opaque: Its `forward` takes floats only.
        """
        if in_decimals := IN_DECIMALS.get(operation):
            return Exact(in_decimals(*[_decimal(given) for given in inputs]))
        try:
            return Exact(traced(operation.forward, *[Exact(given) for given in inputs]))
        except Opaque:
            raise Opaque(operation.name) from None

    def __lt__(self, other: Exact | float) -> bool:
        return self.number < _decimal(other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact | float | int) and self.number == _decimal(other)

    __hash__ = None  # type: ignore[assignment]


def _decimal(given: Exact | Decimal | float) -> Decimal:
    return given.number if isinstance(given, Exact) else Decimal(given)


def _near_zero_too(
    function: Callable[[Decimal], Decimal], series: Callable[[Decimal], Decimal]
) -> Callable[..., Decimal]:
    """The function with all its digits also near 0, where a 1 swallows them: as many are added.

    Where those would be more than are wanted in all, the first terms of its series leave out nothing that would show.
    """

    def result(x: Decimal) -> Decimal:
        with localcontext() as context:
            if x.adjusted() < -context.prec:
                return series(x)
            context.prec += max(0, -x.adjusted())
            return function(x)

    return result


_one_at_a_time = threading.Lock()  # mpmath keeps the digits of π for all threads, and changes them


def _by_mpmath(name: str) -> Callable[[Decimal], Decimal]:
    def function(x: Decimal) -> Decimal:
        from mpmath import libmp  # slow to load

        wanted = getcontext().prec + 5
        bits = libmp.dps_to_prec(wanted)
        with _one_at_a_time:
            result = getattr(libmp, name)(libmp.from_str(str(x), bits, "n"), bits, "n")
        return Decimal(libmp.to_str(result, wanted))

    return function


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    return base**exponent if exponent else Decimal(1)


# What every target has to know for itself. Everything else is composed of these and of comparisons.
IN_DECIMALS: dict[Operation, Callable[..., Decimal]] = {
    table.add: operator.add,
    table.subtract: operator.sub,
    table.multiply: operator.mul,
    table.divide: operator.truediv,
    table.negate: operator.neg,
    table.absolute: operator.abs,
    table.exp: Decimal.exp,
    table.expm1: _near_zero_too(lambda x: x.exp() - 1, lambda x: x + x * x / 2),
    table.log: Decimal.ln,
    table.log1p: _near_zero_too(lambda x: (1 + x).ln(), lambda x: x - x * x / 2),
    table.sqrt: Decimal.sqrt,
    table.sin: _near_zero_too(_by_mpmath("mpf_sin"), lambda x: x),
    table.cos: _near_zero_too(_by_mpmath("mpf_cos"), lambda x: 1 - x * x / 2),
    table.general_power: _power,
    table.fixed_power: _power,
}
