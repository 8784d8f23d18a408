"""Steps are the two passes: the same numbers, bit for bit, in the same order, on a graph that nobody notices."""

import copy
import dataclasses
import math
import struct
import time
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_sigmoid import Neuron, Operation, StaleGraph, Value, dot, explain, log1p, sigmoid, steps
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.reading.explain import MOST_PATHS
from tinygrad_sigmoid.reading.steps import BackwardStep, ForwardStep
from tinygrad_sigmoid.testing import strategies
from tinygrad_sigmoid.value import operation_of

ROUND = st.floats(-3, 3).map(lambda x: round(x, 3))


@st.composite
def labelled(draw: st.DrawFn) -> Value:
    """Well-scaled graphs of numbers with few digits, and with labels that repeat."""
    output = draw(strategies.graphs(numbers=ROUND, max_operations=14, well_scaled=True))
    for value in topological_order(output):
        if not value.constant:
            value.label = draw(st.sampled_from(["", "", "z"] if value.inputs else ["a", "b", "w", ""]))
    return output


def graphs() -> st.SearchStrategy[Value]:
    """Those, and graphs of any operation of the table at extreme numbers."""
    return st.one_of(labelled(), strategies.graphs())


def bits(number: float | None) -> bytes:
    return struct.pack("<d", number)


@given(graphs())
def test_the_last_gradients_are_those_of_backward_bit_for_bit(output: Value) -> None:
    walked = steps(output)
    output.zero_grad()
    output.backward()
    assert set(walked.gradients) == {v for v in walked.values if v.grad is not None}
    for value, gradient in walked.gradients.items():
        assert bits(gradient) == bits(value.grad)


@given(graphs())
def test_nothing_on_the_graph_changes(output: Value) -> None:
    output.backward()
    before = [(v.data, v.grad, v.label, v.inputs, v.local_derivatives) for v in steps(output).values]
    walked = steps(output)
    assert str(walked)
    assert str(explain(output, wrt=walked.values[0]))
    assert [(v.data, v.grad, v.label, v.inputs, v.local_derivatives) for v in walked.values] == before


@given(graphs())
def test_there_is_one_step_for_each_operation_and_each_edge(output: Value) -> None:
    walked = steps(output)
    computed = [v for v in walked.values if v.inputs]
    edges = sum(not used.constant for v in computed for used in v.inputs)
    assert [step.number for step in walked] == list(range(1, len(computed) + edges + 1))
    assert [walked.values[step.value] for step in walked.forward] == computed
    for step in walked.forward:
        value = walked.values[step.value]
        assert (step.result, step.operation) == (value.data, operation_of(value).name)
        assert tuple(walked.values[place] for place in step.inputs) == value.inputs
    for edge in walked.backward:
        value = walked.values[edge.value]
        assert walked.values[edge.input] is value.inputs[edge.operand]
        assert edge.local_derivative == value.local_derivatives[edge.operand]
        # By their text, in which nan is nan: 0 times a local derivative that is infinite.
        assert repr(edge.contribution) == repr(edge.upstream * edge.local_derivative)
        assert repr(edge.after) == repr(edge.contribution if edge.before is None else edge.before + edge.contribution)


@given(graphs())
def test_a_value_passes_its_gradient_on_only_when_it_is_complete(output: Value) -> None:
    received, passed_on = set(), set()
    for step in steps(output).backward:
        passed_on.add(step.value)
        assert step.input not in passed_on
        received.add(step.input)
        assert step.value in received or step.upstream == 1.0


@given(graphs(), st.integers(0, 10**6))
def test_paths_add_up_to_the_gradient(output: Value, pick: int) -> None:
    walked = steps(output)
    wrt = [v for v in walked.values if not v.constant][pick % sum(not v.constant for v in walked.values)]
    explained = explain(output, wrt=wrt)
    assert bits(explained.gradient) == bits(walked.gradients[wrt])
    assert len(explained.paths) == (explained.count if explained.count <= MOST_PATHS else 0)
    if explained.paths:
        products = [path.product for path in explained.paths]
        if math.isfinite(sum(products)) and math.isfinite(explained.gradient):
            scale = math.fsum(abs(product) for product in products)
            assert abs(math.fsum(products) - explained.gradient) <= 1e-12 * scale + 1e-300
        assert len({path.names + path.numbers for path in explained.paths}) <= explained.count
    assert str(explained).startswith(explained.derivative)


def as_fraction(text: str) -> Fraction:
    return Fraction(text.strip("()").replace("−", "-"))


@given(graphs())
@example(strategies.expression(lambda x: x * x, x=5e-324).recorded())
def test_the_sign_between_figures_is_the_right_one(output: Value) -> None:
    for step in steps(output).backward:
        if not math.isfinite(step.after) or not math.isfinite(step.local_derivative):
            continue
        sign = " ≈ " if " ≈ " in step.accumulation else " = "
        figures, total = step.accumulation.removeprefix(f"gradient of {step.input_name} = ").split(sign)
        products = [math.prod([as_fraction(f) for f in term.split("·")]) for term in figures.split(" + ")]
        assert (sum(products) == as_fraction(total)) == (sign == " = ")


def test_a_neuron_step_by_step() -> None:
    neuron = Neuron([0.6], 0.9)
    walked = steps(neuron([Value(1, "x1")]))
    assert [str(step) for step in walked.forward] == [
        "w1·x1 = 0.6·1 = 0.6",
        "z = w1·x1 + b = 0.6 + 0.9 = 1.5",
        "a = σ(z) = σ(1.5) ≈ 0.8176",
    ]
    assert str(walked[3]) == "∂a/∂z = σ(z)·σ(−z) ≈ 0.1491\ngradient of z = 1·0.1491 = 0.1491"
    assert walked[-1].formula == "w1"


def test_it_is_a_sequence_of_frozen_plain_data() -> None:
    x = Value(3, "x")
    walked = steps(x * x)
    assert len(walked) == 3
    assert isinstance(walked[0], ForwardStep)
    assert [type(step) for step in walked[1:]] == [BackwardStep, BackwardStep]
    assert walked.backward[-1].after == 6.0
    assert list(walked) == walked[:]
    with pytest.raises(IndexError):
        walked[3]
    with pytest.raises(dataclasses.FrozenInstanceError):
        walked.forward[0].result = 1.0  # type: ignore[misc]
    assert dataclasses.asdict(walked[1]) == {
        "number": 2,
        "value": 1,
        "input": 0,
        "operand": 0,
        "name": "x·x",
        "input_name": "x",
        "derivative": "∂(x·x)/∂(1st x)",
        "formula": "x",
        "upstream": 1.0,
        "local_derivative": 3.0,
        "contribution": 3.0,
        "before": None,
        "after": 3.0,
    }
    assert repr(walked) == "<1 step forward and 2 back to the gradients of x·x>"


def test_a_leaf_alone_has_no_steps() -> None:
    x = Value(3, "x")
    assert len(steps(x)) == 0
    assert steps(x).gradients == {x: 1.0}
    assert explain(x, wrt=x).gradient == 1.0
    assert str(steps(x)) == "x is a leaf: nothing is computed, so there are no passes"


def test_operands_of_one_name_are_told_apart() -> None:
    x, y = Value(1, "x"), Value(2, "y")
    assert [step.derivative for step in steps(x - x).backward] == ["∂(x − x)/∂(1st x)", "∂(x − x)/∂(2nd x)"]
    first, second = x * y, x * y  # two values that have the same formula
    assert [step.derivative for step in steps(first - second).backward[:2]] == [
        "∂(x·y − x·y)/∂(1st x·y)",
        "∂(x·y − x·y)/∂(2nd x·y)",
    ]
    in_dot = steps(dot([x, y, 2.0], [x, x, y])).backward
    assert [step.derivative.rpartition("/")[2] for step in in_dot] == [
        "∂(1st x)",
        "∂(1st y)",
        "∂(2nd x)",
        "∂(3rd x)",
        "∂(2nd y)",
    ]


@given(graphs())
def test_no_local_derivative_has_two_numbers(output: Value) -> None:
    """What is written is a name: for one value, the same derivative is never two edges."""
    walked = steps(output)
    derivatives = [(step.value, step.derivative) for step in walked.backward]
    assert len(set(derivatives)) == len(derivatives)


def test_paths_through_one_value_twice_are_told_apart() -> None:
    x = Value(3, "x")
    explained = explain(x * x, x)
    assert explained.derivative == "∂(x·x)/∂x"
    assert [path.derivatives for path in explained.paths] == [("∂(x·x)/∂(1st x)",), ("∂(x·x)/∂(2nd x)",)]


def test_rounded_figures_are_marked() -> None:
    third, x = Value(1 / 3, "t"), Value(3, "x")
    assert str(steps(third * x)[0]) == "t·x = 0.3333·3 ≈ 1"
    assert str(steps(Value(0.1, "a") + Value(0.2, "b"))[0]) == "a + b = 0.1 + 0.2 = 0.3"
    assert str(steps(sigmoid(Value(0, "z")))[0]) == "σ(z) = σ(0) = 0.5"


def test_a_users_operation_steps_like_a_built_in_one() -> None:
    softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
    walked = steps(softsign(Value(3, "x")))
    assert str(walked[0]) == "softsign(x) = softsign(3) = 0.75"
    assert str(walked[1]).splitlines()[0] == "∂softsign/∂x = 1/(1 + |x|)^2 = 0.0625"


def test_a_changed_leaf_is_an_error_not_a_mixture() -> None:
    x = Value(3, "x")
    y = x * x
    x.data = 4.0
    for read in (steps, lambda output: explain(output, wrt=x)):
        with pytest.raises(StaleGraph, match="x"):
            read(y)


def test_nielsens_diamond_and_its_paths() -> None:
    x = Value(2, "x")
    y = 3 * x
    explained = explain(2 * y + 5 * y, wrt=x)
    assert (explained.gradient, explained.count) == (21.0, 2)
    assert [path.product for path in explained.paths] == [6.0, 15.0]


def test_above_the_limit_the_uses_are_added_up() -> None:
    x = y = Value(1, "x")
    for _ in range(30):
        y = y + y
    explained = explain(y, wrt=x)
    assert (explained.count, explained.paths, explained.gradient) == (2**30, (), 2.0**30)
    assert len(explained.uses) == 2
    assert "1073741824 paths, too many to write" in str(explained)
    for _ in range(100):
        y = y + y
    assert "along more than 1000000000000000 paths" in str(explain(y, wrt=x))


def test_what_the_output_does_not_depend_on() -> None:
    x, other = Value(1, "x"), Value(2, "other")
    assert str(explain(sigmoid(x), wrt=other)) == "∂σ/∂other = 0: no path leads from the output to other"


@pytest.mark.slow
def test_long_graphs_take_no_recursion_and_linear_time() -> None:
    x = y = Value(0.5, "x")
    for _ in range(5_000):
        y = sigmoid(y)
    walked = steps(copy.deepcopy(y))
    assert len(walked) == 10_000
    assert len(str(walked)) < 200 * len(walked)
    assert explain(y, wrt=x).count == 1


def a_chain(length: int) -> Value:
    x, output = Value(1.0, "x"), Value(1.0)
    for _ in range(length):
        output = output * x
    return output


def a_dot_product(length: int) -> Value:
    output: Value = dot([Value(0.5, f"w{i}") for i in range(length)], [Value(0.5, f"x{i}") for i in range(length)])
    return output


def uses_of_one_leaf(length: int) -> Value:
    x = Value(0.5, "x")
    output: Value = dot([x] * length, [sigmoid(x) for _ in range(length)])
    return output


@pytest.mark.slow
@pytest.mark.parametrize("graph", [a_chain, a_dot_product, uses_of_one_leaf])
def test_explaining_takes_time_in_proportion_to_the_graph(graph: Callable[[int], Value]) -> None:
    def seconds(output: Value) -> float:
        start = time.process_time()
        str(explain(output, wrt=leaves(output)[0]))
        return time.process_time() - start

    small, large = graph(1_000), graph(4_000)
    ratios = [seconds(large) / seconds(small) for _ in range(3)]
    assert min(ratios) < 8, "four times as many values take four times as long, where a quadratic walk takes 16"


def test_sentences_say_what_happens() -> None:
    x = Value(3, "x")
    forward, first, second = steps(x * x)
    assert forward.sentence == "x·x is computed from x."
    assert first.sentence == "x·x hands x its gradient times the local derivative."
    assert second.sentence.endswith(", and it is added to what x has already.")
    weights = [Value(i, f"w{i}") for i in range(1, 10)]
    assert steps(dot(weights, weights))[0].sentence == "w·w is computed from w1, w2, w3, w4, … and w9."


# -- To the last sign --------------------------------------------------------------------------------------------------


def test_negative_numbers_after_a_sign_are_in_brackets() -> None:
    w, x = Value(-2, "w"), Value(-3, "x")
    walked = steps(w * x + w)
    assert [str(step) for step in walked.forward] == ["w·x = −2·(−3) = 6", "w·x + w = 6 + (−2) = 4"]
    assert [step.accumulation for step in walked.backward] == [
        "gradient of w·x = 1·1 = 1",
        "gradient of w = 1·1 = 1",
        "gradient of w = 1 + 1·(−3) = −2",
        "gradient of x = 1·(−2) = −2",
    ]
    minus = steps(-w - x * 2)
    assert "= 2 − (−6) = 8" in str(minus)
    assert [step.accumulation for step in minus.backward][1:3] == [
        "gradient of x·2 = 1·(−1) = −1",
        "gradient of x = −1·2 = −2",
    ]
    twice = steps((w - x) - x)
    assert twice.backward[-1].accumulation == "gradient of x = −1 + 1·(−1) = −2"
    n = Value(1, "n")
    assert steps(n - (n + n)).backward[-1].accumulation == "gradient of n = 0 + (−1)·1 = −1"


def test_a_path_says_whether_its_figures_give_what_is_shown() -> None:
    x = Value(3, "x")
    assert str(explain((x / 3) * 2, wrt=x).paths[0]) == "∂(x/3·2)/∂(x/3) · ∂(x/3)/∂x = 2·0.3333 ≈ 0.6667"
    assert str(explain((x / 4) * -2, wrt=x).paths[0]) == "∂(x/4·(−2))/∂(x/4) · ∂(x/4)/∂x = −2·0.25 = −0.5"
    assert str(explain(-(x * -2), wrt=x).paths[0]).endswith(" = −1·(−2) = 2")
    assert str(explain(x, wrt=x).paths[0]) == "it is the output itself: 1"


def test_the_sum_over_paths_says_whether_its_figures_give_what_is_shown() -> None:
    x = Value(3, "x")
    assert str(explain(x / 3 - x / 3, wrt=x)).splitlines()[-1] == "  together: 0.3333 + (−0.3333) = 0"
    assert str(explain(x / 3 + x / 3, wrt=x)).splitlines()[-1] == "  together: 0.3333 + 0.3333 ≈ 0.6667"
    assert str(explain(x / 4 + x, wrt=x)).splitlines()[-1] == "  together: 0.25 + 1 = 1.25"


def test_sixteen_paths_are_written_out_and_seventeen_are_not() -> None:
    x = y = Value(1, "x")
    for _ in range(4):
        y = y + y
    sixteen, seventeen = explain(y, wrt=x), explain(y + x, wrt=x)
    assert (sixteen.count, len(sixteen.paths)) == (16, 16)
    assert (seventeen.count, len(seventeen.paths)) == (17, 0)
    assert "along 17 paths, too many to write" in str(seventeen)
    assert "path 16:" in str(sixteen)


def test_paths_are_counted_up_to_10_to_the_15() -> None:
    x = y = Value(1, "x")
    for _ in range(49):
        y = y + y
    assert explain(y, wrt=x).count == 2**49
    assert "along 562949953421312 paths" in str(explain(y, wrt=x))
    assert "along more than 1000000000000000 paths" in str(explain(y + y, wrt=x))


def test_six_inputs_are_named_and_of_more_the_first_and_the_last() -> None:
    weights, inputs = [[Value(i, f"{stem}{i}") for i in range(1, 5)] for stem in ("w", "x")]
    assert steps(dot(weights[:3], inputs[:3]))[0].sentence == "w·x is computed from w1, w2, w3, x1, x2 and x3."
    assert steps(dot(weights, inputs))[0].sentence == "w·x is computed from w1, w2, w3, w4, … and x4."


def test_figures_are_exact_where_they_give_what_is_shown_and_not_what_is_kept() -> None:
    x = Value(0.100004, "x")
    assert str(steps(x * 2)[0]) == "x·2 = 0.1·2 = 0.2"
    assert str(steps(x * 3)[0]) == "x·3 = 0.1·3 = 0.3"
    assert str(steps(x * 1000)[0]) == "x·1000 = 0.1·1000 = 100"
    assert str(steps(Value(0.12346, "x") * 2)[0]) == "x·2 = 0.1235·2 ≈ 0.2469"


def test_a_step_backward_is_indented_by_the_width_of_its_number() -> None:
    x = y = Value(0.5, "x")
    assert str(steps(-x)).splitlines()[-2:] == ["2  ∂(−x)/∂x = −1", "   gradient of x = 1·(−1) = −1"]
    for _ in range(5):
        y = -y
    assert str(steps(y)).splitlines()[-2:] == ["10  ∂(−x)/∂x = −1", "    gradient of x = 1·(−1) = −1"]


def test_figures_that_can_not_be_computed_with_are_not_exact() -> None:
    step = steps(log1p(Value(-0.99999999, "x"))).forward[0]  # shown as −1, of which there is no logarithm
    assert step.exact is False
    assert str(step) == "log1p(x) = log1p(−1) ≈ −18.42"
