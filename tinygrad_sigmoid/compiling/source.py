"""Straight-line source text from a lowered graph: Python to read and run, JavaScript for a page.

One statement for each recorded value and each gradient, under the name that its label gives it; what lies between is
written into the expression it belongs to, unless it is used twice. Every line says in a comment what it is.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.identifiers import Identifiers
from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import in_literal, printable
from tinygrad_sigmoid.reading.writer import Code, Written

WIDTH = 116
MOST_OPERATIONS = 10  # in an expression; a larger one gets a name and a statement of its own
PRODUCTS = 8  # of a sum, in a line: Python's own compiler takes no very long sum
MOST_PARAMETERS = 65_534  # of a function, in the JavaScript of browsers and node


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
    reserved=" ".join(["__debug__ inf nan math program OverflowError", *keyword.kwlist]),
)

JAVASCRIPT = Language(
    name="JavaScript",
    infinity="Infinity",
    nan="NaN",
    nothing="null",
    comment="// ",
    reserved="Array Infinity Math NaN Number program undefined arguments await break case catch class const continue "
    "debugger default delete do else enum eval export extends false finally for function if implements import in "
    "instanceof interface let new null package private protected public return static super switch this throw true "
    "try typeof var void while with yield",
    let="let ",
    end=";",
)

_PROGRAM, _TRACE = " and its gradients, by the chain rule.", ": every number of both passes."

_EXP = """\
def exp(x):
    try:
        return math.exp(x)
    except OverflowError:  # 1/(1 + inf) is the right 0
        return inf"""


def python_lines(lowered: Lowered, required: int) -> list[str]:
    """The program as a Python function with its imports, which raises where recording the graph would have raised.

    Args:
        required: How many of the arguments have no default.
    """
    writer = _Writer(lowered, PYTHON)
    returned = _returned(lowered)
    guards = [guard for guard in [lowered.results[0], *lowered.guards] if isinstance(guard, Symbol)]
    checked = {guard.number for guard in guards}
    body = [writer.check(guard) for guard in guards if guard.operation is None]
    for symbol in writer.statements(returned, lowered.guards):
        body += [f"    {line}" for line in writer.lines(symbol)]
        if symbol.number in checked:
            body.append(writer.check(symbol))
    head = _in_lines("def program(", writer.arguments(required, "="), "):")
    parts = [part for result in returned for part in writer.parts(result)]
    tail = _in_lines("    return ", parts, "")
    if len(tail) > 1:
        tail = _in_lines("    return (", parts, ")")
    return [writer.title(_PROGRAM), "", *_prelude(writer), *head, *body, *tail, ""]


def javascript_lines(lowered: Lowered, required: int, *, trace: bool = False) -> list[str]:
    """The program as a JavaScript function, which never throws.

    Where recording the graph would raise, it returns NaN for the output and all gradients; with `trace`, every number
    of both passes as IEEE 754 has it.
    """
    writer = _Writer(lowered, JAVASCRIPT)
    if len(lowered.arguments) > MOST_PARAMETERS:
        raise ValueError(
            f"a function of JavaScript takes at most {MOST_PARAMETERS:,} numbers, but the graph has "
            f"{len(lowered.arguments):,} leaves: compile a smaller one"
        )
    returned = _traced(lowered) if trace else _returned(lowered)
    guards = () if trace else lowered.guards
    body = [f"  {line}" for symbol in writer.statements(returned, guards) for line in writer.lines(symbol)]
    head = _in_lines("function program(", writer.arguments(required, " = "), ") {")
    if not trace:
        finite = [part for operand in dict.fromkeys([*lowered.results, *guards]) for part in writer.parts(operand)]
        gradients = len(lowered.results) - 1
        nothing = f"Array({gradients}).fill(NaN)" if gradients else "[]"
        body += _in_lines("  if (![", finite, f"].every(Number.isFinite)) return [NaN, {nothing}];")
    tail = _in_lines("  return [", [part for result in returned for part in writer.parts(result)], "];")
    return [writer.title(_TRACE if trace else _PROGRAM), *head, *body, *tail, "}", ""]


Nested = list["Nested"] | Operand | None  # results of a program, in lists within lists


def _returned(lowered: Lowered) -> list[Nested]:
    """What a program returns: the output and the gradients."""
    output, *gradients = lowered.results
    return [output, list(gradients)]


def _traced(lowered: Lowered) -> list[Nested]:
    """What it returns with a trace: every number of both passes."""
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
        # The expressions of symbols that have no name, and how many operations are in each.
        self._inlined: dict[int, tuple[Written, int]] = {}
        self._unnamed = 0

    def statements(self, results: Nested, effects: Sequence[Symbol]) -> Iterator[Symbol]:
        """The symbols that get a statement, in order, each when all that it uses can be written."""
        symbols = self.lowered.needed([*_symbols_in(results), *effects])
        times_used = [0] * len(self.lowered.symbols)
        for result in _symbols_in(results):
            times_used[result.number] += 1
        for symbol in symbols:
            if symbol.operation is None:
                continue
            self.operations.add(symbol.operation)
            template = self.style.templates[symbol.operation]
            for place, used in enumerate(symbol.inputs):
                if isinstance(used, Symbol):  # which a template may write twice
                    times_used[used.number] += template.count(f"{{{place}}}") or 1
        for effect in effects:
            times_used[effect.number] += 2
        for symbol in symbols:
            if symbol.operation is not None and not self._is_inlined(symbol, times_used[symbol.number]):
                if symbol.number not in self.names.of:
                    self._unnamed += 1
                    self.names.of[symbol.number] = self.names.new(f"t{self._unnamed}")
                yield symbol

    def _is_inlined(self, symbol: Symbol, times_used: int) -> bool:
        if times_used != 1 or symbol.number in self.names.of or symbol.operation is table.dot_product:
            return False
        operations = 1 + sum(
            self._inlined[used.number][1]
            for used in symbol.inputs
            if isinstance(used, Symbol) and used.number in self._inlined
        )
        if operations > MOST_OPERATIONS:
            return False
        self._inlined[symbol.number] = self._expression(symbol), operations
        return True

    def lines(self, symbol: Symbol) -> list[str]:
        """The statement of a symbol, with its comment."""
        language, name = self.language, self.names.of[symbol.number]
        if symbol.operation is table.dot_product:
            first, *more = self._sums(symbol)
        else:
            first, more = self._expression(symbol).text, []
        statements = [f"{language.let}{name} = {first}", *[f"{name} = {name} + {terms}" for terms in more]]
        statements = [f"{statement}{language.end}" for statement in statements]
        if not (comment := self.names.comment(symbol)):
            return statements
        comment = language.comment + printable(comment)
        if len(statements[-1]) + len(comment) > WIDTH - 12:
            return [comment, *statements]
        return [*statements[:-1], f"{statements[-1]}  {comment}"]

    def check(self, symbol: Symbol) -> str:
        """The line of Python that raises an error if a number is infinite or nan."""
        name, message = self.names.of[symbol.number], f"{self.names.meaning(symbol)} is too large for a float"
        return f"    if {name} - {name}: raise OverflowError({in_literal(message)})"

    def arguments(self, required: int, equals: str) -> list[str]:
        """The parameters of the function, all but the required ones with the leaf's number as default."""
        names = [self._operand(self.lowered.data[leaf]).text for leaf in self.lowered.arguments]
        defaults = [equals + self._operand(leaf.data).text for leaf in self.lowered.arguments[required:]]
        return [name + default for name, default in zip(names, [""] * required + defaults, strict=True)]

    def title(self, what: str) -> str:
        """The first line of the program: what it computes."""
        title = self.language.comment + printable(self.names.shown(self.lowered.output)) + what
        # A first line that seems to declare an encoding would be taken by its word in a file of Python.
        return re.sub("coding([:=])", r"coding \1", title)

    def parts(self, result: Nested) -> list[str]:
        """The text of a result, cut after each comma; to be asked for when all statements have been written."""
        if isinstance(result, list):
            first, *others = [part for inner in result for part in self.parts(inner)] or [""]
            *others, last = [f"[{first}", *others]
            return [*others, f"{last}]"]
        return [self.language.nothing if result is None else self._operand(result).text]

    def _expression(self, symbol: Symbol) -> Written:
        assert symbol.operation is not None, "an argument has no expression"
        return self.style.written(symbol.operation, [self._operand(used) for used in symbol.inputs])

    def _operand(self, operand: Operand) -> Written:
        if isinstance(operand, Symbol):
            name = self.names.of.get(operand.number)
            return Written(name) if name else self._inlined.pop(operand.number)[0]
        written = self.style.number(operand)
        if not math.isfinite(operand):
            self.constants.add(written.text.removeprefix("-"))
        return written

    def _sums(self, symbol: Symbol) -> list[str]:
        """The terms of a dot product, some in each line."""
        operands = [self._operand(used) for used in symbol.inputs]
        half = len(operands) // 2
        pairs = zip(operands[:half], operands[half:], strict=True)
        products = [self.style.written(table.multiply, pair).text for pair in pairs]
        return [" + ".join(products[start : start + PRODUCTS]) for start in range(0, half, PRODUCTS)]


def _words(*templates: str) -> set[str]:
    """The names in them: `exp` of `exp({0})`, `Math` of `Math.exp({0})`."""
    return {word for template in templates for word in re.findall(r"(?<![\w.])[^\W\d]\w*", template)}


def _in_lines(before: str, parts: Sequence[str], after: str) -> list[str]:
    """The parts with commas between them, in as many lines as they need; never is a part broken, however long it is."""
    indent = " " * (len(before) - len(before.lstrip()) + 4)
    lines = [before]
    for place, part in enumerate(parts):
        text = part + (after if place == len(parts) - 1 else ",")
        space = " " * (place > 0)
        if place > 0 and len(lines[-1]) + len(text) > WIDTH:
            lines.append(indent)
            space = ""
        lines[-1] += space + text
    return lines if parts else [before + after]


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
