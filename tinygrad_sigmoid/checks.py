"""What a public function is given, looked at as it comes in.

Each check gives back what it was given, ready for use, or raises an error that says in one sentence what was wanted,
what came instead, and what to write: `batch must be a whole number of at least 1, but got 0: write for instance 10`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Set
from numbers import Integral
from types import UnionType
from typing import Any, TypeVar

from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.notation import Notation
from tinygrad_sigmoid.quoting import shown

Kind = TypeVar("Kind")

LARGEST = 2**63 - 1  # the largest whole number that machine code can hold
VALUE_CURE = "make a leaf with Value(…), call a neuron on its inputs first, and pass several values one by one"
NO_LISTS = (str, bytes, bytearray, memoryview, Mapping, Set)  # although they have a length
CO_VARARGS = 4  # the flag of a function with *args, as in `inspect`


def refused(name: str, wanted: str, given: object, cure: str, error: type[Exception] = TypeError) -> Exception:
    """The error to raise: what `name` must be, what was given instead, and what to do about it."""
    return error(f"{name} must be {wanted}, but got {shown(given)}: {cure}")


# -- Numbers -----------------------------------------------------------------------------------------------------------


def is_whole(given: object) -> bool:
    """Whether it is an int or one of NumPy's, but no bool."""
    return isinstance(given, Integral) and not isinstance(given, bool)


def whole(given: object, name: str, cure: str, *, least: int = 0, most: float = LARGEST) -> int:
    """A whole number from `least` to `most`."""
    if type(given) is int and least <= given <= most:  # as nearly always
        return given
    number = int(given) if is_whole(given) else least  # type: ignore[call-overload]
    upper = "" if number <= most >= LARGEST else f" and at most {most}"
    if not is_whole(given) or not least <= number <= most:
        error = ValueError if is_whole(given) else TypeError
        raise refused(name, f"a whole number of at least {least}{upper}", given, cure, error)
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


def seed(given: object) -> int | None:
    """A seed for random numbers; Python's generator would take −1 for 1, so none is below 0."""
    return None if given is None else whole(given, "seed", "write for instance 1", most=math.inf)


# -- Kinds -------------------------------------------------------------------------------------------------------------


def choice(given: object, name: str, choices: Collection[object]) -> None:
    """One of a few values."""
    if not any(given is one or (isinstance(given, str) and given == one) for one in choices):
        raise refused(name, f"one of {', '.join(map(repr, choices))}", given, "write one of these", ValueError)


def instance(given: object, kind: type[Kind] | UnionType, name: str, wanted: str, cure: str) -> Kind:
    """An object of a kind."""
    if not isinstance(given, kind):
        raise refused(name, wanted, given, cure)
    return given


def value(given: object, name: str = "the output") -> None:
    """A Value, which records how it was computed."""
    if not hasattr(type(given), "local_derivatives"):
        raise refused(name, "a Value", given, VALUE_CURE)


def function(given: object, name: str, cure: str, *, optional: bool = False) -> None:
    """Something that can be called; or None if it is optional."""
    if (not callable(given) or isinstance(given, type)) and not (optional and given is None):
        raise refused(name, "a function or None" if optional else "a function", given, cure)


# -- Lists -------------------------------------------------------------------------------------------------------------


def is_list(given: object) -> bool:
    """Whether it is a list, a tuple, an array or the like: several things, in an order."""
    kind = type(given)
    if kind is float or kind is list or kind is tuple:  # the most frequent
        return kind is not float
    several = hasattr(kind, "__len__") and hasattr(kind, "__iter__")
    return several and not isinstance(given, NO_LISTS) and getattr(given, "shape", True) != ()


def listed(given: Any) -> list[Any]:
    """The things in a list; a single one becomes a list of one."""
    return list(given) if is_list(given) else [given]


def entries(given: object, name: str, wanted: str, cure: str, *, kind: type[Kind], least: int = 1) -> list[Kind]:
    """The entries of a list, a tuple or an array, all of a kind, and enough of them."""
    if not is_list(given):
        raise refused(name, wanted, given, cure)
    found: list[Kind] = list(given)  # type: ignore[call-overload]
    for entry in found:
        if not isinstance(entry, kind):
            raise refused(f"each entry of {name}", f"of type {kind.__name__}", entry, cure)
    if len(found) < least:
        raise refused(name, wanted, given, cure, ValueError)
    return found


# -- Rules -------------------------------------------------------------------------------------------------------------


def rule(
    name: object, forward: object, derivatives: object, notation: object, defined: object, hint: object, kink_at: object
) -> tuple[tuple[str, ...], int | None]:
    """What an operation is made of; gives the names of its inputs, and how many they are; None for any number."""
    instance(name, str, "an operation's name", "a text", "write it first, as in Operation('square', …)")
    instance(notation, Notation | None, "notation", "a Notation", "write Notation('the symbol'), or leave it out")
    instance(hint, str, "hint", "a text", "write it in quotes, or leave it out")
    function(forward, "forward", "write it as in lambda x: x * x")
    function(derivatives, "derivatives", "write it as in lambda out, x: (2 * x,)")
    function(defined, "defined", "write it as in lambda x: x > 0", optional=True)
    function(kink_at, "kink_at", "write it as in lambda x: x - 1", optional=True)
    code = getattr(derivatives, "__code__", None)  # `inspect`, which could read more, takes long to import
    if code is None or hasattr(derivatives, "__self__"):
        wanted = "a function whose inputs can be counted"
        raise refused("derivatives", wanted, derivatives, "wrap it, as in lambda out, x: (2 * x,)")
    optional = len(getattr(derivatives, "__defaults__", None) or ())
    names: tuple[str, ...] = code.co_varnames[1 : code.co_argcount - optional]
    several = bool(code.co_flags & CO_VARARGS)
    if not names and not several:
        raise refused("derivatives", "a function of the output, then the inputs", derivatives, "write lambda out, x: …")
    return names, None if several else len(names)
