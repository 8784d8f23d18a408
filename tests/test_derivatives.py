"""Gradients of random graphs, and derivatives of any order, against an oracle that works the other way round.

The package goes backward from the output; the oracle goes forward from a leaf, with dual numbers and jets of 50 digits
whose rules are the closed forms of `references`.
"""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf
from references import CURVES, SURFACES

from tinygrad_sigmoid import Value, add, exp, gradients, heaviside, log, multiply, sigmoid, softplus, tanh
from tinygrad_sigmoid.graph import computed, leaves, topological_order
from tinygrad_sigmoid.losses import half_squared_distance
from tinygrad_sigmoid.operations import TABLE, dot_product
from tinygrad_sigmoid.testing.strategies import graphs

MODERATE = st.one_of(st.floats(-3, 3), st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 30.0, -37.0]))
SMOOTH = [add, multiply, dot_product, sigmoid, tanh, softplus, TABLE["log_sigmoid"], TABLE["negate"]]


def partials(value: Value) -> list[Any]:
    """∂value/∂input for each input, exactly, at the numbers that the inputs have."""
    operation: Any = value.operation
    name, numbers = operation.name, [mpf(used.data) for used in value.inputs]
    if name in CURVES:
        kink = operation.kink_at is not None and numbers[0] == 0
        return [mpf(0) if kink else CURVES[name][1](*numbers)]
    if name in SURFACES:
        return [slope(*numbers) for slope in SURFACES[name][1:]]
    half = len(numbers) // 2
    if name == "dot_product":
        return numbers[half:] + numbers[:half]
    x, p = numbers
    slope = p * x ** (p - 1) if p != 0 else mpf(0)
    return [slope, mpf(0) if name == "fixed_power" else x**p * mp.log(x)]


def tangents(output: Value, leaf: Value) -> tuple[Any, Any]:
    """∂output/∂leaf by forward accumulation, and the sum of the sizes of all that is added up for it."""
    moves = {leaf: (mpf(1), mpf(1))}
    for value in topological_order(output):
        if value.inputs:
            slopes = partials(value)
            along = [(slope, moves[used]) for slope, used in zip(slopes, value.inputs, strict=True) if used in moves]
            moves[value] = (sum(s * m for s, (m, _) in along), sum(abs(s) * m for s, (_, m) in along))
    return moves[output]


@given(graphs(numbers=MODERATE))
def test_gradients_of_random_graphs_are_those_of_forward_mode(output: Value) -> None:
    output.backward()
    found = leaves(output)
    recorded = gradients(output, found) if all(math.isfinite(leaf.grad or 0.0) for leaf in found) else None
    with mp.workdps(50):
        for place, leaf in enumerate(found):
            if leaf.constant:
                assert leaf.grad is None
                continue
            exact, size = tangents(output, leaf)
            if size > mpf(1e300):
                continue
            rounding = len(topological_order(output)) * 8 * 2**-52 * size + mpf(1e-290)
            assert abs(mpf(leaf.grad) - exact) <= rounding
            if recorded is not None:
                assert abs(mpf(recorded[place].data) - exact) <= rounding


@given(graphs(numbers=MODERATE), st.lists(MODERATE, min_size=4, max_size=4))
def test_a_replay_gives_bit_for_bit_what_recording_anew_gives(output: Value, numbers: list[float]) -> None:
    inputs = [leaf for leaf in leaves(output) if not leaf.constant]
    for leaf, number in zip(inputs, numbers, strict=False):
        leaf.data = number
    try:
        output.forward()
    except (ArithmeticError, ValueError):
        return
    output.zero_grad()
    output.backward()
    anew: dict[Value, Any] = {}
    for value in topological_order(output):
        if value.operation is None:
            anew[value] = value.data if value.constant else Value(value.data)
        else:
            anew[value] = Value.record(value.operation, tuple([anew[used] for used in value.inputs]))
    fresh = anew[output]
    fresh.backward()
    assert fresh.data == output.data
    for leaf in leaves(output):
        if not leaf.constant:
            assert anew[leaf].grad == leaf.grad or math.isnan(leaf.grad or 0.0)


@given(graphs())
def test_a_copy_has_the_same_gradients(output: Value) -> None:
    twin = copy.deepcopy(output)
    output.backward()
    twin.backward()
    assert [repr(value) for value in topological_order(twin)] == [repr(value) for value in topological_order(output)]


# -- Second derivatives ------------------------------------------------------------------------------------------------


class Jet:
    """f(t), f'(t), f''(t): how a result moves when one input moves with speed 1."""

    def __init__(self, *terms: Any) -> None:
        self.terms = terms

    def __add__(self, other: Jet) -> Jet:
        return Jet(*[a + b for a, b in zip(self.terms, other.terms, strict=True)])

    def __mul__(self, other: Jet) -> Jet:
        (a, da, dda), (b, db, ddb) = self.terms, other.terms
        return Jet(a * b, da * b + a * db, dda * b + 2 * da * db + a * ddb)

    def through(self, name: str) -> Jet:
        a, da, dda = self.terms
        f, slope, bend, _ = (form(a) for form in CURVES[name])
        return Jet(f, slope * da, bend * da * da + slope * dda)


def jet(output: Value, moving: Value) -> Jet:
    """How the output of a graph without kinks moves as one leaf does."""
    jets: dict[Value, Jet] = {}
    for value in topological_order(output):
        inputs = [jets[used] for used in value.inputs]
        match value.operation and value.operation.name:
            case None:
                jets[value] = Jet(mpf(value.data), mpf(value is moving), mpf(0))
            case "add":
                jets[value] = inputs[0] + inputs[1]
            case "multiply" | "dot_product":
                half = len(inputs) // 2
                products = [a * b for a, b in zip(inputs[:half], inputs[half:], strict=True)]
                jets[value] = functools.reduce(Jet.__add__, products)
            case name:
                jets[value] = inputs[0].through(str(name))
    return jets[output]


@given(graphs(operations=SMOOTH, numbers=st.floats(-1.5, 1.5), max_operations=8, max_inputs=3))
def test_second_derivatives_of_random_graphs(output: Value) -> None:
    leaf = next(leaf for leaf in leaves(output) if not leaf.constant)
    moving = jet(output, leaf)
    [slope] = gradients(output, [leaf])
    [bend] = gradients(slope, [leaf])
    for got, exact in zip((output, slope, bend), moving.terms, strict=True):
        if abs(exact) < 1e100:
            scale = 1 + max(abs(term) for term in moving.terms) + abs(moving.terms[0]) ** 2
            assert abs(mpf(got.data) - exact) <= mpf(1e-11) * scale


@pytest.mark.parametrize("z", [-700.0, -30.0, -1.0, 0.0, 0.5, 2.0, 37.0, 700.0])
def test_third_derivatives_of_sigma(z: float) -> None:
    value = Value(z)
    bends: list[Value] = [sigmoid(value)]
    for _ in range(3):
        bends += gradients(bends[-1], [value])
    with mp.workdps(400):
        exact = CURVES["sigmoid"][3](mpf(z))
        assert abs(mpf(bends[3].data) - exact) <= mpf(1e-15) * abs(exact)


def test_mixed_derivatives() -> None:
    x, y = Value(1.5, "x"), Value(0.5, "y")
    f = exp(x * y) + log(x) / y + tanh(x - y) * softplus(y)
    grad_x, grad_y = gradients(f, [x, y])
    [xy], [yx] = gradients(grad_x, [y]), gradients(grad_y, [x])
    assert xy.data == pytest.approx(yx.data, rel=1e-14)
    hessian_vector = gradients(grad_x * 2.0 + grad_y * 3.0, [x, y])
    [xx] = gradients(grad_x, [x])
    assert hessian_vector[0].data == pytest.approx(2 * xx.data + 3 * xy.data, rel=1e-14)


# -- What gradients() gives --------------------------------------------------------------------------------------------


def test_nothing_of_the_graph_is_touched() -> None:
    x = Value(2.0, "x")
    y = x * x * x
    before = [repr(value) for value in topological_order(y)]
    [slope] = gradients(y, [x])
    assert [repr(value) for value in topological_order(y)] == before
    assert (slope.data, type(slope)) == (12.0, Value)


def test_gradients_with_regard_to_values_in_between_and_to_the_output_itself() -> None:
    x, other = Value(2.0), Value(5.0)
    y = x * x
    z = y * 3
    assert [slope.data for slope in gradients(z, [y, x, z, other])] == [3.0, 12.0, 1.0, 0.0]
    assert [slope.data for slope in gradients(x, [x, other])] == [1.0, 0.0]
    assert gradients(z, []) == []


def test_a_derivative_is_a_graph_that_can_be_replayed() -> None:
    x = Value(2.0)
    [slope] = gradients(x**3, [x])
    x.data = 3.0
    slope.forward()
    assert slope.data == 27.0


def test_a_gradient_penalty_can_be_tuned() -> None:
    w = Value(0.5, "w")
    [slope] = gradients(sigmoid(3 * w), [w])
    penalty = slope * slope
    penalty.backward()
    s = sigmoid(1.5)
    bend = 9 * s * (1 - s) * (1 - 2 * s)
    assert w.grad == pytest.approx(2 * slope.data * bend, rel=1e-14)


def test_the_loss_bends() -> None:
    a, y = [Value(0.3), Value(0.9)], [1.0, 0.0]
    loss = half_squared_distance(*a, *y)
    slopes = gradients(loss, a)
    assert [slope.data for slope in slopes] == [0.3 - 1.0, 0.9]
    hessian: list[Sequence[float]] = [[bend.data for bend in gradients(slope, a)] for slope in slopes]
    assert hessian == [[1.0, 0.0], [0.0, 1.0]]


def recorded_for(output: Value, leaf: Value) -> list[str]:
    """The operations of a derivative's graph that the output's own has not, in their order."""
    [slope] = gradients(output, [leaf])
    own = set(computed(output))
    return [value.operation.name for value in computed(slope) if value.operation is not None and value not in own]


def test_a_derivative_is_recorded_without_multiplications_by_1_and_additions_of_0() -> None:
    x, a, b, p, q = [Value(number, name) for number, name in zip((2.0, 3.0, 5.0, 7.0, 11.0), "xabpq", strict=True)]
    assert recorded_for(x * a, x) == []
    assert recorded_for(p * (x * a), x) == ["multiply"]
    assert recorded_for(x * a + x, x) == ["add"]
    assert recorded_for(a - x, x) == []
    assert recorded_for(p * (a - x), x) == ["negate"]
    assert recorded_for(p * (x * a) + q * (x * b), x) == ["dot_product"]
    assert recorded_for(p * (a - x) + q * (x * b), x) == ["multiply", "negate", "add"]
    assert recorded_for(p * (x + a) + q * (x * b), x) == ["multiply", "add"]
    assert recorded_for(x * a + q * (x * b), x) == ["multiply", "add"]
    assert recorded_for(x * x, x) == ["add"]
    assert recorded_for(p * heaviside(x) + x * a, x) == []
    assert recorded_for(x**0, x) == []
