"""The mistakes that people make in gradients of arrays, by name: each is what the right gradient would be made of.

A name is given only if the gradient without that mistake is right, here and at two points beside.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.mismatch import compared
from tinygrad_sigmoid.testing.naming import MOST
from tinygrad_sigmoid.testing.naming import mistake as mistake_in
from tinygrad_sigmoid.testing.points import Checked, Input, Point, dot
from tinygrad_sigmoid.testing.precise import bare, precisely
from tinygrad_sigmoid.testing.shapes import flat, shape
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict

APART = 2.0**-4  # how far the points are at which a name must fit, as a part of each number
FITS = 1e-6  # how well the wrong entry must fit, before a name is tried, and a gradient of floats after it

Repaired = Callable[
    [list[Any], Sequence[float], int], Any
]  # the right entry, from the gradient, the inputs and its place


class Mistake(NamedTuple):
    """A mistake: its short name, empty if it isn't known; what is said of the gradient; is it in a whole input's?"""

    bug: str
    phrase: str
    of_all: bool = True


def recognised(point: Point, entry: int, judgement: Judgement) -> Mistake:
    """What is wrong with the gradient of an entry."""
    one = point.checked.input_at(entry)
    if one.missing:
        return Mistake("none", "is None, as if the output didn't change with it")
    if point.checked.kind == "vjp" and _ignores_upstream(point, one):
        return Mistake("upstream ignored", "doesn't depend on the upstream gradient: multiply by it")
    points = point.beside(2, APART)
    for mistake, repaired in _candidates(point.checked, one, judgement):
        if _fits(point, [entry], repaired):  # there the others may be at kinks
            for entries in (one.entries, [entry]):
                if all(_fits(at, entries, repaired) for at in points):
                    return mistake._replace(of_all=entries is one.entries)
    bug, phrase = _as_rule(point, entry)
    return Mistake(bug, f"is {phrase}" if bug else _ratios(points, entry, judgement), of_all=False)


def _as_rule(point: Point, entry: int) -> tuple[str, str]:
    """The mistake that a rule of calculus would be said to have, if a few numbers give one."""
    checked = point.checked
    if not checked.claims_precisely or len(point.numbers) > MOST or len(point.upstream) != 1:
        return "", ""

    def forward(*numbers: Any) -> Any:
        return checked.values(numbers, precisely)[0]

    def derivatives(out: Any, *numbers: Any) -> Any:
        return checked.gradient(numbers, [1.0], precisely)

    rule = Operation("function", forward, derivatives)
    rule.input_names = tuple(re.sub(r"\W+", "_", checked.name(place)).strip("_") for place in range(len(point.numbers)))
    bug, phrase = mistake_in(rule, point.numbers, entry)
    vague = phrase.startswith("wrong in one term")  # which says little about a whole function
    return ("", "") if vague else (bug, phrase)


def _scaled(factor: float) -> Repaired:
    return lambda gradient, x, place: bare(gradient[place]) * factor


def _candidates(checked: Checked, one: Input, judgement: Judgement) -> Iterator[tuple[Mistake, Repaired]]:
    """What may have been made wrong, and the gradient without it."""
    ratio = float(judgement.true / judgement.claim) if judgement.claim else 0.0
    for factor, mistake in _factors(checked):
        if abs(ratio - factor) <= FITS * abs(factor):
            yield mistake, _scaled(factor)
    first, sizes = one.entries.start, shape(one.given)
    if len(sizes) == 2 and sizes[0] == sizes[1] > 1:
        mistake = Mistake("transposed", "is that of the entry across the diagonal: it is transposed")
        across = [first + place % sizes[0] * sizes[0] + place // sizes[0] for place in range(len(one.entries))]
        yield mistake, lambda gradient, x, place: gradient[across[place - first]]
    for other in [other for other in checked.inputs if other.entries]:
        if other is not one and shape(other.given) == sizes:
            phrase = f"is that of {other.name}: the gradients of {one.name} and {other.name} are swapped"
            yield Mistake("swapped", phrase), _swapped(one, other)
        if shape(other.given) in ((), sizes):
            yield Mistake("missing factor", f"lacks the factor {other.name}"), _multiplied(one, other)


def _swapped(one: Input, other: Input) -> Repaired:
    return lambda gradient, x, place: gradient[place - one.entries.start + other.entries.start]


def _multiplied(one: Input, other: Input) -> Repaired:
    places = [other.entries[offset % len(other.entries)] for offset in range(len(one.entries))]
    return lambda gradient, x, place: bare(gradient[place]) * x[places[place - one.entries.start]]


def _factors(checked: Checked) -> Iterator[tuple[float, Mistake]]:
    yield -1.0, Mistake("sign", "has the wrong sign")
    for sign, too in ((1, ""), (-1, ", and of the wrong sign")):
        yield sign * 0.5, Mistake("factor", f"is twice the true one{too}: is a factor ½ missing?")
        yield sign * 2.0, Mistake("factor", f"is half of the true one{too}: is a factor 2 missing?")
    for size, what in _sizes(checked).items():
        yield 1 / size, Mistake("size", f"is {size} times the true one: is it not divided by the {what}?")
        yield float(size), Mistake("size", f"is 1/{size} of the true one: is it divided by the {what}?")


def _sizes(checked: Checked) -> dict[int, str]:
    """The lengths that an average may be taken over, and what each is."""
    outputs = checked.output if isinstance(checked.output, tuple) else [checked.output]
    found: dict[int, str] = {}
    for name, thing in [*[(one.name, one.given) for one in checked.inputs], *[("the output", one) for one in outputs]]:
        for axis, length in enumerate(shape(thing)):
            found.setdefault(length, f"{length} {f'entries along axis {axis}' if axis else 'rows'} of {name}")
        found.setdefault(len(flat(thing)), f"{len(flat(thing))} entries of {name}")
    return {length: what for length, what in found.items() if length > 1}


def _fits(point: Point, entries: Sequence[int], repaired: Repaired) -> bool:
    direction = point.towards(*entries)

    def claim(t: Any) -> Any:
        gradient = point.gradient(point.numbers)
        right = [repaired(gradient, point.numbers, place) for place in entries]
        return dot(right, [direction[place] for place in entries])

    judgement = point.judged(direction, claim)
    if judgement.verdict is Verdict.WRONG and not point.checked.claims_precisely:  # it may be as right as floats are
        return bool(abs(judgement.claim - judgement.true) <= FITS * abs(judgement.true))
    return judgement.verdict in (Verdict.RIGHT, Verdict.KINK, Verdict.JUMP)


def _ignores_upstream(point: Point, one: Input) -> bool:
    chance, found = random.Random(5), []
    for _ in range(2):
        upstream = [chance.uniform(-2.0, 2.0) for _ in point.upstream]
        gradient = point.checked.gradient(point.numbers, upstream)
        found.append([gradient[place] for place in one.entries])
    return found[0] == found[1] and any(found[0])


def _ratios(points: list[Point], entry: int, judgement: Judgement) -> str:
    """How the claim compares with the right one, at three points if that differs."""
    text = compared(float(judgement.claim), judgement.true)
    phrase = f"is {text}" if " " in text else text
    others = [point.judged(point.towards(entry)) for point in points]
    ratios = [f"{float(one.claim / one.true):.6g}" for one in [judgement, *others] if one.claim and one.true]
    varied = len(ratios) == 3 and len({*ratios}) > 1
    return f"{phrase} ({', '.join(ratios[1:])} near by)" if varied else phrase
