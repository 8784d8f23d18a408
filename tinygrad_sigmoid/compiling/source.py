"""Straight-line source text from a lowered graph: Python to read and run, JavaScript for a page.

One statement for each recorded value and each gradient, under the name that its label gives it; what lies between is
written into the expression it belongs to, unless it is used twice. Every line says in a comment what it is.
"""

from __future__ import annotations

import json
import keyword
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.compiling.names import Names
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

WIDTH = 116
CHOICE, SUM, PRODUCT, SIGN, ATOM = range(5)  # how tightly an expression binds

INFIX = {
    table.add: ("+", SUM),
    table.subtract: ("-", SUM),
    table.multiply: ("*", PRODUCT),
    table.divide: ("/", PRODUCT),
}


@dataclass(frozen=True)
class Language:
    """How a language writes what isn't the same in all of them."""

    functions: dict[Operation, str]
    choices: dict[Operation, str]  # operations that are written with an `if`
    infinity: str
    comment: str
    reserved: str
    let: str = ""
    end: str = ""


PYTHON = Language(
    functions={
        table.exp: "exp",
        table.expm1: "expm1",
        table.log: "log",
        table.log1p: "log1p",
        table.sqrt: "sqrt",
        table.sin: "sin",
        table.cos: "cos",
        table.general_power: "pow",
        table.fixed_power: "pow",
        table.absolute: "abs",
    },
    choices={
        table.heaviside: "1.0 if {0} > 0.0 else 0.0",
        table.maximum: "{1} if {1} > {0} else {0}",
        table.minimum: "{1} if {1} < {0} else {0}",
    },
    infinity="inf",
    comment="#",
    reserved=" ".join(["inf nan math program OverflowError", *keyword.kwlist]),
)

JAVASCRIPT = Language(
    functions={operation: f"Math.{name}" for operation, name in PYTHON.functions.items()},
    choices={
        table.heaviside: "{0} > 0 ? 1 : 0",
        table.maximum: "{1} > {0} ? {1} : {0}",
        table.minimum: "{1} < {0} ? {1} : {0}",
    },
    infinity="Infinity",
    comment="//",
    reserved="Infinity Math NaN program undefined arguments await break case catch class const continue debugger "
    "default delete do else enum eval export extends false finally for function if implements import in instanceof "
    "interface let new null package private protected public return static super switch this throw true try typeof "
    "var void while with yield",
    let="let ",
    end=";",
)

# Nothing else among the elementary operations is refused by Python for some float.
_RAISING = frozenset(
    [table.divide, table.general_power, table.fixed_power, table.sqrt, table.log, table.log1p, table.expm1]
)
# If an input of one of these is infinite or nan, then so is the result.
_PASSING_ON = frozenset([table.add, table.subtract, table.multiply, table.negate, table.dot_product, table.absolute])

_EXP = """\
def exp(x):
    try:
        return math.exp(x)
    except OverflowError:  # 1/(1 + inf) is the right 0
        return inf"""


def python_source(lowered: Lowered, wrt: Sequence[Value], *, required: int, trace: bool = False) -> str:
    """The program as a Python function, with its imports: it runs when it is pasted into an empty file.

    It raises where recording the graph with the same numbers would have raised.

    Args:
        lowered: What is computed.
        wrt: The values whose gradients are returned.
        required: How many of the arguments have no default.
        trace: Whether to return every number of both passes in place of the output and the gradients.
    """
    writer = _Writer(lowered, PYTHON)
    checked = _checked(lowered)
    body: list[str] = []
    for symbol in writer.statements(_results(lowered, wrt, trace), _raising(lowered)):
        body += [f"    {line}" for line in writer.lines(symbol)]
        if symbol.number in checked:
            name, shown = writer.names.of[symbol.number], writer.names.shown(checked[symbol.number])
            body.append(f"    if {name} - {name}: raise OverflowError({_quoted(shown + ' is too large for a float')})")
    head = _wrapped(f"def program({', '.join(writer.arguments(required, '='))}):")
    returned = ", ".join(_returned(writer, wrt, trace, "None"))
    tail = _wrapped(f"    return {returned}" if len(returned) < WIDTH - 11 else f"    return ({returned})")
    text = "\n".join([*head, *body, *tail])
    return "\n".join([f"# {_title(writer, trace)}", "", *_prelude(writer, text), text, ""])


def javascript_source(lowered: Lowered, wrt: Sequence[Value], *, required: int, trace: bool = False) -> str:
    """The program as a JavaScript function, which never throws: it gives Infinity or NaN as IEEE 754 has it."""
    lowered.require_translated("JavaScript", "javascript", [table.dot_product])
    writer = _Writer(lowered, JAVASCRIPT)
    statements = writer.statements(_results(lowered, wrt, trace), ())
    body = [f"  {line}" for symbol in statements for line in writer.lines(symbol)]
    head = _wrapped(f"function program({', '.join(writer.arguments(required, ' = '))}) {{")
    tail = _wrapped(f"  return [{', '.join(_returned(writer, wrt, trace, 'null'))}];")
    return "\n".join([f"// {_title(writer, trace)}", *head, *body, *tail, "}", ""])


class _Writer:
    """Writes symbols as expressions, and those that need it as statements."""

    def __init__(self, lowered: Lowered, language: Language) -> None:
        self.lowered = lowered
        self.language = language
        self.names = Names(lowered, [*language.reserved.split(), *language.functions.values()])
        self._written: dict[int, tuple[str, int]] = {}  # expressions, and how tightly they bind
        self._unnamed = 0

    def statements(self, results: Sequence[Operand], effects: Sequence[Symbol]) -> Iterator[Symbol]:
        """The symbols that get a statement, in order, each when all that it uses can be written."""
        symbols = self.lowered.needed([*results, *effects])
        used = Counter(result.number for result in results if isinstance(result, Symbol))
        for symbol in symbols:
            # An `if` writes its operands twice, so they need a name.
            times = 2 if symbol.operation in self.language.choices else 1
            for operand in symbol.inputs:
                if isinstance(operand, Symbol):
                    used[operand.number] += times
        used.update({effect.number: 2 for effect in effects if not used[effect.number]})
        for symbol in symbols:
            if symbol.operation is not None:
                text, binds = self._expression(symbol)
                named = symbol.number in self.names.of or symbol.operation is table.dot_product
                if not named and used[symbol.number] == 1 and len(text) < 60:
                    self._written[symbol.number] = text, binds
                else:
                    if symbol.number not in self.names.of:
                        self._unnamed += 1
                        self.names.of[symbol.number] = self.names.new(f"t{self._unnamed}")
                    yield symbol

    def lines(self, symbol: Symbol) -> list[str]:
        """The statement of a symbol, with its comment."""
        language, name = self.language, self.names.of[symbol.number]
        comment = self.names.comments.get(symbol.number, "")
        if symbol.operation is table.dot_product:
            first, *more = _sums(self._products(symbol))
        else:
            first, more = self._expression(symbol)[0], []
        statements = [f"{language.let}{name} = {first}", *[f"{name} = {name} + {terms}" for terms in more]]
        statements = [f"{statement}{language.end}" for statement in statements]
        comment = f"{language.comment} {comment}" if comment else ""
        if not comment or len(statements[-1]) + len(comment) > WIDTH - 12:
            return [comment, *statements] if comment else statements
        return [*statements[:-1], f"{statements[-1]}  {comment}"]

    def operand(self, operand: Operand, needs: int = CHOICE) -> str:
        """The text of an operand, in brackets if it binds less tightly than it needs to."""
        if not isinstance(operand, Symbol):
            text = "nan" if math.isnan(operand) else repr(operand).replace("inf", self.language.infinity)
            binds = SIGN if text.startswith("-") else ATOM
        elif operand.number in self.names.of:
            return self.names.of[operand.number]
        else:
            text, binds = self._written[operand.number]
        return text if binds >= needs else f"({text})"

    def arguments(self, required: int, equals: str) -> list[str]:
        """The parameters of the function, all but the required ones with the leaf's number as default."""
        names = [self.operand(self.lowered.data[leaf]) for leaf in self.lowered.arguments]
        defaults = [f"{equals}{self.operand(leaf.data)}" for leaf in self.lowered.arguments[required:]]
        return [name + default for name, default in zip(names, [""] * required + defaults, strict=True)]

    def _expression(self, symbol: Symbol) -> tuple[str, int]:
        operation: Any = symbol.operation
        operands, language = symbol.inputs, self.language
        if operation in INFIX:
            sign, binds = INFIX[operation]
            left, right = self.operand(operands[0], binds), self.operand(operands[1], binds + 1)
            return f"{left} {sign} {right}", binds
        if operation is table.negate:
            return f"-{self.operand(operands[0], ATOM)}", SIGN
        if operation is table.dot_product:
            return " + ".join(self._products(symbol)), SUM
        if operation in language.choices:
            return language.choices[operation].format(*[self.operand(operand, SUM) for operand in operands]), CHOICE
        arguments = ", ".join(self.operand(operand) for operand in operands)
        if operation in language.functions:
            return f"{language.functions[operation]}({arguments})", ATOM
        row, call = self.lowered.calls[operation]
        return call.format(self.names.imported[row], arguments), ATOM

    def _products(self, symbol: Symbol) -> list[str]:
        half = len(symbol.inputs) // 2
        return [
            f"{self.operand(w, PRODUCT)} * {self.operand(x, SIGN)}"
            for w, x in zip(symbol.inputs[:half], symbol.inputs[half:], strict=True)
        ]


def _sums(products: Sequence[str]) -> list[str]:
    """The products added up, a line at a time: one long expression would be too deep for Python's own compiler."""
    lines = [""]
    for product in products:
        if lines[-1] and len(lines[-1]) + len(product) > WIDTH - 30:
            lines.append("")
        lines[-1] += f" + {product}" if lines[-1] else product
    return lines


def _results(lowered: Lowered, wrt: Sequence[Value], trace: bool) -> list[Operand]:
    results = [lowered.data[lowered.output], *[lowered.gradients[value] for value in wrt]]
    if trace:
        results += [*lowered.data.values(), *lowered.gradients.values()]
        results += [local for value in computed(lowered.output) for local in lowered.derivatives_of(value)]
    return results


def _returned(writer: _Writer, wrt: Sequence[Value], trace: bool, nothing: str) -> Iterator[str]:
    """The texts of what is returned; to be asked for when all statements have been written."""
    lowered = writer.lowered

    def listed(operands: Iterable[Operand | None]) -> str:
        return f"[{', '.join(nothing if operand is None else writer.operand(operand) for operand in operands)}]"

    if trace:
        order = lowered.order
        yield listed(lowered.data[value] for value in order)
        yield f"[{', '.join(listed(lowered.derivatives_of(value) if value.inputs else ()) for value in order)}]"
        yield listed(None if value.constant else lowered.gradients[value] for value in order)
    else:
        yield writer.operand(lowered.data[lowered.output])
        yield listed(lowered.gradients[value] for value in wrt)


# What makes Python raise where recording the graph would have raised.


def _raising(lowered: Lowered) -> list[Symbol]:
    """What has to be computed even if nobody uses it, because Python may refuse to."""
    divisors = set()
    raising = []
    for symbol in lowered.symbols:
        if symbol.operation is table.divide:
            divisor = symbol.inputs[1]
            if not isinstance(divisor, Symbol) or divisor.number in divisors:
                continue
            divisors.add(divisor.number)
        if symbol.operation in _RAISING or symbol.operation in lowered.calls:
            raising.append(symbol)
    return raising


def _checked(lowered: Lowered) -> dict[int, Value]:
    """The recorded values that have to be finite and are looked at, by their symbols' numbers.

    Not all of them: an infinity in a sum makes the sum infinite, so it is enough to look where it would get lost, as
    in σ, which makes a 1 of it.
    """
    recorded = {
        symbol.number: value for value in reversed(lowered.order) if isinstance(symbol := lowered.data[value], Symbol)
    }
    checked: dict[int, Value] = {}
    shows: set[int] = set()  # symbols whose infinity would be seen, in themselves or further on
    for symbol in reversed(lowered.needed([lowered.data[lowered.output]])):
        if symbol.number not in shows and symbol.number in recorded and symbol.operation is not None:
            checked[symbol.number] = recorded[symbol.number]
            shows.add(symbol.number)
        if symbol.number in shows and symbol.operation in _PASSING_ON:
            shows.update(used.number for used in symbol.inputs if isinstance(used, Symbol))
    return checked


def _prelude(writer: _Writer, text: str) -> list[str]:
    """The lines that a program needs before its function."""
    words = set(re.findall(r"\b\w+\b", text))
    functions = {name for name in PYTHON.functions.values() if name in words} - {"abs", "exp"}
    numbers = {name for name in ("inf", "nan") if name in words or (name == "inf" and "exp" in words)}
    lines = ["import math"] if "exp" in words else []
    lines += [f"from math import {', '.join(sorted(functions | numbers))}"] if functions | numbers else []
    for row, (module, name) in writer.lowered.imports.items():
        imported = writer.names.imported[row]
        lines.append(f"from {module} import {name}" + (f" as {imported}" if imported != name else ""))
    return [*lines, *[""] * 2, *([_EXP, "", ""] if "exp" in words else [])]


def _title(writer: _Writer, trace: bool) -> str:
    output = writer.names.shown(writer.lowered.output)
    return f"{output}: every number of both passes." if trace else f"{output} and its gradients, by the chain rule."


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _wrapped(line: str) -> list[str]:
    indent = len(line) - len(line.lstrip())
    return wrap(line, WIDTH, subsequent_indent=" " * (indent + 4), break_long_words=False)
