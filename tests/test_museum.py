"""The museum: its famous numbers, its exhibits on random graphs, and that its smallest graphs are the smallest."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import Network, Value, dot, sigmoid, squared_error
from tinygrad_sigmoid.course import museum
from tinygrad_sigmoid.course.exhibits import EXHIBITS, RIGHT, Exhibit, Ledger, Pass, edges, naive_recursion, topological
from tinygrad_sigmoid.course.museum import LARGEST, WITNESSES, compare, outcome_of, smallest_difference
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.testing.strategies import graphs


def the_graph() -> tuple[Value, Value]:
    x = Value(2, "x")
    y = 3 * x
    a = 2 * y
    b = 5 * y
    c = a + b
    y.label, a.label, b.label, c.label = "y", "a", "b", "c"
    return x, c


def exhibit(name: str) -> Exhibit:
    return next(candidate for candidate in EXHIBITS if candidate.name == name)


@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("naive recursion", 27),
        ("depth first, visited set", 6),
        ("depth first, stack", 15),
        ("post-order, not reversed", 0),
        ("= for +=", 6),
        ("second pass, nothing reset", 84),
        ("second pass, leaves reset", 63),
    ],
)
def test_the_famous_numbers(name: str, gradient: float) -> None:
    x, c = the_graph()
    comparison = compare(c)
    assert comparison.right[x] == 21
    assert comparison[name].gradients[x] == gradient
    assert not comparison[name].agrees


def test_assignment_and_second_passes_on_powers() -> None:
    x = Value(3, "x")
    assert compare(x * x)["= for +="].gradients[x] == 3
    cube = compare(x * x * x)
    assert cube["second pass, leaves reset"].gradients[x] == 45
    assert cube["second pass, leaves reset"].right[x] == 27
    assert cube["second pass, nothing reset"].gradients[x] == 72
    assert cube["second pass, nothing reset"].right[x] == 54


@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("naive recursion", 3, "y hands 2 on to x, but the gradient of y is 7: 1 of its 2 uses has not reported yet."),
        (
            "depth first, stack",
            4,
            "y hands 5 on to x, but the gradient of y is 7: 1 of its 2 uses has not reported yet.",
        ),
        (
            "post-order, not reversed",
            1,
            "y hands 0 on to x, but the gradient of y is 7: none of its 2 uses has reported yet.",
        ),
        ("= for +=", 4, "a hands 1 on to y, and its 5 is replaced by 2 where it should become 7."),
        (
            "second pass, leaves reset",
            8,
            "b hands 2 on to y, but the gradient of b is 1: the rest was left over from the pass before.",
        ),
    ],
)
def test_the_first_wrong_edge_is_named(name: str, number: int, reason: str) -> None:
    outcome = compare(the_graph()[1])[name]
    assert outcome.reason == f"edge {number}: {reason}"
    assert outcome.mistake is not None
    assert outcome.mistake.number == number
    assert outcome.mistake.edge == outcome.edges[number - 1]


@pytest.mark.slow
@given(graphs(max_operations=8, max_inputs=2, numbers=st.floats(-2, 2), well_scaled=True))
def test_on_random_graphs(output: Value) -> None:
    numbers = [(value.data, value.grad, value.local_derivatives) for value in topological_order(output)]
    comparison = compare(output)
    assert [(v.data, v.grad, v.local_derivatives) for v in topological_order(output)] == numbers
    output.backward()
    right = {value: value.grad for value in topological_order(output) if not value.constant}
    assert comparison.right == right, "the right exhibit gives what backward() gives, bit for bit"
    magnitude = Counter({output: 1.0})  # of the contributions to each gradient, which tell how far rounding can go
    for value in reversed(topological_order(output)):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            magnitude[used] += magnitude[value] * abs(local)
    for outcome in comparison.outcomes:
        kept = outcome.exhibit.kept
        wrong = [
            value
            for value, gradient in right.items()
            if gradient is not None
            and outcome.gradients.get(value, 0.0)
            != pytest.approx(gradient * (1 if value.inputs else kept), rel=0, abs=1e-9 * magnitude[value])
        ]
        assert outcome.agrees == (not wrong)
        assert (outcome.mistake is None) == outcome.agrees


def test_a_drawing_marks_the_place() -> None:
    _, c = the_graph()
    comparison = compare(c)
    naive = comparison.draw("naive recursion").source.splitlines()
    marked = [line for line in naive if "penwidth=4" in line]
    assert len(marked) == 2
    assert 'n2 [label="y = 3·x\\ndata 6\\ngrad ·\\nshould hand on 7"' in marked[0]
    assert 'n0 -> n2 [id="e2.1" label="∂ 3\\nedge 3: hands on 2"' in marked[1]
    replaced = comparison.draw("= for +=").source
    assert "grad ·\\n2 replaces 5" in replaced
    x = Value(3, "x")
    assert "penwidth=4" not in compare(x * x).draw("naive recursion").source


def test_a_tree_hides_most_mistakes_and_the_comparison_shows_where_they_would_show() -> None:
    w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    text = str(compare(sigmoid(w * x + b)))
    assert "naive recursion: agrees with the right one on this graph." in text
    assert "The smallest graph where it doesn't: y = 3·x, c = y + y, where it gives 9 and 6 is right." in text
    assert "where it gives 3 and 9 is right." in text
    assert "w·x hands 0 on to w, but the gradient of w·x is 0.1491: its only use has not" in text


def small_graphs(operations: int) -> Iterator[Value]:
    """Every graph of so many negations, sums and products of two leaves whose last value depends on all the others."""

    def grown(plan: list[tuple[str, int, int]]) -> Iterator[list[tuple[str, int, int]]]:
        if len(plan) == operations:
            yield plan
            return
        size = 2 + len(plan)
        for one in range(size):
            yield from grown([*plan, ("negate", one, one)])
            for other in range(size):
                yield from grown([*plan, ("add", one, other)])
                yield from grown([*plan, ("multiply", one, other)])

    for plan in grown([]):
        values = [Value(3, "x"), Value(5, "w")]
        for name, one, other in plan:
            a, b = values[one], values[other]
            values.append(-a if name == "negate" else a + b if name == "add" else a * b)
        if set(values[2:]) <= set(topological_order(values[-1])):
            yield values[-1]


def operations_in(output: Value) -> int:
    return sum(1 for value in topological_order(output) if value.inputs)


@pytest.mark.parametrize("name", [candidate.name for candidate in EXHIBITS])
def test_the_smallest_difference_is_the_smallest(name: str) -> None:
    text = smallest_difference(exhibit(name))
    [witness] = [graph_of(Value(3, "x")) for said, graph_of in WITNESSES if text.startswith(said)]
    assert not compare(witness)[name].agrees
    for smaller in range(1, operations_in(witness)):
        for output in small_graphs(smaller):
            assert compare(output)[name].agrees


def test_an_exhibit_that_would_not_end_is_not_run() -> None:
    value = Value(1, "x")
    for _ in range(60):
        value = value + value
    comparison = compare(value)
    assert comparison["naive recursion"].reason == "it would take 2.306e18 edges, so it was not run."
    assert comparison.right[leaves(value)[0]] == 2.0**60
    assert "never ends" in str(comparison)


def test_an_exhibit_is_run_up_to_its_limit_of_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    c = the_graph()[1]
    edges = len(compare(c)["naive recursion"].edges)
    monkeypatch.setattr(museum, "LONGEST", edges)
    assert compare(c)["naive recursion"].edges
    monkeypatch.setattr(museum, "LONGEST", edges - 1)
    assert compare(c)["naive recursion"].reason == f"it would take {edges} edges, so it was not run."


def test_a_network_can_be_compared_up_to_a_size() -> None:
    network = Network([2, 3, 2], seed=1)
    comparison = compare(squared_error(network([0.2, 0.9]), [1, 0]))
    assert not comparison["depth first, visited set"].agrees
    header = str(comparison).splitlines()[0].split()
    assert header[1:4] == ["layer1.neuron1.w1", "layer1.neuron1.w2", "layer1.neuron1.b"]
    assert header[-1] == "…"
    with pytest.raises(ValueError, match=rf"compare a part of it, of at most {LARGEST} values"):
        compare(squared_error(Network([20, 20, 2], seed=1)([0.5] * 20), [1, 0]))


def test_gradients_that_overflow_are_not_compared() -> None:
    with pytest.raises(OverflowError, match="too large for a float: compare it at smaller numbers"):
        compare(Value(1e-150, "x") * 1e200 * 1e200)


def test_an_input_used_twice_with_two_slopes_is_judged_edge_by_edge() -> None:
    x = Value(1, "x")
    outcome = compare(dot([x, x], [1.0, 2.0]))["= for +="]
    # 2 replaces 1, and would be right if it was the first slope that is added once more.
    assert (outcome.gradients[x], outcome.right[x]) == (2.0, 3.0)
    assert outcome.reason.endswith("hands 1 on to x, and its 1 is replaced by 2 where it should become 3.")


def test_an_exhibit_agrees_if_each_of_its_edges_is_right() -> None:
    x, c = the_graph()

    def rounded_once_more(output: Value, gradients: Ledger) -> None:
        topological(output, gradients)
        gradients.update({x: 21.0000001})

    assert outcome_of(Exhibit("rounded", rounded_once_more), c).agrees


def test_magnitudes_that_overflow_are_not_compared() -> None:
    x = Value(2, "x")
    y = x * 0.0
    with pytest.raises(OverflowError, match="too large for a float: compare it at smaller numbers"):
        compare(y * 1.5e308 - y * 1.5e308)


def test_a_leaf_has_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="is a leaf, so there is nothing to pass back"):
        compare(Value(3, "x"))


@pytest.mark.parametrize("shown", [RIGHT, *EXHIBITS], ids=lambda shown: shown.name)
def test_every_exhibit_is_short_and_has_a_lesson(shown: Exhibit) -> None:
    assert len(inspect.getsource(shown.run).splitlines()) <= 17
    assert shown.lesson.endswith(".")
    assert shown is RIGHT or ": " in shown.lesson, "what is wrong: how to mend it"


# -- Somebody's own algorithm ------------------------------------------------------------------------------------------


class Theirs:
    """One that is no plain function."""

    def __call__(self, output: Value, gradients: Ledger) -> None:
        naive_recursion(output, gradients)

    def method(self, output: Value, gradients: Ledger) -> None:
        naive_recursion(output, gradients)


def to_all_inputs(output: Value, gradients: Ledger) -> None:
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            gradients[used] += gradients[value] * local


def in_a_dict_of_its_own(output: Value, gradients: Ledger) -> Ledger:
    own = Ledger()
    topological(output, own)
    return own


def copied_at_the_end(output: Value, gradients: Ledger) -> None:
    gradients.update(in_a_dict_of_its_own(output, gradients))


def upside_down(output: Value, gradients: Ledger) -> None:
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[value] += gradients[used] * local


def all_shown(comparison: museum.Comparison, name: str) -> str:
    assert comparison.explore()
    return "\n".join([str(comparison), comparison._repr_html_(), comparison.draw(name).source])


@pytest.mark.parametrize("mine", [topological, to_all_inputs, copied_at_the_end])
def test_a_right_algorithm_of_ones_own_agrees_in_any_style(mine: Pass) -> None:
    comparison = compare(the_graph()[1], mine)
    assert comparison.outcomes[0].agrees
    assert f"{mine.__name__}: agrees with the right one" in all_shown(comparison, mine.__name__)


@pytest.mark.parametrize(
    ("mine", "name"),
    [
        (Theirs(), "yours"),
        (Theirs().method, "method"),
        (partial(naive_recursion), "yours"),
        (lambda output, gradients: naive_recursion(output, gradients), "<lambda>"),
    ],
)
def test_an_algorithm_of_ones_own_may_be_anything_that_can_be_called(mine: Pass, name: str) -> None:
    x, c = the_graph()
    comparison = compare(c, mine)
    assert comparison[name].gradients[x] == 27
    assert 'It gives what "naive recursion" gives.' in str(comparison[name])
    assert "edge 3: hands on 2" in all_shown(comparison, name)


@pytest.mark.parametrize(
    ("mine", "reason"),
    [
        (in_a_dict_of_its_own, "it writes nothing into the dict of gradients that it is given."),
        (upside_down, "edge 1: a hands something on to c, which is none of its inputs."),
    ],
)
def test_a_wrong_algorithm_of_ones_own_is_told_what_is_wrong(mine: Pass, reason: str) -> None:
    comparison = compare(the_graph()[1], mine)
    assert comparison[mine.__name__].reason == reason
    assert all_shown(comparison, mine.__name__)


@pytest.mark.parametrize(
    ("mine", "error", "says"),
    [
        (lambda output: None, TypeError, "must be a function of an output and a dict"),
        (dict.update, TypeError, "must be a function of an output and a dict"),
        (lambda output, gradients: gradients.update({output: "a"}), TypeError, "'a' .* is not a real number"),
        (lambda output, gradients: gradients.update({output: None}), TypeError, "None .* is not a real number"),
        (lambda output, gradients: gradients.update({"x": 1.0}), ValueError, "of 'x', which is not in the graph"),
        (lambda output, gradients: 1 // 0, ZeroDivisionError, "by zero"),
    ],
)
def test_what_is_no_algorithm_is_refused(mine: Pass, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        compare(the_graph()[1], mine)


def test_an_exhibit_of_two_passes_says_what_its_sum_is_of() -> None:
    x = Value(2, "x")
    text = str(compare(x * x))
    assert "\nsecond pass, nothing reset            8  agrees: 2 × 4\n" in text
    assert "\nnaive recursion                       4  agrees\n" in text
