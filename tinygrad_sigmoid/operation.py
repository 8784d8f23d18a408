"""An operation: one rule of calculus, said once.

A rule says two things: how an operation is computed from its inputs (`forward`), and how fast its result changes with
each of them (`derivatives`). Everything else in this package, from backpropagation to pictures and machine code,
reads these two and knows no formula by itself.
"""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest
from numbers import Integral, Real
from typing import Any, NoReturn, Protocol, TypeVar, overload

FUNCTION = 100  # the precedence of everything that is written with brackets of its own, as in σ(z)


class Recordable(Protocol):
    """What an operation can be asked to take beside numbers: something that records the operation, as a Value does."""

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> Any: ...


Recorded = TypeVar("Recorded", bound=Recordable)


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

    The rule is written in ordinary arithmetic and other operations. Fed floats it gives numbers, fed Values it records
    a graph (so second derivatives, formulas and compiled code come from the same lines). It must not branch on the
    value of an input, which would freeze the branch that was taken: use `step`, `maximum` or `minimum` instead.

    Args:
        name: The operation's name, which is also the name of the variable that holds it (pickling finds it by that).
        forward: The result, from as many floats as there are inputs.
        derivatives: The local derivatives ∂out/∂input, one for each input, from the result and the inputs.
        symbol: The short heading in pictures and formulas, `"σ"` or `"+"`; the name if left out.
        precedence: How tightly an infix symbol binds (`+` 1, `·` 2, sign 3, power 4); left out, the operation is
            written as a function.
        notation: The text of the operation from the texts of its inputs, where neither fits.
        latex: The same for LaTeX.
        defined: Whether the operation is defined on these floats; left out, it is defined everywhere.
        hint: What to do about an input where it is not, as the end of an error message.
        kink_at: A function of the inputs that is 0 exactly where the operation has a kink or a jump.
    """

    __slots__ = (
        "defined",
        "derivatives",
        "forward",
        "hint",
        "kink_at",
        "latex",
        "name",
        "notation",
        "precedence",
        "symbol",
    )

    def __init__(
        self,
        name: str,
        forward: Callable[..., Any],
        derivatives: Callable[..., tuple[Any, ...]],
        *,
        symbol: str = "",
        precedence: int = FUNCTION,
        notation: Callable[..., str] | None = None,
        latex: Callable[..., str] | None = None,
        defined: Callable[..., bool] | None = None,
        hint: str = "",
        kink_at: Callable[..., float] | None = None,
    ) -> None:
        self.name = name
        self.forward = forward
        self.derivatives = derivatives
        self.symbol = symbol or name
        self.precedence = precedence
        self.notation = notation
        self.latex = latex
        self.defined = defined
        self.hint = hint
        self.kink_at = kink_at

    @overload
    def __call__(self, *inputs: float) -> float: ...  # type: ignore[overload-overlap]
    @overload
    def __call__(self, *inputs: Recorded | float) -> Recorded: ...
    def __call__(self, *inputs: Any) -> Any:
        """The result: a float if all inputs are numbers, else what the first that is not a number records."""
        for candidate in inputs:
            if type(candidate) is not float:
                for recorder in inputs:
                    if record := getattr(type(recorder), "record", None):
                        return record(self, inputs)
                inputs = tuple([as_number(number) for number in inputs])
                break
        try:
            return self.forward(*inputs)
        except (ArithmeticError, ValueError, TypeError) as error:
            self.explain(error, inputs)

    # A row may take its arguments in another form, as dot(weights, inputs) does; `apply` always takes the inputs one
    # after the other.
    apply = __call__

    def explain(
        self, error: Exception, numbers: Sequence[float], labels: Sequence[str] = (), *, has_value: bool = False
    ) -> NoReturn:
        """Raises `error` again in words that name the operation, its inputs, the reason and the cure.

        Args:
            error: What the rule, or a check of what it gave, has raised.
            numbers: The inputs.
            labels: Their labels.
            has_value: Whether the result could be computed, so that it was the derivatives that failed.
        """
        if isinstance(error, TypeError):
            for number in numbers:
                as_number(number)
            self._explain_count(len(numbers), has_value)
            raise error
        outside = self.defined is not None and not self.defined(*numbers)
        if getattr(error, "explained", False) and not outside:
            raise error
        named = [
            f"{label}={number:.6g}" if label else f"{number:.6g}" for number, label in zip_longest(numbers, labels)
        ]
        shown = self.shown(named if len(named) <= 8 else [*named[:8], "…"])
        if outside:
            reason = f"is not defined: {self.hint}"
        elif not all(map(math.isfinite, numbers)):
            reason = "has an input that is not a finite number: find out where it came from"
        elif isinstance(error, OverflowError):
            reason = "is too large for a float (more than 1.8e308): make its inputs smaller"
        elif has_value:
            reason = f"has no finite derivative, so no gradient could pass ({error}): keep its inputs away from there"
        else:
            reason = f"can't be computed ({error}): keep its inputs away from there"
        explained = type(error)(f"{shown} {reason}")
        explained.explained = True  # type: ignore[attr-defined]
        raise explained from None

    def _explain_count(self, given: int, has_value: bool) -> None:
        """Raises an error if the rule takes another number of inputs than it was given, or gives no slope for each."""
        import inspect  # slow to load, and only an error needs it

        signature = inspect.signature(self.derivatives)
        try:
            signature.bind(None, *range(given))
        except TypeError:
            wanted = len(signature.parameters) - 1
            raise TypeError(
                f"{self.name} takes {wanted} input{'s' * (wanted > 1)}, but was given {given}: "
                f"write it as {self.name}({', '.join(list(signature.parameters)[1:])})"
            ) from None
        if has_value:
            raise TypeError(
                f"the rule of {self.name} must give a tuple with one derivative for each of its {given} "
                f"input{'s' * (given > 1)}: see `derivatives`, and mind the comma in (slope,)"
            ) from None

    def shown(self, inputs: Sequence[str]) -> str:
        """The operation on these inputs, as error messages write it."""
        return f"{self.name}({', '.join(inputs)})"

    def __repr__(self) -> str:
        return f"<operation {self.name}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Operation:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        module = self.derivatives.__module__
        if getattr(sys.modules.get(module), self.name, None) is not self:
            raise TypeError(
                f"the operation {self.name!r} can't be pickled, because {module} has no variable of that name that "
                f"holds it: write `{self.name} = Operation({self.name!r}, …)` at the top level of a module"
            )
        return _operation_named, (module, self.name)


def _operation_named(module: str, name: str) -> Operation:
    found: Operation = getattr(importlib.import_module(module), name)
    return found


def as_number(number: Any) -> float:
    """The float that a number stands for; anything else is an error that names it.

    >>> as_number(3)
    3.0

    Args:
        number: An int, a float, any `numbers.Real`, or a NumPy scalar.

    Raises:
        TypeError: It is no real number.
        OverflowError: It is an int that no float can hold, or not without rounding.
    """
    if type(number) is float:
        return number
    if type(number) is int and -(2**53) <= number <= 2**53:
        return float(number)
    if not isinstance(number, Real):
        raise TypeError(f"{_shown(number)} is not a real number: {_hint_for(number)}")
    try:
        as_float = float(number)
    except OverflowError:
        raise OverflowError(f"{type(number).__name__} is too large for a float (more than 1.8e308)") from None
    if isinstance(number, Integral) and math.isfinite(as_float) and int(as_float) != int(number):
        raise OverflowError(
            f"{number} would lose digits as a float (it becomes {as_float:.0f}): whole numbers beyond 2**53 need "
            f"float({number}) written out"
        )
    return as_float


def finite_number(number: Any) -> float:
    """The same, but neither infinite nor nan: a number to begin a computation with.

    Raises:
        ValueError: It is infinite or nan.
    """
    as_float = as_number(number)
    if not math.isfinite(as_float):
        raise ValueError(f"{as_float} is not a number to compute with: find out where it came from")
    return as_float


def _shown(thing: Any) -> str:
    text = repr(thing)
    return f"{text if len(text) <= 40 else text[:37] + '…'} ({type(thing).__name__})"


def _hint_for(thing: Any) -> str:
    if isinstance(thing, tuple):
        return "give one number at a time; is there a stray comma after the value?"
    if isinstance(thing, str):
        return "convert the text with float(…) first"
    if thing is None:
        return "was something left out, or a gradient read before backward()?"
    if isinstance(thing, complex):
        return "take its .real or .imag, or compute with two values"
    if hasattr(type(thing), "__len__") or hasattr(type(thing), "__array__"):
        return "give one number at a time; a list of values needs a loop or `dot`"
    return "convert it with float(…) first"
