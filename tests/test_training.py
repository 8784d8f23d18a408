"""Training: one history, whatever computes it; and a network that is whole whenever it stops."""

from __future__ import annotations

import importlib.util
import math
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tinygrad_sigmoid import (
    GradientDescent,
    Layer,
    Network,
    Neuron,
    Operation,
    Perceptron,
    Value,
    cross_entropy,
    log,
    replaying,
    softmax_cross_entropy,
    squared_error,
    train,
)
from tinygrad_sigmoid.course.digits import load_digits
from tinygrad_sigmoid.interrupting import uninterrupted
from tinygrad_sigmoid.replaying import NotOneGraph, replay_for
from tinygrad_sigmoid.training import Epoch, correct, read_as, stochastic_gradient_descent

TARGETS = ["python", "wasm", "native"]
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def numbers_of(network: Any) -> list[float]:
    return [parameter.data for parameter in network.parameters()]


def refused(network: Any, samples: Any, message: str, target: Any = "python", **options: Any) -> None:
    """Training raises NotOneGraph, which says how to train anyway, and leaves the network as it was."""
    before = numbers_of(network)
    with pytest.raises(NotOneGraph, match=message) as raised:
        train(network, samples, target=target, **options)
    assert str(raised.value).endswith("so one graph can't be replayed for all samples: pass target=None to record each")
    assert str(pickle.loads(pickle.dumps(raised.value))) == str(raised.value), "a sweep in processes can report it"
    assert numbers_of(network) == before


@pytest.mark.parametrize("target", TARGETS)
def test_a_graph_that_depends_on_the_data_is_never_replayed(target: Any) -> None:
    def trained(target: Any) -> list[Epoch]:
        return train(Neuron.random(2, seed=2), NOR, epochs=50, seed=0, loss=huber, target=target)

    assert trained("best") == trained(None)
    refused(Neuron.random(2, seed=2), NOR, r"sample 1, counted from 0, has the loss 0\.\d+, but", target, loss=huber)


def test_a_branch_that_cant_be_computed_for_another_sample_is_noticed() -> None:
    def loss(output: Any, target: Any) -> Any:
        number = target if isinstance(target, float) else target.data
        return squared_error(output, log(target) if number > 0 else target)

    samples = [((1.0,), 1.0), ((0.5,), 0.0)]
    refused(Neuron([0.5], 0.0), samples, r"sample 1, .* but nan by the first's graph", loss=loss)


def test_a_loss_that_takes_the_targets_number_is_noticed() -> None:
    def loss(output: Any, target: Any) -> Any:
        return squared_error(output, target if isinstance(target, float) else target.data)

    refused(Neuron.random(2, seed=2), NOR, "no part in the graph of the loss, or only as a plain number", loss=loss)


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
        return train(network, RARE, epochs=5, seed=0, loss=loss, target=target), numbers_of(network)

    assert trained("best") == trained(None)
    refused(kind.random(2, seed=1), RARE, r"sample \d+, counted from 0, has the loss", loss=loss)


def test_a_loss_that_treats_a_rare_target_otherwise_is_noticed() -> None:
    def loss(output: Any, target: Any) -> Any:
        number = target if isinstance(target, float) else target.data
        return (10 if number > 0.5 else 1) * squared_error(output, target)

    refused(Neuron.random(2, seed=1), RARE, "sample 3, counted from 0, has the loss", loss=loss)


def test_a_loss_of_ones_own_is_replayed_for_whoever_vouches() -> None:
    def doubled(output: Any, target: Any) -> Any:
        return (output - target) ** 2

    def trained(target: Any) -> list[float]:
        return [epoch.loss for epoch in train(Neuron([0.5, 0.1], 0), NOR, seed=0, loss=doubled, target=target)]

    network = Neuron([0.5, 0.1], 0)
    assert replay_for(network, NOR, doubled, "best", 1000) is None
    for target in TARGETS:
        assert replay_for(network, NOR, doubled, target, 1) is not None  # type: ignore[arg-type]
        assert trained(target) == pytest.approx(trained(None), rel=1e-10)


@pytest.mark.parametrize("epochs", [25, 26])
def test_what_is_known_to_give_one_graph_is_replayed_where_that_pays(epochs: int) -> None:
    network = Network([2, 2], seed=0)
    samples = [(x, [y, 1 - y]) for x, y in NOR]
    assert (replay_for(network, samples, squared_error, "best", epochs) is None) == (epochs == 25)
    network.layers[0].neurons[1] = Gate([0.1, 0.2], 0.3)
    assert replay_for(network, samples, squared_error, "best", epochs) is None


def test_a_loss_that_changes_meanwhile_is_recorded_anew() -> None:
    def annealed(target: Any) -> list[Epoch]:
        strength = [1.0]
        epochs: list[Epoch] = []

        def anneal(epoch: Epoch) -> None:
            strength[0] *= 0.5
            epochs.append(epoch)

        def loss(output: Any, target: Any) -> Any:
            return strength[0] * squared_error(output, target)

        found = train(Neuron.random(2, seed=1), RARE, epochs=5, seed=0, loss=loss, target=target, watch=anneal)
        assert found == epochs
        return epochs

    assert annealed("best") == annealed(None)


@pytest.mark.parametrize(
    ("numbers", "installed", "first"),
    [
        (9_999_999, True, "python"),
        (10_000_000, True, "wasm"),
        (299_999_999, True, "wasm"),
        (300_000_000, True, "native"),
        (300_000_000, False, "wasm"),
    ],
)
def test_the_target_that_is_soonest_done_is_the_best(
    numbers: int, installed: bool, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: (installed and name == "llvmlite") or None)
    assert replaying.fastest(numbers)[0] == first
    assert replaying.fastest(numbers)[-1] == "python"


@pytest.mark.parametrize("error", [ImportError, MemoryError])
def test_what_can_not_be_loaded_is_not_the_best(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = replaying.compiled

    def broken(output: Value, *, target: Any, **given: Any) -> Any:
        if target != "python":
            raise error(f"{target} is damaged")
        return whole(output, target=target, **given)

    monkeypatch.setattr(replaying, "compiled", broken)
    monkeypatch.setattr(replaying, "MUCH", 0)
    best, python = (train(Neuron([0.5, -0.5], 0.1), NOR, epochs=40, seed=0, target=it)[-1] for it in ("best", "python"))
    assert best == python
    with pytest.raises(error, match="wasm is damaged"):
        train(Neuron([0.5, -0.5], 0.1), NOR, epochs=40, target="wasm")


opaque = Operation("opaque", math.atan, lambda out, x: (1 / (1 + x * x),))


def test_an_operation_for_python_alone_trains_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for target in (None, "python"):
        neuron = Neuron([0.5, -0.5], 0.1, opaque)
        found.append(train(neuron, NOR, epochs=40, rate=0.1, seed=0, target=target)[-1].loss)  # type: ignore[arg-type]
    assert found[0] == pytest.approx(found[1], rel=1e-12)
    refused(Neuron([0.5, -0.5], 0.1, opaque), NOR, "'opaque' can't be compiled for wasm", "wasm")
    monkeypatch.setattr(replaying, "MUCH", 0)
    best = train(Neuron([0.5, -0.5], 0.1, opaque), NOR, epochs=40, rate=0.1, seed=0)[-1].loss
    assert best == found[1], "it was compiled for Python, because it can't be for WebAssembly"


def test_wrong_samples_are_said_as_ever() -> None:
    with pytest.raises(ValueError, match="2 weights but got 3 inputs"):
        train(Neuron([1, 1], 0), [((1.0, 2.0, 3.0), 1.0)], epochs=200)
    with pytest.raises(ValueError, match="one target for each output"):
        train(Neuron([1, 1], 0), [((1.0, 2.0), [1.0, 2.0])], epochs=200)
    with pytest.raises(ValueError, match=r"samples must be a list of samples, but got \[\]"):
        train(Neuron([1, 1], 0), [])
    with pytest.raises(ValueError, match="batch must be a whole number of at least 1"):
        train(Neuron([1, 1], 0), NOR, batch=0)
    with pytest.raises(ValueError, match="learning rate"):
        train(Neuron([1, 1], 0), NOR, rate=0.0)


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("batch", [len(NOR) + 1, sys.maxsize])
def test_a_batch_larger_than_the_samples_is_all_of_them(target: Any, batch: int) -> None:
    networks = [Neuron.random(2, seed=1) for _ in range(2)]
    for network, size in zip(networks, (len(NOR), batch), strict=True):
        train(network, NOR, epochs=3, batch=size, seed=0, target=target)
    one, other = map(numbers_of, networks)
    assert one == other


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch": 2**64}, "batch must be a whole number"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"rate": math.nan}, "the learning rate must be a finite number above 0"),
        ({"seed": "1"}, "seed must be a whole number of at least 0, but got '1'"),
        ({"seed": -1}, "seed must be a whole number of at least 0, but got -1"),
        ({"loss": lambda outputs, targets: 1.0}, "what the loss gives must be a Value, but got 1.0"),
        (
            {"loss": cross_entropy, "samples": [*NOR, ((0.0, 0.0), -1.0)]},
            "the targets of a cross-entropy are probabilities, from 0 to 1, but got -1.0",
        ),
        ({"loss": None}, "loss must be a function"),
        ({"watch": 3}, "watch must be a function or None"),
        ({"test": [(1.0, (0.0, 1.0))]}, "sample 0 of test, counted from 0, must be"),
        ({"test": [((1.0,), 0.0)]}, "sample 0, counted from 0, has 1 inputs"),
        ({"samples": iter(NOR)}, "samples must be a list of samples"),
        ({"samples": [*NOR, ((0.0, math.inf), 1.0)]}, "sample 4 of samples, counted from 0, must be"),
        ({"samples": [*NOR, ((0.0, Decimal(1)), 1.0)]}, "sample 4 of samples, counted from 0, must be"),
        ({"samples": [*NOR, ((0.0, "a"), 1.0)]}, "sample 4 of samples, counted from 0, must be"),
        ({"samples": [*NOR, ((0.0,), 1.0)]}, "sample 4, counted from 0, has 1 inputs"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_nothing_is_trained_if_an_argument_is_wrong(wrong: dict[str, Any], message: str, target: Any) -> None:
    network = Neuron.random(2, seed=0)
    before = numbers_of(network)
    with pytest.raises((TypeError, ValueError), match=f"^{message}.*: "):
        train(network, **{"samples": NOR, "target": target, **wrong})
    assert numbers_of(network) == before
    assert all(parameter.grad is None for parameter in network.parameters())


def test_what_is_wrong_is_said_alone_and_before_the_first_epoch() -> None:
    with pytest.raises(ValueError, match="one target for each output") as raised:
        train(Neuron([1, 1], 0), [((1.0, 2.0), [1.0, 2.0])], epochs=200)
    assert raised.value.__context__ is None
    for target in ("nonsense", "javascript"):
        with pytest.raises(
            ValueError, match=f"target must be one of 'best', 'python'.*None, but got '{target}': write"
        ):
            train(Neuron([1, 1], 0), NOR, epochs=0, target=target)  # type: ignore[arg-type]


def test_a_target_that_is_not_installed_is_missed_however_few_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tinygrad_sigmoid.compiling.llvm", None)
    with pytest.raises(ImportError, match="target='native' needs"):
        train(Neuron([1, 1], 0), NOR, epochs=0, target="native")


@pytest.mark.parametrize("target", ["best", *TARGETS])
@pytest.mark.parametrize("place", [7, 150])
def test_an_uneven_sample_is_named(target: Any, place: int) -> None:
    samples: list[Any] = [((1.0, 2.0), 0.0)] * 200
    samples[place] = ((1.0, 2.0, 3.0), 0.0)
    with pytest.raises(ValueError, match=f"sample {place}, counted from 0, has 3 inputs and 1 targets, but the first"):
        train(Neuron([1.0, 1.0], 0.0), samples, epochs=1, target=target)


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


def train_for_a_minute(losses: Iterator[float]) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        next(losses)


@pytest.mark.parametrize("target", [None, *TARGETS])
@pytest.mark.parametrize("moment", [0.02, 0.0213, 0.0227])
def test_ctrl_c_leaves_a_whole_network(target: Any, moment: float) -> None:
    """All three parameters have the same gradient in this network, so after whole mini-batches they are equal."""
    samples = [((1.0, 1.0), i % 7 / 7) for i in range(200)]
    network = Neuron([0.5, 0.5], 0.5)
    descent = GradientDescent(network.parameters(), 0.1)
    replay = replay_for(network, samples, squared_error, target, 1)
    if replay is None:
        losses = stochastic_gradient_descent(network, samples, squared_error, descent, 1, 0)
    else:
        losses = replay.stochastic_gradient_descent(descent, 1, 0)
        next(losses)  # so that everything has been compiled
    # Where Ctrl-C is ignored, as in a job that a shell has put into the background, Python sets no handler for it.
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    alarm = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, moment)
    try:
        with pytest.raises(KeyboardInterrupt):
            train_for_a_minute(losses)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        signal.signal(signal.SIGINT, interrupt)
    first, second, bias = (parameter.data for parameter in network.parameters())
    assert first == second == bias != 0.5


def test_what_must_not_be_interrupted_runs_wherever_it_can() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with uninterrupted():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    found: list[Epoch] = []
    thread = threading.Thread(target=lambda: found.extend(train(Neuron([1, 1], 0), NOR, epochs=2, target=None)))
    thread.start()
    thread.join(60)
    assert len(found) == 2


@pytest.mark.parametrize("target", [None, *TARGETS])
def test_the_network_may_be_changed_between_epochs(target: Any) -> None:
    network = Network([2, 3, 1], seed=5)
    samples = [(x, [y]) for x, y in NOR]

    def begin_again(epoch: Epoch) -> None:
        if epoch.number == 30:
            for parameter in network.parameters():
                parameter.data = 0.0

    train(network, samples, epochs=60, seed=0, target=target, watch=begin_again)
    first, second, _ = network.layers[0].neurons
    assert first.weights[0].data == second.weights[0].data != 0.0


def test_a_loss_that_leaves_a_target_out_is_not_replayed() -> None:
    samples = [(x, [y, 7.0]) for x, y in NOR]
    refused(
        Neuron([1, 1], 0),
        samples,
        r"Value\(7\.0, 'y2'\) has no part in the graph",
        loss=lambda output, targets: squared_error(output, targets[0]),
    )


def test_a_parameter_that_the_loss_leaves_out_is_not_replayed() -> None:
    refused(
        Layer([Neuron([1, 1], 0), Neuron([1, 1], 0)]),
        NOR,
        "has no part in the graph",
        loss=lambda outputs, target: squared_error(outputs[0], target),
    )


def test_a_value_of_the_losss_own_is_not_replayed() -> None:
    strength = Value(0.01, "strength")
    network = Neuron([0.5, 0.5], 0.0)

    def decaying(output: Any, target: Any) -> Any:
        return squared_error(output, target) + strength * network.weights[0] ** 2

    refused(network, NOR, r"the loss uses a Value of its own, Value\(0.01, 'strength'\)", loss=decaying)


def test_a_loss_that_wants_plain_targets_is_not_replayed() -> None:
    def loss(output: Any, target: Any) -> Any:
        return squared_error(output, math.sqrt(target))

    refused(Neuron([0.5, 0.5], 0.0), NOR, "the loss can't be computed from Values", loss=loss)


@pytest.mark.parametrize(
    ("outputs", "reading"),
    [
        ([0.1, 0.7, 0.2], 1),
        ([0.2, 0.7, 0.7], None),
        ([0.0] * 10, None),
        ([0.0] * 9 + [1.0], 9),
        ([0.1, 0.4], 1),
        ([1.0, 0.0, 1.0], None),
        ([0.5], None),
        (0.5, None),
        (math.nextafter(0.5, 1), 1),
        (math.nextafter(0.5, 0), 0),
        ([0.51], 1),
        (np.array([0.3, 0.9]), 1),
        (1, 1),
        (0, 0),
    ],
)
def test_outputs_are_read_as_their_single_largest_or_by_their_side_of_a_half(outputs: Any, reading: Any) -> None:
    assert read_as(outputs) == reading


def test_a_sample_is_read_right_only_if_its_outputs_say_what_its_targets_say() -> None:
    silent = Layer([Perceptron([1.0], -5.0) for _ in range(3)])
    assert silent.predict([0.0]) == [0.0, 0.0, 0.0]
    samples = [([0.0], [float(place == wanted) for place in range(3)]) for wanted in range(3)]
    assert correct(silent, samples) == 0, "outputs that are all 0 say nothing, so no sample is right by chance"
    assert correct(silent, [([0.0], [1.0, 1.0, 0.0])]) == 0, "and two undecided readings do not agree"
    assert correct(Neuron([0.0], 0.0), [([1.0], 0.0), ([1.0], 1.0)]) == 0, "½ is on neither side"
    decided = Layer([Perceptron([1.0], -5.0), Perceptron([-1.0], 5.0)])
    assert correct(decided, [([9.0], [1, 0]), ([1.0], [0, 1]), ([1.0], [1, 0])]) == 2


@pytest.mark.parametrize("target", TARGETS)
def test_shared_weights_are_trained_as_one(target: Any) -> None:
    found = []
    for way in (None, target):
        w = Value(0.5, "w")
        neuron = Neuron([w, w], 0.1)
        train(neuron, NOR, epochs=40, seed=0, target=way)
        found.append([w.data, neuron.bias.data])
    assert found[0] == pytest.approx(found[1], rel=1e-10)


@pytest.mark.parametrize("target", [None, "python", "wasm", "native"])
def test_the_highest_output_of_each_answer_is_told(target: Any) -> None:
    samples = [([0.1 * place, 1.0], [float(place % 3 == k) for k in range(3)]) for place in range(9)]
    tests = [samples[place] for place in (0, 3, 1, 4)]  # none of the answer 2
    network = Network([2, 2, 3], seed=0)
    epoch = train(network, samples, epochs=1, seed=0, test=tests, target=target)[-1]
    found = {
        answer: [network.predict(samples[place][0])[answer] for place in (answer, answer + 3)] for answer in (0, 1)
    }
    assert epoch.highest == pytest.approx({k: max(outputs) for k, outputs in found.items()})
