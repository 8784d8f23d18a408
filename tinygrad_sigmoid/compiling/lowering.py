"""From a graph and its gradients to elementary operations: the one walk that all targets start from.

To see what a rule does, it is fed with symbols in place of numbers. A symbol knows which operation it would be the
result of, and nothing more: so nothing can overflow here, and nothing depends on the numbers of the recorded graph.
"""

from __future__ import annotations

import keyword
import weakref
from collections.abc import Collection, Iterable, Sequence
from itertools import compress
from operator import gt
from typing import Any, NoReturn

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.arithmetic import Arithmetic
from tinygrad_sigmoid.derivatives import backpropagated
from tinygrad_sigmoid.elementary import ELEMENTARY, Opaque, traced
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value, operation_of

_ARITHMETIC = frozenset([table.add, table.subtract, table.multiply, table.negate, table.dot_product, table.absolute])
# If an input of one of these is infinite or nan, then so is the result.
_PASSING_ON = _ARITHMETIC | {table.sqrt, table.log, table.log1p, table.sin, table.cos}
# Python refuses some float for all other elementary operations, if only ∞.
_NEVER_RAISING = _ARITHMETIC | {table.exp, table.heaviside, table.maximum, table.minimum}


class Symbol(Arithmetic):
    """The result of an elementary operation on other symbols and plain numbers; without an operation, an argument.

    Attributes:
        lowered: What it belongs to.
        operation: An elementary operation, or one that only Python can compute; `None` for an argument.
        inputs: Symbols and floats.
        number: Its place in `lowered.symbols`, which is a topological order.
    """

    __slots__ = ("inputs", "lowered", "number", "operation")

    def __init__(self, lowered: Lowered, operation: Operation | None, inputs: tuple[Operand, ...], number: int) -> None:
        self.lowered = lowered
        self.operation = operation
        self.inputs = inputs
        self.number = number

    @staticmethod
    def record(operation: Operation, inputs: tuple[Operand, ...]) -> Operand:  # type: ignore[override] # or a constant
        for given in inputs:
            if type(given) is Symbol:
                return given.lowered.record(operation, inputs)
        raise AssertionError("only a symbol records")

    def passing_on(self) -> Sequence[Operand]:
        """The inputs that can't be infinite or nan without the result being so."""
        if self.operation in _PASSING_ON:
            return self.inputs
        if self.operation is table.divide:
            return self.inputs[:1]
        if self.operation is table.fixed_power and isinstance(exponent := self.inputs[1], float) and exponent > 0.0:
            return self.inputs[:1]
        return ()

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("a symbol has no number to look at")

    __hash__ = object.__hash__
    __bool__ = __float__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse


Operand = Symbol | float  # a float is the same in every run


def untranslatable(operation: Operation, target: str, reason: str) -> TypeError:
    written = ELEMENTARY.get(operation)
    others = ["'python'"] if written is None or written.python else []
    others += ["'javascript'"] if written and written.javascript else []
    others += ["'wasm' or 'native'"] if written and written.kernel and target == "JavaScript" else []
    return TypeError(
        f"the operation {shown(operation.name)} can't be compiled for {target}, because {reason}: say how it is "
        f"written there with `translated`, compose it of this package's operations, or use target={' or '.join(others)}"
    )


class Lowered:
    """A graph and its gradients in elementary operations, each written once however often it is used.

    Attributes:
        order: The values of the graph and those of `watch`, in topological order.
        arguments: Its leaves: the inputs, then those of `wrt`, then all others, which have their numbers as defaults.
        trainable: Whether each gradient is that of the parameter in its place: whether the values of `wrt` are the
            first arguments after the inputs.
        symbols: Every symbol, inputs before what is computed from them.
        data: For each value of the graph, the symbol (or the constant number) that computes it.
        local_derivatives: The same for its local derivatives, where the gradients need them.
        gradients: ∂output/∂value for each value on the way from `wrt` to the output.
        results: The output, and its gradients with respect to the values of `wrt`.
        guards: What has to be finite beside the results for them to be those of a graph that can be recorded.
        calls: For each opaque operation, which only Python can compute: the graph's operation that it is part of, and
            how Python calls it, as in "{name}.forward({0})".
        imports: Where those operations of the graph are imported from: (module, name).
    """

    def __init__(
        self, output: Value, inputs: Sequence[Value], wrt: Sequence[Value], watch: Sequence[Value] = ()
    ) -> None:
        self.output = output
        self.calls: dict[Operation, tuple[Operation, str]] = {}
        self.imports: dict[Operation, tuple[str, str]] = {}
        self._known: dict[int, Symbol] = {}  # by the hash of what they compute
        self._itself: Lowered = weakref.proxy(self)  # for symbols: in a cycle, all would wait for the collector

        self.order = topological_order(output, *watch)
        variable = [value for value in self.order if not value.inputs and not value.constant]
        used = set(variable)
        wanted = [value for value in wrt if value in used]
        self.arguments = list(dict.fromkeys([*inputs, *wanted, *variable]))
        self.trainable = self.arguments[len(inputs) : len(inputs) + len(wrt)] == list(wrt)
        self.symbols = [Symbol(self._itself, None, (), number) for number in range(len(self.arguments))]
        self.data: dict[Value, Operand] = dict(zip(self.arguments, self.symbols, strict=True))
        for value in self.order:
            if value.constant:
                self.data[value] = value.data
            elif value.operation is not None:
                self.data[value] = self._forward(value.operation, [self.data[used] for used in value.inputs])
        self.local_derivatives: dict[Value, tuple[Operand, ...]] = {}
        self.gradients: dict[Value, Operand] = {
            value: gradient if type(gradient) is Symbol else float(gradient)
            for value, gradient in backpropagated(output, wrt, self.derivatives_of).items()
        }
        self.results = [self.data[output], *[self.gradients[value] for value in wrt]]
        self.guards = self._guards()
        self._known.clear()

    def derivatives_of(self, value: Value) -> tuple[Operand, ...]:
        """The symbols of the local derivatives of a value."""
        if value not in self.local_derivatives:
            operation = operation_of(value)
            numbers = [self.data[value], *[self.data[used] for used in value.inputs]]
            try:
                self.local_derivatives[value] = traced(operation.derivatives, *numbers)
            except Opaque:
                calls = [f"{{}}.derivatives({{}})[{place}]" for place in range(len(value.inputs))]
                self.local_derivatives[value] = tuple([self._opaque(operation, numbers, call) for call in calls])
        return self.local_derivatives[value]

    def record(self, operation: Operation, inputs: tuple[Operand, ...]) -> Operand:
        """The symbol of an operation on symbols: the same one, if it has been computed before."""
        if operation not in ELEMENTARY:
            return self._forward(operation, inputs)
        first = inputs[0]
        if operation is table.negate and isinstance(first, Symbol) and first.operation is table.negate:
            return first.inputs[0]  # −(−z) is z, to the last bit
        if operation is table.fixed_power and type(inputs[1]) is not Symbol and inputs[1] == 1.0:
            return first
        for number in inputs:
            if type(number) is not Symbol:
                inputs = tuple([given if type(given) is Symbol else float(given) for given in inputs])
                break
        return self._numbered(operation, inputs)

    @property
    def computed(self) -> list[Symbol]:
        """The symbols that are computed from the arguments."""
        return self.symbols[len(self.arguments) :]

    def operations(self) -> list[Operation]:
        """What the symbols are results of, each once."""
        return [operation for operation in dict.fromkeys([symbol.operation for symbol in self.computed]) if operation]

    def needed(self, results: Iterable[Operand]) -> list[Symbol]:
        """The symbols without which the results can't be computed, in order."""
        return list(compress(self.symbols, self.uses(results)))

    def uses(self, results: Iterable[Operand]) -> list[int]:
        """How often each symbol is used on the way to the results, or is one of them."""
        uses = [0] * len(self.symbols)
        for result in results:
            if type(result) is Symbol:
                uses[result.number] += 1
        for symbol in reversed(self.computed):
            if uses[symbol.number]:
                for used in symbol.inputs:
                    if type(used) is Symbol:
                        uses[used.number] += 1
        return uses

    def require_translated(self, target: str, column: str, known: Collection[Operation]) -> None:
        """Raises an error if an operation has no translation in a target's column, and is not `known` to it either."""
        for operation in self.operations():
            if operation in known:
                continue
            if operation in self.calls:
                reason = "its rule calls Python functions or looks at its inputs"
            elif not getattr(ELEMENTARY[operation], column):
                reason = "it has no translation"
            else:
                continue
            raise untranslatable(operation, target, reason)

    def lost_on_the_way(self, results: Iterable[Operand], values: Iterable[Value]) -> tuple[list[Symbol], bytearray]:
        """Which of these values could be infinite or nan without it being seen in a result, and what would be seen.

        An infinity in a sum makes the sum infinite, so only that is named which gets lost, as in σ, which makes a 1 of
        it. What would be seen, in itself or further on, is told for each symbol.
        """
        suspected, seen = bytearray(len(self.symbols)), bytearray(len(self.symbols))
        for value in values:
            if type(symbol := self.data[value]) is Symbol:
                suspected[symbol.number] = True
        for result in results:
            if type(result) is Symbol:
                seen[result.number] = True
        lost = []
        leaves, last = self.symbols[: len(self.arguments)], max(suspected.rfind(True), seen.rfind(True))
        for symbol in reversed(self.symbols[len(leaves) : last + 1]):
            if not seen[symbol.number]:
                if not suspected[symbol.number]:
                    continue
                lost.append(symbol)
                seen[symbol.number] = True
            for used in symbol.passing_on():
                if type(used) is Symbol:
                    seen[used.number] = True
        return [*compress(leaves, map(gt, suspected, seen)), *reversed(lost)], seen

    def _guards(self) -> list[Symbol]:
        """The recorded values that could get lost, and what Python refuses to compute and nobody would see."""
        output, *gradients = self.results
        guards, seen = self.lost_on_the_way([output], self.data)
        _, seen_in_gradients = self.lost_on_the_way(gradients, [])
        divisors: dict[Symbol, bool] = {}  # divisors, and whether nobody would see it if they were 0
        for symbol in self.computed:
            if symbol.operation in _NEVER_RAISING:
                continue
            unseen = not (seen[symbol.number] or seen_in_gradients[symbol.number])
            if symbol.operation is not table.divide:
                guards += [symbol] * unseen
            elif isinstance(divisor := symbol.inputs[1], Symbol):
                divisors[divisor] = unseen and divisors.get(divisor, True)
        unseen_divisors = [divisor for divisor, unseen in divisors.items() if unseen]
        # 0/divisor is nan where the divisor is 0, and else 0.
        return guards + [self._numbered(table.divide, (0.0, divisor)) for divisor in unseen_divisors]

    def _forward(self, operation: Operation, numbers: Sequence[Operand]) -> Operand:
        if all(not isinstance(number, Symbol) for number in numbers):
            return operation(*numbers)
        if operation in ELEMENTARY:
            return self.record(operation, tuple(numbers))
        try:
            output: Operand = traced(operation.forward, *numbers)
            return output
        except Opaque:
            return self._opaque(operation, numbers, "{}.forward({})")

    def _opaque(self, operation: Operation, numbers: Sequence[Operand], call: str) -> Symbol:
        module, name = operation.__reduce__()[1]  # which says so, if it can't be imported by its name
        if not all(part.isidentifier() and not keyword.iskeyword(part) for part in [*module.split("."), name]):
            raise TypeError(
                f"the operation {shown(name)} can't be imported from {shown(module)} by a program: "
                f"give the variable and the operation a name of letters, digits and _"
            )
        self.imports[operation] = module, name
        call = call.format("{name}", ", ".join([f"{{{place}}}" for place in range(len(numbers))]))
        same = next((known for known, part in self.calls.items() if part == (operation, call)), None)
        opaque = same or Operation(operation.name, operation.forward, operation.derivatives)
        self.calls[opaque] = operation, call
        return self._numbered(opaque, tuple(numbers))

    def _numbered(self, operation: Operation, inputs: tuple[Operand, ...]) -> Symbol:
        key = hash((operation, inputs))  # of all keys themselves, the memory would be as large as all else
        known = self._known.get(key)
        if known is None or known.operation is not operation or not all(map(_is_same, known.inputs, inputs)):
            known = self._known[key] = Symbol(self._itself, operation, inputs, len(self.symbols))
            self.symbols.append(known)
        return known


def _is_same(a: Operand, b: Operand) -> bool:
    # 0.0 and −0.0 are equal but not the same, hence the repr.
    return a is b or (type(a) is float and type(b) is float and repr(a) == repr(b))
