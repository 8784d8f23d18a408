"""Numbers as floats: what counts as a number, and what is said of anything else."""

from __future__ import annotations

import math
from numbers import Integral, Real


def explained(error: Exception) -> Exception:
    """The error, which says all there is to say, wherever it passes."""
    error.explained = True  # type: ignore[attr-defined]
    return error


def as_number(number: object) -> float:
    """The float that an int, a float, any `numbers.Real` or a NumPy scalar stands for.

    >>> as_number(3)
    3.0

    Raises:
        TypeError: It is no real number.
        OverflowError: It is an int that no float can hold, or not without rounding.
    """
    if type(number) is float:
        return number
    if type(number) is int and -(2**53) <= number <= 2**53:
        return float(number)
    if not isinstance(number, Real):
        raise explained(TypeError(f"{number!r:.40} ({type(number).__name__}) is not a real number: {_hint(number)}"))
    try:
        as_float = float(number)
    except OverflowError:
        too_large = OverflowError(
            f"{type(number).__name__} is too large for a float (more than 1.8e308): give a smaller one"
        )
        raise explained(too_large) from None
    if isinstance(number, Integral) and math.isfinite(as_float) and int(as_float) != int(number):
        raise explained(
            OverflowError(
                f"{number} would lose digits as a float (it becomes {as_float:.0f}): whole numbers beyond 2**53 need "
                f"float({number}) written out"
            )
        )
    return as_float


def finite_number(number: object) -> float:
    """The same for a number to begin a computation with: neither infinite nor nan, which is a `ValueError`."""
    as_float = number if type(number) is float else as_number(number)
    if as_float - as_float != 0.0:  # infinity and nan alone do this
        raise explained(ValueError(f"{as_float} is not a number to compute with: find out where it came from"))
    return as_float


def _hint(thing: object) -> str:
    if isinstance(thing, tuple):
        return "give one number at a time; is there a stray comma after the value?"
    if isinstance(thing, complex):
        return "take its .real or .imag, or compute with two values"
    if thing is None:
        return "was something left out, or a gradient read before backward()?"
    if not isinstance(thing, str) and (hasattr(thing, "__len__") or hasattr(thing, "__array__")):
        return "give one number at a time; a list of values needs a loop or `dot`"
    return f"convert {'the text' if isinstance(thing, str) else 'it'} with float(…) first"
