"""What the values of a graph are called in formulas, steps and pictures, and the formulas that they were computed with.

A local derivative has a formula too: a rule that is fed floats gives numbers; fed Values it records a graph, and that
graph, written down with the names of the values it was fed, *is* the formula.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import TypedDict

from tinygrad_sigmoid.elementary import Opaque, traced
from tinygrad_sigmoid.notation import FUNCTION, SIGN
from tinygrad_sigmoid.reading.writer import LOOSE, TEXT, Style, Written
from tinygrad_sigmoid.value import Value, operation_of

LONGEST_NAME = 32  # characters of a formula that may stand for an unlabelled value; a longer one gets a name: v7
_GAPS = 0xF0000  # characters from here on have no meaning of their own: they stand for gaps in a formula


class Gap(TypedDict):
    """Where the number of an input goes in a formula, and whether it needs brackets there if it is negative."""

    input: int
    brackets: bool


class Names:
    """What to call each value of a graph, in one or two words, and the formula that it was computed with.

    A labelled value is called by its label (`w`; the second of that label `w#2`), a plain number by itself, and any
    other by its formula if that is short (`w·x`), else by its index in the topological order (`v7`).

    Args:
        order: The graph in topological order.
        longest: How many characters a formula may have to be a name.
        style: How names and formulas are written.

    Attributes:
        placed: The names of the values that are called by their index.
    """

    def __init__(self, order: Sequence[Value], longest: int = LONGEST_NAME, style: Style = TEXT) -> None:
        self.style = style
        self.written: dict[Value, Written] = {}
        self.placed: dict[Value, str] = {}
        self._formulas: dict[Value, Written] = {}
        prefix = _unused_prefix(value.label for value in order)
        seen: dict[str, int] = {}
        for index, value in enumerate(order):
            if value.inputs:
                inputs = [self.written[used] for used in value.inputs]
                self._formulas[value] = style.written(operation_of(value), inputs)
            if value.label:
                times = seen[value.label] = seen.get(value.label, 0) + 1
                name = style.name(value.label if times == 1 else f"{value.label}#{times}")
            elif value.inputs and len(style.plain(self._formulas[value].text)) <= longest:
                name = self._formulas[value]
            elif value.constant:
                name = style.number(value.data)
            else:
                name = style.name(f"{prefix}{index}")
                self.placed[value] = name.text
            self.written[value] = name

    def __getitem__(self, value: Value) -> str:
        return self.written[value].text

    def formula(self, value: Value) -> str:
        """What the value was computed with, in the names of its inputs; a leaf is its name."""
        return self._formulas.get(value, self.written[value]).text

    def numbers(self, value: Value) -> str:
        """The same with the numbers of the inputs in place of their names."""
        numbers = [self.style.number(used.data) for used in value.inputs]
        return self.style.written(operation_of(value), numbers).text

    def pattern(self, value: Value) -> list[str | Gap]:
        """The same with gaps for the numbers that may change: texts, and in between which number goes there."""
        operation = operation_of(value)
        binding, negative = self.style.binding(operation), Written("−", SIGN)
        marks = [
            self.written[used] if used.constant else Written(chr(_GAPS + operand))
            for operand, used in enumerate(value.inputs)
        ]

        def gap(mark: str) -> Gap:
            operand = ord(mark) - _GAPS
            return Gap(input=operand, brackets=self.style.needs_brackets(binding, negative, operand))

        pieces = re.split(f"([{chr(_GAPS)}-\U0010fffd])", self.style.written(operation, marks).text)
        return [gap(piece) if piece >= chr(_GAPS) else piece for piece in pieces if piece]

    def derivative(self, value: Value, wrt: Value) -> str:
        """How a derivative is named: `∂σ/∂z`."""
        return self.style.derivative(self._differentiated(value), self.written[wrt])

    def local_derivatives(self, value: Value) -> list[str]:
        """What its local derivatives are called: `∂σ/∂z`, or `∂(x·x)/∂(2nd x)` where several inputs have one name."""
        differentiated = self._differentiated(value)
        inputs = [self.written[used] for used in value.inputs]
        times, seen = Counter(inputs), Counter[Written]()
        names = []
        for named in inputs:
            seen[named] += 1
            if times[named] > 1:
                which = self.style.name(_ordinal(seen[named]))
                named = Written(f"{which.text} {named.text}", LOOSE)
            names.append(self.style.derivative(differentiated, named))
        return names

    def local_formulas(self, value: Value) -> list[str]:
        """The formulas of its local derivatives, in the inputs' own names: `σ(z)·σ(−z)`."""
        # The rule is fed leaves that stand for the inputs, and what it records is written with the inputs' names.
        operation = operation_of(value)
        stand_ins = [used.data if used.constant else Value(used.data) for used in value.inputs]
        known = {
            new: self.written[used] for new, used in zip(stand_ins, value.inputs, strict=True) if isinstance(new, Value)
        }
        try:
            out = operation(*stand_ins)
            known[out] = self._formulas[value]
            locals_ = traced(operation.derivatives, out, *stand_ins)
            return [self.style.expression(local, known).text for local in locals_]
        except (Opaque, ArithmeticError, ValueError):
            # There are numbers all the same, but only floats can be fed, or a part on the way is too large for a value.
            return [self.style.number(local).text for local in value.local_derivatives]

    def _differentiated(self, value: Value) -> Written:
        """What stands above in a derivative: the bare σ for σ(z)."""
        if value.operation is not None and not value.label and self.style.bare_symbol:
            notation = value.operation.notation
            if notation.precedence == FUNCTION and not notation.text:
                return Written(self.style.symbol(value.operation))
        return self.written[value]


def _ordinal(number: int) -> str:
    last = 0 if 10 < number % 100 < 14 else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _unused_prefix(labels: Iterable[str]) -> str:
    """`v`, or as many of them as it takes for no label to look like v7."""
    taken = {label.rstrip("0123456789") for label in labels if label[-1:].isdigit()}
    return next(prefix for times in count(1) if (prefix := "v" * times) not in taken)
