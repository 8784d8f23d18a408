"""Proves the gradients of a formula, or of a function in a file, at the numbers given, and prints what was proven.

FILE.py::f is a function of numbers that computes with this package, an Operation, or a class with its own backward().
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import math
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from tinygrad_sigmoid.commands import add_formula, graph_of, say
from tinygrad_sigmoid.graph import leaves
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import printable, shown
from tinygrad_sigmoid.reading.parsing import leaves_from
from tinygrad_sigmoid.reading.writer import number_text

EXAMPLES = """examples:
  tinygrad-sigmoid check "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid check layers.py::softsign x=0.5
"""
TYPED = re.compile(r"(?P<path>.+\.py)(::?(?P<name>\w+))?")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)


def run(arguments: argparse.Namespace) -> int:
    from tinygrad_sigmoid.testing import GradientMismatch, check_gradients

    if typed := TYPED.fullmatch(arguments.formula):
        return _check_file(typed, leaves_from(arguments.leaves))
    output = graph_of(arguments)
    try:
        certificate = check_gradients(output)
    except GradientMismatch as mismatch:
        return _wrong(mismatch)
    say(f"{printable(arguments.formula)} {_equals(output.data)}")
    output.backward()
    for leaf in leaves(output):
        if leaf.grad is not None and math.isfinite(leaf.grad):  # of one that is too large, the certificate says so
            say(f"  ∂/∂{leaf.label} {_equals(leaf.grad)}")
    say(certificate)
    return 0


def _check_file(typed: re.Match[str], numbers: Mapping[str, float]) -> int:
    """Prints what was proven of a function in a file, for those who have no test-suite yet; 1 if something is wrong."""
    from tinygrad_sigmoid.testing import GradientMismatch, check_gradients

    module, name = _loaded(Path(typed["path"])), typed["name"]
    if name is None or not hasattr(module, name):
        raise ValueError(f"{shown(typed[0])} names nothing in it: write for instance {typed['path']}::loss")
    checked = getattr(module, name)
    inputs = _inputs(name, checked)
    if {*inputs} != {*numbers}:
        wanted = ", ".join(inputs) or "none"
        raise ValueError(f"{name} needs a number for each of its inputs, which are {wanted}: write them as in x=0.5")
    call = f"{name}({', '.join(f'{input}={numbers[input]!r}' for input in inputs)})" if inputs else name
    try:
        certificate = check_gradients(checked, *[numbers[input] for input in inputs])
    except GradientMismatch as mismatch:
        return _wrong(f"{call}: {mismatch}")
    except Exception as error:
        raise ValueError(
            f"{printable(call)} can't be checked ({_said(error)}): give other numbers, or try it in Python first"
        ) from None
    say(f"{call}: {certificate}")
    return 0


def _wrong(mismatch: object) -> int:
    """Prints what is wrong, and as they are the lines of Python below it, which are there to be pasted; gives 1."""
    sentence, _, rest = str(mismatch).partition("\n")
    say(sentence, sys.stderr)
    print(rest, file=sys.stderr)
    return 1


def _loaded(path: Path) -> ModuleType:
    """The module in a file, imported by its own name, so that what it imports finds the same."""
    if not path.is_file():
        raise ValueError(f"{shown(str(path))} is no file: give the name of one with Python, as in layers.py::loss")
    folder, name = path.resolve().parent, path.stem
    while (folder / "__init__.py").exists():
        folder, name = folder.parent, f"{folder.name}.{name}"
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{shown(str(path))} can't be imported ({_said(error)}): run it with Python first") from None
    if not module.__file__ or not path.samefile(module.__file__):
        raise ValueError(f"{shown(str(path))} has the name of a module that is loaded already: give it another name")
    return module


def _inputs(name: str, checked: Any) -> list[str]:
    """The names of what it is called with; a class is tried on numbers of its own."""
    if isinstance(checked, type):
        return []
    if isinstance(checked, Operation) and checked.arity:
        return list(checked.input_names)
    if not callable(checked):
        raise ValueError(f"{name} is {shown(checked)}, which has no inputs: name a function, an Operation or a class")
    parameters = inspect.signature(checked).parameters.values()
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        raise ValueError(f"{name} takes any number of inputs: check a function that calls it with some")
    return [parameter.name for parameter in parameters if parameter.kind <= 1 and parameter.default is parameter.empty]


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _equals(number: float) -> str:
    return f"{'=' if float(f'{number:.4g}') == number else '≈'} {number_text(number)}"
