"""The kernel in LLVM's language, four numbers in a vector, compiled for the processor of this machine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.emitter import NUMBER, Emitter, Index, Variable, Vector
from tinygrad_sigmoid.compiling.kernel import write_kernel
from tinygrad_sigmoid.compiling.memory import LINE, Machine, rounded_up
from tinygrad_sigmoid.compiling.running import KERNELS, Functions, KernelProgram

LANES = 4
_BYTE, _I32, _I64, _DOUBLE = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.DoubleType()
_VECTOR, _LONGS = (ir.VectorType(kind, LANES) for kind in (_DOUBLE, _I64))
_TYPES = {"index": _I64, "vector": _VECTOR, "longs": _LONGS}
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "ge_u": ">="}
_BUILDERS = {  # the name of llvmlite's method for each operation
    "index": {"add": "add", "sub": "sub", "mul": "mul", "and": "and_"},
    "vector": {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv", "neg": "fneg"},
    "longs": {"add": "add", "sub": "sub", "and": "and_", "or": "or_", "not": "not_"},
}
_INTRINSICS = {"abs": "fabs", "sqrt": "sqrt", "nearest": "nearbyint", "times_plus": "fma"}


class Register(Variable):
    """A place on the stack, which LLVM turns into a register."""

    def __init__(self, function: Function, value: Index | Vector) -> None:
        self.function = function
        self.kind = type(value)
        self.place = function.entry.alloca(_TYPES[value.kind])
        self.set(value)

    def get(self) -> Any:
        return self.kind(self.function, self.function.builder.load(self.place))

    def set(self, value: Index | Vector) -> None:
        self.function.builder.store(value.handle, self.place)


class Function(Emitter):
    """A function; its first argument is the memory."""

    lanes = LANES
    rows, columns, at_once = 4, 3, 2

    def __init__(self, function: ir.Function) -> None:
        self.function = function
        self.memory, *arguments = function.args
        self.arguments = [Index(self, argument) for argument in arguments]
        self.entry = ir.IRBuilder(function.append_basic_block("entry"))
        self.builder = ir.IRBuilder(function.append_basic_block("start"))

    def finish(self) -> None:
        self.builder.ret_void()
        self.entry.branch(self.function.basic_blocks[1])

    def constant(self, kind: str, number: float) -> ir.Constant:
        if kind == "index":
            return ir.Constant(_I64, int(number))
        return ir.Constant(_TYPES[kind], [float(number) if kind == "vector" else number] * LANES)

    def operation(self, kind: str, name: str, *handles: ir.Value) -> ir.Value:
        b = self.builder
        if name == "least":
            return b.select(b.icmp_unsigned("<", *handles), *handles)
        if name in ("pmin", "pmax"):
            this, other = handles
            return b.select(b.fcmp_ordered("<" if name == "pmin" else ">", other, this), other, this)
        if name in _INTRINSICS:
            signature = ir.FunctionType(_VECTOR, [_VECTOR] * len(handles))
            intrinsic = f"llvm.{_INTRINSICS[name]}.v{LANES}f64"
            return b.call(b.module.declare_intrinsic(intrinsic, (), signature), handles)
        if name in _COMPARISONS:
            compare = b.fcmp_ordered if kind == "vector" else b.icmp_unsigned
            return b.sext(compare(_COMPARISONS[name], *handles), _LONGS)
        return getattr(b, _BUILDERS[kind][name])(*handles)

    def shifted(self, longs: ir.Value, digits: int) -> ir.Value:
        shift = self.builder.shl if digits > 0 else self.builder.lshr
        return shift(longs, self.constant("longs", abs(digits)))

    def selected(self, mask: ir.Value, yes: ir.Value, no: ir.Value) -> ir.Value:
        return self.builder.select(self.builder.icmp_signed("<", mask, self.constant("longs", 0)), yes, no)

    def cast(self, handle: ir.Value, kind: str) -> ir.Value:
        return self.builder.bitcast(handle, _TYPES[kind])

    def lane_numbers(self) -> Vector:
        return Vector(self, ir.Constant(_VECTOR, [float(lane) for lane in range(LANES)]))

    def converted(self, index: Index) -> Vector:
        return self._spread(self.builder.uitofp(index.handle, _DOUBLE))

    def sum_of_lanes(self, vector: Vector) -> Vector:
        total, *others = [self.builder.extract_element(vector.handle, _I32(lane)) for lane in range(LANES)]
        for other in others:
            total = self.builder.fadd(total, other)
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
        return Vector(self, *[self._load(place, one, _VECTOR) for one in offsets])

    def load_spread(self, place: Index, offset: int = 0) -> Vector:
        return self._spread(self._load(place, offset, _DOUBLE))

    def load_index(self, place: Index, offset: int = 0) -> Index:
        return Index(self, self.builder.sext(self._load(place, offset, _I32), _I64))

    def load_byte(self, place: Index) -> Index:
        return Index(self, self.builder.zext(self.builder.load(self.builder.gep(self.memory, [place.handle])), _I64))

    def store(self, place: Index, vector: Vector, offset: int = 0) -> None:
        for number, handle in enumerate(vector.handles):
            self._store(place, offset + number * self.bytes, handle)

    def store_first(self, place: Index, vector: Vector, offset: int = 0) -> None:
        self._store(place, offset, self.builder.extract_element(vector.handle, _I32(0)))

    def store_index(self, place: Index, index: Index, offset: int = 0) -> None:
        self._store(place, offset, self.builder.trunc(index.handle, _I32))

    def variable(self, value: Index | Vector) -> Register:
        return Register(self, value)

    @contextmanager
    def loop(self, stop: Index, step: Index | int = 1) -> Iterator[Index]:
        b = self.builder
        place = self.variable(self.index(0))
        test, body, end = (self.function.append_basic_block() for _ in range(3))
        b.branch(test)
        b.position_at_end(test)
        number = place.get()
        b.cbranch(b.icmp_unsigned("<", number.handle, stop.handle), body, end)
        b.position_at_end(body)
        yield number
        place.set(number + step)
        b.branch(test)
        b.position_at_end(end)

    @contextmanager
    def when(self, name: str, left: Index, right: Index | int) -> Iterator[None]:
        condition = self.builder.icmp_unsigned(_COMPARISONS[name], left.handle, self.index(right).handle)
        with self.builder.if_then(condition):
            yield

    @contextmanager
    def when_not_zero(self, vector: Vector) -> Iterator[None]:
        total = self.builder.extract_element(self.sum_of_lanes(vector).handle, _I32(0))
        with self.builder.if_then(self.builder.fcmp_unordered("!=", total, _DOUBLE(0.0)), likely=False):
            yield

    def switch(self, number: Index, cases: Sequence[Callable[[], None]]) -> None:
        end = self.function.append_basic_block()
        switch = self.builder.switch(number.handle, end)
        for place, case in enumerate(cases):
            block = self.function.append_basic_block()
            switch.add_case(_I64(place), block)
            self.builder.position_at_end(block)
            case()
            self.builder.branch(end)
        self.builder.position_at_end(end)

    def call(self, function: str, *arguments: Index) -> None:
        called = self.builder.module.get_global(function)
        self.builder.call(called, [self.memory, *[argument.handle for argument in arguments]])

    def end(self) -> None:
        self.builder.ret_void()

    def _spread(self, number: ir.Value) -> Vector:
        one = self.builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), number, _I32(0))
        return Vector(self, self._shuffled(one, one, [0] * LANES))

    def _shuffled(self, one: ir.Value, other: ir.Value, lanes: Sequence[int]) -> ir.Value:
        return self.builder.shuffle_vector(one, other, ir.Constant(ir.VectorType(_I32, LANES), list(lanes)))

    def _pointer(self, place: Index, offset: int, kind: ir.Type) -> ir.Value:
        start = self.builder.gep(self.memory, [place.handle])
        return self.builder.bitcast(self.builder.gep(start, [_I64(offset)]), kind.as_pointer())

    def _load(self, place: Index, offset: int, kind: ir.Type) -> ir.Value:
        return self.builder.load(self._pointer(place, offset, kind), align=4 if kind is _I32 else NUMBER)

    def _store(self, place: Index, offset: int, value: ir.Value) -> None:
        align = 4 if value.type is _I32 else NUMBER
        self.builder.store(value, self._pointer(place, offset, value.type), align=align)


_numbers = count()


class Module:
    """The functions of a kernel."""

    def __init__(self) -> None:
        self.module = ir.Module(f"tinygrad_sigmoid {next(_numbers)}")
        self.module.triple = llvm.get_process_triple()

    def function(self, name: str, arguments: int, write: Callable[[Emitter, Sequence[Index]], None]) -> None:
        """Adds a function; one without arguments is what the module is called by."""
        signature = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), *[_I64] * arguments])
        made = ir.Function(self.module, signature, name)
        if arguments:
            made.linkage = "internal"
        function = Function(made)
        write(function, function.arguments)
        function.finish()

    def compiled(self, name: str) -> tuple[Callable[[int], None], object]:
        """The function of this name, of the memory's address; and what keeps it alive."""
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_triple(self.module.triple).create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2, jit=True
        )
        parsed = llvm.parse_assembly(str(self.module))
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
        before = self.numbers
        buffer = (ctypes.c_ubyte * (size + 2 * LINE))()
        self._address = rounded_up(ctypes.addressof(buffer), LINE)
        start = self._address - ctypes.addressof(buffer)
        self.show(memoryview(buffer)[start : start + rounded_up(size, LINE)])
        self.numbers[: len(before)] = before

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
