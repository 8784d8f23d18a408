"""A user's own functions, classes and operations as Python to paste, with all that they name, so that it runs."""

from __future__ import annotations

import ast
import inspect
import linecache
import symtable
import sys
import textwrap
from collections.abc import Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.testing.rebinding import LIBRARIES
from tinygrad_sigmoid.value import Value

PACKAGE = "tinygrad_sigmoid"
WHOLE = {*LIBRARIES, PACKAGE}  # packages that are imported from, and not pasted
FUTURE = "__future__", "annotations"
ANNOTATIONS = ("annotation", "returns")
PLAIN = (int, float, str, bool, type(None))
PARTS = ("defined", "kink_at")  # of an operation, beside its two functions


class Unwritable(Exception):  # noqa: N818 (it is caught, and becomes a comment)
    """Something has no text that could be pasted."""


class Definitions:
    """Lines that define whatever has been asked for, each thing once, after what it needs.

    >>> import textwrap
    >>> definitions = Definitions()
    >>> definitions.written(textwrap.dedent)
    'dedent'
    >>> definitions.lines()
    ['from textwrap import dedent']
    """

    def __init__(self) -> None:
        self.known: dict[str, object] = {}  # what each name that is taken stands for
        self._imports: dict[str, list[str]] = {}  # what is imported from each module; nothing is the module itself
        self._statements: list[str] = []

    def lines(self) -> list[str]:
        """The imports, then the definitions."""
        future_first = sorted(self._imports.items(), key=lambda item: item[0] != FUTURE[0])
        imports = [f"from {module} import {', '.join(sorted(names))}" for module, names in future_first if names]
        modules = [module for module, names in self._imports.items() if not names]
        return [*imports, *modules, *[line for statement in self._statements for line in statement.splitlines()]]

    def written(self, thing: Any) -> str:
        """An expression for a thing, with all that it names defined.

        Raises:
            Unwritable: Its source can't be had.
        """
        if isinstance(thing, FunctionType) and thing.__name__ == "<lambda>":
            return self._source(thing)
        if hasattr(thing, "tolist"):  # an array
            self.define("numpy", sys.modules["numpy"])
            usual = str(thing.dtype) in ("float64", "int64")
            return f"numpy.array({thing.tolist()!r}{'' if usual else f', {str(thing.dtype)!r}'})"
        name = thing.name if isinstance(thing, Operation) else getattr(thing, "__name__", "")
        if not name.isidentifier():
            return _literal(thing)
        self.define(name, thing)
        return str(name)

    def arguments(self, things: Sequence[Any], named: Mapping[str, Any]) -> list[str]:
        """The arguments of a call; what can't be written is dots, or at least has its name."""
        written = []
        for thing in [*things, *named.values()]:
            try:
                written.append(self.written(thing))
            except Unwritable:
                written.append(getattr(thing, "__name__", "..."))
        return [*written[: len(things)], *map("=".join, zip(named, written[len(things) :], strict=True))]

    def define(self, name: str, thing: Any) -> None:
        """Adds what makes a name stand for a thing; a comment, if that can't be had."""
        if name in self.known:
            if self.known[name] is not thing:
                self._statements.append(f"# something else is called {name}, too: give it another name here")
            return
        self.known[name] = thing  # before what it names, which may name it in its turn
        try:
            if isinstance(thing, ModuleType):
                plain = thing.__name__ == name
                self._imports[f"import {thing.__name__}{'' if plain else f' as {name}'}"] = []
            elif origin := _origin(thing):
                module, original = origin
                if (module, original) != ("builtins", name):
                    self.imported(module, original if original == name else f"{original} as {name}")
            else:
                self._statements.append(self._statement(name, thing))
        except Unwritable as reason:
            self._statements.append(f"# {name} is missing here: {printable(str(reason))}")

    def imported(self, module: str, name: str) -> None:
        """Adds an import."""
        names = self._imports.setdefault(module, [])
        names += [] if name in names else [name]

    def _statement(self, name: str, thing: Any) -> str:
        if isinstance(thing, Operation):
            return f"{name} = {self._operation(thing)}"
        if isinstance(thing, Value) and not thing.inputs:
            self.define("Value", Value)
            return f"{name} = Value({thing.data!r}, {thing.label!r})"
        if isinstance(thing, FunctionType | type) and thing.__name__ == name:
            return self._source(thing)
        return f"{name} = {self.written(thing)}"

    def _operation(self, operation: Operation) -> str:
        """A call that makes it anew, with the functions that it has now."""
        self.define("Operation", Operation)
        parts = [repr(operation.name), self.written(operation.forward), self.written(operation.derivatives)]
        parts += [f"{part}={self.written(function)}" for part in PARTS if (function := getattr(operation, part))]
        return f"Operation({', '.join(parts)})"

    def _source(self, thing: Any) -> str:
        """The text of a function or class, with all that it names defined."""
        node, text = _parsed(thing)
        namespace = _namespace(thing, node)
        if any(getattr(part, field, None) for part in ast.walk(node) for field in ANNOTATIONS):
            self.imported(*FUTURE)  # so that they need nothing
        for name in dict.fromkeys(_names(node)):
            if name in namespace:
                self.define(name, namespace[name])
        return text


def _origin(thing: Any) -> tuple[str, str] | None:
    """The module and the name that something can be imported from, unless it is a user's own."""
    name = thing.name if isinstance(thing, Operation) else getattr(thing, "__name__", None)
    module = getattr(thing.derivatives if isinstance(thing, Operation) else thing, "__module__", None) or ""
    for place in [PACKAGE, *[module] * (module.partition(".")[0] in WHOLE)]:
        if isinstance(name, str) and getattr(sys.modules.get(place), name, None) is thing:
            return place, name
    return None


def _literal(thing: Any) -> str:
    if isinstance(thing, float) and thing - thing != 0:
        return f"float({str(thing)!r})"
    if isinstance(thing, PLAIN):
        return repr(thing)
    if type(thing) in (list, tuple):
        entries = ", ".join(map(_literal, thing))
        return f"[{entries}]" if isinstance(thing, list) else f"({entries}{',' * (len(thing) == 1)})"
    raise Unwritable(f"an object of type {type(thing).__name__} has no short text")


def _parsed(thing: Any) -> tuple[ast.AST, str]:
    """The syntax of a function or class, and its text."""
    try:
        if getattr(thing, "__name__", "") == "<lambda>":
            return _lambda(thing)
        text = textwrap.dedent(inspect.getsource(thing))
        return ast.parse(text), text
    except (OSError, TypeError, SyntaxError):
        raise Unwritable("its source can't be had") from None


def _lambda(function: FunctionType) -> tuple[ast.AST, str]:
    code = function.__code__
    source = "".join(linecache.getlines(code.co_filename, function.__globals__))
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]
    found = [node for node in found if node.lineno == code.co_firstlineno]
    if len(found) > 1:  # on one line; the result of each comes from another place in it
        places = {*code.co_positions()}
        bodies = [node.body for node in found]
        at = [(body.lineno, body.end_lineno, body.col_offset, body.end_col_offset) for body in bodies]
        placed = [node for node, place in zip(found, at, strict=True) if place in places]
        found = placed or [node for node in found if _is_among(node.body, code.co_consts)]
    if len(found) != 1:
        raise OSError("no source")
    return found[0], ast.get_source_segment(source, found[0]) or ""


def _is_among(body: ast.expr, constants: tuple[Any, ...]) -> bool:
    """Whether a lambda gives one of these constants: Python 3.12 has no place for the result of such a one."""
    try:
        return ast.literal_eval(body) in constants
    except ValueError:  # it gives no constant
        return False


def _namespace(thing: Any, node: ast.AST) -> Mapping[str, object]:
    """What the names in a function or class stand for."""
    if not isinstance(thing, FunctionType):
        return vars(sys.modules[thing.__module__]) if thing.__module__ in sys.modules else {}
    closure = inspect.getclosurevars(thing).nonlocals
    given: dict[str, object] = {}
    if isinstance(node, ast.Lambda):  # `scale` in `lambda x, scale=scale: …` is gone, but what it was is known
        names = [default.id if isinstance(default, ast.Name) else "" for default in node.args.defaults]
        given = dict(zip(names, thing.__defaults__ or (), strict=True))
    return {**thing.__globals__, **closure, **given}


def _names(node: ast.AST) -> list[str]:
    """The names that are looked up outside of a function or class, but for those in annotations."""
    tables = [symtable.symtable(f"from __future__ import annotations\n{ast.unparse(node)}", "", "exec")]
    for table in tables:  # which grows while it is walked
        tables += table.get_children()
    symbols = [symbol for table in tables for symbol in table.get_symbols()]
    return [symbol.get_name() for symbol in symbols if symbol.is_referenced() and symbol.is_global()]
