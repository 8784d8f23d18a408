"""Numbers of many digits, which a function can be fed with in place of floats.

What a function gives on them tells what it should have given on floats, and, from two inputs that are very near to
each other, how fast it changes. mpmath computes them. No derivative is written in this file: that is what makes it a
judge of derivatives.
"""

from __future__ import annotations

import importlib
import math
import operator
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partialmethod, total_ordering
from numbers import Integral, Real
from typing import Any, NoReturn

from mpmath.ctx_mp import MPContext

from tinygrad_sigmoid import operations
from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.rebinding import Rebinder
from tinygrad_sigmoid.value import Value

CONTEXT = MPContext()  # our own, so that the digits which a user's code asks of mpmath are left alone
MOST_BITS = 100_000  # of the exponent of what is given to a function: exp(exp(1e6)) would not fit into memory

UNDEFINED = (ArithmeticError, ValueError)  # what is raised where there is no result


def _binary(function: Callable[[Any, Any], Any], made: Callable[[Any], Any] | None = None) -> Callable[..., Any]:
    """A method that computes with the other operand's number, if it is one."""

    def method(self: Precise, other: object) -> Any:
        number = bare(other)
        return NotImplemented if number is NotImplemented else (made or of_mpmath)(function(self.number, number))

    return method


def _both_sides(function: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The methods of an operator: with the number on its left, and on its right."""
    return _binary(function), _binary(lambda number, other: function(other, number))


@total_ordering
class Precise:
    """A number that functions can be fed with, as with a float or a Value; it computes with the digits now in force."""

    __slots__ = ("number",)
    __array_priority__ = 1

    def __init__(self, number: Any) -> None:
        self.number = bare(number)
        if self.number is NotImplemented:
            raise Opaque(f"{number!r:.40} is no number")

    @staticmethod
    def record(operation: Operation, inputs: Sequence[Precise | float]) -> Precise:
        """What the operation gives on these inputs, by its own formula.

        Raises:
            Opaque: Its `forward` takes floats only.
        """
        return Precise(precisely(operation.forward, *[Precise(given) for given in inputs]))

    @property
    def data(self) -> Precise:
        return self  # as of a Value

    __add__, __radd__ = _both_sides(operator.add)
    __sub__, __rsub__ = _both_sides(operator.sub)
    __mul__, __rmul__ = _both_sides(operator.mul)
    __truediv__, __rtruediv__ = _both_sides(operator.truediv)
    __mod__, __rmod__ = _both_sides(operator.mod)
    __floordiv__, __rfloordiv__ = _both_sides(lambda a, b: CONTEXT.floor(a / b))
    __pow__, __rpow__ = _both_sides(lambda a, b: _power(a, b))

    def __neg__(self) -> Precise:
        return of_mpmath(-self.number)

    def __pos__(self) -> Precise:
        return self

    def __abs__(self) -> Precise:
        return of_mpmath(abs(self.number))

    __lt__ = _binary(operator.lt, bool)
    __eq__ = _binary(operator.eq, bool)

    def __hash__(self) -> int:
        return hash(self.number)

    def __bool__(self) -> bool:
        return bool(self.number)

    def __floor__(self) -> int:
        return int(CONTEXT.floor(self.number))

    def __ceil__(self) -> int:
        return int(CONTEXT.ceil(self.number))

    def __trunc__(self) -> int:
        return int(self.number)

    def __float__(self) -> NoReturn:
        raise Opaque("it converts to a plain float")

    __int__ = __index__ = __round__ = __float__

    relu = partialmethod(operations.relu)  # which a Value has as well, and `math` has not
    sigmoid = partialmethod(operations.sigmoid)

    def __repr__(self) -> str:
        return f"Precise({CONTEXT.nstr(self.number, 20)})"


def bare(given: Any) -> Any:
    """The mpmath number in or for a number; `NotImplemented` for anything else, arrays for instance."""
    kind = type(given)
    if kind is float:  # as often
        return CONTEXT.mpf(given)
    if kind is CONTEXT.mpf:
        return given
    if isinstance(given, Precise):
        return given.number
    if isinstance(given, Integral):
        return CONTEXT.mpf(int(given))
    return CONTEXT.mpf(float(given)) if isinstance(given, Real) else NotImplemented


def of_mpmath(number: Any) -> Precise:
    """A result of mpmath, which goes on with complex numbers and infinities where `math` says that there is none."""
    if not isinstance(number, CONTEXT.mpf) or not CONTEXT.isfinite(number):
        raise ValueError("math domain error")
    made = object.__new__(Precise)
    made.number = number
    return made


def _power(base: Any, exponent: Any) -> Any:
    if not base and exponent < 0:
        raise ZeroDivisionError("0.0 cannot be raised to a negative power")
    return base**exponent


# -- Python's own functions ------------------------------------------------------------------------------------------


# fmt: off
SAME = [  # in `math` and mpmath
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "degrees", "erf", "erfc", "exp",
    "expm1", "fabs", "fmod", "gamma", "log", "log10", "log1p", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
]
# fmt: on
BY_MPMATH: dict[str, Callable[..., Any]] = {name: getattr(CONTEXT, name) for name in SAME} | {
    "copysign": lambda x, y: abs(x) if y >= 0 else -abs(x),
    "dist": lambda p, q: CONTEXT.sqrt(CONTEXT.fsum((bare(a) - bare(b)) ** 2 for a, b in zip(p, q, strict=True))),
    "exp2": lambda x: CONTEXT.power(2, x),
    "fsum": lambda xs: CONTEXT.fsum(map(bare, xs)),
    "hypot": lambda *xs: CONTEXT.sqrt(CONTEXT.fsum(x * x for x in xs)),
    "lgamma": lambda x: CONTEXT.log(abs(CONTEXT.gamma(x))),
    "log2": lambda x: CONTEXT.log(x, 2),
    "pow": _power,
    "prod": lambda xs: CONTEXT.fprod(map(bare, xs)),
    "sumprod": lambda p, q: CONTEXT.fsum(bare(a) * bare(b) for a, b in zip(p, q, strict=True)),
}
TRUTHS = {"isfinite": True, "isinf": False, "isnan": False}  # of every Precise
NUMPY_NAMES = {f"arc{name[1:]}": name for name in SAME if name.startswith("a")}


def _precise_function(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """The function of `math` for numbers of many digits; where there are none among its inputs, as it is."""

    def function(*inputs: Any, **options: Any) -> Any:
        flat = [one for given in inputs for one in (given if isinstance(given, list | tuple) else [given])]
        if not any(isinstance(one, Precise) for one in flat):
            return original(*inputs, **options)
        if name in TRUTHS:
            return TRUTHS[name]
        numbers = [given if isinstance(given, list | tuple) else bare(given) for given in inputs]
        if any(isinstance(number, CONTEXT.mpf) and CONTEXT.mag(number) > MOST_BITS for number in numbers):
            raise OverflowError("math range error")
        return of_mpmath(BY_MPMATH[name](*numbers))

    return function


MATH: dict[str, Any] = {
    name: _precise_function(name, getattr(math, name)) for name in [*BY_MPMATH, *TRUTHS] if hasattr(math, name)
}
for method in [*MATH, *NUMPY_NAMES]:  # as NumPy asks for them in arrays of objects; and a Value has some of them
    setattr(Precise, method, MATH[NUMPY_NAMES.get(method, method)])


class _StandIn(type):
    """A class that makes numbers of many digits stand for what another class makes."""

    original: type
    convert: Callable[..., Any]

    def __call__(cls, *given: Any, **more: Any) -> Any:
        return cls.convert(*given, **more)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, (cls.original, Precise))

    @property
    def dtype(cls) -> Any:
        """What NumPy asks a type for, once it is there."""
        if "numpy" not in sys.modules:
            raise AttributeError("dtype")
        return sys.modules["numpy"].dtype(cls.original)


def stand_in(original: type, convert: Callable[..., Any]) -> type:
    """A class of the same name that calls `convert`, and whose instances numbers of many digits are, too."""
    return _StandIn(original.__name__, (), {"original": original, "convert": staticmethod(convert)})


def stand_in_for_floats(original: type) -> type:
    """A type of floats that leaves numbers of many digits as they are."""
    return stand_in(original, lambda given=0.0: given if isinstance(given, Precise) else original(given))


REPLACEMENTS: list[tuple[object, object]] = [
    *[(getattr(math, name), function) for name, function in MATH.items()],
    (math, Rebinder.module(math, MATH)),
    (float, stand_in_for_floats(float)),
    (Value, stand_in(Value, lambda data, label="": Precise(data))),
]
_rebinder = Rebinder(REPLACEMENTS)
_one_at_a_time = threading.RLock()  # mpmath keeps the digits of π for all threads, and changes them


@contextmanager
def judging() -> Iterator[None]:
    """One check at a time; functions are looked at anew in each, as what they name may have changed."""
    global _rebinder
    with _one_at_a_time:
        if "numpy" in sys.modules:
            importlib.import_module("tinygrad_sigmoid.testing.arrays")  # which adds to the replacements
        before, _rebinder = _rebinder, Rebinder(REPLACEMENTS)
        try:
            yield
        finally:
            _rebinder = before


def precisely(function: Callable[..., Any], *inputs: Any) -> Any:
    """What a function written for floats gives on numbers of many digits.

    >>> with CONTEXT.workprec(100):
    ...     print(precisely(lambda x: math.exp(x) - 1, Precise(1.0)))
    Precise(1.7182818284590452354)

    Raises:
        Opaque: It takes nothing but floats.
    """
    copy = _rebinder(function)
    try:
        return copy(*inputs)
    except (Opaque, *UNDEFINED):
        raise
    except Exception as error:  # of any kind, as `struct.error` for what is no float
        raise Opaque(str(error)) from error
