"""The modules of the page's script, loaded by node as they stand: their numbers and words are Python's."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from browser import needed

from tinygrad_sigmoid import Network, Value, exp, explore, log, page, squared_error, steps
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.page.bundle import script
from tinygrad_sigmoid.reading.steps import bracketed, figure, figures_give
from tinygrad_sigmoid.reading.writer import number_text

FOLDER = Path(page.__file__).with_name("script")
MODULES = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.mjs")}


def in_node(function: str, data: object = None) -> Any:
    """What a JavaScript function gives for the data, with every exported name of the modules in its scope.

    Python's JSON has NaN and infinities as JavaScript writes them, so the data stand in the program as they are.
    """
    node = needed(shutil.which("node"), "node")
    names = {file: re.findall(r"^export \w+ (\w+)", text, re.MULTILINE) for file, text in MODULES.items()}
    imports = [f"import {{ {', '.join(found)} }} from '{(FOLDER / file).as_uri()}';" for file, found in names.items()]
    program = "\n".join([*imports, f"console.log(JSON.stringify(({function})({json.dumps(data)})))"])
    run = subprocess.run([node, "--input-type=module"], input=program, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


# -- Figures -----------------------------------------------------------------------------------------------------------


def random_numbers(seed: int, count: int) -> list[float]:
    """Of all sizes, some with few digits, some halfway between two numbers of four digits."""
    draw = random.Random(seed)
    digits = [draw.choice([9, 99, 99_999, 10**9]) for _ in range(count)]
    numbers = [draw.randint(-most, most) * 10.0 ** draw.choice([-20, -4, -2, 0, 2, 290]) for most in digits]
    return numbers + [draw.randint(-9999, 9999) * 2.0 ** draw.randint(-9, 4) for _ in range(count)]


EXTREMES = [0.0, -0.0, 5e-324, -1.7976931348623157e308, 9999.5, 99995.0, 0.000099995, 10.125, 1e21, float("inf")]


@pytest.mark.slow
def test_numbers_are_shown_as_python_shows_them() -> None:
    numbers = random_numbers(1, 1_000) + EXTREMES
    found = in_node("(numbers) => numbers.map((x) => [shown(x), bracketed(shown(x)), signed(x)])", numbers)
    for number, texts in zip(numbers, found, strict=True):
        text = number_text(number)
        assert texts == [text, bracketed(text), "+" * (number > 0) + text], number
    assert in_node("() => [shown(NaN), shown(null)]") == ["undefined", "·"]


def test_a_figure_is_pythons() -> None:
    numbers = random_numbers(2, 1_000) + EXTREMES
    found = in_node("(numbers) => numbers.map((x) => String(figure(x)))", numbers)
    assert [float(text) for text in found] == [figure(number) for number in numbers]


def test_equal_and_nearly_equal_are_told_apart_as_in_python() -> None:
    draw = random.Random(3)
    cases = []
    for _ in range(2_000):
        a, b = (draw.randint(-9999, 9999) * 10.0 ** draw.choice([-3, -1, 0, -20]) for _ in range(2))
        exact = figure(a) + figure(b)
        outcome = draw.choice([exact, figure(exact), exact * (1 + 1e-15), float("nan")])
        cases.append((outcome, draw.choice([a + b, exact]), [(a, 1.0), (b, 1.0)]))
    found = in_node("(cases) => cases.map((given) => equals(...given))", cases)
    wanted = ["≈="[figures_give(*case)] for case in cases]
    assert found == wanted
    assert min(wanted.count("="), wanted.count("≈")) > 400


@pytest.mark.slow
def test_a_leaf_moves_by_whole_grains_without_dust() -> None:
    assert in_node("() => [0, 0.5, -30, 123456].map(grain)") == [0.01, 0.01, 0.1, 1000]
    assert in_node("() => [rounded(0.1 + 0.2, 0.1), rounded(0.1234567890123456, 0.1234567890123456)]") == [
        0.3,
        0.1234567890123456,
    ]


# -- The graph and its steps -------------------------------------------------------------------------------------------


def loss_of_a_network() -> Value:
    x = [Value(0.3, "x1"), Value(-1.2, "x2")]
    loss: Value = squared_error(Network((2, 3, 1), seed=4)(x)[0], 0.25)
    return loss


def of_other_operations() -> Value:
    a = Value(2.0, "a")
    three_over_a = 3 / (a * a)
    b = Value(-0.7, "b")  # the second leaf, with a constant before it
    output: Value = log(three_over_a) / exp(b) - a**3 + a * b * 1e-20
    return output


@pytest.fixture(params=["network", "other operations"])
def graph(request: pytest.FixtureRequest) -> Value:
    return loss_of_a_network() if request.param == "network" else of_other_operations()


def on_the_page(output: Value, function: str, data: object = None) -> Any:
    """What a function of the data, the graph and its first moment gives, with what stands in the graph's page."""
    html = explore(output).html
    [recorded] = re.findall(r'id="graph-data">(.*)</script>', html)
    [programs] = re.findall(r"^const programs = (\{.*?^\});", html, re.DOTALL | re.MULTILINE)
    return in_node(
        f"""(data) => {{
          const graph = graphOf({recorded}, {programs});
          return ({function})(data, graph, momentAt(graph, numbersOf(graph, graph.values.map((value) => value.data))));
        }}""",
        data,
    )


@pytest.mark.slow
def test_a_moment_has_the_numbers_of_the_recorded_graph(graph: Value) -> None:
    moment = on_the_page(graph, "(_, graph, first) => first")
    walked = steps(graph)
    for place, value in enumerate(walked.values):
        assert moment["data"][place] == pytest.approx(value.data, rel=1e-12)
        assert moment["local"][place] == pytest.approx(list(value.local_derivatives), rel=1e-12)
        if not value.constant:
            assert moment["gradients"][place] == pytest.approx(walked.gradients[value], rel=1e-12)


@pytest.mark.slow
def test_a_moved_leaf_gives_the_numbers_of_the_replayed_graph() -> None:
    output = loss_of_a_network()
    function = "(_, graph, first) => momentAt(graph, numbersOf(graph, first.data, 1, 0.75)).data"
    moved = on_the_page(output, function)
    topological_order(output)[1].data = 0.75
    output.forward()
    assert moved == pytest.approx([value.data for value in topological_order(output)], rel=1e-12)


@pytest.mark.slow
def test_at_each_step_is_known_what_the_steps_before_have_computed(graph: Value) -> None:
    found = on_the_page(graph, "(_, graph, now) => [0, ...graph.steps].map((_, count) => known(graph, now, count))")
    walked = steps(graph)
    gradients: dict[int, float] = {}
    data = {place: value.data for place, value in enumerate(walked.values) if not value.inputs}
    for count, known in enumerate(found):
        if 0 < count <= len(walked.forward):
            data[walked[count - 1].value] = walked.values[walked[count - 1].value].data
        elif count:
            step = walked.backward[count - len(walked.forward) - 1]
            gradients[len(walked.values) - 1] = 1.0
            gradients[step.input] = step.after
        for name, wanted in (("data", data), ("gradients", gradients)):
            shown = {place: number for place, number in enumerate(known[name]) if number is not None}
            assert shown == pytest.approx(wanted, rel=1e-12), (name, count)
        assert (known["local"] is None) == (count <= len(walked.forward))


@pytest.mark.slow
def test_the_page_says_of_each_step_what_python_says(graph: Value) -> None:
    walked = steps(graph)
    found = on_the_page(graph, "(_, graph, now) => graph.steps.map((_, i) => told(graph, now, i + 1).map(plain))")
    for step, [heading, sentence, *lines] in zip(walked, found, strict=True):
        beginning = f", from {walked.beginning}" * (step is walked.backward[0])
        passed = "forward" if step in walked.forward else f"backward{beginning}"
        assert heading == f"Step {step.number} of {len(walked)}, {passed}"
        assert [sentence, " ".join(lines)] == [step.sentence, str(step).replace("\n", " ")]


@pytest.mark.slow
def test_dependencies_and_dependents_are_found_over_the_graph(graph: Value) -> None:
    order = topological_order(graph)
    found = on_the_page(
        graph, "(_, { values }) => values.map((_, i) => [dependenciesOf, dependentsOf].map((f) => [...f(values, [i])]))"
    )
    below = [{order.index(used) for used in topological_order(value)} for value in order]
    for place, [dependencies, dependents] in enumerate(found):
        assert set(dependencies) == below[place]
        assert set(dependents) == {other for other in range(len(order)) if place in below[other]}


@pytest.mark.slow
def test_in_an_open_neuron_each_value_stands_right_before_all_that_use_it(graph: Value) -> None:
    stages = on_the_page(
        graph, "(_, { values }) => stagesOf(values, [...values.keys()].filter((i) => !values[i].constant))"
    )
    order = topological_order(graph)
    stage = {place: number for number, members in enumerate(stages) for place in members}
    assert sorted(stage) == [place for place, value in enumerate(order) if not value.constant]
    for place, value in enumerate(order):
        users = [stage[user] for user, other in enumerate(order) if value in other.inputs]
        if users and not value.constant:
            assert stage[place] == min(users) - 1


# -- One script out of the modules -------------------------------------------------------------------------------------


def test_each_module_is_short_and_begins_with_what_it_holds() -> None:
    for file, text in MODULES.items():
        assert text.startswith("// "), file
        assert len(text.splitlines()) < 120, file
        assert max(map(len, text.splitlines())) <= 120, file


def test_the_bundle_has_every_declaration_once_and_no_comments() -> None:
    bundled = script("main.mjs", "network.mjs")
    for text in MODULES.values():
        for declaration in re.findall(r"^export (\w+ \w+)", text, re.MULTILINE):
            assert len(re.findall(rf"^{declaration}\b", bundled, re.MULTILINE)) == 1
    assert "@param" not in bundled
    assert not re.search(r"^ *//| // ", bundled, re.MULTILINE)


def test_only_a_network_has_what_draws_networks() -> None:
    used = set(re.findall(r'from "\./(.*)";', "\n".join(MODULES.values())))
    assert set(MODULES) - used == {"main.mjs", "network.mjs"}
    assert "function sceneOf" in script("main.mjs", "network.mjs")
    assert "function sceneOf" not in script("main.mjs")


def test_modules_only_declare_and_import_so_that_they_can_share_one_scope() -> None:
    bundled = script("main.mjs", "network.mjs")
    declared = re.findall(r"^(?:function|const) (\w+)", bundled, re.MULTILINE)
    assert len(set(declared)) == len(declared)
    assert re.findall(r"^(?!function \w|const \w|[ )}\]]|$).*", bundled, re.MULTILINE) == []
    assert not re.search(r"\b(import|export)\b", bundled)
