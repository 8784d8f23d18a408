"""The elementary operations in other languages: what every rule comes down to, once it is taken apart.

A rule composed of these needs no word here. A function that Python has and the table hasn't is added with one call:

>>> import math
>>> from tinygrad_sigmoid import Operation, cos
>>> sinh = translated(Operation("sinh", math.sinh, lambda out, x: (cosh(x),)), "sinh({0})", "Math.sinh({0})")
>>> cosh = translated(Operation("cosh", math.cosh, lambda out, x: (sinh(x),)), "cosh({0})", "Math.cosh({0})")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.checks import instance
from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.operation import Operation


class Translation(NamedTuple):
    """How each target writes an elementary operation; a target whose text is empty can't compute it, and says so."""

    python: str  # with the inputs as {0} and {1}; it may use the functions of `math`
    javascript: str = ""
    numpy: str = ""  # the name of NumPy's function
    c: str = ""  # the name of the C library's


ELEMENTARY: dict[Operation, Translation] = {}


def translated(operation: Operation, python: str, javascript: str = "", numpy: str = "", c: str = "") -> Operation:
    """The operation, which from now on is compiled to the languages that are given, as `Translation` has them."""
    instance(operation, Operation, "what is translated", "an Operation", "write translated(Operation(…), '…')")
    for text in (python, javascript, numpy, c):
        instance(text, str, "a translation", "a text", "write it as in 'sinh({0})', or leave it out")
    ELEMENTARY[operation] = Translation(python, javascript, numpy, c)
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
#          operation             Python                        JavaScript                 NumPy       C
translated(table.add,            "{0} + {1}",                  "{0} + {1}",               "add")
translated(table.subtract,       "{0} - {1}",                  "{0} - {1}",               "subtract")
translated(table.multiply,       "{0} * {1}",                  "{0} * {1}",               "multiply")
translated(table.divide,         "{0} / {1}",                  "{0} / {1}",               "divide")
translated(table.negate,         "-{0}",                       "-{0}",                    "negative")
translated(table.general_power,  "pow({0}, {1})",              "Math.pow({0}, {1})",      "power",    "pow")
translated(table.fixed_power,    "pow({0}, {1})",              "Math.pow({0}, {1})",      "power",    "pow")
translated(table.sqrt,           "sqrt({0})",                  "Math.sqrt({0})",          "sqrt",     "sqrt")
translated(table.exp,            "exp({0})",                   "Math.exp({0})",           "exp",      "exp")
translated(table.expm1,          "expm1({0})",                 "Math.expm1({0})",         "expm1",    "expm1")
translated(table.log,            "log({0})",                   "Math.log({0})",           "log",      "log")
translated(table.log1p,          "log1p({0})",                 "Math.log1p({0})",         "log1p",    "log1p")
translated(table.sin,            "sin({0})",                   "Math.sin({0})",           "sin",      "sin")
translated(table.cos,            "cos({0})",                   "Math.cos({0})",           "cos",      "cos")
translated(table.absolute,       "abs({0})",                   "Math.abs({0})",           "absolute", "fabs")
translated(table.heaviside,      "1.0 if {0} > 0.0 else 0.0",  "{0} > 0 ? 1 : 0")
translated(table.maximum,        "{1} if {1} > {0} else {0}",  "{1} > {0} ? {1} : {0}")
translated(table.minimum,        "{1} if {1} < {0} else {0}",  "{1} < {0} ? {1} : {0}")
translated(table.dot_product,    "",                           "")  # a sum of as many products as there are weights
# fmt: on
