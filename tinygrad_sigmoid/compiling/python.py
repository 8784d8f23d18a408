"""Programs that are text: Python, which is run here, and JavaScript, which a page runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from operator import add
from typing import Any, NoReturn, Self

from tinygrad_sigmoid.compiling.program import Parameters, Program, not_finite, too_large
from tinygrad_sigmoid.compiling.table import Table
from tinygrad_sigmoid.floats import finite_number

Result = tuple[float, list[float]]


class PythonProgram(Program):
    """A program whose source is Python, and which needs nothing but Python."""

    target = "python"

    def __init__(self, source: str, inputs: int, parameters: Sequence[float], trainable: bool) -> None:
        super().__init__(source, inputs, parameters, trainable)
        self.function = _function(source)

    def __reduce__(self) -> tuple[type[Self], tuple[str, int, Sequence[float], bool]]:
        return type(self), (self.source, self.inputs, self.parameters, self.trainable)

    def __call__(self, *numbers: float) -> Result:
        for number in numbers:
            if type(number) is not float:
                numbers = tuple(map(finite_number, numbers))
                break
        if len(numbers) != self.inputs:
            self.complete(numbers)
        try:
            return self.result(numbers)
        except (ArithmeticError, ValueError):
            for number in numbers:
                finite_number(number)  # which says so, if it was infinite or nan
            raise

    def result(self, numbers: Iterable[float]) -> Result:
        """What the function gives for these numbers, if all of it is finite."""
        result: Result = self.function(*numbers)
        value, gradients = result
        total = sum(gradients, value)
        if total - total != 0.0:  # infinity and nan do this, and so may a sum of large numbers
            for place, gradient in enumerate(gradients):
                if not isfinite(gradient):
                    raise OverflowError(f"gradient {place}, counted from 0, is too large for a float")
        return result

    def sums(self, parameters: Parameters, samples: Table, order: Sequence[int], first: int = 0) -> list[float]:
        numbers = [*parameters]
        sums: list[float] = []
        for place in order:
            try:
                value, gradients = self.result([*samples.row(place), *numbers])
            except (ArithmeticError, ValueError) as error:
                raise not_finite(first + place, error) from error
            results = [value, *gradients]
            sums = list(map(add, sums, results)) if sums else results
        if not all(map(isfinite, sums)):
            raise too_large()
        return sums


# Python's own compiler takes 40 bytes for each character until it is done, but variables of a function are the fastest.
LONGEST = 1 << 23  # characters of a program that is one function
PIECE = 1 << 18  # characters that are compiled at once, if it is longer


def _function(source: str) -> Callable[..., Any]:
    """The function of a program, as it can be called."""
    if len(source) > LONGEST:
        return _Pieces(source)
    names: dict[str, Any] = {}
    exec(compile(source, "<program>", "exec"), names)
    function: Callable[..., Any] = names["program"]
    return function


class _Pieces:
    """The function of a very long program, compiled piece by piece: its variables are the entries of a dict."""

    def __init__(self, source: str) -> None:
        head = source.index("\ndef program(")
        start, stop = source.index("):\n", head) + 3, source.rindex("    return ")
        self.names: dict[str, Any] = {}
        exec(f"{source[:start]}    return locals()", self.names)
        self.pieces = []
        while start < stop:  # a statement has one line
            end = source.find("\n", start + PIECE, stop) + 1 or stop
            text = source[start:end].replace("\n    ", "\n").removeprefix("    ")
            self.pieces.append(compile(text, "<program>", "exec"))
            start = end
        self.results = compile(f"({source[stop:].strip().removeprefix('return ')})", "<program>", "eval")

    def __call__(self, *numbers: float) -> Any:
        values = self.names["program"](*numbers)
        for piece in self.pieces:
            exec(piece, self.names, values)
        return eval(self.results, self.names, values)


class JavaScriptProgram(Program):
    """The text of a program: a page runs it, not Python."""

    target = "javascript"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a program for javascript runs in a page: compile for target='python' to call it here")

    __call__ = batch = samples = rows = parameters_from = watched = descent = sums = _refuse
