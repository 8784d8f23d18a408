"""What the programs that compute with arrays have in common: how samples come in, and sums and errors go out."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from itertools import count as count_from
from typing import Any

import numpy as np

from tinygrad_sigmoid.compiling.program import Program, number_of_samples, without_number
from tinygrad_sigmoid.compiling.tape import Tape
from tinygrad_sigmoid.floats import as_number

Array = np.ndarray[Any, np.dtype[np.float64]]
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class ArrayProgram(Program):
    """A program over arrays of samples. A target has to say `sums`, `numbers` and `epoch`."""

    most = 1  # samples that are worked on at a time

    def __init__(self, tape: Tape) -> None:
        super().__init__("", tape.inputs, tape.parameters, tape.trainable)
        self.tape = tape

    @abstractmethod
    def sums(self, parameters: Array, samples: Array) -> Array:
        """The results, output first, then gradients, summed over at most `most` samples; valid until the next call."""

    @abstractmethod
    def numbers(self, parameters: Array, samples: Array) -> Array:
        """The numbers of the watched values, a row for each of at most `most` samples."""

    def watched(self, parameters: Any, samples: Any) -> Array:
        if not self.tape.watched:
            super().watched(parameters, samples)
        parameters, samples = self.parameters_from(parameters), self._checked(samples)
        starts = range(0, len(samples), self.most)
        return np.vstack([self.numbers(parameters, samples[start : start + self.most]) for start in starts])

    def descend(self, parameters: Any, samples: Any, order: Any, batch: int, rate: float) -> float:
        if getattr(parameters, "dtype", None) != np.float64:
            raise TypeError("the parameters are changed in place: give the array that `parameters_from` has made")
        return super().descend(parameters, self._checked(samples), order, batch, rate)

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        given = np.array([as_number(number) for number in self.complete(numbers)])
        value, *gradients = self.sums(given[self.inputs :], given[np.newaxis, : self.inputs]).tolist()
        return value, gradients

    def batch(self, *columns: Any, parameters: Any = None) -> tuple[float, Any]:
        arrays = [np.asarray(column, np.float64) for column in columns]
        count = self._count(arrays)
        given = self.parameters_from(parameters)
        totals = np.zeros(len(self.tape.results))
        for start in range(0, count, self.most):
            samples = self._joined([array[start : start + self.most] for array in arrays])
            sums = self.sums(given, samples)
            self.require_finite(sums, given, samples, count_from(start))
            totals += sums
        totals /= count
        return float(totals[0]), totals[1:]

    def samples(self, *columns: Any) -> Array:
        arrays = [np.asarray(column, np.float64) for column in columns]
        self._count(arrays)
        return self._joined(arrays)

    def parameters_from(self, given: Any = None) -> Array:
        array = np.array(self.tape.parameters if given is None else given, np.float64)
        self.require_parameters(array.size)
        return array

    def require_finite(self, sums: Array, parameters: Array, samples: Array, places: Iterable[int]) -> None:
        """Raises `ArithmeticError` if a sum is infinite or nan, and names the place of the first sample to blame."""
        if not np.isfinite(sums).all():
            for place, sample in zip(places, samples, strict=False):
                if not np.isfinite(self.sums(parameters, sample[np.newaxis])).all():
                    raise without_number(place)
            raise OverflowError("the sum over the samples is too large for a float: make the loss smaller")

    def _checked(self, samples: Any) -> Array:
        """The samples, if they are a row of inputs each, as one piece of memory."""
        rows: Array = np.ascontiguousarray(samples, np.float64)
        self.require_width(rows.shape[-1])
        return rows

    def _count(self, arrays: list[Array]) -> int:
        count = number_of_samples(arrays)
        self.require_width(sum(array[0].size for array in arrays))
        return count

    @staticmethod
    def _joined(arrays: list[Array]) -> Array:
        return np.hstack([array.reshape(len(array), -1) for array in arrays])
