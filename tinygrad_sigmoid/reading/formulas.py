"""The formula of a value or of an operation's rule, as text, as LaTeX and as MathML.

No formula is stored anywhere: a rule that is fed Values records it. An operation of your own explains itself in the
same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.elementary import Opaque, traced
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import LATEX, LONGEST_FORMULA, MATHML, TEXT, Style, in_math
from tinygrad_sigmoid.value import Value

LONGEST_PART = 100  # characters of a part of a formula before it gets a name such as v7


class Formula(str):
    """A formula as text, which a notebook typesets."""

    def __new__(cls, described: Value | Operation) -> Self:
        made = super().__new__(cls, _described(described, TEXT))
        made._described = described
        return made

    _described: Value | Operation

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # a copy is plain text: what it describes need not be copyable

    def _repr_html_(self) -> str:
        return "\n".join([f"<p>{in_math(line)}</p>" for line in _described(self._described, MATHML).splitlines()])

    def _repr_latex_(self) -> str:
        return "\n".join([f"$$ {line} $$" for line in latex(self._described).splitlines()])


def formula(described: Value | Operation) -> Formula:
    """What a value was computed with, or the rule of an operation, as text.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    >>> formula(sigmoid(w * x + b))
    'σ(w·x + b)'
    >>> print(formula(sigmoid))
    σ(z) = 1/(1 + exp(−z))
    ∂σ/∂z = σ(z)·σ(−z)

    Labelled values stand under their labels, plain numbers as they are, with four significant digits. Parts that
    would grow too long get names by their index in the topological order: v7.
    """
    return Formula(described)


def latex(described: Value | Operation) -> str:
    r"""The same as LaTeX, for use between dollar signs.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, x = Value(0.6, "w1"), Value(2, "x1")
    >>> print(latex(sigmoid(w * x) / (1 + x**2)))
    \frac{\sigma\left(w_{1} \cdot x_{1}\right)}{1 + {x_{1}}^{2}}
    """
    return _described(described, LATEX)


def _described(described: Value | Operation, style: Style) -> str:
    if isinstance(described, Operation):
        return "\n".join(_rule(described, style))
    checks.value(described, "what is written")
    return Names(topological_order(described), LONGEST_PART, style).formula(described)


def _rule(operation: Operation, style: Style) -> list[str]:
    """`σ(z) = …` and its derivatives, a line each; an operation that only Python can compute is only named."""
    labels = ("x1", "x2", "x3", "x4") if operation.arity is None else operation.input_names
    value = _sample(operation, labels)
    if value is None:
        return [style.written(operation, [style.name(label) for label in labels]).text]
    names = Names([*value.inputs, value], LONGEST_FORMULA, style)
    inputs = {used: names.written[used] for used in value.inputs}
    lines = [names.formula(value)]
    try:
        composed = traced(operation.forward, *value.inputs)
    except Opaque:
        composed = None
    if isinstance(composed, Value) and composed not in inputs:  # maximum would give one of its inputs
        text = style.expression(composed, inputs).text
        lines = [lines[0] if text == lines[0] else lines[0] + style.equals + text]
    for used, local in zip(value.inputs, names.local_formulas(value), strict=True):
        if not used.constant:
            lines.append(names.derivative(value, used) + style.equals + local)
    return lines


def _sample(operation: Operation, labels: Sequence[str]) -> Value | None:
    """The operation recorded somewhere it is defined: no formula depends on where. None if its slopes are opaque."""
    for start in (0.5, 0.75, 1.5, -0.5, 2.5, 10.5):
        *others, last = [Value(start + place, label) for place, label in enumerate(labels)]
        for final in [last, 3.0] if others else [last]:  # some rules look at their last input, a number, as in x**3
            try:
                value = Value.record(operation, (*others, final))
                traced(operation.derivatives, value, *others, final)
                return value
            except Opaque:
                continue
            except (ArithmeticError, ValueError):
                break
        else:
            return None
    raise ValueError(f"no point was found where {operation.name} is defined: record it at one and pass that value")
