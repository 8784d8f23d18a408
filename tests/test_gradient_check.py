"""The gradient check: never wrong about what is right, and it names what is wrong."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import mpmath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import (
    Network,
    Operation,
    Value,
    absolute,
    dot,
    exp,
    gradients,
    heaviside,
    maximum,
    minimum,
    relu,
    sigmoid,
    sin,
    sqrt,
    squared_error,
    tanh,
)
from tinygrad_sigmoid.course.exhibits import EXHIBITS, Ledger
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.operations import TABLE, dot_product, fixed_power
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, check_operation, planted_bug
from tinygrad_sigmoid.testing.exact import IN_DECIMALS, Exact, digits
from tinygrad_sigmoid.testing.slopes import extrapolated
from tinygrad_sigmoid.testing.strategies import graphs

softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
opaque_sine = Operation("opaque_sine", math.sin, lambda out, x: (math.cos(x),))


def mismatch_of(checked: Any, *at: float, **options: Any) -> GradientMismatch:
    with pytest.raises(GradientMismatch) as caught:
        check_gradients(checked, *at, **options)
    return caught.value


def neuron(w: Any, x: Any, b: Any) -> Any:
    return sigmoid(w * x + b)


def diamond(x: Any) -> Any:
    y = 3 * x
    a, b = 2 * y, 5 * y
    if isinstance(y, Value):
        y.label, a.label, b.label = "y", "a", "b"
    return a + b


# -- Right graphs pass ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@settings(max_examples=150)
@given(graphs())
def test_the_gradients_of_any_graph_are_proven(output: Value) -> None:
    check_gradients(output)


@settings(max_examples=25)
@given(graphs(numbers=st.floats(0.1, 2), max_operations=4))
def test_so_are_the_derivatives_of_the_derivatives(output: Value) -> None:
    check_gradients(output, order=2)


@pytest.mark.parametrize("at", [0.0, 5e-324, -1e-300, 1e-17, -13.0, 30.0, 37.0, -745.0, 800.0, 1e10, -1e300])
@pytest.mark.parametrize("name", ["sigmoid", "log_sigmoid", "softplus", "tanh", "relu", "absolute", "heaviside"])
def test_an_operation_is_right_from_the_smallest_numbers_to_the_largest(name: str, at: float) -> None:
    assert check_operation(TABLE[name], at, order=1).worst_ulp < 8


def test_a_network_is_proven() -> None:
    certificate = check_gradients(squared_error(Network([3, 4, 2], seed=1)([0.1, -0.2, 0.3]), [0.0, 1.0]))
    assert certificate.unresolved == certificate.kinks == []
    assert certificate.leaves == 26
    assert certificate.worst_leaf < 0.5


def test_at_a_kink_any_slope_between_the_sides_is_right_and_that_is_said() -> None:
    for slope in (0.0, 0.3, 1.0):
        with planted_bug(relu, derivatives=lambda out, x, slope=slope: (slope,)):
            assert check_gradients(relu(Value(0.0, "x"))).kinks == ["∂relu/∂x at (0)"]
    for slope in (-0.001, 1.001):
        with planted_bug(relu, derivatives=lambda out, x, slope=slope: (slope,)):
            assert mismatch_of(relu(Value(0.0, "x"))).operation is relu


def test_a_jump_has_a_word_of_its_own() -> None:
    certificate = check_gradients(heaviside(Value(0.0, "x")))
    assert (certificate.jumps, certificate.kinks) == (["∂heaviside/∂x at (0)"], [])
    assert "at a jump, where there is no slope, and that of one side is taken: ∂heaviside/∂x at (0)" in str(certificate)
    for kinked in (absolute(Value(0.0)), relu(Value(0.0)), maximum(Value(2.0), Value(2.0)), minimum(Value(-3.0), -3.0)):
        certificate = check_gradients(kinked)
        assert certificate.kinks
        assert not certificate.jumps


def test_the_verdict_counts_what_is_unresolved() -> None:
    assert str(check_gradients(neuron, 0.6, 1.0, 0.9, order=2)).startswith("the gradients are right\n")
    certificate = check_gradients(lambda x: relu(x) * x, 0.0, order=2)
    nested = sum(len(inner.unresolved) for inner in certificate.derivatives.values())
    assert nested
    assert certificate.verdict == f"nothing wrong found; {len(certificate.unresolved) + nested} points unresolved"


def test_an_operation_of_ones_own_is_checked_as_exactly_as_a_built_in_one() -> None:
    assert check_operation(softsign, 3.0).worst_ulp < 1
    with planted_bug(softsign, scale=1 + 1e-13):
        assert mismatch_of(softsign(Value(3.0))).operation is softsign


def test_one_that_takes_floats_only_is_checked_by_differences_or_said_to_be_unresolved() -> None:
    assert check_gradients(opaque_sine(Value(1.0))).local_derivatives == 1
    with planted_bug(opaque_sine, scale=1.001):
        assert "1.001 times" in mismatch_of(opaque_sine(Value(1.0))).culprit
    coarse = Operation("coarse", lambda x: float(round(x * 1e4)) / 1e4, lambda out, x: (1.0,))
    certificate = check_gradients(coarse(Value(1.23456)))
    assert certificate.local_derivatives == 0
    assert "differences of floats are too coarse" in certificate.unresolved[0]


@pytest.mark.parametrize("at", [1e10, 3.8e50, -1e300])
def test_a_wave_that_floats_are_too_coarse_for_is_unresolved(at: float) -> None:
    certificate = check_operation(opaque_sine, at, order=1)
    assert certificate.local_derivatives == 0
    assert "differences of floats are too coarse" in certificate.unresolved[0]
    assert check_operation(sin, at, order=1).local_derivatives == 1


def test_nothing_in_the_graph_is_changed() -> None:
    x = Value(2.0, "x")
    output = diamond(x)
    output.backward()
    before = [(value.data, value.grad) for value in topological_order(output)]
    check_gradients(output, order=2)
    assert before == [(value.data, value.grad) for value in topological_order(output)]


def test_an_infinity_on_the_way_to_a_finite_gradient_is_unresolved() -> None:
    x = Value(0.1, "x")
    certificate = check_gradients(x * -1.5e308 + x * 1e308 + x * 1e308)
    assert "the gradient of x: what its uses contribute is too large for a float" in certificate.unresolved
    assert check_gradients(x * 1e308 + x * 7e307).unresolved == []  # a second pass alone goes beyond all bounds


# -- The judge ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("operation", IN_DECIMALS, ids=lambda operation: operation.name)
@given(x=st.floats(1e-300, 300), y=st.floats(-3, 3))
def test_elementary_functions_have_all_their_digits(operation: Operation, x: float, y: float) -> None:
    theirs = {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
        "negate": operator.neg,
        "absolute": abs,
        "general_power": mpmath.power,
        "fixed_power": mpmath.power,
    }
    numbers = [x, y or 1.0][: operation.arity]
    with localcontext(digits(50)), mpmath.workdps(700):
        function = theirs.get(operation.name) or getattr(mpmath, operation.name)
        true = Decimal(mpmath.nstr(function(*map(mpmath.mpf, numbers)), 60))
        ours = Exact.record(operation, numbers).number
        assert abs(ours - true) <= abs(true) * Decimal("1e-45")


@given(st.floats(-5, 5))
@example(5e-324)
@example(-1e-310)
def test_extrapolated_differences_know_how_far_they_are_off(x: float) -> None:
    slope, uncertain = extrapolated(lambda x: math.sin(3 * x) * math.exp(x), x)
    true = math.exp(x) * (3 * math.cos(3 * x) + math.sin(3 * x))
    assert abs(slope - true) <= 10 * uncertain
    assert uncertain < 1e-6 * math.exp(x)


# -- Wrong ones are caught, and the culprit is named -----------------------------------------------------------------

POINTS: dict[str, list[float]] = {
    "fixed_power": [1.3, 3.0],
    "dot_product": [0.5, -1.5, 2.0, 0.7],
    "general_power": [1.7, 2.3],
    "minimum": [0.7, 1.9],
}
BUGS: dict[str, dict[str, Any]] = {
    "scaled": {"scale": 1.01},
    "scaled a little": {"scale": 1 + 1e-12},
    "of the wrong sign": {"sign": True},
    "dropped": {"drop": 1},
}


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("name", [name for name in TABLE if name != "heaviside"])
def test_a_planted_bug_is_found_and_named(name: str, bug: str) -> None:
    operation = TABLE[name]
    at = POINTS.get(name) or [1.9, 0.7][: operation.arity]
    inputs: list[Any] = [Value(number) for number in at]
    if operation is fixed_power:
        inputs[1] = at[1]
    with planted_bug(operation, **BUGS[bug]):
        output = sigmoid(operation(*inputs) * 0.25 + 1.0)
    found = mismatch_of(output)
    assert found.operation is operation
    assert f"the rule of {name} is wrong" in str(found)


def test_a_wrong_sign_shows_where_the_derivative_is_small() -> None:
    with planted_bug("sigmoid", sign=True):
        assert "of the wrong sign" in mismatch_of(sigmoid, -13.0).culprit


def test_a_rule_that_loses_digits_is_told_from_one_that_is_wrong() -> None:
    with planted_bug("sigmoid", derivatives=lambda out, z: (out * (1 - out),)):
        assert check_gradients(sigmoid, 2.0).worst_ulp < 8
        assert "right on paper, but written so that it loses digits" in mismatch_of(sigmoid, 30.0).culprit


@pytest.mark.parametrize("forward", [lambda x: 2 * x, math.sin], ids=["exact", "opaque"])
def test_a_derivative_that_is_no_number_is_wrong(forward: Callable[[float], float]) -> None:
    found = mismatch_of(Operation("lost", forward, lambda out, x: (math.nan,))(Value(1.0, "x")))
    assert found.culprit == "the rule of lost is wrong: ∂lost/∂x is nan instead of a number"


def test_what_only_rounding_defines_is_unresolved() -> None:
    edge = Operation("edge", lambda x: (x - 1e-30 - 1.0) ** 0.5, lambda out, x: (1.0,))
    certificate = check_gradients(edge(Value(1.0, "x")))
    assert "its slope does not settle" in certificate.unresolved[0]


def test_swapped_derivatives_are_called_so() -> None:
    with planted_bug("multiply", swap=True):
        assert "are the derivatives in the order of the inputs?" in mismatch_of(neuron, 0.6, 2.0, 0.9).culprit


def test_a_rule_composed_of_a_wrong_one_is_innocent() -> None:
    with planted_bug("exp", forward=lambda x: 1.01 * math.exp(x)):
        found = mismatch_of(neuron, 0.6, 1.0, 0.9)
    assert found.operation is exp
    assert found.culprit == "the forward of exp is wrong: it gives 1.01 times the true one"


@pytest.mark.parametrize(
    ("exhibit", "culprit"),
    [
        ("naive recursion", "order: y propagated its gradient 2 times, each time all it had so far"),
        (
            "depth first, visited set",
            "order: y propagated its gradient before all its uses had been accumulated (1 of 2)",
        ),
        ("depth first, stack", "order: y propagated its gradient before all its uses had been accumulated (1 of 2)"),
        (
            "post-order, not reversed",
            "order: b and a propagated their gradients before any of their uses had been accumulated",
        ),
        ("= for +=", "accumulation: of the 2 uses of y only the last was kept: `=` for `+=`, or a set for a list?"),
    ],
)
def test_the_famous_wrong_algorithms_are_recognised(exhibit: str, culprit: str) -> None:
    [algorithm] = [found for found in EXHIBITS if found.name == exhibit]

    def backward(output: Value) -> Ledger:
        gradients = Ledger()
        algorithm.run(output, gradients)
        return gradients

    assert mismatch_of(diamond, 2.0, backward=backward).culprit == culprit


def reset(output: Value, values: Callable[[Value], bool]) -> None:
    for value in topological_order(output):
        if values(value):
            value.grad = None


def test_a_second_pass_must_not_find_what_the_first_one_left() -> None:
    def forgets_to_reset(output: Value) -> None:
        output.grad = 1.0
        for value in reversed(topological_order(output)):
            for used, local in zip(value.inputs, value.local_derivatives, strict=True):
                used.grad = (used.grad or 0.0) + (value.grad or 0.0) * local

    assert mismatch_of(lambda x: x * x * x, 3.0, backward=forgets_to_reset).culprit.startswith("two passes: ")

    def replaces(output: Value) -> None:
        reset(output, lambda value: True)
        output.backward()

    assert "grow" in mismatch_of(lambda x: x * x * x, 3.0, backward=replaces).culprit


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda gradients, leaf: gradients.pop(leaf), ""),
        (lambda gradients, leaf: gradients.update({leaf: None}), "no gradient of x was computed"),
        (lambda gradients, leaf: gradients.update({leaf: math.nan}), "the gradient of x is nan"),
        (lambda gradients, leaf: gradients.update({leaf: -gradients[leaf]}), "wrong sign"),
        (lambda gradients, leaf: gradients.update({leaf: gradients[leaf] * 1.5}), "1.5 times the true one"),
    ],
)
def test_a_spoiled_gradient_is_described(spoil: Callable[..., Any], words: str) -> None:
    x = Value(2.0, "x")
    output = diamond(x)

    def backward(output: Value) -> dict[Value, float | None]:
        output.backward()
        gradients = {value: value.grad for value in topological_order(output)}
        reset(output, lambda value: True)
        spoil(gradients, x)
        return gradients

    if not words:  # a gradient that was not given is no mismatch
        check_gradients(output, backward=backward)
    else:
        assert words in mismatch_of(output, backward=backward).culprit


def test_a_right_gradient_that_is_too_large_for_a_float_is_infinite() -> None:
    x = Value(0.1, "x")
    found = mismatch_of(x * -1e308 + x * -1e308, backward=lambda output: dict.fromkeys(topological_order(output), 1.0))
    assert (found.got, found.true) == (1.0, -math.inf)


def test_data_changed_after_recording_is_seen_and_the_leaf_named() -> None:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    product = x * y
    x.data = 2.5
    found = mismatch_of(product)
    assert "data changed after recording" in found.culprit
    assert "was x or y changed" in found.culprit


def test_a_backward_that_changes_data_is_caught_and_undone() -> None:
    def spoils(output: Value) -> None:
        output.backward()
        output.inputs[0].data += 1.0

    x = Value(2.0, "x")
    assert mismatch_of(x * x, backward=spoils).culprit == "backward changed the data of x"
    assert x.data == 2.0


def test_a_function_that_looks_at_what_it_is_given_is_seen() -> None:
    found = mismatch_of(lambda x: exp(x) if isinstance(x, Value) else 1.0, 1.0)
    assert "one number on Values and another on floats" in found.culprit


def test_gradients_and_the_backward_pass_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygrad_sigmoid.testing import checking

    monkeypatch.setattr(checking, "gradients", lambda output, wrt: [2.0 * g for g in gradients(output, wrt)])
    x = Value(3.0, "x")
    assert "gradients() and the backward pass differ about x" in mismatch_of(x * x, order=2).culprit


def test_a_number_frozen_in_a_gradient_is_seen() -> None:
    frozen = {"derivatives": lambda out, x: (getattr(out, "data", out),)}  # right here, and a constant to gradients()
    with planted_bug("exp", **frozen):
        assert "is a number frozen in it?" in mismatch_of(lambda x: exp(x) * 2.0, 0.5, order=2).culprit


def test_end_to_end_is_a_judge_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygrad_sigmoid.testing import checking

    def check_backward(output: Value, *unused: Any) -> dict[Value, float]:
        output.backward()
        return {value: (value.grad or 0.0) * (1 + 1e-9) for value in topological_order(output)}

    monkeypatch.setattr(checking, "check_backward", check_backward)
    assert mismatch_of(neuron, 0.6, 1.0, 0.9).culprit.startswith("end to end: the gradient of w")


# -- What is said ------------------------------------------------------------------------------------------------------


def test_a_message_tells_the_story_and_pastes() -> None:
    with planted_bug("multiply", scale=1.01):
        found = mismatch_of(neuron, 0.6, 1.0, 0.9)
    assert str(found) == (
        "the rule of multiply is wrong: ∂multiply/∂w is 1.01 times the true one\n"
        "    got      1.01\n"
        "    true     1.0\n"
        "    error    4.5e+13 ulp (units of the last place), allowed 64\n"
        "    from tinygrad_sigmoid import Value, multiply\n"
        "    w = Value(0.6, 'w')\n"
        "    x = Value(1.0, 'x')\n"
        "    v1 = multiply(w, x)  # <- here"
    )
    names: dict[str, Any] = {}
    exec(found.code, names)
    assert names["v1"].data == 0.6


@given(graphs(max_operations=8))
def test_the_code_of_any_graph_records_the_same_again(output: Value) -> None:
    names: dict[str, Any] = {}
    lines = GradientMismatch("", output, got=None, shown=computed(output)).code
    exec(lines, names)
    assert names[lines.splitlines()[-1].split(" = ")[0]].data == output.data


def test_a_long_graph_is_cut_in_the_message_only() -> None:
    x = Value(1.0, "x")
    output = sum((x * float(k) for k in range(1, 40)), start=x)

    def backward(output: Value) -> dict[Value, float]:
        return dict.fromkeys(topological_order(output), 1.0)

    found = mismatch_of(output, backward=backward)
    assert len(str(found).splitlines()) < 25
    assert "lines more in .code" in str(found)
    assert len(found.code.splitlines()) > 70


def test_the_picture_marks_the_bad_value_and_edge() -> None:
    with planted_bug("multiply", scale=1.01):
        drawn = mismatch_of(neuron, 0.6, 1.0, 0.9).draw().source.splitlines()
    [edge] = [line for line in drawn if "n0 -> n2" in line]
    assert "got 1.01, true 1" in edge
    assert "penwidth=4" in edge
    x = Value(3.0, "x")
    product = x * x
    product._data = 7.0
    assert "got 7, true 9" in mismatch_of(product).draw().source


def test_pytest_shows_the_call_and_none_of_our_frames(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from tinygrad_sigmoid import sigmoid
        from tinygrad_sigmoid.testing import check_gradients, planted_bug

        def test_neuron():
            with planted_bug("sigmoid", sign=True):
                check_gradients(sigmoid, -13.0)
        """
    )
    outcome = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    outcome.stdout.fnmatch_lines(["E *GradientMismatch: the rule of sigmoid is wrong: * is of the wrong sign"])
    outcome.stdout.no_fnmatch_line("*checking.py*")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: check_gradients(lambda x: 2.0, 1.0), "no graph was recorded"),
        (lambda: check_gradients(Value(1.0), 1.0), "a recorded graph has its numbers already"),
    ],
)
def test_wrong_arguments_are_explained(wrong: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("bug", "message"),
    [
        ({}, "plant exactly one bug"),
        ({"sign": True, "scale": 2.0}, "plant exactly one bug"),
        ({"drop": 3}, "drop must be a whole number of at least 1 and at most 2, but got 3: "),
    ],
)
def test_a_bug_that_cant_be_planted_is_explained(bug: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message), planted_bug("multiply", **bug):
        Value(1.0) * 2


def test_a_planted_bug_is_gone_afterwards_even_after_an_error() -> None:
    before = dot_product.derivatives, dot_product.forward
    with pytest.raises(KeyError), planted_bug(dot_product, sign=True):
        raise KeyError
    assert (dot_product.derivatives, dot_product.forward) == before
    with pytest.raises(ValueError, match="'sinus' is not in the table"), planted_bug("sinus", sign=True):
        pass


def test_small_things() -> None:
    assert check_gradients(Value(3.0, "x")).values == 0
    assert check_gradients(lambda a, b: maximum(a, b) + sqrt(a), 2.0, 2.0).kinks
    assert check_gradients(lambda *xs: tanh(xs[0] * xs[1]), 0.5, 2.0).leaves == 2
    assert check_gradients(lambda x: x.exp(), 1.0).values == 1


def test_the_rounding_of_two_results_is_not_taken_to_cancel() -> None:
    x = Value(3.111319162516345, "x")
    squares = dot([x, x, x], [x, x, x])
    assert check_gradients(relu(tanh(dot([squares, squares], [x, x])))).leaves == 1
