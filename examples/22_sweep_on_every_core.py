"""22. Learning rates × seeds on every core, or on a Dask cluster. Needs nothing else for the cores of one machine.

python examples/22_sweep_on_every_core.py                           # the cores of this machine
python examples/22_sweep_on_every_core.py --scheduler tcp://…:8786   # a cluster (tinygrad-sigmoid[cluster])
"""

import argparse
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

from tinygrad_sigmoid import Network, train
from tinygrad_sigmoid.course.digits import load_digits

RATES = [0.01, 0.1, 1.0, 10.0, 100.0]
SEEDS = [0, 1, 2, 3]
SHADES = " ░▒▓█"


# %% One trial. It depends on its arguments alone, so it may run anywhere and in any order.
def trial(rate: float, seed: int) -> float:
    """The share of the test digits that a network reads right after three epochs."""
    training_digits, test_digits = load_digits()
    network = Network([64, 15, 10], seed=seed)
    history = train(network, training_digits[:600], epochs=3, rate=rate, seed=seed, test=test_digits, target="wasm")
    return history[-1].correct / history[-1].tested


# %% All of them, by a `map` that may use other cores or other machines.
def sweep(each: Callable[..., Iterable[float]]) -> dict[tuple[float, int], float]:
    """The result of every trial."""
    trials = [(rate, seed) for rate in RATES for seed in SEEDS]
    return dict(zip(trials, each(trial, *zip(*trials, strict=True)), strict=True))


# %% Accuracy as a table and a heat map: a row for each learning rate, a column for each seed.
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask scheduler; without it, this machine's cores")
    notebook = "__file__" not in globals()
    address = parser.parse_args([] if notebook else None).scheduler
    if address:
        try:
            from distributed import Client
        except ImportError:
            raise SystemExit("--scheduler needs Dask: pip install 'tinygrad-sigmoid[cluster]'") from None

        with Client(address) as client:
            results = sweep(client.get_executor().map)
    elif notebook:  # whose functions no other process could import
        results = sweep(map)
    else:
        with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
            results = sweep(pool.map)

    print("Which learning rate? Try each from several seeds: the share of test digits that are read right.")
    print("learning rate  " + "  ".join(f"seed {seed}" for seed in SEEDS) + "  median")
    for rate in RATES:
        row = [results[rate, seed] for seed in SEEDS]
        shades = "".join(SHADES[min(int(share * len(SHADES)), len(SHADES) - 1)] * 2 for share in row)
        print(f"{rate:13g}  " + "  ".join(f"{share:6.1%}" for share in row) + f"  {median(row):6.1%}  {shades}")
    best = max(RATES, key=lambda rate: median(results[rate, seed] for seed in SEEDS))
    print(f"Best in the median is η = {best:g}. Ten times less is slow, ten times more never gets off guessing.")


if __name__ == "__main__":
    main()
