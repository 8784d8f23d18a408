"""The elementary operations in other languages: what every rule comes down to, once it is taken apart.

A rule composed of these needs no word here. A function that Python has and the table hasn't is added with one call:

>>> import math
>>> from tinygrad_sigmoid import Operation, cos
>>> sinh = translated(Operation("sinh", math.sinh, lambda out, x: (cosh(x),)), "sinh({0})", "Math.sinh({0})")
>>> cosh = translated(Operation("cosh", math.cosh, lambda out, x: (sinh(x),)), "cosh({0})", "Math.cosh({0})")
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid import vectorized
from tinygrad_sigmoid.checks import function, instance
from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.operation import Operation


class Translation(NamedTuple):
    """How each target writes an elementary operation; a target for which it is empty can't compute it, and says so."""

    python: str  # with the inputs as {0} and {1}; it may use the functions of `math`
    javascript: str = ""
    kernel: Callable[..., Any] | None = None  # in arithmetic on vectors, for "wasm" and "native", as in `vectorized`


ELEMENTARY: dict[Operation, Translation] = {}


def translated(
    operation: Operation, python: str, javascript: str = "", kernel: Callable[..., Any] | None = None
) -> Operation:
    """The operation, which from now on is compiled to the languages that are given, as `Translation` has them."""
    instance(operation, Operation, "what is translated", "an Operation", "write translated(Operation(…), '…')")
    for text in (python, javascript):
        instance(text, str, "a translation", "a text", "write it as in 'sinh({0})', or leave it out")
    function(kernel, "a kernel", "write it as in lambda x: (exp(x) - exp(-x)) / 2, or leave it out", optional=True)
    ELEMENTARY[operation] = Translation(python, javascript, kernel)
    return operation


class Opaque(TinygradSigmoidError, TypeError):  # noqa: N818 (it need not be an error: floats can be computed all the same)
    """A rule takes nothing but floats, because it calls `math` or looks at its inputs: only Python can compute it."""


Result = TypeVar("Result")


def traced(rule: Callable[..., Result], *inputs: object) -> Result:
    """What a `forward` or `derivatives` gives for Values or symbols in place of floats, if it isn't `Opaque`."""
    try:
        return rule(*inputs)
    except (TypeError, AttributeError) as error:
        raise Opaque(str(error)) from error


# fmt: off
#          operation             Python                        JavaScript                    kernel
translated(table.add,            "{0} + {1}",                  "{0} + {1}",                  operator.add)
translated(table.subtract,       "{0} - {1}",                  "{0} - {1}",                  operator.sub)
translated(table.multiply,       "{0} * {1}",                  "{0} * {1}",                  operator.mul)
translated(table.divide,         "{0} / {1}",                  "{0} / {1}",                  operator.truediv)
translated(table.negate,         "-{0}",                       "-{0}",                       operator.neg)
translated(table.general_power,  "pow({0}, {1})",              "Math.pow({0}, {1})",         vectorized.power)
translated(table.fixed_power,    "pow({0}, {1})",              "Math.pow({0}, {1})",         vectorized.power)
translated(table.sqrt,           "sqrt({0})",                  "Math.sqrt({0})",             vectorized.sqrt)
translated(table.exp,            "exp({0})",                   "Math.exp({0})",              vectorized.exp)
translated(table.expm1,          "expm1({0})",                 "Math.expm1({0})",            vectorized.expm1)
translated(table.log,            "log({0})",                   "Math.log({0})",              vectorized.log)
translated(table.log1p,          "log1p({0})",                 "Math.log1p({0})",            vectorized.log1p)
translated(table.sin,            "sin({0})",                   "Math.sin({0})",              vectorized.sin)
translated(table.cos,            "cos({0})",                   "Math.cos({0})",              vectorized.cos)
translated(table.absolute,       "abs({0})",                   "Math.abs({0})",              abs)
translated(table.heaviside,      "1.0 if {0} > 0.0 else 0.0",  "{0} > 0 ? 1 : 0",            vectorized.heaviside)
translated(table.maximum,        "{1} if {1} > {0} else {0}",  "{1} > {0} ? {1} : {0}",      vectorized.maximum)
translated(table.minimum,        "{1} if {1} < {0} else {0}",  "{1} < {0} ? {1} : {0}",      vectorized.minimum)
translated(table.dot_product,    "",                           "",                           None)
# fmt: on

OWN = tuple(ELEMENTARY)  # what the kernel of every process can compute
