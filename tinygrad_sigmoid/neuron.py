"""Neurons: w·x + b through an activation, alone, in layers and in networks; and the perceptron, which can't be tuned.

A neuron's weights and bias are Values, so calling it records a graph, and a backward pass tells how its output changes
with each of them. A perceptron is the same thing with `heaviside` for σ, which is flat: all those gradients are 0,
and that is why a perceptron can't be tuned by small changes.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from tinygrad_sigmoid.files import write_whole
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, dot_product, heaviside, sigmoid
from tinygrad_sigmoid.value import Value, as_values

__tracebackhide__ = True  # pytest shows the line of the caller


class Tunable:
    """What a neuron, a layer and a network have in common: parameters, and a file to keep them in."""

    def named_parameters(self) -> dict[str, Value]:
        """The weights and biases by the name of their place, `"layer1.neuron3.w2"`."""
        raise NotImplementedError

    def parameters(self) -> list[Value]:
        """The weights and biases: each neuron's weights, then its bias, layer after layer; a shared one once."""
        return list(dict.fromkeys(self.named_parameters().values()))

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def as_data(self) -> dict[str, Any]:
        """Everything that makes it up, as plain data for JSON."""
        raise NotImplementedError

    @classmethod
    def from_data(cls, data: Any, activations: dict[str, Operation | None]) -> Self:
        """The opposite of `as_data`."""
        raise NotImplementedError

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to `path` as JSON, whole or not at all: an older file stays until the new one is complete."""
        text = json.dumps({"kind": type(self).__name__, **self.as_data()}, indent=1, allow_nan=False)
        write_whole(path, text + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, activations: Iterable[Operation] = ()) -> Self:
        """The one that was saved to `path`, with exactly the same numbers.

        Args:
            path: A file that `save` has written.
            activations: Operations of your own that it uses; the built-in ones are known.

        Raises:
            ValueError: The file is damaged or holds something else; the message says what.
        """
        known = {**TABLE, **{operation.name: operation for operation in activations}, "none": None}
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            if not isinstance(data, dict):
                raise ValueError(f"it holds a {type(data).__name__} where save writes an object, {{…}}")
            kind = data["kind"]
            if kind != cls.__name__:
                raise ValueError(f"it holds a {kind}: load it with {kind}.load")
            return cls.from_data(data, known)
        except KeyError as error:
            raise ValueError(f"{os.fspath(path)} is no saved {cls.__name__}: {error.args[0]!r} is missing") from None
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"{os.fspath(path)} is no saved {cls.__name__}: {error}") from None


class Neuron(Tunable):
    """A neuron: `activation(w·x + b)`.

    >>> nand = Neuron([-2, -2], 3)
    >>> output = nand([1, 1])
    >>> f"{output:.6f}"
    '0.268941'
    >>> output.backward()
    >>> [f"{parameter.grad:.6f}" for parameter in nand.parameters()]
    ['0.196612', '0.196612', '0.196612']

    Args:
        weights: One number or Value for each input.
        bias: A number or a Value.
        activation: What the weighted input w·x + b goes through; `None` leaves it as it is.
        place: Where the neuron stands, `"layer1.neuron3"`: the beginning of its values' labels.
    """

    def __init__(
        self,
        weights: Sequence[Any],
        bias: Any,
        activation: Operation | None = sigmoid,
        place: str = "",
    ) -> None:
        if len(weights) == 0:
            raise ValueError("a neuron needs at least one weight: give one for each input")
        prefix = f"{place}." if place else ""
        self.weights = [_parameter(weight, f"{prefix}w{i}") for i, weight in enumerate(weights, 1)]
        self.bias = _parameter(bias, f"{prefix}b")
        self.activation = activation
        self._label_z, self._label_a = f"{prefix}z", f"{prefix}a"

    @classmethod
    def random(
        cls,
        inputs: int,
        *,
        seed: int | random.Random | None = None,
        activation: Operation | None = sigmoid,
        place: str = "",
    ) -> Self:
        """A neuron whose weights and bias are drawn from the normal distribution of mean 0 and deviation 1."""
        generator = seed if isinstance(seed, random.Random) else random.Random(seed)
        if inputs < 1:
            raise ValueError(f"a neuron needs at least one input, but got {inputs}: give a whole number above 0")
        bias, *weights = [generator.gauss(0, 1) for _ in range(1 + inputs)]
        return cls._of(weights, bias, activation, place)

    @classmethod
    def _of(cls, weights: Sequence[Any], bias: Any, activation: Operation | None, place: str) -> Self:
        """One of this class, whatever its own constructor takes."""
        neuron = cls.__new__(cls)
        Neuron.__init__(neuron, weights, bias, activation, place)
        return neuron

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The output for these inputs, numbers or Values, as a Value that remembers its graph."""
        self._require_one_for_each_weight(inputs)
        z = Value.record(dot_product, (*self.weights, *inputs)) + self.bias
        z.label = self._label_z
        if self.activation is None:
            return z
        output = Value.record(self.activation, (z,))
        output.label = self._label_a
        return output

    def predict(self, inputs: Sequence[float]) -> float:
        """The output for these numbers as a plain number; nothing is recorded."""
        self._require_one_for_each_weight(inputs)
        z: float = dot_product(*[weight.data for weight in self.weights], *inputs) + self.bias.data
        return z if self.activation is None else self.activation(z)

    def _require_one_for_each_weight(self, inputs: Sequence[Any]) -> None:
        if not hasattr(inputs, "__len__"):
            raise TypeError(f"a neuron takes a list of inputs, but got {inputs!r}: write it as neuron([x1, x2])")
        weights, count = len(self.weights), len(inputs)
        if count != weights:
            raise ValueError(
                f"this neuron has {weights} weight{'s' * (weights != 1)} but got {count} input{'s' * (count != 1)}: "
                f"give one for each weight"
            )

    def named_parameters(self) -> dict[str, Value]:
        names = [f"w{i}" for i in range(1, len(self.weights) + 1)]
        return dict(zip([*names, "b"], [*self.weights, self.bias], strict=True))

    def as_data(self) -> dict[str, Any]:
        activation = "none" if self.activation is None else self.activation.name
        return {"weights": [w.data for w in self.weights], "bias": self.bias.data, "activation": activation}

    @classmethod
    def from_data(cls, data: Any, activations: dict[str, Operation | None], place: str = "") -> Self:
        if data["activation"] not in activations:
            raise ValueError(f"its activation {data['activation']!r} is unknown here: pass it as activations=[…]")
        return cls._of(data["weights"], data["bias"], activations[data["activation"]], place)

    def __repr__(self) -> str:
        activation = f", {self.activation.name}" if type(self) is Neuron and self.activation else ""
        weights = ", ".join(f"{weight.data:.4g}" for weight in self.weights[:4])
        more = f", … {len(self.weights) - 4} more" if len(self.weights) > 4 else ""
        return f"{type(self).__name__}([{weights}{more}], {self.bias.data:.4g}{activation})"


class Perceptron(Neuron):
    """A perceptron: 1 if w·x + b > 0, else 0.

    >>> nand = Perceptron([-2, -2], 3)
    >>> [nand([x1, x2]).data for x1 in (0, 1) for x2 in (0, 1)]
    [1.0, 1.0, 1.0, 0.0]

    At exactly 0 the output is 0.
    """

    def __init__(self, weights: Sequence[Any], bias: Any, place: str = "") -> None:
        super().__init__(weights, bias, heaviside, place)

    @classmethod
    def random(  # type: ignore[override]  # a perceptron's activation is not chosen
        cls, inputs: int, *, seed: int | random.Random | None = None, place: str = ""
    ) -> Self:
        """A perceptron whose weights and bias are drawn from the normal distribution of mean 0 and deviation 1."""
        return super().random(inputs, seed=seed, activation=heaviside, place=place)


class Layer(Tunable):
    """Neurons side by side, all with the same inputs.

    >>> layer = Layer([Neuron([1, 1], -1.5), Neuron([1, 1], -0.5)])
    >>> [f"{output:.3f}" for output in layer([1, 0])]
    ['0.378', '0.622']
    """

    def __init__(self, neurons: Sequence[Neuron]) -> None:
        if not neurons:
            raise ValueError("a layer needs at least one neuron: pass a list of them")
        sizes = {len(neuron.weights) for neuron in neurons}
        if len(sizes) > 1:
            raise ValueError(f"the neurons of a layer all take the same inputs, but these have {sorted(sizes)} weights")
        self.neurons = list(neurons)

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs for these inputs, numbers or Values."""
        shared = as_values(inputs)
        return [neuron(shared) for neuron in self.neurons]

    def predict(self, inputs: Sequence[float]) -> list[float]:
        """The outputs as plain numbers; nothing is recorded."""
        return [neuron.predict(inputs) for neuron in self.neurons]

    def named_parameters(self) -> dict[str, Value]:
        return _named("neuron", self.neurons)

    def as_data(self) -> dict[str, Any]:
        return {"neurons": [{"kind": type(neuron).__name__, **neuron.as_data()} for neuron in self.neurons]}

    @classmethod
    def from_data(cls, data: Any, activations: dict[str, Operation | None], place: str = "") -> Self:
        prefix = f"{place}." if place else ""
        return cls(
            [
                _kind(neuron["kind"]).from_data(neuron, activations, f"{prefix}neuron{i}")
                for i, neuron in enumerate(data["neurons"], 1)
            ]
        )

    def __repr__(self) -> str:
        return f"Layer({len(self.neurons)} × {self.neurons[0]!r})"


class Network(Tunable):
    """Layers, one after the other: each takes the outputs of the one before.

    >>> network = Network([2, 3, 1], seed=1)
    >>> network
    Network([2, 3, 1])
    >>> [output] = network([0.5, 0.8])
    >>> f"{output:.4f}"
    '0.6038'
    >>> len(network.parameters())
    13

    Weights and biases are drawn from the normal distribution of mean 0 and deviation 1, as in Nielsen's `network.py`.

    Args:
        sizes: The number of inputs, then the number of neurons in each layer.
        seed: The same seed gives the same network.
        activation: That of all layers but the last.
        output_activation: That of the last layer; `None` leaves its weighted inputs as they are.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        seed: int | None = None,
        activation: Operation | None = sigmoid,
        output_activation: Operation | None = sigmoid,
    ) -> None:
        if not isinstance(sizes, Sequence) or len(sizes) < 2 or not all(type(s) is int and s > 0 for s in sizes):
            raise ValueError(
                f"a network needs its number of inputs and at least one layer, all above 0, but got {sizes!r}: "
                f"write whole numbers, for instance Network([64, 30, 10])"
            )
        generator = random.Random(seed)
        self.layers = []
        for number, (inputs, outputs) in enumerate(pairwise(sizes), 1):
            chosen = output_activation if number == len(sizes) - 1 else activation
            places = [f"layer{number}.neuron{i}" for i in range(1, outputs + 1)]
            neurons = [Neuron.random(inputs, seed=generator, activation=chosen, place=place) for place in places]
            self.layers.append(Layer(neurons))

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self:
        """The network of these layers."""
        for before, after in pairwise(layers):
            if len(before.neurons) != len(after.neurons[0].weights):
                raise ValueError(
                    f"a layer of {len(before.neurons)} neurons can't feed neurons with {len(after.neurons[0].weights)} "
                    f"weights: give as many weights as there are neurons before"
                )
        if not layers:
            raise ValueError("a network needs at least one layer: pass a list of them")
        network = cls.__new__(cls)
        network.layers = list(layers)
        return network

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs for these inputs, numbers or Values."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        return list(outputs)

    def predict(self, inputs: Sequence[float]) -> list[float]:
        """The outputs as plain numbers; nothing is recorded."""
        outputs = list(inputs)
        for layer in self.layers:
            outputs = layer.predict(outputs)
        return outputs

    def named_parameters(self) -> dict[str, Value]:
        return _named("layer", self.layers)

    def as_data(self) -> dict[str, Any]:
        return {"layers": [layer.as_data() for layer in self.layers]}

    @classmethod
    def from_data(cls, data: Any, activations: dict[str, Operation | None]) -> Self:
        return cls.of([Layer.from_data(layer, activations, f"layer{i}") for i, layer in enumerate(data["layers"], 1)])

    def __repr__(self) -> str:
        return f"Network({[len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]})"


def _parameter(given: Any, label: str) -> Value:
    if isinstance(given, Value) and given.inputs:
        raise ValueError(f"{given!r} can't be a weight or bias: it is computed from other values, so give it a leaf")
    return given if isinstance(given, Value) else Value(given, label)


def _kind(name: str) -> type[Neuron]:
    """The class of neurons of this name, which may be one of your own."""
    kinds = [Neuron]
    for kind in kinds:  # which grows while it is walked
        kinds += kind.__subclasses__()
    for kind in reversed(kinds):  # of two with one name, that which was defined last
        if kind.__name__ == name:
            return kind
    raise ValueError(f"it has a neuron of the kind {name!r}, which is not known here: import its class first")


def _named(part: str, members: Sequence[Tunable]) -> dict[str, Value]:
    return {
        f"{part}{i}.{name}": parameter
        for i, member in enumerate(members, 1)
        for name, parameter in member.named_parameters().items()
    }
