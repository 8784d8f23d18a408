"""A graph as DOT, the text that Graphviz makes pictures of: boxes for its values, an edge for each use of one.

A picture is read from left to right: leaves, operations, output. The edges carry the local derivatives, so a backward
pass can be followed with a finger: the gradient of a box is the sum, over all edges that leave it, of *the gradient
where the edge ends · the number on the edge*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from tinygrad_sigmoid.drawing.boxes import Box, Place, boxes, in_common, require_drawable
from tinygrad_sigmoid.drawing.render import Drawing
from tinygrad_sigmoid.graph import computed, topological_order, uses
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import applied, number_text, printable
from tinygrad_sigmoid.value import Value, require_fresh, require_value

LONGEST_HEADING = 24  # characters; a longer formula gives way to its operation's symbol
CROWDED = 6  # collapsed neurons; above, straight edges join their layers
QUICK = 100  # boxes; above, Graphviz takes straight edges and a limited time to find the best order

# Helvetica is a font whose widths every build of Graphviz knows. The fills are pale enough for dark letters; what has
# no fill, edges and their numbers, is of a grey that can be read on white and on black.
_INK, _GREY = '"#1c2330"', '"#7c8594"'
_GRAPH = f"bgcolor=transparent rankdir=LR nodesep=0.2 fontname=Helvetica fontsize=11 fontcolor={_GREY}"
_NODE = f'fontname=Helvetica fontsize=12 fontcolor={_INK} margin="0.14,0.07" height=0.3 penwidth=1.3'
_EDGE = f"fontname=Helvetica fontsize=10 fontcolor={_GREY} color={_GREY} arrowsize=0.7"
_CLUSTER = f'style="rounded,filled" color={_GREY} fillcolor="#7c859418"'
_TOGETHER = "penwidth=0.7 arrowsize=0.5"

# What a box stands for shows in its shape as well as in its colour.
_LEAF = 'shape=box style=filled color="#b07d12" fillcolor="#fdf1d0"'
_CONSTANT = f'shape=plaintext fontsize=11 fontcolor={_GREY} margin="0.04,0.02" width=0.2 height=0.2'
_OPERATION = 'shape=box style="rounded,filled" color="#3b6fb5" fillcolor="#e2edfa"'
_OUTPUT = 'shape=box style="rounded,filled" peripheries=2 color="#2c8650" fillcolor="#dcf3e3"'
_COLLAPSED = 'shape=box3d style=filled color="#7a5bb0" fillcolor="#ece5f7"'
_MARKED = 'penwidth=4 color="#c0392b"'

# What is marked, with a remark: a value, or an edge, which is a value and one of its inputs.
Marks = Mapping[Value | tuple[Value, Value], str]


def draw(
    *outputs: Value,
    collapse: str | Iterable[str] | None = None,
    expand: str | Iterable[str] = (),
    marks: Marks = MappingProxyType({}),
) -> Drawing:
    """A picture of how values were computed, with their gradients: shows itself in a notebook, or `.render()` it.

    >>> from tinygrad_sigmoid import Value, draw
    >>> a = Value(3, "a")
    >>> print(draw(a * a).source)  # doctest: +ELLIPSIS
    digraph {
        ...
        n0 [label="a\\ndata 3\\ngrad ·" shape=box ...]
        n1 [label="a·a\\ndata 9\\ngrad ·" shape=box ...]
        n0 -> n1 [label="∂ 3"]
        n0 -> n1 [label="∂ 3"]
    }

    One box for each value, one edge for each use of a value, with the local derivative on it. Numbers have four
    significant digits; `·` is what has not been computed. Values whose labels have dots (`layer1.neuron3.w2`) stand
    in a frame with that name. In a graph of more than 60 values each such place is one box, with the number and the
    gradient of its output: the innermost places if that makes the picture small enough, else the outermost.

    Args:
        outputs: What is drawn, with all that it was computed from.
        collapse: Places that become one box each, instead of the automatic choice: a name or a list of names, with
            `*` for any characters: `"layer1"`, `"*.neuron*"`. An empty list collapses nothing.
        expand: Places that are drawn open in any case, in the same form.
        marks: What is drawn thick and red, each with a remark: values, and edges as pairs (value, one of its inputs).

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        ValueError: There are more boxes or edges than anyone could read, or no place has a name that was given.
    """
    for output in outputs:
        require_value(output, "draw")
    if not outputs:
        raise TypeError("draw needs something to draw: pass a value")
    box_of = boxes(*outputs, collapse=collapse, expand=expand)
    require_drawable(box_of)
    for output in outputs:
        require_fresh(computed(output))
    return Drawing(format="svg", body=[f"\t{line}\n" for line in _lines(box_of, frozenset(outputs), marks)])


def _lines(box_of: Mapping[Value, Box], outputs: Collection[Value], marks: Marks) -> Iterator[str]:
    names = {box: f"n{number}" for number, box in enumerate(dict.fromkeys(box_of.values()))}
    shown_outside = _shown_outside(box_of, outputs)
    placed = Names(topological_order(*outputs)).placed
    nodes = {
        box: f"{name} [{_node(box, outputs, shown_outside.get(box, []), marks, placed)}]" for box, name in names.items()
    }
    layout, edges = _layout(names, {(box_of[used], box) for value, box in box_of.items() for used in value.inputs})
    yield f"graph [{_GRAPH} {layout}]"
    yield f"node [{_NODE}]"
    yield f"edge [{_EDGE}{edges}]"
    yield from _clusters(nodes)
    for box in names:
        yield from _edges(box, box_of, names, marks)


def _layout(drawn: Collection[Box], joined: Collection[tuple[Box, Box]]) -> tuple[str, str]:
    """How Graphviz is to place the boxes and lead the edges: what to add to the graph's attributes and the edges'."""
    # Edges that meet in one box come from as far above and below as there are boxes: the more, the longer they need be.
    most_at_a_box = max(Counter(box for pair in joined for box in {*pair}).values(), default=0)
    ranksep = f"ranksep={min(0.25 + 0.05 * most_at_a_box, 2.5):.2g}"
    from_side_to_side = " tailport=e headport=w"
    if len(drawn) > QUICK:
        effort = f"{(QUICK / len(drawn)) ** 2:.1g}"  # left to itself, Graphviz can take minutes
        return f"{ranksep} splines=line nslimit={effort} nslimit1={effort} mclimit={effort}", from_side_to_side
    collapsed = sum(box.collapsed is not None for box in drawn)
    if collapsed > CROWDED and all(box.collapsed is not None or not box.place for box in drawn):
        # Where all neurons are joined to all, no order has fewer crossings than the one they were written in.
        return f"{ranksep} splines=line mclimit=0.01", from_side_to_side
    # Without frames, in which Graphviz forgets it, the operands of a box can be kept in their order from top to bottom.
    return ranksep + " ordering=in" * (not any(box.place for box in drawn)), ""


# -- Boxes -------------------------------------------------------------------------------------------------------------


def _node(
    box: Box, outputs: Collection[Value], shown_outside: list[Value], marks: Marks, placed: Mapping[Value, str]
) -> str:
    lines, role = _described(box, outputs, shown_outside, placed)
    remarks = [marks[value] for value in box.values if value in marks]
    return f"{_label(*lines, *remarks)} {role}" + f" {_MARKED}" * bool(remarks)


def _described(
    box: Box, outputs: Collection[Value], shown_outside: list[Value], placed: Mapping[Value, str]
) -> tuple[list[str], str]:
    """The lines of text in a box, and the look of what it stands for."""
    value = box.values[0]
    if box.collapsed is not None:
        return [printable(box.collapsed), *_contents(box, shown_outside)], _COLLAPSED
    if value.constant:
        return [number_text(value.data) if len(box.values) == 1 else f"{len(box.values)} numbers"], _CONSTANT
    if not value.inputs:
        return [_name(value) or placed.get(value, ""), *_numbers(value)], _LEAF
    return [_heading(value, box.place, placed), *_numbers(value)], _OUTPUT if value in outputs else _OPERATION


def _contents(box: Box, shown_outside: list[Value]) -> list[str]:
    """What a collapsed place tells about itself: its output's numbers, or how many outputs and leaves it has."""
    if len(shown_outside) == 1:
        return _numbers(shown_outside[0])
    leaves = sum(not value.inputs for value in box.values)
    return [f"{len(shown_outside):,} outputs", f"{leaves:,} {'leaf' if leaves == 1 else 'leaves'}"]


def _shown_outside(box_of: Mapping[Value, Box], outputs: Collection[Value]) -> dict[Box, list[Value]]:
    """The values of each box that are used in other boxes, or are outputs."""
    shown: dict[Box, list[Value]] = {}
    for value, users in uses(sorted(box_of, key=lambda value: value.index)).items():
        box = box_of[value]
        if value in outputs or any(box_of[user] is not box for user in users):
            shown.setdefault(box, []).append(value)
    return shown


def _heading(value: Value, place: Place, placed: Mapping[Value, str]) -> str:
    """`z = … + b`: the value's name, and its operation on those inputs that have a name; on none, the bare symbol.

    A value whose formula is too long to be its name is called by its place, `v7`, here and wherever steps are told.
    """
    operation: Any = value.operation
    operands = [_operand(used, place, placed) for used in value.inputs]
    computed = applied(operation, operands)
    if len(computed) > LONGEST_HEADING or set(operands) == {"…"}:
        computed = operation.notation.symbol
    name = _name(value) or placed.get(value, "")
    return f"{name} = {computed}" if name else computed


def _operand(value: Value, place: Place, placed: Mapping[Value, str]) -> str:
    """What an operand is called where it is used: by its name, and by its place as far as that is another."""
    if value.constant:
        return number_text(value.data)
    named = value.label.split(".")
    return ".".join(named[len(in_common([place, tuple(named[:-1])])) :]) or placed.get(value, "…")


def _name(value: Value) -> str:
    return printable(value.label.rpartition(".")[2])


def _numbers(value: Value) -> list[str]:
    return [f"data {number_text(value.data)}", f"grad {'·' if value.grad is None else number_text(value.grad)}"]


def _label(*lines: str) -> str:
    # Graphviz reads backslashes and entities such as &lt; in a label; doubled, they come out as they were written.
    escaped = [line.replace("\\", r"\\").replace('"', r"\"").replace("&", "&amp;") for line in lines if line]
    return 'label="' + r"\n".join(escaped) + '"'


# -- Clusters ----------------------------------------------------------------------------------------------------------


def _clusters(nodes: Mapping[Box, str]) -> Iterator[str]:
    """The boxes, inside a frame for each place that has boxes of its own.

    A place that has none, as `layer1` when all its neurons are open, gets no frame: Graphviz leads no edge through a
    frame, so every input of a layer would have to go around it. Its name goes to the frames inside: `layer1.neuron3`.
    """
    framed: dict[Place, list[str]] = {(): []}
    for box, node in nodes.items():
        framed.setdefault(box.place, []).append(node)
    inside: dict[Place, list[Place]] = {place: [] for place in framed}
    for framed_place in framed:
        if framed_place:
            inside[_frame_around(framed_place, framed)].append(framed_place)

    numbers = {place: number for number, place in enumerate(framed)}
    pending: list[Place | None] = [()]
    while pending:
        place = pending.pop()
        if place is None:
            yield "}"
            continue
        if place:
            title = ".".join(place[len(_frame_around(place, framed)) :])
            yield f"subgraph cluster{numbers[place]} {{"
            yield f"graph [{_label(printable(title))} {_CLUSTER}]"
            pending.append(None)
        yield from framed[place]
        pending += reversed(inside[place])


def _frame_around(place: Place, framed: Collection[Place]) -> Place:
    return next(place[:depth] for depth in range(len(place) - 1, -1, -1) if place[:depth] in framed)


# -- Edges -------------------------------------------------------------------------------------------------------------


def _edges(box: Box, box_of: Mapping[Value, Box], names: Mapping[Box, str], marks: Marks) -> Iterator[str]:
    """The edges that end at a box: one for each operand, or one for all that come from or go to a collapsed place."""
    together: dict[Box, set[Value]] = {}
    remarks: dict[Box, list[str]] = {}
    for value in box.values:
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            start, remark = box_of[used], [marks[value, used]] if (value, used) in marks else []
            if box.collapsed is None and start.collapsed is None:
                yield f"{names[start]} -> {names[box]} [{_attributes(used, local, remark)}{_length(start, box)}]"
            elif start is not box:
                together.setdefault(start, set()).add(used)
                remarks.setdefault(start, []).extend(remark)
    for start, used_values in together.items():
        many = [f"{len(used_values):,} values"] if start.collapsed is not None and len(used_values) > 1 else []
        label = f" {_label(*many, *remarks[start])}" if many or remarks[start] else ""
        look = _MARKED if remarks[start] else _TOGETHER
        yield f"{names[start]} -> {names[box]} [{look}{label}]"


def _attributes(used: Value, local: float, remark: list[str]) -> str:
    # A plain number has no gradient, so nothing passes back along its edge.
    if used.constant:
        return "arrowhead=none"
    return _label(f"∂ {number_text(local)}", *remark) + f" {_MARKED}" * bool(remark)


def _length(start: Box, end: Box) -> str:
    """Two columns into a frame from outside: one is for the leaves that stand in it."""
    return " minlen=2" if start.place[: len(end.place)] != end.place else ""
