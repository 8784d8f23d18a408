"""The animation shows the steps of both passes, each at its own time, and where nothing moves, all numbers."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest
from browser import Browser
from hypothesis import given, settings

from tinygrad_sigmoid import StaleGraph, Value, animate, draw, exp, sigmoid, squared_error, steps
from tinygrad_sigmoid.drawing.animation import ARRIVAL
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.testing.strategies import graphs

SVG = "{http://www.w3.org/2000/svg}"
ALWAYS = "0% { visibility: visible; }"
README_PICTURE = Path(__file__).parents[1] / ".docs" / "backward.svg"


class Shown(NamedTuple):
    """A text, and from which moment to which it is seen, in steps; `end` is None if it stays."""

    text: str
    start: float
    end: float | None


class Read:
    """What an animation says, read by means of its own."""

    def __init__(self, svg: str) -> None:
        self.root = ElementTree.fromstring(svg)
        css = self.root.findtext(f"{SVG}style", "")
        self.keyframes = dict(re.findall(r"@keyframes (shown\S+) \{ (.*) \}", css))
        step, whole = re.findall(r"([\d.]+)s", self.root.get("style", ""))
        self.length = round(float(whole) / float(step))

    def moments(self, element: ElementTree.Element) -> tuple[float, float | None]:
        name = element.get("style", "").removeprefix("animation-name:")
        frames = re.findall(r"([\d.e-]+)% \{ visibility: (\w+); \}", self.keyframes.get(name, ALWAYS))
        times = [(round(float(percent) / 100 * self.length, 3), seen) for percent, seen in frames]
        [start] = [time for time, seen in times if seen == "visible"]
        ends = [time for time, seen in times if seen == "hidden" and time]
        assert element.get("visibility") == ("hidden" if ends else None), "what goes is hidden where nothing moves"
        return start, ends[0] if ends else None

    def told(self) -> list[Shown]:
        [below] = [g for g in self.root.iter(f"{SVG}g") if g.get("class") == "told"]
        return [Shown("".join(t.text or "" for t in g), *self.moments(g)) for g in below]

    def numbers(self, box: str, word: str) -> list[Shown]:
        [group] = [g for g in self.root.iter(f"{SVG}g") if g.get("id") == box]
        texts = [t for t in group.findall(f"{SVG}text") if (t.text or "").startswith(word)]
        return sorted((Shown(t.text or "", *self.moments(t)) for t in texts), key=lambda shown: shown.start)

    def lit(self) -> Iterator[tuple[str, str, int]]:
        """The boxes and edges that are lit: the id, the pass, the step's number."""
        for part in self.root.iter(f"{SVG}g"):
            for lit in part.findall(f"{SVG}g"):
                if lit.get("class", "").startswith("lit"):
                    start, end = self.moments(lit)
                    assert end == start + 1
                    yield part.get("id", ""), lit.get("class", "").split()[1], round(start) + 1


def without_spaces(*texts: str) -> str:
    return "".join("".join(texts).split())


def neuron() -> Value:
    w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    z = w * x + b
    z.label = "z"
    a = sigmoid(z)
    a.label = "a"
    cost: Value = squared_error(a, 0)
    cost.label = "C"
    return cost


@pytest.mark.slow
@given(graphs())
@settings(max_examples=20)
def test_each_step_is_told_once_in_its_turn_with_its_own_text(output: Value) -> None:
    walked = steps(output)
    *told, last = Read(animate(output).svg).told()
    assert [(start, end) for _, start, end in told] == [(i, i + 1) for i in range(len(walked))]
    for shown, step in zip(told, walked, strict=True):
        assert without_spaces(shown.text).endswith(without_spaces(step.sentence, str(step)))
        assert without_spaces(shown.text).startswith(f"Step{step.number}of{len(walked)},")
    assert (last.start, last.end) == (len(walked), None)


@pytest.mark.slow
@given(graphs())
@settings(max_examples=20)
def test_what_a_step_is_about_is_lit_while_it_is_told(output: Value) -> None:
    order = topological_order(output)
    index = {value: i for i, value in enumerate(order)}
    expected, number = [], 0
    for value in [value for value in order if value.inputs]:
        number += 1
        parts = [f"n{index[value]}", *[f"e{index[value]}.{operand}" for operand in range(len(value.inputs))]]
        expected += [(part, "forward", number) for part in parts]
    for value in [value for value in reversed(order) if value.inputs]:
        for operand, used in enumerate(value.inputs):
            if not used.constant:
                number += 1
                parts = [f"n{index[value]}", f"n{index[used]}", f"e{index[value]}.{operand}"]
                expected += [(part, "backward", number) for part in parts]
    assert sorted(Read(animate(output).svg).lit()) == sorted(expected)


@pytest.mark.slow
@given(graphs())
@settings(max_examples=20)
def test_the_numbers_change_as_they_are_computed_and_contributions_are_added(output: Value) -> None:
    order = topological_order(output)
    read = Read(animate(output).svg)
    operations = [value for value in order if value.inputs]
    gradients: dict[Value, list[tuple[str, float]]] = {value: [("grad ·", 0.0)] for value in order}
    sums = {output: 1.0}
    gradients[output].append(("grad 1", len(operations)))
    arrival = len(operations) + ARRIVAL
    for value in reversed(operations):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            if not used.constant:
                contribution = sums[value] * local
                sums[used] = sums[used] + contribution if used in sums else contribution
                gradients[used].append((f"grad {number_text(sums[used])}", arrival))
                arrival += 1
    for i, value in enumerate(order):
        if value.constant:
            continue
        data = [(f"data {number_text(value.data)}", 0.0)]
        if value.inputs:
            data = [("data ·", 0.0), (data[0][0], operations.index(value) + ARRIVAL)]
        for word, expected in (("data", data), ("grad", gradients[value])):
            shown = read.numbers(f"n{i}", word)
            assert [text for text, *_ in shown] == [text for text, _ in expected]
            assert [start for _, start, _ in shown] == pytest.approx([start for _, start in expected], abs=1e-3)
            assert [end for *_, end in shown] == [*[start for _, start, _ in shown[1:]], None]


@pytest.mark.slow
@given(graphs())
@settings(max_examples=10)
def test_where_nothing_moves_it_is_the_drawing_after_both_passes(output: Value) -> None:
    svg = animate(output).svg
    output.zero_grad()
    output.backward()
    root = ElementTree.fromstring(svg)
    for element in list(root.iter()):
        for child in list(element):
            if child.get("visibility") == "hidden" or child.get("class") == "told":
                element.remove(child)
    words = sorted(text.text or "" for text in root.iter(f"{SVG}text"))
    picture = ElementTree.fromstring(draw(output, collapse=[]).pipe())
    assert words == sorted(text.text or "" for text in picture.iter(f"{SVG}text"))


@pytest.mark.slow
@given(graphs())
@settings(max_examples=10)
def test_the_same_graph_gives_the_same_bytes_and_is_not_changed(output: Value) -> None:
    before = [(v.data, v.grad, v.label, v.inputs, v.local_derivatives) for v in topological_order(output)]
    assert animate(output).svg == animate(output).svg == animate(copy.deepcopy(output)).svg
    assert [(v.data, v.grad, v.label, v.inputs, v.local_derivatives) for v in topological_order(output)] == before


@pytest.mark.parametrize("label", ["</text><script>alert(1)</script>", "]]>", "a&b", "'\"", "\0\u2028", "@keyframes x"])
def test_a_label_is_text_and_no_more(label: str) -> None:
    x = Value(2, label)
    output = x * x
    output.label = label
    root = ElementTree.fromstring(animate(output).svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        *("svg", "style", "rect", "g", "path", "polygon", "text")
    }
    assert "alert" not in root.findtext(f"{SVG}style", "")


def test_each_number_of_steps_has_keyframes_of_its_own() -> None:
    def of(steps: int) -> set[str]:
        value = Value(0.5, "x")
        for _ in range(steps // 2):
            value = sigmoid(value)
        return set(Read(animate(value).svg).keyframes)

    long, short = of(56), of(8)
    assert long.isdisjoint(short)
    assert len(long) > 56


def test_what_cannot_be_animated_is_refused(tmp_path: Path) -> None:
    x = Value(1, "x")
    with pytest.raises(ValueError, match=r"Value\(1.0, 'x'\) is a leaf, so there are no passes to animate: "):
        animate(x)
    output = x
    for _ in range(31):
        output = exp(-abs(output)) if output is x else sigmoid(output)
    with pytest.raises(
        ValueError, match=r"take 66 steps, more than the 60 that anyone would watch: .* explore\(output, path='"
    ):
        animate(output)
    with pytest.raises(ValueError, match=r"'a\.gif' doesn't say: end the name in \.svg"):
        animate(x * x, "a.gif")
    animate(x * x, tmp_path / "a.SVG")
    assert (tmp_path / "a.SVG").read_text(encoding="utf-8") == animate(x * x)._repr_svg_()
    product = x * x
    x.data = 2
    with pytest.raises(StaleGraph):
        animate(product)


@pytest.mark.slow
def test_the_readmes_picture_is_the_one_that_the_code_makes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # without dot, so that it is the same on every machine
    assert README_PICTURE.read_text(encoding="utf-8") == animate(neuron()).svg


# -- In a browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.close()


SEEN = """
const shown = (element) => getComputedStyle(element).visibility === "visible";
const middle = (element) => { const { x, width } = element.getBoundingClientRect(); return x + width / 2; };
return {
  told: [...document.querySelectorAll(".told text")].filter(shown).map((text) => text.textContent),
  arrows: [...document.querySelectorAll(".flow")].filter(shown).map(middle),
  numbers: [...document.querySelectorAll(".node > text")].filter(shown).map((text) => text.textContent),
  boxes: [...document.querySelectorAll(".node")].map((node) => middle(node.firstElementChild)),
  moving: document.getAnimations().length,
};
"""


def seen_at(browser: Browser, moment: float) -> dict[str, Any]:
    seek = "document.getAnimations().forEach((one) => { one.pause(); one.currentTime = 1000 * arguments[0]; })"
    browser.run(seek, moment)
    found: dict[str, Any] = browser.run(SEEN)
    return found


@pytest.mark.slow
def test_a_browser_plays_it(browser: Browser, tmp_path: Path) -> None:
    output = neuron()
    walked = steps(output)
    animate(output, tmp_path / "a.svg")
    browser.show_as()
    browser.open(tmp_path / "a.svg")
    whole = len(walked) + 3  # three steps of 1.5 seconds to look at all numbers
    for turn in (0, whole):
        for step in walked:
            seen = seen_at(browser, 1.5 * (turn + step.number - 0.5))
            assert seen["told"][1:] == [step.sentence, *str(step).split("\n")]
            assert len(seen["arrows"]) == (len(step.inputs) if step in walked.forward else 1)
    # The first gradient goes from the output, which is the last box, to a, on the left of it.
    way = [seen_at(browser, 1.5 * (4 + moment))["arrows"][0] for moment in (0.01, 0.3, 0.59)]
    boxes = seen_at(browser, 0)["boxes"]
    assert boxes[-1] > way[0] > way[1] > way[2] > boxes[-3]
    assert "grad 0.8176" not in seen_at(browser, 1.5 * 4.5)["numbers"]
    assert "grad 0.8176" in seen_at(browser, 1.5 * 4.7)["numbers"]
    assert browser.log() == []


@pytest.mark.slow
def test_a_browser_that_is_asked_for_no_motion_shows_all_numbers(browser: Browser, tmp_path: Path) -> None:
    animate(neuron(), tmp_path / "a.svg")
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    browser.open(tmp_path / "a.svg")
    seen = browser.run(SEEN)
    assert (seen["moving"], seen["arrows"]) == (0, [])
    assert seen["told"] == ["Both passes, all numbers", "4 steps forward, 6 back"]
    assert {"grad 0.07316", "data 0.3342", "grad 1"} <= set(seen["numbers"])
    assert not {"grad ·", "data ·"} & set(seen["numbers"])
