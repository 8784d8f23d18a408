"""The chain rule for one value: every path from the output down to it, with numbers, and the sum over the paths."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.steps import BackwardStep, Steps, bracketed, counted, equals, exactly
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.tables import sentences, table
from tinygrad_sigmoid.value import Value

MOST_PATHS = 16  # so many are written out; a graph of n values can have 2^n
_UNCOUNTED = 10**15  # from here on it only says "more than"


@dataclass(frozen=True)
class Path:
    """One way from an output down to a value."""

    names: tuple[str, ...]  # what the values on the way are called, from the output on
    derivatives: tuple[str, ...]  # the local derivatives by name, one fewer
    numbers: tuple[float, ...]  # and their numbers

    @property
    def product(self) -> float:
        """The product of the local derivatives, multiplied as the backward pass does: from the output down."""
        return math.prod(self.numbers)

    def __str__(self) -> str:
        if not self.numbers:
            return "it is the output itself: 1"
        first, *rest = [number_text(number) for number in self.numbers]
        numbers = "·".join([first, *[bracketed(number) for number in rest]])
        text = f"{' · '.join(self.derivatives)} = {numbers}"
        exact = math.prod([exactly(number) for number in self.numbers]) == exactly(self.product)
        return text if not rest else f"{text} {equals(exact)} {number_text(self.product)}"


@dataclass(frozen=True)
class Explanation:
    """The derivative of an output with respect to one value, by the chain rule."""

    derivative: str  # what is explained, by name: `∂C/∂w`
    name: str  # what the value is called
    gradient: float  # as `backward` computes it
    count: int  # how many paths lead from the output to the value
    paths: tuple[Path, ...]  # empty if there are more than `MOST_PATHS`
    uses: tuple[BackwardStep, ...]  # the steps in which the value's gradient is added up

    def __str__(self) -> str:
        indent = "\n    " if self.paths else "\n         "
        lines = [f"  {name}: {indent.join(filter(None, told))}" for name, *told in self._rows()]
        return "\n".join([self._heading(), *lines])

    def _heading(self) -> str:
        if not self.count:
            return f"{self.derivative} = 0: no path leads from the output to {self.name}"
        if self.paths:
            return f"{self.derivative} along {counted(self.count, 'path')}:"
        many = f"more than {_UNCOUNTED}" if self.count >= _UNCOUNTED else f"{self.count}"
        return f"{self.derivative} along {many} paths, too many to write: added up use by use, as backward() does"

    def _rows(self) -> list[tuple[str, str, str]]:
        """The paths and their sum, or where there are too many, the uses."""
        if not self.paths:
            return [(f"use {n}", use.local, use.accumulation) for n, use in enumerate(self.uses, 1)]
        rows = [(f"path {n}", " ← ".join(path.names), str(path)) for n, path in enumerate(self.paths, 1)]
        return [*rows, ("together", "", self._sum_over_paths())] if len(rows) > 1 else rows

    def _sum_over_paths(self) -> str:
        first, *rest = [number_text(path.product) for path in self.paths]
        total = sum([exactly(path.product) for path in self.paths])
        terms = " + ".join([first, *[bracketed(number) for number in rest]])
        return f"{terms} {equals(total == exactly(self.gradient))} {number_text(self.gradient)}"

    def _repr_html_(self) -> str:
        rows = self._rows()
        return sentences(self._heading()) + (table(rows) if rows else "")


def explain(output: Value, wrt: Value) -> Explanation:
    """The chain rule for one value, path by path with numbers, and the sum over the paths.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(2, "x")
    >>> y = 3 * x
    >>> a, b = 2 * y, 5 * y
    >>> y.label, a.label, b.label = "y", "a", "b"
    >>> print(explain(a + b, wrt=x))
    ∂(a + b)/∂x along 2 paths:
      path 1: a + b ← a ← y ← x
        ∂(a + b)/∂a · ∂a/∂y · ∂y/∂x = 1·2·3 = 6
      path 2: a + b ← b ← y ← x
        ∂(a + b)/∂b · ∂b/∂y · ∂y/∂x = 1·5·3 = 15
      together: 6 + 15 = 21

    Above 16 paths (there can be 2^n) it says how many there are and adds up the value's uses instead, each with its
    upstream gradient, in which the paths above it are summed already. That is what the backward pass does, and why it
    takes no longer than the forward pass.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
    """
    checks.value(output)
    checks.value(wrt, "wrt")
    walked = Steps(output)
    if wrt not in walked.gradients:
        names = Names(topological_order(output, wrt))
        return Explanation(names.derivative(output, wrt), names[wrt], 0.0, 0, (), ())
    leading = _paths_to(wrt, walked.values)
    return Explanation(
        derivative=walked.naming.derivative(output, wrt),
        name=walked.naming[wrt],
        gradient=walked.gradients[wrt],
        count=leading[output],
        paths=tuple(_paths(output, wrt, leading, walked.naming)) if leading[output] <= MOST_PATHS else (),
        uses=tuple([step for step in walked.backward if step.input == walked.index_of[wrt]]),
    )


def _paths_to(wrt: Value, order: Sequence[Value]) -> dict[Value, int]:
    """How many paths lead down to `wrt` from each value that has any."""
    count = {wrt: 1}
    for value in order:
        if value is not wrt and (paths := sum([count.get(used, 0) for used in value.inputs])):
            count[value] = min(paths, _UNCOUNTED)
    return count


_Edges = tuple[Value, int, "_Edges"] | None  # the last edge of a path, as a value and an operand; and those before it


def _paths(output: Value, wrt: Value, leading: Mapping[Value, int], names: Names) -> Iterator[Path]:
    """All paths from the output down to a value, from left to right."""
    untried: list[tuple[Value, _Edges]] = [(output, None)]
    while untried:
        value, edges = untried.pop()
        if value is wrt:
            yield _path(wrt, edges, names)
            continue
        for operand in reversed(range(len(value.inputs))):
            if value.inputs[operand] in leading:
                untried.append((value.inputs[operand], (value, operand, edges)))


def _path(end: Value, edges: _Edges, names: Names) -> Path:
    passed, derivatives, numbers = [names[end]], [], []
    while edges is not None:
        value, operand, edges = edges
        passed.append(names[value])
        derivatives.append(names.local_derivatives(value)[operand])
        numbers.append(value.local_derivatives[operand])
    return Path(tuple(passed[::-1]), tuple(derivatives[::-1]), tuple(numbers[::-1]))
