"""Numbers, lists of lists and arrays as lists of numbers, and back into their shapes."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any

from tinygrad_sigmoid.testing.precise import Precise


def flat(thing: Any) -> list[Any]:
    """The numbers in a number, a list of lists or an array.

    >>> flat([[1.0, 2.0], [3.0, 4.0]])
    [1.0, 2.0, 3.0, 4.0]
    """
    if hasattr(thing, "ravel"):
        return thing.ravel().tolist()  # type: ignore[no-any-return]
    return [number for one in thing for number in flat(one)] if isinstance(thing, list | tuple) else [thing]


def shape(thing: Any) -> tuple[int, ...]:
    if isinstance(thing, list | tuple):
        return len(thing), *(shape(thing[0]) if thing else ())
    return tuple(getattr(thing, "shape", ()))


def rebuilt(like: Any, numbers: Iterator[Any]) -> Any:
    """These numbers, as many as it takes, in the shape of something."""
    if isinstance(like, list | tuple):
        return type(like)([rebuilt(one, numbers) for one in like])
    if not shape(like):
        return next(numbers)
    entries = [next(numbers) for _ in range(like.size)]
    if any(isinstance(entry, Precise) for entry in entries):
        from tinygrad_sigmoid.testing.arrays import filled  # which imports NumPy

        return filled(like.shape, entries)
    import numpy

    same = like.dtype.kind == "f" and all(isinstance(entry, float) for entry in entries)
    return numpy.array(entries, like.dtype if same else None).reshape(like.shape)


def index(like: Any, place: int) -> str:
    """How an entry is written: `[0, 1]` for the second one of an array."""
    found: list[int] = []
    for length in reversed(shape(like)):
        place, remainder = divmod(place, length)
        found.insert(0, remainder)
    return str(found) if found else ""


def is_whole(thing: Any) -> bool:
    return bool(thing.dtype.kind in "iu") if hasattr(thing, "dtype") else _all(Integral, thing)


def is_numbers(thing: Any) -> bool:
    return bool(thing.dtype.kind in "fiu") if hasattr(thing, "dtype") else _all(Real, thing)


def _all(kind: type, thing: Any) -> bool:
    return all(isinstance(one, kind) and not isinstance(one, bool) for one in flat(thing))
