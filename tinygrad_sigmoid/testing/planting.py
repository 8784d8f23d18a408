"""Planted bugs: an operation made wrong for a while, to prove that a test would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.quoting import shown


@contextmanager
def planted_bug(
    operation: Operation | str,
    *,
    scale: float | None = None,
    sign: bool = False,
    drop: int | None = None,
    swap: bool = False,
    derivatives: Callable[..., tuple[Any, ...]] | None = None,
    forward: Callable[..., Any] | None = None,
) -> Iterator[Operation]:
    """Makes an operation's rule wrong inside a `with` block, so that you can see whether your own tests bite.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(3.0, "x")
    >>> with planted_bug("multiply", scale=2.0):
    ...     y = x * x
    >>> y.local_derivatives
    (6.0, 6.0)
    >>> (x * x).local_derivatives
    (3.0, 3.0)

    Values that are recorded in the block keep the wrong local derivatives.

    Args:
        operation: The operation, or its name in the table.
        scale: Its local derivatives are so many times too large.
        sign: They have the wrong sign.
        drop: That for this input, counted from 1, is 0.
        swap: They come in the opposite order.
        derivatives: They are computed by this instead.
        forward: The result is computed by this instead.

    Raises:
        ValueError: Not exactly one bug is planted, or no such operation or input is there.
    """
    if isinstance(operation, str):
        if operation not in TABLE:
            raise ValueError(f"{shown(operation)} is not in the table: pass an operation, or a name such as 'sigmoid'")
        operation = TABLE[operation]
    checks.instance(operation, Operation, "operation", "an operation or its name", "write for instance 'sigmoid'")
    for flag, name in ((sign, "sign"), (swap, "swap")):
        checks.choice(flag, name, [True, False])
    checks.function(derivatives, "derivatives", "write it as in lambda out, x: (x,)", optional=True)
    checks.function(forward, "forward", "write it as in lambda x: x", optional=True)
    if scale is not None:
        scale = checks.number(scale, "scale", "write for instance 2.0")
    if drop is not None:
        most = operation.arity or checks.LARGEST
        drop = checks.whole(drop, "drop", "count the inputs from 1", least=1, most=most)
    if sum([scale is not None, sign, drop is not None, swap, derivatives is not None, forward is not None]) != 1:
        raise ValueError("plant exactly one bug: scale=, sign=, drop=, swap=, derivatives= or forward=")
    rule, right_forward = operation.derivatives, operation.forward

    def wrong(out: Any, *inputs: Any) -> tuple[Any, ...]:
        found = list(rule(out, *inputs))
        if drop is not None:
            if not 1 <= drop <= len(found):
                raise ValueError(f"{operation.name} has {len(found)} inputs: drop={drop} is none of them")
            found[drop - 1] = 0.0
        if swap:
            found.reverse()
        factor = -1.0 if sign else 1.0 if scale is None else scale
        return tuple(factor * derivative for derivative in found)

    try:
        operation.derivatives = derivatives or (rule if forward else wrong)
        operation.forward = forward or right_forward
        yield operation
    finally:
        operation.derivatives, operation.forward = rule, right_forward
