"""What the lines of a program are called, and how comments explain them: labels become identifiers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.quoting import LONGEST, printable
from tinygrad_sigmoid.reading.writer import typed_name
from tinygrad_sigmoid.value import Value, operation_of


class Identifiers:
    """An identifier for each symbol that is a recorded value or a gradient, and a comment for each with a meaning.

    Args:
        lowered: What is computed.
        reserved: Names that the language needs for itself.

    Attributes:
        of: Identifiers by the symbol's number.
        imported: The identifiers of the operations that have to be imported.
    """

    def __init__(self, lowered: Lowered, reserved: Iterable[str]) -> None:
        self.lowered = lowered
        self.of: dict[int, str] = {}
        self._comments: dict[int, str] = {}
        self._taken = set(reserved)
        self._suffix: Counter[str] = Counter()
        self.imported = {operation: self.new(name) for operation, (_, name) in lowered.imports.items()}
        self._values: dict[int, Value] = {}
        self._name_values()
        self._name_gradients()
        self._describe_local_derivatives()

    def new(self, wish: str) -> str:
        """An identifier that nothing else has, as near to the wish as can be."""
        name = plain = re.sub(r"\W", "_", wish, flags=re.ASCII).lstrip("0123456789")[:LONGEST] or "v"
        while name in self._taken:
            self._suffix[plain] += 1
            name = f"{plain}_{self._suffix[plain] + 1}"
        self._taken.add(name)
        return name

    def shown(self, value: Value) -> str:
        """What a value is called in a comment or a message: its label as it is, its identifier, or its number."""
        symbol = self.lowered.data[value]
        if isinstance(symbol, Symbol):
            return printable(" ".join(value.label.split()), LONGEST) or self.of[symbol.number]
        return f"{symbol:.6g}"

    def comment(self, symbol: Symbol) -> str:
        """What a symbol is, if it has a meaning."""
        value = self._values.get(symbol.number)
        if value is None:
            return self._comments.get(symbol.number, "")
        inputs = _joined([self.shown(used) for used in value.inputs])
        return f"{self.shown(value)} = {typed_name(operation_of(value))}({inputs})"

    def meaning(self, symbol: Symbol) -> str:
        """What a message calls the result of an operation."""
        value = self._values.get(symbol.number)
        return f"a result of {symbol.operation and symbol.operation.name}" if value is None else self.shown(value)

    def _name_values(self) -> None:
        lowered = self.lowered
        counted: Counter[str] = Counter()
        for value in [*lowered.arguments, *lowered.order]:
            symbol = lowered.data[value]
            if not isinstance(symbol, Symbol) or symbol.number in self.of:
                continue
            kind = "x" if value.operation is None else typed_name(value.operation)
            counted[kind] += 1
            unlabelled = "output" if value is lowered.output else f"{kind}{counted[kind]}"
            self.of[symbol.number] = self.new(value.label or unlabelled)
            self._values[symbol.number] = value

    def _name_gradients(self) -> None:
        """Names a gradient after the value that comes last: ∂loss/∂z is ∂loss/∂b too, and then it is `grad_z`."""
        sharing: dict[int, list[Value]] = {}
        for value in reversed(self.lowered.order):
            gradient = self.lowered.gradients.get(value)
            if isinstance(gradient, Symbol) and gradient.number not in self.of:
                sharing.setdefault(gradient.number, []).append(value)
        ways = self._ways()
        for number, values in sharing.items():
            self.of[number] = self.new(f"grad_{self.shown(values[0])}")
            partials = _joined([self._partial(self.lowered.output, value) for value in values], " = ")
            # Through which values, and times what, a value changes the output: `through a (·∂a/∂z)`.
            through = [
                f"through {self.shown(user)} (·{self._local(local, user, values[0])})"
                for user, local in ways[values[0]]
            ]
            # Where nothing is upstream, the gradient is the local derivative itself.
            itself = len(through) == 1 and ways[values[0]][0][0] is self.lowered.output
            self._comments[number] = partials if itself else f"{partials}: {_joined(through)}"

    def _ways(self) -> defaultdict[Value, list[tuple[Value, Operand]]]:
        """For each value, what is computed from it on the way to the output, and the local derivatives."""
        ways: defaultdict[Value, list[tuple[Value, Operand]]] = defaultdict(list)
        for user in self.lowered.order:
            if user.inputs and user in self.lowered.gradients:
                for used, local in zip(user.inputs, self.lowered.local_derivatives[user], strict=True):
                    ways[used].append((user, local))
        return ways

    def _describe_local_derivatives(self) -> None:
        for value, local_derivatives in self.lowered.local_derivatives.items():
            for used, local in zip(value.inputs, local_derivatives, strict=True):
                if isinstance(local, Symbol):
                    self._comments.setdefault(local.number, self._partial(value, used))

    def _local(self, local: Operand, user: Value, used: Value) -> str:
        if isinstance(local, Symbol):
            value = self._values.get(local.number)
            return self.shown(value) if value is not None else self._partial(user, used)
        return f"{local:.6g}"

    def _partial(self, value: Value, used: Value) -> str:
        return f"∂{self.shown(value)}/∂{self.shown(used)}"


def _joined(parts: Sequence[str], separator: str = ", ") -> str:
    return separator.join([*parts[:4], f"and {len(parts) - 4} more"] if len(parts) > 5 else parts)
