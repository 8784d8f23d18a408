"""The same boxes and edges in Mermaid, the language of diagrams that GitHub shows where Markdown has a block of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tinygrad_sigmoid.drawing.looks import FILLED, GREY, INK, MARKED, RED
from tinygrad_sigmoid.quoting import in_mermaid

_SHAPES = {"computed": '("{}")', "output": '(["{}"])', "closed": '[["{}"]]'}  # any other is a rectangle


def flowchart(parts: Iterable[str], kinds: Iterable[str]) -> str:
    """The whole text: its parts, in the order in which they are to stand, and the looks of all of its boxes."""
    return "\n    ".join(["flowchart LR", *parts, *map(_class, dict.fromkeys(kinds))]) + "\n"


def node(id: str, lines: Sequence[str], kind: str, marked: bool) -> str:
    """A box with these lines."""
    shape = _SHAPES.get(kind, '["{}"]').format(_label(lines))
    own = f"\n    style {id} stroke:{RED[0]},stroke-width:4px" if marked else ""
    return f"{id}{shape}:::{kind}{own}"


def edge(start: str, end: str, lines: Sequence[str], look: str) -> str:
    """An edge with these lines beside it: thick if its look in DOT is, and without an arrow if that has none."""
    line = "==" if MARKED in look else "--"
    arrow = line + (line[0] if "arrowhead=none" in look else ">")
    label = f'|"{_label(lines)}"|' if lines else ""
    return f"{start} {arrow}{label} {end}"


def frame(id: str, title: str) -> str:
    """What opens a frame; `end` closes it."""
    return f'subgraph {id}["{_label([title])}"]\n    style {id} fill:{GREY}18,stroke:{GREY},color:{GREY}'


def _label(lines: Iterable[str]) -> str:
    return "<br>".join([in_mermaid(line) for line in lines if line])


def _class(kind: str) -> str:
    """How all boxes of a kind look: dark letters on its fill, or without one, grey ones."""
    if kind in FILLED:
        _, (fill, _), (stroke, _) = FILLED[kind]
        return f"classDef {kind} fill:{fill},stroke:{stroke},color:{INK[0]}"
    return f"classDef {kind} fill:none,stroke:{GREY if kind == 'copy' else 'none'},color:{GREY}"
