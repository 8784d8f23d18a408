"""Numbers as floats: what counts as a number, and what is said of anything else."""

from __future__ import annotations

import math
from numbers import Complex, Integral, Real

from tinygrad_sigmoid.quoting import shown


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
        kind = type(number)
        raise explained(TypeError(f"{shown(number)} ({kind.__name__}) is not a real number: {_hint(number)}"))
    try:
        as_float = float(number)
    except OverflowError:
        too_large = f"{shown(number)} ({type(number).__name__}) is too large for a float (more than 1.8e308)"
        raise explained(OverflowError(f"{too_large}: make it smaller")) from None
    if isinstance(number, Integral) and math.isfinite(as_float) and int(as_float) != int(number):
        lost = f"{shown(number)} would lose digits as a float (it becomes {as_float:.17g})"
        raise explained(OverflowError(f"{lost}: whole numbers beyond 2**53 need float({shown(number)}) written out"))
    return as_float


def finite_number(number: object) -> float:
    """The same for a number to begin a computation with: neither infinite nor nan, which is a `ValueError`."""
    as_float = number if type(number) is float else as_number(number)
    if as_float - as_float != 0.0:  # infinity and nan alone do this
        raise explained(ValueError(f"{as_float} is not a number to compute with: find out where it came from"))
    return as_float


def in_json(number: float | None) -> float | str | None:
    """The number as it is in JSON, which has no infinities and no nan: those are texts.

    Python's `float` and JavaScript's `Number` both read them.

    >>> in_json(0.5), in_json(-math.inf), in_json(math.nan), in_json(None)
    (0.5, '-Infinity', 'NaN', None)
    """
    if number is None or math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _hint(given: object) -> str:
    kind = type(given)
    if issubclass(kind, tuple):
        return "give one number at a time; is there a stray comma after the value?"
    if issubclass(kind, Complex):
        return "take its .real or .imag, or compute with two values"
    if hasattr(kind, "local_derivatives"):
        return "it is a Value already: use it as it is, or take its number with .data"
    if kind is type(None):
        return "was something left out, or a gradient read before backward()?"
    several = kind is not str and any(hasattr(kind, name) for name in ("__len__", "__iter__", "__array__"))
    if several and not (hasattr(kind, "shape") and given.shape == ()):  # type: ignore[attr-defined]
        return "give one number at a time; a list of values needs a loop or `dot`"
    if callable(given):
        return "call it, and give the number that comes out"
    return f"convert {'the text' if kind is str else 'it'} with float(…) first"
