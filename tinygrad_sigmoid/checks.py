"""What a public function is given, looked at as it comes in.

Each check gives back what it was given, ready for use, or raises an error that says in one sentence what was wanted,
what came instead, and what to write: `batch must be a whole number of at least 1, but got 0: write for instance 10`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from numbers import Integral
from typing import Any, TypeVar

from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.quoting import shown

Kind = TypeVar("Kind")

LARGEST = 2**63 - 1  # the largest whole number that machine code can hold


def refused(name: str, wanted: str, given: object, cure: str, error: type[Exception] = TypeError) -> Exception:
    """The error to raise: `what` was given must be as `wanted`, and what to do about it."""
    return error(f"{name} must be {wanted}, but got {shown(given)}: {cure}")


def whole(given: object, name: str, cure: str, *, least: int = 0, most: int = LARGEST) -> int:
    """A whole number from `least` to `most`: an int or one of NumPy's, but no bool."""
    if type(given) is int and least <= given <= most:  # as nearly always
        return given
    upper = "" if most == LARGEST else f" and at most {most}"
    wanted = f"a whole number of at least {least}{upper}"
    if not isinstance(given, Integral) or isinstance(given, bool):
        raise refused(name, wanted, given, cure)
    number = int(given)
    if not least <= number <= most:
        raise refused(name, wanted, given, cure, ValueError)
    return number


def number(given: object, name: str, cure: str, *, above: float = -math.inf) -> float:
    """A finite number, above a bound if there is one."""
    if type(given) is float and above < given < math.inf:  # as nearly always
        return given
    wanted = "a finite number" if above == -math.inf else f"a finite number above {above:g}"
    try:
        as_float = as_number(given)
    except TypeError:
        raise refused(name, wanted, given, cure) from None
    except OverflowError:
        raise refused(name, wanted, given, cure, ValueError) from None
    if not above < as_float < math.inf:
        raise refused(name, wanted, given, cure, ValueError)
    return as_float


def choice(given: object, name: str, choices: Collection[object]) -> None:
    """One of a few values."""
    if not any(given is one or (isinstance(given, str) and given == one) for one in choices):
        raise refused(name, f"one of {', '.join(map(repr, choices))}", given, "write one of these", ValueError)


def instance(given: object, kind: type[Kind], name: str, wanted: str, cure: str) -> Kind:
    """An object of a kind."""
    if not isinstance(given, kind):
        raise refused(name, wanted, given, cure)
    return given


def function(given: object, name: str, cure: str) -> Callable[..., Any]:
    """Something that can be called."""
    if not callable(given) or isinstance(given, type):
        raise refused(name, "a function", given, cure)
    return given


def entries(given: object, name: str, wanted: str, cure: str, *, kind: type[Kind], least: int = 1) -> list[Kind]:
    """The entries of a list, a tuple or an array, all of a kind, and enough of them."""
    countable = isinstance(given, Collection) and not isinstance(given, str | bytes | Mapping | set | frozenset)
    if not countable or not getattr(given, "shape", True):
        raise refused(name, wanted, given, cure)
    assert isinstance(given, Iterable)
    found = list(given)
    for entry in found:
        if not isinstance(entry, kind):
            raise refused(f"each entry of {name}", f"as in {wanted}", entry, cure)
    if len(found) < least:
        raise refused(name, wanted, given, cure, ValueError)
    return found
