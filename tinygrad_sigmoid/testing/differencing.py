"""Slopes of functions that take floats only: differences at smaller and smaller distances, extrapolated to 0."""

from __future__ import annotations

import math
from collections.abc import Callable

from tinygrad_sigmoid.testing.slopes import Verdict

RESOLVED = 1e-6  # a slope that is known no better than to this part of itself proves nothing


def judged_by_differences(claim: float, result: Callable[[float], float], at: float) -> tuple[Verdict, float, float]:
    """The verdict on a claimed derivative, the slope as differences have it, and how far that may be off."""
    slope, uncertain = extrapolated(result, at)
    off, size = abs(claim - slope), max(abs(claim), abs(slope))
    if not math.isfinite(uncertain) or uncertain > RESOLVED * size:
        # Too coarse to call a claim right; a claim that is far outside all the same is wrong.
        return (Verdict.WRONG if off > 100 * uncertain else Verdict.UNRESOLVED), slope, uncertain
    return (Verdict.WRONG if off > 10 * uncertain else Verdict.RIGHT), slope, uncertain


def extrapolated(result: Callable[[float], float], at: float) -> tuple[float, float]:
    """A slope and how far it may be off: Ridders' method, from several first distances.

    Central differences at h, h/2, h/4, … are combined so that their errors in h², h⁴, … cancel (C. Ridders, *Accurate
    computation of F'(x) and F'(x)F''(x)*, Advances in Engineering Software 4, 1982). How far to trust it is said by
    the smallest disagreement of two neighbours in that table, by the rounding of the results themselves, and by what
    comes out from another first distance: a jagged function can look smooth from one.
    """
    found = [_ridders(result, at, first * (abs(at) or 1.0)) for first in (1e-1, 1e-3, 1e-5)]
    [(slope, error), *others] = sorted(found, key=lambda one: one[1])
    return slope, error + min(abs(slope - other) for other, _ in others)


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
