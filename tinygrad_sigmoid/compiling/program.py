"""`compiled`: a program out of a recorded graph; what it takes and what it refuses."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tinygrad_sigmoid.compiling.lowering import Lowered
from tinygrad_sigmoid.compiling.source import javascript_source, python_source
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.value import Value

Target = Literal["python", "javascript"]


def compiled(
    output: Value,
    *,
    inputs: Sequence[Value],
    wrt: Sequence[Value] = (),
    target: Target = "python",
    trace: bool = False,
) -> Program:
    """A program that computes a recorded graph and its gradients again, for other numbers, many times faster.

    >>> from tinygrad_sigmoid import Neuron, Value, squared_error
    >>> neuron, x, y = Neuron([0.6], 0.9), Value(1.0, "x"), Value(0.0, "y")
    >>> loss = squared_error(neuron([x]), y)
    >>> loss.label = "loss"
    >>> print(compiled(loss, inputs=[x, y], wrt=neuron.parameters(), target="javascript").source)
    // loss and its gradients, by the chain rule.
    function program(x, y, w1 = 0.6, b = 0.9) {
      let dot1 = w1 * x;  // dot1 = dot(w1, x)
      let z = dot1 + b;  // z = add(dot1, b)
      let a = 1.0 / (1.0 + Math.exp(-z));  // a = sigmoid(z)
      let grad_a = a - y;  // ∂loss/∂a: through loss (·∂loss/∂a)
      let loss = 0.5 * (grad_a * grad_a);  // loss = half_squared_distance(a, y)
      // ∂loss/∂z = ∂loss/∂dot1 = ∂loss/∂b: through a (·∂a/∂z)
      let grad_z = grad_a * (a * (1.0 / (1.0 + Math.exp(z))));
      let grad_w1 = grad_z * x;  // ∂loss/∂w1: through dot1 (·x)
      return [loss, [grad_w1, grad_z]];
    }
    <BLANKLINE>

    The graph may have been recorded with any numbers; a program keeps only those of the leaves that are not inputs, as
    defaults. It is a pure function: it changes nothing, can be pickled, and may be called by several threads at once.

    Args:
        output: The graph.
        inputs: The leaves that become the program's arguments, in this order.
        wrt: The leaves or values in between with respect to which the output is differentiated. The gradient of one
            that is not in the graph is 0, and a warning says so.
        target: `"python"`, source that you can read and that computes the same bits as the graph; or `"javascript"`,
            whose `source` is the text of a function `program(…inputs, …other leaves)` for a page.
        trace: Whether the program returns every number of both passes: a list `data`, one number for each value of
            `topological_order(output)`; a list `local_derivatives` of one list for each value, ∂value/∂input in the
            order of its inputs, empty for leaves; a list `gradients`, one number for each value and `None` (in
            JavaScript `null`) for constants. `wrt` has no meaning then.

    Raises:
        ValueError: An input is not a leaf of the graph, or is listed twice.
        TypeError: An operation of your own can't be said in the target's language.
    """
    _check(output, inputs, wrt)
    differentiated = [value for value in topological_order(output) if not value.constant] if trace else wrt
    lowered = Lowered(output, inputs, differentiated)
    if target == "python":
        source = python_source(lowered, wrt, required=len(inputs), trace=trace)
    elif target == "javascript":
        source = javascript_source(lowered, wrt, required=len(inputs), trace=trace)
    else:
        raise ValueError(f"there is no target {target!r}: use 'python' or 'javascript'")
    return Program(target, source, len(inputs))


@dataclass(frozen=True)
class Program:
    """A program: its `source`, in the language of its target; `required` of its arguments have no default."""

    target: str
    source: str
    required: int


def _check(output: Value, inputs: Sequence[Value], wrt: Sequence[Value]) -> None:
    known = set(topological_order(output))
    for leaf in inputs:
        if not isinstance(leaf, Value) or leaf not in known:
            raise ValueError(f"the input {leaf!r} is not in the graph of the output: leave it out, or use it there")
        if leaf.inputs or leaf.constant:
            raise ValueError(
                f"the input {leaf!r} is computed from other values: an input is a leaf, as Value(0.5, 'x')"
            )
    if len(set(inputs)) < len(inputs):
        twice = next(leaf for i, leaf in enumerate(inputs) if leaf in inputs[:i])
        raise ValueError(f"the input {twice!r} is listed twice: list it once")
    for value in wrt:
        if value not in known:
            warnings.warn(f"{value!r} is not in the graph of the output: its gradient is always 0", stacklevel=3)
