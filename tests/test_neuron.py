"""Neurons, layers, networks and perceptrons, with the numbers of chapter 1; and the files they are kept in."""

from __future__ import annotations

import json
import os
import stat
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import (
    Layer,
    Network,
    Neuron,
    Operation,
    Perceptron,
    Value,
    heaviside,
    relu,
    sigmoid,
    squared_error,
    tanh,
)
from tinygrad_sigmoid.files import write_whole

CORNERS = list(product((0, 1), repeat=2))
softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))


# -- Perceptrons -----------------------------------------------------------------------------------------------------


def test_a_perceptron_fires_above_0_and_not_at_0() -> None:
    perceptron = Perceptron([1], 0)
    assert [perceptron([x]).data for x in (-1e-300, -0.0, 0, 1e-300)] == [0, 0, 0, 1]


def test_the_cheese_festival() -> None:
    weather_counts_most = Perceptron([6, 2, 2], -5)
    others_can_do_it = Perceptron([6, 2, 2], -3)
    days = list(product((0, 1), repeat=3))
    assert [weather_counts_most(day).data for day in days] == [day[0] for day in days]
    changed = [day for day in days if weather_counts_most(day).data != others_can_do_it(day).data]
    assert changed == [(0, 1, 1)]


def test_nand() -> None:
    nand = Perceptron([-2, -2], 3)
    assert [nand(bits).inputs[0].data for bits in CORNERS] == [3, 1, 1, -1]
    assert [nand(bits).data for bits in CORNERS] == [1, 1, 1, 0]
    assert [nand.predict(bits) for bits in CORNERS] == [1, 1, 1, 0]


def test_a_half_adder_of_nands() -> None:
    nand, carry = Perceptron([-2, -2], 3), Perceptron([-4], 3)
    for a, b in CORNERS:
        both = nand([a, b])
        total = nand([nand([a, both]), nand([both, b])])
        assert (total.data, carry([both]).data) == ((a + b) % 2, (a + b) // 2)


@given(st.floats(0.01, 100), st.integers(0, 10_000))
def test_a_network_of_perceptrons_does_not_care_about_a_positive_factor(c: float, seed: int) -> None:
    numbers = Network([3, 4, 2], seed=seed)
    layers = [[([w.data for w in n.weights], n.bias.data) for n in layer.neurons] for layer in numbers.layers]
    plain, scaled = (
        Network.of([Layer([Perceptron([k * w for w in ws], k * b) for ws, b in layer]) for layer in layers])
        for k in (1, c)
    )
    for bits in product((0, 1), repeat=3):
        assert plain.predict(bits) == scaled.predict(bits)


def test_all_gradients_of_a_perceptron_are_0() -> None:
    perceptron = Perceptron([-2, -2], 3)
    squared_error(perceptron([1, 1]), 1).backward()
    assert [parameter.grad for parameter in perceptron.parameters()] == [0, 0, 0]


# -- Sigmoid neurons ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("c", "z", "output"),
    [
        (1, -0.1, 0.475),
        (1, 0.1, 0.525),
        (10, -0.1, 0.269),
        (10, 0.1, 0.731),
        (100, -0.1, 4.5e-5),
        (100, 0.1, 0.99995),
        (1e9, 0.0, 0.5),
    ],
)
def test_a_large_factor_makes_a_perceptron_of_a_sigmoid_neuron_except_at_0(c: float, z: float, output: float) -> None:
    assert Neuron([c], 0)([z]).data == pytest.approx(output, rel=1e-2 if output < 0.01 else 1e-3)


def test_nand_ten_times_as_steep() -> None:
    nand = Neuron([-20, -20], 30)
    assert [nand(bits).data for bits in CORNERS] == pytest.approx([1, 0.99995, 0.99995, 4.5e-5], abs=1e-5)


def test_nand_with_sigma_and_its_gradients() -> None:
    nand = Neuron([-2, -2], 3)
    output = nand([1, 1])
    output.backward()
    assert output.data == pytest.approx(0.268941, abs=5e-7)
    assert [p.grad for p in nand.parameters()] == pytest.approx([0.196612] * 3, abs=5e-7)


@pytest.mark.parametrize("activation", [sigmoid, tanh, relu, softsign, None])
def test_a_neuron_is_its_activation_of_w_x_plus_b(activation: Operation | None) -> None:
    neuron = Neuron([0.5, -0.25], 0.1, activation)
    z = 0.5 * 3 - 0.25 * 2 + 0.1
    expected = z if activation is None else activation(z)
    assert neuron([3, 2]).data == neuron.predict([3, 2]) == expected


@pytest.mark.parametrize("inputs", [(3, 2), [3.0, 2.0], np.array([3, 2]), np.array([3, 2], np.float32), [Value(3), 2]])
def test_inputs_may_be_any_sequence_of_numbers_or_values(inputs: Any) -> None:
    neuron = Neuron([0.5, -0.25], 0.1)
    output = neuron(inputs)
    assert type(output.data) is float
    assert output.data == sigmoid(1.1)


def test_inputs_that_are_values_get_gradients_too() -> None:
    x = Value(3.0, "x")
    output = Neuron([0.5], 0.1)([x])
    output.backward()
    assert x.grad == pytest.approx(0.5 * sigmoid(1.6) * sigmoid(-1.6), rel=1e-15)


def test_parameters_may_be_shared() -> None:
    w = Value(0.5, "shared")
    first, second = Neuron([w], 0), Neuron([w], 0)
    (first([1]) + second([2])).backward()
    assert first.weights[0] is second.weights[0] is w
    assert w.grad == pytest.approx(sum(k * sigmoid(k * 0.5) * sigmoid(-k * 0.5) for k in (1, 2)), rel=1e-15)


def test_a_shared_parameter_is_one_parameter() -> None:
    w, b = Value(0.5, "w"), Value(0.1, "b")
    neuron = Neuron([w, w], b)
    assert neuron.parameters() == [w, b]
    assert Layer([neuron, Neuron([w, 1.0], b)]).parameters()[:2] == [w, b]
    assert list(neuron.named_parameters()) == ["w1", "w2", "b"]


@pytest.mark.parametrize("make", [lambda v: Neuron([v], 0), lambda v: Perceptron([1], v)])
def test_a_computed_value_is_no_parameter(make: Any) -> None:
    with pytest.raises(ValueError, match="computed from other values"):
        make(Value(2.0) * 3.0)


class Mine(Neuron):
    """A neuron of one's own."""


@pytest.mark.parametrize("kind", [Neuron, Perceptron, Mine])
def test_random_gives_one_of_its_class(kind: type[Neuron]) -> None:
    drawn = kind.random(2, seed=0)
    assert type(drawn) is kind
    assert drawn.activation is (heaviside if kind is Perceptron else sigmoid)
    assert [p.data for p in drawn.parameters()] == [p.data for p in Neuron.random(2, seed=0).parameters()]


def test_a_neuron_of_ones_own_class_comes_back_as_one(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    Network.of([Layer([Mine([1.0], 0.0), Neuron([2.0], 0.0)])]).save(path)
    assert [type(neuron) for neuron in Network.load(path).layers[0].neurons] == [Mine, Neuron]
    path.write_text(path.read_text().replace("Mine", "Yours"))
    with pytest.raises(ValueError, match="kind 'Yours', which is not known here: import its class first"):
        Network.load(path)


class OfTwo(Neuron):
    """A neuron whose class takes nothing."""

    def __init__(self) -> None:
        super().__init__([1.0, 2.0], 3.0, tanh)


def test_a_neuron_comes_back_whatever_its_class_takes(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    neuron = OfTwo()
    neuron.bias.data = 4.0
    neuron.save(path)
    again = OfTwo.load(path)
    assert (type(again), again.bias.data, again.activation) == (OfTwo, 4.0, tanh)


def test_random_passes_on_what_else_a_class_takes() -> None:
    assert Neuron.random(2, activation=tanh).activation is tanh
    with pytest.raises(TypeError, match="activation"):
        Perceptron.random(2, activation=tanh)


# -- Layers and networks ---------------------------------------------------------------------------------------------


def test_names_tell_the_place() -> None:
    network = Network([2, 3, 1], seed=0)
    names = list(network.named_parameters())
    assert names[:4] == ["layer1.neuron1.w1", "layer1.neuron1.w2", "layer1.neuron1.b", "layer1.neuron2.w1"]
    assert names[-1] == "layer2.neuron1.b"
    assert [parameter.label for parameter in network.parameters()] == names
    [output] = network([0.1, 0.2])
    assert (output.label, output.inputs[0].label) == ("layer2.neuron1.a", "layer2.neuron1.z")


def test_parameters_are_the_leaves_and_zero_grad_forgets() -> None:
    network = Network([2, 3, 1], seed=0)
    assert len(network.parameters()) == len(set(network.parameters())) == 13
    network([0.1, 0.2])[0].backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    network.zero_grad()
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_seed_below_0_is_refused_which_python_would_take_for_the_same_above_0() -> None:
    for make in (lambda: Network([2, 1], seed=-1), lambda: Neuron.random(2, seed=-1)):
        with pytest.raises(ValueError, match="seed must be a whole number of at least 0, but got -1: "):
            make()


def test_sizes_and_seed_may_be_numpys_whole_numbers() -> None:
    sizes: Any = np.array([2, 3, 1])
    assert Network(sizes, seed=sizes[0]).predict([1, 2]) == Network([2, 3, 1], seed=2).predict([1, 2])
    for wrong in ([2, True], [2, 1.0], [2, np.int64(0)]):
        with pytest.raises(ValueError, match="write whole numbers"):
            Network(wrong)  # type: ignore[arg-type]


def test_a_seed_gives_the_same_network_again() -> None:
    def numbers(seed: int) -> list[float]:
        return [parameter.data for parameter in Network([4, 3, 2], seed=seed).parameters()]

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)


def test_initial_parameters_are_standard_normal() -> None:
    numbers = [parameter.data for parameter in Network([64, 30, 10], seed=3).parameters()]
    assert len(numbers) == 64 * 30 + 30 + 30 * 10 + 10
    assert abs(np.mean(numbers)) < 0.06
    assert abs(np.std(numbers) - 1) < 0.05


def test_a_network_computes_layer_by_layer() -> None:
    network = Network([3, 4, 2], seed=5, activation=tanh, output_activation=None)
    x: Any = np.array([0.3, -0.6, 0.9])
    weights = [np.array([[w.data for w in n.weights] for n in layer.neurons]) for layer in network.layers]
    biases = [np.array([n.bias.data for n in layer.neurons]) for layer in network.layers]
    expected = weights[1] @ np.tanh(weights[0] @ x + biases[0]) + biases[1]
    assert [output.data for output in network(x)] == pytest.approx(list(expected), rel=1e-13)
    assert network.predict(x) == [output.data for output in network(x)]


def test_plain_inputs_become_one_constant_each_for_a_whole_layer() -> None:
    layer = Network([3, 5], seed=0).layers[0]
    outputs = layer([1.0, 2.0, 3.0])
    first = outputs[0].inputs[0].inputs[0].inputs[3:]
    assert all(output.inputs[0].inputs[0].inputs[3:] == first for output in outputs)


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (Neuron([1, -2], 0.5), "Neuron([1, -2], 0.5, sigmoid)"),
        (Neuron([1] * 9, 0, None), "Neuron([1, 1, 1, 1, … 5 more], 0)"),
        (Perceptron([6, 2, 2], -5), "Perceptron([6, 2, 2], -5)"),
        (Layer([Neuron([1], 0), Neuron([2], 0)]), "Layer(2 × Neuron([1], 0, sigmoid))"),
        (Network([64, 30, 10], seed=0), "Network([64, 30, 10])"),
    ],
)
def test_what_they_look_like(thing: Any, text: str) -> None:
    assert repr(thing) == text


# -- Files -------------------------------------------------------------------------------------------------------------


@given(weights=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_a_saved_neuron_comes_back_with_exactly_the_same_numbers(
    tmp_path_factory: pytest.TempPathFactory, weights: list[float]
) -> None:
    path = tmp_path_factory.mktemp("neurons") / "neuron.json"
    Neuron(weights, 0.1).save(path)
    back = Neuron.load(path)
    assert [w.data.hex() for w in back.weights] == [float(w).hex() for w in weights]
    assert (back.bias.data, back.activation) == (0.1, sigmoid)


@pytest.mark.parametrize(
    "thing",
    [
        Network([2, 3, 1], seed=0),
        Network([2, 3, 1], seed=0, activation=tanh, output_activation=None),
        Network.of([Layer([Perceptron([1, 1], -1)]), Layer([Neuron([2], 0)])]),
        Layer([Neuron([1, 2], 3, relu), Perceptron([1, 1], 0)]),
        Perceptron([6, 2, 2], -5),
    ],
)
def test_everything_comes_back_as_it_was(tmp_path: Path, thing: Any) -> None:
    path = tmp_path / "saved.json"
    thing.save(path)
    back = type(thing).load(path)
    assert repr(back) == repr(thing)
    assert [p.data for p in back.parameters()] == [p.data for p in thing.parameters()]
    again = tmp_path / "again.json"
    back.save(again)
    assert again.read_text() == path.read_text()
    assert list(back.named_parameters()) == list(thing.named_parameters())
    if isinstance(thing, Network):
        assert [p.label for p in back.parameters()] == list(back.named_parameters())
    data = json.loads(path.read_text())
    assert data["kind"] == type(thing).__name__


def test_an_activation_of_ones_own_is_passed_when_loading(tmp_path: Path) -> None:
    path = tmp_path / "neuron.json"
    Neuron([1], 0, softsign).save(path)
    with pytest.raises(ValueError, match="'softsign' is unknown here: pass it as activations="):
        Neuron.load(path)
    assert Neuron.load(path, activations=[softsign]).activation is softsign


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "neuron.json"
    Neuron([1], 0).save(path)
    old = path.read_bytes()

    def full(*arguments: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="the disk is full"):
        Neuron([2], 0).save(path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == ["neuron.json"]


def test_numbers_that_json_can_not_hold_are_not_saved(tmp_path: Path) -> None:
    neuron = Neuron([1], 0)
    neuron.bias._data = float("inf")  # no way that a user has
    with pytest.raises(ValueError, match="inf"):
        neuron.save(tmp_path / "neuron.json")
    assert os.listdir(tmp_path) == []


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_whole(tmp_path / "new", "σ")
    assert (tmp_path / "new").read_text("utf-8") == "σ"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o644
    (tmp_path / "new").chmod(0o600)
    write_whole(tmp_path / "new", "tanh")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_the_error_for_a_missing_folder_names_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        Neuron([1], 0).save(tmp_path / "nowhere" / "neuron.json")


def test_of_two_classes_with_one_name_the_one_defined_last_is_loaded(tmp_path: Path) -> None:
    def defined() -> type[Neuron]:
        class Twin(Neuron):
            """Defined anew each time, as in a notebook whose cell is run again."""

        return Twin

    first, last = defined(), defined()
    Layer([last([1.0], 0.0)]).save(tmp_path / "layer.json")
    [loaded] = Layer.load(tmp_path / "layer.json").neurons
    assert type(loaded) is last
    assert type(loaded) is not first


def test_four_weights_are_shown_and_of_more_how_many() -> None:
    assert repr(Neuron([1] * 4, 0)) == "Neuron([1, 1, 1, 1], 0, sigmoid)"
    assert repr(Neuron([1] * 5, 0)) == "Neuron([1, 1, 1, 1, … 1 more], 0, sigmoid)"


def test_a_neuron_of_one_input_may_be_random() -> None:
    assert len(Neuron.random(1, seed=0).weights) == 1
