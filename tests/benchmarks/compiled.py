"""How fast compiled programs train, beside others: `python tests/benchmarks/compiled.py [rounds]`.

Each table comes from one run in which the contenders take turns, in an order drawn afresh for every round, on the same
numbers, after a first run has left all of them with the same parameters. A ratio is the median of the ratios within
each round. Everything is float64 and has one thread; what counts is processor time. Peers that are not installed are
left out.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.metadata
import importlib.util
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_sigmoid import Network, Value, compiled, sigmoid, squared_error
from tinygrad_sigmoid.course.digits import load_digits
from tinygrad_sigmoid.replaying import replay_for

Run = Callable[[], Any]
Contender = tuple[Run, Callable[[], Any]]  # one unit of work; and the parameters as they are now
RATE = 0.5


class Work:
    """A network, its samples and mini-batches; what every contender starts from."""

    def __init__(self, sizes: Sequence[int], samples: Sequence[Any], batch: int, epochs: bool = False) -> None:
        self.sizes, self.samples, self.batch, self.epochs = list(sizes), samples, batch, epochs
        self.inputs = np.array([x for x, _ in samples])
        self.targets = np.array([y for _, y in samples])

    def network(self) -> Network:
        return Network(self.sizes, seed=0)

    def matrices(self) -> list[tuple[Any, Any]]:
        layers = self.network().layers
        return [
            (
                np.array([[w.data for w in neuron.weights] for neuron in layer.neurons]),
                np.array([neuron.bias.data for neuron in layer.neurons]),
            )
            for layer in layers
        ]

    def batches(self) -> list[tuple[Any, Any]]:
        starts = range(0, len(self.samples), self.batch)
        return [(self.inputs[i : i + self.batch], self.targets[i : i + self.batch]) for i in starts]


def flat(matrices: Sequence[tuple[Any, Any]]) -> Any:
    """The parameters in our order: each neuron's weights, then its bias."""
    return np.concatenate([np.hstack([np.asarray(w), np.asarray(b)[:, np.newaxis]]).ravel() for w, b in matrices])


# -- The contenders ----------------------------------------------------------------------------------------------------


def ours(target: Any) -> Callable[[Work], Contender]:
    def make(work: Work) -> Contender:
        network = work.network()
        replay = replay_for(network, work.samples, squared_error, target, 1)
        assert replay is not None
        descent = replay.program.descent(replay.samples, work.batch, RATE)
        if not work.epochs:
            return descent, lambda: descent.parameters
        order = list(range(len(work.samples)))
        return lambda: replay.epoch(descent, order), lambda: [parameter.data for parameter in network.parameters()]

    return make


def ours_called(work: Work) -> Contender:
    """The Python program, called for one sample; the update is the caller's."""
    network = work.network()
    [(inputs, targets)] = work.samples
    x, y = [Value(number) for number in inputs], [Value(number) for number in targets]
    program = compiled(squared_error(network(x), y), inputs=[*x, *y], wrt=network.parameters())
    sample = (*inputs, *targets)
    parameters = list(program.parameters)

    def run() -> None:
        nonlocal parameters
        _, gradients = program(*sample, *parameters)
        parameters = [p - RATE * g for p, g in zip(parameters, gradients, strict=True)]

    return run, lambda: parameters


def by_hand(work: Work) -> Contender:
    """Backpropagation written out with NumPy."""
    matrices, batches = work.matrices(), work.batches()

    def run() -> None:
        for x, y in batches:
            activations = [x]
            for w, b in matrices:
                activations.append(1.0 / (1.0 + np.exp(-(activations[-1] @ w.T + b))))
            a = activations[-1]
            delta = (a - y) * a * (1.0 - a)
            for layer in range(len(matrices) - 1, -1, -1):
                w, b = matrices[layer]
                before = activations[layer]
                gradient = delta.T @ before
                if layer:
                    following = (delta @ w) * before * (1.0 - before)
                b -= RATE / len(x) * delta.sum(0)
                w -= RATE / len(x) * gradient
                if layer:
                    delta = following

    return run, lambda: flat(matrices)


def torch_eager(work: Work) -> Contender:
    import torch

    torch.set_num_threads(1)
    parameters = [torch.tensor(part, requires_grad=True) for pair in work.matrices() for part in pair]
    batches = [(torch.tensor(x), torch.tensor(y)) for x, y in work.batches()]

    def run() -> None:
        for x, y in batches:
            a = x
            for w, b in zip(parameters[::2], parameters[1::2], strict=True):
                a = torch.sigmoid(torch.addmm(b, a, w.t()))
            (0.5 / len(x) * ((a - y) ** 2).sum()).backward()
            with torch.no_grad():
                torch._foreach_add_(parameters, [p.grad for p in parameters], alpha=-RATE)
            for p in parameters:
                p.grad = None

    return run, lambda: flat([(w.detach(), b.detach()) for w, b in zip(parameters[::2], parameters[1::2], strict=True)])


def jax_compiled(scanned: bool) -> Callable[[Work], Contender]:
    def make(work: Work) -> Contender:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)

        def loss(matrices: Any, x: Any, y: Any) -> Any:
            a = x
            for w, b in matrices:
                a = jax.nn.sigmoid(a @ w.T + b)
            return 0.5 / x.shape[0] * ((a - y) ** 2).sum()

        def step(matrices: Any, batch: Any) -> tuple[Any, Any]:
            value, gradients = jax.value_and_grad(loss)(matrices, *batch)
            return jax.tree.map(lambda p, g: p - RATE * g, matrices, gradients), value

        matrices = jax.tree.map(jnp.asarray, work.matrices())
        one = jax.jit(step)
        whole = jax.jit(lambda matrices, batches: jax.lax.scan(step, matrices, batches))
        batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in work.batches()]
        stacked = (jnp.stack([x for x, _ in batches]), jnp.stack([y for _, y in batches]))

        def run() -> None:
            nonlocal matrices
            if scanned:
                matrices, _ = whole(matrices, stacked)
            else:
                for batch in batches:
                    matrices, _ = one(matrices, batch)
            jax.block_until_ready(matrices)

        return run, lambda: flat(matrices)

    return make


def micrograd(collecting: bool) -> Callable[[Work], Contender]:
    def make(work: Work) -> Contender:
        import eager  # the benchmark beside this one

        run, _ = eager.micrograd_network(work.sizes, list(work.samples), added_up=True)
        return (run if collecting else _without_collection(run)), list

    return make


def _without_collection(run: Run) -> Run:
    def uncollected() -> None:
        gc.disable()
        try:
            run()
        finally:
            gc.enable()

    return uncollected


# A layer's activations are kept twice, samples inside and outside, so that the compiler can use its vector registers
# for every inner loop without changing the order of any sum.
C = r"""
#include <math.h>
#include <string.h>
enum { LAYERS = %(layers)d, B = %(batch)d, MOST = %(most)d, LAST = LAYERS - 1 };
static const int size[] = {%(sizes)s};
static double a[LAYERS][MOST][B], at[LAYERS][B][MOST], d[LAYERS][MOST][B], g[MOST];
void epoch(double *p, const double *x, const double *y, long samples, double rate) {
  for (long start = 0; start < samples; start += B) {
    for (int s = 0; s < B; s++)
      for (int k = 0; k < size[0]; k++) a[0][k][s] = at[0][s][k] = x[(start + s) * size[0] + k];
    double *q = p;
    for (int l = 1; l < LAYERS; l++)
      for (int j = 0; j < size[l]; j++, q += size[l - 1] + 1) {
        double z[B];
        for (int s = 0; s < B; s++) z[s] = q[size[l - 1]];
        for (int k = 0; k < size[l - 1]; k++)
          for (int s = 0; s < B; s++) z[s] += q[k] * a[l - 1][k][s];
        for (int s = 0; s < B; s++) a[l][j][s] = at[l][s][j] = 1.0 / (1.0 + exp(-z[s]));
      }
    for (int j = 0; j < size[LAST]; j++)
      for (int s = 0; s < B; s++) {
        double o = a[LAST][j][s];
        d[LAST][j][s] = (o - y[(start + s) * size[LAST] + j]) * o * (1.0 - o);
      }
    for (int l = LAST; l > 0; l--) {
      q -= size[l] * (size[l - 1] + 1);
      if (l > 1) {
        memset(d[l - 1], 0, sizeof d[l - 1]);
        for (int j = 0; j < size[l]; j++)
          for (int k = 0; k < size[l - 1]; k++)
            for (int s = 0; s < B; s++) d[l - 1][k][s] += q[j * (size[l - 1] + 1) + k] * d[l][j][s];
        for (int k = 0; k < size[l - 1]; k++)
          for (int s = 0; s < B; s++) d[l - 1][k][s] *= a[l - 1][k][s] * (1.0 - a[l - 1][k][s]);
      }
      for (int j = 0; j < size[l]; j++) {
        double *w = q + j * (size[l - 1] + 1), bias = 0.0;
        memset(g, 0, sizeof g);
        for (int s = 0; s < B; s++) {
          bias += d[l][j][s];
          for (int k = 0; k < size[l - 1]; k++) g[k] += d[l][j][s] * at[l - 1][s][k];
        }
        for (int k = 0; k < size[l - 1]; k++) w[k] -= rate / B * g[k];
        w[size[l - 1]] -= rate / B * bias;
      }
    }
  }
}
"""


def hand_written_c(work: Work) -> Contender:
    sizes = work.sizes
    text = C % {"layers": len(sizes), "batch": work.batch, "most": max(sizes), "sizes": ", ".join(map(str, sizes))}
    folder = Path(tempfile.mkdtemp())
    (folder / "epoch.c").write_text(text)
    compiler = ["cc", "-O3", "-march=native", "-shared", "-fPIC", "epoch.c", "-o", "epoch.so", "-lm"]
    subprocess.run(compiler, cwd=folder, check=True)
    epoch = ctypes.CDLL(str(folder / "epoch.so")).epoch
    shutil.rmtree(folder)
    parameters = flat(work.matrices())
    inputs, targets = np.ascontiguousarray(work.inputs), np.ascontiguousarray(work.targets)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (parameters, inputs, targets)]  # keep them alive
    count, rate = ctypes.c_long(len(work.samples)), ctypes.c_double(RATE)
    return lambda: epoch(*pointers, count, rate), lambda: parameters


def installed(*names: str) -> bool:
    return all(importlib.util.find_spec(name) for name in names)


def contenders(slow: bool, called: bool) -> dict[str, Callable[[Work], Contender]]:
    found: dict[str, Callable[[Work], Contender]] = {}
    if called:
        found["python, called"] = ours_called
    if slow:
        found["python"] = ours("python")
    found["wasm"] = ours("wasm")
    if installed("llvmlite"):
        found["native"] = ours("native")
    if installed("micrograd") and slow:
        found["micrograd"] = micrograd(True)
        found["micrograd, gc off"] = micrograd(False)
    if installed("torch"):
        found["PyTorch eager"] = torch_eager
    if installed("jax"):
        found["JAX jit"] = jax_compiled(False)
        found["JAX scan"] = jax_compiled(True)
    found["NumPy by hand"] = by_hand
    if shutil.which("cc"):
        found["C by hand"] = hand_written_c
    return found


# -- Measuring ---------------------------------------------------------------------------------------------------------


def timed(run: Run, repeats: int) -> float:
    """Processor seconds for one run: on a shared machine the clock on the wall also counts what others do."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return (time.process_time() - start) / repeats


def measure(
    name: str, work: Work, rounds: int, slow: bool = False, called: bool = False, seconds: float = 0.05
) -> None:
    runs: dict[str, tuple[Run, int]] = {}
    wanted = None
    for contender, make in contenders(slow, called).items():
        run, parameters = make(work)
        run()
        found = np.array(parameters())
        if found.size:
            wanted = found if wanted is None else wanted
            assert np.allclose(found, wanted, rtol=1e-9, atol=1e-12), (name, contender)
        runs[contender] = run, max(1, int(seconds / timed(run, 5)))
    times: dict[str, list[float]] = {contender: [] for contender in runs}
    for _ in range(rounds):
        for contender in random.sample(list(runs), len(runs)):
            times[contender].append(timed(*runs[contender]))
    steps = len(work.batches())
    ours_in_table = [one for one in ("python, called", "python", "wasm", "native") if one in times]
    print(f"\n**{name}**\n\n| | a step | " + " | ".join(f"{one} is faster" for one in ours_in_table) + " |")
    print("|---|---|" + "---|" * len(ours_in_table))
    for contender, found in times.items():
        cells = [f"{statistics.median(found) / steps * 1e6:,.2f} µs"]
        for one in ours_in_table:
            ratios = [theirs / mine for theirs, mine in zip(found, times[one], strict=True)]
            cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
        print(f"| {contender} | " + " | ".join(cells) + " |", flush=True)


FRESH = {
    "ours": "from tinygrad_sigmoid import Network, train\n"
    "from tinygrad_sigmoid.course.digits import load_digits\n"
    "train(Network([64, 30, 10], seed=0), load_digits()[0], epochs=30, rate=3.0, seed=0, target={target!r})",
    "peer": "import sys; sys.path.insert(0, {folder!r})\n"
    "import compiled as b\n"
    "run, _ = {contender}(b.digits_work())\n"
    "for _ in range(30): run()",
}


def digits_work() -> Work:
    return Work([64, 30, 10], [(list(x), list(y)) for x, y in load_digits()[0]][:1500], 10, epochs=True)


def fresh_processes(rounds: int) -> None:
    """From the start of a process to a network trained for 30 epochs."""
    folder = str(Path(__file__).parent)
    programs = {"wasm": FRESH["ours"].format(target="wasm")}
    if installed("llvmlite"):
        programs["native"] = FRESH["ours"].format(target="native")
    for name, package, contender in (
        ("NumPy by hand", "numpy", "b.by_hand"),
        ("PyTorch eager", "torch", "b.torch_eager"),
        ("JAX scan", "jax", "b.jax_compiled(True)"),
    ):
        if installed(package):
            programs[name] = FRESH["peer"].format(folder=folder, contender=contender)
    times: dict[str, list[float]] = {name: [] for name in programs}
    # As in an installation, where Python's bytecode has been written.
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for program in programs.values():
        subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    for _ in range(rounds):
        for name in random.sample(list(programs), len(programs)):
            before = os.times()
            subprocess.run([sys.executable, "-c", programs[name]], check=True, env=environment)
            after = os.times()
            times[name].append(
                after.children_user + after.children_system - before.children_user - before.children_system
            )
    print("\n**A fresh process to a network trained on the digits, 30 epochs**\n\n| | seconds | as a share of wasm's |")
    print("|---|---|---|")
    for name, found in times.items():
        share = statistics.median(theirs / mine for theirs, mine in zip(found, times["wasm"], strict=True))
        print(f"| {name} | {statistics.median(found):.2f} | {share:.2f} |", flush=True)


def compiling(rounds: int) -> None:
    """How long it takes to record and to compile."""
    print("\n**Recording and compiling**\n\n| | record | compile |\n|---|---|---|")
    for size in (1_000, 10_000, 100_000):
        found = []
        for _ in range(3):
            start = time.process_time()
            x = Value(0.5, "x")
            total = x
            for _ in range(size // 2):
                total = sigmoid(total) + x
            middle = time.process_time()
            compiled(total, inputs=[x], wrt=[x])
            found.append((middle - start, time.process_time() - middle))
        record, compile_ = (statistics.median(times) for times in zip(*found, strict=True))
        print(
            f"| `python`, {size:,} values | {record:.2f} s | {compile_:.2f} s: {compile_ / size * 1e6:.0f} µs a value |"
        )
    for target in ("wasm", "native")[: 1 + installed("llvmlite")]:
        for sizes in ([2, 16, 16, 1], [64, 30, 10], [784, 30, 10]):
            code = (
                "import time, importlib; from tinygrad_sigmoid import *\n"
                f"network, x = Network({sizes}, seed=0), [Value(0.5) for _ in range({sizes[0]})]\n"
                f"y = [Value(0.5) for _ in range({sizes[-1]})]\n"
                "start = time.process_time(); loss = squared_error(network(x), y); middle = time.process_time()\n"
                f"compiled(loss, inputs=[*x, *y], wrt=network.parameters(), target={target!r})\n"
                "print(middle - start, time.process_time() - middle)"
            )
            found = [
                tuple(
                    map(
                        float,
                        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.split(),
                    )
                )
                for _ in range(rounds)
            ]
            record, compile_ = (statistics.median(times) for times in zip(*found, strict=True))
            print(f"| `{target}`, {'-'.join(map(str, sizes))}, imports included | {record:.3f} s | {compile_:.2f} s |")


def growing(rounds: int) -> None:
    """What a value costs for each sample, in chains of more and more values and for more and more samples at a time."""
    counts = (10, 100, 1_000)
    print("\n**Nanoseconds a value and sample: output, gradient and update, by the number of samples**\n")
    print("| | " + " | ".join(f"{count:,}" for count in counts) + " |\n|---" + "|---" * len(counts) + "|")
    for target in ("wasm", "native")[: 1 + installed("llvmlite")]:
        for size in (100, 1_000, 10_000, 100_000):
            x, w = Value(0.3, "x"), Value(0.5, "w")
            total = x
            for _ in range(size // 3):
                total = sigmoid(total * w + x)
            program = compiled(total, inputs=[x], wrt=[w], target=target)  # type: ignore[arg-type]
            cells = []
            for count in counts:
                step = program.descent(np.linspace(0.1, 0.9, count), count, 1e-9)
                step()
                repeats = max(1, 10**7 // (size * count))
                seconds = statistics.median(timed(step, repeats) for _ in range(rounds))
                cells.append(f"{seconds / (size * count) * 1e9:.1f}")
            print(f"| `{target}`, {size:,} values | " + " | ".join(cells) + " |", flush=True)


def machine() -> str:
    """The processor's name where Linux tells it."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


# The libraries read these when they are loaded.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def main() -> None:
    if os.environ.get("OMP_NUM_THREADS") != "1":
        raise SystemExit(subprocess.run([sys.executable, *sys.argv], env={**os.environ, **ONE_THREAD}).returncode)
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    peers = [name for name in ("wasmtime", "llvmlite", "numpy", "micrograd", "torch", "jax") if installed(name)]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in peers]
    print(f"{machine()}, {os.cpu_count()} processors, Python {platform.python_version()}; {', '.join(versions)}")
    generator = random.Random(0)
    points = [([generator.gauss(0, 1), generator.gauss(0, 1)], [float(k % 2)]) for k in range(100)]
    images = [([generator.random() for _ in range(784)], [float(k == i) for i in range(10)]) for k in range(100)]
    neuron = [([1.0, 0.5, -1.5], [1.0])]
    measure("W1: a neuron with 3 inputs, one sample a call", Work([3, 1], neuron, 1), rounds, slow=True, called=True)
    measure("W2: 2-16-16-1, 100 points, one step a call", Work([2, 16, 16, 1], points, 100), rounds)
    measure("W3: 64-30-10, mini-batch of 10, an epoch of 150 steps a call", digits_work(), rounds)
    measure("784-30-10, mini-batch of 10, 10 steps a call", Work([784, 30, 10], images, 10), rounds)
    many = [(list(x), list(y)) for x, y in (load_digits()[0] * 7)[:10_000]]
    measure("64-30-10, full batch of 10,000, one step a call", Work([64, 30, 10], many, 10_000), rounds)
    fresh_processes(max(3, rounds // 2))
    compiling(3)
    growing(5)


if __name__ == "__main__":
    main()
