"""The same boxes and edges in Mermaid, the language of diagrams that GitHub shows where Markdown has a block of it.

What a box looks like is told by its attributes in DOT, so that it is said once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from tinygrad_sigmoid.quoting import in_mermaid

INK, GREY = "#1c2330", "#7c8594"  # of letters, and of what has to be read on white and on black
_SHAPES = {"computed": '("{}")', "output": '(["{}"])', "closed": '[["{}"]]'}  # any other is a rectangle


def flowchart(parts: Iterable[str], looks: Iterable[str]) -> str:
    """The whole text: its parts, in the order in which they are to stand, and the looks of all of its boxes."""
    return "\n    ".join(["flowchart LR", *parts, *dict.fromkeys(map(_class, looks))]) + "\n"


def node(id: str, lines: Sequence[str], look: str) -> str:
    """A box with these lines."""
    attributes = _attributes(look)
    shape = _SHAPES.get(attributes["class"], '["{}"]').format(_label(lines))
    own = f"\n    style {id} stroke:{attributes['color']},stroke-width:4px" if _is_marked(attributes) else ""
    return f"{id}{shape}:::{attributes['class']}{own}"


def edge(start: str, end: str, lines: Sequence[str], look: str) -> str:
    """An edge with these lines beside it: thick if its look is, and without an arrow if that has none."""
    attributes = _attributes(look)
    line = "==" if _is_marked(attributes) else "--"
    arrow = line + (line[0] if attributes.get("arrowhead") == "none" else ">")
    label = f'|"{_label(lines)}"|' if lines else ""
    return f"{start} {arrow}{label} {end}"


def frame(id: str, title: str) -> str:
    """What opens a frame; `end` closes it."""
    return f'subgraph {id}["{_label([title])}"]\n    style {id} fill:{GREY}18,stroke:{GREY},color:{GREY}'


def _label(lines: Iterable[str]) -> str:
    return "<br>".join([in_mermaid(line) for line in lines if line])


@cache  # of the few looks that there are
def _attributes(look: str) -> Mapping[str, str]:
    return {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', look)}


def _is_marked(attributes: Mapping[str, str]) -> bool:
    return attributes.get("penwidth") == "4"


def _class(look: str) -> str:
    """How all boxes of a class look: dark letters on its fill, or without one, letters and nothing else."""
    attributes = _attributes(look.partition(" penwidth=")[0])  # without what marks some of them
    fill, stroke = attributes.get("fillcolor", "none"), attributes.get("color", "none")
    return f"classDef {attributes['class']} fill:{fill},stroke:{stroke},color:{attributes.get('fontcolor', INK)}"
