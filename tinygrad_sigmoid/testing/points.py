"""A function of floats or arrays at one point: how it changes along a direction, and what is claimed of that.

All inputs together are one list of numbers here, which are put back into their shapes for each call.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from tinygrad_sigmoid.testing.claimed import Claimed, Direction, Numbers
from tinygrad_sigmoid.testing.differences import judged_by_differences
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.testing.precise import CONTEXT, Precise, bare, precisely
from tinygrad_sigmoid.testing.shapes import flat, index, is_numbers, is_whole, rebuilt, shape
from tinygrad_sigmoid.testing.slopes import Claim, Judgement, Verdict, directions

Function = Callable[..., Any]

BESIDE = 2.0**-16  # how far a neighbour is, as a part of each number: many floats of 32 bits, and yet hardly any change
BAND = 20  # powers of two between contributions that are judged together: differences of floats see no more


@dataclass
class Input:
    """One input, the places of its numbers among all (none if it is not differentiated), and is there no gradient?"""

    name: str
    given: Any
    entries: range = range(0)
    missing: bool = False


@dataclass
class Checked:
    """A function with what is claimed of it, and how both are called.

    Attributes:
        kind: What is claimed: a `gradient`, a `vjp` or a `jvp`.
        output: What came out.
        numbers: All numbers that are differentiated with, in one list.
        float_gradient: The gradient that was claimed with floats, of each of them; 0 for a `jvp`.
        precise: Whether the function can be run on numbers of many digits.
        claims_precisely: Whether that can be done with what is claimed, too.
    """

    function: Function
    kind: str
    claimed: Function
    inputs: list[Input]
    output: Any = None
    numbers: list[float] = field(default_factory=list)
    float_gradient: list[float] = field(default_factory=list)
    precise: bool = False
    claims_precisely: bool = False

    def input_at(self, place: int) -> Input:
        return next(one for one in self.inputs if place in one.entries)

    def name(self, place: int) -> str:
        """How an entry is called: `W[0, 1]`."""
        one = self.input_at(place)
        return one.name + index(one.given, place - one.entries.start)

    def output_name(self, place: int) -> str:
        if not isinstance(self.output, tuple):
            return "output" + index(self.output, place)
        which = 0
        while place >= (size := len(flat(self.output[which]))):
            which, place = which + 1, place - size
        return f"output[{which}]" + index(self.output[which], place)

    def arguments(self, numbers: Sequence[Any]) -> list[Any]:
        """The inputs with these numbers in them, new at each call, as nobody knows what is done to them."""
        left = iter(numbers)
        return [rebuilt(one.given, left) if one.entries else deepcopy(one.given) for one in self.inputs]

    def before(self, upstream: Sequence[Any]) -> list[Any]:
        """What a backward pass takes before the inputs."""
        return [rebuilt(self.output, iter(upstream))] if self.kind == "vjp" else []

    def values(self, numbers: Sequence[Any], call: Function = operator.call) -> list[Any]:
        """What the function gives for these numbers, in one list."""
        return flat(call(self.function, *self.arguments(numbers)))

    def gradient(self, numbers: Sequence[Any], upstream: Sequence[Any], call: Function = operator.call) -> list[Any]:
        """What is claimed to be the gradient of the output, weighted with `upstream`, for each number."""
        found = self.by_input(call(self.claimed, *self.before(upstream), *self.arguments(numbers)))
        pairs = [(one, claim) for one, claim in zip(self.inputs, found, strict=True) if one.entries]
        return [
            number for one, claim in pairs for number in ([0.0] * len(one.entries) if claim is None else flat(claim))
        ]

    def tangent(self, numbers: Sequence[Any], direction: Sequence[Any], call: Function) -> list[Any]:
        """What is claimed to be the change of the output, for each number in it."""
        left = iter(direction)
        zeros = [0.0 if is_numbers(one.given) else None for one in self.inputs]
        tangents = [
            rebuilt(one.given, left if one.entries else iter([zero] * len(flat(one.given))))
            for one, zero in zip(self.inputs, zeros, strict=True)
        ]
        return flat(call(self.claimed, tuple(tangents), *self.arguments(numbers)))

    def by_input(self, result: Any) -> list[Any]:
        """The gradients out of what was returned, None for inputs that have none."""
        if isinstance(result, Mapping):
            return [result.get(one.name, result.get(f"d{one.name}")) for one in self.inputs]
        several = list(result) if isinstance(result, tuple | list) else [result]
        if len(self.inputs) == 1 and (len(several) > 1 or shape(result) == shape(self.inputs[0].given)):
            return [result]
        counted = [one for one in self.inputs if is_numbers(one.given) and not is_whole(one.given)]
        if len(several) == len(counted) < len(self.inputs):  # those of labels, flags and the like are left out
            left = iter(several)
            return [next(left) if one in counted else None for one in self.inputs]
        if len(several) != len(self.inputs):
            raise GradientMismatch(
                f"{called(self.claimed)} gives {len(several)} for {len(self.inputs)} inputs: return a tuple with the "
                f"gradient of each input, in their order, and None for one that isn't differentiated",
                bug="number of gradients",
            )
        return several


class Point(Claimed):
    """A function at some numbers, its outputs added up with weights: what is known of its slopes there."""

    def __init__(self, checked: Checked, numbers: Sequence[float], upstream: list[float]) -> None:
        super().__init__(numbers, checked.float_gradient)
        self.checked, self.upstream = checked, upstream
        self._known: dict[Any, list[Any]] = {}

    def beside(self, count: int, distance: float = BESIDE) -> list[Point]:
        """Other points near by, a little nearer to 0, in all directions."""
        chance, found = random.Random(3), []
        for _ in range(count):
            moved = [x - (x or chance.choice((-1.0, 1.0))) * distance * chance.uniform(0.2, 1.0) for x in self.numbers]
            pairs = zip(self.checked.inputs, self.checked.arguments(moved), strict=True)
            stored = [number for one, given in pairs if one.entries for number in flat(given)]  # perhaps in 32 bits
            found.append(Point(self.checked, stored, self.upstream))
        return found

    def afar(self) -> list[Point]:
        """Other points, further and further from 0, and nearer to it, where what cancels here doesn't."""
        away = [[x + math.copysign(distance, x) for x in self.numbers] for distance in (0.003, 0.01, 0.03, 0.1, 0.3)]
        toward = [[x * part for x in self.numbers] for part in (0.5, 0.3, 0.2, 0.1, 0.05)]
        return [Point(self.checked, numbers, self.upstream) for numbers in away + toward]

    def of_outputs(self, places: Sequence[int]) -> Point:
        """The same point, where nothing but these numbers that come out counts."""
        return Point(self.checked, self.numbers, [float(place in places) for place in range(len(self.upstream))])

    def directions(self) -> list[list[float]]:
        """Directions in which all entries that count alike move at once, those that are claimed to be 0 apart."""
        claims = [claim if math.isfinite(claim) else None for claim in self.claims]
        return [[float(part) for part in direction] for direction in directions(self.numbers, claims, BAND)]

    def judged(self, direction: Direction, claim: Claim | None = None) -> Judgement:
        """The judgement on the claimed slope along a direction, or on another claim."""
        claim = claim or self.claim_along(direction)
        try:
            if self.checked.precise:
                return self.judged_precisely(direction, claim)
            return judged_by_differences(float(claim(Precise(0))), lambda t: self.in_floats(self.at(t, direction)), 0.0)
        except Exception as error:  # whatever the user's code does at a point that isn't the one it was called at
            return Judgement(Verdict.UNRESOLVED, why=f"it can't be computed near by: {error}")

    def result(self, numbers: Numbers) -> Any:
        return dot(self.upstream, self.values(numbers))

    def in_floats(self, numbers: Sequence[float]) -> float:
        return math.fsum(u * y for u, y in zip(self.upstream, self.checked.values(numbers), strict=True))

    def values(self, numbers: Numbers) -> list[Any]:
        """What the function gives, with the digits in force."""
        return self._once("values", numbers, lambda: self.checked.values(list(map(Precise, numbers)), precisely))

    def claim(self, numbers: Numbers, direction: Direction) -> Any:
        """The slope that is claimed along a direction: with the digits in force, if it can be computed so."""
        if self.checked.kind != "jvp":
            return dot(self.gradient(numbers), direction)
        found = self.checked.tangent(self._as_called(numbers), self._as_called(direction), self._call)
        return dot(self.upstream, found)

    def gradient(self, numbers: Numbers) -> list[Any]:
        """The claimed gradient: with the digits in force, if it can be computed so."""
        if self.checked.kind == "jvp":
            places = range(len(numbers))
            return [self.claim(numbers, [float(place == other) for other in places]) for place in places]
        given, upstream = self._as_called(numbers), self._as_called(self.upstream)
        return self._once("gradient", numbers, lambda: self.checked.gradient(given, upstream, self._call))

    def _once(self, what: str, numbers: Numbers, compute: Callable[[], list[Any]]) -> list[Any]:
        """What is computed, unless it has been computed here already, with as many digits."""
        if numbers is not self.numbers:
            return compute()
        key = what, CONTEXT.prec, self.checked.claims_precisely
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    @property
    def _call(self) -> Function:
        return precisely if self.checked.claims_precisely else operator.call

    def _as_called(self, numbers: Numbers) -> list[Any]:
        return list(map(Precise, numbers)) if self.checked.claims_precisely else [float(bare(x)) for x in numbers]


def dot(weights: Sequence[Any], values: Sequence[Any]) -> Any:
    return CONTEXT.fdot([(bare(a), bare(b)) for a, b in zip(weights, values, strict=True)])


def called(function: Any) -> str:
    name = getattr(function, "__name__", "")
    return "the function given" if name in ("", "<lambda>") else name
