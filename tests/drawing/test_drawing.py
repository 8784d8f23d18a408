"""Drawings as text: what stands in the DOT of a graph, and that it is the same whenever and wherever it is written."""

from __future__ import annotations

import copy
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from typing import NamedTuple

import pytest
from hypothesis import given

from tinygrad_sigmoid import Network, Neuron, Operation, StaleGraph, Value, dot, draw, sigmoid, squared_error
from tinygrad_sigmoid.drawing.boxes import DEEPEST
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.notation import Notation
from tinygrad_sigmoid.testing.strategies import graphs

NEURON = """\
digraph {
	graph [bgcolor=transparent rankdir=LR nodesep=0.2 fontname=Helvetica fontsize=11 fontcolor="#7c8594" \
ranksep=0.4 ordering=in]
	node [id="\\N" fontname=Helvetica fontsize=12 fontcolor="#1c2330" margin="0.14,0.07" height=0.3 penwidth=1.3]
	edge [fontname=Helvetica fontsize=10 fontcolor="#7c8594" color="#7c8594" arrowsize=0.7]
	n0 [label="w\\ndata −0.6\\ngrad 0.2445" class=leaf shape=box style=filled color="#b07d12" fillcolor="#fdf1d0"]
	n1 [label="x\\ndata 1\\ngrad −0.1467" class=leaf shape=box style=filled color="#b07d12" fillcolor="#fdf1d0"]
	n2 [label="b\\ndata 0.9\\ngrad 0.2445" class=leaf shape=box style=filled color="#b07d12" fillcolor="#fdf1d0"]
	n3 [label="w·x\\ndata −0.6\\ngrad 0.2445" class=computed shape=box style="rounded,filled" \
color="#3b6fb5" fillcolor="#e2edfa"]
	n4 [label="… + b\\ndata 0.3\\ngrad 0.2445" class=computed shape=box style="rounded,filled" \
color="#3b6fb5" fillcolor="#e2edfa"]
	n5 [label="σ\\ndata 0.5744\\ngrad 1" class=output shape=box style="rounded,filled" peripheries=2 color="#2c8650" \
fillcolor="#dcf3e3"]
	n0 -> n3 [id="e3.0" label="∂ 1"]
	n1 -> n3 [id="e3.1" label="∂ −0.6"]
	n3 -> n4 [id="e4.0" label="∂ 1"]
	n2 -> n4 [id="e4.1" label="∂ 1"]
	n4 -> n5 [id="e5.0" label="∂ 0.2445"]
}
"""


class Read(NamedTuple):
    """What stands in a DOT text, read by means of its own."""

    boxes: dict[str, list[str]]  # the lines in each; n0_5 is a copy of n0 beside n5
    edges: list[tuple[str, str, str]]  # from, to, attributes
    frames: list[str]
    ids: list[str]  # of the edges

    def joined(self) -> list[tuple[str, str]]:
        """The edges by what stands first in the boxes at their ends."""
        return [(self.boxes[start][0], self.boxes[end][0]) for start, end, _ in self.edges]


def read(source: str) -> Read:
    boxes, edges, frames, ids = {}, [], [], []
    for line in source.splitlines():
        if edge := re.fullmatch(r'\t(n[\d_]+) -> (n\d+) \[id="([^"]*)" (.*)\]', line):
            edges.append((edge[1], edge[2], edge[4]))
            ids.append(edge[3])
        elif box := re.fullmatch(r'\t(n[\d_]+) \[label="(.*?)(?<!\\)" class=.*\]', line):
            boxes[box[1]] = box[2].split(r"\n")
        elif frame := re.match(r'\tgraph \[label="(.*?)" style', line):
            frames.append(frame[1])
    in_order = sorted(boxes, key=lambda name: [int(number) for number in name[1:].split("_")])
    return Read({name: boxes[name] for name in in_order}, edges, frames, ids)


def neuron() -> Value:
    w, x, b = Value(-0.6, "w"), Value(1, "x"), Value(0.9, "b")
    output = sigmoid(w * x + b)
    output.backward()
    return output


def network_loss() -> Value:
    [output] = Network([2, 3, 1], seed=1)([0.5, 0.8])
    loss: Value = squared_error(output, 1)
    loss.backward()
    return loss


# -- The text ----------------------------------------------------------------------------------------------------------


def test_a_neuron_reads_like_its_formula() -> None:
    assert draw(neuron()).source == NEURON


def test_a_value_that_is_used_twice_has_two_edges() -> None:
    a = Value(3, "a")
    assert read(draw(a * a).source).edges == [("n0", "n1", 'label="∂ 3"')] * 2


@pytest.mark.slow
@given(graphs())
def test_there_is_one_box_for_each_value_and_one_edge_for_each_operand(output: Value) -> None:
    order = topological_order(output)
    picture = read(draw(output).source)
    names = {value: f"n{place}" for place, value in enumerate(order)}
    assert list(picture.boxes) == list(names.values())
    assert Counter((start, end) for start, end, _ in picture.edges) == Counter(
        (names[used], names[value]) for value in order for used in value.inputs
    )
    assert all(int(start[1:]) < int(end[1:]) for start, end, _ in picture.edges)
    operands = [(names[value], operand) for value in order for operand in range(len(value.inputs))]
    assert picture.ids == [f"e{name[1:]}.{operand}" for name, operand in operands]


@pytest.mark.slow
@given(graphs())
def test_a_copy_and_a_pickle_of_a_graph_have_the_same_drawing(output: Value) -> None:
    source = draw(output).source
    assert draw(output).source == source
    assert draw(copy.deepcopy(output)).source == source
    assert draw(pickle.loads(pickle.dumps(output))).source == source


@pytest.mark.slow
def test_the_same_program_draws_the_same_bytes_in_every_process() -> None:
    program = (
        "from tinygrad_sigmoid import *; import sys\n"
        "outputs = Network([4, 9, 3], seed=1)([0.1, 0.2, 0.3, 0.4])\n"
        "loss = squared_error(outputs, [0, 1, 0]); loss.backward()\n"
        "texts = [draw(loss), draw(loss, collapse=[]), draw(*outputs, collapse='layer*', expand='*.neuron2')]\n"
        "sys.stdout.buffer.write(''.join(text.source for text in texts).encode())\n"
    )
    texts = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("0", "1", "2")
    ]
    assert len(texts[0]) > 10_000
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-0.6, "−0.6"),
        (123456.0, "1.235e5"),
        (-1e-7, "−1e−7"),
        (0.00012346, "0.0001235"),
        (2 / 3, "0.6667"),
    ],
)
def test_numbers_have_four_significant_digits_and_a_true_minus_sign(number: float, shown: str) -> None:
    assert read(draw(Value(number, "a")).source).boxes["n0"] == ["a", f"data {shown}", "grad ·"]


def test_what_has_not_been_computed_is_a_dot_and_a_computed_zero_is_0() -> None:
    x = Value(2, "x")
    unseen = x - x
    assert [lines[2] for lines in read(draw(unseen).source).boxes.values()] == ["grad ·", "grad ·"]
    unseen.backward()
    assert [lines[2] for lines in read(draw(unseen).source).boxes.values()] == ["grad 0", "grad 1"]


def test_roles_differ_in_shape_and_not_only_in_colour() -> None:
    x = Value(2, "x")
    source = re.sub(r'(fill|font)?color="[^"]*"', "", draw(sigmoid(3 * x)).source)
    nodes = re.findall(r'\tn\d+ \[label=".*?" (.*)\]', source)
    leaf, constant, operation, output = (" ".join(node.split()) for node in nodes)
    assert "plaintext" in constant
    assert len({leaf, constant, operation, output}) == 4


def test_a_plain_number_is_drawn_as_just_that() -> None:
    picture = read(draw(2 * Value(3, "x")).source)
    assert picture.boxes == {"n0": ["x", "data 3", "grad ·"], "n1": ["2"], "n2": ["2·x", "data 6", "grad ·"]}
    assert picture.edges == [("n1", "n2", "arrowhead=none"), ("n0", "n2", 'label="∂ 2"')]


@pytest.mark.parametrize(
    ("record", "heading"),
    [
        (lambda x, y: x - 2, "x − 2"),
        (lambda x, y: sigmoid(x), "σ(x)"),
        (lambda x, y: sigmoid(x + y), "σ"),
        (lambda x, y: (x + y) * (x - y), "·"),
        (lambda x, y: y * sigmoid(x), "y·…"),
        (lambda x, y: sigmoid(sum([x, y] * 8, 0)) * y, "v17·y"),
        (lambda x, y: dot([x, y] * 3, [x] * 6), "v2 = dot"),
        (lambda x, y: Value(2) * x, "v1·x"),
    ],
)
def test_a_heading_is_the_operation_on_what_has_a_name(record: object, heading: str) -> None:
    output = record(Value(2, "x"), Value(3, "y"))  # type: ignore[operator]
    output.label = ""
    shown = list(read(draw(output).source).boxes.values())[-1][0]
    assert shown == heading


def test_the_heading_of_a_labelled_value_begins_with_its_name() -> None:
    z = Value(1, "x") * 2
    z.label = "z"
    assert list(read(draw(z).source).boxes.values())[-1][0] == "z = x·2"


def test_an_operation_of_ones_own_is_drawn_as_the_others_are() -> None:
    cube = Operation("cube", lambda x: x * x * x, lambda out, x: (3 * x * x,), notation=Notation("³√⁻¹"))
    picture = read(draw(cube(Value(2, "x"))).source)
    assert picture.boxes["n1"][0] == "³√⁻¹(x)"
    assert picture.edges == [("n0", "n1", 'label="∂ 12"')]


def test_several_outputs_share_one_picture() -> None:
    x = Value(2, "x")
    y, z = x + 1, x * 3
    source = draw(y, z).source
    assert len(read(source).boxes) == 5
    assert source.count("peripheries=2") == 2
    assert draw(z, y).source == source


# -- Places ------------------------------------------------------------------------------------------------------------


def test_the_values_of_a_place_stand_in_a_frame_with_its_name() -> None:
    source = draw(network_loss()).source
    assert read(source).frames == ["layer1.neuron1", "layer1.neuron2", "layer1.neuron3", "layer2.neuron1"]
    inside = re.findall(r'\tgraph \[label="(layer2.*?)".*\n((?:.*\n)*?)\t}', source)[0][1]
    headings = [lines[0] for lines in read(inside).boxes.values()]
    # The sum of products has no label: it stands where it is used, and reads like the text.
    assert sorted(headings) == sorted(["w1", "w2", "w3", "b", "w·layer1.a", "z = … + b", "a = σ(z)"])


def test_a_plain_number_that_several_neurons_are_shown_stands_in_the_frame_of_each() -> None:
    source = draw(network_loss()).source
    frames = re.findall(r'\tgraph \[label="layer1.*\n((?:.*\n)*?)\t}', source)
    assert [(frame.count('label="0.5"'), frame.count('label="0.8"')) for frame in frames] == [(1, 1)] * 3
    assert (source.count('label="0.5"'), source.count('label="0.8"')) == (3, 3)


def test_a_leaf_that_several_neurons_are_shown_stands_outside_of_them() -> None:
    x = Value(0.5, "x")
    source = draw(*Network([1, 2], seed=1)([x])).source
    assert "x" in [lines[0] for lines in read(source[: source.index("subgraph")]).boxes.values()]
    assert "class=copy" not in source


def test_an_operand_from_another_place_is_named_with_its_place() -> None:
    headings = [lines[0] for lines in read(draw(squared_error(network_loss().inputs[0], 1)).source).boxes.values()]
    assert not any("w1·a" in heading for heading in headings)


def test_a_place_can_be_collapsed_to_one_box_with_the_numbers_of_its_output() -> None:
    loss = network_loss()
    picture = read(draw(loss, collapse="*.neuron*").source)
    a = next(value for value in topological_order(loss) if value.label == "layer2.neuron1.a")
    assert [lines[0] for lines in picture.boxes.values()][:5] == [
        "2 numbers",
        *(f"neuron{i}" for i in (1, 2, 3)),
        "neuron1",
    ]
    name = f"n{topological_order(loss).index(a)}"
    assert picture.boxes[name] == ["neuron1", f"data {a.data:.4g}", f"grad {a.grad:.4g}".replace("-", "−")]
    assert picture.joined()[:6] == [
        *[("2 numbers", f"neuron{i}") for i in (1, 2, 3)],
        *[(f"neuron{i}", "neuron1") for i in (1, 2, 3)],
    ]
    assert picture.ids[:6] == [f"e{start[1:]}-{end[1:]}" for start, end, _ in picture.edges[:6]]
    assert picture.frames == ["layer1", "layer2"]


def test_a_collapsed_layer_tells_how_much_is_in_it() -> None:
    picture = read(draw(network_loss(), collapse=["layer1", "layer2"]).source)
    assert list(picture.boxes.values())[1] == ["layer1", "3 outputs", "9 leaves"]
    assert picture.joined()[1] == ("layer1", "layer2")
    assert 'label="3 values"' in picture.edges[1][2]
    assert picture.frames == []


def test_a_place_can_be_kept_open_when_the_others_are_collapsed() -> None:
    picture = read(draw(network_loss(), collapse="layer*", expand="layer1.neuron2").source)
    assert picture.frames == ["layer1", "neuron2"]
    names = [lines[0] for lines in picture.boxes.values()]
    assert "layer2" in names
    assert names.count("w1") == 1
    assert {"neuron1", "neuron3"} <= set(names)


def test_a_large_network_is_collapsed_to_neurons_and_a_larger_one_to_layers() -> None:
    [output] = Network([4, 10, 1], seed=1)([0.1] * 4)
    names = [lines[0] for lines in read(draw(output).source).boxes.values()]
    assert names == ["4 numbers", *(f"neuron{i}" for i in range(1, 11)), "neuron1"]

    outputs = Network([64, 50, 10], seed=1)([0.1] * 64)
    picture = read(draw(*outputs).source)
    assert [lines[0] for lines in picture.boxes.values()] == ["64 numbers", "layer1", "layer2"]
    assert list(picture.boxes.values())[2] == ["layer2", "10 outputs", "510 leaves"]

    assert len(read(draw(output, collapse=[]).source).boxes) == len(topological_order(output))
    opened = read(draw(output, expand="layer2.neuron1").source)
    assert {"w1", "w10", "z = … + b"} <= {lines[0] for lines in opened.boxes.values()}
    assert len(opened.boxes) == 1 + 10 + 10 + 4


def test_one_neuron_of_a_large_network_is_opened_and_its_neighbours_stay_closed() -> None:
    loss = squared_error(Network([64, 30, 10], seed=1)([0.1] * 64), [0] * 10)
    for options in ({}, {"collapse": "layer*"}, {"collapse": ["layer1", "layer2"]}):
        picture = read(draw(loss, expand=["layer2.neuron1"], **options).source)
        names = [lines[0] for lines in picture.boxes.values()]
        assert [name for name in names if name.startswith(("layer", "neuron"))] == [
            "layer1",
            *[f"neuron{i}" for i in range(2, 11)],
        ]
        assert [name for name in names if name.startswith("w")] == [f"w{i}" for i in range(1, 31)] + ["w·layer1.a"]
    both = read(draw(loss, expand=["layer2.neuron1", "layer2.neuron3"]).source)
    assert [lines[0] for lines in both.boxes.values()].count("w30") == 2


def test_a_neuron_that_is_used_twice_is_one_collapsed_box_even_if_it_feeds_itself() -> None:
    recurrent = Neuron([0.5], 0.1)
    recurrent.label_values("layer1.neuron1.")
    picture = read(draw(recurrent([recurrent([1.0])]) * 2, collapse="layer1").source)
    heading = "layer1.neuron1.a·2"
    assert [lines[0] for lines in picture.boxes.values()] == ["1", "layer1", "2", heading]
    assert sorted(picture.joined()) == [("1", "layer1"), ("2", heading), ("layer1", heading)]


# -- Long edges --------------------------------------------------------------------------------------------------------


def sum_of(count: int, x: Value) -> Value:
    total = x
    for _ in range(count - 1):
        total = total + x
    return total


def test_a_use_that_is_far_away_begins_at_a_copy_with_the_name() -> None:
    picture = read(draw(sum_of(50, Value(1, "x"))).source)
    starts = [start for (start, end, _), id in zip(picture.edges, picture.ids, strict=True) if not id.endswith(".0")]
    copies = [start for start in starts if start != "n0"]
    assert starts == ["n0"] * 4 + [f"n0_{k}" for k in range(5, 50)]
    assert all(picture.boxes[copy] == ["x"] for copy in copies)
    assert picture.boxes["n0"] == ["x", f"{len(copies)} further uses", "data 1", "grad ·"]
    assert len(picture.boxes) == 50 + len(copies)


def test_a_picture_without_many_long_edges_has_no_copies() -> None:
    assert "class=copy" not in draw(sum_of(25, Value(1, "x"))).source


def test_a_copy_stands_in_the_frame_of_its_use_and_says_which_box_it_is_of() -> None:
    w, value = Value(1, "shared.w"), Value(2, "x")
    for k in range(30):
        value = value * w
        value.label = f"step{k}.v"
    source = draw(value, collapse=[]).source
    [inside] = re.findall(r'\tgraph \[label="step20".*\n((?:.*\n)*?)\t}', source)
    assert [lines[0] for lines in read(inside).boxes.values()] == ["shared.w", "v = step19.v·shared.w"]


def test_what_is_computed_and_what_is_collapsed_has_copies_too() -> None:
    [closed] = Network([1, 1], seed=1)([0.5])
    early, late = Value(1, "x") * Value(2, "y"), Value(3, "z")
    for _ in range(40):
        late = late * early + closed
    picture = read(draw(late, collapse="layer1.*").source)
    assert ["x·y", "38 further uses", "data 2", "grad ·"] in picture.boxes.values()
    assert [lines[:2] for lines in picture.boxes.values() if lines[0] == "neuron1"] == [["neuron1", "38 further uses"]]
    assert list(picture.boxes.values()).count(["x·y"]) == 38
    assert list(picture.boxes.values()).count(["layer1.neuron1"]) == 38


# -- Limits and mistakes -----------------------------------------------------------------------------------------------


def chain(length: int, place: str = "") -> Value:
    value = Value(1, f"{place}x")
    for _ in range(length - 1):
        value = -value
    value.label = f"{place}y"
    return value


@pytest.mark.slow
def test_1500_boxes_are_drawn_and_one_more_is_refused_with_the_cures() -> None:
    assert len(read(draw(chain(1500)).source).boxes) == 1500
    with pytest.raises(ValueError, match=r"1,501 boxes, more than the 1,500 .* draw one of the values .* collapse='l"):
        draw(chain(1501))


def test_too_many_edges_are_refused_too() -> None:
    outputs = Network([2, 100, 100], seed=1)([0, 1])
    with pytest.raises(ValueError, match=r"10,100 edges, more than the 6,000"):
        draw(*outputs, collapse="*.neuron*")


@pytest.mark.slow
def test_a_graph_of_any_depth_can_be_drawn_collapsed() -> None:
    picture = read(draw(chain(100_000, "deep.")).source)
    assert picture.boxes == {"n99999": ["deep", "data −1", "grad ·"]}


def test_a_label_of_any_number_of_dots_is_a_place() -> None:
    assert read(draw(Value(1, "." * 200_000)).source).boxes == {"n0": ["data 1", "grad ·"]}
    deep = [Value(1, "a." * depth + "w") for depth in range(0, 2000, 50)]
    assert read(draw(*deep).source).frames == [".".join("a" * DEEPEST)]


def test_what_many_outputs_have_in_common_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walks = []
    monkeypatch.setattr(
        "tinygrad_sigmoid.drawing.dot.computed", lambda *outputs: walks.append(outputs) or computed(*outputs)
    )
    outputs = topological_order(chain(20))
    draw(*outputs)
    assert walks == [tuple(outputs)]


def test_a_stale_graph_is_not_drawn() -> None:
    w = Value(2, "w")
    y = w * 3
    w.data = 5
    with pytest.raises(StaleGraph, match=r"call forward\(\)"):
        draw(y)
    y.forward()
    assert "data 15" in draw(y).source


def test_a_graph_that_can_no_longer_be_computed_is_stale_and_says_so() -> None:
    w = Value(2, "w")
    y = w.log()
    w.data = -2.0
    with pytest.raises(StaleGraph, match=r"'w'.* was changed after log"):
        draw(y)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([], {}, TypeError, "draw needs something to draw: pass a value"),
        ([3], {}, TypeError, "the output must be a Value, but got 3: "),
        ([[Value(1)]], {}, TypeError, "pass several values one by one"),
        ([[Neuron([1], 2)]], {}, TypeError, "call a neuron on its inputs first"),
        (
            [Value(1, "p.x")],
            {"collapse": "q"},
            ValueError,
            "no place in this graph is called 'q': labels with .* name places, here p$",
        ),
        ([network_loss()], {"expand": "layer1.neuro2"}, ValueError, "'layer1.neuro2': .*, here layer1.neuron2"),
        ([Value(1, "x")], {"expand": ["q"]}, ValueError, "called 'q': labels with a dot, as 'layer1.w', .* here none"),
    ],
)
def test_a_mistake_is_named_with_its_cure(
    arguments: list[object], options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        draw(*arguments, **options)  # type: ignore[arg-type]
