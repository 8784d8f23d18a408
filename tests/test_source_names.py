"""A user's names in generated source are data: whatever they are, the program is the same."""

from __future__ import annotations

import ast
import json
import keyword
import math
import sys
from collections.abc import Callable
from itertools import takewhile
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_compiled_javascript import Run, run  # noqa: F401 (a fixture)
from test_quoting import LINE_TERMINATORS

from tinygrad_sigmoid import (
    Network,
    Operation,
    Value,
    dot,
    exp,
    explore,
    sigmoid,
    squared_error,
    translated,
    vectorized,
)
from tinygrad_sigmoid.compiling.source import JAVASCRIPT, PYTHON, WIDTH, Language
from tinygrad_sigmoid.compiling.targets import compiled, javascript_trace
from tinygrad_sigmoid.notation import Notation

ATTACKS = [
    "{}raise SystemExit('it runs')",
    "{}    raise SystemExit('it runs')",
    "{}throw 'it runs' //",
    "a{}b",
    "{}",
    "{}*/ throw 1 /*",
    "{}<!-- x",
    "{}--> x",
    "</script>{}<script>throw 1</script>",
    "'''{}\"\"\"",
    "\\{}",
    "`${{throw 1}}`{}",
    "\u202e{}\u2066",
    "\x00{}\x1b[31m",
    "\ud800{}",
    '"{}"); raise SystemExit("it runs") #',
]
NAMES = [attack.format(end) for attack in ATTACKS for end in (*LINE_TERMINATORS, "")]
WORDS = [*PYTHON.reserved.split(), *JAVASCRIPT.reserved.split(), *keyword.softkwlist, "print", "async", "await", "_"]
WORDS += [
    "coding: latin-1",
    "coding=utf-16",
    "-*- coding: ascii -*-",
    "!/usr/bin/node",
    "grad_x",
    "t1",
    "exp",
    "__proto__",
]
names = st.one_of(
    st.sampled_from(NAMES + WORDS),
    st.text(),
    st.lists(st.sampled_from([*LINE_TERMINATORS, "a", "_", "'", '"', "\\", "#", "//", "*/", " ", "é", "x1"])).map(
        "".join
    ),
    st.integers(1, 5000).map(lambda length: "a" * length),
    st.integers(1, 2500).map(lambda length: "b " * length),
)


def graph(labels: list[str]) -> tuple[Value, list[Value]]:
    """One that has everything in it: a long sum, a choice, what is used twice, and a label on every value."""
    leaves = [Value(0.1 * place, label) for place, label in enumerate(labels, 1)]
    total: Any = dot(leaves, leaves[::-1])
    for leaf in leaves:
        total = sigmoid(total) * leaf + exp(-total)
        total.label = leaf.label
    return total, leaves


def shape(source: str) -> list[str]:
    """What a Python program consists of, but for its names."""
    return [type(node).__name__ for node in ast.walk(ast.parse(source))]


PLAIN = graph(["v"] * 12)


def with_labels(test: Callable[..., None]) -> Callable[..., None]:
    """The test for many lists of twelve labels, those among them that have broken a program before."""
    for labels in (NAMES[:12], *[["x" * length for length in range(least, least + 12)] for least in (94, 106)]):
        test = example(labels)(test)
    drawn: Callable[..., None] = given(st.lists(names, min_size=12, max_size=12))(test)
    slow: Callable[..., None] = pytest.mark.slow(settings(max_examples=40)(drawn))
    return slow


@with_labels
@example(["y z" * length for length in range(30, 42)])
@example(["encoding"] * 12)
def test_a_program_in_python_is_the_same_whatever_its_labels_are(labels: list[str]) -> None:
    output, leaves = graph(labels)
    wanted = compiled(PLAIN[0], inputs=PLAIN[1], wrt=PLAIN[1])
    program = compiled(output, inputs=leaves, wrt=leaves)
    assert shape(program.source) == shape(wanted.source)
    assert program(*[0.2] * 12) == wanted(*[0.2] * 12)
    assert all(line.isprintable() for line in program.source.split("\n"))
    first_two = program.source.encode("utf-8", "strict").split(b"\n")[:2]
    assert b"coding:" not in b"".join(first_two)
    assert b"coding=" not in b"".join(first_two)


@with_labels
def test_a_program_in_javascript_is_the_same_whatever_its_labels_are(run: Run, labels: list[str]) -> None:  # noqa: F811
    output, leaves = graph(labels)
    sources: list[Callable[..., str]] = [
        lambda output, leaves: compiled(output, inputs=leaves, wrt=leaves, target="javascript").source,
        javascript_trace,
    ]
    for source_of in sources:
        wanted, source = source_of(*PLAIN), source_of(output, leaves)
        assert run(source, [0.2] * 12) == run(wanted, [0.2] * 12)
        code = [line.split("//")[0].strip() for line in source.split("\n")]
        assert sum(line.count(";") for line in code) == sum(
            line.split("//")[0].count(";") for line in wanted.split("\n")
        )


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["", " z"])
def test_labels_of_every_length_up_to_some_hundred(run: Run, ends: str) -> None:  # noqa: F811
    for length in [*range(1, 300), 1000, 5000]:
        x = Value(0.5, ("x" * length + ends)[-length:])
        output = sigmoid(x * x)
        output.label = "y" * length
        for target in ("python", "javascript"):
            source = compiled(output, inputs=[x], wrt=[x], target=target).source
            if target == "python":
                assert compiled(output, inputs=[x], wrt=[x])(0.5)[0] == output.data
                ast.parse(source)
            else:
                assert math.isclose(run(source, [0.5])[0], output.data)


def test_a_line_is_broken_between_results_and_nowhere_else() -> None:
    network, x = Network([3, 12, 2], seed=0), [Value(0.1, f"x{i}") for i in range(3)]
    output = squared_error(network(x), [0.0, 1.0])
    for target in ("python", "javascript"):
        source = compiled(output, inputs=x, wrt=network.parameters(), target=target).source
        lines = source.split("\n")
        for opening in ("def program(", "function program(", "return"):
            for first in [place for place, line in enumerate(lines) if line.strip().startswith(opening)]:
                parts = [lines[first], *takewhile(lambda line: line.startswith("      "), lines[first + 1 :])]
                assert max(map(len, parts)) <= WIDTH
                assert all(part.endswith(",") for part in parts[:-1])
        assert len(parts) > 4


@pytest.mark.parametrize("language", [PYTHON, JAVASCRIPT], ids=lambda language: language.name)
def test_what_a_statement_computes_is_said_beside_it_where_a_line_has_room(language: Language) -> None:
    x, beside = Value(0.5, "x"), []
    for length in range(1, 60):
        output = sigmoid(x * x)
        output.label = "y" * length
        lines = compiled(output, inputs=[x], target=language.name.lower()).source.split("\n")  # type: ignore[arg-type]
        [said] = [line for line in lines if line.endswith(f"{language.comment}{output.label} = sigmoid(multiply1)")]
        beside.append(len(said) if said.strip().startswith(("let y", "y")) else 0)
    assert max(beside) <= WIDTH
    assert min(beside[:10]) > 0 == max(beside[40:])


# -- Operations --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*NAMES, *WORDS], ids=ascii)
def test_names_and_symbols_of_operations_are_data(run: Run, name: str) -> None:  # noqa: F811
    x = Value(0.5, "x")
    composed = Operation(name, lambda x: x * x * 2.0, lambda out, x: (4.0 * x,), notation=Notation(name))
    function = translated(
        Operation(
            name,
            lambda x: math.sin(x),
            lambda out, x: (1.0,),
            notation=Notation(name, text=name.replace("{", "").replace("}", "")),
        ),
        "sin({0})",
        "Math.sin({0})",
        vectorized.sin,
    )
    for operation in (composed, function):
        output = operation(x) * 3.0
        plain = Operation("plain", operation.forward, operation.derivatives)
        if operation is function:
            translated(plain, "sin({0})", "Math.sin({0})", vectorized.sin)
        wanted = compiled(plain(x) * 3.0, inputs=[x], wrt=[x])
        program = compiled(output, inputs=[x], wrt=[x])
        assert program(0.7) == wanted(0.7)
        assert shape(program.source) == shape(wanted.source)
        assert all(line.isprintable() for line in program.source.split("\n"))
        source = compiled(output, inputs=[x], wrt=[x], target="javascript").source
        assert math.isclose(run(source, [0.7])[0], wanted(0.7)[0])
        assert source.splitlines() == source.split("\n")[:-1]


@pytest.mark.parametrize("name", [*NAMES[:24], "not a name", "lambda", "None", "a.b", "", "a;b", "a as b"], ids=ascii)
def test_an_operation_is_imported_only_by_a_name_that_is_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for module, variable in (("hostile", name), (f"hostile.{name}", "fine"), (name, "fine")):
        opaque = Operation(variable, math.atan, lambda out, x: (1 / (1 + x * x),))
        opaque.derivatives.__module__ = module
        room = ModuleType(module)
        setattr(room, variable, opaque)
        monkeypatch.setitem(sys.modules, module, room)
        x = Value(0.5, "x")
        if module.endswith("a.b"):  # as any module of a package
            continue
        with pytest.raises(
            TypeError, match=r"^the operation .* can't be imported from .*: give the variable"
        ) as refused:
            compiled(opaque(x), inputs=[x])
        assert str(refused.value).isprintable()


def test_an_operation_without_a_translation_is_named_on_one_line() -> None:
    x = Value(0.5, "x")
    hostile = translated(Operation("a\nb\u2028c", math.asinh, lambda out, x: (1.0,)), "asinh({0})")
    for target in ("javascript", "wasm", "native"):
        with pytest.raises(TypeError, match="can't be compiled") as refused:
            compiled(hostile(x), inputs=[x], target=target)
        assert str(refused.value).isprintable()


def test_messages_with_hostile_labels_are_one_line() -> None:
    x = Value(1.0, 'x"\n\u2028')
    output = exp(x)
    output.label = 'y"); raise SystemExit("it runs") #\r'
    with pytest.raises(OverflowError) as refused:
        compiled(output, inputs=[x])(1000.0)
    assert str(refused.value).isprintable()
    assert str(refused.value).startswith('y"); raise SystemExit("it runs") # is too large')


@pytest.mark.slow
@pytest.mark.parametrize("terminator", LINE_TERMINATORS, ids=ascii)
def test_no_name_runs_in_a_page(run: Run, terminator: str) -> None:  # noqa: F811
    hostile = Operation(
        f"a{terminator}throw 1 //",
        lambda x: 1.0 / (1.0 + x * x),
        lambda out, x: (-2.0 * x * out * out,),
        notation=Notation(f"s{terminator}throw 1 //"),
    )
    x = Value(0.5, f"x{terminator}throw 1 //</script>")
    output = sigmoid(hostile(x))
    output.label = f"y{terminator}throw 1 //"
    html = explore(output).html
    scripts = html.split("<script")[1:]
    for script in scripts:
        text = script.partition(">")[2].partition("</script")[0]
        if "application/json" in script.partition(">")[0]:
            json.loads(text)
        else:  # that node takes it is enough: a line of its own would throw, or be no JavaScript
            assert run(f"function program() {{ new Function({json.dumps(text)}); return 1; }}", []) == 1.0
            assert not any(line.strip().startswith("throw 1") for line in text.splitlines())
