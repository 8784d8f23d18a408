"""The program that is plain Python: its source, run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import add
from typing import Any

from tinygrad_sigmoid.compiling.program import Program, number_of_samples, without_number
from tinygrad_sigmoid.floats import finite_number


class PythonProgram(Program):
    """A program whose source is Python, and which needs nothing but Python."""

    target = "python"

    def __init__(self, source: str, inputs: int, parameters: Sequence[float], trainable: bool) -> None:
        super().__init__(source, inputs, parameters, trainable)
        namespace: dict[str, Any] = {}
        exec(compile(source, "<program>", "exec"), namespace)
        self.function: Callable[..., tuple[float, list[float]]] = namespace["program"]

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        for number in numbers:
            if type(number) is not float or number - number != 0.0:  # infinity and nan alone do this
                numbers = tuple(map(finite_number, numbers))
                break
        if len(numbers) != self.inputs:
            self.complete(numbers)
        return self.function(*numbers)

    def batch(self, *columns: Any, parameters: Any = None) -> tuple[float, Any]:
        samples = self.samples(*columns)
        value, gradients = self._sums(samples, range(len(samples)), self.parameters_from(parameters))
        return value / len(samples), [gradient / len(samples) for gradient in gradients]

    def samples(self, *columns: Any) -> list[list[float]]:
        number_of_samples(columns)
        samples = [
            [finite_number(number) for part in parts for number in _flat(part)] for parts in zip(*columns, strict=True)
        ]
        for sample in samples:
            self.require_width(len(sample))
        return samples

    def parameters_from(self, given: Any = None) -> list[float]:
        parameters = list(self.parameters) if given is None else [finite_number(number) for number in given]
        self.require_parameters(len(parameters))
        return parameters

    def epoch(self, parameters: Any, samples: Any, order: Any, batch: int, rate: float) -> float:
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
        self, samples: Sequence[Sequence[float]], order: Iterable[int], parameters: Sequence[float]
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
                raise without_number(place, error) from error
        return total, sums or []

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.source, self.inputs, self.parameters, self.trainable)


def _flat(part: Any) -> Iterable[Any]:
    if not hasattr(part, "__len__") or isinstance(part, str):
        return [part]
    return [number for inner in part for number in _flat(inner)]
