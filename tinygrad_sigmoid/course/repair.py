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
from operator import mul

from tinygrad_sigmoid.course.digits import Digit
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Layer, Network, Perceptron
from tinygrad_sigmoid.training import correct, read_as
from tinygrad_sigmoid.value import write


@dataclass(frozen=True)
class Repair:
    """How things stand after some nudges of a network that misreads a digit."""

    nudges: int  # how many were tried so far
    outputs: list[float]  # the network's ten outputs for the digit
    right: int  # how many of the other digits are read right
    predicted: float = 0.0  # the change that the gradient predicted for the output in the digit's place
    actual: float = 0.0  # the change that the last nudge made

    @property
    def reads(self) -> int | None:
        """What the digit is read as; `None` if nothing is."""
        return read_as(self.outputs)


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
    return [one for one in digits if one.digit == digit and not any(correct(network, [one]) for network in networks)]


def nudged_until_right(
    perceptrons: Network, digit: Digit, others: Sequence[Digit], *, size: float = 0.1, tries: int = 100, seed: int = 0
) -> Iterator[Repair]:
    """Nudges perceptrons blindly until they read the digit right: how things stand before, and after each kept nudge.

    A nudge adds to every weight and bias a number from the normal distribution of deviation `size`. It is kept unless
    more of the digit's ten outputs are wrong than before; after so many tries it is given up. Changes the perceptrons.
    """
    generator = random.Random(seed)
    parameters = perceptrons.parameters()
    outputs = perceptrons.predict(digit.inputs)
    yield Repair(0, outputs, correct(perceptrons, others))
    for nudges in range(1, tries + 1):
        if read_as(outputs) == digit.digit:
            return
        before = [parameter.data for parameter in parameters]
        write(parameters, [number + generator.gauss(0, size) for number in before])
        nudged = perceptrons.predict(digit.inputs)
        if _wrong(nudged, digit) > _wrong(outputs, digit):
            write(parameters, before)
            continue
        actual = nudged[digit.digit] - outputs[digit.digit]
        outputs = nudged
        yield Repair(nudges, outputs, correct(perceptrons, others), actual=actual)


def _wrong(outputs: Sequence[float], digit: Digit) -> int:
    return sum(output != target for output, target in zip(outputs, digit.targets, strict=True))


def tuned_until_right(
    network: Network, digit: Digit, others: Sequence[Digit], *, rate: float = 0.02, tries: int = 1000
) -> Iterator[Repair]:
    """Tunes sigmoid neurons until they read the digit right: how things stand before, and after each nudge.

    A nudge changes every weight and bias by −rate · ∂loss/∂v, the loss being that of the digit alone; after so many
    tries it is given up. Changes the network.
    """
    descent = GradientDescent(network.parameters(), rate)
    outputs = network.predict(digit.inputs)
    yield Repair(0, outputs, correct(network, others))
    for nudges in range(1, tries + 1):
        if read_as(outputs) == digit.digit:
            return
        recorded = network(digit.inputs)
        descent.zero_grad()
        recorded[digit.digit].backward()
        slopes = [parameter.grad or 0.0 for parameter in descent.parameters]
        descent.zero_grad()
        squared_error(recorded, digit.targets).backward()
        downhill = [parameter.grad or 0.0 for parameter in descent.parameters]
        predicted = -rate * sum(map(mul, slopes, downhill))
        descent.step()
        before, outputs = outputs[digit.digit], network.predict(digit.inputs)
        yield Repair(nudges, outputs, correct(network, others), predicted, outputs[digit.digit] - before)
