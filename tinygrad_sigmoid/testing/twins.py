"""A graph once more, its numbers with many digits, its leaves as they are or moved: what its rules give there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_sigmoid.derivatives import backpropagated
from tinygrad_sigmoid.graph import leaves, next_index, topological_order
from tinygrad_sigmoid.testing.precise import Precise, bare, precisely
from tinygrad_sigmoid.value import Value


class Twin(Value):
    """A value whose number, and what is computed from it, has many digits: those now in force."""

    def __init__(self, value: Value, inputs: tuple[Value, ...], number: Any) -> None:
        self.label, self.operation, self.constant = value.label, value.operation, value.constant
        self.inputs, self._data = inputs, Precise(number)  # type: ignore[assignment]
        self.grad = self.mark = None
        self.index = self.moment = next_index()

    @property
    def local_derivatives(self) -> tuple[Any, ...]:  # type: ignore[override]
        if self.operation is None:
            return ()
        return tuple(precisely(self.operation.derivatives, self._data, *[used._data for used in self.inputs]))


def moving(output: Value) -> list[Value]:
    """The leaves that a graph has gradients with."""
    return [leaf for leaf in leaves(output) if not leaf.constant]


def twins(output: Value, moved: Mapping[Value, Any] = {}) -> dict[Value, Any]:
    """For each value of a graph, its twin; leaves that are moved have the numbers given."""
    found: dict[Value, Any] = {}
    for value in topological_order(output):
        inputs = tuple([found[used] for used in value.inputs])
        number = moved.get(value, value.data)
        if value.operation is not None:
            number = Precise.record(value.operation, [used._data for used in inputs])
        found[value] = Twin(value, inputs, number)
    return found


def result_of(output: Value, moved: Mapping[Value, Any] = {}) -> Any:
    """What a graph gives, with the digits now in force."""
    return twins(output, moved)[output]._data


def gradients_by_rules(output: Value, moved: Mapping[Value, Any] = {}) -> dict[Value, Any]:
    """∂output/∂value for all leaves of a graph and all that is computed from them, by the rules of its operations."""
    found = twins(output, moved)
    wrt = [found[leaf] for leaf in moving(output)]
    gradients = backpropagated(found[output], wrt, lambda twin: twin.local_derivatives)
    return {value: bare(gradients[twin]) for value, twin in found.items() if twin in gradients}
