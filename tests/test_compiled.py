"""Programs: whatever they are compiled for, they compute what the recorded graph computes."""

from __future__ import annotations

import gc
import math
import pickle
import random
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import count
from types import CodeType, ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_programs import Case, cases, compared, difference

from tinygrad_sigmoid import (
    Network,
    Neuron,
    Operation,
    Value,
    cos,
    cross_entropy,
    exp,
    gradients,
    log,
    relu,
    sigmoid,
    sin,
    softmax_cross_entropy,
    softplus,
    sqrt,
    squared_error,
    tanh,
    train,
    translated,
    vectorized,
)
from tinygrad_sigmoid.compiling import Program, compiled, running
from tinygrad_sigmoid.compiling.memory import Memory
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import fixed_power, multiply
from tinygrad_sigmoid.testing.strategies import HARD, graphs

KERNELS = ["wasm", "native"]
CALLABLE = ["python", *KERNELS]


def eager(output: Value, leaves: Sequence[Value], numbers: Sequence[float]) -> tuple[float, list[float]]:
    """The output and the gradients of the leaves by the two passes over the graph itself."""
    before = [leaf.data for leaf in leaves]
    try:
        for leaf, number in zip(leaves, numbers, strict=True):
            leaf.data = number
        output.forward()
        output.zero_grad()
        output.backward()
        return output.data, [leaf.grad or 0.0 for leaf in leaves]
    finally:
        for leaf, number in zip(leaves, before, strict=True):
            leaf.data = number
        output.forward()


def leaves_of(output: Value) -> list[Value]:
    return [value for value in topological_order(output) if not value.inputs and not value.constant]


def assert_close(got: Any, wanted: Any, relative: float = 1e-11) -> None:
    for one, other in zip(np.ravel(got), np.ravel(wanted), strict=True):
        if math.isfinite(other):
            assert math.isclose(one, other, rel_tol=relative, abs_tol=1e-300), (one, other)
        else:
            assert not math.isfinite(one)


# -- Python: the same bits, the same refusals --------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=300)
@given(graphs(), st.data())
def test_python_gives_the_bits_of_the_graph_or_fails_as_it_does(output: Value, data: Any) -> None:
    leaves = leaves_of(output)
    program = compiled(output, inputs=leaves, wrt=leaves)
    numbers = [data.draw(HARD) for _ in leaves]
    try:
        wanted = eager(output, leaves, numbers)
    except (ArithmeticError, ValueError):
        with pytest.raises((ArithmeticError, ValueError)):
            program(*numbers)
        return
    if all(map(math.isfinite, wanted[1])):
        assert program(*numbers) == wanted
    else:
        with pytest.raises(OverflowError, match=r"^gradient \d+, counted from 0, is too large"):
            program(*numbers)


def test_the_source_of_a_neuron_reads_like_the_text() -> None:
    neuron, x, y = Neuron([0.6, -0.4], 0.1), [Value(0.3, "x1"), Value(-0.2, "x2")], Value(1.0, "y")
    loss = squared_error(neuron(x), y)
    loss.label = "loss"
    assert (
        compiled(loss, inputs=[*x, y], wrt=neuron.parameters()).source
        == """\
# loss and its gradients, by the chain rule.

import math
from math import inf


def exp(x):
    try:
        return math.exp(x)
    except OverflowError:  # 1/(1 + inf) is the right 0
        return inf


def program(x1, x2, y, w1=0.6, w2=-0.4, b=0.1):
    dot1 = w1 * x1 + w2 * x2  # dot1 = dot(w1, w2, x1, x2)
    z = dot1 + b  # z = add(dot1, b)
    if z - z: raise OverflowError("z is too large for a float")
    a = 1.0 / (1.0 + exp(-z))  # a = sigmoid(z)
    grad_a = a - y  # ∂loss/∂a
    loss = 0.5 * (grad_a * grad_a)  # loss = half_squared_difference(a, y)
    if loss - loss: raise OverflowError("loss is too large for a float")
    grad_z = grad_a * (a * (1.0 / (1.0 + exp(z))))  # ∂loss/∂z = ∂loss/∂dot1 = ∂loss/∂b: through a (·∂a/∂z)
    grad_w1 = grad_z * x1  # ∂loss/∂w1: through dot1 (·x1)
    grad_w2 = grad_z * x2  # ∂loss/∂w2: through dot1 (·x2)
    return loss, [grad_w1, grad_w2, grad_z]
"""
    )


def test_the_source_runs_by_itself() -> None:
    x = Value(0.5, "x")
    program = compiled(tanh(x) * softplus(x) + 2**x + abs(x) ** 0.5, inputs=[x], wrt=[x])
    alone = subprocess.run(
        [sys.executable, "-I", "-c", f"{program.source}\nprint(*map(repr, program(0.25)))"],
        capture_output=True,
        text=True,
        check=True,
    )
    value, [slope] = program(0.25)
    assert alone.stdout.split() == [repr(value), f"[{slope!r}]"]


@pytest.mark.slow
def test_a_long_sum_and_a_deep_chain_can_be_written() -> None:
    xs = [Value(float(i), f"x{i}") for i in range(2000)]
    total: Any = 0
    for x in xs:
        total = total * 0.5 + x
    program = compiled(total + Neuron([1.0] * 2000, 0.0)(xs), inputs=xs, wrt=xs)
    assert len(program(*[1.0] * 2000)[1]) == 2000


def test_labels_of_any_kind() -> None:
    labels = ["def", "x", "x", "1 <b>", "exp", "a\nb", '"""', "é", "program", "inf", "w\\", "OverflowError", "{0}"]
    leaves = [Value(float(i), label) for i, label in enumerate(labels, 1)]
    total: Any = exp(leaves[0] / 10)
    for leaf in leaves:
        total = total + leaf * leaf
        total.label = leaf.label
    assert compiled(total, inputs=leaves, wrt=leaves)(*[leaf.data for leaf in leaves])[1][1:] == [
        2.0 * leaf.data for leaf in leaves[1:]
    ]


# -- The kernels -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("target", KERNELS)
@settings(max_examples=150)
@given(cases())
def test_kernels_compute_what_random_graphs_do(target: Any, case: Case) -> None:
    compared(case, target)


@pytest.mark.parametrize("target", KERNELS)
def test_where_contributions_cancel_the_targets_agree_by_their_size(target: Any) -> None:
    x, w = Value(0.0, "x"), Value(3.0, "w")
    output = (exp(x) * exp(-x) - 1.0) * w
    program = compiled(output, inputs=[x], wrt=[w], target=target)
    for number in np.linspace(-3, 3, 100).tolist():
        x.data = number
        output.forward()
        value, [slope] = program(number)
        assert difference(value, output.data, output) <= 1e-13
        [graph_of_slope] = gradients(output, [w])
        assert difference(slope, graph_of_slope.data, graph_of_slope) <= 1e-13
    assert difference(output.data + 1e-9, output.data, output) > 1e-11


@pytest.mark.parametrize("target", KERNELS)
@pytest.mark.parametrize("operation", [sigmoid, tanh, exp, softplus, relu, log, sqrt])
def test_extreme_numbers(target: Any, operation: Operation) -> None:
    x = Value(1.0, "x")
    program = compiled(operation(x), inputs=[x], wrt=[x], target=target)
    for number in [1000.0, -1000.0, 709.7, -709.7, -744.0, 5e-324, -5e-324, 1e-310, 1e308, -1e308, 0.0]:
        at = Value(number)
        try:
            wanted, slopes = eager(operation(at), [at], [number])
        except (ArithmeticError, ValueError):
            slopes = [math.nan]
        if not math.isfinite(slopes[0]):
            with pytest.raises(ArithmeticError):
                program(number)
            continue
        # A few units in the last place: subnormal results have no digits to spare.
        got = program(number)[0]
        assert abs(got - wanted) <= 4 * math.ulp(wanted), (operation, number)


@pytest.mark.parametrize("target", CALLABLE)
def test_no_target_gives_what_recording_would_not(target: Any) -> None:
    x = Value(1.0, "x")
    for output, number in ((1 / x, 0.0), (exp(x), 1000.0), (log(x), 0.0), (log(x), -1.0), (sqrt(x), -1.0)):
        program = compiled(output, inputs=[x], target=target)
        assert math.isfinite(program(1.0)[0])
        with pytest.raises((ArithmeticError, ValueError)):
            program(number)
        with pytest.raises(ArithmeticError, match="sample 1, counted from 0"):
            program.batch([1.0, number, 1.0])


def network_program(target: Any, loss: Any = squared_error, sizes: Sequence[int] = (4, 5, 3)) -> tuple[Any, Network]:
    network = Network(sizes, seed=2, output_activation=None if loss is softmax_cross_entropy else sigmoid)
    x = [Value(0.1 * i, f"x{i}") for i in range(sizes[0])]
    y = [Value(0.5, f"y{i}") for i in range(sizes[-1])]
    return compiled(loss(network(x), y), inputs=[*x, *y], wrt=network.parameters(), target=target), network


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("loss", [squared_error, cross_entropy, softmax_cross_entropy])
@pytest.mark.parametrize("count", [1, 7, 100])
def test_a_batch_is_the_mean_of_its_samples(target: Any, loss: Any, count: int) -> None:
    program, network = network_program(target, loss)
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(count, 4)), generator.uniform(size=(count, 3))
    value, slopes = program.batch(inputs, targets)
    losses = []
    for x, y in zip(inputs.tolist(), targets.tolist(), strict=True):
        losses.append(loss(network(x), y))
        losses[-1].backward()
    assert_close(value, sum(one.data for one in losses) / count)
    assert np.allclose(slopes, [p.grad / count for p in network.parameters()], rtol=1e-10, atol=1e-15)  # type: ignore[operator]


@pytest.mark.parametrize("target", CALLABLE)
def test_second_derivatives_compile(target: Any) -> None:
    x = Value(0.7, "x")
    [first] = gradients(sigmoid(x) * tanh(x), [x])
    wanted = gradients(first, [x])[0].data
    assert_close(compiled(first, inputs=[x], wrt=[x], target=target)(0.7)[1], [wanted])


@pytest.mark.parametrize("target", CALLABLE)
def test_other_parameters(target: Any) -> None:
    program, network = network_program(target)
    sample = [0.1, 0.2, 0.3, 0.4, 0.0, 1.0, 0.0]
    other = Network([4, 5, 3], seed=9)
    numbers = [p.data for p in other.parameters()]
    loss = squared_error(other(sample[:4]), sample[4:])
    loss.backward()
    value, slopes = program(*sample, *numbers)
    assert_close(value, loss.data)
    assert np.allclose(slopes, [p.grad for p in other.parameters()], rtol=1e-10, atol=1e-15)
    assert_close(program.batch([sample], parameters=numbers)[0], loss.data)
    assert network.parameters()[0].data == program.parameters[0]


@pytest.mark.parametrize("target", CALLABLE)
def test_programs_pickle(target: Any) -> None:
    program, _ = network_program(target)
    sample = [0.1, 0.2, 0.3, 0.4, 0.0, 1.0, 0.0]
    assert pickle.loads(pickle.dumps(program))(*sample) == program(*sample)


@pytest.mark.parametrize("target", CALLABLE)
def test_threads_may_call_one_program(target: Any) -> None:
    program, _ = network_program(target)
    generator = np.random.default_rng(1)
    batches = [generator.uniform(size=(20 + i, 7)) for i in range(8)]
    wanted = [program.batch(samples)[0] for samples in batches]
    failed = []

    def work(i: int) -> None:
        for _ in range(20):
            if program.batch(batches[i])[0] != wanted[i]:
                failed.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


@pytest.mark.slow
@pytest.mark.parametrize("target", KERNELS)
def test_a_million_samples_take_no_more_memory(target: Any) -> None:
    program, _ = network_program(target, sizes=(2, 3, 1))
    inputs, targets = np.full((1_000_000, 2), 0.25), np.full(1_000_000, 0.5)
    tracemalloc.start()
    try:
        value, _ = program.batch(inputs, targets)
        assert tracemalloc.get_traced_memory()[1] < 8e6
    finally:
        tracemalloc.stop()
    assert_close(value, program(0.25, 0.25, 0.5)[0], 1e-9)


@pytest.mark.parametrize("target", CALLABLE)
def test_samples_that_come_in_pieces_are_counted_through(target: Any) -> None:
    x = Value(1.0, "x")
    program: Any = compiled(1 / x, inputs=[x], wrt=[x], target=target)
    program.most = 4
    numbers = [2.0**power for power in range(10)]
    assert program.batch(numbers) == (sum(1 / n for n in numbers) / 10, [-sum(1 / n**2 for n in numbers) / 10])
    with pytest.raises(ArithmeticError, match="sample 9, counted from 0"):
        program.batch([*numbers[:9], 0.0])


@pytest.mark.parametrize("target", KERNELS)
def test_a_program_of_many_values_takes_fewer_samples_at_a_time(target: Any) -> None:
    # Between two pieces, Ctrl-C comes through.
    small, large = [network_program(target, sizes=sizes)[0].most for sizes in ((1, 1, 1), (30, 40, 5))]
    assert large < 10_000 < small


# -- What is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", CALLABLE)
def test_wrong_samples_are_refused_in_words(target: Any) -> None:
    program, _ = network_program(target)
    with pytest.raises(TypeError, match="takes 7 inputs, or 50 numbers with its parameters, but got 3"):
        program(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match=r"convert the text with float\(…\) first"):
        program("1", *[0.0] * 6)
    with pytest.raises(ValueError, match="there are no samples"):
        program.batch([], [])
    with pytest.raises(ValueError, match="2 and 1 entries"):
        program.batch([[0.0] * 4] * 2, [[0.0] * 3])
    with pytest.raises(ValueError, match="a sample has 5 numbers, but there are 7 inputs"):
        program.batch([[0.0] * 5])
    with pytest.raises(ValueError, match="there are 43 parameters, but 2 numbers"):
        program.batch([[0.0] * 7], parameters=[1.0, 2.0])
    with pytest.raises((ValueError, TypeError)):
        program.batch([["a"] * 7])
    with pytest.raises(TypeError, match="a column is a list or an array"):
        program.batch(3.0)
    assert repr(program) == f"<program for {target}: 7 inputs, 43 parameters>"


@pytest.mark.parametrize("target", CALLABLE)
def test_the_first_sample_that_fails_is_named(target: Any) -> None:
    x = Value(1.0, "x")
    program = compiled(1 / x, inputs=[x], wrt=[x], target=target)
    with pytest.raises(ArithmeticError, match="sample 2, counted from 0"):
        program.batch([1.0, 2.0, 0.0, 3.0, 0.0])


@pytest.mark.parametrize("target", KERNELS)
def test_arrays_of_other_kinds_are_converted(target: Any) -> None:
    program, _ = network_program(target)
    samples = np.random.default_rng(3).uniform(size=(10, 14)).astype(np.float32)[:, ::2]
    assert program.batch(samples)[0] == program.batch(np.ascontiguousarray(samples, np.float64))[0]


def test_graphs_that_make_no_program_are_refused_in_words() -> None:
    x, y = Value(1.0, "x"), Value(2.0, "y")
    product = x * y
    with pytest.raises(ValueError, match=r"Value\(3.0, 'z'\) is not in the graph"):
        compiled(product, inputs=[x, Value(3.0, "z")])
    with pytest.raises(ValueError, match="listed twice"):
        compiled(product, inputs=[x, x])
    with pytest.raises(ValueError, match="an input is a leaf"):
        compiled(product + 1, inputs=[product])
    with pytest.raises(
        ValueError, match="target must be one of 'python', 'wasm', 'native', 'javascript', but got 'rust'"
    ):
        compiled(product, inputs=[x], target="rust")  # type: ignore[arg-type]
    with pytest.warns(UserWarning, match="its gradient is always 0"):
        program = compiled(product, inputs=[x, y], wrt=[x, Value(5.0, "elsewhere")])
    assert repr(program(3.0, 4.0)) == "(12.0, [4.0, 0.0])"


# Two operations written with Python's own functions; the second branches, as no rule should.
arctangent = Operation("arctangent", math.atan, lambda out, x: (1 / (1 + x * x),))
sine = Operation("sine", math.sin, lambda out, x: (math.cos(x),))
bump = Operation("bump", lambda x: exp(-x * x), lambda out, x: (-2 * x * out,))


def test_operations_of_ones_own() -> None:
    x = Value(0.5, "x")
    output = arctangent(x) * sine(x)
    program = compiled(output, inputs=[x], wrt=[x])
    output.backward()
    assert program(0.5) == (output.data, [x.grad])
    for target in (*KERNELS, "javascript"):
        with pytest.raises(TypeError, match=f"(?i)'arctangent' can't be compiled for {target}"):
            compiled(output, inputs=[x], wrt=[x], target=target)  # type: ignore[arg-type]
    for target in KERNELS:
        x.grad = None
        said = bump(x)
        said.backward()
        assert_close(np.hstack(compiled(said, inputs=[x], wrt=[x], target=target)(0.5)), [said.data, x.grad])  # type: ignore[arg-type]


def test_an_operation_that_cannot_be_imported_is_refused() -> None:
    local = Operation("local", math.atan, lambda out, x: (1 / (1 + x * x),))
    x = Value(0.5, "x")
    with pytest.raises(TypeError, match="at the top level of a module"):
        compiled(local(x), inputs=[x])


sinh = translated(
    Operation("sinh", math.sinh, lambda out, x: (cosh(x),)),
    "sinh({0})",
    "Math.sinh({0})",
    lambda x: (vectorized.exp(x) - vectorized.exp(-x)) / 2,
)
cosh: Operation = translated(
    Operation("cosh", math.cosh, lambda out, x: (sinh(x),)),
    "cosh({0})",
    "Math.cosh({0})",
    lambda x: (vectorized.exp(x) + vectorized.exp(-x)) * 0.5,
)
hypotenuse = translated(
    Operation("hypotenuse", math.hypot, lambda out, a, b: (a / out, b / out)),
    "hypot({0}, {1})",
    kernel=lambda a, b: (a * a + b * b).sqrt(),
)


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("operation", [sin, cos, sinh, cosh], ids=lambda operation: operation.name)
def test_translated_operations_compile_for_every_target_with_their_gradients(target: Any, operation: Operation) -> None:
    x, y = Value(0.5, "x"), Value(-1.25, "y")
    output = operation(x * y) * hypotenuse(x, y)
    program = compiled(output, inputs=[x, y], wrt=[x, y], target=target)
    for numbers in ([0.5, -1.25], [3.0, 0.75], [-0.1, 0.2]):
        value, slopes = program(*numbers)
        assert_close([value, *slopes], np.hstack(eager(output, [x, y], numbers)))
    assert_close(program.batch([0.5, 0.5], [-1.25, -1.25])[0], output.data)
    assert pickle.loads(pickle.dumps(program))(3.0, 0.75) == program(3.0, 0.75)


@pytest.mark.parametrize("target", KERNELS)
def test_a_network_with_an_activation_of_ones_own_is_trained(target: Any) -> None:
    samples = [([0.1 * i, 0.5], [0.08 * i]) for i in range(10)]
    trained = []
    for chosen in (target, None):
        network = Network([2, 3, 1], seed=0, activation=sinh)
        history = train(network, samples, epochs=5, batch=4, seed=0, target=chosen)
        trained.append([epoch.loss for epoch in history] + [p.data for p in network.parameters()])
    assert_close(*trained)


@pytest.mark.parametrize("target", KERNELS)
def test_a_target_refuses_an_operation_that_it_has_no_function_for(target: Any) -> None:
    strange = translated(Operation("strange", math.sinh, lambda out, x: (1.0,)), "sinh({0})")
    three = Operation("three", lambda a, b, c: a + b + c, lambda out, a, b, c: (1.0, 1.0, 1.0))
    translated(three, "{0} + {1} + {2}", kernel=lambda a, b, c: a + b + c)
    x = Value(0.5, "x")
    with pytest.raises(
        TypeError, match=f"^the operation 'strange' can't be compiled for {target}, because .* use target='python'$"
    ):
        compiled(strange(x), inputs=[x], target=target)
    with pytest.raises(TypeError, match=f"'three' can't be compiled for {target}, because it has more than two inputs"):
        compiled(three(x, x, x), inputs=[x], target=target)


@pytest.mark.parametrize("target", KERNELS)
@pytest.mark.parametrize(
    ("kernel", "reason"),
    [
        (math.sinh, "raises TypeError: must be real number"),
        (lambda x: x.sinh(), "no attribute"),
        (lambda x: 1.0, "1.0"),
    ],
    ids=["of floats", "unknown method", "a constant"],
)
def test_a_kernel_that_computes_no_vector_is_refused_when_it_is_compiled(target: Any, kernel: Any, reason: str) -> None:
    wrong = translated(Operation("wrong", math.sinh, lambda out, x: (1.0,)), "sinh({0})", kernel=kernel)
    x = Value(0.5, "x")
    with pytest.raises(
        TypeError, match=f"^the kernel .* computes no vector of numbers from vectors .*{reason}.*: write"
    ):
        compiled(wrong(x), inputs=[x], target=target)


def test_a_power_whose_exponent_is_an_input_is_no_power_of_one() -> None:
    x, p = Value(2.0, "x"), Value(3.0, "p")
    output = fixed_power(x, p)
    for target in CALLABLE:
        assert_close(compiled(output, inputs=[x, p], target=target)(2.0, 1.5)[0], 2.0**1.5)  # type: ignore[arg-type]


# Operations of one name: those of another module, and of the prelude of a program.
other = ModuleType("other_operations")
other.sine = Operation("sine", math.sinh, lambda out, x: (math.cosh(x),))  # type: ignore[attr-defined]
other.exp = Operation("exp", lambda x: math.exp(min(x, 1)), lambda out, x: (math.exp(min(x, 1)),))  # type: ignore[attr-defined]
for row in (other.sine, other.exp):
    row.derivatives.__module__ = other.__name__


def test_operations_of_one_name_are_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, other.__name__, other)
    x = Value(0.5, "x")
    for output in (sine(x) + other.sine(x), other.exp(x * 4) + exp(-x) + sigmoid(x), other.sine(x) * other.sine(x)):
        program = compiled(output, inputs=[x], wrt=[x])
        x.zero_grad()
        output.backward()
        assert program(0.5) == (output.data, [x.grad])
    assert program.source.count("from other_operations import sine\n") == 1


def test_a_square_is_no_power_where_it_is_computed_fast_and_its_slope_nowhere() -> None:
    x = Value(3.0, "x")
    source = compiled(x**2, inputs=[x], wrt=[x]).source
    assert "grad_x = 2.0 * x " in source
    assert source.count("pow(x, 2.0)") == 1
    program: Any = compiled(x**2, inputs=[x], wrt=[x], target="wasm")
    assert {group.kind for group in program.plan.groups} == {"copy", multiply}
    assert program(3.0) == (9.0, [6.0])


def test_the_collector_is_paused_while_a_program_is_built_and_left_as_it_was() -> None:
    found = []

    def forward(x: Any) -> Any:
        found.append(gc.isenabled())
        return x + 1.0

    x = Value(0.5, "x")
    output = Operation("observed", forward, lambda out, x: (1.0,))(x)
    unknown = Operation("unknown", math.atan, lambda out, x: (1.0,))(x)
    try:
        for enable in (gc.enable, gc.disable):
            enable()
            enabled = gc.isenabled()
            found.clear()
            compiled(output, inputs=[x])
            assert found == [False]
            assert gc.isenabled() == enabled
            with pytest.raises(TypeError, match="top level"):
                compiled(unknown, inputs=[x])
            assert gc.isenabled() == enabled
    finally:
        gc.enable()


@pytest.mark.parametrize("target", KERNELS)
def test_gradients_that_are_one_product_written_in_two_ways_are_both_given(target: Any) -> None:
    powered = Operation("powered", lambda w, x: w * x * x, lambda out, w, x: (x**2, 2 * w * x))
    multiplied = Operation("multiplied", lambda w, x: w * x * x, lambda out, w, x: (x * x, 2 * w * x))
    x, v, w = Value(3.0, "x"), Value(0.0, "v"), Value(0.0, "w")
    output = powered(v, x) + multiplied(w, x)
    program = compiled(output, inputs=[x], wrt=[v, w], target=target)
    assert program(3.0) == (0.0, [9.0, 9.0])
    assert list(program.batch([1.0, 3.0])[1]) == [5.0, 5.0]


# -- Descent -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", KERNELS)
@pytest.mark.parametrize("batch", [1, 3, 10, 100])
def test_an_epoch_is_the_same_for_every_target(target: Any, batch: int) -> None:
    samples = np.random.default_rng(5).uniform(size=(50, 7))
    order = list(range(50))
    random.Random(1).shuffle(order)
    found = []
    for chosen in ("python", target):
        program, _ = network_program(chosen)
        descent = program.descent(samples, batch, 0.5)
        found.append([descent(order), *descent.parameters])
    assert np.allclose(*found, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("target", CALLABLE)
def test_descent_that_explodes_says_so_and_keeps_the_last_good_parameters(target: Any) -> None:
    w, x = Value(1.0, "w"), Value(1.0, "x")
    program = compiled(w * w * w * w * x, inputs=[x], wrt=[w], target=target)
    descent = program.descent([1.0], 1, 10.0)
    with pytest.raises(ArithmeticError, match="sample 0"):
        descent([0] * 20)
    assert math.isfinite(descent.parameters[0])
    assert abs(descent.parameters[0]) > 1e30


@pytest.mark.parametrize("target", CALLABLE)
def test_only_parameters_can_descend(target: Any) -> None:
    x, y, w, b = Value(1.0, "x"), Value(0.0, "y"), Value(2.0, "w"), Value(0.0, "b")
    product = w * x
    loss = squared_error(product + b, y)
    for wrt in ([x, w], [w, w], [product], [w, product], [y]):
        program = compiled(loss, inputs=[x, y], wrt=wrt, target=target)
        with pytest.raises(TypeError, match="not those of its parameters"):
            program.descent(program.samples([3.0], [0.0]), 1, 0.1)
    program = pickle.loads(pickle.dumps(compiled(loss, inputs=[x, y], wrt=[b], target=target)))
    descent = program.descent(program.samples([3.0], [0.0]), 1, 0.1)
    assert descent() == 18.0
    assert list(descent.parameters) == [-0.6000000000000001, 2.0], "the first, as many as there are gradients"


@pytest.mark.parametrize("target", CALLABLE)
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_descent_with_nothing_to_train_adds_up_the_outputs(target: Any, batch: int) -> None:
    x = Value(1.0, "x")
    program = compiled(x * x, inputs=[x], target=target)
    descent = program.descent([1.0, 2.0, 3.0], batch, 0.1)
    assert [descent([0, 1, 2, 1, 0]), descent(), descent([2])] == [19.0, 19.0, 9.0]


@pytest.mark.parametrize("target", CALLABLE)
def test_descent_refuses_what_would_reach_beyond_its_numbers(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    program = compiled(squared_error(w * x, 0.0), inputs=[x], wrt=[w], target=target, watch=[w] * (target in KERNELS))
    before = program(3.0)
    samples = program.samples([3.0])
    descent = program.descent(samples, 1, 0.1)
    for order in ([1], [-1], [0, 0, 5]):
        with pytest.raises(ValueError, match="numbers from 0 to 0"):
            descent(order)
    with pytest.raises(ValueError, match="batch must be a whole number of at least 1, but got 0"):
        program.descent(samples, 0, 0.1)
    longer = [2.0, 8.0]
    with pytest.raises(ValueError, match="there are 1 parameters, but 2 numbers"):
        program.descent(samples, 1, 0.1, longer)
    with pytest.raises(ValueError, match="there are 1 parameters, but 2 numbers"):
        descent.parameters = longer  # type: ignore[assignment]
    assert descent([]) == 0.0
    wide = np.zeros((4, 2))
    with pytest.raises(ValueError, match="a sample has 2 numbers, but there are 1 inputs"):
        program.descent(wide, 1, 0.1)
    if target in KERNELS:
        with pytest.raises(ValueError, match="a sample has 2 numbers, but there are 1 inputs"):
            program.watched(descent.parameters, wide)
        with pytest.raises(ValueError, match="there are 1 parameters, but 2 numbers"):
            program.watched(longer, samples)
    assert list(descent.parameters) == [2.0]
    assert program(3.0) == before, "nothing that was refused has left a trace"


def test_a_program_watches_what_it_was_compiled_to_watch() -> None:
    x, w = Value(1.0, "x"), Value(2.0, "w")
    product = w * x
    for target in ("python", "javascript"):
        with pytest.raises(ValueError, match=f"'{target}' can't watch values: use 'wasm' or 'native'"):
            compiled(product, inputs=[x], watch=[product], target=target)  # type: ignore[arg-type]
    for target in CALLABLE:
        program = compiled(product, inputs=[x], target=target)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"nothing is watched: compile with watch=\[…\]"):
            program.watched(program.parameters_from(), program.samples([1.0]))
    for target in KERNELS:
        program = compiled(product, inputs=[x], watch=[product], target=target)  # type: ignore[arg-type]
        assert program.watched(program.parameters_from(), program.samples([1.0, 3.0])) == [[2.0], [6.0]]


@pytest.mark.parametrize("target", CALLABLE)
def test_programs_compute_with_finite_numbers_as_recording_does(target: Any) -> None:
    x, w = Value(1.0, "x"), Value(1.0, "w")
    program = compiled(sigmoid(x) * w, inputs=[x], target=target)
    for number in (math.inf, -math.inf, math.nan):
        calls = [
            lambda number: program(number),
            lambda number: program(1.0, number),
            lambda number: program.batch([number]),
            lambda number: program.batch([1.0], parameters=[number]),
            lambda number: program.samples([number]),
            lambda number: program.parameters_from([number]),
        ]
        for call in calls:
            with pytest.raises(ValueError, match=f"{number} is not a number to compute with"):
                call(number)


def test_a_program_for_a_page_is_not_run_here() -> None:
    x = Value(1.0, "x")
    program = compiled(sigmoid(x), inputs=[x], target="javascript")
    for refused in (program, program.batch, program.samples, program.parameters_from, program.watched, program.descent):
        with pytest.raises(TypeError, match="runs in a page: compile for target='python' to call it here"):
            refused(1.0)  # type: ignore[operator]
    with pytest.raises(TypeError, match="abstract"):
        Program("", 1, [], True)  # type: ignore[abstract]


@pytest.mark.parametrize("target", KERNELS)
def test_a_huge_mini_batch_is_summed_up_in_pieces_between_which_ctrl_c_is_heard(target: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "HUGE", 1)
    program, _ = network_program(target)
    rows = np.random.default_rng(7).uniform(size=(10, 7))
    pieces: list[int] = []
    compute = Memory.compute

    def seen(memory: Memory, parameters: Any, samples: Any, order: Any) -> int:
        pieces.append(len(order))
        return compute(memory, parameters, samples, order)

    def trained() -> list[float]:
        pieces.clear()
        descent = program.descent(rows, 8, 0.1)
        return [descent(), *descent.parameters]

    whole = trained()
    assert not pieces
    monkeypatch.setattr(Memory, "compute", seen)
    program.at_once = 3
    assert trained() == pytest.approx(whole, rel=1e-14)
    assert pieces == [3, 3, 2, 2]
    rows[6] = 1e200
    with pytest.raises(ArithmeticError, match=r"^sample 6, counted from 0, has no finite"):
        trained()


@pytest.mark.parametrize("target", KERNELS)
def test_a_long_epoch_is_carried_out_in_pieces_between_which_ctrl_c_is_heard(target: Any, monkeypatch: Any) -> None:
    program, _ = network_program(target)
    rows = np.random.default_rng(8).uniform(size=(10, 7))
    order = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3]
    pieces: list[int] = []
    run = Memory.run
    monkeypatch.setattr(Memory, "run", lambda memory, rate: pieces.append(run(memory, rate)) or pieces[-1])

    def trained() -> list[float]:
        pieces.clear()
        descent = program.descent(rows, 2, 0.1)
        return [descent(order), descent(), *descent.parameters]

    whole = trained()
    assert pieces == [10, 10]
    program.at_once = 5
    assert trained() == pytest.approx(whole, rel=1e-15)
    assert pieces == [4, 4, 2] * 2


INTERRUPTED = ("memory.py", "program.py", "running.py", "wasm.py", "llvm.py")


def interrupting(line: int, inside: Callable[[CodeType], bool]) -> Any:
    """For `sys.settrace`: a Ctrl-C at the line of this number, of those that run inside of some code."""
    left = line

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal left
        if not inside(frame.f_code):
            return None
        left -= event == "line"
        if left == 0:
            raise KeyboardInterrupt
        return trace

    return trace


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "batch", "fewer"), [("at once", 5, 8), ("in pieces", 4, 3), ("huge", 10, 8)])
@pytest.mark.parametrize("target", KERNELS)
def test_an_interruption_anywhere_leaves_a_program_that_is_right(
    target: Any, kind: str, batch: int, fewer: int, monkeypatch: Any
) -> None:
    if kind != "at once":  # two samples at a time
        monkeypatch.setattr(running, "PAUSE", 50)
        monkeypatch.setattr(running, "HUGE", 1 if kind == "huge" else 16)
    fresh, _ = network_program(target, sizes=(1, 1, 1))
    rows, pickled = np.random.default_rng(6).uniform(size=(10, 2)), pickle.dumps(fresh)
    samples = fresh.samples(rows)

    def trained(program: Any, descent: Any, seen: int = 10) -> list[float]:
        descent.parameters = before
        return [program.batch(rows[:seen])[0], descent(range(seen)), *descent.parameters]

    before = list(fresh.parameters)
    wanted, other = (trained(fresh, fresh.descent(samples, batch, 0.1), seen) for seen in (10, fewer))
    finished = False
    for line in count(1):
        if finished:
            break
        program = pickle.loads(pickled)
        descent = program.descent(samples, batch, 0.1)
        trained(program, descent, fewer)
        sys.settrace(interrupting(line, lambda code: code.co_filename.endswith(INTERRUPTED)))
        try:
            trained(program, descent)
            finished = True
        except KeyboardInterrupt:
            assert kind == "in pieces" or list(descent.parameters) in (before, wanted[2:], other[2:])
        finally:
            sys.settrace(None)
        descent.parameters = before
        assert [descent(), *descent.parameters] in (wanted[1:], other[1:])  # in the one order or the other
        assert trained(program, descent, fewer) == other
        assert trained(program, descent) == wanted
    assert line > 20


@pytest.mark.parametrize("target", KERNELS)
def test_an_interruption_while_a_memory_grows_loses_no_parameters(target: Any) -> None:
    program, _ = network_program(target, sizes=(1, 1, 1))
    rows, lines = np.random.default_rng(9).uniform(size=(2, 2)), 0
    wanted = program.descent(rows, 1, 0.1)([0, 1] * 20_000)
    for line in count(1):
        descent = program.descent(rows, 1, 0.1)
        before = list(descent.parameters)
        sys.settrace(interrupting(line, lambda code: code.co_name in ("grow", "show")))
        try:
            descent([0, 1] * 20_000)
            break
        except KeyboardInterrupt:
            lines += 1
        finally:
            sys.settrace(None)
        assert list(descent.parameters) == before
        assert descent([0, 1] * 20_000) == wanted
    assert lines > 4
