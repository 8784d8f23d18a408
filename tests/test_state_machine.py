"""Anything in any order: graphs are built, replayed, nudged, copied, pickled, zeroed and backpropagated at random.

After each step the Values are compared with a naive model of them, which forgets nothing, orders nothing and computes
every gradient by going through all paths.
"""

from __future__ import annotations

import copy
import math
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tinygrad_sigmoid import Neuron, StaleGraph, Value, gradients, nudge
from tinygrad_sigmoid.operations import add, divide, multiply, sigmoid, subtract, tanh

NUMBERS = st.floats(-2, 2)
PLACES = st.integers(0, 9)


class Naive:
    """The model: a row is (None, leaf) or (operation, places of its inputs); `now` is what was computed last."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, Any]] = []
        self.now: list[float] = []
        self.grads: list[float | None] = []

    def replay(self, place: int) -> float:
        operation, given = self.rows[place]
        self.now[place] = given if operation is None else operation(*[self.replay(one) for one in given])
        return self.now[place]

    def leaves(self, output: int) -> set[int]:
        operation, given = self.rows[output]
        return {output} if operation is None else set().union(*[self.leaves(one) for one in given])

    def slopes(self, place: int) -> tuple[float, ...]:
        operation, given = self.rows[place]
        return operation.derivatives(self.now[place], *[self.now[one] for one in given]) if operation else ()

    def slope(self, output: int, place: int) -> float:
        operation, given = self.rows[output]
        if output == place or operation is None:
            return float(output == place)
        return math.fsum(slope * self.slope(one, place) for slope, one in zip(self.slopes(output), given, strict=True))

    def ancestors(self, place: int) -> set[int]:
        operation, given = self.rows[place]
        return {place}.union(*[self.ancestors(one) for one in given]) if operation else {place}

    def backward(self, output: int) -> None:
        for place in self.ancestors(output):
            kept = (self.grads[place] or 0.0) if self.rows[place][0] is None else 0.0
            self.grads[place] = kept + self.slope(output, place)


class Values(RuleBasedStateMachine):
    @initialize(numbers=st.lists(NUMBERS, min_size=2, max_size=3))
    def begin(self, numbers: list[float]) -> None:
        self.naive = Naive()
        self.values: list[Value] = []
        for number in numbers:
            self._add(Value(number, f"x{len(self.values)}"), None, number)

    def _add(self, value: Value, operation: Any, given: Any) -> None:
        self.values.append(value)
        self.naive.rows.append((operation, given))
        self.naive.now.append(0.0)
        self.naive.grads.append(None)
        if operation is None:
            self.naive.now[-1] = given
        else:
            self.naive.now[-1] = operation(*[self.naive.now[one] for one in given])

    def _place(self, drawn: int) -> int:
        return drawn % len(self.values)

    def _stale(self, place: int) -> bool:
        """Whether a replay would compute another number or another local derivative on the way to this value."""
        kept, ancestors = list(self.naive.now), self.naive.ancestors(place)
        recorded = {one: self.values[one].local_derivatives for one in ancestors}
        try:
            self.naive.replay(place)
            fresh = {one: self.naive.slopes(one) for one in ancestors}
            return fresh != recorded or any(self.naive.now[one] != kept[one] for one in ancestors)
        except (ZeroDivisionError, OverflowError):
            return True
        finally:
            self.naive.now = kept

    @rule(operation=st.sampled_from([add, subtract, multiply, divide]), a=PLACES, b=PLACES)
    def record_two(self, operation: Any, a: int, b: int) -> None:
        places = self._place(a), self._place(b)
        numbers = [self.naive.now[place] for place in places]
        if len(self.values) < 10 and not (operation is divide and abs(numbers[1]) < 0.1):
            self._add(operation(*[self.values[place] for place in places]), operation, places)

    @rule(operation=st.sampled_from([sigmoid, tanh]), a=PLACES)
    def record_one(self, operation: Any, a: int) -> None:
        if len(self.values) < 10:
            self._add(operation(self.values[self._place(a)]), operation, (self._place(a),))

    @rule(a=PLACES, number=NUMBERS)
    def change_a_leaf(self, a: int, number: float) -> None:
        place = self._place(a)
        if self.naive.rows[place][0] is None:
            self.values[place].data = self.naive.now[place] = number
            self.naive.rows[place] = (None, number)

    @rule(a=PLACES)
    def replay(self, a: int) -> None:
        place, before = self._place(a), list(self.naive.now)
        try:
            self.naive.replay(place)
        except (ZeroDivisionError, OverflowError):
            self.naive.now = before
        try:
            self.values[place].forward()
        except ArithmeticError:
            self.naive.now = before

    @rule(a=PLACES)
    def backpropagate(self, a: int) -> None:
        place = self._place(a)
        if self._stale(place):
            with pytest.raises(StaleGraph):
                self.values[place].backward()
        else:
            self.values[place].backward()
            self.naive.backward(place)

    @rule(a=PLACES)
    def zero(self, a: int) -> None:
        self.values[self._place(a)].zero_grad()
        for place in self.naive.ancestors(self._place(a)):
            self.naive.grads[place] = None

    @rule(how=st.sampled_from([copy.deepcopy, lambda values: pickle.loads(pickle.dumps(values))]))
    def move_to_a_copy(self, how: Any) -> None:
        originals = self.values
        self.values = how(originals)
        assert not {id(value) for value in self.values} & {id(value) for value in originals}

    @rule(a=PLACES, leaf=PLACES, change=st.floats(-0.01, 0.01))
    def nudge_a_leaf(self, a: int, leaf: int, change: float) -> None:
        place, moved = self._place(a), self._place(leaf)
        if self.naive.rows[moved][0] is not None:
            return
        if moved not in self.naive.leaves(place):
            with pytest.raises(ValueError, match="is not in the graph of"):
                nudge(self.values[place], {self.values[moved]: change})
            return
        if self._stale(place):
            with pytest.raises(StaleGraph):
                nudge(self.values[place], {self.values[moved]: change})
            return
        try:
            found = nudge(self.values[place], {self.values[moved]: change})
        except ArithmeticError:
            return
        assert math.isclose(found.predicted, self.naive.slope(place, moved) * change, rel_tol=1e-9, abs_tol=1e-12)

    @rule(a=PLACES)
    def differentiate(self, a: int) -> None:
        place = self._place(a)
        if not self._stale(place):
            for value, gradient in zip(self.values, gradients(self.values[place], self.values), strict=True):
                true = self.naive.slope(place, self.values.index(value))
                assert math.isclose(gradient.data, true, rel_tol=1e-9, abs_tol=1e-9)

    @invariant()
    def the_values_are_those_of_the_model(self) -> None:
        for value, now, grad in zip(self.values, self.naive.now, self.naive.grads, strict=True):
            assert value.data == now
            assert (value.grad is None) == (grad is None)
            assert grad is None or math.isclose(value.grad or 0.0, grad, rel_tol=1e-9, abs_tol=1e-9)


TestValues = Values.TestCase
TestValues.settings = settings(max_examples=80, stateful_step_count=25)


class Neurons(RuleBasedStateMachine):
    """A neuron that is tuned, saved and loaded: its numbers are never any others than the model's."""

    @initialize(weights=st.lists(NUMBERS, min_size=1, max_size=3), bias=NUMBERS)
    def begin(self, weights: list[float], bias: float) -> None:
        self.neuron, self.numbers = Neuron(weights, bias), [*weights, bias]

    @rule(number=NUMBERS, place=PLACES)
    def tune(self, number: float, place: int) -> None:
        self.neuron.parameters()[place % len(self.numbers)].data = number
        self.numbers[place % len(self.numbers)] = number

    @rule()
    def save_and_load(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.neuron.save(Path(folder, "neuron.json"))
            self.neuron = Neuron.load(Path(folder, "neuron.json"))

    @rule(x=NUMBERS)
    def compute(self, x: float) -> None:
        *weights, bias = self.numbers
        z = 0.0  # `sum` would compensate from Python 3.12 on
        for w in weights:
            z += w * x
        z += bias
        output = self.neuron([x] * len(weights))
        assert output.data == self.neuron.predict([x] * len(weights)) == 1 / (1 + math.exp(-z))

    @invariant()
    def the_numbers_are_kept(self) -> None:
        if hasattr(self, "neuron"):
            assert [parameter.data for parameter in self.neuron.parameters()] == self.numbers


TestNeurons = Neurons.TestCase
TestNeurons.settings = settings(max_examples=30, stateful_step_count=12)
