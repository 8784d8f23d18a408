"""A plan in machine code: rows in one memory, and instructions over them, for a compiled loop to carry out.

A whole epoch is one call. Rows are padded to whole registers by repeating the last sample; the padding never counts.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tinygrad_sigmoid.compiling.arrays import Array, ArrayProgram
from tinygrad_sigmoid.compiling.kernel import KINDS, LANES, VECTORIZED, Instruction, compiled_descent, library_function
from tinygrad_sigmoid.compiling.lowering import untranslatable
from tinygrad_sigmoid.compiling.plan import Group, OuterProduct, Places, Plan, Rows
from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.operation import Operation

WIDEST = 64  # samples in a row: the rows of a layer then still fit the nearest cache
Place = tuple[int, int, int]
_NOWHERE = (0, 0, 0)
_KINDS = {kind: number for number, kind in enumerate(KINDS)}


def _rounded_up(number: int, unit: int = LANES) -> int:
    return -(-number // unit) * unit


class Memory:
    """The one memory for so many samples at a time, where everything is in it, and the instructions over it."""

    def __init__(self, plan: Plan, samples: int) -> None:
        pieces = -(-samples // WIDEST)
        self.width = width = _rounded_up(-(-samples // pieces))
        self.batched = _rounded_up(plan.sizes[0] + LANES)  # single numbers are copied LANES at a time
        self.results = self.batched + plan.sizes[1] * width
        self.padded = _rounded_up(plan.checked, 4 * LANES)
        self.losses = self.results + self.padded + LANES  # a product may add zeros behind the last result
        self.size = self.losses + LANES
        self._instructions: list[Instruction] = []
        self._index: list[int] = [0]
        for group in plan.groups:
            self._add_group(group)
        for outer in plan.outer:
            self._add_outer(outer)
        extra = self._indexed([self.results + place for place in plan.places])
        self._add("sum", 0, 0, len(plan.places), self._place(plan.summed), extra=extra)
        self.numbers = np.zeros(self.size)
        self.numbers[: len(plan.constants)] = plan.constants
        self.parameters = self.numbers[len(plan.constants) :][: len(plan.parameters)]
        self.instructions = np.array(self._instructions, np.int64)
        self.index = np.array(self._index, np.int64)
        self.addresses = [array.ctypes.data for array in (self.numbers, self.instructions, self.index)]

    def _add(
        self, kind: str, out: int, out_stride: int, rows: int, *operands: Place, terms: int = 0, extra: int = 0
    ) -> None:
        first, second = operands[0], operands[-1]
        self._instructions.append(Instruction(_KINDS[kind], out, out_stride, *first, *second, rows, terms, extra))

    def _add_group(self, group: Group) -> None:
        out, _, _ = self._place(group.out)
        if group.places is None:
            name = NativeProgram.function_name(group.kind) if isinstance(group.kind, Operation) else group.kind
            kind, extra = (name, 0) if name in KINDS else ("call", library_function(name))
            operands = [self._place(rows) for rows in group.operands]
            terms = group.operands[0].shape[-1]
            self._add(kind, out, self.width, group.out.shape[0], *operands, terms=terms, extra=extra)
        elif group.kind == "take" and group.out.batched:
            extra = self._indexed([self.batched + place * self.width for place in group.places])
            self._add("take", out, self.width, len(group.places), _NOWHERE, extra=extra)
        else:
            extra = self._indexed(group.places)
            self._add("copy", out, self.width if group.out.batched else 1, len(group.places), _NOWHERE, extra=extra)

    def _add_outer(self, outer: OuterProduct) -> None:
        (a, a_stride, _), right = self._place(outer.left), self._place(outer.right)
        rows, columns = outer.out.shape[0], _rounded_up(outer.out.shape[1])
        transposed = self.size
        self.size += columns * self.width
        self._add("transpose", transposed, columns, outer.out.shape[1], right)
        out = self.results + outer.out.start
        self._add("matrix", out, outer.out.strides[0], rows, (a, a_stride, 1), (transposed, columns, 0), extra=columns)

    def _place(self, rows: Rows) -> Place:
        """Where rows begin, and how far it is to the next along the first axis and along the last."""
        unit, base = (self.width, self.batched) if rows.batched else (1, 0)
        return base + rows.start * unit, rows.strides[0] * unit, rows.strides[-1] * unit

    def _indexed(self, numbers: Places) -> int:
        self._index += numbers
        return len(self._index) - len(numbers)


class NativeProgram(ArrayProgram[Memory]):
    """A program that runs the instructions of its plan in machine code."""

    target = "native"
    column = "c"
    structural = VECTORIZED
    copied = True
    most = 1 << 16
    widest = WIDEST

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.new_memory = partial(Memory, plan)
        self._descend, self._alive = compiled_descent()

    @staticmethod
    def function_name(operation: Operation) -> str:
        if operation in VECTORIZED:
            return operation.name
        name = ELEMENTARY[operation].c
        if not library_function(name) or operation.arity not in (1, 2):
            raise untranslatable(operation, "native", f"the C library has no function {name!r} of one number or two")
        return name

    def sums(self, parameters: Array, samples: Array) -> Array:
        memory = self._filled(len(samples), parameters)
        self._run(memory, samples, _ORDER[: len(samples)], len(samples), 0.0, 0)
        return memory.numbers[memory.results : memory.results + self.plan.checked]

    def numbers(self, parameters: Array, samples: Array) -> Array:
        self.sums(parameters, samples)
        memory = self._filled(len(samples), parameters)
        batched = memory.numbers[memory.batched : memory.results].reshape(-1, memory.width)[:, : len(samples)]
        single = memory.numbers[: memory.batched, np.newaxis]
        rows = [(batched if watched.batched else single)[watched.start] for watched in self.plan.watched]
        return np.array([np.broadcast_to(row, len(samples)) for row in rows]).T

    def epoch(self, parameters: Array, samples: Array, order: list[int], batch: int, rate: float) -> float:
        seen = np.array(order, np.int64)
        trained = self.plan.results - 1
        memory = self._filled(batch, parameters)
        memory.numbers[memory.losses] = 0.0
        # A pause every few milliseconds, for Ctrl-C.
        some = max(1, (1 << 24) // (batch * (1 + sum(self.plan.sizes)))) * batch
        for start in range(0, len(seen), some):
            places = seen[start : start + some]
            failed = self._run(memory, samples, places, batch, rate, trained)
            parameters[:trained] = memory.parameters[:trained]
            if failed >= 0:
                places = places[failed : failed + batch]
                self.require_finite(np.array([np.nan]), parameters, samples[places], places)
        return float(memory.numbers[memory.losses])

    def _run(self, memory: Memory, samples: Array, order: Any, batch: int, rate: float, trained: int) -> int:
        """Descends over the samples; gives where the first mini-batch begins that has no finite result, or −1."""
        rows = np.ascontiguousarray(samples)
        numbers, instructions, index = memory.addresses
        addresses = numbers, rows.ctypes.data, instructions, index, order.ctypes.data
        sizes = len(memory.instructions), memory.width, self.inputs, memory.batched, len(order), batch
        results = memory.results, memory.padded, memory.losses
        return self._descend(*addresses, *sizes, len(self.plan.constants), trained, *results, rate)

    def _filled(self, samples: int, parameters: Array) -> Memory:
        """This thread's memory for so many samples, with the parameters in it."""
        memory = self.memory(samples)
        memory.parameters[:] = parameters
        return memory


_ORDER = np.arange(NativeProgram.most)
