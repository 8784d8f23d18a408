"""The museum of wrong algorithms: how learners pass gradients back, where each way goes wrong, and on what graph.

Every exhibit is written as a learner would write it, and does its best on your own graph. It is given the output and a
`Ledger`, which is a dict of gradients that begin at 0 and that also writes down who handed what to whom. The first
exhibit is the right one; read it beside the others.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

LARGEST = 300  # values: some exhibits recurse, and Python stops a recursion after a thousand calls
LONGEST = 20_000  # steps: naive recursion takes a step for every edge of every path, and paths can be 2^n
COLUMNS = 6  # how many leaves a table shows
NAMES = 27  # characters of a table's first column


@dataclass(frozen=True)
class Step:
    """A gradient is handed on along one edge.

    Attributes:
        value: Who hands on.
        used: The input of it that gets something.
        upstream: The gradient of `value` at that moment.
        before: The gradient of `used` before.
        after: The gradient of `used` after.
    """

    value: Value
    used: Value
    upstream: float
    before: float
    after: float


class Ledger(dict[Value, float]):
    """Gradients, 0 until something is handed on, and the steps in which that was done.

    In `gradients[used] += gradients[value] * local` the last gradient that is read before one is written is that of
    the value that hands on. By that a step knows its edge, and an exhibit can look like a learner's code.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._read: Value | None = None

    def __getitem__(self, value: Value) -> float:
        self._read = value
        return self.get(value, 0.0)

    def __setitem__(self, used: Value, gradient: float) -> None:
        if self._read is not None:
            upstream, before = self.get(self._read, 0.0), self.get(used, 0.0)
            self.steps.append(Step(self._read, used, upstream, before, gradient))
        self._read = None
        super().__setitem__(used, gradient)


# -- The exhibits ----------------------------------------------------------------------------------------------------


def topological(output: Value, gradients: Ledger) -> None:
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[used] += gradients[value] * local


def naive_recursion(output: Value, gradients: Ledger) -> None:
    def visit(value: Value) -> None:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
            visit(used)

    gradients[output] = 1.0
    visit(output)


def depth_first(output: Value, gradients: Ledger) -> None:
    visited = set()

    def visit(value: Value) -> None:
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                visit(used)

    gradients[output] = 1.0
    visit(output)


def depth_first_stack(output: Value, gradients: Ledger) -> None:
    gradients[output] = 1.0
    stack, visited = [output], set()
    while stack:
        value = stack.pop()
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                stack.append(used)


def post_order(output: Value, gradients: Ledger) -> None:
    order: list[Value] = []

    def visit(value: Value) -> None:
        if value not in order:
            for used, _ in edges(value):
                visit(used)
            order.append(value)

    visit(output)
    gradients[output] = 1.0
    for value in order:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local


def assignment(output: Value, gradients: Ledger) -> None:
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[used] = gradients[value] * local


def nothing_reset(output: Value, gradients: Ledger) -> None:
    for _ in range(2):
        gradients[output] = 1.0
        for value in reversed(topological_order(output)):
            for used, local in edges(value):
                gradients[used] += gradients[value] * local


def only_leaves_reset(output: Value, gradients: Ledger) -> None:
    for _ in range(2):
        for leaf in leaves(output):
            gradients[leaf] = 0.0
        gradients[output] = 1.0
        for value in reversed(topological_order(output)):
            for used, local in edges(value):
                gradients[used] += gradients[value] * local


def edges(value: Value) -> Iterator[tuple[Value, float]]:
    """The inputs of a value, each with ∂value/∂input; constants are left out, because they have no gradient."""
    pairs = zip(value.inputs, value.local_derivatives, strict=True)
    return ((used, local) for used, local in pairs if not used.constant)


@dataclass(frozen=True)
class Exhibit:
    """An algorithm of the museum.

    Attributes:
        name: What it is called.
        run: The algorithm.
        lesson: What is wrong with it, and the cure.
        passes: How many backward passes it makes.
        kept: How many of those the gradients of leaves should be the sum of.
    """

    name: str
    run: Callable[[Value, Ledger], None]
    lesson: str
    passes: int = 1
    kept: int = 1


RIGHT = Exhibit(
    "topological order, reversed", topological, "every value has collected from all its uses before it hands on"
)

EXHIBITS = (
    Exhibit(
        "naive recursion",
        naive_recursion,
        "each visit hands on everything collected so far, earlier visits' share once more: hand on once, in reversed "
        "topological order",
    ),
    Exhibit(
        "depth first, visited set",
        depth_first,
        "the first visit hands on before the other uses have reported, and there is no second: go in reversed "
        "topological order",
    ),
    Exhibit(
        "depth first, stack",
        depth_first_stack,
        "the same with the branches taken the other way round, and another wrong answer: go in reversed topological "
        "order",
    ),
    Exhibit(
        "post-order, not reversed",
        post_order,
        "the order is right for the forward pass, so the leaves come first and have nothing to hand on: reverse it",
    ),
    Exhibit(
        "= for +=",
        assignment,
        "a value that is used twice keeps only what the last use reported: add the contributions up",
    ),
    Exhibit(
        "second pass, nothing reset",
        nothing_reset,
        "values in between hand on the gradient of the first pass once more: only leaves may keep theirs",
        passes=2,
        kept=2,
    ),
    Exhibit(
        "second pass, leaves reset",
        only_leaves_reset,
        "zeroing the leaves is not enough: the values in between still hold the gradient of the first pass",
        passes=2,
    ),
)


# -- The comparison --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mistake:
    """The first step of an exhibit that goes wrong.

    Attributes:
        position: Which of its steps, from 0.
        value: Where it shows: the value that hands on too little or too much, or that loses what it had.
        remark: What is wrong with that value, in a few words.
        reason: What is wrong, in a sentence.
    """

    position: int
    value: Value
    remark: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """How an exhibit did on a graph.

    Attributes:
        exhibit: Which.
        gradients: What it says; empty if it was not run.
        right: What is right: for leaves, the sum over the passes that it keeps.
        steps: How it got there.
        mistake: Where in `steps` it first goes wrong; `None` if it gives the right gradients.
        not_run: Why it was not run; empty if it was.
    """

    exhibit: Exhibit
    gradients: dict[Value, float] = field(repr=False)
    right: dict[Value, float] = field(repr=False)
    steps: list[Step] = field(repr=False)
    mistake: Mistake | None
    not_run: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it gives the right gradients on this graph."""
        return self.mistake is None and not self.not_run

    @property
    def reason(self) -> str:
        """What is wrong, with the number of the step; empty if it agrees."""
        return self.not_run if self.mistake is None else f"step {self.mistake.position + 1}: {self.mistake.reason}"


@dataclass(frozen=True, repr=False)
class Comparison:
    """The right algorithm and the wrong ones, side by side on one graph; print it."""

    output: Value
    right: dict[Value, float]
    verdicts: list[Verdict]

    def draw(self, name: str) -> Drawing:
        """The graph, with the place marked where the exhibit of that name first goes wrong; unmarked if it doesn't."""
        from tinygrad_sigmoid.drawing import draw

        verdict = self[name]
        if (mistake := verdict.mistake) is None:
            return draw(self.output)
        step = verdict.steps[mistake.position]
        handed_on = f"step {mistake.position + 1}: hands on {number_text(step.upstream)}"
        return draw(self.output, marks={(step.value, step.used): handed_on, mistake.value: mistake.remark})

    def __getitem__(self, name: str) -> Verdict:
        """The verdict on the exhibit of that name."""
        return next(verdict for verdict in self.verdicts if verdict.exhibit.name == name)

    def __repr__(self) -> str:
        wrong = sum(not verdict.agrees for verdict in self.verdicts)
        return f"<{wrong} of {len(self.verdicts)} exhibits go wrong on this graph: print it>"

    def __str__(self) -> str:
        return f"{self._table()}\n\n" + "\n\n".join(self._story(verdict) for verdict in self.verdicts)

    def _table(self) -> str:
        names = Names(topological_order(self.output))
        columns = [leaf for leaf in leaves(self.output) if not leaf.constant]
        columns, more = columns[:COLUMNS], " …" * (len(columns) > COLUMNS)
        widths = [max(12, len(names[leaf]) + 2) for leaf in columns]

        def row(name: str, cells: Iterable[str]) -> str:
            return f"{name:<{NAMES}}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))

        def numbers(gradients: dict[Value, float]) -> list[str]:
            return [number_text(gradients[leaf]) if leaf in gradients else "–" for leaf in columns]

        lines = [row(f"{'∂output/∂':>{NAMES}}", [names[leaf] for leaf in columns]) + more]
        lines.append(row(RIGHT.name, numbers(self.right)))
        for verdict in self.verdicts:
            remark = "agrees" if verdict.agrees else "never ends" if verdict.not_run else "wrong"
            if verdict.mistake and verdict.exhibit.kept > 1:
                remark += f": should be {' '.join(numbers(verdict.right))}"
            elif verdict.agrees and verdict.exhibit.kept > 1:
                remark += f": {verdict.exhibit.kept} × {' '.join(numbers(self.right))}"
            lines.append(f"{row(verdict.exhibit.name, numbers(verdict.gradients))}  {remark}")
        return "\n".join(lines)

    def _story(self, verdict: Verdict) -> str:
        exhibit = verdict.exhibit
        lines = [f"{exhibit.name}: {verdict.reason or 'agrees with the right one on this graph.'}"]
        if verdict.agrees:
            lines.append(f"  The smallest graph where it doesn't: {smallest_difference(exhibit)}.")
        return "\n".join([*lines, f"  {exhibit.lesson}."])


def compare(output: Value) -> Comparison:
    """The right way to pass gradients back beside seven famous wrong ones, on the graph of `output`.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(2, "x")
    >>> y = 3 * x
    >>> a, b = 2 * y, 5 * y
    >>> c = a + b
    >>> y.label, a.label, b.label, c.label = "y", "a", "b", "c"
    >>> compare(c)
    <7 of 7 exhibits go wrong on this graph: print it>
    >>> print(compare(c)["naive recursion"].reason)
    step 3: y hands 2 on to x, but the gradient of y is 7: 1 of its 2 uses has not reported yet.
    >>> [verdict.gradients[x] for verdict in compare(c).verdicts[:4]]
    [27.0, 6.0, 15.0, 0.0]

    Nothing on the graph is changed; the local derivatives are those kept with its values.

    Raises:
        ValueError: The output is a leaf, or the graph is too large for exhibits that recurse.
    """
    size = len(topological_order(output))
    if size == 1:
        raise ValueError(f"{output!r} is a leaf, so there is nothing to pass back: compare what is computed from it")
    if size > LARGEST:
        raise ValueError(
            f"the graph has {size} values, and some exhibits recurse: compare a part of it, of at most {LARGEST} values"
        )
    right = Ledger()
    topological(output, right)
    if not all(map(math.isfinite, [*right.values(), *_allowance(output).values()])):
        raise OverflowError("gradients of this graph are too large for a float: compare it at smaller numbers")
    return Comparison(output, dict(right), [_judged(exhibit, output, right) for exhibit in EXHIBITS])


def smallest_difference(exhibit: Exhibit) -> str:
    """The smallest graph on which an exhibit goes wrong, and how it does there."""
    for text, build in WITNESSES:
        output = build()
        [x] = [leaf for leaf in leaves(output) if not leaf.constant]
        right = Ledger()
        topological(output, right)
        verdict = _judged(exhibit, output, right)
        if not verdict.agrees:
            given, wanted = number_text(verdict.gradients[x]), number_text(verdict.right[x])
            return f"{text}, where it gives {given} and {wanted} is right"
    raise AssertionError(f"{exhibit.name} is right on every graph that should show where it goes wrong")


def _square() -> Value:
    x = Value(3, "x")
    return x * x


def _twice() -> Value:
    y = 3 * Value(2, "x")
    return y + y


def _short_and_long_way() -> Value:
    y = 3 * Value(2, "x")
    return 2 * y + y


# By size. For each exhibit the first that it gets wrong is its smallest: the tests try all that are smaller.
WITNESSES: tuple[tuple[str, Callable[[], Value]], ...] = (
    ("x·x at x = 3", _square),
    ("y = 3·x, c = y + y", _twice),
    ("y = 3·x, a = 2·y, c = a + y", _short_and_long_way),
)


def _judged(exhibit: Exhibit, output: Value, right: dict[Value, float]) -> Verdict:
    expected = {value: right[value] * (1 if value.inputs else exhibit.kept) for value in right}
    if exhibit.run is naive_recursion and (wanted := _recursive_steps(output)) > LONGEST:
        return Verdict(
            exhibit, {}, expected, [], None, f"it would take {number_text(wanted)} steps, so it was not run."
        )
    ledger = Ledger()
    exhibit.run(output, ledger)
    allowed = _allowance(output)
    mistake = None
    if not all(abs(ledger.get(v, 0.0) - expected[v]) <= allowed[v] for v in expected if not v.constant):
        mistake = _first_mistake(exhibit, ledger.steps, right, allowed, Names(topological_order(output)))
    return Verdict(exhibit, dict(ledger), expected, ledger.steps, mistake)


def _first_mistake(
    exhibit: Exhibit, steps: list[Step], right: dict[Value, float], allowed: dict[Value, float], names: Names
) -> Mistake | None:
    """The first step that breaks the rules: hand on all there is, add it up, once for every edge and pass.

    If none does, whatever the gradients are off by is rounding.
    """
    users = Counter(used for value in right for used, _ in edges(value))
    reported, handed = Counter[Value](), Counter[tuple[Value, Value]]()
    for position, step in enumerate(steps):
        value, used = step.value, step.used
        before, after, wanted = number_text(step.before), number_text(step.after), number_text(right[value])
        reported[used] += 1
        handed[value, used] += 1
        told = f"{names[value]} hands {number_text(step.upstream)} on to {names[used]}"
        if abs(step.upstream - right[value]) > allowed[value]:
            why = _not_reported(users[value] - reported[value], users[value])
            told += f", but the gradient of {names[value]} is {wanted}: {why}"
            return Mistake(position, value, f"should hand on {wanted}", told)
        # An input that is used twice may have two local derivatives; exhibits take the edges in order.
        locals_ = [local for candidate, local in edges(value) if candidate is used]
        total = step.before + step.upstream * locals_[(handed[value, used] - 1) % len(locals_)]
        if step.after != total:
            told += f", and its {before} is replaced by {after} where it should become {number_text(total)}."
            return Mistake(position, used, f"{after} replaces {before}", told)
        if handed[value, used] > value.inputs.count(used) * exhibit.passes:
            return Mistake(position, used, "given to once too often", f"{told} once too often.")
    return None


def _not_reported(missing: int, users: int) -> str:
    """Why a value had not the whole of its gradient to hand on, or more than that."""
    if missing <= 0:
        return "the rest was left over from the pass before."
    if missing == users:
        return "its only use has not reported yet." if users == 1 else f"none of its {users} uses has reported yet."
    return f"{missing} of its {users} uses {'has' if missing == 1 else 'have'} not reported yet."


def _allowance(output: Value) -> dict[Value, float]:
    """How far a gradient may be off by rounding, for each value: 1e-9 of the sum of its contributions' magnitudes."""
    magnitudes = defaultdict[Value, float](float, {output: 1.0})
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            magnitudes[used] += magnitudes[value] * abs(local)
    return {value: 1e-9 * magnitude for value, magnitude in magnitudes.items()}


def _recursive_steps(output: Value) -> int:
    """How many steps naive recursion takes: one for every edge of every path."""
    visits = Counter({output: 1})
    for value in reversed(topological_order(output)):
        for used, _ in edges(value):
            visits[used] += visits[value]
    return visits.total() - 1
