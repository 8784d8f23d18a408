"""The check itself: five levels, each on what the one before has proven; no tolerance to choose."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.graph import computed, leaves, topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import fixed_power
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, name_of
from tinygrad_sigmoid.testing.replaying import AT_MOST, rounding_of, wrong_elsewhere, wrong_end_to_end
from tinygrad_sigmoid.testing.rules import same_bits, wrong_rule, wrong_value
from tinygrad_sigmoid.testing.sums import Backward, Gradients, passed_back, wrong_second_pass, wrong_sum
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
    certificate = Certificate()
    output, mismatch = _recorded(checked, at)
    mismatch = mismatch or _first_mismatch(output, certificate, order, backward, end_to_end)
    if mismatch is not None:
        raise mismatch
    return certificate


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
    numbers = list(at) if isinstance(at, Sequence) else [at]
    inputs: list[Any] = [Value(number, f"x{place}") for place, number in enumerate(numbers, 1)]
    if operation is fixed_power:
        inputs[1] = numbers[1]
    return check_gradients(operation(*inputs), order=order)


def _recorded(checked: Any, at: Sequence[float]) -> tuple[Value, GradientMismatch | None]:
    """The graph to check; with the mismatch if a function gives other bits on floats than on Values."""
    if isinstance(checked, Value):
        if at:
            raise TypeError("a recorded graph has its numbers already: numbers are for a function, f and its inputs")
        return checked, None
    inputs = [Value(number, name) for name, number in zip(_names(checked, len(at)), at, strict=True)]
    output = checked(*inputs)
    if not isinstance(output, Value):
        raise TypeError(
            f"the function gave {output!r} on Values, so no graph was recorded: compute with this package's "
            f"operations, exp(v) and not math.exp(v), and return one Value"
        )
    try:
        plain = checked(*[value.data for value in inputs])
    except (TypeError, AttributeError):  # it is written for Values only, with x.exp() for instance
        return output, None
    if isinstance(plain, Value) or same_bits(plain, output.data):
        return output, None
    return output, GradientMismatch(
        "the function gives one number on Values and another on floats: does it look at what it is given?",
        output,
        got=output.data,
        true=plain,
        shown=computed(output),
    )


def _names(function: Any, count: int) -> list[str]:
    try:
        names = [name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind <= 1]
    except (TypeError, ValueError):
        names = []
    return names[:count] if len(names) >= count else [f"x{place}" for place in range(1, count + 1)]


def _first_mismatch(
    output: Value, certificate: Certificate, order: int, backward: Backward, end_to_end: bool | None
) -> GradientMismatch | None:
    """What is wrong at the lowest level at which something is, or None; what was proven goes into the certificate."""
    values = computed(output)
    for value in values:
        if mismatch := wrong_value(value) or wrong_rule(value, certificate):
            return mismatch
        certificate.values += 1
    data = {value: value.data for value in topological_order(output)}
    passes = passed_back(output, backward)
    for value, number in data.items():
        if not same_bits(value.data, number):
            value.data, changed = number, value.data
            return GradientMismatch(
                f"backward changed the data of {name_of(value)}", value, got=changed, true=number, shown=values
            )
    mismatch = wrong_sum(output, passes.first, certificate) or wrong_second_pass(output, passes)
    if mismatch is None and (end_to_end or (end_to_end is None and len(values) <= AT_MOST)):
        mismatch = wrong_end_to_end(output, passes.first, certificate)
    if mismatch is None and order > 1:
        mismatch = _mismatch_of_derivatives(output, passes.first, certificate, order, end_to_end)
    return mismatch


def _mismatch_of_derivatives(
    output: Value, found: Gradients, certificate: Certificate, order: int, end_to_end: bool | None
) -> GradientMismatch | None:
    """What is wrong with the gradients as Values, or with the derivatives of those."""
    wrt = [leaf for leaf in leaves(output) if not leaf.constant and found.get(leaf) is not None]
    try:
        recorded = gradients(output, wrt)
    except ArithmeticError as error:
        certificate.unresolved.append(f"the derivatives of the derivatives: {error}")
        return None
    rounding = rounding_of(output)
    for leaf, gradient in zip(wrt, recorded, strict=True):
        of_pass: Any = found[leaf]
        if not abs(gradient.data - of_pass) <= rounding[leaf]:
            return GradientMismatch(
                f"gradients() and the backward pass differ about {name_of(leaf)}",
                leaf,
                got=gradient.data,
                true=of_pass,
                shown=computed(output),
            )
    if mismatch := wrong_elsewhere(output, dict(zip(wrt, recorded, strict=True)), certificate):
        return mismatch
    for leaf, gradient in zip(wrt, recorded, strict=True):
        if gradient.inputs:
            certificate.derivatives[leaf.label or name_of(leaf)] = inner = Certificate()
            if mismatch := _first_mismatch(gradient, inner, order - 1, Value.backward, end_to_end):
                return mismatch
    return None
