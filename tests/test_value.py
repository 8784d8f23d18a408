"""A Value: its arithmetic, its two passes, what it remembers and what it lets go."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import sys
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from operator import ge, gt, le, lt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import (
    GradientDescent,
    Network,
    Neuron,
    Operation,
    StaleGraph,
    Value,
    exp,
    gradients,
    log,
    nudge,
    sigmoid,
    sqrt,
    squared_error,
)
from tinygrad_sigmoid.graph import topological_order

cube = Operation("cube", lambda x: x * x * x, lambda out, x: (3.0 * x * x,))


def through_pickle(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


# -- Arithmetic ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compute", "result", "slope"),
    [
        (lambda x: x + 3, 5.0, 1.0),
        (lambda x: 3 + x, 5.0, 1.0),
        (lambda x: x - 3, -1.0, 1.0),
        (lambda x: 3 - x, 1.0, -1.0),
        (lambda x: x * 3, 6.0, 3.0),
        (lambda x: 3 * x, 6.0, 3.0),
        (lambda x: x / 4, 0.5, 0.25),
        (lambda x: 4 / x, 2.0, -1.0),
        (lambda x: x**3, 8.0, 12.0),
        (lambda x: 1**x, 1.0, 0.0),
        (lambda x: x ** Value(2.0), 4.0, 4.0),
        (lambda x: -x, -2.0, -1.0),
        (lambda x: +x, 2.0, 1.0),
        (lambda x: abs(-x), 2.0, 1.0),
        (lambda x: sum([x, x, 1]), 5.0, 2.0),
        (lambda x: x + True, 3.0, 1.0),
        (lambda x: x * Fraction(1, 2), 1.0, 0.5),
    ],
)
def test_operators_and_their_reflections(compute: Callable[[Value], Value], result: float, slope: float) -> None:
    x = Value(2.0)
    out = compute(x)
    out.backward()
    assert (out.data, x.grad) == (result, slope)


def test_a_value_as_exponent() -> None:
    x = Value(3.0)
    out = 2**x
    out.backward()
    assert out.data == 8.0
    assert x.grad == pytest.approx(8 * 0.6931471805599453, rel=1e-15)


def test_updating_in_place_records_too() -> None:
    x = Value(2.0)
    y = x
    y += 1
    y *= x
    y -= 1
    y /= x
    y **= 2
    y.backward()
    assert y.data == 6.25
    assert x.data == 2.0
    assert x.grad == 2 * 2.5 * (1 + 1 / 4)


def test_adding_up_records_no_additional_zero() -> None:
    a, b = Value(1.0), Value(2.0)
    total: Any = sum([a, b])
    assert topological_order(total) == [a, b, total]
    assert total.data == 3.0
    written_out = 0.0 + a
    assert [used.data for used in written_out.inputs] == [0.0, 1.0]


def test_methods_are_the_operations_of_the_table() -> None:
    x = Value(0.5)
    for name in ("exp", "log", "sin", "cos", "tanh", "sigmoid", "relu", "sqrt"):
        out = getattr(x, name)()
        assert out.operation.name == name
        assert out.inputs == (x,)


def test_comparisons_are_plain_bools_and_equality_is_identity() -> None:
    a, b = Value(1.0), Value(2.0)
    assert [a < b, a <= b, a > b, a >= b, a < 2, 3 * a > 2, a >= 1.5] == [True, True, False, False, True, True, False]
    assert all(type(answer) is bool for answer in (a < b, a < 2, a >= 1))
    assert a != Value(1.0)
    assert [a] == [a]
    assert len({a, b, a}) == 2
    loss, rounds = Value(1.0), 0
    while loss > 0.1:
        loss, rounds = loss / 2, rounds + 1
    assert rounds == 4


@pytest.mark.parametrize(
    "number",
    [3, 3.0, True, Fraction(3, 2), np.float64(1.5), np.float32(1.5), np.float16(2), np.int64(3), np.uint8(3)],
)
def test_every_kind_of_number_on_either_side_gives_a_value_with_a_float(number: Any) -> None:
    x = Value(2.0)
    as_float = float(number)
    for out, expected in (
        (number * x, as_float * 2.0),
        (x * number, 2.0 * as_float),
        (number - x, as_float - 2.0),
        (x - number, 2.0 - as_float),
        (number / x, as_float / 2.0),
        (x**number, 2.0**as_float),
        (number**x, as_float**2.0),
        (Value(number) + x, as_float + 2.0),
    ):
        assert type(out) is Value
        assert type(out.data) is float
        assert out.data == expected
    assert (number < x) is (as_float < 2.0)


def test_decimals_are_refused_because_they_are_no_binary_reals() -> None:
    with pytest.raises(TypeError, match="Decimal"):
        Value(Decimal("1.5"))


@pytest.mark.parametrize("number", [4, np.float32(4), np.float64(4), np.int32(4), Fraction(4)])
def test_whatever_number_is_written_to_a_leaf_computes_in_floats(number: Any) -> None:
    w, x = Value(1.0, "w"), Value(3.0, "x")
    y = w * x
    w.data = number
    y.forward()
    assert (y.data, type(y.data), type(w.data)) == (12.0, float, float)
    w.data = number
    fresh = w * x + w
    fresh.backward()
    assert (fresh.data, type(fresh.data)) == (16.0, float)
    assert (x.grad, type(x.grad)) == (4.0, float)


def test_text() -> None:
    x = Value(0.5, "x")
    y = x * 3
    y.backward()
    assert f"{y:.3f} {y:+.1e}" == "1.500 +1.5e+00"
    assert f"{y}" == str(y) == repr(y) == "Value(1.5, grad=1.0)"
    assert repr(x) == "Value(0.5, 'x', grad=3.0)"


# -- The backward pass -----------------------------------------------------------------------------------------------


def test_grad_is_none_until_a_pass_has_computed_it() -> None:
    x, other = Value(3.0), Value(1.0)
    y = x * x
    assert (x.grad, y.grad) == (None, None)
    y.backward()
    assert (x.grad, y.grad, other.grad) == (6.0, 1.0, None)
    y.zero_grad()
    assert (x.grad, y.grad) == (None, None)


def test_constants_have_no_gradient() -> None:
    x = Value(3.0)
    y = 2 * x
    y.backward()
    constant = y.inputs[0]
    assert (constant.data, constant.constant, constant.grad) == (2.0, True, None)


def test_two_passes_over_a_cube_add_up_on_the_leaf_alone() -> None:
    # 27, then 54. Whoever zeroes only the leaves gets 45 from the second pass.
    x = Value(3.0)
    square = x * x
    y = square * x
    y.backward()
    assert (x.grad, square.grad, y.grad) == (27.0, 3.0, 1.0)
    y.backward()
    assert (x.grad, square.grad, y.grad) == (54.0, 3.0, 1.0)
    x.grad = None
    y.backward()
    assert x.grad == 27.0


def test_passes_of_two_outputs_add_up_on_their_leaves() -> None:
    x = Value(3.0)
    (x * x).backward()
    (5 * x).backward()
    assert x.grad == 6.0 + 5.0


def test_a_leaf_is_its_own_output() -> None:
    x = Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_where_learners_go_wrong() -> None:
    # x = 2; y = 3x; a = 2y; b = 5y; c = a + b: dc/dx is 21, not 27, 15, 6 or 0.
    x = Value(2.0)
    y = 3 * x
    a, b = 2 * y, 5 * y
    c = a + b
    c.backward()
    assert (c.data, y.grad, x.grad) == (42.0, 7.0, 21.0)

    x = Value(3.0)
    square = x * x
    square.backward()
    assert square.inputs == (x, x)
    assert x.grad == 6.0


def test_the_diamond_counts_both_paths_whatever_the_order() -> None:
    for swap in (False, True):
        x = Value(2.0)
        y = x * 3
        pair = [y * 2, y * 5]
        (pair[swap] + pair[not swap]).backward()
        assert x.grad == 21.0


# -- The forward pass ------------------------------------------------------------------------------------------------


def test_a_graph_is_a_program() -> None:
    w, x = Value(0.6), Value(1.0)
    y = sigmoid(w * x + 0.9)
    w.data = -2.0
    assert y.forward() is y
    fresh = sigmoid(Value(-2.0) * 1.0 + 0.9)
    assert y.data == fresh.data
    y.backward()
    fresh.backward()
    assert w.grad == pytest.approx(fresh.inputs[0].inputs[0].inputs[0].grad, abs=0)


def test_the_gradient_of_a_point_that_is_gone_is_an_error() -> None:
    x = Value(3.0, "x")
    y = x * x
    x.data = 10.0
    for reader in (y.backward, lambda: gradients(y, [x])):
        with pytest.raises(StaleGraph, match=r"Value\(10.0, 'x'\) was changed.*forward\(\)"):
            reader()
    assert (y.data, x.grad) == (9.0, None)
    y.forward()
    y.backward()
    assert (y.data, x.grad) == (100.0, 20.0)
    assert gradients(y, [x])[0].data == 20.0


def test_a_stale_graph_names_what_was_changed_and_nothing_else() -> None:
    x, w = Value(3.0, "x"), Value(2.0, "w")
    for y in (x * w, w * x + x, x * 7.0 * x):
        x.data += 1.0
        with pytest.raises(StaleGraph) as raised:
            y.backward()
        assert str(raised.value).startswith(f"{x!r} was changed after multiply was computed")


def test_a_graph_of_which_only_a_part_was_replayed_is_stale() -> None:
    x = Value(3.0, "x")
    a, b = x * 2, x * 3
    x.data = 5.0
    a.forward()
    a.backward()
    with pytest.raises(StaleGraph, match="multiply"):
        (a * b).backward()


def test_loops_as_people_write_them_are_not_stale() -> None:
    first, second = Network([2, 3], seed=0), Network([3, 1], seed=1)
    descents = [GradientDescent(network.parameters(), 0.5) for network in (first, second)]
    for _ in range(3):  # two optimisers over two layers, and without zero_grad
        squared_error(second(first([0.2, 0.8])), [1.0]).backward()
        for descent in descents:
            descent.step()
    losses = [squared_error(second(first(x)), [1.0]) for x in ([0.0, 1.0], [1.0, 0.0])]
    for loss in losses:  # gradients added up over graphs that were recorded before
        loss.backward()
    descents[0].step(2)
    nudge(second([0.1, 0.2, 0.3])[0], {second.parameters()[0]: 0.1})
    recorded = second([0.1, 0.2, 0.3])[0]
    nudge(second([0.1, 0.2, 0.3])[0], {second.parameters()[0]: 0.1})  # changes a leaf of `recorded`, and back
    recorded.backward()


def test_a_loss_that_is_recorded_once_and_never_replayed_does_not_train_in_silence() -> None:
    neuron = Neuron([0.5], 0.1)
    loss, descent = squared_error(neuron([1.0]), 0.0), GradientDescent(neuron.parameters(), 1.0)
    loss.backward()
    descent.step()
    with pytest.raises(StaleGraph, match="w1"):
        loss.backward()
    loss.forward().backward()


@pytest.mark.parametrize("again", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_copy_of_a_stale_graph_is_stale(again: Callable[[Any], Any]) -> None:
    x = Value(3.0, "x")
    y = x * x + 1
    x.data = 4.0
    copied = again(y)
    with pytest.raises(StaleGraph, match="x"):
        copied.backward()
    assert copied.forward().data == 17.0
    copied.backward()


def test_a_replay_that_fails_leaves_everything_as_it_was() -> None:
    x = Value(4.0, "x")
    root = sqrt(x + 1)
    y = 2 / (root - 1)
    before = [(value.data, value.local_derivatives) for value in topological_order(y) if value.inputs]
    x.data = 0.0
    with pytest.raises(ZeroDivisionError, match="keep the divisor away"):
        y.forward()
    assert [(value.data, value.local_derivatives) for value in topological_order(y) if value.inputs] == before
    assert x.data == 0.0


def test_detaching_cuts_the_graph() -> None:
    x = Value(3.0, "x")
    y = x * x
    y.label = "y"
    cut = y.detach()
    assert (cut.data, cut.label, cut.inputs, cut.constant) == (9.0, "y", (), False)
    (cut * x).backward()
    assert x.grad == 9.0


# -- Long graphs -------------------------------------------------------------------------------------------------------


def chain(length: int) -> tuple[Value, Value]:
    x = Value(1.0, "x")
    out = x
    for _ in range(length):
        out = -out
    return x, out


def braid(layers: int) -> tuple[Value, Value]:
    """Each layer uses the one before twice, so that 2^layers paths lead back to the leaf."""
    x = Value(1.0, "x")
    out = x
    for _ in range(layers):
        out = (out + out) * 0.5
    return x, out


@pytest.fixture
def nothing_collects_cycles() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_collects_cycles")
def test_a_million_values_in_a_chain() -> None:
    blocks = sys.getallocatedblocks()
    x, out = chain(1_000_000)
    out.backward()
    assert (out.data, x.grad) == (1.0, 1.0)
    x.data = 5.0
    assert out.forward().data == 5.0
    assert sys.getallocatedblocks() > blocks + 3_000_000
    del out
    assert sys.getallocatedblocks() < blocks + 30_000  # freed as soon as it was dropped


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_collects_cycles")
def test_a_long_chain_is_copied_and_pickled() -> None:
    _, out = chain(200_000)
    blocks = sys.getallocatedblocks()
    for again in (copy.deepcopy, through_pickle):
        twin = again(out)
        twin.backward()
        [first] = [value for value in topological_order(twin) if not value.inputs]
        assert (twin.data, first.data, first.label, first.grad) == (1.0, 1.0, "x", 1.0)
        assert out.grad is None
        del twin, first
        assert sys.getallocatedblocks() < blocks + 10_000


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_collects_cycles")
def test_a_value_takes_at_most_320_bytes() -> None:
    def bytes_for(build: Callable[[int], tuple[Value, Value]], values: int) -> float:
        tracemalloc.start()
        try:
            kept = build(values)
            kept[1].backward()
            return tracemalloc.get_traced_memory()[0] / len(topological_order(kept[1]))
        finally:
            tracemalloc.stop()

    for build in (chain, braid):
        small, large = bytes_for(build, 3_000), bytes_for(build, 30_000)
        assert large <= 320
        assert large < 1.2 * small


def test_a_thousand_layers_with_2_to_the_1000_paths() -> None:
    x, out = braid(1_000)
    out.backward()
    assert (out.data, x.grad) == (1.0, 1.0)
    assert len(topological_order(out)) == 3_001
    x.data = 3.0
    assert out.forward().data == 3.0
    twin = copy.deepcopy(out)
    restored = pickle.loads(pickle.dumps(out))
    for same in (twin, restored):
        assert len(topological_order(same)) == 3_001
        same.zero_grad()
        same.backward()
        [leaf] = [value for value in topological_order(same) if not value.inputs and not value.constant]
        assert (same.data, leaf.grad, leaf.label) == (3.0, 1.0, "x")
    [slope] = gradients(out, [x])
    assert slope.data == 1.0


def test_each_value_is_computed_once_in_a_replay_however_many_paths_lead_to_it() -> None:
    computed = []

    def noted(x: float) -> float:
        computed.append(x)
        return x

    same = Operation("same", noted, lambda out, x: (1.0,))
    x = Value(1.0)
    out = x
    for _ in range(100):
        out = same(0.5 * out + 0.5 * out)
    assert len(computed) == 100
    out.forward()
    assert len(computed) == 200
    out.backward()
    assert (len(computed), x.grad) == (200, 1.0)


@pytest.mark.usefixtures("nothing_collects_cycles")
def test_nothing_of_a_graph_needs_the_garbage_collector() -> None:
    network = Network([3, 4, 2], seed=0)
    before = len(gc.get_objects())
    for _ in range(10):
        loss = squared_error(network([0.1, 0.2, 0.3]), [0.0, 1.0])
        loss.backward()
        [slope] = gradients(loss, [network.parameters()[0]])
        copy.deepcopy(loss)
        pickle.loads(pickle.dumps(loss))
        del loss, slope
    assert len(gc.get_objects()) <= before + 20
    assert gc.collect() == 0


# -- Copies and pickles ----------------------------------------------------------------------------------------------


class Noted(Value):
    notes: Any


class Slotted(Value):
    __slots__ = ("notes",)
    notes: Any


@pytest.mark.parametrize("again", [copy.deepcopy, through_pickle], ids=["copy", "pickle"])
class TestCopies:
    def test_shared_values_stay_shared(self, again: Callable[[Any], Any]) -> None:
        x = Value(2.0, "x")
        hidden = sigmoid(x * 3)
        loss = hidden * hidden + x
        loss.backward()
        hidden2, loss2, x2 = again([hidden, loss, x])
        assert hidden2 is not hidden
        order = topological_order(loss2)
        assert hidden2 in order
        assert x2 in order
        assert [(v.data, v.grad, v.label, v.constant, v.local_derivatives, v.operation) for v in order] == [
            (v.data, v.grad, v.label, v.constant, v.local_derivatives, v.operation) for v in topological_order(loss)
        ]
        x2.data = 1.0
        loss2.forward()
        assert loss2.data == Value(1.0).data + sigmoid(Value(3.0)).data ** 2
        assert x.data == 2.0

    def test_a_network_and_its_loss_stay_together(self, again: Callable[[Any], Any]) -> None:
        network = Network([2, 3, 1], seed=0)
        loss = squared_error(network([0.5, -0.5]), [1.0])
        network2, loss2 = again((network, loss))
        leaves = set(topological_order(loss2))
        assert all(parameter in leaves for parameter in network2.parameters())
        loss2.backward()
        loss.backward()
        assert [p.grad for p in network2.parameters()] == [p.grad for p in network.parameters()]
        assert list(network2.named_parameters()) == list(network.named_parameters())
        assert network2.predict([0.5, -0.5]) == network.predict([0.5, -0.5])

    def test_an_operation_is_the_one_of_its_kind(self, again: Callable[[Any], Any]) -> None:
        assert again(sigmoid) is sigmoid
        assert again([cube]) == [cube]

    def test_a_value_in_two_containers_is_one_value(self, again: Callable[[Any], Any]) -> None:
        x = Value(2.0)
        things = again({"list": [x, x * 2], "tuple": (x,), "graph": x * x})
        assert things["list"][0] is things["tuple"][0] is things["graph"].inputs[0] is things["list"][1].inputs[0]

    def test_an_operation_of_ones_own(self, again: Callable[[Any], Any]) -> None:
        x = Value(2.0, "x")
        out = again(cube(x))
        assert out.operation is cube
        [leaf] = out.inputs
        [slope] = gradients(out, [leaf])
        [bend] = gradients(slope, [leaf])
        assert (out.data, slope.data, bend.data) == (8.0, 12.0, 12.0)

    def test_a_stale_graph_tells_which_leaf_was_changed(self, again: Callable[[Any], Any]) -> None:
        x, kept = Value(2.0, "x"), Value(3.0, "kept")
        fresh, stale = x * 2, x * kept
        x.data = 5.0
        fresh.forward()
        fresh2, stale2, x2 = again(again([fresh, stale, x]))
        fresh2.backward()
        with pytest.raises(StaleGraph) as raised:
            (fresh2 * stale2).backward()
        assert str(raised.value).startswith("Value(5.0, 'x', grad=2.0) was changed after multiply")
        stale2.forward()
        x2.data = 6.0
        with pytest.raises(StaleGraph, match="'x'"):
            stale2.backward()

    @pytest.mark.parametrize("kind", ["Noted", "Slotted"])
    def test_what_a_subclass_has_added_is_copied(self, again: Callable[[Any], Any], kind: str) -> None:
        x: Any = {"Noted": Noted, "Slotted": Slotted}[kind](2.0, "x")
        x.notes = ["first", x]
        twin: Any = again(x * x).inputs[0]
        assert type(twin) is type(x)
        assert twin.notes == ["first", twin]
        assert twin.notes is not x.notes


def test_pickling_in_the_middle_of_an_error_leaves_pickling_usable() -> None:
    nameless = Operation("nameless", lambda x: x, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match="nameless"):
        pickle.dumps(nameless(Value(1.0)) * 2)
    restored = pickle.loads(pickle.dumps(chain(5_000)[1]))
    assert len(topological_order(restored)) == 5_001


def test_a_copied_value_is_numbered_so_that_it_can_be_computed_with() -> None:
    x = Value(2.0)
    y = x * x
    twin = copy.deepcopy(y)
    later = twin * x + y
    order = topological_order(later)
    assert all(order.index(used) < order.index(value) for value in order for used in value.inputs)
    assert len({value.index for value in order}) == len(order)


# -- An operation of one's own -----------------------------------------------------------------------------------------


def test_an_operation_of_ones_own_is_as_good_as_a_built_in_one() -> None:
    x = Value(3.0, "x")
    y = 2 * cube(x) + 1
    y.backward()
    [slope] = gradients(y, [x])
    [bend] = gradients(slope, [x])
    assert (y.data, x.grad, slope.data, bend.data) == (55.0, 54.0, 54.0, 36.0)
    x.data = 1.0
    assert y.forward().data == 3.0
    assert cube(2) == 8.0
    assert f"{cube!r}" == "<operation cube>"


@given(st.floats(-5, 5))
def test_functions_and_methods_agree(number: float) -> None:
    x = Value(number)
    assert exp(x).data == x.exp().data == exp(number)
    if number > 0:
        assert log(x).data == x.log().data == log(number)


def test_a_changed_leaf_is_noticed_even_where_the_result_stays_the_same() -> None:
    x = Value(3.0, "x")
    y = x * x
    x.data = -3.0
    with pytest.raises(StaleGraph, match=r"Value\(-3.0, 'x'\) was changed"):
        y.backward()


def test_an_interrupted_replay_leaves_the_graph_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    x = Value(2.0, "x")
    h = x * x
    y = h * h

    def interrupted(*_: float) -> float:
        raise KeyboardInterrupt

    stops = Operation("stops", lambda a: a, lambda out, a: (1.0,))
    z = stops(y)
    monkeypatch.setattr(stops, "forward", interrupted)
    x.data = 3.0
    with pytest.raises(KeyboardInterrupt):
        z.forward()
    assert (h.data, y.data, h.local_derivatives) == (4.0, 16.0, (2.0, 2.0))


def test_a_list_of_a_graphs_values_is_copied_once_each() -> None:
    order = [Value(1.0)]
    for _ in range(20_000):
        order.append(-order[-1])
    copied = copy.deepcopy(order)
    assert all(new.inputs[0] is before for before, new in pairwise(copied))


# -- At the edges ------------------------------------------------------------------------------------------------------


def test_comparisons_of_equal_numbers() -> None:
    one, another = Value(1.0), Value(1.0)
    for left, right in ((one, another), (one, 1), (1, one)):
        assert [compare(left, right) for compare in (lt, le, gt, ge)] == [False, True, False, True]


def test_a_whole_number_too_large_for_a_float_can_be_compared() -> None:
    one = Value(1.0)
    assert one < 10**400
    assert one > -(10**400)
    assert one <= 10**5000


def test_a_leaf_whose_zero_changed_its_sign_was_changed() -> None:
    x = Value(0.0, "x")
    y = x * 2.0
    x.data = -0.0
    with pytest.raises(StaleGraph, match="'x'"):
        y.backward()
    assert math.copysign(1.0, y.forward().data) == -1.0


def test_a_misspelt_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError, match="gard"):
        Value(1.0).gard = 2.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_become_floats_where_no_digit_is_lost(sign: int) -> None:
    for whole in (2**53 - 1, 2**53, 2**53 + 2, 2**60, 10**22):
        assert Value(sign * whole).data == sign * whole
    for odd in (2**53 + 1, 2**60 + 1, 10**23 + 1):
        with pytest.raises(OverflowError, match="would lose digits as a float"):
            Value(sign * odd)
        with pytest.raises(OverflowError, match="would lose digits as a float"):
            Value(np.int64(sign * odd) if odd < 2**63 else sign * odd)


class RunsAThread(str):
    """A label whose pickling pickles another graph in another thread, and waits for that."""

    graph: Value
    pickled: bytes

    def __reduce__(self) -> tuple[Any, ...]:
        def dump() -> None:
            self.pickled = pickle.dumps(self.graph)

        thread = threading.Thread(target=dump)
        thread.start()
        thread.join()
        return str, (str(self),)


def test_two_threads_can_pickle_at_once() -> None:
    label = RunsAThread("label")
    label.graph = chain(5_000)[1]
    x = Value(1.0)
    between = -x
    between.label = label
    restored = pickle.loads(pickle.dumps(-between))
    assert restored.inputs[0].label == "label"
    for graph, length in ((restored, 3), (pickle.loads(label.pickled), 5_001)):
        assert len(topological_order(graph)) == length


impostor = cube  # a name that another operation has


def test_an_operation_whose_name_another_one_has_taken_can_not_be_pickled() -> None:
    shadowed = Operation("impostor", lambda x: x, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match="no variable of that name that holds it"):
        pickle.dumps(shadowed(Value(1.0)))


def test_a_graph_that_could_not_be_computed_any_more_is_stale() -> None:
    x = Value(1.0, "x")
    for y in (log(x), 1 / x, sqrt(x)):
        x.data = -0.0
        with pytest.raises(StaleGraph, match=r"Value\(-0.0, 'x'"):
            y.backward()
        x.data = 1.0
        y.forward().backward()


def test_an_operation_that_gives_an_int_makes_a_value_with_a_float() -> None:
    whole = Operation("whole", lambda x: round(x), lambda out, x: (0.0,))
    first, again = whole(Value(2.6)), whole(Value(2.6) * 1.0).forward()
    assert [(value.data, type(value.data)) for value in (first, again)] == [(3.0, float), (3.0, float)]


def test_an_operation_may_have_three_inputs() -> None:
    line = Operation("line", lambda a, x, b: a * x + b, lambda out, a, x, b: (x, a, 1.0))
    a, x, b = Value(2.0, "a"), Value(3.0, "x"), Value(4.0, "b")
    y = line(a, x, b)
    y.backward()
    assert (y.data, a.grad, x.grad, b.grad) == (10.0, 3.0, 2.0, 1.0)
    a.data = 5.0
    assert y.forward().data == 19.0
