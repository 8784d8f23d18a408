"""The table of rules: every operation that formulas can name, with its own formula and local derivatives, once.

Read one as on paper: after the name, how the output is computed; then, from the output `out` and the inputs, how fast
it changes with each input. Arithmetic, choices and functions such as `exp` are computed by Python; all others are
composed of these.

The forms are chosen to be accurate as well as right. σ'(z) is σ(z)·σ(−z), because the textbook's σ(z)·(1 − σ(z))
loses every digit once σ(z) is near 1: from z = 37 on it gives 0, where the truth is 8.5e-17.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any

from tinygrad_sigmoid.checks import is_list
from tinygrad_sigmoid.errors import HINTS, type_error, value_error
from tinygrad_sigmoid.notation import NOTATIONS
from tinygrad_sigmoid.operation import Operation

# -- Arithmetic ------------------------------------------------------------------------------------------------------

add = Operation("add", operator.add, lambda out, a, b: (1.0, 1.0))
subtract = Operation("subtract", operator.sub, lambda out, a, b: (1.0, -1.0))
multiply = Operation("multiply", operator.mul, lambda out, a, b: (b, a))
divide = Operation("divide", operator.truediv, lambda out, a, b: (1.0 / b, -out / b), defined=lambda a, b: b != 0)
negate = Operation("negate", operator.neg, lambda out, a: (-1.0,))

# -- Powers ----------------------------------------------------------------------------------------------------------


def power(x: Any, p: Any) -> Any:
    """x^p: with a plain number for p, the base x may be any number; with a Value for p, x must be above 0."""
    return fixed_power(x, p) if isinstance(p, Real) else general_power(x, p)


# Right to 4 units in the last place, but for ∂/∂x with an exponent below ½: there p − 1 is rounded, by up to half a
# unit of its own last place, and the relative error is |log x| times that.
general_power: Operation = Operation(
    "general_power",
    math.pow,
    lambda out, x, p: (p * general_power(x, p - 1.0), out * log(x)),
    defined=lambda x, p: x > 0,
)


def _slope_of_power(out: Any, x: Any, p: float) -> Any:
    # The exponent is a plain number here, never a Value, so to look at it freezes nothing.
    if not p:
        return 0.0
    # Below ½ the float p − 1 is rounded, and x^(p − 1), the same as out/x, would lose up to three digits.
    return p * x ** (p - 1.0) if p >= 0.5 else p * out / x


fixed_power = Operation(
    "fixed_power",
    math.pow,
    lambda out, x, p: (_slope_of_power(out, x, p), 0.0),
    defined=lambda x, p: x > 0 or (x == 0 and p >= 0) or (x < 0 and p == math.floor(p)),
    kink_at=lambda x, p: x if p < 1 and p != 0 else 1.0,
)

sqrt = Operation("sqrt", math.sqrt, lambda out, x: (0.5 / out,), defined=lambda x: x >= 0, kink_at=lambda x: x)

# -- Exponentials, logarithms, waves -----------------------------------------------------------------------------------


def _exp(x: float) -> float:
    # Python alone raises here; processors, NumPy and JavaScript give infinity, and 1/(1 + ∞) is the right 0 for σ. A
    # Value that comes out infinite is an error all the same, when it is recorded.
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


exp = Operation("exp", _exp, lambda out, x: (out,))
log: Operation = Operation("log", math.log, lambda out, x: (1.0 / x,), defined=lambda x: x > 0)

# e^x − 1 and log(1 + x), exact to the last digit also where x is tiny and the 1 would swallow it.
expm1 = Operation("expm1", math.expm1, lambda out, x: (exp(x),))
log1p = Operation("log1p", math.log1p, lambda out, x: (1.0 / (1.0 + x),), defined=lambda x: x > -1)

sin = Operation("sin", math.sin, lambda out, x: (cos(x),))
cos: Operation = Operation("cos", math.cos, lambda out, x: (-sin(x),))

# -- Choices: what other languages write with `if` ---------------------------------------------------------------------

# A perceptron's output: 1 above 0, else 0. Flat on both sides, so no gradient ever passes: it can't be tuned.
heaviside = Operation("heaviside", lambda x: 1.0 if x > 0 else 0.0, lambda out, x: (0.0,), kink_at=lambda x: x)

# At a kink any slope between those of the two sides would do. absolute takes 0, relu 0, maximum and minimum the
# slopes of their first input.
absolute = Operation("absolute", operator.abs, lambda out, x: (heaviside(x) - heaviside(-x),), kink_at=lambda x: x)
maximum = Operation(
    "maximum",
    lambda a, b: b if b > a else a,
    lambda out, a, b: (1.0 - heaviside(b - a), heaviside(b - a)),
    kink_at=lambda a, b: a - b,
)
minimum = Operation(
    "minimum",
    lambda a, b: b if b < a else a,
    lambda out, a, b: (1.0 - heaviside(a - b), heaviside(a - b)),
    kink_at=lambda a, b: a - b,
)

# -- Sums of products ------------------------------------------------------------------------------------------------


def dot(weights: Sequence[Any], inputs: Sequence[Any]) -> Any:
    """w·x = w1·x1 + w2·x2 + …: two lists of one length, as one operation on the inputs w1, w2, …, x1, x2, …"""
    if not (is_list(weights) and is_list(inputs)):
        raise type_error("no lists", weights, inputs)
    if not len(weights) == len(inputs) > 0:
        raise value_error("unpaired", len(weights), len(inputs))
    return dot_product(*weights, *inputs)


def _sum_of_products(*inputs: Any) -> Any:
    total = 0  # added from left to right; `sum` compensates from Python 3.12 on, and other languages don't
    if len(inputs) % 2:
        raise ValueError("one has no partner")
    for w, x in zip(inputs, inputs[len(inputs) // 2 :]):  # noqa: B905 (it ends with the shorter, the second half)
        total += w * x
    return total


def _swapped_halves(out: Any, *inputs: Any) -> tuple[Any, ...]:
    half = len(inputs) // 2
    return inputs[half:] + inputs[:half]  # ∂(w·x)/∂w1 = x1 and ∂(w·x)/∂x1 = w1


dot_product = Operation("dot_product", _sum_of_products, _swapped_halves, defined=lambda *inputs: not len(inputs) % 2)

# -- σ and its relatives: everything from here on is composed of the operations above --------------------------------

sigmoid: Operation = Operation("sigmoid", lambda z: 1.0 / (1.0 + exp(-z)), lambda out, z: (out * sigmoid(-z),))

# log(1 + e^z), with the large part of it taken out of the logarithm.
softplus = Operation("softplus", lambda z: maximum(z, 0.0) + log1p(exp(-abs(z))), lambda out, z: (sigmoid(z),))
log_sigmoid = Operation("log_sigmoid", lambda z: -softplus(-z), lambda out, z: (sigmoid(-z),))


def _tanh(x: Any) -> Any:
    # (1 − e^−2x)/(1 + e^−2x) from 0 on, and the same with the other sign below 0.
    e = expm1(-2.0 * abs(x))
    return (2.0 * heaviside(-x) - 1.0) * e / (2.0 + e)


tanh = Operation("tanh", _tanh, lambda out, x: (4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x),))
relu = Operation("relu", lambda x: maximum(x, 0.0), lambda out, x: (heaviside(x),), kink_at=lambda x: x)

TABLE: dict[str, Operation] = {name: row for name, row in globals().items() if isinstance(row, Operation)}
for name, row in TABLE.items():  # how each is written, and what its errors advise, stands where it disturbs no reader
    row.notation = NOTATIONS.get(name, row.notation)
    row.hint = HINTS.get(name, "")
