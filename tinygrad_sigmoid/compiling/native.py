"""The levels of a tape in machine code: rows in one memory, and steps over them, for a compiled loop to carry out.

A whole epoch is one call. Rows are padded to whole registers by repeating the last sample; the padding never counts.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from tinygrad_sigmoid.compiling.arrays import Array, ArrayProgram, Numbers
from tinygrad_sigmoid.compiling.kernel import FIELDS, KINDS, LANES, LIBRARY, address, compiled_descent
from tinygrad_sigmoid.compiling.levels import Group, Plan, Rows, Total, evenly, planned
from tinygrad_sigmoid.compiling.tape import Tape

WIDEST = 64  # samples in a row; the rows of a layer then still fit the nearest cache


class _Layout:
    """Where everything is in the memory for rows of so many samples, and the steps over it."""

    def __init__(self, tape: Tape, plan: Plan, width: int) -> None:
        self.width = width
        self.batched = -(-plan.sizes[0] // LANES) * LANES
        self.results = self.batched + plan.sizes[1] * width
        self.padded = -(-len(tape.results) // 16) * 16
        self.losses = self.results + self.padded + LANES  # a product may add zeros behind the last result
        self.size = self.losses + LANES
        self._steps: list[list[int]] = []
        self._index: list[int] = []
        for group in plan.groups:
            self._add_group(group)
        for total in plan.totals:
            self._add_total(total)
        self.steps = np.array(self._steps, np.int64).reshape(-1, len(FIELDS))
        self.index = np.array([*self._index, 0], np.int64)
        self.addresses = (self.steps.ctypes.data, self.index.ctypes.data)

    def _add(self, kind: str, **fields: int) -> None:
        self._steps.append([KINDS.index(kind), *[fields.get(name, 0) for name in FIELDS[1:]]])

    def _add_group(self, group: Group) -> None:
        operands = [self._place(rows) for rows in group.operands]
        a, b = operands[0], operands[-1]
        kind, extra = group.name, 0
        if kind in LIBRARY:
            kind, extra = "call", address(LIBRARY[kind])
        self._add(
            {"weigh": "matrix", "dot_product": "dot"}.get(kind, kind),
            out=self.batched + int(group.out.numbers[0]) * self.width,
            out_stride=self.width,
            rows=len(group.out.numbers),
            terms=group.operands[0].numbers.shape[-1],
            extra=extra,
            **dict(zip(("a", "a_stride", "a_inner"), a, strict=True)),
            **dict(zip(("b", "b_stride", "b_inner"), b, strict=True)),
        )

    def _add_total(self, total: Total) -> None:
        places = [self._place(rows) for rows in total.operands]
        (a, a_stride, _), (b, b_stride, _) = places[0], places[-1]
        rows = len(total.operands[-1].numbers)
        if total.kind != "outer":
            kind = total.kind if total.operands[0].batched else "scale"
            extra = self._indexed(total.places)
            self._add(kind, out=self.results, a=a, a_stride=a_stride, b=b, b_stride=b_stride, rows=rows, extra=extra)
            return
        spacing = evenly(total.places)
        if spacing and spacing[1] == 1 and (len(total.places) == 1 or spacing[0] >= rows):
            columns = -(-rows // LANES) * LANES
            flipped = self._scratch(columns * self.width)
            self._add("transpose", out=flipped, out_stride=columns, a=b, a_stride=b_stride, rows=rows)
            out = self.results + int(total.places[0, 0])
            first = {"a": a, "a_stride": a_stride, "a_inner": 1, "rows": len(total.places)}
            self._add("matrix", out=out, out_stride=spacing[0], b=flipped, b_stride=columns, extra=columns, **first)
        else:
            for i, places in enumerate(total.places):
                extra = self._indexed(places)
                self._add("inner", out=self.results, a=a + i * a_stride, b=b, b_stride=b_stride, rows=rows, extra=extra)

    def _place(self, rows: Rows) -> tuple[int, int, int]:
        """Where rows begin, and the distance from one to the next along both axes; taken together first if uneven."""
        unit, base = (self.width, self.batched) if rows.batched else (1, 0)
        spacing = evenly(rows.numbers)
        start = base + int(rows.numbers.flat[0]) * unit
        if spacing is None:
            start = self._scratch(rows.numbers.size * unit)
            extra = self._indexed(base + rows.numbers * unit)
            kind = "take rows" if rows.batched else "take"
            self._add(kind, out=start, out_stride=unit, rows=rows.numbers.size, extra=extra)
            spacing = (rows.numbers.shape[-1], 1)[-rows.numbers.ndim :]
        return start, spacing[0] * unit, spacing[-1] * unit

    def _scratch(self, size: int) -> int:
        self.size += size
        return self.size - size

    def _indexed(self, numbers: Numbers) -> int:
        self._index += numbers.ravel().tolist()
        return len(self._index) - numbers.size


class NativeProgram(ArrayProgram):
    """A program that runs the steps of its plan in machine code."""

    target = "native"
    most = 1 << 16

    def __init__(self, tape: Tape, plan: Plan | None = None) -> None:
        super().__init__(tape)
        self.plan = plan or planned(tape, copied=True)
        self._descend, self._alive = compiled_descent()
        self._layouts: dict[int, _Layout] = {}
        self._mine = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return NativeProgram, (self.tape, self.plan)

    def sums(self, parameters: Array, samples: Array) -> Array:
        layout, memory, _ = kept = self._memory(len(samples))
        memory[: len(parameters)] = parameters
        self._run(kept, samples, _ORDER[: len(samples)], len(samples), 0.0, 0)
        return memory[layout.results : layout.results + len(self.tape.results)]

    def numbers(self, parameters: Array, samples: Array) -> Array:
        found = []
        for start in range(0, len(samples), WIDEST):
            few = samples[start : start + WIDEST]
            self.sums(parameters, few)
            layout, memory, _ = self._memory(len(few))
            rows = memory[layout.batched : layout.results].reshape(-1, layout.width)[:, : len(few)]
            constant = memory[: layout.batched, np.newaxis]
            stores = [(rows if watched.batched else constant)[watched.numbers[0]] for watched in self.plan.watched]
            found.append(np.array([np.broadcast_to(row, len(few)) for row in stores]).T)
        return np.vstack(found)

    def epoch(self, parameters: Array, samples: Array, order: Any, batch: int, rate: float) -> float:
        order = np.ascontiguousarray(order, np.int64)
        layout, memory, _ = kept = self._memory(min(batch, len(order)))
        memory[layout.losses] = 0.0
        memory[: len(parameters)] = parameters
        # A pause every few milliseconds, for Ctrl-C.
        some = max(1, (1 << 24) // (batch * (1 + len(self.tape.results) + len(self.tape.instructions)))) * batch
        for start in range(0, len(order), some):
            places = order[start : start + some]
            failed = self._run(kept, samples, places, batch, rate, len(self.tape.results) - 1)
            parameters[:] = memory[: len(parameters)]
            if failed >= 0:
                places = places[failed * batch : (failed + 1) * batch]
                self.require_finite(np.array([np.nan]), parameters, samples[places], places)
        return float(memory[layout.losses])

    def _run(self, kept: _Kept, samples: Array, order: Numbers, batch: int, rate: float, trained: int) -> int:
        layout, _, memory = kept
        steps, index = layout.addresses
        samples = np.ascontiguousarray(samples)
        result: int = self._descend(
            memory,
            steps,
            len(layout.steps),
            index,
            layout.width,
            samples.ctypes.data,
            self.inputs,
            layout.batched,
            order.ctypes.data,
            len(order),
            batch,
            rate,
            trained,
            layout.results,
            layout.padded,
            layout.losses,
        )
        return result

    def _memory(self, samples: int) -> _Kept:
        """The layout for so many samples, this thread's memory for it, and the address of that."""
        pieces = -(-samples // WIDEST)
        width = -(-samples // (pieces * LANES)) * LANES
        mine: dict[int, _Kept] = self._mine.__dict__.setdefault("kept", {})
        if width not in mine:
            if width not in self._layouts:
                self._layouts[width] = _Layout(self.tape, self.plan, width)
            memory = np.zeros(self._layouts[width].size)
            first = len(self.tape.parameters)
            memory[first : first + len(self.tape.constants)] = self.tape.constants
            mine[width] = self._layouts[width], memory, memory.ctypes.data
        return mine[width]


_Kept = tuple[_Layout, Array, int]
_ORDER = np.arange(NativeProgram.most)
