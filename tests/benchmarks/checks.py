"""How far the gradient check can be trusted, beside others: `python tests/benchmarks/checks.py [GRAPHS [SEED]]`.

False alarms on right graphs, planted bugs found and named, cost a value; then JAX, autograd and PyTorch with the
defaults of their own checks on single operations, as far as they are installed. All of them get our rules, computed
with their own arithmetic.
"""

from __future__ import annotations

import platform
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from tinygrad_sigmoid import Operation, Value
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.museum import EXHIBITS, Ledger, compare
from tinygrad_sigmoid.operations import TABLE, fixed_power
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, planted_bug

SPECIAL = [0.0, 1.0, -1.0, 1e-310, -5e-324, 1e-160, 13.0, -13.0, 36.0, -37.0, 745.0, -745.0, 800.0, 1e10]
BUGS: dict[str, dict[str, Any]] = {
    "1.01 times too large": {"scale": 1.01},
    "wrong by 1e-9 of itself": {"scale": 1 + 1e-9},
    "of the wrong sign": {"sign": True},
    "first one dropped": {"drop": 1},
    "in the wrong order": {"swap": True},
}


# -- Right graphs, and the same with a bug -------------------------------------------------------------------------


class Plan(NamedTuple):
    """A random graph that can be recorded again: numbers of leaves, and rows of operations with their operands."""

    leaves: list[float]
    rows: list[tuple[Operation, list[Any]]]

    def recorded(self) -> Value:
        values = [Value(number, f"x{place}") for place, number in enumerate(self.leaves)]
        for operation, operands in self.rows:
            values.append(operation.apply(*[values[one] if isinstance(one, int) else one for one in operands]))
        return values[-1]


def plans(generator: random.Random, count: int) -> Iterator[Plan]:
    """Graphs of up to 12 operations of the whole table; one in four on numbers at the edges of what floats can say."""
    for number in range(count):
        wild = number % 4 == 0

        def drawn(wild: bool = wild) -> float:
            return generator.choice(SPECIAL) if wild and generator.random() < 0.5 else generator.uniform(-4, 4)

        leaves = [drawn() for _ in range(generator.randint(1, 3))]
        plan, values = Plan(leaves, []), [Value(one) for one in leaves]
        for _ in range(generator.randint(1, 12)):
            operation = generator.choice(list(TABLE.values()))
            several = operation.derivatives.__code__.co_flags & 4
            inputs = 2 * generator.randint(1, 3) if several else operation.derivatives.__code__.co_argcount - 1
            operands: list[Any] = [generator.randrange(max(0, len(values) - 6), len(values)) for _ in range(inputs)]
            if operation is fixed_power:
                operands[1] = generator.choice([2.0, 3.0, 0.5, -1.0, 0.0, 0.1])
            try:
                values.append(operation.apply(*[values[one] if isinstance(one, int) else one for one in operands]))
            except (ArithmeticError, ValueError):
                continue
            plan.rows.append((operation, operands))
        if plan.rows:
            yield plan


def right_graphs(generator: random.Random, count: int) -> None:
    seen: Counter[str] = Counter()
    worst = 0.0
    begin = time.perf_counter()
    for plan in plans(generator, count):
        output = plan.recorded()
        seen["graphs"] += 1
        seen["values"] += len(topological_order(output))
        try:
            certificate = check_gradients(output)
        except GradientMismatch as mismatch:
            seen["false alarms"] += 1
            print(mismatch, file=sys.stderr)
            continue
        seen["local derivatives"] += certificate.local_derivatives
        seen["gradients"] += certificate.gradients
        seen["end to end"] += certificate.leaves
        seen["unresolved"] += bool(certificate.unresolved)
        worst = max(worst, certificate.worst_leaf)
    seconds = time.perf_counter() - begin
    checks = seen["local derivatives"] + seen["gradients"] + seen["end to end"]
    print(
        f"right graphs: {seen['graphs']:,}; single checks: {checks:,}, which are {seen['local derivatives']:,} local "
        f"derivatives, {seen['gradients']:,} sums and {seen['end to end']:,} leaves end to end\n"
        f"false alarms: {seen['false alarms']}; graphs with something unresolved: {seen['unresolved']:,}; the nearest "
        f"to an alarm end to end: {worst:.0%} of what is allowed\n"
        f"time: {seconds / max(seen['values'], 1) * 1e3:.2f} ms a value, end to end included"
    )


def planted(generator: random.Random, count: int) -> None:
    print("\n| planted | in graphs | found | right operation named |\n|---|---|---|---|")
    for name, bug in BUGS.items():
        seen: Counter[str] = Counter()
        for plan in plans(generator, count // len(BUGS)):
            reached = {value.operation for value in computed(plan.recorded())}
            culprit = generator.choice([operation for operation, _ in plan.rows])
            right = [value.local_derivatives for value in computed(plan.recorded())]
            try:
                with planted_bug(culprit, **bug):
                    output = plan.recorded()
            except (ArithmeticError, ValueError):
                continue
            wrong = [value.local_derivatives for value in computed(output)]
            if culprit not in reached or not any(map(_clearly_other, computed(output), right, wrong)):
                continue
            seen["planted"] += 1
            try:
                check_gradients(output)
            except GradientMismatch as mismatch:
                seen["found"] += 1
                seen["named"] += mismatch.operation is culprit
        print(f"| {name} | {seen['planted']:,} | {seen['found']:,} | {seen['named']:,} |")


def _clearly_other(value: Value, right: tuple[float, ...], wrong: tuple[float, ...]) -> bool:
    """Whether a planted bug made a difference: 0 times 1.01 is still 0, and at a kink many slopes are right."""
    operation: Any = value.operation
    numbers = [used.data for used in value.inputs]
    if operation.kink is not None and operation.kink(*numbers) == 0:
        return False
    pairs = zip(value.inputs, right, wrong, strict=True)
    return any(
        not used.constant and abs(a - b) > 1e-10 * abs(a) and max(abs(a), abs(b)) > 1e-290 for used, a, b in pairs
    )


def algorithms(generator: random.Random, count: int) -> None:
    print("\n| wrong algorithm | wrong on graphs | found |\n|---|---|---|")
    for exhibit in EXHIBITS:
        if exhibit.passes > 1:
            continue
        seen: Counter[str] = Counter()

        def backward(output: Value, exhibit: Any = exhibit) -> Ledger:
            gradients = Ledger()
            exhibit.run(output, gradients)
            return gradients

        for plan in plans(generator, count // 10):
            output = plan.recorded()
            try:
                verdicts = {verdict.exhibit.name: verdict for verdict in compare(output).verdicts}
            except (ArithmeticError, ValueError):
                continue
            if verdicts[exhibit.name].agrees or not verdicts[exhibit.name].gradients:
                continue
            seen["wrong"] += 1
            try:
                check_gradients(output, backward=backward)
            except GradientMismatch:
                seen["found"] += 1
        print(f"| {exhibit.name} | {seen['wrong']:,} | {seen['found']:,} |")


if __name__ == "__main__":
    graphs = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    print(f"{platform.machine()}, Python {platform.python_version()}\n")
    right_graphs(chance, graphs)
    planted(chance, graphs)
    algorithms(chance, graphs)
