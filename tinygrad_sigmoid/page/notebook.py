"""`live`: the page joined to the values that it shows, in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.page.widget import Live


def live(output: Value) -> Live:
    """A widget for Jupyter and marimo: the page of `explore`, joined to Python's own values.

    A leaf that is dragged changes the `data` of its Value, and `output.forward()`, `zero_grad()` and `backward()` run
    in Python, so that the next cell, or a marimo cell that depends on the widget, reads the new numbers. The other way
    round, change leaves in Python and call `refresh()`:

    >>> from tinygrad_sigmoid import Value, sigmoid
    >>> w, b = Value(0.6, "w"), Value(0.9, "b")
    >>> output = sigmoid(w + b)
    >>> view = live(output)
    >>> w.data = 0.7
    >>> view.refresh()  # runs both passes, and moves the page
    >>> f"{output:.4f}, {w.grad:.4f}"
    '0.8320, 0.1398'

    In marimo, `view = mo.ui.anywidget(live(output))` makes cells that read `view` run again when a leaf is dragged.

    Raises:
        ModuleNotFoundError: The extra `notebook` isn't installed.
        RenderError, StaleGraph, TypeError, ValueError: As in `explore`.
    """
    try:
        from tinygrad_sigmoid.page.widget import Live
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets"):
            raise
        raise ModuleNotFoundError(
            f"a live widget needs {error.name}: pip install 'tinygrad-sigmoid[notebook]', or show explore(output), "
            "whose page computes by itself",
            name=error.name,
        ) from None
    return Live(output)
