"""An exercise: a function to be written, fresh cases to try it on, the right answers, and the names of wrong ones."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import permutations
from random import Random
from typing import Any, NamedTuple

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value

Answer = Any  # numbers, and lists of them
Case = Sequence[Any]  # what the function is called with: numbers, and lists of them
Function = Callable[..., Any]
Row = tuple[str, str, str]  # what a number is called, what it is in the learner's answer, and what is right

LONGEST = 300  # characters of an error of the learner's code
SAME = 1e-9  # as a part of the right number
SMALLEST = 1e-308  # floats below it have fewer digits


class NotAsked(Exception):  # noqa: N818 (it is said to a learner)
    """What a function gives, or writes into, isn't what the exercise asks for; the message says it all."""


class Given(NamedTuple):
    """What a function gave for a case: an answer, or what came in its place."""

    answer: Answer
    error: str = ""  # in words
    line: int = 0  # of the file, where it was raised


class MarkedGraph(NamedTuple):
    """A graph, and what is wrong in it: remarks at values, and at edges as pairs (value, one of its inputs)."""

    output: Value
    marks: Mapping[Value | tuple[Value, Value], str]


@dataclass(frozen=True)
class Exercise:
    """One of the exercises; those on graphs have a class of their own."""

    file: str  # the name of the file with the gap, in the folder `files`
    function: str  # what it defines
    entries: Sequence[str]  # what the numbers of an answer are called
    cases: Callable[[Random], Iterator[Case]]  # new ones each time
    right: Function
    mistakes: Mapping[str, Sequence[Function]] = field(repr=False)  # functions that give what this mistake gives
    hints: Sequence[str] = field(repr=False)
    graph: Callable[..., Value] | None = None  # the graph that a case is about, with the inputs in the entries' order
    needs: str = ""  # a package, without which it can't be done

    @property
    def number(self) -> int:
        """Its place among the exercises, from 1."""
        return int(self.file.partition("_")[0])

    @property
    def text(self) -> str:
        """The file with the gap."""
        name = self.file.replace(".py", ".txt")  # no test or tool should take it for a module of ours
        return (files(__package__) / "files" / name).read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        return self.text.partition("\n")[0].partition(": ")[2]

    def fresh(self, seed: int) -> list[Case]:
        """The cases of this seed; the first comes once more, for what is kept from call to call."""
        cases = list(self.cases(Random(seed)))
        return [*cases, cases[0]]

    def call(self, function: Function, case: Case) -> Answer:
        """The answer of a function to a case."""
        return plain(function(*case))

    def agrees(self, case: Case, answer: Answer) -> bool:
        """Whether an answer is right."""
        return same(answer, self.call(self.right, case))

    def size(self, case: Case) -> int:
        """How much a case has to show: the smallest that goes wrong tells most."""
        return len(repr(case))

    def name_of(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """What the mistake is called that gives these answers to these cases; empty if none is known that does."""
        for name, functions in self.mistakes.items():
            if any(all(map(self._does, [function] * len(cases), cases, answers)) for function in functions):
                return name
        return ""

    def described(self, cases: Sequence[Case], answers: Sequence[Given]) -> str:
        """What can be told about wrong answers without knowing what they are about."""
        rights = [self.call(self.right, case) for case in cases]
        return _by_its_numbers(self.entries, [given.answer for given in answers], rights)

    def _does(self, mistake: Function, case: Case, given: Given) -> bool:
        theirs = self.given(mistake, case)
        if theirs.error or given.error:
            return theirs.error.partition(":")[0] == given.error.partition(":")[0]
        return same(theirs.answer, given.answer)

    def given(self, function: Function, case: Case, file: str = "") -> Given:
        """What a function, written in `file`, gives for a case."""
        try:
            return Given(self.call(function, case))
        except Exception as error:  # whatever it is, it is the answer
            return failure(error, file)

    def said(self, case: Case) -> str:
        """The case, as it would be typed."""
        found = re.search(rf"def {self.function}\((.*)\)", self.text)
        names = found[1].split(", ") if found else []
        return f"{self.function}({', '.join(f'{name}={_typed(one)}' for name, one in zip(names, case, strict=True))})"

    def names(self, case: Case) -> Sequence[str]:
        """What the numbers of an answer to this case are called."""
        return self.entries

    def compared(self, case: Case, answer: Answer) -> list[Row]:
        """For each number of the answer that is wrong what it is called, what it is, and what is right."""
        right = self.call(self.right, case)
        yours, rights = _numbers(answer), _numbers(right)
        if _shape(answer) != _shape(right):
            return [("how many numbers", _shape(answer), _shape(right))]
        rows = zip(self.names(case), yours, rights, strict=True)
        return [(name, *_apart(mine, true)) for name, mine, true in rows if not same(mine, true)]

    def picture(self, case: Case, answer: Answer) -> MarkedGraph | None:
        """The first wrong step in the graph of a case, if it is about one."""
        if self.graph is None or _shape(answer) != _shape(self.call(self.right, case)):
            return None
        return marked_graph(self.graph(*case), self.compared(case, answer))


def failure(error: BaseException, file: str) -> Given:
    """What is told of an error: its class, what it says, and the last line of the file that it came through."""
    says = _told(error)
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else 0
    return Given(None, says[:LONGEST], line or 0)


def _told(error: BaseException) -> str:
    if isinstance(error, NotAsked):
        return str(error)
    if isinstance(error, SystemExit):
        return "it ends the program, with no answer"
    if isinstance(error, EOFError):
        return "it asks for input, but here nobody answers"
    if isinstance(error, MemoryError):
        return "it takes more memory than there is"
    try:
        says = str(getattr(error, "msg", error))  # of a SyntaxError, without the file and the line
    except Exception:  # its own `__str__` raises
        says = ""
    return f"it stops with {type(error).__name__}" + f": {says}" * bool(says)


def marked_graph(output: Value, rows: Sequence[Row]) -> MarkedGraph:
    """A graph, with these rows as remarks at the values whose names stand last in theirs."""
    named = {value.label: value for value in topological_order(output) if value.label}
    remarks = {re.split("[∂ ]", name)[-1]: f"{name}: yours {yours}, right {right}" for name, yours, right in rows}
    return MarkedGraph(output, {named[name]: remark for name, remark in remarks.items() if name in named})


def plain(answer: Any) -> Answer:
    """An answer as numbers and lists of them, whatever kind of number, tuple or array it came as.

    Raises:
        NotAsked: It is something else.
    """
    returned(answer)
    if isinstance(answer, Value):
        return answer.data
    if hasattr(answer, "tolist"):  # an array of NumPy's
        answer = answer.tolist()
    if isinstance(answer, str | bytes):
        raise NotAsked(f"{shown(answer)} is text: return numbers")
    if isinstance(answer, Iterable) and not isinstance(answer, Mapping | Set):  # in which no order is promised
        parts = [*answer]
        if any(one is None for one in parts):
            raise NotAsked("None is among the numbers that it returns: is one of them not computed?")
        return [plain(one) for one in parts]
    try:
        return float(answer)
    except (TypeError, ValueError):
        raise NotAsked(f"{shown(answer)} is no number: return one, or a tuple of them") from None


def returned(answer: Any) -> Any:
    """The answer, if there is one.

    Raises:
        NotAsked: There is none.
    """
    if answer is ...:
        raise NotAsked("the gap is still there: write what belongs in place of the three dots")
    if answer is None:
        raise NotAsked("it returns nothing: does it end with `return`?")
    return answer


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers are the same, but for rounding.

    >>> same([0.1 + 0.2], [0.3]), same([0.3], 0.3)
    (True, False)
    """
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if not isinstance(one, float) or not isinstance(other, float):
        return False
    return math.isclose(one, other, rel_tol=SAME, abs_tol=SMALLEST) or (math.isnan(one) and math.isnan(other))


def _by_its_numbers(names: Sequence[str], answers: Sequence[Answer], rights: Sequence[Answer]) -> str:
    """In which of the named numbers the answers are wrong, if not in all, and how."""
    count = len(names)
    if count > 1 and all(isinstance(answer, list) and len(answer) == count for answer in answers):
        columns = [([a[i] for a in answers], [r[i] for r in rights]) for i in range(count)]
        wrong = [i for i, (mine, right) in enumerate(columns) if not same(mine, right)]
        if len(wrong) < count:
            reason = _reason(*[[[one[i] for i in wrong] for one in those] for those in (answers, rights)])
            return f"wrong only in {' and '.join(names[i] for i in wrong)}" + f": {reason}" * bool(reason)
    return _reason(answers, rights)


def _reason(answers: Sequence[Answer], rights: Sequence[Answer]) -> str:
    """How wrong answers differ from the right ones."""
    pairs = [(_numbers(answer), _numbers(right)) for answer, right in zip(answers, rights, strict=True)]
    if any(_shape(answer) != _shape(right) for answer, right in zip(answers, rights, strict=True)):
        return "the right numbers, in another shape" * all(map(same, *zip(*pairs, strict=True))) or "the wrong shape"
    if all(same(mine, [-number for number in right]) for mine, right in pairs):
        return "the sign is the other way round"
    flat = [(one, true) for mine, right in pairs for one, true in zip(mine, right, strict=True)]
    wrong = [one for one, true in flat if not same(one, true)]
    if sum(not same(mine, right) for mine, right in pairs) > 1 and len(set(wrong)) == 1:
        return f"{wrong[0] + 0.0:.6g} wherever it is wrong"
    count = len(pairs[0][1])
    if 1 < count < 5 and all(len(right) == count for _, right in pairs):
        for order in permutations(range(count)):
            if all(same(mine, [right[i] for i in order]) for mine, right in pairs):
                return "the right numbers in another order"
    ratios = [one / true for one, true in flat if true and math.isfinite(one / true)]
    if all(math.isclose(one, true, rel_tol=1e-3, abs_tol=1e-12) for one, true in flat):
        return "close, but not exact: is it rounded, or a difference quotient?"
    if len(ratios) > 1 and all(same(ratio, ratios[0]) for ratio in ratios):
        return f"{ratios[0]:.6g} times the right one, wherever it is tried"
    if 3 * (points := sum(map(same, *zip(*pairs, strict=True)))) >= len(pairs):
        return f"right in {points} of {len(pairs)} cases: what is different about this one?"
    return ""


def _apart(mine: float, true: float) -> tuple[str, str]:
    """Two numbers in as many digits as show the difference."""
    for digits in (6, 9, 12, 17):
        texts = f"{mine:.{digits}g}", f"{true:.{digits}g}"
        if texts[0] != texts[1]:
            break
    return texts


def _numbers(answer: Answer) -> list[float]:
    if isinstance(answer, list):
        return [number for one in answer for number in _numbers(one)]
    return [] if answer is None else [answer]


def _shape(answer: Answer) -> str:
    """How many numbers an answer has, and how they are arranged."""
    if not isinstance(answer, list):
        return "1" if answer is not None else "nothing"
    inner = list(dict.fromkeys(map(_shape, answer)))
    if len(inner) > 1:
        return f"({', '.join(map(_shape, answer))})"
    if inner == ["1"]:
        return f"{len(answer)}" if len(answer) > 1 else "1 in a list"
    return f"{len(answer)} × {inner[0]}" if inner else "0"


def _typed(argument: Any) -> str:
    if isinstance(argument, list):
        return f"[{', '.join(map(_typed, argument))}]"
    return f"{argument:.4g}"
