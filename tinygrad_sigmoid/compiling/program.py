"""What every program can do, whatever it was compiled for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING, Any, ClassVar

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.quoting import shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Parameters = Any  # what a target's `parameters_from` gives: a list of numbers, or an array
Samples = Any  # what its `samples` gives: a list of rows of numbers, or an array


class Program(ABC):
    """What a recorded graph computes, and its gradients, without the graph; made by `compiled`.

    A program is a pure function: it changes nothing, can be pickled, and may be called by several threads at once. It
    gives numbers only where recording the graph would: where an input or a parameter, a recorded value, the output or
    one of its gradients is infinite or nan, there it raises an error.

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
            ArithmeticError, ValueError: One of the numbers is not finite, or the output, a recorded value on the way to
                it or a gradient would not be.
        """

    @abstractmethod
    def batch(self, *columns: ArrayLike, parameters: ArrayLike | None = None) -> tuple[float, Parameters]:
        """The mean output and the mean gradients over many samples.

        Args:
            columns: Arrays or lists of n entries each, whose entries are finite numbers or rows of them: together as
                many numbers for a sample as there are inputs, in the same order.
            parameters: Numbers for the parameters in place of those that were recorded.

        Raises:
            TypeError: A column is no list and no array, or something in it is no number.
            ValueError: There are no samples, the numbers don't match the inputs, or one of them is not finite.
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
            batch: How many of them make a mini-batch, which is all of them if there are not so many.
            rate: The learning rate η, above 0: a parameter changes by −η · the mean gradient of the mini-batch.

        Raises:
            ArithmeticError: As in `batch`, or a parameter would not stay finite; the mini-batches before have been
                applied.
            TypeError: The gradients are not those of the parameters: `wrt` has something else in it than leaves that
                are no inputs, or has one twice. Or an argument is of another kind.
            ValueError: There are not as many numbers as parameters, there is no such sample as `order` has, `batch` is
                less than 1, or `rate` is not a finite number above 0.
        """
        if not self.trainable:
            raise TypeError(
                "the gradients of this program are not those of its parameters, so it can't change them: "
                "compile it with wrt=parameters, each a leaf of the graph that is not an input, and listed once"
            )
        self.require_changeable(parameters)
        samples = self.rows(samples)
        batch = checks.whole(batch, "batch", "write for instance 10", least=1)
        rate = checks.number(rate, "rate", "try 0.1", above=0.0)
        places = _places(order, len(samples))
        if not places:
            return 0.0
        losses = self.epoch(parameters, samples, places, min(batch, len(places)), rate)
        if losses - losses != 0.0:
            raise OverflowError("the sum of the outputs is too large for a float: make the loss smaller")
        return losses

    @abstractmethod
    def require_changeable(self, parameters: Parameters) -> None:
        """Raises an error unless these are parameters that can be changed in place."""

    @abstractmethod
    def rows(self, samples: Samples) -> Samples:
        """The samples, if they are as `samples` gives them; else what it makes of them."""

    @abstractmethod
    def epoch(self, parameters: Parameters, samples: Samples, order: list[int], batch: int, rate: float) -> float:
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

    def checked_parameters(self, given: ArrayLike) -> list[float]:
        """Finite numbers for all parameters."""
        cure = "give one for each, in a list"
        entries = checks.entries(_as_lists(given), "parameters", "a list of numbers", cure, kind=object, least=0)
        numbers = [finite_number(number) for number in _numbers(entries)]
        self.require_parameters(len(numbers))
        return numbers

    def require_parameters(self, count: int) -> None:
        if count != len(self.parameters):
            raise ValueError(f"there are {len(self.parameters)} parameters, but {count} numbers: give one for each")

    def require_width(self, width: int) -> None:
        if width != self.inputs:
            raise ValueError(f"a sample has {width} numbers, but there are {self.inputs} inputs: give one for each")

    def table(self, columns: Sequence[ArrayLike]) -> list[list[float]]:
        """A row of finite numbers for each sample, one for each input."""
        table = [
            [finite_number(number) for entry in entries for number in _numbers(entry)]
            for entries in zip(*map(_as_lists, columns), strict=True)
        ]
        for row in table:
            self.require_width(len(row))
        return table


def _as_lists(given: Any) -> Any:
    """The same as lists of Python's own numbers, if it is an array of any library."""
    kind = type(given)
    if hasattr(kind, "tolist") and not isinstance(given, checks.NO_LISTS):
        return given.tolist()
    return given.__array__().tolist() if hasattr(kind, "__array__") else given


def _numbers(entry: Any, deepest: int = 8) -> list[Any]:
    """The numbers in a list of lists; a list in itself ends somewhere, and is then no number."""
    entry = _as_lists(entry)
    if not checks.is_list(entry) or not deepest:
        return [entry]
    return [number for inner in entry for number in _numbers(inner, deepest - 1)]


def _places(order: Any, samples: int) -> list[int]:
    """The order as a list of ints, if there are such samples."""
    places = _as_lists(order)
    if type(places) is not list or not {*map(type, places)} <= {int}:
        cure = "give a list of the samples' numbers, as in range(len(samples))"
        places = checks.entries(places, "order", "a list of whole numbers", cure, kind=object, least=0)
        places = [checks.whole(place, "each entry of order", cure) for place in places]
    if places and not 0 <= min(places) <= max(places) < samples:
        raise ValueError(
            f"order must have numbers from 0 to {samples - 1}, but has {shown(min(places))} to {shown(max(places))}: "
            f"give the number of a sample for each that is to be seen"
        )
    return places


def require_columns(columns: Sequence[object]) -> None:
    """Raises an error unless all columns have an entry for each of at least one sample."""
    lengths = []
    for column in columns:
        countable = isinstance(column, Sized) and not isinstance(column, checks.NO_LISTS)
        if not countable or not getattr(column, "shape", True):
            raise TypeError(
                f"a column is a list or an array with an entry for each sample, but this is {shown(column)}: "
                f"give program.batch(X, Y) one for the inputs and one for the targets"
            )
        assert isinstance(column, Sized)
        lengths.append(len(column))
    if not lengths or 0 in lengths:
        given = shown(list(columns))
        raise ValueError(f"there are no samples in {given}: give columns of at least one, as in program.batch(X, Y)")
    if len(set(lengths)) > 1:
        counts = " and ".join(map(str, lengths))
        raise ValueError(f"the columns have {counts} entries: give one for each sample in all of them")


def not_finite(place: int, error: Exception | None = None) -> ArithmeticError:
    reason = f" ({error})" if error else ""
    return ArithmeticError(
        f"sample {place}, counted from 0, has no finite output or gradient{reason}: look at its numbers, or try a "
        f"smaller learning rate"
    )


def too_large() -> OverflowError:
    return OverflowError(
        "the sum over the samples, or a parameter after this step, is too large for a float: make the loss or the "
        "learning rate smaller"
    )
