"""An output against one leaf, as numbers: the curve, and the tangent that the gradient draws to it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.nudging import require_leaves, restored
from tinygrad_sigmoid.reading.steps import steps
from tinygrad_sigmoid.value import Value


@dataclass(frozen=True)
class Scan:
    """How an output goes with one leaf while all others stay."""

    name: str  # the leaf's label
    numbers: tuple[float, ...]  # the leaf's, from low to high, in equal steps
    outputs: tuple[float, ...]  # one for each of them; nan where it is not defined
    at: float  # where the leaf stood
    output: float  # there
    gradient: float  # ∂output/∂leaf there

    @property
    def tangent(self) -> tuple[float, ...]:
        """What the gradient alone predicts for each number: output + gradient · (number − at)."""
        return tuple([self.output + self.gradient * (number - self.at) for number in self.numbers])


def scan(output: Value, leaf: Value, low: float, high: float, points: int = 101) -> Scan:
    """The output for many numbers of a leaf, and the tangent where the leaf stands: data for a plot.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> z = Value(0.0, "z")
    >>> scanned = scan(sigmoid(z), z, -4, 4, points=5)
    >>> [f"{output:.3f}" for output in scanned.outputs]
    ['0.018', '0.119', '0.500', '0.881', '0.982']
    >>> scanned.tangent
    (-0.5, 0.0, 0.5, 1.0, 1.5)

    Afterwards every number of the graph is what it was, and no `grad` is touched.

    Args:
        output: What is watched.
        leaf: What is changed.
        low: Where the leaf's numbers begin.
        high: Where they end.
        points: How many there are, at least 2.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        TypeError, ValueError: There are fewer than two points, low is not below high, or the value is no leaf of this
            graph.
    """
    require_leaves(output, [leaf], "scan")
    low, high = (checks.number(end, "a scan from low to high", "write for instance −4, 4") for end in (low, high))
    points = checks.whole(points, "points", "write for instance 101", least=2, most=1_000_000)
    if not low < high or high - low == math.inf:
        raise ValueError(f"a scan goes from low to high, but got {low:g} and {high:g}: write for instance −4, 4")
    gradient = steps(output).gradients.get(leaf, 0.0)
    at, before = leaf.data, output.data
    numbers = [low + (high - low) * i / (points - 1) for i in range(points)]
    with restored(output, [leaf]):
        outputs = [_output(output, leaf, number) for number in numbers]
    return Scan(leaf.label, tuple(numbers), tuple(outputs), at, before, gradient)


def _output(output: Value, leaf: Value, number: float) -> float:
    leaf.data = number
    try:
        return output.forward().data
    except (ArithmeticError, ValueError):
        return math.nan
