"""A closer and closer look at a slope, until it can be said whether a claimed derivative is right.

Where the function can be computed with many digits, two inputs so near to each other that nothing but the slope is
left between them tell it; where it takes floats only, differences at smaller and smaller distances, extrapolated to 0.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal, getcontext, localcontext
from enum import Enum
from typing import NamedTuple

from tinygrad_sigmoid.testing.exact import UNDEFINED, digits

DIGITS = 50  # to begin with; small slopes of large results, and doubt, take more

# By how many powers of ten the inputs are nearer to each other than to 0 or 1, at the first look and at closer ones.
CLOSENESS = (20, 50, 350)

OVERFLOW_BOUND = 10_000  # powers of ten: so much larger a result so close by says nothing about the slope
RESOLVED = 1e-6  # a slope by differences that is known no better than to this part of itself proves nothing

EPSILON = Decimal(2) ** -52
SMALLEST = Decimal(math.ulp(0.0))
SMALLEST_NORMAL = Decimal(sys.float_info.min)  # what is smaller may come out as 0: floats have not all its digits
LARGEST = Decimal(2) ** 1024 * (1 - Decimal(2) ** -54)  # from here on a number rounds to infinity


def ulps(number: Decimal) -> Decimal:
    """How far floats near `number` are apart: 2⁻⁵² of it, and never less than the smallest float."""
    return max(abs(number) * EPSILON, SMALLEST)


class Verdict(Enum):
    """What a closer and closer look at a slope says about a claimed derivative."""

    RIGHT = "right"
    KINK = "right at a kink, where any value between the slopes of the two sides is"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"


class Judgement(NamedTuple):
    """What was found out about a claimed derivative."""

    verdict: Verdict
    true: Decimal  # the right derivative, as far as it could be told
    allowed: Decimal  # how far the claim may be from it
    exact: bool = True  # whether it was computed with many digits, and not by differences of floats


def judged(
    claim: float,
    result: Callable[[Decimal], Decimal],
    at: float,
    scale: float,
    size: float,
    allowed: Callable[[Decimal], Decimal],
) -> Judgement:
    """The judgement on a claimed derivative of `result` at `at`.

    Args:
        claim: The derivative in question, which may be infinite.
        result: Computes with the digits in force when it is called.
        at: The input.
        scale: Changes that are small beside this cross no kink that `at` does not lie on, and no wave.
        size: How large the result is, or what it is computed from, roughly; at least 0.
        allowed: How far a claim may be from a right derivative of this size.
    """
    claimed = Decimal(claim) if math.isfinite(claim) else LARGEST.copy_sign(Decimal(claim))
    previous: tuple[Decimal, Decimal] | None = None
    truth, margin = Decimal("NaN"), Decimal(0)
    for closeness in CLOSENESS:
        # In doubt, as many digits as the smallest slope takes: the claim may be of the wrong size. And what is computed
        # on the way to a small result, as the 1 of log(1 + x), may be larger than it.
        if previous is not None:
            size = max(size, 1.0)
        enough = enough_digits(closeness, at, size, scale, claim if previous is None else 0.0)
        with localcontext(digits(enough)):
            change = Decimal(scale).scaleb(-closeness)
            # A claim that is the slope to one side is right, whatever the other side is like.
            slope = _slope(result, Decimal(at), (change,) if previous is None else (change, -change), size)
            if slope is None:
                continue
            low, high, rounding = slope
            truth = min(max(claimed, low), high)  # the right derivative that is nearest to the claim
            off, wide, margin = abs(claimed - truth), high - low, allowed(truth)
            if math.isinf(claim) and abs(truth) >= LARGEST * (1 - 64 * EPSILON):
                off = Decimal(0)
            if off + rounding <= margin and wide <= margin:
                return Judgement(Verdict.RIGHT, truth, margin)
            if previous is not None:
                if off <= margin and wide > (previous[1] - previous[0]) / 2:
                    return Judgement(Verdict.KINK, truth, margin)
                side = abs(low - previous[0]) if claimed < low else abs(high - previous[1])
                if off > margin + 4 * (side + rounding):
                    return Judgement(Verdict.WRONG, truth, margin)
            previous = low, high
    return Judgement(Verdict.UNRESOLVED, truth, margin)


def _slope(
    result: Callable[[Decimal], Decimal], at: Decimal, changes: tuple[Decimal, ...], size: float
) -> tuple[Decimal, Decimal, Decimal] | None:
    """The smallest and the largest of the slopes over these changes, and how far rounding may take either.

    They differ at a kink. Where there is no result, there is no slope; None if there is none at all.
    """
    slopes: list[Decimal] = []
    largest = Decimal(0)
    with suppress(*UNDEFINED):
        here = result(at)
        largest = max(abs(here), Decimal(size))
        for change in changes:
            with suppress(*UNDEFINED):  # beyond the edge of where it is defined
                there = result(at + change)
                slopes.append((there - here) / change)
                largest = max(largest, abs(there))
    if not slopes or not largest.is_finite() or largest.adjusted() > OVERFLOW_BOUND:
        return None
    return min(slopes), max(slopes), largest.scaleb(3 - getcontext().prec) / abs(changes[0])


def enough_digits(closeness: int, at: float, size: float, scale: float, slope: float) -> int:
    """How many digits show a slope of this size in results of that size, at inputs so close together."""
    cancelled = _exponent(size) - _exponent(slope) - _exponent(scale) if size else 0
    return DIGITS - CLOSENESS[0] + closeness + max(0, cancelled, _exponent(at) - _exponent(scale))


def _exponent(number: float) -> int:
    """The power of ten of a number's first digit; for 0 and infinity, that of the smallest and the largest float."""
    return math.floor(math.log10(abs(number))) if number and math.isfinite(number) else (-325 if number == 0 else 308)


# -- Functions that take floats only -----------------------------------------------------------------------------------


def judged_by_differences(claim: float, result: Callable[[float], float], at: float) -> Judgement:
    """The judgement on a claimed derivative, as far as differences tell the right one."""
    slope, uncertain = extrapolated(result, at)
    off, size = abs(claim - slope), max(abs(claim), abs(slope))
    coarse = not math.isfinite(uncertain) or uncertain > RESOLVED * size
    # Too coarse to call a claim right; a claim that is far outside all the same is wrong.
    otherwise, tolerated = (Verdict.UNRESOLVED, 100) if coarse else (Verdict.RIGHT, 10)
    verdict = Verdict.WRONG if off > tolerated * uncertain else otherwise
    return Judgement(verdict, Decimal(slope), Decimal(uncertain), exact=False)


NEAREST = 1e-290  # nearer to 0 than this, halved distances would get lost


def extrapolated(result: Callable[[float], float], at: float) -> tuple[float, float]:
    """A slope and how far it may be off: Ridders' method, from several first distances.

    Central differences at h, h/2, h/4, … are combined so that their errors in h², h⁴, … cancel (C. Ridders, *Accurate
    computation of F'(x) and F'(x)F''(x)*, Advances in Engineering Software 4, 1982). How far to trust the slope is told
    by the smallest disagreement of two neighbours in that table, by the rounding of the results themselves, and by what
    comes out from another first distance: a jagged function can look smooth from one.
    """
    size = max(abs(at), NEAREST) if at else 1.0
    found = [_ridders(result, at, first * size) for first in (1e-1, 1e-3, 1e-5)]
    [(slope, error), *others] = sorted(found, key=lambda one: one[1])
    if _is_jagged(result, at, slope):
        return slope, math.inf
    return slope, error + min(abs(slope - other) for other, _ in others)


def _is_jagged(result: Callable[[float], float], at: float, slope: float) -> bool:
    """Whether neighbouring floats differ more than a slope and rounding can explain, as with the sine of 1e300."""
    right, left = math.nextafter(at, math.inf), math.nextafter(at, -math.inf)
    try:
        above, below = result(right), result(left)
    except (ArithmeticError, ValueError):  # it is not defined on both sides
        return False
    return abs(above - below) > 10 * (abs(slope) * (right - left) + 4 * math.ulp(max(abs(above), abs(below))))


def _ridders(result: Callable[[float], float], at: float, distance: float) -> tuple[float, float]:
    best = (0.0, math.inf)
    above: list[float] = []
    for _ in range(10):
        try:
            right, left = result(at + distance), result(at - distance)
        except (ArithmeticError, ValueError):  # outside of where it is defined: come closer
            distance /= 2
            continue
        width = (at + distance) - (at - distance)
        noise = 4 * math.ulp(max(abs(left), abs(right))) / width
        row = [(right - left) / width]
        factor = 1.0
        for previous in above:
            factor *= 4
            row.append(row[-1] + (row[-1] - previous) / (factor - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + noise
            if error < best[1]:
                best = (row[-1], error)
        above = row
        distance /= 2
    return best
