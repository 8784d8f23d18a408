"""What the rows of the table compute, as closed forms in mpmath: references that know nothing of the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf


def _s(z: Any) -> Any:
    return 1 / (1 + mp.exp(-z))


def _bell(z: Any) -> Any:
    return _s(z) * (1 - _s(z))


# For each row of one input: the function, its first, second and third derivative.
CURVES: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "negate": (lambda x: -x, lambda x: mpf(-1), lambda x: mpf(0), lambda x: mpf(0)),
    "exp": (mp.exp, mp.exp, mp.exp, mp.exp),
    "expm1": (mp.expm1, mp.exp, mp.exp, mp.exp),
    "sin": (mp.sin, mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x)),
    "cos": (mp.cos, lambda x: -mp.sin(x), lambda x: -mp.cos(x), mp.sin),
    "log": (mp.log, lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x), lambda x: -1 / (1 + x) ** 2, lambda x: 2 / (1 + x) ** 3),
    "sqrt": (
        mp.sqrt,
        lambda x: 1 / (2 * mp.sqrt(x)),
        lambda x: -1 / (4 * x * mp.sqrt(x)),
        lambda x: 3 / (8 * x**2 * mp.sqrt(x)),
    ),
    "sigmoid": (_s, _bell, lambda z: _bell(z) * (1 - 2 * _s(z)), lambda z: _bell(z) * (1 - 6 * _bell(z))),
    "softplus": (lambda z: mp.log1p(mp.exp(z)), _s, _bell, lambda z: _bell(z) * (1 - 2 * _s(z))),
    "log_sigmoid": (
        lambda z: -mp.log1p(mp.exp(-z)),
        lambda z: 1 - _s(z),
        lambda z: -_bell(z),
        lambda z: -_bell(z) * (1 - 2 * _s(z)),
    ),
    "tanh": (
        mp.tanh,
        lambda x: mp.sech(x) ** 2,
        lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2,
        lambda x: mp.sech(x) ** 2 * (6 * mp.tanh(x) ** 2 - 2),
    ),
    "relu": (lambda x: max(x, mpf(0)), lambda x: mpf(x > 0), lambda x: mpf(0), lambda x: mpf(0)),
    "absolute": (abs, lambda x: mpf(mp.sign(x)), lambda x: mpf(0), lambda x: mpf(0)),
    "heaviside": (lambda x: mpf(x > 0), lambda x: mpf(0), lambda x: mpf(0), lambda x: mpf(0)),
}

# For each row of two inputs a and b: the function, ∂/∂a and ∂/∂b.
SURFACES: dict[str, tuple[Callable[[Any, Any], Any], ...]] = {
    "add": (lambda a, b: a + b, lambda a, b: mpf(1), lambda a, b: mpf(1)),
    "subtract": (lambda a, b: a - b, lambda a, b: mpf(1), lambda a, b: mpf(-1)),
    "multiply": (lambda a, b: a * b, lambda a, b: b, lambda a, b: a),
    "divide": (lambda a, b: a / b, lambda a, b: 1 / b, lambda a, b: -a / b**2),
    "maximum": (max, lambda a, b: mpf(a >= b), lambda a, b: mpf(a < b)),
    "minimum": (min, lambda a, b: mpf(a <= b), lambda a, b: mpf(a > b)),
}
