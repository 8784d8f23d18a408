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

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.operations import TABLE, add, divide, multiply, negate, power, subtract
from tinygrad_sigmoid.quoting import printable, shown
from tinygrad_sigmoid.reading.writer import TYPED_SIGNS
from tinygrad_sigmoid.value import Value

LONGEST = 2_000  # characters; Python's own parser recurses, and a longer text could be deep enough to stop it
DEEPEST = 100
LONGEST_QUOTE = 60

Function = Callable[..., Value | float]

_INFIX: dict[type[ast.operator], Function] = {
    ast.Add: add,
    ast.Sub: subtract,
    ast.Mult: multiply,
    ast.Div: divide,
    ast.Pow: power,
}
# The operations by their names, and by what formulas call them: `maximum` and `max`.
_CALLABLE: dict[str, Function] = {
    name: row
    for row in TABLE.values()
    if row.arity and not row.name.endswith("_power")
    for name in (row.name, row.notation.symbol)
    if name.isidentifier()
} | {"power": power}
_SIGNS = str.maketrans(TYPED_SIGNS | {"√": "sqrt"})  # so that what this package has printed can be typed in again
_TOKEN = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|[^\W\d]\w*|\S")


class FormulaError(TinygradSigmoidError, ValueError):
    """A formula that can't be read, with the reason in one line."""


def recorded(formula: str, leaves: Mapping[str, Value | float]) -> Value:
    """The graph of a formula, its names becoming leaves.

    >>> recorded("sigmoid(w*x + b)", {"w": 0.6, "x": 1, "b": 0.9})
    Value(0.8175744761936437)

    Args:
        formula: Numbers, names, `+ - * / **`, brackets and calls such as `tanh(z)` or `max(a, b)`.
        leaves: A number for each name, or a Value to be used as that leaf.

    Raises:
        FormulaError: It can't be read, or a name has no number, or a number is given for no name.
    """
    checks.instance(formula, str, "a formula", "a text", "write it as in 'sigmoid(w*x + b)'")
    checks.instance(leaves, Mapping, "leaves", "a dict of names and numbers", "write it as in {'w': 0.5}")
    if len(formula) > LONGEST:
        raise FormulaError(
            f"the formula has {len(formula)} characters, more than {LONGEST}: build it in Python instead"
        )
    try:
        tree = ast.parse(formula.translate(_SIGNS).strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error) or "it is nested too deeply"
        hint = _multiplication(formula) or "write it as in 'sigmoid(w*x + b)'"
        raise FormulaError(f"{_quoted(formula)} can't be read as a formula ({reason}): {hint}") from None
    reader = _Reader(leaves)
    result = reader.read(tree)
    if unused := [name for name in reader.values if name not in reader.used]:
        raise FormulaError(
            f"{_quoted(unused[0])} was given a number but is not in {_quoted(formula)}: leave it out or use it"
        )
    if not isinstance(result, Value):
        raise FormulaError(
            f"{_quoted(formula)} has no names, so there is nothing to differentiate: use one, as in 'w*2' with w=3"
        )
    return result


def leaves_from(words: Iterable[str]) -> dict[str, float]:
    """The numbers that a command line gives to names, each word `NAME=NUMBER`, for `recorded`.

    >>> leaves_from(["w=0.6", "x=−1"])
    {'w': 0.6, 'x': -1.0}
    """
    leaves: dict[str, float] = {}
    for word in words:
        given, equals, digits = word.partition("=")
        name = _as_python_reads(given.strip())
        if not equals:
            raise FormulaError(f"{_quoted(word)} gives no name a number: write it as in w=0.6, without spaces")
        if not name.isidentifier() or keyword.iskeyword(name):
            raise FormulaError(
                f"{_quoted(name)} in {_quoted(word)} can't be a name: use letters, digits and _, as in w1=0.6"
            )
        if name in leaves:
            raise _given_twice(name)
        try:
            leaves[name] = typed_number(digits)
        except ValueError:
            raise FormulaError(f"{_quoted(digits)} in {_quoted(word)} is not a number: write it as in w=0.6") from None
        if not math.isfinite(leaves[name]):
            raise FormulaError(
                f"{_quoted(digits)} in {_quoted(word)} is not a finite number: there is nothing to compute with it"
            )
    return leaves


def typed_number(digits: str) -> float:
    """The number that these digits stand for, with the minus sign of a keyboard or that of print."""
    return float(digits.replace("−", "-"))


def _as_python_reads(name: str) -> str:
    """The name in the form in which Python reads those of a formula: the two signs for µ are one in it."""
    return unicodedata.normalize("NFKC", name)


class _Reader:
    """Records a parsed formula, and notes which names it uses."""

    def __init__(self, leaves: Mapping[str, Value | float]) -> None:
        self.values: dict[str, Value] = {}
        self.used: set[str] = set()
        for typed, given in leaves.items():
            checks.instance(typed, str, "a name", "a text", "write the leaves as in {'w': 0.5}")
            name = _as_python_reads(typed)
            if name in self.values:
                raise _given_twice(name)
            self.values[name] = given if isinstance(given, Value) else Value(given, name)

    def read(self, tree: ast.expr, depth: int = 0) -> Value | float:
        """What a part of the formula stands for: a Value, or a number if it uses no names."""
        if depth > DEEPEST:
            raise FormulaError(
                f"the formula's brackets, powers or signs are nested more than {DEEPEST} deep: build it in Python "
                f"instead"
            )
        match tree:
            case ast.Constant(value=bool() | str() | bytes() | complex() | None):
                raise FormulaError(
                    f"{printable(ast.unparse(tree), LONGEST_QUOTE)} is not a number: a formula holds numbers and names"
                )
            case ast.Constant(value=int() | float() as number):
                try:
                    return finite_number(number)
                except OverflowError:
                    raise FormulaError(
                        f"{shown(number)} would lose digits as a float, or is too large for one: write it as in 1e22"
                    ) from None
                except ValueError as error:
                    raise FormulaError(str(error)) from None
            case ast.Name(id=name) if name in self.values:
                self.used.add(name)
                return self.values[name]
            case ast.Name(id=name):
                quoted = _quoted(name)
                raise FormulaError(
                    f"the name {quoted} has no number: add {_shortened(name)}=… (in Python, {{{quoted}: …}})"
                )
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return negate(self.read(operand, depth + 1))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self.read(operand, depth + 1)
            case ast.BinOp(op=symbol) if type(symbol) in _INFIX:
                return self._chain(tree, depth)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _CALLABLE:
                operation = _CALLABLE[name]
                wanted = getattr(operation, "arity", 2)
                if len(arguments) != wanted:
                    raise FormulaError(
                        f"{name} takes {wanted} input{'s' * (wanted > 1)}, but was given {len(arguments)}"
                    )
                return operation(*[self.read(argument, depth + 1) for argument in arguments])
            case ast.Call(func=ast.Name(id=name)) if name in _CALLABLE:
                raise FormulaError(f"{_typed(tree)}: an operation takes its inputs without names, as in exp(x)")
            case ast.Call(func=ast.Name(id=name)):
                raise FormulaError(f"{_quoted(name)} is not an operation of the table: {_meant(name, self.values)}")
            case ast.Call(func=ast.Constant() | ast.BinOp() | ast.UnaryOp()):
                raise FormulaError(f"{_typed(tree)} calls what is no operation: write the multiplication, as in 2*(x)")
            case _:
                raise FormulaError(
                    f"{_typed(tree)} has no place in a formula: it holds numbers, names, + - * / **, and calls"
                )

    def _chain(self, tree: ast.expr, depth: int) -> Value | float:
        """`a + b - c`, which is nested to the left, without a call for each term."""
        later: list[ast.BinOp] = []
        while isinstance(tree, ast.BinOp) and type(tree.op) in _INFIX:
            later.append(tree)
            tree = tree.left
        result = self.read(tree, depth + 1)
        for part in reversed(later):
            result = _INFIX[type(part.op)](result, self.read(part.right, depth + 1))
        return result


# -- Error messages ----------------------------------------------------------------------------------------------------


def _given_twice(name: str) -> FormulaError:
    return FormulaError(f"{_quoted(name)} is given a number twice: keep one of the two")


def _multiplication(formula: str) -> str:
    """The hint for `2x` and `w x`: the first place where two factors stand side by side, if there is one."""
    for left, right in pairwise(_TOKEN.findall(formula)):
        factors = [token for token in (left, right) if token[0].isalnum() and not keyword.iskeyword(token)]
        if len(factors) == 2 or (left == ")" and factors == [right]) or (right == "(" and left[0].isdigit()):
            if left in _CALLABLE:
                return f"write the brackets: {left}({_shortened(right)})"
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
    return printable(repr(_shortened(text)), 2 * LONGEST_QUOTE)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 1]}…"
