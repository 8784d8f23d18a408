"""Formulas mean what the graph computes: read back with Python's own grammar, they give the value's number."""

import math
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import Operation, Value, dot, exp, formula, latex, log, sigmoid, sqrt
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.testing.strategies import graphs

PYTHON = str.maketrans({"·": "*", "−": "-", "^": "**", "σ": "sigmoid", "√": "sqrt"})
FEW_DIGITS = st.floats(-4, 4).map(lambda x: round(x, 3))
GRAPHS = graphs(
    operations=[row for name, row in TABLE.items() if name != "log_sigmoid"],  # its symbol, log σ, is no Python
    numbers=FEW_DIGITS,
    well_scaled=True,
)


def read_back(text: str, graph: Value) -> float:
    """The number that a formula of this graph stands for, by Python's rules of precedence."""
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text).translate(PYTHON)
    leaves = {value.label: value.data for value in topological_order(graph) if value.label}
    functions = {name: row.__call__ for name, row in TABLE.items()}
    return float(eval(text, {"__builtins__": {}, **functions, "max": max, "min": min, "abs": abs, **leaves}))


@given(GRAPHS)
def test_a_formula_means_what_was_computed(value: Value) -> None:
    if not re.search(r"v\d|…|\|\|", formula(value)):  # ||x| − 1| has no one reading
        assert math.isclose(read_back(formula(value), value), value.data, rel_tol=1e-9, abs_tol=1e-9)


@given(GRAPHS)
def test_the_formula_of_a_local_derivative_means_the_local_derivative(value: Value) -> None:
    order = topological_order(value)
    names = Names(order, longest=200)
    for node in order:
        if not node.inputs:
            continue
        for text, local in zip(names.local_formulas(node), node.local_derivatives, strict=True):
            if "…" not in text and "||" not in text:
                assert math.isclose(read_back(text, value), local, rel_tol=1e-3, abs_tol=1e-9), text


@pytest.mark.parametrize("operation", TABLE.values(), ids=TABLE)
def test_every_rule_writes_itself_and_its_derivatives(operation: Operation) -> None:
    first, *derivatives = formula(operation).splitlines()
    assert first.count("(") == first.count(")")
    assert len(derivatives) >= 1
    assert all(re.fullmatch(r"∂.+/∂\w+ = .+", line) for line in derivatives)
    for line in latex(operation).splitlines():
        assert line.count("{") == line.count("}")
        assert line.count(r"\left(") == line.count(r"\right)")
        assert line.isascii()


def test_rules_composed_of_others_show_how() -> None:
    assert formula(TABLE["sigmoid"]) == "σ(z) = 1/(1 + exp(−z))\n∂σ/∂z = σ(z)·σ(−z)"
    assert formula(TABLE["maximum"]).splitlines()[0] == "max(a, b)"  # elementary: the branch taken is not the rule
    assert formula(TABLE["fixed_power"]) == "x^3\n∂(x^3)/∂x = 3·x^2"


def test_a_users_operation_explains_itself() -> None:
    softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    assert formula(softsign) == "softsign(x) = x/(1 + |x|)\n∂softsign/∂x = 1/(1 + |x|)^2"


def test_a_rule_that_takes_floats_only_shows_its_number() -> None:
    sine = Operation("sine", math.sin, lambda out, x: (math.cos(x),))
    x = Value(0, "x")
    assert Names([x, y := sine(x)]).local_formulas(y) == ["1"]


def test_an_operation_that_only_python_can_compute_is_only_named() -> None:
    sine = Operation("sine", math.sin, lambda out, x: (math.cos(x),))
    hypotenuse = Operation("hypotenuse", math.hypot, lambda out, a, b: (a / math.hypot(a, b), b / math.hypot(a, b)))
    assert formula(sine) == "sine(x)"
    assert formula(hypotenuse) == "hypotenuse(a, b)"


def test_a_derivative_that_is_too_large_on_the_way_shows_its_number() -> None:
    steep = Operation("steep", lambda x: x, lambda out, x: (1 / (1 / (x * x)),))
    far = Value(1e200, "x")
    far_out = Value.record(Operation("flat", lambda x: x, lambda out, x: (1 / (1 + exp(x)),)), (Value(1000, "x"),))
    assert Names([*far_out.inputs, far_out]).local_formulas(far_out) == ["0"]
    assert formula(steep) == "steep(x)\n∂steep/∂x = 1/(1/(x·x))"
    with pytest.raises(ArithmeticError):
        steep(far)


def test_a_dot_of_numbered_weights_and_inputs_reads_like_the_text() -> None:
    weights, inputs = [[Value(i, f"{stem}{i}") for i in range(1, 4)] for stem in ("w", "x")]
    b = Value(1, "b")
    assert formula(sigmoid(dot(weights, inputs) + b)) == "σ(w·x + b)"
    assert formula(dot(weights, [1, 2, 3])) == "w1·1 + w2·2 + w3·3"
    assert formula(dot(weights[::-1], inputs)) == "w3·x1 + w2·x2 + w1·x3"
    assert formula(dot([0.1, 0.2], inputs[:2])) == "0.1·x1 + 0.2·x2"
    layer = [Value(i, f"layer1.neuron{i}.a") for i in range(1, 12)]
    assert formula(dot([Value(i, f"layer2.neuron3.w{i}") for i in range(1, 12)], layer)) == "layer2.neuron3.w·layer1.a"
    assert formula(dot(weights[:2], [Value(1, "x1y"), Value(2, "x2y")])) == "w1·x1y + w2·x2y"
    assert formula(dot([2.0] * 9, [b] * 9)) == "2·b + 2·b + … + 2·b"
    assert latex(dot(weights, inputs)) == r"w_{1} \cdot x_{1} + w_{2} \cdot x_{2} + w_{3} \cdot x_{3}"


def test_values_of_one_label_are_told_apart_and_no_label_looks_like_a_place() -> None:
    first, second, place = Value(1, "w"), Value(2, "w"), Value(3, "v0")
    assert formula(first + second + place * Value(5)) == "w + w#2 + v0·vv4"


def test_labels_do_no_harm() -> None:
    assert formula(Value(1, "a + b") * Value(2, "\x1b[31m\n")) == r"(a + b)·(\x1b[31m\n)"
    assert latex(Value(1, "x_1%") * Value(2, "w12")) == r"\mathrm{x\_1\%} \cdot w_{12}"
    assert len(formula(sqrt(Value(1, "x" * 1000)))) < 50


def test_a_shared_graph_is_not_written_out_a_thousand_times() -> None:
    y = Value(1, "x")
    for _ in range(60):
        y = y + y
    assert len(formula(y)) <= 400


def test_a_deep_graph_needs_no_recursion() -> None:
    y = Value(0.5, "x")
    for _ in range(20_000):
        y = sigmoid(y)
    assert len(formula(log(y))) <= 400


def test_a_power_of_a_power_keeps_its_brackets() -> None:
    x, p = Value(2, "x"), Value(3, "p")
    assert formula((x**p) ** 2) == "(x^p)^2"
    assert formula((x**2) ** p) == "(x^2)^p"
    assert formula((x**2) ** 3) == "(x^2)^3"
    assert formula(x ** (p**2)) == "x^(p^2)"
    assert formula(-(x**p)) == "−x^p"
    assert formula((-x) ** 2) == "(−x)^2"


def test_parts_of_up_to_a_hundred_characters_are_written_out() -> None:
    a, b = Value(1, "a" * 40), Value(2, "b" * 40)
    for length, written_out in ((14, True), (15, False)):
        c = Value(3, "c" * length)
        assert formula(sqrt(a + b + c)) == (f"√({a.label} + {b.label} + {c.label})" if written_out else "√(v4)")


def test_a_formula_has_gaps_for_the_numbers_that_may_change() -> None:
    w, x = Value(2, "w"), Value(3, "x")
    product, minus = w * x, w - x
    doubled = product * 2
    output = sigmoid(doubled)
    names = Names(topological_order(output, minus))

    def pattern(value: Value) -> list[object]:
        return [piece if isinstance(piece, str) else tuple(piece.values()) for piece in names.pattern(value)]

    assert pattern(product) == [(0, False), "·", (1, True)]
    assert pattern(doubled) == [(0, False), "·2"]
    assert pattern(minus) == [(0, False), " − ", (1, True)]
    assert pattern(output) == ["σ(", (0, False), ")"]


def test_operands_of_one_name_are_numbered_as_in_english() -> None:
    x = Value(1, "x")
    output = dot([x] * 62, [x] * 62)
    names = Names([x, output])
    said = [name.rpartition("/")[2] for name in names.local_derivatives(output)]
    for place in (1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21, 22, 23, 24, 101, 110, 111, 112, 113, 114, 121, 122, 123):
        ending = {1: "st", 2: "nd", 3: "rd"}.get(0 if 11 <= place % 100 <= 13 else place % 10, "th")
        assert said[place - 1] == f"∂({place}{ending} x)"


@pytest.mark.parametrize("place", [0.5, 0.75, 1.5, -0.5, 2.5, 10.5])
def test_a_rule_is_written_wherever_it_is_defined(place: float) -> None:
    def forward(x: float) -> float:
        if type(x) is float and abs(x - place) > 0.1:
            raise ValueError("not here")
        return x * x

    assert formula(Operation("local", forward, lambda out, x: (2 * x,))).endswith("∂local/∂x = 2·x")


def test_a_rule_in_latex() -> None:
    assert latex(TABLE["sigmoid"]).splitlines()[1] == (
        r"\frac{\partial \sigma\left(z\right)}{\partial z} = \sigma\left(z\right) \cdot \sigma\left(-z\right)"
    )


def test_a_formula_of_up_to_32_characters_is_a_name() -> None:
    a = Value(1, "a" * 20)
    for length, named in ((9, True), (10, False)):
        total = a + Value(2, "b" * length)
        assert Names(topological_order(total))[total] == (f"{a.label} + {'b' * length}" if named else "v2")


def test_a_long_dot_shows_its_first_two_products_and_its_last() -> None:
    values = [Value(i, letter) for i, letter in enumerate("abcdefg", 1)]
    assert formula(dot(values[:6], values[5::-1])) == "a·f + b·e + c·d + d·c + e·b + f·a"
    assert formula(dot(values, values[::-1])) == "a·g + b·f + … + g·a"
    assert latex(dot(values, values[::-1])) == r"a \cdot g + b \cdot f + \dots + g \cdot a"


def test_a_label_of_up_to_40_characters_is_written_out() -> None:
    for length, written in ((40, "x" * 40), (41, "x" * 39 + "…")):
        assert formula(Value(1, "x" * length)) == written


@pytest.mark.parametrize(
    ("build", "written"),
    [
        (lambda x, y: (x + y) / y, r"\frac{x + y}{y}"),
        (lambda x, y: (x / y) ** 2, r"{\left(\frac{x}{y}\right)}^{2}"),
        (lambda x, y: (x + y) ** 3, r"{\left(x + y\right)}^{3}"),
        (lambda x, y: x ** (y + 1), r"{x}^{y + 1}"),
        (lambda x, y: sqrt(x / y), r"\sqrt{\frac{x}{y}}"),
        (lambda x, y: exp(x + y), "e^{x + y}"),
        (lambda x, y: (x + y) * (x - y), r"\left(x + y\right) \cdot \left(x - y\right)"),
        (lambda x, y: abs(x - y), r"\left|x - y\right|"),
        (lambda x, y: Value(1, "12") * x, r"12 \cdot x"),
        (lambda x, y: x * 1e20 - y * math.pi, r"x \cdot \left(1 \cdot 10^{20}\right) - y \cdot 3.142"),
        (lambda x, y: x * -2.0, r"x \cdot \left(-2\right)"),
    ],
)
def test_brackets_in_latex(build: Callable[[Value, Value], Value], written: str) -> None:
    assert latex(build(Value(1.5, "x"), Value(2.5, "y"))) == written


def test_two_numbered_inputs_are_enough_for_a_vector() -> None:
    weights, inputs = [[Value(i, f"{stem}{i}") for i in (1, 2)] for stem in ("w", "x")]
    assert formula(dot(weights, inputs)) == "w·x"
    assert formula(dot(weights[:1], inputs[:1])) == "w1·x1"


def test_vectors_in_places_are_one_name_in_latex_too() -> None:
    def labelled(pattern: str) -> list[Value]:
        return [Value(i, pattern.format(i)) for i in (1, 2)]

    assert latex(dot(labelled("layer1.neuron{}.w"), labelled("x{}.y"))) == r"\mathrm{layer1.w} \cdot y"
    assert latex(dot(labelled("a{}.b_c"), labelled("x{}.y"))).count("{") == 4
    assert latex(dot(labelled("w{}"), labelled("x{}"))) == r"w_{1} \cdot x_{1} + w_{2} \cdot x_{2}"
