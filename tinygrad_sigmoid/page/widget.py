"""The live page as a notebook's widget: what is moved on it is asked of Python, which runs both passes.

The page is that of `explore`, in a frame of its own; `widget.mjs` carries the numbers between it and this class. Where
no Python answers, as in a notebook saved as HTML, the page computes by itself, as every page does.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from anywidget import AnyWidget
from traitlets import Dict, Unicode, observe

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.floats import in_json
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.page.build import page_of
from tinygrad_sigmoid.value import Value, write


class Live(AnyWidget):
    """The widget, which a notebook shows as it stands; `live` makes it.

    Attributes:
        output: The graph that is shown.
        page: The page in its frame, as HTML.
        moved: The page's last question: its number, and the index and the new number of each leaf that was moved.
        passes: What the page shows: the data, local derivatives and gradients of all values, in answer to `moved` or
            by `refresh`.
    """

    _esm = resources.files(__package__).joinpath("widget.mjs").read_text(encoding="utf-8")
    page = Unicode().tag(sync=True)
    moved = Dict().tag(sync=True)
    passes = Dict().tag(sync=True)

    def __init__(self, output: Value) -> None:
        checks.value(output)
        page = page_of(output).framed
        self.output = output
        self._values = topological_order(output)
        self._run_passes()
        super().__init__(page=page, passes=self._passes())

    def __repr__(self) -> str:
        return "<the live page of a graph: a notebook with widgets shows it, explore(output) makes one without Python>"

    def refresh(self) -> None:
        """Runs both passes and shows what they give: to be called after a leaf was changed in Python."""
        self._run_passes()
        self.passes = self._passes()

    def _run_passes(self) -> None:
        self.output.forward()
        self.output.zero_grad()
        self.output.backward()

    @observe("moved")
    def _answer(self, change: Any) -> None:
        leaves = [self._values[index] for index, _ in self.moved["leaves"]]
        before = [leaf.data for leaf in leaves]
        refused = ""
        try:
            for leaf, (_, number) in zip(leaves, self.moved["leaves"], strict=True):
                leaf.data = number
            self._run_passes()
        except (ArithmeticError, ValueError) as error:  # the page says why, and shows what there was before
            write(leaves, before)
            refused = str(error)
        self.passes = self._passes(self.moved["asked"], refused)

    def _passes(self, asked: float | None = None, refused: str = "") -> dict[str, Any]:
        return {
            "data": [value.data for value in self._values],
            "local": [[*map(in_json, value.local_derivatives)] for value in self._values],
            "gradients": [in_json(value.grad or 0.0) for value in self._values],
            "asked": asked,
            "refused": refused,
        }
