"""Networks as columns of neurons: each weight is there once, with its sign and its size, and each name tells itself."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import (
    Layer,
    Network,
    Neuron,
    StaleGraph,
    Value,
    cross_entropy,
    dot,
    draw,
    sigmoid,
    softmax_cross_entropy,
    squared_error,
    tanh,
)
from tinygrad_sigmoid.drawing.network import Picture
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operations import dot_product
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.testing.strategies import networks

SIGNS = {"plus": 1, "minus": -1}
SIZES = st.lists(st.integers(1, 45), min_size=2, max_size=4)


def parsed(picture: Picture) -> Element:
    """The picture as an XML parser reads it, without its namespace."""
    root = fromstring(picture.svg)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def by_id(root: Element) -> dict[str, Element]:
    found = [element for element in root.iter() if "id" in element.attrib]
    assert len({element.attrib["id"] for element in found}) == len(found)
    return {element.attrib["id"]: element for element in found}


def sign(element: Element) -> int:
    [found] = {*element.attrib["class"].split()} & {*SIGNS}
    return SIGNS[found]


def title(element: Element) -> str:
    return element.findtext("title") or ""


def weights_in(*outputs: Value) -> Iterator[tuple[str, Value]]:
    """The weights that a graph multiplies inputs by, and the ids of their edges."""
    for index, value in enumerate(topological_order(*outputs)):
        if value.operation is dot_product and not value.inputs[0].constant:
            for operand, weight in enumerate(value.inputs[: len(value.inputs) // 2]):
                yield f"e{index}.{operand}", weight


def digit_network(pixels: int = 64) -> tuple[Network, Value]:
    network = Network([pixels, 30, 10], seed=1)
    loss: Value = squared_error(network([i % 5 / 4 for i in range(pixels)]), [0] * 9 + [1])
    loss.backward()
    return network, loss


# -- What is drawn -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@given(networks(), st.sampled_from(["weights", "gradients"]))
def test_each_weight_is_one_line_with_its_sign_and_its_size(loss: Value, show: Any) -> None:
    loss.backward()
    expected = {place: weight.data if show == "weights" else weight.grad or 0.0 for place, weight in weights_in(loss)}
    root = parsed(draw(loss, show=show))
    lines = {name: element for name, element in by_id(root).items() if element.tag == "line"}
    assert lines.keys() == expected.keys()
    in_order = sorted(expected, key=lambda place: abs(expected[place]))
    widths = [float(lines[place].attrib["stroke-width"]) for place in in_order]
    assert widths == sorted(widths)
    assert all(sign(lines[place]) == (-1 if number < 0 else 1) for place, number in expected.items())


@pytest.mark.slow
@given(networks())
def test_every_label_and_all_digits_are_told(loss: Value) -> None:
    loss.backward()
    root = parsed(draw(loss, show="weights"))
    told = by_id(root)
    for place, weight in weights_in(loss):
        assert title(told[place]).splitlines() == [f"{weight.label} = {weight.data!r}", f"gradient {weight.grad!r}"]
    everything = "\n".join(title(element) for element in root.iter())
    for value in topological_order(loss):
        if value.label.endswith(".b"):
            assert f"bias = {value.data!r}" in everything
            assert f"{value.label[:-2]} = " in everything
        elif value.label.startswith("x"):
            assert f"{value.label} = {value.data!r}" in everything


def test_a_line_is_as_thick_as_its_weight_is_large() -> None:
    network = Network.of([Layer([Neuron([2, -1, 0.5, 0], -4)])])
    network.label_values()
    lines = [line for line in parsed(draw(network)).iter("line") if "id" in line.attrib]
    looks = [(sign(line), float(line.attrib["stroke-width"])) for line in lines]
    assert looks == [(1, 3.5), (-1, 1.75), (1, 0.875), (1, 0)]
    [ring] = [circle for circle in parsed(draw(network)).iter("circle") if circle.attrib["class"] == "ring minus"]
    assert ring.attrib["stroke-width"] == "7.000"
    assert {"4", "−4"} <= {text.text for text in parsed(draw(network)).iter("text")}


def test_a_circle_is_as_deep_as_its_output_is_large_in_its_column() -> None:
    network = Network.of([Layer([Neuron([1], bias, None) for bias in (1, -3, 0)])])
    network.label_values()
    outputs = network([1])
    neurons = [g for g in parsed(draw(*outputs, show="weights")).iter("g") if g.attrib["class"] == "neuron"]
    fills = [circle for neuron in neurons for circle in neuron.iter("circle") if "fill-opacity" in circle.attrib]
    looks = [(sign(circle), circle.attrib["fill-opacity"]) for circle in fills]
    assert looks == [(1, "0.600"), (-1, "0.600"), (1, "0.300")]


def test_gradients_fill_the_neurons_and_an_input_stays_what_it_is() -> None:
    w, v = Value(1, "w"), Value(-3, "v")
    hidden = dot([w], [2.0])
    loss = dot([v], [hidden]) * -1
    loss.backward()
    units = list(parsed(draw(loss, show="gradients")).iter("g"))
    fills = [[circle for circle in unit.iter("circle") if "fill-opacity" in circle.attrib] for unit in units]
    assert [[sign(circle) for circle in found] for found in fills] == [[1], [1], [-1]]
    assert [title(unit) for unit in units][1:] == ["neuron 1 = 2.0\ngradient 3.0", "neuron 2 = -6.0\ngradient -1.0"]


def test_of_a_bare_network_nothing_is_told_but_its_parameters() -> None:
    network = Network([2, 3, 1], seed=1)
    units = list(parsed(draw(network)).iter("g"))
    assert not [circle for unit in units for circle in unit.iter("circle") if "fill-opacity" in circle.attrib]
    names = ["x1", "x2", *[f"layer1.neuron{i}" for i in (1, 2, 3)], "layer2.neuron1"]
    assert [title(unit).splitlines()[0] for unit in units] == names
    svg = draw(network).svg
    assert all(repr(parameter.data) in svg for parameter in network.parameters())


def test_the_gradients_of_a_network_need_no_graph() -> None:
    network, _ = digit_network(9)
    svg = draw(network, show="gradients").svg
    assert all(f"gradient {parameter.grad!r}" in svg for parameter in network.parameters())


# -- Neurons in a graph ------------------------------------------------------------------------------------------------


def headings(picture: Picture) -> list[str]:
    texts = [text.text or "" for text in parsed(picture).iter("text")]
    return [text for text in texts if re.search(r"(inputs?|neurons?)$", text)]


def test_neurons_without_labels_are_found_too() -> None:
    w1, w2, b, x = Value(1), Value(2), Value(3), Value(0.5, "x")
    z = dot([w1], [x]) + b
    z.label = "z"
    hidden = sigmoid(z)
    output = tanh(dot([w2, w1], [hidden, x]))
    picture = draw(output * output, show="weights")
    assert headings(picture) == ["1 input", "1 neuron", "1 neuron"]
    assert f"neuron 1 = {hidden.data!r}" in picture.svg
    assert f"neuron 2 = {output.data!r}" in picture.svg


def test_a_wide_neuron_is_not_walked_again_for_each_neuron_that_it_takes() -> None:
    class Walked(tuple[Value, ...]):
        def __iter__(self) -> Iterator[Value]:
            walks.append(self)
            return super().__iter__()

    counts = []
    for width in (4, 40):
        walks: list[Walked] = []
        hidden = [dot([Value(0.5)], [Value(0.5)]) for _ in range(width)]  # without a bias, so it is what takes them
        output = dot([Value(0.1) for _ in hidden], hidden)
        output.inputs = Walked(output.inputs)
        draw(output, show="weights")
        counts.append(len(walks))
    assert counts[0] == counts[1] > 0


@pytest.mark.parametrize("loss", [squared_error, cross_entropy, softmax_cross_entropy])
def test_the_outputs_are_told_apart_from_the_loss(loss: Callable[..., Value]) -> None:
    network = Network([3, 4, 2], seed=1, output_activation=None if loss is softmax_cross_entropy else sigmoid)
    outputs = network([0.1, 0.2, 0.3])
    picture = draw(*outputs, loss(outputs, [1.0, 0.0]), show="weights")
    assert headings(picture) == ["3 inputs", "layer1: 4 neurons", "layer2: 2 neurons"]
    for number, output in enumerate(outputs, 1):
        assert f"layer2.neuron{number} = {output.data!r}" in picture.svg


def test_neurons_that_see_several_samples_are_drawn_once_with_the_first() -> None:
    network = Network([2, 3, 1], seed=1)
    [first], [second] = network([0.1, 0.2]), network([0.3, 0.4])
    picture = draw(squared_error([first, second], [0, 1]), show="weights")
    assert headings(picture) == ["2 inputs", "layer1: 3 neurons", "layer2: 1 neuron"]
    assert f"layer2.neuron1 = {first.data!r}" in picture.svg
    assert f"{second.data!r}" not in picture.svg


def test_a_layer_that_is_used_twice_is_drawn_twice() -> None:
    layer = Layer([Neuron([0.5, 1], 0.1), Neuron([-1, 2], 0.2)])
    picture = draw(Network.of([layer, layer]))
    assert headings(picture) == ["2 inputs", "2 neurons", "2 neurons"]
    assert picture.svg.count("<line class") == 2 * 4 + 2  # and the legend's


def test_a_neuron_and_a_layer_have_pictures_too() -> None:
    assert headings(draw(Neuron([1, 2], 3))) == ["2 inputs", "1 neuron"]
    assert headings(draw(Network([2, 3, 1], seed=1).layers[0])) == ["2 inputs", "layer1: 3 neurons"]


# -- Many --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_each_weight_of_an_image_is_a_square_with_its_sign_and_its_size() -> None:
    network, loss = digit_network()
    root = parsed(draw(loss, show="weights"))
    found = by_id(root)
    sides = {}
    for place, weight in weights_in(loss):
        assert title(found[place]).startswith(f"{weight.label} = {weight.data!r}\n")
        assert sign(found[place]) == (-1 if weight.data < 0 else 1)
        if found[place].tag == "path":
            sides[place] = float(re.findall(r"h([\d.]+)", found[place].attrib["d"])[0])
    assert len(sides) == 64 * 30
    largest = max(abs(parameter.data) for parameter in network.parameters())
    weights = dict(weights_in(loss))
    factors = [side**2 * largest / abs(weights[place].data) for place, side in sides.items() if side > 1]
    assert max(factors) < 1.03 * min(factors)
    assert "not drawn" not in "".join(root.itertext())
    pixels = [rect for rect in root.iter("rect") if "id" in rect.attrib]
    assert [rect.attrib["fill-opacity"] for rect in pixels[:5]] == ["0.000", "0.250", "0.500", "0.750", "1.000"]


@pytest.mark.slow
def test_the_weights_of_very_many_pixels_are_two_shapes_for_each_neuron() -> None:
    picture = draw(digit_network(784)[0])
    paths = [path.attrib["d"] for path in parsed(picture).iter("path") if path.attrib["class"].startswith("fill")]
    assert len(paths) == 2 * 30
    assert sum(path.count("M") for path in paths) == 784 * 30
    assert len(picture.svg) < 1_000_000


def test_of_a_tall_column_only_the_first_are_drawn_and_the_others_counted() -> None:
    network = Network([50, 40, 10], seed=1)
    root = parsed(draw(network))
    texts = [text.text for text in root.iter("text")]
    assert {"… 38 more", "… 28 more", f"{50 * 40 + 40 * 10 - 12 * 12 - 12 * 10:,} weights are not drawn"} <= {*texts}
    assert len([line for line in root.iter("line") if "id" in line.attrib]) == 12 * 12 + 12 * 10


@pytest.mark.slow
@given(SIZES)
def test_all_that_is_drawn_is_inside_and_no_two_circles_touch(sizes: list[int]) -> None:
    root = parsed(draw(Network(sizes, seed=1)))
    *_, width, height = map(float, root.attrib["viewBox"].split())
    assert height <= 720
    rims = [circle for circle in root.iter("circle") if circle.attrib["class"] == "rim"]
    circles = [tuple(float(circle.attrib[name]) for name in ("cx", "cy", "r")) for circle in rims]
    for number, (x, y, r) in enumerate(circles):
        assert r <= x <= width - r
        assert r <= y <= height - r
        assert all((x - a) ** 2 + (y - b) ** 2 > (r + s) ** 2 for a, b, s in circles[:number])


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [[2, 2, 1], [2, 16, 16, 1], [64, 30, 10], [784, 30, 10]])
def test_a_network_fits_one_screen(sizes: list[int]) -> None:
    *_, width, height = map(float, parsed(draw(Network(sizes, seed=1))).attrib["viewBox"].split())
    assert width <= 1280
    assert height <= 720


# -- The file ----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "</title><script>alert(1)</script>",
    'a" onload="alert(1)',
    "]]>&lt;&#0;",
    "two\nlines\x00\x1b[31m\u202e",
    "</style><style>*{display:none}",
    "\ud800\uffff",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str) -> None:
    def named(label: str) -> Element:
        weight, x, bias = Value(1, f"{label}.w"), Value(2, label), Value(3, f"{label}.b")
        z = dot([weight], [x]) + bias
        z.label = f"{label}.z"
        return parsed(draw(z, show="weights"))

    root, harmless = named(name), named("name")
    assert [element.tag for element in root.iter()] == [element.tag for element in harmless.iter()]
    assert [{*element.attrib} for element in root.iter()] == [{*element.attrib} for element in harmless.iter()]
    shown = "".join(root.itertext())
    assert printable(name, 40).rpartition(".")[2] in shown or printable(name, 10) in shown


@pytest.mark.slow
@given(networks())
def test_the_same_network_is_the_same_bytes(loss: Value) -> None:
    svg = draw(loss, show="weights").svg
    assert draw(loss, show="weights").svg == svg
    assert draw(copy.deepcopy(loss), show="weights").svg == svg
    assert draw(pickle.loads(pickle.dumps(loss)), show="weights").svg == svg


def test_a_picture_is_saved_whole_and_shown_by_notebooks(tmp_path: Path) -> None:
    picture = draw(Network([2, 3, 1], seed=1))
    picture.save(tmp_path / "network.svg")
    assert (tmp_path / "network.svg").read_text(encoding="utf-8") == picture.svg
    assert ("max-width:950px" in picture._repr_svg_(), 'width="950"' in picture.svg) == (True, True)
    with pytest.raises(ValueError, match=r"'.*network.png' doesn't say: end the name in \.svg"):
        picture.save(tmp_path / "network.png")


def test_a_paper_is_made_of_it_by_programs_that_know_less_than_a_browser() -> None:
    plain, _, rest = draw(Network([2, 3, 1], seed=1)).svg.partition("@supports(")
    assert not re.search(r"var\(|light-dark|auto|paint-order|:has", plain), "librsvg or CairoSVG would draw nothing"
    assert not re.search("var\\(", rest)
    assert re.search(r' width="\d+" height="\d+" ', plain)


def test_a_notebook_shows_a_large_network_as_columns_and_anything_else_as_boxes() -> None:
    def shown(value: Value) -> str:
        return value._repr_mimebundle_()["image/svg+xml"]

    large = digit_network(9)[1]
    assert shown(large) == draw(large, show="weights")._repr_svg_()
    small = Network([2, 2, 1], seed=1)([0.1, 0.2])[0]
    assert "network-view" not in shown(small)
    no_network = sum([Value(i, f"x{i}") for i in range(40)], Value(0, "x"))
    assert "network-view" not in shown(no_network)


# -- Mistakes ----------------------------------------------------------------------------------------------------------

drawn: Any = draw  # with whatever arguments


def between() -> Any:
    return dot([Value(1, "v")], [2 * sigmoid(dot([Value(1, "w")], [Value(2, "x")]))])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: drawn(Value(1) * 2, show="weights"), ValueError, "no neuron in this graph, no dot.*: leave out show"),
        (lambda: drawn(between(), show="weights"), ValueError, "computes something else, Value.*: leave out show"),
        (lambda: drawn(Network([2, 1]), show="gradients"), ValueError, r"no gradients yet: call backward\(\)"),
        (lambda: drawn(Network([2, 1]), show="slopes"), ValueError, "show must be one of 'weights', 'gradients', but"),
        (lambda: drawn(Network([2, 1]), Value(1)), TypeError, "one network, and nothing beside it: draw several one"),
        (lambda: drawn(Network([2, 1]), expand="layer1"), TypeError, "no boxes to collapse, expand or mark: leave"),
        (lambda: drawn(show="weights"), TypeError, "draw needs something to draw: pass a value, or a network"),
        (lambda: drawn(3, show="weights"), TypeError, "the output must be a Value, but got 3: "),
        (lambda: drawn(Network([36] * 6)), ValueError, "6,480 lines, more than the 6,000 that can be told apart: draw"),
    ],
)
def test_a_mistake_is_named_with_its_hint(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_a_stale_network_is_not_drawn() -> None:
    network = Network([2, 1], seed=1)
    [output] = network([1, 2])
    network.parameters()[0].data = 5
    with pytest.raises(StaleGraph):
        draw(output, show="weights")
    assert "= 5.0" in draw(network).svg


def test_what_only_boxes_have_a_picture_of_neurons_has_not_and_says_what_has() -> None:
    picture = draw(Network([2, 3, 1], seed=1))
    for name in ("mermaid", "source", "render", "pipe", "view"):
        with pytest.raises(
            AttributeError, match=f"has no {name}: .* what draw\\(loss\\) gives without `show` has that"
        ):
            getattr(picture, name)
    with pytest.raises(AttributeError, match=r"has no anything$"):
        getattr(picture, "anything")  # noqa: B009
    assert copy.copy(picture) == pickle.loads(pickle.dumps(picture)) == picture
