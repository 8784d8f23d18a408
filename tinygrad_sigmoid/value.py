"""A value: a number that remembers how it was computed, and can pass the chain rule back to where it came from.

To compute with values is to record a graph: each operation makes a new value that knows its operation, its inputs and
its local derivatives, ∂output/∂input for each of them. `backward` walks that graph from the output to its leaves, and
adds to the gradient of every input *upstream gradient · local derivative*. That is backpropagation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Self

from tinygrad_sigmoid import copying, errors
from tinygrad_sigmoid.arithmetic import Arithmetic, Comparisons
from tinygrad_sigmoid.floats import as_number, finite_number
from tinygrad_sigmoid.graph import clock, computed, next_index, topological_order
from tinygrad_sigmoid.operation import Operation

__tracebackhide__ = True  # pytest shows the line of the caller

_new = object.__new__


class Value(Arithmetic, Comparisons, errors.MicrogradNames):
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
        data: The number: an int, a float, any `numbers.Real`, or a NumPy scalar; anything else is an error.
        label: A name for messages, pictures and formulas; with dots it names a place, as in `"layer1.neuron3.w2"`.
    """

    __slots__ = "_data constant grad index inputs label local_derivatives mark moment operation".split()  # noqa: SIM905

    _data: float  # what `data` reads and writes
    grad: float | None  # ∂output/∂this; None before the first backward pass; in a leaf, the sum over passes
    label: str
    operation: Operation | None  # what it was computed with; None for a leaf
    inputs: tuple[Value, ...]  # what it was computed from, in order, an input used twice standing there twice
    local_derivatives: tuple[float, ...]  # ∂this/∂input for each input, as when it was recorded or last replayed
    index: int  # its place in the order of creation, which is a topological order
    constant: bool  # whether it is a plain number in a computation, as the 2 of `2 * x`: it has no gradient
    moment: float  # when it was recorded, last replayed or, a leaf, written, on the clock that counts `index`
    mark: object  # of the last walk that came by

    _repr_mimebundle_: ClassVar[Callable[..., dict[str, str]]]  # for notebooks: pictures are built upon values, so both
    _repr_png_: ClassVar[Callable[[Value], bytes | None]]  # are set by the package's __init__
    __array_priority__ = 1  # NumPy leaves operators to us: np.float32(2) * v is a Value, and an array is an error

    def __init__(self, data: Any, label: str = "", *more: object) -> None:
        if more or not isinstance(label, str):
            raise errors.type_error("no label", label)
        self._data = finite_number(data)
        self.label = label
        self.grad = self.operation = self.mark = None
        self.inputs = self.local_derivatives = ()
        self.constant = False
        self.index = self.moment = next_index()

    @property
    def data(self) -> float:
        """The number, a float. Assign to that of a leaf to change it, then call `forward()` to recompute the rest."""
        return self._data

    @data.setter
    def data(self, number: Any) -> None:
        if self.inputs:
            raise errors.value_error("computed", self, "change")
        write([self], [finite_number(number)])

    # -- Recording ---------------------------------------------------------------------------------------------------

    @staticmethod
    def record(operation: Operation, inputs: tuple[Any, ...]) -> Value:
        """A new value, computed by `operation` from `inputs`; plain numbers among them become constants."""
        out = None
        try:
            if len(inputs) == 2:  # one or two inputs, the most frequent, written out: it takes half the time
                a, b = inputs
                if type(a) is not Value or type(b) is not Value:
                    inputs = a, b = tuple(as_values(inputs))
                out = operation.forward(a._data, b._data)
                slopes = operation.derivatives(out, a._data, b._data)
            elif len(inputs) == 1:
                [a] = inputs
                out = operation.forward(a._data)
                slopes = operation.derivatives(out, a._data)
            else:
                for given in inputs:
                    if type(given) is not Value:
                        inputs = tuple(as_values(inputs))
                        break
                numbers = [value._data for value in inputs]
                out = operation.forward(*numbers)
                slopes = operation.derivatives(out, *numbers)
            if type(out) is not float:
                out = as_number(out)
            if out - out != 0.0:  # infinity and nan alone do this
                raise OverflowError
            if type(slopes) is not tuple or len(slopes) != len(inputs):
                raise TypeError(errors.NOT_ONE_FOR_EACH)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise errors.uncomputable(operation, error, inputs, out) from None
        value = _new(Value)
        value._data = out
        value.operation = operation
        value.inputs = inputs
        value.local_derivatives = slopes
        value.label = ""
        value.grad = value.mark = None
        value.constant = False
        value.index = value.moment = next_index()
        return value

    # -- The two passes ----------------------------------------------------------------------------------------------

    def backward(self) -> None:
        """Sets the gradient of this value and of all it was computed from: ∂self/∂value, by the chain rule.

        >>> x = Value(3, "x")
        >>> y = x * x
        >>> y.backward()
        >>> x.grad  # 1·3 + 1·3: upstream gradient · local derivative, added up over the two uses of x
        6.0

        Leaves add up over passes until `zero_grad()`, as in PyTorch; the gradients in between are those of this pass.

        Raises:
            StaleGraph: A leaf was changed after the graph was recorded or last replayed.
        """
        order = computed(self)
        require_fresh(order)
        for value in order:
            value.grad = None
        self.grad = 1.0 if self.inputs else (self.grad or 0.0) + 1.0
        for value in reversed(order):  # when we reach a value, all its uses have added to its gradient
            upstream: Any = value.grad
            for used, local in zip(value.inputs, value.local_derivatives):  # noqa: B905 (`record` has counted them)
                so_far = used.grad
                if so_far is not None:
                    used.grad = so_far + upstream * local
                elif not used.constant:
                    used.grad = upstream * local

    def forward(self) -> Self:
        """This value, after all it was computed from has been computed again from the leaves as they are now.

        >>> x = Value(3, "x")
        >>> y = x * x
        >>> x.data = 4.0
        >>> y.forward()
        Value(16.0)

        If an operation can't be computed, the error says so and the graph is left as it was.
        """
        again: dict[Value, Value] = {}
        for value in computed(self):
            inputs = tuple([again.get(used, used) for used in value.inputs])
            again[value] = Value.record(operation_of(value), inputs)
            again[value].label = value.label  # for an error to name
        now = next_index()
        for old, new in again.items():
            old._data, old.local_derivatives, old.moment = new._data, new.local_derivatives, now
        return self

    def zero_grad(self) -> None:
        """Forgets the gradient of this value and of all it was computed from."""
        for value in topological_order(self):
            value.grad = None

    def detach(self) -> Value:
        """A new leaf with the same number and label, cut off from how it was computed."""
        return Value(self._data, self.label)

    def __repr__(self) -> str:
        label = f", {self.label!r}" if self.label else ""
        grad = "" if self.grad is None else f", grad={self.grad!r}"
        return f"{type(self).__name__}({self.data!r}{label}{grad})"

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    __reduce__ = copying.pickled


def as_values(numbers: Iterable[Any]) -> list[Value]:
    """Inputs for operations: the plain numbers among them become constants."""
    return [given if isinstance(given, Value) else _constant(given) for given in numbers]


def _constant(number: Any) -> Value:
    value = _new(Value)
    value._data = number if type(number) is float and number - number == 0.0 else finite_number(number)
    value.constant = True
    value.label = ""
    value.grad = value.operation = value.mark = None
    value.inputs = value.local_derivatives = ()
    value.index = value.moment = next_index()
    return value


def operation_of(value: Value) -> Operation:
    """The operation of a value that was computed."""
    assert value.operation is not None, f"{value!r} is a leaf"
    return value.operation


def write(leaves: Iterable[Value], numbers: Iterable[float]) -> None:
    """Gives leaves new numbers, all at one moment; the caller has checked that they are finite floats."""
    now = clock.last_write = next_index()
    for leaf, number in zip(leaves, numbers):  # noqa: B905 (as many as there are leaves)
        leaf._data = number
        leaf.moment = now


def require_fresh(order: Sequence[Value]) -> None:
    """Raises `StaleGraph` if a leaf was changed after what is computed from it, the values of `order`.

    If no leaf anywhere was written since the oldest of them was recorded, as in a loop that records anew after each
    update, one comparison is enough.
    """
    if order and clock.last_write > order[0].index:
        for value in order:
            moment = value.moment
            for used in value.inputs:
                if used.moment > moment:
                    _require_same(value)
                    break


def _require_same(value: Value) -> None:
    """Raises `StaleGraph` if the operation gives something else now than when it was recorded or last replayed."""
    operation = operation_of(value)
    changed = [used for used in dict.fromkeys(value.inputs) if used.moment > value.moment and not used.constant]
    try:
        again = Value.record(operation, value.inputs)
    except (ArithmeticError, ValueError):  # it could be computed once, so something was changed
        raise errors.stale(operation, changed) from None
    if repr((again._data, again.local_derivatives)) != repr((value._data, value.local_derivatives)):  # −0 is not 0
        raise errors.stale(operation, changed)
    value.moment = max([used.moment for used in changed])
