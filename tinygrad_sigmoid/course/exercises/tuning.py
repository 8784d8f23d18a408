"""Exercises on training: the loop that tunes a neuron, and the backward pass of a layer in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from tinygrad_sigmoid.course.exercises.exercise import Answer, Case, Exercise, Function, NotAsked, Row, plain
from tinygrad_sigmoid.course.exercises.rules import sigmoid_slope
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Neuron
from tinygrad_sigmoid.operations import sigmoid
from tinygrad_sigmoid.value import Value

Samples = Sequence[tuple[Sequence[float], float]]


class OnNeurons(Exercise):
    """The exercise on the training loop: the weights and the bias that come of it."""

    def call(self, function: Function, case: Case) -> Answer:
        """The parameters of a neuron that was made of the case's numbers and trained by a function."""
        weights, bias, samples, rate, epochs = case
        neuron = Neuron(weights, bias)
        function(neuron, samples, rate, int(epochs))
        return plain([parameter.data for parameter in neuron.parameters()])

    def names(self, case: Case) -> Sequence[str]:
        """The parameters."""
        return [*[f"w{i}" for i, _ in enumerate(case[0], 1)], "b"]

    def said(self, case: Case) -> str:
        """The case, with the neuron that is made of it."""
        weights, bias, samples, rate, epochs = case
        told = ", ".join(f"({inputs}, {target:g})" for inputs, target in samples)
        return f"train(Neuron({weights}, {bias}), [{told}], rate={rate:g}, epochs={epochs:g})"

    def size(self, case: Case) -> int:
        """How many epochs it takes: the first that goes wrong tells most."""
        return int(case[4])


def _trained(
    *,
    zero: str = "epoch",
    sign: float = -1.0,
    step: str = "epoch",
    by: Callable[[Neuron, Samples], int] = lambda neuron, samples: len(samples),
    bias: bool = True,
) -> Function:
    """A training loop with these choices; those left out are the right ones."""

    def train(neuron: Neuron, samples: Samples, rate: float, epochs: int) -> None:
        parameters = neuron.parameters() if bias else neuron.weights
        scale = sign * rate / by(neuron, samples)

        def move() -> None:
            for parameter in parameters:
                parameter.data += scale * (parameter.grad or 0.0)

        for _ in range(epochs):
            if zero == "epoch":
                neuron.zero_grad()
            for inputs, target in samples:
                if zero == "sample":
                    neuron.zero_grad()
                squared_error(neuron(inputs), target).backward()
                if step == "sample":
                    move()
            if zero == "before the step":
                neuron.zero_grad()
            if step == "epoch":
                move()

    return train


def _one(neuron: Neuron, samples: Samples) -> int:
    return 1


def _sets_of_samples(random: Random) -> Iterator[Case]:
    for epochs in (1, 1, 2, 2, 3, 4):
        weights = [round(random.uniform(-1, 1), 2) for _ in range(2)]
        inputs = [[float(x1), float(x2)] for x1 in (0, 1) for x2 in (0, 1)]
        samples = [[pair, float(random.randint(0, 1))] for pair in inputs]
        yield [weights, round(random.uniform(-1, 1), 2), samples, random.choice((0.5, 2.0, 3.0)), float(epochs)]
    learnt = [[[0.0, 0.0, 0.0], 0.0], [[0.0, 1.0, 1.0], 1.0], [[1.0, 0.0, 1.0], 1.0]]  # each is read right already
    yield [[3.0, 3.0, 1.0], -2.0, learnt, 1.0, 2.0]
    yield [[0.5, -0.25], 0.5, [[[-1.5, 2.0], 0.25], [[0.5, 0.25], 0.9]], 2.0, 6.0]


TRAIN = OnNeurons(
    "14_training.py",
    "train",
    ("w1", "w2", "b"),
    _sets_of_samples,
    _trained(),
    {
        "the gradients are not zeroed in each epoch: from the second on, those of earlier epochs are in them": [
            _trained(zero="never")
        ],
        "the gradients are zeroed for each sample: only the last sample counts": [_trained(zero="sample")],
        "nothing moves: is there a step, and are the gradients still there when it comes?": [
            _trained(zero="before the step"),
            lambda neuron, samples, rate, epochs: None,
        ],
        "uphill: the gradient points to where the cost grows": [_trained(sign=1.0)],
        "a step after each sample: here all samples come first, and then one step": [
            _trained(step="sample"),
            _trained(step="sample", by=_one),
            _trained(step="sample", zero="sample"),
            _trained(step="sample", zero="sample", by=_one),
        ],
        "the gradients of all samples add up: divide by how many there are": [_trained(by=_one)],
        "two lines are missing: the mean over the samples, and zeros before the next epoch": [
            _trained(by=_one, zero="never")
        ],
        "only one epoch is trained: what stands inside the loop over epochs, and what below it?": [
            lambda neuron, samples, rate, epochs: _trained()(neuron, samples, rate, 1)
        ],
        "the learning rate is missing": [
            lambda neuron, samples, rate, epochs: _trained()(neuron, samples, 1.0, epochs)
        ],
        "the training stops when all samples are read right: their cost can still fall": [
            lambda neuron, samples, rate, epochs: [
                _trained()(neuron, samples, rate, 1)
                for _ in range(epochs)
                if any(round(neuron.predict(inputs)) != target for inputs, target in samples)
            ]
        ],
        "divided by the number of something else: the mean is over the samples": [
            _trained(by=lambda neuron, samples: len(neuron.weights)),
            _trained(by=lambda neuron, samples: len(neuron.parameters())),
        ],
        "the bias never moves: neuron.parameters() has it, neuron.weights doesn't": [_trained(bias=False)],
    },
    (
        "An epoch has three parts: forget the gradients, add up those of all samples, take a step. Where is each?",
        "zero_grad() once an epoch; backward() once a sample; then one step for each of neuron.parameters().",
        "parameter.data -= rate * parameter.grad / len(samples)",
    ),
)


class OnArrays(Exercise):
    """The exercise on a layer in NumPy, which is called with arrays."""

    def call(self, function: Function, case: Case) -> Answer:
        """The gradients, as lists."""
        import numpy

        arrays = [numpy.array(given) for given in case]
        answer = plain(function(*arrays))
        if any(array.tolist() != given for array, given in zip(arrays, case, strict=True)):
            raise NotAsked("it writes into the arrays that it is given, which are still needed: make new ones")
        return answer

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """The gradients that are wrong; first their shapes, as NumPy has them."""
        right = self.call(self.right, case)
        if isinstance(answer, list) and len(answer) == len(right):
            pairs = zip(self.entries, map(_shape, answer), map(_shape, right), strict=True)
            if wrong := [(f"shape of {name}", str(mine), str(true)) for name, mine, true in pairs if mine != true]:
                return wrong
        return super().compared(case, answer)

    def names(self, case: Case) -> Sequence[str]:
        """The gradients by row and column."""
        _, x, W, b = case
        names = [f"x[{i}, {j}]" for i, row in enumerate(x) for j, _ in enumerate(row)]
        names += [f"W[{i}, {j}]" for i, row in enumerate(W) for j, _ in enumerate(row)]
        return [f"∂C/∂{name}" for name in [*names, *[f"b[{j}]" for j, _ in enumerate(b)]]]


def _shape(answer: Answer) -> tuple[int, ...]:
    """How long an array is along each axis."""
    return (len(answer), *(_shape(answer[0]) if answer else ())) if isinstance(answer, list) else ()


def _batches(random: Random) -> Iterator[Case]:
    for samples, inputs, outputs in [(2, 3, 1), (2, 2, 2), (3, 2, 4), (4, 3, 2), (3, 3, 3), (1, 3, 2), (3, 1, 2)]:

        def drawn(*shape: int) -> list[Any]:
            first, *others = shape
            return [drawn(*others) if others else round(random.uniform(-2, 2), 3) for _ in range(first)]

        yield [drawn(samples, outputs), drawn(samples, inputs), drawn(inputs, outputs), drawn(outputs)]


def _by_our_values(upstream: Any, x: Any, W: Any, b: Any) -> list[Any]:
    """The gradients of Σ upstream · σ(x·W + b), as our own values give them."""
    leaves = [[[Value(number) for number in row] for row in matrix] for matrix in (x, W, [b])]
    rows, columns, [biases] = leaves
    total = Value(0.0)
    for row, shares in zip(rows, upstream, strict=True):
        for j, share in enumerate(shares):
            z = biases[j]
            for i, one in enumerate(row):
                z = z + one * columns[i][j]
            total = total + sigmoid(z) * share
    flat = [value for matrix in leaves for row in matrix for value in row]
    slopes = iter([slope.data for slope in gradients(total, flat)])
    dx, dW, [db] = [[[next(slopes) for _ in row] for row in matrix] for matrix in leaves]
    return [dx, dW, db]


def _each(function: Function, z: Any) -> Any:
    import numpy

    return numpy.vectorize(function, otypes=[float])(z)


def _layer(change: Function) -> Function:
    """The backward pass of the layer with one of its choices changed."""

    def backward(upstream: Any, x: Any, W: Any, b: Any) -> Any:
        return change(upstream, x, W, b, upstream * _each(sigmoid_slope, x @ W + b))

    return backward


def _shares(dz: Any, x: Any, W: Any) -> tuple[Any, Any, Any]:
    return dz @ W.T, x.T @ dz, dz.sum(axis=0)


LAYER = OnArrays(
    "15_layer.py",
    "layer_backward",
    ("∂C/∂x", "∂C/∂W", "∂C/∂b"),
    _batches,
    _by_our_values,
    {
        "the slope of σ is missing: upstream is ∂C/∂a, and what W, x and b need is ∂C/∂z": [
            _layer(lambda u, x, W, b, d: _shares(u, x, W))
        ],
        "a stands where the slope of σ belongs": [
            _layer(lambda u, x, W, b, d: _shares(u * _each(sigmoid, x @ W + b), x, W))
        ],
        "1 − a stands where the slope of σ belongs: that is a·(1 − a)": [
            _layer(lambda u, x, W, b, d: _shares(u * _each(sigmoid, -(x @ W + b)), x, W))
        ],
        "upstream is missing: those are the gradients of a, not of C": [
            lambda u, x, W, b: _layer(lambda u, x, W, b, d: _shares(d, x, W))(u * 0 + 1, x, W, b)
        ],
        "b belongs to every sample: add its gradients up over them": [
            _layer(lambda u, x, W, b, d: (d @ W.T, x.T @ d, d))
        ],
        "the mean over the samples, where the sum belongs: nobody divided the cost by their number": [
            _layer(lambda u, x, W, b, d: (d @ W.T, x.T @ d / len(x), d.mean(0))),
            _layer(lambda u, x, W, b, d: (d @ W.T, x.T @ d, d.mean(0))),
        ],
        "W must be transposed for ∂C/∂x: it led from x to z, and back is the other way": [
            _layer(lambda u, x, W, b, d: (d @ W, x.T @ d, d.sum(0)))
        ],
        "x must be transposed for ∂C/∂W": [
            _layer(lambda u, x, W, b, d: (d @ W.T, x @ d, d.sum(0))),
        ],
        "∂C/∂W is transposed: it must have the shape of W": [
            _layer(lambda u, x, W, b, d: (d @ W.T, d.T @ x, d.sum(0)))
        ],
        "summed over the outputs, where the samples belong: axis 0 is that of the samples": [
            _layer(lambda u, x, W, b, d: (d @ W.T, x.T @ d, d.sum(1)))
        ],
        "in another order than (∂C/∂x, ∂C/∂W, ∂C/∂b)": [
            _layer(lambda u, x, W, b, d: (x.T @ d, d.sum(0), d @ W.T)),
            _layer(lambda u, x, W, b, d: (x.T @ d, d @ W.T, d.sum(0))),
        ],
    },
    (
        "First ∂C/∂z = upstream · σ′(z), entry by entry. Then all three come from it.",
        "Which product of ∂C/∂z and x has the shape of W? Which one of ∂C/∂z and W has the shape of x?",
        "(dz @ W.T, x.T @ dz, dz.sum(axis=0))",
    ),
    needs="numpy",
)
