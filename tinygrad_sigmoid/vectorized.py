"""exp, log and their relatives in plain arithmetic: what the compiled kernels compute, several numbers at a time.

Nothing branches: `mask.where(yes, no)` chooses for each number. A number's binary digits are `x.longs()`, whole numbers
of 64 bits, from which it comes back with `.floats()`. Reductions, coefficients and the order of the operations are
those of Sun's fdlibm (`e_exp.c`, `e_log.c`, `s_log1p.c`, `s_expm1.c`, `e_pow.c`, `k_sin.c`, `k_cos.c`).
"""

from __future__ import annotations

import math
from typing import Any

Vector = Any  # numbers: see compiling.emitter

LN2 = math.log(2)
# ln 2 in two parts; the first ends in zeros, so that its product with a whole number k is exact.
LN2_HIGH, LN2_LOW = float.fromhex("0x1.62e42feep-1"), 1.90821492927058770002e-10
# Added to a number, these round it to a whole one, which then stands in the lowest digits; the second adds 1023 to it
# there, which is how the digits of a power of 2 say its exponent.
SHIFT, EXPONENT = 1.5 * 2.0**52, 1.5 * 2.0**52 + 1023
SHIFT_DIGITS, SIGN = 0x4338000000000000, -1 << 63


def polynomial(x: Vector, *coefficients: float) -> Vector:
    """c0 + c1·x + c2·x² + …"""
    *others, before, last = coefficients
    total = last * x + before
    for coefficient in reversed(others):
        total = total.times_plus(x, coefficient)
    return total


def scaled(x: Vector, k: Vector) -> Vector:
    """x·2^k for a whole k, in two steps: 2^k may be too large or too small for a float where the product is not."""
    exponents = (k + (EXPONENT + 1023)).longs()  # of both steps together
    half = exponents >> 1
    return x * (half << 52).floats() * ((exponents - half) << 52).floats()


def bounded(x: Vector, least: float, most: float) -> Vector:
    return x.least(most).most(least)


# -- What vectors have themselves --------------------------------------------------------------------------------------


def sqrt(x: Vector) -> Vector:
    return x.sqrt()


def heaviside(x: Vector) -> Vector:
    return (x > 0.0).where(1.0, 0.0)


def maximum(a: Vector, b: Vector) -> Vector:
    return a.most(b)


def minimum(a: Vector, b: Vector) -> Vector:
    return a.least(b)


def complement(e: Vector, s: Vector) -> Vector:
    """1/(1 + 1/e) where s = 1/(1 + e): with e = e^−z it is σ(−z), from σ(z), without another exponential."""
    return s.equals(0.0).where(1.0, e * s)  # where e is infinite, so s is 0


# -- Exponentials ------------------------------------------------------------------------------------------------------

# r·coth(r/2) − 2 = r²/6 − r⁴/360 + …, as near as so few terms come to it
EXP = (
    1.66666666666666019037e-01,
    -2.77777777770155933842e-03,
    6.61375632143793436117e-05,
    -1.65339022054652515390e-06,
    4.13813679705723846039e-08,
)


def reduced(x: Vector) -> tuple[Vector, Vector, Vector]:
    """k, high and low with x = k·ln 2 + high − low, k whole and |high − low| ≤ ½ ln 2."""
    k = (x * (1 / LN2)).nearest()
    return k, x - k * LN2_HIGH, k * LN2_LOW


def _near_1(high: Vector, low: Vector) -> Vector:
    """e^(high − low), for a difference between −½ ln 2 and ½ ln 2."""
    r = high - low
    square = r * r
    c = r - square * polynomial(square, *EXP)
    return 1.0 - ((low - r * c / (2.0 - c)) - high)


def exp(x: Vector) -> Vector:
    """e^x = 2^k · e^(high − low)"""
    k, high, low = reduced(bounded(x, -746.0, 710.0))
    return scaled(_near_1(high, low), k)


EXPM1 = (
    1.0,
    -3.33333333333331316428e-02,
    1.58730158725481460165e-03,
    -7.93650757867487942473e-05,
    4.00821782732936239552e-06,
    -2.01099218183624371326e-07,
)


def expm1(x: Vector) -> Vector:
    k, high, low = reduced(bounded(x, -60.0, 710.0))
    r = high - low
    c = (high - r) - low
    half = 0.5 * r
    square = r * half
    series = polynomial(square, *EXPM1)
    t = 3.0 - series * half
    error = square * ((series - t) / (6.0 - r * t))
    here = r - (r * error - square)  # where k is 0
    error = (r * (error - c) - c) - square
    tiny = ((EXPONENT - bounded(k, -1000.0, 1000.0)).longs() << 52).floats()  # 2^−k
    few = ((1.0 - tiny) + r) - error
    many = (r - (error + tiny)) + 1.0
    y = scaled((k < 20.0).where(few, many), k)
    y = ((k <= -2.0) | (k > 56.0)).where(scaled(1.0 - (error - r), k) - 1.0, y)
    y = k.equals(0.0).where(here, y)
    return x.equals(0.0).where(x, y)  # −0 stays −0


# -- Logarithms --------------------------------------------------------------------------------------------------------

LOG = (
    6.666666666666735130e-01,
    3.999999999940941908e-01,
    2.857142874366239149e-01,
    2.222219843214978396e-01,
    1.818357216161805012e-01,
    1.531383769920937332e-01,
    1.479819860511658591e-01,
)
SQRT_HALF, ONE = 0x3FE6A09E667F3BCD, 0x3FF0000000000000  # the digits of √½ and of 1


def split(x: Vector) -> tuple[Vector, Vector]:
    """k and m with x = 2^k·m and √½ ≤ m < √2, for x above 0."""
    tiny = x < 2.0**-1022
    x = tiny.where(x * 2.0**54, x)
    k = (x.longs() - (SQRT_HALF - ONE)) >> 52  # and 1023
    m = (x.longs() - (k << 52) + ONE).floats()
    number = (k + SHIFT_DIGITS).floats() - EXPONENT
    return number - tiny.where(54.0, 0.0), m


def _logarithm(f: Vector, k: Vector, correction: Vector | float) -> Vector:
    """log(2^k·(1 + f)), and a correction that is small beside it."""
    s = f / (2.0 + f)
    square = s * s
    rest = square * polynomial(square, *LOG)
    half = 0.5 * f * f
    return k * LN2_HIGH - ((half - (s * (half + rest) + (k * LN2_LOW + correction))) - f)


def _with_edges(x: Vector, y: Vector, pole: float) -> Vector:
    """−∞ at the pole, nan below it, ∞ at ∞; nan stays."""
    y = x.equals(pole).where(-math.inf, y)
    y = (x < pole).where(math.nan, y)
    y = x.equals(math.inf).where(math.inf, y)
    return x.equals(x).where(y, x)


def log(x: Vector) -> Vector:
    k, m = split(x)
    return _with_edges(x, _logarithm(m - 1.0, k, 0.0), 0.0)


def log1p(x: Vector) -> Vector:
    u = 1.0 + x
    k, m = split(u)
    here = k.equals(0.0)
    lost = (u > 2.0).where(1.0 - (u - x), x - (u - 1.0)) / u  # in the rounding of 1 + x
    y = _logarithm(here.where(x, m - 1.0), k, here.where(0.0, lost))
    return _with_edges(x, (abs(x) < 2.0**-54).where(x, y), -1.0)


# -- Powers ------------------------------------------------------------------------------------------------------------


def upper(x: Vector) -> Vector:
    """The upper half of a number's digits: products of two of these are exact."""
    return (x.longs() & (-1 << 32)).floats()


def power(x: Vector, p: Vector) -> Vector:
    """x^p = 2^(p·log2 |x|), the logarithm in two parts, with the sign and the edges of C's `pow`."""
    size = abs(x)
    k, m = split(size)
    u, d = m - 1.0, m + 1.0
    inverse = 1.0 / d
    s = u * inverse
    s_high, d_high = upper(s), upper(d)
    s_low = inverse * ((u - s_high * d_high) - s_high * (m - (d_high - 1.0)))
    # ln m = (2/3)·s·(3 + s² + rest), where 3·(1/5, 1/7, …) are the coefficients from s⁴ on
    square = s * s
    rest = square * square * polynomial(square, *[3.0 / (2 * n + 5) for n in range(10)]) + s_low * (s_high + s)
    square = s_high * s_high
    t_high = upper(3.0 + square + rest)
    t_low = rest - ((t_high - 3.0) - square)
    first, second = s_high * t_high, s_low * t_high + t_low * s
    high = upper(first + second)
    low = second - (high - first)
    # 2/(3 ln 2), in two parts, and as it is
    z_high, z_low = (
        9.61796700954437255859e-01 * high,
        -7.02846165095275826516e-09 * high + low * 9.61796693925975554329e-01,
    )
    log_high = upper((z_high + z_low) + k)
    log_low = z_low - ((log_high - k) - z_high)
    p_high = upper(p)
    low, high = (p - p_high) * log_high + p * log_low, p_high * log_high
    z = low + high
    finite = bounded(z, -1100.0, 1100.0)
    same = z.equals(finite)
    high, low = same.where(high, finite), same.where(low, 0.0)
    n = finite.nearest()
    y = scaled(_two_to_the(high - n, low), n)
    return _power_with_edges(x, p, size, y)


def _two_to_the(high: Vector, low: Vector) -> Vector:
    """2^(high + low), for a sum between −½ and ½."""
    t = upper(low + high)
    # ln 2 in two parts of which the first has 24 digits, so that its product with t is exact
    rest = (low - (t - high)) * LN2 + t * -1.90465429995776804525e-09
    return _near_1(t * 6.93147182464599609375e-01, -rest)


def _power_with_edges(x: Vector, p: Vector, size: Vector, y: Vector) -> Vector:
    rises, grows = p > 0.0, size > 1.0
    y = size.equals(0.0).where(rises.where(0.0, math.inf), y)
    y = size.equals(math.inf).where(rises.where(math.inf, 0.0), y)
    y = p.equals(math.inf).where(grows.where(math.inf, 0.0), y)
    y = p.equals(-math.inf).where(grows.where(0.0, math.inf), y)
    whole = p.nearest().equals(p)
    odd = whole & ~(p * 0.5).nearest().equals(p * 0.5)
    y = ((x.longs() & SIGN).equals(SIGN) & odd).where(-y, y)
    y = ((x < 0.0) & ~whole & (size < math.inf)).where(math.nan, y)
    y = (x.equals(x) & p.equals(p)).where(y, x + p)
    return (x.equals(1.0) | p.equals(0.0) | (size.equals(1.0) & abs(p).equals(math.inf))).where(1.0, y)


# -- Waves -------------------------------------------------------------------------------------------------------------

# π/2 in three parts of 33 digits, whose products with n up to 2^20 are exact, and what then is left.
HALF_PI = 1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624871116645580e-21
HALF_PI_REST = 8.47842766036889956997e-32
MOST = 2.0**19 * HALF_PI[0]

SIN = (
    -1.66666666666666324348e-01,
    8.33333333332248946124e-03,
    -1.98412698298579493134e-04,
    2.75573137070700676789e-06,
    -2.50507602534068634195e-08,
    1.58969099521155010221e-10,
)
COS = (
    4.16666666666666019037e-02,
    -1.38888888888741095749e-03,
    2.48015872894767294178e-05,
    -2.75573143513906633035e-07,
    2.08757232129817482790e-09,
    -1.13596475577881948265e-11,
)


def sin(x: Vector) -> Vector:
    """sin x for |x| ≤ 823,549, and nan beyond, where most of a number's digits say how often it has gone round."""
    return x.equals(0.0).where(x, _wave(x, 0))  # −0 stays −0


def cos(x: Vector) -> Vector:
    """cos x, where `sin` has its own."""
    return _wave(x, 1)


def _wave(x: Vector, quarters: int) -> Vector:
    """sin of x and so many quarters of a turn."""
    n = (x * (2.0 / math.pi)).nearest()
    rest, lost = x, -(n * HALF_PI_REST)
    for part in HALF_PI:
        before, product = rest, n * part
        rest = before - product
        lost = lost + ((before - rest) - product)
    r = rest + lost
    tail = (rest - r) + lost
    square = r * r
    cube = square * r
    sine = r - ((square * (0.5 * tail - cube * polynomial(square, *SIN[1:])) - tail) - cube * SIN[0])
    half = 0.5 * square
    near = 1.0 - half
    cosine = near + (((1.0 - near) - half) + (square * square * polynomial(square, *COS) - r * tail))
    quarter = (n + SHIFT).longs() + quarters  # whose last two digits say which it is
    y = (quarter & 1).equals(0).where(sine, cosine)
    y = (quarter & 2).equals(0).where(y, -y)
    return (abs(x) <= MOST).where(y, math.nan)
