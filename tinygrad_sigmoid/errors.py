"""What is said when something is wrong: one sentence that names the thing, the reason and what to do about it.

The rules and the graph raise these errors, and know nothing of their wording.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from tinygrad_sigmoid.floats import as_number, explained
from tinygrad_sigmoid.quoting import printable, shown


class Rule(Protocol):
    """What a message needs to know of an operation."""

    name: str
    hint: str
    input_names: tuple[str, ...]
    arity: int | None
    defined: Callable[..., bool] | None


class TinygradSigmoidError(Exception):
    """The base class of this package's own errors."""


class StaleGraph(TinygradSigmoidError, RuntimeError):  # noqa: N818 (what it is helps a learner, not that it is an error)
    """A leaf was changed, and what was computed from it was not computed again."""


# What to do about an input for which an operation of the table is not defined.
HINTS = {
    "divide": "keep the divisor away from 0",
    "general_power": "a Value as exponent needs a base above 0 (a plain number as exponent, x**2, takes any base)",
    "fixed_power": "0 needs an exponent of 0 or more, and a negative base a whole number",
    "sqrt": "keep its input above 0, for instance sqrt(x + 1e-12)",
    "log": "keep its input above 0, for instance log(x + 1e-12); for log(sigmoid(z)) there is log_sigmoid(z)",
    "log1p": "keep its input above −1",
    "dot_product": "give as many weights as inputs, as in dot([w1, w2], [x1, x2])",
}

# How a call is shown if not by the operation's name.
CALLS = {"fixed_power": "({})**{}", "general_power": "({})**({})"}

# What is said of values where something else is wanted, or the other way round.
SENTENCES = {
    "no label": "a label is a text, but got {0}: inputs and operation are recorded by computing, as in a + b",
    "no truth": "{0} is neither true nor false: compare its number, as in v.data != 0",
    "no plain number": "{0} can't become a plain number unasked, which would cut the graph: use this package's "
    "exp(v), sqrt(v), … instead of math's, or take the number with v.data",
    "no remainder": "{0} has no remainder and no whole quotient, which jump and so can't be tuned: compute with its "
    "number, as in v.data % 2",
    "no lists": "dot takes two lists, but got {0} and {1}: put single values into a list, dot([w1, w2], [x1, x2])",
    "unpaired": "dot needs as many weights as inputs, and at least one, but got {0} and {1}: compare the two lists",
    "computed": "{0} is computed from other values: {1} the leaves it comes from",
}


def type_error(about: str, *things: object) -> TypeError:
    return TypeError(SENTENCES[about].format(*map(shown, things)))


def value_error(about: str, thing: object, *words: object) -> ValueError:
    return ValueError(SENTENCES[about].format(shown(thing), *words))


def _renamed(there: str, here: str) -> property:
    def get(value: object) -> NoReturn:
        raise AttributeError(f"what micrograd calls {there} is called {here} here")

    return property(get)


class MicrogradNames:
    """What micrograd's users type, answered with the name here."""

    __slots__ = ()
    _prev = _renamed("_prev", "inputs")
    _op = _renamed("_op", "operation")
    _backward = _renamed("_backward", "operation.derivatives")


def stale(operation: Rule, changed: Sequence[object]) -> StaleGraph:
    """The error for an operation whose inputs are not those that it was computed with."""
    return StaleGraph(
        f"{' or '.join(map(shown, changed[:3])) or 'a value'} was changed after {printable(operation.name, 40)} was "
        f"computed, so the numbers of this graph don't belong together: call forward() on its output first, or record "
        f"it anew"
    )


def uncomputable(operation: Rule, error: Exception, inputs: Sequence[Any], output: object = None) -> Exception:
    """The error to raise when an operation can't be computed: its inputs, the reason, and a hint.

    Args:
        operation: The operation.
        error: What its rule, or a check of what that gave, has raised.
        inputs: Numbers, or values.
        output: What was computed, if it was the derivatives that failed.
    """
    try:
        numbers: list[float] = [as_number(given.data if hasattr(type(given), "data") else given) for given in inputs]
    except (TypeError, OverflowError):
        return error  # it says so
    if isinstance(error, TypeError):
        return _wrong_count(operation, len(numbers), error)
    outside = operation.defined is not None and not operation.defined(*numbers)
    if hasattr(error, "explained") and not outside:
        return error
    if outside:
        reason = f"is not defined: {operation.hint}"
    elif not all(map(math.isfinite, numbers)):
        reason = "has an input that is not a finite number: find out where it came from"
    elif isinstance(error, OverflowError):
        reason = "is too large for a float (more than 1.8e308): make its inputs smaller"
    elif output is not None:
        reason = f"has no finite derivative, so no gradient could pass ({error}): keep its inputs away from there"
    else:
        reason = f"can't be computed ({error}): keep its inputs away from there"
    labels = [f"{printable(label, 40)}=" if (label := getattr(given, "label", "")) else "" for given in inputs]
    named = [f"{label}{number:.6g}" for label, number in zip(labels, numbers, strict=True)]
    call = f"{printable(operation.name, 40)}({', '.join(named if len(named) <= 8 else [*named[:8], '…'])})"
    if operation.name in CALLS:
        call = CALLS[operation.name].format(*named)
    kinds = OverflowError, ZeroDivisionError, ArithmeticError, ValueError
    return explained(next(kind for kind in kinds if isinstance(error, kind))(f"{call} {reason}"))


NOT_ONE_FOR_EACH = "not one derivative for each input"


def _wrong_count(operation: Rule, given: int, error: TypeError) -> TypeError:
    """The error of an operation with another number of inputs than it takes, or not one derivative for each."""
    name, names = printable(operation.name, 40), operation.input_names
    if operation.arity not in (None, given):
        inputs = f"{len(names)} input{'s' * (len(names) > 1)}"
        return TypeError(f"{name} takes {inputs}, but was given {given}: write it as {name}({', '.join(names)})")
    if error.args == (NOT_ONE_FOR_EACH,):
        return TypeError(
            f"the rule of {name} must give a tuple with one derivative for each of its {given} "
            f"input{'s' * (given > 1)}: see `derivatives`, and mind the comma in (slope,)"
        )
    return error
