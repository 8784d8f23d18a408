"""The neurons of a recorded graph, in columns from its inputs to its outputs.

A neuron is recognised by how it was computed, not by its label: the dot product of weights, which are leaves, and of
inputs; then its bias, if there is one; then its activation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tinygrad_sigmoid.checks import listed
from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.neuron import Layer, Network, Neuron
from tinygrad_sigmoid.operations import add, dot_product
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value

HINT = "leave out show, and it is drawn value by value"
Trainable = Neuron | Layer | Network
Users = Mapping[Value, Sequence[Value]]


@dataclass(eq=False, slots=True)
class Unit:
    """A neuron, or an input: what a neuron takes that no neuron has computed."""

    value: Value  # its output
    index: int  # of that value in the topological order
    column: int  # 0 for an input, and for a neuron one more than the last column that it takes anything from
    name: str
    product: Value | None = None  # of a neuron: its weights times its inputs, w·x
    product_index: int = 0
    bias: Value | None = None
    sources: list[Unit] = field(default_factory=list)  # what it takes, in the order of its weights

    @property
    def weights(self) -> tuple[Value, ...]:
        return self.product.inputs[: len(self.sources)] if self.product is not None else ()

    @property
    def parameters(self) -> tuple[Value, ...]:
        return self.weights if self.bias is None else (*self.weights, self.bias)


def blank(network: Trainable) -> list[Value]:
    """The outputs of a network that is shown nothing but zeros: its graph, whose numbers say nothing."""
    layer = network.layers[0] if isinstance(network, Network) else network
    neuron = layer.neurons[0] if isinstance(layer, Layer) else layer
    return listed(network([0.0] * len(neuron.weights)))


def columns(*outputs: Value) -> list[list[Unit]]:
    """The inputs, then the neurons that take only those, then those that take these too, and so on.

    A neuron that was recorded for several samples stands there once, with the numbers of the first.

    Raises:
        ValueError: There are no neurons, or something else is computed between them.
    """
    found = _Found(topological_order(*outputs))
    if not found.neurons:
        raise ValueError(f"there is no neuron in this graph, no dot(weights, inputs): {HINT}")
    return found.columns


def neurons(order: Sequence[Value]) -> list[Unit]:
    """Each neuron as often as it was recorded, whatever is computed between them; their columns count neurons only."""
    return list(_Found(order, every_time=True).neurons.values())


class _Found:
    """What is found on one walk through a graph, inputs first."""

    def __init__(self, order: Sequence[Value], *, every_time: bool = False) -> None:
        self.every_time = every_time
        self.index = {value: i for i, value in enumerate(order)}
        self.users = uses(order)
        self.products = {value for value in order if _multiplies_weights(value)}
        self.columns: list[list[Unit]] = [[]]
        self.units: dict[Value, Unit] = {}  # by their outputs
        self.neurons: dict[object, Unit] = {}  # by their columns, weights and biases, or each by its product
        self.times = Counter[str]()
        depth: dict[Value, int] = {}  # in how many neurons, one after the other, a value comes from
        for value in order:
            depth[value] = max([depth[used] for used in value.inputs], default=0) + (value in self.products)
            if value in self.products:
                self._add_neuron(value, depth)

    def _add_neuron(self, product: Value, depth: Mapping[Value, int]) -> None:
        weights, inputs = _halves(product)
        bias, output = _completed(product, self.users, self.products)
        key: object = product if self.every_time else (depth[product], weights, bias)
        if key not in self.neurons:
            sources = [self._source(used, depth[used]) for used in inputs]
            place = output.label.rpartition(".")[0] or output.label
            neuron = self.neurons[key] = self._added(output, depth[product], place, f"neuron {len(self.neurons) + 1}")
            neuron.product, neuron.product_index, neuron.bias = product, self.index[product], bias
            neuron.sources = sources
        self.units[output] = self.neurons[key]

    def _source(self, value: Value, depth: int) -> Unit:
        if value not in self.units:
            if depth and not self.every_time:
                raise ValueError(f"between its neurons this graph computes something else, {shown(value)}: {HINT}")
            self.units[value] = self._added(value, 0, value.label, f"x{len(self.columns[0]) + 1}")
        return self.units[value]

    def _added(self, value: Value, column: int, label: str, otherwise: str) -> Unit:
        """A new unit at the end of a column; the second one of a label is called `label#2`."""
        self.times[label] += 1
        name = f"{label}#{self.times[label]}" if self.times[label] > 1 else label
        unit = Unit(value, self.index[value], column, name if label else otherwise)
        self.columns += [[] for _ in range(len(self.columns), column + 1)]
        self.columns[column].append(unit)
        return unit


def _halves(product: Value) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    half = len(product.inputs) // 2
    return product.inputs[:half], product.inputs[half:]


def _multiplies_weights(value: Value) -> bool:
    return value.operation is dot_product and not any(used.inputs or used.constant for used in _halves(value)[0])


def _completed(product: Value, users: Users, products: Collection[Value]) -> tuple[Value | None, Value]:
    """The bias that is added to a product of weights and inputs, and what the neuron gives in the end."""
    z, bias = product, None
    for user in users[product]:
        if user.operation is add:  # any other user may be as wide as a layer
            others = [used for used in user.inputs if used is not product]
            if others and not others[0].inputs:
                z, bias = user, others[0]
    return bias, next((user for user in users[z] if _activates(user, z, users, products)), z)


def _activates(user: Value, z: Value, users: Users, products: Collection[Value]) -> bool:
    """Whether it is the activation of z, and not the beginning of a loss."""
    if len(user.inputs) > 1:
        return False
    if user.label and z.label and user.label.rpartition(".")[0] == z.label.rpartition(".")[0]:
        return True
    nothing_else = not z.label and not user.label and len(users[z]) == 1
    return nothing_else or any(after in products for after in users[user])
