"""Rules as people write them, right and wrong: what the check must not doubt, must find, and should call by its name.

The mistakes are those of homework, of questions on the web, and of issues of other projects, whose numbers stand
beside them. Each is one kind; `cases` gives them one by one, with the right rules between, for tables of results.
"""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from tinygrad_sigmoid import Operation, cos, exp, heaviside, log, sigmoid, sin, tanh
from tinygrad_sigmoid import operations as table

# -- Right ones --------------------------------------------------------------------------------------------------------

RIGHT: dict[str, tuple[Operation, str]] = {}  # with where each is defined


def right(name: str, where: str, forward: Callable[..., Any], derivatives: Callable[..., Any]) -> Operation:
    operation = Operation(name, forward, derivatives)
    RIGHT[name] = operation, where
    return operation


def phi(x: Any) -> Any:
    """The density of the normal distribution."""
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def big_phi(x: Any) -> Any:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def logistic(x: Any) -> Any:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def log1pexp(x: Any) -> Any:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def sign(x: Any) -> float:
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0


def inner_gelu(x: Any) -> Any:
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def d_mish(x: Any) -> Any:
    t = math.tanh(log1pexp(x))
    return t + x * (1 - t * t) * logistic(x)


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805
LEAK, DELTA, BETA, QUANTILE = 0.01, 1.5, 1.7, 0.8

# fmt: off
gelu = right("gelu", "tails", lambda x: x * big_phi(x), lambda out, x: (big_phi(x) + x * phi(x),))
gelu_tanh = right(
    "gelu_tanh", "all", lambda x: 0.5 * x * (1 + math.tanh(inner_gelu(x))),
    lambda out, x: (0.5 * (1 + math.tanh(inner_gelu(x))) + 0.5 * x * (1 - math.tanh(inner_gelu(x)) ** 2)
                    * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x),))
silu = right("silu", "all", lambda x: x * logistic(x), lambda out, x: (logistic(x) * (1 + x * logistic(-x)),))
swish = right("swish", "all", lambda x, b: x * sigmoid(b * x),
              lambda out, x, b: (sigmoid(b * x) + b * x * sigmoid(b * x) * sigmoid(-b * x),
                                 x * x * sigmoid(b * x) * sigmoid(-b * x)))
mish = right("mish", "all", lambda x: x * math.tanh(log1pexp(x)), lambda out, x: (d_mish(x),))
softsign = right("softsign", "all", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
elu = right("elu", "all", lambda x: x if x > 0 else BETA * math.expm1(x),
    lambda out, x: (1.0 if x > 0 else out + BETA,))
selu = right("selu", "all", lambda x: SCALE * (x if x > 0 else ALPHA * math.expm1(x)),
             lambda out, x: (SCALE * (1.0 if x > 0 else ALPHA * math.exp(x)),))
hardtanh = right("hardtanh", "all", lambda x: max(-1.0, min(1.0, x)), lambda out, x: (1.0 if -1 < x < 1 else 0.0,))
relu6 = right("relu6", "all", lambda x: min(max(x, 0.0), 6.0), lambda out, x: (1.0 if 0 < x < 6 else 0.0,))
leaky_relu = right("leaky_relu", "all", lambda x: x if x > 0 else LEAK * x, lambda out, x: (1.0 if x > 0 else LEAK,))
log_cosh = right("log_cosh", "all", lambda x: abs(x) + math.log1p(math.exp(-2 * abs(x))) - math.log(2),
                 lambda out, x: (math.tanh(x),))
huber = right("huber", "all", lambda x: x * x / 2 if abs(x) < DELTA else DELTA * (abs(x) - DELTA / 2),
              lambda out, x: (x if abs(x) < DELTA else DELTA * sign(x),))
pinball = right("pinball", "all", lambda x: max(QUANTILE * x, (QUANTILE - 1) * x),
                lambda out, x: (QUANTILE if x > 0 else QUANTILE - 1,))
normal_pdf = right("normal_pdf", "all", phi, lambda out, x: (-x * out,))
gaussian = right("gaussian", "all", lambda x: exp(-x * x), lambda out, x: (-2 * x * out,))
bell = right("bell", "all", lambda x, m: math.exp(-((x - m) ** 2) / 2),
             lambda out, x, m: (-(x - m) * out, (x - m) * out))
logit = right("logit", "unit", lambda p: math.log(p / (1 - p)), lambda out, p: (1 / (p * (1 - p)),))
entropy = right("entropy", "unit", lambda p: -p * math.log(p), lambda out, p: (-math.log(p) - 1,))
focal = right("focal", "unit", lambda p: -((1 - p) ** 2) * math.log(p),
              lambda out, p: (2 * (1 - p) * math.log(p) - (1 - p) ** 2 / p,))
cross_entropy = right("cross_entropy", "unit", lambda p, y: -y * log(p) - (1 - y) * log(1 - p),
                      lambda out, p, y: (-y / p + (1 - y) / (1 - p), log(1 - p) - log(p)))
logit_loss = right("logit_loss", "all", lambda z, y: log1pexp(z) - y * z, lambda out, z, y: (logistic(z) - y, -z))
kl = right("kl", "unit", lambda p, q: p * math.log(p / q), lambda out, p, q: (math.log(p / q) + 1, -p / q))
hinge = right("hinge", "all", lambda a, y: max(0.0, 1 - y * a),
              lambda out, a, y: (-y if y * a < 1 else 0.0, -a if y * a < 1 else 0.0))
quadratic_cost = right("quadratic_cost", "all", lambda a, y: (a - y) ** 2 / 2, lambda out, a, y: (a - y, y - a))
squared_error = right("squared_error", "all", lambda a, y: (a - y) ** 2, lambda out, a, y: (2 * (a - y), 2 * (y - a)))
softmax = right("softmax", "all", lambda x, y: logistic(x - y),
                lambda out, x, y: (logistic(x - y) * logistic(y - x), -logistic(x - y) * logistic(y - x)))
logsumexp = right("logsumexp", "all", lambda x, y: max(x, y) + math.log1p(math.exp(-abs(x - y))),
                  lambda out, x, y: (logistic(x - y), logistic(y - x)))
square = right("square", "all", lambda x: x * x, lambda out, x: (2 * x,))
cube = right("cube", "all", lambda x: x**3, lambda out, x: (3 * x**2,))
polynomial = right("polynomial", "all", lambda x: 3 * x * x + 2 * x + 1, lambda out, x: (6 * x + 2,))
smoothstep = right("smoothstep", "all", lambda x: x * x * (3 - 2 * x), lambda out, x: (6 * x * (1 - x),))
reciprocal = right("reciprocal", "positive", lambda x: 1 / x, lambda out, x: (-out / x,))
rsqrt = right("rsqrt", "positive", lambda x: 1 / math.sqrt(x), lambda out, x: (-0.5 * out / x,))
root = right("root", "positive", math.sqrt, lambda out, x: (0.5 / out,))
cbrt = right("cbrt", "positive", math.cbrt, lambda out, x: (out / (3 * x),))
isru = right("isru", "all", lambda x: x / math.sqrt(1 + x * x), lambda out, x: ((1 + x * x) ** -1.5,))
power = right("power", "positive", lambda x, p: x**p, lambda out, x, p: (p * x ** (p - 1), out * math.log(x)))
quotient = right("quotient", "positive", lambda a, b: a / b, lambda out, a, b: (1 / b, -a / b**2))
times = right("times", "all", lambda a, b: a * b, lambda out, a, b: (b, a))
hypot = right("hypot", "positive", math.hypot, lambda out, x, y: (x / out, y / out))
mean = right("mean", "all", lambda a, b, c: (a + b + c) / 3, lambda out, a, b, c: (1 / 3, 1 / 3, 1 / 3))
lerp = right("lerp", "all", lambda a, b, t: a + (b - a) * t, lambda out, a, b, t: (1 - t, t, b - a))
decay = right("decay", "all", lambda a, t: a * math.exp(-t / 3), lambda out, a, t: (math.exp(-t / 3), -out / 3))
atan = right("atan", "all", math.atan, lambda out, x: (1 / (1 + x * x),))
atan2 = right("atan2", "positive", math.atan2, lambda out, y, x: (x / (x * x + y * y), -y / (x * x + y * y)))
asin = right("asin", "unit", math.asin, lambda out, x: (1 / math.sqrt(1 - x * x),))
acos = right("acos", "unit", math.acos, lambda out, x: (-1 / math.sqrt(1 - x * x),))
atanh = right("atanh", "unit", math.atanh, lambda out, x: (1 / (1 - x * x),))
sinh = right("sinh", "all", math.sinh, lambda out, x: (math.cosh(x),))
cosh = right("cosh", "all", math.cosh, lambda out, x: (math.sinh(x),))
tan = right("tan", "all", math.tan, lambda out, x: (1 + out * out,))
sine = right("sine", "all", math.sin, lambda out, x: (math.cos(x),))
cosine = right("cosine", "all", math.cos, lambda out, x: (-math.sin(x),))
sine_squared = right("sine_squared", "all", lambda x: sin(x) ** 2, lambda out, x: (2 * sin(x) * cos(x),))
sinc = right("sinc", "positive", lambda x: math.sin(x) / x, lambda out, x: ((math.cos(x) - out) / x,))
degrees = right("degrees", "all", lambda x: math.sin(math.radians(x)),
    lambda out, x: (math.pi / 180 * math.cos(math.radians(x)),))
erf = right("erf", "tails", math.erf, lambda out, x: (2 / math.sqrt(math.pi) * math.exp(-x * x),))
log2 = right("log2", "positive", math.log2, lambda out, x: (1 / (x * math.log(2)),))
log10 = right("log10", "positive", math.log10, lambda out, x: (1 / (x * math.log(10)),))
natural_log = right("natural_log", "positive", math.log, lambda out, x: (1 / x,))
exp2 = right("exp2", "all", lambda x: 2.0**x, lambda out, x: (out * math.log(2),))
exponential = right("exponential", "all", math.exp, lambda out, x: (out,))
softplus = right("softplus", "all", log1pexp, lambda out, x: (logistic(x),))
logistic_unit = right("logistic_unit", "all", logistic, lambda out, x: (logistic(x) * logistic(-x),))
tanh_unit = right("tanh_unit", "all", math.tanh, lambda out, x: (1 / math.cosh(x) ** 2,))
lecun_tanh = right("lecun_tanh", "all", lambda x: 1.7159 * tanh(2 / 3 * x),
    lambda out, x: (1.7159 * 2 / 3 * (1 - tanh(2 / 3 * x) ** 2),))
warm_sigmoid = right("warm_sigmoid", "all", lambda z: sigmoid(z / 5), lambda out, z: (out * (1 - out) / 5,))
asinh = right("asinh", "all", math.asinh, lambda out, x: (1 / math.sqrt(1 + x * x),))
poisson = right("poisson", "positive", lambda r, k: r - k * math.log(r), lambda out, r, k: (1 - k / r, -math.log(r)))
parallel = right("parallel", "positive", lambda a, b: a * b / (a + b),
                 lambda out, a, b: (b * b / (a + b) ** 2, a * a / (a + b) ** 2))
celu = right("celu", "all", lambda x: max(x, 0.0) + min(0.0, 0.7 * math.expm1(x / 0.7)),
             lambda out, x: (1.0 if x > 0 else math.exp(x / 0.7),))
soft_shrink = right("soft_shrink", "all", lambda x: x - 0.5 if x > 0.5 else x + 0.5 if x < -0.5 else 0.0,
                    lambda out, x: (1.0 if abs(x) > 0.5 else 0.0,))
gompertz = right("gompertz", "all", lambda t: math.exp(-2 * math.exp(-t)), lambda out, t: (2 * out * math.exp(-t),))
arrhenius = right("arrhenius", "positive", lambda t: math.exp(-1.4 / t), lambda out, t: (1.4 * out / t**2,))
kinetic = right("kinetic", "positive", lambda m, v: m * v * v / 2, lambda out, m, v: (v * v / 2, m * v))
lennard_jones = right("lennard_jones", "positive", lambda r: 4 * (r**-12 - r**-6),
                      lambda out, r: (4 * (-12 * r**-13 + 6 * r**-7),))
squareplus = right("squareplus", "all", lambda x: (x + math.sqrt(x * x + 4)) / 2,
                   lambda out, x: ((1 + x / math.sqrt(x * x + 4)) / 2,))
hardswish = right("hardswish", "all", lambda x: x * min(max(x + 3, 0.0), 6.0) / 6,
                  lambda out, x: (0.0 if x < -3 else 1.0 if x > 3 else (2 * x + 3) / 6,))
rosenbrock = right("rosenbrock", "all", lambda x, y: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
                   lambda out, x, y: (-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)))
swiglu = right("swiglu", "all", lambda a, b: a * logistic(a) * b,
               lambda out, a, b: (b * logistic(a) * (1 + a * logistic(-a)), a * logistic(a)))
acsch = right("acsch", "positive", lambda x: math.asinh(1 / x), lambda out, x: (-1 / (abs(x) * math.sqrt(1 + x * x)),))
sec = right("sec", "all", lambda x: 1 / math.cos(x), lambda out, x: (out * math.tan(x),))
haversine = right("haversine", "all", lambda x: math.sin(x / 2) ** 2, lambda out, x: (math.sin(x) / 2,))
tanhshrink = right("tanhshrink", "all", lambda x: x - math.tanh(x), lambda out, x: (math.tanh(x) ** 2,))
quick_gelu = right("quick_gelu", "all", lambda x: x * logistic(1.702 * x),
                   lambda out, x: (logistic(1.702 * x) * (1 + 1.702 * x * logistic(-1.702 * x)),))
angle = right("angle", "positive", lambda a, b: a / math.sqrt(a * a + b * b),
              lambda out, a, b: (b * b / (a * a + b * b) ** 1.5, -a * b / (a * a + b * b) ** 1.5))
gravity = right("gravity", "positive", lambda m, r: m / r**2, lambda out, m, r: (1 / r**2, -2 * m / r**3))
michaelis = right("michaelis", "positive", lambda v, k: v / (k + v),
                  lambda out, v, k: (k / (k + v) ** 2, -v / (k + v) ** 2))
binary_entropy = right("binary_entropy", "unit", lambda p: -p * math.log(p) - (1 - p) * math.log(1 - p),
                       lambda out, p: (math.log((1 - p) / p),))
log_squared = right("log_squared", "positive", lambda x: math.log(x) ** 2, lambda out, x: (2 * math.log(x) / x,))
logistic_loss = right("logistic_loss", "all", lambda y, z: log1pexp(-y * z),
                      lambda out, y, z: (-z * logistic(-y * z), -y * logistic(-y * z)))
# fmt: on


# -- Wrong ones --------------------------------------------------------------------------------------------------------


class Bug(NamedTuple):
    """A wrong rule; where and for which input it is wrong, and the name that says what was mistaken."""

    kind: str
    operation: Operation
    place: int
    at: tuple[float, ...]
    name: str


BUGS: list[Bug] = []


def bug(
    kind: str, operation: Operation, derivatives: Callable[..., Any], name: str, *at: float, place: int = 0
) -> None:
    wrong = Operation(operation.name, operation.forward, derivatives)
    BUGS.append(Bug(kind, wrong, place, at, name))


def single(x: float) -> float:
    """The number as float32 holds it; NumPy would do the same."""
    return float(struct.unpack("f", struct.pack("f", x))[0])


def by_differences(function: Callable[[Any], Any], x: Any) -> Any:
    return (function(x + 1e-3) - function(x)) / 1e-3


class Counter:
    """What a rule may keep by mistake: how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


counted, generator = Counter(), random.Random(5)

# fmt: off

# Signs.
bug("the minus of a cosine forgotten", cosine, lambda out, x: (math.sin(x),), "sign", 0.7)
bug("y − a for a − y (jax #3213 has such a sign)", quadratic_cost, lambda out, a, y: (y - a, y - a), "sign", 0.8, 0.3)
bug("both signs of a difference alike", squared_error,
    lambda out, a, y: (2 * (a - y), 2 * (a - y)), "sign", 0.8, 0.3, place=1)
bug("a reciprocal that grows", reciprocal, lambda out, x: (1 / x**2,), "sign", 2.5)
bug("a bell that rises on both sides", gaussian, lambda out, x: (2 * x * out,), "sign", 0.4)
bug("the sign of atan2's second input (Enzyme-JAX #2066)", atan2,
    lambda out, y, x: (x / (x * x + y * y), y / (x * x + y * y)), "sign", 0.3, 1.2, place=1)
bug("y/p for −y/p", kl, lambda out, p, q: (math.log(p / q) + 1, p / q), "sign", 0.3, 0.6, place=1)
bug("the derivative of asin for that of acos", acos, lambda out, x: (1 / math.sqrt(1 - x * x),), "sign", 0.3)
bug("a second output of softmax like the first", softmax,
    lambda out, x, y: (out * (1 - out), out * (1 - out)), "sign", 0.4, -0.9, place=1)
bug("−sinh, as in −sin", cosh, lambda out, x: (-math.sinh(x),), "sign", 0.7)
# Constant factors.
bug("the 2 of a square forgotten", squared_error, lambda out, a, y: (a - y, y - a), "half", 0.8, 0.3)
bug("the ½ of the cost forgotten", quadratic_cost, lambda out, a, y: (2 * (a - y), 2 * (y - a)), "twice", 0.8, 0.3)
bug("1/√x for 1/(2√x)", root, lambda out, x: (1 / out,), "twice", 2.7)
bug("the exponent ½ not brought down", rsqrt, lambda out, x: (-out / x,), "twice", 2.7)
bug("the 3 of a cube forgotten", cube, lambda out, x: (x**2,), "factor", 1.3)
bug("the sum's derivative for the mean's", mean, lambda out, a, b, c: (1.0, 1.0, 1.0), "factor", 0.4, 1.2, -2.2)
bug("the inner 1/5 forgotten (autodiff #396 has such a one)", warm_sigmoid,
    lambda out, z: (out * (1 - out),), "factor", 1.2)
bug("the inner 2/3 forgotten", lecun_tanh, lambda out, x: (1.7159 * (1 - tanh(2 / 3 * x) ** 2),), "factor", 0.8)
bug("the scale of selu forgotten", selu, lambda out, x: (1.0 if x > 0 else ALPHA * math.exp(x),), "factor", -0.8)
bug("the leak is another one", leaky_relu, lambda out, x: (1.0 if x > 0 else 0.1,), "factor", -1.3)
bug("the inner derivative's 1/3 forgotten", decay,
    lambda out, a, t: (math.exp(-t / 3), -out), "factor", 1.4, 0.6, place=1)
bug("2/√π forgotten", erf, lambda out, x: (math.exp(-x * x),), "factor", 0.4)
bug("√(2π) for 2/√π", erf, lambda out, x: (math.exp(-x * x) / math.sqrt(2 * math.pi),), "factor", 0.4)
bug("a constant typed wrongly", lecun_tanh,
    lambda out, x: (1.7195 * 2 / 3 * (1 - tanh(2 / 3 * x) ** 2),), "factor", 0.8)
bug("the derivative is in degrees", sine, lambda out, x: (math.pi / 180 * math.cos(x),), "degrees", 0.7)
bug("π/180 forgotten", degrees, lambda out, x: (math.cos(math.radians(x)),), "degrees", 35.0)
bug("another base (ad #10)", log10, lambda out, x: (1 / x,), "base", 2.7)
bug("the logarithm of 2 forgotten", exp2, lambda out, x: (out,), "base", 1.3)
bug("times ln 2, not divided by it", natural_log, lambda out, x: (1 / (x * math.log(2)),), "base", 2.7)
# Order of the inputs.
bug("a product's derivatives in the order of the inputs", times, lambda out, a, b: (a, b), "order", 3.0, 2.0)
bug("atan2's in the opposite order (keops #155)", atan2,
    lambda out, y, x: (-y / (x * x + y * y), x / (x * x + y * y)), "order", 0.3, 1.2)
bug("hypot's in the opposite order", hypot, lambda out, x, y: (y / out, x / out), "order", 0.3, 1.2)
bug("softmax's in the opposite order", logsumexp,
    lambda out, x, y: (logistic(y - x), logistic(x - y)), "order", 0.4, -0.9)
bug("interpolated from the wrong end", lerp, lambda out, a, b, t: (t, 1 - t, b - a), "order", 0.4, 1.2, 0.3)
bug("a quotient's inputs exchanged", quotient,
    lambda out, a, b: (1 / b, -b / a**2), "swapped inputs", 0.8, 1.9, place=1)
bug("a power's inputs exchanged", power,
    lambda out, x, p: (x * p ** (x - 1), out * math.log(x)), "swapped inputs", 1.7, 2.2)
bug("another input taken", power,
    lambda out, x, p: (p * x ** (p - 1), out * math.log(p)), "other input", 1.7, 2.2, place=1)
bug("the base for the exponent", kl,
    lambda out, p, q: (math.log(p / q) + 1, -q / p), "swapped inputs", 0.3, 0.6, place=1)
# x for out, out for x.
bug("the input of exp (nn-zero-to-hero #52)", exponential, lambda out, x: (x,), "x for out", 0.5)
bug("σ's input for its output (a question of 2018)", logistic_unit, lambda out, x: (x * (1 - x),), "x for out", 0.5)
bug("tanh's input for its output", tanh_unit, lambda out, x: (1 - x * x,), "x for out", 0.5)
bug("one of two inputs for the output", logistic_unit, lambda out, x: (out * (1 - x),), "x for out", 0.5)
bug("1/(2x) for 1/(2√x)", root, lambda out, x: (0.5 / x,), "x for out", 2.7)
bug("tan's input for its output", tan, lambda out, x: (1 + x * x,), "x for out", 0.5)
bug("σ′ of an output that is σ already", logistic_unit,
    lambda out, x: (logistic(out) * (1 - logistic(out)),), "out for x", 0.5)
bug("tanh′ of the output", tanh_unit, lambda out, x: (1 / math.cosh(out) ** 2,), "out for x", 0.5)
bug("softplus′ of the output", softplus, lambda out, x: (logistic(out),), "out for x", 0.5)
bug("the output of log", natural_log, lambda out, x: (1 / out,), "out for x", 2.7)
bug("a cosine of the output", sine, lambda out, x: (math.cos(out),), "out for x", 0.5)
bug("atan's output", atan, lambda out, x: (1 / (1 + out * out),), "out for x", 0.5)
bug("σ at −x (tiny-cuda-nn #130 had another)", softplus, lambda out, x: (logistic(-x),), "at −x", 0.5)
bug("the logarithm of the wrong probability", entropy, lambda out, p: (-math.log(1 - p) - 1,), "at 1 − x", 0.3)
# Powers of the true one.
bug("the square forgotten", softsign, lambda out, x: (1 / (1 + abs(x)),), "root", 0.7)
bug("the square forgotten, found at 0", softsign, lambda out, x: (1 / (1 + abs(x)),), "root", 0.0)
bug("1/cosh for 1/cosh²", tanh_unit, lambda out, x: (1 / math.cosh(x),), "root", 0.7)
bug("the root forgotten", asin, lambda out, x: (1 / (1 - x * x),), "squared", 0.3)
bug("upside down", atan, lambda out, x: (1 + x * x,), "inverse", 0.7)
bug("cosh² for 1/cosh²", tanh_unit, lambda out, x: (math.cosh(x) ** 2,), "inverse", 0.7)
bug("a root that is multiplied", root, lambda out, x: (2 * out,), "inverse", 2.7)
bug("p(1 − p), as of its inverse", logit, lambda out, p: (p * (1 - p),), "inverse", 0.3)
# Factors.
bug("half of σ′", logistic_unit, lambda out, x: (out,), "missing factor", 0.5)
bug("the other half of σ′", logistic_unit, lambda out, x: (1 - out,), "missing factor", 0.5)
bug("1 − t for 1 − t²", tanh_unit, lambda out, x: (1 - out,), "missing factor", 0.5)
bug("the inner derivative −2x forgotten", gaussian, lambda out, x: (out,), "missing factor", 0.4)
bug("the inner derivative −x forgotten", normal_pdf, lambda out, x: (out,), "missing factor", 0.4)
bug("3x for 3x²", cube, lambda out, x: (3 * x,), "missing factor", 1.3)
bug("3x for 3x², found at 0", cube, lambda out, x: (3 * x,), "missing factor", 0.0)
bug("2 for 2x", square, lambda out, x: (2.0,), "missing factor", 3.0)
bug("−1/x for −1/x²", reciprocal, lambda out, x: (-1 / x,), "extra factor", 2.5)
bug("p·x^p", power, lambda out, x, p: (p * out, out * math.log(x)), "extra factor", 1.7, 2.2)
bug("x^(p − 1) without the p (tinygrad #155 is about pow)", power,
    lambda out, x, p: (x ** (p - 1), out * math.log(x)), "missing factor", 1.7, 2.2)
bug("the logarithm forgotten", power, lambda out, x, p: (p * x ** (p - 1), out), "missing factor", 1.7, 2.2, place=1)
bug("a/b for a/b²", quotient, lambda out, a, b: (1 / b, -out), "extra factor", 0.8, 1.9, place=1)
bug("x for x/r", hypot, lambda out, x, y: (x, y), "extra factor", 0.3, 1.2)
bug("the other input forgotten", times, lambda out, a, b: (1.0, 1.0), "missing factor", 3.0, 2.0)
bug("one minus for the logits' loss, times p(1 − p) again", cross_entropy,
    lambda out, p, y: (p - y, log(1 - p) - log(p)), "extra factor", 0.3, 0.6)
bug("the label forgotten", hinge,
    lambda out, a, y: (-1.0 if y * a < 1 else 0.0, -a if y * a < 1 else 0.0), "missing factor", 0.3, 0.7)
bug("the outer derivative only", sine_squared, lambda out, x: (2 * sin(x),), "missing factor", 0.4)
bug("x·σ′ without the first term's x", swish,
    lambda out, x, b: (sigmoid(b * x) + b * x * sigmoid(b * x) * sigmoid(-b * x), x * sigmoid(b * x) * sigmoid(-b * x)),
    "missing factor", 0.4, 1.2, place=1)
# Terms.
bug("1 + t² for 1 − t² (neural-network-from-scratch #2)", tanh_unit, lambda out, x: (1 + out * out,), "term", 0.5)
bug("1 − t² for 1 + t²", tan, lambda out, x: (1 - out * out,), "term", 0.5)
bug("the second term of an entropy forgotten", entropy, lambda out, p: (-math.log(p),), "product rule", 0.3)
bug("+1 for −1", entropy, lambda out, p: (-math.log(p) + 1,), "term", 0.3)
bug("a constant's derivative is 0", polynomial, lambda out, x: (6 * x + 2 + 1,), "term", 0.3)
bug("a linear term's derivative forgotten", polynomial, lambda out, x: (6 * x,), "term", 0.3)
bug("the sign between the two halves of cross-entropy", cross_entropy,
    lambda out, p, y: (-y / p - (1 - y) / (1 - p), log(1 - p) - log(p)), "term", 0.3, 0.6)
bug("only the half for y = 1", cross_entropy, lambda out, p, y: (-y / p, log(1 - p) - log(p)), "term", 0.3, 0.6)
bug("the label forgotten in the loss of logits", logit_loss, lambda out, z, y: (logistic(z), -z), "term", 0.4, 0.7)
bug("the label added", logit_loss, lambda out, z, y: (logistic(z) + y, -z), "term", 0.4, 0.7)
bug("a missing case for the product", smoothstep, lambda out, x: (6 * x,), "missing factor", 0.4)
# The product and the quotient rule.
bug("only the first term of the product rule", silu, lambda out, x: (logistic(x),), "product rule", 0.6)
bug("only the second term", silu, lambda out, x: (x * logistic(x) * logistic(-x),), "product rule", 0.6)
bug("the product of the derivatives", silu, lambda out, x: (logistic(x) * logistic(-x),), "product rule", 0.6)
bug("gelu: Φ only", gelu, lambda out, x: (big_phi(x),), "product rule", 0.6)
bug("mish: tanh only", mish, lambda out, x: (math.tanh(log1pexp(x)),), "product rule", 0.6)
bug("the quotient rule's second term forgotten", sinc, lambda out, x: (math.cos(x) / x,), "product rule", 0.6)
bug("the quotient rule's sign", sinc, lambda out, x: ((math.cos(x) + out) / x,), "term", 0.6)
bug("gelu: the density without 1/√(2π)", gelu, lambda out, x: (big_phi(x) + x * math.exp(-x * x / 2),), "term", 0.6)
bug("gelu: Φ + φ, without the x", gelu, lambda out, x: (big_phi(x) + phi(x),), "term", 0.6)
bug("silu: 1 + (1 − σ) without the x", silu, lambda out, x: (logistic(x) * (1 + logistic(-x)),), "term", 0.6)
bug("silu: parentheses forgotten (dfdx #915 has such)", silu,
    lambda out, x: (logistic(x) + x * logistic(-x),), "term", 0.6)
bug("mish: σ forgotten in the second term", mish,
    lambda out, x: (math.tanh(log1pexp(x)) + x * (1 - math.tanh(log1pexp(x)) ** 2),), "term", 0.6)
bug("gelu by tanh: the inner derivative forgotten", gelu_tanh,
    lambda out, x: (0.5 * (1 + math.tanh(inner_gelu(x))) + 0.5 * x * (1 - math.tanh(inner_gelu(x)) ** 2),), "term", 0.6)
bug("focal loss: the focusing factor taken as a constant", focal, lambda out, p: (-((1 - p) ** 2) / p,), "term", 0.3)
bug("focal loss: the sign of the inner derivative", focal,
    lambda out, p: (-2 * (1 - p) * math.log(p) - (1 - p) ** 2 / p,), "term", 0.3)
# Neighbours.
bug("sinh′ = sinh, as of cosh", sinh, lambda out, x: (math.sinh(x),), "neighbour", 0.7)
bug("sin′ = −sin, as of cos", sine, lambda out, x: (-math.sin(x),), "neighbour", 0.7)
bug("tanh's for tan's", tan, lambda out, x: (1 - math.tanh(x) ** 2,), "neighbour", 0.5)
bug("asin's for atan's", atan, lambda out, x: (1 / math.sqrt(1 - x * x),), "neighbour", 0.3)
bug("atanh's for atan's (PowerSeries #9)", atan, lambda out, x: (1 / (1 - x * x),), "neighbour", 0.3)
bug("relu's for softplus", softplus, lambda out, x: (heaviside(x),), "neighbour", 0.5)
bug("σ's for tanh", tanh_unit, lambda out, x: (sigmoid(x) * sigmoid(-x),), "neighbour", 0.5)
bug("sinh's for sin", sine, lambda out, x: (math.cosh(x),), "neighbour", 0.5)
# Cases.
bug("a case turned round", hardtanh, lambda out, x: (0.0 if -1 < x < 1 else 1.0,), "complement", 0.4)
bug("relu's condition turned round", table.relu, lambda out, x: (heaviside(-x),), "complement", 0.4)
bug("the saturated case forgotten", hardtanh, lambda out, x: (1.0,), "flat", 1.4)
bug("the upper bound forgotten", relu6, lambda out, x: (1.0 if x > 0 else 0.0,), "flat", 6.5)
bug("the leak forgotten", leaky_relu, lambda out, x: (1.0 if x > 0 else 0.0,), "zero", -1.3)
bug("an absolute value's sign forgotten", table.absolute, lambda out, x: (1.0,), "sign", -1.3)
bug("huber: the sign of the linear part forgotten", huber,
    lambda out, x: (x if abs(x) < DELTA else DELTA,), "sign", -2.4)
bug("huber: x also in the linear part", huber, lambda out, x: (x,), "extra factor", 2.4)
bug("huber: 1 for δ in the linear part", huber, lambda out, x: (x if abs(x) < DELTA else sign(x),), "factor", 2.4)
bug("elu: the output without α (ML-From-Scratch #73)", elu, lambda out, x: (1.0 if x > 0 else out,), "term", -0.8)
bug("elu: α without the exponential", elu, lambda out, x: (1.0 if x > 0 else BETA,), "missing factor", -0.8)
bug("selu: α forgotten", selu, lambda out, x: (SCALE if x > 0 else SCALE * math.exp(x),), "factor", -0.8)
bug("the wrong one of a maximum's inputs", table.maximum,
    lambda out, a, b: (heaviside(b - a), 1 - heaviside(b - a)), "order", 0.4, 1.2)
bug("pinball: τ for 1 − τ", pinball, lambda out, x: (QUANTILE if x > 0 else 1 - QUANTILE,), "sign", -1.3)
bug("0 where a part has a kink (jax #2107)", softplus,
    lambda out, x: (logistic(x) * abs(sign(x)),), "special point", 0.0)
bug("a derivative forgotten", decay, lambda out, a, t: (math.exp(-t / 3), 0.0), "zero", 1.4, 0.6, place=1)
# How it is computed.
bug("a number frozen", logistic_unit, lambda out, x: (0.235,), "frozen", 0.5)
bug("the derivative at one point for all", cube, lambda out, x: (6.75,), "frozen", 0.5)
bug("single precision", sine, lambda out, x: (single(math.cos(x)),), "float32", 0.7)
bug("single precision, of a rule of two inputs", times, lambda out, a, b: (single(b), single(a)), "float32", 0.7, 1.3)
bug("an approximation's derivative", gelu, lambda out, x: (gelu_tanh.derivatives(out, x)[0],), "approximation", 0.6)
bug("a polynomial for tanh′ (tt-metal #55349)", tanh_unit,
    lambda out, x: (1 - x * x + 2 / 3 * x**4,), "approximation", 0.3)
bug("one-sided differences", sine, lambda out, x: (by_differences(math.sin, x),), "approximation", 0.7)
bug("random numbers", sine, lambda out, x: (math.cos(x) * (1 + 1e-3 * random.random()),), "nondeterministic", 0.7)
bug("random numbers of one's own", sine, lambda out, x: (math.cos(x) * generator.random(),), "nondeterministic", 0.7)
bug("a mask drawn anew, as of dropout", times,
    lambda out, a, b: (b * (generator.random() < 0.5), a), "nondeterministic", 3.0, 2.0)
bug("a counter, as of a warm-up", sine, lambda out, x: (math.cos(x) * counted(),), "stateful", 0.7)
bug("an alternating sign kept between calls", sine, lambda out, x: (math.cos(x) * (-1) ** counted(),), "stateful", 0.7)
# Written after the search was, to see how it does on what it was not made for: it named 41 of a first 54 as expected,
# then, made more general by those, 44 of 49 others. Some of both are here, with all that it still names otherwise.
bug("acosh's for asinh's", asinh, lambda out, x: (1 / math.sqrt(abs(x * x - 1)),), "neighbour", 1.7)
bug("a sign in a loss of counts", poisson, lambda out, r, k: (1 + k / r, -math.log(r)), "term", 1.3, 2.1)
bug("a count forgotten in it", poisson, lambda out, r, k: (1 - 1 / r, -math.log(r)), "term", 1.3, 2.1)
bug("b/(a + b) without its square", parallel, lambda out, a, b: (b / (a + b), a / (a + b)), "root", 1.3, 2.1)
bug("celu: α forgotten inside", celu, lambda out, x: (1.0 if x > 0 else math.exp(x),), "neighbour", -0.8)
bug("the dead zone forgotten", soft_shrink, lambda out, x: (1.0,), "flat", 0.2)
bug("the inner exponential forgotten", gompertz, lambda out, t: (2 * out,), "missing factor", 0.6)
bug("the inner derivative 1.4/t² forgotten", arrhenius, lambda out, t: (out,), "missing factor", 1.7)
bug("an input too many", kinetic, lambda out, m, v: (v * v / 2, m * v * v), "extra factor", 1.7, 0.6, place=1)
bug("the sign of a power", lennard_jones, lambda out, r: (4 * (-12 * r**-13 - 6 * r**-7),), "term", 1.7)
bug("a root's inner derivative", squareplus, lambda out, x: ((1 + 1 / math.sqrt(x * x + 4)) / 2,), "term", 0.7)
bug("hardswish: the product rule in its middle", hardswish,
    lambda out, x: (0.0 if x < -3 else 1.0 if x > 3 else (x + 3) / 6,), "product rule", 0.7)
bug("the first square forgotten", rosenbrock,
    lambda out, x, y: (-400 * x * (y - x * x), 200 * (y - x * x)), "term", 0.7, 1.3)
bug("its sign", rosenbrock,
    lambda out, x, y: (2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)), "term", 0.7, 1.3)
bug("the inner derivative of the second", rosenbrock,
    lambda out, x, y: (-2 * (1 - x) - 400 * (y - x * x), 200 * (y - x * x)), "term", 0.7, 1.3)
bug("the gate forgotten", swiglu,
    lambda out, a, b: (logistic(a) * (1 + a * logistic(-a)), a * logistic(a)), "missing factor", 0.7, 1.3)
bug("the inner derivative's x", acsch, lambda out, x: (-1 / math.sqrt(1 + x * x),), "extra factor", 1.7)
bug("tan's for sec's", sec, lambda out, x: (out * out,), "neighbour", 0.7)
bug("an inner cosine forgotten", haversine, lambda out, x: (math.sin(x / 2),), "missing factor", 0.7)
bug("the output for tanh", tanhshrink, lambda out, x: (out * out,), "out for x", 0.7)
bug("quick gelu: the inner 1.702 forgotten", quick_gelu,
    lambda out, x: (logistic(1.702 * x) * (1 + x * logistic(-1.702 * x)),), "term", 0.7)
bug("a quotient whose denominator stands still", angle,
    lambda out, a, b: (1 / math.sqrt(a * a + b * b), -a * b / (a * a + b * b) ** 1.5), "product rule", 0.7, 1.2)
bug("the same, with a sum", michaelis, lambda out, v, k: (1 / (k + v), -v / (k + v) ** 2), "product rule", 0.7, 1.2)
bug("1/r² falls as fast as 1/r²", gravity,
    lambda out, m, r: (1 / r**2, -2 * m / r**2), "extra factor", 0.7, 1.2, place=1)
bug("only one half of an entropy", binary_entropy, lambda out, p: (-math.log(p) - 1,), "term", 0.3)
bug("the inner 1/x forgotten", log_squared, lambda out, x: (2 * math.log(x),), "missing factor", 1.7)
bug("a sign inside σ", logistic_loss,
    lambda out, y, z: (-z * logistic(y * z), -y * logistic(y * z)), "at −x", 0.7, 0.2, place=1)
# fmt: on


# -- For tables --------------------------------------------------------------------------------------------------------

PLACES = {
    "all": [0.0, 1e-9, -1e-9, 1.0, -1.0, 6.0, DELTA, -DELTA, 1e-300, 36.9, -36.9, 300.0, -300.0, 1e8, -1e5, 90.0],
    "tails": [0.0, 1e-9, -1e-9, 1.0, -1.0, 6.0, -9.0, 1e-300, 1e8, -1e8],  # e^−x²: between 10 and 60 mpmath takes long
    "positive": [1.0, 1e-9, 1e-150, 1e9, 1e120, 2.0, 0.5, 1.0 + 1e-9],
    "unit": [0.5, 1e-9, 1e-150, 1 - 1e-9, 1e-3, 0.999],
}
DRAWN: dict[str, Callable[[random.Random], float]] = {
    "all": lambda chance: chance.choice([1.0, 3.0, 30.0]) * chance.gauss(0, 1),
    "tails": lambda chance: chance.choice([1.0, 2.0]) * chance.gauss(0, 1),
    "positive": lambda chance: math.exp(chance.choice([1.0, 5.0]) * chance.gauss(0, 1)),
    "unit": lambda chance: chance.uniform(1e-6, 1 - 1e-6),
}


def inputs(where: str, arity: int, count: int, seed: int = 1) -> Iterator[tuple[float, ...]]:
    """Inputs over a domain: ordinary ones, kinks and near them, saturation, large and small ones."""
    chance, places = random.Random(seed), PLACES[where]
    for k in range(count):
        if k % 2 and k // 2 < len(places):
            yield (places[k // 2], *[chance.choice(places) for _ in range(arity - 1)])
        else:
            yield tuple([DRAWN[where](chance) for _ in range(arity)])


def cases() -> Iterator[tuple[str, Operation, int, tuple[float, ...], str]]:
    """For each rule, right or wrong: its kind, the operation, the input's place, the inputs, the mistake or ""."""
    for kind, operation, place, at, name in BUGS:
        yield kind, operation, place, at, name
    for name, (operation, where) in RIGHT.items():
        for at in inputs(where, operation.arity or 2, 5):
            yield f"right {name}", operation, 0, at, ""
