"""Both passes, step by step: each operation forward, then each edge backward, as plain data that prints itself.

`backward` runs through its whole loop at once; here the same loop stops at every `+=` and says what it adds to what,
and why. Text, page, notebook and tests all show this one list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import MATHML, in_math, number_text
from tinygrad_sigmoid.tables import Markup, sentences, shortened, table
from tinygrad_sigmoid.value import Value, operation_of, require_fresh

MOST_ROWS = 200  # of each pass in a notebook; printed, there are all


@dataclass(frozen=True)
class ForwardStep:
    """One operation of the forward pass."""

    number: int  # its place in the list of steps, from 1
    value: int  # the value that is computed, by its index in the topological order
    inputs: tuple[int, ...]  # the values that it is computed from, likewise
    operation: str
    name: str  # what the value is called: its label, or its formula, or v7
    input_names: tuple[str, ...]
    formula: str  # the operation with the names of its inputs, `w·x + b`
    numbers: str  # the operation with their numbers, `0.6 + 0.9`
    result: float
    exact: bool  # whether the figures, as shown, give the result exactly as shown

    @property
    def sentence(self) -> str:
        """What happens, in words: `z is computed from w·x and b.`"""
        names = self.input_names if len(self.input_names) <= 6 else (*self.input_names[:4], "…", self.input_names[-1])
        *others, last = dict.fromkeys(names)
        return f"{self.name} is computed from {', '.join(others)}{' and ' if others else ''}{last}."

    def __str__(self) -> str:
        named = self.formula if self.formula == self.name else f"{self.name} = {self.formula}"
        return f"{named} = {self.arithmetic}"

    @property
    def arithmetic(self) -> str:
        """The numbers, and what they give: `0.6 + 0.9 = 1.5`."""
        return f"{self.numbers} {equals(self.exact)} {number_text(self.result)}"


@dataclass(frozen=True)
class BackwardStep:
    """One edge of the backward pass: what one use of a value contributes to its gradient."""

    number: int  # its place in the list of steps
    value: int  # the value whose gradient is propagated, by its index in the topological order
    input: int  # the value that receives a contribution, likewise
    operand: int  # which operand of the operation that is, from 0; `a*a` has a step for each
    name: str
    input_name: str
    derivative: str  # the local derivative by name, `∂σ/∂z`
    formula: str  # and its formula, `σ(z)·σ(−z)`
    upstream: float  # the gradient of the value, complete by now
    local_derivative: float
    contribution: float  # upstream · local_derivative
    before: float | None  # the input's gradient before this step; None if nothing has arrived yet
    after: float

    @property
    def sentence(self) -> str:
        """What happens, in words: `a hands z its gradient times the local derivative.`"""
        handed = f"{self.name} hands {self.input_name} its gradient times the local derivative"
        return handed + ("." if self.before is None else f", and it is added to what {self.input_name} has already.")

    @property
    def local(self) -> str:
        """The local derivative in one line: `∂σ/∂z = σ(z)·σ(−z) ≈ 0.2179`."""
        return f"{self.derivative} = {self.formula}{self.figure}"

    @property
    def figure(self) -> str:
        """The local derivative as a number, ` ≈ 0.2179`; nothing if its formula is one already."""
        number = number_text(self.local_derivative)
        exact = figures_give(self.local_derivative, self.local_derivative)
        return "" if self.formula == number else f" {equals(exact)} {number}"

    @property
    def accumulation(self) -> str:
        """What is added to what, in one line: `gradient of z = 0.5 + 1·0.2179 = 0.7179`."""
        upstream, local = number_text(self.upstream), bracketed(number_text(self.local_derivative))
        added = f"{upstream}·{local}"
        if self.before is not None:
            added = f"{number_text(self.before)} + {bracketed(upstream)}·{local}"
        total = exactly(self.before or 0.0) + exactly(self.upstream) * exactly(self.local_derivative)
        return (
            f"gradient of {self.input_name} = {added} {equals(total == exactly(self.after))} {number_text(self.after)}"
        )

    def __str__(self) -> str:
        return f"{self.local}\n{self.accumulation}"


class Steps(list[ForwardStep | BackwardStep]):
    """The steps of both passes, those of `forward` and then those of `backward`: index it, slice it, print it.

    Attributes:
        values: The graph in topological order; a step gives its values by their index in this list.
        names: What each of them is called.
        naming: The same by value, and the formulas.
        gradients: The gradient of each value after the last step.
    """

    def __init__(self, output: Value) -> None:
        checks.value(output)
        order = computed(output)
        require_fresh(order)
        self.values = topological_order(output)
        self.naming = Names(self.values)
        self.names = [self.naming[value] for value in self.values]
        self.index_of = {value: index for index, value in enumerate(self.values)}
        self.forward = [self._forward_step(number, value) for number, value in enumerate(order, 1)]
        self.gradients: dict[Value, float] = {output: 1.0}
        self.backward = list(self._backward_steps(order))
        super().__init__([*self.forward, *self.backward])

    def _forward_step(self, number: int, value: Value) -> ForwardStep:
        operation = operation_of(value)
        return ForwardStep(
            number=number,
            value=self.index_of[value],
            inputs=tuple([self.index_of[used] for used in value.inputs]),
            operation=operation.name,
            name=self.naming[value],
            input_names=tuple([self.naming[used] for used in value.inputs]),
            formula=self.naming.formula(value),
            numbers=self.naming.numbers(value),
            result=value.data,
            exact=_gives(value),
        )

    def _backward_steps(self, order: Sequence[Value]) -> Iterator[BackwardStep]:
        """The loop of `Value.backward`, with a stop at each edge."""
        number = len(self.forward)
        for value in reversed(order):
            upstream = self.gradients[value]
            derivatives, formulas = self.naming.local_derivatives(value), self.naming.local_formulas(value)
            for operand, (used, local) in enumerate(zip(value.inputs, value.local_derivatives, strict=True)):
                if used.constant:
                    continue
                number += 1
                contribution = upstream * local
                before = self.gradients.get(used)
                after = self.gradients[used] = contribution if before is None else before + contribution
                yield BackwardStep(
                    number=number,
                    value=self.index_of[value],
                    input=self.index_of[used],
                    operand=operand,
                    name=self.naming[value],
                    input_name=self.naming[used],
                    derivative=derivatives[operand],
                    formula=formulas[operand],
                    upstream=upstream,
                    local_derivative=local,
                    contribution=contribution,
                    before=before,
                    after=after,
                )

    def __str__(self) -> str:
        if not self:
            return f"{self.names[-1]} is a leaf: nothing is computed, so there are no passes"
        width = len(str(len(self)))
        lines = [f"{step.number:>{width}}  {step}".replace("\n", "\n" + " " * (width + 2)) for step in self]
        lines.insert(len(self.forward), f"backward pass, from {self.beginning}")
        return "\n".join(["forward pass", *lines])

    def _repr_html_(self) -> str:
        if not self:
            return sentences(str(self))
        names = Names(self.values, style=MATHML)
        forward, backward = [shortened(rows(names), MOST_ROWS) for rows in (self._forward_rows, self._backward_rows)]
        beginning = f"backward pass, from {self.beginning}"
        return table(forward, ("step", "forward pass", "in numbers")) + table(
            backward, ("step", beginning, "upstream gradient · local derivative")
        )

    def _forward_rows(self, names: Names) -> Iterator[tuple[str, ...]]:
        for step in self.forward:
            value = self.values[step.value]
            named = dict.fromkeys([names[value], names.formula(value)])
            yield str(step.number), in_math(MATHML.equals.join(named)), step.arithmetic

    def _backward_rows(self, names: Names) -> Iterator[tuple[str, ...]]:
        for index, uses in groupby(self.backward, lambda step: step.value):
            value = self.values[index]
            written = list(zip(names.local_derivatives(value), names.local_formulas(value), strict=True))
            for step in uses:
                local = in_math(MATHML.equals.join(written[step.operand]))
                yield str(step.number), Markup(local + step.figure), step.accumulation

    @property
    def beginning(self) -> str:
        """How the backward pass begins, `∂σ/∂σ(z) = 1`: an output changes exactly as fast as itself."""
        output = self.values[-1]
        return f"{self.naming.derivative(output, output)} = 1"

    def __repr__(self) -> str:
        ahead = counted(len(self.forward), "step")
        return f"<{ahead} forward and {len(self.backward)} back to the gradients of {self.names[-1]}>"


def steps(output: Value) -> Steps:
    """Both passes as a list: a step for each operation forward, then one for each edge backward.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    >>> z = w * x + b
    >>> z.label = "z"
    >>> print(steps(sigmoid(z)))
    forward pass
    1  w·x = 0.6·1 = 0.6
    2  z = w·x + b = 0.6 + 0.9 = 1.5
    3  σ(z) = σ(1.5) ≈ 0.8176
    backward pass, from ∂σ/∂σ(z) = 1
    4  ∂σ/∂z = σ(z)·σ(−z) ≈ 0.1491
       gradient of z = 1·0.1491 = 0.1491
    5  ∂z/∂(w·x) = 1
       gradient of w·x = 0.1491·1 = 0.1491
    6  ∂z/∂b = 1
       gradient of b = 0.1491·1 = 0.1491
    7  ∂(w·x)/∂w = x = 1
       gradient of w = 0.1491·1 = 0.1491
    8  ∂(w·x)/∂x = w = 0.6
       gradient of x = 0.1491·0.6 ≈ 0.08949

    The derivatives named here are *local*: how fast a value changes with one operand, through this one edge, the other
    operands held still. What is used twice has two of them, told apart as in `∂(x·x)/∂(1st x)` and `∂(x·x)/∂(2nd x)`.

    The gradients are those that `backward()` computes, bit for bit, on leaves whose gradients were forgotten before.
    No number of the graph and no `grad` is touched.

    Numbers are shown with four significant digits, and with `≈` wherever those digits don't give what is shown.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
    """
    return Steps(output)


# -- Figures -----------------------------------------------------------------------------------------------------------


def equals(exact: bool) -> str:
    return "=" if exact else "≈"


def exactly(number: float) -> Fraction | float:
    """The number that is shown, exactly; an infinity as it is."""
    return Fraction(f"{number:.4g}") if math.isfinite(number) else number


def figure(number: float) -> float:
    """The number as it is shown, with four significant digits."""
    return float(f"{number:.4g}")


def figures_give(outcome: float, result: float, inputs: Sequence[tuple[float, float]] = ()) -> bool:
    """Whether what was computed from shown figures is the result as it is shown, as nearly as floats can tell.

    An input contributes its size times its local derivative. Rounding is measured by the sum of the contributions: in
    0.99 − 1 floats lose their first digits, and −0.01 is right all the same. And where a contribution is lost beside
    the others, as in 1 + 1e−20, no result is exact.

    Args:
        outcome: What the figures give.
        result: The result, not yet rounded as it is shown.
        inputs: Each input with its local derivative.
    """
    terms = [(figure(result), 1.0), *inputs]
    total = sum([abs(number * slope) for number, slope in terms])
    lost = any(abs(number * slope) <= 1e-12 * total for number, slope in terms if number and slope)
    return abs(outcome - figure(result)) <= 1e-15 * total and not lost


def _gives(value: Value) -> bool:
    """Whether a value's operation takes its inputs, as they are shown, to the value as it is shown."""
    numbers = [used.data for used in value.inputs]
    try:
        outcome = operation_of(value).forward(*map(figure, numbers))
    except (ArithmeticError, ValueError):
        return False
    return figures_give(outcome, value.data, list(zip(numbers, value.local_derivatives, strict=True)))


def bracketed(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def counted(count: int, thing: str) -> str:
    """How many there are: `1 step`, `2 steps`."""
    return f"{count} {thing}{'s' * (count != 1)}"
