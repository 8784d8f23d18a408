"""A recorded graph, and the order in which to walk it.

A graph is nothing but values that know their inputs. Each value also carries a number, given to it when it was
created; a value is always created after its inputs, so *sorted by number, inputs come before what is computed from
them*. That is all the topological sort there is. Nothing here recurses, so a graph may be a million values deep.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from operator import attrgetter
from typing import Any, Protocol, TypeVar


class Node(Protocol):
    """What a walk over a graph needs to know of a value."""

    @property
    def inputs(self) -> tuple[Any, ...]: ...
    @property
    def index(self) -> int: ...


AnyNode = TypeVar("AnyNode", bound=Node)

_creation = attrgetter("index")
next_index: Callable[[], int] = count().__next__


def topological_order(*outputs: AnyNode) -> list[AnyNode]:
    """The outputs and all they were computed from, each once, inputs before what is computed from them.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(3, "x")
    >>> y = x * x
    >>> topological_order(y) == [x, y]
    True
    """
    order = computed(*outputs)
    found = {*outputs, *order}.union(*[value.inputs for value in order])
    return sorted(found, key=_creation)


def computed(*outputs: AnyNode) -> list[AnyNode]:
    """The same without the leaves: only what has inputs. A network has far more weights than values computed."""
    found = {value for value in outputs if value.inputs}
    order = list(found)
    for value in order:  # which grows while it is walked
        for used in value.inputs:
            if used.inputs and used not in found:
                found.add(used)
                order.append(used)
    order.sort(key=_creation)
    return order


def leaves(*outputs: AnyNode) -> list[AnyNode]:
    """The values at the beginning of a graph, which were not computed from others, in the order of their creation."""
    return [value for value in topological_order(*outputs) if not value.inputs]


def uses(values: Iterable[AnyNode]) -> dict[AnyNode, list[AnyNode]]:
    """For each value, the values among `values` that were computed from it; twice for `a*a`, which uses a twice."""
    users: dict[AnyNode, list[AnyNode]] = {value: [] for value in values}
    for value in list(users):
        for used in value.inputs:
            users[used].append(value)
    return users


class Ancestors:
    """All that a value was computed from, as pickle should write it: one by one, inputs first.

    Left to itself, pickle would go from a value into its inputs and from those into theirs, and run out of stack
    after a few hundred. Written in this order, every value finds its inputs written already, so while one list is
    being written the values in it write no list of their own.
    """

    _writing = threading.local()

    def __init__(self, value: Node) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, ...]:
        if getattr(self._writing, "now", False):
            return tuple, ()
        return list, (), None, self._one_by_one()

    def _one_by_one(self) -> Iterator[Any]:
        self._writing.now = True
        try:
            yield from topological_order(self.value)[:-1]
        finally:
            self._writing.now = False
