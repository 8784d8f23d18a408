"""Copies and pickles: of graphs a million values deep, without recursion, and of operations by their name."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from tinygrad_sigmoid.graph import clock, next_index
from tinygrad_sigmoid.quoting import shown

KEPT = ("_data", "grad", "label", "constant", "operation", "local_derivatives", "moment", "inputs")  # in a copy
FIELDS = {*KEPT, "index", "mark"}
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


_writing = threading.local()


def pickled(value: Any) -> tuple[Any, ...]:
    """The `__reduce__` of a value, with all it was computed from and that is not yet written, inputs first.

    Left to themselves, pickle and `deepcopy` would go from a value into its inputs and from those into theirs, and run
    out of stack after a few hundred. What is written has our mark; who writes a value does so once, so one that comes
    for a value which has the mark already is another, and gets another mark.
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
    attributes, slots = value.__getstate__()
    added = {name: slots[name] for name in slots if name not in FIELDS}  # by a subclass, as are all attributes
    fields = [getattr(value, name) for name in KEPT]
    ancestors = sorted(unwritten[1:], key=attrgetter("index"))
    return _restored, (ancestors, type(value), *fields), (attributes, added) if attributes or added else None


def _restored(ancestors: list[Any], kind: type, *fields: Any) -> Any:
    """A value out of a pickle, or a copy. Its ancestors have been made before it, so their indices are smaller."""
    value: Any = object.__new__(kind)
    for name, field in zip(KEPT, fields, strict=True):
        setattr(value, name, field)
    value.mark = None
    value.index = next_index()
    value.moment -= LONG_AGO
    if value.inputs:  # it may be stale, so whoever passes back through it must look closely
        clock.last_write = next_index()
    return value
