"""An item of the chapter: what it claims, the numbers that it computes, questions about them, and what to notice."""

from __future__ import annotations

import math
import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Literal

from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.parsing import typed_number

WIDTH = 100  # characters a line
NARROWEST = 16  # characters of a table's first column
RIGHT, NEAR = 0.02, 0.1  # of the number: how far off a prediction may be

Verdict = Literal["right", "near", "wrong"]
Numbers = dict[str, float | str]  # what is measured, and what this run gives: a number or a word


def filled(text: str, width: int = WIDTH) -> str:
    """The text in lines of this width at most, none of which begins with a percent sign."""
    return textwrap.fill(text.replace(" %", "\N{NO-BREAK SPACE}%"), width).replace("\N{NO-BREAK SPACE}", " ")


@dataclass(frozen=True)
class Figure:
    """What this run gives beside what should come out, to as many digits as are certain."""

    what: str
    here: float | str
    expected: str = ""  # worked out from what the book says; empty where nobody can say beforehand
    book: str = ""  # the same where it stands in the book itself

    @property
    def shown(self) -> str:
        """This run's number or word as text."""
        return self.here if isinstance(self.here, str) else f"{self.here:.6g}"


@dataclass(frozen=True)
class Question:
    """How a figure of an item is asked for, and why it comes out so, for a reader who predicted something else."""

    asks: str
    why: str
    choices: Sequence[str] = ()  # the words to choose from, where a word is asked for


@dataclass(frozen=True)
class Item:
    """One item of the chapter."""

    number: int
    computed: Callable[[], Numbers]
    title: str  # what it claims
    story: str  # what is done, without what comes of it: a quiz shows it first
    notice: str  # what to look at in the figures
    questions: Mapping[str, Question]  # by what they ask for; so are the next two
    expected: Mapping[str, str] = field(default_factory=dict)
    book: Mapping[str, str] = field(default_factory=dict)

    def figures(self) -> list[Figure]:
        """Its figures, computed afresh."""
        numbers = self.computed()
        return [Figure(what, numbers[what], self.expected.get(what, ""), self.book.get(what, "")) for what in numbers]

    def heading(self, width: int = WIDTH) -> str:
        """Its number, what it claims and what is done, as text of at most `width` characters a line."""
        return f"{filled(f'{self.number}. {self.title}', width)}\n{filled(self.story, width)}"

    def table(self, figures: Sequence[Figure], width: int = WIDTH) -> str:
        """These figures of it, as text, and what to notice; a long name of a figure is broken to fit the width.

        >>> from tinygrad_sigmoid.course.chapter import ITEMS
        >>> flip = ITEMS[4]
        >>> print(flip.heading())
        5. A tiny change can flip a perceptron
        A perceptron with weights −2, −2 and bias 2 at x = (1, 0), nudged; then a sigmoid neuron with the
        same numbers.
        >>> print(flip.table(flip.figures()))
                                                expected      here
        perceptron, b = 2                              0         0
        perceptron, b = 2 + 10⁻¹²                      1         1
        Δb = 10⁻¹²: the perceptron                 flips     flips
        Δw2 = 5: the perceptron                    stays     stays
        change of the sigmoid neuron's output    2.5e-13   2.5e-13
        Notice: The same change of the same bias: everything or 2.5·10⁻¹³. Only one of these two can be
        tuned.
        """
        rows = [("", "the book", "expected", "here")]
        rows += [(figure.what, figure.book, figure.expected, figure.shown) for figure in figures]
        columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
        first, *others = [max(map(len, column)) for column in columns]
        first = min(first, max(NARROWEST, width - sum(others) - 3 * len(others)))
        formatted = "   ".join([f"{{:<{first}}}", *[f"{{:>{cells}}}" for cells in others]])
        lines: list[str] = []
        for name, *cells in zip(*columns, strict=True):
            *above, last = textwrap.wrap(name, first, subsequent_indent="  ") or [""]
            lines += [*above, formatted.format(last, *cells)]
        return "\n".join([*lines, filled(f"Notice: {self.notice}", width)])


def items_of(*computed: Callable[[], Numbers]) -> list[Item]:
    """The items, in this order, whose numbers these functions compute; `data/chapter.toml` has the rest of each."""
    written = (files("tinygrad_sigmoid.course") / "data" / "chapter.toml").read_text(encoding="utf-8")
    chapter = tomllib.loads(written)
    for item in chapter.values():
        item["questions"] = {what: Question(**question) for what, question in item["questions"].items()}
    return [Item(number, function, **chapter[function.__name__]) for number, function in enumerate(computed, 1)]


def judged(figure: Figure, answer: str, choices: Sequence[str] = ()) -> tuple[Verdict, str]:
    """How good a prediction is, by one rule for all numbers: within 2 % it is right, within 10 % near; and what to say.

    >>> slope = Figure("∂output/∂w1", 0.19661)
    >>> judged(slope, "1/5")
    ('right', 'Right: 0.19661.')
    >>> judged(slope, "21 %")
    ('near', 'Near, 6.8 % off. The answer: 0.19661.')
    >>> judged(slope, "−0.2")
    ('wrong', 'Not so, the sign is the other way round. The answer: 0.19661.')

    Raises:
        ValueError: The answer is neither a number nor one of the words to choose from.
    """
    here = figure.here
    if isinstance(here, str):
        right = _chosen(answer, choices) == here
        return ("right", f"Right: {here}.") if right else ("wrong", f"Not so. The answer: {here}.")
    predicted = _predicted(answer, "%" in figure.what)
    off = abs(predicted - here)
    if off <= RIGHT * abs(here):
        return "right", f"Right: {figure.shown}."
    if off <= NEAR * abs(here):
        return "near", f"Near, {100 * off / abs(here):.1f} % off. The answer: {figure.shown}."
    turned = ", the sign is the other way round" if abs(predicted + here) <= NEAR * abs(here) else ""
    return "wrong", f"Not so{turned}. The answer: {figure.shown}."


def _chosen(answer: str, choices: Sequence[str]) -> str:
    """The one word that begins as the answer does."""
    begun = "".join(answer.lower().split())
    chosen = [choice for choice in choices if begun and choice.replace(" ", "").startswith(begun)]
    if len(chosen) != 1:
        raise ValueError(f"{shown(answer)} is none of the answers: choose from {', '.join(choices)}")
    return chosen[0]


def _predicted(answer: str, in_percent: bool) -> float:
    """The number that was typed, as a fraction, in percent or plain; where percent are asked for, 0.25 is 25 too."""
    typed = "".join(answer.split())
    above, slash, below = typed.removesuffix("%").partition("/")
    try:
        number = typed_number(above) / (typed_number(below) if slash else 1.0)
        if not math.isfinite(number):
            raise ValueError
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{shown(answer)} is not a number: write it as in 0.25, 1/4, 25 % or 2.5e-1") from None
    if in_percent:
        return number if typed.endswith("%") or abs(number) >= 1 else 100 * number
    return number / 100 if typed.endswith("%") else number
