"""What is found out about a function by calling it, and before: what its inputs are called, is it always the same?"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tinygrad_sigmoid.operation import Operation


def input_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of its first inputs; x1, x2, … if it doesn't tell.

    >>> input_names(lambda w, x, b=0.0: w * x + b, 2)
    ['w', 'x']
    """
    try:
        parameters = inspect.signature(function).parameters.values()
        names = [parameter.name for parameter in parameters if parameter.kind <= parameter.POSITIONAL_OR_KEYWORD]
    except (TypeError, ValueError):  # a function of C, which needn't tell
        names = []
    if isinstance(function, Operation):
        names = list(function.input_names)
    return names[:count] if len(names) >= count else [f"x{place}" for place in range(1, count + 1)]


# -- Functions that don't give the same number each time: there is no gradient to check in those ----------------------

CALLS = 8
MORE_CALLS = 24  # once two of them differed: a coin of one's own seldom looks like a pattern for so long
LONGEST_PERIOD = 6

UNSTEADY = {
    "nondeterministic": "another number at each call: does it use random numbers?",
    "stateful": "another number at a later call: does it keep something from call to call, or read the clock?",
}


def unsteady(function: Callable[..., Any], *inputs: Any) -> str:
    """How a function breaks the rule that the same inputs give the same output; empty if it doesn't.

    >>> import random
    >>> unsteady(lambda x: x * random.random(), 2.0)
    'nondeterministic'
    >>> seen = []
    >>> unsteady(lambda x: seen.append(x) or len(seen), 2.0)
    'stateful'
    """
    results = [repr(function(*inputs)) for _ in range(CALLS)]  # as text, in which nan is nan, and −0 is not 0
    if len({*results}) == 1:
        return ""
    later = [function(*inputs) for _ in range(MORE_CALLS)]
    return "stateful" if _settles([*map(repr, later)]) or _rises(later) else "nondeterministic"


def _settles(results: list[str]) -> bool:
    """Whether the later results are all the same, or come round again and again."""
    return any(results[period:] == results[:-period] for period in range(1, LONGEST_PERIOD + 1))


def _rises(results: list[Any]) -> bool:
    """Whether the results go up or down all the time; those of a function that gives several, one of them at least."""
    rows = [result if isinstance(result, tuple | list) else (result,) for result in results]
    for column in zip(*rows, strict=False):
        pairs = [*pairwise(column)]
        if any(a != b for a, b in pairs) and (all(a <= b for a, b in pairs) or all(a >= b for a, b in pairs)):
            return True
    return False
