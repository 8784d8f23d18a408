"""A plan is plain data, the same in every process, and made without NumPy."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given

from tinygrad_sigmoid import Value, sigmoid
from tinygrad_sigmoid.compiling.lowering import Lowered
from tinygrad_sigmoid.compiling.plan import Plan, Planner
from tinygrad_sigmoid.graph import leaves
from tinygrad_sigmoid.operations import add, multiply
from tinygrad_sigmoid.testing.strategies import graphs

NETWORK = """
from tinygrad_sigmoid import Network, squared_error
from tinygrad_sigmoid.compiling.lowering import Lowered
from tinygrad_sigmoid.compiling.plan import Planner
from tinygrad_sigmoid.replaying import Recorded

network = Network([3, 4, 2], seed=1)
recorded = Recorded(network, ([0.5] * 3, [1.0, 0.0]), squared_error)
lowered = Lowered(recorded.loss, recorded.inputs, network.parameters(), recorded.outputs)
plan = Planner(lowered, len(recorded.inputs)).plan(network.parameters(), recorded.outputs)
"""


def planned(output: Value, inputs: Sequence[Value], wrt: Sequence[Value]) -> Plan:
    return Planner(Lowered(output, inputs, wrt), len(inputs)).plan(wrt, ())


@given(graphs())
def test_a_plan_pickles_and_a_graph_has_one(output: Value) -> None:
    wrt = [leaf for leaf in leaves(output) if not leaf.constant]
    inputs = wrt[:2]
    plan = planned(output, inputs, wrt)
    assert pickle.loads(pickle.dumps(plan)) == plan == planned(output, inputs, wrt)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_makes_the_same_plan_and_needs_no_numpy(seed: str) -> None:
    send = "import pickle, sys\nassert 'numpy' not in sys.modules\nsys.stdout.buffer.write(pickle.dumps(plan))"
    run = [sys.executable, "-c", NETWORK + send]
    given = subprocess.run(run, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
    here: dict[str, Any] = {}
    exec(NETWORK, here)
    assert pickle.loads(given) == here["plan"]


def test_layers_come_back() -> None:
    here: dict[str, Any] = {}
    exec(NETWORK, here)
    plan: Plan = here["plan"]
    products = [group for group in plan.groups if group.kind == "matrix"]
    assert [product.operands[0].shape for product in products[:2]] == [(4, 3), (2, 4)]
    biases = [product.operands[2] for product in products[:2]]  # each behind its neuron's weights
    assert [(rows.batched, rows.shape, rows.strides) for rows in biases] == [(False, (4,), (4,)), (False, (2,), (5,))]
    assert not any(group.kind == "take" and not group.out.batched for group in plan.groups)
    assert [product.out.shape for product in plan.outer] == [(4, 3), (2, 4)]
    assert len(plan.parameters) + 1 == plan.results == 27


def test_the_same_numbers_are_one_constant() -> None:
    """Two floats that are equal needn't be one object."""
    x = Value(0.5)
    lowered = Lowered(x * float("2.5") + x * float("2.5"), [x], [x])
    assert [symbol.operation for symbol in lowered.symbols[1:]] == [multiply, add]
    assert len(Lowered(x * 0.0 + x * -0.0, [x], [x]).symbols) == 4


@pytest.mark.parametrize("length", [10, 100, 1000])
def test_rows_are_used_again(length: int) -> None:
    x = Value(0.5)
    total = x
    for _ in range(length):
        total = sigmoid(total + x)
    plan = planned(total, [x], [x])
    assert len(plan.groups) > 6 * length  # each of which needs a row of its own,
    assert plan.sizes[1] < 3 * length + 10  # but for σ(z) and two numbers for its slope all are soon used up


def test_products_that_make_no_table_of_the_results_are_computed_one_by_one() -> None:
    here: dict[str, Any] = {}
    exec(NETWORK, here)
    parameters = here["network"].parameters()
    wrt = parameters[::2] + parameters[1::2]
    plan = planned(here["recorded"].loss, here["recorded"].inputs, wrt)
    assert not plan.outer
    assert plan.places[: plan.results] == tuple(range(plan.results))
