"""A value: a number that remembers how it was computed, and can pass the chain rule back along the way it came.

To compute with values is to record a graph: each operation makes a new value that knows its operation, its inputs and
its local derivatives, ∂result/∂input for each of them. `backward` walks that graph from the result to its beginnings
and hands every input its share of the gradient, *upstream gradient · local derivative*. That is backpropagation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, Self

from tinygrad_sigmoid.graph import Ancestors, computed, next_number, topological_order
from tinygrad_sigmoid.operation import Operation, as_number
from tinygrad_sigmoid.operations import (
    absolute,
    add,
    divide,
    exp,
    fixed_power,
    log,
    multiply,
    negate,
    power,
    relu,
    sigmoid,
    sqrt,
    subtract,
    tanh,
)


class StaleGraph(RuntimeError):  # noqa: N818 (what it is, not that it is an error, helps a learner)
    """A leaf was changed, and what was computed from it was not computed again."""


class Value:
    """A number that remembers how it was computed.

    >>> w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    >>> output = sigmoid(w * x + b)
    >>> output
    Value(0.8175744761936437)
    >>> output.backward()
    >>> w.grad  # how fast the output changes with w
    0.14914645207033286

    Values compare by their data (`loss > 0.1` is a plain bool), but `==` and `hash` go by identity, so that values can
    be kept in sets and dicts: write `a.data == b.data` to compare numbers.

    Args:
        data: The number: an int, a float, any `numbers.Real`, or a NumPy scalar.
        label: A name for messages, pictures and formulas. One with dots says where the value belongs:
            `"layer1.neuron3.w2"`.

    Attributes:
        data: The number, a float. Assign to that of a leaf to change it, then `forward()` to recompute the rest.
        grad: The gradient ∂output/∂this of the last backward pass; `None` until one has computed it.
        label: The name.
        operation: What it was computed with; `None` for a leaf.
        inputs: What it was computed from, in order, an input used twice standing there twice.
        local_derivatives: ∂this/∂input for each input, as it was when the value was recorded or last replayed.
        number: Its place in the order of creation, which is a topological order.
        constant: Whether it is a plain number that took part in a computation, as the 2 of `2 * x`: it has no gradient.

    Raises:
        TypeError: `data` is no real number.
        OverflowError: It is an int that a float can't hold without rounding.
        ValueError: It is nan or infinite.
    """

    __slots__ = ("constant", "data", "grad", "inputs", "label", "local_derivatives", "number", "operation")

    data: float
    grad: float | None
    label: str
    operation: Operation | None
    inputs: tuple[Value, ...]
    local_derivatives: tuple[float, ...]
    number: int
    constant: bool

    # How a notebook shows a value: set where the package is put together, because pictures are made upstairs.
    shown_by: ClassVar[Callable[..., dict[str, str]] | None] = None

    # NumPy leaves operators to us: np.float32(2) * v is a Value, and an array is an error, not an array of values.
    __array_ufunc__ = None

    def __init__(self, data: Any, label: str = "") -> None:
        if isinstance(data, Value):
            raise TypeError(f"{data!r} is a Value already: use it as it is, or take its number with .data")
        self.data = as_number(data)
        if not math.isfinite(self.data):
            raise ValueError(f"{self.data} is not a number to compute with: find out where it came from")
        self.grad = None
        self.label = label
        self.operation = None
        self.inputs = ()
        self.local_derivatives = ()
        self.number = next_number()
        self.constant = False

    # -- Recording ---------------------------------------------------------------------------------------------------

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> Value:
        """A new value, computed by `operation` from `inputs`; plain numbers among them become constants."""
        for given in inputs:
            if type(given) is not Value:
                inputs = tuple([used if isinstance(used, Value) else _constant(used) for used in inputs])
                break
        value = _new(Value)
        value.grad = None
        value.label = ""
        value.operation = operation
        value.inputs = inputs
        value.number = next_number()
        value.constant = False
        value._compute(operation, inputs)
        return value

    @staticmethod
    def inputs_from(numbers: Iterable[Any]) -> list[Value]:
        """Inputs for several operations: the plain numbers among them become constants once, not once an operation."""
        return [given if isinstance(given, Value) else _constant(given) for given in numbers]

    def _compute(self, operation: Operation, inputs: tuple[Value, ...]) -> None:
        """Sets the data and the local derivatives, which are this operation's for the inputs as they are now."""
        try:
            if len(inputs) == 2:  # one or two inputs, the most frequent, written out: it takes half the time
                a, b = inputs[0].data, inputs[1].data
                self.data = out = operation.forward(a, b)
                self.local_derivatives = operation.derivatives(out, a, b)
            elif len(inputs) == 1:
                a = inputs[0].data
                self.data = out = operation.forward(a)
                self.local_derivatives = operation.derivatives(out, a)
            else:
                numbers = [value.data for value in inputs]
                self.data = out = operation.forward(*numbers)
                self.local_derivatives = operation.derivatives(out, *numbers)
            if type(out) is not float:
                self._compute_in_floats(operation, inputs)
            elif out - out != 0.0:  # infinity and nan alone do this
                raise OverflowError
        except (ArithmeticError, ValueError, TypeError) as error:
            operation.explain(error, [value.data for value in inputs], [value.label for value in inputs])

    def _compute_in_floats(self, operation: Operation, inputs: tuple[Value, ...]) -> None:
        """The same where a leaf was given an int or a NumPy scalar, or the operation itself gives something like it."""
        for used in inputs:
            used.data = as_number(used.data)
        numbers = [used.data for used in inputs]
        self.data = out = as_number(operation.forward(*numbers))
        self.local_derivatives = operation.derivatives(out, *numbers)
        if not math.isfinite(out):
            raise OverflowError

    # -- The two passes ----------------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Sets the gradient of this value and of all it was computed from: ∂self/∂value, by the chain rule.

        >>> x = Value(3, "x")
        >>> y = x * x
        >>> y.backward()
        >>> x.grad
        6.0

        Leaves add up over passes until `zero_grad()`, as in PyTorch; the gradients in between are those of this pass.
        The local derivatives are those kept with each value when it was recorded or last replayed, so a leaf that was
        changed meanwhile has no say until `forward()`: old and new numbers are never mixed.
        """
        order = computed(self)
        for value in order:
            value.grad = None
        self.grad = 1.0 if self.inputs else (self.grad or 0.0) + 1.0
        for value in reversed(order):  # every use of a value comes before the value itself
            upstream: Any = value.grad
            for used, local in zip(value.inputs, value.local_derivatives):  # noqa: B905 (as long as each other)
                if not used.constant:
                    so_far = used.grad
                    used.grad = upstream * local if so_far is None else so_far + upstream * local

    def forward(self) -> Self:
        """This value, after all it was computed from has been computed again from the leaves as they are now.

        >>> x = Value(3, "x")
        >>> y = x * x
        >>> x.data = 4.0
        >>> y.forward()
        Value(16.0)

        If an operation can't be computed, the error says so and the graph is left as it was.
        """
        replaced: list[tuple[Value, float, tuple[float, ...]]] = []
        try:
            for value in topological_order(self):
                if value.operation is None:
                    value.data = as_number(value.data)
                else:
                    replaced.append((value, value.data, value.local_derivatives))
                    value._compute(value.operation, value.inputs)
        except Exception:
            for changed, data, local_derivatives in replaced:
                changed.data, changed.local_derivatives = data, local_derivatives
            raise
        return self

    def zero_grad(self) -> None:
        """Forgets the gradient of this value and of all it was computed from."""
        for value in topological_order(self):
            value.grad = None

    def detach(self) -> Value:
        """A new leaf with the same number and label, cut off from how it was computed."""
        return Value(self.data, self.label)

    def require_current(self) -> None:
        """Raises `StaleGraph` if a leaf was changed after the graph was recorded or last replayed.

        `backward` does not need this (see there); whatever computes with the numbers as they stand does.
        """
        for value in computed(self):
            operation: Any = value.operation
            try:
                now = operation.forward(*[used.data for used in value.inputs])
            except (ArithmeticError, ValueError):  # it could be computed once, so something was changed
                now = None
            if now != value.data:
                changed = [repr(used) for used in value.inputs if not used.inputs and not used.constant]
                raise StaleGraph(
                    f"{' or '.join(changed) or 'a value'} was changed after {operation.name} was computed from it, "
                    f"so the numbers of this graph don't belong together: call forward() on its output first"
                )

    # -- Arithmetic --------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Value:
        return record(add, (self, other))

    def __radd__(self, other: Any) -> Value:
        if type(other) is int and other == 0:  # sum() begins with the int 0: adding it would only clutter the graph
            return self
        return record(add, (other, self))

    def __sub__(self, other: Any) -> Value:
        return record(subtract, (self, other))

    def __rsub__(self, other: Any) -> Value:
        return record(subtract, (other, self))

    def __mul__(self, other: Any) -> Value:
        return record(multiply, (self, other))

    def __rmul__(self, other: Any) -> Value:
        return record(multiply, (other, self))

    def __truediv__(self, other: Any) -> Value:
        return record(divide, (self, other))

    def __rtruediv__(self, other: Any) -> Value:
        return record(divide, (other, self))

    def __pow__(self, other: Any) -> Value:
        return record(power if isinstance(other, Value) else fixed_power, (self, other))

    def __rpow__(self, other: Any) -> Value:
        return record(power, (other, self))

    def __neg__(self) -> Value:
        return record(negate, (self,))

    def __pos__(self) -> Value:
        return self

    def __abs__(self) -> Value:
        return record(absolute, (self,))

    def exp(self) -> Value:
        return record(exp, (self,))

    def log(self) -> Value:
        return record(log, (self,))

    def sqrt(self) -> Value:
        return record(sqrt, (self,))

    def tanh(self) -> Value:
        return record(tanh, (self,))

    def sigmoid(self) -> Value:
        return record(sigmoid, (self,))

    def relu(self) -> Value:
        return record(relu, (self,))

    # -- Comparing, and what a value refuses -------------------------------------------------------------------------

    def __lt__(self, other: Any) -> bool:
        return self.data < _number_of(other)

    def __le__(self, other: Any) -> bool:
        return self.data <= _number_of(other)

    def __gt__(self, other: Any) -> bool:
        return self.data > _number_of(other)

    def __ge__(self, other: Any) -> bool:
        return self.data >= _number_of(other)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"{self!r} is neither true nor false: compare its number, as in v.data != 0")

    def __float__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} can't become a plain number unasked, which would cut the graph: use this package's exp(v), "
            f"sqrt(v), … instead of math's, or take the number with v.data"
        )

    __int__ = __float__

    # -- Text, copies, pickles ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = f", {self.label!r}" if self.label else ""
        grad = "" if self.grad is None else f", grad={self.grad!r}"
        return f"{type(self).__name__}({self.data!r}{label}{grad})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        for value in topological_order(self):
            if id(value) not in memo:
                copy = memo[id(value)] = _new(Value)
                copy.number = next_number()
                copy.data, copy.grad, copy.label = value.data, value.grad, value.label
                copy.operation, copy.local_derivatives = value.operation, value.local_derivatives
                copy.constant = value.constant
                copy.inputs = tuple([memo[id(used)] for used in value.inputs])
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self.data, self.grad, self.label, self.constant, self.operation, self.inputs, self.local_derivatives)
        return _restored, (Ancestors(self), *state)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self)} if Value.shown_by is None else Value.shown_by(self)


record = Value.record
_new = object.__new__


def _constant(number: Any) -> Value:
    constant = _new(Value)
    constant.data = number if type(number) is float else as_number(number)
    constant.constant = True
    constant.grad = None
    constant.label = ""
    constant.operation = None
    constant.inputs = ()
    constant.local_derivatives = ()
    constant.number = next_number()
    return constant


def _number_of(other: Any) -> float:
    return other.data if isinstance(other, Value) else as_number(other)


def _restored(
    ancestors: Any,
    data: float,
    grad: float | None,
    label: str,
    constant: bool,
    operation: Operation | None,
    inputs: tuple[Value, ...],
    local_derivatives: tuple[float, ...],
) -> Value:
    """A value out of a pickle, numbered afresh: its inputs have been restored, and so numbered, before it."""
    value = _new(Value)
    value.data, value.grad, value.label, value.constant = data, grad, label, constant
    value.operation, value.inputs, value.local_derivatives = operation, inputs, local_derivatives
    value.number = next_number()
    return value
