"""Formulas: what a value was computed with, and its local derivatives, as text and as LaTeX.

Nothing here knows σ, or any other formula. A rule that is fed floats gives numbers; fed Values it records a graph, and
that graph, written down with the names of the values it was fed, *is* the formula. An operation of your own explains
itself in the same way.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.notation import FUNCTION
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value, require_value

LONGEST_NAME = 32  # characters of a formula that may stand for an unlabelled value; a longer one gets a name: v7
LONGEST_PART = 100  # characters of a part of a formula before it gets such a name too
LONGEST_FORMULA = 400

_SIGN = 3  # the precedence of a minus sign
_LEFT_TO_RIGHT = 2  # up to this precedence a + b + c and a·b·c are read from the left
_LOOSE = 0  # the precedence of a label that reads like a formula: in brackets wherever it meets a symbol
_GAPS = 0xF0000  # characters from here on have no meaning of their own: they stand for gaps in a formula
_NAME = re.compile(r"[\w.#′']+")


class Written(NamedTuple):
    """A piece of a formula, and how tightly it is bound together: what decides whether it needs brackets."""

    text: str
    precedence: int = FUNCTION


def formula(described: Value | Operation) -> str:
    """What a value was computed with, or the rule of an operation, as text.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    >>> formula(sigmoid(w * x + b))
    'σ(w·x + b)'
    >>> print(formula(sigmoid))
    σ(z) = 1/(1 + exp(−z))
    ∂σ/∂z = σ(z)·σ(−z)

    Labelled values stand under their labels, plain numbers as they are, with four significant digits. Parts that
    would grow too long get names by their place in the topological order: v7.
    """
    return _described(described, _TEXT, "formula")


def latex(described: Value | Operation) -> str:
    r"""The same as LaTeX, for use between dollar signs.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, x = Value(0.6, "w1"), Value(2, "x1")
    >>> print(latex(sigmoid(w * x) / (1 + x**2)))
    \frac{\sigma\left(w_{1} \cdot x_{1}\right)}{1 + {x_{1}}^{2}}
    """
    return _described(described, _LATEX, "latex")


def number_text(number: float) -> str:
    """A number as formulas and pictures show it: four significant digits and a true minus sign.

    >>> number_text(-0.00012346), number_text(1500000.0), number_text(-0.0)
    ('−0.0001235', '1.5e6', '0')
    """
    digits, _, exponent = f"{number or 0.0:.4g}".replace("inf", "∞").partition("e")
    return (f"{digits}e{int(exponent)}" if exponent else digits).replace("-", "−")


def applied(operation: Operation, operands: Sequence[str]) -> str:
    """An operation on operands of these names, as text; `…` is one that has none.

    >>> from tinygrad_sigmoid.operations import add, sigmoid
    >>> applied(add, ["…", "b"]), applied(sigmoid, ["z"])
    ('… + b', 'σ(z)')
    """
    return _composed(operation, [Written(name) if name == "…" else _name(name) for name in operands], _TEXT).text


class Names:
    """What to call each value of a graph, in one or two words, and the formula that it was computed with.

    A labelled value is called by its label (`w`; the second of that label `w#2`), a plain number by itself, and any
    other by its formula if that is short (`w·x`), else by its place in the topological order (`v7`): see `placed`.
    """

    def __init__(self, order: Sequence[Value], longest: int = LONGEST_NAME, style: Style | None = None) -> None:
        self.style = style or _TEXT
        self._names: dict[Value, Written] = {}
        self._formulas: dict[Value, Written] = {}
        self.placed: dict[Value, str] = {}
        place_prefix = _unused_prefix(value.label for value in order)
        seen: dict[str, int] = {}
        for place, value in enumerate(order):
            if value.inputs:
                self._formulas[value] = _composed(_operation(value), self._of(value.inputs), self.style)
            if value.label:
                times = seen[value.label] = seen.get(value.label, 0) + 1
                name = self.style.name(value.label if times == 1 else f"{value.label}#{times}")
            elif value.inputs and len(self._formulas[value].text) <= longest:
                name = self._formulas[value]
            elif value.constant:
                name = self.style.number(value.data)
            else:
                name = self.style.name(f"{place_prefix}{place}")
                self.placed[value] = name.text
            self._names[value] = name

    def __getitem__(self, value: Value) -> str:
        return self._names[value].text

    def formula(self, value: Value) -> str:
        """What the value was computed with, in the names of its inputs; a leaf is its name."""
        return self._formulas.get(value, self._names[value]).text

    def numbers(self, value: Value) -> str:
        """The same with the numbers of the inputs in place of their names."""
        numbers = [self.style.number(used.data) for used in value.inputs]
        return _composed(_operation(value), numbers, self.style).text

    def pattern(self, value: Value) -> list[str | dict[str, Any]]:
        """The same with gaps for numbers that may change: texts, and where the number of which input goes.

        `{"input": 0, "brackets": True}` is a gap for the first input, whose number needs brackets if it is negative.
        """
        operation = _operation(value)
        marks = [
            self._names[used] if used.constant else Written(chr(_GAPS + place))
            for place, used in enumerate(value.inputs)
        ]
        negative = Written("−", _SIGN)
        shift = 0 if operation.notation.text is None else 1
        return [
            {
                "input": ord(piece) - _GAPS,
                "brackets": _needs_brackets(operation, negative, ord(piece) - _GAPS + shift),
            }
            if len(piece) == 1 and ord(piece) >= _GAPS
            else piece
            for piece in re.split(f"([{chr(_GAPS)}-\U0010fffd])", _composed(operation, marks, self.style).text)
            if piece
        ]

    def derivative(self, value: Value, wrt: Value) -> str:
        """How a derivative is named: `∂σ/∂z`."""
        return self.style.derivative(self._differentiated(value), self._names[wrt])

    def local_derivative(self, value: Value, operand: int) -> str:
        """How the derivative for one operand is named: `∂σ/∂z`, or `∂(x·x)/∂(2nd x)` where others have its name."""
        operands = self._of(value.inputs)
        named = operands[operand]
        if operands.count(named) > 1:
            which = self.style.name(_ordinal(operands[: operand + 1].count(named)))
            named = Written(f"{which.text} {named.text}", _LOOSE)
        return self.style.derivative(self._differentiated(value), named)

    def _differentiated(self, value: Value) -> Written:
        """What stands above in a derivative: the bare σ for σ(z)."""
        above = self._names[value]
        if value.inputs and not value.label:
            operation = _operation(value)
            with_symbol = (
                operation.notation.precedence == FUNCTION and not operation.notation.text and self.style is _TEXT
            )
            above = Written(operation.notation.symbol) if with_symbol else above
        return above

    def local_derivatives(self, value: Value) -> list[str]:
        """The formula of the local derivative for each input, in the inputs' own names: `σ(z)·σ(−z)`."""
        # The rule is fed leaves that stand for the inputs, and what it records is written with the inputs' names.
        operation = _operation(value)
        stand_ins = [used.data if used.constant else Value(used.data) for used in value.inputs]
        known = {
            new: self._names[used] for new, used in zip(stand_ins, value.inputs, strict=True) if isinstance(new, Value)
        }
        try:
            out = operation(*stand_ins)
            known[out] = self._formulas[value]
            return [_written(local, known, self.style).text for local in operation.derivatives(out, *stand_ins)]
        except (ArithmeticError, ValueError, TypeError):
            # There are numbers all the same, but a part on the way to them is too large to be recorded as a value, or
            # the rule is said with functions that take floats only.
            return [self.style.number(local).text for local in value.local_derivatives]

    def _of(self, values: Iterable[Value]) -> list[Written]:
        return [self._names[value] for value in values]


# -- Writing -----------------------------------------------------------------------------------------------------------


class Style(NamedTuple):
    """How the smallest pieces are written: in text, or in LaTeX."""

    name: Callable[[str], Written]
    number: Callable[[float], Written]
    brackets: tuple[str, str]
    symbols: Mapping[str, str]
    derivative: Callable[[Written, Written], str]


def _described(described: Value | Operation, style: Style, reader: str) -> str:
    if isinstance(described, Operation):
        return _rule(described, style)
    require_value(described, reader)
    return Names(topological_order(described), LONGEST_PART, style).formula(described)


def _rule(operation: Operation, style: Style) -> str:
    """`σ(z) = …` and its derivatives. An elementary operation, which Python computes, is only named."""
    value = _sample(operation)
    names = Names([*value.inputs, value], LONGEST_FORMULA, style)
    known = {used: names._names[used] for used in value.inputs}
    lines = [names.formula(value)]
    try:
        said = operation.forward(*value.inputs)
    except TypeError:  # a function of Python's `math`: a Value refuses to become a float
        said = None
    if isinstance(said, Value) and said not in known:  # maximum would give one of its inputs
        written = _written(said, known, style).text
        lines = [lines[0] if written == lines[0] else f"{lines[0]} = {written}"]
    for used, local in zip(value.inputs, names.local_derivatives(value), strict=True):
        if not used.constant:
            lines.append(f"{names.derivative(value, used)} = {local}")
    return "\n".join(lines)


def _sample(operation: Operation) -> Value:
    """The operation recorded somewhere it is defined: no formula depends on where."""
    parameters = list(inspect.signature(operation.derivatives).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    if parameters[0].kind is parameters[0].VAR_POSITIONAL:
        names = ["x1", "x2", "x3", "x4"]
    for start in (0.5, 0.75, 1.5, -0.5, 2.5, 10.5):
        inputs = [Value(start + place, name) for place, name in enumerate(names)]
        try:
            value = operation(*inputs)
            operation.derivatives(value, *inputs)
            return value
        except (ArithmeticError, ValueError):
            continue
        except TypeError:  # a rule that looks at its last input takes a plain number there, as x**3 does
            return Value.record(operation, (*inputs[:-1], 3.0))
    raise ValueError(f"no point was found where {operation.name} is defined: record it at one and pass that value")


def _written(result: Any, known: Mapping[Value, Written], style: Style) -> Written:
    """What a rule has given, written down to the values that are known by name."""
    if not isinstance(result, Value):
        return style.number(result)
    between = [result] if result not in known else []
    found = set(between)
    for value in between:  # which grows while it is walked
        for used in value.inputs:
            if used not in known and used not in found:
                found.add(used)
                between.append(used)
    pieces = dict(known)
    for value in sorted(between, key=lambda value: value.index):
        if value.inputs:
            pieces[value] = _composed(_operation(value), [pieces[used] for used in value.inputs], style)
        else:
            pieces[value] = style.number(value.data)
    return pieces[result]


def _composed(operation: Operation, operands: Sequence[Written], style: Style) -> Written:
    """The operation's formula from those of its operands."""
    count = len(operands)
    notation = operation.notation.latex if style is _LATEX else operation.notation.text
    texts = [
        style.brackets[0] + operand.text + style.brackets[1]
        if _needs_brackets(operation, operand, place if notation is None else place + 1)
        and not (style is _LATEX and notation and _braced(notation, place, count))
        else operand.text
        for place, operand in enumerate(operands)
    ]
    symbol = style.symbols.get(operation.notation.symbol, operation.notation.symbol)
    if notation is not None:
        text = notation(*texts)
    elif operation.notation.precedence == FUNCTION:
        if style is _LATEX:
            symbol = rf"\mathrm{{{_escaped(operation.notation.symbol)}}}"
        text = f"{symbol}{style.brackets[0]}{', '.join(texts)}{style.brackets[1]}"
    elif count == 1:
        text = symbol + texts[0]
    else:
        space = " " if operation.notation.precedence == 1 or style is _LATEX else ""
        text = f"{space}{symbol}{space}".join(texts)
    return Written(text if len(text) <= LONGEST_FORMULA else "…", operation.notation.precedence)


def _needs_brackets(operation: Operation, operand: Written, place: int) -> bool:
    if operation.notation.precedence == FUNCTION:  # brackets of its own, or bars, as in |x|
        return False
    if operand.precedence < operation.notation.precedence:
        return True
    if place == 0 and operation.notation.precedence <= _LEFT_TO_RIGHT:
        return False
    return operand.precedence == operation.notation.precedence or operand.text.startswith(("−", "-"))


def _braced(notation: Callable[..., str], place: int, count: int) -> bool:
    """Whether the row's LaTeX sets an operand apart by itself, as a fraction does, so it needs no brackets."""
    marks = [f"<{i}>" for i in range(count)]
    mark = f"{{{marks[place]}}}"
    drawn = notation(*marks)
    return mark in drawn and f"{mark}^" not in drawn


def _ordinal(number: int) -> str:
    last = 0 if 10 < number % 100 < 14 else number % 10
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(last, 'th') }"


def _operation(value: Value) -> Operation:
    operation: Any = value.operation
    return operation  # type: ignore[no-any-return]


def _unused_prefix(labels: Iterable[str]) -> str:
    """`v`, or as many of them as it takes for no label to look like v7."""
    taken = {label.rstrip("0123456789") for label in labels if label[-1:].isdigit()}
    prefix = "v"
    while prefix in taken:
        prefix += "v"
    return prefix


# -- Text --------------------------------------------------------------------------------------------------------------


def printable(label: str) -> str:
    r"""A label as one line that can do no harm to a terminal: what can't be seen is written as its code.

    >>> print(printable("two\nlines"))
    two\nlines
    """
    text = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in label)
    return text if len(text) <= 40 else text[:39] + "…"


def _name(label: str) -> Written:
    return Written(printable(label), FUNCTION if _NAME.fullmatch(label) else _LOOSE)


def _number(number: float) -> Written:
    text = number_text(number)
    return Written(text, _SIGN if text.startswith("−") else FUNCTION)


def _derivative(above: Written, below: Written) -> str:
    return "/".join(f"∂{part.text}" if part.precedence == FUNCTION else f"∂({part.text})" for part in (above, below))


_TEXT = Style(_name, _number, ("(", ")"), {}, _derivative)

# -- LaTeX -------------------------------------------------------------------------------------------------------------

_SPECIAL = {
    **{char: rf"\{char}" for char in "#$%&_{}"},
    "\\": r"\backslash ",
    "~": r"\sim ",
    "^": r"\hat{\ }",
    " ": r"\ ",
    "σ": r"\sigma ",
}


def _escaped(label: str) -> str:
    return "".join(_SPECIAL.get(char, char) for char in label)


def _latex_name(label: str) -> Written:
    label = printable(label)
    stem, index = re.fullmatch(r"(.*?)(\d*)", label).groups()  # type: ignore[union-attr]
    name = stem if re.fullmatch(r"[A-Za-z]", stem) else rf"\mathrm{{{_escaped(stem)}}}"
    return Written(f"{name}_{{{index}}}" if index and stem else _escaped(label) if not stem else name)


def _latex_number(number: float) -> Written:
    digits, _, exponent = f"{number or 0.0:.4g}".partition("e")
    if digits in ("inf", "-inf", "nan"):
        digits = digits.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
    sign = _SIGN if digits.startswith("-") else FUNCTION
    return Written(rf"{digits} \cdot 10^{{{int(exponent)}}}", 2) if exponent else Written(digits, sign)


def _latex_derivative(above: Written, below: Written) -> str:
    parts = [part.text if part.precedence == FUNCTION else rf"\left({part.text}\right)" for part in (above, below)]
    return rf"\frac{{\partial {parts[0]}}}{{\partial {parts[1]}}}"


_LATEX = Style(
    _latex_name, _latex_number, (r"\left(", r"\right)"), {"−": "-", "·": r"\cdot", "σ": r"\sigma"}, _latex_derivative
)
