"""Checks the gradients of what somebody has written in a file, for those who have no test-suite yet."""

from __future__ import annotations

import importlib
import inspect
import random
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from tinygrad_sigmoid.commands import say
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import printable, shown

TYPED = re.compile(r"(?P<path>.+\.py)(::(?P<name>\w+))?")

# What the function with the derivatives of `layer` may be called, and how `check_gradients` takes it.
PARTNERS = {
    "{}_gradient": "gradient",
    "d_{}": "gradient",
    "{}_backward": "vjp",
    "{}_vjp": "vjp",
    "{}_jvp": "jvp",
}
POINTS = 3  # at which a function is checked that was given no numbers
TRIES = 100  # to find one of them
FARTHEST = 2.0


def check_file(typed: re.Match[str], numbers: Mapping[str, float], options: Mapping[str, Any]) -> int:
    """Prints what was proven of a function, or of all in the file that can be checked; 1 if something is wrong."""
    module, name = _loaded(Path(typed["path"])), typed["name"]
    if name and not hasattr(module, name):
        raise ValueError(f"{shown(typed['path'])} has no {name}: look how it is spelled there")
    if not name and numbers:
        raise ValueError(f"{next(iter(numbers))}=… is for one function: name it, as in {typed['path']}::loss")
    found = [name] if name else [*_checkable(module)]
    if not found:
        raise ValueError(
            f"{shown(typed['path'])} has no Operation, and no function beside one with its derivatives: name what to "
            f"check, as in {typed['path']}::loss"
        )
    return max([_check(name, module, numbers, options) for name in found])


def wrong(mismatch: object) -> int:
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


def _checkable(module: ModuleType) -> Iterator[str]:
    """The names of the operations that were written in a module, and of the functions with a partner."""
    for name, thing in vars(module).items():
        written_in = thing.derivatives.__module__ if isinstance(thing, Operation) else getattr(thing, "__module__", "")
        pair = isinstance(thing, FunctionType) and _partner(name, module)
        if written_in == module.__name__ and (isinstance(thing, Operation) or pair):
            yield name


def _partner(name: str, module: ModuleType) -> dict[str, Any]:
    """The function with the derivatives, as an argument of `check_gradients`."""
    for pattern, argument in PARTNERS.items():
        if callable(partner := getattr(module, pattern.format(name), None)):
            return {argument: partner}
    return {}


def _check(name: str, module: ModuleType, numbers: Mapping[str, float], options: Mapping[str, Any]) -> int:
    from tinygrad_sigmoid.testing import GradientMismatch, check_gradients

    checked = getattr(module, name)
    options = {**options, **_partner(name, module)}
    missing: Exception | None = None
    done = 0
    for point in _points(name, checked, numbers):
        call = f"{name}({', '.join(f'{input}={number!r}' for input, number in point.items())})" if point else name
        try:
            certificate = check_gradients(checked, *point.values(), **options)
        except GradientMismatch as mismatch:
            return wrong(f"{call}: {mismatch}")
        except (ArithmeticError, ValueError) as error:  # it is not defined there
            missing = error
            continue
        except Exception as error:
            raise ValueError(f"{printable(call)} can't be checked ({_said(error)}): try it in Python first") from None
        say(f"{call}: {certificate if point.keys() <= numbers.keys() else certificate.verdict}")
        if (done := done + 1) == POINTS:
            return 0
    if missing and not done:
        raise ValueError(f"{name} can't be checked at these numbers ({_said(missing)}): give others, as in x=0.5")
    return 0


def _points(name: str, checked: Any, numbers: Mapping[str, float]) -> Iterator[dict[str, float]]:
    """The numbers for its inputs: those given, and for the others some that are drawn, the same in every run."""
    inputs = [] if isinstance(checked, type) else _inputs(name, checked)
    if unknown := [given for given in numbers if given not in inputs]:
        raise ValueError(f"{name} has no input {unknown[0]}: its inputs are {', '.join(inputs) or 'none'}")
    generator = random.Random(0)
    for _ in range(TRIES if len(numbers) < len(inputs) else 1):
        drawn = {given: round(generator.uniform(-FARTHEST, FARTHEST), 2) for given in inputs}
        yield {**drawn, **numbers}


def _inputs(name: str, checked: Any) -> list[str]:
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
