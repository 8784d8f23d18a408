"""Replaying: one graph is recorded and compiled, and computed again with the numbers of all samples.

`train` records the graph of every sample, unless all samples are known to give the same graph, as they do with the
losses, neurons, layers and networks of this package: then it records the first one's and replays it for all. Of a loss
or a network of your own you vouch for that by naming a target; each sample's loss is compared once, before the first
epoch, and if one differs, that is an error.
"""

from __future__ import annotations

import importlib.util
import math
import random
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

from tinygrad_sigmoid.checks import is_list, listed
from tinygrad_sigmoid.compiling import Program, compiled
from tinygrad_sigmoid.compiling.program import Descent
from tinygrad_sigmoid.compiling.table import Table
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.graph import clock, leaves, topological_order
from tinygrad_sigmoid.interrupting import uninterrupted
from tinygrad_sigmoid.losses import SAME_GRAPH
from tinygrad_sigmoid.neuron import Layer, Network, Neuron, Perceptron, Tunable
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.samples import Sample
from tinygrad_sigmoid.value import Value, write

Trainable = Neuron | Layer | Network
Loss = Callable[[Any, Any], Value]
CompiledFor = Literal["python", "wasm", "native"]
Target = Literal["best"] | CompiledFor
TARGETS: tuple[Target, ...] = ("best", "python", "wasm", "native")

FEW = 100  # Recording and compiling a graph takes about as long as going through it so many times.
MUCH = 10_000_000  # Python computes with so many numbers in the time that a kernel takes to be loaded.
VERY_MUCH = 300_000_000  # WebAssembly does so in the time that machine code takes to be compiled.


class NotOneGraph(TinygradSigmoidError, ValueError):  # noqa: N818 (what it is helps a learner)
    """One graph can't be replayed for all samples; the message says why."""


def replay_for(
    network: Trainable, samples: Sequence[Sample], loss: Loss, target: Target | None, epochs: int
) -> Replay | None:
    """What replays the graph of the first sample for all of them; `None` if every sample is to be recorded."""
    known_to_agree = loss in SAME_GRAPH and is_own(network)
    if target is None or (target == "best" and not (known_to_agree and len(samples) * epochs > FEW)):
        return None
    recorded = Recorded(network, samples[0], loss)
    if not known_to_agree:
        recorded.require_same_losses(network, samples, loss)
    numbers = sum(len(value.inputs) for value in topological_order(recorded.loss)) * len(samples) * epochs
    return Replay(network, samples, recorded.compiled(fastest(numbers) if target == "best" else [target]))


def is_own(part: Tunable) -> bool:
    """Whether it is made of this package's own classes and of operations; a subclass may do anything."""
    own = type(part) in (Network, Layer, Neuron, Perceptron)
    return (
        own
        and isinstance(getattr(part, "activation", None), Operation | None)
        and all(map(is_own, part.parts().values()))
    )


def fastest(numbers: int) -> list[CompiledFor]:
    """The targets to try for so many numbers: that which is soonest done with them, then what may be there instead."""
    if numbers < MUCH:
        return ["python"]
    native = numbers >= VERY_MUCH and importlib.util.find_spec("llvmlite")
    return ["native", "python"] if native else ["wasm", "native", "python"]


class Recorded:
    """The graph of one sample's loss. The sample's numbers are leaves of it, `inputs`."""

    def __init__(self, network: Trainable, sample: Sample, loss: Loss) -> None:
        inputs, targets = sample
        x = [Value(number, f"x{i}") for i, number in enumerate(inputs, 1)]
        y = [Value(number, f"y{i}") for i, number in enumerate(listed(targets), 1)]
        self.inputs, self.parameters = [*x, *y], network.parameters()
        try:
            outputs = network(x)
            self.loss = loss(outputs, y if is_list(targets) else y[0])
        except Exception as error:  # whatever a loss may raise that was not made for Values as targets
            raise _not_one_graph(f"the loss can't be computed from Values ({error})") from error
        self.outputs = listed(outputs)
        found = {leaf for leaf in leaves(self.loss) if not leaf.constant}
        for leaf in [*self.parameters, *self.inputs]:
            if leaf not in found:
                raise _not_one_graph(f"{shown(leaf)} has no part in the graph of the loss, or only as a plain number")
        for leaf in found.difference(self.parameters, self.inputs):
            raise _not_one_graph(f"the loss uses a Value of its own, {shown(leaf)}")

    def require_same_losses(self, network: Trainable, samples: Sequence[Sample], loss: Loss) -> None:
        """Raises NotOneGraph unless this graph gives the loss of every sample."""
        for place, (inputs, targets) in enumerate(samples):
            wanted = loss(network(inputs), targets).data
            write(self.inputs, map(finite_number, [*inputs, *listed(targets)]))
            try:
                found = self.loss.forward().data
            except (ArithmeticError, ValueError):  # the first sample's branch can't be computed for this one
                found = math.nan
            if not math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12):
                raise _not_one_graph(
                    f"sample {place}, counted from 0, has the loss {wanted:.6g}, but {found:.6g} by the first's graph"
                )

    def compiled(self, targets: Sequence[CompiledFor]) -> Program:
        """The program for the first of the targets for which it can be compiled."""
        reason = ""
        for target in targets:
            watch = () if target == "python" else self.outputs
            try:
                return compiled(self.loss, inputs=self.inputs, wrt=self.parameters, watch=watch, target=target)
            except TypeError as error:
                reason = str(error)
            except (ImportError, MemoryError):
                if target == targets[-1]:
                    raise
        raise _not_one_graph(reason)


class Replay:
    """The compiled graph of the first sample, with the numbers of all samples."""

    def __init__(self, network: Trainable, samples: Sequence[Sample], program: Program) -> None:
        self.network = network
        self.parameters = network.parameters()
        self.program = program
        self.samples = program.samples(*zip(*samples, strict=True))
        self._tested: tuple[Sequence[Sample], Table] | None = None
        self._in_step: tuple[Descent, float] | None = None  # what has the network's parameters, and since when

    def stochastic_gradient_descent(self, descent: GradientDescent, batch: int, seed: int | None) -> Iterator[float]:
        """The same as `training.stochastic_gradient_descent`: yields the mean loss of each epoch."""
        generator, order = random.Random(seed), list(range(len(self.samples)))
        bound = self.program.descent(self.samples, batch, descent.rate)
        while True:
            generator.shuffle(order)
            yield self.epoch(bound, order) / len(order)

    def epoch(self, bound: Descent, order: Sequence[int]) -> float:
        """Goes through the samples in this order, from the network's parameters, and gives it those after it."""
        if self._in_step != (bound, clock.last_write):  # something was written since, perhaps by a `watch`
            bound.parameters = self._numbers()
        bound.follow(array("i", order))
        try:
            return bound()
        finally:
            with uninterrupted():
                write(self.parameters, bound.parameters)
                self._in_step = bound, self.parameters[0].moment  # that of this write, whoever writes beside it

    def outputs(self, samples: Sequence[Sample]) -> Sequence[Sequence[float] | float]:
        """The network's outputs for each sample."""
        if not samples or self.program.target == "python":
            return [self.network.predict(inputs) for inputs, _ in samples]
        if self._tested is None or self._tested[0] is not samples:  # they are the same after every epoch
            self._tested = samples, self.program.samples(*zip(*samples, strict=True))
        return self.program.watched(self._numbers(), self._tested[1])

    def _numbers(self) -> array[float]:
        return array("d", [parameter._data for parameter in self.parameters])


def _not_one_graph(reason: str) -> NotOneGraph:
    return NotOneGraph(f"{reason}, so one graph can't be replayed for all samples: pass target=None to record each")
