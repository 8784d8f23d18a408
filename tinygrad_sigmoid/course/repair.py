"""One misread digit, repaired twice: with nudges of perceptrons, and with a gradient through σ.

This is the story that the chapter begins with. Both networks have the same weights and biases. The perceptrons' outputs
are flat, so no gradient says which way to nudge them: all one can do is try. Nothing happens, nothing happens, and then
outputs flip, those of other digits too. The gradient of the sigmoid neurons says for every weight which way and how
far, and the output follows as predicted, little by little.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygrad_sigmoid.course.digits import Digit
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Layer, Network, Perceptron
from tinygrad_sigmoid.value import Value


@dataclass(frozen=True)
class Repair:
    """How things stand after some nudges of a network that misreads a digit.

    Attributes:
        nudges: How many nudges were tried so far.
        outputs: The network's ten outputs for the digit.
        reads: What it is read as; `None` if no single output is the largest.
        right: How many of the other digits are read right.
        predicted: The change that the gradient predicted for the output in the digit's place; for perceptrons 0.
        actual: The change that it made.
    """

    nudges: int
    outputs: list[float]
    reads: int | None
    right: int
    predicted: float
    actual: float


def reading(outputs: Sequence[float]) -> int | None:
    """The digit whose output is the largest; `None` if there are several such, as when two perceptrons fire, or none.

    >>> reading([0.1, 0.7, 0.2]), reading([0.0, 1.0, 1.0]), reading([0.0, 0.0, 0.0])
    (1, None, None)
    """
    largest = max(outputs)
    return outputs.index(largest) if outputs.count(largest) == 1 else None


def read_right(network: Network, digits: Sequence[Digit]) -> int:
    """How many of these digits the network reads right."""
    return sum(reading(network.predict(digit.inputs)) == digit.digit for digit in digits)


def as_perceptrons(network: Network) -> Network:
    """A network of perceptrons with the same weights and biases.

    >>> network = Network([2, 3, 1], seed=0)
    >>> as_perceptrons(network).predict([0.2, 0.4])
    [1.0]
    """
    return Network.of(
        [
            Layer([Perceptron([w.data for w in neuron.weights], neuron.bias.data) for neuron in layer.neurons])
            for layer in network.layers
        ]
    )


def misread(networks: Sequence[Network], digits: Sequence[Digit], digit: int) -> list[Digit]:
    """Those of the digits that are a certain digit, a 1 for instance, and that every one of the networks misreads."""
    return [
        candidate
        for candidate in digits
        if candidate.digit == digit and all(reading(network.predict(candidate.inputs)) != digit for network in networks)
    ]


def nudged_until_right(
    perceptrons: Network, digit: Digit, others: Sequence[Digit], *, size: float = 0.1, tries: int = 100, seed: int = 0
) -> Iterator[Repair]:
    """Nudges perceptrons blindly until they read the digit right: how things stand before, and after each kept nudge.

    A nudge adds a little to every weight and bias, drawn from the normal distribution. It is kept unless more of the
    digit's ten outputs are wrong than before, and taken back otherwise. The perceptrons are changed in place.

    Args:
        size: The standard deviation of the changes.
        tries: After so many nudges, it is given up.
        seed: The same seed gives the same nudges.
    """
    generator = random.Random(seed)
    parameters = perceptrons.parameters()
    outputs = perceptrons.predict(digit.inputs)
    yield Repair(0, outputs, reading(outputs), read_right(perceptrons, others), 0.0, 0.0)
    for nudges in range(1, tries + 1):
        if reading(outputs) == digit.digit:
            return
        before = [parameter.data for parameter in parameters]
        for parameter in parameters:
            parameter.data += generator.gauss(0, size)
        nudged = perceptrons.predict(digit.inputs)
        if _wrong(nudged, digit) > _wrong(outputs, digit):
            for parameter, number in zip(parameters, before, strict=True):
                parameter.data = number
            continue
        actual = nudged[digit.digit] - outputs[digit.digit]
        outputs = nudged
        yield Repair(nudges, outputs, reading(outputs), read_right(perceptrons, others), 0.0, actual)


def tuned_until_right(
    network: Network, digit: Digit, others: Sequence[Digit], *, rate: float = 0.02, tries: int = 1000
) -> Iterator[Repair]:
    """Tunes sigmoid neurons until they read the digit right: how things stand before, and after each nudge.

    A nudge changes every weight and bias by −rate · ∂loss/∂v, the loss being that of the digit alone. The network is
    changed in place.

    Args:
        rate: The learning rate η.
        tries: After so many nudges, it is given up.
    """
    descent = GradientDescent(network.parameters(), rate)
    outputs = network.predict(digit.inputs)
    yield Repair(0, outputs, reading(outputs), read_right(network, others), 0.0, 0.0)
    for nudges in range(1, tries + 1):
        if reading(outputs) == digit.digit:
            return
        recorded = network(digit.inputs)
        slopes = _gradient(network, recorded[digit.digit])
        downhill = _gradient(network, squared_error(recorded, digit.targets))
        descent.step()
        predicted = sum(-rate * slope * gradient for slope, gradient in zip(slopes, downhill, strict=True))
        before, outputs = outputs[digit.digit], network.predict(digit.inputs)
        actual = outputs[digit.digit] - before
        yield Repair(nudges, outputs, reading(outputs), read_right(network, others), predicted, actual)


def _wrong(outputs: Sequence[float], digit: Digit) -> int:
    return sum((output > 0.5) != (target > 0.5) for output, target in zip(outputs, digit.targets, strict=True))


def _gradient(network: Network, output: Value) -> list[float]:
    network.zero_grad()
    output.backward()
    return [parameter.grad or 0.0 for parameter in network.parameters()]
