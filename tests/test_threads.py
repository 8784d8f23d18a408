"""Eight threads at once: each with graphs of its own, or all reading one graph, they find what one thread finds alone.

Python is made to switch between them after every few instructions, so that every moment of a walk is interrupted.
"""

from __future__ import annotations

import copy
import math
import pickle
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from tinygrad_sigmoid import (
    Network,
    Value,
    compiled,
    cos,
    draw,
    explain,
    explore,
    formula,
    gradients,
    nudge,
    scan,
    sigmoid,
    sin,
    squared_error,
    steps,
    train,
)
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.testing import check_gradients
from tinygrad_sigmoid.testing.precise import CONTEXT, Precise, judging, precisely

THREADS = 8


@pytest.fixture(autouse=True)
def restless_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], object]) -> list[object]:
    """What each of the threads, which begin together, found; an error is found too."""
    found: list[object] = [None] * THREADS
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = work(number)
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return found


def recorded_loss(number: int) -> Value:
    network = Network([3, 4, 2], seed=number)
    loss: Value = squared_error(network([0.1, 0.2, 0.3]), [1.0, 0.0])
    return loss


def gradients_of_a_pass(number: int) -> object:
    loss = recorded_loss(number)
    loss.backward()
    return [leaf.grad for leaf in leaves(loss)]


def trained(number: int) -> object:
    network = Network([2, 3, 1], seed=number)
    samples = [([0.0, 1.0], [1.0]), ([1.0, 1.0], [0.0])]
    train(network, samples, epochs=3, seed=number, target=None)
    return [parameter.data for parameter in network.parameters()]


def nudged(number: int) -> object:
    loss = recorded_loss(number)
    first = leaves(loss)[0]
    return nudge(loss, {first: 0.01}).actual, scan(loss, first, -1, 1, points=5).outputs


def checked(number: int) -> object:
    x = 0.1 + number
    return check_gradients(lambda a: sin(a) * cos(a * a), x, order=2)


def sines(number: int) -> object:
    results = []
    for i in range(200):
        with judging(), CONTEXT.workprec(64 + (37 * number + 13 * i) % 1_400):
            results.append(precisely(math.sin, Precise((i + 1) / 7)))
    return results


OWN_WORK = [gradients_of_a_pass, trained, nudged, checked, sines]


@pytest.mark.slow
@pytest.mark.parametrize("work", OWN_WORK, ids=lambda work: work.__name__)
def test_threads_with_graphs_of_their_own(work: Callable[[int], object]) -> None:
    alone = [work(number) for number in range(THREADS)]
    assert list(map(str, in_threads(work))) == list(map(str, alone))


def pickled_and_back(output: Value) -> object:
    return [value.data for value in topological_order(pickle.loads(pickle.dumps(output)))]


def deep_copied(output: Value) -> object:
    return [value.data for value in topological_order(copy.deepcopy(output))]


READERS: list[Callable[[Value], object]] = [
    lambda output: [value.index for value in topological_order(output)],
    lambda output: [gradient.data for gradient in gradients(output, leaves(output))],
    lambda output: str(steps(output)),
    lambda output: str(explain(output, leaves(output)[0])),
    lambda output: draw(output).source,
    lambda output: explore(output).html,
    formula,
    lambda output: compiled(output, inputs=leaves(output)[:2], wrt=leaves(output)).source,
    pickled_and_back,
    deep_copied,
]


@pytest.mark.slow
@pytest.mark.parametrize("read", READERS, ids=map(str, range(len(READERS))))
def test_threads_that_read_one_graph(read: Callable[[Value], object]) -> None:
    loss = recorded_loss(1)
    alone = read(loss)
    assert in_threads(lambda number: read(loss)) == [alone] * THREADS


@pytest.mark.slow
@pytest.mark.parametrize("read", [READERS[0], pickled_and_back, deep_copied], ids=["walk", "pickle", "copy"])
def test_threads_that_read_one_large_graph(read: Callable[[Value], object]) -> None:
    x = y = Value(0.5, "x")
    for _ in range(5_000):
        y = sigmoid(y) + x
    alone = read(y)
    assert in_threads(lambda number: read(y)) == [alone] * THREADS


@pytest.mark.slow
def test_threads_that_pickle_different_outputs_of_one_graph() -> None:
    x = Value(0.5, "x")
    outputs = [x]
    for _ in range(THREADS * 200):
        outputs.append(sigmoid(outputs[-1]))
    found = in_threads(lambda number: pickled_and_back(outputs[-1 - number]))
    assert found == [pickled_and_back(outputs[-1 - number]) for number in range(THREADS)]
    assert all(math.isfinite(number) for numbers in found for number in numbers)  # type: ignore[attr-defined]
