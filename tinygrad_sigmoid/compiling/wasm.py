"""Programs for WebAssembly: the one kernel, run by wasmtime; under Pyodide, by the engine that runs Pyodide itself."""

from __future__ import annotations

import atexit
import ctypes
import sys
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, cast

from tinygrad_sigmoid.compiling.kernel import write_kernel
from tinygrad_sigmoid.compiling.memory import Machine
from tinygrad_sigmoid.compiling.running import KERNELS, Functions, KernelProgram
from tinygrad_sigmoid.compiling.webassembly import PAGE, Function, Module


@lru_cache(KERNELS)
def module(functions: Functions) -> bytes:
    """The kernel with these functions, as every engine of WebAssembly takes it."""
    made = Module()
    write_kernel(made, functions)
    return made.binary()


@lru_cache(KERNELS)
def _compiled(functions: Functions) -> tuple[Any, Any]:
    import wasmtime

    engine = wasmtime.Engine()
    return engine, wasmtime.Module(engine, module(functions))


atexit.register(_compiled.cache_clear)  # while wasmtime can still free what it has


class WasmMachine(Machine):
    """An instance of the kernel, which has its memory to itself."""

    lanes = Function.lanes

    def __init__(self, functions: Functions) -> None:
        import wasmtime

        engine, code = _compiled(functions)
        self._store = wasmtime.Store(engine)
        try:
            exports: Any = wasmtime.Instance(self._store, code, []).exports(self._store)
        except wasmtime.WasmtimeError as error:
            raise MemoryError(
                "a program for 'wasm' reserves 4 GiB of address space, more than this process may have: raise that "
                "limit (`ulimit -v unlimited`), keep fewer programs, or use target='native' or target='python'"
            ) from error
        self._memory, self._descend = exports["memory"], exports["descend"]
        # Wasmtime asks for it in each call, and throws away what it gets: a Ctrl-C that came just then would be lost.
        nothing = SimpleNamespace(params=[], results=[])
        self._descend.type = lambda _: nothing
        super().__init__()

    def grow(self, size: int) -> None:
        missing = -(-size // PAGE) - self._memory.size(self._store)
        if missing > 0:
            self._memory.grow(self._store, missing)
        start = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self.show((ctypes.c_ubyte * self._memory.data_len(self._store)).from_address(start))

    def run(self) -> None:
        self._descend(self._store)


@lru_cache(KERNELS)
def _compiled_by_host(functions: Functions) -> Any:
    from js import WebAssembly
    from pyodide.ffi import to_js

    return WebAssembly.Module.new(to_js(module(functions)))


class PyodideMachine(Machine):
    """The same under Pyodide, whose engine runs the kernel beside Python, in a browser or node."""

    lanes = Function.lanes

    def __init__(self, functions: Functions) -> None:
        from js import WebAssembly

        exports = WebAssembly.Instance.new(_compiled_by_host(functions)).exports
        self._memory, self._descend = exports.memory, exports.descend
        self.grow(0)

    def grow(self, size: int) -> None:
        from js import Float64Array, Int32Array

        missing = -(-size // PAGE) - self._memory.buffer.byteLength // PAGE
        if missing > 0:
            self._memory.grow(missing)
        self.numbers = cast("memoryview[float]", Copied(Float64Array.new(self._memory.buffer)))
        self.integers = cast("memoryview[int]", Copied(Int32Array.new(self._memory.buffer)))

    def run(self) -> None:
        self._descend()


class Copied:
    """A typed array of JavaScript, whose memory Python can't address: what is read and written is copied."""

    def __init__(self, numbers: Any) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, place: int | slice) -> Any:
        return self._part(place).to_memoryview() if isinstance(place, slice) else self._numbers[place]

    def __setitem__(self, place: int | slice, given: Any) -> None:
        if isinstance(place, slice):
            view: Any = memoryview(given)  # which may have gaps, as JavaScript's arrays may not
            self._part(place).assign(memoryview(view.tobytes()).cast(view.format))
        else:
            self._numbers[place] = given

    def _part(self, place: slice) -> Any:
        start, stop, _ = place.indices(len(self))
        return self._numbers.subarray(start, stop)


class WasmProgram(KernelProgram):
    """A program that WebAssembly runs."""

    target = "wasm"

    @staticmethod
    def machine(functions: Functions) -> Machine:
        return PyodideMachine(functions) if sys.platform == "emscripten" else WasmMachine(functions)
