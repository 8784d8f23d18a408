"""A scalar autodiff micro-framework: record w·x + b and σ, pass the chain rule back, see every step of it.

>>> from tinygrad_sigmoid import Value, sigmoid
>>> w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
>>> output = sigmoid(w * x + b)
>>> output.backward()
>>> f"{output:.4f} changes by {w.grad:.4f} times a small change of w"
'0.8176 changes by 0.1491 times a small change of w'

Read `operation`, `operations`, `graph`, `arithmetic` and `value`, in this order, and you have understood
backpropagation. What `__all__` lists, here, in `testing` and in `testing.strategies`, is stable, and so are the
functions of `vectorized` that have an operation's name; all else may change.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tinygrad_sigmoid.elementary import translated
from tinygrad_sigmoid.errors import StaleGraph, TinygradSigmoidError
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

# fmt: off
from tinygrad_sigmoid.operations import (  # isort: skip
    absolute, add, cos, divide, dot, exp, expm1, heaviside, log, log1p, log_sigmoid, maximum, minimum, multiply, negate,
    power, relu, sigmoid, sin, softplus, sqrt, subtract, tanh,
)

__version__ = "0.1.0"

__all__ = [
    "GradientDescent", "Layer", "Network", "Neuron", "Operation", "Perceptron", "StaleGraph", "TinygradSigmoidError",
    "Value", "absolute", "add", "animate", "compiled", "cos", "cross_entropy", "divide", "dot", "draw", "exp",
    "explain", "explore", "expm1", "formula", "gradients", "heaviside", "latex", "live", "log", "log1p",
    "log_sigmoid", "maximum", "minimum", "multiply", "negate", "nudge", "power", "relu", "scan", "sigmoid", "sin",
    "softmax_cross_entropy", "softplus", "sqrt", "squared_error", "steps", "subtract", "tanh", "to_json", "train",
    "translated",
]
# fmt: on

if TYPE_CHECKING:
    from tinygrad_sigmoid.compiling import compiled
    from tinygrad_sigmoid.derivatives import gradients
    from tinygrad_sigmoid.descent import GradientDescent
    from tinygrad_sigmoid.drawing import animate, draw
    from tinygrad_sigmoid.losses import cross_entropy, softmax_cross_entropy, squared_error
    from tinygrad_sigmoid.neuron import Layer, Network, Neuron, Perceptron
    from tinygrad_sigmoid.nudging import nudge
    from tinygrad_sigmoid.page import explore, live
    from tinygrad_sigmoid.reading.data import to_json
    from tinygrad_sigmoid.reading.explain import explain
    from tinygrad_sigmoid.reading.formulas import formula, latex
    from tinygrad_sigmoid.reading.steps import steps
    from tinygrad_sigmoid.scanning import scan
    from tinygrad_sigmoid.training import train

# Imported when they are first asked for, so that `import tinygrad_sigmoid` takes no longer than the core.
_LAZILY_IMPORTED = {
    "compiling": "compiled",
    "derivatives": "gradients",
    "descent": "GradientDescent",
    "drawing": "animate draw",
    "losses": "cross_entropy softmax_cross_entropy squared_error",
    "neuron": "Layer Network Neuron Perceptron",
    "nudging": "nudge",
    "page": "explore live",
    "reading.data": "to_json",
    "reading.explain": "explain",
    "reading.formulas": "formula latex",
    "reading.steps": "steps",
    "scanning": "scan",
    "training": "train",
}


def __getattr__(name: str) -> object:
    for module, names in _LAZILY_IMPORTED.items():
        if name in names.split():
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__


def _notebook_display(value: Value, include: object = None, exclude: object = None) -> dict[str, str]:
    from tinygrad_sigmoid.drawing import notebook_display

    return notebook_display(value)


def _notebook_png(value: Value) -> bytes | None:
    from tinygrad_sigmoid.drawing import notebook_png

    return notebook_png(value)


Value._repr_mimebundle_ = _notebook_display
Value._repr_png_ = _notebook_png
