"""Large graphs, many threads, forked processes: programs are made and run there as anywhere."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from test_compiled import CALLABLE, KERNELS, assert_close, network_program
from test_compiled_javascript import Run, run  # noqa: F401 (a fixture)

from tinygrad_sigmoid import Operation, Value, dot, exp, heaviside, log, sigmoid, sqrt
from tinygrad_sigmoid.compiling import compiled, source
from tinygrad_sigmoid.compiling import python as python_room

# -- Large graphs ------------------------------------------------------------------------------------------------------


def chain(values: int) -> tuple[Value, list[Value]]:
    """One that is as deep as it has values."""
    x, w = Value(0.5, "x"), Value(0.9, "w")
    output = x
    for _ in range(values // 2):
        output = sigmoid(output * w)
    return output, [x, w]


def wide(values: int) -> tuple[Value, list[Value]]:
    """One in which everything is used by one sum of products."""
    w = Value(0.9, "w")
    outputs = [sigmoid(Value(0.1, f"x{place}") * w) for place in range(values // 4)]
    return dot(outputs, outputs), [w]


def peak_and_seconds(graph: Callable[[int], Any], values: int, target: Any) -> tuple[float, float]:
    """Bytes for each value, and the time without counting them."""
    output, wrt = graph(values)
    start = time.process_time()
    compiled(output, inputs=[], wrt=wrt, target=target)
    seconds = time.process_time() - start
    tracemalloc.start()
    try:
        compiled(output, inputs=[], wrt=wrt, target=target)
        return tracemalloc.get_traced_memory()[1] / values, seconds
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("target", ["python", "javascript"])
@pytest.mark.parametrize("graph", [chain, wide])
def test_a_large_graph_takes_linear_time_and_three_kilobytes_a_value(
    graph: Any, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LONGEST", "PIECE"):  # as in graphs that are larger than a test has time for
        monkeypatch.setattr(python_room, name, 1 << 16)
    _, small = peak_and_seconds(graph, 600, target)
    memory, large = peak_and_seconds(graph, 6_000, target)
    assert memory < 3_000
    assert large < 30 * small


@pytest.mark.slow
def test_a_hundred_thousand_values_compile_and_are_computed() -> None:
    output, wrt = chain(100_000)
    program = compiled(output, inputs=[], wrt=wrt)
    output.zero_grad()
    output.backward()
    assert program() == (output.data, [leaf.grad for leaf in wrt])


def test_a_program_in_pieces_is_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    output, wrt = chain(60)
    output.label = "def program(x):     return "
    whole: Any = compiled(output, inputs=wrt[:1], wrt=wrt)
    monkeypatch.setattr(python_room, "LONGEST", 200)
    monkeypatch.setattr(python_room, "PIECE", 200)
    pieces: Any = compiled(output, inputs=wrt[:1], wrt=wrt)
    assert len(pieces.function.pieces) > 20
    assert pieces.source == whole.source
    for numbers in ([0.25], [0.25, -3.0]):
        assert pieces(*numbers) == whole(*numbers)
    assert pickle.loads(pickle.dumps(pieces))(0.25) == whole(0.25)
    with pytest.raises(OverflowError, match="is too large for a float"):
        pieces(1e308, 1e308)
    with pytest.raises(TypeError, match="takes 1 inputs"):
        pieces()


@pytest.mark.slow
def test_a_page_takes_no_more_numbers_than_javascript_does(run: Run) -> None:  # noqa: F811
    leaves = [Value(1.0) for _ in range(65_534)]
    source = compiled(dot(leaves, leaves), inputs=leaves, target="javascript").source
    assert run(source, [2.0] * len(leaves)) == [4.0 * len(leaves), []]
    leaves.append(Value(1.0))
    with pytest.raises(ValueError, match="at most 65,534 numbers, but the graph has 65,535 leaves: compile a smaller"):
        compiled(dot(leaves, leaves), inputs=leaves, target="javascript")


# -- Threads and processes ---------------------------------------------------------------------------------------------


def in_threads(work: Callable[[int], None], count: int = 8) -> None:
    """Runs the work in as many threads at once, and raises what any of them has raised."""
    failures: list[BaseException] = []
    together = threading.Barrier(count)

    def run_one(number: int) -> None:
        try:
            together.wait(60)
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


SAMPLE = [0.1, 0.2, 0.3, 0.4, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("target", CALLABLE)
def test_eight_threads_compile_and_pickle_at_once(target: Any) -> None:
    wanted = network_program(target)[0](*SAMPLE)

    def work(_: int) -> None:
        for _ in range(5):
            program, _network = network_program(target)
            assert program(*SAMPLE) == wanted
            assert pickle.loads(pickle.dumps(program))(*SAMPLE) == wanted

    in_threads(work)


@pytest.mark.parametrize("target", CALLABLE)
def test_eight_threads_pickle_train_and_call_one_program_with_parameters_of_their_own(target: Any) -> None:
    program, _ = network_program(target)
    generator = np.random.default_rng(1)
    tables = [program.samples(generator.uniform(size=(9 + i, 7))) for i in range(8)]
    starts = [program.parameters_from(generator.uniform(size=len(program.parameters)).tolist()) for _ in range(8)]

    def found(number: int) -> list[Any]:
        table = tables[number]
        descent = program.descent(table, 4, 0.5, starts[number])
        results = [descent() for _ in range(10)]
        results.append(program(*[float(x) for x in table.row(0)], *descent.parameters)[0])
        return [*results, *descent.parameters]

    wanted = [found(number) for number in range(8)]

    def work(number: int) -> None:
        for _ in range(3):
            assert found(number) == wanted[number]
            assert pickle.loads(pickle.dumps(program)).parameters == program.parameters

    in_threads(work)


FORKED = """
import multiprocessing, os, sys
from test_compiled import network_program
from test_compiled_edges import SAMPLE
program, _ = network_program({target!r})
wanted = program(*SAMPLE)
def child(_):
    program.descent([SAMPLE] * 5, 2, 0.5)()
    again, _ = network_program({target!r})
    return program(*SAMPLE) == again(*SAMPLE) == wanted and program.batch([SAMPLE])[0] - wanted[0] < 1e-12
pid = os.fork()
if not pid:
    os._exit(0 if child(None) else 1)
assert os.waitpid(pid, 0)[1] == 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(child, range(4)) == [True] * 4
assert child(None)
print("computed")
"""


@pytest.mark.slow
@pytest.mark.parametrize("target", CALLABLE)
def test_a_program_computes_in_a_forked_process(target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED.format(target=target)],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert (done.stdout, done.returncode) == ("computed\n", 0), done.stderr


@pytest.mark.parametrize("target", KERNELS)
def test_memory_of_another_size_does_not_disturb(target: Any) -> None:
    program, _ = network_program(target)
    wanted = program.batch([SAMPLE])[0]
    for size in (2, 3, 5, 1, 64, 65, 1):
        assert_close(program.batch([SAMPLE] * size)[0], wanted)


@pytest.mark.parametrize("target", CALLABLE)
def test_a_product_that_two_sums_share_is_computed_for_both(target: Any) -> None:
    x, w = [Value(0.5, "x1"), Value(-0.25, "x2")], [Value(2.0, "w1"), Value(3.0, "w2")]
    b, c = Value(0.125, "b"), Value(0.375, "c")
    product = dot(w, x)
    output = (product + b) * (c + product)
    program = compiled(output, inputs=x, wrt=[*w, b, c], target=target)
    assert program(0.5, -0.25) == (0.375 * 0.625, [0.5, -0.25, 0.625, 0.375])


three = Operation("three", lambda x: 3.0, lambda out, x: (0.0,))


@pytest.mark.parametrize("target", CALLABLE)
def test_what_is_computed_from_a_constant_is_one(target: Any) -> None:
    x = Value(0.5, "x")
    output = exp(three(x)) * x
    program = compiled(output, inputs=[x], wrt=[x], target=target)
    assert program(0.25) == (output.data / 2.0, [output.data / 0.5])


@pytest.mark.parametrize("target", CALLABLE)
def test_a_gradient_that_alone_is_too_large_is_refused(target: Any) -> None:
    x, y = Value(1e-300, "x"), Value(1.0, "y")
    program = compiled((x * 1e200) * (y * 1e200), inputs=[x], wrt=[y, x], target=target)
    with pytest.raises(ArithmeticError, match="gradient 1, counted from 0" if target == "python" else "a gradient"):
        program(1e-300)


@pytest.mark.parametrize("target", CALLABLE)
def test_layers_beside_each_other_have_their_own_inputs(target: Any) -> None:
    x, w = [Value(0.1 * k, f"x{k}") for k in range(1, 5)], [Value(float(k), f"w{k}") for k in range(1, 5)]
    output = dot(w[:2], x[:2]) * dot(w[2:], x[2:])
    program = compiled(output, inputs=x, wrt=w, target=target)
    value, slopes = program(0.1, 0.2, 0.3, 0.4)
    assert_close(value, 0.5 * 2.5)
    assert_close(slopes, [0.25, 0.5, 0.15, 0.2])


def test_python_says_of_which_sample_it_is_and_why() -> None:
    x = Value(1.0, "x")
    program = compiled(exp(x), inputs=[x])
    with pytest.raises(ArithmeticError, match=r"^sample 1, counted from 0, .* \(output is too large"):
        program.batch([0.0, 1000.0])


def test_javascript_takes_so_many_numbers_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_PARAMETERS", 2)
    x = [Value(0.5, f"x{k}") for k in range(3)]
    assert "function program(x0, x1)" in compiled(x[0] * x[1], inputs=x[:2], target="javascript").source
    with pytest.raises(ValueError, match="takes at most 2 numbers, but the graph has 3"):
        compiled(x[0] * x[1] * x[2], inputs=x, target="javascript")


@pytest.mark.parametrize("target", CALLABLE)
def test_each_of_several_numbers_that_get_lost_on_the_way_is_looked_at(target: Any) -> None:
    x = [Value(0.5, f"x{k}") for k in range(3)]
    output = heaviside(log(x[0])) + heaviside(sqrt(x[1])) + heaviside(log(x[2]))
    program = compiled(output, inputs=x, target=target)
    assert program(2.0, 2.0, 2.0) == (3.0, [])
    for numbers in ((-1.0, 2.0, 2.0), (2.0, -1.0, 2.0), (2.0, 2.0, -1.0)):
        with pytest.raises((ArithmeticError, ValueError)):
            program(*numbers)


@pytest.mark.parametrize("target", KERNELS)
def test_it_is_looked_at_beside_any_number_of_gradients(target: Any) -> None:
    for count in range(1, 18):
        x, w = Value(0.5, "x"), [Value(1.0, f"w{k}") for k in range(count)]
        program = compiled(heaviside(log(x)) + dot(w, w), inputs=[x], wrt=w, target=target)
        assert program(2.0) == (count + 1.0, [2.0] * count)
        with pytest.raises(ArithmeticError):
            program(-1.0)


@pytest.mark.parametrize("target", KERNELS)
def test_what_depends_on_parameters_alone_can_be_watched(target: Any) -> None:
    x, w, v = Value(0.5, "x"), Value(2.0, "w"), Value(3.0, "v")
    product = w * v
    program = compiled(product * x, inputs=[x], wrt=[w, v], watch=[product, w], target=target)
    assert program.watched([4.0, 5.0], [[1.0], [2.0]]) == [[20.0, 4.0], [20.0, 4.0]]


@pytest.mark.parametrize("target", CALLABLE)
def test_a_bias_is_added_to_the_whole_sum(target: Any) -> None:
    """The sum of these products is 0, but beginning with the bias it would be too large for a float on the way."""
    x, w, b = Value(1e154, "x"), [Value(1e154, "w1"), Value(-1e154, "w2")], Value(1.7e308, "b")
    output = dot(w, [x, x]) + b
    assert output.data == 1.7e308
    program = compiled(output, inputs=[x], wrt=[*w, b], target=target)
    assert program(1e154) == (1.7e308, [1e154, 1e154, 1.0])
