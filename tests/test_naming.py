"""Every wrong rule that people write is found, and nearly every one is called by its name; no right one is doubted."""

from __future__ import annotations

import ctypes
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from human_bugs import BUGS, RIGHT, Bug, cases, inputs, logistic

from tinygrad_sigmoid import Operation
from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.operations import dot_product
from tinygrad_sigmoid.testing.calling import unsteady
from tinygrad_sigmoid.testing.monomials import monomial
from tinygrad_sigmoid.testing.naming import mistake
from tinygrad_sigmoid.testing.precise import CONTEXT, Precise, judging, precisely
from tinygrad_sigmoid.testing.slopes import Judgement, Verdict, judged

BY_CALLING = {"nondeterministic", "stateful"}  # names of rules that give no number to be judged

# What the search calls otherwise, or not at all: for each of these kinds, its own name for it.
MISSES = {
    "the inner derivative's x": "neighbour",  # and it is asinh's, indeed
    "the output for tanh": "factors",
    "the same, with a sum": "missing factor",
    "only one half of an entropy": "",
    "the inner 1/x forgotten": "extra factor",
    "gelu by tanh: the inner derivative forgotten": "approximation",
}


SAME = {"extra factor": "missing factor"}  # a factor too many is its inverse missing


def judgement(operation: Operation, numbers: tuple[float, ...], place: int) -> Judgement:
    exact, size = [Precise(number) for number in numbers], abs(numbers[place]) or 1.0

    def line(t: Precise) -> Any:
        return precisely(operation.forward, *[x + t * size if i == place else x for i, x in enumerate(exact)])

    def claim(_: Precise) -> Any:
        try:
            return precisely(operation.derivatives, precisely(operation.forward, *exact), *exact)[place] * size
        except Opaque:
            return CONTEXT.mpf(operation.derivatives(operation.forward(*numbers), *numbers)[place]) * size

    with judging():
        return judged(line, claim)


def name_of(bug: Bug) -> str:
    return mistake(bug.operation, bug.at, bug.place)[0]


def test_there_are_bugs_of_many_kinds() -> None:
    assert len({bug.kind for bug in BUGS}) == len(BUGS) >= 160
    assert len({bug.operation.name for bug in BUGS}) >= 80


@pytest.mark.slow
def test_every_bug_is_found() -> None:
    for bug in BUGS:
        if bug.name not in BY_CALLING and not bug.kind.endswith("found at 0"):
            assert judgement(bug.operation, bug.at, bug.place).verdict is Verdict.WRONG, bug.kind


@pytest.mark.slow
def test_nearly_every_bug_is_called_by_its_name() -> None:
    otherwise = {bug.kind: name for bug in BUGS if (name := name_of(bug)) != bug.name}
    assert otherwise == MISSES
    assert len(otherwise) <= 0.05 * len(BUGS)


@pytest.mark.slow
@pytest.mark.parametrize("special", [0.0, 1.0, -1.0, 1e-300, 300.0])
def test_a_special_point_leads_to_no_other_name(special: float) -> None:
    for bug in BUGS[::3]:
        at = (special, *bug.at[1:])
        try:
            wrong = judgement(bug.operation, at, bug.place).verdict is Verdict.WRONG
        except (ArithmeticError, ValueError, Opaque):  # it is not defined there
            continue
        if wrong and bug.name not in BY_CALLING and bug.kind not in MISSES:
            assert mistake(bug.operation, at, bug.place)[0] in {bug.name, SAME.get(bug.name), ""}, (bug.kind, at)


@pytest.mark.slow
def test_no_right_rule_is_doubted() -> None:
    verdicts: Counter[Verdict] = Counter()
    count = 100
    for operation, where in RIGHT.values():
        arity = operation.arity or 0
        for at in inputs(where, arity, count):
            try:
                operation.forward(*at)
            except (ArithmeticError, ValueError):  # too large for a float
                continue
            verdicts.update(judgement(operation, at, place).verdict for place in range(arity))
    assert verdicts[Verdict.WRONG] == 0
    assert verdicts[Verdict.RIGHT] > 0.99 * count * sum(operation.arity or 0 for operation, _ in RIGHT.values())
    assert verdicts[Verdict.UNRESOLVED] <= 0.005 * verdicts.total()


def test_a_right_rule_has_no_mistake() -> None:
    for operation, where in RIGHT.values():
        [at] = inputs(where, operation.arity or 0, 1, seed=2)
        assert mistake(operation, at, 0) == ("", ""), operation


def test_the_cases_for_tables_are_the_right_rules_and_the_wrong_ones() -> None:
    names = [name for *_, name in cases()]
    assert len([name for name in names if name]) == len(BUGS)
    assert names.count("") == 5 * len(RIGHT)


# -- What is said ------------------------------------------------------------------------------------------------------

Rule = Callable[..., Any]


@pytest.mark.parametrize(
    ("forward", "derivatives", "at", "sentence"),
    [
        (logistic, lambda out, z: (z * (1 - z),), [0.5], "written with `z` where `out` belongs"),
        (logistic, lambda out, z: (out,), [0.5], "the true one without its factor (1 − out)"),
        (math.tanh, lambda out, x: (1 + out**2,), [0.5], "off by 2·out²: is a term missing, or of the wrong sign?"),
        (math.sin, lambda out, x: (math.cosh(x),), [0.5], "that of math.sinh"),
        (math.exp, lambda out, x: (6.5,), [2.0], "6.5, the same number everywhere: is it frozen?"),
        (
            lambda x: math.tanh(3 * x),
            lambda out, x: (1 - out**2,),
            [0.2],
            "1/3 times the true one: does it lack the inner derivative 3, or is it that of a mean?",
        ),
        (abs, lambda out, x: (1.01 if x > 0 else -1.01,), [-2.0], "1.01 times the true one"),
        (abs, lambda out, x: (1.0,), [-2.0], "of the wrong sign, but right at 0.3719"),
        (
            math.exp,
            lambda out, x: (math.gamma(3 + x * x),),
            [2.0],
            "97.44, 262.2, 26.24 times the true one at 2.0, 2.143, 1.774",
        ),
    ],
)
def test_the_sentence_goes_on_after_is(forward: Rule, derivatives: Rule, at: list[float], sentence: str) -> None:
    assert mistake(Operation("function", forward, derivatives), at, 0)[1] == sentence


def through_c(x: float) -> float:
    return ctypes.c_double(x).value  # which takes floats only


def test_what_takes_floats_only_is_named_too() -> None:
    sine = Operation("sine", lambda x: through_c(math.sin(x)), lambda out, x: (-math.cos(x),))
    assert mistake(sine, [0.7], 0)[0] == "sign"
    cosine = Operation("cosine", math.cos, lambda out, x: (through_c(math.sin(x)) / 2,))
    assert mistake(cosine, [0.7], 0) == ("factor", "−½ times the true one")


def test_a_rule_that_is_off_by_little_is_near_to_the_true_one() -> None:
    wrong = Operation("cosine", math.cos, lambda out, x: (-math.sin(x) * (1 + 1e-7 * math.exp(x)) + 1e-8,))
    assert mistake(wrong, [0.7], 0)[0] == "approximation"


@pytest.mark.parametrize("claim", [math.inf, math.nan, "no number", math.log])
def test_what_is_no_number_has_no_name(claim: Any) -> None:
    assert mistake(Operation("sine", math.sin, lambda out, x: (claim,)), [0.7], 0) == ("", "")


def test_a_large_claim_is_not_taken_for_what_is_small_beside_it() -> None:
    wrong = Operation("bend", lambda x, y: max(x, y), lambda out, x, y: (1e300 * (x > y), 1e300 * (y > x)))
    assert mistake(wrong, [0.7, 0.2], 0)[0] == "factor"


def test_many_inputs_are_no_trouble() -> None:
    wrong = Operation("dot", dot_product.forward, lambda out, *inputs: inputs)
    numbers = [0.3 * k + 0.1 for k in range(20)]
    assert mistake(wrong, numbers, 3) == ("order", "that of input 14: are the derivatives in the order of the inputs?")


# -- Functions that don't give the same each time ----------------------------------------------------------------------


class Kept:
    """Functions that keep something from call to call."""

    def __init__(self) -> None:
        self.calls = 0
        self.chance = random.Random(3)

    def counting(self, x: float) -> float:
        self.calls += 1
        return x + self.calls

    def alternating(self, x: float) -> float:
        self.calls += 1
        return x if self.calls % 2 else -x

    def only_first(self, x: float) -> float:
        self.calls += 1
        return x if self.calls > 1 else 0.0

    def settling(self, x: float) -> float:
        self.calls += 1
        return x + 0.5**self.calls

    def rising_pair(self, x: float) -> tuple[float, float]:
        return x, self.counting(x)

    def drawing(self, x: float) -> float:
        return x + self.chance.random()

    def drawing_from_those_of_all(self, x: float) -> float:
        return x + random.random()

    def tossing(self, x: float) -> float:
        return x * (self.chance.random() < 0.5)

    def steady(self, x: float) -> float:
        self.calls += 1
        return math.nan if x > 0 else x


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("counting", "stateful"),
        ("alternating", "stateful"),
        ("only_first", "stateful"),
        ("settling", "stateful"),
        ("rising_pair", "stateful"),
        ("drawing", "nondeterministic"),
        ("drawing_from_those_of_all", "nondeterministic"),
        ("tossing", "nondeterministic"),
        ("steady", ""),
    ],
)
def test_how_a_function_is_unsteady(method: str, kind: str) -> None:
    assert unsteady(getattr(Kept(), method), 2.0) == kind


# -- The search --------------------------------------------------------------------------------------------------------

XS = [CONTEXT.mpf(number) for number in (0.5, -1.5, 3, 0.7)]
YS = [CONTEXT.mpf(number) for number in (2, 5, -1.25, 0.3)]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([x * y for x, y in zip(XS, YS, strict=True)], "x·y"),
        ([-3 / x**2 for x in XS], "−3/x²"),
        ([CONTEXT.mpf(math.pi) / 180 * y**3 / x for x, y in zip(XS, YS, strict=True)], "None"),
        ([1 / y**7 for y in YS], "1/y^7"),
        ([CONTEXT.sqrt(abs(x)) for x in XS], "None"),  # not of a negative x
        ([x + y for x, y in zip(XS, YS, strict=True)], "None"),
        ([CONTEXT.mpf(0)] * 4, "None"),
    ],
)
def test_a_product_is_found_or_nothing(values: list[Any], text: str) -> None:
    assert str(monomial(values, {"x": XS, "y": YS}, most=2)) == text
