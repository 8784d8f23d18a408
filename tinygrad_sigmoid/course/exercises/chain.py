"""Exercises on a neuron: the chain rule by hand, equation 5, and a step of gradient descent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from random import Random

from tinygrad_sigmoid.course.exercises.exercise import Case, Exercise, Function
from tinygrad_sigmoid.course.exercises.rules import numbers, sigmoid_slope
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.graph import leaves
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.operations import dot, sigmoid
from tinygrad_sigmoid.value import Value


def neuron(w: float, x: float, b: float) -> Value:
    """The graph of a = σ(w·x + b)."""
    z = Value(w, "w") * Value(x, "x") + Value(b, "b")
    output = sigmoid(z)
    z.label, output.label = "z", "a"
    return output


def cost(w: float, x: float, b: float, y: float) -> Value:
    """The graph of C = ½(σ(w·x + b) − y)²."""
    output: Value = squared_error(neuron(w, x, b), Value(y, "y"))
    output.label = "C"
    return output


def _slopes(output: Value, *names: str) -> list[float]:
    named = {leaf.label: leaf for leaf in leaves(output)}
    return [slope.data for slope in gradients(output, [named[name] for name in names])]


def _near(random: Random) -> Iterator[list[float]]:
    """Numbers, 0 among them, for which a·(1 − a) is σ′(z) to nine digits."""
    yield from ([0.0, 2.0, 0.5], [2.0, 0.0, 0.5], [1.5, -2.0, 0.0])
    yield from (case for case in numbers(random, 3) if abs(case[0] * case[1] + case[2]) < 6)


CHAIN_RULE = Exercise(
    "04_chain_rule.py",
    "gradients",
    ("∂a/∂w", "∂a/∂x", "∂a/∂b"),
    _near,
    lambda w, x, b: _slopes(neuron(w, x, b), "w", "x", "b"),
    {
        "the slope of σ is missing: those are the derivatives of z": [lambda w, x, b: (x, w, 1)],
        "w and x are exchanged: moving w by 1 moves z by x": [
            lambda w, x, b: (sigmoid_slope(w * x + b) * w, sigmoid_slope(w * x + b) * x, sigmoid_slope(w * x + b))
        ],
        "the slope of σ is that at w·x: it must be taken at z = w·x + b": [
            lambda w, x, b: (sigmoid_slope(w * x) * x, sigmoid_slope(w * x) * w, sigmoid_slope(w * x))
        ],
        "σ(z) stands where its slope belongs": [
            lambda w, x, b: (sigmoid(w * x + b) * x, sigmoid(w * x + b) * w, sigmoid(w * x + b))
        ],
        "the slope of σ at a: it must be taken at z, before σ": [
            lambda w, x, b: [sigmoid_slope(sigmoid(w * x + b)) * local for local in (x, w, 1)]
        ],
        "the local derivatives of z are missing: w moves z by x, and x by w": [
            lambda w, x, b: [sigmoid_slope(w * x + b)] * 3
        ],
        "∂z/∂b is 1: b is added, and multiplies nothing": [
            lambda w, x, b: [sigmoid_slope(w * x + b) * local for local in (x, w, b)],
            lambda w, x, b: [sigmoid_slope(w * x + b) * local for local in (x, w, 0)],
        ],
        "a·(1 − z), or 1 − a²: the slope of σ is a·(1 − a)": [
            lambda w, x, b: [sigmoid(w * x + b) * (1 - (w * x + b)) * local for local in (x, w, 1)],
            lambda w, x, b: [(1 - sigmoid(w * x + b) ** 2) * local for local in (x, w, 1)],
        ],
        "local derivatives along a path are multiplied, not added": [
            lambda w, x, b: [sigmoid_slope(w * x + b) + local for local in (x, w, 1)]
        ],
    },
    (
        "Two links of a chain: w moves z, and z moves a. Each has its local derivative.",
        "∂a/∂w = σ′(z) · ∂z/∂w: multiply along the path. What is ∂z/∂w if z = w·x + b?",
        "∂a/∂w = σ(z)·σ(−z)·x.",
    ),
    neuron,
)


def _changes(random: Random) -> Iterator[Case]:
    for count in (1, 2, 2, 3):
        signs = [random.choice((-0.1, 0.1))] * count  # no sum is 0 but for rounding
        yield [[float(random.randint(1, 4)) for _ in range(count)], signs]
    yield [[0.0, 2.0], [0.1, 0.1]]
    yield [[1.0, 2.0], [0.0, 0.1]]
    yield [[2.0, 2.0, 1.0], [0.1, 0.3, 0.2]]  # equal slopes, and equal contributions
    for _ in range(20):
        count = random.randint(2, 5)
        slopes = [round(random.uniform(-2, 2), 3) for _ in range(count)]
        yield [slopes, [round(random.uniform(-0.2, 0.2), 3) for _ in range(count)]]


EQUATION_5 = Exercise(
    "05_equation_5.py",
    "predicted_change",
    ("Δoutput",),
    _changes,
    dot,
    {
        "the changes alone: each counts as much as the output changes with it": [lambda slopes, changes: sum(changes)],
        "the slopes alone: how far is each leaf moved?": [lambda slopes, changes: sum(slopes)],
        "the sum of all slopes times the sum of all changes: each change belongs to its own slope": [
            lambda slopes, changes: sum(slopes) * sum(changes)
        ],
        "only the first leaf counts": [lambda slopes, changes: slopes[0] * changes[0]],
        "only the last leaf counts: add up, `total += …`": [lambda slopes, changes: slopes[-1] * changes[-1]],
        "the contributions are multiplied: they add up": [
            lambda slopes, changes: math.prod(map(float.__mul__, slopes, changes))
        ],
        "the signs are gone: a step down takes back a step up": [
            lambda slopes, changes: sum(abs(s * c) for s, c in zip(slopes, changes, strict=True)),
            lambda slopes, changes: sum(s * abs(c) for s, c in zip(slopes, changes, strict=True)),
        ],
        "the last leaf is left out": [lambda slopes, changes: sum(map(float.__mul__, slopes[:-1], changes))],
        "slope and change are added: their product is the contribution": [
            lambda slopes, changes: sum(slopes) + sum(changes)
        ],
        "the mean of the contributions: they add up": [
            lambda slopes, changes: sum(map(float.__mul__, slopes, changes)) / len(slopes)
        ],
        "divided, not multiplied: a slope is output per leaf, so times the leaf's change": [
            lambda slopes, changes: sum(s / c for s, c in zip(slopes, changes, strict=True)),
            lambda slopes, changes: sum(c / s for s, c in zip(slopes, changes, strict=True)),
        ],
    },
    (
        "If the output changes by 3 for each 1 of w, by how much for 0.1 of w?",
        "Each leaf contributes ∂output/∂v · Δv. What do two contributions come to together?",
        "Δoutput ≈ Σ ∂output/∂v · Δv.",
    ),
)


def _of_cost(share: Callable[[float, float], float], *, by_w: bool = True, by_b: bool = False) -> Function:
    """∂C/∂w and ∂C/∂b, if ∂C/∂z were this share of z and of the error a − y, and x a factor where it says so."""

    def gradients(w: float, x: float, b: float, y: float) -> list[float]:
        z = w * x + b
        slope = share(z, sigmoid(z) - y)
        return [slope * (x if by_w else 1), slope * (x if by_b else 1)]

    return gradients


def _samples(random: Random) -> Iterator[Case]:
    return ([w, x, b, random.choice((0.0, 1.0, 0.25, 0.5))] for w, x, b in _near(random))


COST = Exercise(
    "12_cost.py",
    "gradients",
    ("∂C/∂w", "∂C/∂b"),
    _samples,
    lambda w, x, b, y: _slopes(cost(w, x, b, y), "w", "b"),
    {
        "(y − a), not (a − y): the cost grows with a where a is above y": [
            _of_cost(lambda z, error: -error * sigmoid_slope(z))
        ],
        "the slope of σ is missing; so it is with the cross-entropy, but not with this cost": [
            _of_cost(lambda z, error: error)
        ],
        "twice as large: the ½ of the cost takes the 2 of the square away": [
            _of_cost(lambda z, error: 2 * error * sigmoid_slope(z))
        ],
        "half as large: the square brings a 2, and that takes the ½ of the cost away": [
            _of_cost(lambda z, error: error * sigmoid_slope(z) / 2)
        ],
        "a where its slope belongs: ∂a/∂z is a·(1 − a)": [_of_cost(lambda z, error: error * sigmoid(z))],
        "1 − a where the slope belongs: ∂a/∂z is a·(1 − a)": [_of_cost(lambda z, error: error * sigmoid(-z))],
        "a·(1 − z), or 1 − a²: the slope of σ is a·(1 − a)": [
            _of_cost(lambda z, error: error * sigmoid(z) * (1 - z)),
            _of_cost(lambda z, error: error * (1 - sigmoid(z) ** 2)),
        ],
        "a + y, not a − y: the error is how far a is from y": [
            _of_cost(lambda z, error: (2 * sigmoid(z) - error) * sigmoid_slope(z))
        ],
        "|a − y|: where a is below y, the cost falls as a grows": [
            _of_cost(lambda z, error: abs(error) * sigmoid_slope(z))
        ],
        "y·(1 − y) where the slope of σ belongs: that is a·(1 − a)": [
            _of_cost(lambda z, error: error * (sigmoid(z) - error) * (1 - sigmoid(z) + error))
        ],
        "the derivative of the cost is missing: those are ∂a/∂w and ∂a/∂b": [
            _of_cost(lambda z, error: sigmoid_slope(z))
        ],
        "a·σ′(z), with a for a − y: where is the target?": [_of_cost(lambda z, error: sigmoid(z) * sigmoid_slope(z))],
        "the square is still there: the derivative of ½(a − y)² is (a − y)": [
            _of_cost(lambda z, error: error**2 * sigmoid_slope(z)),
            _of_cost(lambda z, error: error**2 / 2 * sigmoid_slope(z)),
        ],
        "x is missing: w moves z by x": [_of_cost(lambda z, error: error * sigmoid_slope(z), by_w=False)],
        "x belongs to w alone: b moves z by 1": [_of_cost(lambda z, error: error * sigmoid_slope(z), by_b=True)],
    },
    (
        "Three links of a chain: w moves z, z moves a, a moves C. Multiply their local derivatives.",
        "∂C/∂a = a − y. You have ∂a/∂z and ∂z/∂w from the exercise on the chain rule.",
        "∂C/∂w = (a − y)·σ(z)·σ(−z)·x.",
    ),
    cost,
)


def _step_by(gradients: Function) -> Function:
    """The right step, by these gradients."""

    def stepped(w: float, x: float, b: float, y: float, rate: float) -> list[float]:
        by_w, by_b = gradients(w, x, b, y)
        return [w - rate * by_w, b - rate * by_b]

    return stepped


_stepped = _step_by(COST.right)


def _one_after_the_other(w: float, x: float, b: float, y: float, rate: float) -> list[float]:
    [moved, _] = _stepped(w, x, b, y, rate)
    return [moved, _stepped(moved, x, b, y, rate)[1]]


def _moved(step: Callable[[float, float, float], float]) -> Function:
    """w and b after a step that is made of the rate and a gradient in some wrong way."""

    def stepped(w: float, x: float, b: float, y: float, rate: float) -> list[float]:
        return [step(leaf, rate, slope) for leaf, slope in zip((w, b), COST.right(w, x, b, y), strict=True)]

    return stepped


GRADIENTS = [*COST.mistakes.items()][1:]  # that may be wrong in a step; the first leads uphill

DESCENT = Exercise(
    "13_descent.py",
    "step",
    ("w", "b"),
    lambda random: ([*case, random.choice((0.5, 2.0, 3.0, 40.0))] for case in _samples(random)),
    _stepped,
    {
        "uphill: the gradient points to where the cost grows, so go against it": [
            _moved(lambda leaf, rate, slope: leaf + rate * slope)
        ],
        "the learning rate is missing": [_moved(lambda leaf, rate, slope: leaf - slope)],
        "that is the step alone: take it from where you are": [
            _moved(lambda leaf, rate, slope: -rate * slope),
            _moved(lambda leaf, rate, slope: rate * slope),
        ],
        "the gradient of b is taken after w has moved: take both at the same point, then move both": [
            _one_after_the_other
        ],
        "only w moves: b has a gradient, too": [lambda w, x, b, y, rate: [_stepped(w, x, b, y, rate)[0], b]],
        "only b moves: w has a gradient, too": [lambda w, x, b, y, rate: [w, _stepped(w, x, b, y, rate)[1]]],
        "nothing moves": [lambda w, x, b, y, rate: [w, b]],
        "by the sign of the gradient alone: its size says how far to go": [
            _moved(lambda leaf, rate, slope: leaf - rate * math.copysign(1, slope))
        ],
        "those are the gradients: the step goes from w and b against them": [_moved(lambda leaf, rate, slope: slope)],
        "divided by the rate: a larger rate makes a larger step": [
            _moved(lambda leaf, rate, slope: leaf - slope / rate)
        ],
        **{name: [_step_by(wrong) for wrong in functions] for name, functions in GRADIENTS},
    },
    (
        "A positive ∂C/∂w says that the cost grows with w. In which direction should w go?",
        "w becomes w − rate · ∂C/∂w, and b likewise, with both gradients from the old w and b.",
        "Compute a, then both gradients, then return [w − rate·…, b − rate·…].",
    ),
)
