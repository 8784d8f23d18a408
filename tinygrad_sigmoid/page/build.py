"""`explore`: the page put together from its template, its styles, its script and a recorded graph."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import tostring

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.compiling.targets import compiled, javascript_trace
from tinygrad_sigmoid.drawing.boxes import READABLE, Diagram, diagram
from tinygrad_sigmoid.drawing.layout import most_drawn
from tinygrad_sigmoid.drawing.picture import picture
from tinygrad_sigmoid.files import file_name, write_whole
from tinygrad_sigmoid.floats import in_json
from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.operations import heaviside, sigmoid
from tinygrad_sigmoid.page.bundle import script
from tinygrad_sigmoid.page.calling import Call, called
from tinygrad_sigmoid.page.columns import Column, Entry, in_columns
from tinygrad_sigmoid.quoting import in_html, in_script, printable, shown
from tinygrad_sigmoid.reading.formulas import formula
from tinygrad_sigmoid.reading.steps import Steps, figure
from tinygrad_sigmoid.reading.writer import LONGEST_LABEL, number_text
from tinygrad_sigmoid.tables import table
from tinygrad_sigmoid.value import Value, as_values, operation_of

_NO_PICTURE = '<svg class="graph" viewBox="0 0 600 450"></svg>'  # of a network: its page draws it, in any frame

# A page follows the `color-scheme` of its frame, which marimo sets; other notebooks only name their theme. Its height
# is what the picture needs beside a column of 400 pixels, but no less than that column, and it fits the window. To CSS
# the marks of a comment say nothing, and where a viewer takes the style's tags away, the rules go with them.
_FRAMED = """<style><!--
:is([data-jp-theme-light="true"], .vscode-light, .vscode-high-contrast-light) .framed-page { color-scheme: light }
:is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light)) .framed-page {
  color-scheme: dark
}
.framed-page {
  --needed: min((100% - 400px) * var(--height) / var(--width), 1.6px * var(--height));
  position: relative;
  padding-top: clamp(544px, max(768px, 64px + var(--needed)), 90vh);
}
.framed-page iframe { position: absolute; inset: 0; height: 100% }
--></style>"""


@dataclass(frozen=True, repr=False)
class Page:
    """A page, which a notebook shows as it stands."""

    html: str  # the whole file
    size: tuple[float, float]  # of its picture from top to bottom: width and height in pixels
    table: str  # the graph as an HTML table, for where the page itself is not let through

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page to `path`, which ends in .html or .htm, whole or not at all."""
        if Path(file_name(path)).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a browser shows {shown(os.fspath(path))} as no page: end the file's name in .html")
        write_whole(path, self.html)

    def __repr__(self) -> str:
        return "<the live page of a graph: a notebook shows it, .save('page.html') writes it for a browser>"

    @property
    def framed(self) -> str:
        """The page in a frame of its own: it can't touch the notebook, nor the notebook's styles the page."""
        width, height = self.size
        return (
            f'{_FRAMED}<div class="framed-page" style="--width:{width:g};--height:{height:g}">'
            f'<iframe sandbox="allow-scripts" title="The live page" width="100%" height="720" style="border:0" '
            f'srcdoc="{html.escape(self.html)}"></iframe></div>'
        )

    def _repr_html_(self) -> str:
        return self.framed + self.table


class Algorithm(NamedTuple):
    """A wrong way to pass gradients back, which a page can play beside the right one."""

    name: str
    edges: Sequence[tuple[Value, int, float, float, float]]  # in the order in which it takes them: a value, which of
    # its inputs, the gradient of the value at that moment, and that of the input before its share was added and after
    mistake: int  # which of them is the first wrong one, from 1
    reason: str  # why it is wrong, in a sentence


def explore(output: Value | Callable[..., Value], *numbers: Any, path: str | os.PathLike[str] | None = None) -> Page:
    """The live page of a graph: drag its leaves, nudge them, step through both passes.

    >>> from tinygrad_sigmoid import Neuron, sigmoid
    >>> page = explore(Neuron([0.6], 0.9)([1.0]))
    >>> page.html.startswith("<!DOCTYPE html>"), len(page.html.encode()) < 90_000
    (True, True)

    Of a Python function, the page shows the source beside the graph that a call records: pointing at a line lights the
    values that it made, each turn of a loop by itself, and pointing at a value lights its line.

    >>> def neuron(w, x, b):
    ...     return sigmoid(w * x + b)
    >>> page = explore(neuron, 0.6, 1.0, 0.9)

    Args:
        output: The graph, on which nothing changes; or a function that computes it.
        numbers: What the function is called with: a number becomes a value with its parameter's name, a list of numbers
            several values; anything else, and what goes to a parameter annotated as `int`, stays as it is.
        path: Where to write the page, if anywhere: one file, which needs no network.

    Raises:
        RenderError: No picture of the graph can be made, and a page without one is none.
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        TypeError: The rule of an operation calls Python functions, so no browser could compute it. Or the source of the
            function can't be read, it takes other arguments, or it gives no Value.
        ValueError: The output is a leaf: nothing was computed; or there is no neuron in it, and more than 1,500 values;
            or `path` doesn't end in .html.
    """
    call = None
    if not isinstance(output, Value):
        if not callable(output) or isinstance(output, type):
            cure = "pass a Value, or a function and the numbers to call it with"
            raise checks.refused("the output", "a Value or a function", output, cure)
        call = called(output, numbers)
        output = call.output
    elif numbers:
        raise TypeError(f"a graph takes no numbers, but got {shown(numbers[0])}: name a file with path=…")
    page = page_of(output, call)
    if path is not None:
        page.save(path)
    return page


def page_of(output: Value, call: Call | None = None, algorithms: Sequence[Algorithm] = ()) -> Page:
    """The page of a graph, with the call that recorded it, and with wrong algorithms to be played on it."""
    if not output.inputs:
        raise ValueError(f"{shown(output)} is a leaf, so there are no passes to explore: pass what is computed from it")
    walked = Steps(output)
    title = f"{output.label} = {formula(output)}" if output.label else formula(output)
    # A network is drawn by the page itself, any other graph by Graphviz.
    columns = in_columns(walked.values) if len(walked.values) > READABLE else []
    drawn = None if columns else diagram(output, collapse=())
    across, downwards = [_picture(drawn, down=down) if drawn else _NO_PICTURE for down in (False, True)]
    [width, height] = re.findall(r'viewBox="\S+ \S+ (\S+) (\S+)"', downwards)[0]
    inputs = [leaf for leaf in leaves(output) if not leaf.constant]
    operations = {value: _on_figures(value) for value in walked.values if value.inputs}
    parts = {
        "title": in_html(title),
        "example": str(len(walked.forward) + 1),
        "styles": _part("page.css"),
        "script": script("main.mjs", *(["network.mjs"] if columns else [])),
        "network": "network" if columns else "null",
        "picture": across,
        "downwards": downwards,
        "program": _in_script_element(javascript_trace(output, inputs)),
        "perceptron": _perceptron(output, inputs),
        "operations": ",\n".join(dict.fromkeys(operations.values())),
        "graph": in_script(
            _data(walked, operations)
            | _boxes(walked, columns)
            | {"code": _code(walked, call), "algorithms": [_played(walked, one) for one in algorithms]}
        ),
    }
    whole = re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], _part("page.html"))
    return Page(whole, (float(width), float(height)), _table(walked, title))


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


# -- The arithmetic ----------------------------------------------------------------------------------------------------


def _javascript(output: Value, inputs: Sequence[Value]) -> str:
    return _in_script_element(compiled(output, inputs=inputs, target="javascript").source)


def _in_script_element(source: str) -> str:
    # A label in a comment must not end the script element, and can't begin a comment of HTML's either.
    return re.sub(r"<(?=[!/a-zA-Z])", "< ", source)


def _perceptron(output: Value, inputs: Sequence[Value]) -> str:
    """The same graph with a perceptron's step for each σ, as JavaScript; without any σ there is nothing to compare."""
    again: dict[Value, Value] = {}
    try:
        for value in computed(output):
            operation = heaviside if value.operation is sigmoid else operation_of(value)
            again[value] = operation(*[again.get(used, used) for used in value.inputs])
    except (ArithmeticError, ValueError):  # as the logarithm of a perceptron's 0
        return "null"
    has_sigma = any(value.operation is sigmoid for value in again)
    return _javascript(again[output], inputs) if has_sigma else "null"


def _on_figures(value: Value) -> str:
    """A value's operation as a JavaScript function of those inputs that can change; the others are as they are shown.

    The page puts shown figures through it, to know whether they give what is shown.
    """
    inputs = as_values([figure(used.data) if used.constant else Value(used.data) for used in value.inputs])
    try:
        return _javascript(operation_of(value)(*inputs), [used for used in inputs if not used.constant])
    except (ArithmeticError, ValueError):  # what is shown of an exponent may be too large for it
        return "null"


# -- The picture -------------------------------------------------------------------------------------------------------


def _picture(drawn: Diagram, *, down: bool) -> str:
    """Graphviz's SVG, fit to stand in HTML, which needs no namespace."""
    root, _ = picture(drawn, down=down)
    for element in root.iter():
        for name in ("fill", "stroke", "stroke-width", "font-family", "font-size", "text-anchor"):
            element.attrib.pop(name, None)  # the page has styles of its own
    root.attrib |= {"class": "graph", "role": "group", "aria-label": "The computation graph"}
    del root.attrib["width"], root.attrib["height"]  # it fills its frame
    return tostring(root, encoding="unicode")


# -- The graph as data -------------------------------------------------------------------------------------------------


def _data(walked: Steps, operations: Mapping[Value, str]) -> dict[str, Any]:
    """What the page's script has to know about the graph."""
    place = {written: number for number, written in enumerate(dict.fromkeys(operations.values()))}
    index = walked.index_of
    told = ("value", "input", "operand", "sentence", "derivative", "formula")
    return {
        "values": [
            {
                "name": name,
                "data": value.data,
                "constant": value.constant,
                "inputs": [index[used] for used in value.inputs],
                "operation": place[operations[value]] if value.inputs else None,
                "pattern": walked.naming.pattern(value) if value.inputs else None,
            }
            for name, value in zip(walked.names, walked.values, strict=True)
        ],
        "beginning": walked.beginning,
        "forward": len(walked.forward),
        "steps": [{name: getattr(step, name) for name in told if hasattr(step, name)} for step in walked],
    }


def _boxes(walked: Steps, columns: Sequence[Column]) -> dict[str, Any]:
    """What stands in the picture: in the columns of a network, or else each value by itself."""
    values = [value for value in walked.values if not value.constant]
    entries = [entry for column in columns for entry in column.entries] or [Entry([value]) for value in values]
    number = {entry: i for i, entry in enumerate(entries)}
    return {
        "boxes": [_box(entry, walked.index_of) for entry in entries],
        "columns": [
            {
                "name": column.name,
                "title": column.title,
                "boxes": [number[entry] for entry in column.entries],
                "most": most_drawn(len(column.entries)),
                "image": column.image,
            }
            for column in columns
        ],
    }


def _box(entry: Entry, index: Mapping[Value, int]) -> dict[str, Any]:
    unit = entry.neuron
    neuron = unit and {
        "name": printable(unit.name, LONGEST_LABEL),
        "product": unit.product_index,
        "bias": index[unit.bias] if unit.bias is not None else None,
    }
    return {"values": [index[value] for value in entry.values], "input": entry.is_input, "neuron": neuron}


def _code(walked: Steps, call: Call | None) -> dict[str, Any] | None:
    """The lines of the function, and for each time that one ran the values that it made."""
    if call is None:
        return None
    turns: dict[tuple[int, int], list[int]] = {}
    for number, value in enumerate(walked.values):
        if not value.constant and (line := call.line_of(value)):
            turns.setdefault(line, []).append(number)
    in_time = sorted(turns.items(), key=lambda entry: entry[0][1])
    return {"lines": call.lines, "turns": [{"line": line, "values": made} for (line, _), made in in_time]}


def _played(walked: Steps, algorithm: Algorithm) -> dict[str, Any]:
    edges = [
        [walked.index_of[value], operand, *map(in_json, gradients)] for value, operand, *gradients in algorithm.edges
    ]
    return {"name": algorithm.name, "edges": edges, "mistake": algorithm.mistake, "reason": algorithm.reason}


def _table(walked: Steps, title: str) -> str:
    rows = []
    for name, value in zip(walked.names, walked.values, strict=True):
        if not value.constant:
            numbers = number_text(value.data), number_text(walked.gradients[value])
            rows.append((name, walked.naming.formula(value) if value.inputs else "leaf", *numbers))
    written = table(rows, ("value", "computed as", "data", "gradient"))
    return f"<details><summary>{in_html(title)} as a table</summary>{written}</details>"
