"""The check itself: five levels, each on what the one before has proven; no tolerance to choose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.checks import listed
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import fixed_power
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.testing.accumulation import Backward, Gradients, check_backward
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.end_to_end import AT_MOST, check_at_shifted_point, check_end_to_end, noise_floors
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, name_of, same_bits
from tinygrad_sigmoid.testing.rules import check_rule, check_value
from tinygrad_sigmoid.value import Value


def check_gradients(
    checked: Value | Callable[..., Value],
    *at: float,
    order: int = 1,
    backward: Backward = Value.backward,
    end_to_end: bool | None = None,
) -> Certificate:
    """The proof that a graph's gradients are right, or a `GradientMismatch` that says what is wrong.

    >>> from tinygrad_sigmoid import sigmoid
    >>> print(check_gradients(lambda w, x, b: sigmoid(w * x + b), 0.6, 1, 0.9))
    the gradients are right
    3 values computed: what the operations give, bit for bit
    5 local derivatives: what each operation's own formula gives, off by at most 0.21 ulp (units of the last place)
    6 gradients: the sum of the contributions, off by at most 1% of what rounding allows
    3 leaves: move one a little, and the output moves as its gradient says, off by at most 1% of what rounding allows
    a second backward pass adds the same once more to the leaves, and no data has changed

    There is no tolerance to choose: each is what rounding can do, and is computed. Nothing in the graph is changed.

    Args:
        checked: A recorded graph; or a function of numbers, which is also run on plain floats.
        at: The numbers for such a function.
        order: 2 checks the derivatives of the derivatives as well, 3 theirs.
        backward: What passes the gradients back: it sets `grad`, or returns the gradients by value.
        end_to_end: Whether the graph as a whole is differenced with each leaf; by default up to 200 values.

    Raises:
        GradientMismatch: Something is wrong. The message names it and has the graph to reproduce it.
        TypeError: A function gives something else than a Value.
    """
    __tracebackhide__ = True
    order = checks.whole(order, "order", "write for instance 2", least=1)
    checks.function(backward, "backward", "pass for instance Value.backward")
    checks.choice(end_to_end, "end_to_end", [True, False, None])
    try:
        return _checked(_recorded(checked, at), order, backward, end_to_end)
    except GradientMismatch as mismatch:
        raise mismatch.with_traceback(None) from None  # which shows the user's call, and not our own


def check_operation(operation: Operation, at: float | Sequence[float], *, order: int = 2) -> Certificate:
    """The proof that an operation's rule is right at some inputs, or a `GradientMismatch` that says what is wrong.

    >>> from tinygrad_sigmoid import Operation
    >>> softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    >>> check_operation(softsign, 3.0).worst_ulp < 1
    True

    Args:
        operation: Any operation, of the table or your own.
        at: Its input, or a sequence of all its inputs.
        order: 1 leaves out the derivatives of the derivatives.

    Raises:
        GradientMismatch: The rule is wrong.
    """
    __tracebackhide__ = True
    checks.instance(operation, Operation, "what is checked", "an operation", "pass for instance sigmoid")
    numbers = listed(at)
    inputs: list[Value | float] = [Value(number, f"x{place}") for place, number in enumerate(numbers, 1)]
    if operation is fixed_power:
        inputs[1] = numbers[1]
    return check_gradients(operation(*inputs), order=order)


def _checked(output: Value, order: int, backward: Backward, end_to_end: bool | None) -> Certificate:
    """What is proven by going through the levels."""
    certificate = Certificate()
    values = computed(output)
    for value in values:
        check_value(value)
        check_rule(value, certificate)
        certificate.values += 1
    found = check_backward(output, backward, certificate)
    if end_to_end or (end_to_end is None and len(values) <= AT_MOST):
        check_end_to_end(output, found, certificate)
    if order > 1:
        for leaf, gradient in _recorded_gradients(output, found, certificate).items():
            if gradient.inputs:
                inner = _checked(gradient, order - 1, Value.backward, end_to_end)
                certificate.derivatives[name_of(leaf)] = inner
    return certificate


def _recorded_gradients(output: Value, found: Gradients, certificate: Certificate) -> Mapping[Value, Value]:
    """The gradients of the leaves as graphs, proven to be those of the backward pass."""
    wrt = [leaf for leaf in leaves(output) if not leaf.constant and found.get(leaf) is not None]
    try:
        recorded = dict(zip(wrt, gradients(output, wrt), strict=True))
    except ArithmeticError as error:
        certificate.unresolved.append(f"the derivatives of the derivatives: {error}")
        return {}
    _, noise = noise_floors(output)
    for leaf, gradient in recorded.items():
        of_pass = found[leaf]
        if of_pass is None or not abs(gradient.data - of_pass) <= noise[leaf]:
            sentence = f"gradients() and the backward pass differ about {name_of(leaf)}"
            raise GradientMismatch(sentence, leaf, got=gradient.data, true=of_pass, shown=computed(output))
    check_at_shifted_point(output, recorded, certificate)
    return recorded


def _recorded(checked: Value | Callable[..., Value], at: Sequence[float]) -> Value:
    """The graph to check: the one given, or what a function records, if it gives the same bits on floats."""
    if isinstance(checked, Value):
        if at:
            raise TypeError(
                f"a recorded graph has its numbers already, {shown(checked)} takes no {shown(at)}: give a function"
            )
        return checked
    checks.function(checked, "what is checked", "pass a Value, or a function and numbers for its inputs")
    inputs = [Value(number, name) for name, number in zip(_names(checked, len(at)), at, strict=True)]
    output = checked(*inputs)
    if not isinstance(output, Value):
        raise TypeError(
            f"the function gave {shown(output)} on Values, so no graph was recorded: compute with this package's "
            f"operations, exp(v) and not math.exp(v), and return one Value"
        )
    try:
        plain = checked(*[value.data for value in inputs])
    except (TypeError, AttributeError):  # it is written for Values only, with x.exp() for instance
        return output
    if not isinstance(plain, Value) and not same_bits(plain, output.data):
        sentence = "the function gives one number on Values and another on floats: does it look at what it is given?"
        raise GradientMismatch(sentence, output, got=output.data, true=plain, shown=computed(output))
    return output


def _names(function: Callable[..., Value], count: int) -> list[str]:
    try:
        names = [name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind <= 1]
    except (TypeError, ValueError):
        names = []
    return names[:count] if len(names) >= count else [f"x{place}" for place in range(1, count + 1)]
