"""A Python function called with values: the graph that it records, and which of its lines made which value.

Nothing is written down in the values: while the function runs, Python tells of each line as it begins, and a value
belongs to the line that began last before it was created. So each turn of a loop is told apart: where Python jumps
back, a line has another turn; where it comes back from a call, or from the middle of a long expression, it goes on.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.graph import next_index
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value


@dataclass(frozen=True)
class Call:
    """What a function computed, and the text that says how."""

    output: Value
    lines: list[str]  # of the function
    began: list[tuple[int, int, int]] = field(repr=False)  # the next value's index when a line began; which; its turn

    def line_of(self, value: Value) -> tuple[int, int] | None:
        """The line that made a value, from 0, and in which of all turns; `None` for what was there before."""
        begun = bisect_left(self.began, (value.index,))
        return self.began[begun - 1][1:] if begun else None


def called(function: Callable[..., object], given: tuple[object, ...]) -> Call:
    """Calls a function with values in place of numbers, named as its parameters, and notes which line makes what.

    Raises:
        TypeError: The function's source can't be read, it takes other arguments, or it doesn't return a Value.
    """
    if isinstance(function, Operation):
        cure = f"pass what it gives for Values, as in explore({function.name}(Value(0.5, 'x')))"
        raise TypeError(f"{shown(function)} has no lines to show: {cure}")
    body: Any = function
    try:
        if not inspect.isroutine(body):
            body = body.__call__  # as of a model, an object of a class
        lines, first = inspect.getsourcelines(body)
        parameters = inspect.signature(function)
    except (OSError, TypeError, ValueError):
        cure = "write it with `def` in a file or in a notebook's cell"
        raise TypeError(f"the source of {shown(function)} can't be read: {cure}") from None
    try:
        arguments = parameters.bind(*given).arguments
    except TypeError as error:
        raise TypeError(f"{shown(function)} can't be called with {len(given)} arguments: {error}") from None
    values = [value for name, argument in arguments.items() for value in _named(argument, parameters.parameters[name])]
    noted = _Noted(inspect.unwrap(body).__code__, first, len(lines))
    try:
        output = noted.result(lambda: function(*values))
    except TypeError as error:
        if any(type(one) is int for one in given):
            error.add_note("explore makes Values of numbers: where one must stay an int, annotate it, as in n: int")
        raise
    cure = "return what it computes from its arguments"
    checks.instance(output, Value, f"the result of {shown(function)}", "a Value", cure)
    assert isinstance(output, Value)
    return Call(output, textwrap.dedent("".join(lines)).splitlines(), noted.began)


def _named(given: Any, parameter: inspect.Parameter) -> list[Any]:
    """An argument, or those of *args, with values in place of numbers: named as the parameter, in a list numbered.

    What counts something, as `n: int`, has no gradient and stays as it is.
    """
    if parameter.annotation not in (int, bool, "int", "bool"):
        given = _valued(given, parameter.name)
    return [*given] if parameter.kind is inspect.Parameter.VAR_POSITIONAL else [given]


def _valued(given: Any, name: str) -> Any:
    if checks.is_list(given):
        return [_valued(one, f"{name}{place}") for place, one in enumerate(given, 1)]
    try:
        return given if isinstance(given, Value) else Value(as_number(given), name)
    except TypeError:
        return given


class _Noted:
    """Notes the lines of a function as they begin, in it and in the functions that are written inside it."""

    def __init__(self, code: CodeType, first: int, count: int) -> None:
        self.file, self.first, self.count = code.co_filename, first, count
        self.began: list[tuple[int, int, int]] = []
        self.turns: dict[tuple[FrameType, int], tuple[int, int]] = {}  # of a line: its last instruction, and its turn
        self.latest: dict[FrameType, int] = {}  # the line that began last

    def result(self, call: Callable[[], object]) -> object:
        before = sys.gettrace()  # a debugger's, or that of a measure of coverage
        sys.settrace(self._note)
        try:
            return call()
        finally:
            sys.settrace(before)
            self.turns.clear()
            self.latest.clear()  # or the frames would keep all that was computed in them

    def _note(self, frame: FrameType, event: str, argument: object) -> Any:
        if not self._has(frame):
            return None
        where: FrameType | None = frame  # after a call, where a generator was left
        if event == "return":  # with the line that called
            where = frame.f_back
            while where is not None and not self._has(where):
                where = where.f_back
        if where is not None and event != "exception":
            self._go_on(where, begins=event == "line")
        return self._note

    def _go_on(self, frame: FrameType, *, begins: bool = False) -> None:
        line = frame.f_lineno - self.first
        last, turn = self.turns.get((frame, line), (frame.f_lasti, len(self.began)))
        again = begins and self.latest.get(frame) == line  # as in a comprehension on one line
        if again or frame.f_lasti < last + begins:  # Python has jumped back
            turn = len(self.began)
        if begins:
            self.latest[frame] = line
        self.turns[frame, line] = frame.f_lasti, turn
        self.began.append((next_index(), line, turn))

    def _has(self, frame: FrameType) -> bool:
        code = frame.f_code
        return code.co_filename == self.file and 0 <= code.co_firstlineno - self.first < self.count
