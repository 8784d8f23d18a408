"""An item of the chapter: what it claims, the numbers that it computes, a question about one, and what to notice."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

WIDTH = 100  # characters a line

Numbers = dict[str, float | str]  # what is measured, and what this run gives: a number or a word


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
class Item:
    """One item of the chapter."""

    number: int
    computed: Callable[[], Numbers]
    title: str  # what it claims
    story: str  # what is done
    about: str  # the figure that a reader is asked to predict,
    question: str  # how it is asked for,
    why: str  # and why it comes out so, for a reader who predicted something else
    notice: str  # what to look at in the figures
    choices: Sequence[str] = ()  # the words to choose from, where a word is asked for
    expected: Mapping[str, str] = field(default_factory=dict)
    book: Mapping[str, str] = field(default_factory=dict)

    def figures(self) -> list[Figure]:
        """Its figures, computed afresh."""
        numbers = self.computed()
        return [Figure(what, numbers[what], self.expected.get(what, ""), self.book.get(what, "")) for what in numbers]

    def heading(self, width: int = WIDTH) -> str:
        """Its number, what it claims and what is done, as text; lines of prose have at most `width` characters."""
        return f"{self.number}. {self.title}\n{textwrap.fill(self.story, width)}"

    def table(self, figures: Sequence[Figure], width: int = WIDTH) -> str:
        """These figures of it, as text, and what to notice in at most `width` characters a line.

        >>> from tinygrad_sigmoid.course.chapter import ITEMS
        >>> flip = ITEMS[4]
        >>> print(flip.heading())
        5. A tiny change can flip a perceptron
        NAND at x = (1, 0), first with the bias 2, then with 2 + 10⁻¹².
        >>> print(flip.table(flip.figures()))
                                                expected      here
        perceptron, b = 2                              0         0
        perceptron, b = 2 + 10⁻¹²                      1         1
        the perceptron's output                    flips     flips
        change of the sigmoid neuron's output    2.5e-13   2.5e-13
        Notice: The same change of the same bias: everything or 2.5·10⁻¹³. Only one of these two can be
        tuned.
        """
        rows = [("", "the book", "expected", "here")]
        rows += [(figure.what, figure.book, figure.expected, figure.shown) for figure in figures]
        columns = [column for column in zip(*rows, strict=True) if any(column[1:])]
        first, *others = [max(map(len, column)) for column in columns]
        formatted = "   ".join([f"{{:<{first}}}", *[f"{{:>{cells}}}" for cells in others]])
        lines = [formatted.format(*row) for row in zip(*columns, strict=True)]
        return "\n".join([*lines, textwrap.fill(f"Notice: {self.notice}", width)])


def items_of(*computed: Callable[[], Numbers]) -> list[Item]:
    """The items, in this order, whose numbers these functions compute; `data/chapter.toml` has the rest of each."""
    written = (files("tinygrad_sigmoid.course") / "data" / "chapter.toml").read_text(encoding="utf-8")
    chapter = tomllib.loads(written)
    return [Item(number, function, **chapter[function.__name__]) for number, function in enumerate(computed, 1)]


def judged(figure: Figure, answer: str, choices: Sequence[str] = ()) -> tuple[bool, str]:
    """Whether a prediction is right, and how close it is; 2 % off is right, since nobody predicts the sixth digit.

    >>> slope = Figure("∂output/∂w1", 0.19661)
    >>> judged(slope, "0.2")
    (True, 'Right: 0.19661.')
    >>> judged(slope, "0.25")
    (False, 'Close, 27 % off: 0.19661.')
    >>> judged(slope, "19.7 %")
    (True, 'Right: 0.19661.')
    >>> judged(slope, "-0.2")
    (False, 'The sign is the other way round: 0.19661.')

    Raises:
        ValueError: The answer is neither a number nor one of the words to choose from.
    """
    answer, here = answer.strip(), figure.here
    if isinstance(here, str):
        chosen = [choice for choice in choices if answer and choice.startswith(answer.lower())]
        if len(chosen) != 1:
            raise ValueError(f"{answer!r} is none of the answers: choose from {', '.join(choices)}")
        right = chosen == [here]
        return right, f"{'Right' if right else 'Not so'}: it {here}."
    unit = 0.01 if answer.endswith("%") and "%" not in figure.what else 1.0
    try:
        predicted = float(answer.replace("−", "-").rstrip("%")) * unit
    except ValueError:
        raise ValueError(f"{answer!r} is not a number: write it as in 0.25, or 1e-6") from None
    off = abs(predicted - here) / abs(here) if here else abs(predicted)
    if off <= 0.02:
        return True, f"Right: {figure.shown}."
    if here * predicted < 0:
        return False, f"The sign is the other way round: {figure.shown}."
    if here and off < 0.5:
        return False, f"Close, {100 * off:.0f} % off: {figure.shown}."
    return False, f"Not so: {figure.shown}."
