"""The kernel as WebAssembly, two numbers in a vector: the bytes of a module that runs the same everywhere.

The names of the instructions and their bytes are those of the specification (https://webassembly.github.io/spec/core/).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tinygrad_sigmoid.compiling.emitter import Emitter, Index, Variable, Vector

PAGE = 1 << 16  # bytes: the unit of its memory
_I32, _V128 = b"\x7f", b"\x7b"
_TYPES = {"index": _I32, "vector": _V128, "longs": _V128}
_PREFIX = {"index": "i32", "vector": "f64x2", "longs": "i64x2"}


def leb(number: int) -> bytes:
    """A whole number in WebAssembly's form: seven digits a byte, the lowest first."""
    parts = bytearray()
    while not -64 <= number < 64:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number & 127])


def unsigned(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _simd(number: int) -> bytes:
    return b"\xfd" + unsigned(number)


_BLOCK, _LOOP, _IF, _END = b"\x02\x40", b"\x03\x40", b"\x04\x40", b"\x0b"
_BRANCH, _BRANCH_IF, _BRANCH_TABLE, _RETURN, _CALL, _SELECT = b"\x0c", b"\x0d", b"\x0e", b"\x0f", b"\x10", b"\x1b"
_GET, _SET, _I32_CONST = b"\x20", b"\x21", b"\x41"
# With how the places are aligned, as powers of 2.
_I32_LOAD_BYTE = b"\x2d\x00\x00"
_I32_LOAD, _F64_LOAD, _I32_STORE, _F64_STORE = b"\x28\x02", b"\x2b\x03", b"\x36\x02", b"\x39\x03"
_V128_LOAD, _V128_STORE = _simd(0) + b"\x03", _simd(11) + b"\x03"
_V128_CONST, _SHUFFLE, _SPLAT, _LANE = _simd(12), _simd(13), _simd(20), _simd(33)
_F64_ADD, _F64_CONVERT, _I32_EQZ, _ALL_TRUE = b"\xa0", b"\xb8", b"\x45", _simd(195)
_BITSELECT, _SHIFT_LEFT, _SHIFT_RIGHT = _simd(82), _simd(203), _simd(205)
_OPERATIONS = {
    "i32.add": b"\x6a",
    "i32.sub": b"\x6b",
    "i32.mul": b"\x6c",
    "i32.and": b"\x71",
    "i32.eq": b"\x46",
    "i32.ne": b"\x47",
    "i32.lt_u": b"\x49",
    "i32.ge_u": b"\x4f",
    "f64x2.eq": _simd(71),
    "f64x2.lt": _simd(73),
    "f64x2.gt": _simd(74),
    "f64x2.le": _simd(75),
    "f64x2.ge": _simd(76),
    "f64x2.nearest": _simd(148),
    "f64x2.abs": _simd(236),
    "f64x2.neg": _simd(237),
    "f64x2.sqrt": _simd(239),
    "f64x2.add": _simd(240),
    "f64x2.sub": _simd(241),
    "f64x2.mul": _simd(242),
    "f64x2.div": _simd(243),
    "f64x2.pmin": _simd(246),
    "f64x2.pmax": _simd(247),
    "i64x2.eq": _simd(214),
    "i64x2.xor": _simd(81),
    "i64x2.and": _simd(78),
    "i64x2.or": _simd(80),
    "i64x2.add": _simd(206),
    "i64x2.sub": _simd(209),
}


class Local(Variable):
    """A variable of a function."""

    def __init__(self, function: Function, value: Index | Vector) -> None:
        self.function = function
        self.number = function.new_local(_TYPES[value.kind])
        self.kind = type(value)
        self.set(value)

    def get(self) -> Any:
        # A copy: what was read stays what it was.
        return self.kind(self.function, self.function.kept(_TYPES[self.kind.kind], _GET + unsigned(self.number)))

    def set(self, value: Index | Vector) -> None:
        self.function.code += value.handle + _SET + unsigned(self.number)


class Function(Emitter):
    """A function: what stands for a number is the code that brings it, from a variable or a constant."""

    lanes = 2
    rows, columns, at_once = 2, 4, 2

    def __init__(self, module: Module, arguments: int) -> None:
        self.module = module
        self.arguments = [Index(self, _GET + unsigned(number)) for number in range(arguments)]
        self.types: list[bytes] = []
        self.code = bytearray()

    def new_local(self, kind: bytes) -> int:
        self.types.append(kind)
        return len(self.arguments) + len(self.types) - 1

    def body(self) -> bytes:
        """The function as the module has it."""
        types = unsigned(len(self.types)) + b"".join([b"\x01" + kind for kind in self.types])
        return _sized(types + self.code + _END)

    def kept(self, kind: bytes, code: bytes) -> bytes:
        """The result of this code, kept in a variable."""
        number = unsigned(self.new_local(kind))
        self.code += code + _SET + number
        return _GET + number

    def constant(self, kind: str, number: float) -> bytes:
        if kind == "index":
            return _I32_CONST + leb(int(number))
        return _V128_CONST + 2 * (struct.pack("<d", number) if kind == "vector" else struct.pack("<q", number))

    def operation(self, kind: str, name: str, *handles: bytes) -> bytes:
        if name == "times_plus":
            product = self.operation(kind, "mul", *handles[:2])
            return self.operation(kind, "add", product, handles[2])
        if name == "least":
            one, other = handles
            return self.kept(_I32, one + other + one + other + _OPERATIONS["i32.lt_u"] + _SELECT)
        return self.kept(_TYPES[kind], b"".join(handles) + _OPERATIONS[f"{_PREFIX[kind]}.{name}"])

    def shifted(self, longs: bytes, digits: int) -> bytes:
        instruction = _SHIFT_LEFT if digits > 0 else _SHIFT_RIGHT
        return self.kept(_V128, longs + self.constant("index", abs(digits)) + instruction)

    def selected(self, mask: bytes, yes: bytes, no: bytes) -> bytes:
        return self.kept(_V128, yes + no + mask + _BITSELECT)

    def cast(self, handle: bytes, kind: str) -> bytes:
        return handle

    def lane_numbers(self) -> Vector:
        return Vector(self, _V128_CONST + struct.pack("<dd", 0.0, 1.0))

    def converted(self, index: Index) -> Vector:
        return self._vector(index.handle + _F64_CONVERT + _SPLAT)

    def sum_of_lanes(self, vector: Vector) -> Vector:
        first, second = [vector.handle + _LANE + bytes([lane]) for lane in range(2)]
        return self._vector(first + second + _F64_ADD + _SPLAT)

    def transposed(self, rows: Sequence[Vector]) -> list[Vector]:
        both = b"".join([row.handle for row in rows])
        halves = [[*range(start, start + 8), *range(start + 16, start + 24)] for start in (0, 8)]
        return [self._vector(both + _SHUFFLE + bytes(half)) for half in halves]

    def load(self, place: Index, offset: int = 0, vectors: int = 1) -> Vector:
        offsets = range(offset, offset + vectors * self.bytes, self.bytes)
        return Vector(self, *[self.kept(_V128, place.handle + _V128_LOAD + unsigned(one)) for one in offsets])

    def load_spread(self, place: Index, offset: int = 0) -> Vector:
        return self._vector(place.handle + _F64_LOAD + unsigned(offset) + _SPLAT)

    def load_index(self, place: Index, offset: int = 0) -> Index:
        return Index(self, self.kept(_I32, place.handle + _I32_LOAD + unsigned(offset)))

    def load_byte(self, place: Index) -> Index:
        return Index(self, self.kept(_I32, place.handle + _I32_LOAD_BYTE))

    def store(self, place: Index, vector: Vector, offset: int = 0) -> None:
        for number, handle in enumerate(vector.handles):
            self.code += place.handle + handle + _V128_STORE + unsigned(offset + number * self.bytes)

    def store_first(self, place: Index, vector: Vector, offset: int = 0) -> None:
        self.code += place.handle + vector.handle + _LANE + b"\x00" + _F64_STORE + unsigned(offset)

    def store_index(self, place: Index, index: Index, offset: int = 0) -> None:
        self.code += place.handle + index.handle + _I32_STORE + unsigned(offset)

    def variable(self, value: Index | Vector) -> Local:
        return Local(self, value)

    @contextmanager
    def loop(self, stop: Index, step: Index | int = 1) -> Iterator[Index]:
        place = unsigned(self.variable(self.index(0)).number)
        number = Index(self, _GET + place)
        self.code += _BLOCK + self._compared("ge_u", number, stop) + _BRANCH_IF + b"\x00" + _LOOP
        yield number
        self.code += (number + step).handle + _SET + place
        self.code += self._compared("lt_u", number, stop) + _BRANCH_IF + b"\x00" + _END + _END

    @contextmanager
    def when(self, name: str, left: Index, right: Index | int) -> Iterator[None]:
        self.code += self._compared(name, left, self.index(right)) + _IF
        yield
        self.code += _END

    @contextmanager
    def when_not_zero(self, vector: Vector) -> Iterator[None]:
        self.code += vector.equals(0.0).handle + _ALL_TRUE + _I32_EQZ + _IF
        yield
        self.code += _END

    def switch(self, number: Index, cases: Sequence[Callable[[], None]]) -> None:
        self.code += _BLOCK * (len(cases) + 1) + number.handle
        self.code += _BRANCH_TABLE + unsigned(len(cases)) + b"".join(map(unsigned, range(len(cases) + 1)))
        for left, case in zip(reversed(range(len(cases))), cases, strict=True):
            self.code += _END
            case()
            self.code += _BRANCH + unsigned(left)
        self.code += _END

    def call(self, function: str, *arguments: Index) -> None:
        number = unsigned(list(self.module.functions).index(function))
        self.code += b"".join([argument.handle for argument in arguments]) + _CALL + number

    def end(self) -> None:
        self.code += _RETURN

    def _compared(self, name: str, left: Index, right: Index) -> bytes:
        return b"".join([left.handle, right.handle, _OPERATIONS[f"i32.{name}"]])

    def _vector(self, code: bytes) -> Vector:
        return Vector(self, self.kept(_V128, code))


class Module:
    """The functions and the one memory, as the bytes that every engine of WebAssembly takes."""

    def __init__(self) -> None:
        self.functions: dict[str, Function] = {}

    def function(self, name: str, arguments: int, write: Callable[[Emitter, Sequence[Index]], None]) -> None:
        """Adds a function; one without arguments is what the module is called by."""
        self.functions[name] = function = Function(self, arguments)
        write(function, function.arguments)

    def binary(self) -> bytes:
        numbers = {name: number for number, name in enumerate(self.functions)}
        exported = [name for name, function in self.functions.items() if not function.arguments]
        calls = [_text(name) + b"\x00" + unsigned(numbers[name]) for name in exported]
        signatures = [_counted([_I32] * len(function.arguments)) for function in self.functions.values()]
        sections = {
            1: [b"\x60" + arguments + b"\x00" for arguments in signatures],
            3: [unsigned(number) for number in range(len(signatures))],
            5: [b"\x00\x01"],
            7: [_text("memory") + b"\x02\x00", *calls],
            10: [function.body() for function in self.functions.values()],
        }
        parts = [bytes([number]) + _sized(_counted(entries)) for number, entries in sections.items()]
        return b"\x00asm\x01\x00\x00\x00" + b"".join(parts)


def _sized(code: bytes) -> bytes:
    return unsigned(len(code)) + code


def _counted(entries: Sequence[bytes]) -> bytes:
    return unsigned(len(entries)) + b"".join(entries)


def _text(text: str) -> bytes:
    return _sized(text.encode())
