"""Derivatives as Values: the chain rule recorded like any other computation, so it can be differentiated again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operations import dot
from tinygrad_sigmoid.value import Value, operation_of, require_fresh


def gradients(output: Value, wrt: Sequence[Value]) -> list[Value]:
    """∂output/∂v for each v of `wrt`, as Values: draw them, step through them, differentiate them again.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> z = Value(0.0, "z")
    >>> [first] = gradients(sigmoid(z), [z])
    >>> [second] = gradients(first, [z])
    >>> [third] = gradients(second, [z])
    >>> first.data, second.data, third.data
    (0.25, 0.0, -0.125)

    The rules are the same as those of `backward`, fed with Values in place of numbers, and the contributions are added
    in the same order. Multiplications by 1 and additions of 0 are left out. The gradient of a value that the output
    does not depend on is 0. No `grad` is touched.

    Args:
        output: What is differentiated.
        wrt: Leaves or values in between.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        TypeError: `output` is no Value, or `wrt` no list of them.
    """
    checks.value(output)
    wrt = checks.entries(wrt, "wrt", "a list of Values", "write it as in gradients(y, [x])", kind=Value, least=0)
    require_fresh(computed(output))

    def local_derivatives(value: Value) -> tuple[Any, ...]:
        inputs = [used.data if used.constant else used for used in value.inputs]
        return operation_of(value).derivatives(value, *inputs)

    gradient_of = backpropagated(output, wrt, local_derivatives)
    found = [gradient_of[value] for value in wrt]
    return [gradient if isinstance(gradient, Value) else Value(gradient) for gradient in found]


def backpropagated(
    output: Value, wrt: Sequence[Value], local_derivatives: Callable[[Value], tuple[Any, ...]]
) -> dict[Value, Any]:
    """∂output/∂value for each value of `wrt` and each on the way from there to the output: the chain rule itself.

    The gradients are made of whatever the local derivatives are made of: Values give Values, a compiler's symbols give
    symbols. Each is one sum over the uses of its value, upstream1 · local1 + upstream2 · local2 + …

    Args:
        output: What is differentiated.
        wrt: Leaves or values in between.
        local_derivatives: Gives the local derivatives of a value, one for each of its inputs.
    """
    order = computed(output)
    concerned = set(wrt)
    for value in order:
        if not concerned.isdisjoint(value.inputs):
            concerned.add(value)

    # For each value, what its uses have reported so far: (upstream gradient, local derivative).
    contributions: defaultdict[Value, list[tuple[Any, Any]]] = defaultdict(list, {output: [(1.0, 1.0)]})
    gradient_of: dict[Value, Any] = {}
    for value in reversed(order):
        if value in concerned:
            gradient_of[value] = upstream = _total(contributions.pop(value, ()))
            for used, local in zip(value.inputs, local_derivatives(value), strict=True):
                if used in concerned and not (isinstance(local, float) and local == 0.0):
                    contributions[used].append((upstream, local))
    for value in wrt:
        if value not in gradient_of:
            gradient_of[value] = _total(contributions.pop(value, ()))
    return gradient_of


def _total(contributions: Sequence[tuple[Any, Any]]) -> Any:
    """upstream1 · local1 + upstream2 · local2 + …, from left to right, as one `dot` where that is all it is."""
    if len(contributions) > 1 and not any(_is_one(upstream) or _is_one(local) for upstream, local in contributions):
        return dot(*zip(*contributions, strict=True))
    total: Any = 0
    for upstream, local in contributions:
        total += _product(upstream, local)
    return total


def _product(upstream: Any, local: Any) -> Any:
    if _is_one(local):
        return upstream if local == 1.0 else -upstream
    if _is_one(upstream):
        return local if upstream == 1.0 else -local
    return upstream * local


def _is_one(given: Any) -> bool:
    """Whether it is 1 or −1, with which nothing has to be multiplied."""
    return isinstance(given, float) and abs(given) == 1.0
