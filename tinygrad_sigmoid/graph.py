"""A recorded graph, and the order in which to walk it.

A graph is nothing but values that know their inputs. Each value also carries an index, given to it when it was
created; a value is always created after its inputs, so *sorted by index, inputs come before what is computed from
them*. That is all the topological sort there is. Nothing here recurses, so a graph may be a million values deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count, islice
from operator import attrgetter, is_
from typing import Protocol, Self, TypeVar


class Node(Protocol):
    """What a walk over a graph needs to know of a value."""

    inputs: tuple[Self, ...]
    index: int
    mark: object


AnyNode = TypeVar("AnyNode", bound=Node)

_by_index = attrgetter("index")
next_index: Callable[[], int] = count(1).__next__


class clock:  # noqa: N801 (there is one)
    """The time, as counted by `next_index`."""

    last_write: float = 0  # the moment at which any leaf was last written; creating one doesn't count


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
    return sorted(found, key=_by_index)


def computed(*outputs: AnyNode) -> list[AnyNode]:
    """The computed values of a graph, inputs first, without the leaves: a network has far more weights."""
    mark = object()  # a fresh one for each walk: marks left by earlier walks, interrupted or not, don't count
    order = []
    for value in outputs:
        if value.inputs and value.mark is not mark:
            value.mark = mark
            order.append(value)
    for value in order:  # which grows while it is walked
        for used in value.inputs:
            if used.inputs and used.mark is not mark:
                used.mark = mark
                order.append(used)
    order.sort(key=_by_index)
    if any(map(is_, order, islice(order, 1, None))):  # another thread has walked here, over our marks
        order = list(dict.fromkeys(order))
    return order


def leaves(*outputs: AnyNode) -> list[AnyNode]:
    """The values at the beginning of a graph, which were not computed from others, in the order of their creation."""
    return [value for value in topological_order(*outputs) if not value.inputs]


def uses(values: Iterable[AnyNode]) -> dict[AnyNode, list[AnyNode]]:
    """For each of `values`, those of them that are computed from it; twice for `a*a`, which uses a twice."""
    users: dict[AnyNode, list[AnyNode]] = {value: [] for value in values}
    for value in list(users):
        for used in value.inputs:
            users.get(used, []).append(value)
    return users
