"""A network as columns of neurons, in SVG: what each neuron gives, and each of its weights as a line or a square.

One rule holds in all of it: the colour is the sign of a number, and the amount of colour is its size. A line is as
thick as its weight is large, and a circle is coloured as deeply as its neuron is active. Neurons that are shown an
image have too many weights for lines: each has an image of its own instead, with a square for the weight of each pixel.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isfinite, sqrt
from pathlib import Path
from string import Template
from typing import Any, Literal, NoReturn, get_args

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.drawing.boxes import MOST_EDGES, in_common
from tinygrad_sigmoid.drawing.cell import SCHEME, in_a_cell
from tinygrad_sigmoid.drawing.layout import BOTTOM, LEGEND, TOP, Layout, Spot, Square
from tinygrad_sigmoid.drawing.neurons import Trainable, Unit, blank, columns
from tinygrad_sigmoid.files import file_name, write_whole
from tinygrad_sigmoid.quoting import in_html, printable, shown
from tinygrad_sigmoid.reading.steps import counted
from tinygrad_sigmoid.reading.writer import LONGEST_LABEL, number_text
from tinygrad_sigmoid.value import Value

Show = Literal["weights", "gradients"]

THICKEST, CHARACTER = 7, 6  # a line, and the width of a letter, in units of the drawing
LONGEST_NAME = 10  # letters beside a circle; all of them are told under the pointer

COLOURS = {  # on light paper and on dark
    "ink": ("#1c2330", "#f0f2f6"),
    "grey": ("#5d6675", "#a3acba"),
    "paper": ("#ffffff", "#14181f"),
    "plus": ("#1f6fb8", "#63aef5"),
    "minus": ("#c4501b", "#f08a54"),
}
# The class of a rim is not "outline": marimo, in whose page it stands, draws frames around what has that one.
RULES = Template("""
.network-view text{fill:$grey;font:12px Helvetica,Arial,sans-serif;text-anchor:middle}
.network-view .start{text-anchor:start}.network-view .end{text-anchor:end}
.network-view .number{fill:$ink}.network-view .paper{fill:$paper}
.network-view .rim{fill:$paper;stroke:$grey;stroke-opacity:.6}
.network-view .all{fill:$grey;fill-opacity:.12}
.network-view .plus{stroke:$plus}.network-view .minus{stroke:$minus}
.network-view .fill{stroke:none}.network-view .fill.plus{fill:$plus}.network-view .fill.minus{fill:$minus}
.network-view .line{stroke-opacity:.85}.network-view .line.minus{stroke-dasharray:7 2}.network-view .ring{fill:none}
.network-view .neuron:hover>.rim{stroke:$ink;stroke-opacity:1;stroke-width:2}
""")
DARK = {name: f"light-dark({light},{dark})" for name, (light, dark) in COLOURS.items()}
# What makes a PDF of it may know no variables, no `auto`, and no order in which a text is painted: browsers do.
STYLE = f"""{SCHEME}{RULES.substitute({name: light for name, (light, _) in COLOURS.items()})}
@supports(color:light-dark(red,red)){{{RULES.substitute(DARK)}
.network-view{{max-width:100%;height:auto}}
.network-view text{{paint-order:stroke;stroke:{DARK["paper"]};stroke-width:3px}}
.network-view:has(.neuron:hover) .neuron:not(:hover)>line{{stroke-opacity:.07}}}}
"""


@dataclass(frozen=True, repr=False)
class Picture:
    """A picture in SVG, which a notebook shows, and a browser: there it answers to the pointer, or plays by itself.

    >>> from tinygrad_sigmoid import Network, draw
    >>> draw(Network([64, 30, 10], seed=1)).svg[:4]
    '<svg'
    """

    svg: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the picture to `path`, which ends in .svg, whole or not at all."""
        if Path(file_name(path)).suffix.lower() != ".svg":
            raise ValueError(f"this picture is SVG, which {shown(os.fspath(path))} doesn't say: end the name in .svg")
        write_whole(path, self.svg)

    def __getattr__(self, name: str) -> NoReturn:
        instead = ""
        if name in ("mermaid", "source", "render", "pipe", "view"):
            instead = ": it is SVG, so save('picture.svg') writes it; what draw(loss) gives without `show` has that"
        raise AttributeError(f"a picture of neurons or an animation has no {printable(name)}{instead}")

    def __repr__(self) -> str:
        return "<a picture in SVG: a notebook shows it, .save('picture.svg') writes it>"

    def _repr_svg_(self) -> str:
        return in_a_cell(self.svg)


def network_picture(*drawn: Any, show: Show = "weights") -> Picture:
    """The picture of a network, or of the neurons in a recorded graph; arguments and errors as in `draw`."""
    checks.choice(show, "show", get_args(Show))
    networks = [given for given in drawn if isinstance(given, Trainable)]
    if networks and len(drawn) > 1:
        raise TypeError("draw takes one network, and nothing beside it: draw several one after the other")
    outputs = [output for network in networks for output in blank(network)] or drawn
    return Picture(_Writer(columns(*outputs), show, bool(networks)).svg())


class _Writer:
    """Writes a network as SVG, each number at the scale of the largest of its kind."""

    def __init__(self, columns: Sequence[Sequence[Unit]], show: Show, blank: bool) -> None:
        self.layout, self.show, self.blank = Layout(columns), show, blank
        numbers = [self.number(parameter) for unit in chain(*columns) for parameter in unit.parameters]
        sizes = [abs(number) for number in numbers if number is not None]
        if not sizes:
            raise ValueError("there are no gradients yet: call backward() on a loss, or leave out show='gradients'")
        self.largest = max(sizes)
        self.fullest = [max([abs(self.output(unit) or 0.0) for unit in column]) for column in columns]
        self.thickest = min(THICKEST, 0.3 * min(map(self.layout.pitch, range(len(columns)))))

    def number(self, parameter: Value) -> float | None:
        """What is drawn of a weight or a bias; None for what is not computed, or too large for a float."""
        number = parameter.data if self.show == "weights" else parameter.grad
        return number if number is not None and isfinite(number) else None

    def output(self, unit: Unit) -> float | None:
        """What is drawn of what a unit gives: of an input it is always the input itself."""
        if self.blank:
            return None
        return self.number(unit.value) if unit.column else unit.value.data

    # -- The picture ---------------------------------------------------------------------------------------------------

    def svg(self) -> str:
        layout = self.layout
        width, height = f"{layout.width:g}", f"{TOP + layout.height + BOTTOM:g}"
        size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="network-view" {size} role="img" '
            f'aria-label="A network: {self._described()}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            *chain.from_iterable(self._heading(number) for number in range(len(layout.columns))),
            *(self._image(layout.image) if layout.pixels else []),
            *[self._unit(unit, spot) for unit, spot in layout.spots.items()],
            *chain.from_iterable(self._caption(unit, spot) for unit, spot in layout.spots.items()),
            *self._legend(TOP + layout.height + 30),
            "</svg>\n",
        ]
        return "\n".join(lines)

    def _described(self) -> str:
        inputs, *layers = [len(column) for column in self.layout.columns]
        return ", then ".join([counted(inputs, "input"), *[counted(neurons, "neuron") for neurons in layers]])

    def _heading(self, number: int) -> Iterator[str]:
        """The name of a column and how much is in it, and below it, how much of that is left out."""
        layout = self.layout
        column, drawn, x = layout.columns[number], layout.drawn[number], layout.x(number)
        place = ".".join(in_common([tuple(unit.name.split(".")[:-1]) for unit in column]))
        count = counted(len(column), "neuron" if number else "input")
        middle = layout.image.left + layout.image.width / 2 if column is layout.pixels else x
        room = max(layout.apart / CHARACTER - len(count) - 3, 3)
        yield _text(middle, TOP - 22, f"{printable(place, room)}: {count}" if place else count)
        if drawn and len(drawn) < len(column):
            lowest = layout.spots[drawn[-1]].y + layout.pitch(number) / 2
            yield _text(x, lowest + 12, f"… {len(column) - len(drawn):,} more")

    def _unit(self, unit: Unit, spot: Spot) -> str:
        number = self.output(unit)
        parts = [self._told_of(unit)]
        parts += self._image_of_weights(unit, spot.image) if spot.image else self._lines(unit, spot)
        at = f'cx="{spot.x:g}" cy="{spot.y:g}"'
        parts.append(f'<circle class="rim" {at} r="{spot.radius:g}"/>')
        if number:
            amount = 0.6 * abs(number) / self.fullest[unit.column]
            parts.append(f'<circle class="fill {_sign(number)}" {at} r="{spot.radius:g}" fill-opacity="{amount:.3f}"/>')
        if unit.bias is not None and (bias := self.number(unit.bias)):
            thick = self._thickness(bias)
            ring = f'r="{spot.radius - thick / 2:g}" stroke-width="{thick:.3f}"'
            parts.append(f'<circle class="ring {_sign(bias)}" {at} {ring}/>')
        return f'<g class="{"neuron" if unit.column else "input"}" id="n{unit.index}">{"".join(parts)}</g>'

    def _told_of(self, unit: Unit) -> str:
        name = printable(unit.name, LONGEST_LABEL)
        told = [name] if self.blank else _told(name, unit.value)
        return _title(told if unit.bias is None else [*told, *_told("bias", unit.bias)])

    def _caption(self, unit: Unit, spot: Spot) -> Iterator[str]:
        """Its name and number beside it in the first and the last column, else its number below it if there is room."""
        output = self.output(unit)
        number = "" if output is None else number_text(output)
        name = printable(unit.name.rpartition(".")[2], LONGEST_NAME)
        written = f'{in_html(name)} <tspan class="number">{number}</tspan>'
        if not unit.column:
            yield _text(spot.x - spot.radius - 8, spot.y + 4, written, "end", escaped=True)
        elif unit.column == len(self.layout.columns) - 1:
            yield _text(spot.x + spot.radius + 8, spot.y + 4, written, "start", escaped=True)
        elif self.layout.pitch(unit.column) >= 2 * spot.radius + 18:
            yield _text(spot.x, spot.y + spot.radius + 14, number, "number")

    # -- Weights -------------------------------------------------------------------------------------------------------

    def _thickness(self, number: float) -> float:
        return self.thickest * (abs(number) / self.largest) if self.largest else 0.0

    def _lines(self, unit: Unit, spot: Spot) -> Iterator[str]:
        for operand, (weight, source) in enumerate(zip(unit.weights, unit.sources, strict=True)):
            number = self.number(weight)
            if number is not None and (start := self.layout.spots.get(source)):
                (x1, y1), (x2, y2) = start.towards(spot), spot.towards(start)
                yield (
                    f'<line class="line {_sign(number)}" id="e{unit.product_index}.{operand}" x1="{x1:.1f}" '
                    f'y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke-width="{self._thickness(number):.3f}">'
                    f"{_title(_told(_label(unit, operand), weight))}</line>"
                )

    def _image_of_weights(self, unit: Unit, image: Square) -> Iterator[str]:
        """The weight of each pixel as a square, whose area is the size of the weight."""
        yield f'<rect class="rim" {image.attributes}/>'
        joined: dict[str, list[str]] = {"plus": [], "minus": []}
        for operand, (weight, cell) in enumerate(zip(unit.weights, image.cells(len(unit.weights)), strict=True)):
            number = self.number(weight) or 0.0
            side = cell.width * sqrt(abs(number) / self.largest) if self.largest else 0.0
            margin = (cell.width - side) / 2
            path = f"M{cell.left + margin:.2f} {cell.top + margin:.2f}h{side:.2f}v{side:.2f}h{-side:.2f}z"
            if self.layout.squares > MOST_EDGES:  # too many for each to have a title
                joined[_sign(number)].append(path)
            else:
                title = _title(_told(_label(unit, operand), weight))
                place = f'id="e{unit.product_index}.{operand}"'
                yield f'<path class="fill {_sign(number)}" {place} d="{path}">{title}</path>'
        yield from [f'<path class="fill {sign}" d="{"".join(paths)}"/>' for sign, paths in joined.items() if paths]

    def _image(self, image: Square) -> Iterator[str]:
        """The inputs as an image, each pixel as deep in colour as it is large; and all of them go to each neuron."""
        squares = [spot.image for spot in self.layout.spots.values() if spot.image]
        left, top = min(square.left for square in squares) - 4, squares[0].top
        bottom = squares[-1].top + squares[-1].width
        right, corner = image.left + image.width, image.top + image.width
        yield f'<path class="all" d="M{right:g} {image.top:g}L{left:g} {top:g}V{bottom:g}L{right:g} {corner:g}z"/>'
        yield f'<rect class="rim" {image.attributes}/>'
        for unit, cell in zip(self.layout.pixels, image.cells(len(self.layout.pixels)), strict=True):
            number = self.output(unit) or 0.0
            amount = abs(number) / (self.fullest[0] or 1.0)
            yield (
                f'<rect class="fill {_sign(number)}" id="n{unit.index}" {cell.attributes} fill-opacity="{amount:.3f}">'
                f"{self._told_of(unit)}</rect>"
            )

    def _legend(self, y: float) -> Iterator[str]:
        """What colour and amount mean, with the largest number, and how much is not drawn."""
        largest, x = number_text(self.largest), (self.layout.width - LEGEND) / 2 + 20
        of = "" if self.show == "weights" else "gradient of the "
        for sign, left, number in (("plus", x, largest), ("minus", x + 110, f"−{largest}")):
            ends = f'x1="{left:g}" y1="{y:g}" x2="{left + 40:g}" y2="{y:g}"'
            yield f'<line class="line {sign}" {ends} stroke-width="{self.thickest:g}"/>'
            yield _text(left + 48, y + 4, number, "start number")
            circle = f'cx="{left + 20:g}" cy="{y + 22:g}" r="8"'
            yield f'<circle class="rim" {circle}/><circle class="fill {sign}" {circle} fill-opacity="0.6"/>'
            yield _text(left + 48, y + 26, "positive" if sign == "plus" else "negative", "start")
        lines = [f"line: {of}weight, as thick as it is large; ring: {of}bias, likewise"]
        if not self.blank:
            lines.append(f"circle: {of}output, or an input; deepest where it is largest in its column")
        if self.layout.squares:
            lines.append(f"image: {of}weights of a neuron, as squares; neurons from left to right, row by row")
        if self.layout.hidden:
            lines.append(f"{self.layout.hidden:,} weights are not drawn")
        for row, line in enumerate(lines):
            yield _text(x + 235, y + 4 + 22 * row, line, "start")


def _sign(number: float) -> str:
    return "minus" if number < 0 else "plus"


def _told(name: str, value: Value) -> list[str]:
    """A value with all its digits, and its gradient if it has one."""
    told = [f"{name} = {value.data!r}"]
    return told if value.grad is None else [*told, f"gradient {value.grad!r}"]


def _label(unit: Unit, operand: int) -> str:
    return printable(unit.weights[operand].label or f"weight {operand + 1} of {unit.name}", LONGEST_LABEL)


def _title(lines: Sequence[str]) -> str:
    return "<title>" + "\n".join(map(in_html, lines)) + "</title>"


def _text(x: float, y: float, text: str, look: str = "", *, escaped: bool = False) -> str:
    """A line of text; `escaped` if it is SVG already."""
    return f'<text class="{look}" x="{x:g}" y="{y:g}">{text if escaped else in_html(text)}</text>'
