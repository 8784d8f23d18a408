"""What the kernel is written with: numbers that exist when it runs, arithmetic that writes code, and loops.

The kernel is written once, against this. `webassembly` and `llvm` say how each operation is written in their language;
its operations go by WebAssembly's names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

NUMBER = 8  # bytes of a number in the memory
INTEGER = 4  # bytes of a whole number there: of a place, which counts bytes too, or of a count


class Emitted:
    """What the code will have when it runs: arithmetic with it writes code.

    Attributes:
        emitter: Where the code goes.
        handles: What stands for it in the language of the emitter: of several vectors, one for each. Operations on them
            are written by turns, so that the machine has something to do while one vector waits for a result.
    """

    __slots__ = ("emitter", "handles")
    kind: ClassVar[str]

    def __init__(self, emitter: Emitter, *handles: Any) -> None:
        self.emitter = emitter
        self.handles = handles

    @property
    def handle(self) -> Any:
        """What stands for a single one."""
        [handle] = self.handles
        return handle

    def _operation(self, name: str, *others: Any) -> list[Any]:
        operands = [self.handles]
        for other in others:
            constant = not isinstance(other, Emitted)
            operands.append((self.emitter.constant(self.kind, other),) if constant else other.handles)
        return [self.emitter.operation(self.kind, name, *row) for row in _rows(operands)]

    def _same(self, name: str, *others: Any) -> Self:
        return type(self)(self.emitter, *self._operation(name, *others))

    def __add__(self, other: Any) -> Self:
        return self if type(other) is int and other == 0 else self._same("add", other)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Self:
        return self._same("sub", other)

    def __rsub__(self, other: Any) -> Self:
        return type(self)(self.emitter, self.emitter.constant(self.kind, other)) - self

    def __mul__(self, other: Any) -> Self:
        return self._same("mul", other)

    __rmul__ = __mul__


def _rows(operands: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The operands of each vector; a single one is for all of them."""
    count = max(map(len, operands))
    return zip(*[operand if len(operand) == count else [*operand] * count for operand in operands], strict=True)


class Index(Emitted):
    """A whole number from 0 on: a place in the memory, in bytes, or a count."""

    __slots__ = ()
    kind = "index"

    def least(self, other: Index | int) -> Index:
        return self._same("least", other)

    def rounded_down(self, unit: int) -> Index:
        """The next multiple of a power of 2."""
        return self._same("and", -unit)


class Longs(Emitted):
    """Whole numbers of 64 bits, one in each lane: the digits of numbers; or a mask, all ones where something holds."""

    __slots__ = ()
    kind = "longs"

    def __and__(self, other: Longs | int) -> Longs:
        return self._same("and", other)

    def __or__(self, other: Longs | int) -> Longs:
        return self._same("or", other)

    def __invert__(self) -> Longs:
        return self._same("xor", -1)

    def __lshift__(self, digits: int) -> Longs:
        return Longs(self.emitter, *[self.emitter.shifted(handle, digits) for handle in self.handles])

    def __rshift__(self, digits: int) -> Longs:
        """Shifted to the right, zeros coming in."""
        return Longs(self.emitter, *[self.emitter.shifted(handle, -digits) for handle in self.handles])

    def equals(self, other: Longs | int) -> Longs:
        return self._same("eq", other)

    def where(self, yes: Vector | float, no: Vector | float) -> Vector:
        """For each lane, `yes` where this mask holds, else `no`."""
        e = self.emitter
        rows = _rows([self.handles, e.vector(yes).handles, e.vector(no).handles])
        return Vector(e, *[e.selected(*row) for row in rows])

    def floats(self) -> Vector:
        """The numbers that have these digits."""
        return Vector(self.emitter, *[self.emitter.cast(handle, "vector") for handle in self.handles])


class Vector(Emitted):
    """Numbers, one in each lane."""

    __slots__ = ()
    kind = "vector"

    def __truediv__(self, other: Vector | float) -> Vector:
        return self._same("div", other)

    def __rtruediv__(self, other: float) -> Vector:
        return self.emitter.vector(other) / self

    def __neg__(self) -> Vector:
        return self._same("neg")

    def __abs__(self) -> Vector:
        return self._same("abs")

    def least(self, other: Vector | float) -> Vector:
        """The other where it is less, else this."""
        return self._same("pmin", other)

    def most(self, other: Vector | float) -> Vector:
        """The other where it is more, else this."""
        return self._same("pmax", other)

    def sqrt(self) -> Vector:
        return self._same("sqrt")

    def nearest(self) -> Vector:
        """The nearest whole number, the even one of two."""
        return self._same("nearest")

    def times_plus(self, factor: Vector, added: Vector | float) -> Vector:
        """self · factor + added, rounded once where the machine can do that."""
        return self._same("times_plus", factor, added)

    def _mask(self, name: str, other: Any) -> Longs:
        return Longs(self.emitter, *self._operation(name, other))

    def __lt__(self, other: Vector | float) -> Longs:
        return self._mask("lt", other)

    def __le__(self, other: Vector | float) -> Longs:
        return self._mask("le", other)

    def __gt__(self, other: Vector | float) -> Longs:
        return self._mask("gt", other)

    def __ge__(self, other: Vector | float) -> Longs:
        return self._mask("ge", other)

    def equals(self, other: Vector | float) -> Longs:
        return self._mask("eq", other)

    def longs(self) -> Longs:
        """The digits of these numbers."""
        return Longs(self.emitter, *[self.emitter.cast(handle, "longs") for handle in self.handles])


class Variable(ABC):
    """A place for what changes from one round of a loop to the next."""

    @abstractmethod
    def get(self) -> Any: ...

    @abstractmethod
    def set(self, value: Any) -> None: ...


class Emitter(ABC):
    """Writes one function of the kernel; its arguments are indices, beside the one memory that all functions share."""

    lanes: ClassVar[int]
    rows: ClassVar[int]  # of a matrix, that are multiplied at a time,
    columns: ClassVar[int]  # with so many vectors, as registers allow
    at_once: ClassVar[int]  # vectors, of which a function of numbers is written out for so many

    @property
    def bytes(self) -> int:
        """How many bytes a vector has."""
        return self.lanes * NUMBER

    def index(self, number: Index | int) -> Index:
        return number if isinstance(number, Index) else Index(self, self.constant("index", number))

    def vector(self, number: Vector | float) -> Vector:
        """The number in every lane."""
        return number if isinstance(number, Vector) else Vector(self, self.constant("vector", number))

    # -- What each language writes in its own way ----------------------------------------------------------------------

    @abstractmethod
    def constant(self, kind: str, number: float) -> Any: ...

    @abstractmethod
    def operation(self, kind: str, name: str, *handles: Any) -> Any: ...

    @abstractmethod
    def shifted(self, longs: Any, digits: int) -> Any: ...

    @abstractmethod
    def selected(self, mask: Any, yes: Any, no: Any) -> Any: ...

    @abstractmethod
    def cast(self, handle: Any, kind: str) -> Any: ...

    @abstractmethod
    def lane_numbers(self) -> Vector:
        """0, 1, 2, …: the number of each lane."""

    @abstractmethod
    def converted(self, index: Index) -> Vector:
        """A whole number as a number in every lane."""

    @abstractmethod
    def sum_of_lanes(self, vector: Vector) -> Vector:
        """The sum in every lane, added from the first lane to the last."""

    @abstractmethod
    def transposed(self, rows: Sequence[Vector]) -> list[Vector]:
        """As many vectors as there are lanes, with rows and lanes swapped."""

    @abstractmethod
    def load(self, place: Index, offset: int = 0, vectors: int = 1) -> Vector:
        """The numbers at a place and an offset from it: a vector of them, or several."""

    @abstractmethod
    def load_spread(self, place: Index, offset: int = 0) -> Vector:
        """The one number at a place, in every lane."""

    @abstractmethod
    def load_index(self, place: Index, offset: int = 0) -> Index: ...

    @abstractmethod
    def load_byte(self, place: Index) -> Index: ...

    @abstractmethod
    def store(self, place: Index, vector: Vector, offset: int = 0) -> None:
        """Stores a vector, or several, one after the other."""

    @abstractmethod
    def store_first(self, place: Index, vector: Vector, offset: int = 0) -> None:
        """Stores the number in the first lane."""

    @abstractmethod
    def store_index(self, place: Index, index: Index, offset: int = 0) -> None: ...

    @abstractmethod
    def variable(self, value: Index | Vector) -> Variable: ...

    @abstractmethod
    def loop(self, stop: Index, step: Index | int = 1) -> AbstractContextManager[Index]:
        """The code that follows, for 0, step, 2 · step, … below stop."""

    @abstractmethod
    def when(self, name: str, left: Index, right: Index | int) -> AbstractContextManager[None]:
        """The code that follows, if a comparison of whole numbers holds: `"eq"`, `"ne"` or `"ge_u"`."""

    @abstractmethod
    def when_not_zero(self, vector: Vector) -> AbstractContextManager[None]:
        """The code that follows, if a lane is not 0, as nan isn't."""

    @abstractmethod
    def switch(self, number: Index, cases: Sequence[Callable[[], None]]) -> None:
        """Writes code that carries out the case of a number."""

    @abstractmethod
    def call(self, function: str, *arguments: Index) -> None: ...

    @abstractmethod
    def end(self) -> None:
        """Ends the function."""
