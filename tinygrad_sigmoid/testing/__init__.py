"""Gradient checks with no tolerance to choose, that name the culprit.

>>> from tinygrad_sigmoid import sigmoid
>>> from tinygrad_sigmoid.testing import check_gradients
>>> certificate = check_gradients(lambda z: sigmoid(z), -13.0)
>>> certificate.worst_ulp < 2
True

`check_gradients` proves the gradients of a graph, or of a function at some numbers; `check_operation` those of one
operation. `planted_bug` makes an operation wrong for a while, so that you can prove that your own tests bite. With the
extra `testing`, `tinygrad_sigmoid.testing.strategies` has Hypothesis strategies for random graphs and inputs.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinygrad_sigmoid.testing.certificate import Certificate
    from tinygrad_sigmoid.testing.checking import check_gradients, check_operation
    from tinygrad_sigmoid.testing.mismatch import GradientMismatch
    from tinygrad_sigmoid.testing.planting import planted_bug

__all__ = ["Certificate", "GradientMismatch", "check_gradients", "check_operation", "planted_bug"]

# Imported when they are first asked for: pytest and Hypothesis load modules of this package at their own start, which
# should not wait for the judge.
_LAZILY_IMPORTED = {
    "Certificate": "certificate",
    "GradientMismatch": "mismatch",
    "check_gradients": "checking",
    "check_operation": "checking",
    "planted_bug": "planting",
}


def __getattr__(name: str) -> object:
    if name in _LAZILY_IMPORTED:
        return getattr(importlib.import_module(f"{__name__}.{_LAZILY_IMPORTED[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
