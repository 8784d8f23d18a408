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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.identifiers import Identifiers
from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.reading.writer import Code, Written
from tinygrad_sigmoid.value import Value

WIDTH = 116
LONGEST_PART = 60  # characters; a longer one gets a name and a statement of its own


@dataclass(frozen=True)
class Language:
    """How a language writes what isn't the same in all of them."""

    name: str  # in small letters also that of its column in the table of elementary operations
    infinity: str
    nan: str
    nothing: str
    comment: str
    reserved: str
    let: str = ""
    end: str = ""


PYTHON = Language(
    name="Python",
    infinity="inf",
    nan="nan",
    nothing="None",
    comment="# ",
    reserved=" ".join(["inf nan math program OverflowError", *keyword.kwlist]),
)

JAVASCRIPT = Language(
    name="JavaScript",
    infinity="Infinity",
    nan="NaN",
    nothing="null",
    comment="// ",
    reserved="Infinity Math NaN program undefined arguments await break case catch class const continue debugger "
    "default delete do else enum eval export extends false finally for function if implements import in instanceof "
    "interface let new null package private protected public return static super switch this throw true try typeof "
    "var void while with yield",
    let="let ",
    end=";",
)

# Python refuses some float for all other elementary operations, if only ∞.
_NEVER_RAISING = frozenset(
    [table.add, table.subtract, table.multiply, table.negate, table.dot_product, table.exp, table.absolute]
).union([table.heaviside, table.maximum, table.minimum])
# If an input of one of these is infinite or nan, then so is the result.
_PASSING_ON = frozenset([table.add, table.subtract, table.multiply, table.negate, table.dot_product, table.absolute])

_EXP = """\
def exp(x):
    try:
        return math.exp(x)
    except OverflowError:  # 1/(1 + inf) is the right 0
        return inf"""


def python_source(lowered: Lowered, wrt: Sequence[Value], *, required: int, trace: bool = False) -> str:
    """The program as a Python function with its imports, which raises where recording the graph would have raised.

    Args:
        required: How many of the arguments have no default.
        trace: Whether to return every number of both passes in place of the output and the gradients of `wrt`.
    """
    writer = _Writer(lowered, PYTHON)
    returned = _returned(lowered, wrt, trace)
    checked = _checked(lowered)
    body: list[str] = []
    for symbol in writer.statements(returned, _raising(lowered)):
        body += [f"    {line}" for line in writer.lines(symbol)]
        if symbol.number in checked:
            name, shown = writer.names.of[symbol.number], writer.names.shown(checked[symbol.number])
            message = json.dumps(f"{shown} is too large for a float", ensure_ascii=False)
            body.append(f"    if {name} - {name}: raise OverflowError({message})")
    head = _wrapped(f"def program({', '.join(writer.arguments(required, '='))}):")
    results = ", ".join([writer.text(part) for part in returned])
    tail = _wrapped(f"    return {results}" if len(results) < WIDTH - 11 else f"    return ({results})")
    return "\n".join([writer.title(trace), "", *_prelude(writer), *head, *body, *tail, ""])


def javascript_source(lowered: Lowered, wrt: Sequence[Value], *, required: int, trace: bool = False) -> str:
    """The program as a JavaScript function, which never throws: it gives Infinity or NaN as IEEE 754 has it."""
    writer = _Writer(lowered, JAVASCRIPT)
    returned = _returned(lowered, wrt, trace)
    body = [f"  {line}" for symbol in writer.statements(returned, ()) for line in writer.lines(symbol)]
    head = _wrapped(f"function program({', '.join(writer.arguments(required, ' = '))}) {{")
    tail = _wrapped(f"  return {writer.text(returned)};")
    return "\n".join([writer.title(trace), *head, *body, *tail, "}", ""])


Nested = list["Nested"] | Operand | None  # results of a program, in lists within lists


def _returned(lowered: Lowered, wrt: Sequence[Value], trace: bool) -> list[Nested]:
    """What a program returns: the output and the gradients, or every number of both passes."""
    if not trace:
        return [lowered.data[lowered.output], [lowered.gradients[value] for value in wrt]]
    return [
        [lowered.data[value] for value in lowered.order],
        [list(lowered.derivatives_of(value)) if value.inputs else [] for value in lowered.order],
        [None if value.constant else lowered.gradients[value] for value in lowered.order],
    ]


def _symbols_in(nested: Nested) -> Iterator[Symbol]:
    if isinstance(nested, Symbol):
        yield nested
    elif isinstance(nested, list):
        for part in nested:
            yield from _symbols_in(part)


class _Writer:
    """Writes symbols as expressions, and those that need it as statements.

    Attributes:
        names: What the symbols are called.
        operations: What is computed.
        constants: The numbers for which it needs names: ∞ and nan.
    """

    def __init__(self, lowered: Lowered, language: Language) -> None:
        only_python = lowered.calls if language is PYTHON else ()
        column = language.name.lower()
        lowered.require_translated(language.name, column, [table.dot_product, *only_python])
        self.lowered = lowered
        self.language = language
        templates = {operation: getattr(texts, column) for operation, texts in ELEMENTARY.items()}
        self.names = Identifiers(lowered, [*language.reserved.split(), *_words(*templates.values())])
        for operation, (imported, call) in lowered.calls.items():
            templates[operation] = call.replace("{name}", self.names.imported[imported])
        self.style = Code(templates, language.infinity, language.nan)
        self.operations: set[Operation] = set()
        self.constants: set[str] = set()
        self._inlined: dict[int, Written] = {}  # the expressions of symbols that have no name
        self._unnamed = 0

    def statements(self, results: Nested, effects: Sequence[Symbol]) -> Iterator[Symbol]:
        """The symbols that get a statement, in order, each when all that it uses can be written."""
        symbols = self.lowered.needed([*_symbols_in(results), *effects])
        times_used = Counter(result.number for result in _symbols_in(results))
        for symbol in symbols:
            if symbol.operation is None:
                continue
            self.operations.add(symbol.operation)
            template = self.style.templates[symbol.operation]
            for place, used in enumerate(symbol.inputs):
                if isinstance(used, Symbol):  # which a template may write twice
                    times_used[used.number] += template.count(f"{{{place}}}") or 1
        times_used.update({effect.number: 2 for effect in effects if not times_used[effect.number]})
        for symbol in symbols:
            if symbol.operation is not None and not self._is_inlined(symbol, times_used[symbol.number]):
                if symbol.number not in self.names.of:
                    self._unnamed += 1
                    self.names.of[symbol.number] = self.names.new(f"t{self._unnamed}")
                yield symbol

    def _is_inlined(self, symbol: Symbol, times_used: int) -> bool:
        if times_used != 1 or symbol.number in self.names.of or symbol.operation is table.dot_product:
            return False
        expression = self._inlined[symbol.number] = self._expression(symbol)
        return len(expression.text) < LONGEST_PART

    def lines(self, symbol: Symbol) -> list[str]:
        """The statement of a symbol, with its comment."""
        language, name = self.language, self.names.of[symbol.number]
        if symbol.operation is table.dot_product:
            first, *more = self._sums(symbol)
        else:
            first, more = self._expression(symbol).text, []
        statements = [f"{language.let}{name} = {first}", *[f"{name} = {name} + {terms}" for terms in more]]
        statements = [f"{statement}{language.end}" for statement in statements]
        if symbol.number not in self.names.comments:
            return statements
        comment = language.comment + self.names.comments[symbol.number]
        if len(statements[-1]) + len(comment) > WIDTH - 12:
            return [comment, *statements]
        return [*statements[:-1], f"{statements[-1]}  {comment}"]

    def arguments(self, required: int, equals: str) -> list[str]:
        """The parameters of the function, all but the required ones with the leaf's number as default."""
        names = [self.text(self.lowered.data[leaf]) for leaf in self.lowered.arguments]
        defaults = [equals + self.text(leaf.data) for leaf in self.lowered.arguments[required:]]
        return [name + default for name, default in zip(names, [""] * required + defaults, strict=True)]

    def title(self, trace: bool) -> str:
        """The first line of the program: what it computes."""
        output = self.names.shown(self.lowered.output)
        what = ": every number of both passes." if trace else " and its gradients, by the chain rule."
        return self.language.comment + output + what

    def text(self, results: Nested) -> str:
        """The text of results; to be asked for when all statements have been written."""
        if isinstance(results, list):
            return f"[{', '.join([self.text(part) for part in results])}]"
        return self.language.nothing if results is None else self._operand(results).text

    def _expression(self, symbol: Symbol) -> Written:
        assert symbol.operation is not None, "an argument has no expression"
        return self.style.written(symbol.operation, [self._operand(used) for used in symbol.inputs])

    def _operand(self, operand: Operand) -> Written:
        if isinstance(operand, Symbol):
            name = self.names.of.get(operand.number)
            return Written(name) if name else self._inlined[operand.number]
        written = self.style.number(operand)
        if not math.isfinite(operand):
            self.constants.add(written.text.removeprefix("-"))
        return written

    def _sums(self, symbol: Symbol) -> list[str]:
        """The terms of a dot product, as many in a line as fit: Python's own compiler takes no very long sum."""
        operands = [self._operand(used) for used in symbol.inputs]
        half = len(operands) // 2
        lines = [""]
        for pair in zip(operands[:half], operands[half:], strict=True):
            product = self.style.written(table.multiply, pair).text
            if lines[-1] and len(lines[-1]) + len(product) > WIDTH - 30:
                lines.append("")
            lines[-1] += f" + {product}" if lines[-1] else product
        return lines


def _words(*templates: str) -> set[str]:
    """The names in them: `exp` of `exp({0})`, `Math` of `Math.exp({0})`."""
    return {word for template in templates for word in re.findall(r"(?<![\w.])[^\W\d]\w*", template)}


def _wrapped(line: str) -> list[str]:
    indent = len(line) - len(line.lstrip())
    return wrap(line, WIDTH, subsequent_indent=" " * (indent + 4), break_long_words=False)


# -- What only Python needs --------------------------------------------------------------------------------------------


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
        if symbol.operation is not None and symbol.operation not in _NEVER_RAISING:
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


def _prelude(writer: _Writer) -> list[str]:
    """The lines that a program needs before its function."""
    words = writer.constants | _words(*[writer.style.templates[operation] for operation in writer.operations])
    exponentials = "exp" in words
    if exponentials:
        words.add("inf")
    from_math = sorted(word for word in words if hasattr(math, word) and word != "exp")
    lines = ["import math"] if exponentials else []
    lines += [f"from math import {', '.join(from_math)}"] if from_math else []
    for operation, (module, name) in writer.lowered.imports.items():
        imported = writer.names.imported[operation]
        lines.append(f"from {module} import {name}" + (f" as {imported}" if imported != name else ""))
    return [*lines, "", "", *([_EXP, "", ""] if exponentials else [])]
