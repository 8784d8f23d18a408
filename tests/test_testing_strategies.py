"""The strategies: random expressions that mean what they print, inputs over whole domains, Values by type."""

from __future__ import annotations

import importlib
import math
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, find, given, settings
from hypothesis import strategies as st
from test_mismatch import keeps_the_last_only

import tinygrad_sigmoid
from tinygrad_sigmoid import Operation, Value, exp, log, multiply, relu
from tinygrad_sigmoid.graph import computed, leaves, topological_order, uses
from tinygrad_sigmoid.operations import TABLE, fixed_power
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, check_operation, planted_bug
from tinygrad_sigmoid.testing.strategies import (
    Expression,
    arrays,
    expression,
    expressions,
    graphs,
    networks,
    points,
    register,
)
from tinygrad_sigmoid.value import operation_of

softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
NAMES = {**{name: getattr(tinygrad_sigmoid, name) for name in tinygrad_sigmoid.__all__}, "expression": expression}


def examples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    found = []

    @settings(max_examples=count)
    @given(strategy)
    def collect(drawn: Any) -> None:
        found.append(drawn)

    collect()
    return found


def is_wrong(checked: Any, *at: float, **options: Any) -> bool:
    try:
        check_gradients(checked, *at, **options)
    except GradientMismatch:
        return True
    return False


@pytest.mark.slow
@given(expressions())
@example(expression(lambda x: relu(t1 := exp(x)) + t1, x=0.0))  # type: ignore[arg-type, return-value]
def test_an_expression_is_right_on_floats_and_on_values(drawn: Expression) -> None:
    certificate = check_gradients(drawn, *drawn.at.values())
    assert certificate.unresolved == certificate.kinks == []


@given(expressions())
def test_its_text_is_python_for_the_same_expression(drawn: Expression) -> None:
    pasted = eval(repr(drawn), dict(NAMES))
    assert "\n" not in repr(drawn)
    assert pasted.at == drawn.at
    ours, theirs = drawn.recorded(), pasted.recorded()
    assert ours.data == theirs.data
    assert operations_of(ours) == operations_of(theirs)


def operations_of(output: Value) -> list[str]:
    """The names of a graph's operations, without those that Python's ** leaves out: x**1.0 is x."""
    done = [v for v in computed(output) if not (v.operation is fixed_power and v.inputs[1].data == 1.0)]
    return sorted(operation_of(v).name for v in done)


@pytest.mark.slow
def test_graphs_have_hard_numbers_constants_shared_values_and_every_operation() -> None:
    found = {value for output in examples(graphs(), 400) for value in topological_order(output)}
    for wanted in (
        lambda v: not v.inputs and v.data == 0 and math.copysign(1, v.data) < 0,
        lambda v: 0 < abs(v.data) < 2.2e-308,
        lambda v: abs(v.data) > 700,
        lambda v: v.operation is multiply and any(used.constant for used in v.inputs),
        lambda v: len(v.inputs) > 1 and v.inputs[0] is v.inputs[-1],
        lambda v: v.operation is relu and v.inputs[0].data == 0,
    ):
        assert any(map(wanted, found))
    assert {value.operation for value in found} == {None, *TABLE.values()}


@pytest.mark.slow
@given(expressions(operations=[multiply, log], max_operations=4, max_inputs=1))
def test_it_has_what_was_asked_for(drawn: Expression) -> None:
    order = computed(drawn.recorded())
    assert 1 <= len(order) <= 4 + 3  # the sum of what was left over comes on top
    assert {operation_of(value).name for value in order} <= {"multiply", "log", "add"}
    assert list(drawn.at) == ["x"]


@pytest.mark.slow
def test_most_expressions_use_something_twice_and_nothing_is_thrown_away() -> None:
    found = examples(expressions(), 300)  # a health check that fails would be an error here
    users = [uses(topological_order(drawn.recorded())) for drawn in found]
    shared = [any(len(values) > 1 for values in one.values()) for one in users]
    assert len(shared) >= 300
    assert sum(shared) > len(shared) / 2


def test_a_lost_accumulation_shrinks_to_x_plus_x() -> None:
    smallest = find(expressions(), lambda drawn: is_wrong(drawn.recorded(), backward=keeps_the_last_only))
    assert repr(smallest) == "expression(lambda x: x + x, x=0.5)"


# Right at 0, where out is 0, but not its derivative; right at 1, where x is x².
rough_tanh = Operation("rough_tanh", lambda x: TABLE["tanh"](x), lambda out, x: (1 - out,))
off_at_zero = Operation("off_at_zero", lambda x: x * x, lambda out, x: (2 * x + (x == 0),))


@pytest.mark.slow
def test_a_wrong_rule_shrinks_to_a_point_where_its_own_derivative_is_wrong() -> None:
    drawn = expressions(operations=[rough_tanh], max_operations=2)
    smallest = find(drawn, lambda drawn: is_wrong(drawn.recorded(), order=2))
    assert repr(smallest) == "expression(lambda x: rough_tanh(x), x=0.5)"
    assert is_wrong(smallest.recorded(), order=1)


def test_a_point_shrinks_to_half_and_to_zero_only_if_nothing_else_fails() -> None:
    assert find(points(rough_tanh), lambda at: is_wrong(rough_tanh, at)) == 0.5
    assert find(points(off_at_zero), lambda at: is_wrong(off_at_zero, at)) == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "divide", "dot_product"])
def test_a_wrong_rule_shrinks_to_that_operation_alone(name: str) -> None:
    def fails(drawn: Expression) -> bool:
        with planted_bug(name, scale=1.5):
            try:
                check_gradients(drawn.recorded())
            except GradientMismatch as mismatch:
                return mismatch.operation is TABLE[name]
        return False

    smallest = find(expressions(), fails)
    assert [operation_of(value).name for value in computed(smallest.recorded())] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLE)
@settings(max_examples=30)
@given(data=st.data())
def test_every_row_is_right_over_its_whole_domain(name: str, data: Any) -> None:
    check_operation(TABLE[name], data.draw(points(TABLE[name])), order=1 if "power" in name else 2)


@given(points(softsign))
def test_an_operation_of_ones_own_in_two_lines(at: float) -> None:
    check_operation(softsign, at)


@pytest.mark.slow
def test_points_go_everywhere() -> None:
    for wanted in (
        lambda x: x == 0,
        lambda x: 0 < abs(x) < 2.2e-308,
        lambda x: x < -700,
        lambda x: x > 1e100,
        lambda x: 1 < x < 2,
    ):
        find(points(TABLE["sigmoid"]), wanted, settings=settings(max_examples=2_000))
    find(points(TABLE["log"]), lambda x: x < 1e-300, settings=settings(max_examples=2_000))


def domain(inside: Any, arity: int = 1) -> Operation:
    """An operation that can be computed there only."""

    def forward(*inputs: float) -> float:
        if not inside(*inputs):
            raise ValueError("outside")
        return inputs[0]

    rules: dict[int, Any] = {1: lambda out, x, scale=1.0: (scale,), 2: lambda out, x, y, scale=1.0: (scale, 0.0)}
    return Operation("narrow", forward, rules[arity], defined=inside)


@pytest.mark.parametrize(
    "operation",
    [
        domain(lambda x: -1 < x < 1),
        domain(lambda x: x > 1),
        domain(lambda x: x < -3),
        domain(lambda x: 2 < x < 2.5),
        domain(lambda x: 600 < x < 700),
        domain(lambda x, y: x < y, 2),
        domain(lambda x, y: 0 < x < y < 1, 2),
    ],
)
@settings(max_examples=30)
@given(data=st.data())
def test_points_are_found_wherever_an_operation_is_defined(operation: Operation, data: Any) -> None:
    at = data.draw(points(operation))
    operation(*(at if isinstance(at, tuple) else (at,)))


def test_points_of_a_narrow_domain_are_many() -> None:
    assert len({*examples(points(domain(lambda x: 2 < x < 2.5)), 100)}) > 30


def test_an_operation_that_can_nowhere_be_computed_is_told() -> None:
    with pytest.raises(
        ValueError, match=r"narrow can be computed at none of [\d,]+ points, from −1000 to 1000: look at"
    ):
        points(domain(lambda x: x > 1e6))


LABELS = re.compile(r"x\d|layer\d\.neuron\d\.(w\d|b)")


@settings(max_examples=25)
@given(networks())
def test_networks_are_recorded_losses_of_labelled_leaves(loss: Value) -> None:
    assert check_gradients(loss).unresolved == []
    own = [leaf for leaf in leaves(loss) if not leaf.constant]
    assert all(LABELS.fullmatch(leaf.label) for leaf in own)
    assert len({leaf.label for leaf in own}) == len(own)


def test_networks_have_several_sizes_losses_and_activations() -> None:
    losses = examples(networks(max_layers=3), 100)
    found = [({operation_of(value).name for value in computed(loss)}, len(leaves(loss))) for loss in losses]
    for wanted in ({"half_squared_distance", "sigmoid"}, {"softplus", "negate"}, {"softplus", "subtract"}):
        assert any(wanted <= operations for operations, _ in found)
    assert any("tanh" in operations for operations, _ in found)
    assert any("relu" in operations for operations, _ in found)
    assert len({count for _, count in found}) > 8


def test_networks_are_no_larger_than_asked_for() -> None:
    for loss in examples(networks(max_inputs=1, max_layers=1, max_neurons=1), 20):
        labels = [leaf.label for leaf in leaves(loss) if not leaf.constant]
        assert sum(label.startswith("x") for label in labels) == 1
        assert sum(operation_of(value).name == "dot" for value in computed(loss)) <= 1
    with pytest.raises(ValueError, match="max_inputs must be a whole number of at least 1"):
        networks(max_inputs=0)


@given(arrays(2, 3), arrays(3, 2, nested=True), arrays(numbers=st.just(7.0)), arrays(0, 4))
def test_arrays_have_their_shape(array: Any, rows: Any, single: Any, empty: Any) -> None:
    assert array.dtype == float
    assert array.shape == (2, 3)
    assert [len(row) for row in rows] == [2, 2, 2]
    assert all(type(number) is float for row in rows for number in row)
    assert single.shape == ()
    assert float(single) == 7.0
    assert empty.shape == (0, 4)


def test_arrays_have_hard_numbers_and_shrink_to_half() -> None:
    find(arrays(3), lambda array: bool((abs(array) == 5e-324).any()), settings=settings(max_examples=2_000))
    assert find(arrays(2, nested=True), lambda array: True) == [0.5, 0.5]


def test_arrays_without_numpy_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "numpy", None)
        with pytest.raises(
            ImportError, match="arrays makes arrays of NumPy, which is missing: install it, or write nested"
        ):
            arrays(2)
        nested = arrays(1, nested=True)
    assert find(nested, lambda array: True) == [0.5]  # afterwards, as old versions of Hypothesis look for it, too


def test_the_judge_is_loaded_before_the_first_example() -> None:
    code = "from tinygrad_sigmoid.testing import check_gradients; import sys; sys.exit('mpmath' not in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(tinygrad_sigmoid.__file__).parents[1])


@given(st.from_type(Value))
def test_values_are_made_by_their_type(value: Value) -> None:
    assert value.inputs == ()
    assert math.isfinite(value.data)


register()  # what an installed package has done by itself, by this entry point


@pytest.mark.slow
@pytest.mark.parametrize("first", ["tinygrad_sigmoid.testing.strategies", "hypothesis"])
def test_strategies_or_hypothesis_can_be_the_first_to_be_imported(first: str) -> None:
    code = f"import {first}; from hypothesis import strategies as st; import tinygrad_sigmoid.testing.strategies"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(tinygrad_sigmoid.__file__).parents[1])


def test_hypothesis_finds_it_through_the_entry_point() -> None:
    project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text(encoding="utf-8"))
    module, _, function = project["project"]["entry-points"]["hypothesis"]["tinygrad_sigmoid"].partition(":")
    assert getattr(importlib.import_module(module), function) is register
