"""Hypothesis strategies: graphs, networks, arrays, and inputs over an operation's whole domain (extra `testing`).

A test of an operation of your own:

    @given(points(softsign))
    def test_softsign(at):
        check_operation(softsign, at)

and of whatever works on graphs:

    @given(graphs())
    def test_mine(output):
        check_gradients(output)

What fails shrinks to the smallest that does. The simplest number is 0.5 and not 0, where many wrong rules are right.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.losses import SAME_GRAPH, cross_entropy, softmax_cross_entropy
from tinygrad_sigmoid.neuron import Layer, Network, Neuron
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE, add, fixed_power, general_power, negate, relu, sigmoid, softplus, tanh
from tinygrad_sigmoid.testing.pasting import as_expression
from tinygrad_sigmoid.value import Value, operation_of


def register() -> None:
    """Lets Hypothesis make Values by itself, for `from_type(Value)`: it calls this when it is imported."""
    from hypothesis import strategies

    numbers = strategies.floats(allow_nan=False, allow_infinity=False)
    strategies.register_type_strategy(Value, strategies.builds(Value, numbers))


from hypothesis import strategies as st  # noqa: E402 (importing it calls `register`, which must be there by then)

__all__ = ["Expression", "arrays", "expression", "expressions", "graphs", "networks", "points", "register"]

STEEPEST = 1e6  # no result or local derivative of a well-scaled expression is larger
NEAREST = 1e-6  # to a kink
LARGEST = 1e300  # no result of any other expression is larger, so that they can be added up
LONGEST_LIST = 3  # of an operation that takes any number of inputs
FARTHEST = 7  # operands are looked for among so many results, from the last one back

# The first is what everything shrinks to: not 0, 1 or any other number that is its own square.
SIMPLEST = [0.5, 2.0, -0.5, 1.0]
ORDINARY = st.one_of(st.sampled_from(SIMPLEST), st.floats(-4.0, 4.0))
HARD = st.one_of(
    ORDINARY,
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 13.0, -13.0, 36.0, -37.0, 745.2, -745.2, 800.0, -800.0]),
    st.sampled_from([5e-324, -1e-310, 1e-160, 1000.0, -1000.0, 1e10]),
)
ANYWHERE = st.one_of(HARD, st.floats(-800.0, 800.0), st.floats(allow_nan=False, allow_infinity=False))
_EXPONENTS = st.sampled_from([2.0, 3.0, 0.5, -1.0, 0.0, 1.0, -2.0])


@dataclass(frozen=True, repr=False)
class Expression:
    """A function of numbers or Values, with numbers at which it can be computed; its `repr` is Python that pastes."""

    function: Callable[..., Value]
    at: dict[str, float]  # a number for each of its inputs
    text: str

    def __call__(self, *inputs: Value | float) -> Value:
        return self.function(*inputs)

    def recorded(self) -> Value:
        """The graph at `at`, its leaves labelled with the names of the inputs."""
        return self.function(*[Value(number, name) for name, number in self.at.items()])

    def __repr__(self) -> str:
        return f"expression({self.text}, {', '.join(f'{name}={number!r}' for name, number in self.at.items())})"


def expression(function: Callable[..., Value], **at: float) -> Expression:
    """The expression that a failing test has printed, for `@example(expression(…))`.

    >>> from tinygrad_sigmoid import exp, relu
    >>> expression(lambda x: relu(t1 := exp(x)) + t1, x=0.0).recorded()
    Value(2.0)
    """
    checks.function(function, "what is expressed", "pass for instance sigmoid")
    for number in at.values():
        checks.number(number, "an input", "write for instance x=0.5")
    text = getattr(function, "__name__", "…")
    return Expression(function, dict(at), "…" if text == "<lambda>" else text)


def expressions(
    *,
    operations: Sequence[Operation] | None = None,
    max_operations: int = 10,
    max_inputs: int = 3,
    numbers: st.SearchStrategy[float] | None = None,
    well_scaled: bool = True,
) -> st.SearchStrategy[Expression]:
    """Random expressions that use results more than once; they shrink to the smallest that fails.

    Whatever is drawn becomes an expression: an operation that can't be computed is left out, and `x + x` stands in
    where that leaves none. Results that nothing uses are added up at the end.

    Args:
        operations: What they are made of; all of the table if left out.
        max_operations: At most so many, without the final sum.
        max_inputs: At most so many inputs, x, y, z, x4, x5, …
        numbers: Where the inputs and constants come from; left out, from −4 to 4, and from where floats get difficult
            as well if the expression need not be well scaled.
        well_scaled: Operations near a kink or a pole and large results are left out, so that each gradient can be
            checked with nothing unresolved.
    """
    if operations is not None:
        cure = "write for instance [sigmoid, add], or leave it out"
        operations = checks.entries(operations, "operations", "a list of operations", cure, kind=Operation)
    checks.whole(max_operations, "max_operations", "write for instance 10", least=1)
    checks.whole(max_inputs, "max_inputs", "write for instance 3", least=1)
    checks.choice(well_scaled, "well_scaled", [True, False])
    if numbers is None:
        numbers = ORDINARY if well_scaled else HARD
    checks.instance(numbers, st.SearchStrategy, "numbers", "a strategy", "write for instance floats(-4, 4)")
    usable = list(TABLE.values()) if operations is None else operations
    return _expressions(usable, max_operations, max_inputs, numbers, well_scaled)


@st.composite
def _expressions(
    draw: st.DrawFn,
    usable: Sequence[Operation],
    max_operations: int,
    max_inputs: int,
    numbers: st.SearchStrategy[float],
    well_scaled: bool,
) -> Expression:
    values = [Value(draw(numbers)) for _ in range(draw(st.integers(1, max_inputs)))]
    inputs = len(values)
    drawn = st.lists(_operations(usable, numbers), min_size=1, max_size=max_operations)
    for operation, operands in draw(drawn):
        given = [values[max(0, len(values) - 1 - one)] if isinstance(one, int) else one for one in operands]
        values += _computed(operation, given, well_scaled)
    if len(values) == inputs:
        values += _computed(add, [values[0]] * 2, False) or [negate(values[0])]
    used = {one for value in values for one in value.inputs}
    total, *others = [value for value in values[inputs:] if value not in used]
    for value in others:
        total = add(total, value)
    return _expression(total)


def graphs(
    *,
    operations: Sequence[Operation] | None = None,
    max_operations: int = 10,
    max_inputs: int = 4,
    numbers: st.SearchStrategy[float] | None = None,
    well_scaled: bool = False,
) -> st.SearchStrategy[Value]:
    """The outputs of random graphs: expressions, recorded; if not told otherwise, at hard numbers too."""
    drawn = expressions(
        operations=operations,
        max_operations=max_operations,
        max_inputs=max_inputs,
        numbers=numbers,
        well_scaled=well_scaled,
    )
    return drawn.map(Expression.recorded)


def networks(*, max_inputs: int = 3, max_layers: int = 2, max_neurons: int = 3) -> st.SearchStrategy[Value]:
    """The losses of small random networks, recorded: inputs, weights and biases are leaves, and have labels.

    The loss is one of the package's that goes with the outputs.

    Args:
        max_inputs: At most so many inputs.
        max_layers: At most so many layers.
        max_neurons: At most so many neurons in each.
    """
    sizes = {"max_inputs": max_inputs, "max_layers": max_layers, "max_neurons": max_neurons}
    for name, size in sizes.items():
        checks.whole(size, name, "write for instance 3", least=1)
    return _networks(max_inputs, max_layers, max_neurons)


@st.composite
def _networks(draw: st.DrawFn, max_inputs: int, max_layers: int, max_neurons: int) -> Value:
    inputs = [Value(draw(ORDINARY), f"x{place}") for place in range(1, draw(st.integers(1, max_inputs)) + 1)]
    widths = draw(st.lists(st.integers(1, max_neurons), min_size=1, max_size=max_layers))
    losses = [loss for loss in SAME_GRAPH if loss is not softmax_cross_entropy or widths[-1] > 1]
    loss = draw(st.sampled_from(losses))
    last = None if loss is softmax_cross_entropy else sigmoid
    chosen = [*[draw(st.sampled_from([sigmoid, tanh, softplus, relu])) for _ in widths[1:]], last]
    layers = []
    for (before, width), activation in zip(pairwise([len(inputs), *widths]), chosen, strict=True):
        weights = arrays(width, before, numbers=ORDINARY, nested=True)
        layers.append(Layer([Neuron(row, draw(ORDINARY), activation) for row in draw(weights)]))
    network = Network.of(layers)
    network.label_values()
    probabilities = st.sampled_from([0.0, 1.0]) if loss is cross_entropy else st.just(1.0 / widths[-1])
    targets = [draw(probabilities if last is None or loss is cross_entropy else ORDINARY) for _ in range(widths[-1])]
    recorded: Value = loss(network(inputs), targets)
    return recorded


def arrays(
    *shape: int, numbers: st.SearchStrategy[float] | None = None, nested: bool = False
) -> st.SearchStrategy[Any]:
    """NumPy arrays of floats of a shape, ordinary numbers and those at which floats get difficult.

    Args:
        shape: How many entries there are along each axis, as in `arrays(2, 3)`; none gives single numbers.
        numbers: Where the entries come from.
        nested: Whether to give nested lists, which need no NumPy.

    Raises:
        ImportError: NumPy is not installed.
    """
    for size in shape:
        checks.whole(size, "a size", "write for instance arrays(2, 3)")
    checks.choice(nested, "nested", [True, False])
    entries: st.SearchStrategy[Any] = HARD if numbers is None else numbers
    checks.instance(entries, st.SearchStrategy, "numbers", "a strategy", "write for instance floats(-4, 4)")
    for size in reversed(shape):
        entries = st.lists(entries, min_size=size, max_size=size)
    if nested:
        return entries
    try:
        import numpy as np
    except ImportError:
        raise ImportError("arrays makes arrays of NumPy, which is missing: install it, or write nested=True") from None
    return entries.map(lambda drawn: np.array(drawn, dtype=float).reshape(shape))


def points(operation: Operation) -> st.SearchStrategy[float | tuple[float, ...]]:
    """Inputs over an operation's whole domain: ordinary ones, kinks, saturation, subnormals, the largest floats.

    One number for an operation of one input, else a tuple. Where a number falls outside of the domain, or the result
    is too large for a float, another takes its place; nothing is filtered.

    Raises:
        ValueError: No point was found at which the operation can be computed.
    """
    checks.instance(operation, Operation, "what has points", "an operation", "pass for instance sigmoid")
    count = operation.arity
    counts = [2 * half for half in range(1, LONGEST_LIST + 1)] if count is None else [count]
    somewhere = {count: _somewhere(operation, count) for count in counts}

    def inside(at: tuple[float, ...]) -> float | tuple[float, ...]:
        point = next(point for point in _nearer(at, somewhere[len(at)]) if _is_inside(operation, point))
        return point[0] if count == 1 else point

    return st.sampled_from(counts).flatmap(lambda count: st.tuples(*[ANYWHERE] * count)).map(inside)


def _nearer(at: tuple[float, ...], somewhere: tuple[float, ...]) -> Iterator[tuple[float, ...]]:
    """The point, then others, in the end ever nearer to one at which the operation can be computed."""
    yield from (at, tuple(map(abs, at)), tuple([abs(number) ** 0.125 for number in at]))
    for step in range(1, 33):
        yield tuple([near + (far - near) * 2.0 ** -(step**2) for far, near in zip(at, somewhere, strict=True)])
    yield somewhere


def _is_inside(operation: Operation, point: tuple[float, ...]) -> bool:
    exponent = point[1:] if operation is fixed_power else map(Value, point[1:])
    return bool(_computed(operation, [Value(point[0]), *exponent], False))


def _somewhere(operation: Operation, count: int) -> tuple[float, ...]:
    """A point at which the operation can be computed."""
    tried = list(_spread(count))
    for point in tried:
        if _is_inside(operation, point):
            return point
    raise ValueError(
        f"{operation.name} can be computed at none of {len(tried):,} points, from −1000 to 1000: look at its forward, "
        f"its derivatives and `defined`, or draw its inputs from a strategy of your own, such as floats(2e6, 3e6)"
    )


def _spread(count: int) -> Iterator[tuple[float, ...]]:
    yield from islice(product([*SIMPLEST, -2.0, 0.0, 10.0], repeat=count), 400)
    generator = random.Random(0)
    for scale in (1.0, 4.0, 30.0, 1000.0):
        for _ in range(400):
            yield tuple([generator.uniform(-scale, scale) for _ in range(count)])


@st.composite
def _operations(
    draw: st.DrawFn, usable: Sequence[Operation], numbers: st.SearchStrategy[float]
) -> tuple[Operation, list[int | float]]:
    """An operation, and for each operand how many results back it is, or a plain number."""
    operation = usable[draw(st.integers(0, len(usable) - 1))]
    count = operation.arity or 2 * draw(st.integers(1, LONGEST_LIST))
    if operation is fixed_power:
        return operation, [draw(st.integers(0, FARTHEST)), draw(_EXPONENTS)]
    may_be_constant = operation is not general_power  # with a plain exponent it would be the other
    # Two at least, so that to Hypothesis nothing is simpler than x + x.
    distances = [draw(st.integers(0, FARTHEST + may_be_constant)) for _ in range(max(count, 2))]
    return operation, [distance if distance <= FARTHEST else draw(numbers) for distance in distances[:count]]


def _computed(operation: Operation, operands: Iterable[Value | float], well_scaled: bool) -> list[Value]:
    """The operation on these operands; nothing if it can't be computed or isn't well scaled."""
    try:
        value = operation(*operands)
    except (ArithmeticError, ValueError):
        return []
    if not isinstance(value, Value) or abs(value.data) > LARGEST:
        return []
    if well_scaled:
        kink = operation.kink_at
        if kink is not None and abs(kink(*[used.data for used in value.inputs])) < NEAREST:
            return []
        if any(abs(number) > STEEPEST for number in (value.data, *value.local_derivatives)):
            return []
    return [value]


def _expression(output: Value) -> Expression:
    """The expression that a graph was recorded with."""
    inputs = [leaf for leaf in leaves(output) if not leaf.constant]
    names = [*"xyz", *[f"x{place}" for place in range(4, len(inputs) + 1)]][: len(inputs)]

    def function(*given: Value | float) -> Value:
        results = dict(zip(inputs, given, strict=True))
        for value in computed(output):
            operands = [used.data if used.constant else results[used] for used in value.inputs]
            results[value] = operation_of(value)(*operands)
        return results[output]  # type: ignore[return-value]

    text = f"lambda {', '.join(names)}: {as_expression(output, dict(zip(inputs, names, strict=True)))}"
    return Expression(function, {name: leaf.data for name, leaf in zip(names, inputs, strict=True)}, text)
