"""Programs that are text: Python, which is run here, and JavaScript, which a page runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import add
from typing import TYPE_CHECKING, NoReturn, Self

from tinygrad_sigmoid.compiling.program import Program, not_finite, require_columns
from tinygrad_sigmoid.floats import finite_number

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class PythonProgram(Program):
    """A program whose source is Python, and which needs nothing but Python."""

    target = "python"

    def __init__(self, source: str, inputs: int, parameters: Sequence[float], trainable: bool) -> None:
        super().__init__(source, inputs, parameters, trainable)
        namespace: dict[str, Callable[..., tuple[float, list[float]]]] = {}
        exec(compile(source, "<program>", "exec"), namespace)
        self.function = namespace["program"]

    def __reduce__(self) -> tuple[type[Self], tuple[str, int, Sequence[float], bool]]:
        return type(self), (self.source, self.inputs, self.parameters, self.trainable)

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        for number in numbers:
            if type(number) is not float or number - number != 0.0:  # infinity and nan alone do this
                numbers = tuple(map(finite_number, numbers))
                break
        if len(numbers) != self.inputs:
            self.complete(numbers)
        return self.function(*numbers)

    def batch(self, *columns: ArrayLike, parameters: ArrayLike | None = None) -> tuple[float, list[float]]:
        samples = self.samples(*columns)
        value, gradients = self._sums(samples, range(len(samples)), self.parameters_from(parameters))
        return value / len(samples), [gradient / len(samples) for gradient in gradients]

    def samples(self, *columns: ArrayLike) -> list[list[float]]:
        require_columns(columns)
        samples = [[finite_number(number) for number in _flat(parts)] for parts in zip(*columns, strict=True)]
        for sample in samples:
            self.require_width(len(sample))
        return samples

    def parameters_from(self, given: ArrayLike | None = None) -> list[float]:
        parameters = list(self.parameters) if given is None else [finite_number(number) for number in _flat(given)]
        self.require_parameters(len(parameters))
        return parameters

    def epoch(
        self, parameters: list[float], samples: list[list[float]], order: Sequence[int], batch: int, rate: float
    ) -> float:
        losses = 0.0
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            value, gradients = self._sums(samples, chosen, parameters)
            losses += value
            step = rate / len(chosen)
            # All at once, so that an interruption finds them before the mini-batch or after it.
            trained = parameters[: len(gradients)]
            parameters[: len(gradients)] = [p - step * g for p, g in zip(trained, gradients, strict=True)]
        return losses

    def _sums(
        self, samples: list[list[float]], order: Iterable[int], parameters: list[float]
    ) -> tuple[float, list[float]]:
        total, sums = 0.0, None
        for place in order:
            try:
                value, gradients = self.function(*samples[place], *parameters)
                total += value
                sums = gradients if sums is None else list(map(add, sums, gradients))
                if (total - total) or any(g - g for g in gradients):
                    raise OverflowError("a number is too large for a float")
            except (ArithmeticError, ValueError) as error:
                raise not_finite(place, error) from error
        return total, sums or []


def _flat(part: object) -> Iterable[object]:
    if isinstance(part, str) or not isinstance(part, Collection):
        return [part]
    return [number for inner in part for number in _flat(inner)]


class JavaScriptProgram(Program):
    """The text of a program: a page runs it, not Python."""

    target = "javascript"

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a program for javascript runs in a page: compile for target='python' to call it here")

    __call__ = batch = samples = parameters_from = watched = descend = epoch = _refuse
