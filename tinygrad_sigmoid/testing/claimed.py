"""A function with a claimed gradient, moved along a direction: does it change as that says?

An operation with its rule, a graph with a backward pass, somebody's layer, a program run by an engine: each is a
function of numbers beside what is claimed to be its gradient, and they are looked at in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.differences import judged_by_differences
from tinygrad_sigmoid.testing.precise import CONTEXT
from tinygrad_sigmoid.testing.slopes import Claim, Judgement, Verdict

Numbers = Sequence[Any]  # of many digits where they are moved; the others are floats
Direction = Sequence[Any]  # by how much each number is moved


class Claimed:
    """A function at some numbers; what it gives, and what is claimed of it, is told by the subclasses.

    Attributes:
        numbers: Its inputs.
        claims: What is claimed to be the derivative with each of them, as floats.
    """

    def __init__(self, numbers: Sequence[float], claims: Sequence[float]) -> None:
        self.numbers, self.claims = numbers, claims

    def result(self, numbers: Numbers) -> Any:
        """What the function gives; `Opaque` is raised if it takes floats only, here and in `gradient`."""
        raise NotImplementedError

    def gradient(self, numbers: Numbers) -> Sequence[Any]:
        """What is claimed to be the gradient, computed with the digits now in force."""
        raise NotImplementedError

    def in_floats(self, numbers: Sequence[float]) -> float:
        """What the function gives for floats."""
        raise NotImplementedError

    def claim(self, numbers: Numbers, direction: Direction) -> Any:
        """The slope that is claimed along a direction."""
        return along(direction, self.gradient(numbers))

    def claim_along(self, direction: Direction) -> Claim:
        return lambda t: self.claim(self.at(t, direction), direction)

    def at(self, t: Any, direction: Direction) -> Numbers:
        if not t:
            return self.numbers
        return [x + t * move if move else x for x, move in zip(self.numbers, direction, strict=True)]

    def judged(self, direction: Direction) -> Judgement:
        """The judgement on the claims along a direction: with many digits, or by differences of floats."""
        try:
            return self.judged_precisely(direction)
        except Opaque:
            return self.judged_in_floats(direction)

    def judged_precisely(self, direction: Direction, claim: Claim | None = None, noise: Any = 0) -> Judgement:
        """The judgement with many digits on the claims, or on another claim."""
        return slopes.judged(lambda t: self.result(self.at(t, direction)), claim or self.claim_along(direction), noise)

    def judged_in_floats(self, direction: Direction) -> Judgement:
        moves = [float(move) for move in direction]
        place, *others = moved(moves)
        if not others:  # with no rounding on the way to the number itself
            before, at, after = self.numbers[:place], self.numbers[place], self.numbers[place + 1 :]
            alone = judged_by_differences(self.claims[place], lambda x: self.in_floats([*before, x, *after]), at)
            return alone.per_unit(1 / CONTEXT.mpf(moves[place]))
        # At 1, where floats are as near to each other as the inputs are beside their own sizes; at 0 they are nearer.
        claim = along(moves, self.claims)
        return judged_by_differences(claim, lambda t: self.in_floats(self.at(t - 1.0, moves)), 1.0)

    def towards(self, *places: int) -> list[float]:
        """A direction in which these numbers are moved, each by a part of itself."""
        claims = [0.0 if place in places else None for place in range(len(self.numbers))]
        [direction] = slopes.directions(self.numbers, claims)
        return [float(move) for move in direction]

    def judged_alone(self, place: int) -> Judgement:
        """The judgement on one claimed derivative."""
        direction = self.towards(place)
        return self.judged(direction).per_unit(direction[place])

    def first_wrong(self, direction: Direction) -> int:
        """The place of the claim that is wrong: half of the numbers are moved, then half of those, and so on."""

        def wrong(some: Sequence[int]) -> bool:
            moving = set(some)
            part = [move if place in moving else 0 for place, move in enumerate(direction)]
            return self.judged(part).verdict is Verdict.WRONG

        return slopes.bisected(moved(direction), wrong)


def moved(direction: Direction) -> list[int]:
    """The places of the numbers that are moved."""
    return [place for place, move in enumerate(direction) if move]


def along(direction: Direction, gradient: Sequence[Any]) -> Any:
    """The slope along a direction."""
    return sum(move * slope for move, slope in zip(direction, gradient, strict=True) if move)
