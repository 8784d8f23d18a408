"""Handwritten digits: the ones that ship with the package, MNIST for whoever has its files, and pictures in a terminal.

The shipped ones are 8×8 pixels, real handwriting of 1998 (where from stands in `data/README.md`). MNIST is read from
its own IDX files: a magic number (two zero bytes, the type of the numbers, how many dimensions), the size of each
dimension in four bytes, the highest first, then the numbers themselves.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import pkgutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple, overload

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.files import file_name, printable_name, read_at_most

TRAINING_DIGITS = 1_500  # of the 1,797 that ship; the other 297 are for testing
MNIST_TRAINING_DIGITS = 50_000  # of MNIST's 60,000, as in the book, which keeps the others for choosing a learning rate
LARGEST = (60_000, 28, 28)  # what MNIST's largest file holds: so many pictures of so many rows and columns
LARGEST_FILE = 50_000_000  # bytes; that one has 47,040,016

SHADES = " ░▒▓█"  # from paper to ink
INK = [byte / 255 for byte in range(256)]
_SIXTEENTHS = {str(ink): ink / 16 for ink in range(17)}  # by their digits in the file that ships
LARGE = 16  # pixels a side; pictures of more are shown at a quarter of the size


@dataclass(frozen=True, slots=True)
class Pixels(Sequence[float]):
    """The pixels of a picture, from 0 (paper) to 1 (ink), kept as bytes until they are used.

    >>> list(Pixels(b"\\x00\\xff\\x33"))
    [0.0, 1.0, 0.2]
    """

    shades: bytes

    def __len__(self) -> int:
        return len(self.shades)

    def __iter__(self) -> Iterator[float]:
        return map(INK.__getitem__, self.shades)

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> list[float]: ...
    def __getitem__(self, place: int | slice) -> float | list[float]:
        return [*self][place] if isinstance(place, slice) else INK[self.shades[place]]

    def tolist(self) -> list[float]:
        return [*self]


class Digit(NamedTuple):
    """A picture of a digit, as a sample to train on or test with: a pair (inputs, targets)."""

    inputs: Sequence[float]  # the pixels, row by row, from 0 (paper) to 1 (ink)
    targets: list[float]  # ten numbers, 1 in the place of the digit and 0 elsewhere

    @property
    def digit(self) -> int:
        """Which digit it is, 0 to 9."""
        return self.targets.index(1.0)


def load_digits() -> tuple[list[Digit], list[Digit]]:
    """The digits that ship with the package: 1,500 to train on and 297 to test with.

    >>> train, test = load_digits()
    >>> len(train), len(test), len(test[0].inputs), test[0].digit
    (1500, 297, 64, 1)
    """
    # Importing `importlib.resources` takes as long as reading this file does.
    packed = pkgutil.get_data("tinygrad_sigmoid.course", "data/digits.csv.gz")
    assert packed is not None, "a package has its files"
    rows = [line.split(",") for line in gzip.decompress(packed).decode("ascii").splitlines()]
    digits = [Digit([*map(_SIXTEENTHS.__getitem__, pixels)], _one_hot(int(digit))) for *pixels, digit in rows]
    return digits[:TRAINING_DIGITS], digits[TRAINING_DIGITS:]


def load_mnist(folder: str | os.PathLike[str]) -> tuple[list[Digit], list[Digit]]:
    """MNIST's digits from a folder with its four IDX files, as the book uses them: 50,000 to train on, 10,000 to test.

    Args:
        folder: Holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
            `t10k-labels-idx1-ubyte`, each plain or with `.gz` (a dot for the hyphen before `idx` is fine).

    Raises:
        ValueError: A file is damaged, cut short, larger than MNIST's, or in another's place; the message says which.
        OSError: A file is missing, or can't be read.
    """
    name = file_name(folder)
    train, test = (_idx_digits(name, part) for part in ("train", "t10k"))
    if len(train) < len(test):
        raise ValueError(
            f"{printable_name(name)} has {len(train)} digits to train on but {len(test)} to test with: are the train "
            f"and t10k files in each other's place?"
        )
    if len(train[0].inputs) != len(test[0].inputs):
        raise ValueError(
            f"{printable_name(name)} has training pictures of {len(train[0].inputs)} pixels but test pictures of "
            f"{len(test[0].inputs)}: take all four files from the same place"
        )
    return train[:MNIST_TRAINING_DIGITS], test


def digit_picture(pixels: Sequence[float]) -> str:
    """A square picture as lines of text: a pixel is two characters wide, or half a character high in a large picture.

    >>> print(digit_picture([0.75, 1.0, 0.5, 0.25]))
    ▓▓██
    ▒▒░░

    Args:
        pixels: Row by row, from 0 (paper) to 1 (ink).
    """
    cure = "pass the pixels row by row, as in digit_picture(digit.inputs)"
    given = checks.entries(pixels, "pixels", "a list of numbers", cure, kind=object)
    pixels = [checks.number(pixel, "each pixel", cure) for pixel in given]
    side = math.isqrt(len(pixels))
    if side * side != len(pixels):
        raise ValueError(f"a picture of {len(pixels)} pixels is not square: pass as many rows as columns")
    rows, width = [pixels[start : start + side] for start in range(0, len(pixels), side)], 2
    if side > LARGE:
        pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[0.0] * side)
        rows, width = [[(one + other) / 2 for one, other in zip(*pair, strict=True)] for pair in pairs], 1
    inked = [[round(min(max(pixel, 0.0), 1.0) * (len(SHADES) - 1)) for pixel in row] for row in rows]
    return "\n".join("".join(SHADES[ink] * width for ink in row) for row in inked)


def side_by_side(pictures: Sequence[str], titles: Sequence[str], width: int = 100) -> str:
    """Pictures of the same height, each with a title above it, as many in a row as `width` characters hold.

    >>> print(side_by_side(["@@\\n@@", "..\\n.."], ["8", "read as 1"]))
    8     read as 1
    @@    ..
    @@    ..
    """
    rows: list[list[list[str]]] = []
    left = 0  # characters in the last row
    for title, picture in zip(titles, pictures, strict=True):
        lines = [title, *picture.split("\n")]
        broad = max(map(len, lines))
        if broad > left:
            rows.append([])
            left = width
        left -= broad + 4
        rows[-1].append([line.ljust(broad) for line in lines])
    return "\n\n".join("\n".join("    ".join(line).rstrip() for line in zip(*row, strict=True)) for row in rows)


def _one_hot(digit: int) -> list[float]:
    targets = [0.0] * 10
    targets[digit] = 1.0
    return targets


def _idx_digits(folder: str, part: str) -> list[Digit]:
    images, labels = _idx_file(folder, f"{part}-images", 3), _idx_file(folder, f"{part}-labels", 1)
    (count, height, width), pixels = _idx(images, 3)
    (label_count,), classes = _idx(labels, 1)
    images, labels = printable_name(images), printable_name(labels)
    if count != label_count:
        raise ValueError(
            f"{images} holds {count} pictures but {labels} holds {label_count} labels: they don't belong together"
        )
    if count == 0 or height == 0 or height != width:
        raise ValueError(f"{images} holds {count} pictures of {height}×{width} pixels: square ones are needed")
    if max(classes) > 9:
        raise ValueError(f"{labels} holds the label {max(classes)}: a digit is 0 to 9, so the file is damaged")
    size = height * width
    pictures = (Pixels(pixels[start : start + size]) for start in range(0, len(pixels), size))
    return [Digit(picture, _one_hot(digit)) for picture, digit in zip(pictures, classes, strict=True)]


def _idx_file(folder: str, name: str, dimensions: int) -> str:
    endings = [f"{dot}idx{dimensions}-ubyte{zipped}" for dot in "-." for zipped in ("", ".gz")]
    for ending in endings:
        if os.path.isfile(path := os.path.join(folder, name + ending)):
            return path
    raise FileNotFoundError(
        f"{printable_name(folder)} has no file {name}{endings[0]}, plain or with .gz: MNIST's four files belong into "
        f"that folder"
    )


def _idx(path: str, dimensions: int) -> tuple[tuple[int, ...], bytes]:
    """The size of each dimension and the bytes of an IDX file, if it is whole and has as many dimensions as it must."""
    content, name = read_at_most(path, LARGEST_FILE), printable_name(path)
    file: io.BufferedIOBase = io.BytesIO(content)
    if content.startswith(b"\x1f\x8b"):
        file = gzip.GzipFile(fileobj=file)
    start = 4 + 4 * dimensions
    try:
        header = file.read(start)
        if len(header) < 4 or header[:3] != b"\0\0\x08":  # 8 is the type of unsigned bytes
            raise ValueError(f"{name} is no IDX file of bytes: it should begin with 00 00 08 0{dimensions}")
        if header[3] != dimensions:
            raise ValueError(
                f"{name} has {header[3]} dimensions where {dimensions} are needed: are the files of pictures and "
                f"labels in each other's place?"
            )
        sizes = tuple(int.from_bytes(header[at : at + 4], "big") for at in range(4, start, 4))
        wanted = start + math.prod(sizes)
        if any(size > most for size, most in zip(sizes, LARGEST, strict=False)):
            promised = "×".join(map(str, sizes))
            raise ValueError(
                f"{name} should have {promised} numbers, but MNIST has at most 60,000 pictures of 28×28 pixels: it is "
                f"damaged, or another kind of file"
            )
        numbers = file.read(wanted - start + 1)  # no more than that, however much a small file could become
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{name} is damaged or cut short: {error}") from None
    if (found := len(header) + len(numbers)) != wanted:
        more = " or more" if found > wanted else ""
        raise ValueError(f"{name} should have {wanted} bytes but has {found}{more}: it is damaged or cut short")
    return sizes, numbers
