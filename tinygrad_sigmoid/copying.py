"""Copies and pickles: of graphs a million values deep, without recursion, and of operations by their name."""

from __future__ import annotations

import copy
import importlib
import sys
import threading
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from tinygrad_sigmoid.graph import clock, next_index, topological_order
from tinygrad_sigmoid.quoting import shown

KEPT = ("_data", "grad", "label", "constant", "operation", "local_derivatives", "moment", "inputs")  # in a copy
FIELDS = {*KEPT, "index", "mark"}  # all others were added by a subclass
LONG_AGO = 2**62  # moments: copies keep the order of theirs, before all that happens once they are made


def by_name(operation: Any) -> tuple[Callable[[str, str], Any], tuple[str, str]]:
    """The `__reduce__` of an operation: the module and the variable in which it is found again."""
    module, name = operation.derivatives.__module__, operation.name
    if getattr(sys.modules.get(module), name, None) is not operation:
        raise TypeError(
            f"the operation {shown(name)} can't be pickled, because {module} has no variable of that name that holds "
            f"it: write `… = Operation({shown(name)}, …)` at the top level of a module, and its derivatives there, too"
        )
    return _variable, (module, name)


def _variable(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), name)


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """The `__deepcopy__` of a value: with it, all that it was computed from, as far as it is not copied yet."""
    inputs_are_copied = all(id(used) in memo for used in value.inputs)
    for original in [value] if inputs_are_copied else topological_order(value):
        if id(original) not in memo:
            kind, added, *fields, inputs = _state(original)
            memo[id(original)] = made = _made(kind, {}, *fields, tuple([memo[id(used)] for used in inputs]))
            for name, field in added.items():
                setattr(made, name, copy.deepcopy(field, memo))
    return memo[id(value)]


def _state(value: Any) -> tuple[Any, ...]:
    attributes, slots = value.__getstate__()
    added = {name: field for name, field in {**(attributes or {}), **slots}.items() if name not in FIELDS}
    return type(value), added, *[getattr(value, name) for name in KEPT]


def _made(kind: type, added: dict[str, Any], *fields: Any) -> Any:
    value: Any = object.__new__(kind)
    for name, field in (*zip(KEPT, fields, strict=True), *added.items()):
        setattr(value, name, field)
    value.mark = None
    value.index = next_index()
    value.moment -= LONG_AGO
    if value.inputs:  # it may be stale, so whoever passes back through it must look closely
        clock.last_write = next_index()
    return value


_writing = threading.local()


def pickled(value: Any) -> tuple[Any, ...]:
    """The `__reduce__` of a value, with all it was computed from and that is not yet written, inputs first.

    Left to itself, pickle would go from a value into its inputs and from those into theirs, and run out of stack after
    a few hundred. What is written has our mark; a pickler writes a value once, so one that comes for a value which has
    the mark already is another, and gets another mark.
    """
    if value.mark is getattr(_writing, "mark", value.mark):
        _writing.mark = object()
    value.mark = mark = _writing.mark
    unwritten, found = [value], {value}
    for ancestor in unwritten:  # which grows while it is walked
        for used in ancestor.inputs:
            if used.mark is not mark and used not in found:
                found.add(used)
                unwritten.append(used)
    return _restored, (sorted(unwritten[1:], key=attrgetter("index")), *_state(value))


def _restored(ancestors: list[Any], *state: Any) -> Any:
    """A value out of a pickle. Its ancestors have been restored before it, so their indices are smaller."""
    return _made(*state)
