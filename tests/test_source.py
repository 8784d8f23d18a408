"""The source text of programs: what it imports, where it has brackets, and that operations of one's own stand in it."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from tinygrad_sigmoid import (
    Operation,
    Value,
    cos,
    dot,
    draw,
    exp,
    formula,
    gradients,
    heaviside,
    log,
    maximum,
    sin,
    sqrt,
    steps,
    translated,
)
from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.testing import check_operation

sinh = translated(Operation("sinh", math.sinh, lambda out, x: (cosh(x),)), "sinh({0})", "Math.sinh({0})")
cosh: Operation = translated(Operation("cosh", math.cosh, lambda out, x: (sinh(x),)), "cosh({0})", "Math.cosh({0})")
# Templates that need care: signs, an input twice, a choice with arithmetic in it, a call within a call.
reciprocal = translated(Operation("reciprocal", lambda x: 1.0 / x, lambda out, x: (-out * out,)), "1.0 / {0}")
squared = translated(Operation("squared", lambda x: x * x, lambda out, x: (2.0 * x,)), "{0} * {0}")
leaky = translated(
    Operation("leaky", lambda x: x if x > 0 else 0.5 * x, lambda out, x: (0.5 + 0.5 * heaviside(x),)),
    "{0} if {0} > 0.0 else 0.5 * {0}",
)
chosen = translated(
    Operation(
        "chosen",
        lambda a, b: 0.5 * a if b > 0 else -a,
        lambda out, a, b: (1.5 * heaviside(b) - 1.0, 0.0 * heaviside(b)),
    ),
    "0.5 * {0} if {1} > 0.0 else -{0}",
)
log_size = translated(Operation("log_size", lambda x: math.log(abs(x)), lambda out, x: (1.0 / x,)), "log(abs({0}))")
mean = translated(Operation("mean", lambda a, b: (a + b) / 2.0, lambda out, a, b: (0.5, 0.5)), "({0} + {1}) / 2.0")


# Opaque, and of any number of inputs.
waves = Operation("waves", lambda *xs: math.fsum(map(math.sin, xs)), lambda out, *xs: tuple([math.cos(x) for x in xs]))


def source_of(output: Value, *inputs: Value, **options: Any) -> str:
    return compiled(output, inputs=inputs, wrt=inputs, **options).source


def test_an_operation_of_ones_own_compiles_from_its_translation() -> None:
    x = Value(0.5, "sinh")  # a label that the program needs for itself
    output = sinh(x * 2.0) * cosh(x)
    program = compiled(output, inputs=[x], wrt=[x])
    output.backward()
    assert program(0.5) == (output.data, [x.grad])
    assert "from math import cosh, sinh\n" in program.source
    assert "sinh1 = sinh(" in program.source
    alone = subprocess.run(
        [sys.executable, "-I", "-c", f"{program.source}\nprint(program(0.5)[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(alone.stdout) == output.data
    assert "Math.sinh(" in source_of(output, x, target="javascript")


def test_an_opaque_operation_may_have_any_number_of_inputs() -> None:
    leaves = [Value(0.1 * i, f"x{i}") for i in range(12)]
    output = waves(*leaves[:2]) * waves(*leaves[:3]) - waves(*leaves)
    program = compiled(output, inputs=leaves, wrt=leaves)
    output.backward()
    assert program(*[leaf.data for leaf in leaves]) == (output.data, [leaf.grad for leaf in leaves])
    assert program.source.count("import waves") == 1


def test_an_operation_of_ones_own_is_read_like_any_other() -> None:
    x = Value(0.5, "x")
    output = sinh(x)
    assert "∂sinh/∂x = cosh(x) ≈ 1.128" in str(steps(output))
    assert formula(sinh) == "sinh(x)\n∂sinh/∂x = cosh(x)"
    assert "sinh" in draw(output).source
    [first] = gradients(output, [x])
    [second] = gradients(first, [x])
    assert (first.data, second.data) == (math.cosh(0.5), math.sinh(0.5))
    check_operation(sinh, 0.5, order=2)


def test_a_language_without_a_translation_is_refused_in_one_sentence() -> None:
    x = Value(0.5, "x")
    only_javascript = translated(Operation("only_javascript", math.asinh, lambda out, x: (1.0,)), "", "Math.asinh({0})")
    for operation, target in ((reciprocal, "JavaScript"), (only_javascript, "Python")):
        with pytest.raises(
            TypeError,
            match=f"^the operation '{operation.name}' can't be compiled for {target}, because "
            "it has no translation: say how it is written there with `translated`, compose it of .*$",
        ):
            source_of(operation(x), x, target=target.lower())


@pytest.mark.parametrize("f", [reciprocal, squared, leaky, log_size, sinh], ids=lambda one: one.name)
@pytest.mark.parametrize("g", [reciprocal, squared, leaky, log_size, sinh, cos], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "form",
    [
        lambda f, g, x, y: f(g(x)) + y,
        lambda f, g, x, y: f(x + y) * g(x - y) - f(-x),
        lambda f, g, x, y: -f(x * y) / g(-y),
        lambda f, g, x, y: chosen(f(x) - y, g(y)) - chosen(-x, y) - mean(f(x), y) * chosen(-1.5, x),
        lambda f, g, x, y: maximum(-1.0, f(x)) - chosen(mean(x, -y), -2.0) ** 2,
        lambda f, g, x, y: dot([f(x) - y, g(y)], [-g(x), mean(x, y)]),
    ],
)
def test_brackets_stand_where_a_template_needs_them(f: Operation, g: Operation, form: Any) -> None:
    # Within one rule nothing has a name, so it becomes one expression.
    rule = Operation("rule", lambda x, y: form(f, g, x, y), lambda out, x, y: (f(x) - g(y), 1.0 - f(g(x))))
    for number in (0.75, -1.25):
        x, y = Value(number, "x"), Value(-0.5, "y")
        output = rule(x, y)
        output.backward()
        assert compiled(output, inputs=[x, y], wrt=[x, y])(number, -0.5) == (output.data, [x.grad, y.grad])


def test_there_are_no_more_brackets_than_are_needed() -> None:
    a, b = Value(1.0, "a"), Value(2.0, "b")
    rule = Operation("rule", lambda a, b: a - (a - b) * -(a * b) + sin(a + b) / -b, lambda out, a, b: (1.0, 1.0))
    assert "output = a - (a - b) * -(a * b) + sin(a + b) / -b  #" in compiled(rule(a, b), inputs=[a, b]).source
    rule = Operation("rule", lambda a, b: 2.0 * maximum(-1.0, a) - heaviside(a - b), lambda out, a, b: (1.0, 1.0))
    source = compiled(rule(a, b), inputs=[a, b]).source
    assert "output = 2.0 * (a if a > -1.0 else -1.0) - (1.0 if a - b > 0.0 else 0.0)  #" in source


def test_what_is_computed_is_called_as_it_is_typed() -> None:
    a, b = Value(1.5, "a"), Value(2.0, "b")
    for output, comment in (
        (dot([a], [b]), "dot(a, b)"),
        (a**b, "power(a, b)"),
        (a**2, "power(a, 2)"),
        (abs(a), "absolute(a)"),
        (maximum(a, b), "maximum(a, b)"),
        (dot([a, b, a], [b, b, a]), "dot(a, b, a, b, and 2 more)"),
    ):
        assert f"# output = {comment}\n" in compiled(output, inputs=[]).source


def test_only_what_is_computed_is_imported() -> None:
    x = Value(0.5, "log")
    assert "import" not in source_of(x * x, x)
    assert "from math import log\n" in source_of(log(x) * Value(0.5, "exp"), x)
    several = compiled(log(sin(x)) + cos(exp(sqrt(x))) + abs(x) ** 0.3, inputs=[x]).source
    assert "import math\nfrom math import cos, inf, log, pow, sin, sqrt\n" in several


looking = Operation("looking", lambda x: x if x > 0.0 else 0.0, lambda out, x: (float(x > 0.0),))


def test_what_only_python_can_compute_is_computed_once() -> None:
    x = Value(0.5, "x")
    source = source_of(looking(x) + looking(x) * looking(x), x)
    assert source.count("looking.forward(x)") == source.count("looking.derivatives(") == 1


def test_an_operation_that_refuses_infinity_is_computed_though_nobody_uses_it() -> None:
    wave = Operation("wave", lambda x: 0.0 * x + sin(x * x), lambda out, x: (0.0,))
    x = Value(1.0, "x")
    output = heaviside(wave(x))
    for number in (1e200, -1e200):
        with pytest.raises(ValueError, match=r"domain|finite"):
            compiled(output, inputs=[x])(number)
