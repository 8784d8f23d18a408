"""How an operation is written, in text, in LaTeX, in MathML or as program code, from what its inputs are written as.

Nothing here knows σ, or any other formula: what an operation looks like is its `Notation`, in code its `Translation`.
`Style.written` puts the pieces together and decides which of them need brackets; the other styles override what they
write differently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.notation import FUNCTION, POWER, PRODUCT, SIGN, SUM
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import in_html, in_latex, printable
from tinygrad_sigmoid.tables import Markup
from tinygrad_sigmoid.value import Value, operation_of

LOOSE = 0  # the precedence of what needs brackets beside any symbol, such as a label that reads like a formula
LONGEST_FORMULA = 400  # characters
LONGEST_LABEL = 40
TYPED_SIGNS = {"·": "*", "−": "-", "^": "**"}  # the signs of formulas, and what stands for them on a keyboard


class Written(NamedTuple):
    """A piece of a formula, and how tightly it is bound together."""

    text: str
    precedence: int = FUNCTION


class Binding(NamedTuple):
    """How tightly a formula is bound, and its first and its other inputs must be to stand in it without brackets."""

    whole: int
    first: int
    others: int


class Style:
    """Formulas in plain text."""

    brackets = ("(", ")")
    dots = "…"  # for what is left out
    plus, comma, equals = " + ", ", ", " = "
    slope = "∂{}/∂{}"  # a derivative
    minus: tuple[str, ...] = ("−", "-")  # after a symbol, what begins with one of these is in brackets
    spaced = False  # whether there are spaces around all symbols, or only where terms are added
    bare_symbol = True  # whether ∂σ/∂z is written for ∂σ(z)/∂z
    longest: float = LONGEST_FORMULA

    def written(self, operation: Operation, inputs: Sequence[Written]) -> Written:
        """The formula of an operation from those of its inputs."""
        binding = self.binding(operation)
        texts = [
            self.bracketed_input(operation, place, text) if self.needs_brackets(binding, inputs[place], place) else text
            for place, (text, _) in enumerate(inputs)
        ]
        text = self.composed(operation, texts)
        return Written(text if len(self.plain(text)) <= self.longest else self.dots, binding.whole)

    def bracketed(self, text: str) -> str:
        return self.brackets[0] + text + self.brackets[1]

    def bracketed_input(self, operation: Operation, place: int, text: str) -> str:
        return self.bracketed(text)

    def plain(self, text: str) -> str:
        """What is read where this is written."""
        return text

    def needs_brackets(self, binding: Binding, given: Written, place: int) -> bool:
        """Whether an input needs brackets in its place."""
        needed = binding.others if place else binding.first
        return given.precedence < needed or (needed > binding.whole and self.plain(given.text).startswith(self.minus))

    def binding(self, operation: Operation) -> Binding:
        """Where a formula of the operation needs brackets, and where it needs none because it is read from the left."""
        precedence = operation.notation.precedence
        if precedence == FUNCTION:  # it has brackets of its own, or bars, as in |x|
            return Binding(FUNCTION, LOOSE, LOOSE)
        from_left = precedence <= PRODUCT and not operation.notation.text
        return Binding(precedence, precedence if from_left else precedence + 1, precedence + 1)

    def composed(self, operation: Operation, texts: Sequence[str]) -> str:
        """The text of an operation from those of its inputs, which are in brackets where they need to be."""
        if template := self.template(operation):
            return template.format(*texts) if operation.arity else self.sum_of_pairs(operation, template, texts)
        symbol = self.symbol(operation)
        if operation.notation.precedence == FUNCTION:
            return f"{symbol}{self.brackets[0]}{self.comma.join(texts)}{self.brackets[1]}"
        if len(texts) == 1:
            return symbol + texts[0]
        space = " " if self.spaced or operation.notation.precedence == SUM else ""
        return f"{space}{symbol}{space}".join(texts)

    def template(self, operation: Operation) -> str:
        """How the operation is written if neither between its inputs nor as a function of them."""
        return printable(operation.notation.text)

    def sum_of_pairs(self, operation: Operation, template: str, texts: Sequence[str]) -> str:
        """`w·x` if all inputs of a kind have a name in common, else `w1·x1 + w2·x2 + … + w9·x9`, cut in the middle."""
        half = len(texts) // 2
        names = [self.plain(text) for text in texts]
        vectors = _vector(names[:half]), _vector(names[half:])
        if operation.notation.of_vectors and all(vectors):
            return template.format(*[self.name(vector).text for vector in vectors])
        terms = [template.format(a, b) for a, b in zip(texts[:half], texts[half:], strict=True)]
        return self.plus.join(terms if len(terms) <= 6 else [*terms[:2], self.dots, terms[-1]])

    def symbol(self, operation: Operation) -> str:
        """The operation's symbol, or the name of its function."""
        return printable(operation.notation.symbol)

    def name(self, label: str) -> Written:
        """A label, or another name of a value."""
        return Written(printable(label, LONGEST_LABEL), FUNCTION if re.fullmatch(r"[\w.#′']+", label) else LOOSE)

    def number(self, number: float) -> Written:
        """A number, with four significant digits."""
        text = number_text(number)
        return Written(text, SIGN if text.startswith("−") else FUNCTION)

    def derivative(self, above: Written, below: Written) -> str:
        """How ∂above/∂below is written."""
        parts = [p.text if p.precedence == FUNCTION else self.bracketed(p.text) for p in (above, below)]
        return self.slope.format(*parts)

    def expression(self, result: Value | float, known: Mapping[Value, Written]) -> Written:
        """What a rule has given, written down to the values that are known by name."""
        if not isinstance(result, Value):
            return self.number(result)
        pieces: dict[Value, Written] = {}
        for value in topological_order(result):
            if value in known:
                pieces[value] = known[value]
            elif value.inputs:
                pieces[value] = self.written(operation_of(value), [pieces[used] for used in value.inputs])
            else:
                pieces[value] = self.number(value.data)
        return pieces[result]


def _vector(names: Sequence[str]) -> str:
    """The w of w1, w2, w3, and the layer1.a of layer1.neuron1.a, layer1.neuron2.a; else nothing."""
    if re.search(r"[\\{}]", names[0]):
        return ""  # LaTeX that is more than a name
    for place, digit in enumerate(names[0]):
        before, after = names[0][:place], names[0][place + 1 :]
        numbered = digit == "1" and all(name == f"{before}{i}{after}" for i, name in enumerate(names, 1))
        if numbered and len(names) > 1 and before[-1:].isalpha():
            if not after:
                return before
            if after.startswith("."):
                return f"{before.rpartition('.')[0]}{after}".lstrip(".")
    return ""


TEXT = Style()


def number_text(number: float) -> str:
    """A number as formulas and pictures show it: four significant digits and a true minus sign.

    >>> number_text(-0.00012346), number_text(1500000.0), number_text(-0.0)
    ('−0.0001235', '1.5e6', '0')
    """
    digits, _, exponent = f"{number or 0.0:.4g}".replace("inf", "∞").partition("e")
    return (f"{digits}e{int(exponent)}" if exponent else digits).replace("-", "−")


def typed_name(operation: Operation) -> str:
    """The name of the function that records an operation: `dot` for `dot_product`, and `power` for both powers."""
    functions = {"dot_product": "dot", "general_power": "power", "fixed_power": "power"}
    return functions.get(operation.name, operation.name)


# -- LaTeX -------------------------------------------------------------------------------------------------------------


class Latex(Style):
    """Formulas in LaTeX, for use between dollar signs."""

    brackets = (r"\left(", r"\right)")
    dots = r"\dots"
    slope = r"\frac{{\partial {}}}{{\partial {}}}"
    spaced = True
    bare_symbol = False

    def plain(self, text: str) -> str:
        label = re.fullmatch(r"\\mathrm{([\w.]+)}", text)
        return label[1] if label else text

    def binding(self, operation: Operation) -> Binding:
        binding, template = super().binding(operation), self.template(operation)
        if not template or not operation.arity:
            return binding
        marks = [f"<{place}>" for place in range(operation.arity)]
        text = template.format(*marks)
        # Inputs in braces are set apart by them, as in a fraction; the base of a power is not.
        braced = [f"{{{mark}}}" in text and f"{{{mark}}}^" not in text for mark in marks]
        return binding._replace(
            first=LOOSE if braced[0] else binding.first, others=LOOSE if all(braced[1:]) else binding.others
        )

    def template(self, operation: Operation) -> str:
        return printable(operation.notation.latex)

    def symbol(self, operation: Operation) -> str:
        symbol = operation.notation.symbol
        if operation.notation.precedence == FUNCTION:
            return rf"\mathrm{{{in_latex(symbol)}}}"
        return {"−": "-", "·": r"\cdot"}.get(symbol) or in_latex(symbol)

    def name(self, label: str) -> Written:
        label = printable(label, LONGEST_LABEL)
        stem = label.rstrip("0123456789")
        index = label.removeprefix(stem)
        if not stem:
            return Written(label)
        name = stem if re.fullmatch(r"[A-Za-z]", stem) else rf"\mathrm{{{in_latex(stem)}}}"
        return Written(f"{name}_{{{index}}}" if index else name)

    def number(self, number: float) -> Written:
        digits, _, exponent = f"{number or 0.0:.4g}".partition("e")
        if exponent:
            return Written(rf"{digits} \cdot 10^{{{int(exponent)}}}", PRODUCT)
        digits = digits.replace("inf", r"\infty").replace("nan", r"\mathrm{nan}")
        return Written(digits, SIGN if digits.startswith("-") else FUNCTION)


LATEX = Latex()


# -- MathML ------------------------------------------------------------------------------------------------------------


def _sign(text: str, form: str = "infix") -> str:
    attribute = "" if form == "infix" else f' form="{form}"'
    return f"<mo{attribute}>{text}</mo>" if text else ""


def _unseen(before: str, text: str, after: str = "") -> str:
    """A text as one element, between signs that are not seen and take no room."""
    return f"<mrow>{_invisible(before)}{text}{_invisible(after)}</mrow>"


def _invisible(sign: str) -> str:
    unseen = f"<mphantom><mtext>{in_html(sign)}</mtext></mphantom>"
    return f'<mpadded width="0">{unseen}</mpadded>' if sign else ""


class MathML(Style):
    """Formulas in MathML, for use in a `math` element.

    Many a viewer of notebooks takes all tags away, and a fraction would become "ab". So the signs that a fraction or a
    power doesn't need to be seen are there without being seen: without its tags, the formula is the one in plain text.
    """

    brackets = ("<mo>(</mo>", "<mo>)</mo>")
    dots = "<mi>…</mi>"
    plus, comma, equals = " <mo>+</mo> ", "<mo>,</mo> ", " <mo>=</mo> "
    slope = f"<mfrac><mrow><mo>∂</mo>{{}}</mrow>{_unseen('/', '<mo>∂</mo>{}')}</mfrac>"

    def bracketed_input(self, operation: Operation, place: int, text: str) -> str:
        notation = operation.notation
        base = notation.precedence == POWER and place == 0
        return self.bracketed(text) if base or not notation.mathml else _unseen("(", text, ")")

    def plain(self, text: str) -> str:
        import html  # which takes long to load, and no other style needs it

        return html.unescape(re.sub("<[^>]*>", "", text))

    def composed(self, operation: Operation, texts: Sequence[str]) -> str:
        notation = operation.notation
        if not notation.mathml:
            return super().composed(operation, texts)
        if notation.precedence == FUNCTION:
            return notation.mathml.format(_unseen(f"{notation.symbol}(", self.comma.join(texts), ")"))
        first, *others = texts
        return notation.mathml.format(_unseen("", first), *[_unseen(notation.symbol, text) for text in others])

    def template(self, operation: Operation) -> str:
        pieces = re.split(r"({\d+})", in_html(operation.notation.text))  # signs, and in between the inputs' places
        forms = ["prefix", *["infix"] * (len(pieces) // 2 - 1), "postfix"]
        pieces[::2] = [_sign(sign, form) for sign, form in zip(pieces[::2], forms, strict=False)]
        return "".join(pieces)

    def symbol(self, operation: Operation) -> str:
        symbol = in_html(operation.notation.symbol)
        if operation.notation.precedence == FUNCTION:
            return f"<mi>{symbol}</mi>"
        return _sign(symbol, "prefix" if operation.notation.precedence == SIGN else "infix")

    def name(self, label: str) -> Written:
        text, precedence = super().name(label)
        stem = text.rstrip("0123456789")
        index = text.removeprefix(stem)
        if stem and index:
            return Written(f"<msub><mi>{in_html(stem)}</mi><mn>{index}</mn></msub>", precedence)
        return Written(f"<mi>{in_html(text)}</mi>", precedence)

    def number(self, number: float) -> Written:
        text, precedence = super().number(number)
        return Written(f"{_sign('−' * text.startswith('−'), 'prefix')}<mn>{text.removeprefix('−')}</mn>", precedence)


MATHML = MathML()


def in_math(mathml: str) -> Markup:
    """A formula in MathML as it stands in HTML."""
    return Markup(f'<math displaystyle="true">{mathml}</math>')


# -- Code --------------------------------------------------------------------------------------------------------------

_CALL = r"[\w.]+\((?:[\w.(){}]|, )*\)(?:\[\d+\])?"  # of a function, on inputs and on calls
_COMPARISON = r"[\w.(){}, <>=?:]+"  # and choices, but no arithmetic


class Code(Style):
    """Expressions of a programming language, with every digit of their numbers.

    Args:
        templates: How each operation is written, with its inputs as {0}, {1}, …
        infinity: How the language writes ∞.
        nan: How it writes what is not a number.
    """

    minus = ()
    longest = math.inf

    def __init__(self, templates: Mapping[Operation, str], infinity: str = "inf", nan: str = "nan") -> None:
        self.templates = templates
        self.infinity = infinity
        self.nan = nan
        self._bindings: dict[Operation, Binding] = {}

    def binding(self, operation: Operation) -> Binding:
        if operation not in self._bindings:
            self._bindings[operation] = self._binding_of(operation, self.templates[operation])
        return self._bindings[operation]

    def _binding_of(self, operation: Operation, template: str) -> Binding:
        symbol = TYPED_SIGNS.get(operation.notation.symbol, operation.notation.symbol)
        if template in (f"{{0}} {symbol} {{1}}", f"{symbol}{{0}}"):
            return super().binding(operation)
        if re.fullmatch(_CALL, template):
            return Binding(FUNCTION, LOOSE, LOOSE)
        inputs = SUM if re.fullmatch(_COMPARISON, template) else FUNCTION
        return Binding(LOOSE, inputs, inputs)

    def composed(self, operation: Operation, texts: Sequence[str]) -> str:
        return self.templates[operation].format(*texts)

    def number(self, number: float) -> Written:
        text = self.nan if math.isnan(number) else repr(number).replace("inf", self.infinity)
        return Written(text, SIGN if text.startswith("-") else FUNCTION)
