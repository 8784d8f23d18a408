"""A formula typed as text, such as `sigmoid(w*x + b)`, as a recorded graph.

The text is read with `ast` and walked by hand, never evaluated: it can hold numbers, names, `+ - * / **` and calls of
the table's operations, and nothing else.
"""

from __future__ import annotations

import ast
import difflib
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from tinygrad_sigmoid.operations import (
    TABLE,
    absolute,
    add,
    divide,
    dot_product,
    fixed_power,
    general_power,
    multiply,
    negate,
    power,
    subtract,
)
from tinygrad_sigmoid.value import Value

LONGEST = 2_000  # characters; Python's own parser recurses, and a longer text could be deep enough to stop it
DEEPEST = 100
LONGEST_QUOTE = 60

_CALLABLE: dict[str, Callable[..., Any]] = {
    **{name: row for name, row in TABLE.items() if row not in (dot_product, general_power, fixed_power)},
    "power": power,
    "abs": absolute,
    "max": TABLE["maximum"],
    "min": TABLE["minimum"],
    "σ": TABLE["sigmoid"],
}
# The signs in which this package writes formulas, so that what it has printed can be typed in again.
_SIGNS = str.maketrans({"·": "*", "−": "-", "^": "**"})
_INFIX: dict[type[ast.operator], Callable[..., Any]] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Pow: power,
}


_TOKEN = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|[^\W\d]\w*|\S")


class FormulaError(ValueError):
    """A formula that can't be read, with the reason in one line."""


def recorded(formula: str, leaves: Mapping[str, Any]) -> Value:
    """The graph of a formula, its names becoming leaves.

    >>> recorded("sigmoid(w*x + b)", {"w": 0.6, "x": 1, "b": 0.9})
    Value(0.8175744761936437)

    Args:
        formula: Numbers, names, `+ - * / **`, brackets and calls such as `tanh(z)` or `max(a, b)`.
        leaves: A number for each name, or a Value to be used as that leaf.

    Raises:
        FormulaError: It can't be read, or a name has no number, or a number is given for no name.
        ArithmeticError, ValueError: It can't be computed at these numbers.
    """
    if len(formula) > LONGEST:
        raise FormulaError(
            f"the formula has {len(formula)} characters, more than {LONGEST}: build it in Python instead"
        )
    try:
        tree = ast.parse(formula.translate(_SIGNS).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error) or "it is nested too deeply"
        cure = _multiplication(formula) or "write it as in 'sigmoid(w*x + b)'"
        raise FormulaError(f"{_quoted(formula)} can't be read as a formula ({reason}): {cure}") from None
    values: dict[str, Value] = {}
    for typed, given in leaves.items():
        name = _as_python_reads(typed)
        if name in values:
            raise FormulaError(f"{name!r} is given a number twice: keep one of the two")
        values[name] = given if isinstance(given, Value) else Value(given, name)
    used: set[str] = set()
    result = _built(tree, values, used, 0)
    if unused := [name for name in values if name not in used]:
        raise FormulaError(
            f"{_quoted(unused[0])} was given a number but is not in {_quoted(formula)}: leave it out or use it"
        )
    if not isinstance(result, Value):
        raise FormulaError(
            f"{_quoted(formula)} has no names, so there is nothing to differentiate: use one, as in 'w*2' with w=3"
        )
    return result


def leaves_from(words: Iterable[str]) -> dict[str, float]:
    """The numbers that the words of a command line give to names, for `recorded`.

    >>> leaves_from(["w=0.6", "x=1"])
    {'w': 0.6, 'x': 1.0}

    Args:
        words: Each `NAME=NUMBER`, the minus sign written − or -.

    Raises:
        FormulaError: A word is something else, or a name comes twice.
    """
    leaves: dict[str, float] = {}
    for word in words:
        given, equals, digits = word.partition("=")
        name = _as_python_reads(given.strip())
        if not equals:
            raise FormulaError(f"{word!r} gives no name a number: write it as in w=0.6, without spaces")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FormulaError(f"{name!r} in {word!r} can't be a name: use letters, digits and _, as in w1=0.6")
        if name in leaves:
            raise FormulaError(f"{name!r} is given a number twice: keep one of the two")
        leaves[name] = _number_from(digits, word)
    return leaves


def _as_python_reads(name: str) -> str:
    """The name in the form in which Python reads those of a formula: the two signs for µ are one in it."""
    return unicodedata.normalize("NFKC", name)


def _number_from(digits: str, word: str) -> float:
    try:
        number = float(digits.replace("−", "-"))
    except ValueError:
        raise FormulaError(f"{digits!r} in {word!r} is not a number: write it as in w=0.6") from None
    if not math.isfinite(number):
        raise FormulaError(f"{digits!r} in {word!r} is not a finite number: there is nothing to compute with it")
    return number


def _built(tree: ast.expr, values: Mapping[str, Value], used: set[str], depth: int) -> Any:
    if depth > DEEPEST:
        raise FormulaError(
            f"the formula's brackets, powers or signs are nested more than {DEEPEST} deep: build it in Python instead"
        )

    def build(part: ast.expr) -> Any:
        return _built(part, values, used, depth + 1)

    match tree:
        case ast.Constant(value=bool() | str() | bytes() | complex() | None):
            raise FormulaError(f"{ast.unparse(tree)} is not a number: a formula holds numbers and names")
        case ast.Constant(value=int() | float() as number):
            return _number(number)
        case ast.Name(id=name) if name in values:
            used.add(name)
            return values[name]
        case ast.Name(id=name):
            quoted = _quoted(name)
            raise FormulaError(
                f"the name {quoted} has no number: add {_shortened(name)}=… (in Python, {{{quoted}: …}})"
            )
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return negate(build(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return build(operand)
        case ast.BinOp(op=symbol) if type(symbol) in _INFIX:
            return _chained(tree, build)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _CALLABLE:
            operation = _CALLABLE[name]
            wanted = getattr(operation, "arity", 2)
            if len(arguments) != wanted:
                raise FormulaError(f"{name} takes {wanted} input{'s' * (wanted > 1)}, but was given {len(arguments)}")
            return operation(*[build(argument) for argument in arguments])
        case ast.Call(func=ast.Name(id=name)) if name in _CALLABLE:
            raise FormulaError(f"{_typed(tree)}: an operation takes its inputs without names, as in exp(x)")
        case ast.Call(func=ast.Name(id=name)):
            raise FormulaError(f"{_quoted(name)} is not an operation of the table: {_meant(name, values)}")
        case ast.Call(func=ast.Constant() | ast.BinOp() | ast.UnaryOp()):
            raise FormulaError(f"{_typed(tree)} calls what is no operation: write the multiplication, as in 2*(x)")
        case _:
            raise FormulaError(
                f"{_typed(tree)} has no place in a formula: it holds numbers, names, + - * / **, and calls"
            )


def _chained(tree: ast.expr, build: Callable[[ast.expr], Any]) -> Any:
    """`a + b - c`, which is nested to the left, without a call for each term."""
    later: list[ast.BinOp] = []
    while isinstance(tree, ast.BinOp) and type(tree.op) in _INFIX:
        later.append(tree)
        tree = tree.left
    result = build(tree)
    for part in reversed(later):
        result = _INFIX[type(part.op)](result, build(part.right))
    return result


# -- What is said of mistakes ------------------------------------------------------------------------------------------


def _multiplication(formula: str) -> str:
    """The cure for `2x` and `w x`: the first place where two factors stand side by side, if there is one."""
    for left, right in pairwise(_TOKEN.findall(formula)):
        factors = [token for token in (left, right) if token[0].isalnum() and not keyword.iskeyword(token)]
        if len(factors) == 2 or (left == ")" and factors == [right]) or (right == "(" and left[0].isdigit()):
            return f"write the multiplication: {_shortened(left)}*{_shortened(right)}"
    return ""


def _meant(name: str, values: Mapping[str, Value]) -> str:
    if name in values:
        return f"write the multiplication: {_shortened(name)}*(…)"
    close = difflib.get_close_matches(name, _CALLABLE, n=1)
    return f"did you mean {close[0]}?" if close else f"use one of {', '.join(sorted(_CALLABLE))}"


def _typed(tree: ast.expr) -> str:
    try:
        return _quoted(ast.unparse(tree))
    except RecursionError:  # a long sum somewhere in it
        return "a part of it"


def _quoted(text: str) -> str:
    return repr(_shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"


def _number(number: float) -> float:
    try:
        return Value(number).data
    except (OverflowError, ValueError) as error:
        raise FormulaError(str(error)) from None
