"""The kernel in LLVM's language, four numbers in a vector, compiled for the processor of this machine.

The names of the instructions are those of its reference (https://llvm.org/docs/LangRef.html).
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import llvmlite.binding as llvm

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.emitter import NUMBER, Emitter, Index, Variable, Vector
from tinygrad_sigmoid.compiling.kernel import write_kernel
from tinygrad_sigmoid.compiling.memory import LINE, Machine, rounded_up
from tinygrad_sigmoid.compiling.running import KERNELS, Functions, KernelProgram

LANES = 4
TRIED = range(20, 23)  # versions of LLVM: the lowest and the newest that there are, and what is between them
_VECTOR, _LONGS, _MASK = (f"<{LANES} x {kind}>" for kind in ("double", "i64", "i1"))
_TYPES = {"index": "i64", "vector": _VECTOR, "longs": _LONGS}
_COMPARISONS = {
    "index": {"eq": "icmp eq", "ne": "icmp ne", "ge_u": "icmp uge"},
    "vector": {"eq": "fcmp oeq", "lt": "fcmp olt", "le": "fcmp ole", "gt": "fcmp ogt", "ge": "fcmp oge"},
    "longs": {"eq": "icmp eq"},
}
_ALIGNED = {"i8": 1, "i32": 4}  # what isn't aligned as numbers are
_INTRINSICS = {"abs": "fabs", "sqrt": "sqrt", "nearest": "nearbyint", "times_plus": "fma"}


class Register(Variable):
    """A place on the stack, which LLVM turns into a register."""

    def __init__(self, function: Function, value: Index | Vector) -> None:
        self.function = function
        self.kind = type(value)
        self.type = _TYPES[value.kind]
        self.place = function.new_name()
        function.places.append(f"{self.place} = alloca {self.type}")
        self.set(value)

    def get(self) -> Any:
        return self.kind(self.function, self.function.result(f"load {self.type}, ptr {self.place}"))

    def set(self, value: Index | Vector) -> None:
        self.function.code.append(f"store {self.type} {value.handle}, ptr {self.place}")


class Function(Emitter):
    """A function of the memory and indices; what stands for a number is its name, or its digits if it is a constant."""

    lanes = LANES
    rows, columns, at_once = 4, 3, 2

    def __init__(self, arguments: int) -> None:
        self.arguments = [Index(self, f"%argument{number}") for number in range(arguments)]
        self.places: list[str] = []
        self.code: list[str] = []
        self.names = 0

    def text(self, head: str) -> str:
        """The function as the module has it."""
        arguments = ", ".join(["ptr %memory", *[f"i64 {argument.handle}" for argument in self.arguments]])
        return "\n".join([f"{head}({arguments}) {{", *self.places, *self.code, "ret void", "}"])

    def new_name(self) -> str:
        self.names += 1
        return f"%v{self.names}"

    def result(self, instruction: str) -> str:
        """The name of an instruction's result."""
        name = self.new_name()
        self.code.append(f"{name} = {instruction}")
        return name

    def constant(self, kind: str, number: float) -> str:
        if kind == "index":
            return str(int(number))
        return f"splat (i64 {number})" if kind == "longs" else f"splat (double {_digits(number)})"

    def operation(self, kind: str, name: str, *handles: str) -> str:
        operands = f"{_TYPES[kind]} {', '.join(handles)}"
        if name == "least":
            return self._chosen("i1", self.result(f"icmp ult {operands}"), kind, *handles)
        if name in ("pmin", "pmax"):
            this, other = handles
            condition = f"fcmp {'olt' if name == 'pmin' else 'ogt'} {_VECTOR} {other}, {this}"
            return self._chosen(_MASK, self.result(condition), kind, other, this)
        if name in _INTRINSICS:
            return self.result(f"call {_VECTOR} @{_intrinsic(name)}({', '.join(_VECTOR + ' ' + h for h in handles)})")
        if name in _COMPARISONS[kind]:
            return self.result(f"sext {_MASK} {self.result(f'{_COMPARISONS[kind][name]} {operands}')} to {_LONGS}")
        return self.result(f"{'f' * (kind == 'vector')}{name} {operands}")  # fadd is the add of floats

    def _chosen(self, mask: str, condition: str, kind: str, yes: str, no: str) -> str:
        return self.result(f"select {mask} {condition}, {_TYPES[kind]} {yes}, {_TYPES[kind]} {no}")

    def shifted(self, longs: str, digits: int) -> str:
        return self.result(f"{'shl' if digits > 0 else 'lshr'} {_LONGS} {longs}, {self.constant('longs', abs(digits))}")

    def selected(self, mask: str, yes: str, no: str) -> str:
        return self._chosen(_MASK, self.result(f"icmp slt {_LONGS} {mask}, zeroinitializer"), "vector", yes, no)

    def cast(self, handle: str, kind: str) -> str:
        return self.result(f"bitcast {_LONGS if kind == 'vector' else _VECTOR} {handle} to {_TYPES[kind]}")

    def lane_numbers(self) -> Vector:
        return Vector(self, f"<{', '.join([f'double {_digits(lane)}' for lane in range(LANES)])}>")

    def converted(self, index: Index) -> Vector:
        return self._spread(self.result(f"uitofp i64 {index.handle} to double"))

    def sum_of_lanes(self, vector: Vector) -> Vector:
        total, *others = [self._lane(vector, lane) for lane in range(LANES)]
        for other in others:
            total = self.result(f"fadd double {total}, {other}")
        return self._spread(total)

    def transposed(self, rows: Sequence[Vector]) -> list[Vector]:
        """Halves are swapped between rows two apart, then numbers between neighbours."""
        handles = [row.handle for row in rows]
        for distance in (2, 1):
            swapped = list(handles)
            for k in range(LANES):
                if not k & distance:
                    lanes = [lane for lane in range(LANES) if not lane & distance]
                    for side, start in ((0, 0), (distance, distance)):
                        mask = [0] * LANES
                        for lane in lanes:
                            mask[lane], mask[lane + distance] = lane + start, lane + start + LANES
                        swapped[k + side] = self._shuffled(handles[k], handles[k + distance], mask)
            handles = swapped
        return [Vector(self, handle) for handle in handles]

    def load(self, place: Index, offset: int = 0, vectors: int = 1) -> Vector:
        offsets = range(offset, offset + vectors * self.bytes, self.bytes)
        return Vector(self, *[self._load(_VECTOR, place, one) for one in offsets])

    def load_spread(self, place: Index, offset: int = 0) -> Vector:
        return self._spread(self._load("double", place, offset))

    def load_index(self, place: Index, offset: int = 0) -> Index:
        return Index(self, self.result(f"sext i32 {self._load('i32', place, offset)} to i64"))

    def load_byte(self, place: Index) -> Index:
        return Index(self, self.result(f"zext i8 {self._load('i8', place, 0)} to i64"))

    def store(self, place: Index, vector: Vector, offset: int = 0) -> None:
        for number, handle in enumerate(vector.handles):
            self._store(_VECTOR, handle, place, offset + number * self.bytes)

    def store_first(self, place: Index, vector: Vector, offset: int = 0) -> None:
        self._store("double", self._lane(vector, 0), place, offset)

    def store_index(self, place: Index, index: Index, offset: int = 0) -> None:
        self._store("i32", self.result(f"trunc i64 {index.handle} to i32"), place, offset)

    def variable(self, value: Index | Vector) -> Register:
        return Register(self, value)

    @contextmanager
    def loop(self, stop: Index, step: Index | int = 1) -> Iterator[Index]:
        place, test = self.variable(self.index(0)), self.new_name()
        self.code += [f"br label {test}", f"{test[1:]}:"]
        number = place.get()
        with self._if(f"icmp ult i64 {number.handle}, {stop.handle}", then=test):
            yield number
            place.set(number + step)

    @contextmanager
    def when(self, name: str, left: Index, right: Index | int) -> Iterator[None]:
        with self._if(f"{_COMPARISONS['index'][name]} i64 {left.handle}, {self.index(right).handle}"):
            yield

    @contextmanager
    def when_not_zero(self, vector: Vector) -> Iterator[None]:
        with self._if(f"fcmp une double {self._lane(self.sum_of_lanes(vector), 0)}, 0.0"):
            yield

    def switch(self, number: Index, cases: Sequence[Callable[[], None]]) -> None:
        end, *blocks = [self.new_name() for _ in (None, *cases)]
        chosen = " ".join([f"i64 {place}, label {block}" for place, block in enumerate(blocks)])
        self.code.append(f"switch i64 {number.handle}, label {end} [{chosen}]")
        for block, case in zip(blocks, cases, strict=True):
            self.code.append(f"{block[1:]}:")
            case()
            self.code.append(f"br label {end}")
        self.code.append(f"{end[1:]}:")

    def call(self, function: str, *arguments: Index) -> None:
        given = ", ".join(["ptr %memory", *[f"i64 {argument.handle}" for argument in arguments]])
        self.code.append(f'call void @"{function}"({given})')

    def end(self) -> None:
        self.code += ["ret void", f"{self.new_name()[1:]}:"]

    @contextmanager
    def _if(self, condition: str, then: str = "") -> Iterator[None]:
        """The code that follows, if a condition holds; after which it goes on behind that, or at another block."""
        body, end = self.new_name(), self.new_name()
        self.code += [f"br i1 {self.result(condition)}, label {body}, label {end}", f"{body[1:]}:"]
        yield
        self.code += [f"br label {then or end}", f"{end[1:]}:"]

    def _lane(self, vector: Vector, lane: int) -> str:
        return self.result(f"extractelement {_VECTOR} {vector.handle}, i32 {lane}")

    def _spread(self, number: str) -> Vector:
        one = self.result(f"insertelement {_VECTOR} poison, double {number}, i32 0")
        return Vector(self, self._shuffled(one, one, [0] * LANES))

    def _shuffled(self, one: str, other: str, lanes: Sequence[int]) -> str:
        mask = ", ".join([f"i32 {lane}" for lane in lanes])
        return self.result(f"shufflevector {_VECTOR} {one}, {_VECTOR} {other}, <{LANES} x i32> <{mask}>")

    def _pointer(self, place: Index, offset: int) -> str:
        start = self.result(f"getelementptr i8, ptr %memory, i64 {place.handle}")
        return self.result(f"getelementptr i8, ptr {start}, i64 {offset}")

    def _load(self, kind: str, place: Index, offset: int) -> str:
        return self.result(f"load {kind}, ptr {self._pointer(place, offset)}, align {_ALIGNED.get(kind, NUMBER)}")

    def _store(self, kind: str, handle: str, place: Index, offset: int) -> None:
        pointer = self._pointer(place, offset)
        self.code.append(f"store {kind} {handle}, ptr {pointer}, align {_ALIGNED.get(kind, NUMBER)}")


def _digits(number: float) -> str:
    """A number by its bits, which are exact."""
    return f"0x{struct.pack('>d', number).hex()}"


def _intrinsic(name: str) -> str:
    return f"llvm.{_INTRINSICS[name]}.v{LANES}f64"


@contextmanager
def _loops_left_alone() -> Iterator[None]:
    """For a `with` in which LLVM keeps the way in which loops compute their places.

    To find a better one takes a third of the compilation, and saves 2 % of the kernel's time. The option is one for all
    that is compiled in this process, so it is given back.
    """
    known = llvm.llvm_version_info[0] in TRIED  # an option that LLVM doesn't know ends the process
    try:
        if known:
            llvm.set_option("tinygrad_sigmoid", "-disable-lsr=true")
        yield
    finally:
        if known:
            llvm.set_option("tinygrad_sigmoid", "-disable-lsr=false")


class Module:
    """The functions of a kernel, in LLVM's language."""

    def __init__(self) -> None:
        one = [f"declare {_VECTOR} @{_intrinsic(name)}({_VECTOR})" for name in ("abs", "sqrt", "nearest")]
        self.parts = [*one, f"declare {_VECTOR} @{_intrinsic('times_plus')}({_VECTOR}, {_VECTOR}, {_VECTOR})"]

    def function(self, name: str, arguments: int, write: Callable[[Emitter, Sequence[Index]], None]) -> None:
        """Adds a function; one without arguments is what the module is called by."""
        function = Function(arguments)
        write(function, function.arguments)
        self.parts.append(function.text(f'define {"internal " * bool(arguments)}void @"{name}"'))

    def compiled(self, name: str) -> tuple[Callable[[int], None], object]:
        """The function of this name, of the memory's address; and what keeps it alive."""
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        triple = llvm.get_process_triple()
        machine = llvm.Target.from_triple(triple).create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2, jit=True
        )
        parsed = llvm.parse_assembly("\n".join([f'target triple = "{triple}"', *self.parts]))
        # These few passes make as fast code as all of LLVM's, which would take ten times as long.
        builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
        passes = llvm.create_new_function_pass_manager()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
        for function in parsed.functions:
            if not function.is_declaration:
                passes.run(function, builder)
        engine = llvm.create_mcjit_compiler(parsed, machine)
        with _loops_left_alone():
            engine.finalize_object()
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(engine.get_function_address(name)), engine


@lru_cache(KERNELS)
def _compiled(functions: Functions) -> tuple[Callable[[int], None], object]:
    module = Module()
    write_kernel(module, functions)
    return module.compiled("descend")


class NativeMachine(Machine):
    """A memory of this process, and the kernel in machine code."""

    lanes = LANES

    def __init__(self, functions: Functions) -> None:
        self._descend, self._alive = _compiled(functions)
        super().__init__()

    def grow(self, size: int) -> None:
        buffer = (ctypes.c_ubyte * (size + 2 * LINE))()
        address = rounded_up(ctypes.addressof(buffer), LINE)
        start = address - ctypes.addressof(buffer)
        numbers = memoryview(buffer)[start : start + rounded_up(size, LINE)].cast("B").cast("d")
        numbers[: len(self.numbers)] = self.numbers
        # An interruption finds the old memory or this one.
        self.numbers, self.integers, self._address = numbers, numbers.cast("B").cast("i"), address

    def run(self) -> None:
        self._descend(self._address)


class NativeProgram(KernelProgram):
    """A program that runs as machine code."""

    target = "native"
    # LLVM takes its time for each: others are there where a program needs them.
    always = (table.add, table.subtract, table.multiply, table.divide, table.negate, table.exp)

    @staticmethod
    def machine(functions: Functions) -> NativeMachine:
        return NativeMachine(functions)
