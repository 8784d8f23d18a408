"""A plan in the one memory of a kernel: where everything is, and the instructions over it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from typing import Any, ClassVar, TypeAlias

from tinygrad_sigmoid.compiling.emitter import INTEGER, NUMBER
from tinygrad_sigmoid.compiling.kernel import DONE, HEAD, LOSSES, RATE, STRUCTURAL, Arguments, Instruction
from tinygrad_sigmoid.compiling.plan import Group, Kind, OuterProduct, Places, Plan, Rows
from tinygrad_sigmoid.compiling.table import Table
from tinygrad_sigmoid.operation import Operation

WIDEST = 64  # samples in a row: the rows of a layer then still fit the nearest cache
LINE = 64  # bytes of the caches' lines, where everything begins
GAP = 4  # zeros behind the last gradient, for a kernel that changes so many parameters at a time
LARGEST = 2**31 - 1  # bytes of a memory: places are whole numbers of 32 digits
_RATE, _LOSSES, _DONE = RATE // NUMBER, LOSSES // NUMBER, DONE // INTEGER
Numbers: TypeAlias = "array[float] | memoryview"
Place = tuple[int, int, int]  # of rows: the first, and how far it is to the next along the first axis and the last


class Machine(ABC):
    """What runs a kernel: a memory, and the kernel that works in it."""

    lanes: ClassVar[int]  # of the kernel's vectors
    numbers: memoryview[float]
    integers: memoryview[int]

    def __init__(self) -> None:
        self.show(bytearray())

    def show(self, memory: Any) -> None:
        """Makes a memory seen, as the numbers and as the whole numbers in it; until it grows."""
        numbers = memoryview(memory).cast("B").cast("d")
        self.numbers, self.integers = numbers, numbers.cast("B").cast("i")

    def require(self, size: int) -> None:
        """Makes the memory at least so many bytes long; what is in it stays."""
        if size > len(self.numbers) * NUMBER:
            if size > LARGEST:
                raise MemoryError(
                    f"the program and its samples need {size / 2**30:.1f} GiB, but a kernel has at most 2: give fewer "
                    f"samples at a time"
                )
            self.grow(size)

    @abstractmethod
    def grow(self, size: int) -> None:
        """Gets a longer memory, and shows it."""

    @abstractmethod
    def run(self) -> None:
        """Carries out what the arguments at the beginning of the memory say."""


def rounded_up(number: int, unit: int) -> int:
    return -(-number // unit) * unit


class Layout:
    """Where everything is, for so many samples at a time, and the instructions; places and widths count bytes."""

    def __init__(self, plan: Plan, samples: int, lanes: int, operations: Sequence[Operation]) -> None:
        kinds: list[Kind] = [*STRUCTURAL, *operations]
        self.kinds = {kind: number for number, kind in enumerate(kinds)}
        self.vector = lanes * NUMBER
        pieces = -(-samples // WIDEST)
        self.width = rounded_up(-(-samples // pieces), lanes) * NUMBER
        self.instructions: list[Instruction] = []
        self.whole_numbers: dict[int, array[int]] = {}  # what is written once, by its place
        self.size = HEAD
        self.numbers = self._new(plan.sizes[0] * NUMBER + self.vector)  # single numbers are copied a vector at a time
        self.batched = self._new((plan.sizes[1] + lanes - 1) * self.width)  # inputs are written so many at a time
        # Zeros behind the last gradient are changed with it, a vector at a time; behind those is what guards add up to.
        self.checked = rounded_up((plan.results + GAP + 1) * NUMBER, 4 * self.vector)
        self.results = self._new(self.checked + self.vector)  # a product may add zeros behind the last
        for group in plan.groups:
            self._add_group(group)
        for outer in plan.outer:
            self._add_outer(outer)
        self._add_sums(plan.summed, plan.places, times=1)
        self._add_sums(plan.guards, [plan.results + GAP] * len(plan.guards), times=0)

    def _new(self, size: int) -> int:
        start = rounded_up(self.size, LINE)
        self.size = start + size
        return start

    def _add(
        self,
        kind: Kind,
        out: int,
        out_stride: int,
        rows: int,
        *operands: Place,
        terms: int = 0,
        extra: int = 0,
    ) -> None:
        first, second = (operands[0], operands[-1]) if operands else ((0, 0, 0), (0, 0, 0))
        number = self.kinds[kind]
        self.instructions.append(Instruction(number, out, out_stride, *first, *second, rows, terms, extra))

    def _add_group(self, group: Group) -> None:
        (out, _, _), out_stride = self.place(group.out), self._unit(group.out)
        count = group.out.shape[0]
        operands = [self.place(rows) for rows in group.operands]
        if group.places is not None:
            self._add_places(group, out, out_stride)
        elif group.kind == "matrix":
            weights, (inputs, stride, _), (bias, bias_stride, _) = operands
            terms = group.operands[0].shape[-1]
            self._add("matrix", out, out_stride, count, weights, (inputs, stride, bias_stride), terms=terms, extra=bias)
        elif group.kind == "dot":
            self._add("dot", out, out_stride, count, *operands, terms=group.operands[0].shape[-1])
        elif all(stride == self.width for _, stride, _ in operands):  # one row after the other: as one long row
            self._add(group.kind, out, 0, 1, *operands, extra=count * self.width)
        else:
            self._add(group.kind, out, out_stride, count, *operands, extra=self.width)

    def _add_places(self, group: Group, out: int, out_stride: int) -> None:
        assert group.places is not None
        kind, base, unit = "copy", self.numbers, NUMBER
        if group.kind == "take" and group.out.batched:
            kind, base, unit = "take", self.batched, self.width
        extra = self.indexed([base + place * unit for place in group.places])
        self._add(kind, out, out_stride, len(group.places), terms=out_stride, extra=extra)

    def _add_outer(self, outer: OuterProduct) -> None:
        (a, a_stride, _), right = self.place(outer.left), self.place(outer.right)
        rows, columns = outer.out.shape
        width = rounded_up(columns * NUMBER, self.vector)
        transposed = self._new(self.width // NUMBER * width)
        self._add("transpose", transposed, width, columns, right)
        out, stride = self.results + outer.out.start * NUMBER, outer.out.strides[0] * NUMBER
        self._add("outer", out, stride, rows, (a, a_stride, NUMBER), (transposed, width, 0), extra=width)

    def _add_sums(self, rows: Places, places: Places, times: int) -> None:
        summed = self.indexed([self.batched + row * self.width for row in rows])
        extra = self.indexed([self.results + place * NUMBER for place in places])
        self._add("sum", 0, 0, len(rows), (summed, 0, 0), terms=times, extra=extra)

    def _unit(self, rows: Rows) -> int:
        return self.width if rows.batched else NUMBER

    def place(self, rows: Rows) -> Place:
        unit, base = self._unit(rows), self.batched if rows.batched else self.numbers
        return base + rows.start * unit, rows.strides[0] * unit, rows.strides[-1] * unit

    def indexed(self, places: list[int]) -> int:
        """Where in the memory these places will stand."""
        start = self._new(len(places) * INTEGER)
        self.whole_numbers[start] = array("i", places)
        return start


class Memory:
    """A memory for so many samples at a time: what a program writes there, and reads."""

    def __init__(self, machine: Machine, plan: Plan, samples: int, operations: Sequence[Operation]) -> None:
        self.machine = machine
        self.plan, self.at_once = plan, samples
        self.layout = layout = Layout(plan, samples, machine.lanes, operations)
        instructions = [field for instruction in layout.instructions for field in instruction]
        self._instructions = layout.indexed(instructions)
        self._parameters = (layout.numbers // NUMBER) + len(plan.constants)
        self._table = self._palette = rounded_up(layout.size, LINE)
        self._samples: Table | None = None
        self._colours = 0  # numbers of their palette
        self._told: tuple[int, ...] = ()
        self.usable = True  # not while it is used, nor when that was interrupted: nothing then says what is in it
        machine.require(layout.size)
        for place, integers in layout.whole_numbers.items():
            machine.integers[place // INTEGER : place // INTEGER + len(integers)] = integers
        machine.numbers[layout.numbers // NUMBER : self._parameters] = array("d", plan.constants)

    def compute(self, parameters: Numbers, samples: Table, order: array[int]) -> int:
        """Sums up the results over samples, as one mini-batch; gives how many were seen if all of that is finite."""
        self.usable = False
        self.hold(samples)
        self.follow(order, len(order), 0)
        self.write(parameters)
        done = self.run(0.0)
        self.usable = True
        return done

    def write(self, parameters: Numbers) -> None:
        """Takes these parameters."""
        self.machine.numbers[self._parameters : self._parameters + len(parameters)] = parameters

    def read(self, count: int) -> array[float]:
        """So many of the parameters, as they are now."""
        return array("d", self.machine.numbers[self._parameters : self._parameters + count].tobytes())

    def follow(self, order: array[int], batch: int, trained: int) -> None:
        """Takes the places of the samples in this order, in mini-batches that change so many parameters."""
        places = self._palette + rounded_up(self._colours * NUMBER, LINE)
        self.machine.require(places + len(order) * INTEGER)
        told = places, len(order), batch, trained, self._palette if self._colours else 0
        if told != self._told:
            self._tell(*told)
        self.machine.integers[places // INTEGER : places // INTEGER + len(order)] = order

    def run(self, rate: float) -> int:
        """Goes through the samples; gives how many were seen before a result that is not finite."""
        machine = self.machine
        machine.numbers[_RATE], machine.numbers[_LOSSES] = rate, 0.0
        machine.run()
        return machine.integers[_DONE]

    @property
    def losses(self) -> float:
        """The sum of the outputs since the descent began."""
        return self.machine.numbers[_LOSSES]

    def results(self, count: int) -> list[float]:
        """So many results, summed over the samples of the last mini-batch."""
        return self._numbers(self.layout.results, count)

    def row(self, rows: Rows, samples: int) -> list[float]:
        """What stands in the first of these rows, for so many samples of the last mini-batch."""
        place, _, _ = self.layout.place(rows)
        return self._numbers(place, samples) if rows.batched else self._numbers(place, 1) * samples

    def _numbers(self, place: int, count: int) -> list[float]:
        return [*self.machine.numbers[place // NUMBER : place // NUMBER + count]]

    def hold(self, samples: Table) -> None:
        """Brings the samples in; they are kept for the next time."""
        if samples is self._samples:
            return
        self._samples, self._colours = None, len(samples.palette)
        self._palette = self._table + rounded_up(samples.size, LINE)
        # A vector behind the last sample may be read, though not used.
        self.machine.require(self._palette + len(samples.palette) * NUMBER + self.layout.vector)
        held = memoryview(samples.numbers).cast("B").cast("i")  # numbers or bytes, as they are
        start, palette = self._table // INTEGER, self._palette // NUMBER
        self.machine.integers[start : start + len(held)] = held
        self.machine.numbers[palette : palette + len(samples.palette)] = samples.palette
        self._samples = samples

    def _tell(self, order: int, total: int, batch: int, trained: int, palette: int) -> None:
        """Writes the arguments of the kernel."""
        self._told = ()  # until it is done, or an interruption would leave others than these
        layout = self.layout
        arguments = Arguments(
            instructions=self._instructions,
            length=len(layout.instructions),
            width=layout.width,
            samples=layout.width // NUMBER,
            inputs=layout.batched,
            columns=self.plan.inputs,
            table=self._table,
            row=self.plan.inputs * (1 if palette else NUMBER),
            palette=palette,
            order=order,
            total=total,
            batch=batch,
            parameters=self._parameters * NUMBER,
            trained=trained * NUMBER,
            results=layout.results,
            checked=layout.checked,
            done=0,
        )
        self.machine.integers[: len(arguments)] = array("i", arguments)
        self._told = order, total, batch, trained, palette
