"""A drawing in Mermaid has the boxes and edges of the one in DOT, with the same texts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from tinygrad_sigmoid import Network, Value, draw, sigmoid, squared_error
from tinygrad_sigmoid.drawing import Drawing
from tinygrad_sigmoid.testing.strategies import graphs, networks

NEURON = """\
flowchart LR
    n0["w<br>data −0.6<br>grad 0.3558"]:::leaf
    n1["2"]:::constant
    n2("2·w<br>data −1.2<br>grad 0.1779"):::computed
    n3(["σ<br>data 0.2315<br>grad 1"]):::output
    n1 --- n2
    n0 -->|"∂ 2"| n2
    n2 -->|"∂ 0.1779"| n3
    classDef leaf fill:#fdf1d0,stroke:#b07d12,color:#1c2330
    classDef constant fill:none,stroke:none,color:#7c8594
    classDef computed fill:#e2edfa,stroke:#3b6fb5,color:#1c2330
    classDef output fill:#dcf3e3,stroke:#2c8650,color:#1c2330
"""


def text_of(quoted: str) -> str:
    decoded = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), quoted)
    return decoded.replace("\u200c", "").replace("<br>", "\n")


def in_mermaid(drawing: Drawing) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], list[str]]:
    """The boxes with their texts, the edges with theirs, and the titles of the frames."""
    boxes, edges, frames = [], [], []
    for line in drawing.mermaid.splitlines()[1:]:
        if box := re.fullmatch(r' +(n\d+)[(\[]+"([^"]*)"[)\]]+:::\w+', line):
            boxes.append((box[1], text_of(box[2])))
        elif edge := re.fullmatch(r' +(n\d+) (?:-->|---|==>|===)(?:\|"([^"]*)"\|)? (n[\d]+)', line):
            edges.append((edge[1], edge[3], text_of(edge[2] or "")))
        elif frame := re.fullmatch(r' +subgraph cluster\d+\["([^"]*)"\]', line):
            frames.append(text_of(frame[1]))
        else:
            assert re.fullmatch(r" +(end|classDef \w+ [\w:,#]+|style \w+ [\w:,#]+)", line), line
    return boxes, edges, frames


def in_dot(drawing: Drawing) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]], list[str]]:
    def text(label: str) -> str:
        lines = re.sub(r"\\([n\\\"])", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), label)
        return lines.replace("&amp;", "&")

    label = r'label="((?:[^"\\]|\\.)*)"'
    boxes = re.findall(rf"^\t(n\d+) \[{label} class", drawing.source, re.MULTILINE)
    edges = re.findall(rf'^\t(n\d+) -> (n\d+) \[id="[^"]*"(?: {label})?', drawing.source, re.MULTILINE)
    frames = re.findall(rf"^\tgraph \[{label} style", drawing.source, re.MULTILINE)
    return (
        [(id, text(words)) for id, words in boxes],
        [(a, b, text(words)) for a, b, words in edges],
        [*map(text, frames)],
    )


def test_a_neuron_reads_like_its_formula() -> None:
    output = sigmoid(2 * Value(-0.6, "w"))
    output.backward()
    assert draw(output).mermaid == NEURON


@pytest.mark.slow
@given(graphs())
def test_any_graph_has_the_boxes_and_edges_of_its_dot(output: Value) -> None:
    drawing = draw(output)
    assert in_mermaid(drawing) == in_dot(drawing)
    assert draw(output).mermaid == drawing.mermaid


@pytest.mark.slow
@given(networks())
def test_places_are_frames_or_boxes(loss: Value) -> None:
    for drawing in (draw(loss, collapse=[]), draw(loss, collapse="layer*")):
        assert in_mermaid(drawing) == in_dot(drawing)
        assert drawing.mermaid.count("\n    end\n") == len(in_mermaid(drawing)[2])


def test_what_is_marked_is_thick() -> None:
    [output] = Network([2, 1], seed=1)([0.5, 0.8])
    loss = squared_error(output, 1)
    text = draw(loss, marks={loss: "here", (loss, output): "wrong"}).mermaid
    assert re.search(r'<br>here"\]\):::output\n    style n9 stroke:#c0392b,stroke-width:4px\n', text)
    assert re.search(r'n\d ==>\|"∂ −?[\d.]+<br>wrong"\| n9\n', text)
    assert text.count("classDef output") == 1


def test_a_label_is_text_and_no_more() -> None:
    label = '"]; click n0 "javascript:alert(1)" %% <img src=x> `x` **b** 1. end'
    [(_, text)], _, _ = in_mermaid(draw(Value(1, label.replace(".", ""))))
    assert text == f"{label.replace('.', '')[:39]}…\ndata 1\ngrad ·"
