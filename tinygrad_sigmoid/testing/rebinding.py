"""Functions that call something else than they name: `math.exp` of many digits, where they say `math.exp`.

A function looks up what it names when it runs: in its closure, in the globals of its module, among the built-ins. Its
copy looks it up in other ones, where each object to be replaced is, and so do the copies of all Python functions,
classes and objects that it reaches in this way. The originals are not touched.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import CellType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

# Whose functions end in compiled code, so that to copy them leads nowhere; ours take numbers of many digits anyway.
LIBRARIES = {*sys.stdlib_module_names, "hypothesis", "mpmath", "numpy", "scipy", "torch"} - {"__main__"}

# What holds other things: which these are, and how it is made anew of others.
WRAPPERS: dict[type, tuple[Callable[[Any], tuple[Any, ...]], Callable[..., Any]]] = {
    MethodType: (lambda method: (method.__func__, method.__self__), lambda _, *parts: MethodType(*parts)),
    partial: (lambda given: (given.func,), lambda given, function: partial(function, *given.args, **given.keywords)),
    staticmethod: (lambda method: (method.__func__,), lambda _, function: staticmethod(function)),
    classmethod: (lambda method: (method.__func__,), lambda _, function: classmethod(function)),
    property: (
        lambda own: (own.fget, own.fset, own.fdel),
        lambda own, get, put, drop: property(get, put, drop, own.__doc__),
    ),
}


class Rebinder:
    """Copies functions, classes and objects with some things replaced, each as it is when it is first asked for.

    >>> import math
    >>> def half(x):
    ...     return math.floor(x / 2)
    >>> Rebinder([(math, Rebinder.module(math, {"floor": math.ceil}))])(half)(5)
    3
    """

    def __init__(self, replacements: Iterable[tuple[object, object]]) -> None:
        self._found = {id(original): (original, replacement) for original, replacement in replacements}

    @staticmethod
    def module(original: Any, replaced: dict[str, object]) -> Any:
        """A stand-in for a module, with some of its names replaced."""

        class Module:
            def __getattr__(self, name: str) -> Any:
                return replaced[name] if name in replaced else getattr(original, name)

        return Module()

    def __call__(self, thing: Any) -> Any:
        """The replacement of an object; the copy of one that reaches such an object; any other as it is."""
        if id(thing) not in self._found:
            copy = self._copied(thing) if self._reaches(thing) else thing
            self._found[id(thing)] = thing, copy
        return self._found[id(thing)][1]

    def _reaches(self, thing: Any) -> bool:
        walk, seen = [thing], {id(thing)}
        for one in walk:  # which grows while it is walked
            original, copy = self._found.get(id(one), (one, one))
            if copy is not original:
                return True
            for named in _named(one):
                if id(named) not in seen:
                    seen.add(id(named))
                    walk.append(named)
        return False

    def _copied(self, thing: Any) -> Any:
        for kind, (parts, made) in WRAPPERS.items():
            if isinstance(thing, kind):
                return made(thing, *map(self, parts(thing)))
        if isinstance(thing, FunctionType):
            return self._function(thing)
        if isinstance(thing, type):
            return self._class(thing)
        copy = object.__new__(self(type(thing)))
        copy.__dict__ = thing.__dict__  # shared: what the copy remembers, the original does
        return copy

    def _function(self, function: FunctionType) -> FunctionType:
        cells = tuple([CellType() for _ in function.__closure__ or ()])
        namespace = dict(function.__globals__)
        copy = FunctionType(function.__code__, namespace, function.__name__, function.__defaults__, cells)
        self._found[id(function)] = function, copy  # before what it names, which may name it in its turn
        copy.__kwdefaults__, copy.__dict__ = function.__kwdefaults__, function.__dict__
        copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
        for cell, original in zip(cells, function.__closure__ or (), strict=True):
            for contents in _contents(original):
                cell.cell_contents = self(contents)
        copy.__defaults__ = function.__defaults__ and tuple(map(self, function.__defaults__))
        for name in _names(function.__code__):
            # Not in the namespace: a name that stands twice would lead to the copy, and to a copy of that.
            found = function.__globals__.get(name, getattr(builtins, name, None))
            if self(found) is not found:
                namespace[name] = self(found)
        return copy

    def _class(self, original: type) -> type:
        members = {
            name: member
            for name, member in vars(original).items()
            if not isinstance(member, GetSetDescriptorType | MemberDescriptorType)  # __dict__ and slots: made anew
        }
        copy = type(original)(original.__name__, tuple(map(self, original.__bases__)), members)
        self._found[id(original)] = original, copy
        for name, member in members.items():
            if self(member) is not member:
                setattr(copy, name, self(member))
        return copy


def _named(thing: Any) -> Iterator[Any]:
    """What a thing names or consists of, so that it does something else if that is replaced."""
    for kind, (parts, _) in WRAPPERS.items():
        if isinstance(thing, kind):
            yield from parts(thing)
            return
    if isinstance(thing, FunctionType):
        if _is_ones_own(thing):
            yield from thing.__defaults__ or ()
            for cell in thing.__closure__ or ():
                yield from _contents(cell)
            for name in _names(thing.__code__):
                yield thing.__globals__.get(name, getattr(builtins, name, None))
    elif isinstance(thing, type):
        if type(thing) is type and _is_ones_own(thing) and not thing.__module__.startswith("tinygrad_sigmoid"):
            yield from (*vars(thing).values(), *thing.__bases__)
    elif not isinstance(thing, ModuleType) and hasattr(thing, "__dict__"):
        yield type(thing)


def _contents(cell: CellType) -> list[Any]:
    """What is in a variable of a closure, if anything is there yet."""
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def _is_ones_own(thing: Any) -> bool:
    return (thing.__module__ or "").partition(".")[0] not in LIBRARIES


def _names(code: CodeType) -> Iterator[str]:
    """What a function and those defined in it name."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
