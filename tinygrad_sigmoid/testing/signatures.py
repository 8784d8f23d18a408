"""What a function calls its inputs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
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
