"""How fast recording and backpropagation are, beside micrograd: `python tests/benchmarks/eager.py`.

Each table comes from one run in which the contenders take turns, in an order drawn afresh for every round, on the same
numbers, after their gradients have been found equal. A ratio is the median of the ratios within each round; absolute
times drift from run to run on a shared machine and mean little.
"""

from __future__ import annotations

import gc
import importlib.metadata
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_sigmoid import GradientDescent, Network, Neuron, Value, sigmoid, squared_error

try:
    from micrograd import engine, nn
except ImportError:  # the peer is optional: without it only our own figures are printed
    engine = nn = None

Run = Callable[[], Any]
RATE = 0.5


# -- The work, ours and micrograd's: each returns what to run and how to read the gradients afterwards ----------------
# A batch is added up to one graph, as micrograd's demo does, or passed back sample by sample, as our `train` does.


def our_neuron(weights: Sequence[float], bias: float, x: Sequence[float], y: float) -> tuple[Run, Run]:
    neuron = Neuron(weights, bias)
    descent = GradientDescent(neuron.parameters(), RATE)

    def run() -> None:
        descent.zero_grad()
        squared_error(neuron(x), y).backward()
        descent.step()

    return run, lambda: [parameter.grad for parameter in neuron.parameters()]


def our_network(sizes: Sequence[int], batch: Sequence[Any], added_up: bool) -> tuple[Run, Run]:
    network = Network(sizes, seed=0)
    descent = GradientDescent(network.parameters(), RATE)

    def run() -> None:
        descent.zero_grad()
        pass_back((squared_error(network(x), y) for x, y in batch), added_up)
        descent.step(len(batch))

    return run, lambda: [parameter.grad for parameter in network.parameters()]


def our_literal_network(sizes: Sequence[int], batch: Sequence[Any], added_up: bool) -> tuple[Run, Run]:
    """As micrograd's lecture writes it: a multiplication and an addition for each weight, in place of `dot`."""
    network = Network(sizes, seed=0)
    descent = GradientDescent(network.parameters(), RATE)

    def outputs(inputs: Sequence[Any]) -> Sequence[Any]:
        for layer in network.layers:
            inputs = [
                sigmoid(sum((w * x for w, x in zip(neuron.weights, inputs, strict=True)), neuron.bias))
                for neuron in layer.neurons
            ]
        return inputs

    def run() -> None:
        descent.zero_grad()
        pass_back((0.5 * sum((a - t) ** 2 for a, t in zip(outputs(x), y, strict=True)) for x, y in batch), added_up)
        descent.step(len(batch))

    return run, lambda: [parameter.grad for parameter in network.parameters()]


def pass_back(losses: Iterable[Any], added_up: bool) -> None:
    for loss in [sum(losses)] if added_up else losses:
        loss.backward()


def our_tree(leaves: Sequence[float]) -> tuple[Run, Run]:
    values = [Value(leaf) for leaf in leaves]

    def run() -> None:
        for value in values:
            value.grad = None
        tree(values).backward()

    return run, lambda: [value.grad for value in values]


def micrograd_sigmoid(z: Any) -> Any:
    """σ in micrograd's own manner."""
    out = engine.Value(1.0 / (1.0 + math.exp(-z.data)), (z,), "σ")

    def _backward() -> None:
        z.grad += out.data * (1.0 - out.data) * out.grad

    out._backward = _backward
    return out


def micrograd_step(parameters: Sequence[Any], samples: int) -> None:
    for parameter in parameters:
        parameter.data -= RATE / samples * parameter.grad


def micrograd_neuron(weights: Sequence[float], bias: float, x: Sequence[float], y: float) -> tuple[Run, Run]:
    neuron = nn.Neuron(len(weights), nonlin=False)
    for parameter, number in zip(neuron.parameters(), [*weights, bias], strict=True):
        parameter.data = number

    def run() -> None:
        neuron.zero_grad()
        (0.5 * (micrograd_sigmoid(neuron(x)) - y) ** 2).backward()
        micrograd_step(neuron.parameters(), 1)

    return run, lambda: [parameter.grad for parameter in neuron.parameters()]


def micrograd_network(sizes: Sequence[int], batch: Sequence[Any], added_up: bool) -> tuple[Run, Run]:
    network = nn.MLP(sizes[0], list(sizes[1:]))
    for parameter, ours in zip(network.parameters(), Network(sizes, seed=0).parameters(), strict=True):
        parameter.data = ours.data

    def loss(x: Sequence[float], y: Sequence[float]) -> Any:
        outputs = x
        for layer in network.layers:
            outputs = [micrograd_sigmoid(_weighted_input(neuron, outputs)) for neuron in layer.neurons]
        return 0.5 * sum((a - t) ** 2 for a, t in zip(outputs, y, strict=True))

    def run() -> None:
        network.zero_grad()
        pass_back((loss(x, y) for x, y in batch), added_up)
        micrograd_step(network.parameters(), len(batch))

    return run, lambda: [parameter.grad for parameter in network.parameters()]


def _weighted_input(neuron: Any, inputs: Sequence[Any]) -> Any:
    return sum((w * x for w, x in zip(neuron.w, inputs, strict=True)), neuron.b)


def micrograd_tree(leaves: Sequence[float]) -> tuple[Run, Run]:
    values = [engine.Value(leaf) for leaf in leaves]

    def run() -> None:
        for value in values:
            value.grad = 0
        tree(values).backward()

    return run, lambda: [value.grad for value in values]


def tree(values: Sequence[Any]) -> Any:
    """Neighbours joined by + · − in turn, level after level, until one is left: no deep recursion for anyone."""
    level = list(values)
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [_joined(k, a, b) for k, (a, b) in enumerate(pairs)] + odd
    return level[0]


def _joined(k: int, a: Any, b: Any) -> Any:
    return a + b if k % 3 == 0 else a * b if k % 3 == 1 else a - b


# -- Measuring -------------------------------------------------------------------------------------------------------


def timed(run: Run, repeats: int, collecting: bool) -> float:
    """Processor seconds for one run, the mean of `repeats`, with Python's cyclic garbage collection on or off."""
    gc.collect()
    if not collecting:
        gc.disable()
    try:
        start = time.process_time()  # unlike the wall clock, it stands still while others have the processor
        for _ in range(repeats):
            run()
        return (time.process_time() - start) / repeats
    finally:
        gc.enable()


def compare(name: str, ours: tuple[Run, Run], theirs: tuple[Run, Run], repeats: int, rounds: int) -> str:
    """One row of the table."""
    for run, _ in (ours, theirs):
        run()
    for our_gradient, their_gradient in zip(ours[1](), theirs[1](), strict=True):
        assert math.isclose(our_gradient, their_gradient, rel_tol=1e-9, abs_tol=1e-12), name
    contenders = {"ours": (ours[0], True), "micrograd": (theirs[0], True), "micrograd, gc off": (theirs[0], False)}
    seconds: dict[str, list[float]] = {contender: [] for contender in contenders}
    for _ in range(rounds):
        for contender in random.sample(list(contenders), len(contenders)):
            run, collecting = contenders[contender]
            seconds[contender].append(timed(run, repeats, collecting))
    cells = [f"{statistics.median(times) * 1e6:,.1f} µs" for times in seconds.values()]
    for peer in ("micrograd", "micrograd, gc off"):
        ratios = [their / our for our, their in zip(seconds["ours"], seconds[peer], strict=True)]
        cells.append(f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})")
    return f"| {name} | " + " | ".join(cells) + " |"


def against_micrograd(rounds: int) -> None:
    generator = random.Random(0)
    uniform = [generator.uniform(0.5, 1.5) for _ in range(50_000)]
    points = [([generator.gauss(0, 1), generator.gauss(0, 1)], [float(k % 2)]) for k in range(100)]
    images = [([generator.random() for _ in range(64)], [float(k == i) for i in range(10)]) for k in range(10)]
    neuron = ([0.6, -0.4, 0.2], 0.9, [1.0, 0.5, -1.5], 1.0)
    print("| a step | ours | micrograd | micrograd, gc off | ratio | ratio, gc off |")
    print("|---|---|---|---|---|---|")
    for name, ours, theirs, work, repeats in (
        ("W1: a neuron, 3 inputs, squared error, update", our_neuron, micrograd_neuron, neuron, 3_000),
        ("W2: 2-16-16-1, 100 points", our_network, micrograd_network, ([2, 16, 16, 1], points, True), 1),
        ("the same, sample by sample", our_network, micrograd_network, ([2, 16, 16, 1], points, False), 1),
        (
            "the same, added up, `sum(w*x for …)`",
            our_literal_network,
            micrograd_network,
            ([2, 16, 16, 1], points, True),
            1,
        ),
        ("W3: 64-30-10, mini-batch of 10", our_network, micrograd_network, ([64, 30, 10], images, True), 1),
        ("the same, sample by sample", our_network, micrograd_network, ([64, 30, 10], images, False), 1),
        ("`+ - *`, 1,000 values", our_tree, micrograd_tree, (uniform[:500],), 50),
        ("`+ - *`, 100,000 values", our_tree, micrograd_tree, (uniform,), 1),
    ):
        print(compare(name, ours(*work), theirs(*work), repeats, rounds), flush=True)


def scaling() -> None:
    """Time and memory of one value as graphs grow."""
    print("\n| values in the graph | forward + backward, ns a value | bytes a value |")
    print("|---|---|---|")
    for size in (1_000, 10_000, 100_000, 1_000_000):
        leaves = [random.uniform(0.5, 1.5) for _ in range(size // 2)]
        run, _ = our_tree(leaves)
        times = [timed(run, max(1, 20_000 // size), collecting=True) for _ in range(7 if size < 1_000_000 else 3)]
        tracemalloc.start()
        values = [Value(leaf) for leaf in leaves]
        output = tree(values)
        output.backward()
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        print(f"| {size:,} | {statistics.median(times) / size * 1e9:,.0f} | {used / size:,.0f} |", flush=True)
        del values, output


def import_time(rounds: int) -> None:
    """What `import tinygrad_sigmoid` adds to the start of a bare interpreter."""

    def start(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    start("import tinygrad_sigmoid")
    added = [start("import tinygrad_sigmoid") - start("pass") for _ in range(2 * rounds)]
    print(f"\n`import tinygrad_sigmoid`: {statistics.median(added) * 1e3:.1f} ms over a bare interpreter")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    versions = [f"Python {platform.python_version()}"]
    if engine is not None:
        versions.append(f"micrograd {importlib.metadata.version('micrograd')}")
    print(f"{', '.join(versions)}; {platform.machine()}, {os.cpu_count()} processors; {rounds} rounds\n")
    if engine is None:
        print("micrograd is not installed, so there is nothing to compare with: pip install micrograd")
    else:
        against_micrograd(rounds)
    scaling()
    import_time(rounds)


if __name__ == "__main__":
    main()
