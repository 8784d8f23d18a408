"""Exercises on single operations: what an operation has to know for the backward pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random

from tinygrad_sigmoid.course.exercises.exercise import Case, Exercise, Function
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import divide, multiply, sigmoid, tanh
from tinygrad_sigmoid.value import Value


def numbers(random: Random, count: int) -> Iterator[list[float]]:
    """So many numbers at a time: small whole ones first, then any."""
    for largest in (2, 3, 5, 9):
        yield [float(random.randint(1, largest)) for _ in range(count)]
    for _ in range(20):
        yield [round(random.uniform(-3, 3), 3) for _ in range(count)]


def _with_output(operation: Operation, *inputs: float) -> Case:
    return [operation(*inputs), *inputs]


def _recorded(operation: Operation, *names: str) -> Function:
    """The graph of one operation on leaves with these names."""

    def graph(out: float, *inputs: float) -> Value:
        output = operation(*[Value(number, name) for number, name in zip(inputs, names, strict=True)])
        output.label = "out"
        return output

    return graph


def _factors(random: Random) -> Iterator[Case]:
    yield from (_with_output(multiply, *pair) for pair in numbers(random, 2))
    yield _with_output(multiply, 0.0, float(random.randint(2, 9)))
    yield _with_output(multiply, float(random.randint(2, 9)), 0.0)


MULTIPLY = Exercise(
    "01_multiply.py",
    "derivatives",
    ("∂out/∂x", "∂out/∂y"),
    _factors,
    multiply.derivatives,
    {
        "x and y are exchanged: moving x by 1 moves x·y by y": [lambda out, x, y: (x, y)],
        "those of x + y, which grows as fast as its inputs; x·y doesn't": [lambda out, x, y: (1, 1)],
        "that is out itself, not how fast it changes": [lambda out, x, y: (out, out), lambda out, x, y: (x * y, x * y)],
        "out/x is y, but not at x = 0, where it can't be computed": [lambda out, x, y: (out / x, out / y)],
        "out/y is x, but not at y = 0, where it can't be computed": [lambda out, x, y: (y, out / y)],
        "that is how fast out changes if x and y move together: move one, and hold the other": [
            lambda out, x, y: (x + y, x + y)
        ],
        "both inputs change the output: neither derivative is 0 everywhere": [
            lambda out, x, y: (y, 0),
            lambda out, x, y: (0, x),
            lambda out, x, y: (0, 0),
        ],
        "those of x², taken for x and for y": [lambda out, x, y: (2 * x, 2 * y)],
    },
    (
        "Move x by a little, from 2 to 2.01, with y = 3 held: by how much does x·y move? Divide by 0.01.",
        "x·y as a function of x alone is a straight line. What is its slope?",
        "∂out/∂x = y. Now say the same of y.",
    ),
    _recorded(multiply, "x", "y"),
)


def _quotients(random: Random) -> Iterator[Case]:
    yield from (_with_output(divide, x, y) for x, y in numbers(random, 2) if abs(y) > 0.1)
    yield _with_output(divide, 0.0, float(random.randint(2, 9)))


DIVIDE = Exercise(
    "02_divide.py",
    "derivatives",
    ("∂out/∂x", "∂out/∂y"),
    _quotients,
    divide.derivatives,
    {
        "the minus is missing: a larger y makes x/y smaller": [lambda out, x, y: (1 / y, x / y**2)],
        "−x/y, not −x/y²: did you forget the square?": [lambda out, x, y: (1 / y, -x / y)],
        "out/x is 1/y, but not at x = 0, where it can't be computed": [lambda out, x, y: (out / x, -out / y)],
        "−x/y·y is −x, for it is worked out from the left: y·y needs brackets": [lambda out, x, y: (1 / y, -x / y * y)],
        "those of x·y": [lambda out, x, y: (y, x)],
        "those of y/x: what is divided by what?": [lambda out, x, y: (-y / x**2, 1 / x)],
        "those of x − y": [lambda out, x, y: (1, -1)],
        "numerator and denominator each by itself: there is no such rule for quotients": [lambda out, x, y: (1, 1)],
        "the derivative of 1/y is −1/y², and here it is x times as large": [lambda out, x, y: (1 / y, -1 / y**2)],
        "x and y are exchanged": [lambda out, x, y: (-x / y**2, 1 / y)],
        "1/y for both: with respect to y, x/y is no straight line": [lambda out, x, y: (1 / y, 1 / y)],
    },
    (
        "x/y is x · (1/y). With y held, that is a straight line in x: what is its slope?",
        "With x held, it is x times 1/y. What is the slope of 1/y, and is it going up or down?",
        "∂out/∂y = −x/y².",
    ),
    _recorded(divide, "x", "y"),
)


def _arguments(random: Random) -> Iterator[Case]:
    yield from ([tanh(z), z] for z in (0.0, 1.0, 0.5))
    yield from ([tanh(z), z] for [z] in numbers(random, 1) if abs(z) < 6)  # 1 − t² has its digits


TANH = Exercise(
    "03_tanh.py",
    "derivative",
    ("∂out/∂z",),
    _arguments,
    lambda out, z: tanh.derivatives(out, z)[0],
    {
        "1 − t, not 1 − t²: did you forget the square?": [lambda out, z: 1 - out],
        "1 − z², not 1 − t²: the square is that of the output": [lambda out, z: 1 - z * z],
        "t·(1 − t) is the slope of σ; that of tanh is 1 − t²": [lambda out, z: out * (1 - out)],
        "1 + t², not 1 − t²: tanh is steepest at 0, where its slope is 1": [lambda out, z: 1 + out * out],
        "t² − 1, not 1 − t²: tanh never falls, so its slope is never negative": [lambda out, z: out * out - 1],
        "out is tanh(z) already: tanh was taken twice": [lambda out, z: 1 - math.tanh(out) ** 2],
        "√(1 − t²), which is 1 / cosh(z): its square is what you want": [lambda out, z: 1 / math.cosh(z)],
        "that is tanh itself, not its slope": [lambda out, z: out, lambda out, z: math.tanh(z)],
        "−2t, the derivative of 1 − t² once more": [lambda out, z: -2 * out],
    },
    (
        "At z = 0 the slope of tanh is 1, and far from 0 it is almost 0. Which expression in t = out does that?",
        "tanh is sinh/cosh; by the rule for quotients its slope is (cosh² − sinh²) / cosh².",
        "That is 1 − (sinh/cosh)².",
    ),
    _recorded(tanh, "z"),
)


def _far_and_near(random: Random) -> Iterator[Case]:
    yield from ([z] for z in (0.0, 1.0, -1.0, -705.0, -708.0, -25.0, 25.0, -40.0, 40.0))
    yield from ([sign * far] for far in (800.0, 1500.0, 1.7e308) for sign in (1, -1))
    yield from ([round(random.uniform(-4, 4), 2)] for _ in range(8))
    yield from ([sign * random.uniform(far, far + 2)] for far in range(4, 20, 2) for sign in (1, -1))
    yield from ([sign * random.uniform(*far)] for far in ((20, 60), (200, 700), (710, 744)) for sign in (1, -1))


def _by_exponential(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _by_difference(z: float) -> float:
    return 1 - _by_exponential(-z)


STABLE_SIGMOID = Exercise(
    "06_stable_sigmoid.py",
    "sigmoid",
    ("σ(z)",),
    _far_and_near,
    sigmoid,
    {
        "e^−z overflows below z = −709: take it only where it is at most 1": [_by_exponential],
        "e^z overflows above z = 709: take it only where it is at most 1": [
            lambda z: math.exp(z) / (1 + math.exp(z)),
            lambda z: 1 - 1 / (1 + math.exp(z)),
        ],
        "1 − (almost 1) has lost its digits: at z = −40 it is 0, and σ(−40) = 4.2e-18": [
            lambda z: _by_exponential(z) if z >= 0 else _by_difference(z)
        ],
        "½(1 + tanh(z/2)) is right on paper, but 1 + (almost −1) has lost its digits below z = −30": [
            lambda z: (1 + math.tanh(z / 2)) / 2
        ],
        "σ(−z): the sign of z is the other way round": [lambda z: sigmoid(-z)],
        "that is tanh, from −1 to 1: σ goes from 0 to 1": [math.tanh],
        "a perceptron: 0 or 1, and nothing between them": [lambda z: float(z > 0), lambda z: float(z >= 0)],
    },
    (
        "Which of e^z and e^−z is at most 1? That one can't overflow.",
        "σ(z) = 1/(1 + e^−z) = e^z/(1 + e^z): the same number, written in two ways.",
        "For z ≥ 0 use the first, for z < 0 the second; each has the exponential that is at most 1.",
    ),
)


def sigmoid_slope(z: float) -> float:
    """σ′(z), as the table's rule has it."""
    slope: float = sigmoid.derivatives(sigmoid(z), z)[0]
    return slope


def _slope_by_exponential(z: float) -> float:
    return math.exp(-z) / (1 + math.exp(-z)) ** 2


SIGMOID_SLOPE = Exercise(
    "07_sigmoid_slope.py",
    "slope",
    ("σ′(z)",),
    _far_and_near,
    sigmoid_slope,
    {
        "1 − σ(z) has lost its digits: at z = 40 it is 0, and the slope is 4.2e-18": [
            lambda z: sigmoid(z) * (1 - sigmoid(z)),
            lambda z: sigmoid(z) - sigmoid(z) ** 2,
            lambda z: 0.0 if abs(z) > 36 else sigmoid(z) * (1 - sigmoid(z)),
            lambda z: math.exp(-z) if z > 36 else sigmoid(z) * (1 - sigmoid(z)),
        ],
        "(1 − tanh²(z/2))/4 is right on paper, but 1 − (almost 1) has lost its digits": [
            lambda z: (1 - math.tanh(z / 2) ** 2) / 4
        ],
        "beyond some z the slope stays the same: it goes on falling, down to the smallest floats": [
            lambda z: sigmoid_slope(max(-30.0, min(30.0, z))),
            lambda z: sigmoid(max(-30.0, min(30.0, z))) * (1 - sigmoid(max(-30.0, min(30.0, z)))),
        ],
        "e^−z/(1 + e^−z)² overflows below z = −355, where the square is too large": [_slope_by_exponential],
        "e^z/(1 + e^z)² overflows above z = 355, where the square is too large": [lambda z: _slope_by_exponential(-z)],
        "1 − σ², as that of tanh is 1 − tanh²: that of σ is σ·(1 − σ)": [lambda z: 1 - sigmoid(z) ** 2],
        "that is σ itself, not its slope": [sigmoid],
        "σ(−z) = 1 − σ(z) is one of the two factors": [lambda z: sigmoid(-z), lambda z: 1 - sigmoid(z)],
        "σ(z)·σ(z): one of the two factors is σ(−z)": [lambda z: sigmoid(z) ** 2],
        "z·(1 − z), with z for σ(z)": [lambda z: z * (1 - z)],
        "the slope is never negative: σ always grows": [lambda z: -sigmoid_slope(z)],
    },
    (
        "On paper it is σ(z)·(1 − σ(z)). Print 1 − sigmoid(40): how many digits are left of it?",
        "1 − σ(z) is σ of something.",
        "1 − σ(z) = σ(−z), which is computed without a difference.",
    ),
)
