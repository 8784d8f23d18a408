"""An operation: one rule of calculus, stated once.

A rule says two things: how an operation is computed from its inputs (`forward`), and how fast its output changes with
each of them (`derivatives`). Everything else in this package, from backpropagation to pictures and machine code, uses
only these two functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, overload

from tinygrad_sigmoid import checks, copying
from tinygrad_sigmoid.errors import uncomputable
from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.notation import Notation

__tracebackhide__ = True  # pytest shows the line of the caller


class Recorder(Protocol):
    """What an operation takes beside numbers: something that records it, as a Value does."""

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> Any: ...


Recorded = TypeVar("Recorded", bound=Recorder)


class Operation:
    """One operation: called on numbers it gives a float, called with a Value among its inputs it records a Value.

    An operation of your own takes three lines, and everything that works for a built-in one works for it:

    >>> from tinygrad_sigmoid import Operation, Value
    >>> softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    >>> softsign(3.0)
    0.75
    >>> x = Value(3, "x")
    >>> softsign(x).backward()
    >>> x.grad
    0.0625

    Write the rule in ordinary arithmetic and other operations. Given floats it returns floats; given Values it records
    a graph, which is how second derivatives, formulas and compiled code come from the same lines. Don't use `if` on an
    input, which would keep only the branch taken: use `heaviside`, `maximum` or `minimum`. A function that Python has
    and this package hasn't, as `math.erf`, can be written in other languages with `translated`.

    Args:
        name: The operation's name, which is also the name of the variable that holds it (pickling finds it by that).
        forward: The output, from as many floats as there are inputs.
        derivatives: The local derivatives ∂out/∂input, one for each input, from the output and the inputs.
        notation: How formulas and pictures write it; left out, as a function of its name.
        defined: Whether the operation is defined on these floats; left out, it is defined everywhere.
        hint: What to do about an input where it is not, as the end of an error message.
        kink_at: A function of the inputs that is 0 exactly where the operation has a kink or a jump.
    """

    __slots__ = ("arity", "defined", "derivatives", "forward", "hint", "input_names", "kink_at", "name", "notation")

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        derivatives: Callable[..., tuple[Any, ...]],
        *,
        notation: Notation | None = None,
        defined: Callable[..., bool] | None = None,
        hint: str = "",
        kink_at: Callable[..., float] | None = None,
    ) -> None:
        self.input_names, self.arity = checks.rule(name, forward, derivatives, notation, defined, hint, kink_at)
        self.name = name
        self.forward = forward
        self.derivatives = derivatives
        self.notation = notation or Notation(name)
        self.defined = defined
        self.hint = hint
        self.kink_at = kink_at

    @overload
    def __call__(self, *inputs: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *inputs: Recorded | float) -> Recorded: ...
    def __call__(self, *inputs: Any) -> Any:
        """The output: a float if all inputs are numbers, else what the first that is not a number records."""
        if not (type(inputs[0]) is float if len(inputs) == 1 else {*map(type, inputs)} == {float}):
            for given in inputs:
                if record := getattr(type(given), "record", None):
                    return record(self, inputs)
            inputs = tuple([as_number(number) for number in inputs])
        try:
            out = self.forward(*inputs)
            return out if type(out) is float else as_number(out)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise uncomputable(self, error, inputs) from None

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Operation:
        return self

    __reduce__ = copying.by_name
