"""The lowered graph as numbered slots: what the targets start from that compute with arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.value import Value


@dataclass(frozen=True)
class Tape:
    """A program as plain data: slots, and instructions that fill them one after the other.

    Attributes:
        inputs: How many inputs there are: slots 0, 1, …
        parameters: The recorded numbers of all other leaves, in the next slots.
        constants: Numbers that never change, in the slots after those.
        instructions: An operation's name and the slots of its inputs, for each of the following slots.
        results: The slot of the output, then those of the gradients.
        watched: Slots whose numbers can be asked for, sample by sample.
        trainable: Whether each gradient is that of the parameter in its place.
    """

    inputs: int
    parameters: tuple[float, ...]
    constants: tuple[float, ...]
    instructions: tuple[tuple[str, tuple[int, ...]], ...]
    results: tuple[int, ...]
    watched: tuple[int, ...]
    trainable: bool

    @classmethod
    def of(cls, lowered: Lowered, inputs: int, wrt: Sequence[Value], watch: Sequence[Value] = ()) -> Tape:
        """The tape of a lowered graph: the output, its gradients, and what is watched beside them."""
        results = [lowered.data[lowered.output], *[lowered.gradients[value] for value in wrt]]
        watched = [lowered.data[value] for value in watch]
        needed = [symbol for symbol in lowered.needed([*results, *watched]) if symbol.operation is not None]
        operands: list[Operand] = [*results, *watched, *[operand for symbol in needed for operand in symbol.inputs]]
        constants = {repr(number): number for number in operands if not isinstance(number, Symbol)}

        arguments = [lowered.data[leaf] for leaf in lowered.arguments]
        first = len(arguments) + len(constants)
        slot_of_constant = {text: slot for slot, text in enumerate(constants, len(arguments))}
        slot_of_symbol = {argument.number: slot for slot, argument in enumerate(arguments)}
        slot_of_symbol.update({symbol.number: slot for slot, symbol in enumerate(needed, first)})

        def slot(operand: Operand) -> int:
            if isinstance(operand, Symbol):
                return slot_of_symbol[operand.number]
            return slot_of_constant[repr(operand)]

        return cls(
            inputs,
            tuple(leaf.data for leaf in lowered.arguments[inputs:]),
            tuple(constants.values()),
            tuple((symbol.operation.name, tuple(map(slot, symbol.inputs))) for symbol in needed if symbol.operation),
            tuple(map(slot, results)),
            tuple(map(slot, watched)),
            lowered.trainable,
        )

    @property
    def first(self) -> int:
        """The slot of the first instruction."""
        return self.inputs + len(self.parameters) + len(self.constants)
