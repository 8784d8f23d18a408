"""A small change predicted and made, and an honest word about what the remainder says."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import (
    Network,
    Neuron,
    Operation,
    Perceptron,
    StaleGraph,
    Value,
    dot,
    log,
    nudge,
    relu,
    sigmoid,
    squared_error,
)
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.nudging import Halving, Nudge


def nand() -> Neuron:
    return Neuron([-2, -2], 3)


def every_number(output: Value) -> list[object]:
    return [(v.data, v.grad, v.label, v.local_derivatives) for v in topological_order(output)]


@pytest.mark.parametrize(
    ("change", "predicted", "actual"),
    [(0.1, 0.0196612, 0.0201091), (0.01, 0.00196612, 0.00197066), (0.001, 0.000196612, 0.000196657)],
)
def test_the_numbers_of_equation_5(change: float, predicted: float, actual: float) -> None:
    neuron = nand()
    nudged = nudge(neuron([1, 1]), {neuron.weights[0]: change})
    assert nudged.before == pytest.approx(0.268941, abs=5e-7)
    assert nudged.predicted == pytest.approx(predicted, rel=5e-6)
    assert nudged.actual == pytest.approx(actual, rel=5e-6)
    assert nudged.remainder == nudged.actual - nudged.predicted
    assert list(nudged.gradients.values()) == pytest.approx([0.196612], abs=5e-7)


def test_the_remainder_is_the_curvature_times_the_change_squared() -> None:
    neuron = nand()
    nudged = nudge(neuron([1, 1]), {neuron.bias: 1e-4})
    s = 1 / (1 + math.exp(1))
    assert nudged.remainder / 1e-8 == pytest.approx(s * (1 - s) * (1 - 2 * s) / 2, rel=1e-3)
    assert nudged.remainder / 1e-8 == pytest.approx(0.0454, abs=5e-5)


def test_changes_of_several_leaves_add_up() -> None:
    neuron = nand()
    w1, w2 = neuron.weights
    changes = {w1: 0.01, w2: -0.02, neuron.bias: 0.005}
    nudged = nudge(neuron([1, 0.5]), changes)
    assert nudged.predicted == pytest.approx(
        sum(nudged.gradients[leaf] * change for leaf, change in changes.items()), rel=1e-15
    )
    assert nudged.changes == changes


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-1e-3, 1e-3))
def test_everything_is_put_back_exactly(w: float, b: float, change: float) -> None:
    neuron = Neuron([w, 0.1], b)
    output = squared_error(neuron([0.3, 0.7]), 1.0)
    output.backward()
    before = every_number(output)
    nudge(output, {neuron.weights[0]: change, neuron.bias: 0.1}).halving(3)
    assert every_number(output) == before


def test_a_nudge_that_fails_puts_everything_back() -> None:
    x = Value(0.1, "x")
    output = log(x) * 2
    before = every_number(output)
    with pytest.raises(ValueError, match="keep its input above 0"):
        nudge(output, {x: -0.2})
    assert every_number(output) == before


def test_a_stale_graph_is_not_nudged() -> None:
    x = Value(0.1, "x")
    output = x * x
    x.data = 0.2
    with pytest.raises(StaleGraph, match=r"forward\(\)"):
        nudge(output, {x: 0.1})
    assert x.data == 0.2


def test_perceptrons_answer_0_0_and_then_1() -> None:
    perceptron = Perceptron([-2, -2], 1.9)
    output = perceptron([1, 0])
    answers = [nudge(output, {perceptron.bias: change}) for change in (0.01, 0.05, 0.09, 0.11)]
    assert [answer.actual for answer in answers] == [0, 0, 0, 1]
    assert [answer.predicted for answer in answers] == [0, 0, 0, 0]


def test_a_change_of_1e_12_flips_a_perceptron_and_hardly_moves_a_sigmoid_neuron() -> None:
    for make, moved in ((Perceptron, 1.0), (Neuron, 2.5e-13)):
        neuron = make([-2, -2], 2)
        answer = nudge(neuron([1, 0]), {neuron.bias: 1e-12})
        assert answer.actual == pytest.approx(moved, rel=2e-3)


def test_the_table_is_small_and_names_the_leaves() -> None:
    network = Network([1, 1], seed=0)
    [output] = network([0.5])
    told = str(nudge(output, dict.fromkeys(network.parameters(), 0.01)))
    assert told.count("\n") == 5
    assert all(word in told for word in ("layer1.neuron1.w1", "layer1.neuron1.b", "predicted", "actual", "remainder"))


# -- Halving -----------------------------------------------------------------------------------------------------------


def halved(output: Value, leaf: Value, change: float, times: int = 6) -> Halving:
    return nudge(output, {leaf: change}).halving(times)


@pytest.mark.parametrize(("w", "b"), list(product([-2.0, 0.4, 3.0], [-1.0, 0.3, 2.0])))
def test_a_right_gradient_gives_slope_2(w: float, b: float) -> None:
    neuron = Neuron([w], b)
    halving = halved(neuron([0.8]), neuron.weights[0], 0.05)
    assert halving.slope == pytest.approx(2, abs=0.03)
    assert halving.verdict == f"the remainder falls fourfold with each halving (slope {halving.slope:.2f}): " + (
        "the gradient is right"
    )


@pytest.mark.parametrize("error", [0.03, 0.001, -0.01])
def test_a_wrong_gradient_does_not(error: float) -> None:
    wrong = Operation("wrong", lambda x: x * x, lambda out, x: ((2 + error) * x,))
    x = Value(1.0, "x")
    halving = halved(wrong(x), x, 0.1, 14)
    assert halving.slope == pytest.approx(1, abs=0.1)
    assert "the gradient is wrong" in halving.verdict


def test_a_nudge_is_halved_six_times_unless_asked_otherwise() -> None:
    x = Value(0.3, "x")
    assert [len(nudge(sigmoid(x), {x: 0.1}).halving(*times).nudges) for times in ((), (2,))] == [7, 3]


def test_a_straight_line_has_no_remainder() -> None:
    x = Value(2.0, "x")
    halving = halved(3 * x + 1, x, 0.01)
    assert math.isnan(halving.slope)
    assert halving.verdict.startswith("there is no remainder beyond rounding: the output is a straight line here")


def test_the_noise_floor() -> None:
    x = Value(2.0, "x")
    assert halved(sigmoid(x), x, 1e-9).verdict.startswith("there is no remainder beyond rounding")
    assert halved(sigmoid(x), x, 1e-30).verdict.startswith("the change is too small to show")
    deep = halved(sigmoid(x), x, 0.1, 30)
    assert deep.slope == pytest.approx(2, abs=0.1)
    assert math.isnan(deep.ratios[-1])


def test_kinks_and_jumps() -> None:
    x = Value(0.0, "x")
    assert "a kink or a jump is near" in halved(relu(x), x, 0.1).verdict
    x = Value(-0.03, "x")
    past = halved(relu(x), x, 0.1)
    assert past.verdict == "the remainder vanishes all at once: the larger nudges went past a kink or a jump"
    perceptron = Perceptron([-2, -2], 1.99)
    flipped = halved(perceptron([1, 0]), perceptron.bias, 0.08)
    assert [n.actual for n in flipped.nudges] == [1, 1, 1, 0, 0, 0, 0]
    assert flipped.verdict == past.verdict
    assert halved(perceptron([1, 0]), perceptron.bias, -1.0).verdict.startswith("nothing moves at all")


def test_an_inflection_hardly_bends() -> None:
    x = Value(0.0, "x")
    halving = halved(sigmoid(x), x, 0.1)
    assert halving.slope == pytest.approx(3, abs=0.01)
    assert "more than fourfold" in halving.verdict


def test_a_nudge_is_not_halved_where_the_graph_is_no_longer() -> None:
    x, y = Value(3.0, "x"), Value(2.0, "y")
    output = x * y
    nudged = nudge(output, {x: 0.1})
    for moved, said in (((10.0, 2.0), r"was 6\.0 and is now 20\.0"), ((2.0, 3.0), r"call nudge\(…\) again")):
        x.data, y.data = moved
        output.forward()
        with pytest.raises(RuntimeError, match=said):
            nudged.halving(2)
    x.data, y.data = 3.0, 2.0
    output.forward()
    assert nudged.halving(2).nudges[0] == nudged


def test_a_leaf_of_another_graph_is_refused() -> None:
    x = Value(3.0, "x")
    with pytest.raises(ValueError, match=r"Value\(3\.0, 'x'\) is not in the graph of .*: nudge a leaf"):
        nudge(x * x, {Value(3.0, "x"): 0.1})
    assert nudge(x, {x: 0.5}).actual == 0.5, "a leaf alone is a graph"


@pytest.mark.parametrize("changes", [{"x": 0.1}, 0.1, [0.1], Value(0.1)])
def test_what_is_no_dict_of_leaves_is_refused(changes: object) -> None:
    x = Value(3.0, "x")
    with pytest.raises(TypeError, match=r"must be a (dict of leaves and their changes|Value), but got .*: "):
        nudge(x * x, changes)  # type: ignore[arg-type]


def test_what_is_predicted_is_added_up_without_rounding() -> None:
    leaves = [Value(0.0, name) for name in "abcde"]
    output = sum(leaves, start=leaves[0] * 0.0)
    nudged = nudge(output, dict(zip(leaves, (1e100, 1e50, 1.0, -1e100, -1e50), strict=True)))
    assert nudged.predicted == 1.0


def with_remainders(*remainders: float, before: float = 0.0) -> Halving:
    """A halving of nudges that predicted nothing and moved the output by these."""
    x = Value(0.0, "x")
    return Halving([Nudge(x, {x: 0.5**k}, {x: 0.0}, before, before + moved) for k, moved in enumerate(remainders)])


@pytest.mark.parametrize(
    ("slope", "said"),
    [
        (1.7, "does not fall fourfold (slope 1.70)"),
        (1.79, "does not fall fourfold (slope 1.79)"),
        (1.81, "falls fourfold with each halving (slope 1.81)"),
        (2.19, "falls fourfold with each halving (slope 2.19)"),
        (2.21, "falls more than fourfold (slope 2.21)"),
        (3.0, "falls more than fourfold (slope 3.00)"),
    ],
)
def test_from_where_on_a_slope_is_near_2(slope: float, said: str) -> None:
    halving = with_remainders(*[2.0 ** (-slope * k) for k in range(4)])
    assert halving.slope == pytest.approx(slope, rel=1e-12)
    assert halving.verdict.startswith(f"the remainder {said}")


def test_the_slope_is_the_middle_one_of_the_last_three() -> None:
    assert with_remainders(1.0, 2**-1, 2**-5, 2**-7, 2**-10).slope == 3.0
    assert with_remainders(2**-1, 2**-5, 2**-7).slope == 4.0  # of two, the larger


def test_a_remainder_of_the_size_of_rounding_is_none() -> None:
    unit = math.ulp(1.0)
    at_the_floor, above = (
        with_remainders(16 * unit, 8 * unit, before=1.0),
        with_remainders(27 * unit, 9 * unit, before=1.0),
    )
    assert math.isnan(at_the_floor.ratios[0])
    assert above.ratios == [3.0]
    gone, nearly_gone, above_rounding = [
        with_remainders(larger * unit, smaller * unit, before=1.0).verdict
        for larger, smaller in ((513, 8), (512, 8), (513, 9))
    ]
    assert "vanishes" in gone
    assert "vanishes" not in nearly_gone
    assert "vanishes" not in above_rounding


def test_the_table_is_aligned() -> None:
    short, long, nameless = Value(2.0, "x"), Value(3.0, "learning"), Value(5.0)
    output = dot([short, long], [nameless, 7.0])
    assert str(nudge(output, {short: 0.5, long: -0.25, nameless: 0.0})).splitlines() == [
        "            ∂output/∂v            Δv   contribution",
        "x                    5          +0.5           +2.5",
        "learning             7         -0.25          -1.75",
        "5                    2            +0             +0",
        "predicted change  +0.75",
        "actual change     +0.75  (from 31 to 31.75)",
        "remainder         +0",
    ]


def test_the_table_of_a_halving_is_aligned() -> None:
    x = Value(3.0, "x")
    assert str(nudge(x * x, {x: 0.5}).halving(2)).splitlines() == [
        "     size    predicted       actual    remainder    ratio",
        "        1           +3        +3.25        +0.25",
        "      1/2         +1.5      +1.5625      +0.0625     4.00",
        "      1/4        +0.75    +0.765625    +0.015625     4.00",
        "the remainder falls fourfold with each halving (slope 2.00): the gradient is right",
    ]


def test_rounding_is_that_of_the_larger_number_whatever_its_sign() -> None:
    x = Value(0.0, "x")
    for before, after in ((-1e6, 1.0), (1.0, -1e6), (1e6, -1.0), (-1.0, 1e6)):
        assert Nudge(x, {x: 1.0}, {x: 0.0}, before, after).noise_floor == 8 * math.ulp(1e6)


def test_a_nudge_that_gets_too_small_on_the_way_is_called_so() -> None:
    x, unit = Value(0.0, "x"), math.ulp(1.0)
    moved = [(4 * unit, 4 * unit), (2 * unit, 2 * unit), (unit, unit), (unit / 2, 0.0)]
    halving = Halving([Nudge(x, {x: predicted}, {x: 1.0}, 1.0, 1.0 + actual) for predicted, actual in moved])
    assert halving.verdict.startswith("the change is too small to show")
    assert Halving(halving.nudges[:3]).verdict.startswith("there is no remainder beyond rounding")


def test_small_numbers_are_written_with_an_exponent() -> None:
    x = Value(0.0, "x")
    for change, shown in ((1e-4, "+0.0001 "), (0.9e-4, "+9.0000e-05 "), (-1e-4, "-0.0001 "), (0.0, "+0 ")):
        assert shown in str(Halving([Nudge(x, {x: change}, {x: 1.0}, 0.0, 0.0)])), change


@pytest.mark.parametrize(("edge", "said"), [(1.8, "does not fall fourfold"), (2.2, "falls fourfold")])
def test_a_slope_at_the_edge_belongs_to_what_lies_below(edge: float, said: str) -> None:
    class AtTheEdge(Halving):
        slope = edge

    x = Value(0.0, "x")
    halving = AtTheEdge([Nudge(x, {x: 1.0}, {x: 0.0}, 0.0, 1.0), Nudge(x, {x: 0.5}, {x: 0.0}, 0.0, 0.25)])
    assert halving.verdict.startswith(f"the remainder {said}")
