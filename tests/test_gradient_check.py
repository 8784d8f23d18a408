"""The gradient check: never wrong about what is right, and it names what is wrong."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_mismatch import mismatch_of
from wrong_backwards import adds_everywhere, replaces_leaves

from tinygrad_sigmoid import (
    Network,
    Operation,
    Value,
    absolute,
    dot,
    exp,
    gradients,
    heaviside,
    log,
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
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import TABLE, dot_product, fixed_power
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, check_operation, checking, planted_bug
from tinygrad_sigmoid.testing.differences import extrapolated
from tinygrad_sigmoid.testing.strategies import graphs
from tinygrad_sigmoid.testing.wrong_passes import titled

softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
opaque_sine = Operation("opaque_sine", lambda x: math.sin(x.hex() and x), lambda out, x: (math.cos(x),))


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
    assert certificate.unresolved == certificate.kinks == certificate.losses == []
    assert "26 leaves: moved, the output moves as the gradients say, to 18 digits" in certificate.proven


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
    certificate = check_gradients(lambda x: relu(x) - relu(-x), 0.0, order=2)
    assert certificate.unresolved
    points = sum(len(inner.unresolved) for inner in certificate.walk())
    assert certificate.verdict == f"nothing wrong found; {points} point{'s' * (points > 1)} unresolved"


def test_an_operation_of_ones_own_is_checked_as_exactly_as_a_built_in_one() -> None:
    assert check_operation(softsign, 3.0).worst_ulp < 1
    with planted_bug(softsign, scale=1 + 1e-10):
        assert mismatch_of(softsign(Value(3.0))).operation is softsign


def test_one_that_takes_floats_only_is_checked_by_differences_or_said_to_be_unresolved() -> None:
    assert check_gradients(opaque_sine(Value(1.0))).unresolved == []
    with planted_bug(opaque_sine, scale=1.001):
        assert "1.001 times" in mismatch_of(opaque_sine(Value(1.0))).culprit
    coarse = Operation("coarse", lambda x: float(round(x * 1e4)) / 1e4, lambda out, x: (1.0,))
    assert "differences of floats are too coarse" in check_gradients(coarse(Value(1.23456))).unresolved[0]


@pytest.mark.parametrize("at", [1e10, 3.8e50, -1e300])
def test_a_wave_that_floats_are_too_coarse_for_is_unresolved(at: float) -> None:
    assert "differences of floats are too coarse" in check_operation(opaque_sine, at, order=1).unresolved[0]
    assert check_operation(sin, at, order=1).unresolved == []


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


@given(st.floats(-5, 5))
@example(5e-324)
@example(-1e-310)
def test_extrapolated_differences_know_how_far_they_are_off(x: float) -> None:
    slope, uncertain = extrapolated(lambda x: math.sin(3 * x) * math.exp(x), x)
    true = math.exp(x) * (3 * math.cos(3 * x) + math.sin(3 * x))
    assert abs(slope - true) <= 10 * uncertain
    assert uncertain < 1e-6 * math.exp(x)


# -- What people write, and is right -----------------------------------------------------------------------------------

normal = Operation(
    "normal",
    lambda x: math.exp(-0.5 * ((x - 1.3) / 0.7) ** 2) / (0.7 * math.sqrt(2 * math.pi)),
    lambda out, x: (-(x - 1.3) / 0.7**2 * out,),
)
gaussian = Operation("gaussian", lambda x: exp(-50 * (x - 0.3) ** 2), lambda out, x: (-100 * (x - 0.3) * out,))
gelu = Operation(
    "gelu",
    lambda x: 0.5 * x * (1 + math.erf(x / math.sqrt(2))),
    lambda out, x: (0.5 * (1 + math.erf(x / math.sqrt(2))) + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi),),
)
atan2 = Operation("atan2", math.atan2, lambda out, y, x: (x / (x * x + y * y), -y / (x * x + y * y)))
sine = Operation("sine", math.sin, lambda out, x: (math.cos(x),))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "low", "high"), [(gaussian, -3.0, 4.0), (normal, -20.0, 22.0), (gelu, -9.0, 4.0), (sine, -2e5, 2e5)]
)
def test_what_rounds_on_its_way_is_no_false_alarm(operation: Operation, low: float, high: float) -> None:
    for step in range(150):
        certificate = check_operation(operation, low + (high - low) * (step + 0.37) / 150)
        assert certificate.unresolved == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "at"),
    [(sine, [177000.5]), (sine, [5e-324]), (atan2, [1e-7, 0.0]), (sigmoid, [1e52 - 1e52]), (gelu, [-38.0])],
)
def test_no_point_is_too_hard(operation: Operation, at: list[float]) -> None:
    assert check_operation(operation, at).unresolved == []


def test_a_softmax_loss_is_no_false_alarm() -> None:
    def loss(*logits: Any) -> Any:
        total = sum(exp(logit) for logit in logits)
        return -log(exp(logits[0]) / total)

    for step in range(40):
        assert check_gradients(loss, 0.3 * step - 6.0, 2.0 - 0.1 * step, 1.5).unresolved == []


# -- What a function does outside of its graph -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (lambda a: a * a.data, [3.0]),
        (lambda a: Value(a.data * 2), [3.0]),
        (
            lambda a, b: (a - (a.data + b.data) / 2) ** 2 * b,
            [1.0, 4.0],
        ),
        (lambda a: a * float(a.data), [3.0]),
        (lambda a: a * a.detach(), [3.0]),
        (lambda a: a * Value(a.data, "b") * Value(2.0), [3.0]),
    ],
)
def test_what_is_computed_outside_of_the_graph_is_found_by_calling_again(function: Any, at: list[float]) -> None:
    assert mismatch_of(function, *at).bug == "detached"


def test_a_branch_at_its_edge_is_a_kink() -> None:
    certificate = check_gradients(lambda a: a * 2 if a > 0 else a * 3, 0.0)
    assert certificate.kinks == ["the whole, at its inputs"]
    assert check_gradients(lambda a: a * 2 if a > 0 else a * 3, 0.1).kinks == []


def test_the_methods_of_a_value_are_those_of_numbers_of_many_digits() -> None:
    def methods(x: Any) -> Any:
        return x.sigmoid() + x.relu() * x.tanh() + x.exp().log().sqrt() + x.sin() * x.cos()

    assert "to 18 digits" in str(check_gradients(methods, 0.7))


def test_a_function_that_can_be_called_with_floats_only_is_told() -> None:
    certificate = check_gradients(lambda x: exp(x) if x.label else x, 1.0)
    why = "to 8 digits, in floats, as it takes nothing else ('Precise' object has no attribute 'label')"
    assert why in str(certificate)


def test_a_function_that_draws_random_numbers_or_remembers_has_no_slope() -> None:
    generator, calls = random.Random(0), []

    def counting(x: Any) -> Any:
        calls.append(x)
        return x * float(len(calls))

    drawing = lambda x: x * generator.random()  # noqa: E731
    assert mismatch_of(drawing, 1.0).bug == "nondeterministic"
    assert mismatch_of(counting, 1.0).bug == "stateful"
    for forward, hint in ((drawing, "draw the random numbers outside of it"), (counting, "give it no memory")):
        recorded = Operation("recorded", forward, lambda out, x: (1.0,))(Value(1.0))
        with pytest.raises(GradientMismatch, match=f"it has no slope; {hint}\n"):
            check_gradients(recorded)
    rule = Operation("double", lambda x: 2.0 * x, lambda out, x: (generator.random(),))(Value(1.0))
    with pytest.raises(GradientMismatch, match="double is nondeterministic: called again on the same numbers"):
        check_gradients(rule)


# -- What can't be told is not passed off as proven --------------------------------------------------------------------


def test_a_flipped_sign_of_a_wave_far_out_is_found() -> None:
    assert mismatch_of(Operation("flipped", math.sin, lambda out, x: (-math.cos(x),))(Value(1000.123))).bug


@pytest.mark.parametrize("order", [0, -1, math.nan, 1.5])
def test_an_order_that_is_none_is_refused(order: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="order must be a whole number of at least 1"):
        check_gradients(sigmoid(Value(0.5)), order=order)


def test_what_is_unresolved_fails_if_it_is_wanted_so() -> None:
    assert mismatch_of(lambda x: relu(x) - relu(-x), 0.0, strict=True).bug == "unresolved"
    check_gradients(neuron, 0.6, 1.0, 0.9, strict=True, digits=15)


def test_what_is_too_small_for_floats_is_said() -> None:
    assert check_gradients(lambda x: x / (x * x), -4.4e133).losses == [
        "∂divide/∂input 2 at (-4.4e+133, 1.936e+267) is 1.17393e-401, too small a number for floats, and as a float 0",
        "the gradient of x is -5.16529e-268, and as a float 5.16529e-268",
    ]
    second = check_gradients(lambda x: log(exp(x)), 400.0, order=2).derivatives["x"]
    assert "the gradient of x is 0.0, and as a float 1" in second.losses


def test_a_rule_that_lies_on_purpose_is_told_and_no_mismatch() -> None:
    straight_through = Operation("straight_through", heaviside, lambda out, x: (1.0,))
    assert mismatch_of(straight_through, 0.7)
    certificate = check_gradients(lambda x: straight_through(x) * 2.0, 0.7, intended=True)
    assert "∂straight_through/∂" in certificate.intended[0]
    assert certificate.verdict == "the gradients are right, but for what is intended"


def test_rules_that_take_floats_only_have_no_second_derivatives_and_that_is_said() -> None:
    assert check_operation(gelu, 0.5).derivatives == {}
    assert "the derivatives of the derivatives: " in check_operation(gelu, 0.5, order=2).unresolved[0]


# -- Wrong ones are caught, and the culprit is named -----------------------------------------------------------------

POINTS: dict[str, list[float]] = {
    "fixed_power": [1.3, 3.0],
    "dot_product": [0.5, -1.5, 2.0, 0.7],
    "general_power": [1.7, 2.3],
    "minimum": [0.7, 1.9],
}
BUGS: dict[str, dict[str, Any]] = {
    "scaled": {"scale": 1.01},
    "scaled a little": {"scale": 1 + 1e-10},
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
        found = mismatch_of(sigmoid(operation(*inputs) * 0.25 + 1.0))
    assert found.operation is operation
    assert f"the rule of {name} is wrong" in str(found)


def test_a_wrong_sign_shows_where_the_derivative_is_small() -> None:
    with planted_bug("sigmoid", sign=True):
        assert "of the wrong sign" in mismatch_of(sigmoid, -13.0).culprit


def test_a_rule_that_loses_digits_is_right_on_paper_and_fails_only_where_digits_are_wanted() -> None:
    with planted_bug("sigmoid", derivatives=lambda out, z: (out * (1 - out),)):
        assert check_gradients(sigmoid, 2.0).worst_ulp < 8
        certificate = check_gradients(sigmoid, 30.0)
        assert certificate.verdict == "the formulas are right, but floats lose digits here: 2 losses"
        assert certificate.losses[0] == "∂sigmoid/∂z at (30) is 9.35762e-14, and as a float 9.34808e-14"
        found = mismatch_of(sigmoid, 20.0, digits=10), mismatch_of(sigmoid, 30.0, digits=4)
    assert [one.bug for one in found] == ["lost digits", "lost digits"]


@pytest.mark.parametrize("forward", [lambda x: 2 * x, math.sin], ids=["exact", "opaque"])
def test_a_derivative_that_is_no_number_is_wrong(forward: Callable[[float], float]) -> None:
    found = mismatch_of(Operation("lost", forward, lambda out, x: (math.nan,))(Value(1.0, "x")))
    assert found.culprit == "the rule of lost is wrong: it gives nan for x instead of a number"


def test_what_only_rounding_defines_is_unresolved() -> None:
    edge = Operation("edge", lambda x: (x - 1e-30 - 1.0) ** 0.5, lambda out, x: (1.0,))
    certificate = check_gradients(edge(Value(1.0, "x")))
    assert "with more digits it is not defined here" in certificate.unresolved[0]


def test_swapped_derivatives_are_called_so() -> None:
    with planted_bug("multiply", swap=True):
        assert "are the derivatives in the order of the inputs?" in mismatch_of(neuron, 0.6, 2.0, 0.9).culprit


def test_a_rule_composed_of_a_wrong_one_is_innocent() -> None:
    with planted_bug("exp", forward=lambda x: math.exp(1.01 * x)):
        found = mismatch_of(neuron, 0.6, 1.0, 0.9)
    assert found.operation is exp
    assert found.culprit.startswith("the rule of exp is wrong: ")


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

    found = mismatch_of(diamond, 2.0, backward=backward)
    assert (found.culprit, found.bug) == (f"{culprit} ({titled(exhibit)})", exhibit)


def test_a_second_pass_must_not_find_what_the_first_one_left() -> None:
    for backward, says in ((adds_everywhere, "is another after"), (replaces_leaves, "does not grow by the same")):
        culprit = mismatch_of(lambda x: x * x * x, 3.0, backward=backward).culprit
        assert culprit.startswith("two passes: ")
        assert says in culprit


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
        output.zero_grad()
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
    found = mismatch_of(lambda x: exp(x) if hasattr(x, "local_derivatives") else 1.0, 1.0)
    assert "one number on Values and another on floats" in found.culprit


def test_gradients_and_the_backward_pass_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "gradients", lambda output, wrt: [2.0 * g for g in gradients(output, wrt)])
    x = Value(3.0, "x")
    assert "gradients() and the backward pass differ about x" in mismatch_of(x * x, order=2).culprit


def test_a_number_frozen_in_a_gradient_is_seen() -> None:
    def frozen(out: Any, x: Any) -> tuple[Any, ...]:
        return (getattr(out, "data", out),)  # right here, and a constant to gradients()

    with planted_bug("exp", derivatives=frozen):
        assert "is a number frozen in it?" in mismatch_of(lambda x: exp(x) * 2.0, 0.5, order=2).culprit


def test_end_to_end_is_a_judge_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "check_rule", lambda *unused, **options: None)
    with planted_bug("sigmoid", scale=1 + 1e-9):
        assert mismatch_of(neuron, 0.6, 1.0, 0.9).culprit.startswith("end to end: the gradient of ")


# -- What is said ------------------------------------------------------------------------------------------------------


def test_a_message_tells_the_story_and_pastes() -> None:
    with planted_bug("multiply", scale=1.01):
        found = mismatch_of(neuron, 0.6, 1.0, 0.9)
    assert str(found) == (
        "the rule of multiply is wrong: ∂multiply/∂w is 1.01 times the true one\n"
        "    got      1.01\n"
        "    true     1.0\n"
        "    error    4.5e+13 ulp (units of the last place)\n"
        "    from tinygrad_sigmoid import Value, multiply\n"
        "    from tinygrad_sigmoid.testing import check_gradients\n"
        "    w = Value(0.6, 'w')\n"
        "    x = Value(1.0, 'x')\n"
        "    v1 = multiply(w, x)  # <- here\n"
        "    check_gradients(v1)"
    )
    names: dict[str, Any] = {}
    exec(found.code, names)
    assert names["v1"].data == 0.6


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
    assert check_gradients(Value(3.0, "x")).verdict == "the gradients are right"
    assert check_gradients(lambda a, b: maximum(a, b) + sqrt(a), 2.0, 2.0).kinks
    assert "2 inputs: " in str(check_gradients(lambda *xs: tanh(xs[0] * xs[1]), 0.5, 2.0))
    assert "1 value computed" in str(check_gradients(lambda x: x.exp(), 1.0))


def test_the_rounding_of_two_results_is_not_taken_to_cancel() -> None:
    x = Value(3.111319162516345, "x")
    squares = dot([x, x, x], [x, x, x])
    assert check_gradients(relu(tanh(dot([squares, squares], [x, x])))).unresolved == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda out, x: (3.0,), r"the rule of double was changed after double\(…\) = 1 was recorded: it gave another"),
        (lambda out, x: (2.0, 2.0), "the rule of double is wrong: it gives 2 local derivatives for 1 input\n"),
        (lambda out, x: ("2",), "the rule of double is wrong: it gives '2' for x instead of a number"),
    ],
)
def test_a_rule_that_was_changed_after_recording_is_named(rule: Any, said: str) -> None:
    double = Operation("double", lambda x: 2.0 * x, lambda out, x: (2.0,))
    output = double(Value(0.5, "x"))
    check_gradients(output)
    double.derivatives = rule
    with pytest.raises(GradientMismatch, match=said):
        check_gradients(output)


def of_floats_only(out: Any, x: Any) -> tuple[float]:
    tanh = math.tanh(float.fromhex(x.hex()))
    return (1.0 - tanh * tanh,)


def test_a_rule_of_floats_is_judged_where_it_is_not_so_small() -> None:
    for factor in (1.0, 1.001):
        steep = Operation(
            "steep",
            lambda x: 2.0 * sigmoid(2.0 * x) - 1.0,
            lambda out, x, factor=factor: (factor * of_floats_only(out, x)[0],),
        )
        output = steep(Value(0.5, "x"))
        if factor == 1.0:
            assert check_gradients(output).unresolved == []
        else:
            with pytest.raises(GradientMismatch, match="∂steep/∂x"):
                check_gradients(output)


@pytest.mark.parametrize("at", [19.5, 20.0, 25.0])
def test_where_a_rule_of_floats_rounds_to_0_a_mistake_can_not_be_told(at: float) -> None:
    """At 20 the slope of tanh is 1.7e-17, of which 1 − tanh² leaves nothing."""
    flat = Operation("flat", lambda x: 2.0 * sigmoid(2.0 * x) - 1.0, of_floats_only)
    assert check_gradients(flat(Value(at, "x"))).unresolved == [
        f"∂flat/∂x at ({at:g}): its rule takes floats only, and is too small here to tell a mistake from rounding"
    ]
