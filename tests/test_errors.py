"""What is silently wrong elsewhere is an error here, which names the offending thing and says what to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_sigmoid import (
    GradientDescent,
    Layer,
    Network,
    Neuron,
    Operation,
    Value,
    add,
    cross_entropy,
    dot,
    exp,
    explain,
    explore,
    formula,
    gradients,
    latex,
    live,
    log,
    nudge,
    power,
    sigmoid,
    softmax_cross_entropy,
    squared_error,
    steps,
    train,
)
from tinygrad_sigmoid.files import require_writable, write_whole
from tinygrad_sigmoid.losses import half_squared_distance
from tinygrad_sigmoid.operations import dot_product

pair = Operation("pair", lambda a, b: a * b, lambda out, a, b: (b,))
bare = Operation("bare", lambda a: a * a, lambda out, a: 2 * a)
pole = Operation("pole", lambda x: 1 / (x - 2), lambda out, x: (-out * out,))


def v() -> Value:
    return Value(2.0, "v")


def zero() -> Value:
    return Value(0.0, "zero")


def below() -> Value:
    return Value(-8.0, "below")


def neuron() -> Neuron:
    return Neuron([1, 2, 3], 0.5)


# What is tried, the error, the offending thing as its message names it, and the cure as it names that.
MISTAKES: list[tuple[Callable[[], Any], type[Exception], str, str]] = [
    (lambda: Value("3"), TypeError, "'3' (str)", "float(…)"),
    (lambda: Value(None), TypeError, "None", "before backward()?"),
    (lambda: Value(1j), TypeError, "1j (complex)", ".real or .imag"),
    (lambda: Value([1, 2]), TypeError, "[1, 2] (list)", "one number at a time"),
    (lambda: Value((1,)), TypeError, "(1,) (tuple)", "a stray comma"),
    (lambda: Value(Value(1, "a")), TypeError, "Value(1.0, 'a')", ".data"),
    (lambda: Value(math.nan), ValueError, "nan", "find out where it came from"),
    (lambda: Value(-math.inf), ValueError, "-inf", "find out where it came from"),
    (lambda: Value(2**60 + 1), OverflowError, str(2**60 + 1), f"float({2**60 + 1})"),
    (lambda: Value(10**400), OverflowError, "int", "1.8e308"),
    (lambda: np.array([1.0, 2.0]) * v(), TypeError, "array([1., 2.])", "one number at a time"),
    (lambda: v() * np.array([1.0, 2.0]), TypeError, "array([1., 2.])", "one number at a time"),
    (lambda: v() + np.array(2.0), TypeError, "array(2.)", "convert it with float(…)"),
    (lambda: v() * np.True_, TypeError, "True", "convert it with float(…)"),
    (lambda: Value(np.complex64(1j)), TypeError, "(complex64)", ".real or .imag"),
    (lambda: Value(number for number in [1.0]), TypeError, "(generator)", "one number at a time"),
    (lambda: v() * abs, TypeError, "abs", "call it"),
    (lambda: v() % 2, TypeError, "Value(2.0, 'v')", "v.data % 2"),
    (lambda: 7 // v(), TypeError, "Value(2.0, 'v')", "v.data % 2"),
    (lambda: 0 ** v(), ValueError, "(0)**(v=2)", "a base above 0"),
    (lambda: Value(2.0, (), "+"), TypeError, "()", "as in a + b"),
    (lambda: Value(2.0, 3), TypeError, "a label is a text, but got 3", "as in a + b"),
    (lambda: v()._prev, AttributeError, "_prev", "is called inputs here"),
    (lambda: v()._op, AttributeError, "_op", "is called operation here"),
    (lambda: math.exp(v()), TypeError, "Value(2.0, 'v')", "exp(v)"),
    (lambda: float(v()), TypeError, "Value(2.0, 'v')", "v.data"),
    (lambda: int(v()), TypeError, "Value(2.0, 'v')", "v.data"),
    (lambda: bool(v()), TypeError, "Value(2.0, 'v')", "v.data != 0"),
    (lambda: v() ** "2", TypeError, "'2' (str)", "float(…)"),
    (lambda: v() + "2", TypeError, "'2' (str)", "float(…)"),
    (lambda: v() < "2", TypeError, "'2' (str)", "float(…)"),
    (lambda: v() * (v(),), TypeError, "(Value(2.0, 'v'),) (tuple)", "a stray comma"),
    (lambda: sigmoid((v(),)), TypeError, "(Value(2.0, 'v'),) (tuple)", "a stray comma"),
    (lambda: log(zero()), ValueError, "log(zero=0)", "keep its input above 0"),
    (lambda: below().log(), ValueError, "log(below=-8)", "keep its input above 0"),
    (lambda: log(-1.0), ValueError, "log(-1)", "keep its input above 0"),
    (lambda: below().sqrt(), ValueError, "sqrt(below=-8)", "keep its input above 0"),
    (lambda: zero().sqrt(), ZeroDivisionError, "sqrt(zero=0)", "keep its inputs away from there"),
    (lambda: v() / zero(), ZeroDivisionError, "divide(v=2, zero=0)", "keep the divisor away from 0"),
    (lambda: v() / 0, ZeroDivisionError, "divide(v=2, 0)", "keep the divisor away from 0"),
    (lambda: 1 / zero(), ZeroDivisionError, "divide(1, zero=0)", "keep the divisor away from 0"),
    (lambda: zero() ** -1, ValueError, "(zero=0)**-1", "0 needs an exponent of 0 or more"),
    (lambda: power(0.0, -1.0), ValueError, "(0)**-1", "0 needs an exponent of 0 or more"),
    (lambda: below() ** 0.5, ValueError, "(below=-8)**0.5", "a negative base a whole number"),
    (lambda: below() ** v(), ValueError, "(below=-8)**(v=2)", "a base above 0"),
    (lambda: (-2) ** v(), ValueError, "(-2)**(v=2)", "a base above 0"),
    (lambda: exp(Value(1000, "big")), OverflowError, "exp(big=1000)", "make its inputs smaller"),
    (lambda: Value(1e300, "a") * 1e300, OverflowError, "multiply(a=1e+300, 1e+300)", "make its inputs smaller"),
    (lambda: Value(1e200, "a") ** 2, OverflowError, "(a=1e+200)**2", "make its inputs smaller"),
    (lambda: v() + math.nan, ValueError, "nan is not a number", "find out where it came from"),
    (lambda: math.inf * v(), ValueError, "inf is not a number", "find out where it came from"),
    (
        lambda: Operation("pair", lambda a, b: a * b, lambda out, a, b: (b,))(v(), v()),
        TypeError,
        "pair",
        "one derivative for each of its 2",
    ),
    (
        lambda: Operation("bare", lambda a: a * a, lambda out, a: 2 * a)(v()),
        TypeError,
        "bare",
        "mind the comma in (slope,)",
    ),
    (
        lambda: Operation("pole", lambda x: 1 / (x - 2), lambda out, x: (-out * out,))(v()),
        ZeroDivisionError,
        "pole(v=2)",
        "can't be computed",
    ),
    (lambda: sigmoid(v(), v()), TypeError, "sigmoid takes 1 input, but was given 2", "sigmoid(z)"),
    (lambda: add(1.0), TypeError, "add takes 2 inputs, but was given 1", "add(a, b)"),
    (lambda: dot(v(), v()), TypeError, "dot takes two lists, but got Value(2.0, 'v')", "into a list"),
    (lambda: dot([v()], [1, 2]), ValueError, "1 and 2", "compare the two lists"),
    (lambda: neuron()([1, 2]), ValueError, "3 weights but got 2 inputs:", "one for each weight"),
    (lambda: neuron().predict([1, 2]), ValueError, "3 weights but got 2 inputs:", "one for each weight"),
    (lambda: neuron()(v()), TypeError, "Value(2.0, 'v')", "neuron([x1, x2])"),
    (lambda: neuron()(np.ones((3, 2))), TypeError, "array([1., 1.])", "one number at a time"),
    (lambda: Network([2, 3, 1])([1.0]), ValueError, "2 weights but got 1 input:", "one for each weight"),
    (lambda: Neuron([], 1), ValueError, "at least one weight", "one for each input"),
    (lambda: Neuron.random(0), ValueError, "got 0", "above 0"),
    (lambda: Layer([]), ValueError, "at least one neuron", "pass a list"),
    (lambda: Layer([Neuron([1], 0), neuron()]), ValueError, "[1, 3] weights", "all take the same inputs"),
    (lambda: Network([3]), ValueError, "[3]", "Network([64, 30, 10])"),
    (lambda: Network([3, 0]), ValueError, "[3, 0]", "Network([64, 30, 10])"),
    (lambda: Network([3, 2.5]), ValueError, "[3, 2.5]", "Network([64, 30, 10])"),
    (lambda: Network(5), ValueError, "5", "Network([64, 30, 10])"),
    (lambda: Network.of([]), ValueError, "at least one layer", "pass a list"),
    (lambda: Network.of([Layer([neuron()]), Layer([neuron()])]), ValueError, "3 weights", "as many weights as"),
    (lambda: GradientDescent(neuron().parameters(), 0.1).step(), RuntimeError, "'w1'", "backward()"),
    (lambda: GradientDescent([], 0.1), ValueError, "a list of at least one Value, but got []", "network.parameters()"),
    (lambda: GradientDescent(v(), 0.1), TypeError, "a list of at least one Value, but got Value(2.0, 'v')", "[w, b]"),
    (lambda: GradientDescent([v()], -1), ValueError, "-1", "above 0"),
    (lambda: GradientDescent([v()], math.inf), ValueError, "inf", "0.1"),
    (lambda: GradientDescent([v()], "1"), TypeError, "'1'", "try 0.1"),
    (lambda: squared_error([v()], [1, 2]), ValueError, "there are 1 and 2", "one target for each"),
    (lambda: cross_entropy(v(), 1), TypeError, "Value(2.0, 'v')", "sigmoid as the output activation"),
    (lambda: softmax_cross_entropy([], []), ValueError, "at least one, but there are 0 and 0", "one target for each"),
    (lambda: gradients((v(),), [v()]), TypeError, "(Value(2.0, 'v'),)", "one by one"),
    (lambda: gradients(v(), v()), TypeError, "Value(2.0, 'v')", "gradients(y, [x])"),
    (lambda: gradients(v(), [2.0]), TypeError, "2.0", "gradients(y, [x])"),
    (lambda: nudge(v(), {}), ValueError, "at least one, but got {}", "nudge(output, {w: 0.01})"),
    (lambda: nudge(v(), {v() * 2: 1.0}), ValueError, "Value(4.0)", "nudge the leaves"),
    (lambda: nudge(w := v(), {w: "1"}), TypeError, "'1'", "nudge(output, {w: 0.01})"),
    (lambda: steps(3), TypeError, "the output must be a Value, but got 3", "Value(…)"),
    (lambda: explain(3, wrt=4), TypeError, "the output must be a Value, but got 3", "Value(…)"),
    (lambda: explain(v() * v(), wrt=[v()]), TypeError, "wrt must be a Value, but got [Value(2.0, 'v')]", "one by one"),
    (lambda: explore(3), TypeError, "the output must be a Value or a function, but got 3", "pass a Value"),
    (lambda: explore(v() * v(), path="a.txt"), ValueError, "'a.txt'", ".html"),
    (lambda: live(3), TypeError, "the output must be a Value, but got 3", "Value(…)"),
    (lambda: live(v()), ValueError, "Value(2.0, 'v') is a leaf", "pass what is computed from it"),
    (lambda: formula(3), TypeError, "what is written must be a Value, but got 3", "Value(…)"),
    (lambda: latex("x"), TypeError, "what is written must be a Value, but got 'x'", "Value(…)"),
    (lambda: write_whole(".", ""), IsADirectoryError, "'.' is a directory", "name a file in it"),
    (lambda: write_whole("no/such/file", ""), FileNotFoundError, "'no/such'", "make it first"),
    (lambda: require_writable("."), IsADirectoryError, "'.' is a directory", "name a file in it"),
    (lambda: require_writable("no/such/file"), FileNotFoundError, "'no/such'", "make it first"),
    (lambda: require_writable("a" * 300), OSError, "aaa' can't be written (", "elsewhere"),
    (lambda: write_whole("a" * 300, ""), OSError, "aaa' can't be written (", "elsewhere"),
    (
        lambda: train(neuron(), []),
        ValueError,
        "samples must be a list of samples, but got []",
        "pairs (inputs, targets)",
    ),
    (lambda: train(neuron(), [([1, 2, 3], 1)], batch=0), ValueError, "0", "at least 1"),
    (lambda: train(neuron(), [([1, 2, 3], 1)], epochs=-1), ValueError, "epochs", "for instance 30"),
]


@pytest.mark.parametrize(("mistake", "kind", "thing", "cure"), MISTAKES)
def test_the_message_names_the_thing_and_the_cure(
    mistake: Callable[[], Any], kind: type[Exception], thing: str, cure: str
) -> None:
    with pytest.raises(kind) as raised:
        mistake()
    message = str(raised.value)
    assert thing in message
    assert cure in message
    assert "\n" not in message


def test_a_leaf_refuses_what_is_no_finite_number_and_keeps_its_own() -> None:
    x = v()
    y = x * x
    for given, error in (("3", TypeError), (math.nan, ValueError), (math.inf, ValueError), (2**53 + 1, OverflowError)):
        with pytest.raises(error, match=str(given)):
            x.data = given
    with pytest.raises(ValueError, match=r"Value\(4.0\) is computed from other values: change the leaves"):
        y.data = 5.0
    y.backward()
    assert (x.data, y.data, x.grad) == (2.0, 4.0, 4.0)


def test_an_infinite_gradient_is_not_stepped_along() -> None:
    w = Value(1e-160, "w")
    steep = 1e-160 / w
    (1e160 * steep).backward()
    assert w.grad == -math.inf
    with pytest.raises(ArithmeticError, match=r"'w'.*smaller learning rate"):
        GradientDescent([w], 0.1).step()
    assert w.data == 1e-160


def test_an_error_inside_a_rule_of_ones_own_is_passed_on() -> None:
    broken = Operation("broken", lambda x: x + missing, lambda out, x: (1.0,))  # type: ignore[name-defined]  # noqa: F821
    with pytest.raises(NameError, match="missing"):
        broken(v())


def test_an_operation_that_no_module_holds_can_not_be_pickled() -> None:
    import pickle

    nameless = Operation("nameless", lambda x: x, lambda out, x: (1.0,))
    with pytest.raises(TypeError, match=r"'nameless'.*at the top level of a module"):
        pickle.dumps(nameless(v()))


def test_an_operation_whose_derivatives_are_imported_is_told_where_it_must_stand() -> None:
    import pickle

    borrowed = Operation("borrowed", lambda x: 2.0 * x, derivatives_of_double)
    derivatives_of_double.__module__ = "elsewhere"
    with pytest.raises(
        TypeError, match=r"'borrowed'.*elsewhere has no.*at the top level of a module, and its derivatives there"
    ):
        pickle.dumps(borrowed(v()))


def derivatives_of_double(out: Any, x: Any) -> tuple[Any, ...]:
    return (2.0,)


@pytest.mark.parametrize("given", [(1.0, 2.0, 3.0), (Value(1.0), 2.0, 3.0)])
@pytest.mark.parametrize("operation", [dot_product, half_squared_distance], ids=lambda operation: operation.name)
def test_pairs_need_an_even_number_of_inputs(operation: Operation, given: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=rf"{operation.name}\(1, 2, 3\) is not defined: give as many"):
        operation(*given)


def test_an_operation_gives_a_float_or_says_what_its_rule_gave() -> None:
    whole = Operation("whole", lambda x: 1, lambda out, x: (0.0,))
    assert type(whole(1.0)) is type(whole(2)) is float
    with pytest.raises(TypeError, match=r"None \(NoneType\) is not a real number: "):
        Operation("nothing", lambda x: None, lambda out, x: (0.0,))(1.0)


# -- Files -------------------------------------------------------------------------------------------------------------

WHOLE = '{"kind": "Neuron", "weights": [1.0, 2.0], "bias": 0.5, "activation": "sigmoid"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"it holds no JSON \(Expecting value.*\): load a file that save has written"),
        (WHOLE[:40], "Unterminated|Expecting"),
        ("[]", "it holds a list where save writes an object, {…}"),
        ("3", "int"),
        (WHOLE.replace("Neuron", "Perceptron"), "it holds a Perceptron: load it with Perceptron.load"),
        (f'{{"kind": "Layer", "parts": [{WHOLE}]}}', "it holds a Layer: load it with Layer.load"),
        (WHOLE.replace("Neuron", "Network"), "'parts' is missing"),
        (WHOLE.replace(', "activation": "sigmoid"', ""), "'activation' is missing"),
        (WHOLE.replace('"kind": "Neuron", ', ""), "'kind' is missing"),
        (WHOLE.replace('"bias": 0.5, ', ""), "'bias' is missing"),
        (WHOLE.replace("[1.0, 2.0]", "[]"), "at least one weight"),
        (WHOLE.replace("[1.0, 2.0]", '["a", "b"]'), "'a'"),
        (WHOLE.replace("[1.0, 2.0]", "5"), "a list of at least one weight, but got 5"),
        (WHOLE.replace("[1.0, 2.0]", "[NaN]"), "nan"),
        (WHOLE.replace("[1.0, 2.0]", "[Infinity]"), "inf"),
        (WHOLE.replace("sigmoid", "swish"), r"'swish' is unknown here: pass it as activations=\[…\]"),
        ("[" * 100_000, "is no saved Neuron"),
    ],
)
def test_a_file_that_can_not_be_loaded_is_named_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "neuron.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=said) as raised:
        Neuron.load(path)
    assert str(path) in str(raised.value)


def test_a_file_of_bytes_is_named(tmp_path: Path) -> None:
    path = tmp_path / "neuron.json"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match=r"neuron\.json is no saved Neuron"):
        Neuron.load(path)


@pytest.mark.parametrize(
    "damage",
    [
        ('"Neuron"', '"Person"'),
        ('"parts"', '"floors"'),
        ('"parts": [', '"parts": [7, '),
        ('"Neuron"', '"Layer"'),
        ('"Network"', '"Layer"'),
    ],
)
def test_a_damaged_network_is_named(tmp_path: Path, damage: tuple[str, str]) -> None:
    path = tmp_path / "network.json"
    Network([2, 2, 1], seed=0).save(path)
    path.write_text(path.read_text().replace(*damage, 1))
    with pytest.raises(ValueError, match=r"network\.json is no saved Network"):
        Network.load(path)


def test_layers_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    network = Network([2, 2, 1], seed=0)
    network.layers[1].neurons[0].weights.pop()
    network.save(path)
    with pytest.raises(ValueError, match="a layer of 2 neurons can't feed neurons with 1 weights"):
        Network.load(path)


def test_pytest_shows_the_line_of_the_caller_and_the_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tinygrad_sigmoid import Neuron, Value, squared_error

        def test_domain():
            Value(0.0, "x").log()

        def test_count():
            Neuron([1, 2], 0)([1])
        """
    )
    shown = pytester.runpytest("-p", "no:cacheprovider").stdout.str()
    assert shown.count("E       ValueError") == 2
    assert "arithmetic.py" not in shown
    assert "value.py" not in shown
    assert "neuron.py" not in shown


def test_a_rule_must_be_a_function_whose_inputs_can_be_counted() -> None:
    with pytest.raises(
        TypeError,
        match=r"derivatives must be a function whose inputs can be counted, but got functools.*: wrap it",
    ):
        Operation("partly", lambda x: x, partial(lambda out, x: (1.0,)))
    with pytest.raises(TypeError, match=r"derivatives must be a function of the output, .*: write lambda"):
        Operation("nothing", lambda: 1.0, lambda: ())
    scaled = Operation("scaled", lambda x, k=2.0: k * x, lambda out, x, k=2.0: (k,))
    assert (scaled.arity, scaled.input_names, scaled(3.0)) == (1, ("x",), 6.0)


def test_a_mistake_inside_a_rule_is_shown_as_it_is() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        Operation("spoilt", lambda x: x, lambda out, x: (None * x,))(v())
    with pytest.raises(ValueError, match=r"decoded.v=2. can't be computed"):
        Operation("decoded", lambda x: b"\xff".decode(), lambda out, x: (1.0,))(v())


@pytest.mark.parametrize("wrong", ["a", np.array([1.0, 2.0]), 10**400, math.inf])
def test_an_operand_that_is_no_number_is_named_once(wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)) as raised:
        v() * wrong
    assert raised.value.__suppress_context__
