"""Slopes of functions that take floats only, by differences, and how far they can be trusted.

Differences at smaller and smaller distances are extrapolated to 0; what they are worth is told by their disagreement
and by the noise of the function, which is measured. Where that is too coarse, the remainder of Taylor's formula may
raise doubt, but convicts nobody.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

from tinygrad_sigmoid.testing.precise import UNDEFINED
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict

RESOLVED = 1e-6  # a slope that is known no better than to this part of itself proves nothing
CLOSE = 1e-5  # as a part of the input: where the slopes of both sides are seen apart
NEAREST = 1e-290  # nearer to 0 than this, halved distances would get lost

Function = Callable[[float], float]


def judged_by_differences(claim: float, function: Callable[[float], Any], at: float) -> Judgement:
    """The judgement on a claimed slope, as far as differences tell the right one.

    >>> judged_by_differences(math.cos(0.5), math.sin, 0.5).verdict
    <Verdict.RIGHT: 'right'>
    >>> judged_by_differences(-math.cos(0.5), math.sin, 0.5).verdict
    <Verdict.WRONG: 'wrong'>
    """

    def finite(x: float) -> float:
        result = float(function(x))
        if not math.isfinite(result):
            raise ValueError(f"it gives {result}")
        return result

    if not claim and _is_flat(finite, at):
        return Judgement(Verdict.RIGHT, claim, 0.0, "", 0.0)
    slope, error = extrapolated(finite, at)
    size = max(abs(claim), abs(slope))
    uncertain = error / size if size else error
    resolved = error <= RESOLVED * size
    # Too coarse to call a claim right; a claim that is far outside all the same is wrong.
    if abs(claim - slope) > (10 if resolved else 100) * error:
        if _sides_meet(claim, finite, at, error):
            return Judgement(Verdict.KINK, claim, claim, "", uncertain)
        return Judgement(Verdict.WRONG, claim, slope, "", uncertain)
    if resolved:
        return Judgement(Verdict.RIGHT, claim, slope, "", uncertain)
    why = f"differences of floats are too coarse, they tell the slope to {uncertain:.1g} of itself only"
    if (exponent := remainder_exponent(claim, finite, at)) is not None:
        fits = "right" if exponent > 1.5 else "wrong"
        power = f"like the distance to the power of {exponent:.1f}"
        why += f", and Taylor's remainder falls {power}, as it does with a {fits} gradient"
    return Judgement(Verdict.UNRESOLVED, claim, slope, why, uncertain)


def _size(at: float) -> float:
    return max(abs(at), NEAREST) if at else 1.0


def _is_flat(function: Function, at: float) -> bool:
    try:
        return len({function(at + part * _size(at)) for part in (0.0, -1e-5, 1e-5, -1e-3, 1e-3)}) == 1
    except UNDEFINED:
        return False


def extrapolated(function: Function, at: float) -> tuple[float, float]:
    """A slope and how far it may be off: Ridders' method, from several first distances.

    Central differences at h, h/2, h/4, … are combined so that their errors in h², h⁴, … cancel (C. Ridders, *Accurate
    computation of F'(x) and F'(x)F''(x)*, Advances in Engineering Software 4, 1982). How far to trust the slope is told
    by the smallest disagreement of two neighbours in that table, by the noise of the function, and by what comes out
    from another first distance: a jagged function can look smooth from one.
    """
    level = noise(function, at)
    found = [_ridders(function, at, first * _size(at), level) for first in (1e-1, 1e-3, 1e-5)]
    [(slope, error), *others] = sorted(found, key=lambda one: one[1])
    if _is_jagged(function, at, slope):
        return slope, math.inf
    return slope, error + min(abs(slope - other) for other, _ in others) + math.ulp(slope)


def noise(function: Function, at: float) -> float:
    """How far results are scattered around a smooth curve, by differences of fourth to sixth order.

    A curve has hardly any at seven points so close together (J. Moré and S. Wild, *Estimating computational noise*,
    SIAM Journal on Scientific Computing 33, 2011). Functions that compute with 32 bits are found out so.
    """
    spacing, row = _size(at) * 1.7e-5, []  # no power of two, all of whose multiples 32 bits could hold
    for place in range(-3, 4):
        try:
            row.append(function(at + place * spacing))
        except UNDEFINED:
            return math.inf if not row else 4 * math.ulp(max(map(abs, row)))
    floor, found = 4 * math.ulp(max(map(abs, row))), []
    for order in range(1, 7):
        row = [after - before for before, after in pairwise(row)]
        mean_square = sum(difference * difference for difference in row) / len(row)
        found.append(math.sqrt(mean_square / math.comb(2 * order, order)))
    return max(floor, 4 * min(found[3:]))


def _is_jagged(function: Function, at: float, slope: float) -> bool:
    """Whether neighbouring floats differ more than a slope and rounding can explain, as with the sine of 1e300."""
    right, left = math.nextafter(at, math.inf), math.nextafter(at, -math.inf)
    try:
        above, below = function(right), function(left)
    except UNDEFINED:  # it is not defined on both sides
        return False
    return abs(above - below) > 10 * (abs(slope) * (right - left) + 4 * math.ulp(max(abs(above), abs(below))))


def _ridders(function: Function, at: float, distance: float, level: float) -> tuple[float, float]:
    best = (0.0, math.inf)
    above: list[float] = []
    for halvings in range(10):
        near, far = at - distance * 0.5**halvings, at + distance * 0.5**halvings
        try:
            row = [(function(far) - function(near)) / (far - near)]
        except UNDEFINED:  # outside of where it is defined: come closer
            continue
        for column, previous in enumerate(above, 1):
            row.append(row[-1] + (row[-1] - previous) / (4**column - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + level / (far - near)
            best = min(best, (row[-1], error), key=lambda one: one[1])
        above = row
    return best


def _sides_meet(claim: float, function: Function, at: float, error: float) -> bool:
    """Whether the slopes of the two sides stay apart however near they are taken, and the claim is between them."""
    try:
        wide, close = (_sides(function, at, first * _size(at)) for first in (1e-3, CLOSE))
    except UNDEFINED:
        return False
    gap = abs(close[1] - close[0])
    bend = abs(wide[1] - wide[0])  # of a smooth function: a hundred times the gap
    beside = noise(function, at + 1e-3 * _size(at))  # the kink itself would look like noise
    scatter = max(error, beside / (CLOSE * _size(at)))
    return gap > bend / 10 and gap > 10 * scatter and min(close) - gap / 10 <= claim <= max(close) + gap / 10


def _sides(function: Function, at: float, distance: float) -> tuple[float, float]:
    here = function(at)
    return (here - function(at - distance)) / distance, (function(at + distance) - here) / distance


def remainder_exponent(claim: float, function: Function, at: float) -> float | None:
    """The power of h with which f(x + h) − f(x) − h·f'(x) falls: 2 if the slope is right, 1 if it is wrong.

    It is None where rounding, or the edge of where the function is defined, leaves nothing to see of that.
    """
    level = noise(function, at)
    try:
        distances = [_size(at) * 2.0**-place for place in range(3, 14)]
        rests = [abs(function(at + distance) - function(at) - distance * claim) for distance in distances]
    except UNDEFINED:
        return None
    found = [math.log2(rest / closer) for rest, closer in pairwise(rests) if rest and closer > 10 * level]
    return median(found) if found else None
