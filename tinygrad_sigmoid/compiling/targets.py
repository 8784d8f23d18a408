"""`compiled`: from a recorded graph to a program, for one of four targets."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.collecting import collector_paused
from tinygrad_sigmoid.compiling.lowering import Lowered
from tinygrad_sigmoid.compiling.program import Program
from tinygrad_sigmoid.compiling.python import JavaScriptProgram, PythonProgram
from tinygrad_sigmoid.compiling.source import javascript_lines, python_lines
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.compiling.running import KernelProgram

Target = Literal["python", "wasm", "native", "javascript"]
TARGETS: tuple[str, ...] = get_args(Target)

_WRITTEN: dict[str, tuple[Callable[..., list[str]], Callable[..., Program]]] = {
    "python": (python_lines, PythonProgram),
    "javascript": (javascript_lines, JavaScriptProgram),
}
_KERNELS = {
    "wasm": ("tinygrad_sigmoid.compiling.wasm", "WasmProgram"),
    "native": ("tinygrad_sigmoid.compiling.llvm", "NativeProgram"),
}


def compiled(
    output: Value,
    *,
    inputs: Sequence[Value],
    wrt: Sequence[Value] = (),
    watch: Sequence[Value] = (),
    target: Target = "python",
) -> Program:
    """A program that computes a recorded graph and its gradients again, for other numbers, many times faster.

    >>> from tinygrad_sigmoid import Neuron, Value, squared_error
    >>> neuron, x, y = Neuron([0.6], 0.9), Value(1.0, "x"), Value(0.0, "y")
    >>> program = compiled(squared_error(neuron([x]), y), inputs=[x, y], wrt=neuron.parameters())
    >>> value, gradients = program(0.5, 1.0)
    >>> f"{value:.4f}", [f"{gradient:.4f}" for gradient in gradients]
    ('0.0268', ['-0.0206', '-0.0412'])
    >>> value, gradients = program.batch([0.5, 0.25, 0.0], [1.0, 1.0, 0.0])
    >>> f"{value:.4f}"
    '0.1044'
    >>> print(program.source.splitlines()[-1])
        return output, [grad_w1, grad_z]

    The graph may have been recorded with any numbers; a program keeps only those of the leaves that are not inputs, its
    parameters, as defaults.

    One rule holds for all targets: *a program gives numbers only where recording the graph would*. Where an input or a
    parameter is infinite or nan, or a recorded value on the way, the output or a gradient would be, there a program
    raises an error, which in a batch names the sample, and JavaScript gives NaN for the output and all gradients.

    Args:
        output: The graph.
        inputs: The leaves that become the program's arguments, in this order.
        wrt: The leaves or values in between with respect to which the output is differentiated. The gradient of one
            that is not in the graph is 0, and a warning says so.
        watch: Values in between whose numbers a program for `"wasm"` or `"native"` gives sample by sample, by its
            method `watched(parameters, samples)`: the outputs of a network, beside its loss.
        target: `"python"`, source that you can read, and that computes the same bits as the graph (recording may raise
            where it doesn't: it computes all local derivatives, a program those of `wrt`); `"wasm"`, the kernel as
            WebAssembly, for many samples, to the same bits on every machine; `"native"`, the kernel as machine code; or
            `"javascript"`, whose `source` is the text of a function `program(…inputs, …other leaves)` for a page. The
            two kernels compute sin x and cos x only for |x| ≤ 823,549, and refuse the rest.

    Raises:
        ValueError: An input is not a leaf of the graph, or is listed twice; or the target can't `watch`.
        TypeError: An operation of your own can't be written in the target's language.
        ImportError: The target needs a package that is not installed.
    """
    checks.value(output)
    cure = "list the leaves themselves, as in inputs=[x, y]"
    inputs = checks.entries(inputs, "inputs", "a list of Values", cure, kind=Value, least=0)
    cure = "list Values of the graph, as in {}=network.parameters()"
    wrt = checks.entries(wrt, "wrt", "a list of Values", cure.format("wrt"), kind=Value, least=0)
    watch = checks.entries(watch, "watch", "a list of Values", cure.format("watch"), kind=Value, least=0)
    checks.choice(target, "target", TARGETS)
    _check(output, inputs, wrt)
    if watch and target not in _KERNELS:
        raise ValueError(f"the target {target!r} can't watch values: use 'wasm' or 'native'")
    with collector_paused():  # until all that was needed on the way is gone: the collector would look at it
        if target in _WRITTEN:
            return _written(output, inputs, wrt, target)
        return _kernel_program(target).of(Lowered(output, inputs, wrt, watch), len(inputs), wrt, watch)


def javascript_trace(output: Value, inputs: Sequence[Value]) -> str:
    """JavaScript for a page: a function `program(…inputs, …other leaves)` that returns every number of both passes.

    They are a list `data`, one number for each value of `topological_order(output)`; a list `local_derivatives` of one
    list for each value, ∂value/∂input in the order of its inputs, empty for leaves; a list `gradients`, one number for
    each value and `null` for constants. So that one sees where a number becomes infinite or nan, any of them may be.
    """
    every = [value for value in topological_order(output) if not value.constant]
    with collector_paused():
        return "\n".join(javascript_lines(Lowered(output, inputs, every), len(inputs), trace=True))


def _written(output: Value, inputs: Sequence[Value], wrt: Sequence[Value], target: str) -> Program:
    lines_of, program = _WRITTEN[target]
    lowered = Lowered(output, inputs, wrt)
    lines = lines_of(lowered, len(inputs))
    parameters = [leaf.data for leaf in lowered.arguments[len(inputs) :]]
    trainable = lowered.trainable
    del lowered  # the text of a large graph needs the memory
    return program("\n".join(lines), len(inputs), parameters, trainable)


def _kernel_program(target: str) -> type[KernelProgram]:
    module, name = _KERNELS[target]
    try:
        program: type[KernelProgram] = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ImportError(
            f"target={target!r} needs {error.name}: pip install 'tinygrad-sigmoid[native]', or use target='wasm'"
        ) from error
    return program


def _check(output: Value, inputs: Sequence[Value], wrt: Sequence[Value]) -> None:
    known = set(topological_order(output))
    for leaf in inputs:
        if leaf not in known:
            raise ValueError(
                f"the input {shown(leaf)} is not in the graph of the output: leave it out, or use it there"
            )
        if leaf.inputs or leaf.constant:
            raise ValueError(
                f"the input {shown(leaf)} is computed from other values: an input is a leaf, as Value(0.5, 'x')"
            )
    if len(set(inputs)) < len(inputs):
        twice = next(leaf for i, leaf in enumerate(inputs) if leaf in inputs[:i])
        raise ValueError(f"the input {shown(twice)} is listed twice: list it once")
    for value in wrt:
        if value not in known:
            warnings.warn(f"{shown(value)} is not in the graph of the output: its gradient is always 0", stacklevel=3)
