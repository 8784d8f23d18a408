"""Every row of the table against 50 and more digits: its value, its slopes, and the slopes' slopes.

The references are closed forms computed by mpmath; nothing of the package takes part in them.
"""

from __future__ import annotations

import math
import random
from itertools import product
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf
from references import CURVES, SURFACES

from tinygrad_sigmoid import Operation, Value, dot, gradients, heaviside, log, power, sigmoid, sqrt
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.losses import half_squared_distance
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.value import operation_of

DIGITS = 360  # so many that even 1 − σ(700), which is 1e-304, is known to more than 50


SPECIAL = [
    *(30.0, 37.0, 100.0, 700.0, 19.5, 300.0, 1000.0, 0.5, 1.0, 2.0, 709.0, 745.0, 1e-8, 1e-17, 1e-300, 1e300, 5e-5),
    *(36.7, 18.4, 0.3, 1.5, 3.0, 1 - 2**-53, 1 + 2**-52, 2.3e-308, 1.7e308),
]


def numbers_of_every_size(count: int) -> list[float]:
    generator = random.Random(0)
    sizes = [10 ** generator.uniform(-300, 308) for _ in range(count)]
    usual = [10 ** generator.uniform(-6, 3) for _ in range(3 * count)]
    return [sign * size for size in [*SPECIAL, *sizes, *usual] for sign in (1, -1)] + [0.0]


def is_normal(exact: Any) -> bool:
    return bool(mpf("2.2250738585072014e-308") <= abs(exact) <= mpf("1.7976931348623157e308"))


def units_off(number: float | None, exact: Any) -> float:
    """How many units in the last place the number is away from the exact result."""
    return float(abs(mpf(number) - exact) / mpf(math.ulp(float(exact))))


def is_inside(operation: Operation, *inputs: float) -> bool:
    return operation.defined is None or operation.defined(*inputs)


def slopes(output: Value, x: Value, order: int) -> list[Value]:
    found = [output]
    for _ in range(order):
        found += gradients(found[-1], [x])
    return found[1:]


def test_no_row_is_left_out() -> None:
    assert {*CURVES, *SURFACES, "general_power", "fixed_power", "dot_product"} == {*TABLE}


@pytest.mark.parametrize("count", [4, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CURVES)
def test_values_and_slopes_of_one_input_are_right_to_4_units_in_the_last_place(name: str, count: int) -> None:
    row, (function, first, *_) = TABLE[name], CURVES[name]
    compared = 0
    with mp.workdps(DIGITS):
        for number in numbers_of_every_size(count):
            kink = row.kink_at is not None and row.kink_at(number) == 0
            if not is_inside(row, number) or (name == "sqrt" and number == 0):
                continue
            if (exact := function(mpf(number))) > mpf("1.797e308"):
                continue
            x = Value(number)
            out = row(x)
            out.backward()
            for got, true in ((out.data, exact), (x.grad, mpf(0) if kink else first(mpf(number)))):
                if is_normal(true):
                    assert units_off(got, true) <= 4, (number, got)
                    compared += 1
                else:
                    assert abs(got or 0.0) < 2.3e-308, (number, got)
    assert compared > 40 + 1.5 * count or name == "heaviside"


@pytest.mark.parametrize("count", [300, pytest.param(2_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", SURFACES)
def test_values_and_slopes_of_two_inputs_are_right_to_4_units_in_the_last_place(name: str, count: int) -> None:
    row, (function, *partial) = TABLE[name], SURFACES[name]
    generator = random.Random(1)
    numbers = numbers_of_every_size(20)
    with mp.workdps(DIGITS):
        for _ in range(count):
            a, b = generator.choice(numbers), generator.choice(numbers)
            if not is_inside(row, a, b) or abs(exact := function(mpf(a), mpf(b))) > mpf("1.797e308"):
                continue
            values = Value(a), Value(b)
            out = row(*values)
            for got, true in zip(
                (out.data, *out.local_derivatives), (exact, *(slope(mpf(a), mpf(b)) for slope in partial)), strict=True
            ):
                if is_normal(true):
                    assert units_off(got, true) <= 4, (a, b)
                else:
                    assert abs(got) < 2.3e-308 or abs(true) > 1e308, (a, b)


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
def test_second_and_third_derivatives_are_those_of_the_closed_form(name: str) -> None:
    # σ'' and its like pass through 0, where their terms cancel: what is left is right to some units in the last place
    # of the terms, which are as large as the derivative one order lower.
    row, forms = TABLE[name], CURVES[name]
    with mp.workdps(DIGITS):
        for number in numbers_of_every_size(10):
            if not is_inside(row, number) or (row.kink_at is not None and row.kink_at(number) == 0):
                continue
            exact = [form(mpf(number)) for form in forms]
            if not all(abs(derivative) < 1e300 for derivative in exact) or abs(number) > 1e150:
                continue
            x = Value(number)
            _, second, third = slopes(row(x), x, 3)
            for got, true, lower in ((second, exact[2], exact[1]), (third, exact[3], exact[2])):
                scale = max(abs(true), min(abs(lower), 1))
                assert abs(mpf(got.data) - true) <= 20 * 2**-52 * scale + mpf(2.3e-308), (number, got)


@pytest.mark.parametrize(
    ("name", "number", "slope"),
    [
        ("sigmoid", 30.0, 9.3576229688384233e-14),
        ("sigmoid", 37.0, 8.5330476257440643e-17),
        ("sigmoid", 100.0, 3.720075976020836e-44),
        ("sigmoid", 700.0, 9.8596765437597709e-305),
        ("sigmoid", -700.0, 9.8596765437597709e-305),
        ("tanh", 19.5, 4.6192896692063143e-17),
        ("tanh", 300.0, 1.0601586212017243e-260),
        ("log_sigmoid", 1000.0, 0.0),
        ("log_sigmoid", -1000.0, 1.0),
        ("softplus", 1000.0, 1.0),
        ("log", 1e-300, 1e300),
    ],
)
def test_slopes_where_textbook_formulas_lose_every_digit(name: str, number: float, slope: float) -> None:
    x = Value(number)
    TABLE[name](x).backward()
    assert x.grad == pytest.approx(slope, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("log_sigmoid", -1000.0, -1000.0),
        ("log_sigmoid", 1000.0, 0.0),
        ("softplus", 1000.0, 1000.0),
        ("softplus", -1000.0, 0.0),
        ("sigmoid", 1e308, 1.0),
        ("sigmoid", -1e308, 0.0),
        ("tanh", 1e308, 1.0),
        ("tanh", -1e308, -1.0),
        ("tanh", 1e-320, 1e-320),
        ("exp", -1e308, 0.0),
    ],
)
def test_nothing_overflows_that_need_not(name: str, number: float, result: float) -> None:
    assert TABLE[name](number) == result
    assert TABLE[name](Value(number)).data == result


# -- Powers ----------------------------------------------------------------------------------------------------------


def sized_base(generator: random.Random) -> float:
    return float(10 ** generator.uniform(*generator.choice([(-3, 3), (-300, 300)])))


@pytest.mark.parametrize("count", [300, pytest.param(1_500, marks=pytest.mark.slow)])
def test_powers_by_a_plain_number_are_right_to_4_units_in_the_last_place(count: int) -> None:
    generator = random.Random(2)
    whole = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 7.0]
    with mp.workdps(DIGITS):
        for _ in range(count):
            p = generator.choice([*whole, 0.5, 1.5, -0.5, 1 / 3, 0.1, -0.1, 2.7, -3.3, generator.uniform(-4, 4)])
            a = sized_base(generator) * (generator.choice([1, -1]) if p in whole else 1)
            exact, slope = mpf(a) ** mpf(p), mpf(p) * mpf(a) ** (mpf(p) - 1)
            if not is_normal(exact) or (p and not is_normal(slope)):
                continue
            x = Value(a)
            out = x**p
            out.backward()
            assert units_off(out.data, exact) <= 4, (a, p)
            assert units_off(x.grad, slope) <= 4 if p else x.grad == 0, (a, p)


@pytest.mark.parametrize("count", [300, pytest.param(2_000, marks=pytest.mark.slow)])
def test_powers_by_a_value(count: int) -> None:
    # p − 1 is rounded for a p below ½ and x^(p − 1) feels it: up to |log x| units more, which is 710 at the very most.
    generator = random.Random(3)
    with mp.workdps(DIGITS):
        for _ in range(count):
            a, p = sized_base(generator), generator.choice([2.0, 0.5, 1.5, generator.uniform(-4, 4)])
            exact, log_a = mpf(a) ** mpf(p), mp.log(mpf(a))
            slopes_there = mpf(p) * mpf(a) ** (mpf(p) - 1), exact * log_a
            if not all(is_normal(number) for number in (exact, *slopes_there)):
                continue
            out = power(Value(a), Value(p))
            assert units_off(out.data, exact) <= 4
            allowed = 4 if p >= 0.5 else 4 + abs(log_a)
            assert units_off(out.local_derivatives[0], slopes_there[0]) <= allowed, (a, p)
            assert units_off(out.local_derivatives[1], slopes_there[1]) <= 4, (a, p)


@pytest.mark.parametrize(
    ("exponent", "derivatives"),
    [
        (0, [1.0, 0.0, 0.0, 0.0]),
        (1, [0.0, 1.0, 0.0, 0.0]),
        (2, [0.0, 0.0, 2.0, 0.0]),
        (3, [0.0, 0.0, 0.0, 6.0]),
    ],
)
def test_powers_of_zero(exponent: float, derivatives: list[float]) -> None:
    x = Value(0.0)
    out = x**exponent
    assert [out.data, *(slope.data for slope in slopes(out, x, len(derivatives) - 1))] == derivatives


@given(st.floats(0.1, 10), st.floats(-3, 3))
def test_second_derivatives_of_powers(a: float, p: float) -> None:
    x, exponent = Value(a), Value(p)
    by_number, by_value = slopes(x**p, x, 3), slopes(x**exponent, x, 3)
    mixed = gradients(gradients(x**exponent, [x])[0], [exponent])[0]
    with mp.workdps(50):
        base, order = mpf(a), mpf(p)
        for k, (got, also) in enumerate(zip(by_number, by_value, strict=True), 1):
            exact = base ** (order - k)
            for step_down in range(k):
                exact *= order - step_down
            scale = 10 * base ** (order - k)
            assert abs(mpf(got.data) - exact) <= 1e-14 * scale
            assert abs(mpf(also.data) - exact) <= 1e-14 * scale
        exact = base ** (order - 1) * (1 + order * mp.log(base))
        assert abs(mpf(mixed.data) - exact) <= 1e-14 * base ** (order - 1) * 20


# -- Kinks, jumps and edges --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "inputs", "slope"),
    [
        ("relu", [0.0], (0.0,)),
        ("relu", [-0.0], (0.0,)),
        ("absolute", [0.0], (0.0,)),
        ("heaviside", [0.0], (0.0,)),
        ("maximum", [1.0, 1.0], (1.0, 0.0)),
        ("minimum", [1.0, 1.0], (1.0, 0.0)),
    ],
)
def test_the_subgradient_at_a_kink(name: str, inputs: list[float], slope: tuple[float, ...]) -> None:
    row = TABLE[name]
    assert row(*[Value(number) for number in inputs]).local_derivatives == slope
    assert row.kink_at is not None
    assert row.kink_at(*inputs) == 0


def test_a_step_is_0_at_0() -> None:
    assert [heaviside(x) for x in (-1.0, -0.0, 0.0, 5e-324, 1.0)] == [0.0, 0.0, 0.0, 1.0, 1.0]


def test_an_infinite_slope_is_an_error_not_an_infinite_gradient() -> None:
    with pytest.raises(ZeroDivisionError, match=r"sqrt.*keep its inputs away"):
        sqrt(Value(0.0, "x"))
    assert sqrt(0.0) == 0.0


# -- Sums of products ------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), min_size=1, max_size=20))
def test_dot_adds_the_products_from_left_to_right(pairs: list[tuple[float, float]]) -> None:
    weights, inputs = [list(numbers) for numbers in zip(*pairs, strict=True)]
    total = 0.0
    for w, x in pairs:
        total += w * x
    assert dot(weights, inputs) == total
    out = dot([Value(w) for w in weights], inputs)
    assert out.data == total
    assert out.local_derivatives == (*inputs, *weights)


@given(st.lists(st.tuples(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100)), min_size=1, max_size=20))
def test_half_the_squared_distance(pairs: list[tuple[float, float]]) -> None:
    outputs, targets = [list(numbers) for numbers in zip(*pairs, strict=True)]
    out = half_squared_distance(*[Value(a) for a in outputs], *targets)
    with mp.workdps(50):
        exact = sum((mpf(a) - mpf(y)) ** 2 for a, y in pairs) / 2
        assert abs(out.data - exact) <= 1e-14 * exact + mpf(1e-300)
    assert out.local_derivatives == (*[a - y for a, y in pairs], *[y - a for a, y in pairs])


# -- Rows as such ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_gives_the_same_number_for_floats_and_for_values(name: str) -> None:
    row = TABLE[name]
    count = row.arity or 4
    inputs = [0.7, 1.3, 0.2, 2.9][:count]
    as_float = row(*inputs)
    assert type(as_float) is float
    assert row(*[Value(number) for number in inputs]).data == as_float


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_never_branches_on_a_value(name: str) -> None:
    # A rule fed with Values must record the same operations whatever their numbers are. For elementary rows the
    # derivatives alone are composed of other operations. An exponent that is a plain number may be looked at.
    row = TABLE[name]
    count = row.arity or 4

    def recorded_at(*numbers: float) -> list[list[str]]:
        inputs: list[Any] = [Value(number) for number in numbers[:count]]
        if name == "fixed_power":
            inputs[1] = 3.0
        traced = row.derivatives(row(*inputs), *inputs)
        return [operations_of(local) for local in traced]

    assert recorded_at(0.5, 2.0, 3.0, 4.0) == recorded_at(7.0, 0.1, 5.0, 9.0)


def operations_of(traced: Any) -> list[str]:
    if not isinstance(traced, Value):
        return [repr(traced)]
    return [operation_of(value).name for value in computed(traced)]


def test_logarithm_at_the_smallest_numbers() -> None:
    assert log(1e-300) == float(mpmath.log(mpf(1e-300)))
    assert log(5e-324) == pytest.approx(-744.4400719213812, rel=1e-15)


@pytest.mark.parametrize("slopes", [(1.0,), (1.0, 2.0, 3.0), ()])
def test_a_rule_gives_one_derivative_for_each_input_and_no_more(slopes: tuple[float, ...]) -> None:
    pair = Operation("pair", lambda a, b: a * b, lambda out, a, b: slopes)
    for number in (1.0, 0.0):  # where the output is 0, too
        with pytest.raises(TypeError, match="the rule of pair must give a tuple with one derivative for each of its 2"):
            pair(Value(number), Value(2.0))


@pytest.mark.parametrize("name", sorted(name for name, row in TABLE.items() if row.defined is not None))
def test_where_an_operation_says_it_is_not_defined_it_can_not_be_computed(name: str) -> None:
    row = TABLE[name]
    numbers = [-2.0, -1.5, -1.0, -1 + 2**-53, -0.5, -1e-9, 0.0, 1e-9, 0.5, 1.0, 1.5, 2.0]
    for point in product(numbers, repeat=row.arity or 2):
        at_its_edge = row.kink_at is not None and row.kink_at(*point) == 0  # where √x, say, has a value but no slope
        assert is_inside(row, *point) == can_be_computed(row, *point, slopes=not at_its_edge), point


def can_be_computed(row: Operation, *numbers: float, slopes: bool) -> bool:
    try:
        out = row.forward(*numbers)
        if slopes:
            row.derivatives(out, *numbers)
    except (ZeroDivisionError, ValueError):
        return False
    return True


def test_a_power_has_a_kink_at_0_where_its_exponent_is_below_1_but_not_0() -> None:
    kink_at = TABLE["fixed_power"].kink_at
    assert kink_at is not None
    assert [kink_at(0.0, p) for p in (-1.0, 0.0, 0.5, 1.0, 1.5)] == [0.0, 1.0, 0.0, 1.0, 1.0]


def test_a_rules_own_error_is_passed_on() -> None:
    mine = TypeError("mine")

    def failing(x: float) -> float:
        raise mine

    with pytest.raises(TypeError) as raised:
        Operation("failing", failing, lambda out, x: (1.0,))(Value(1.0))
    assert raised.value is mine


def test_of_many_inputs_an_error_shows_eight() -> None:
    def message(pairs: int) -> str:
        with pytest.raises(OverflowError) as raised:
            dot([Value(1e200, f"w{i}") for i in range(pairs)], [1e200] * pairs)
        return str(raised.value)

    assert message(4).startswith(
        "dot_product(w0=1e+200, w1=1e+200, w2=1e+200, w3=1e+200, 1e+200, 1e+200, 1e+200, 1e+200) is too large"
    )
    assert message(9).startswith(f"dot_product({', '.join(f'w{i}=1e+200' for i in range(8))}, …) is too large")


def test_errors_count_inputs_in_good_english() -> None:
    one = Operation("one", lambda a: a, lambda out, a: (1.0, 1.0))
    with pytest.raises(TypeError, match="for each of its 1 input:"):
        one(Value(1.0))
    with pytest.raises(TypeError, match="sigmoid takes 1 input, but was given 2"):
        sigmoid(1.0, 2.0)
    with pytest.raises(TypeError, match="add takes 2 inputs, but was given 1"):
        TABLE["add"](Value(1.0))


def test_of_two_zeros_the_first_is_chosen_whatever_their_signs() -> None:
    for choose in (TABLE["maximum"], TABLE["minimum"]):
        assert [math.copysign(1.0, choose(*zeros)) for zeros in ((0.0, -0.0), (-0.0, 0.0))] == [1.0, -1.0]
