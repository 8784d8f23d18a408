"""How operations are written: `w·x + b`, σ(z), and the same in LaTeX and MathML.

No formula is known here, only signs for it.
"""

from __future__ import annotations

from typing import NamedTuple

SUM, PRODUCT, SIGN, POWER, FUNCTION = 1, 2, 3, 4, 100  # how tightly a sign binds; a function has brackets of its own


class Notation(NamedTuple):
    """How one operation is written.

    The templates have the inputs as {0} and {1}. An operation on any number of inputs is a sum over pairs of them, and
    its template is that of one pair.
    """

    symbol: str  # the short heading in pictures and formulas, "σ" or "+"
    precedence: int = FUNCTION  # how tightly an infix symbol binds; FUNCTION if it is written as a function
    text: str = ""  # a template, where the operation is written neither between its inputs nor as a function of them
    latex: str = ""  # the same for LaTeX
    of_vectors: bool = False  # whether w1·x1 + w2·x2 is written w·x
    mathml: str = ""  # a template for MathML, where it isn't written in one line as in text


# fmt: off
NOTATIONS = {
    "add":           Notation("+", SUM),
    "subtract":      Notation("−", SUM),
    "multiply":      Notation("·", PRODUCT),
    "divide":        Notation("/", PRODUCT, latex=r"\frac{{{0}}}{{{1}}}", mathml="<mfrac>{0}{1}</mfrac>"),
    "negate":        Notation("−", SIGN),
    "general_power": Notation("^", POWER, latex="{{{0}}}^{{{1}}}", mathml="<msup>{0}{1}</msup>"),
    "fixed_power":   Notation("^", POWER, "{0}^{1}", "{{{0}}}^{{{1}}}", mathml="<msup>{0}{1}</msup>"),
    "dot_product":   Notation("dot", SUM, "{0}·{1}", r"{0} \cdot {1}", of_vectors=True),
    "sqrt":          Notation("√", latex=r"\sqrt{{{0}}}", mathml="<msqrt>{0}</msqrt>"),
    "exp":           Notation("exp", latex="e^{{{0}}}"),
    "expm1":         Notation("expm1", latex="(e^{{{0}}} - 1)"),
    "log":           Notation("log", latex=r"\ln\left({0}\right)"),
    "log1p":         Notation("log1p", latex=r"\ln\left(1 + {0}\right)"),
    "sin":           Notation("sin", latex=r"\sin\left({0}\right)"),
    "cos":           Notation("cos", latex=r"\cos\left({0}\right)"),
    "tanh":          Notation("tanh", latex=r"\tanh\left({0}\right)"),
    "absolute":      Notation("abs", text="|{0}|", latex=r"\left|{0}\right|"),
    "maximum":       Notation("max"),
    "minimum":       Notation("min"),
    "sigmoid":       Notation("σ", latex=r"\sigma\left({0}\right)"),
    "log_sigmoid":   Notation("log σ", latex=r"\ln\sigma\left({0}\right)"),
}
# fmt: on
