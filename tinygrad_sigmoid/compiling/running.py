"""Programs that run in the kernel: for so many samples at a time, a plan and its instructions in one memory."""

from __future__ import annotations

import threading
from abc import abstractmethod
from array import array
from collections.abc import Sequence
from math import isfinite
from operator import add
from typing import TYPE_CHECKING, ClassVar, Self

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.kernel import Function
from tinygrad_sigmoid.compiling.lowering import Lowered, untranslatable
from tinygrad_sigmoid.compiling.memory import WIDEST, Machine, Memory
from tinygrad_sigmoid.compiling.plan import Plan, Planner
from tinygrad_sigmoid.compiling.program import MOST, Descent, Parameters, Program, not_finite, too_large
from tinygrad_sigmoid.compiling.table import Table
from tinygrad_sigmoid.elementary import ELEMENTARY, OWN
from tinygrad_sigmoid.floats import finite_number
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Functions = tuple[tuple[Function, int], ...]  # of numbers, and of how many
KERNELS = 16  # to keep: one has the operations of this package, others have somebody's own beside them
PAUSE = 1 << 24  # numbers to compute between two chances for Ctrl-C, a few milliseconds apart
HUGE = 16  # A mini-batch of so many times `at_once` samples is summed up in pieces, so that Ctrl-C is heard within it.


class KernelProgram(Program):
    """A program whose instructions a kernel carries out, in a memory of each thread's own.

    Attributes:
        always: Operations that the kernel of every program has, so that most programs share one.
    """

    always: ClassVar[Sequence[Operation]] = OWN

    def __init__(self, plan: Plan) -> None:
        super().__init__("", plan.inputs, plan.parameters, plan.trainable)
        self.plan = plan
        computed = sum([group.out.shape[0] for group in plan.groups])
        self.at_once = 1 + PAUSE // (1 + len(plan.parameters) + computed)
        self.most = min(MOST, self.at_once)
        self._mine = threading.local()

    @classmethod
    def of(cls, lowered: Lowered, inputs: int, wrt: Sequence[Value], watch: Sequence[Value]) -> Self:
        """The program for a graph's output, its gradients, and what is watched beside them."""
        lowered.require_translated(cls.target, "kernel", [table.dot_product])
        for operation in lowered.operations():
            if operation is not table.dot_product and operation.arity not in (1, 2):
                raise untranslatable(operation, cls.target, "it has more than two inputs")
        program = cls(Planner(lowered, inputs).plan(wrt, watch))
        cls.machine(tuple(program.functions().values()))  # what is damaged, or somebody wrote wrongly, fails here
        return program

    def __reduce__(self) -> tuple[type[Self], tuple[Plan]]:
        return type(self), (self.plan,)

    @staticmethod
    @abstractmethod
    def machine(functions: Functions) -> Machine:
        """A machine whose kernel has these functions of numbers."""

    def __call__(self, *numbers: float) -> tuple[float, list[float]]:
        given = array("d", map(finite_number, self.complete(numbers)))
        sample = Table(given[: self.inputs], self.inputs, 1)
        memory = self.memory(1)
        if memory.compute(given[self.inputs :], sample, _FIRST) < 1:
            raise ArithmeticError(
                "for these numbers the output, a gradient or a value on the way is not finite: try others, or "
                "target='python', which names it"
            )
        value, *gradients = memory.results(self.plan.results)
        return value, gradients

    def sums(
        self,
        parameters: Parameters,
        samples: Table,
        order: Sequence[int],
        first: int = 0,
        memory: Memory | None = None,
    ) -> list[float]:
        memory = memory or self.memory(len(order))
        sums: list[float] = []
        for start in range(0, len(order), self.at_once):
            piece = array("i", order[start : start + self.at_once])
            if memory.compute(parameters, samples, piece) < len(piece):
                raise self.reason(parameters, samples, piece, first)
            results = memory.results(self.plan.results)
            sums = [*map(add, sums, results)] if sums else results
        if not all(map(isfinite, sums)):
            raise too_large()
        return sums

    def watched(self, parameters: ArrayLike, samples: Table | ArrayLike) -> list[list[float]]:
        if not self.plan.watched:
            super().watched(parameters, samples)
        given, samples = self.parameters_from(parameters), self.rows(samples)
        numbers: list[list[float]] = []
        for start in range(0, len(samples), WIDEST):
            order = array("i", range(start, min(start + WIDEST, len(samples))))
            memory = self.memory(len(order))
            memory.compute(given, samples, order)
            columns = [memory.row(rows, len(order)) for rows in self.plan.watched]
            numbers += map(list, zip(*columns, strict=True))
        for place, row in enumerate(numbers):
            if not all(map(isfinite, row)):
                raise not_finite(place)
        return [row[: self.plan.watch] for row in numbers]

    def bound(self, samples: Table, batch: int, rate: float, parameters: Parameters) -> KernelDescent:
        return KernelDescent(self, samples, batch, rate, parameters)

    def functions(self) -> dict[Operation, tuple[Function, int]]:
        """The functions of numbers that its kernel has."""
        used = [group.kind for group in self.plan.groups if isinstance(group.kind, Operation)]
        found: dict[Operation, tuple[Function, int]] = {}
        for operation in dict.fromkeys([*self.always, *used]):
            function = ELEMENTARY[operation].kernel
            if function is not None:
                found[operation] = function, operation.arity or 0
        return found

    def memory(self, samples: int) -> Memory:
        """This thread's memory for so many samples; the last few sizes are kept."""
        kept: dict[int, Memory] = self._mine.__dict__.setdefault("kept", {})
        if samples not in kept or not kept[samples].usable:
            kept.pop(samples, None)
            if len(kept) == 3:
                del kept[next(iter(kept))]
            kept[samples] = self.new_memory(samples)
        return kept[samples]

    def new_memory(self, samples: int) -> Memory:
        """A memory for so many samples at a time."""
        functions = self.functions()
        return Memory(self.machine(tuple(functions.values())), self.plan, samples, list(functions))

    def reason(self, parameters: Parameters, samples: Table, order: array[int], first: int = 0) -> ArithmeticError:
        """Why a mini-batch has no finite result: the first sample that has none by itself, or their sum."""
        memory = self.memory(1)
        for place in order:
            if memory.compute(parameters, samples, array("i", [place])) < 1:
                return not_finite(first + place)
        return too_large()


_FIRST = array("i", [0])


class KernelDescent(Descent):
    """Gradient descent in a memory of its own, where the parameters are."""

    program: KernelProgram

    def __init__(self, program: KernelProgram, samples: Table, batch: int, rate: float, parameters: Parameters) -> None:
        super().__init__(program, samples, batch, rate, parameters)
        self.trained = program.plan.results - 1
        self.memory = self._memory(min(batch, len(samples)), parameters)
        self.follow(self.order)

    def _memory(self, size: int, parameters: Parameters) -> Memory:
        memory = self.program.new_memory(size)
        memory.hold(self.samples)
        memory.write(parameters)
        return memory

    def read(self) -> Parameters:
        return self.memory.read(len(self.program.parameters))

    def write(self, parameters: Parameters) -> None:
        self.memory.write(parameters)

    def follow(self, order: array[int]) -> None:
        # If nothing is trained, the kernel goes on adding up, so that what it is given is one mini-batch.
        size = min(self.batch if self.trained else self.program.at_once, len(order))
        memory = self.memory
        if order and size != memory.at_once:
            memory = self._memory(size, self.read())
        most = max(1, self.program.at_once // max(1, size)) * size  # between two chances for Ctrl-C
        pieces = [order[start : start + most] for start in range(0, len(order), most or 1)]
        self.told = False
        # An interruption finds the old ones or these.
        self.order, self.size, self.memory, self.pieces = order, size, memory, pieces
        if len(pieces) == 1:
            memory.follow(order, size, self.trained)
            self.told = True

    def epoch(self) -> float:
        if self.size > HUGE * self.program.at_once:
            return super().epoch()
        losses = 0.0
        for piece in self.pieces:
            if not self.told:
                self.memory.follow(piece, self.size, self.trained)
            done = self.memory.run(self.rate)
            if done < len(piece):
                raise self.program.reason(self.parameters, self.samples, piece[done : done + self.size])
            losses += self.memory.losses
        return losses

    def sums(self, parameters: Parameters, chosen: array[int]) -> list[float]:
        return self.program.sums(parameters, self.samples, chosen, memory=self.memory)
