"""What every program can do, whatever it was compiled for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.compiling.table import Table, as_lists, finite, numbers_in, pieces, require_width, table_of
from tinygrad_sigmoid.quoting import shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MOST = 1 << 16  # samples that are brought together, and summed over, at a time
_WHOLE = {int}
Parameters: TypeAlias = "array[float]"


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
        trainable: Whether each gradient is that of the parameter in its place, so that there is a `descent`.
    """

    target: ClassVar[str]
    most = MOST

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

    def batch(self, *columns: ArrayLike, parameters: ArrayLike | None = None) -> tuple[float, list[float]]:
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
        given = self.parameters_from(parameters)
        count, sums = 0, [0.0]
        for piece in pieces(columns, self.most):
            samples = table_of(piece, self.inputs)
            found = self.sums(given, samples, range(len(samples)), count)
            sums = [*map(add, sums, found)] if count else found
            count += len(samples)
        if not all(map(isfinite, sums)):
            raise too_large()
        output, *gradients = [total / count for total in sums]
        return output, gradients

    def samples(self, *columns: ArrayLike) -> Table:
        """The columns as `descent` wants them: a row of inputs for each sample."""
        return table_of(columns, self.inputs)

    def parameters_from(self, given: ArrayLike | None = None) -> Parameters:
        """A copy of the parameters, or of other numbers for them, as `descent` wants them."""
        if given is None:
            return array("d", self.parameters)
        if type(given) is not array and not checks.is_list(given := as_lists(given)):
            raise checks.refused("parameters", "a list of numbers", given, "give one for each, in a list")
        numbers = finite(array("d", numbers_in(given)))
        self._require_parameters(len(numbers))
        return numbers

    def watched(self, parameters: ArrayLike, samples: Table | ArrayLike) -> list[list[float]]:
        """The numbers of the values that were to be watched, a row for each sample; arguments as in `descent`."""
        raise TypeError("nothing is watched: compile with watch=[…], for target='wasm' or target='native'")

    def descent(
        self, samples: Table | ArrayLike, batch: int, rate: float, parameters: ArrayLike | None = None
    ) -> Descent:
        """Gradient descent over mini-batches: call what it gives, as often as you like.

        >>> from tinygrad_sigmoid import Value, compiled
        >>> x, w = Value(1.0, "x"), Value(2.0, "w")
        >>> program = compiled((w * x) ** 2, inputs=[x], wrt=[w])
        >>> descent = program.descent([[1.0], [3.0]], batch=1, rate=0.01)
        >>> descent(), descent.parameters.tolist()
        (38.5744, [1.6072])

        Args:
            samples: From `samples`, or what that takes in one column.
            batch: How many make a mini-batch, which is all of them if there are not so many.
            rate: The learning rate η, above 0: a parameter changes by −η · the mean gradient of the mini-batch.
            parameters: Numbers to begin with in place of those that were recorded.

        Raises:
            TypeError: The gradients are not those of the parameters: `wrt` has something else in it than leaves that
                are no inputs, or has one twice. Or an argument is of another kind.
            ValueError: There are not as many numbers as parameters or inputs, `batch` is less than 1, or `rate` is not
                a finite number above 0.
        """
        if not self.trainable:
            raise TypeError(
                "the gradients of this program are not those of its parameters, so it can't change them: "
                "compile it with wrt=parameters, each a leaf of the graph that is not an input, and listed once"
            )
        given = self.parameters_from(parameters)
        batch = checks.whole(batch, "batch", "write for instance 10", least=1)
        return self.bound(self.rows(samples), batch, checks.number(rate, "rate", "try 0.1", above=0.0), given)

    def bound(self, samples: Table, batch: int, rate: float, parameters: Parameters) -> Descent:
        """What `descent` gives, when its arguments have been looked at."""
        return Descent(self, samples, batch, rate, parameters)

    @abstractmethod
    def sums(self, parameters: Parameters, samples: Table, order: Sequence[int], first: int = 0) -> list[float]:
        """The output and its gradients, summed over the samples at these places; messages count from `first`."""

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

    def rows(self, samples: Table | ArrayLike) -> Table:
        """The samples, if they are as `samples` gives them; else what it makes of them."""
        if isinstance(samples, Table):
            require_width(samples.width, self.inputs)
            return samples
        return self.samples(samples)

    def _require_parameters(self, count: int) -> None:
        if count != len(self.parameters):
            raise ValueError(f"there are {len(self.parameters)} parameters, but {count} numbers: give one for each")


class Descent:
    """Gradient descent of a program that is bound to its samples, so that a call does nothing else; see `descent`.

    It has its parameters to itself, and is for one thread at a time.
    """

    def __init__(self, program: Program, samples: Table, batch: int, rate: float, parameters: Parameters) -> None:
        self.program, self.samples, self.batch, self.rate = program, samples, batch, rate
        self._parameters = parameters
        self.order = array("i", range(len(samples)))

    @property
    def parameters(self) -> array[float]:
        """A copy of the parameters as they are now; what is assigned is copied in."""
        return self.read()

    @parameters.setter
    def parameters(self, given: ArrayLike) -> None:
        self.write(self.program.parameters_from(given))

    def read(self) -> Parameters:
        """A copy of the parameters."""
        return self._parameters[:]

    def write(self, parameters: Parameters) -> None:
        """Takes these parameters, all at once: an interruption finds the old ones or these."""
        self._parameters = parameters

    def __call__(self, order: Sequence[int] | None = None) -> float:
        """Goes through the samples once, and returns the sum of the outputs, each from before its mini-batch's step.

        Args:
            order: The places of the samples in the order in which they are seen; left out, as the last time, which is
                at first the order that they have.

        Raises:
            ArithmeticError: As in `Program.batch`, or a parameter would not stay finite; the mini-batches before have
                been applied.
            TypeError, ValueError: There is no such sample as `order` has, or it is no list of whole numbers.
        """
        if order is not None:
            self.follow(_places(order, len(self.samples)))
        losses = self.epoch()
        if losses - losses != 0.0:
            raise OverflowError("the sum of the outputs is too large for a float: make the loss smaller")
        return losses

    def follow(self, order: array[int]) -> None:
        """Takes these places for the order."""
        self.order = order

    def epoch(self) -> float:
        """Goes through the samples in their order, a mini-batch after the other."""
        losses = 0.0
        for start in range(0, len(self.order), self.batch):
            chosen = self.order[start : start + self.batch]
            parameters = self.read()
            loss, *gradients = self.sums(parameters, chosen)
            losses += loss
            step = self.rate / len(chosen)
            changed = array("d", [p - step * g for p, g in zip(parameters, gradients, strict=False)])
            if not all(map(isfinite, changed)):
                raise too_large()
            self.write(changed + parameters[len(changed) :])
        return losses

    def sums(self, parameters: Parameters, chosen: array[int]) -> list[float]:
        """The output and its gradients, summed over a mini-batch."""
        return self.program.sums(parameters, self.samples, chosen)


def _places(order: Any, samples: int) -> array[int]:
    """The order, if there are such samples."""
    places: Any = order if type(order) in (list, range) else as_lists(order)
    if type(places) is not range and (type(places) is not list or not {*map(type, places)} <= _WHOLE):
        cure = "give a list of the samples' numbers, as in range(len(samples))"
        places = checks.entries(places, "order", "a list of whole numbers", cure, kind=object, least=0)
        places = [checks.whole(place, "each entry of order", cure) for place in places]
    if places and not 0 <= min(places) <= max(places) < samples:
        raise ValueError(
            f"order must have numbers from 0 to {samples - 1}, but has {shown(min(places))} to {shown(max(places))}: "
            f"give the number of a sample for each that is to be seen"
        )
    return array("i", places)


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
