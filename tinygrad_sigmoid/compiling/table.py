"""Samples as programs take them: a table of finite floats, from lists, arrays or anything like them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.quoting import shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_FORMATS = "dfbBhHiIlLqQ?"  # of numbers in memory that are floats, or become floats by being counted out
_FLOAT = {float}
_NO_PALETTE = array("d")
LARGE = 1 << 25  # bytes of a table, above which it is worth a closer look


class Table:
    """A row of numbers for each sample, made by `program.samples`; it is never changed.

    A large one of few different numbers, as those of pictures are, keeps a byte for each: its place in the palette.
    """

    __slots__ = ("_length", "numbers", "palette", "width")

    def __init__(
        self, numbers: array[float] | bytearray, width: int, length: int, palette: array[float] = _NO_PALETTE
    ) -> None:
        self.numbers = numbers  # row after row; or bytes, if there is a palette
        self.palette = palette
        self.width = width
        self._length = length

    def __len__(self) -> int:
        return self._length

    @property
    def size(self) -> int:
        """How many bytes it takes, without the palette."""
        return memoryview(self.numbers).nbytes

    def row(self, place: int) -> array[float]:
        row = self.numbers[place * self.width : (place + 1) * self.width]
        return row if isinstance(row, array) else array("d", [self.palette[code] for code in row])


def table_of(columns: Sequence[ArrayLike], width: int) -> Table:
    """The table of so many numbers a sample; each column has an entry for each sample, a number or a row of them."""
    length = _common_length(columns)
    exact = [_exact(column) for column in columns]
    if len(exact) == 1 and exact[0] is not None and len(exact[0]) == width * length:
        return Table(finite(exact[0]), width, length)
    rows = (_row(parts, width) for parts in zip(*map(_rows, columns, exact), strict=True))
    if length * width * _NO_PALETTE.itemsize > LARGE:
        return _packed(rows, width, length)
    numbers = array("d")
    for row in rows:
        numbers.extend(row)
    return Table(finite(numbers), width, length)


def _row(parts: Iterable[Sequence[float]], width: int) -> array[float]:
    """The numbers of one sample."""
    row = array("d")
    for part in parts:
        row.extend(part)
    require_width(len(row), width)
    return row


class _Codes(dict[int, int]):
    """The different numbers, counted as they come up; each by its bits, since 0 and −0 are equal."""

    def __missing__(self, bits: int) -> int:
        self[bits] = len(self)
        return self[bits]

    def numbers(self) -> array[float]:
        return array("d", array("Q", self).tobytes())


def _packed(rows: Iterator[array[float]], width: int, length: int) -> Table:
    """A table with a byte for each number, as long as there are no more than 256 different ones."""
    codes, packed = _Codes(), bytearray()
    for row in rows:
        try:
            packed += bytes(map(codes.__getitem__, memoryview(row).cast("B").cast("Q")))
        except ValueError:  # it is no byte any more
            numbers = array("d", map(codes.numbers().__getitem__, packed))
            for other in chain([row], rows):
                numbers.extend(other)
            return Table(finite(numbers), width, length)
    packed += bytes(-len(packed) % _NO_PALETTE.itemsize)  # so that it can be read several bytes at a time
    return Table(packed, width, length, finite(codes.numbers()))


def require_width(found: int, wanted: int) -> None:
    """Raises an error unless a sample has as many numbers as there are inputs."""
    if found != wanted:
        raise ValueError(f"a sample has {found} numbers, but there are {wanted} inputs: give one for each")


def pieces(columns: Sequence[ArrayLike], most: int) -> Iterator[list[Any]]:
    """The same columns, so many entries at a time, so that a long one is not there a second time."""
    length = _common_length(columns)
    sliceable: list[Any] = [column if hasattr(column, "__getitem__") else as_lists(column) for column in columns]
    for start in range(0, length, most):
        yield [column[start : start + most] for column in sliceable] if length > most else list(columns)


def numbers_in(given: Any, deepest: int = 8) -> Sequence[float]:
    """The numbers in an array or a list of lists; a list in itself ends somewhere, and is then no number."""
    if type(given) is float:
        return [given]
    if type(given) in (list, tuple) and {*map(type, given)} <= _FLOAT:
        return given  # type: ignore[no-any-return]
    exact = _exact(given)
    if exact is not None:
        return exact
    lists = as_lists(given)
    if lists is not given and deepest:
        return numbers_in(lists, deepest - 1)
    if not checks.is_list(given) or not deepest:
        return [finite_number(given)]
    return [number for inner in given for number in numbers_in(inner, deepest - 1)]


def as_lists(given: Any) -> Any:
    """The same as lists of Python's own numbers, if it is an array of any library."""
    kind = type(given)
    if hasattr(kind, "tolist") and not isinstance(given, checks.NO_LISTS):
        return given.tolist()
    return given.__array__().tolist() if hasattr(kind, "__array__") else given


def _common_length(columns: Sequence[object]) -> int:
    """The number of samples, if all columns have an entry for each of at least one."""
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
    return lengths[0]


def _rows(column: Any, exact: array[float] | None) -> Iterable[Sequence[float]]:
    """The numbers of each entry."""
    if exact is None:
        return map(numbers_in, as_lists(column))
    width = len(exact) // len(column)
    return (exact[start : start + width] for start in range(0, len(exact), width)) if width else repeat((), len(column))


def _exact(given: Any) -> array[float] | None:
    """The numbers in an array as floats, if it says what they are and they are so without a loss."""
    kind = type(given)
    if kind is not array and (kind.__module__, kind.__name__) != ("numpy", "ndarray"):
        return None
    try:
        view = memoryview(given)
    except ValueError:  # dates, which are not numbers
        return None
    if view.format not in _FORMATS:
        return None
    numbers = array("d")
    if view.format == "d":
        numbers.frombytes(view.tobytes())
    else:
        numbers.extend(memoryview(view.tobytes()).cast(view.format))  # type: ignore[call-overload]
    # A whole number may have been rounded to 2**53, or to one beyond: then each is looked at by itself.
    return numbers if view.format in "df" or all(-(2**53) < number < 2**53 for number in numbers) else None


def finite(numbers: array[float]) -> array[float]:
    """The same numbers, if none of them is infinite or nan."""
    total = sum(numbers)
    if total - total != 0.0:  # infinity and nan do this, and so may a sum of large numbers
        for number in numbers:
            finite_number(number)  # which says so
    return numbers
