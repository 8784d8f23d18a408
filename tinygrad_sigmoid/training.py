"""Training: gradient descent over mini-batches, epoch after epoch, with a history to look at."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Layer, Network, Neuron
from tinygrad_sigmoid.value import Value

Sample = tuple[Sequence[float], Sequence[float]]


@dataclass(frozen=True)
class Epoch:
    """One pass over the training samples.

    Attributes:
        number: 1 for the first.
        loss: The mean loss of the samples, each measured when its mini-batch came up.
        correct: How many test samples are read right after this epoch.
        tested: How many test samples there are.
    """

    number: int
    loss: float
    correct: int
    tested: int


def training(
    network: Neuron | Layer | Network,
    samples: Sequence[Sample],
    *,
    epochs: int = 30,
    batch: int = 10,
    rate: float = 3.0,
    loss: Callable[[Any, Any], Value] = squared_error,
    seed: int | None = None,
    test: Sequence[Sample] = (),
) -> Iterator[Epoch]:
    """Trains a network epoch by epoch, for whoever wants to watch: each `next` runs one and tells how it went.

    Arguments and errors as in `train`.
    """
    if not samples:
        raise ValueError("there is nothing to train on: pass at least one sample (inputs, targets)")
    if epochs < 0 or batch < 1:
        raise ValueError(f"train needs epochs ≥ 0 and a mini-batch of at least 1, but got {epochs} and {batch}")
    descent = GradientDescent(network.parameters(), rate)
    generator = random.Random(seed)
    order = list(samples)
    for number in range(1, epochs + 1):
        generator.shuffle(order)
        losses = 0.0
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            descent.zero_grad()
            for inputs, targets in chosen:
                sample_loss = loss(network(inputs), targets)
                sample_loss.backward()
                losses += sample_loss.data
            descent.step(len(chosen))
        yield Epoch(number, losses / len(order), correct(network, test), len(test))


def train(
    network: Neuron | Layer | Network,
    samples: Sequence[Sample],
    *,
    epochs: int = 30,
    batch: int = 10,
    rate: float = 3.0,
    loss: Callable[[Any, Any], Value] = squared_error,
    seed: int | None = None,
    test: Sequence[Sample] = (),
) -> list[Epoch]:
    """Trains a network by mini-batch gradient descent and returns its history, one `Epoch` after the other.

    >>> from tinygrad_sigmoid import Neuron
    >>> nor = Neuron.random(2, seed=0)
    >>> samples = [((0, 0), 1), ((0, 1), 0), ((1, 0), 0), ((1, 1), 0)]
    >>> history = train(nor, samples, epochs=200, batch=4, seed=0, test=samples)
    >>> history[-1].correct, history[-1].tested
    (4, 4)

    Args:
        network: What is tuned, in place.
        samples: Pairs (inputs, targets); the targets of a single neuron may be one number.
        epochs: How often all samples are seen.
        batch: How many samples make a mini-batch; 1 is online learning.
        rate: The learning rate η.
        loss: What is made smaller: called with the network's outputs and the sample's targets.
        seed: The same seed gives the same order of samples.
        test: Samples that are counted after each epoch, not trained on.

    A progress bar is shown on a terminal only.
    """
    from tqdm import tqdm

    watched = training(network, samples, epochs=epochs, batch=batch, rate=rate, loss=loss, seed=seed, test=test)
    bar = tqdm(watched, total=epochs, unit="epoch", leave=False, disable=not sys.stderr.isatty())
    return list(bar)


def correct(network: Neuron | Layer | Network, samples: Sequence[Sample]) -> int:
    """How many samples are read right: the largest output is the largest target's; one output, on its side of ½."""
    return sum(_choice(network.predict(inputs)) == _choice(targets) for inputs, targets in samples)


def _choice(outputs: Any) -> int:
    outputs = outputs if isinstance(outputs, Sequence) else [outputs]
    return int(outputs[0] > 0.5) if len(outputs) == 1 else outputs.index(max(outputs))
