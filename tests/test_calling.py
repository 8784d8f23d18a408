"""A function's call, recorded: each value belongs to the line that made it, and each turn of a loop is told apart."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tinygrad_sigmoid import Neuron, Value, explore, sigmoid
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.page.calling import Call, called


def written(path: Path, text: str) -> Any:
    """A module with this text, in a file of its own."""
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def made(call: Call) -> list[tuple[str, str]]:
    """For each value but constants, what it is and the text of the line that made it."""
    found = []
    for value in topological_order(call.output):
        line = call.line_of(value)
        if not value.constant:
            found.append(
                (value.label or str(value.operation and value.operation.name), call.lines[line[0]] if line else "")
            )
    return found


def random_function(seed: int) -> list[str]:
    """A function with loops and inner functions, in lines; it notes each value with the number of its line."""
    draw = random.Random(seed)
    lines, known, depth = ["def function(a, b):", "    noted = []"], ["a", "b"], 1

    def write(text: str) -> int:
        lines.append("    " * depth + text)
        return len(lines) - 1

    for count in range(20):
        kind = draw.choice(["line", "line", "inner", "loop", "end"])
        computed = f"{draw.choice(known)} {draw.choice('+*-')} {draw.choice(known)}"
        if kind == "loop" and depth < 4:
            write(f"for _ in range({draw.randint(1, 3)}):")
            depth += 1
        if kind == "inner":
            write("def inner(x):")
            made = write(f"    return x * {draw.choice(known)}")
            write(f"v{count} = inner({computed})")
        else:
            made = write(f"v{count} = {computed}")
        write(f"noted.append((v{count}, {made}))")
        if depth == 1:
            known.append(f"v{count}")
        elif kind == "end":
            depth -= 1
    depth = 1
    write("function.noted = noted")
    write("return sum([v for v, _ in noted], start=a)")
    return lines


@pytest.mark.parametrize("seed", range(30))
def test_on_random_functions_each_value_belongs_to_its_line_and_turn(seed: int, tmp_path: Path) -> None:
    lines = random_function(seed)
    module = written(tmp_path / f"written{seed}.py", "\n".join(lines) + "\n")
    call = called(module.function, (0.5, -1.5))
    turns = []
    for value, line in module.function.noted:
        found = call.line_of(value)
        assert found is not None
        assert found[0] == line, (seed, lines[found[0]], lines[line])
        turns.append(found[1])
    assert turns == sorted(set(turns))  # each in a turn of its own, one after the other


def with_a_loop(w: list[Value], x: list[Value], b: Value) -> Value:
    z = b
    for wi, xi in zip(w, x, strict=True):
        z = z + wi * xi
    return sigmoid(z)


def test_numbers_become_values_named_as_the_parameters() -> None:
    call = called(with_a_loop, ([0.6, 0.2], (1.0, 2), 0.9))
    assert [(v.label, v.data) for v in topological_order(call.output) if not v.inputs] == [
        *[("w1", 0.6), ("w2", 0.2), ("x1", 1.0), ("x2", 2.0), ("b", 0.9)]
    ]
    turns = [call.line_of(value) for value in topological_order(call.output) if value.inputs]
    assert [turn and call.lines[turn[0]].strip() for turn in turns] == ["z = z + wi * xi"] * 4 + ["return sigmoid(z)"]
    assert len(set(turns)) == 3


def with_inner_calls(a: Value, b: Value) -> Value:
    def squared(x: Value) -> Value:
        return x * x

    return squared(a) * 2 + squared(b) * 3


def over_several_lines(a: Value, b: Value) -> Value:
    return sigmoid(
        a * b
        + b * a
        + b * b
    )  # fmt: skip


def in_a_comprehension(w: list[Value], x: list[Value]) -> Value:
    products = [wi * xi for wi, xi in zip(w, x, strict=True)]
    return products[1] - products[0]


def on_one_line(x: Value) -> Value:
    for _ in range(3): x = x + 1  # noqa: E701 # fmt: skip
    return x


def sent_on(a: Value, b: Value) -> Value:
    def products() -> Any:
        yield (yield a * 2) * b

    generator = products()
    result: Value = generator.send(next(generator))
    return result


@pytest.mark.parametrize(
    ("function", "given", "turns"),
    [
        (with_inner_calls, (1.0, 2.0), {"return x * x": [1, 1], "return squared(a) * 2 + squared(b) * 3": [3]}),
        (over_several_lines, (1.0, 2.0), {"a * b": [3], "+ b * a": [1], "+ b * b": [1], "return sigmoid(": [1]}),
        (
            in_a_comprehension,
            ([1.0, 2.0], [3.0, 4.0]),
            {
                "products = [wi * xi for wi, xi in zip(w, x, strict=True)]": [1, 1],
                "return products[1] - products[0]": [1],
            },
        ),
        (on_one_line, (1.0,), {"for _ in range(3): x = x + 1  # noqa: E701 # fmt: skip": [1, 1, 1]}),
        (
            sent_on,
            (1.0, 2.0),
            {"yield (yield a * 2) * b": [2]},
        ),
    ],
)
def test_only_where_python_jumps_back_has_a_line_another_turn(
    function: Callable[..., Value], given: tuple[Any, ...], turns: dict[str, list[int]]
) -> None:
    call = called(function, given)
    counted = Counter(call.line_of(value) for value in topological_order(call.output) if value.inputs)
    found: dict[str, list[int]] = {}
    for line, count in sorted((line, count) for line, count in counted.items() if line):
        found.setdefault(call.lines[line[0]].strip(), []).append(count)
    assert found == turns


def of_many(*numbers: Value) -> Value:
    return sum(numbers, start=Value(1.0, "one"))


class Doubled:
    def __call__(self, x: Value) -> Value:
        return x * 2


class Model:
    def __init__(self) -> None:
        self.neuron = Neuron([0.5], 0.25)

    def loss(self, x: Value) -> Value:
        a = self.neuron([x])
        return (a - 1) ** 2


def test_methods_many_arguments_and_lambdas_can_be_called() -> None:
    assert [label for label, _ in made(called(of_many, (1.0, 2.0)))][:2] == ["numbers1", "numbers2"]
    names = made(called(Model().loss, (2.0,)))
    assert ("a", "    a = self.neuron([x])") in names  # what is made further down belongs to the line that asked for it
    assert names[-1] == ("fixed_power", "    return (a - 1) ** 2")
    assert made(called(Doubled(), (2.0,)))[-1] == ("multiply", "    return x * 2")
    function: Callable[..., Value] = lambda a, b: a * b  # noqa: E731
    assert made(called(function, (1, 2)))[-1][0] == "multiply"


def raised(x: float, n: int, *times: int) -> float:
    y = x
    for _ in range(n + sum(times)):
        y = y * x
    return y


def test_what_counts_something_stays_a_number() -> None:
    output = called(raised, (-2.0, 2, 1, 1)).output
    assert output.data == -32.0
    assert [value.label for value in topological_order(output) if not value.inputs] == ["x"]
    with pytest.raises(TypeError, match="cannot be interpreted as an integer") as refused:
        called(lambda x, n: x if range(n) else x * x, (2.0, 3))
    assert refused.value.__notes__ == [
        "explore makes Values of numbers: where one must stay an int, annotate it, as in n: int"
    ]


def test_a_debugger_goes_on() -> None:
    def tracing(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracing)
    try:
        called(with_a_loop, ([1.0], [1.0], 0.0))
        with pytest.raises(ZeroDivisionError):
            called(lambda a: a / 0, (1.0,))
        assert sys.gettrace() is tracing
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((max, 1.0), "the source of <built-in function max> can't be read: write it with `def`"),
        ((with_a_loop, 1.0), "missing a required argument: 'x'"),
        ((lambda a: 3.0, 1.0), "must be a Value, but got 3.0: return what it computes"),
        ((Value(1.0) * 2, "page.html"), "a graph takes no numbers, but got 'page.html': name a file with path="),
        (
            (sigmoid, 1.0),
            "has no lines to show: pass what it gives for Values, as in explore(sigmoid(Value(0.5, 'x')))",
        ),
        ((int, 1.0), "the output must be a Value or a function"),
    ],
)
def test_wrong_calls_are_told(arguments: tuple[Any, ...], told: str) -> None:
    with pytest.raises(TypeError) as refused:
        explore(*arguments)
    assert told in str(refused.value)
