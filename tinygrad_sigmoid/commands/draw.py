"""Draws the graph of a formula, with the numbers and gradients of one forward and one backward pass."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tinygrad_sigmoid.commands import add_formula, file_name, graph_of
from tinygrad_sigmoid.files import printable_name, write_whole

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

EXAMPLES = """examples:
  tinygrad-sigmoid draw "sigmoid(w*x + b)" w=0.6 x=1 b=0.9 -o graph.svg
  tinygrad-sigmoid draw "a*a + 3*a" a=2            # the drawing's text, for Graphviz, to the terminal
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=file_name,
        metavar="FILE",
        help="graph.svg for a picture, graph.gv or graph.dot for the drawing's text, graph.pdf, graph.png, … where "
        "Graphviz is installed; left out, the text is printed",
    )


def run(arguments: argparse.Namespace) -> int:
    from tinygrad_sigmoid.drawing import draw

    output = graph_of(arguments)
    output.backward()
    drawing = draw(output)
    if arguments.output is None:
        # Graphviz reads UTF-8, whatever the terminal shows.
        sys.stdout.flush()
        sys.stdout.buffer.write(drawing.source.encode())
        return 0
    save(drawing, arguments.output)
    return 0


def save(drawing: Drawing, name: str) -> None:
    """Writes the drawing in the format that the file's name ends in, and prints that name.

    Raises:
        RenderError: It can't be drawn, or not in time; then its text is in a file beside.
        ValueError: The name stands for no picture.
    """
    from tinygrad_sigmoid.drawing import RenderError, RenderLimit

    target = Path(name)
    suffix = target.suffix.lower()
    try:
        write_whole(target, drawing.source if suffix in (".gv", ".dot") else drawing.pipe(_format(suffix)))
    except RenderLimit as error:
        text = target.with_suffix(".gv")
        if text.exists():
            raise RenderError(f"{error}; {text} is left as it was") from None
        write_whole(text, drawing.source)
        raise RenderError(f"{error}; here it is in {text}") from None
    print(printable_name(name))


def _format(suffix: str) -> str:
    from graphviz import FORMATS  # type: ignore[import-untyped]

    if suffix[1:] not in FORMATS:
        raise ValueError(f"a file name ending in {suffix!r} stands for no picture: end it in .svg, .gv, .pdf or .png")
    return suffix[1:]
