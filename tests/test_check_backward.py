"""The check of a backward pass over our graphs: wrong ones are found on random graphs, and called by their names."""

from __future__ import annotations

import math
import random

import pytest
from wrong_backwards import WRONG, Backward, Wrong

from tinygrad_sigmoid import Value, relu, sigmoid, tanh
from tinygrad_sigmoid.course.exhibits import EXHIBITS, Exhibit, Ledger
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.accumulation import Received, _culprit, check_backward
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.testing.precise import CONTEXT, judging
from tinygrad_sigmoid.testing.wrong_passes import MUSEUM, PLACES, titled


def random_graph(seed: int) -> Value:
    """A graph in which values are used again, and all local derivatives are ordinary."""
    chance = random.Random(seed)
    values = [Value(chance.uniform(0.5, 2.0) * chance.choice((1, -1)), name) for name in "abc"]
    for _ in range(8):
        a, b = chance.choices(values[-4:], k=2)
        kind = chance.randrange(5)
        values.append([a + b, a - b, a * b, a / (b * b + 1.0), tanh(a)][kind])
    p, q = values[-1] * values[-2], values[-2] * values[-1]  # two values, although their data are equal
    return p * values[-3] + q * values[3] + values[0]


GRAPHS = [random_graph(seed) for seed in range(6)]


def checked(output: Value, backward: Backward) -> Certificate:
    certificate = Certificate()
    with judging():
        check_backward(output, backward, certificate)
    return certificate


def found(backward: Backward) -> list[GradientMismatch]:
    """What is said about a wrong pass on those graphs on which it is wrong: some are right on a few."""
    mismatches = []
    for output in GRAPHS:
        try:
            checked(output, backward)
        except GradientMismatch as mismatch:
            mismatches.append(mismatch)
        else:
            gradients = backward(output) or {}
            output.zero_grad()
            output.backward()
            assert all(gradients[value] == pytest.approx(value.grad) for value in gradients if not value.constant)
            output.zero_grad()
    return mismatches


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", WRONG.values(), ids=WRONG)
def test_a_wrong_backward_is_found_and_named_on_random_graphs(algorithm: Wrong) -> None:
    mismatches = found(algorithm.backward)
    assert len(mismatches) >= 4
    assert {mismatch.bug for mismatch in mismatches} == {algorithm.bug}


def test_there_are_more_than_forty() -> None:
    assert len(WRONG) > 40


def test_the_right_one_passes_on_the_same_graphs() -> None:
    for output in GRAPHS:
        certificate = checked(output, Value.backward)
        assert certificate.unresolved == certificate.losses == []


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_the_names_and_numbers_are_those_of_the_museum(exhibit: Exhibit) -> None:
    def backward(output: Value) -> Ledger:
        gradients = Ledger()
        exhibit.run(output, gradients)
        return gradients

    assert [*MUSEUM] == [known.name for known in EXHIBITS]
    assert PLACES[exhibit.name] == 2 + EXHIBITS.index(exhibit)  # the right one is exhibit 1
    assert {mismatch.bug for mismatch in found(backward)} == {exhibit.name}
    assert all(titled(exhibit.name) in mismatch.culprit for mismatch in found(backward))


def of_ones_own(output: Value) -> None:
    """Right, with local derivatives of its own, and without the care that ours are written with."""
    order = topological_order(output)
    for value in order:
        value.grad = 0.0 if value.inputs else value.grad or 0.0
    output.grad = 1.0
    for value in reversed(order):
        upstream = value.grad or 0.0
        match value.operation and value.operation.name, value.inputs:
            case "tanh", [x]:
                slopes = [1 - math.tanh(x.data) ** 2]
            case "sigmoid", [x]:
                slopes = [value.data * (1 - value.data)]
            case "relu", [x]:
                slopes = [1.0 if x.data > 0 else 0.0]
            case "multiply", [x, y]:
                slopes = [y.data, x.data]
            case _:
                slopes = [1.0 for _ in value.inputs]
        for used, slope in zip(value.inputs, slopes, strict=True):
            used.grad = (used.grad or 0.0) + upstream * slope


@pytest.mark.parametrize("at", [-4.0, -3.3, 5.0, 9.0])
def test_an_algorithm_that_loses_digits_is_right(at: float) -> None:
    x = Value(at, "x")
    certificate = checked(tanh(x) * 3.0, of_ones_own)
    assert certificate.worst_ulp > 5
    assert "the algorithm computes local derivatives of its own, and loses digits" in certificate.proven[0]


def test_one_that_loses_all_of_them_is_told_so() -> None:
    x = Value(-40.0, "x")
    assert "the gradient of x is 7.21941e-35" in checked(tanh(x), of_ones_own).losses[0]
    assert checked(sigmoid(Value(40.0, "z")) + relu(x), of_ones_own).losses


def test_a_wrong_rule_in_it_is_wrong_all_the_same() -> None:
    def lies(output: Value) -> None:
        of_ones_own(output)
        for leaf in output.inputs:
            leaf.grad = -(leaf.grad or 0.0)

    with pytest.raises(GradientMismatch, match="of the wrong sign"):
        checked(tanh(Value(-4.0, "x")), lies)


def test_one_that_is_wrong_only_the_first_time_does_not_pass_for_a_loss_of_digits() -> None:
    calls = 0

    def settles(output: Value) -> dict[Value, float]:
        nonlocal calls
        calls += 1
        output.backward()
        gradients = {value: value.grad or 0.0 for value in topological_order(output)}
        if calls == 1:
            gradients[output.inputs[0]] = 0.25
        for value in gradients:
            value.grad = None
        return gradients

    with pytest.raises(GradientMismatch):
        checked(tanh(Value(0.5, "x")), settles)


def test_a_leaf_with_very_many_uses_is_judged_too() -> None:
    x = Value(1.0, "x")
    users = [-x for _ in range(20_000)]
    received = {user: Received(CONTEXT.mpf(1)) for user in users}
    received[x] = Received(CONTEXT.mpf(0), [(user, CONTEXT.mpf(-1)) for user in users])
    assert "0.7 times the true one" in _culprit(x, -14_000.0, received)  # a sum for each took over a minute
