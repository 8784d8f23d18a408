"""Graphviz's SVG as a tree, in which a page or an animation finds each box and each edge, and writes numbers."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from tinygrad_sigmoid.drawing.boxes import Diagram
from tinygrad_sigmoid.drawing.dot import drawing
from tinygrad_sigmoid.reading.writer import number_text


def picture(drawn: Diagram, *, down: bool = False) -> tuple[Element, dict[str, Element]]:
    """The SVG of these boxes and edges, with room for other numbers, and its parts by their id.

    It has no namespace, and no titles, which browsers would show as tooltips. In it stand the frames, then the edges,
    then the boxes, in the order of the diagram. With `down` it runs from top to bottom.
    """
    root = fromstring(drawing(drawn, room=True, down=down).pipe("svg", quiet=True, encoding="utf-8"))
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    [graph] = root
    parts = {g.get("id", ""): g for g in graph}
    ids = [*[edge.id for edge in drawn.edges], *[box.id for box in drawn.boxes]]
    place = {id: i for i, id in enumerate(ids)}
    graph[:] = sorted([g for g in graph if g.tag == "g"], key=lambda g: place.get(g.get("id", ""), -1))
    for g in graph:
        g.remove(g[0])
    for edge in drawn.edges:
        [(value, operand), *_] = edge.uses
        label = parts[edge.id].find("text")
        if label is not None and not edge.joined:
            label.text = f"∂ {number_text(value.local_derivatives[operand])}"
    return root, parts
