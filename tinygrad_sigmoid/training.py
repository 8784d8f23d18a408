"""Training: a network sees its samples again and again, and after each mini-batch all its parameters move downhill.

Read `stochastic_gradient_descent` first: that loop is all there is to it. `train` runs it, or replays a compiled graph
where that gives the same (`replaying`), counts what is read right, and returns the history.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.checks import listed
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.interrupting import uninterrupted
from tinygrad_sigmoid.losses import OF_PROBABILITIES, require_probabilities, squared_error
from tinygrad_sigmoid.neuron import Tunable
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.replaying import TARGETS, Loss, Target, Trainable, replay_for
from tinygrad_sigmoid.samples import Sample, as_samples, require_same_widths
from tinygrad_sigmoid.tables import shortened, table
from tinygrad_sigmoid.value import Value


def stochastic_gradient_descent(
    network: Trainable, samples: Sequence[Sample], loss: Loss, descent: GradientDescent, batch: int, seed: int | None
) -> Iterator[float]:
    """Learns from mini-batches in random order, epoch after epoch, without end: yields the mean loss of each epoch."""
    generator, order = random.Random(seed), list(samples)
    while True:
        generator.shuffle(order)
        losses = 0.0
        for start in range(0, len(order), batch):
            mini_batch = order[start : start + batch]
            descent.zero_grad()
            for inputs, targets in mini_batch:
                sample_loss = loss(network(inputs), targets)
                sample_loss.backward()
                losses += sample_loss.data
            with uninterrupted():
                descent.step(len(mini_batch))
        yield losses / len(order)


@dataclass(frozen=True)
class Epoch:
    """One pass over the training samples."""

    number: int  # 1 for the first
    loss: float  # the mean loss of the samples, each measured when its mini-batch came up
    correct: int  # how many test samples are read right afterwards,
    tested: int  # of so many
    highest: dict[int, float] = field(default_factory=dict, repr=False)  # for each answer among the tests, the most
    # that its own output gave where it is the right one: near 0, that output sleeps


class History(list[Epoch]):
    """The epochs of a training, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        rows = [
            (str(epoch.number), number_text(epoch.loss), f"{epoch.correct:,} of {epoch.tested:,}" * bool(epoch.tested))
            for epoch in self
        ]
        return table(shortened(rows), ("epoch", "mean loss", "read right"))


def train(
    network: Trainable,
    samples: Sequence[Sample],
    *,
    epochs: int = 30,
    batch: int = 10,
    rate: float = 3.0,
    loss: Loss = squared_error,
    seed: int | None = None,
    test: Sequence[Sample] = (),
    target: Target | None = "best",
    watch: Callable[[Epoch], object] | None = None,
) -> History:
    """Trains a network by mini-batch gradient descent and returns its history, one `Epoch` after the other.

    >>> from tinygrad_sigmoid import Neuron
    >>> nor = Neuron.random(2, seed=0)
    >>> samples = [((0, 0), 1), ((0, 1), 0), ((1, 0), 0), ((1, 1), 0)]
    >>> history = train(nor, samples, epochs=200, batch=4, seed=0, test=samples)
    >>> history[-1].correct, history[-1].tested
    (4, 4)

    Args:
        network: What is tuned, in place.
        samples: Pairs (inputs, targets), all with as many of each; the targets of a single neuron may be one number.
        epochs: How often all samples are seen.
        batch: How many samples make a mini-batch; 1 is online learning, and as many as there are, or more, full batch.
        rate: The learning rate η.
        loss: What is made smaller: called with the network's outputs and the sample's targets.
        seed: The same seed gives the same order of samples.
        test: Samples that are counted after each epoch, not trained on.
        target: How it is computed; the history is the same but for rounding. `None` records the graph of every sample.
            `"python"`, `"wasm"` and `"native"` replay one compiled graph, as in `compiled`: with one of them you vouch
            that all samples give the same graph, whatever the parameters are. `"best"` chooses the fastest that is
            installed where that is known, and records every sample elsewhere (see `replaying`).
        watch: Called with each epoch when it is over: to print it, to draw it, to change the network.

    Raises:
        TypeError, ValueError: An argument makes no sense; the message names it, and nothing was trained.
        NotOneGraph: A target was given, but the samples don't all give one graph, or it can't be compiled for it.
        ArithmeticError: A gradient is infinite or nan; the mini-batches before have been applied.
        ImportError: The target needs a package that is not installed.

    A progress bar is shown on a terminal only. Ctrl-C stops between two mini-batches, with the network whole.
    """
    samples, test = _taken_by(network, loss, samples, test)
    epochs = checks.whole(epochs, "epochs", "write for instance 30")
    batch = min(checks.whole(batch, "batch", "write for instance 10", least=1), len(samples))
    seed = checks.seed(seed)
    checks.choice(target, "target", [*TARGETS, None])
    checks.function(watch, "watch", "write it as in watch=print", optional=True)
    descent = GradientDescent(network.parameters(), rate)
    replay = replay_for(network, samples, loss, target, epochs)
    if replay is None:
        losses = stochastic_gradient_descent(network, samples, loss, descent, batch, seed)
    else:
        losses = replay.stochastic_gradient_descent(descent, batch, seed)
    history = History()
    numbers: Iterable[int] = range(1, epochs + 1)
    if sys.stderr.isatty():
        from tqdm import tqdm  # which takes longer to load than a small network to train

        numbers = tqdm(numbers, unit="epoch", leave=False)
    for number, mean_loss in zip(numbers, losses, strict=False):  # the losses never end
        outputs = [network.predict(inputs) for inputs, _ in test] if replay is None else replay.outputs(test)
        right = _count_right(outputs, test)
        history.append(Epoch(number, mean_loss, right, len(test), _highest(outputs, test)))
        if watch is not None:
            watch(history[-1])
    return history


def read_as(outputs: Sequence[float] | float) -> int | None:
    """What outputs are read as: the place of the largest; a single output is read as 1 above ½, and as 0 below.

    If there is no single largest output, or the only one is exactly ½, nothing is read, and it is `None`.

    >>> read_as([0.1, 0.7, 0.2]), read_as([0.0, 1.0, 1.0]), read_as(0.7), read_as(0.5)
    (1, None, 1, None)
    """
    numbers = listed(outputs)
    if len(numbers) == 1:
        numbers = [0.5, *numbers]
    largest = max(numbers)
    return numbers.index(largest) if numbers.count(largest) == 1 else None


def correct(network: Trainable, samples: Sequence[Sample]) -> int:
    """How many samples are read right: the network's outputs are read as what the targets are read as."""
    _require_network(network)
    samples = as_samples(samples, "samples")
    return _count_right([network.predict(inputs) for inputs, _ in samples], samples)


def _count_right(outputs: Sequence[Sequence[float] | float], samples: Sequence[Sample]) -> int:
    readings = [(read_as(found), read_as(targets)) for found, (_, targets) in zip(outputs, samples, strict=True)]
    return sum(found is not None and found == wanted for found, wanted in readings)


def _highest(outputs: Sequence[Sequence[float] | float], samples: Sequence[Sample]) -> dict[int, float]:
    highest: dict[int, float] = {}
    for found, (_, targets) in zip(outputs, samples, strict=True):
        place, numbers = read_as(targets), listed(found)
        if place is not None and len(numbers) > 1:
            highest[place] = max(numbers[place], highest.get(place, -math.inf))
    return highest


# -- What is given -----------------------------------------------------------------------------------------------------


def _require_network(network: Trainable) -> None:
    checks.instance(network, Tunable, "network", "a Neuron, a Layer or a Network", "make one, as in Network([2, 3, 1])")


def _taken_by(
    network: Trainable, loss: Loss, samples: Sequence[Sample], test: Sequence[Sample]
) -> tuple[list[Sample], list[Sample]]:
    """Both lists of samples, found to be such as the network and the loss can take."""
    _require_network(network)
    checks.function(loss, "loss", "pass for instance squared_error")
    seen, test = as_samples(samples, "samples", least=1), as_samples(test, "test")
    for given in (seen, test):
        require_same_widths(given, seen[0])
    if loss in OF_PROBABILITIES:  # of a compiled graph, only the first sample would be looked at
        for _, targets in seen:
            require_probabilities(listed(targets))
    inputs, targets = seen[0]
    cure = "compute it from the outputs with this package's operations"
    checks.instance(loss(network(inputs), targets), Value, "what the loss gives", "a Value", cure)
    return seen, test
