"""Losses: one number that says how far the outputs are from the targets. A smaller one is better."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_sigmoid.checks import is_list, listed
from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.notation import SUM, Notation
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import dot, exp, log1p, maximum, sigmoid, softplus
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value

__tracebackhide__ = True  # pytest shows the line of the caller


def _half_square(a: Any, y: Any) -> Any:
    difference = a - y
    return 0.5 * (difference * difference)


half_squared_difference = Operation(
    "half_squared_difference",
    _half_square,
    lambda out, a, y: (a - y, y - a),
    notation=Notation("½(a−y)²", SUM, "½({0} − {1})²", r"\frac{{1}}{{2}}\left({0} - {1}\right)^2"),
)


def _pairs(inputs: tuple[Any, ...]) -> zip[tuple[Any, Any]]:
    half = len(inputs) // 2
    return zip(inputs[:half], inputs[half:], strict=True)


def _half_squares(*inputs: Any) -> Any:
    total = 0
    for a, y in _pairs(inputs):
        total += _half_square(a, y)
    return total


def _differences(out: Any, *inputs: Any) -> tuple[Any, ...]:
    pairs = [half_squared_difference.derivatives(out, a, y) for a, y in _pairs(inputs)]
    of_outputs, of_targets = zip(*pairs, strict=True)
    return of_outputs + of_targets


# The same for a1, a2, …, y1, y2, …, added up: one row, and so one box, for the same reason as `dot`.
half_squared_distance = Operation(
    "half_squared_distance",
    _half_squares,
    _differences,
    notation=half_squared_difference.notation._replace(symbol="½‖a−y‖²"),
    defined=lambda *inputs: not len(inputs) % 2,
    hint="give as many targets as outputs",
)

# log(e^a + e^b), with the larger part taken out of the logarithm.
log_add_exp = Operation(
    "log_add_exp",
    lambda a, b: maximum(a, b) + log1p(exp(-abs(a - b))),
    lambda out, a, b: (sigmoid(a - b), sigmoid(b - a)),
    notation=Notation("log_add_exp", latex=r"\ln\left(e^{{{0}}} + e^{{{1}}}\right)"),
)


def squared_error(outputs: Any, targets: Any) -> Any:
    """½ Σ (a − y)², the quadratic cost of one sample (Nielsen's equation 6; its mean over the samples is his C).

    >>> squared_error([0.5, 0.0], [1.0, 0.0])
    0.125

    Args:
        outputs: The activations a of a network, or the one of a neuron.
        targets: The numbers y that they should be.

    Raises:
        ValueError: There are not as many outputs as targets.
    """
    if type(outputs) is Value and not is_list(targets):
        return Value.record(half_squared_difference, (outputs, targets))
    outputs, targets = _matching(outputs, targets)
    return half_squared_distance(*outputs, *targets)


def cross_entropy(outputs: Any, targets: Any) -> Any:
    """−Σ [y log σ(z) + (1 − y) log σ(−z)], computed from the weighted inputs z, so it never overflows.

    Nothing is subtracted in it, so the smallest loss has all its digits too.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> cross_entropy(sigmoid(Value(1000.0)), 0.0)
    Value(1000.0)

    Args:
        outputs: Activations that σ has computed; z is read off their graph.
        targets: The numbers y that they should be, from 0 to 1.

    Raises:
        TypeError: An output is not the σ of something.
        ValueError: There are not as many outputs as targets, or a target is no number from 0 to 1.
    """
    outputs, targets = _matching(outputs, targets)
    require_probabilities(targets)
    total: Any = 0
    for a, y in zip(outputs, targets, strict=True):
        if not isinstance(a, Value) or a.operation is not sigmoid:
            raise TypeError(
                f"cross_entropy needs outputs of σ, but got {shown(a)}: use sigmoid as the output activation"
            )
        [z] = a.inputs
        total += y * softplus(-z) + (1.0 - y) * softplus(z)
    return total


def softmax_cross_entropy(outputs: Any, targets: Any) -> Any:
    """−Σ y log softmax(z): for one of several classes, from the weighted inputs z themselves.

    −log softmax(z) of a class is softplus(r − z), r being the log of the sum of all other classes' e^z. So a class that
    is nearly sure has a loss and a gradient with nearly all their digits: they are off by about max|z| units in the
    last place, for r − z is rounded.

    >>> from math import log
    >>> softmax_cross_entropy([0.0, 0.0], [1.0, 0.0]) == log(2)
    True

    Args:
        outputs: The weighted inputs z, from a network with `output_activation=None`.
        targets: A probability y for each class, together 1.

    Raises:
        ValueError: There are not as many outputs as targets, or only one, or a target is no number from 0 to 1.
    """
    outputs, targets = _matching(outputs, targets)
    require_probabilities(targets)
    if len(outputs) == 1:
        raise ValueError(
            f"the softmax of one class is always 1, but got {shown(outputs)}: give an output for each of at least two "
            f"classes"
        )
    outputs = [z if isinstance(z, Value) else as_number(z) for z in outputs]
    return dot(targets, [softplus(rest - z) for rest, z in zip(_sums_of_others(outputs), outputs, strict=True)])


def _sums_of_others(logs: list[Any]) -> list[Any]:
    """For each of at least two logarithms, that of the sum of all others: its partner's and those beyond the two."""
    if len(logs) == 2:
        return logs[::-1]
    pairs = [log_add_exp(*logs[place : place + 2]) for place in range(0, len(logs) - 1, 2)]
    beyond = _sums_of_others([*pairs, *logs[2 * len(pairs) :]])
    others = [log_add_exp(logs[place ^ 1], beyond[place // 2]) for place in range(2 * len(pairs))]
    return others + beyond[len(pairs) :]  # of an odd number, the last has no partner


# Each is composed of operations and branches on no number, so every sample gives the same graph.
SAME_GRAPH = (squared_error, cross_entropy, softmax_cross_entropy)
OF_PROBABILITIES = (cross_entropy, softmax_cross_entropy)


def require_probabilities(targets: Iterable[Any]) -> None:
    """Raises a ValueError unless each is from 0 to 1: with −1, a cross-entropy would fall without end."""
    for y in targets:
        if not 0.0 <= (y if isinstance(y, Value) else as_number(y)) <= 1.0:
            raise ValueError(
                f"the targets of a cross-entropy are probabilities, from 0 to 1, but got {shown(y)}: write 1 for yes "
                f"and 0 for no"
            )


def _matching(outputs: Any, targets: Any) -> tuple[list[Any], list[Any]]:
    """Both as lists, of one length."""
    outputs, targets = listed(outputs), listed(targets)
    if len(outputs) != len(targets) or not len(outputs):
        raise ValueError(
            f"outputs and targets must be equally many, and at least one, but there are {len(outputs)} and "
            f"{len(targets)}, {shown(outputs)} and {shown(targets)}: give one target for each output"
        )
    return outputs, targets
