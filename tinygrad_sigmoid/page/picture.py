"""The picture of a page: Graphviz's own SVG. Its ids and classes are what the page's script and styles go by."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring, tostring

from tinygrad_sigmoid.drawing.boxes import Diagram
from tinygrad_sigmoid.drawing.dot import drawing
from tinygrad_sigmoid.reading.writer import number_text

_SVG = "{http://www.w3.org/2000/svg}"


def picture(drawn: Diagram) -> str:
    """The picture as SVG that can stand in HTML: the frames, then the edges, then the boxes in topological order."""
    root = fromstring(drawing(drawn, room=True).pipe("svg", quiet=True, encoding="utf-8"))
    [graph] = root
    parts = {g.get("id"): g for g in graph}
    frames = [g for g in graph if g.get("class") == "cluster"]
    graph[:] = [*frames, *[parts[edge.id] for edge in drawn.edges], *[parts[box.id] for box in drawn.boxes]]
    for edge in drawn.edges:
        [(value, operand), *_] = edge.uses
        for text in parts[edge.id].findall(f"{_SVG}text"):
            if not edge.joined:
                text.text = f"∂ {number_text(value.local_derivatives[operand])}"
    for g in graph:
        g.remove(g[0])  # its title, which browsers would show as a tooltip
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
    _, _, width, height = root.get("viewBox", "").split()
    root.attrib |= {"class": "graph", "role": "group", "aria-label": "The computation graph"}
    root.attrib |= {"width": width, "height": height}
    return tostring(root, encoding="unicode")
