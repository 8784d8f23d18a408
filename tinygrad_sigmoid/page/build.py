"""`explore`: the page put together from its template, its styles, its script and a recorded graph."""

from __future__ import annotations

import html
import json
import os
import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.files import write_whole
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.operations import heaviside, sigmoid
from tinygrad_sigmoid.page.picture import picture
from tinygrad_sigmoid.reading.formulas import formula
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.steps import ForwardStep, Steps
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.value import Value, require_value


@dataclass(frozen=True)
class Page:
    """A page: its `html`, which a notebook shows as it stands.

    Attributes:
        html: The whole file.
        table: The graph as an HTML table, for where the page itself is not let through.
    """

    html: str = field(repr=False)
    table: str = field(repr=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the page to `path`, which ends in .html or .htm, whole or not at all."""
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"a browser shows {os.fspath(path)!r} as no page: end the file's name in .html")
        write_whole(path, self.html)

    def _repr_html_(self) -> str:
        # `srcdoc` in a frame of its own: the page can't touch the notebook, nor the notebook's styles the page.
        return (
            f'<iframe sandbox="allow-scripts" title="The live page" width="100%" height="720" style="border:0" '
            f'srcdoc="{html.escape(self.html)}"></iframe>{self.table}'
        )


def explore(output: Value, path: str | os.PathLike[str] | None = None) -> Page:
    """The live page of a graph: drag its leaves, nudge them, step through both passes.

    >>> from tinygrad_sigmoid import Neuron
    >>> page = explore(Neuron([0.6], 0.9)([1.0]))
    >>> page.html.startswith("<!DOCTYPE html>"), len(page.html) < 200_000
    (True, True)

    Args:
        output: The graph; nothing on it changes.
        path: Where to write the page, if anywhere: one file, which needs no network.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        TypeError: An operation of your own is said in Python functions, so no browser could compute it.
        ValueError: The output is a leaf: nothing was computed; or `path` doesn't end in .html.
    """
    require_value(output, "explore")
    if not output.inputs:
        raise ValueError(f"{output!r} is a leaf, so there are no passes to explore: pass something computed from it")
    walked = Steps(output)
    title = f"{output.label} = {formula(output)}" if output.label else formula(output)
    drawn = picture(output)
    parts = {
        "title": html.escape(title),
        "example": str(len(walked.forward) + 1),
        "styles": _part("page.css"),
        "script": _part("page.js"),
        "picture": drawn,
        "closed": '<span class="key closed">closed: open it</span>\n' if "data-inside" in drawn else "",
        "program": _program(output),
        "perceptron": _perceptron(output),
        "graph": _as_json(_described(walked)),
    }
    page = Page(re.sub(r"\{\{(\w+)\}\}", lambda name: parts[name[1]], _part("page.html")), _table(walked, title))
    if path is not None:
        page.save(path)
    return page


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8").strip()


# -- The arithmetic ----------------------------------------------------------------------------------------------------


def _program(output: Value) -> str:
    source = compiled(output, inputs=_changeable(output), target="javascript", trace=True).source
    # A label in a comment must not end the script element, and can't begin a comment of HTML's either.
    return re.sub(r"<(?=[!/a-zA-Z])", "< ", source)


def _perceptron(output: Value) -> str:
    """The same graph with a perceptron's step for each σ, as JavaScript; without any σ there is nothing to compare."""
    order = topological_order(output)
    if not any(value.operation is sigmoid for value in order):
        return "return null;"
    new: dict[Value, Any] = {}
    try:
        for value in order:
            if value.operation is None:
                new[value] = value.data if value.constant else Value(value.data)
            else:
                operation = heaviside if value.operation is sigmoid else value.operation
                new[value] = operation(*[new[used] for used in value.inputs])
    except (ArithmeticError, ValueError):  # as the logarithm of a perceptron's 0
        return "return null;"
    inputs = [new[leaf] for leaf in _changeable(output)]
    return f"{compiled(new[output], inputs=inputs, target='javascript').source}return program;"


def _changeable(output: Value) -> list[Value]:
    return [leaf for leaf in leaves(output) if not leaf.constant]


# -- The graph as data -------------------------------------------------------------------------------------------------


def _described(walked: Steps) -> dict[str, Any]:
    names = Names(walked.values)
    place = {value: i for i, value in enumerate(walked.values)}
    return {
        "values": [
            {
                "name": name,
                "data": value.data,
                "constant": value.constant,
                "inputs": [place[used] for used in value.inputs],
            }
            for name, value in zip(walked.names, walked.values, strict=True)
        ],
        "leaves": [place[leaf] for leaf in _changeable(walked.values[-1])],
        "output": len(walked.values) - 1,
        "beginning": walked.beginning,
        "forward": len(walked.forward),
        "steps": [
            {
                "value": step.value,
                "sentence": step.sentence,
                "formula": step.formula,
                "pattern": names.pattern(walked.values[step.value]),
            }
            if isinstance(step, ForwardStep)
            else {
                "value": step.value,
                "input": step.input,
                "operand": step.operand,
                "sentence": step.sentence,
                "derivative": step.derivative,
                "formula": step.formula,
            }
            for step in walked
        ],
    }


def _as_json(data: Any) -> str:
    """JSON that can stand inside a script element: no label can end it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", r"\u003c")


def _table(walked: Steps, title: str) -> str:
    names = Names(walked.values)
    rows = [
        (walked.names[i], names.formula(value) if value.inputs else "leaf", value.data, walked.gradients[value])
        for i, value in enumerate(walked.values)
        if not value.constant
    ]
    lines = [
        "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in (name, said, *map(number_text, numbers))) + "</tr>"
        for name, said, *numbers in rows
    ]
    head = "".join(f'<th scope="col">{text}</th>' for text in ("value", "computed as", "data", "gradient"))
    return (
        f"<details><summary>{html.escape(title)} as a table</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table></details>"
    )
