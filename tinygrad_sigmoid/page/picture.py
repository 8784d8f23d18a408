"""The picture of a page: laid out by Graphviz, then written anew so that script and styles find its parts by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree

from tinygrad_sigmoid.drawing import draw
from tinygrad_sigmoid.drawing.boxes import Box, boxes
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value

MOST_OPEN = 300  # values; above, neurons and layers are boxes that open on demand

_SVG = "{http://www.w3.org/2000/svg}"
_WIDEST = "∂ −0.00000"  # room for the numbers that a leaf's change may bring
_LEAST_WIDTH = 1.45  # inches of a box, for the same reason


class Rectangle(NamedTuple):
    """The rectangle around what Graphviz has drawn."""

    left: float
    top: float
    width: float
    height: float


def picture(output: Value) -> str:
    """The graph as SVG, with what the page's script goes by.

    A `g.box` has the place of its value in the topological order as `data-value`, or, if it is closed, the places of
    all values in it as `data-inside` and that of the only one used outside as `data-value`. A `g.edge` has the value
    and the operand that it leads to as `data-edge`.
    """
    order = topological_order(output)
    collapse = None if len(order) > MOST_OPEN else ()
    drawing = draw(output, collapse=collapse)
    drawing.body[:] = [_with_room(line) for line in drawing.body]
    root = ElementTree.fromstring(drawing.pipe("svg", quiet=True, encoding="utf-8"))
    graph = root.find(f"{_SVG}g")
    assert graph is not None
    parts = {kind: [g for g in graph if g.get("class") == kind] for kind in ("cluster", "edge", "node")}

    box_of = boxes(output, collapse=collapse)
    drawn = list(dict.fromkeys(box_of.values()))
    places = {value: place for place, value in enumerate(order)}
    names = list(_edge_names(drawn, box_of, places))
    lines = [_cluster(g) for g in parts["cluster"]]
    for g in parts["edge"]:
        lines.append(_edge(g, names[int((g.get("id") or "").removeprefix("edge")) - 1], order))
    for g in sorted(parts["node"], key=_number):
        box = drawn[_number(g)]
        lines.append(_box(g, box, places, output) if box.collapsed is None else _closed_box(g, box, places, box_of))
    _, _, width, height = [float(number) for number in root.get("viewBox", "").split()]
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    return "\n".join(
        [
            f'<svg class="graph" role="group" aria-label="The computation graph" {size}>',
            f'<g transform="{graph.get("transform")}">',
            *lines,
            "</g>",
            "</svg>",
        ]
    )


def _with_room(line: str) -> str:
    if "->" in line:
        return re.sub(r'label="∂ [^"]*"', f'label="{_WIDEST}"', line)
    return line.replace("node [", f"node [width={_LEAST_WIDTH} ", 1) if line.lstrip().startswith("node [") else line


def _edge_names(drawn: list[Box], box_of: Mapping[Value, Box], places: Mapping[Value, int]) -> Iterator[str]:
    """`5.1`, the second operand of value 5, for each edge as Graphviz numbers them: in the order of the drawing's text.

    Nothing for an edge of a closed box, which stands for several.
    """
    for box in drawn:
        together = set()
        for value in box.values:
            for operand, used in enumerate(value.inputs):
                start = box_of[used]
                if box.collapsed is None and start.collapsed is None:
                    yield f"{places[value]}.{operand}"
                elif start is not box:
                    together.add(start)
        yield from [""] * len(together)


def _number(g: ElementTree.Element) -> int:
    return int((g.findtext(f"{_SVG}title") or "").removeprefix("n"))


def _cluster(g: ElementTree.Element) -> str:
    return f'<g class="cluster">{_rectangle(_around(g), 8)}{"".join(_texts(g, "heading"))}</g>'


def _edge(g: ElementTree.Element, use: str, order: Sequence[Value]) -> str:
    line = "".join(f'<path d="{path.get("d")}"/>' for path in g.findall(f"{_SVG}path"))
    head = "".join(f'<polygon points="{arrow.get("points")}"/>' for arrow in g.findall(f"{_SVG}polygon"))
    named = ""
    if use:
        named = f' data-edge="{use}"'
        place, operand = [int(part) for part in use.split(".")]
        for text in g.findall(f"{_SVG}text"):
            text.text = f"∂ {number_text(order[place].local_derivatives[operand])}"
    return f'<g class="edge"{named}>{line}{head}{"".join(_texts(g, "local"))}</g>'


def _box(g: ElementTree.Element, box: Box, places: Mapping[Value, int], output: Value) -> str:
    value, around = box.values[0], _around(g)
    if value.constant:
        return f'<g class="box constant">{"".join(_texts(g, "heading"))}</g>'
    kind, role = ("computed", "button") if value.inputs else ("leaf", "slider")
    inner = ""
    if value is output:
        kind = "output"
        inner = _rectangle(Rectangle(around.left + 4, around.top + 4, around.width - 8, around.height - 8), 4, "rim")
    texts = "\n".join(_texts(g, "heading", "data", "grad"))
    return (
        f'<g class="box {kind}" id="n{places[value]}" data-value="{places[value]}" tabindex="0" role="{role}">'
        f"{_rectangle(around, 7 if value.inputs else 0)}{inner}{texts}</g>"
    )


def _closed_box(g: ElementTree.Element, box: Box, places: Mapping[Value, int], box_of: Mapping[Value, Box]) -> str:
    inside = set(box.values)
    leaving = {used for value in places for used in value.inputs if used in inside and value not in inside}
    only = f' data-value="{places[leaving.pop()]}"' if len(leaving) == 1 else ""
    named = escape(".".join([*box.place, box.collapsed or ""]))
    texts = "\n".join(_texts(g, "heading", *(["data", "grad"] if only else [])))
    return (
        f'<g class="box closed" data-inside="{" ".join(str(places[value]) for value in box.values)}"{only} '
        f'data-name="{named}" tabindex="0" role="button">{_rectangle(_around(g), 0)}{texts}</g>'
    )


def _texts(g: ElementTree.Element, first: str, *last: str) -> Iterator[str]:
    """The lines of text, classed: the last ones as `last` says, all others as `first`."""
    texts = g.findall(f"{_SVG}text")
    kinds = [*[first] * (len(texts) - len(last)), *last]
    for text, kind in zip(texts, kinds, strict=True):
        said = escape(text.text or "")
        yield f'<text class="{kind}" x="{text.get("x")}" y="{text.get("y")}">{said}</text>'


def _rectangle(around: Rectangle, corner: float, kind: str = "") -> str:
    left, top, width, height = around
    classed = f'class="{kind}" ' if kind else ""
    return f'<rect {classed}x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="{corner:g}"/>'


def _around(g: ElementTree.Element) -> Rectangle:
    """The rectangle around a node or a cluster; its outer line, if it has two."""
    outlines = [*g.findall(f"{_SVG}polygon"), *g.findall(f"{_SVG}path")]
    outline = " ".join([f"{shape.get('points', '')} {shape.get('d', '')}" for shape in outlines])
    points = [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", outline)] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Rectangle(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
