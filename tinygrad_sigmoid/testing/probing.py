"""A wrong rule looked at from several points: what it claims there, and what is true.

Points are near to a given one, as a rule may be wrong in one of its cases only, and far from it. They are the same on
every run, and none is special: at 0 and 1 too much is right by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.differences import extrapolated
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import AGREES, slopes

SHOWN = 4  # inputs
AT_MOST = 9  # points near to the given one, itself included, and as many far from it
BITS = 128
FITS = 1e-5  # as a part of how wrong the claim is
WRONG = 1e-8  # as a part of the slope

# How the inputs are moved, as a part of their size; and other inputs. No two are simply related.
NEAR = (0.0713, -0.1129, 0.1931, -0.2347, 0.3119, -0.3571, 0.0237, -0.0419)
FAR = (0.3719, 0.8293, -0.6131, 1.9373, -2.7191, 0.1913, 0.5897, 1.3177, -1.3711, 3.3113)

Forward = Callable[..., Any]


@dataclass(frozen=True)
class Point:
    """What an operation gives for some inputs, the claimed derivative with one of them, and the true slope."""

    operation: Operation
    place: int
    inputs: tuple[Any, ...]
    out: Any
    claim: Any
    true: Any

    @property
    def off(self) -> Any:
        return self.claim - self.true

    @property
    def wrong(self) -> bool:
        return bool(abs(self.off) > WRONG * max(abs(self.claim), abs(self.true)))

    @property
    def ordinary(self) -> bool:
        """Whether nothing is true here by chance, as 1 = 1², and nothing is lost by rounding."""
        return all(1e-3 < abs(x) < 20 and abs(x) != 1 for x in self.inputs)

    def is_claimed(self, predicted: Any) -> bool:
        return bool(abs(self.claim - predicted) <= FITS * abs(self.off))

    def __str__(self) -> str:
        numbers = [CONTEXT.nstr(number, 4) for number in self.inputs[:SHOWN]]
        more = ["…"] if len(self.inputs) > SHOWN else []
        return numbers[0] if len(self.inputs) == 1 else f"({', '.join(numbers + more)})"


def points_near(operation: Operation, numbers: Sequence[float], place: int) -> list[Point]:
    """The given point and others around it, those where no slope is found left out."""
    moved = []
    for alone in (False, True):  # where the other inputs can't be moved
        for move in NEAR:
            moves = [0.0 if alone and i != place else move * (1 + 0.37 * i) for i in range(len(numbers))]
            sizes = [abs(number) if abs(number) > 0.05 else 1.0 for number in numbers]
            moved.append([number + size * change for number, size, change in zip(numbers, sizes, moves, strict=True)])
    return list(islice(_points(operation, [list(numbers), *moved], place), AT_MOST))


def points_far(operation: Operation, numbers: Sequence[float], place: int) -> list[Point]:
    """Points that have nothing to do with the given one, unless the other inputs have to stay where they are."""
    period = len(FAR)
    rotated = [
        [FAR[(start + i) % period] * (1 + 0.13 * (i // period)) for i in range(len(numbers))] for start in range(period)
    ]
    alone = [replaced(numbers, place, far) for far in FAR]
    return list(islice(_points(operation, [*rotated, *alone], place), AT_MOST))


def _points(operation: Operation, candidates: Iterable[Sequence[float]], place: int) -> Iterator[Point]:
    for numbers in candidates:
        inputs = tuple(map(CONTEXT.mpf, numbers))
        try:
            if operation.defined is not None and not operation.defined(*numbers):
                continue
            out = output(operation.forward, inputs)
            claim, true = claimed(operation, out, inputs, place), true_slope(operation.forward, inputs, place)
        except UNDEFINED:
            continue
        yield Point(operation, place, inputs, out, claim, true)


def replaced(inputs: Sequence[Any], place: int, given: Any) -> list[Any]:
    return [*inputs[:place], given, *inputs[place + 1 :]]


def computed(function: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """What a function gives: with the digits now in force; if it takes floats only, with those."""
    try:
        return precisely(function, *map(Precise, inputs))
    except Opaque:
        return function(*map(float, inputs))


def output(forward: Forward, inputs: Sequence[Any]) -> Any:
    return bare(computed(forward, inputs))


def claimed(operation: Operation, out: Any, inputs: Sequence[Any], place: int) -> Any:
    """What a rule gives, also for an output and inputs that don't belong together."""
    found = bare(computed(operation.derivatives, [out, *inputs])[place])
    if found is NotImplemented or not CONTEXT.isfinite(found):
        raise ValueError("no number")
    return found


def true_slope(forward: Forward, inputs: Sequence[Any], place: int) -> Any:
    at = inputs[place]
    size = abs(at) or CONTEXT.mpf(1)
    try:
        sides = slopes(lambda t: precisely(forward, *map(Precise, replaced(inputs, place, at + size * t.number))), BITS)
    except Opaque:
        floats = [*map(float, inputs)]
        slope, uncertain = extrapolated(lambda x: float(forward(*replaced(floats, place, x))), float(at))
        sides, size = [slope, slope + uncertain * AGREES / WRONG], CONTEXT.mpf(1)
    if len(sides) < 2 or abs(sides[1] - sides[0]) > AGREES * max(map(abs, sides)):
        raise ValueError("no slope")
    return CONTEXT.mpf(sides[0]) / size
