"""Short programs run by somebody's engine: what comes out, the gradients, and what a closer look says about these.

Its own code, run on numbers of many digits, says what the slopes are, so nothing has to be known about an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.testing.claimed import Claimed, Direction, Numbers
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared
from tinygrad_sigmoid.testing.precise import CONTEXT, Precise, bare, precisely
from tinygrad_sigmoid.testing.slopes import LARGEST, SMALLEST_NORMAL, Judgement, Verdict

GRADIENTS = ("grad", "derivative")  # what engines call it
FEW = 1e-6  # what a float may be off, as a part of itself, before it is looked at whether rounding is the reason
AS_FLOATS = 53  # bits


class Program:
    """Lines of Python such as `y = a * b`, the last of which gives the output.

    >>> list(Program("a b", "y = a * b", "z = y + a").run(2.0, 3.0))
    [6.0, 8.0]

    Args:
        leaves: The names of what it is given.
        lines: What it computes; `run` gives the result of each.
        known: The functions that stand in it.
    """

    def __init__(self, leaves: str, *lines: str, known: Mapping[str, Any] = MappingProxyType({})) -> None:
        self.leaves, self.lines = leaves.split(), lines
        results = [line.partition(" =")[0] for line in lines]
        self.names = [*self.leaves, *results]
        steps = [f"    {line}; yield {name}" for line, name in zip(lines, results, strict=True)]
        namespace: dict[str, Any] = {**known}
        exec("\n".join([f"def run({', '.join(self.leaves)}):", *steps]), namespace)
        self.run: Callable[..., Iterator[Any]] = namespace["run"]


# Graphs in which the order of a backward pass, and what it does with several uses of a value, show.
SHAPES = [
    Program("a", "y = a * a"),
    Program("a", "y = a + a", "z = y + a"),
    Program("a b", "y = a * b", "p = y * a", "q = y * b", "r = p + q", "s = r * y"),
    Program("a b c", "y = a + b", "p = c * y", "q = y + p", "r = q * y", "s = r * r", "t = s + a", "u = t * b"),
    Program(
        "a b c", "y = b * c", "z = y * y", "p = a + z", "q = z * a", "r = p * q", "s = q + r", "t = s + y", "u = z * t"
    ),
    Program("a b", "c = a * b", "d = b * a", "e = c + d", "f = d + c", "g = e * c", "h = f * d", "i = g + h"),
]
# Not all the same, but two of them equal where there are three: equal numbers are not one value.
SHAPES_AT = (1.5, -0.75, 1.5)


@dataclass(frozen=True)
class Engine:
    """A class of values, and what they call their gradient."""

    kind: type[Any]
    gradient: str

    def nodes(self, program: Program, numbers: Sequence[float]) -> list[Any]:
        """The leaves and the results of a program."""
        leaves = [self.kind(number) for number in numbers]
        return [*leaves, *program.run(*leaves)]

    def code(self, program: Program, numbers: Sequence[float], *more: str) -> str:
        """Python to paste that runs a program."""
        module, path, kind = self.kind.__module__, self.kind.__qualname__, self.kind.__name__
        imported = f"# with your class {kind}" if "<locals>" in path else f"from {module} import {path}"
        made = [f"{name} = {kind}({number!r})" for name, number in zip(program.leaves, numbers, strict=True)]
        return "\n".join([imported, *made, *program.lines, f"{program.names[-1]}.backward()", *more])

    def gradients(self, nodes: Sequence[Any]) -> list[Any]:
        """The gradients of nodes; None where there is none."""
        return [_number(getattr(node, self.gradient, None)) for node in nodes]


def engine_of(kind: type) -> Engine:
    """The engine that a class is, after a look at whether it is one."""
    try:
        made = kind(1.5)
    except Exception as error:
        wanted = f"a class whose values are made of one number ({kind.__name__}(1.5) raises {error!r})"
        raise checks.refused("what is checked", wanted, kind, "pass for instance micrograd.engine.Value") from error
    gradient = next((name for name in GRADIENTS if hasattr(made, name)), "")
    if not (hasattr(made, "data") and gradient and callable(getattr(made, "backward", None))):
        lacking = f"values of {kind.__name__} lack data, grad or backward()"
        raise TypeError(f"{lacking}: add them, as those of micrograd have")
    return Engine(kind, gradient)


def _number(gradient: Any) -> Any:
    return getattr(gradient, "data", gradient)  # of engines whose gradients are values again


class Trial(Claimed):
    """A program run by an engine.

    Attributes:
        value: What came out; None if nothing did.
        gradients: The gradients of the leaves and of each result; empty if there are none.
        error: Why something is missing.
    """

    def __init__(self, engine: Engine, program: Program, numbers: Sequence[float]) -> None:
        super().__init__(numbers, [])
        self.program, self.leaves = program, range(len(numbers))
        self.value: Any = None
        self.gradients: list[Any] = []
        self.error: Exception | None = None
        self._engine = engine
        self._output, self._passed_back = _functions(engine.kind, program, engine.gradient)
        try:
            self.value = self._output(*numbers)
            self.gradients = self._passed_back(*numbers)
        except Exception as error:
            self.error = error

    def slope(self) -> Any:
        """The slope with respect to the first leaf that is nearest to 0; None if there is none."""
        direction = self.towards(0)
        return self.judged_precisely(direction, lambda change: 0).per_unit(direction[0]).true

    def judgement(self, place: int) -> Judgement:
        """The judgement on the gradient of a leaf, by the best means that the engine's code admits."""
        self.claims = [float(gradient or 0) for gradient in self.gradients[: len(self.numbers)]]
        found = self.judged_alone(place)
        return found if found.uncertain else self._in_floats(place, found)

    def judged(self, direction: Direction) -> Judgement:
        found = super().judged(direction)
        return self.judged_in_floats(direction) if found.true is None else found

    def result(self, numbers: Numbers) -> Any:
        return precisely(self._output, *map(Precise, numbers))

    def gradient(self, numbers: Numbers) -> Any:
        return precisely(self._passed_back, *map(Precise, numbers))[: len(numbers)]

    def in_floats(self, numbers: Sequence[float]) -> float:
        value: float = self._output(*numbers)
        if isinstance(value, complex):
            raise ValueError("math domain error")
        return value

    def code(self, *more: str) -> str:
        """Python to paste that does the same."""
        return self._engine.code(self.program, self.numbers, *more)

    def operation(self, name: str) -> Operation:
        """The program as an operation of ours, which computes with the engine."""
        names = ", ".join(self.program.leaves)  # a rule is asked for the names of its inputs
        derivatives = f"lambda out, {names}: tuple(passed_back({names})[:{len(self.numbers)}])"
        return Operation(name, self._output, eval(derivatives, {"passed_back": self._passed_back}))

    def mistake(self, place: int, which: str, how: str = "", bug: str = "") -> GradientMismatch:
        """What is wrong with the gradient of a leaf; left out, `how` is a comparison."""
        shown, got = f"print({self.program.names[place]}.{self._engine.gradient})", self.gradients[place]
        if got is None:
            return GradientMismatch(f"{which} None: it is not computed", bug="no gradient", code=self.code(shown))
        got, true = float(got), float(self.judgement(place).true)
        code = self.code(f"{shown}  # it must be {true!r}")
        return GradientMismatch(f"{which} {how or compared(got, true)}", got=got, true=true, bug=bug, code=code)

    def _in_floats(self, place: int, found: Judgement) -> Judgement:
        """The same judgement, unless floats give something else, for which rounding is not the reason."""
        number, true = bare(self.gradients[place]), found.true
        off, allowed = abs(number - true), max(FEW * abs(true), SMALLEST_NORMAL)
        if found.verdict is Verdict.WRONG or off <= allowed or not CONTEXT.isfinite(off) or abs(true) >= LARGEST:
            return found
        with CONTEXT.workprec(AS_FLOATS):
            rounded = bare(self.gradient(self.numbers)[place])
        return found if abs(rounded - true) > off / 10 else Judgement(Verdict.WRONG, number, true)


def _functions(kind: Callable[..., Any], program: Program, gradient: str) -> tuple[Callable[..., Any], ...]:
    """The output of a program, and the gradients of all its values, as functions of numbers.

    The class is in their closures, and so is copied with them, to be run with many digits.
    """
    run = program.run

    def output(*numbers: Any) -> Any:
        *_, last = run(*map(kind, numbers))
        return last.data

    def gradients(*numbers: Any) -> list[Any]:
        nodes = [kind(number) for number in numbers]
        nodes += run(*nodes)
        nodes[-1].backward()
        return [_number(getattr(node, gradient, None)) for node in nodes]

    return output, gradients
