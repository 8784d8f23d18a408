"""Python's operators: a + b becomes `record(add, (a, b))`, and a < b compares numbers.

A Value records a graph of numbers; a compiler's symbol records what a rule would do. Both compute like numbers because
both inherit from here.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any, NoReturn, Self

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.errors import type_error
from tinygrad_sigmoid.floats import as_number
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.operations import add, divide, fixed_power, general_power, multiply, subtract

__tracebackhide__ = True  # pytest shows the line of the caller


class Arithmetic:
    """Computes like a number, by recording."""

    __slots__ = ()
    record: Callable[[Operation, tuple[Any, ...]], Self]  # what stands for the output of an operation on these inputs

    def __add__(self, other: Any) -> Self:
        return self.record(add, (self, other))

    def __radd__(self, other: Any) -> Self:
        if type(other) is int and other == 0:  # sum() begins with the int 0: adding it would only clutter the graph
            return self
        return self.record(add, (other, self))

    def __sub__(self, other: Any) -> Self:
        return self.record(subtract, (self, other))

    def __rsub__(self, other: Any) -> Self:
        return self.record(subtract, (other, self))

    def __mul__(self, other: Any) -> Self:
        return self.record(multiply, (self, other))

    def __rmul__(self, other: Any) -> Self:
        return self.record(multiply, (other, self))

    def __truediv__(self, other: Any) -> Self:
        return self.record(divide, (self, other))

    def __rtruediv__(self, other: Any) -> Self:
        return self.record(divide, (other, self))

    def __pow__(self, exponent: Any) -> Self:
        if type(exponent) is float and exponent == 1.0:  # as in the derivative of x**2
            return self
        return self.record(general_power if isinstance(exponent, Arithmetic) else fixed_power, (self, exponent))

    def __rpow__(self, base: Any) -> Self:
        return self.record(general_power, (base, self))

    def __pos__(self) -> Self:
        return self

    def __neg__(self) -> Self:
        return self.record(table.negate, (self,))

    def __abs__(self) -> Self:
        return self.record(table.absolute, (self,))

    def exp(self) -> Self:
        return self.record(table.exp, (self,))

    def log(self) -> Self:
        return self.record(table.log, (self,))

    def sin(self) -> Self:
        return self.record(table.sin, (self,))

    def cos(self) -> Self:
        return self.record(table.cos, (self,))

    def sqrt(self) -> Self:
        return self.record(table.sqrt, (self,))

    def tanh(self) -> Self:
        return self.record(table.tanh, (self,))

    def sigmoid(self) -> Self:
        return self.record(table.sigmoid, (self,))

    def relu(self) -> Self:
        return self.record(table.relu, (self,))


class Comparisons:
    """Compares by its number; converting to a plain number is an error."""

    __slots__ = ()
    data: property

    def __lt__(self, other: Any) -> bool:
        return bool(self.data < _number_of(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.data <= _number_of(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.data > _number_of(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.data >= _number_of(other))

    def __bool__(self) -> NoReturn:
        raise type_error("no truth", self)

    def __float__(self) -> NoReturn:
        raise type_error("no plain number", self)

    def __mod__(self, other: Any) -> NoReturn:
        raise type_error("no remainder", self)

    __int__ = __float__
    __rmod__ = __floordiv__ = __rfloordiv__ = __divmod__ = __rdivmod__ = __mod__


def _number_of(other: Any) -> Any:
    number = other.data if isinstance(other, Comparisons) else other
    return number if isinstance(number, Real) else as_number(number)  # an int may be too large for a float
