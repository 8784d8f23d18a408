"""Programs that compute with arrays over nodes and samples, and the one of them that does so with NumPy."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import count as count_from
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import ArrayLike, NDArray

from tinygrad_sigmoid import checks
from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.lowering import Lowered, untranslatable
from tinygrad_sigmoid.compiling.plan import Group, Places, Plan, Planner, Rows, _step
from tinygrad_sigmoid.compiling.program import Program, not_finite, require_columns, too_large
from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

Array = NDArray[np.float64]
_CACHE = 1 << 20  # bytes that stay near the processor while a batch is worked through
_SURELY_FINITE = 1e300  # if the squares of all steps add up to less, no step makes a parameter infinite
Memory = TypeVar("Memory")


class ArrayProgram(Program, Generic[Memory]):
    """A program over arrays of samples, in a memory of each thread's own."""

    column: ClassVar[str]  # of `Translation`, which has the target's names of functions
    structural: ClassVar[Iterable[Operation]]  # what the target computes without such a name
    copied: ClassVar[bool]  # as `Planner` has it
    most: int  # samples that are summed over at a time
    widest: int  # samples of which all numbers are kept at a time
    new_memory: Callable[[int], Memory]  # for so many samples at a time

    def __init__(self, plan: Plan) -> None:
        super().__init__("", plan.inputs, plan.parameters, plan.trainable)
        self.plan = plan
        self._mine = threading.local()

    @classmethod
    def of(cls, lowered: Lowered, inputs: int, wrt: Sequence[Value], watch: Sequence[Value]) -> Self:
        """The program for a graph's output, its gradients, and what is watched beside them."""
        lowered.require_translated(cls.target, cls.column, [*cls.structural, table.dot_product])
        plan = Planner(lowered, inputs).plan(wrt, watch)
        for group in plan.groups:
            if isinstance(group.kind, Operation):
                cls.function_name(group.kind)  # which says so, if there is none
        return cls(plan)

    def __reduce__(self) -> tuple[type[Self], tuple[Plan]]:
        return type(self), (self.plan,)

    @staticmethod
    @abstractmethod
    def function_name(operation: Operation) -> str:
        """What the target calls an elementary operation."""

    @abstractmethod
    def sums(self, parameters: Array, samples: Array) -> Array:
        """The results and what is checked beside them, summed over at most `most` samples; until the next call."""

    @abstractmethod
    def numbers(self, parameters: Array, samples: Array) -> Array:
        """What is watched, and what is checked beside it, a row for each of at most `widest` samples."""

    def memory(self, samples: int) -> Memory:
        """This thread's memory for so many samples; the last few sizes are kept."""
        kept: dict[int, Memory] = self._mine.__dict__.setdefault("kept", {})
        if samples not in kept:
            if len(kept) == 3:
                del kept[next(iter(kept))]
            kept[samples] = self.new_memory(samples)
        return kept[samples]

    def watched(self, parameters: Array, samples: Array) -> Array:
        if not self.plan.watched:
            super().watched(parameters, samples)
        parameters, samples = self.parameters_from(parameters), self.rows(samples)
        starts = range(0, len(samples), self.widest)
        numbers = np.vstack([self.numbers(parameters, samples[start : start + self.widest]) for start in starts])
        finite = np.isfinite(numbers).all(1)
        if not finite.all():
            raise not_finite(int(finite.argmin()))
        return numbers[:, : self.plan.watch]

    def require_changeable(self, parameters: Array) -> None:
        array = type(parameters) is np.ndarray and parameters.dtype == np.float64
        if not array or parameters.ndim != 1 or not parameters.flags.writeable:
            cure = "call program.parameters_from(), because they are changed in place"
            raise checks.refused("parameters", "the array that `parameters_from` has made", parameters, cure)
        self.require_parameters(len(parameters))

    def rows(self, samples: Array) -> Array:
        ready = type(samples) is np.ndarray and samples.dtype == np.float64 and samples.ndim == 2 and len(samples)
        if ready and samples.shape[1] == self.inputs:
            return np.ascontiguousarray(samples)
        return self.samples(samples)

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        given = np.array([finite_number(number) for number in self.complete(numbers)])
        results = self.sums(given[self.inputs :], given[np.newaxis, : self.inputs])
        if not np.isfinite(results).all():
            raise ArithmeticError(
                "for these numbers the output, a gradient or a value on the way is not finite: try others, or "
                "target='python', which names it"
            )
        value, *gradients = results[: self.plan.results].tolist()
        return value, gradients

    def batch(self, *columns: ArrayLike, parameters: ArrayLike | None = None) -> tuple[float, Array]:
        arrays = self._arrays(columns)
        count = len(arrays[0])
        given = self.parameters_from(parameters)
        totals = np.zeros(self.plan.checked)
        for start in range(0, count, self.most):
            samples = _joined([array[start : start + self.most] for array in arrays])
            sums = self.sums(given, samples)
            self.require_finite(sums, given, samples, count_from(start))
            totals += sums
        means = totals[: self.plan.results] / count
        if not np.isfinite(means).all():
            raise too_large()
        return float(means[0]), means[1:]

    def samples(self, *columns: ArrayLike) -> Array:
        return _joined(self._arrays(columns))

    def parameters_from(self, given: ArrayLike | None = None) -> Array:
        if given is None:
            return np.array(self.parameters, np.float64)
        exact = _exact(given)
        if exact is None:
            return np.array(self.checked_parameters(given), np.float64)
        self.require_parameters(exact.size)
        return np.array(exact.ravel())

    def require_finite(self, sums: Array, parameters: Array, samples: Array, places: Iterable[int]) -> None:
        """Raises `ArithmeticError` if a sum is infinite or nan, and names the place of the first sample to blame."""
        if not np.isfinite(sums).all():
            for place, sample in zip(places, samples, strict=False):
                if not np.isfinite(self.sums(parameters, sample[np.newaxis])).all():
                    raise not_finite(place)
            if not np.isfinite(sums[: self.plan.results]).all():
                raise too_large()

    def _arrays(self, columns: Sequence[ArrayLike]) -> list[Array]:
        require_columns(columns)
        arrays = [exact for column in columns if (exact := _exact(column)) is not None]
        if len(arrays) < len(columns):  # to be looked at number by number
            arrays = [np.array(self.table(columns)).reshape(-1, self.inputs)]
        self.require_width(sum(array[0].size for array in arrays))
        return arrays


def _exact(given: Any) -> Array | None:
    """The numbers as an array, if NumPy converts them without a loss: not from text, nor from behind a mask."""
    if not checks.is_list(given):
        return None
    try:
        array = np.asarray(given)
    except ValueError:  # rows of different lengths
        return None
    rows = given if isinstance(given, list | tuple) and array.ndim > 1 else [given]
    if array.dtype.kind not in "bfiu" or np.ma.MaskedArray in {*map(type, rows)}:
        return None
    floats = array.astype(np.float64, copy=False)
    # Whole numbers beyond 2**53 may have been rounded. Nan is not between any two numbers.
    return floats if floats.size and -(2**53) < floats.min() <= floats.max() < 2**53 else None


def _joined(arrays: list[Array]) -> Array:
    return np.hstack([array.reshape(len(array), -1) for array in arrays])


# Functions that are called otherwise than NumPy's others: with their output by name, or with another operand.
_STRUCTURAL: dict[Operation, Callable[..., object]] = {
    table.maximum: lambda a, b, out: np.maximum(a, b, out=out),
    table.minimum: lambda a, b, out: np.minimum(a, b, out=out),
    table.heaviside: lambda x, out: np.greater(x, 0.0, out),
}
_FUNCTIONS = {f"our {operation.name}": function for operation, function in _STRUCTURAL.items()}


class Stores:
    """The two stores for so many samples at a time, and every array operation bound to its views of them."""

    def __init__(self, plan: Plan, samples: int) -> None:
        self.numbers = np.empty(plan.sizes[0])
        self.batched = np.empty((plan.sizes[1], samples))
        self.results = np.zeros(plan.checked)
        self.inputs = self.batched[: plan.inputs]
        self.numbers[: len(plan.constants)] = plan.constants
        self.parameters = self.numbers[len(plan.constants) :][: len(plan.parameters)]
        self.calls: list[Callable[[], object]] = []
        for group in plan.groups:
            self._bind(group)
        for outer in plan.outer:
            sums = _view(self.results, outer.out)
            self._call(np.matmul, self.view(outer.left), self.view(outer.right).T, sums)
        self._bind_sums(plan.summed, plan.places)

    def run(self) -> Array:
        """The results, summed over the samples, from the inputs and parameters as they are in the stores."""
        for call in self.calls:
            call()
        return self.results

    def view(self, rows: Rows, broadcast: bool = False) -> Array:
        """The rows, where they are; with an axis for the samples, if they are to be broadcast over them."""
        view = _view(self.batched if rows.batched else self.numbers, rows)
        return view[..., np.newaxis] if broadcast and not rows.batched else view

    def _bind(self, group: Group) -> None:
        out = self.view(group.out)
        operands = [self.view(rows, group.out.batched and group.kind != "matrix") for rows in group.operands]
        if group.kind == "matrix":
            self._call(np.matmul, *operands, out)
        elif group.kind == "dot":
            products = np.empty(np.broadcast_shapes(*[operand.shape for operand in operands]))
            self._call(np.multiply, *operands, products)
            self._call(np.add.reduce, products, 1, None, out)
        elif group.kind == "take":
            store = self.batched if group.out.batched else self.numbers
            places = np.array(group.places).reshape(group.out.shape)
            self._call(np.take, store[: group.out.start], places, 0, out, "clip")
        elif group.kind == "copy":
            taken = np.empty((*group.out.shape, 1))
            self._call(np.take, self.numbers, group.places, 0, taken[:, 0], "clip")
            self._call(np.positive, taken, out)
        else:
            assert isinstance(group.kind, Operation)
            name = NumpyProgram.function_name(group.kind)
            self._call(_FUNCTIONS.get(name) or getattr(np, name), *operands, out)

    def _bind_sums(self, summed: Rows, places: Places) -> None:
        stride, ones = _step(places), np.ones(self.batched.shape[1])
        if stride is not None:
            in_place = _view(self.results, Rows(False, places[0], (len(places),), (stride,)))
            self._call(np.matmul, self.view(summed), ones, in_place)
        else:
            sums = np.empty(len(places))
            self._call(np.matmul, self.view(summed), ones, sums)
            self._call(self.results.__setitem__, list(places), sums)

    def _call(self, function: Callable[..., object], *operands: object) -> None:
        self.calls.append(partial(function, *operands))


def _view(store: Array, rows: Rows) -> Array:
    strides = tuple([stride * store.strides[0] for stride in rows.strides])
    return as_strided(store[rows.start :], rows.shape + store.shape[1:], strides + store.strides[1:])


class NumpyProgram(ArrayProgram[Stores]):
    """A program that computes with NumPy."""

    target = "numpy"
    column = "numpy"
    structural = _STRUCTURAL
    copied = False

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.new_memory = partial(Stores, plan)
        self.most = self.widest = max(32, _CACHE // (8 * plan.sizes[1] + 8))

    @staticmethod
    def function_name(operation: Operation) -> str:
        if operation in _STRUCTURAL:
            return f"our {operation.name}"
        name = ELEMENTARY[operation].numpy
        if not isinstance(getattr(np, name, None), np.ufunc):
            raise untranslatable(operation, "numpy", f"NumPy has no function {name!r} for arrays")
        return name

    def sums(self, parameters: Array, samples: Array) -> Array:
        with np.errstate(all="ignore"):
            return self._sums(parameters, samples)

    def numbers(self, parameters: Array, samples: Array) -> Array:
        self.sums(parameters, samples)
        rows = [self.memory(len(samples)).view(rows, broadcast=True)[0] for rows in self.plan.watched]
        return np.array([np.broadcast_to(row, len(samples)) for row in rows]).T

    def epoch(self, parameters: Array, samples: Array, order: list[int], batch: int, rate: float) -> float:
        losses = 0.0
        seen = np.array(order)
        count = self.plan.results
        trained = parameters[: count - 1]
        with np.errstate(all="ignore"):
            for start in range(0, len(seen), batch):
                places = seen[start : start + batch]
                chosen = samples[places]
                step = rate / len(chosen)
                results = self._total(parameters, chosen)
                if not results @ results * step * step < _SURELY_FINITE:
                    self.require_finite(results, parameters, chosen, places)
                    if not np.isfinite(trained - step * results[1:count]).all():
                        raise too_large()
                losses += float(results[0])
                trained -= step * results[1:count]
        return losses

    def _total(self, parameters: Array, samples: Array) -> Array:
        """The results summed over any number of samples."""
        if len(samples) <= self.most:
            return self._sums(parameters, samples)
        total = np.zeros(self.plan.checked)
        for start in range(0, len(samples), self.most):
            total += self._sums(parameters, samples[start : start + self.most])
        return total

    def _sums(self, parameters: Array, samples: Array) -> Array:
        stores = self.memory(len(samples))
        stores.inputs[:] = samples.T
        stores.parameters[:] = parameters
        return stores.run()
