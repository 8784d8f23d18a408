"""A graph as DOT, the text that Graphviz makes pictures of: boxes for its values, an edge for each use of one.

A picture is read from left to right: leaves, operations, output. The edges carry the local derivatives, so a backward
pass can be followed with a finger: the gradient of a box is the sum, over all edges that leave it, of *the gradient
where the edge ends · the number on the edge*.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, overload

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.drawing import mermaid
from tinygrad_sigmoid.drawing.boxes import Box, Diagram, Edge, Place, diagram, in_common, outermost_first
from tinygrad_sigmoid.drawing.copies import with_copies
from tinygrad_sigmoid.drawing.looks import DOT, GREY, INK, MARKED
from tinygrad_sigmoid.drawing.network import Picture, Show, network_picture
from tinygrad_sigmoid.drawing.neurons import Trainable
from tinygrad_sigmoid.drawing.render import Drawing
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.quoting import in_dot, printable
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import LONGEST_LABEL, TEXT, Written, number_text
from tinygrad_sigmoid.value import Value, operation_of, require_fresh

LONGEST_HEADING = 24  # characters; a longer formula gives way to its operation's symbol
CROWDED = 6  # collapsed neurons; above, straight edges join their layers, where curved ones would loop
QUICK = 100  # boxes; above, Graphviz takes straight edges and a limited time to find the best order

# Helvetica is a font whose widths every build of Graphviz knows.
_GRAPH = f'nodesep=0.2 fontname=Helvetica fontsize=11 fontcolor="{GREY}"'
_NODE = rf'id="\N" fontname=Helvetica fontsize=12 fontcolor="{INK[0]}" margin="0.14,0.07" height=0.3 penwidth=1.3'
_EDGE = f'fontname=Helvetica fontsize=10 fontcolor="{GREY}" color="{GREY}" arrowsize=0.7'
_CLUSTER = f'style="rounded,filled" color="{GREY}" fillcolor="{GREY}18"'
_TOGETHER = "penwidth=0.7 arrowsize=0.5"

# Room for the numbers that a change may bring: the widest one on an edge, and the least width of a box, in inches.
_WIDEST = "∂ −0.00000"
_LEAST_WIDTH = 1.45

# What is marked, with a remark: a value, or an edge, which is a value and one of its inputs.
Marks = Mapping[Value | tuple[Value, Value], str]


@overload
def draw(
    *outputs: Value, collapse: str | Iterable[str] | None = None, expand: str | Iterable[str] = (), marks: Marks = ...
) -> Drawing: ...
@overload
def draw(network: Trainable, /, *, show: Show = "weights") -> Picture: ...
@overload
def draw(*outputs: Value, show: Show) -> Picture: ...
def draw(
    *outputs: Any,
    collapse: str | Iterable[str] | None = None,
    expand: str | Iterable[str] = (),
    marks: Marks = MappingProxyType({}),
    show: Show | None = None,
) -> Drawing | Picture:
    """A picture of how values were computed, with their gradients: shows itself in a notebook, or `.render()` it.

    >>> from tinygrad_sigmoid import Value, draw
    >>> a = Value(3, "a")
    >>> print(draw(a * a).source)  # doctest: +ELLIPSIS
    digraph {
        ...
        n0 [label="a\\ndata 3\\ngrad ·" class=leaf ...]
        n1 [label="a·a\\ndata 9\\ngrad ·" class=output ...]
        n0 -> n1 [id="e1.0" label="∂ 3"]
        n0 -> n1 [id="e1.1" label="∂ 3"]
    }

    One box for each value, one edge for each use of a value, with the local derivative on it. Numbers have four
    significant digits; `·` is what has not been computed. Values whose labels have dots (`layer1.neuron3.w2`) stand
    in a frame with that name. In a graph of more than 60 values each such place is one box, with the number and the
    gradient of its output: the innermost places if that makes the picture small enough, else the outermost. Where
    many edges would be long, those begin at a small dashed copy of their box, which has only its name.

    A network, or with `show` the neurons of any recorded graph, is drawn as columns of neurons instead, whose weights
    are lines: blue ones positive, orange and dashed ones negative. That `Picture` is SVG: `.save("network.svg")`.

    >>> from tinygrad_sigmoid import Network, squared_error
    >>> network = Network([2, 3, 1], seed=1)
    >>> draw(network).svg.count("</line>")  # one for each weight
    9
    >>> loss = squared_error(network([0.5, 0.8]), [1])
    >>> loss.backward()
    >>> picture = draw(loss, show="gradients")

    Args:
        outputs: What is drawn, with all that it was computed from; or one network, layer or neuron.
        collapse: Places that become one box each, instead of the automatic choice: a name or a list of names, with
            `*` for any characters: `"layer1"`, `"*.neuron*"`. An empty list collapses nothing.
        expand: Places that are drawn open in any case, in the same form; those inside of them stay as they are.
        marks: What is drawn thick and red, each with a remark: values, and edges as pairs (value, one of its inputs).
        show: What the lines and circles of a network stand for: `"weights"`, and what each neuron gives, or the
            `"gradients"` of both.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        ValueError: There are more boxes, edges or lines than anyone could read, no place has a name that was given, or
            with `show`, there are no neurons or no gradients.
    """
    if not outputs:
        raise TypeError("draw needs something to draw: pass a value, or a network")
    is_network = any(isinstance(output, Trainable) for output in outputs)
    if not is_network:
        for output in outputs:
            checks.value(output)
        require_fresh(computed(*outputs))
    if is_network or show is not None:
        if collapse is not None or expand or marks:
            raise TypeError("a picture of neurons has no boxes to collapse, expand or mark: leave those out, or `show`")
        return network_picture(*outputs, show=show or "weights")
    cure = "write it as in draw(output, marks={w: 'here'})"
    for marked, remark in checks.instance(marks, Mapping, "marks", "a dict of remarks", cure).items():
        for value in marked if isinstance(marked, tuple) else [marked]:
            checks.value(value, "what is marked")
        checks.instance(remark, str, "a remark", "a text", cure)
    return drawing(diagram(*outputs, collapse=collapse, expand=expand), marks)


def drawing(drawn: Diagram, marks: Marks = MappingProxyType({}), *, room: bool = False, down: bool = False) -> Drawing:
    """The picture of these boxes and edges, from left to right, or from top `down` to the bottom.

    With `room` it leaves room for other numbers: boxes have a least width, and edges are labelled with the widest
    number there is, for a page to write theirs over it.
    """
    names = Names(topological_order(*drawn.outputs))
    drawn = with_copies(drawn)
    copied = Counter(edge.start.copy_of for edge in drawn.edges)
    layout, edges = _layout(drawn)
    if down:
        edges = edges.replace("=e ", "=s ").replace("=w", "=n")
    nodes = {box: _node(box, drawn.outputs, marks, names, copied[box]) for box in drawn.boxes}
    texts = {edge: _edge(edge, marks, room) for edge in drawn.edges}
    lines = [
        f"graph [bgcolor=transparent rankdir={'TB' if down else 'LR'} {_GRAPH} {layout}]",
        f"node [{_NODE}{f' width={_LEAST_WIDTH}' * room}]",
        f"edge [{_EDGE}{edges}]",
        *_frames({box: _box(box.id, *told) for box, told in nodes.items()}, _cluster, "}"),
        *[_arrow(edge, *told) for edge, told in texts.items()],
    ]
    made = Drawing(format="svg", body=[f"\t{line}\n" for line in lines])
    parts = [
        *_frames({box: mermaid.node(box.id, *told) for box, told in nodes.items()}, mermaid.frame, "end"),
        *[mermaid.edge(edge.start.id, edge.end.id, *told) for edge, told in texts.items()],
    ]
    made.mermaid = mermaid.flowchart(parts, [kind for _, kind, _ in nodes.values()])
    return made


def _layout(drawn: Diagram) -> tuple[str, str]:
    """How Graphviz is to place the boxes and lead the edges: what to add to the graph's attributes and the edges'."""
    # Edges that meet in one box come from as far above and below as there are boxes: the more, the longer they need be.
    neighbours = {(edge.start, edge.end) for edge in drawn.edges}
    most_at_a_box = max(Counter(box for pair in neighbours for box in pair).values(), default=0)
    ranksep = f"ranksep={min(0.25 + 0.05 * most_at_a_box, 2.5):.2g}"
    from_side_to_side = " tailport=e headport=w"
    if len(drawn.boxes) > QUICK:
        effort = f"{(QUICK / len(drawn.boxes)) ** 2:.1g}"  # left to itself, Graphviz can take minutes
        return f"{ranksep} splines=line nslimit={effort} nslimit1={effort} mclimit={effort}", from_side_to_side
    if sum(box.collapsed is not None for box in drawn.boxes) > CROWDED:
        # Where all neurons are joined to all, no order has fewer crossings than the one they were written in.
        closed = all(box.collapsed is not None or not box.place for box in drawn.boxes)
        return f"{ranksep} splines=line{' mclimit=0.01' * closed}", from_side_to_side
    # Without frames, in which Graphviz forgets it, the operands of a box can be kept in their order from top to bottom.
    return ranksep + " ordering=in" * (not any(box.place for box in drawn.boxes)), ""


# -- Boxes -------------------------------------------------------------------------------------------------------------


def _box(id: str, lines: Sequence[str], kind: str, marked: bool) -> str:
    return f"{id} [{_label(*lines)} class={kind} {DOT[kind]}{f' {MARKED}' * marked}]"


def _node(
    box: Box, outputs: Collection[Value], marks: Marks, names: Names, elsewhere: int
) -> tuple[list[str], str, bool]:
    """The lines of text in a box, its kind, and whether it is marked; `elsewhere` of its uses begin at a copy of it."""
    if box.copy_of and not box.values[0].constant:
        return [_copied_name(box.copy_of, box.place, names)], "copy", False
    [heading, *lines], kind = _described(box, outputs, names.placed)
    if elsewhere and not box.values[0].constant:
        lines = [f"{elsewhere:,} further {'use' if elsewhere == 1 else 'uses'}", *lines]
    remarks = [marks[value] for value in box.values if value in marks]
    return [heading, *lines, *remarks], kind, bool(remarks)


def _copied_name(box: Box, place: Place, names: Names) -> str:
    if box.collapsed is not None:
        return printable(".".join([*box.place, box.collapsed]), LONGEST_LABEL)
    name = _operand(box.values[0], place, names.placed)
    return printable(names[box.values[0]] if name == "…" else name, LONGEST_LABEL)


def _described(box: Box, outputs: Collection[Value], names: Mapping[Value, str]) -> tuple[list[str], str]:
    """The lines of text in a box, and the kind of what it stands for."""
    value = box.values[0]
    if box.collapsed is not None:
        leaves = sum(not value.inputs for value in box.values)
        contents = [f"{len(box.shown_outside):,} outputs", f"{leaves:,} {'leaf' if leaves == 1 else 'leaves'}"]
        if len(box.shown_outside) == 1:
            contents = _numbers(*box.shown_outside)
        return [printable(box.collapsed, LONGEST_LABEL), *contents], "closed"
    if value.constant:
        return [number_text(value.data) if len(box.values) == 1 else f"{len(box.values)} numbers"], "constant"
    if not value.inputs:
        return [_name(value, names), *_numbers(value)], "leaf"
    return [_heading(value, box.place, names), *_numbers(value)], "output" if value in outputs else "computed"


def _heading(value: Value, place: Place, names: Mapping[Value, str]) -> str:
    """`z = … + b`: the value's name, and its operation on those inputs that have a name; on none, the bare symbol.

    A value whose formula is too long to be its name is called by its index, `v7`, here and wherever steps are told.
    """
    operation = operation_of(value)
    operands = [_operand(used, place, names) for used in value.inputs]
    written = TEXT.written(operation, [Written(name) if name == "…" else TEXT.name(name) for name in operands]).text
    if len(written) > LONGEST_HEADING or set(operands) == {"…"}:
        written = printable(operation.notation.symbol, LONGEST_LABEL)
    name = _name(value, names)
    return f"{name} = {written}" if name else written


def _operand(value: Value, place: Place, names: Mapping[Value, str]) -> str:
    """What an operand is called where it is used: by its name, and by its place as far as that is another."""
    if value.constant:
        return number_text(value.data)
    named = value.label.split(".")
    return ".".join(named[len(in_common([place, tuple(named[:-1])])) :]) or names.get(value, "…")


def _name(value: Value, names: Mapping[Value, str]) -> str:
    return printable(value.label.rpartition(".")[2], LONGEST_LABEL) or names.get(value, "")


def _numbers(value: Value) -> list[str]:
    return [f"data {number_text(value.data)}", f"grad {'·' if value.grad is None else number_text(value.grad)}"]


def _label(*lines: str) -> str:
    return 'label="' + r"\n".join([in_dot(line) for line in lines if line]) + '"'


# -- Frames ------------------------------------------------------------------------------------------------------------


def _cluster(id: str, title: str) -> str:
    return f"subgraph {id} {{\n\tgraph [{_label(title)} {_CLUSTER}]"


def _frames(nodes: Mapping[Box, str], opening: Callable[[str, str], str], closing: str) -> Iterator[str]:
    """The boxes, inside a frame for each place that has boxes of its own.

    A place that has none, as `layer1` when all its neurons are open, gets no frame: Graphviz leads no edge through a
    frame, so every input of a layer would have to go around it. Its name goes to the frames inside: `layer1.neuron3`.
    """
    framed: dict[Place, list[str]] = {(): []}
    for box, node in nodes.items():
        framed.setdefault(box.place, []).append(node)
    number = {place: i for i, place in enumerate(framed)}
    around = {place: [outer for outer in outermost_first(place) if outer in framed] for place in framed}
    opened: list[Place] = []
    # Each frame comes right after those that it stands in, and otherwise in the order of the boxes.
    for place in sorted(framed, key=lambda place: [number[outer] for outer in around[place]]):
        while opened and opened[-1] not in around[place]:
            opened.pop()
            yield closing
        if place:
            title = place[len(opened[-1]) if opened else 0 :]
            opened.append(place)
            yield opening(f"cluster{number[place]}", printable(".".join(title), LONGEST_LABEL))
        yield from framed[place]
    yield from [closing] * len(opened)


# -- Edges -------------------------------------------------------------------------------------------------------------


def _arrow(edge: Edge, lines: Sequence[str], look: str) -> str:
    attributes = [f'id="{edge.id}"', *[_label(*lines)] * bool(lines), *[look] * bool(look)]
    return f"{edge.start.id} -> {edge.end.id} [{' '.join(attributes)}]"


def _edge(edge: Edge, marks: Marks, room: bool) -> tuple[list[str], str]:
    """The lines beside an edge, its local derivative or how many values a joined one stands for, and its look."""
    pairs = [(value, value.inputs[operand]) for value, operand in edge.uses]
    remarks = [marks[pair] for pair in pairs if pair in marks]
    [(value, operand), *_] = edge.uses
    labels, look = [], ""
    if edge.joined:
        many = len({used for _, used in pairs})
        labels = [f"{many:,} values"] if many > 1 and edge.start.collapsed is not None else []
        look = _TOGETHER
    elif value.inputs[operand].constant:  # it has no gradient, so nothing passes back along its edge
        look = "arrowhead=none"
    else:
        labels = [_WIDEST if room else f"∂ {number_text(value.local_derivatives[operand])}"]
    # Two columns into a frame from outside: one is for the leaves that stand in it.
    into_a_frame = edge.start.place[: len(edge.end.place)] != edge.end.place and not edge.joined
    length = "minlen=2" if into_a_frame else ""
    return [*labels, *remarks], " ".join(filter(None, [look, MARKED if remarks else "", length]))
