"""Neurons: w·x + b through an activation, alone, in layers and in networks; and the perceptron, which can't be tuned.

A neuron's weights and bias are Values, so calling it records a graph, and a backward pass tells how its output changes
with each of them. A perceptron is the same thing with `heaviside` for σ, which is flat: all those gradients are 0,
and that is why a perceptron can't be tuned by small changes.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from operator import methodcaller
from typing import Any, ClassVar, Self

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.files import printable_name, read_at_most, write_whole
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, dot_product, heaviside, sigmoid
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.tables import shortened, table
from tinygrad_sigmoid.value import Value, as_values

__tracebackhide__ = True  # pytest shows the line of the caller

LARGEST_FILE = 2**28  # bytes, for eight million weights: their Values alone take two thousand million bytes of memory
SAVED = "load a file that save has written"


class Tunable:
    """What a neuron, a layer and a network have in common: parameters, and a file to keep them in."""

    kinds: ClassVar[dict[str, type[Tunable]]] = {}  # its subclasses by name, those of your own among them

    def __init_subclass__(cls) -> None:
        Tunable.kinds[cls.__name__] = cls

    def parts(self) -> Mapping[str, Tunable]:
        """What it is made of, by the name of its place; nothing for a neuron."""
        return {}

    def named_parameters(self) -> dict[str, Value]:
        """The weights and biases by the name of their place, `"layer1.neuron3.w2"`."""
        return {
            f"{place}.{name}": parameter
            for place, part in self.parts().items()
            for name, parameter in part.named_parameters().items()
        }

    def parameters(self) -> list[Value]:
        """The weights and biases: each neuron's weights, then its bias, layer after layer; a shared one once."""
        return list(dict.fromkeys(self.named_parameters().values()))

    def zero_grad(self) -> None:
        """Forgets the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def label_values(self, place: str = "") -> None:
        """Labels its values as those of a place, which is `""` or ends with a dot: `label_values("layer1.")`."""
        _require_place(place)
        for name, part in self.parts().items():
            part.label_values(f"{place}{name}.")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it to `path` as JSON, whole or not at all: an older file stays until the new one is complete."""
        text = json.dumps(self, default=methodcaller("_as_data"), indent=1, allow_nan=False) + "\n"
        if len(text) > LARGEST_FILE:
            raise ValueError(f"it takes {len(text):,} bytes, more than load would read: save its layers one by one")
        write_whole(path, text)

    def _repr_html_(self) -> str:
        rows = [
            (name, f"{parameter.data:.4g}", "·" if parameter.grad is None else f"{parameter.grad:.4g}")
            for name, parameter in self.named_parameters().items()
        ]
        return table(shortened(rows), ("parameter", "data", "gradient"), caption=repr(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, activations: Collection[Operation] = ()) -> Self:
        """The one that was saved to `path`, with exactly the same numbers.

        Args:
            path: A file that `save` has written.
            activations: Operations of your own that it uses; the built-in ones are known.

        Raises:
            OSError: The file can't be read.
            ValueError: The file is damaged or holds something else; the message says what.
        """
        wanted = "a list of operations", "write for instance activations=[softsign]"
        own = checks.entries(activations, "activations", *wanted, kind=Operation, least=0)
        known = {**TABLE, **{operation.name: operation for operation in own}, "none": None}

        def part(fields: list[tuple[str, Any]]) -> Tunable:
            data = dict(fields)
            if len(data) < len(fields):
                raise ValueError("one of its fields stands there twice: keep one of the two")
            if (kind := data["kind"]) not in list(Tunable.kinds):
                raise ValueError(
                    f"it has a part of the kind {shown(kind)}, which is not known here: import its class first"
                )
            made = Tunable.kinds[kind]._from_data(data, known)
            if unknown := sorted(data.keys() - made._as_data().keys()):
                raise ValueError(f"a {kind} has no field {shown(unknown[0])}: leave it out")
            return made

        text = read_at_most(path, LARGEST_FILE)
        try:
            # More than 400 digits are too many for a float, however many more there are.
            loaded = json.loads(text.decode(), object_pairs_hook=part, parse_int=lambda digits: int(digits[:400]))
            kind = type(loaded).__name__
            if not isinstance(loaded, Tunable):
                raise ValueError(f"it holds a {kind} where save writes an object, {{…}}")
            if not isinstance(loaded, cls) or kind != cls.__name__:
                raise ValueError(f"it holds a {kind}: load it with {kind}.load")
            loaded.label_values()
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            said: dict[type[Exception], str] = {
                KeyError: f"{error} is missing",
                RecursionError: "it is nested too deeply",
                json.JSONDecodeError: f"it holds no JSON ({error}): {SAVED}",
                UnicodeDecodeError: f"it holds bytes that are no text: {SAVED}",
            }
            reason = said.get(type(error), error)
            raise ValueError(f"{printable_name(path)} is no saved {cls.__name__}: {reason}") from None
        return loaded

    def _as_data(self) -> dict[str, Any]:
        return {"kind": type(self).__name__, "parts": list(self.parts().values())}

    @classmethod
    def _from_data(cls, data: dict[str, Any], activations: dict[str, Operation | None]) -> Tunable:
        raise ValueError(f"it has a part whose class can't be loaded: give {cls.__name__} a method _from_data")


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
    """

    def __init__(self, weights: Sequence[Any], bias: Any, activation: Operation | None = sigmoid) -> None:
        wanted, cure = "a list of at least one weight", "give one for each input"
        given = checks.entries(weights, "weights", wanted, cure, kind=object)
        self.weights = [_parameter(weight, f"w{i}") for i, weight in enumerate(given, 1)]
        self.bias = _parameter(bias, "b")
        self.activation = _activation(activation)
        self._label_z, self._label_a = "z", "a"

    @classmethod
    def random(cls, inputs: int, *, seed: int | random.Random | None = None, **options: Any) -> Self:
        """A neuron whose weights and bias are drawn from the normal distribution of mean 0 and deviation 1.

        Whatever else the class takes may be given too, as in `Neuron.random(2, activation=tanh)`.
        """
        inputs = checks.whole(inputs, "inputs", "say how many there are, a whole number above 0", least=1)
        generator = _generator(seed)
        bias, *weights = [generator.gauss(0, 1) for _ in range(1 + inputs)]
        return cls(weights, bias, **options)

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The output for these inputs, numbers or Values, as a Value that remembers its graph."""
        weights = self.weights
        if not checks.is_list(inputs) or len(inputs) != len(weights):
            raise self._mismatched(inputs)
        z = Value.record(dot_product, (*weights, *inputs)) + self.bias
        z.label = self._label_z
        if self.activation is None:
            return z
        output = Value.record(self.activation, (z,))
        output.label = self._label_a
        return output

    def predict(self, inputs: Sequence[float]) -> float:
        """The output for these numbers as a plain number; nothing is recorded."""
        if not checks.is_list(inputs) or len(inputs) != len(self.weights):
            raise self._mismatched(inputs)
        z: float = dot_product(*[weight._data for weight in self.weights], *inputs) + self.bias.data
        if type(z) is not float:  # there was a Value among them
            raise TypeError(f"predict takes plain numbers, but got {shown(inputs)}: call the neuron itself on Values")
        return z if self.activation is None else self.activation(z)

    def _mismatched(self, inputs: Sequence[Any]) -> Exception:
        if not checks.is_list(inputs):
            return checks.refused("inputs", "a list of numbers or Values", inputs, "write it as neuron([x1, x2])")
        weights, count = len(self.weights), len(inputs)
        return ValueError(
            f"this neuron has {weights} weight{'s' * (weights != 1)} but got {count} input{'s' * (count != 1)}: "
            f"give one for each weight"
        )

    def named_parameters(self) -> dict[str, Value]:
        names = [f"w{i}" for i in range(1, len(self.weights) + 1)]
        return dict(zip([*names, "b"], [*self.weights, self.bias], strict=True))

    def label_values(self, place: str = "") -> None:
        _require_place(place)
        for name, parameter in self.named_parameters().items():
            parameter.label = f"{place}{name}"
        self._label_z, self._label_a = f"{place}z", f"{place}a"

    def _as_data(self) -> dict[str, Any]:
        activation = "none" if self.activation is None else self.activation.name
        weights = [weight.data for weight in self.weights]
        kind = type(self).__name__
        return {"kind": kind, "weights": weights, "bias": self.bias.data, "activation": activation}

    @classmethod
    def _from_data(cls, data: dict[str, Any], activations: dict[str, Operation | None]) -> Neuron:
        given = checks.entries(data["weights"], "weights", "a list of at least one weight", SAVED, kind=object)
        *weights, bias = [_saved_number(number) for number in [*given, data["bias"]]]
        if (name := data["activation"]) not in list(activations):  # anything at all, which need not have a hash
            raise ValueError(f"its activation {shown(name)} is unknown here: pass it as activations=[…]")
        neuron = cls.__new__(cls)  # whatever its own constructor takes
        Neuron.__init__(neuron, weights, bias, activations[name])
        return neuron

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

    def __init__(self, weights: Sequence[Any], bias: Any) -> None:
        super().__init__(weights, bias, heaviside)


class Layer(Tunable):
    """Neurons side by side, all with the same inputs.

    >>> layer = Layer([Neuron([1, 1], -1.5), Neuron([1, 1], -0.5)])
    >>> [f"{output:.3f}" for output in layer([1, 0])]
    ['0.378', '0.622']
    """

    def __init__(self, neurons: Sequence[Neuron]) -> None:
        wanted, cure = "a list of at least one neuron", "pass a list of them, all with as many weights"
        self.neurons = checks.entries(neurons, "neurons", wanted, cure, kind=Neuron)
        sizes = sorted({len(neuron.weights) for neuron in self.neurons})
        if len(sizes) > 1:
            raise ValueError(f"the neurons of a layer all take the same inputs, but these have {sizes} weights: {cure}")

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs for these inputs, numbers or Values."""
        shared = as_values(inputs) if checks.is_list(inputs) else inputs  # which no neuron takes
        return [neuron(shared) for neuron in self.neurons]

    def predict(self, inputs: Sequence[float]) -> list[float]:
        """The outputs as plain numbers; nothing is recorded."""
        return [neuron.predict(inputs) for neuron in self.neurons]

    def parts(self) -> dict[str, Neuron]:
        return {f"neuron{i}": neuron for i, neuron in enumerate(self.neurons, 1)}

    @classmethod
    def _from_data(cls, data: dict[str, Any], activations: dict[str, Operation | None]) -> Layer:
        return cls(data["parts"])

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
        if not checks.is_list(sizes) or len(sizes) < 2 or not all(checks.is_whole(s) and s > 0 for s in sizes):
            raise ValueError(
                f"a network needs its number of inputs and at least one layer, all above 0, but got {shown(sizes)}: "
                f"write whole numbers, for instance Network([64, 30, 10])"
            )
        generator = _generator(seed)
        activations = [_activation(activation)] * (len(sizes) - 2) + [output_activation]
        self.layers = [
            Layer([Neuron.random(inputs, seed=generator, activation=chosen) for _ in range(neurons)])
            for (inputs, neurons), chosen in zip(pairwise(sizes), activations, strict=True)
        ]
        self.label_values()

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Self:
        """The network of these layers."""
        layers = checks.entries(layers, "layers", "a list of at least one layer", "pass a list of them", kind=Layer)
        for before, after in pairwise(layers):
            if len(before.neurons) != len(after.neurons[0].weights):
                raise ValueError(
                    f"a layer of {len(before.neurons)} neurons can't feed neurons with {len(after.neurons[0].weights)} "
                    f"weights: give as many weights as there are neurons before"
                )
        network = cls.__new__(cls)
        network.layers = layers
        return network

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs for these inputs, numbers or Values."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = layer(outputs)
        return list(outputs)

    def predict(self, inputs: Sequence[float]) -> list[float]:
        """The outputs as plain numbers; nothing is recorded."""
        outputs: Any = inputs
        for layer in self.layers:
            outputs = layer.predict(outputs)
        return list(outputs)

    def parts(self) -> dict[str, Layer]:
        return {f"layer{i}": layer for i, layer in enumerate(self.layers, 1)}

    @classmethod
    def _from_data(cls, data: dict[str, Any], activations: dict[str, Operation | None]) -> Network:
        return cls.of(data["parts"])

    def __repr__(self) -> str:
        return f"Network({[len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]})"


def _generator(seed: int | random.Random | None) -> random.Random:
    if isinstance(seed, random.Random):
        return seed
    return random.Random(checks.seed(seed))


def _activation(given: Operation | None) -> Operation | None:
    takes_one = isinstance(given, Operation) and given.arity in (1, None) and given is not dot_product
    if given is not None and not takes_one:
        raise checks.refused("activation", "an operation on one input, or None", given, "write for instance tanh")
    return given


def _require_place(place: str) -> None:
    checks.instance(place, str, "place", "a text", "write it as in label_values('layer1.')")


def _parameter(given: Any, label: str) -> Value:
    if isinstance(given, Value) and given.inputs:
        raise ValueError(f"{shown(given)} is computed from other values, so it is no weight or bias: give it a leaf")
    return given if isinstance(given, Value) else Value(given, label)


def _saved_number(given: object) -> float:
    if isinstance(given, bool):
        raise checks.refused("each weight and bias", "a finite number", given, SAVED)
    return checks.number(given, "each weight and bias", SAVED)
