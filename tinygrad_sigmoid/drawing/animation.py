"""`animate`: a picture that plays both passes by itself, as an SVG of CSS animations, without a script.

All that is seen at any moment stands in the picture from the beginning, each thing with the moments at which it comes
and goes. Where nothing moves, in print and for those who want no motion, what is left is the last moment: every number.
"""

from __future__ import annotations

import math
import os
import textwrap
from copy import deepcopy
from importlib import resources
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.drawing.boxes import diagram
from tinygrad_sigmoid.drawing.cell import STYLES
from tinygrad_sigmoid.drawing.looks import INK
from tinygrad_sigmoid.drawing.network import Picture
from tinygrad_sigmoid.drawing.picture import picture
from tinygrad_sigmoid.graph import computed
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.steps import BackwardStep, ForwardStep, Steps, counted
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value

MOST_STEPS = 60  # nobody watches more
SECONDS = 30  # for all steps; of a few, each takes no longer than this:
SECONDS_A_STEP = 1.5
PAUSE = 4  # seconds at least, with all numbers shown, before it begins again
ARRIVAL = 0.6  # of a step: a number travels along an edge until then, and what it adds to changes

ARROW = "M9 0 -5 6V-6Z"
LEAST_WIDTH, MARGIN = 420, 12
LINE, LETTER = 17, 7  # of what is said about a step, in points: how high a line is, and how wide most letters are


def animate(output: Value, path: str | os.PathLike[str] | None = None) -> Picture:
    """A picture that plays the steps of both passes: values flow forward, gradients flow back and add up.

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> animation = animate(sigmoid(Value(1.5, "z")))
    >>> animation.svg.startswith("<svg"), "σ(z) = σ(1.5) ≈ 0.8176" in animation.svg
    (True, True)

    It is one file, which a web page shows with `<img>`, and a README too; opened by itself it stands still under the
    pointer. Whoever wants no motion, and a printer, gets the last moment, with all numbers.

    Args:
        output: The graph; nothing on it changes.
        path: Where to write the picture, if anywhere.

    Raises:
        RenderError: No picture of the graph can be made.
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        ValueError: The output is a leaf: nothing was computed; or there are more than 60 steps; or `path` doesn't end
            in .svg.
    """
    checks.value(output)
    if not output.inputs:
        raise ValueError(f"{shown(output)} is a leaf, so there are no passes to animate: pass what is computed from it")
    count = sum(1 + sum(not used.constant for used in value.inputs) for value in computed(output))
    if count > MOST_STEPS:
        raise ValueError(
            f"both passes take {count:,} steps, more than the {MOST_STEPS} that anyone would watch: animate a value on "
            f"the way, or step through all of them with explore(output, path='page.html')"
        )
    made = Picture(_animated(Steps(output)))
    if path is not None:
        made.save(path)
    return made


def _animated(walked: Steps) -> str:
    root, parts = picture(diagram(walked.values[-1], collapse=()))
    film = _Film(len(walked))
    for step in walked:
        if isinstance(step, ForwardStep):
            concerned = [f"n{step.value}", *[f"e{step.value}.{operand}" for operand in range(len(step.inputs))]]
        else:
            concerned = [f"n{step.value}", f"n{step.input}", f"e{step.value}.{step.operand}"]
        for part in concerned:
            film.show(_lit(parts[part], step), step.number - 1, step.number)
    for index, value in enumerate(walked.values):
        if not value.constant:
            data, gradient = parts[f"n{index}"].findall("text")[-2:]
            film.change(parts[f"n{index}"], data, _data(walked, index))
            film.change(parts[f"n{index}"], gradient, _gradient(walked, index))
    _write_below(root, film, walked)
    root.attrib |= {"xmlns": "http://www.w3.org/2000/svg", "class": "passes", "role": "img"}
    root.set("aria-label", f"Both passes through {walked.names[-1]}, step by step")
    root.set("style", f"--step:{film.step:g}s;--all:{film.step * film.length:g}s")
    style = Element("style")
    styles = resources.files(__package__).joinpath("animation.css").read_text(encoding="utf-8")
    style.text = "\n".join([STYLES, styles, *film.keyframes.values()])
    root.insert(0, style)
    return tostring(root, encoding="unicode") + "\n"


# -- What changes ------------------------------------------------------------------------------------------------------

# A text, and from when on it is seen: a moment is a number of steps from the beginning.
Change = tuple[float, str]


def _data(walked: Steps, index: int) -> list[Change]:
    for step in walked.forward:
        if step.value == index:
            return [(0.0, "data ·"), (step.number - 1 + ARRIVAL, f"data {number_text(step.result)}")]
    return [(0.0, f"data {number_text(walked.values[index].data)}")]


def _gradient(walked: Steps, index: int) -> list[Change]:
    changes = [(0.0, "grad ·")]
    if index == len(walked.values) - 1:
        changes.append((len(walked.forward), "grad 1"))
    for step in walked.backward:
        if step.input == index:
            changes.append((step.number - 1 + ARRIVAL, f"grad {number_text(step.after)}"))
    return changes


def _pass(step: ForwardStep | BackwardStep) -> str:
    return "forward" if isinstance(step, ForwardStep) else "backward"


def _lit(part: Element, step: ForwardStep | BackwardStep) -> Element:
    """What a step colours, laid over it: the outline of a box, or an edge, with an arrow that flows along it."""
    lit = Element("g", {"class": f"lit {_pass(step)}"})
    if part.get("class") == "edge":
        lit.extend(deepcopy([drawn for drawn in part if drawn.tag != "g"]))
        [path] = lit.findall("path")
        SubElement(lit, "path", {"class": "flow", "d": ARROW, "style": f"offset-path:path('{path.get('d')}')"})
    else:
        lit.append(deepcopy(part[0]))
    part.append(lit)
    return lit


def _told(step: ForwardStep | BackwardStep, walked: Steps) -> list[str]:
    beginning = f", from {walked.beginning}" * (step.number == len(walked.forward) + 1)
    heading = f"Step {step.number} of {len(walked)}, {_pass(step)} pass{beginning}"
    return [heading, step.sentence, *str(step).split("\n")]


def _write_below(root: Element, film: _Film, walked: Steps) -> None:
    """Puts the picture on paper of its own, with lines below it that say what happens in each step."""
    counts = f"{counted(len(walked.forward), 'step')} forward, {len(walked.backward)} back"
    texts = [*[_told(step, walked) for step in walked], ["Both passes, all numbers", counts]]
    _, _, wide, high = map(float, root.get("viewBox", "").split())
    width = max(wide, LEAST_WIDTH)
    letters = int((width - 2 * MARGIN) / LETTER)
    wrapped = [[part for line in lines for part in textwrap.wrap(line, letters)] for lines in texts]
    height = high + LINE * max(map(len, wrapped)) + MARGIN
    left = (wide - width) / 2
    root.attrib |= {"viewBox": f"{left:g} 0 {width:g} {height:g}", "width": f"{width:g}pt", "height": f"{height:g}pt"}
    paper = {"class": "paper", "x": f"{left:g}", "width": f"{width:g}", "height": f"{height:g}", "fill": "#ffffff"}
    root.insert(0, Element("rect", paper))
    told = SubElement(root, "g", {"class": "told", "font-family": "Helvetica,sans-serif", "font-size": "13"})
    for number, lines in enumerate(wrapped):
        group = SubElement(told, "g", {"fill": INK[0]})
        for row, line in enumerate(lines, 1):
            SubElement(group, "text", {"x": f"{left + MARGIN:g}", "y": f"{high + LINE * row:g}"}).text = line
        film.show(group, number, number + 1 if number < len(walked) else None)


# -- When it changes ---------------------------------------------------------------------------------------------------


class _Film:
    """When what is seen: keyframes of CSS for each stretch of time that something is to be shown in.

    Their names tell all that is in them, so that several animations can stand in one document.
    """

    def __init__(self, steps: int) -> None:
        self.step = min(SECONDS_A_STEP, round(SECONDS / steps, 2))
        # Arrows go along their edges once in each step, seen or not, so the whole takes a whole number of steps.
        self.length = steps + math.ceil(PAUSE / self.step)
        self.keyframes: dict[str, str] = {}

    def show(self, element: Element, start: float, end: float | None) -> None:
        """Shows it from a moment to another only; what is shown to the end is what is left where nothing moves."""
        if end is not None:
            element.set("visibility", "hidden")
        elif not start:
            return
        name = f"shown-{10 * start:.0f}-{10 * (self.length if end is None else end):.0f}-of-{10 * self.length}"
        element.attrib |= {"class": f"{element.get('class', '')} shown".strip(), "style": f"animation-name:{name}"}
        seen = {0.0: "hidden", start: "visible"} | ({} if end is None else {end: "hidden"})
        frames = [f"{100 * moment / self.length:.6g}% {{ visibility: {what}; }}" for moment, what in seen.items()]
        self.keyframes[name] = f"@keyframes {name} {{ {' '.join(frames)} }}"

    def change(self, box: Element, text: Element, changes: list[Change]) -> None:
        """Writes in the place of a text of a box one text after the other."""
        for (start, words), (end, _) in pairwise(changes):
            earlier = deepcopy(text)
            earlier.text = words
            box.append(earlier)
            self.show(earlier, start, end)
        start, text.text = changes[-1]
        self.show(text, start, None)
