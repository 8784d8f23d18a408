"""Which boxes a picture of a graph has: one for each value, or one for all the values of a place.

A label with dots says where a value belongs: `layer1.neuron3.w2` stands in the place `layer1.neuron3`, which stands in
`layer1`. A small graph is drawn value by value. In a larger one a place becomes a single box, innermost places first:
the neurons, and if those are too many, the layers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import takewhile

from tinygrad_sigmoid.graph import topological_order, uses
from tinygrad_sigmoid.value import Value

READABLE = 60  # boxes: about what a page holds
MOST_BOXES = 1_500
MOST_EDGES = 6_000

Place = tuple[str, ...]


@dataclass(eq=False, slots=True)
class Box:
    """One box of a picture.

    Attributes:
        values: The value; or those of a collapsed place; or plain numbers that go to the same collapsed places.
        place: Where the box stands: `("layer1",)` for the collapsed neuron `layer1.neuron3`.
        collapsed: The name of the collapsed place, `"neuron3"`; `None` for a box that is none.
    """

    values: list[Value]
    place: Place
    collapsed: str | None = None


def boxes(
    *outputs: Value, collapse: str | Iterable[str] | None = None, expand: str | Iterable[str] = ()
) -> dict[Value, Box]:
    """For each value of a graph, its box; the boxes come in the topological order of the last values in them.

    Arguments and errors as in `draw`.
    """
    order = topological_order(*outputs)
    users = uses(order)
    places = _places(order, users)
    within = list(dict.fromkeys(outer for place in places.values() for outer in _outermost_first(place)))

    opened = {outer for place in _matching(expand, within) for outer in _outermost_first(place)}
    if collapse is not None:
        return _boxes(order, users, places, set(_matching(collapse, within)) - opened)

    box_of = _boxes(order, users, places, set())
    if len(order) > READABLE:
        for depth in sorted({len(place) for place in within}, reverse=True):
            box_of = _boxes(order, users, places, {place for place in within if len(place) == depth} - opened)
            if len(set(box_of.values())) <= READABLE:
                break
    return box_of


def require_drawable(box_of: Mapping[Value, Box]) -> None:
    """Raises `ValueError` if there are too many boxes or edges for a picture that anyone could read."""
    drawn = set(box_of.values())
    edges, together = 0, set()
    for value, box in box_of.items():
        for used in value.inputs:
            start = box_of[used]
            if start.collapsed is None and box.collapsed is None:
                edges += 1
            elif start is not box:
                together.add((start, box))
    for count, things, most in ((len(drawn), "boxes", MOST_BOXES), (edges + len(together), "edges", MOST_EDGES)):
        if count > most:
            places = sorted({".".join(box.place[:1]) for box in drawn if box.place})
            example = places[0] if places else "layer1"
            label = "" if places else " after labelling its values with places, as in 'layer1.w'"
            raise ValueError(
                f"this picture would have {count:,} {things}, more than the {most:,} that can be told apart: draw "
                f"one of the values on the way, or collapse places, as in draw(output, collapse={example!r}){label}"
            )


def _places(order: Sequence[Value], users: Mapping[Value, Sequence[Value]]) -> dict[Value, Place]:
    """Where each value stands: where its label says, or if it has none, where everything stands that uses it."""
    places: dict[Value, Place] = {}
    for value in reversed(order):
        around = [places[user] for user in users[value]]
        if value.label or not around:
            places[value] = tuple(value.label.split(".")[:-1])
        elif value.constant and len(set(around)) > 1:  # what several neurons are shown comes from outside
            places[value] = ()
        else:
            places[value] = in_common(around)
    return places


def in_common(places: Sequence[Place]) -> Place:
    """The innermost place in which all these stand."""
    # Every place in between begins as the first and the last of them in alphabetical order both do.
    same = takewhile(lambda pair: pair[0] == pair[1], zip(min(places), max(places), strict=False))
    return tuple(part for part, _ in same)


def _outermost_first(place: Place) -> Iterable[Place]:
    return (place[:depth] for depth in range(1, len(place) + 1))


def _matching(patterns: str | Iterable[str], places: Sequence[Place]) -> list[Place]:
    names = {place: ".".join(place) for place in places}
    chosen: dict[Place, None] = {}
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        found = [place for place, name in names.items() if fnmatchcase(name, pattern)]
        if not found:
            known = ", ".join(list(names.values())[:8]) + ", …" * (len(names) > 8)
            there = f"there are {known}" if known else "no label in it has a dot, as 'layer1.w' has"
            raise ValueError(f"no place in this graph is called {pattern!r}: {there}")
        chosen.update(dict.fromkeys(found))
    return list(chosen)


def _boxes(
    order: Sequence[Value],
    users: Mapping[Value, Sequence[Value]],
    places: Mapping[Value, Place],
    closed: Collection[Place],
) -> dict[Value, Box]:
    box_of: dict[Value, Box] = {}
    collapsed: dict[Place, Box] = {}
    for value in order:
        place = places[value]
        # Plain numbers are what a neuron is shown, not what it is made of: they stay outside.
        outer = None if value.constant else next((p for p in _outermost_first(place) if p in closed), None)
        if outer is None:
            box_of[value] = Box([value], place)
        else:
            box_of[value] = collapsed.setdefault(outer, Box([], outer[:-1], outer[-1]))
            box_of[value].values.append(value)
    _gather_numbers(order, users, box_of)
    return {value: box_of[value] for value in sorted(order, key=lambda value: box_of[value].values[-1].index)}


def _gather_numbers(order: Sequence[Value], users: Mapping[Value, Sequence[Value]], box_of: dict[Value, Box]) -> None:
    """Puts plain numbers into one box if they all go to the same collapsed places."""
    gathered: dict[frozenset[Box], Box] = {}
    for value in order:
        if value.constant and all(box_of[user].collapsed is not None for user in users[value]):
            box = gathered.setdefault(frozenset(box_of[user] for user in users[value]), Box([], ()))
            box.values.append(value)
            box_of[value] = box
