"""Python to paste that shows a wrong gradient of a function again, with the arrays that it is about."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from tinygrad_sigmoid.testing.points import Checked
from tinygrad_sigmoid.testing.sources import Definitions, Unwritable


def reproduction(checked: Checked, numbers: Sequence[float]) -> str:
    """A program that has the source of the functions and what they name, and ends in the check at these numbers."""
    program = _Program()
    program.imported("tinygrad_sigmoid.testing", "check_gradients")
    function, *given = map(program.argument, [checked.function, *checked.arguments(numbers)])
    given.append(f"{checked.kind}={program.argument(checked.claimed)}")
    call = ["check_gradients(", *[f"    {one}," for one in [function, *given]], ")"]
    return "\n".join([*program.lines(), *call])


class _Program(Definitions):
    """Definitions, of arrays too."""

    def argument(self, thing: Any) -> str:
        try:
            return self.written(thing)
        except Unwritable:
            return getattr(thing, "__name__", "...")

    def written(self, thing: Any) -> str:
        if not hasattr(thing, "tolist"):
            return super().written(thing)
        self.define("numpy", sys.modules["numpy"])
        usual = str(thing.dtype) in ("float64", "int64")
        return f"numpy.array({thing.tolist()!r}{'' if usual else f', {str(thing.dtype)!r}'})"

    def _statement(self, name: str, thing: Any) -> str:
        return f"{name} = {self.written(thing)}" if hasattr(thing, "tolist") else super()._statement(name, thing)
