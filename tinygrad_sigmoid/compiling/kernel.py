"""The loop that native programs run in, written in LLVM's language and compiled once in a process.

It carries out steps: array operations on rows of numbers in one memory. To choose the operation costs nothing beside
carrying it out, so there is no need to compile every graph anew.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from tinygrad_sigmoid.elementary import ELEMENTARY

LANES = 4

I64, DOUBLE, POINTER = ir.IntType(64), ir.DoubleType(), ir.DoubleType().as_pointer()
VECTOR = ir.VectorType(DOUBLE, LANES)
LONGS = ir.VectorType(I64, LANES)

# The fields of a step; offsets and strides count numbers in the one memory.
FIELDS = ("kind", "out", "out_stride", "a", "a_stride", "a_inner", "b", "b_stride", "b_inner", "rows", "terms", "extra")


class _Emitter:
    """Writes LLVM's language: loops, and loads and stores in the one memory."""

    def __init__(self, function: ir.Function) -> None:
        self.function = function
        self.entry = function.append_basic_block("entry")
        self.b = ir.IRBuilder(function.append_basic_block("start"))

    def finish(self, result: Any = None) -> None:
        self.b.ret(result) if result is not None else self.b.ret_void()
        ir.IRBuilder(self.entry).branch(self.function.basic_blocks[1])

    def variable(self, kind: ir.Type, value: Any) -> Any:
        """A place for a number that changes in a loop; LLVM turns it into a register."""
        builder = ir.IRBuilder(self.entry)
        place = builder.alloca(kind)
        self.b.store(value, place)
        return place

    @contextmanager
    def loop(self, stop: Any, step: int = 1) -> Iterator[Any]:
        """The code that follows, for 0, step, 2 · step, … below stop."""
        place = self.variable(I64, I64(0))
        test, body, end = (self.function.append_basic_block() for _ in range(3))
        self.b.branch(test)
        self.b.position_at_end(test)
        number = self.b.load(place)
        self.b.cbranch(self.b.icmp_signed("<", number, stop), body, end)
        self.b.position_at_end(body)
        yield number
        self.b.store(self.b.add(number, I64(step)), place)
        self.b.branch(test)
        self.b.position_at_end(end)

    def at(self, base: Any, *offsets: Any) -> Any:
        """base + offset + …, or base + index · stride for a pair."""
        for offset in offsets:
            base = self.b.add(base, self.b.mul(*offset) if isinstance(offset, tuple) else offset)
        return base

    def load(self, memory: Any, place: Any, kind: ir.Type = DOUBLE) -> Any:
        pointer = self.b.gep(memory, [place])
        if kind is not DOUBLE and kind is not I64:
            pointer = self.b.bitcast(pointer, kind.as_pointer())
        return self.b.load(pointer, align=8)

    def store(self, memory: Any, place: Any, value: Any) -> None:
        pointer = self.b.gep(memory, [place])
        if value.type == VECTOR:
            pointer = self.b.bitcast(pointer, VECTOR.as_pointer())
        self.b.store(value, pointer, align=8)

    def spread(self, number: Any, kind: ir.VectorType = VECTOR) -> Any:
        """The number in every lane."""
        one = self.b.insert_element(ir.Constant(kind, ir.Undefined), number, ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return self.b.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)

    def intrinsic(self, name: str, *operands: Any) -> Any:
        kind = operands[0].type
        suffix = "f64" if kind == DOUBLE else f"v{LANES}f64"
        signature = ir.FunctionType(kind, [kind] * len(operands))
        declared = self.function.module.globals.get(f"llvm.{name}.{suffix}") or ir.Function(
            self.function.module, signature, f"llvm.{name}.{suffix}"
        )
        return self.b.call(declared, operands)


def _constant(number: float) -> ir.Constant:
    return ir.Constant(VECTOR, [DOUBLE(number)] * LANES)


def _longs(number: int) -> ir.Constant:
    return ir.Constant(LONGS, [I64(number)] * LANES)


def _exp(e: _Emitter, x: Any, _: Any) -> Any:
    """e^x = 2^k · e^r with k whole and |r| ≤ ½ ln 2, where 14 terms of the series are enough."""
    b = e.b
    bounded = b.select(b.fcmp_ordered(">", x, _constant(710.0)), _constant(710.0), x)
    bounded = b.select(b.fcmp_ordered("<", x, _constant(-746.0)), _constant(-746.0), bounded)
    shift = _constant(1.5 * 2**52)  # to add it rounds to a whole number, which then stands in the lowest bits
    shifted = e.intrinsic("fma", bounded, _constant(1 / math.log(2)), shift)
    k = b.fsub(shifted, shift)
    whole = b.sub(b.bitcast(shifted, LONGS), b.bitcast(shift, LONGS))
    high = float.fromhex("0x1.62e42fefa39efp-1")  # ln 2, and what it lacks as a float
    r = e.intrinsic("fma", k, _constant(-high), bounded)
    r = e.intrinsic("fma", k, _constant(-float.fromhex("0x1.abc9e3b39803fp-56")), r)
    series = _constant(1 / math.factorial(13))
    for n in range(12, -1, -1):
        series = e.intrinsic("fma", series, r, _constant(1 / math.factorial(n)))
    # 2^k in two halves, because it may be too large or too small for one float where the product is not.
    half = b.ashr(whole, _longs(1))
    for power in (half, b.sub(whole, half)):
        series = b.fmul(series, b.bitcast(b.shl(b.add(power, _longs(1023)), _longs(52)), VECTOR))
    return series


def _chosen(comparison: str) -> Callable[[_Emitter, Any, Any], Any]:
    return lambda e, x, y: e.b.select(e.b.fcmp_ordered(comparison, y, x), y, x)


_VECTOR: dict[str, Callable[[_Emitter, Any, Any], Any]] = {
    "add": lambda e, x, y: e.b.fadd(x, y),
    "subtract": lambda e, x, y: e.b.fsub(x, y),
    "multiply": lambda e, x, y: e.b.fmul(x, y),
    "divide": lambda e, x, y: e.b.fdiv(x, y),
    "negate": lambda e, x, _: e.b.fneg(x),
    "sqrt": lambda e, x, _: e.intrinsic("sqrt", x),
    "absolute": lambda e, x, _: e.intrinsic("fabs", x),
    "maximum": _chosen(">"),
    "minimum": _chosen("<"),
    "heaviside": lambda e, x, _: e.b.select(e.b.fcmp_ordered(">", x, _constant(0.0)), _constant(1.0), _constant(0.0)),
    "exp": _exp,
}
LIBRARY = {row.name: how.c for row, how in ELEMENTARY.items() if how.c and row.name not in _VECTOR}
KINDS = (*_VECTOR, "call", "copy", "take rows", "take", "matrix", "dot", "transpose", "inner", "sum", "scale")


class _Steps:
    """Writes the function that carries out one step."""

    def __init__(self, e: _Emitter) -> None:
        self.e = e
        self.memory, step, self.index, self.width, self.count = e.function.args
        for place, name in enumerate(FIELDS):
            setattr(self, name, e.load(step, I64(place), I64))

    kind: Any
    out: Any
    out_stride: Any
    a: Any
    a_stride: Any
    a_inner: Any
    b: Any
    b_stride: Any
    b_inner: Any
    rows: Any
    terms: Any
    extra: Any

    def write(self) -> None:
        e = self.e
        end = e.function.append_basic_block("end")
        switch = e.b.switch(e.b.trunc(self.kind, ir.IntType(32)), end)
        for number, kind in enumerate(KINDS):
            block = e.function.append_basic_block(kind.replace(" ", "_"))
            switch.add_case(ir.IntType(32)(number), block)
            e.b.position_at_end(block)
            if kind in _VECTOR:
                self.vectors(_VECTOR[kind])
            else:
                getattr(self, kind.replace(" ", "_"))()
            e.b.branch(end)
        e.b.position_at_end(end)
        e.finish()

    def vectors(self, operation: Callable[[_Emitter, Any, Any], Any]) -> None:
        e = self.e
        with e.loop(self.rows) as i, e.loop(self.width, LANES) as s:
            x = e.load(self.memory, e.at(self.a, (i, self.a_stride), s), VECTOR)
            y = e.load(self.memory, e.at(self.b, (i, self.b_stride), s), VECTOR)
            e.store(self.memory, e.at(self.out, (i, self.out_stride), s), operation(e, x, y))

    def call(self) -> None:
        """A function of the C library, by its address; one of one argument finds the second unused."""
        e = self.e
        function = e.b.inttoptr(self.extra, ir.FunctionType(DOUBLE, [DOUBLE, DOUBLE]).as_pointer())
        with e.loop(self.rows) as i, e.loop(self.width) as s:
            x = e.load(self.memory, e.at(self.a, (i, self.a_stride), s))
            y = e.load(self.memory, e.at(self.b, (i, self.b_stride), s))
            e.store(self.memory, e.at(self.out, (i, self.out_stride), s), e.b.call(function, [x, y]))

    def copy(self) -> None:
        e = self.e
        with e.loop(self.rows) as i:
            number = e.spread(e.load(self.memory, e.at(self.a, (i, self.a_stride))))
            with e.loop(self.width, LANES) as s:
                e.store(self.memory, e.at(self.out, (i, self.out_stride), s), number)

    def take_rows(self) -> None:
        e = self.e
        with e.loop(self.rows) as i:
            row = e.load(self.index, e.at(self.extra, i), I64)
            with e.loop(self.width, LANES) as s:
                e.store(
                    self.memory,
                    e.at(self.out, (i, self.out_stride), s),
                    e.load(self.memory, e.at(row, s), VECTOR),
                )

    def take(self) -> None:
        e = self.e
        with e.loop(self.rows) as i:
            number = e.load(self.memory, e.load(self.index, e.at(self.extra, i), I64))
            e.store(self.memory, e.at(self.out, i), number)

    def matrix(self) -> None:
        """out[i, :] (+)= Σ_j a[i, j] · b[j, :], four rows by three registers at a time, so that loads don't hold it up.

        Past the last row or register, the last is computed again. All that a block adds to is loaded before any of it
        is stored, and rows are stored in order, so that neither this nor zeros behind a row's end can spoil anything.
        """
        e, b = self.e, self.e.b
        # To be added to what is there, a product has the samples inside, and a width of its own.
        adding = b.icmp_signed("!=", self.extra, I64(0))
        width = b.select(adding, self.extra, self.width)
        terms = b.select(adding, self.count, self.terms)

        def least(one: Any, other: Any) -> Any:
            return b.select(b.icmp_signed("<", one, other), one, other)

        with e.loop(self.rows, 4) as first, e.loop(width, 3 * LANES) as start:
            rows = [least(b.add(first, I64(k)), b.sub(self.rows, I64(1))) for k in range(4)]
            columns = [least(b.add(start, I64(k * LANES)), b.sub(width, I64(LANES))) for k in range(3)]
            outs = [e.at(self.out, (i, self.out_stride), s) for i in rows for s in columns]
            old = [b.select(adding, e.load(self.memory, out, VECTOR), _constant(0.0)) for out in outs]
            sums = [e.variable(VECTOR, value) for value in old]
            weights = [e.at(self.a, (i, self.a_stride)) for i in rows]
            with e.loop(terms) as j:
                xs = [e.load(self.memory, e.at(self.b, (j, self.b_stride), s), VECTOR) for s in columns]
                offset = b.mul(j, self.a_inner)
                for k, place in enumerate(weights):
                    weight = e.spread(e.load(self.memory, b.add(place, offset)))
                    for x, total in zip(xs, sums[3 * k : 3 * k + 3], strict=True):
                        b.store(e.intrinsic("fma", weight, x, b.load(total)), total)
            for out, total in zip(outs, sums, strict=True):
                e.store(self.memory, out, b.load(total))

    def dot(self) -> None:
        e = self.e
        with e.loop(self.rows) as i, e.loop(self.width, LANES) as s:
            total = e.variable(VECTOR, _constant(0.0))
            with e.loop(self.terms) as j:
                x = e.load(self.memory, e.at(self.a, (i, self.a_stride), (j, self.a_inner), s), VECTOR)
                y = e.load(self.memory, e.at(self.b, (i, self.b_stride), (j, self.b_inner), s), VECTOR)
                e.b.store(e.b.fadd(e.b.load(total), e.b.fmul(x, y)), total)
            e.store(self.memory, e.at(self.out, (i, self.out_stride), s), e.b.load(total))

    def transpose(self) -> None:
        e = self.e
        with e.loop(self.rows) as i, e.loop(self.count) as s:
            number = e.load(self.memory, e.at(self.a, (i, self.a_stride), s))
            e.store(self.memory, e.at(self.out, (s, self.out_stride), i), number)

    def inner(self) -> None:
        self._sum(product=True)

    def sum(self) -> None:
        self._sum(product=False)

    def _sum(self, product: bool) -> None:
        e, b = self.e, self.e.b
        whole = b.and_(self.count, I64(-LANES))

        def term(i: Any, s: Any, kind: ir.Type) -> Any:
            x = e.load(self.memory, e.at(self.a, (i, self.a_stride), s), kind)
            return b.fmul(x, e.load(self.memory, e.at(self.b, (i, self.b_stride), s), kind)) if product else x

        with e.loop(self.rows) as i:
            sums = e.variable(VECTOR, _constant(0.0))
            with e.loop(whole, LANES) as s:
                b.store(b.fadd(b.load(sums), term(i, s, VECTOR)), sums)
            place = b.add(self.out, e.load(self.index, e.at(self.extra, i), I64))
            total = e.variable(DOUBLE, e.load(self.memory, place))
            for lane in range(LANES):
                b.store(b.fadd(b.load(total), b.extract_element(b.load(sums), ir.IntType(32)(lane))), total)
            with e.loop(b.sub(self.count, whole)) as rest:
                b.store(b.fadd(b.load(total), term(i, b.add(whole, rest), DOUBLE)), total)
            e.store(self.memory, place, b.load(total))

    def scale(self) -> None:
        e = self.e
        count = e.b.sitofp(self.count, DOUBLE)
        with e.loop(self.rows) as i:
            place = e.b.add(self.out, e.load(self.index, e.at(self.extra, i), I64))
            more = e.b.fmul(count, e.load(self.memory, e.at(self.a, (i, self.a_stride))))
            e.store(self.memory, place, e.b.fadd(e.load(self.memory, place), more))


def _write_descent(e: _Emitter, step: ir.Function) -> None:
    """Gradient descent over mini-batches; returns the first without a finite result, or −1."""
    memory, steps, step_count, index, width, table, columns, inputs, order, total, batch, rate, trained, results = (
        e.function.args[:14]
    )
    padded, losses = e.function.args[14:]
    b = e.b

    def up(number: Any, unit: Any) -> Any:
        return b.sdiv(b.sub(b.add(number, unit), I64(1)), unit)

    def least(one: Any, other: Any) -> Any:
        return b.select(b.icmp_signed("<", one, other), one, other)

    with e.loop(up(total, batch)) as number:
        start = b.mul(number, batch)
        size = least(batch, b.sub(total, start))
        with e.loop(padded, LANES) as i:
            e.store(memory, e.at(results, i), _constant(0.0))
        with e.loop(up(size, width)) as piece:
            offset = b.mul(piece, width)
            count = least(width, b.sub(size, offset))
            with e.loop(width) as s:
                place = e.at(start, offset, least(s, b.sub(count, I64(1))))
                row = b.mul(e.load(order, place, I64), columns)
                with e.loop(columns) as c:
                    e.store(memory, e.at(inputs, (c, width), s), e.load(table, e.at(row, c)))
            with e.loop(step_count) as k:
                b.call(step, [memory, b.gep(steps, [b.mul(k, I64(len(FIELDS)))]), index, width, count])
        # Times 0, a number is 0 unless it is infinite or nan; four sums, so that none waits for another.
        sums = [e.variable(VECTOR, _constant(0.0)) for _ in range(4)]
        with e.loop(padded, 4 * LANES) as i:
            for k, zero in enumerate(sums):
                found = e.load(memory, e.at(results, i, I64(k * LANES)), VECTOR)
                b.store(e.intrinsic("fma", found, _constant(0.0), b.load(zero)), zero)
        zeros = b.fadd(b.fadd(b.load(sums[0]), b.load(sums[1])), b.fadd(b.load(sums[2]), b.load(sums[3])))
        finite = ir.Constant(ir.IntType(1), 1)
        for lane in range(LANES):
            zero = b.extract_element(zeros, ir.IntType(32)(lane))
            finite = b.and_(finite, b.fcmp_ordered("==", zero, DOUBLE(0.0)))
        with b.if_then(b.not_(finite), likely=False):
            b.ret(number)
        e.store(memory, losses, b.fadd(e.load(memory, losses), e.load(memory, results)))
        change = b.fdiv(rate, b.sitofp(size, DOUBLE))
        gradients = b.add(results, I64(1))
        whole = b.and_(trained, I64(-LANES))
        for kind, first, stop, step_size in ((VECTOR, I64(0), whole, LANES), (DOUBLE, whole, b.sub(trained, whole), 1)):
            factor = e.spread(change) if kind is VECTOR else change
            with e.loop(stop, step_size) as i:
                place = b.add(first, i)
                gradient = e.load(memory, e.at(gradients, place), kind)
                e.store(memory, place, b.fsub(e.load(memory, place, kind), b.fmul(factor, gradient)))
    e.finish(I64(-1))


@cache
def compiled_descent() -> tuple[Any, Any]:
    """The compiled descent, and what keeps it alive."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = ir.Module("tinygrad_sigmoid")
    module.triple = llvm.get_process_triple()
    longs = I64.as_pointer()
    step = ir.Function(module, ir.FunctionType(ir.VoidType(), [POINTER, longs, longs, I64, I64]), "step")
    step.linkage = "internal"
    _Steps(_Emitter(step)).write()
    arguments = [POINTER, longs, I64, longs, I64, POINTER, I64, I64, longs, I64, I64, DOUBLE, I64, I64, I64, I64]
    descent = ir.Function(module, ir.FunctionType(I64, arguments), "tinygrad_sigmoid_descend")
    _write_descent(_Emitter(descent), step)

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
    for function in (step, descent):
        passes.run(parsed.get_function(function.name), builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    kinds = [ctypes.c_double if kind is DOUBLE else ctypes.c_int64 for kind in arguments]  # addresses are numbers too
    return ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(engine.get_function_address(descent.name)), engine


def address(name: str) -> int:
    """Where a function of the C library is."""
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
