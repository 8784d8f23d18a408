"""Programs for the kernels beside the graphs themselves: `python tests/benchmarks/graphs.py [GRAPHS [SEED]]`.

Random graphs with operations of one's own, at kinks, in saturation and at the edges of what floats can hold; each
sample alone, all in one batch, and in a descent.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

sys.path.append(str(Path(__file__).parents[1]))

from random_programs import Case, cases, compared

AT_ONCE = 500  # examples of one seed: Hypothesis remembers them all, to give none of them twice


def run(target: str, count: int, seed: int) -> Counter[str]:
    """What came of so many graphs; the first that fails is shown, as small as it can be made."""
    seen: Counter[str] = Counter()

    @hypothesis.seed(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
    @given(cases())
    def collect(case: Case) -> None:
        nonlocal seen
        seen = together(seen, compared(case, target))

    collect()
    return seen


def together(one: Counter[str], other: Counter[str]) -> Counter[str]:
    """The sums of two counts, and the larger of the worst differences."""
    worst = max(one["worst"], other["worst"])
    return Counter({**(one + other), "worst": worst})


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for target in sys.argv[3:] or ["wasm", "native"]:
        seen: Counter[str] = Counter()
        begin = time.perf_counter()
        for seed in range(first, first + -(-count // AT_ONCE)):
            print(f"\r{target}, seed {seed}", end="", file=sys.stderr, flush=True)
            seen = together(seen, run(target, min(AT_ONCE, count - seen["graphs"]), seed))
        worst = seen.pop("worst") * 2.0**-53
        counts = ", ".join(f"{number:,} {name}" for name, number in seen.items())
        print(f"\r{target}: {counts}; worst relative difference {worst:.1e}; {time.perf_counter() - begin:.0f} s")
