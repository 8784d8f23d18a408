"""A small change, predicted and made: Nielsen's equation 5, Δoutput ≈ Σ ∂output/∂v · Δv, put to the test."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.errors import value_error
from tinygrad_sigmoid.graph import leaves
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.tables import sentences, table
from tinygrad_sigmoid.value import Value, write

CONTRIBUTIONS = ("", "∂output/∂v", "Δv", "contribution")
SIZES = ("size", "predicted", "actual", "remainder", "ratio")


@dataclass(frozen=True)
class Nudge:
    """How an output answered a small change of some leaves."""

    output: Value  # its graph is as it was before
    changes: dict[Value, float]  # Δv of each leaf
    gradients: dict[Value, float]  # ∂output/∂v for each leaf, at the point from which it was nudged
    before: float  # the output's number before the change
    after: float  # and after it

    @property
    def predicted(self) -> float:
        """Σ ∂output/∂v · Δv: the change if the output were a straight line."""
        return math.fsum(self.gradients[leaf] * change for leaf, change in self.changes.items())

    @property
    def actual(self) -> float:
        """The change of the output when the graph is replayed with the changed leaves."""
        return self.after - self.before

    @property
    def remainder(self) -> float:
        """What the prediction missed: actual − predicted."""
        return self.actual - self.predicted

    @property
    def noise_floor(self) -> float:
        """Below this a remainder is made of rounding: some units in the last place of the numbers it comes from."""
        return 8 * math.ulp(max(abs(self.before), abs(self.after)))

    def halving(self, times: int = 6) -> Halving:
        """The same nudge at its full size, then halved again and again.

        >>> from tinygrad_sigmoid import Neuron
        >>> nand = Neuron([-2, -2], 3)
        >>> print(nudge(nand([1, 1]), {nand.weights[0]: 0.1}).halving(3))
             size    predicted       actual    remainder    ratio
                1   +0.0196612   +0.0201091 +0.000447883
              1/2   +0.0098306   +0.0099434 +0.000112804     3.97
              1/4   +0.0049153   +0.0049436  +2.8299e-05     3.99
              1/8  +0.00245765  +0.00246474  +7.0866e-06     3.99
        the remainder falls fourfold with each halving (slope 1.99): the gradient is right

        Raises:
            RuntimeError: The graph has been moved since: its leaves have other numbers now.
        """
        if self.output.data != self.before or nudge(self.output, self.changes) != self:
            raise RuntimeError(
                f"the graph has been moved since this nudge (its output was {self.before!r} and is now "
                f"{self.output.data!r}), so it can't be repeated: call nudge(…) again"
            )
        times = checks.whole(times, "times", "write for instance 6", most=1000)
        sizes = [0.5**k for k in range(times + 1)]
        return Halving([nudge(self.output, {v: d * size for v, d in self.changes.items()}) for size in sizes])

    def _contributions(self) -> Iterator[tuple[str, str, str, str]]:
        for leaf, change in self.changes.items():
            slope = self.gradients[leaf]
            yield leaf.label or f"{leaf.data:.4g}", f"{slope:.6g}", f"{change:+.6g}", f"{slope * change:+.6g}"

    def _changes(self) -> list[tuple[str, str, str]]:
        return [
            ("predicted change", f"{self.predicted:+.6g}", ""),
            ("actual change", f"{self.actual:+.6g}", f"(from {self.before:.6g} to {self.after:.6g})"),
            ("remainder", f"{self.remainder:+.6g}", ""),
        ]

    def __str__(self) -> str:
        rows = [CONTRIBUTIONS, *self._contributions()]
        width = max(len(row[0]) for row in rows)
        lines = [f"{name:<{width}}  {slope:>12}  {change:>12}  {share:>13}" for name, slope, change, share in rows]
        lines += [f"{name:<16}  {number}  {remark}".rstrip() for name, number, remark in self._changes()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return table(self._contributions(), CONTRIBUTIONS) + table(self._changes())


@dataclass(frozen=True)
class Halving:
    """The same nudge at several sizes, each half the one before."""

    nudges: list[Nudge]

    @property
    def ratios(self) -> list[float]:
        """How many times smaller each remainder is than the one before; nan where rounding has swallowed it."""
        remainders = [abs(n.remainder) if abs(n.remainder) > n.noise_floor else math.nan for n in self.nudges]
        return [larger / smaller for larger, smaller in pairwise(remainders)]

    @property
    def slope(self) -> float:
        """log₂ of the ratio at the small end: 2 if the gradient is right, 1 if it is wrong; nan if nothing is left."""
        smallest = sorted([math.log2(ratio) for ratio in self.ratios if not math.isnan(ratio)][-3:])
        return smallest[len(smallest) // 2] if smallest else math.nan  # the middle one: rounding may spoil the last

    @property
    def verdict(self) -> str:
        """What the remainders say about the gradient, or why they say nothing."""
        slope = self.slope
        if all(n.actual == 0 and n.predicted == 0 for n in self.nudges):
            return "nothing moves at all: the output is flat here, and a gradient of 0 is all there is to know"
        if any(  # a remainder far above rounding is gone at half the size
            abs(larger.remainder) > 64 * larger.noise_floor and abs(smaller.remainder) <= smaller.noise_floor
            for larger, smaller in pairwise(self.nudges)
        ):
            return "the remainder vanishes all at once: the larger nudges went past a kink or a jump"
        if math.isnan(slope) and any(n.actual == 0 and n.predicted != 0 for n in self.nudges):
            return "the change is too small to show in the output's digits: nudge further"
        if math.isnan(slope):
            return (
                "there is no remainder beyond rounding: the output is a straight line here, or the nudge is too small"
            )
        if slope > 2.2:
            return f"the remainder falls more than fourfold (slope {slope:.2f}): the output hardly bends here"
        if slope > 1.8:
            return f"the remainder falls fourfold with each halving (slope {slope:.2f}): the gradient is right"
        return (
            f"the remainder does not fall fourfold (slope {slope:.2f}): a kink or a jump is near, the nudge is large, "
            f"or the gradient is wrong"
        )

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for k, (n, ratio) in enumerate(zip(self.nudges, [math.nan, *self.ratios], strict=True)):
            numbers = [_signed(x) for x in (n.predicted, n.actual, n.remainder)]
            yield f"1/{2**k}" if k else "1", *numbers, "" if math.isnan(ratio) else f"{ratio:.2f}"

    def __str__(self) -> str:
        lines = [
            f"{size:>9}{a:>13}{b:>13}{c:>13}{ratio:>9}".rstrip() for size, a, b, c, ratio in [SIZES, *self._rows()]
        ]
        return "\n".join([*lines, self.verdict])

    def _repr_html_(self) -> str:
        return table(self._rows(), SIZES) + sentences(self.verdict)


def nudge(output: Value, changes: Mapping[Value, float]) -> Nudge:
    """The change of `output` that its gradients predict for small changes of some leaves, beside the actual change.

    >>> from tinygrad_sigmoid import Neuron
    >>> nand = Neuron([-2, -2], 3)
    >>> print(nudge(nand([1, 1]), {nand.weights[0]: +0.01}))
          ∂output/∂v            Δv   contribution
    w1      0.196612         +0.01    +0.00196612
    predicted change  +0.00196612
    actual change     +0.00197066  (from 0.268941 to 0.270912)
    remainder         +4.53695e-06

    Afterwards every number of the graph is what it was, and no `grad` is touched.

    Args:
        output: What is watched.
        changes: How much is added to each leaf.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        TypeError: The changes are no dict of Values and numbers.
        ValueError: There is nothing to change, or one of the values is not a leaf of this graph.
    """
    wanted, cure = "a dict of leaves and their changes", "write it as in nudge(output, {w: 0.01})"
    checks.instance(changes, Mapping, "changes", wanted, cure)
    if not changes:
        raise checks.refused("changes", f"{wanted}, at least one", changes, cure, ValueError)
    require_leaves(output, changes, "nudge")
    sizes = {leaf: checks.number(change, "a change", cure) for leaf, change in changes.items()}
    slopes = {v: g.data for v, g in zip(changes, gradients(output, list(changes)), strict=True)}
    before = output.data
    with restored(output, sizes):
        for leaf, change in sizes.items():
            leaf.data += change
        after = output.forward().data
    return Nudge(output, sizes, slopes, before, after)


def require_leaves(output: Value, moved: Iterable[Value], verb: str) -> None:
    """Raises an error unless these are leaves of a graph, which may be moved."""
    checks.value(output)
    in_graph = set(leaves(output))
    for leaf in moved:
        checks.value(leaf, f"what you {verb}")
        if leaf.inputs:
            raise value_error("computed", leaf, verb)
        if leaf not in in_graph:
            raise ValueError(f"{shown(leaf)} is not in the graph of {shown(output)}: {verb} a leaf of it")


@contextmanager
def restored(output: Value, moved: Collection[Value]) -> Iterator[None]:
    """Within it the leaves may be moved and the output replayed; afterwards the graph is as it was."""
    numbers = [leaf.data for leaf in moved]
    try:
        yield
    finally:
        write(moved, numbers)
        output.forward()


def _signed(number: float) -> str:
    return f"{number:+.6g}" if number == 0 or abs(number) >= 1e-4 else f"{number:+.4e}"
