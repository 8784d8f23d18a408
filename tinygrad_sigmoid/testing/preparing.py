"""The first calls of a function and of what is claimed of it: what can't be checked is refused here."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.testing.calling import UNSTEADY, input_names, unsteady
from tinygrad_sigmoid.testing.claimed import Direction
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.testing.points import Checked, Function, Input, Point, called
from tinygrad_sigmoid.testing.precise import CONTEXT, bare
from tinygrad_sigmoid.testing.shapes import flat, is_numbers, is_whole, shape
from tinygrad_sigmoid.testing.slopes import FIRST_LOOK, Verdict

OTHER = 1e-2  # a result with many digits that is this far from that with floats is not that of the same computation
REPEATS = 1.2345e-6  # as a part of the largest number: sums in several threads don't repeat to the last digit
FOREIGN = ("torch", "jax", "jaxlib", "pandas", "tensorflow")


def prepared(function: Any, at: Sequence[Any], claims: Mapping[str, Function | None]) -> Point:
    """A function at a point, once it is known what goes in, what comes out, and what can be run on many digits."""
    checks.function(function, "function", "pass for instance lambda x: x * x")
    [(kind, claimed), *others] = [(kind, claimed) for kind, claimed in claims.items() if claimed is not None]
    if others:
        given = " and ".join([kind, *[other for other, _ in others]])
        raise TypeError(f"what is checked is one of gradient, vjp and jvp, but got {given}: pass one")
    for given in at:
        if type(given).__module__.partition(".")[0] in FOREIGN:
            raise checks.refused("an input", "a float, a list or a NumPy array", given, "pass numpy.asarray(…) of it")
    inputs = [Input(name, given) for name, given in zip(input_names(function, len(at)), at, strict=True)]
    checked = Checked(function, kind, claimed, inputs)
    names = [f"input {one.name}" for one in inputs]
    checked.output = _steady(function, names, at, lambda output: _numbers_out(output, kind))
    chance = random.Random(2)
    weights = [chance.choice((-1, 1)) * chance.uniform(0.5, 1.5) for _ in flat(checked.output)]
    upstream = [1.0] if kind == "gradient" else weights
    found = [None] * len(inputs)
    if kind != "jvp":
        before = checked.before(upstream)
        names = [*["upstream gradient"] * len(before), *names]
        found = checked.by_input(
            _steady(claimed, names, [*before, *at], lambda found: _fitting(inputs, checked.by_input(found)))
        )
    _choose(checked, found)
    point = Point(checked, checked.numbers, upstream)
    _find_precision(checked, point)
    return point


def _steady(function: Function, names: list[str], given: Sequence[Any], numbers: Callable[[Any], list[float]]) -> Any:
    """What a function gives, if it gives it each time, and leaves its inputs as they are."""
    copies = deepcopy(list(given))
    result = function(*copies)
    for name, before, after in zip(names, given, copies, strict=True):
        if is_numbers(before) and repr(flat(before)) != repr(flat(after)):
            raise GradientMismatch(
                f"{called(function)} changes its {name} in place, so what is computed next from it is wrong: copy it "
                f"first, as in x = x.copy()",
                bug="in place",
            )
    unit = REPEATS * max([abs(number) for number in numbers(result) if math.isfinite(number)], default=0.0) or 1.0
    if bug := unsteady(lambda: _rounded(numbers(function(*deepcopy(list(given)))), unit)):
        raise GradientMismatch(f"{called(function)} gives {UNSTEADY[bug]}", bug=bug)
    return result


def _rounded(numbers: list[float], unit: float) -> tuple[float, ...]:
    return tuple([(number / unit + 0.37) // 1 for number in numbers])  # so that 0 is not where it jumps


def _numbers_out(output: Any, kind: str) -> list[float]:
    name = "what the function gives"
    if not is_numbers(output) or not flat(output):
        cure = "return what is to be differentiated, alone"
        raise checks.refused(name, "floats, an array or a tuple of several", output, cure)
    if not all(map(math.isfinite, flat(output))):
        raise checks.refused(name, "finite", output, "look at another point", ValueError)
    if kind == "gradient" and len(flat(output)) != 1:
        cure = "pass vjp=, which takes an upstream gradient too, or sum the output up"
        raise checks.refused("what a function with gradient= gives", "one number", output, cure)
    return flat(output)


def _fitting(inputs: list[Input], claims: list[Any]) -> list[float]:
    """The claimed gradients in one list, if each has the shape of its input."""
    pairs = [(one, claim) for one, claim in zip(inputs, claims, strict=True) if claim is not None]
    for one, claim in pairs:
        if not is_numbers(claim):
            raise checks.refused(f"the gradient of {one.name}", "floats or an array", claim, "return it alone")
        got, wanted = shape(claim), shape(one.given)
        if got != wanted and not len(flat(claim)) == len(flat(one.given)) == 1:
            bug, guess = "shape", ""
            if got == wanted[::-1]:
                bug, guess = "transposed", ": is it transposed?"
            elif got[len(got) - len(wanted) :] == wanted:
                bug, guess = "not summed", f": is it not summed over the batch of {got[0]}, as in .sum(axis=0)?"
            sentence = f"the gradient of {one.name} has the shape {got}, {one.name} has {wanted}{guess}"
            raise GradientMismatch(sentence, bug=bug)
    return [number for _, claim in pairs for number in flat(claim)]


def _choose(checked: Checked, claims: list[Any]) -> None:
    """Chooses what is differentiated: floats, and integers that a gradient other than 0 is claimed of."""
    for one, claim in zip(checked.inputs, claims, strict=True):
        numbers = flat(one.given)
        found = [0.0] * len(numbers) if claim is None else [float(number) for number in flat(claim)]
        if is_numbers(one.given) and (any(found) or not is_whole(one.given)):
            one.missing = claim is None and checked.kind != "jvp"
            one.entries = range(len(checked.numbers), len(checked.numbers) + len(numbers))
            checked.numbers += map(float, numbers)
            checked.float_gradient += found
    if not checked.numbers:
        raise TypeError("there is nothing to differentiate with at this point: give a float or an array of them")


def _find_precision(checked: Checked, point: Point) -> None:
    """Runs both on numbers of many digits, and believes what comes out only where floats give about the same."""
    with CONTEXT.workprec(FIRST_LOOK):
        try:
            checked.precise = any(map(_same_values, (point, *point.afar()[3::4])))
            directions = point.directions() if checked.precise else []
            floats = [point.claim(point.numbers, direction) for direction in directions]
            checked.claims_precisely = checked.precise
            same = [_same_claim(point, *pair) for pair in zip(directions, floats, strict=True)]
            checked.claims_precisely &= all(same)
        except Exception:  # code that runs on floats may do anything with something else: it will be run on floats
            checked.claims_precisely = False


def _same_values(point: Point) -> bool:
    floats = point.checked.values(point.numbers)
    size = max(map(abs, floats))
    pairs = zip(map(bare, point.values(point.numbers)), floats, strict=True)
    return all(one is not NotImplemented and abs(one - other) <= OTHER * size for one, other in pairs)


def _same_claim(point: Point, direction: Direction, floats: Any) -> bool:
    """Whether a claim is the same with many digits, or right with them: floats may have lost theirs."""
    alike = abs(point.claim(point.numbers, direction) - floats) <= OTHER * abs(floats)
    return bool(alike) or point.judged(direction).verdict is Verdict.RIGHT
