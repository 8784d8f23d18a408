"""The museum of wrong algorithms: what each of them gives on your own graph, and the first edge where it goes wrong."""

from __future__ import annotations

import inspect
import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.course.exhibits import EXHIBITS, RIGHT, Edge, Exhibit, Ledger, Pass, edges, naive_recursion
from tinygrad_sigmoid.derivatives import backpropagated
from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.tables import sentences, table
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing
    from tinygrad_sigmoid.page import Page

LARGEST = 300  # values: some exhibits recurse, and Python stops a recursion after a thousand calls
LONGEST = 20_000  # edges: naive recursion takes every edge of every path, and paths can be 2^n
PLAYED = 1_000  # edges that someone may step through
NO_DIFFERENCE = "So it does on the smallest graphs that the exhibits get wrong."
COLUMNS = 6  # how many leaves a table shows
NAMES = 27  # characters of a table's first column


class Mistake(NamedTuple):
    """The first edge along which an exhibit passes something wrong."""

    edge: Edge
    number: int  # which edge it is of those that the exhibit takes, from 1
    value: Value  # the one that passes back too little or too much, or that loses what it had
    remark: str  # what is wrong with that value, in a few words
    reason: str  # the same in a sentence

    @property
    def marks(self) -> dict[Value | tuple[Value, Value], str]:
        """What a picture of the graph says at the edge, and at that value."""
        passed = f"edge {self.number}: hands on {number_text(self.edge.upstream)}"
        return {(self.edge.value, self.edge.used): passed, self.value: self.remark}


@dataclass(frozen=True)
class Outcome:
    """How an exhibit did on a graph."""

    exhibit: Exhibit
    right: dict[Value, float] = field(repr=False)  # for leaves, the sum over the passes that it keeps
    gradients: dict[Value, float] = field(repr=False, default_factory=dict)  # empty if it was not run
    edges: list[Edge] = field(repr=False, default_factory=list)  # those that it took, in order
    mistake: Mistake | None = None
    reason: str = ""  # what is wrong, with the number of the edge, or why it was not run; empty if it agrees
    lesson: str = ""

    @property
    def agrees(self) -> bool:
        """Whether it gives the right gradients on this graph."""
        return not self.reason

    def __str__(self) -> str:
        lines = [f"{self.exhibit.name}: {self.reason or 'agrees with the right one on this graph.'}"]
        if self.agrees:
            where = smallest_difference(self.exhibit)
            lines.append(f"  The smallest graph where it doesn't: {where}." if where else f"  {NO_DIFFERENCE}")
        return "\n".join([*lines, *[f"  {self.lesson}"] * bool(self.lesson)])


@dataclass(frozen=True, repr=False)
class Comparison:
    """The right algorithm and the wrong ones, side by side on one graph; print it."""

    output: Value
    right: dict[Value, float]
    outcomes: list[Outcome]

    def draw(self, name: str) -> Drawing:
        """The graph, with the place marked where the exhibit of that name first goes wrong; unmarked if it doesn't."""
        from tinygrad_sigmoid.drawing import draw

        mistake = self[name].mistake
        return draw(self.output, marks=mistake.marks if mistake else {})

    def explore(self, path: str | os.PathLike[str] | None = None) -> Page:
        """The live page of the graph, on which the exhibits that go wrong can be played step by step."""
        from tinygrad_sigmoid.page.build import Algorithm, page_of

        algorithms = [
            Algorithm(
                outcome.exhibit.name, _with_operands(outcome.edges), outcome.mistake.number, outcome.mistake.reason
            )
            for outcome in self.outcomes
            if outcome.mistake and len(outcome.edges) <= PLAYED
            if all(edge.used in edge.value.inputs for edge in outcome.edges)  # the others can't be seen on the graph
        ]
        page = page_of(self.output, algorithms=algorithms)
        if path is not None:
            page.save(path)
        return page

    def __getitem__(self, name: str) -> Outcome:
        """How the exhibit of that name did."""
        return next(outcome for outcome in self.outcomes if outcome.exhibit.name == name)

    def __repr__(self) -> str:
        wrong = sum(not outcome.agrees for outcome in self.outcomes)
        return f"<{wrong} of {len(self.outcomes)} exhibits go wrong on this graph: print it>"

    def __str__(self) -> str:
        return "\n\n".join([self._table(), *map(str, self.outcomes)])

    def _table(self) -> str:
        (first, *names, more), *rows = self._rows()
        widths = [max(12, len(name) + 2) for name in names]

        def line(numbers: Sequence[str]) -> str:
            return "".join([f"{number:>{width}}" for number, width in zip(numbers, widths, strict=True)])

        lines = [f"{first:>{NAMES}}{line(names)} {more}".rstrip()]
        lines += [f"{name:<{NAMES}}{line(numbers)}  {remark}".rstrip() for name, *numbers, remark in rows]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headings, *rows = self._rows()
        return table(rows, headings) + "".join([sentences(*str(outcome).splitlines()) for outcome in self.outcomes])

    def _rows(self) -> Iterator[list[str]]:
        """The headings, then for each algorithm its name, the gradients of the first leaves, and a remark."""
        names = Names(topological_order(self.output))
        columns = [leaf for leaf in leaves(self.output) if not leaf.constant]
        columns, more = columns[:COLUMNS], "…" * (len(columns) > COLUMNS)
        yield ["∂output/∂", *[names[leaf] for leaf in columns], more]
        yield [RIGHT.name, *_numbers(self.right, columns), ""]
        for outcome in self.outcomes:
            exhibit = outcome.exhibit
            remark = "agrees" if outcome.agrees else "wrong" if outcome.edges else "never ends"
            if exhibit.kept > 1 and outcome.agrees:
                remark += f": {exhibit.kept} × {' '.join(_numbers(self.right, columns))}"
            elif exhibit.kept > 1:
                remark += f": should be {' '.join(_numbers(outcome.right, columns))}"
            yield [exhibit.name, *_numbers(outcome.gradients, columns), remark]


def _numbers(gradients: dict[Value, float], columns: Sequence[Value]) -> list[str]:
    return [number_text(gradients[leaf]) if leaf in gradients else "–" for leaf in columns]


def compare(output: Value, mine: Pass | None = None) -> Comparison:
    """The right way to pass gradients back beside seven famous wrong ones, and yours, on the graph of `output`.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(2, "x")
    >>> y = 3 * x
    >>> a, b = 2 * y, 5 * y
    >>> c = a + b
    >>> y.label, a.label, b.label, c.label = "y", "a", "b", "c"
    >>> compare(c)
    <7 of 7 exhibits go wrong on this graph: print it>
    >>> print(compare(c)["naive recursion"].reason)
    edge 3: y hands 2 on to x, but the gradient of y is 7: 1 of its 2 uses has not reported yet.
    >>> [outcome.gradients[x] for outcome in compare(c).outcomes[:4]]
    [27.0, 6.0, 15.0, 0.0]

    Nothing on the graph is changed; the local derivatives are those kept with its values.

    An algorithm of your own comes first. It is written as the exhibits are, and told in the same words:

    >>> def mine(output, gradients):
    ...     gradients[output] = 1.0
    ...     for value in reversed(topological_order(output)):
    ...         for used, local in edges(value):
    ...             gradients[used] = gradients[value] * local
    >>> print(compare(c, mine)["mine"].reason)
    edge 4: a hands 1 on to y, and its 5 is replaced by 2 where it should become 7.

    Args:
        output: What the gradients are of.
        mine: A function of the output and of a dict in which it writes the gradient of each value, 0 until then.

    Raises:
        TypeError: `mine` can't be called like that.
        ValueError: The output is a leaf, or the graph is too large for exhibits that recurse.
        OverflowError: Gradients are too large for a float.
    """
    checks.value(output)
    size = len(topological_order(output))
    if size == 1:
        raise ValueError(
            f"{shown(output)} is a leaf, so there is nothing to pass back: compare what is computed from it"
        )
    if size > LARGEST:
        raise ValueError(
            f"the graph has {size} values, and some exhibits recurse: compare a part of it, of at most {LARGEST} values"
        )
    right = Ledger()
    RIGHT.run(output, right)
    if not all(map(math.isfinite, [*right.values(), *_rounding(output).values()])):
        raise OverflowError("gradients of this graph are too large for a float: compare it at smaller numbers")
    outcomes = [outcome_of(exhibit, output) for exhibit in EXHIBITS]
    if mine is not None:
        outcomes.insert(0, _own(mine, output, outcomes))
    return Comparison(output, dict(right), outcomes)


def _own(mine: Pass, output: Value, exhibits: Sequence[Outcome]) -> Outcome:
    """How somebody's own algorithm did, and which of the exhibits gives the same."""
    cure = (
        "write it as in backward(output, gradients), where gradients[value] is 0 until you write it; "
        "one that sets .grad is for check_gradients(output, backward=…)"
    )
    checks.function(mine, "an algorithm", cure)
    try:
        inspect.signature(mine).bind(output, {})
    except (TypeError, ValueError):  # it takes something else, or can't say what
        raise checks.refused("an algorithm", "a function of an output and a dict", mine, cure) from None
    ledger, order = Ledger(), topological_order(output)
    mine(output, ledger)
    if strange := [value for value in [*ledger, *[edge.value for edge in ledger.edges]] if value not in order]:
        raise ValueError(f"there is a gradient of {shown(strange[0])}, which is not in the graph: {cure}")
    for value in order:
        if value.constant:  # it may have a gradient, but nobody asks for it
            ledger.pop(value, None)
        elif value in ledger:
            ledger.update({value: as_number(ledger.get(value))})
    ledger.edges = [edge for edge in ledger.edges if not edge.used.constant]
    outcome = judged(Exhibit(getattr(mine, "__name__", "yours"), mine), output, ledger)
    alike = [other for other in exhibits if other.mistake and _same(outcome.gradients, other.gradients)]
    lesson = f'It gives what "{alike[0].exhibit.name}" gives. {alike[0].lesson}' if alike else ""
    reason = outcome.reason if ledger else "it writes nothing into the dict of gradients that it is given."
    return replace(outcome, reason=reason, lesson=lesson)


def _same(one: dict[Value, float], other: dict[Value, float]) -> bool:
    return all(_near(one.get(value, 0.0), other.get(value, 0.0)) for value in {*one, *other})


def _near(one: float, other: float) -> bool:
    """Whether two gradients are the same, but for rounding in another order."""
    return math.isclose(one, other, rel_tol=1e-6)


def outcome_of(exhibit: Exhibit, output: Value) -> Outcome:
    """How an exhibit does on this graph."""
    ledger = Ledger()
    if exhibit.run is naive_recursion and (wanted := sum(_over_paths(output, lambda _: 1.0).values()) - 1) > LONGEST:
        reason = f"it would take {number_text(wanted)} edges, so it was not run."
        return Outcome(exhibit, {}, reason=reason, lesson=exhibit.lesson)
    exhibit.run(output, ledger)
    return judged(exhibit, output, ledger)


def judged(exhibit: Exhibit, output: Value, ledger: Ledger) -> Outcome:
    """What is to be said of a pass over this graph that has left this ledger."""
    once, allowed = Ledger(), _rounding(output)
    RIGHT.run(output, once)
    right = {value: gradient * (1 if value.inputs else exhibit.kept) for value, gradient in once.items()}
    wrong = [value for value in right if abs(ledger.get(value, 0.0) - right[value]) > allowed[value]]
    mistake, reason, names = None, "", Names(topological_order(output))
    if wrong and (mistake := _first_mistake(exhibit, ledger.edges, once, allowed, names)):
        reason = mistake.reason
    elif off := [value for value in wrong if not _near(ledger.get(value, 0.0), right[value])]:
        got, wanted = number_text(ledger.get(off[0], 0.0)), number_text(right[off[0]])
        reason = (
            f"the gradient of {names[off[0]]} is {got}, and {wanted} is right; the edge can't be told, because not "
            f"every gradient was read from the dict and written to it."
        )
    return Outcome(exhibit, right, dict(ledger), ledger.edges, mistake, reason, exhibit.lesson)


def _first_mistake(
    exhibit: Exhibit, taken: list[Edge], right: dict[Value, float], allowed: dict[Value, float], names: Names
) -> Mistake | None:
    """The first edge that breaks the rules: pass back the whole gradient, add it up, once for every edge and pass.

    If none does, whatever the gradients are off by is rounding, or was written past the ledger.
    """
    uses = Counter(used for value in right for used, _ in edges(value))
    contributions, times = Counter[Value](), Counter[tuple[Value, Value]]()
    for number, edge in enumerate(taken, 1):
        value, used = edge.value, edge.used
        contributions[used] += 1
        times[value, used] += 1
        # An input that is used twice may have two local derivatives; exhibits take the edges in order.
        slopes = [local for candidate, local in edges(value) if candidate is used]
        if not slopes:
            told = f"edge {number}: {names[value]} hands something on to {names[used]}, which is none of its inputs."
            return Mistake(edge, number, used, "given to by mistake", told)
        total = edge.before + edge.upstream * slopes[(times[value, used] - 1) % len(slopes)]
        told = f"edge {number}: {names[value]} hands {number_text(edge.upstream)} on to {names[used]}"
        if abs(edge.upstream - right[value]) > allowed[value]:
            wanted, missing = number_text(right[value]), uses[value] - contributions[value]
            told += f", but the gradient of {names[value]} is {wanted}: {_why_not_whole(missing, uses[value])}"
            return Mistake(edge, number, value, f"should hand on {wanted}", told)
        if edge.after != total:
            before, after = number_text(edge.before), number_text(edge.after)
            told += f", and its {before} is replaced by {after} where it should become {number_text(total)}."
            return Mistake(edge, number, used, f"{after} replaces {before}", told)
        if times[value, used] > len(slopes) * exhibit.passes:
            return Mistake(edge, number, used, "given to once too often", f"{told} once too often.")
    return None


def _with_operands(taken: Sequence[Edge]) -> list[tuple[Value, int, float, float, float]]:
    """The edges with the operand that each leads to: an input that is used twice gets its turns in order."""
    times, found = Counter[tuple[Value, Value]](), []
    for edge in taken:
        operands = [operand for operand, used in enumerate(edge.value.inputs) if used is edge.used]
        operand = operands[times[edge.value, edge.used] % len(operands)]
        times[edge.value, edge.used] += 1
        found.append((edge.value, operand, edge.upstream, edge.before, edge.after))
    return found


def _why_not_whole(missing: int, uses: int) -> str:
    """Why a value had not the whole of its gradient to pass back, or more than that."""
    if missing <= 0:
        return "the rest was left over from the pass before."
    if missing == uses:
        return "its only use has not reported yet." if uses == 1 else f"none of its {uses} uses has reported yet."
    return f"{missing} of its {uses} uses {'has' if missing == 1 else 'have'} not reported yet."


def _rounding(output: Value) -> dict[Value, float]:
    """How far a gradient may be off by rounding, for each value: 1e-9 of the sum of its contributions' magnitudes."""
    return {value: 1e-9 * magnitude for value, magnitude in _over_paths(output, abs).items()}


def _over_paths(output: Value, factor: Callable[[float], float]) -> dict[Value, float]:
    """For each value, the sum over all paths from the output to it of the product of their edges' factors."""
    values = [value for value in topological_order(output) if not value.constant]
    return backpropagated(output, values, lambda value: tuple(map(factor, value.local_derivatives)))


# By size, as functions of x. For each exhibit the first that it gets wrong is its smallest: the tests try all smaller.
WITNESSES: tuple[tuple[str, Callable[[Value], Value]], ...] = (
    ("x·x at x = 3", lambda x: x * x),
    ("y = 3·x, c = y + y", lambda x: (y := 3 * x) + y),
    ("y = 3·x, a = 2·y, c = a + y", lambda x: 2 * (y := 3 * x) + y),
)


def smallest_difference(exhibit: Exhibit) -> str:
    """The smallest graph on which an exhibit goes wrong, and how it does there; empty if it is right on all of them."""
    for text, graph_of in WITNESSES:
        x = Value(3, "x")
        outcome = outcome_of(exhibit, graph_of(x))
        if not outcome.agrees:
            given, wanted = number_text(outcome.gradients.get(x, 0.0)), number_text(outcome.right[x])
            return f"{text}, where it gives {given} and {wanted} is right"
    return ""
