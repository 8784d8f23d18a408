"""The judge: how fast a function changes, computed with many digits, beside what is claimed of it.

Two inputs so near to each other that nothing but the slope is left between them tell it, on each side. What is seen so
at one number of digits counts once it is seen again with more of them. So it is stable, not enclosed: no bound is
proven, but neither does any rule of calculus stand here that could be wrong in the same way as the one that is judged.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare

# Binary digits. The two inputs are about 2^-bits apart. After the first look there are so many that no number, beside
# another that cancels, is swallowed by it in the same way twice.
LADDER = (128, 1_280, 2_560, 5_120)
ENOUGH_FOR_ZERO = 2_560  # bits: with fewer, a slope that floats can hold could come out as 0
ZERO = CONTEXT.ldexp(1, -2_150)  # the smallest float as a part of the smallest float

AGREES = CONTEXT.ldexp(1, -60)  # as a part of the slope: what comes out of two computations is one number
WRONG = CONTEXT.mpf(1e-11)  # as a part of the slope: constants such as 0.3989 or π/180 are rounded in a rule, or typed
NEIGHBOURS = (-(2.0**-6), 2.0**-6)  # where a slope is looked at as well that is nearly 0, which may magnify rounding

SMALLEST_NORMAL = CONTEXT.mpf(sys.float_info.min)
LARGEST = CONTEXT.ldexp(1, 1024) - CONTEXT.ldexp(1, 970)  # from here on a number rounds to infinity

SPREAD = 64  # powers of two between the largest and the smallest claim that are judged together
NO_SIZE = -10_000  # of a claim of 0

Thing = TypeVar("Thing")
Line = Callable[[Precise], Any]  # a function of how far the inputs are moved, in one direction
Claim = Callable[[Precise], Any]  # what is said to be its slope there, computed with the digits now in force


class Verdict(Enum):
    """What a closer and closer look at a slope says about a claimed one."""

    RIGHT = "right"
    KINK = "right at a kink, where any value between the slopes of the two sides is"
    JUMP = "right at a jump, where there is no slope, and that of one side is taken"
    WRONG = "wrong"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True)
class Judgement:
    """What was found out about a claimed slope.

    Attributes:
        verdict: What it comes to.
        claim: The claimed slope, if it could be computed.
        true: The right slope that is nearest to it, as far as it could be told.
        why: Why it is unresolved.
        uncertain: How far the right slope may be off, as a part of itself, where it comes from differences of floats.
    """

    verdict: Verdict
    claim: Any = None
    true: Any = None
    why: str = ""
    uncertain: float = 0.0

    def per_unit(self, move: Any) -> Judgement:
        """The same for inputs that are moved by 1, and not by `move`."""
        claim, true = [number if number is None else number / move for number in (self.claim, self.true)]
        return replace(self, claim=claim, true=true)


def working_bits(bits: int) -> int:
    """With how many digits inputs so near to each other are computed: (1 − cos x)/x near 0 loses twice as many."""
    return 2 * bits + min(bits, 512) + 24


FIRST_LOOK = working_bits(LADDER[0])


def judged(line: Line, claim: Claim, noise: Any = 0) -> Judgement:
    """The judgement on the claimed slope of `line` at 0, which rounding may have moved by `noise`."""
    before: list[Any] = []
    why, claimed, last, vanishing = "", None, 0, False
    for bits in LADDER:
        if vanishing and bits < ENOUGH_FOR_ZERO:
            continue
        with CONTEXT.workprec(working_bits(bits)):
            try:
                claimed, sides = bare(claim(Precise(0))), slopes(line, bits)
            except UNDEFINED as error:
                why = f"with more digits it is not defined here ({error})"
                continue
            if all(_agree(claimed, side, bits) for side in sides):
                return Judgement(Verdict.RIGHT, claimed, claimed)
            if len(before) == len(sides):
                pairs = list(zip(sides, before, strict=True))
                settled = [side for side, other in pairs if _agree(side, other, bits)]
                jumping = [side for side, other in pairs if abs(side) > CONTEXT.ldexp(abs(other), bits - last - 1)]
                if settled and len(settled) + len(jumping) == len(sides):
                    return _against(line, claim, settled, noise, jump=bool(jumping))
            before, last, vanishing = sides, bits, not any([claimed, *sides])
            why = "its slope does not settle, however closely it is looked at"
    return Judgement(Verdict.UNRESOLVED, claimed, None, why)


def slopes(line: Line, bits: int, at: float = 0.0) -> list[Any]:
    """The slope on each side on which the function is defined, the left one first."""
    # No power of two: what is rounded off would look the same with other digits, and so like a slope that settles.
    change, here = CONTEXT.ldexp(1, -bits) * (bits + 3) / (bits + 1), bare(line(Precise(at)))
    found = []
    for step in (-change, change):
        try:
            found.append((bare(line(Precise(at + step))) - here) / step)
        except UNDEFINED:  # beyond the edge of where it is defined
            continue
    if not found:
        raise ValueError("it is not defined on either side")
    return found


def _agree(one: Any, other: Any, bits: int) -> bool:
    size = max(abs(one), abs(other))
    if size <= ZERO:
        return bits >= ENOUGH_FOR_ZERO
    return bool(abs(one - other) <= AGREES * size)


def _against(line: Line, claim: Claim, settled: list[Any], noise: Any, *, jump: bool) -> Judgement:
    low, high, claimed = min(settled), max(settled), bare(claim(Precise(0)))
    true = min(max(claimed, low), high)
    off = abs(claimed - true)
    if off > max(noise, WRONG * abs(true)) and not _excused(line, claim, off):
        return Judgement(Verdict.WRONG, claimed, true)
    if jump:
        return Judgement(Verdict.JUMP, claimed, true)
    return Judgement(Verdict.KINK if high - low > AGREES * max(abs(high), abs(low)) else Verdict.RIGHT, claimed, true)


def _excused(line: Line, claim: Claim, off: Any) -> bool:
    """Whether a claim is right nearby, and off here by what a constant rounded there comes to: terms cancel here."""
    largest = CONTEXT.mpf(0)
    for at in NEIGHBOURS:
        try:
            claimed, sides = bare(claim(Precise(at))), slopes(line, LADDER[0], at)
        except UNDEFINED:
            continue
        if any(abs(claimed - side) > WRONG * abs(side) for side in sides):
            return False
        largest = max(largest, *map(abs, sides))
    return bool(off <= WRONG * largest)


def directions(inputs: Sequence[float], claims: Sequence[float | None], spread: int = SPREAD) -> list[list[Any]]:
    """Directions to move all inputs at once, so that one look at a slope judges all the claims about them.

    By how much each input is moved is random, and such that what each claim contributes counts alike, however small
    it is. Claims of other orders of magnitude, and those of 0, have directions of their own. Inputs without a claim
    are not moved. An infinite claim counts as 1.
    """
    chance = random.Random(len(inputs))
    scales = [abs(number) or 1.0 for number in inputs]
    sizes = {
        place: CONTEXT.mag(scale) + (CONTEXT.mag(claim) if math.isfinite(claim) else 0) if claim else NO_SIZE
        for place, (scale, claim) in enumerate(zip(scales, claims, strict=True))
        if claim is not None
    }
    groups: list[list[int]] = []
    for place in sorted(sizes, key=sizes.__getitem__):
        if not groups or sizes[place] > sizes[groups[-1][0]] + spread:
            groups.append([])
        groups[-1].append(place)
    found = []
    for group in groups:
        direction: list[Any] = [0] * len(inputs)
        for place in group:
            factor = chance.choice((-1, 1)) * chance.uniform(1.0, 2.0) if len(group) > 1 else 1.0
            direction[place] = factor * CONTEXT.ldexp(scales[place], sizes[group[0]] - sizes[place])
        found.append(direction)
    return found


def bisected(things: Sequence[Thing], wrong: Callable[[Sequence[Thing]], bool]) -> Thing:
    """The first of some things that is wrong, when they are wrong together."""
    while len(things) > 1:
        half = len(things) // 2
        things = things[:half] if wrong(things[:half]) else things[half:]
    return things[0]
