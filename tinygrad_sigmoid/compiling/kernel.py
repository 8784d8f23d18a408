"""The loop that native programs run in, written in LLVM's language and compiled once in a process.

It carries out instructions: array operations on rows of numbers in one memory. To choose the operation costs nothing
beside carrying it out, so there is no need to compile every graph anew.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.operation import Operation

LANES = 4

I32, I64, DOUBLE = ir.IntType(32), ir.IntType(64), ir.DoubleType()
VECTOR, LONGS = ir.VectorType(DOUBLE, LANES), ir.VectorType(I64, LANES)
_ONE = I64(1)
Emitted = Any  # a number that the compiled code will have: llvmlite has no types

# An operation on rows of numbers: where in the memory its results and operands begin, how far it is from one row to the
# next and from one term of a sum to the next, and how many there are. What `extra` is depends on the kind.
Instruction = namedtuple(
    "Instruction",
    ["kind", "out", "out_stride", "a", "a_stride", "a_inner", "b", "b_stride", "b_inner", "rows", "terms", "extra"],
)

# The arguments of the compiled function: where things are, then numbers, then the learning rate.
POINTERS = {"memory": DOUBLE, "table": DOUBLE, "instructions": I64, "index": I64, "order": I64}
NUMBERS = ["length", "width", "columns", "inputs", "total", "batch", "parameters", "trained"]
NUMBERS += ["results", "padded", "losses"]
SIGNATURE = [*[kind.as_pointer() for kind in POINTERS.values()], *[I64 for _ in NUMBERS], DOUBLE]


class Emitter(ir.IRBuilder):  # type: ignore[misc]
    """Writes LLVM's language: loops, and what is read from and written to the one memory."""

    def __init__(self, function: ir.Function) -> None:
        self.entry = function.append_basic_block("entry")
        super().__init__(function.append_basic_block("start"))
        self.given = dict(zip([*POINTERS, *NUMBERS, "rate"], function.args, strict=True))
        self.width: Emitted = self.given["width"]
        self.count: Emitted = None  # how many of the samples in a row are no padding

    def variable(self, value: Emitted) -> Emitted:
        """A place for a number that changes in a loop; LLVM turns it into a register."""
        place = ir.IRBuilder(self.entry).alloca(value.type)
        self.store(value, place)
        return place

    @contextmanager
    def loop(self, stop: Emitted, step: Emitted = _ONE) -> Iterator[Emitted]:
        """The code that follows, for 0, step, 2 · step, … below stop."""
        place = self.variable(I64(0))
        test, body, end = (self.function.append_basic_block() for _ in range(3))
        self.branch(test)
        self.position_at_end(test)
        number = self.load(place)
        self.cbranch(self.icmp_signed("<", number, stop), body, end)
        self.position_at_end(body)
        yield number
        self.store(self.add(number, step), place)
        self.branch(test)
        self.position_at_end(end)

    def at(self, base: Emitted, *offsets: Emitted) -> Emitted:
        """base + offset + …, or base + index · stride for a pair."""
        for offset in offsets:
            base = self.add(base, self.mul(*offset) if isinstance(offset, tuple) else offset)
        return base

    def read(self, place: Emitted, kind: ir.Type = DOUBLE, memory: str = "memory") -> Emitted:
        pointer = self.gep(self.given[memory], [place])
        return self.load(self.bitcast(pointer, kind.as_pointer()), align=8)

    def write(self, place: Emitted, value: Emitted) -> None:
        pointer = self.gep(self.given["memory"], [place])
        self.store(value, self.bitcast(pointer, value.type.as_pointer()), align=8)

    def increase(self, variable: Emitted, value: Emitted) -> None:
        self.store(self.fadd(self.load(variable), value), variable)

    def least(self, one: Emitted, other: Emitted) -> Emitted:
        return self.select(self.icmp_signed("<", one, other), one, other)

    def spread(self, number: Emitted) -> Emitted:
        """The number in every lane."""
        one = self.insert_element(ir.Constant(ir.VectorType(number.type, LANES), ir.Undefined), number, I32(0))
        return self.shuffle_vector(one, one, ir.Constant(ir.VectorType(I32, LANES), [0] * LANES))

    def sum_of_lanes(self, vector: Emitted, total: Emitted) -> Emitted:
        for lane in range(LANES):
            total = self.fadd(total, self.extract_element(vector, I32(lane)))
        return total

    def intrinsic(self, name: str, *operands: Emitted) -> Emitted:
        signature = ir.FunctionType(VECTOR, [VECTOR] * len(operands))
        return self.call(self.module.declare_intrinsic(f"llvm.{name}.v{LANES}f64", (), signature), operands)


def _constant(number: float) -> ir.Constant:
    return ir.Constant(VECTOR, [number] * LANES)


def _longs(number: int) -> ir.Constant:
    return ir.Constant(LONGS, [number] * LANES)


def _exp(e: Emitter, x: Emitted, _: Emitted) -> Emitted:
    """e^x = 2^k · e^r with k whole and |r| ≤ ½ ln 2, where 14 terms of the series are enough."""
    bounded = e.select(e.fcmp_ordered(">", x, _constant(710.0)), _constant(710.0), x)
    bounded = e.select(e.fcmp_ordered("<", x, _constant(-746.0)), _constant(-746.0), bounded)
    shift = _constant(1.5 * 2**52)  # to add it rounds to a whole number, which then stands in the lowest bits
    shifted = e.intrinsic("fma", bounded, _constant(1 / math.log(2)), shift)
    k = e.fsub(shifted, shift)
    whole = e.sub(e.bitcast(shifted, LONGS), e.bitcast(shift, LONGS))
    # ln 2, and what it lacks as a float
    r = e.intrinsic("fma", k, _constant(-float.fromhex("0x1.62e42fefa39efp-1")), bounded)
    r = e.intrinsic("fma", k, _constant(-float.fromhex("0x1.abc9e3b39803fp-56")), r)
    series = _constant(1 / math.factorial(13))
    for n in range(12, -1, -1):
        series = e.intrinsic("fma", series, r, _constant(1 / math.factorial(n)))
    # 2^k in two halves, because it may be too large or too small for one float where the product is not.
    half = e.ashr(whole, _longs(1))
    for power in (half, e.sub(whole, half)):
        series = e.fmul(series, e.bitcast(e.shl(e.add(power, _longs(1023)), _longs(52)), VECTOR))
    return series


Vectorized = Callable[[Emitter, Emitted, Emitted], Emitted]
VECTORIZED: dict[Operation, Vectorized] = {
    table.add: lambda e, x, y: e.fadd(x, y),
    table.subtract: lambda e, x, y: e.fsub(x, y),
    table.multiply: lambda e, x, y: e.fmul(x, y),
    table.divide: lambda e, x, y: e.fdiv(x, y),
    table.negate: lambda e, x, _: e.fneg(x),
    table.sqrt: lambda e, x, _: e.intrinsic("sqrt", x),
    table.absolute: lambda e, x, _: e.intrinsic("fabs", x),
    table.maximum: lambda e, x, y: e.select(e.fcmp_ordered(">", y, x), y, x),
    table.minimum: lambda e, x, y: e.select(e.fcmp_ordered("<", y, x), y, x),
    table.heaviside: lambda e, x, _: e.uitofp(e.fcmp_ordered(">", x, _constant(0.0)), VECTOR),
    table.exp: _exp,
}


def _elementwise(e: Emitter, it: Instruction, function: Vectorized, kind: ir.Type = VECTOR) -> None:
    with e.loop(it.rows) as i, e.loop(e.width, I64(LANES if kind is VECTOR else 1)) as s:
        x = e.read(e.at(it.a, (i, it.a_stride), s), kind)
        y = e.read(e.at(it.b, (i, it.b_stride), s), kind)
        e.write(e.at(it.out, (i, it.out_stride), s), function(e, x, y))


def _call(e: Emitter, it: Instruction) -> None:
    """A function of the C library, by its address; one of one argument finds the second unused."""
    function = e.inttoptr(it.extra, ir.FunctionType(DOUBLE, [DOUBLE, DOUBLE]).as_pointer())
    _elementwise(e, it, lambda e, x, y: e.call(function, [x, y]), DOUBLE)


def _taken(e: Emitter, it: Instruction, spread: bool) -> None:
    """Rows, one after the other: those at the places in the index, or the number at each place, spread."""
    with e.loop(it.rows) as i:
        place = e.read(e.at(it.extra, i), I64, "index")
        number = e.spread(e.read(place)) if spread else None
        with e.loop(it.out_stride, I64(LANES)) as s:
            e.write(e.at(it.out, (i, it.out_stride), s), number or e.read(e.at(place, s), VECTOR))


def _matrix(e: Emitter, it: Instruction) -> None:
    """out[i, :] (+)= Σ_j a[i, j] · b[j, :], four rows by three registers at a time, so that loads don't hold it up.

    Past the last row or register, the last is computed again. All that a block adds to is read before any of it is
    written, and rows are written in order, so that neither this nor zeros behind a row's end can spoil anything.
    """
    # To be added to what is there, a product has the samples inside, and a width of its own.
    adding = e.icmp_signed("!=", it.extra, I64(0))
    width = e.select(adding, it.extra, e.width)
    terms = e.select(adding, e.count, it.terms)
    with e.loop(it.rows, I64(4)) as first, e.loop(width, I64(3 * LANES)) as start:
        rows = [e.least(e.add(first, I64(k)), e.sub(it.rows, I64(1))) for k in range(4)]
        columns = [e.least(e.add(start, I64(k * LANES)), e.sub(width, I64(LANES))) for k in range(3)]
        outs = [e.at(it.out, (i, it.out_stride), s) for i in rows for s in columns]
        old = [e.select(adding, e.read(out, VECTOR), _constant(0.0)) for out in outs]
        sums = [e.variable(value) for value in old]
        weights = [e.at(it.a, (i, it.a_stride)) for i in rows]
        with e.loop(terms) as j:
            xs = [e.read(e.at(it.b, (j, it.b_stride), s), VECTOR) for s in columns]
            offset = e.mul(j, it.a_inner)
            for k, place in enumerate(weights):
                weight = e.spread(e.read(e.add(place, offset)))
                for x, total in zip(xs, sums[3 * k : 3 * k + 3], strict=True):
                    e.store(e.intrinsic("fma", weight, x, e.load(total)), total)
        for out, total in zip(outs, sums, strict=True):
            e.write(out, e.load(total))


def _dot(e: Emitter, it: Instruction) -> None:
    with e.loop(it.rows) as i, e.loop(e.width, I64(LANES)) as s:
        total = e.variable(_constant(0.0))
        with e.loop(it.terms) as j:
            x = e.read(e.at(it.a, (i, it.a_stride), (j, it.a_inner), s), VECTOR)
            y = e.read(e.at(it.b, (i, it.b_stride), (j, it.b_inner), s), VECTOR)
            e.increase(total, e.fmul(x, y))
        e.write(e.at(it.out, (i, it.out_stride), s), e.load(total))


def _transpose(e: Emitter, it: Instruction) -> None:
    with e.loop(it.rows) as i, e.loop(e.count) as s:
        e.write(e.at(it.out, (s, it.out_stride), i), e.read(e.at(it.a, (i, it.a_stride), s)))


def _sum(e: Emitter, it: Instruction) -> None:
    """Adds each row's sum over the samples to what is at its place in the index."""
    rest = e.sub(e.spread(e.count), ir.Constant(LONGS, list(range(LANES))))
    with e.loop(it.rows) as i:
        sums = e.variable(_constant(0.0))
        with e.loop(e.count, I64(LANES)) as s:
            term = e.read(e.at(it.a, (i, it.a_stride), s), VECTOR)
            e.increase(sums, e.select(e.icmp_signed("<", e.spread(s), rest), term, _constant(0.0)))
        place = e.read(e.at(it.extra, i), I64, "index")
        e.write(place, e.sum_of_lanes(e.load(sums), e.read(place)))


KINDS: dict[str, Callable[[Emitter, Instruction], None]] = {
    **{operation.name: partial(_elementwise, function=function) for operation, function in VECTORIZED.items()},
    "call": _call,
    "copy": partial(_taken, spread=True),
    "take": partial(_taken, spread=False),
    "matrix": _matrix,
    "dot": _dot,
    "transpose": _transpose,
    "sum": _sum,
}


def _emit_instruction(e: Emitter, number: Emitted) -> None:
    first = e.mul(number, I64(len(Instruction._fields)))
    fields = [e.read(e.at(first, I64(k)), I64, "instructions") for k in range(len(Instruction._fields))]
    it = Instruction(*fields)
    end = e.function.append_basic_block("end")
    switch = e.switch(it.kind, end)
    for place, (name, emit) in enumerate(KINDS.items()):
        block = e.function.append_basic_block(name)
        switch.add_case(I64(place), block)
        e.position_at_end(block)
        emit(e, it)
        e.branch(end)
    e.position_at_end(end)


def _emit_descent(e: Emitter) -> None:
    """Gradient descent over mini-batches; returns where the first begins that has no finite result, or −1."""
    given = e.given
    results, width = given["results"], e.width
    with e.loop(given["total"], given["batch"]) as start:
        size = e.least(given["batch"], e.sub(given["total"], start))
        with e.loop(given["padded"], I64(LANES)) as i:
            e.write(e.at(results, i), _constant(0.0))
        with e.loop(size, width) as offset:
            e.count = e.least(width, e.sub(size, offset))
            with e.loop(width) as s:
                sample = e.read(e.at(start, offset, e.least(s, e.sub(e.count, I64(1)))), I64, "order")
                with e.loop(given["columns"]) as c:
                    number = e.read(e.at(c, (sample, given["columns"])), memory="table")
                    e.write(e.at(given["inputs"], (c, width), s), number)
            with e.loop(given["length"]) as k:
                _emit_instruction(e, k)
        # The gradients become the parameters after this step. Behind the last are zeros, which change nothing.
        change = e.spread(e.fdiv(given["rate"], e.sitofp(size, DOUBLE)))
        with e.loop(given["trained"], I64(LANES)) as i:
            gradients = e.at(results, I64(1), i)
            parameters = e.read(e.at(given["parameters"], i), VECTOR)
            e.write(gradients, e.fsub(parameters, e.fmul(change, e.read(gradients, VECTOR))))
        # Times 0, a number is 0 unless it is infinite or nan; four sums, so that none waits for another.
        sums = [e.variable(_constant(0.0)) for _ in range(4)]
        with e.loop(given["padded"], I64(4 * LANES)) as i:
            for k, zeros in enumerate(sums):
                found = e.read(e.at(results, i, I64(k * LANES)), VECTOR)
                e.store(e.intrinsic("fma", found, _constant(0.0), e.load(zeros)), zeros)
        zero = DOUBLE(0.0)
        for zeros in sums:
            zero = e.sum_of_lanes(e.load(zeros), zero)
        with e.if_then(e.fcmp_unordered("!=", zero, DOUBLE(0.0)), likely=False):
            e.ret(start)
        e.write(given["losses"], e.fadd(e.read(given["losses"]), e.read(results)))
        with e.loop(given["trained"], I64(LANES)) as i:
            e.write(e.at(given["parameters"], i), e.read(e.at(results, I64(1), i), VECTOR))
    e.ret(I64(-1))
    ir.IRBuilder(e.entry).branch(e.function.basic_blocks[1])


@cache
def compiled_descent() -> tuple[Callable[..., int], object]:
    """The compiled descent, and what keeps it alive."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = ir.Module("tinygrad_sigmoid")
    module.triple = llvm.get_process_triple()
    descent = ir.Function(module, ir.FunctionType(I64, SIGNATURE), "tinygrad_sigmoid_descend")
    _emit_descent(Emitter(descent))

    machine = llvm.Target.from_triple(module.triple).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2, jit=True
    )
    parsed = llvm.parse_assembly(str(module))
    # These few passes make as fast code as all of LLVM's, which would take ten times as long.
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(parsed.get_function(descent.name), builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    # Addresses are numbers too.
    kinds = [ctypes.c_double if kind is DOUBLE else ctypes.c_int64 for kind in SIGNATURE]
    return ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(engine.get_function_address(descent.name)), engine


@cache
def library_function(name: str) -> int:
    """The address of a function of the C library; 0 if it has none of this name."""
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    function = getattr(library, name, None)
    return (function and ctypes.cast(function, ctypes.c_void_p).value) or 0
