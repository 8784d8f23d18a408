"""The live page of a network: columns of neurons in the colours of their numbers, which unfold in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from browser import Browser
from selenium.webdriver.support.ui import Select
from test_page import SCREENS, expected_numbers, network, shown_numbers, wait_for

from tinygrad_sigmoid import Network, Value, dot, sigmoid, squared_error, steps
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.page.columns import in_columns
from tinygrad_sigmoid.reading.writer import number_text

pytestmark = pytest.mark.slow

Opens = Callable[..., Browser]


def digits(inputs: int = 64) -> Value:
    """A network that is shown an image."""
    outputs = Network((inputs, 30, 10), seed=1)([Value((i * 7 % 11) / 10, f"x{i}") for i in range(inputs)])
    loss: Value = squared_error(outputs, [1.0] + [0.0] * 9)
    loss.label = "loss"
    return loss


def neurons_in(value: Value) -> dict[str, int]:
    """Each neuron's name, and the index of what it gives."""
    index = {each: place for place, each in enumerate(topological_order(value))}
    return {unit.name: index[unit.value] for column in in_columns(topological_order(value)) for unit in column.neurons}


def move_to(browser: Browser, selector: str) -> tuple[float, float]:
    x, y = browser.middle(selector)
    browser.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
    browser.settle()
    return x, y


# -- What stands where -------------------------------------------------------------------------------------------------


def names_in_columns(value: Value) -> list[list[str]]:
    return [
        [item.neuron.name if item.neuron else item.values[0].label for item in column.entries]
        for column in in_columns(topological_order(value))
    ]


def test_a_computed_value_stands_after_what_it_takes_and_a_leaf_before_what_takes_it() -> None:
    [a] = Network((2, 2, 1), seed=1)([Value(1.0, "x1"), Value(0.0, "x2")])
    loss = squared_error(a, Value(1.0, "y"))
    loss.label = "loss"
    assert names_in_columns(loss) == [
        ["x1", "x2"],
        ["layer1.neuron1", "layer1.neuron2"],
        ["layer2.neuron1", "y"],
        ["loss"],
    ]


def test_between_its_neurons_a_graph_may_compute_anything() -> None:
    w, x = [Value(0.5, "w1"), Value(-1.0, "w2")], [Value(2.0, "x1"), Value(1.0, "x2")]
    squared = sigmoid(dot(w, x)) ** 2
    squared.label = "squared"
    output = sigmoid(dot([Value(3.0, "v")], [squared]))
    output.label = "output"
    assert names_in_columns(output) == [["x1", "x2"], ["neuron 1"], ["squared"], ["neuron 2"], ["output"]]


def test_a_neuron_stands_there_for_each_sample_and_its_weights_belong_to_the_first() -> None:
    made = Network((2, 1), seed=1)
    total = made([Value(0.0, "p1"), Value(1.0, "p2")])[0] + made([Value(1.0, "q1"), Value(1.0, "q2")])[0]
    columns = in_columns(topological_order(total))
    assert [[unit.name for unit in column.neurons] for column in columns] == [
        [],
        ["layer1.neuron1", "layer1.neuron1#2"],
        [],
    ]
    first, second = columns[1].entries
    assert len(first.values) == len(second.values) + 3  # two weights and a bias


def test_every_value_of_a_network_stands_in_one_place() -> None:
    for value in (network(), digits(), digits(50)):
        order = topological_order(value)
        placed = [each for column in in_columns(order) for item in column.entries for each in item.values]
        assert len(placed) == len(set(placed))
        assert {each for each in order if not each.constant} <= set(placed)


def test_what_is_computed_before_the_first_neuron_is_a_box_with_edges(opened: Opens) -> None:
    w = Value(0.5, "w")
    scaled = [Value(float(i), f"x{i}") * w for i in range(3)]
    outputs = Network((3, 5, 4, 2), seed=3)(scaled)
    value: Value = squared_error(outputs, [1.0, 0.0])
    titles = [column.title for column in in_columns(topological_order(value))]
    assert titles == ["", "", "layer1: 5 neurons", "layer2: 4 neurons", "layer3: 2 neurons", ""]
    browser = opened(value)
    for each in scaled:
        place = topological_order(value).index(each)
        assert shown_numbers(browser)[place] == expected_numbers(value)[place]
        for operand, local in enumerate(each.local_derivatives):
            assert browser.text(f'[id="e{place}.{operand}"] text') == f"∂ {number_text(local)}"


def test_without_a_neuron_there_are_no_columns() -> None:
    a = [Value(i / 10, f"a{i}") for i in range(40)]
    assert in_columns(topological_order(sum(a, start=Value(1.0)) ** 2)) == []


@pytest.mark.parametrize(("width", "height"), SCREENS)
@pytest.mark.parametrize("build", [network, digits], ids=["network", "digits"])
def test_all_of_a_network_is_in_the_window(opened: Opens, build: Callable[[], Value], width: int, height: int) -> None:
    browser = opened(build())
    browser.show_as(width=width, height=height)
    outside, smallest, columns = browser.run(
        """const box = (element) => element.getBoundingClientRect(), frame = box(document.getElementById('canvas'));
        const things = [...document.querySelectorAll('.network .node')].map(box);
        const outside = things.filter((thing) => thing.left < frame.left || thing.right > frame.right
          || thing.top < frame.top || thing.bottom > frame.bottom).length;
        const middles = ['.input, .pixel', '.neuron', '.output'].map((part) => document.querySelector(part)).map(box);
        return [outside, Math.min(...things.map((thing) => thing.width)), middles.map(({ x, y }) => [x, y])];"""
    )
    assert outside == 0
    assert smallest > 6
    along = 1 if height > width else 0  # columns are rows on a phone
    assert [place[along] for place in columns] == sorted(place[along] for place in columns)
    assert browser.run("return document.documentElement.scrollWidth") <= width


def test_of_many_inputs_that_are_no_image_a_few_are_shown_and_the_next_on_demand(opened: Opens) -> None:
    browser = opened(digits(50))
    shown = """return [...document.querySelectorAll('.input')].map((input) => input.getAttribute('aria-label'))
      .map((label) => label.split(' ')[0])"""
    assert browser.run(shown) == [f"x{i}" for i in range(12)]
    assert browser.text(".rest") == "… 38 more"
    browser.driver.find_element("css selector", ".rest").click()
    browser.settle()
    assert browser.run(shown) == [f"x{i}" for i in range(12, 24)]
    # A step brings in what it is about.
    order = topological_order(digits(50))
    index = next(place for place, each in enumerate(order) if each.label == "x49")
    step = next(step.number for step in steps(digits(50)).backward if step.input == index)
    browser.choose("level", 0)
    browser.run(f"location.hash = '#{step}'")
    browser.settle()
    assert browser.run(shown) == ["x49"]
    assert browser.run("return document.querySelector('.input').matches('.target')")


# -- Colours -----------------------------------------------------------------------------------------------------------

COLOURS = """
const sign = (element) => element.matches('.plus') ? 1 : element.matches('.minus') ? -1 : 0;
return JSON.stringify([
  [...document.querySelectorAll('.neuron')].map((neuron) => neuron.querySelector('.fill'))
    .map((fill) => [fill.parentNode.id, sign(fill), Number(fill.style.fillOpacity)]),
  [...document.querySelectorAll('.edge.weight')]
    .map((edge) => [edge.id, sign(edge), parseFloat(getComputedStyle(edge.firstChild).strokeWidth)])]);
"""


def sign(number: float) -> int:
    return (number > 0) - (number < 0)


def assert_coloured(browser: Browser, value: Value, number: Callable[[Value], float]) -> None:
    """By the sign of a number, and its share of the largest: neurons in their column, lines among all parameters."""
    order = topological_order(value)
    index = {each: place for place, each in enumerate(order)}
    columns = in_columns(order)
    parameters = [parameter for column in columns for unit in column.neurons for parameter in unit.parameters]
    largest = max(abs(number(parameter)) for parameter in parameters)
    fills, lines = ({id: rest for id, *rest in part} for part in json.loads(browser.run(COLOURS)))
    compared = 0
    for column in columns:
        for unit in column.neurons:
            found, opacity = fills[f"n{index[unit.value]}"]
            fullest = max(abs(number(each.value)) for each in column.neurons)
            assert found == sign(number(unit.value))
            assert opacity == pytest.approx(0.7 * abs(number(unit.value)) / fullest, abs=1e-3)
            for operand, weight in enumerate(unit.weights):
                found, width = lines[f"e{unit.product_index}.{len(unit.weights) + operand}"]
                assert found == sign(number(weight))
                assert width == pytest.approx(0.4 + 7 * abs(number(weight)) / largest, abs=0.02)
                compared += 1
    assert compared == len(lines) > 30


def wait_for_strokes(browser: Browser) -> None:
    browser.run(
        "document.head.append(Object.assign(document.createElement('style'), "
        "{ textContent: '*, * > path { transition: none !important; }' }))"
    )


def test_fills_and_lines_have_the_colours_of_their_numbers_and_follow_a_drag(opened: Opens) -> None:
    value = network()
    browser = opened(value)
    wait_for_strokes(browser)
    assert_coloured(browser, value, lambda each: each.data)
    leaf = next(each for each in topological_order(value) if each.label == "layer1.neuron2.w1")
    for moved in (-3.0, 5.5):
        leaf.data = moved
        value.forward()
        place = topological_order(value).index(leaf)
        browser.run(
            """const slider = document.getElementById(arguments[0]);
            slider.min = -9; slider.max = 9; slider.value = arguments[1]; slider.dispatchEvent(new Event('input'));""",
            f"slide-{place}",
            moved,
        )
        browser.settle()
        assert_coloured(browser, value, lambda each: each.data)
    value.zero_grad()
    value.backward()
    browser.choose("shades", "gradients")
    assert_coloured(browser, value, lambda each: each.grad or 0.0)


def test_as_the_passes_run_only_what_is_known_has_a_colour(opened: Opens) -> None:
    browser = opened(network())
    filled = "return document.querySelectorAll('.neuron .fill:is(.plus, .minus)').length"
    found = []
    for _ in range(3):
        browser.driver.find_element("id", "on").click()
        browser.settle()
        found.append(browser.run(filled))
    assert found == [5, 9, 10]  # layer by layer
    browser.choose("shades", "gradients")
    coloured = "return document.querySelectorAll('.edge.weight:is(.plus, .minus)').length"
    assert browser.run(filled) == browser.run(coloured) == 0  # nothing has been passed back
    for _ in range(2):
        browser.driver.find_element("id", "on").click()
        browser.settle()
    assert browser.run(filled) == 1  # the loss has given the last neuron its gradient
    browser.driver.find_element("id", "last").click()
    browser.settle()
    assert browser.run(filled) == 10


def test_images_of_weights_are_squares_of_their_size(opened: Opens) -> None:
    value = digits()
    browser = opened(value)
    order = topological_order(value)
    units = [unit for column in in_columns(order) for unit in column.neurons]
    largest = max(abs(parameter.data) for unit in units for parameter in unit.parameters)
    images = browser.run(
        """return [...document.querySelectorAll('.weights')].map((image) =>
          [Number(image.firstChild.getAttribute('width')),
           ...[...image.querySelectorAll('path')].map((path) => path.getAttribute('d'))])"""
    )
    assert len(images) == 30
    for unit, (side, *paths) in zip(units[:30], images, strict=True):
        for path, wanted in zip(paths, (1, -1), strict=True):
            sides = [float(width) for width in re.findall(r"h(\d[\d.]*)v", path)]
            weights = [abs(weight.data) for weight in unit.weights if sign(weight.data) == wanted]
            assert sides == pytest.approx([side / 8 * (weight / largest) ** 0.5 for weight in weights], abs=0.006)


def test_pointing_at_a_neuron_lights_its_edges_and_dims_all_others(opened: Opens) -> None:
    browser = opened(network((4, 5, 6, 3, 1)))
    wait_for_strokes(browser)
    opacity = """return [...document.querySelectorAll('.edge')]
      .map((edge) => [edge.matches('.self'), Number(getComputedStyle(edge.firstChild).opacity)])"""
    name = neurons_in(network((4, 5, 6, 3, 1)))["layer2.neuron3"]

    def lit() -> int:
        found = browser.run(opacity)
        assert {shown for is_lit, shown in found if is_lit} == {1}
        assert {shown for is_lit, shown in found if not is_lit} == {0.1}
        return sum(is_lit for is_lit, _ in found)

    move_to(browser, f"#n{name}")
    assert lit() == 5 + 3
    move_to(browser, "h1")
    assert {shown for _, shown in browser.run(opacity)} == {1}
    browser.run("document.getElementById(arguments[0]).focus()", f"n{name}")
    assert lit() == 5 + 3


# -- Unfolding ---------------------------------------------------------------------------------------------------------

OVERLAPS = """
const found = [], things = [...document.querySelectorAll('.network :is(.node, .weights)')];
const places = things.map((thing) => (thing.matches('.round') ? thing.firstChild : thing).getBoundingClientRect());
const frames = [...document.querySelectorAll('.unfolded > rect')].map((frame) => frame.getBoundingClientRect());
const apart = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) < 0.5
  || Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) < 0.5;
const holds = (a, b) => b.left >= a.left && b.right <= a.right && b.top >= a.top && b.bottom <= a.bottom;
places.forEach((a, i) => places.slice(i + 1).forEach((b, j) => apart(a, b) || found.push([i, i + 1 + j])));
for (const frame of frames)
  places.forEach((place, i) => apart(frame, place) || holds(frame, place) || found.push(['frame', things[i].id]));
return found;
"""


@pytest.mark.parametrize(("width", "height"), SCREENS)
@pytest.mark.parametrize("name", ["layer1.neuron2", "layer2.neuron9"])
@pytest.mark.parametrize("build", [lambda: network((8, 12, 10, 3, 1)), digits], ids=["network", "digits"])
def test_where_a_neuron_unfolds_the_others_make_room(
    opened: Opens, build: Callable[[], Value], name: str, width: int, height: int
) -> None:
    browser = opened(build())
    browser.show_as(width=width, height=height)
    before = browser.run("return document.querySelectorAll('.neuron').length")
    assert browser.run(OVERLAPS) == []
    place = neurons_in(build())[name]
    browser.run("document.getElementById(arguments[0]).focus()", f"n{place}")
    browser.press("\ue007")  # Enter
    assert browser.run("return document.querySelectorAll('.neuron').length") == before - 1
    assert browser.run(OVERLAPS) == []
    frame, canvas, letters = browser.run(
        """const box = (part) => document.querySelector(part).getBoundingClientRect();
        const [frame, canvas] = [box('.unfolded'), box('#canvas')];
        const text = document.querySelector('[data-value] text');
        const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
        return [[frame.left, frame.top, frame.right, frame.bottom],
          [canvas.left, canvas.top, canvas.right, canvas.bottom], size];"""
    )
    assert frame[0] >= canvas[0]
    assert frame[1] >= canvas[1]
    assert frame[2] <= canvas[2]
    assert frame[3] <= canvas[3]
    assert letters > 6.5
    assert browser.run("return document.activeElement.getAttribute('aria-label')") == f"close {name}"
    browser.press(" ")
    assert browser.run("return [document.querySelectorAll('.neuron').length, document.activeElement.id]") == [
        before,
        f"n{place}",
    ]


def test_several_neurons_may_be_open(opened: Opens) -> None:
    names = ("layer1.neuron2", "layer1.neuron3", "layer3.neuron1")
    browser = opened(network((8, 12, 10, 3, 1)), "#0" + "".join(f"&open:{name}" for name in names))
    assert browser.run("return document.querySelectorAll('.unfolded').length") == 3
    assert browser.run(OVERLAPS) == []


def test_unfolded_neurons_show_the_numbers_of_both_passes_and_their_edges_the_local_derivatives(opened: Opens) -> None:
    value = network()
    browser = opened(value, "#0" + "".join(f"&open:{name}" for name in neurons_in(value)))
    order = topological_order(value)
    inputs = [place for place, each in enumerate(order) if each.label.startswith("x")]
    assert shown_numbers(browser) == {
        place: numbers for place, numbers in expected_numbers(value).items() if place not in inputs
    }
    for place, each in enumerate(order):
        for operand, local in enumerate(each.local_derivatives):
            if not each.inputs[operand].constant:
                assert browser.text(f'[id="e{place}.{operand}"] text') == f"∂ {number_text(local)}"
    for place in inputs:
        data, grad = expected_numbers(value)[place]
        label = browser.run("return document.getElementById(arguments[0]).ariaLabel", f"n{place}")
        assert label == f"{order[place].label} {data} {grad}"


def test_edges_lead_from_the_layer_before_to_the_product(opened: Opens) -> None:
    browser = opened(network(), "#0&open:layer2.neuron1")
    order = topological_order(network())
    product = next(place for place, each in enumerate(order) if each.label == "layer2.neuron1.z") - 1
    assert order[product].label == ""
    ends = """const path = document.getElementById(arguments[0]).firstChild, length = path.getTotalLength();
      return [path.getPointAtLength(0), path.getPointAtLength(length)].map(({ x, y }) => [x, y]);"""
    boxes = """const box = document.querySelector(arguments[0]).getBBox();
      return [box.x, box.y, box.x + box.width, box.y + box.height];"""
    left, top, _, bottom = browser.run(boxes, f'[data-value="{product}"]')
    sources = [each.inputs[0] for each in order[product].inputs[5:]]
    assert len(sources) == 5
    for operand in range(5, 10):
        (x, y), (end_x, end_y) = browser.run(ends, f"e{product}.{operand}")
        assert end_x == pytest.approx(left, abs=1)
        assert top < end_y < bottom
        circle = browser.run(boxes, f"#n{order.index(order[product].inputs[operand])} .outline")
        assert [x, y] == pytest.approx([(circle[0] + circle[2]) / 2, (circle[1] + circle[3]) / 2], abs=0.1)


def test_a_click_opens_a_neuron_and_one_on_its_frame_closes_it(opened: Opens) -> None:
    browser = opened(network())
    place = neurons_in(network())["layer1.neuron2"]
    browser.driver.find_element("css selector", f"#n{place} .outline").click()
    browser.settle()
    assert browser.text(".unfolded text") == "layer1.neuron2"
    wait_for(browser, "location.hash === '#0&open:layer1.neuron2'")
    browser.driver.find_element("css selector", f"#n{place} > text").click()
    browser.settle()
    assert not browser.driver.find_elements("css selector", ".unfolded")
    wait_for(browser, "location.hash === '#0'")


def test_the_address_keeps_what_is_open(opened: Opens) -> None:
    browser = opened(network(), "#3&open:layer2.neuron1&open:nothing&open:layer1.neuron4&open:layer2.neuron1")
    names = "return [...document.querySelectorAll('.unfolded')].map((frame) => frame.querySelector('text').textContent)"
    assert browser.run(names) == ["layer1.neuron4", "layer2.neuron1"]
    assert browser.text("#step-heading").startswith("Steps 1 to 3 of")
    browser.press("0")
    browser.driver.find_element("id", "on").click()
    wait_for(browser, "!location.hash.startsWith('#3')")
    assert browser.run("return location.hash").endswith("&open:layer2.neuron1&open:layer1.neuron4")


def test_the_address_keeps_how_much_a_step_is_and_what_the_colours_are(opened: Opens) -> None:
    browser = opened(network(), "#3")
    for select, choice in (("level", "every step"), ("shades", "gradients")):
        Select(browser.driver.find_element("id", select)).select_by_visible_text(choice)
    wait_for(browser, "location.hash === '#3&level:0&gradients'")
    filled = "return [...document.querySelectorAll('.round .fill')].map((fill) => fill.style.fillOpacity)"
    browser.press("End")
    wait_for(browser, "location.hash.endsWith('&level:0&gradients')")
    shown = browser.run(filled)
    browser.driver.refresh()
    browser.settle()
    assert browser.run(filled) == shown
    chosen = "return ['level', 'shades'].map((id) => document.getElementById(id).selectedOptions[0].textContent)"
    assert browser.run(chosen) == ["every step", "gradients"]
    assert browser.text("#step-heading").startswith("Step ")
    for address in ("#0&level:3", "#0&level:", "#0"):
        browser.run(f"location.hash = '{address}'")
        browser.settle()
        assert browser.run(chosen) == ["a layer", "weights"]


def test_of_a_layer_with_an_open_neuron_each_stop_tells_how_many(opened: Opens) -> None:
    browser = opened(network(), "#0&open:layer1.neuron4")
    said = [sentence for _, sentence in browser.heard() if "neurons of layer1" in sentence]
    assert said[0] == "3 of the 5 neurons of layer1 are computed."
    assert all(re.match(r"\d of the 5 neurons", sentence) for sentence in said)


def test_in_the_middle_of_a_layer_only_the_neurons_that_it_is_done_with_are_counted(opened: Opens) -> None:
    value = network()
    walked = steps(value)
    outputs = neurons_in(value)
    browser = opened(value)
    for at in range(2, len(walked.forward) + 1):
        done = {step.value for step in walked.forward[:at]}
        browser.run(f"location.hash = '#{at}'")
        browser.settle()
        said = browser.text("#step-sentence")
        if found := re.match(r"(?:The )?(\d+)(?: of the \d+)? neurons of (layer\d) are computed", said):
            layer = [index for name, index in outputs.items() if name.startswith(f"{found[2]}.")]
            assert int(found[1]) == sum(index in done for index in layer), (at, said)
        elif "being computed" in said:
            assert outputs[said.split()[0]] not in done


def test_in_a_row_no_heading_stands_on_inputs_names_or_images(opened: Opens) -> None:
    small = Network((4, 12, 3), seed=0)([Value(0.1 * k, f"x{k}") for k in range(4)])[0]
    for value in (small, digits()):
        browser = opened(value)
        browser.show_as(width=390, height=844)
        browser.settle()
        overlaps = """const area = (element) => element.getBoundingClientRect();
          const headings = [...document.querySelectorAll('.network text.after')];
          const others = [...document.querySelectorAll('.node.round text, .weights .outline')].map(area);
          return headings.map(area).flatMap((one) =>
            others.filter((other) => one.left < other.right - 1 && other.left < one.right - 1
              && one.top < other.bottom - 1 && other.top < one.bottom - 1)).length"""
        assert browser.run("return document.querySelectorAll('.network text.after').length") >= 3
        assert browser.run(overlaps) == 0


def test_of_many_weights_a_few_are_shown_and_those_a_step_is_about(opened: Opens) -> None:
    value = digits()
    walked = steps(value)
    place = next(i for i, each in enumerate(walked.values) if each.label == "layer1.neuron5.w40")
    step = next(step for step in walked.backward if step.input == place)
    browser = opened(value, "#0&open:layer1.neuron5")
    shown = "return [...document.querySelectorAll('[data-value].leaf text:first-of-type')].map((t) => t.textContent)"
    assert browser.run(shown) == [*[f"w{i}" for i in range(1, 11)], "b"]
    assert browser.text(".rest") == "… 54 more"
    browser.run(f"location.hash = '#{step.number}&open:layer1.neuron5'")
    browser.settle()
    assert browser.run(shown) == [*[f"w{i}" for i in range(40, 50)], "b"]
    assert browser.text(".target text") == "w40"
    assert browser.run("return [...document.querySelectorAll('.edge.active')].map((edge) => edge.id)") == [
        f"e{step.value}.{step.operand}"
    ]
    figures = browser.text("#callout").removeprefix(browser.text("#callout .sentence"))
    assert figures
    assert browser.text("#step-sum").endswith(figures)


def test_a_finger_drags_a_leaf_in_an_open_neuron_and_a_pixel(opened: Opens) -> None:
    browser = opened(digits(), "#0&open:layer2.neuron3")
    browser.show_as(width=390, height=844)
    data = "return Number(document.querySelector('[data-value].leaf').ariaValueNow)"
    before = browser.run(data)
    x, y = browser.middle("[data-value].leaf text")
    browser.touch([(x, y)], *[[(x + 10 * k, y)] for k in range(1, 11)])
    assert browser.run(data) == pytest.approx(before + 1)
    browser.press("0")
    x, y = move_to(browser, ".pixel")
    browser.touch([(x, y)], *[[(x + 10 * k, y)] for k in range(1, 11)])
    assert browser.text(".pixel title").startswith("x0 data 1 ")


# -- Steps -------------------------------------------------------------------------------------------------------------


def test_the_tour_goes_by_layers_by_neurons_or_by_values(opened: Opens) -> None:
    browser = opened(network((8, 12, 10, 3, 1)))
    total = browser.run("return Number(document.getElementById('at').max)")
    said = browser.heard()
    assert [sentence for _, sentence in said if "neurons of" in sentence] == [
        *[f"The {n} neurons of layer{k} are computed." for k, n in ((1, 12), (2, 10), (3, 3))],
        *[f"The {n} neurons of layer{k} hand their gradients on." for k, n in ((3, 3), (2, 10), (1, 12))],
    ]
    # The stops are all steps, one after the other.
    reached = 0
    for heading, _ in said:
        first, last = re.findall(r"Steps? (\d+)(?: to (\d+))? of", heading)[0]
        assert int(first) == reached + 1
        reached = int(last or first)
    assert reached == total
    browser.driver.find_element("id", "back").click()  # to the end of the layer before
    browser.settle()
    assert browser.text("#step-sentence") == said[-2][1]
    browser.choose("level", 1)
    browser.press("\ue011")  # Home
    assert browser.text("#step-sentence") == "layer1.neuron1 is computed."
    assert browser.run("return [...document.querySelectorAll('.target')].map((box) => box.id).length") == 1
    lit = browser.run("return document.querySelectorAll('.edge.active').length")
    assert lit == 8  # from the inputs, a line for each weight
    # Into a neuron that is open the tour goes value by value.
    place = neurons_in(network((8, 12, 10, 3, 1)))["layer1.neuron2"]
    browser.driver.find_element("css selector", f"#n{place} .outline").click()
    browser.settle()
    browser.press("\ue014")  # the right arrow
    assert browser.text("#step-heading").startswith("Step 4 of")
    assert browser.run("return document.querySelectorAll('.edge.active').length") == 16  # also from the weights
    browser.driver.find_element("css selector", ".unfolded > text").click()
    browser.settle()
    assert browser.text("#step-heading").startswith("Step 4 of")


@pytest.mark.parametrize("build", [lambda: network((8, 12, 10, 3, 1)), digits], ids=["network", "digits"])
def test_each_stop_lights_edges(opened: Opens, build: Callable[[], Value]) -> None:
    browser = opened(build())
    lit = "return document.querySelectorAll('.edge.active').length"
    while browser.driver.find_element("id", "on").is_enabled():
        browser.driver.find_element("id", "on").click()
        browser.settle()
        assert browser.run(lit) > 0, browser.text("#step-sentence")


# -- Safety and size ---------------------------------------------------------------------------------------------------


def test_hostile_names_of_neurons_are_text(opened: Opens) -> None:
    name = "</script><img src=x onerror=alert(1)>"
    parts = [Value(i / 10, f"{name}.w{i}") for i in range(40)]
    z = dot(parts, [Value(0.5, f"<b>{i}") for i in range(40)]) + Value(1.0, f"{name}.b")
    z.label = f"{name}.z"
    output = sigmoid(z)
    output.label = f"{name}.a"
    browser = opened(output, "#0&open:%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    assert browser.run("return document.querySelectorAll('#canvas :is(img, b)').length") == 0
    assert browser.text(".unfolded text") == name
    assert browser.run("return document.scripts.length") == 2


def test_a_network_of_13000_parameters_follows_a_drag(opened: Opens) -> None:
    """Nobody waits for it: measured at 784-16-10, whose gradients and colours are all computed anew."""
    outputs = Network((784, 16, 10), seed=1)([Value((i * 7 % 11) / 10, f"x{i}") for i in range(784)])
    browser = opened(squared_error(outputs, [1.0] + [0.0] * 9))
    assert browser.run("return document.querySelectorAll('.pixel').length") == 784
    took = browser.drags(6)
    assert took[0] < 400


def test_the_first_leaf_to_be_nudged_makes_a_difference(opened: Opens) -> None:
    loss = squared_error(Network((2, 8, 8, 1), seed=0)([0.0, 1.0]), [1.0])  # so that the first weight changes nothing
    browser = opened(loss)
    plot = browser.run("return document.getElementById('plot').textContent")
    assert "layer1.neuron1.w2" in plot


def test_a_loss_hands_its_gradients_to_a_layer_in_one_stop(opened: Opens) -> None:
    loss = squared_error(Network((3, 9, 4), seed=1)([0.5, 0.2, 0.1]), [1.0, 0.0, 0.0, 0.0])
    loss.label = "loss"
    said = [sentence for _, sentence in opened(loss).heard()]
    assert said == [
        *[f"The {n} neurons of layer{k} are computed." for k, n in ((1, 9), (2, 4))],
        said[2],
        "loss hands its gradients on.",
        *[f"The {n} neurons of layer{k} hand their gradients on." for k, n in ((2, 4), (1, 9))],
    ]
    assert said[2].startswith("loss is computed from")
