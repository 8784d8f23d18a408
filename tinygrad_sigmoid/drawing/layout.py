"""Where the neurons of a network are drawn: columns from left to right, and at the left of it an image or the inputs.

Lengths are in units of the drawing itself, which a page scales.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from math import ceil, hypot, isqrt

from tinygrad_sigmoid.drawing.boxes import MOST_EDGES
from tinygrad_sigmoid.drawing.neurons import Unit

TALLEST, FOLDED = 36, 12  # units that stand in a column, and how many are drawn of a taller one
MOST_PIXELS = 32**2  # inputs that are drawn as an image

LEFT, RIGHT, TOP, BOTTOM, IMAGE = 150, 160, 50, 92, 190
LEGEND = 790  # the width of what stands at the bottom
COLUMNS, APART = 900, (110, 320)  # the width of all columns, and the least and the most from one to the next
HEIGHT, PITCH = (190, 540), 90  # the least and the most for a column, and the most from unit to unit in it
RADIUS, LEGIBLE = 19, 52  # the most for a circle, and the least width of an image of weights


@dataclass(frozen=True)
class Square:
    """The place of an image, or of a pixel."""

    left: float
    top: float
    width: float

    @property
    def attributes(self) -> str:
        return f'x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" height="{self.width:g}"'

    def cells(self, count: int) -> Iterator[Square]:
        """So many pixels, a square number, from left to right and row by row."""
        across = isqrt(count)
        side = self.width / across
        for row, column in product(range(across), range(across)):
            yield Square(self.left + column * side, self.top + row * side, side)


@dataclass(frozen=True)
class Spot:
    """The place of a unit: its circle, and if it has one, the image of its weights."""

    x: float
    y: float
    radius: float
    image: Square | None = None

    def towards(self, other: Spot) -> tuple[float, float]:
        """Where the line to another circle leaves this one."""
        distance = hypot(other.x - self.x, other.y - self.y)
        return (
            self.x + self.radius * (other.x - self.x) / distance,
            self.y + self.radius * (other.y - self.y) / distance,
        )


class Layout:
    """The places of all units that are drawn; of those in a tall column, only the first ones are.

    Attributes:
        pixels: The inputs, if they are drawn as one image.
        image: Where that is.
        spots: Where the other units are.
        squares: How many are drawn as squares in images.
        hidden: How many are not drawn.
    """

    def __init__(self, columns: Sequence[Sequence[Unit]]) -> None:
        self.columns = columns
        inputs, *layers = columns
        self.pixels = inputs if are_pixels(inputs, layers[0]) else []
        self.drawn = [[] if column is self.pixels else column[: most_drawn(len(column))] for column in columns]
        self.rows = [len(drawn) + (len(drawn) < len(all_)) for drawn, all_ in zip(self.drawn, columns, strict=True)]
        self.height = min(max(HEIGHT[0], PITCH * max(self.rows)), HEIGHT[1])
        self.apart = min(max(APART[0], COLUMNS / len(layers)), APART[1])
        left = 40 + IMAGE if self.pixels else LEFT
        taken = left + self.apart * len(layers) + RIGHT
        self.width = max(taken, LEGEND)
        self.left = left + (self.width - taken) / 2
        self.image = Square(self.left - IMAGE - 20, TOP + (self.height - IMAGE) / 2, IMAGE)
        self.spots = {unit: spot for number in range(len(columns)) for unit, spot in self._spots(number)}
        self._count()

    def _count(self) -> None:
        lines = sum(source in self.spots for unit in self.spots for source in unit.sources)
        self.squares = sum(len(unit.weights) for unit, spot in self.spots.items() if spot.image)
        self.hidden = sum(len(unit.weights) for unit in chain(*self.columns)) - lines - self.squares
        if lines > MOST_EDGES:
            raise ValueError(
                f"this picture would have {lines:,} lines, more than the {MOST_EDGES:,} that can be told apart: "
                f"draw one of its layers, as in draw(network.layers[0])"
            )

    def x(self, column: int) -> float:
        return self.left + column * self.apart

    def pitch(self, column: int) -> float:
        """How far apart the units of a column are."""
        return min(PITCH, self.height / max(self.rows[column], 1))

    def _spots(self, column: int) -> Iterator[tuple[Unit, Spot]]:
        pitch, rows = self.pitch(column), self.rows[column]
        top = TOP + (self.height - pitch * rows) / 2
        radius = min(RADIUS, 0.4 * pitch) * (1 if column else 0.7)
        # An image of weights is taller than a row, so a band of several rows has theirs side by side.
        abreast = ceil(LEGIBLE / pitch)
        band = pitch * rows / max(ceil(rows / abreast), 1)
        room = min(band, 76)
        for row, unit in enumerate(self.drawn[column]):
            image = None
            if self.pixels and unit.sources == self.pixels:
                left = self.x(column) - RADIUS - 4 - (abreast - row % abreast) * room
                image = Square(left, top + (row // abreast + 0.5) * band - 0.46 * room, 0.92 * room)
            yield unit, Spot(self.x(column), top + (row + 0.5) * pitch, radius, image)


def are_pixels(inputs: Sequence[Unit], layer: Sequence[Unit]) -> bool:
    """Whether inputs are drawn as an image: a square number of them, too many for a column, and all for each neuron."""
    square = isqrt(len(inputs)) ** 2 == len(inputs)
    return square and TALLEST < len(inputs) <= MOST_PIXELS and all(unit.sources == inputs for unit in layer)


def most_drawn(count: int) -> int:
    """How many of a column's units are drawn: all of them, or the first ones of a tall one."""
    return count if count <= TALLEST else FOLDED
