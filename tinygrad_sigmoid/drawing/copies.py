"""Long edges cut short: where a box is used far away, a small copy with its name stands beside the use.

Graphviz places a point in every column that an edge passes through. A weight that each of 400 neurons in a row uses
would take minutes, and its edges could not be told apart. Electrical circuits are drawn with such copies too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from tinygrad_sigmoid.drawing.boxes import READABLE, Box, Diagram, Edge

FAR = 3  # columns; an edge that passes through more of them is long
MOST_PASSED = 300  # columns, by all edges together, before any is cut: a sum of 25 terms that are one leaf


def with_copies(drawn: Diagram) -> Diagram:
    """The same picture in which each edge that is too long, or led around a frame, starts at a copy of its box."""
    cut = _around_frames(drawn) + _too_long(drawn)
    copies: dict[Box, dict[Box, Box]] = defaultdict(dict)  # where the edges end, and of what
    for start, end in dict.fromkeys((edge.start, edge.end) for edge in cut):
        copies[end][start] = replace(start, place=end.place, id=f"{start.id}_{end.id[1:]}", copy_of=start)
    edges = [replace(edge, start=copies[edge.end].get(edge.start, edge.start)) for edge in drawn.edges]
    boxes = [part for box in drawn.boxes for part in (*copies[box].values(), box)]
    first = {copy.copy_of: copy for copy in reversed(boxes)}
    # Any copy of a plain number is as good as the number itself.
    unused = {edge.start for edge in cut if _is_number(edge.start)} - {edge.start for edge in edges}
    for number in unused:
        first[number].id = number.id
    return Diagram(drawn.outputs, [box for box in boxes if box not in unused], edges)


def _is_number(box: Box) -> bool:
    return box.values[0].constant  # what is collapsed has no plain numbers in it


def _around_frames(drawn: Diagram) -> list[Edge]:
    """The edges that lead plain numbers into frames from outside, around all that stands further left in there."""
    if len(drawn.boxes) > READABLE:
        return []
    outside = [edge for edge in drawn.edges if edge.start.place != edge.end.place and edge.end.collapsed is None]
    return [edge for edge in outside if _is_number(edge.start) and edge.start.values[0] not in drawn.outputs]


def _too_long(drawn: Diagram) -> list[Edge]:
    passed = _columns_passed(drawn)
    return [edge for edge, columns in passed.items() if columns > FAR] if sum(passed.values()) > MOST_PASSED else []


def _columns_passed(drawn: Diagram) -> dict[Edge, int]:
    """How many columns each edge passes through, if a box stands next to its inputs, and a leaf next to a use."""
    column = dict.fromkeys(drawn.boxes, 0)
    for edge in drawn.edges:  # box by box, so what a box is computed from has its column already
        column[edge.end] = max(column[edge.end], column[edge.start] + 1)
    first_use: dict[Box, int] = {}
    for edge in drawn.edges:
        first_use[edge.start] = min(column[edge.end], first_use.get(edge.start, column[edge.end]))
    beside = {box: (column[box] or use - 1) for box, use in first_use.items()}
    return {edge: max(0, column[edge.end] - beside[edge.start] - 1) for edge in drawn.edges}
