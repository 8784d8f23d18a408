"""Pictures of graphs: a graph as boxes and edges (`boxes`, `dot`), and those as SVG (`render`)."""

from __future__ import annotations

from tinygrad_sigmoid.drawing.dot import draw
from tinygrad_sigmoid.drawing.render import Drawing, RenderError, RenderLimit
from tinygrad_sigmoid.value import Value

__all__ = ["Drawing", "RenderError", "RenderLimit", "draw", "notebook_display"]


def notebook_display(value: Value) -> dict[str, str]:
    """What a notebook shows for a value: its text and its picture, or why there is none."""
    text = repr(value)
    try:
        return {"text/plain": text, "image/svg+xml": draw(value).pipe("svg", quiet=True, encoding="utf-8")}
    except Exception as reason:  # whatever it is: nobody who looks at a number should be stopped by its picture
        return {"text/plain": f"{text}\n(no picture: {reason})"}
