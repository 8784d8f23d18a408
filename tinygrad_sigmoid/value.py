"""A value: a number that remembers how it was computed, and can pass the chain rule back along the way it came.

To compute with values is to record a graph: each operation makes a new value that knows its operation, its inputs and
its local derivatives, ∂result/∂input for each of them. `backward` walks that graph from the result to its beginnings
and hands every input its share of the gradient, *upstream gradient · local derivative*. That is backpropagation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, NoReturn, Self

from tinygrad_sigmoid.arithmetic import Arithmetic
from tinygrad_sigmoid.graph import Ancestors, computed, next_index, topological_order
from tinygrad_sigmoid.operation import Operation, as_number, finite_number


class StaleGraph(RuntimeError):  # noqa: N818 (what it is, not that it is an error, helps a learner)
    """A leaf was changed, and what was computed from it was not computed again."""


def require_value(given: Any, reader: str) -> None:
    """Raises a `TypeError` that says how to get a value, if what a reader of graphs was given is none."""
    if not isinstance(given, Value):
        raise TypeError(
            f"{reader} takes values, but was given {type(given).__name__} {given!r:.60}: make a leaf with Value(…), "
            f"call a neuron on its inputs first, and pass several values one by one"
        )


class Value(Arithmetic):
    """A number that remembers how it was computed.

    >>> from tinygrad_sigmoid import sigmoid
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
        index: Its place in the order of creation, which is a topological order.
        constant: Whether it is a plain number that took part in a computation, as the 2 of `2 * x`: it has no gradient.

    Raises:
        TypeError: `data` is no real number.
        OverflowError: It is an int that a float can't hold without rounding.
        ValueError: It is nan or infinite.
    """

    __slots__ = ("constant", "data", "grad", "index", "inputs", "label", "local_derivatives", "operation")

    data: float
    grad: float | None
    label: str
    operation: Operation | None
    inputs: tuple[Value, ...]
    local_derivatives: tuple[float, ...]
    index: int
    constant: bool

    # How a notebook shows a value: set where the package is put together, because pictures are made upstairs.
    shown_by: ClassVar[Callable[..., dict[str, str]] | None] = None

    # NumPy leaves operators to us: np.float32(2) * v is a Value, and an array is an error, not an array of values.
    __array_ufunc__ = None

    def __init__(self, data: Any, label: str = "") -> None:
        if isinstance(data, Value):
            raise TypeError(f"{data!r} is a Value already: use it as it is, or take its number with .data")
        self.data = finite_number(data)
        self.grad = None
        self.label = label
        self.operation = None
        self.inputs = ()
        self.local_derivatives = ()
        self.index = next_index()
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
        value.index = next_index()
        value.constant = False
        value._compute(operation, inputs)
        return value

    @staticmethod
    def inputs_from(numbers: Iterable[Any]) -> list[Value]:
        """Inputs for several operations: the plain numbers among them become constants once, not once an operation."""
        return [given if isinstance(given, Value) else _constant(given) for given in numbers]

    def _compute(self, operation: Operation, inputs: tuple[Value, ...]) -> None:
        """Sets the data and the local derivatives, which are this operation's for the inputs as they are now."""
        out = None
        try:
            if len(inputs) == 2:  # one or two inputs, the most frequent, written out: it takes half the time
                a, b = inputs[0].data, inputs[1].data
                self.data = out = operation.forward(a, b)
                self.local_derivatives = slopes = operation.derivatives(out, a, b)
            elif len(inputs) == 1:
                a = inputs[0].data
                self.data = out = operation.forward(a)
                self.local_derivatives = slopes = operation.derivatives(out, a)
            else:
                numbers = [value.data for value in inputs]
                self.data = out = operation.forward(*numbers)
                self.local_derivatives = slopes = operation.derivatives(out, *numbers)
            if type(out) is not float:
                self._compute_in_floats(operation, inputs)
            elif out - out != 0.0:  # infinity and nan alone do this
                raise OverflowError
            if len(slopes) != len(inputs):
                raise TypeError
        except (ArithmeticError, ValueError, TypeError) as error:
            numbers, labels = [value.data for value in inputs], [value.label for value in inputs]
            operation.explain(error, numbers, labels, has_value=out is not None)

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
            for used, local in zip(value.inputs, value.local_derivatives):  # noqa: B905 (`_compute` has counted them)
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
                    value.data = finite_number(value.data)
                else:
                    replaced.append((value, value.data, value.local_derivatives))
                    value._compute(value.operation, value.inputs)
        except BaseException:  # Ctrl-C among them
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
            numbers = [used.data for used in value.inputs]
            try:
                now = operation.forward(*numbers)
                current = now == value.data and operation.derivatives(now, *numbers) == value.local_derivatives
            except (ArithmeticError, ValueError):  # it could be computed once, so something was changed
                current = False
            if not current:
                leaves = [used for used in dict.fromkeys(value.inputs) if not used.inputs and not used.constant]
                raise StaleGraph(
                    f"{' or '.join(map(repr, leaves)) or 'a value'} was changed after {operation.name} was computed, "
                    f"so the numbers of this graph don't belong together: call forward() on its output first"
                )

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
        inputs_are_copied = all(id(used) in memo for used in self.inputs)
        for value in [self] if inputs_are_copied else topological_order(self):
            if id(value) not in memo:
                inputs = tuple([memo[id(used)] for used in value.inputs])
                kept = value.operation, inputs, value.local_derivatives
                memo[id(value)] = _made(value.data, value.grad, value.label, value.constant, *kept)
        copied: Value = memo[id(self)]
        return copied

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (Ancestors(self), *self._state())

    def _state(self) -> tuple[Any, ...]:
        return self.data, self.grad, self.label, self.constant, self.operation, self.inputs, self.local_derivatives

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self)} if Value.shown_by is None else Value.shown_by(self)


_new = object.__new__


def _constant(number: Any) -> Value:
    if type(number) is not float or number - number != 0.0:
        number = finite_number(number)
    constant = _new(Value)
    constant.data = number
    constant.constant = True
    constant.grad = constant.operation = None
    constant.label = ""
    constant.inputs = constant.local_derivatives = ()
    constant.index = next_index()
    return constant


def _made(
    data: float,
    grad: float | None,
    label: str,
    constant: bool,
    operation: Operation | None,
    inputs: tuple[Value, ...],
    local_derivatives: tuple[float, ...],
) -> Value:
    """A value made of these, with a number of its own."""
    value = _new(Value)
    value.data = data
    value.grad = grad
    value.label = label
    value.constant = constant
    value.operation = operation
    value.inputs = inputs
    value.local_derivatives = local_derivatives
    value.index = next_index()
    return value


def _restored(ancestors: Any, *state: Any) -> Value:
    """A value out of a pickle. Its ancestors have been restored before it, so their numbers are smaller."""
    return _made(*state)


def _number_of(other: Any) -> float:
    return other.data if isinstance(other, Value) else as_number(other)
