"""Backpropagation as learners write it: once right, and in seven ways that are famous for being wrong.

Each algorithm is given the output of a graph and a `Ledger`, a dict of gradients that begin at 0; what is wrong with it
stands below its name. The first one is right; read it beside the others. `museum.compare` runs them on your own graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.value import Value


class Edge(NamedTuple):
    """An edge along which a gradient was passed back, from a value to one of its inputs."""

    value: Value
    used: Value
    upstream: float  # the gradient of `value` at that moment
    before: float  # the gradient of `used`, before its share was added and after
    after: float


class Ledger(dict[Value, float]):
    """Gradients, 0 where none was written, and the edges along which they were passed back.

    In `gradients[used] += gradients[value] * local` the last gradient to be read before one is written is that of the
    value at the upper end of the edge. So the edge is known, and an exhibit can look like a learner's code.
    """

    def __init__(self) -> None:
        self.edges: list[Edge] = []
        self._read: Value | None = None

    def __getitem__(self, value: Value) -> float:
        self._read = value
        return self.get(value, 0.0)

    def __setitem__(self, used: Value, gradient: float) -> None:
        if self._read is not None:
            upstream, before = self.get(self._read, 0.0), self.get(used, 0.0)
            self.edges.append(Edge(self._read, used, upstream, before, gradient))
        self._read = None
        super().__setitem__(used, gradient)


def edges(value: Value) -> Iterator[tuple[Value, float]]:
    """The inputs of a value, each with ∂value/∂input; constants are left out, because they have no gradient."""
    pairs = zip(value.inputs, value.local_derivatives, strict=True)
    return ((used, local) for used, local in pairs if not used.constant)


def topological(output: Value, gradients: Ledger) -> None:
    """A value passes its gradient back when all its uses have added to it."""
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[used] += gradients[value] * local


def naive_recursion(output: Value, gradients: Ledger) -> None:
    """Each visit passes back all that has been added up so far, the share of earlier visits once more: pass back once,
    in reversed topological order."""

    def visit(value: Value) -> None:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
            visit(used)

    gradients[output] = 1.0
    visit(output)


def depth_first(output: Value, gradients: Ledger) -> None:
    """The first visit passes back before the other uses have added their share, and there is no second: go in reversed
    topological order."""
    visited = set()

    def visit(value: Value) -> None:
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                visit(used)

    gradients[output] = 1.0
    visit(output)


def depth_first_stack(output: Value, gradients: Ledger) -> None:
    """The same with the branches taken the other way round, and another wrong answer: go in reversed topological
    order."""
    gradients[output] = 1.0
    stack, visited = [output], set()
    while stack:
        value = stack.pop()
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                stack.append(used)


def post_order(output: Value, gradients: Ledger) -> None:
    """The order is right for the forward pass, so the leaves come first and have nothing to pass back: reverse it."""
    order: list[Value] = []

    def visit(value: Value) -> None:
        if value not in order:
            for used, _ in edges(value):
                visit(used)
            order.append(value)

    visit(output)
    gradients[output] = 1.0
    for value in order:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local


def assignment(output: Value, gradients: Ledger) -> None:
    """A value that is used twice keeps only its last contribution: add the contributions up."""
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[used] = gradients[value] * local


def nothing_reset(output: Value, gradients: Ledger) -> None:
    """Values in between pass the gradient of the first pass back once more: only leaves may keep theirs."""
    topological(output, gradients)
    topological(output, gradients)


def only_leaves_reset(output: Value, gradients: Ledger) -> None:
    """Zeroing the leaves is not enough: the values in between still hold the gradient of the first pass."""
    topological(output, gradients)
    for leaf in leaves(output):
        gradients[leaf] = 0.0
    topological(output, gradients)


Pass = Callable[[Value, Ledger], None]


class Exhibit(NamedTuple):
    """An algorithm of the museum."""

    name: str
    run: Pass
    passes: int = 1  # how many backward passes it makes
    kept: int = 1  # how many of those the gradients of leaves should be the sum of

    @property
    def lesson(self) -> str:
        """What is wrong with it, and how to mend it."""
        return " ".join((self.run.__doc__ or "").split())


RIGHT = Exhibit("topological order, reversed", topological)
EXHIBITS = (
    Exhibit("naive recursion", naive_recursion),
    Exhibit("depth first, visited set", depth_first),
    Exhibit("depth first, stack", depth_first_stack),
    Exhibit("post-order, not reversed", post_order),
    Exhibit("= for +=", assignment),
    Exhibit("second pass, nothing reset", nothing_reset, passes=2, kept=2),
    Exhibit("second pass, leaves reset", only_leaves_reset, passes=2),
)
