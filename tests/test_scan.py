"""A scan is many replays of the graph, after which nothing has changed."""

import math

import pytest
from hypothesis import given
from test_steps import graphs

from tinygrad_sigmoid import Neuron, StaleGraph, Value, log, scan, sigmoid
from tinygrad_sigmoid.graph import leaves, topological_order


def test_outputs_and_tangent_of_a_neuron() -> None:
    neuron = Neuron([-2, -2], 3)
    output = neuron([1, 1])
    scanned = scan(output, neuron.weights[0], -4, 2, points=7)
    assert scanned.numbers == (-4, -3, -2, -1, 0, 1, 2)
    assert scanned.outputs[2] == output.data
    for number, found in zip(scanned.numbers, scanned.outputs, strict=True):
        assert math.isclose(found, 1 / (1 + math.exp(-(number - 2 + 3))), rel_tol=1e-14)
    assert (scanned.name, scanned.at, scanned.output) == ("w1", -2.0, output.data)
    assert math.isclose(scanned.gradient, 0.196612, rel_tol=1e-5)
    assert scanned.tangent[2] == scanned.output
    assert math.isclose(scanned.tangent[3] - scanned.tangent[2], scanned.gradient)


@given(graphs())
def test_nothing_on_the_graph_changes(output: Value) -> None:
    changeable = [leaf for leaf in leaves(output) if not leaf.constant]
    before = [(v.data, v.grad, v.local_derivatives) for v in topological_order(output)]
    scan(output, changeable[0], -1, 1, points=3)
    assert [(v.data, v.grad, v.local_derivatives) for v in topological_order(output)] == before


def test_where_the_output_is_not_defined_there_is_nan() -> None:
    x = Value(2.0, "x")
    scanned = scan(log(x), x, -1, 3, points=5)
    assert [math.isnan(output) for output in scanned.outputs] == [True, True, False, False, False]
    assert x.data == 2.0


def test_what_makes_no_sense_is_refused() -> None:
    x = Value(1.0, "x")
    y = sigmoid(x)
    with pytest.raises(ValueError, match=r"points must be a whole number of at least 2 .*but got 1"):
        scan(y, x, 0, 1, points=1)
    for low, high in [(1, 1), (2, 1), (0, math.inf), (math.nan, 1)]:
        with pytest.raises(ValueError, match="from low to high"):
            scan(y, x, low, high)
    with pytest.raises(ValueError, match="computed from other values"):
        scan(y, y, 0, 1)
    with pytest.raises(ValueError, match=r"Value\(3.0\) is not in the graph of .*: scan a leaf"):
        scan(y, Value(3.0), 0, 1)
    x.data = 2.0
    with pytest.raises(StaleGraph):
        scan(y, x, 0, 1)
