"""What a picture of a graph is made of: a box for each value, or one for all the values of a place, and the edges.

A label with dots says where a value belongs: `layer1.neuron3.w2` stands in the place `layer1.neuron3`, which stands in
`layer1`. A small graph is drawn value by value. In a larger one a place becomes a single box, innermost places first:
the neurons, and if those are too many, the layers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import takewhile
from typing import NamedTuple

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.checks import listed
from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.quoting import printable, shown
from tinygrad_sigmoid.value import Value

READABLE = 60  # boxes: about what a page holds
MOST_BOXES = 1_500
MOST_EDGES = 6_000
DEEPEST = 16  # places, one in the other; what a label has more of stands in the last of them

Place = tuple[str, ...]


@dataclass(eq=False, slots=True)
class Box:
    """One box of a picture: a value, all values of a collapsed place, or plain numbers that go to the same of these."""

    values: list[Value]
    place: Place  # where it stands: ("layer1",) for the collapsed neuron layer1.neuron3
    collapsed: str | None = None  # the name of the collapsed place, "neuron3"
    id: str = ""  # in DOT and in SVG: n5 if its last value has the index 5 in the topological order
    shown_outside: set[Value] = field(default_factory=set)  # its values that other boxes use, and outputs
    copy_of: Box | None = None  # a copy stands beside a use that is far away, with nothing but the name


@dataclass(eq=False, slots=True)
class Edge:
    """One edge of a picture: one use of a value, or all uses of one box in another if either is collapsed."""

    id: str  # e5.1 for the second operand of value 5; e3-17 for all that leads from the box n3 to the box n17
    start: Box
    end: Box
    uses: list[tuple[Value, int]] = field(default_factory=list)  # the values computed, and which of their operands

    @property
    def joined(self) -> bool:
        """Whether the edge stands for all uses of one box in another."""
        return self.start.collapsed is not None or self.end.collapsed is not None


class Diagram(NamedTuple):
    """A picture's boxes, in the topological order of the last values in them, and its edges, box by box."""

    outputs: tuple[Value, ...]
    boxes: list[Box]
    edges: list[Edge]


def diagram(*outputs: Value, collapse: str | Iterable[str] | None = None, expand: str | Iterable[str] = ()) -> Diagram:
    """The boxes and edges of a graph; arguments and errors as in `draw`."""
    order = topological_order(*outputs)
    index = {value: i for i, value in enumerate(order)}
    box_of = _boxes(order, collapse, expand)
    boxes = sorted(dict.fromkeys(box_of.values()), key=lambda box: index[box.values[-1]])
    for box in boxes:
        box.id = f"n{index[box.values[-1]]}"
    edges: dict[str, Edge] = {}
    for box in boxes:
        for value in box.values:
            for operand, used in enumerate(value.inputs):
                start = box_of[used]
                if start is not box:
                    edge = Edge(f"e{index[value]}.{operand}", start, box)
                    if edge.joined:
                        edge.id = f"e{start.id[1:]}-{box.id[1:]}"
                    edges.setdefault(edge.id, edge).uses.append((value, operand))
                    start.shown_outside.add(used)
    for output in outputs:
        box_of[output].shown_outside.add(output)
    _require_readable(boxes, len(edges))
    return Diagram(outputs, boxes, list(edges.values()))


def _require_readable(boxes: Sequence[Box], edges: int) -> None:
    for count, things, most in ((len(boxes), "boxes", MOST_BOXES), (edges, "edges", MOST_EDGES)):
        if count > most:
            raise ValueError(
                f"this picture would have {count:,} {things}, more than the {most:,} that can be told apart: draw one "
                f"of the values on the way, or collapse places: collapse='layer1' for values labelled as 'layer1.w'"
            )


# -- Places ------------------------------------------------------------------------------------------------------------


def in_common(places: Sequence[Place]) -> Place:
    """The innermost place in which all these stand."""
    # Every place in between begins as the first and the last of them in alphabetical order both do.
    same = takewhile(lambda pair: pair[0] == pair[1], zip(min(places), max(places), strict=False))
    return tuple(part for part, _ in same)


def outermost_first(place: Place) -> list[Place]:
    """A place after all those that it stands in: `layer1`, then `layer1.neuron3`."""
    return [place[:depth] for depth in range(1, len(place) + 1)]


def _places(order: Sequence[Value], users: Mapping[Value, Sequence[Value]]) -> dict[Value, Place]:
    """Where each value stands: where its label says, or if it has none, where everything stands that uses it."""
    places: dict[Value, Place] = {}
    for value in reversed(order):
        around = [places[user] for user in users[value]]
        if value.label or not around:
            places[value] = tuple(value.label.split(".")[:-1][:DEEPEST])
        elif value.constant and len(set(around)) > 1:  # what several neurons are shown comes from outside
            places[value] = ()
        else:
            places[value] = in_common(around)
    return places


def _matching(patterns: str | Iterable[str], places: Iterable[Place]) -> set[Place]:
    names = {place: ".".join(place) for place in places}
    chosen: set[Place] = set()
    cure = "write it as in draw(output, collapse='layer1')"
    for pattern in checks.entries(listed(patterns), "places", "a name or a list of names", cure, kind=str, least=0):
        found = [place for place, name in names.items() if fnmatchcase(name, pattern)]
        if not found:
            near = ", ".join(get_close_matches(pattern, names.values()) or list(names.values())[:8])
            places_are = f"labels with a dot, as 'layer1.w', name places, here {printable(near, 200) or 'none'}"
            raise ValueError(f"no place in this graph is called {shown(pattern)}: {places_are}")
        chosen.update(found)
    return chosen


# -- Boxes -------------------------------------------------------------------------------------------------------------


def _boxes(
    order: Sequence[Value], collapse: str | Iterable[str] | None, expand: str | Iterable[str]
) -> dict[Value, Box]:
    """For each value its box: places are collapsed as the arguments say, or until the picture is small enough."""
    users = uses(order)
    place_of = _places(order, users)
    places = dict.fromkeys(outer for place in place_of.values() for outer in outermost_first(place))
    choices: Iterable[set[Place]]
    opened = {outer for place in _matching(expand, places) for outer in outermost_first(place)}
    if collapse is not None:
        chosen = _matching(collapse, places)
        choices = [{place for place in places if chosen.intersection(outermost_first(place))}]
    else:
        # None, then the innermost, with what stands inside: where one neuron is opened, the others stay closed.
        depths = sorted({len(place) for place in places}, reverse=True)
        choices = ({place for place in places if len(place) >= depth} for depth in [math.inf, *depths])
    box_of: dict[Value, Box] = {}
    for closed in choices:
        box_of = _collapsed(order, place_of, closed - opened)
        _gather_numbers(order, users, box_of)
        if len(set(box_of.values())) <= READABLE:
            break
    return box_of


def _collapsed(order: Sequence[Value], place_of: Mapping[Value, Place], closed: Collection[Place]) -> dict[Value, Box]:
    box_of: dict[Value, Box] = {}
    collapsed: dict[Place, Box] = {}
    for value in order:
        place = place_of[value]
        # Plain numbers are what a neuron is shown, not what it is made of: they stay outside.
        outer = None if value.constant else next((p for p in outermost_first(place) if p in closed), None)
        if outer is None:
            box_of[value] = Box([value], place)
        else:
            box_of[value] = collapsed.setdefault(outer, Box([], outer[:-1], outer[-1]))
            box_of[value].values.append(value)
    return box_of


def _gather_numbers(order: Sequence[Value], users: Mapping[Value, Sequence[Value]], box_of: dict[Value, Box]) -> None:
    """Puts plain numbers into one box if they all go to the same collapsed places."""
    gathered: dict[frozenset[Box], Box] = {}
    for value in order:
        if value.constant and all(box_of[user].collapsed is not None for user in users[value]):
            box = gathered.setdefault(frozenset(box_of[user] for user in users[value]), Box([], ()))
            box.values.append(value)
            box_of[value] = box
