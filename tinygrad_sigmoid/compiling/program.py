"""What every program can do, whatever it was compiled for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Parameters = Any  # what a target's `parameters_from` gives: a list of numbers, or an array
Samples = Any  # what its `samples` gives: a list of rows of numbers, or an array


class Program(ABC):
    """What a recorded graph computes, and its gradients, without the graph; made by `compiled`.

    A program is a pure function: it changes nothing, can be pickled, and may be called by several threads at once.

    Attributes:
        target: What it was compiled for.
        source: Its text; empty for the targets that have none.
        inputs: How many inputs it takes.
        parameters: The recorded numbers of all other leaves: those of `wrt` first, in that order, then the rest.
        trainable: Whether each gradient is that of the parameter in its place, so that the program can `descend`.
    """

    target: ClassVar[str]

    def __init__(self, source: str, inputs: int, parameters: Sequence[float], trainable: bool) -> None:
        self.source = source
        self.inputs = inputs
        self.parameters = tuple(parameters)
        self.trainable = trainable

    @abstractmethod
    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        """The output and its gradients for one sample.

        Args:
            numbers: One for each input; then, to replace those that were recorded, one for each parameter.

        Raises:
            TypeError: There are too few or too many, or one is not a number.
            ArithmeticError, ValueError: The target is Python, and one of the numbers is not finite, or the output or a
                gradient can't be computed from them. The other targets compute with infinity and nan, and give them,
                as IEEE 754 has it.
        """

    @abstractmethod
    def batch(self, *columns: ArrayLike, parameters: ArrayLike | None = None) -> tuple[float, Parameters]:
        """The mean output and the mean gradients over many samples.

        Args:
            columns: Arrays or lists of n entries each, whose entries are numbers or rows of numbers: together as many
                numbers for a sample as there are inputs, in the same order.
            parameters: Numbers for the parameters in place of those that were recorded.

        Raises:
            ValueError: There are no samples, or the numbers don't match the inputs.
            ArithmeticError: A sample has no finite output or gradient; the message tells the first.
        """

    @abstractmethod
    def samples(self, *columns: ArrayLike) -> Samples:
        """The columns as `descend` wants them: a row of inputs for each sample."""

    @abstractmethod
    def parameters_from(self, given: ArrayLike | None = None) -> Parameters:
        """A copy of the parameters, or of other numbers for them, as `descend` wants them."""

    def watched(self, parameters: Parameters, samples: Samples) -> Samples:
        """The numbers of the values that were to be watched, a row for each sample; arguments as in `descend`."""
        raise TypeError("nothing is watched: compile with watch=[…], for target='numpy' or target='native'")

    def descend(self, parameters: Parameters, samples: Samples, order: Sequence[int], batch: int, rate: float) -> float:
        """Gradient descent over mini-batches: changes `parameters` in place, and returns the sum of the outputs.

        Args:
            parameters: From `parameters_from`; the first of them, as many as there are gradients, are changed.
            samples: From `samples`.
            order: The places of the samples in the order in which they are seen.
            batch: How many of them make a mini-batch.
            rate: The learning rate η: a parameter changes by −η · the mean gradient of the mini-batch.

        Raises:
            ArithmeticError: As in `batch`; the mini-batches before have been applied.
            TypeError: The gradients are not those of the parameters: `wrt` has something else in it than leaves that
                are no inputs, or has one twice.
            ValueError: There are not as many numbers as parameters, there is no such sample as `order` has, or `batch`
                is less than 1.
        """
        if not self.trainable:
            raise TypeError(
                "the gradients of this program are not those of its parameters, so it can't change them: "
                "compile it with wrt=parameters, each a leaf of the graph that is not an input, and listed once"
            )
        self.require_parameters(len(parameters))
        if batch < 1:
            raise ValueError(f"a mini-batch has at least 1 sample, but batch={batch}")
        if not len(order):
            return 0.0
        if min(order) < 0 or max(order) >= len(samples):
            raise ValueError(f"order must have numbers from 0 to {len(samples) - 1}, one for each sample to be seen")
        return self.epoch(parameters, samples, order, batch, rate)

    @abstractmethod
    def epoch(self, parameters: Parameters, samples: Samples, order: Sequence[int], batch: int, rate: float) -> float:
        """What `descend` does, when its arguments have been looked at."""

    def __repr__(self) -> str:
        return f"<program for {self.target}: {self.inputs} inputs, {len(self.parameters)} parameters>"

    def complete(self, numbers: Sequence[float]) -> Sequence[float]:
        """The numbers of a call with the recorded parameters added, if they were left out."""
        if len(numbers) == self.inputs:
            return (*numbers, *self.parameters)
        if len(numbers) != self.inputs + len(self.parameters):
            raise TypeError(
                f"this program takes {self.inputs} inputs, or {self.inputs + len(self.parameters)} numbers with its "
                f"parameters, but got {len(numbers)}: give one number for each"
            )
        return numbers

    def require_parameters(self, count: int) -> None:
        if count != len(self.parameters):
            raise ValueError(f"there are {len(self.parameters)} parameters, but {count} numbers: give one for each")

    def require_width(self, width: int) -> None:
        if width != self.inputs:
            raise ValueError(f"a sample has {width} numbers, but there are {self.inputs} inputs: give one for each")


def require_columns(columns: Sequence[object]) -> None:
    """Raises an error unless all columns have an entry for each of at least one sample."""
    lengths = []
    for column in columns:
        if not getattr(column, "shape", True) or not isinstance(column, Sized):
            raise TypeError(f"a column is a list or an array with an entry for each sample, but this is {column!r}")
        lengths.append(len(column))
    if not lengths or 0 in lengths:
        raise ValueError("there are no samples: give columns of at least one, as in program.batch(X, Y)")
    if len(set(lengths)) > 1:
        shown = " and ".join(map(str, lengths))
        raise ValueError(f"the columns have {shown} entries: give one for each sample in all of them")


def not_finite(place: int, error: Exception | None = None) -> ArithmeticError:
    reason = f": {error}" if error else ": look at its numbers, or try a smaller learning rate"
    return ArithmeticError(f"sample {place}, counted from 0, has no finite output or gradient{reason}")
