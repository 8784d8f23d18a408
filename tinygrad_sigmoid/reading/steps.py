"""Both passes, step by step: each operation forward, then each edge backward, as plain data that prints itself.

`backward` runs through its whole loop at once; here the same loop stops at every `+=` and says what it adds to what,
and why. Text, page, notebook and tests all show this one list.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, overload

from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.reading.writer import Names, number_text
from tinygrad_sigmoid.value import Value, require_fresh, require_value

MOST_PATHS = 16  # `explain` writes so many paths out; a graph of n values can have 2^n
_UNCOUNTED = 10**15  # from here on it only says "more than"


@dataclass(frozen=True)
class ForwardStep:
    """One operation of the forward pass.

    Attributes:
        number: The step's place in the list, from 1.
        value: The value that is computed, by its place in the topological order.
        inputs: The values it is computed from, likewise.
        operation: The name of the operation.
        name: What the value is called: its label, or its formula, or v7.
        input_names: What its inputs are called.
        formula: The operation with the names of its inputs, `w·x + b`.
        numbers: The operation with their numbers, `0.6 + 0.9`.
        result: What comes out.
        exact: Whether the figures, as shown, give the result exactly as shown.
    """

    number: int
    value: int
    inputs: tuple[int, ...]
    operation: str
    name: str
    input_names: tuple[str, ...]
    formula: str
    numbers: str
    result: float
    exact: bool

    @property
    def sentence(self) -> str:
        """What happens, in words: `z is computed from w·x and b.`"""
        names = self.input_names if len(self.input_names) <= 6 else (*self.input_names[:4], "…", self.input_names[-1])
        *others, last = dict.fromkeys(names)
        return f"{self.name} is computed from {', '.join(others)}{' and ' if others else ''}{last}."

    def __str__(self) -> str:
        named = self.formula if self.formula == self.name else f"{self.name} = {self.formula}"
        return f"{named} = {self.numbers} {_equals(self.exact)} {number_text(self.result)}"


@dataclass(frozen=True)
class BackwardStep:
    """One edge of the backward pass: what one use of a value contributes to its gradient.

    Attributes:
        number: The step's place in the list, from 1.
        value: The value that passes its gradient on, by its place in the topological order.
        input: The value that receives a contribution, likewise.
        operand: Which operand of the operation that is, from 0; `a*a` has a step for each.
        name: What the value is called.
        input_name: What the input is called.
        derivative: The local derivative by name, `∂σ/∂z`.
        formula: Its formula, `σ(z)·σ(−z)`.
        upstream: The gradient of the value, complete by now.
        local_derivative: The local derivative's number.
        contribution: upstream · local_derivative.
        before: The input's gradient before this step; `None` if nothing has arrived yet.
        after: The input's gradient after it.
    """

    number: int
    value: int
    input: int
    operand: int
    name: str
    input_name: str
    derivative: str
    formula: str
    upstream: float
    local_derivative: float
    contribution: float
    before: float | None
    after: float

    @property
    def sentence(self) -> str:
        """What happens, in words: `a hands z its gradient times the local derivative.`"""
        handed = f"{self.name} hands {self.input_name} its gradient times the local derivative"
        return (
            f"{handed}." if self.before is None else f"{handed}, and it is added to what {self.input_name} has already."
        )

    @property
    def local(self) -> str:
        """The local derivative in one line: `∂σ/∂z = σ(z)·σ(−z) ≈ 0.2179`."""
        number = number_text(self.local_derivative)
        if self.formula == number:
            return f"{self.derivative} = {number}"
        unrounded = float(f"{self.local_derivative:.4g}") == self.local_derivative
        return f"{self.derivative} = {self.formula} {_equals(unrounded)} {number}"

    @property
    def accumulation(self) -> str:
        """What is added to what, in one line: `gradient of z = 0.5 + 1·0.2179 = 0.7179`."""
        upstream, local = number_text(self.upstream), _bracketed(number_text(self.local_derivative))
        total = _exactly(self.upstream) * _exactly(self.local_derivative)
        added = f"{upstream}·{local}"
        if self.before is not None:
            added = f"{number_text(self.before)} + {_bracketed(upstream)}·{local}"
            total += _exactly(self.before)
        equals = _equals(total == _exactly(self.after))
        return f"gradient of {self.input_name} = {added} {equals} {number_text(self.after)}"

    def __str__(self) -> str:
        return f"{self.local}\n{self.accumulation}"


class Steps(Sequence[ForwardStep | BackwardStep]):
    """The steps of both passes: index it, slice it, print it.

    Attributes:
        values: The graph in topological order; a step names its values by their places in this list.
        names: What each of them is called.
        forward: The steps of the forward pass alone.
        backward: Those of the backward pass alone.
        gradients: The gradient of each value after the last step.
    """

    def __init__(self, output: Value) -> None:
        require_value(output, "steps")
        require_fresh(computed(output))
        self.values = topological_order(output)
        self._names = Names(self.values)
        self._place = {value: place for place, value in enumerate(self.values)}
        self.names = [self._names[value] for value in self.values]
        self.forward = [self._forward_step(number, value) for number, value in enumerate(_computed(self.values), 1)]
        self.gradients: dict[Value, float] = {output: 1.0}
        self.backward = list(self._backward_steps())

    def _forward_step(self, number: int, value: Value) -> ForwardStep:
        operation: Any = value.operation
        return ForwardStep(
            number=number,
            value=self._place[value],
            inputs=tuple([self._place[used] for used in value.inputs]),
            operation=operation.name,
            name=self._names[value],
            input_names=tuple([self._names[used] for used in value.inputs]),
            formula=self._names.formula(value),
            numbers=self._names.numbers(value),
            result=value.data,
            exact=_gives(operation, [used.data for used in value.inputs], value.data),
        )

    def _backward_steps(self) -> Iterator[BackwardStep]:
        """The loop of `Value.backward`, with a stop at each edge."""
        number = len(self.forward)
        for value in reversed(_computed(self.values)):
            upstream = self.gradients[value]
            formulas = self._names.local_derivatives(value)
            for operand, (used, local) in enumerate(zip(value.inputs, value.local_derivatives, strict=True)):
                if used.constant:
                    continue
                number += 1
                contribution = upstream * local
                before = self.gradients.get(used)
                after = self.gradients[used] = contribution if before is None else before + contribution
                yield BackwardStep(
                    number=number,
                    value=self._place[value],
                    input=self._place[used],
                    operand=operand,
                    name=self._names[value],
                    input_name=self._names[used],
                    derivative=self._names.local_derivative(value, operand),
                    formula=formulas[operand],
                    upstream=upstream,
                    local_derivative=local,
                    contribution=contribution,
                    before=before,
                    after=after,
                )

    @overload
    def __getitem__(self, index: int) -> ForwardStep | BackwardStep: ...
    @overload
    def __getitem__(self, index: slice) -> list[ForwardStep | BackwardStep]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [*self.forward, *self.backward][index]
        ahead = len(self.forward)
        place = range(len(self))[index]
        return self.forward[place] if place < ahead else self.backward[place - ahead]

    def __len__(self) -> int:
        return len(self.forward) + len(self.backward)

    def __str__(self) -> str:
        if not self:
            return f"{self.names[-1]} is a leaf: nothing is computed, so there are no passes"
        width = len(str(len(self)))
        lines = ["forward pass"]
        lines += [f"{step.number:>{width}}  {step}" for step in self.forward]
        lines.append(f"backward pass, from {self.beginning}")
        indent = "\n" + " " * (width + 2)
        lines += [f"{step.number:>{width}}  {step.local}{indent}{step.accumulation}" for step in self.backward]
        return "\n".join(lines)

    @property
    def beginning(self) -> str:
        """How the backward pass begins, `∂σ/∂σ(z) = 1`: an output changes exactly as fast as itself."""
        output = self.values[-1]
        return f"{self._names.derivative(output, output)} = 1"

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


# -- One leaf ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """One way from an output down to a value, and the product of the local derivatives along it.

    Attributes:
        names: What the values on the way are called, from the output on.
        derivatives: The local derivatives by name, one fewer.
        numbers: Their numbers.
    """

    names: tuple[str, ...]
    derivatives: tuple[str, ...]
    numbers: tuple[float, ...]

    @property
    def product(self) -> float:
        """The product of the local derivatives, multiplied as the backward pass does: from the output down."""
        return math.prod(self.numbers)

    def __str__(self) -> str:
        if not self.numbers:
            return "it is the output itself: 1"
        first, *rest = [number_text(number) for number in self.numbers]
        numbers = "·".join([first, *[_bracketed(number) for number in rest]])
        text = f"{' · '.join(self.derivatives)} = {numbers}"
        exact = math.prod([_exactly(number) for number in self.numbers]) == _exactly(self.product)
        return text if not rest else f"{text} {_equals(exact)} {number_text(self.product)}"


@dataclass(frozen=True)
class Explanation:
    """The derivative of an output with respect to one value, by the chain rule.

    Attributes:
        derivative: What is explained, by name: `∂C/∂w`.
        name: What the value is called.
        gradient: Its number, as `backward` computes it.
        count: How many paths lead from the output to the value.
        paths: The paths; empty if there are more than `MOST_PATHS`.
        uses: The steps of the backward pass in which the value's gradient is added up.
    """

    derivative: str
    name: str
    gradient: float
    count: int
    paths: tuple[Path, ...]
    uses: tuple[BackwardStep, ...]

    def __str__(self) -> str:
        if not self.count:
            return f"{self.derivative} = 0: no path leads from the output to {self.name}"
        if self.paths:
            return "\n".join([f"{self.derivative} along {counted(self.count, 'path')}:", *self._written_paths()])
        many = f"more than {_UNCOUNTED}" if self.count >= _UNCOUNTED else f"{self.count}"
        return "\n".join(
            [
                f"{self.derivative} along {many} paths, too many to write: added up use by use, as backward() does",
                *[
                    f"  use {number}: {use.local}\n         {use.accumulation}"
                    for number, use in enumerate(self.uses, 1)
                ],
            ]
        )

    def _written_paths(self) -> Iterator[str]:
        for number, path in enumerate(self.paths, 1):
            yield f"  path {number}: {' ← '.join(path.names)}"
            yield f"    {path}"
        first, *rest = [number_text(path.product) for path in self.paths]
        if rest:
            total = sum([_exactly(path.product) for path in self.paths])
            terms = " + ".join([first, *[_bracketed(number) for number in rest]])
            yield f"  together: {terms} {_equals(total == _exactly(self.gradient))} {number_text(self.gradient)}"


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

    Args:
        output: What is differentiated.
        wrt: A leaf or a value in between.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
    """
    for given in (output, wrt):
        require_value(given, "explain")
    walked = Steps(output)
    if wrt not in walked.gradients:
        names = Names([wrt, *walked.values])
        return Explanation(names.derivative(output, wrt), names[wrt], 0.0, 0, (), ())
    names = walked._names
    leading = _paths_to(wrt, walked.values)
    place = walked._place[wrt]
    return Explanation(
        derivative=names.derivative(output, wrt),
        name=names[wrt],
        gradient=walked.gradients[wrt],
        count=leading[output],
        paths=tuple(_paths(output, wrt, leading, names)) if leading[output] <= MOST_PATHS else (),
        uses=tuple([step for step in walked.backward if step.input == place]),
    )


def _paths_to(wrt: Value, order: Sequence[Value]) -> dict[Value, int]:
    """How many paths lead down to `wrt` from each value that has any."""
    count = {wrt: 1}
    for value in order:
        if value is not wrt and (paths := sum([count.get(used, 0) for used in value.inputs])):
            count[value] = min(paths, _UNCOUNTED)
    return count


def _paths(output: Value, wrt: Value, leading: dict[Value, int], names: Names) -> Iterator[Path]:
    """All of them, from left to right, without recursion: one path that grows and shrinks."""
    path: list[Value] = []
    derivatives: list[str] = []  # by which each value was reached, and their numbers
    numbers: list[float] = []
    untried: list[Iterator[tuple[Value, str, float]]] = [iter([(output, "", 1.0)])]
    while untried:
        for value, derivative, local in untried[-1]:
            path.append(value)
            derivatives.append(derivative)
            numbers.append(local)
            if value is wrt:
                yield Path(tuple([names[passed] for passed in path]), tuple(derivatives[1:]), tuple(numbers[1:]))
                untried.append(iter(()))
            else:
                edges = enumerate(zip(value.inputs, value.local_derivatives, strict=True))
                untried.append(
                    iter(
                        [
                            (used, names.local_derivative(value, operand), local)
                            for operand, (used, local) in edges
                            if used in leading
                        ]
                    )
                )
            break
        else:
            untried.pop()
            if path:
                path.pop()
                derivatives.pop()
                numbers.pop()


# -- Figures -----------------------------------------------------------------------------------------------------------


def _computed(order: Sequence[Value]) -> list[Value]:
    return [value for value in order if value.inputs]


def _equals(exact: bool) -> str:
    return "=" if exact else "≈"


def _exactly(number: float) -> Any:
    """The number that is shown, exactly; an infinity as it is."""
    return Fraction(f"{number:.4g}") if math.isfinite(number) else number


def _gives(operation: Operation, inputs: Sequence[float], result: float) -> bool:
    """Whether the operation takes the inputs, as they are shown, to the result as it is shown."""
    figures = [_exactly(number) for number in inputs]
    target = _exactly(result)
    try:
        outcome: Any = operation.forward(*figures)  # fractions, so 0.1 + 0.2 is 0.3
        return outcome == target or math.isclose(outcome, target, rel_tol=4e-16)
    except (ArithmeticError, ValueError, TypeError):
        return False


def _bracketed(number: str) -> str:
    return f"({number})" if number.startswith("−") else number


def counted(count: int, thing: str) -> str:
    """How many there are: `1 step`, `2 steps`."""
    return f"{count} {thing}{'s' * (count != 1)}"
