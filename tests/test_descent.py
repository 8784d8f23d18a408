"""Gradient descent: what a step does, and that the loss falls by about rate · ‖gradient‖²."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import GradientDescent, Network, Neuron, Value, squared_error


def test_a_step_goes_against_the_gradient() -> None:
    w, b = Value(2.0, "w"), Value(-1.0, "b")
    descent = GradientDescent([w, b], rate=0.25)
    (w * w + 3 * b).backward()
    descent.step()
    assert (w.data, b.data) == (2.0 - 0.25 * 4.0, -1.0 - 0.25 * 3.0)
    descent.zero_grad()
    assert (w.grad, b.grad) == (None, None)


def test_the_gradients_of_a_mini_batch_are_averaged() -> None:
    w = Value(1.0, "w")
    for x in (1.0, 2.0, 6.0):
        (w * x).backward()
    GradientDescent([w], rate=1.0).step(samples=3)
    assert w.data == 1.0 - 3.0


def test_a_failing_step_changes_nothing() -> None:
    w, b = Value(2.0, "w"), Value(1.0, "b")
    (w * w).backward()
    with pytest.raises(RuntimeError, match=r"Value\(1.0, 'b'\) has no gradient yet: call backward\(\)"):
        GradientDescent([w, b], 0.1).step()
    assert w.data == 2.0


@given(st.integers(0, 1000), st.floats(0, 1))
def test_the_loss_falls_by_the_rate_times_the_squared_gradient(seed: int, target: float) -> None:
    neuron = Neuron.random(2, seed=seed)
    rate = 1e-4
    loss = squared_error(neuron([0.4, 0.9]), target)
    loss.backward()
    fall = rate * sum((p.grad or 0.0) ** 2 for p in neuron.parameters())
    GradientDescent(neuron.parameters(), rate).step()
    before = loss.data
    assert before - loss.forward().data == pytest.approx(fall, rel=1e-3, abs=1e-15)


def test_too_large_a_rate_makes_it_worse() -> None:
    w = Value(1.0)
    loss = w * w
    for rate, better in ((0.4, True), (1.5, False)):
        w.data, w.grad = 1.0, None
        loss.forward()
        loss.backward()
        GradientDescent([w], rate).step()
        assert (loss.forward() < 1.0) is better


def test_the_graph_can_be_recorded_once_and_replayed_for_every_step() -> None:
    network = Network([2, 3, 1], seed=1)
    descent = GradientDescent(network.parameters(), 1.0)
    loss = squared_error(network([0.2, 0.8]), [0.9])
    history = []
    for _ in range(50):
        history.append(loss.forward().data)
        descent.zero_grad()
        loss.backward()
        descent.step()
    assert history == sorted(history, reverse=True)
    assert history[-1] < history[0] / 50


def test_a_parameter_that_is_listed_twice_takes_one_step() -> None:
    w = Value(2.0, "w")
    (w * w).backward()
    GradientDescent([w, w], 0.25).step()
    assert w.data == 1.0


def test_what_is_computed_is_not_tuned() -> None:
    w = Value(2.0, "w")
    with pytest.raises(ValueError, match=r"Value\(6.0\) is computed from other values: tune the leaves it comes from"):
        GradientDescent([w, w * 3.0], 0.25)


def test_a_gradient_of_exactly_0_is_a_gradient() -> None:
    w, flat = Value(2.0, "w"), Value(1.0, "flat")
    (w * w + 0.0 * flat).backward()
    assert flat.grad == 0.0
    GradientDescent([w, flat], 0.25).step()
    assert (w.data, flat.data) == (1.0, 1.0)


@pytest.mark.parametrize("rate", [0, 0.0, -0.0, -1e-9, math.nan, math.inf])
def test_a_rate_that_would_not_descend_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="must be a finite number above 0"):
        GradientDescent([Value(2.0)], rate)
