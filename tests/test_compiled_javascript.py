"""The JavaScript target: the same numbers as the eager graph, value by value."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings

from tinygrad_sigmoid import Network, Operation, Value, cos, explore, sigmoid, squared_error, translated
from tinygrad_sigmoid.compiling.source import MOST_PARAMETERS
from tinygrad_sigmoid.compiling.targets import compiled, javascript_trace
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.strategies import graphs

# Reads one request a line, answers with one line; numbers travel as text, because JSON knows no infinity.
SERVER = """
const show = x => Array.isArray(x) ? x.map(show) : x === null ? null : String(x);
require("readline").createInterface({input: process.stdin}).on("line", line => {
  const {source, numbers} = JSON.parse(line);
  const program = new Function(source + "; return program")();
  console.log(JSON.stringify(show(program(...numbers.map(Number)))));
});
"""

Run = Callable[[str, Sequence[float]], Any]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    with subprocess.Popen([node, "-e", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        requests, answers = process.stdin, process.stdout

        def answer(source: str, numbers: Sequence[float]) -> Any:
            written = [repr(number).replace("inf", "Infinity") for number in numbers]
            requests.write(json.dumps({"source": source, "numbers": written}) + "\n")
            requests.flush()
            return as_floats(json.loads(answers.readline()))

        yield answer
        requests.close()


def as_floats(answer: Any) -> Any:
    if isinstance(answer, list):
        return [as_floats(part) for part in answer]
    return None if answer is None else float(answer.replace("Infinity", "inf"))


def assert_close(got: float | None, wanted: float | None) -> None:
    if got is None or wanted is None or math.isnan(wanted) or math.isinf(wanted):
        assert (got is wanted is None) or got == wanted or (math.isnan(got or 0) and math.isnan(wanted or 0))
    else:
        assert math.isclose(got, wanted, rel_tol=1e-12, abs_tol=1e-300)


@pytest.mark.slow
@settings(max_examples=200)
@given(graphs())
def test_every_number_of_both_passes_is_that_of_the_graph(run: Run, output: Value) -> None:
    order = topological_order(output)
    leaves = [value for value in order if not value.inputs and not value.constant]
    source = javascript_trace(output, leaves)
    data, local_derivatives, gradients = run(source, [leaf.data for leaf in leaves])
    output.zero_grad()
    output.backward()
    for i, value in enumerate(order):
        assert_close(data[i], value.data)
        assert_close(gradients[i], None if value.constant else value.grad)
        for got, wanted in zip(local_derivatives[i], value.local_derivatives, strict=True):
            assert_close(got, wanted)


def test_a_network_is_replayed_at_other_numbers(run: Run) -> None:
    network, x, y = Network([2, 3, 1], seed=1), [Value(0.3, "x1"), Value(-0.2, "x2")], Value(1.0, "y")
    loss = squared_error(network(x), [y])
    program = compiled(loss, inputs=[*x, y], wrt=network.parameters(), target="javascript")
    got, gradients = run(program.source, [0.9, 0.1, 0.0])
    x[0].data, x[1].data, y.data = 0.9, 0.1, 0.0
    loss.forward().backward()
    assert_close(got, loss.data)
    for gradient, parameter in zip(gradients, network.parameters(), strict=True):
        assert_close(gradient, parameter.grad)


def test_where_python_would_raise_there_is_nan_and_nothing_is_thrown(run: Run) -> None:
    x = Value(1.0, "x")
    source = compiled(1 / x, inputs=[x], wrt=[x], target="javascript").source
    output, [gradient] = run(source, [0.0])
    assert math.isnan(output)
    assert math.isnan(gradient)
    traced = javascript_trace(1 / x, [x])
    assert run(traced, [0.0])[0][-1] == math.inf, "a trace shows where it happens"


def test_labels_that_are_no_identifiers_or_mean_something_in_javascript(run: Run) -> None:
    labels = ["function", "x", "x", "1 <b>", "Math", "a\nb", "*/ //", "é", "program", "await"]
    leaves = [Value(float(i), label) for i, label in enumerate(labels)]
    total = leaves[0] * leaves[0]
    for leaf in leaves[1:]:
        total = total + leaf * leaf
    value, gradients = run(compiled(total, inputs=leaves, wrt=leaves, target="javascript").source, range(10))
    assert value == sum(i * i for i in range(10))
    assert gradients == [2.0 * i for i in range(10)]


opaque = Operation("opaque", math.atan, lambda out, x: (1 / (1 + x * x),))


def test_an_operation_that_only_python_can_compute_is_refused() -> None:
    x = Value(1.0, "x")
    with pytest.raises(TypeError, match="'opaque' can't be compiled for JavaScript"):
        compiled(opaque(x), inputs=[x], target="javascript")


sinh = translated(Operation("sinh", math.sinh, lambda out, x: (cosh(x),)), "sinh({0})", "Math.sinh({0})")
cosh: Operation = translated(Operation("cosh", math.cosh, lambda out, x: (sinh(x),)), "cosh({0})", "Math.cosh({0})")


def test_an_operation_of_ones_own_runs_in_a_page(run: Run) -> None:
    x = Value(0.5, "x")
    output = sinh(x) * cos(x)
    output.backward()
    value, [slope] = run(compiled(output, inputs=[x], wrt=[x], target="javascript").source, [0.5])
    assert_close(value, output.data)
    assert_close(slope, x.grad)
    assert "Math.sinh(" in explore(output).html


def test_the_source_never_names_a_rule_that_is_composed_of_others() -> None:
    z = Value(1.0, "z")
    code = compiled(sigmoid(z), inputs=[z], wrt=[z], target="javascript").source
    assert "sigmoid" not in "\n".join(line.split("//")[0] for line in code.splitlines())


def test_a_function_of_javascript_takes_as_many_numbers_as_is_said_and_not_one_more(run: Run) -> None:
    counted = """function program(count) {
      const names = Array.from({length: count}, (_, place) => `x${place}`);
      try {
        const all = new Function(`function all(${names}) { return arguments.length; } return all`)();
        return all(...Array(count).fill(0));
      } catch { return NaN }
    }"""
    assert run(counted, [MOST_PARAMETERS]) == MOST_PARAMETERS
    assert math.isnan(run(counted, [MOST_PARAMETERS + 1]))
