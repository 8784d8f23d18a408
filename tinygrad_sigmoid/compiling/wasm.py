"""Programs for WebAssembly: the one kernel, run by wasmtime."""

from __future__ import annotations

import atexit
import ctypes
from functools import cache
from typing import Any

from tinygrad_sigmoid.compiling.kernel import write_kernel
from tinygrad_sigmoid.compiling.memory import Machine
from tinygrad_sigmoid.compiling.running import Functions, KernelProgram
from tinygrad_sigmoid.compiling.webassembly import PAGE, Function, Module


@cache
def module(functions: Functions) -> bytes:
    """The kernel with these functions, as every engine of WebAssembly takes it."""
    made = Module()
    write_kernel(made, functions)
    return made.binary()


@cache
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
        exports: Any = wasmtime.Instance(self._store, code, []).exports(self._store)
        self._memory, self._descend = exports["memory"], exports["descend"]
        super().__init__()

    def grow(self, size: int) -> None:
        missing = -(-size // PAGE) - self._memory.size(self._store)
        if missing > 0:
            self._memory.grow(self._store, missing)
        start = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self.show((ctypes.c_ubyte * self._memory.data_len(self._store)).from_address(start))

    def run(self) -> None:
        self._descend(self._store)


class WasmProgram(KernelProgram):
    """A program that WebAssembly runs."""

    target = "wasm"

    @staticmethod
    def machine(functions: Functions) -> WasmMachine:
        return WasmMachine(functions)
