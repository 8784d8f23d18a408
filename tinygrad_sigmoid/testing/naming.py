"""What mistake was probably made in a wrong rule: found by search, not from a list of rules that people get wrong.

The claimed derivative is compared with the true slope at several points: with its multiples and powers, its products
with what a rule has at hand, the slopes of other functions, what the rule gives if its inputs are exchanged. The
simplest that fits everywhere gives the name. One point would prove nothing: at 2, twice the slope of x² is its square.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import combinations, permutations, product
from typing import Any

from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.testing.calling import UNSTEADY, input_names, unsteady
from tinygrad_sigmoid.testing.monomials import CONSTANTS, ENOUGH, UNIT, Factors, Monomial, constant_text, monomial
from tinygrad_sigmoid.testing.precise import CONTEXT, MATH, UNDEFINED
from tinygrad_sigmoid.testing.probing import (
    BITS,
    FITS,
    Point,
    claimed,
    output,
    points_far,
    points_near,
    replaced,
    true_slope,
)
from tinygrad_sigmoid.testing.slopes import AGREES

MOST = 4  # inputs that are compared with each other
CLOSE = 0.05  # as a part of the slope
SIMPLE = (1.0, -1.0, 2.0, -2.0, 0.5)  # numbers with which what is at hand may be a term
AT_HAND = ("exp", "log", "sigmoid", "tanh", "sin", "cos", "absolute")  # in the rules that people write
LINEAR = {"add", "subtract", "negate", "heaviside", "math.fmod", "math.copysign", "math.fabs"}  # slopes of many others

Points = Sequence[Point]
Constants = Mapping[str, float] | None
Found = tuple[str, str] | None  # the name of a mistake, and how "∂op/∂x is …" goes on
Change = Callable[[Any, Sequence[Any]], tuple[Any, Sequence[Any]]]  # of an output and inputs


def mistake(operation: Operation, numbers: Sequence[float], place: int) -> tuple[str, str]:
    """The name of the mistake that was probably made in a rule, and how "∂op/∂x is …" goes on.

    >>> softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)),))
    >>> mistake(softsign, [0.0], 0)
    ('root', 'the square root of the true one: is a square missing?')

    A name fits at three points at least, the given one among them, unless that is special, as 0 and 1 are, or so large
    or small that digits get lost. Where nothing simple fits, the name is empty, and the sentence says how the claims
    compare with the true slopes at three points. Both are empty where the rule's formula is right.
    """
    with CONTEXT.workprec(4 * BITS):
        with suppress(*UNDEFINED):
            out = operation.forward(*numbers)
            if kind := unsteady(operation.derivatives, out, *numbers):
                return kind, UNSTEADY[kind]
        return _from_points(operation, numbers, place)


def _from_points(operation: Operation, numbers: Sequence[float], place: int) -> tuple[str, str]:
    near, far = points_near(operation, numbers, place), points_far(operation, numbers, place)
    nearby, wrong = _wrong(near), [*_wrong(near), *_wrong(far)]
    if not wrong:
        return "", ""
    right = [point for point in near + far if not point.wrong and point.ordinary]
    but = f", but right at {right[0]}" if right else ""
    for points in (_ordinary(wrong), _ordinary(nearby), nearby):
        for explanation in EXPLANATIONS if len(points) >= ENOUGH else ():
            with suppress(*UNDEFINED):  # it can't be computed at these points
                if found := explanation(points):
                    return found[0], found[1] + but
    if right and len(wrong) < ENOUGH:
        return "special point", f"wrong here{but}: is it 0/0 here, or has a part of it a kink?"
    return ("case", f"{_ratios(wrong)}{but}: is one of its cases wrong?") if right else ("", _ratios(wrong))


def _wrong(points: Points) -> list[Point]:
    return [point for point in points if point.wrong][: ENOUGH + 2]


def _ordinary(points: Points) -> list[Point]:
    return [point for point in points if point.ordinary]


def _ratios(points: Points) -> str:
    """How the claims compare with the true slopes, as far as that could be told."""
    some = [point for point in points if point.true][:ENOUGH]
    ratios = ", ".join(CONTEXT.nstr(point.claim / point.true, 4) for point in some)
    return f"{ratios} times the true one at {', '.join(map(str, some))}" if some else "not the true one"


def _fits(points: Points, predicted: Callable[..., Any], *given: Any) -> bool:
    """Whether a prediction is what is claimed, wherever it can be computed, and that at enough points."""
    fitting = 0
    for point in points:
        try:
            if not point.is_claimed(predicted(point, *given)):
                return False
        except (*UNDEFINED, TypeError):  # it takes another number of inputs, for instance
            if point is points[0]:  # the given one, or next to it
                return False
            continue
        fitting += 1
    return fitting >= ENOUGH


# -- Numbers -----------------------------------------------------------------------------------------------------------


def _single_precision(points: Points) -> Found:
    singles = all(ctypes.c_float(float(point.claim)).value == point.claim for point in points)
    if singles and all(abs(point.off) < 1e-3 * abs(point.true) for point in points):
        return "float32", "right to some seven digits only: is it computed in single precision, as float32?"
    return None


def _zero(points: Points) -> Found:
    if all(point.claim == 0 for point in points):
        return "zero", "0, where the output does change: is a case missing, or turned round?"
    if all(point.true == 0 for point in points):
        return "flat", "not 0, where the output does not change: is a case missing?"
    return None


def _multiple(points: Points) -> Found:
    """The true slope times a number, which may be a well-known one."""
    ratio = float(points[0].claim / points[0].true) if points[0].true else 0.0
    if not ratio or not _fits(points, lambda point: points[0].claim / points[0].true * point.true):
        return None
    text = constant_text(ratio)
    if text in USUAL:
        return USUAL[text]
    if text and "180" in text:
        return "degrees", f"{text} times the true one: is an angle in degrees?"
    if text and "ln" in text:
        return "base", f"{text} times the true one: is it the logarithm or the power to another base?"
    inverse, missing = f"{1 / ratio:.4g}", ""
    if text and text.startswith("1/"):
        missing = f": does it lack the inner derivative {text[2:]}, or is it that of a mean?"
    elif not text and math.isclose(1 / float(inverse), ratio, rel_tol=1e-9):
        missing = f": does it lack the factor {inverse}?"
    return "factor", f"{text or f'{ratio:.6g}'} times the true one{missing}"


USUAL = {
    "−": ("sign", "of the wrong sign"),
    "2": ("twice", "twice the true one"),
    "½": ("half", "half the true one"),
}


def _condition(points: Points) -> Found:
    steps = all(min(abs(point.true), abs(point.true - 1)) <= AGREES for point in points)
    if steps and _fits(points, lambda point: 1 - point.true):
        return "complement", "1 minus the true one: is a condition turned round?"
    return None


def _frozen(points: Points) -> Found:
    claim, true = points[0].claim, points[0].true
    if _fits(points, lambda point: claim) and any(abs(point.true - true) > FITS * abs(true) for point in points):
        return "frozen", f"{CONTEXT.nstr(claim, 6)}, the same number everywhere: is it frozen?"
    return None


def _close(points: Points) -> Found:
    if all(abs(point.off) < CLOSE * abs(point.true) for point in points):
        worst = CONTEXT.nstr(max(abs(point.off / point.true) for point in points), 2)
        return (
            "approximation",
            f"only near to the true one, off by up to {worst} of it: is it that of an approximation?",
        )
    return None


# -- Exchanges ---------------------------------------------------------------------------------------------------------


def _order(points: Points) -> Found:
    for other in range(len(points[0].inputs)):
        if other != points[0].place and _fits(points, lambda p, i: true_slope(p.operation.forward, p.inputs, i), other):
            return "order", f"that of input {other + 1}: are the derivatives in the order of the inputs?"
    return None


def _exchanged(points: Points) -> Found:
    """The rule is right with another of the things that it is given: `out`, in place 0, or an input."""
    given, changes = ["out", *_names(points)[:MOST]], []
    for place, source in permutations(range(len(given)), 2):
        bug = "out for x" if place == 0 else "x for out" if source == 0 else "other input"
        changes.append((bug, f"written with `{given[place]}` where `{given[source]}` belongs", _taken({place: source})))
    for place, other in combinations(range(1, len(given)), 2):
        exchanged = f"written with `{given[place]}` and `{given[other]}` exchanged"
        changes.append(("swapped inputs", exchanged, _taken({place: other, other: place})))
    return _set_right(points, changes)


def _mirrored(points: Points) -> Found:
    """The rule is right at another point."""
    place, x = points[0].place, _names(points)[points[0].place]
    mirrors: list[tuple[str, str, Change]] = [
        ("at −x", f"the one at −{x}", lambda out, xs: (out, replaced(xs, place, -xs[place]))),
        ("at 1/x", f"the one at 1/{x}", lambda out, xs: (out, replaced(xs, place, 1 / xs[place]))),
        ("at 1 − x", f"the one at 1 − {x}", lambda out, xs: (out, replaced(xs, place, 1 - xs[place]))),
    ]
    return _set_right(points, mirrors)


def _set_right(points: Points, changes: Iterable[tuple[str, str, Change]]) -> Found:
    return next((change[:2] for change in changes if _fits(points, _right_after, change[2])), None)


def _taken(sources: Mapping[int, int]) -> Change:
    """Takes what is given in some places from others."""

    def change(out: Any, xs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
        given = [out, *xs]
        out, *xs = [given[sources.get(place, place)] for place in range(len(given))]
        return out, xs

    return change


def _right_after(point: Point, change: Change) -> Any:
    """The claim, if the rule gives the truth once it is given something else; otherwise the truth."""
    changed = claimed(point.operation, *change(point.out, point.inputs), point.place)
    right = abs(changed - point.true) <= FITS * min(abs(point.off), abs(point.true))
    return point.claim if right else point.true


def _neighbour(points: Points) -> Found:
    """The slope of another function."""
    count = len(points[0].inputs)
    functions = {name: operation.forward for name, operation in TABLE.items() if operation.arity == count}
    for name, function in (functions | {f"math.{name}": function for name, function in MATH.items()}).items():
        for sign, text in ((1, "that"), (-1, "minus that")) if name not in LINEAR else ():
            if _fits(points, lambda p, function, sign: sign * true_slope(function, p.inputs, p.place), function, sign):
                return "neighbour", f"{text} of {name}"
    return None


# -- Products and sums -------------------------------------------------------------------------------------------------


def _power(points: Points) -> Found:
    claims, truths = [point.claim for point in points], [point.true for point in points]
    if (found := monomial(claims, {"true": truths}, constants=UNIT)) and found.powers:
        return POWERS.get(found.powers[0][1])
    found = monomial(truths, {"claim": claims}, constants=UNIT)  # which may have a sign where the true one has none
    return ROOTS.get(found.powers[0][1]) if found and found.powers and found.number > 0 else None


POWERS = {
    2.0: ("squared", "the square of the true one: is a root missing?"),
    -1.0: ("inverse", "1 divided by the true one: is it upside down?"),
    0.5: ("root", "the square root of the true one: is a square missing?"),
}
ROOTS = {2.0: POWERS[0.5]}


def _factor(points: Points, most: int = 1, constants: Constants = UNIT, *, plain: bool = False) -> Found:
    """The true slope with factors too few or too many."""
    if not all(point.true for point in points):
        return None
    ratios = [point.claim / point.true for point in points]
    found = monomial(ratios, _at_hand(points, plain), most=most, constants=constants)
    if not found or not found.powers:
        return None
    above = [exponent > 0 for _, exponent in found.powers]
    longer = len(f"{found.number:.6g}") > len(f"{found.inverse.number:.6g}")
    inverse = (constants is None and longer) or found.powers[0][0].startswith("exp(")  # is what stands in a rule
    if all(above) and not inverse:
        return "extra factor", f"the true one with {found} as a factor too many"
    if not any(above) or all(above):
        return "missing factor", f"the true one without its factor {found.inverse}"
    return "factors", f"{found} times the true one"


def _term(points: Points, most: int) -> Found:
    if _fits(points, lambda point: point.true + points[0].off):
        return "term", f"off by {CONTEXT.nstr(points[0].off, 6)} everywhere: is a term missing, or one too many?"
    constants = CONSTANTS if most > 1 else None
    values = [point.off for point in points]
    found = monomial(values, _at_hand(points, plain=True), most=most, constants=constants)
    found = found or monomial(values, _at_hand(points), most=most, constants=constants)
    return ("term", f"off by {found}: is a term missing, or of the wrong sign?") if found else None


def _product_rule(points: Points) -> Found:
    """One of two terms, or the product of the derivatives, g′(x)."""
    for text, terms, rests in _terms(points):
        inner = [rest / point.inputs[point.place] for rest, point in zip(rests, points, strict=True)]
        for part in (terms, rests, inner):
            if all(point.is_claimed(number) for point, number in zip(points, part, strict=True)):
                return (
                    "product rule",
                    f"only a part of what that rule gives, or the quotient rule: {text} is one of two terms",
                )
    return None


def _one_term(points: Points) -> Found:
    """One of two terms is right, and the other is not."""
    plain, at_hand = _at_hand(points, plain=True), _at_hand(points)
    for text, terms, rests in _terms(points):
        for which, right, other in ((f"what is added to {text}", terms, rests), (f"the term {text}", rests, terms)):
            ratio = _ratio_of_term(points, right, other, plain, 2) or _ratio_of_term(points, right, other, at_hand, 1)
            if ratio:
                return "term", f"wrong in one term: {which} is {ratio} times the true one"
    for (name, factor), number in product((plain | {"": [1] * len(points)}).items(), SIMPLE):
        right = [number * x for x in factor]
        other = [point.true - x for point, x in zip(points, right, strict=True)]
        if ratio := _ratio_of_term(points, right, other, plain, 1):
            text = str(Monomial(number, ((name, 1.0),) if name else ()))
            return "term", f"wrong in one term: what is added to {text} is {ratio} times the true one"
    return None


def _ratio_of_term(points: Points, right: list[Any], other: list[Any], factors: Factors, most: int) -> str:
    """What a term is as a multiple of the true one, if the other term is right; empty if it is nothing simple."""
    if not all(other):
        return ""
    ratios = [(point.claim - x) / y for point, x, y in zip(points, right, other, strict=True)]
    found = monomial(ratios, factors, most=most) or (monomial(ratios, {}, most=0, constants=None) if most > 1 else None)
    return "" if str(found) == "1" else str(found or "")


def _terms(points: Points) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Slopes as two terms: that of x·g(x) is g(x) = out/x and x·g′(x), that of g(x)/x is −out/x and g′(x)/x."""
    for place, x in enumerate(_names(points)[:MOST]):
        for sign, text in ((1, f"out/{x}"), (-1, f"−out/{x}")) if all(point.inputs[place] for point in points) else ():
            terms = [sign * point.out / point.inputs[place] for point in points]
            yield text, terms, [point.true - term for point, term in zip(points, terms, strict=True)]


EXPLANATIONS: list[Callable[[Points], Found]] = [  # the simplest first
    _single_precision,
    _zero,
    _multiple,
    _order,
    _condition,
    _exchanged,
    _power,
    _mirrored,
    lambda points: _factor(points, plain=True),
    _product_rule,
    _neighbour,
    lambda points: _factor(points),
    _frozen,
    lambda points: _term(points, 1),
    _close,
    lambda points: _factor(points, 1, None, plain=True),
    lambda points: _term(points, 2),
    _one_term,
    lambda points: _factor(points, 2, CONSTANTS),
]


def _names(points: Points) -> list[str]:
    return input_names(points[0].operation, len(points[0].inputs))


def _at_hand(points: Points, plain: bool = False) -> dict[str, list[Any]]:
    """What a rule can be written with, at each point: the inputs, the output, and simple functions of these."""
    inputs = {name: [point.inputs[place] for point in points] for place, name in enumerate(_names(points)[:MOST])}
    found = inputs | {"out": [point.out for point in points]}
    for name, numbers in list(found.items()):
        found[f"(1 − {name})"] = [1 - x for x in numbers]
        found[f"(1 + {name})"] = [1 + x for x in numbers]
    for x, y in combinations(inputs, 2):
        found[f"({x} − {y})"] = [a - b for a, b in zip(found[x], found[y], strict=True)]
        found[f"({x} + {y})"] = [a + b for a, b in zip(found[x], found[y], strict=True)]
    for function in () if plain else AT_HAND:
        for x, numbers in inputs.items():
            with suppress(*UNDEFINED):
                found[f"{function}({x})"] = [output(TABLE[function].forward, [number]) for number in numbers]
    return found
