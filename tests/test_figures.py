"""`=` or `≈` between shown figures: `=` exactly where the figures themselves give the result that is shown."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_sigmoid import Value, dot, exp, sigmoid, squared_error, steps
from tinygrad_sigmoid.operations import add, divide, multiply, subtract
from tinygrad_sigmoid.reading.steps import BackwardStep, figure

# What is shown in four digits, some of them with more behind those, of very different sizes and of sizes that cancel.
shown = st.builds(
    lambda digits, exponent, more: float(f"{digits}e{exponent}") * (1 + more),
    st.integers(-9999, 9999),
    st.one_of(st.integers(-3, 3), st.integers(-40, 40)),
    st.sampled_from([0.0, 0.0, 1e-6]),
)


def as_shown(number: float) -> Fraction:
    return Fraction(f"{number:.4g}")


@pytest.mark.parametrize("operation", [add, subtract, multiply, divide], ids=lambda operation: operation.name)
@given(a=shown, b=shown)
@example(a=0.1, b=0.2)
@example(a=0.99, b=1.0)
@example(a=1.234, b=1.233)
@example(a=1.0, b=1e-20)
def test_one_operation_is_exact_where_fractions_are(operation, a, b):
    if operation is divide and not b:
        return
    value = operation(Value(a, "a"), Value(b, "b"))
    exact = operation.forward(as_shown(a), as_shown(b)) == as_shown(value.data)
    assert steps(value)[0].exact == exact


@given(before=shown, upstream=shown, local=shown)
def test_a_contribution_is_exact_where_fractions_are(before, upstream, local):
    after = before + upstream * local
    step = BackwardStep(1, 1, 0, 0, "y", "x", "∂y/∂x", "f", upstream, local, upstream * local, before, after)
    exact = as_shown(before) + as_shown(upstream) * as_shown(local) == as_shown(after)
    assert (" = " in step.accumulation.removeprefix("gradient of x = ")) == exact


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (lambda: squared_error(Value(0.99, "a"), 1), "½(a − 1)² = ½(0.99 − 1)² = 5e−5"),
        (lambda: dot([Value(0.1, "a"), Value(0.2, "b")], [1, 1]) - 0.3, "a·1 + b·1 = 0.1·1 + 0.2·1 = 0.3"),
        (lambda: sigmoid(Value(0, "z")), "σ(z) = σ(0) = 0.5"),
        (lambda: sigmoid(Value(40, "z")), "σ(z) = σ(40) ≈ 1"),
        (lambda: exp(Value(1e-20, "x")), "exp(x) = exp(1e−20) ≈ 1"),
        (lambda: Value(1, "x") / 3, "x/3 = 1/3 ≈ 0.3333"),
    ],
)
def test_what_is_exact_and_what_is_not(value, line):
    assert str(steps(value())[0]) == line


def test_a_figure_is_the_number_as_it_is_shown():
    assert (figure(0.1 + 0.2), figure(2 / 3), figure(-123456.0)) == (0.3, 0.6667, -123500.0)
