"""Pictures: boxes and edges (`boxes`, `dot`, `render`, `animation`), or columns of neurons (`neurons`, `network`)."""

from __future__ import annotations

from contextlib import suppress

from tinygrad_sigmoid.drawing.animation import animate
from tinygrad_sigmoid.drawing.boxes import READABLE
from tinygrad_sigmoid.drawing.dot import draw
from tinygrad_sigmoid.drawing.network import Picture
from tinygrad_sigmoid.drawing.render import Drawing, RenderError, RenderLimit
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.value import Value

__all__ = ["Drawing", "Picture", "RenderError", "RenderLimit", "animate", "draw", "notebook_display", "notebook_png"]


def notebook_display(value: Value) -> dict[str, str]:
    """What a notebook shows for a value: its text and its picture, or why there is none."""
    text = repr(value)
    try:
        return {"text/plain": text, "image/svg+xml": _picture(value)}
    except Exception as reason:  # whatever it is: nobody who looks at a number should be stopped by its picture
        return {"text/plain": f"{text}\n(no picture: {reason})"}


def notebook_png(value: Value) -> bytes | None:
    """The picture of a small graph for JupyterLab, which shows no SVG until it trusts the notebook."""
    with suppress(Exception):  # the text says why there is no picture
        if len(topological_order(value)) <= READABLE:
            return draw(value)._repr_png_()
    return None


def _picture(value: Value) -> str:
    """Its graph as boxes; a large one as columns of neurons, if it has any."""
    if len(topological_order(value)) > READABLE:
        with suppress(ValueError):  # it is no network
            return draw(value, show="weights")._repr_svg_()
    return draw(value)._repr_mimebundle_()["image/svg+xml"]
