"""How operations are written: `w·x + b`, σ(z), and the same in LaTeX. No formula is known here, only signs for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

SUM, PRODUCT, SIGN, POWER, FUNCTION = 1, 2, 3, 4, 100  # how tightly a sign binds; a function has brackets of its own


class Notation(NamedTuple):
    r"""How one operation is written.

    Attributes:
        symbol: The short heading in pictures and formulas, `"σ"` or `"+"`.
        precedence: How tightly an infix symbol binds; `FUNCTION` if it is written as a function.
        text: The text of the operation from the texts of its inputs, where neither fits.
        latex: The same for LaTeX.
    """

    symbol: str
    precedence: int = FUNCTION
    text: Callable[..., str] | None = None
    latex: Callable[..., str] | None = None


def of_products(
    product: str, dots: str, vector: Callable[[Sequence[str]], str] = lambda names: ""
) -> Callable[..., str]:
    """The text of a sum over pairs of inputs, cut short in the middle: `w1·x1 + w2·x2 + … + w9·x9`.

    Args:
        product: How one pair is written, as in `"{}·{}"`.
        dots: What stands for the middle.
        vector: A name for all inputs of one kind, where they have one: then it is `w·x`.
    """

    def text(*inputs: str) -> str:
        half = len(inputs) // 2
        vectors = vector(inputs[:half]), vector(inputs[half:])
        if all(vectors):
            return product.format(*vectors)
        terms = [product.format(a, b) for a, b in zip(inputs[:half], inputs[half:], strict=True)]
        return " + ".join(terms if len(terms) <= 6 else [*terms[:2], dots, terms[-1]])

    return text


def vector_of(names: Sequence[str]) -> str:
    """The w of w1, w2, w3, and the layer1.a of layer1.neuron1.a, layer1.neuron2.a; else nothing."""
    for place, digit in enumerate(names[0]):
        before, after = names[0][:place], names[0][place + 1 :]
        numbered = digit == "1" and all(name == f"{before}{i}{after}" for i, name in enumerate(names, 1))
        if numbered and len(names) > 1 and before[-1:].isalpha():
            if not after:
                return before
            if after.startswith("."):
                return f"{before.rpartition('.')[0]}{after}".lstrip(".")
    return ""


def _latex(pattern: str) -> Callable[[str], str]:
    """The LaTeX of one input: the pattern with the input for its `#`."""
    return lambda text: pattern.replace("#", text)


NOTATIONS = {
    "add": Notation("+", SUM),
    "subtract": Notation("−", SUM),
    "multiply": Notation("·", PRODUCT),
    "divide": Notation("/", PRODUCT, latex=lambda a, b: rf"\frac{{{a}}}{{{b}}}"),
    "negate": Notation("−", SIGN),
    "general_power": Notation("^", POWER, latex=lambda x, p: f"{{{x}}}^{{{p}}}"),
    "fixed_power": Notation(
        "^", POWER, lambda x, p: x if p == "1" else f"{x}^{p}", lambda x, p: x if p == "1" else f"{{{x}}}^{{{p}}}"
    ),
    "dot_product": Notation("dot", SUM, of_products("{}·{}", "…", vector_of), of_products(r"{} \cdot {}", r"\dots")),
    "sqrt": Notation("√", latex=_latex(r"\sqrt{#}")),
    "exp": Notation("exp", latex=_latex("e^{#}")),
    "expm1": Notation("expm1", latex=_latex("(e^{#} - 1)")),
    "log": Notation("log", latex=_latex(r"\ln\left(#\right)")),
    "log1p": Notation("log1p", latex=_latex(r"\ln\left(1 + #\right)")),
    "sin": Notation("sin", latex=_latex(r"\sin\left(#\right)")),
    "cos": Notation("cos", latex=_latex(r"\cos\left(#\right)")),
    "tanh": Notation("tanh", latex=_latex(r"\tanh\left(#\right)")),
    "absolute": Notation("abs", text=lambda x: f"|{x}|", latex=_latex(r"\left|#\right|")),
    "maximum": Notation("max"),
    "minimum": Notation("min"),
    "sigmoid": Notation("σ", latex=_latex(r"\sigma\left(#\right)")),
    "log_sigmoid": Notation("log σ", latex=_latex(r"\ln\sigma\left(#\right)")),
}
