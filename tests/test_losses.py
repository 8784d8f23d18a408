"""Losses: their numbers, their gradients, and that they hold where the textbook's formulas overflow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mpmath import mp, mpf

from tinygrad_sigmoid import (
    Network,
    Neuron,
    Value,
    cross_entropy,
    sigmoid,
    softmax_cross_entropy,
    squared_error,
)
from tinygrad_sigmoid.graph import topological_order

numbers = st.floats(-20, 20)


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6))
def test_squared_error_and_its_gradients(pairs: list[tuple[float, float]]) -> None:
    outputs, targets = [Value(a) for a, _ in pairs], [y for _, y in pairs]
    loss = squared_error(outputs, targets)
    loss.backward()
    assert loss.data == pytest.approx(sum((a - y) ** 2 for a, y in pairs) / 2, rel=1e-14, abs=1e-300)
    assert [a.grad for a in outputs] == [a - y for a, y in pairs]
    assert squared_error([a for a, _ in pairs], targets) == loss.data


def test_squared_error_is_one_box() -> None:
    loss = squared_error(Network([2, 2], seed=0)([0.1, 0.2]), [1, 0])
    assert len(loss.inputs) == 4
    assert loss.operation.notation.symbol == "½‖a−y‖²"


@pytest.mark.parametrize("targets", [[1, 0], (1, 0), np.array([1, 0]), np.array([1.0, 0.0]), [Value(1), Value(0)]])
@pytest.mark.parametrize("outputs", [[0.5, 0.25], np.array([0.5, 0.25]), [Value(0.5), Value(0.25)]])
def test_outputs_and_targets_may_be_any_sequences(outputs: Any, targets: Any) -> None:
    loss = squared_error(outputs, targets)
    data = loss.data if isinstance(loss, Value) else loss
    assert type(data) is float
    assert data == (0.25 + 0.0625) / 2


def test_targets_that_are_values_get_gradients() -> None:
    target = Value(1.0)
    squared_error([0.25], [target]).backward()
    assert target.grad == 0.75


ULP = mpf(2) ** -53


@given(st.lists(st.tuples(st.floats(-700, 700), st.floats(0, 1)), min_size=1, max_size=5))
@example([(30.0, 1.0)])
@example([(-700.0, 0.0), (37.0, 1.0)])
def test_cross_entropy_of_sigma_has_all_its_digits(pairs: list[tuple[float, float]]) -> None:
    weighted = [Value(z) for z, _ in pairs]
    loss = cross_entropy([sigmoid(z) for z in weighted], [y for _, y in pairs])
    loss.backward()
    with mp.workdps(400):
        exact = sum(y * mp.log1p(mp.exp(-mpf(z))) + (1 - mpf(y)) * mp.log1p(mp.exp(mpf(z))) for z, y in pairs)
        assert abs(mpf(loss.data) - exact) <= 12 * ULP * exact + mpf(1e-320)
        for value, (z, y) in zip(weighted, pairs, strict=True):
            shares = [mpf(y) / (1 + mp.exp(mpf(z))), (1 - mpf(y)) / (1 + mp.exp(-mpf(z)))]
            assert abs(mpf(value.grad) - (shares[1] - shares[0])) <= 12 * ULP * sum(shares) + mpf(1e-320)


@pytest.mark.parametrize(("z", "y", "loss"), [(1000, 0, 1000), (-1000, 1, 1000), (1000, 1, 0), (-1000, 0, 0)])
def test_cross_entropy_holds_at_1000(z: float, y: float, loss: float) -> None:
    weighted = Value(z)
    result = cross_entropy(sigmoid(weighted), y)
    result.backward()
    assert result.data == loss
    assert weighted.grad == (1.0 if z > 0 else 0.0) - y


@given(st.lists(st.floats(-350, 350), min_size=2, max_size=6), st.data())
def test_softmax_cross_entropy_has_nearly_all_its_digits(weighted: list[float], data: st.DataObject) -> None:
    check_softmax(weighted, data.draw(st.integers(0, len(weighted) - 1)))


@pytest.mark.parametrize(
    "weighted", [[40.0, 0.0], [0.0, 40.0], [-1000.0, 1000.0, 999.0], [700.0] * 10, [0.0, 1.0, 300.0]]
)
def test_softmax_cross_entropy_of_classes_that_are_nearly_sure(weighted: list[float]) -> None:
    for right in range(len(weighted)):
        check_softmax(weighted, right)


def check_softmax(weighted: list[float], right: int) -> None:
    values = [Value(z) for z in weighted]
    targets = [float(place == right) for place in range(len(weighted))]
    loss = softmax_cross_entropy(values, targets)
    loss.backward()
    with mp.workdps(1000):
        powers = [mp.exp(mpf(z)) for z in weighted]
        total = sum(powers)
        others = total - powers[right]
        near = ULP * 8 * len(weighted) * (1 + max(map(abs, weighted)))
        exact = mp.log1p(others / powers[right])
        assert abs(mpf(loss.data) - exact) <= near * exact + mpf(1e-320)
        for place, value in enumerate(values):
            gradient = -others / total if place == right else powers[place] / total
            assert abs(mpf(value.grad) - gradient) <= near * abs(gradient) + mpf(1e-320)


def test_one_class_has_nothing_to_learn() -> None:
    with pytest.raises(ValueError, match="at least two classes"):
        softmax_cross_entropy([Value(1.0)], [1.0])


def test_a_network_learns_classes_from_weighted_inputs() -> None:
    network = Network([2, 3], seed=0, output_activation=None)
    losses = []
    for _ in range(30):
        loss = softmax_cross_entropy(network([0.5, -1.0]), [0, 1, 0])
        losses.append(loss.data)
        network.zero_grad()
        loss.backward()
        for parameter in network.parameters():
            parameter.data -= 0.5 * (parameter.grad or 0.0)
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.1


def test_cross_entropy_reads_z_off_the_graph_of_a_neuron() -> None:
    neuron = Neuron([2.0], 1.0)
    output = neuron([3.0])
    loss = cross_entropy(output, 1)
    assert loss.data == pytest.approx(-math.log(output.data), rel=1e-12)
    assert output not in topological_order(loss)


@pytest.mark.parametrize("y", [-1, 2, Value(1.5), -1e-9])
@pytest.mark.parametrize("loss", [cross_entropy, softmax_cross_entropy])
def test_a_cross_entropy_refuses_what_is_no_probability(loss: Callable[..., Any], y: Any) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 1, but got .*: write 1 for yes and 0 for no"):
        loss([sigmoid(Value(1.0)), sigmoid(Value(2.0))], [1.0, y])


def test_outputs_and_targets_are_paired_before_anything_is_computed() -> None:
    with pytest.raises(ValueError, match="there are 2 and 1"):
        cross_entropy([sigmoid(Value(1.0)), sigmoid(Value(2.0))], [1.0])


@pytest.mark.parametrize("targets", [1.0, [1.0], np.array([1.0]), np.float64(1.0), 1])
@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: [a]])
def test_one_output_and_one_target_may_stand_alone(targets: Any, wrap: Callable[[Value], Any]) -> None:
    output = Value(0.25)
    loss = squared_error(wrap(output), targets)
    loss.backward()
    assert (loss.data, output.grad) == (0.28125, -0.75)
    assert [used.data for used in loss.inputs] == [0.25, 1.0]


def test_numbers_alone_give_a_float() -> None:
    for outputs, targets in ((0.25, 1.0), ([0.25], 1.0), (0.25, [1.0])):
        loss = squared_error(outputs, targets)
        assert (loss, type(loss)) == (0.28125, float)


def test_an_array_without_dimensions_is_no_list() -> None:
    with pytest.raises(TypeError, match=r"array\(1.*convert it with float"):
        squared_error(Value(0.25), np.array(1.0))
