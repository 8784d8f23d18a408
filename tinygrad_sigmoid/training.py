"""Training: gradient descent over mini-batches, epoch after epoch, with a history to look at.

As long as neither the network nor the loss looks at the numbers, every sample gives the same graph with other numbers.
Then the graph of one sample is recorded, compiled, and replayed for all of them (`Replayed`); where that is not known,
or doesn't pay, every sample is recorded (`Eager`).
"""

from __future__ import annotations

import importlib.util
import random
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, NoReturn, Protocol, get_args

from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.losses import SAME_GRAPH, is_list, listed, squared_error
from tinygrad_sigmoid.neuron import Layer, Network, Neuron, Perceptron
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

Sample = tuple[Sequence[float], Sequence[float]]
Trainable = Neuron | Layer | Network
Loss = Callable[[Any, Any], Value]
Target = Literal["best", "python", "numpy", "native"]


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
) -> Iterator[Epoch]:
    """Trains a network epoch by epoch, for whoever wants to watch: each `next` runs one and tells how it went.

    Arguments and errors as in `train`; what is wrong with the arguments is said at once, before the first `next`.
    """
    if not samples:
        raise ValueError("there is nothing to train on: pass at least one sample (inputs, targets)")
    if epochs < 0 or batch < 1:
        raise ValueError(f"train needs epochs ≥ 0 and a mini-batch of at least 1, but got {epochs} and {batch}")
    if target is not None and target not in get_args(Target):
        known = ", ".join(map(repr, get_args(Target)))
        raise ValueError(f"there is no target {target!r} to train for: use one of {known}, or None")
    descent = GradientDescent(network.parameters(), rate)
    trainer = _trainer(network, samples, loss, epochs, target)

    def epoch_by_epoch() -> Iterator[Epoch]:
        generator = random.Random(seed)
        order = list(range(len(samples)))
        for number in range(1, epochs + 1):
            generator.shuffle(order)
            losses = trainer.epoch(descent, order, batch)
            yield Epoch(number, float(losses) / len(order), trainer.correct(test), len(test))

    return epoch_by_epoch()


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
        target: How it is computed; the history is the same but for rounding. `"best"` replays the compiled graph of one
            sample where every sample is known to give that graph (a loss of this package, and its own neurons, layers
            and networks), where it pays, and with the fastest that is installed; it records all others. `None` records
            every sample. `"python"`, `"numpy"` and `"native"` replay, as in `compiled`: with one of them you vouch that
            your loss and your network neither look at a number, as in `if y > 0.5`, nor change while they are trained.
            Some samples are compared, and a graph that is found to differ is recorded anew; a warning tells why.

    Raises:
        ValueError: There are no samples, or their inputs and targets are not as many as the network has; the epochs,
            the mini-batch, the rate or the target is none.
        ArithmeticError: A gradient is infinite or nan; the mini-batches before have been applied.
        ImportError: The target needs a package that is not installed.

    A progress bar is shown on a terminal only. Ctrl-C stops between two mini-batches, with the network whole.
    """
    from tqdm import tqdm

    watched = training(
        network, samples, epochs=epochs, batch=batch, rate=rate, loss=loss, seed=seed, test=test, target=target
    )
    bar = tqdm(watched, total=max(epochs, 0), unit="epoch", leave=False, disable=not sys.stderr.isatty())
    return list(bar)


def correct(network: Trainable, samples: Sequence[Sample]) -> int:
    """How many samples are read right: the largest output is the largest target's; one output, on its side of ½."""
    return sum(_choice(network.predict(inputs)) == _choice(targets) for inputs, targets in samples)


def _choice(outputs: Any) -> int:
    numbers = listed(outputs)
    return int(numbers[0] > 0.5) if len(numbers) == 1 else numbers.index(max(numbers))


class Trainer(Protocol):
    """Does the work of an epoch."""

    def epoch(self, descent: GradientDescent, order: Sequence[int], batch: int) -> float:
        """Trains on the samples in this order and returns the sum of their losses."""

    def correct(self, test: Sequence[Sample]) -> int:
        """How many test samples are read right."""


@dataclass
class Eager:
    """Records the graph of every sample."""

    network: Trainable
    samples: Sequence[Sample]
    loss: Loss

    def epoch(self, descent: GradientDescent, order: Sequence[int], batch: int) -> float:
        losses = 0.0
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            descent.zero_grad()
            for place in chosen:
                inputs, targets = self.samples[place]
                sample_loss = self.loss(self.network(inputs), targets)
                sample_loss.backward()
                losses += sample_loss.data
            with _uninterrupted():
                descent.step(len(chosen))
        return losses

    def correct(self, test: Sequence[Sample]) -> int:
        return correct(self.network, test)


class Replayed:
    """Replays the compiled graph of one sample.

    Raises:
        NotOneGraphError: The samples don't all give that graph.
        ValueError: The samples don't all have as many inputs and targets.
    """

    def __init__(self, network: Trainable, samples: Sequence[Sample], loss: Loss, epochs: int, target: Target) -> None:
        self.network = network
        self.parameters = network.parameters()
        self.widths = _widths(samples[0])
        self._require_even(samples)
        few = _few(samples)
        recorded = [_Recorded(network, sample, loss) for sample in few]
        first = recorded[0]
        if any(other.form() != first.form() for other in recorded[1:]):
            raise NotOneGraphError("the graph of a sample depends on its numbers")
        if not first.leaves().issuperset(self.parameters):
            raise NotOneGraphError("a parameter has no part in the loss")
        if first.leaves().difference(self.parameters, first.inputs):
            raise NotOneGraphError("the loss uses Values of its own")
        if not first.leaves().issuperset(first.inputs):
            raise NotOneGraphError("a number of the sample has no part in the graph, or only as a plain number")
        if target == "best":
            target = _best(first.work() * len(samples) * epochs)
        try:
            watch = () if target == "python" else first.outputs
            self.program = compiled(first.output, inputs=first.inputs, wrt=self.parameters, watch=watch, target=target)
        except TypeError as error:
            raise NotOneGraphError(str(error)) from error
        self.samples = self._table(samples)
        self._seen: list[float] = []
        self._numbers: Any = None
        for sample, other in zip(few, recorded, strict=True):
            value, _ = self.program(*_numbers(sample))
            if abs(value - other.output.data) > 1e-9 * (1 + abs(value)):
                raise NotOneGraphError("the graph of a sample depends on its numbers")

    def epoch(self, descent: GradientDescent, order: Sequence[int], batch: int) -> float:
        numbers = self._current()
        try:
            return self.program.descend(numbers, self.samples, order, batch, descent.rate)
        finally:
            with _uninterrupted():
                self._seen = numbers if isinstance(numbers, list) else numbers.tolist()
                for parameter, number in zip(self.parameters, self._seen, strict=True):
                    parameter.data = number

    def correct(self, test: Sequence[Sample]) -> int:
        if not test or self.program.target == "python":
            return correct(self.network, test)
        self._require_even(test)
        outputs = self.program.watched(self._current(), self._table(test)).tolist()
        return sum(_choice(found) == _choice(targets) for found, (_, targets) in zip(outputs, test, strict=True))

    def _current(self) -> Any:
        """The parameters as the program wants them; converted anew only if somebody has changed the network."""
        numbers = [parameter.data for parameter in self.parameters]
        if numbers != self._seen:
            self._seen, self._numbers = numbers, self.program.parameters_from(numbers)
        return self._numbers

    def _table(self, samples: Sequence[Sample]) -> Any:
        return self.program.samples(*zip(*samples, strict=True))

    def _require_even(self, samples: Sequence[Sample]) -> None:
        for place, sample in enumerate(samples):
            if _widths(sample) != self.widths:
                found, wanted = (f"{x} inputs and {y} targets" for x, y in (_widths(sample), self.widths))
                raise ValueError(
                    f"sample {place}, counted from 0, has {found}, but the first to be trained on has {wanted}: "
                    f"give as many in all"
                )


class NotOneGraphError(ValueError):
    """One graph doesn't do for all samples, and why."""


class _SampleNumber(Value):
    """A leaf for a number of a sample. The graph must not depend on the number, so nobody may compare it."""

    __slots__ = ()

    def __lt__(self, other: Any) -> NoReturn:
        raise TypeError("one of them is compared with another number")

    __le__ = __gt__ = __ge__ = __lt__


class _Recorded:
    """The graph of one sample, its numbers being leaves."""

    def __init__(self, network: Trainable, sample: Sample, loss: Loss) -> None:
        inputs, targets = sample
        try:
            x = [_SampleNumber(number, f"x{i}") for i, number in enumerate(inputs, 1)]
            y = [_SampleNumber(number, f"y{i}") for i, number in enumerate(listed(targets), 1)]
            outputs = network(x)
            self.output = loss(outputs, y if is_list(targets) else y[0])
        except Exception as error:  # whatever a loss may raise that was not made for Values as targets
            raise NotOneGraphError(
                f"its graph can't be recorded with Values for the sample's numbers ({error})"
            ) from error
        self.outputs = [outputs] if isinstance(outputs, Value) else outputs
        self.inputs = [*x, *y]
        self.order = topological_order(self.output)

    def leaves(self) -> set[Value]:
        return {value for value in self.order if not value.inputs and not value.constant}

    def form(self) -> list[Any]:
        """What two graphs have in common that differ in the numbers of the sample only."""
        place = {value: place for place, value in enumerate(self.order)}
        place_of_input = {value: place for place, value in enumerate(self.inputs)}
        return [
            (value.operation, *[place[used] for used in value.inputs])
            if value.inputs
            else value.data
            if value.constant
            else ("input", place_of_input[value])
            if value in place_of_input
            else value
            for value in self.order
        ]

    def work(self) -> int:
        """About how many numbers are computed with in both passes."""
        return sum(len(value.inputs) for value in self.order)


def _trainer(network: Trainable, samples: Sequence[Sample], loss: Loss, epochs: int, target: Target | None) -> Trainer:
    pays = len(samples) * epochs > _FEW
    if target is None or (target == "best" and not (pays and loss in SAME_GRAPH and _looks_at_no_number(network))):
        return Eager(network, samples, loss)
    try:
        return Replayed(network, samples, loss, epochs, target)
    except NotOneGraphError as error:
        reason = str(error)
    inputs, targets = samples[0]
    loss(network(inputs), targets)  # whatever is wrong with the samples is better said by this
    warnings.warn(f"every sample is recorded anew, which is slow: {reason}", stacklevel=_level_outside())
    return Eager(network, samples, loss)


def _looks_at_no_number(part: Trainable) -> bool:
    """Whether it is made of this package's own classes and of operations; a subclass may do anything."""
    if type(part) is Network:
        return all(map(_looks_at_no_number, part.layers))
    if type(part) is Layer:
        return all(map(_looks_at_no_number, part.neurons))
    if not isinstance(part, Neuron) or type(part) not in (Neuron, Perceptron):
        return False
    return isinstance(part.activation, Operation | None)


def _level_outside() -> int:
    """The `stacklevel` with which a warning of the calling function points to the line that called this module."""
    level, frame = 1, sys._getframe(1)
    while frame.f_globals is globals() and frame.f_back:
        level, frame = level + 1, frame.f_back
    return level


# Recording and compiling a graph takes about as long as going through it so many times.
_FEW = 100
# So many numbers generated Python computes with in the time that NumPy takes to be imported, and NumPy in the time
# that LLVM takes to be imported and to compile its loop.
_MUCH = 4_000_000
_VERY_MUCH = 40_000_000


def _best(work: int) -> Literal["python", "numpy", "native"]:
    if work < _MUCH or not importlib.util.find_spec("numpy"):
        return "python"
    return "native" if work > _VERY_MUCH and importlib.util.find_spec("llvmlite") else "numpy"


def _numbers(sample: Sample) -> list[float]:
    inputs, targets = sample
    return [*inputs, *listed(targets)]


def _widths(sample: Sample) -> tuple[int, ...]:
    """How many inputs and how many targets there are."""
    return tuple([len(part) if is_list(part) else 1 for part in sample])


def _few(samples: Sequence[Sample]) -> list[Sample]:
    """Five samples from all over, and up to five with other targets: a loss may treat rare ones otherwise."""
    few = [samples[place * (len(samples) - 1) // 4] for place in range(5)]
    seen = {str(listed(targets)) for _, targets in few}
    for sample in samples:
        target = str(listed(sample[1]))
        if target not in seen:
            seen.add(target)
            few.append(sample)
            if len(few) == 10:
                break
    return few


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Lets Ctrl-C wait until the block is done."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    pressed: list[Any] = []
    signal.signal(signal.SIGINT, lambda *details: pressed.append(details))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if pressed:
            handler(*pressed[0])
