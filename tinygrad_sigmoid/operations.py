"""The table of rules: every operation that formulas can name, with its own formula and local derivatives, once.

Read a row as on paper: after the name, how the result is computed; then, from the result `out` and the inputs, how
fast it changes with each input. The first rows are elementary: Python computes them, and so does every target that
graphs are compiled for. The rows after them are said with the elementary ones, so nothing else has to know them.

The forms are chosen to be accurate as well as right. σ'(z) is σ(z)·σ(−z), because the textbook's σ(z)·(1 − σ(z))
loses every digit once σ(z) is near 1: from z = 37 on it gives 0, where the truth is 8.5e-17.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

from tinygrad_sigmoid.operation import Operation

# -- Arithmetic ------------------------------------------------------------------------------------------------------

add = Operation(
    "add",
    operator.add,
    lambda out, a, b: (1.0, 1.0),
    symbol="+",
    precedence=1,
)

subtract = Operation(
    "subtract",
    operator.sub,
    lambda out, a, b: (1.0, -1.0),
    symbol="−",
    precedence=1,
)

multiply = Operation(
    "multiply",
    operator.mul,
    lambda out, a, b: (b, a),
    symbol="·",
    precedence=2,
)

divide = Operation(
    "divide",
    operator.truediv,
    lambda out, a, b: (1.0 / b, -out / b),
    symbol="/",
    precedence=2,
    latex=lambda a, b: rf"\frac{{{a}}}{{{b}}}",
    defined=lambda a, b: b != 0,
    hint="keep the divisor away from 0",
)

negate = Operation(
    "negate",
    operator.neg,
    lambda out, a: (-1.0,),
    symbol="−",
    precedence=3,
)

# -- Powers ----------------------------------------------------------------------------------------------------------


class _Power(Operation):
    """`power(x, p)`: with a plain number for p it is the row `fixed_power`, whose base may be any number."""

    __slots__ = ()

    def __call__(self, base: Any, exponent: Any) -> Any:  # type: ignore[override]
        return (fixed_power if isinstance(exponent, Real) else self).apply(base, exponent)


# Right to 4 units in the last place, but for ∂/∂x with an exponent below ½: there p − 1 is rounded, by up to half a
# unit of its own last place, and the relative error is |log x| times that.
power: Operation = _Power(
    "power",
    math.pow,
    lambda out, x, p: (p * power(x, p - 1.0), out * log(x)),
    symbol="^",
    precedence=4,
    latex=lambda x, p: rf"{{{x}}}^{{{p}}}",
    defined=lambda x, p: x > 0,
    hint="a Value as exponent needs a base above 0 (a plain number as exponent, x**2, takes any base)",
)


class _FixedPower(Operation):
    """Its errors show `x**p`, as the user wrote it."""

    __slots__ = ()

    def shown(self, inputs: Sequence[str]) -> str:
        base, exponent = inputs
        return f"({base})**{exponent}"


def _slope_of_power(out: Any, x: Any, p: float) -> Any:
    # The exponent is a plain number here, never a Value, so to look at it freezes nothing.
    if not p:
        return 0.0
    # Below ½ the float p − 1 is rounded, and x^(p − 1), the same as out/x, would be off by up to 350 units.
    return p * x ** (p - 1.0) if p >= 0.5 else p * out / x


fixed_power = _FixedPower(
    "fixed_power",
    math.pow,
    lambda out, x, p: (_slope_of_power(out, x, p), 0.0),
    symbol="^",
    precedence=4,
    notation=lambda x, p: x if p == "1" else f"{x}^{p}",
    latex=lambda x, p: x if p == "1" else rf"{{{x}}}^{{{p}}}",
    defined=lambda x, p: x > 0 or (x == 0 and p >= 0) or (x < 0 and p == math.floor(p)),
    hint="0 needs an exponent of 0 or more, and a negative base a whole number",
    kink_at=lambda x, p: x if p < 1 and p != 0 else 1.0,
)

sqrt = Operation(
    "sqrt",
    math.sqrt,
    lambda out, x: (0.5 / out,),
    symbol="√",
    latex=lambda x: rf"\sqrt{{{x}}}",
    defined=lambda x: x >= 0,
    hint="keep its input above 0, for instance sqrt(x + 1e-12)",
    kink_at=lambda x: x,
)

# -- Exponentials and logarithms -------------------------------------------------------------------------------------


def _exp(x: float) -> float:
    # Python alone raises here; processors, NumPy and JavaScript give infinity, and 1/(1 + ∞) is the right 0 for σ. A
    # Value that comes out infinite is refused all the same, when it is recorded.
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


exp = Operation(
    "exp",
    _exp,
    lambda out, x: (out,),
    latex=lambda x: rf"e^{{{x}}}",
)

# e^x − 1 and log(1 + x), exact to the last digit also where x is tiny and the 1 would swallow it.
expm1 = Operation(
    "expm1",
    math.expm1,
    lambda out, x: (exp(x),),
    latex=lambda x: rf"(e^{{{x}}} - 1)",
)

log: Operation = Operation(
    "log",
    math.log,
    lambda out, x: (1.0 / x,),
    latex=lambda x: rf"\ln\left({x}\right)",
    defined=lambda x: x > 0,
    hint="keep its input above 0, for instance log(x + 1e-12); for log(sigmoid(z)) there is log_sigmoid(z)",
)

log1p = Operation(
    "log1p",
    math.log1p,
    lambda out, x: (1.0 / (1.0 + x),),
    latex=lambda x: rf"\ln\left(1 + {x}\right)",
    defined=lambda x: x > -1,
    hint="keep its input above −1",
)

# -- Choices: what other languages write with `if` ---------------------------------------------------------------------

# A perceptron's output: 1 above 0, else 0. Flat on both sides, so no gradient ever passes: it can't be tuned.
heaviside = Operation(
    "heaviside",
    lambda x: 1.0 if x > 0 else 0.0,
    lambda out, x: (0.0,),
    latex=lambda x: rf"\mathrm{{step}}\left({x}\right)",
    kink_at=lambda x: x,
)

# At a kink any slope between those of the two sides would do. absolute takes 0, relu 0, maximum and minimum the
# slopes of their first input.
absolute = Operation(
    "absolute",
    operator.abs,
    lambda out, x: (heaviside(x) - heaviside(-x),),
    symbol="abs",
    notation=lambda x: f"|{x}|",
    latex=lambda x: rf"\left|{x}\right|",
    kink_at=lambda x: x,
)

maximum = Operation(
    "maximum",
    lambda a, b: b if b > a else a,
    lambda out, a, b: (1.0 - heaviside(b - a), heaviside(b - a)),
    symbol="max",
    kink_at=lambda a, b: a - b,
)

minimum = Operation(
    "minimum",
    lambda a, b: b if b < a else a,
    lambda out, a, b: (1.0 - heaviside(a - b), heaviside(a - b)),
    symbol="min",
    kink_at=lambda a, b: a - b,
)

# -- Sums of products ------------------------------------------------------------------------------------------------


def paired(inputs: tuple[Any, ...]) -> Iterable[tuple[Any, Any]]:
    """w1 with x1, w2 with x2, and so on, of the inputs w1, w2, …, x1, x2, …"""
    return zip(inputs, inputs[len(inputs) // 2 :])  # noqa: B905 (zip ends with the shorter, the second half)


def _sum_of_products(*inputs: Any) -> Any:
    half = len(inputs) // 2
    total = 0
    for i in range(half):
        total += inputs[i] * inputs[half + i]
    return total


def _in_words(*inputs: str) -> str:
    """`w·x` if the inputs are w1, w2, … and x1, x2, …, else the sum of the products, cut short in the middle."""
    half = len(inputs) // 2
    weights, others = _vector(inputs[:half]), _vector(inputs[half:])
    if weights and others:
        return f"{weights}·{others}"
    return " + ".join(cut_short([f"{w}·{x}" for w, x in paired(inputs)], "…"))


def _vector(names: Sequence[str]) -> str:
    """The w of w1, w2, w3, and the layer1.a of layer1.neuron1.a, layer1.neuron2.a; else nothing."""
    for place, digit in enumerate(names[0]):
        before, after = names[0][:place], names[0][place + 1 :]
        numbered = digit == "1" and all(name == f"{before}{i}{after}" for i, name in enumerate(names, 1))
        if numbered and len(names) > 1 and before[-1:].isalpha():
            if not after:
                return before
            if after.startswith("."):
                return f"{before.rpartition('.')[0]}{after}".lstrip(".")
    return ""


def cut_short(terms: list[str], dots: str) -> list[str]:
    return terms if len(terms) <= 6 else [*terms[:2], dots, terms[-1]]


def _swapped_halves(out: Any, *inputs: Any) -> tuple[Any, ...]:
    half = len(inputs) // 2
    return inputs[half:] + inputs[:half]


class _Dot(Operation):
    """`dot(weights, inputs)`: two sequences of one length, which become the inputs w1, w2, …, x1, x2, …"""

    __slots__ = ()

    def __call__(self, weights: Sequence[Any], inputs: Sequence[Any]) -> Any:  # type: ignore[override]
        try:
            matching = len(weights) == len(inputs) > 0
        except TypeError:
            raise TypeError(
                "dot takes two lists, as in dot([w1, w2], [x1, x2]): put single values into a list"
            ) from None
        if not matching:
            raise ValueError(
                f"dot needs as many weights as inputs, and at least one, but got {len(weights)} and {len(inputs)}: "
                f"compare the two lists"
            )
        return self.apply(*weights, *inputs)


# w·x = w1·x1 + w2·x2 + …, added from left to right; ∂(w·x)/∂w1 = x1 and ∂(w·x)/∂x1 = w1.
dot = _Dot(
    "dot",
    _sum_of_products,
    _swapped_halves,
    symbol="dot",
    precedence=1,
    notation=_in_words,
    latex=lambda *inputs: " + ".join(cut_short([rf"{w} \cdot {x}" for w, x in paired(inputs)], r"\dots")),
)


# -- σ and its relatives: everything from here on is said with the rows above ----------------------------------------


sigmoid: Operation = Operation(
    "sigmoid",
    lambda z: 1.0 / (1.0 + exp(-z)),
    lambda out, z: (out * sigmoid(-z),),
    symbol="σ",
    latex=lambda z: rf"\sigma\left({z}\right)",
)


def _softplus(z: Any) -> Any:
    # log(1 + e^z), with the large part of it taken out of the logarithm.
    return maximum(z, 0.0) + log1p(exp(-abs(z)))


softplus = Operation(
    "softplus",
    _softplus,
    lambda out, z: (sigmoid(z),),
)

log_sigmoid: Operation = Operation(
    "log_sigmoid",
    lambda z: -softplus(-z),
    lambda out, z: (sigmoid(-z),),
    symbol="log σ",
    latex=lambda z: rf"\ln\sigma\left({z}\right)",
)


def _tanh(x: Any) -> Any:
    # (1 − e^−2x)/(1 + e^−2x) where x > 0, and the same with the other sign below 0.
    e = expm1(-2.0 * abs(x))
    return (heaviside(-x) - heaviside(x)) * e / (2.0 + e)


tanh = Operation(
    "tanh",
    _tanh,
    lambda out, x: (4.0 * sigmoid(2.0 * x) * sigmoid(-2.0 * x),),
    latex=lambda x: rf"\tanh\left({x}\right)",
)

relu = Operation(
    "relu",
    lambda x: maximum(x, 0.0),
    lambda out, x: (heaviside(x),),
    latex=lambda x: rf"\mathrm{{relu}}\left({x}\right)",
    kink_at=lambda x: x,
)

TABLE: dict[str, Operation] = {name: row for name, row in globals().items() if isinstance(row, Operation)}
