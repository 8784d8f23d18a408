"""The order of a graph, and walks over it."""

from __future__ import annotations

from typing import Any

from hypothesis import given

from tinygrad_sigmoid import Network, Value, gradients, sigmoid
from tinygrad_sigmoid.graph import computed, leaves, next_index, topological_order, uses
from tinygrad_sigmoid.testing.strategies import graphs


@given(graphs())
def test_inputs_come_before_what_is_computed_from_them(output: Value) -> None:
    order = topological_order(output)
    place = {value: k for k, value in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is output
    assert all(place[used] < place[value] for value in order for used in value.inputs)
    assert [value for value in order if value.inputs] == computed(output)
    assert [value for value in order if not value.inputs] == leaves(output)


@given(graphs())
def test_uses_may_be_looked_for_in_a_part_of_a_graph(output: Value) -> None:
    order = topological_order(output)
    everywhere, part = uses(order), order[len(order) // 2 :]
    assert uses(part) == {value: everywhere[value] for value in part}


@given(graphs())
def test_every_value_but_the_output_is_used(output: Value) -> None:
    order = topological_order(output)
    users = uses(order)
    assert [value for value in order if not users[value]] == [output]
    assert sum(len(found) for found in users.values()) == sum(len(value.inputs) for value in order)
    for value, found in users.items():
        assert all(sum(used is value for used in user.inputs) == found.count(user) for user in found)


def test_a_value_used_twice_has_two_uses() -> None:
    a = Value(3.0)
    square = a * a
    assert uses([a, square]) == {a: [square, square], square: []}


def test_several_outputs_share_their_order() -> None:
    x = Value(0.5)
    hidden = sigmoid(x)
    first, second = hidden * 2, hidden * 3
    assert set(topological_order(first, second)) == {*topological_order(first), *topological_order(second)}
    assert computed(second, first, second) == [hidden, first, second]
    assert computed(x) == []
    assert topological_order(x) == [x]


def test_the_order_is_that_of_creation_so_it_is_the_same_on_every_run() -> None:
    def names() -> list[str]:
        network = Network([3, 4, 2], seed=0)
        first, second = network([0.1, 0.2, 0.3])
        [slope] = gradients(first + second, [network.parameters()[0]])
        return [str(value.operation) + value.label + repr(value.data) for value in topological_order(slope)]

    assert names() == names()


class Node:
    """The least that a walk needs."""

    def __init__(self, *inputs: Node) -> None:
        self.used = inputs
        self.index = next_index()
        self.mark: object = None

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self.used


class Interrupted(Node):
    """A leaf at which another walk over what is behind it begins, as another thread's might at any moment."""

    def __init__(self, behind: Node) -> None:
        super().__init__()
        self.behind = behind

    @property
    def inputs(self) -> tuple[Node, ...]:
        assert walked(self.behind)[-1] is self.behind
        return ()


def walked(output: Any) -> list[Any]:
    return computed(output)


def test_a_walk_that_another_one_has_crossed_meets_each_value_once() -> None:
    x = Node()
    h, k = Node(x), Node(x)
    output = Node(h, k, Interrupted(h), h)
    assert walked(output) == [h, k, output]
    assert walked(Node(h, Interrupted(h), h, k))[:2] == [h, k]
