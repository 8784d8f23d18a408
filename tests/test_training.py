"""Training: one history, whatever computes it; and a network that is whole whenever it stops."""

from __future__ import annotations

import math
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_sigmoid import (
    GradientDescent,
    Layer,
    Network,
    Neuron,
    Operation,
    Value,
    cross_entropy,
    softmax_cross_entropy,
    squared_error,
    train,
)
from tinygrad_sigmoid.course.digits import load_digits
from tinygrad_sigmoid.training import Eager, Epoch, Replayed, training

TARGETS = ["python", "numpy", "native"]
NOR = [((0.0, 0.0), 1.0), ((0.0, 1.0), 0.0), ((1.0, 0.0), 0.0), ((1.0, 1.0), 0.0)]
SPIRAL = [((math.sin(i) * i / 40, math.cos(i) * i / 40), [float(i % 2), i % 3 / 2]) for i in range(37)]


def history(target: Any, loss: Any = squared_error, batch: int = 5) -> tuple[list[Epoch], list[float]]:
    network = (
        Network([2, 4, 2], seed=3, output_activation=None)
        if loss is softmax_cross_entropy
        else Network([2, 4, 2], seed=3)
    )
    found = train(network, SPIRAL, epochs=6, batch=batch, rate=0.5, loss=loss, seed=1, test=SPIRAL, target=target)
    return found, [parameter.data for parameter in network.parameters()]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("loss", [squared_error, cross_entropy, softmax_cross_entropy])
@pytest.mark.parametrize("batch", [1, 5, 64])
def test_all_targets_give_one_history(target: Any, loss: Any, batch: int) -> None:
    wanted, parameters = history(None, loss, batch)
    found, others = history(target, loss, batch)
    assert [epoch.correct for epoch in found] == [epoch.correct for epoch in wanted]
    assert {type(epoch.loss) for epoch in found} == {float}
    assert [epoch.loss for epoch in found] == pytest.approx([epoch.loss for epoch in wanted], rel=1e-10)
    assert others == pytest.approx(parameters, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "make", [lambda: Neuron.random(2, seed=1), lambda: Layer([Neuron([1, 1], 0), Neuron([1, -1], 0)])]
)
def test_neurons_and_layers_train_too(target: Any, make: Any) -> None:
    samples = NOR if isinstance(make(), Neuron) else [(x, [y, 1 - y]) for x, y in NOR]
    found = [train(make(), samples, epochs=30, batch=4, seed=0, test=samples, target=t) for t in (None, target)]
    assert found[1][-1].loss == pytest.approx(found[0][-1].loss, rel=1e-10)
    assert found[1][-1].correct == found[0][-1].correct


@pytest.mark.parametrize("target", [None, *TARGETS, "best"])
def test_the_digits_are_learnt(target: Any) -> None:
    samples, test = load_digits()
    network = Network([64, 5, 10], seed=0)
    epochs = 2 if target is None else 4
    found = train(network, samples[:300], epochs=epochs, seed=0, test=test[:50], target=target)
    assert found[-1].loss < 0.6
    assert found[-1].tested == 50


def huber(outputs: Any, targets: Any) -> Any:
    """A loss whose graph depends on the data: quadratic near the target, straight far from it."""
    difference = outputs - targets
    return 0.5 * difference * difference if abs(difference.data) < 0.5 else abs(difference)


def test_a_graph_that_depends_on_the_data_is_recorded_anew_and_the_reason_said() -> None:
    network, other = Neuron.random(2, seed=2), Neuron.random(2, seed=2)
    with pytest.warns(UserWarning, match="recorded anew, which is slow: the graph of a sample depends on its numbers"):
        found = train(network, NOR, epochs=50, seed=0, loss=huber, target="python")
    assert found == train(other, NOR, epochs=50, seed=0, loss=huber, target=None)


def test_a_loss_that_takes_the_targets_number_is_noticed() -> None:
    def loss(output: Any, target: Any) -> Any:
        return squared_error(output, target if isinstance(target, float) else target.data)

    with pytest.warns(UserWarning, match="depends on its numbers"):
        train(Neuron.random(2, seed=2), NOR, epochs=50, seed=0, loss=loss, target="python")


# Few samples of the kind that counts, and none where samples are compared.
RARE = [((math.sin(i), math.cos(3 * i)), float(i in (3, 17, 33, 71, 88, 130, 161))) for i in range(200)]


def counting_the_rare_more(output: Any, target: Any) -> Any:
    error = squared_error(output, target)
    return 10 * error if target > 0.5 else error


class Gate(Neuron):
    """A network that looks at a number of the sample."""

    def __call__(self, inputs: Any) -> Value:
        output = super().__call__(inputs)
        return output if inputs[0] > -0.99 else 0.5 * output


@pytest.mark.parametrize(("kind", "loss"), [(Neuron, counting_the_rare_more), (Gate, squared_error)])
def test_what_looks_at_a_number_is_recorded_anew(kind: type[Neuron], loss: Any) -> None:
    def trained(target: Any) -> Any:
        network = kind.random(2, seed=1)
        return train(network, RARE, epochs=5, seed=0, loss=loss, target=target), network.as_data()

    assert trained("best") == trained(None)
    with pytest.warns(UserWarning, match="one of them is compared with another number"):
        assert trained("python") == trained(None)


def test_a_loss_that_treats_a_rare_target_otherwise_is_noticed() -> None:
    def loss(output: Any, target: Any) -> Any:
        number = target if isinstance(target, float) else target.data
        return (10 if number > 0.5 else 1) * squared_error(output, target)

    with pytest.warns(UserWarning, match="depends on its numbers"):
        train(Neuron.random(2, seed=1), RARE, epochs=1, seed=0, loss=loss, target="python")


def test_a_loss_that_changes_meanwhile_is_recorded_anew() -> None:
    def annealed(target: Any) -> list[Epoch]:
        strength = [1.0]
        epochs = []
        for epoch in training(
            Neuron.random(2, seed=1),
            RARE,
            epochs=5,
            seed=0,
            loss=lambda output, target: strength[0] * squared_error(output, target),
            target=target,
        ):
            strength[0] *= 0.5
            epochs.append(epoch)
        return epochs

    assert annealed("best") == annealed(None)


@pytest.mark.parametrize("function", [train, training])
def test_the_warning_points_to_the_line_that_trains(function: Any) -> None:
    with pytest.warns(UserWarning, match="recorded anew") as caught:
        function(Neuron.random(2, seed=1), NOR, epochs=1, loss=huber, target="python")
    line = Path(__file__).read_text("utf-8").splitlines()[caught[0].lineno - 1]
    assert (Path(caught[0].filename), line.split("(")[0].strip()) == (Path(__file__), "function")


secret = Operation("secret", math.atan, lambda out, x: (1 / (1 + x * x),))


def test_an_operation_for_python_alone_trains_in_python() -> None:
    found = []
    for target in (None, "python"):
        neuron = Neuron([0.5, -0.5], 0.1, secret)
        found.append(train(neuron, NOR, epochs=40, rate=0.1, seed=0, target=target)[-1].loss)  # type: ignore[arg-type]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    with pytest.warns(UserWarning, match="'secret' can't be compiled for numpy"):
        train(Neuron([0.5, -0.5], 0.1, secret), NOR, epochs=40, rate=0.1, seed=0, target="numpy")


def test_wrong_samples_are_said_as_ever() -> None:
    with pytest.raises(ValueError, match="2 weights but got 3 inputs"):
        train(Neuron([1, 1], 0), [((1.0, 2.0, 3.0), 1.0)], epochs=200)
    with pytest.raises(ValueError, match="one target for each output"):
        train(Neuron([1, 1], 0), [((1.0, 2.0), [1.0, 2.0])], epochs=200)
    with pytest.raises(ValueError, match="nothing to train on"):
        train(Neuron([1, 1], 0), [])
    with pytest.raises(ValueError, match="mini-batch of at least 1"):
        train(Neuron([1, 1], 0), NOR, batch=0)
    with pytest.raises(ValueError, match="learning rate"):
        train(Neuron([1, 1], 0), NOR, rate=0.0)


def test_what_is_wrong_is_said_alone_and_before_the_first_epoch() -> None:
    with pytest.raises(ValueError, match="one target for each output") as raised:
        training(Neuron([1, 1], 0), [((1.0, 2.0), [1.0, 2.0])], epochs=200)
    assert raised.value.__context__ is None
    with pytest.raises(ValueError, match="nothing to train on"):
        training(Neuron([1, 1], 0), [])
    for target in ("nonsense", "javascript"):
        with pytest.raises(ValueError, match=f"no target '{target}' to train for: use one of 'best', 'python'"):
            training(Neuron([1, 1], 0), NOR, target=target)  # type: ignore[arg-type]


def test_a_target_that_is_not_installed_is_missed_however_few_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinygrad_sigmoid.compiling.native", None)
    with pytest.raises(ImportError, match="target='native' needs"):
        training(Neuron([1, 1], 0), NOR, epochs=1, target="native")


@pytest.mark.parametrize("target", ["best", *TARGETS])
@pytest.mark.parametrize("place", [7, 150])
def test_an_uneven_sample_is_named(target: Any, place: int) -> None:
    samples: list[Any] = [((1.0, 2.0), 0.0)] * 200
    samples[place] = ((1.0, 2.0, 3.0), 0.0)
    with pytest.raises(ValueError, match=f"sample {place}, counted from 0, has 3 inputs and 1 targets, but the first"):
        training(Neuron([1.0, 1.0], 0.0), samples, epochs=1, target=target)


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_an_uneven_test_sample_is_an_error_that_says_so(target: Any) -> None:
    test: Any = [*NOR, ((1.0, 2.0, 3.0), 0.0)]
    with pytest.raises(ValueError, match=r"got 3 inputs|sample 4, counted from 0, has 3 inputs and 1 targets"):
        train(Neuron([1.0, 1.0], 0.0), NOR, epochs=1, test=test, target=target)


@pytest.mark.parametrize("target", [None, "best", *TARGETS])
def test_samples_may_be_arrays(target: Any) -> None:
    samples = [(np.array(x), np.array([y, 1 - y])) for x, y in NOR]
    found = train(Network([2, 2], seed=1), samples, epochs=40, seed=0, test=samples, target=target)
    wanted = train(Network([2, 2], seed=1), [(x, [y, 1 - y]) for x, y in NOR], epochs=40, seed=0, test=samples)
    assert found[-1].loss == pytest.approx(wanted[-1].loss, rel=1e-10)
    assert found[-1].correct == wanted[-1].correct
    single = train(Neuron([1.0, 1.0], 0.0), [(x, y[0]) for x, y in samples], epochs=1, test=samples[:0], target=target)
    assert len(single) == 1


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_no_epochs_and_a_step_too_large(target: Any) -> None:
    assert train(Neuron([1, 1], 0), NOR, epochs=0, target=target) == []
    neuron = Neuron([1.0], 0.0, None)
    with pytest.raises(ArithmeticError):
        train(neuron, [((1e3,), 5.0)] * 10, epochs=500, batch=1, rate=1.0, target=target)
    assert all(math.isfinite(parameter.data) for parameter in neuron.parameters())


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("moment", [0.02, 0.0213, 0.0227])
def test_ctrl_c_leaves_a_whole_network(target: Any, moment: float) -> None:
    """All three parameters have the same gradient in this network, so after whole mini-batches they are equal."""
    samples = [((1.0, 1.0), i % 7 / 7) for i in range(200)]
    network = Neuron([0.5, 0.5], 0.5)
    descent = GradientDescent(network.parameters(), 0.1)
    trainer: Any = Eager(network, samples, squared_error)
    if target is not None:
        trainer = Replayed(network, samples, squared_error, 1, target)
        trainer.epoch(descent, [0], 1)  # so that everything has been compiled
    order = list(range(200)) * 1000

    def train_for_ever() -> None:
        while True:
            trainer.epoch(descent, order, 1)

    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, moment)
    try:
        with pytest.raises(KeyboardInterrupt):
            train_for_ever()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    first, second, bias = (parameter.data for parameter in network.parameters())
    assert first == second == bias != 0.5


def test_the_network_may_be_changed_between_epochs() -> None:
    network = Network([2, 3, 1], seed=5)
    samples = [(x, [y]) for x, y in NOR]
    for epoch in training(network, samples, epochs=60, seed=0, target="numpy"):
        if epoch.number == 30:
            for parameter in network.parameters():
                parameter.data = 0.0
            held = [parameter.data for parameter in network.parameters()]
    assert held == [0.0] * len(held)
    assert network.layers[0].neurons[0].weights[0].data == network.layers[0].neurons[1].weights[0].data != 0.0


def test_a_loss_that_leaves_a_target_out_is_left_to_the_eager_way() -> None:
    samples = [(x, [y, 7.0]) for x, y in NOR]
    with pytest.warns(UserWarning, match="no part in the graph"):
        train(
            Neuron([1, 1], 0),
            samples,
            epochs=50,
            loss=lambda output, targets: squared_error(output, targets[0]),
            target="python",
        )


def test_a_value_of_the_losss_own_is_left_to_the_eager_way() -> None:
    strength = Value(0.01, "strength")
    network = Neuron([0.5, 0.5], 0.0)

    def decaying(output: Any, target: Any) -> Any:
        return squared_error(output, target) + strength * network.weights[0] ** 2

    with pytest.warns(UserWarning, match="Values of its own"):
        train(network, NOR, epochs=50, loss=decaying, target="python")


@pytest.mark.parametrize("target", TARGETS)
def test_shared_weights_are_trained_as_one(target: Any) -> None:
    found = []
    for way in (None, target):
        w = Value(0.5, "w")
        neuron = Neuron([w, w], 0.1)
        train(neuron, NOR, epochs=40, seed=0, target=way)
        found.append([w.data, neuron.bias.data])
    assert found[0] == pytest.approx(found[1], rel=1e-10)
