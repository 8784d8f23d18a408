"""What a notebook shows: whole HTML with all that the text says, safe, and legible where its tags are taken away."""

from __future__ import annotations

import copy
import math
import pickle
import re
import shutil
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import example, given
from IPython.core.formatters import DisplayFormatter
from test_formula import GRAPHS, read_back

from tinygrad_sigmoid import (
    Layer,
    Network,
    Neuron,
    Operation,
    Value,
    absolute,
    animate,
    dot,
    draw,
    explain,
    explore,
    formula,
    latex,
    live,
    nudge,
    sigmoid,
    sqrt,
    steps,
    train,
)
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.notation import Notation
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.reading.names import Names
from tinygrad_sigmoid.reading.writer import MATHML, number_text
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, planted_bug
from tinygrad_sigmoid.testing.strategies import graphs

HOSTILE = "</td></math><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"
TAGS = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "ul", "li", "pre", "img"}
MATHML_TAGS = {"math", "mrow", "mi", "mn", "mo", "mfrac", "msup", "msub", "msqrt", "mpadded", "mphantom", "mtext"}
ATTRIBUTES = {
    ("scope", "row"),
    ("scope", "col"),
    ("style", "text-align:left;padding:.2em .5em"),
    ("style", "text-align:right;padding:.2em .5em"),
    ("displaystyle", "true"),
    ("form", "prefix"),
    ("form", "postfix"),
    ("width", "0"),
    ("alt", "The graph, with what is wrong marked"),
    ("src", "data:image/svg+xml"),
}


class Reader(HTMLParser):
    """Reads HTML with the standard library's parser, and holds each element to be closed in its turn.

    Its text is what a viewer leaves that takes all tags away, and puts nothing in their place.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def set_cdata_mode(self, *args: Any, **options: Any) -> None:
        """Such a viewer reads on in a style."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open += [tag] * (tag != "img")
        self.tags.add(tag)
        self.attributes.update((name, value and value.partition(";base64,")[0]) for name, value in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def output(label: str = "w") -> Value:
    w, x, b = Value(0.6, label), Value(-1, "x"), Value(0.9, "b")
    z = w * x + b
    z.label = "z"
    return sigmoid(z)


def leaf(value: Value) -> Value:
    return topological_order(value)[0]


def two_paths(label: str = "w") -> Value:
    tripled = 3 * Value(0.6, label)
    return tripled * tripled + 2 * tripled


def many_paths(label: str = "w") -> Value:
    value = Value(1.1, label)
    for _ in range(5):
        value = value * value
    return value


def explained(value: Value) -> object:
    [wrt] = [v for v in topological_order(value) if not v.inputs and not v.constant]
    return explain(value, wrt)


def nudged(value: Value) -> Any:
    return nudge(value, {leaf(value): 0.1})


def mismatch(label: str = "w") -> GradientMismatch:
    with planted_bug("multiply", sign=True), pytest.raises(GradientMismatch) as caught:
        check_gradients(Value(0.6, label) * Value(2.0, "x"))
    return caught.value


KINDS: dict[str, Callable[[str], Any]] = {
    "steps": lambda label: steps(output(label)),
    "steps of a leaf": lambda label: steps(Value(2, label)),
    "an explanation": lambda label: explained(two_paths(label)),
    "of one path": lambda label: explained(3 * Value(2, label)),
    "of no path": lambda label: explain(Value(2, "x") * 3, Value(1, label)),
    "of many paths": lambda label: explained(many_paths(label)),
    "a nudge": lambda label: nudged(output(label)),
    "a halving": lambda label: nudged(output(label)).halving(4),
    "a comparison": lambda label: compare(two_paths(label)),
    "a certificate": lambda label: check_gradients(output(label), order=2),
    "a mismatch": mismatch,
    "a neuron": lambda label: Neuron([Value(0.6, label), -2], 3),
    "a layer": lambda label: Layer([Neuron([Value(0.6, label), -2], 3), Neuron([1, 2], 0)]),
    "a network": lambda label: Network([2, 8, 1], seed=1),
}


def numbers_in(text: str) -> Counter[str]:
    return Counter(re.findall(r"[−+-]?\d(?:[\d.]*\d)?(?:e[−+-]?\d+)?", text))


@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS)
def test_every_kind_is_whole_html_with_every_number_of_its_text(made: Callable[[str], Any]) -> None:
    thing = made("w")
    assert type(thing._repr_html_()) is str  # marimo shows nothing else
    shown = Reader(thing._repr_html_())
    assert shown.tags <= TAGS | MATHML_TAGS
    assert shown.attributes <= ATTRIBUTES  # no colours, which would be wrong in one of the themes
    missing = numbers_in(str(thing)) - numbers_in(shown.text)
    assert not missing


@pytest.mark.parametrize("label", [HOSTILE, "<i>1"])
@pytest.mark.parametrize("made", KINDS.values(), ids=KINDS)
def test_hostile_labels_are_text(made: Callable[[str], Any], label: str) -> None:
    shown = Reader(made(label)._repr_html_())
    assert shown.tags <= TAGS | MATHML_TAGS
    assert shown.attributes <= ATTRIBUTES


def test_hostile_labels_and_symbols_are_text_in_formulas() -> None:
    for notation in (Notation(HOSTILE), Notation("h", text="</mo><script>{0}</script>"), Notation("<b>", 1)):
        operation = Operation("own", lambda a, b: a + b, lambda out, a, b: (1.0, 1.0), notation=notation)
        for described in (operation, operation(Value(1, HOSTILE), Value(2, "{0}"))):
            shown = Reader(formula(described)._repr_html_())
            assert shown.tags <= {"p"} | MATHML_TAGS
            assert shown.attributes <= ATTRIBUTES
            assert shown.text.split() == formula(described).split()


def test_the_steps_are_all_there_in_their_order() -> None:
    html = steps(output())._repr_html_()
    assert re.findall(r">(\d+)</th>", html) == [str(number) for number in range(1, 9)]
    text = Reader(html).text
    for step in steps(output()).backward:
        assert f"{step.local} {step.accumulation}" in text


def test_of_very_many_steps_the_first_and_the_last_are_shown() -> None:
    value = Value(2, "x")
    for _ in range(300):
        value = -value
    walked = steps(value)
    html = walked._repr_html_()
    numbers = [int(number) for number in re.findall(r">(\d+)</th>", html)]
    assert numbers == [*range(1, 101), *range(201, 301), *range(301, 401), *range(501, 601)]
    assert html.count("… 100 more") == 2
    assert str(walked).count("\n") > 600


# -- Formulas ----------------------------------------------------------------------------------------------------------


def read(element: Element) -> str:
    """What is seen of an element of MathML, as Python: an independent reader, which sees no phantoms."""
    parts = [read(part) for part in element]
    match element.tag:
        case "mphantom":
            return ""
        case "mfrac":
            return "(({})/({}))".format(*parts)
        case "msup":
            return "({}**({}))".format(*parts)
        case "msqrt":
            return f"sqrt({parts[0]})"
        case "mo" if element.text == "|":
            return {"prefix": "abs(", "postfix": ")"}[element.attrib["form"]]
        case "mi" | "mn" | "mo":
            return element.text or ""
    return "".join(parts)


def maths(html: str) -> list[Element]:
    return [fromstring(found) for found in re.findall(r"<math.*?</math>", html)]


X, Y = Value(0.75, "x"), Value(2, "y")


@example((X + Y) ** 2)
@example((X / Y) ** -0.5 * -3)
@example(absolute(absolute(X) - sqrt(Y / X)))
@example(X - (Y - 2 / (X - 1)) / (X * Y))
@given(GRAPHS)
def test_what_is_seen_of_a_typeset_formula_means_what_was_computed(value: Value) -> None:
    [seen] = [read(math) for math in maths(formula(value)._repr_html_())]
    if not re.search(r"v\d|…", seen):
        assert math.isclose(read_back(seen, value), value.data, rel_tol=1e-9, abs_tol=1e-9), seen


@given(graphs())
def test_without_its_tags_a_typeset_formula_is_the_one_in_text(value: Value) -> None:
    assert Reader(formula(value)._repr_html_()).text.strip() == formula(value)
    order = topological_order(value)
    typeset, plain = Names(order, style=MATHML), Names(order)
    for node in order:
        if node.inputs:
            for several in (Names.local_derivatives, Names.local_formulas):
                assert [MATHML.plain(text) for text in several(typeset, node)] == several(plain, node)


@pytest.mark.parametrize("operation", TABLE.values(), ids=TABLE)
def test_a_rule_is_typeset_line_by_line(operation: Operation) -> None:
    lines = formula(operation).splitlines()
    assert [MATHML.plain(found) for found in re.findall("<p>(.*?)</p>", formula(operation)._repr_html_())] == lines
    assert formula(operation)._repr_latex_().count("$$") == 2 * len(lines)


def test_names_have_subscripts_and_vectors_are_one_name() -> None:
    w = [Value(i, f"w{i}") for i in (1, 2)]
    a = [Value(i, f"layer1.neuron{i}.a") for i in (1, 2)]
    assert "<msub><mi>w</mi><mn>1</mn></msub><mo>·</mo>" in formula(w[0] * w[1])._repr_html_()
    assert "<mi>w</mi><mo>·</mo><mi>layer1.a</mi>" in formula(dot(w, a))._repr_html_()


def test_a_formula_is_text_all_the_same_and_so_are_its_copies() -> None:
    value = output()
    written = formula(value)
    assert written == "σ(z)"
    assert written._repr_latex_() == f"$$ {latex(value)} $$"
    for copied in (copy.deepcopy(written), pickle.loads(pickle.dumps(formula(sigmoid)))):
        assert type(copied) is str
    assert pickle.loads(pickle.dumps(written)) == written


# -- Trainings, networks, pictures -------------------------------------------------------------------------------------


def test_a_history_shows_its_first_and_last_epochs() -> None:
    samples = [((0, 0), 1), ((0, 1), 0), ((1, 0), 0), ((1, 1), 0)]
    history = train(Neuron.random(2, seed=0), samples, epochs=30, batch=4, seed=0, test=samples)
    assert type(history._repr_html_()) is str
    text = Reader(history._repr_html_()).text
    for epoch in [*history[:10], *history[20:]]:
        assert f"{epoch.number} {number_text(epoch.loss)} {epoch.correct} of 4" in text
    assert "… 10 more" in text
    assert f" {number_text(history[10].loss)} " not in text


def test_a_network_shows_its_first_and_last_parameters_and_gradients() -> None:
    network = Network([2, 8, 1], seed=1)
    [out] = network([1, 2])
    out.backward()
    text = Reader(network._repr_html_()).text
    shown = list(network.named_parameters().items())
    for name, parameter in [*shown[:10], *shown[-10:]]:
        assert f"{name} {parameter.data:.4g} {parameter.grad:.4g}" in text
    assert "… 13 more" in text


def test_without_its_tags_a_page_is_a_table_of_its_values() -> None:
    assert Reader(explore(output())._repr_html_()).text.split("\n") == [
        "σ(z) as a table",
        "value computed as data gradient",
        "w leaf 0.6 −0.2445",
        "x leaf −1 0.1467",
        "b leaf 0.9 0.2445",
        "w·x w·x −0.6 0.2445",
        "z w·x + b 0.3 0.2445",
        "σ(z) σ(z) 0.5744 1",
        "",
        "",
    ]


def test_pictures_and_pages_say_what_they_are() -> None:
    assert repr(draw(output())).startswith("<the picture of a graph: a notebook shows it")
    assert repr(explore(output())).startswith("<the live page of a graph: a notebook shows it")
    assert repr(live(output())).startswith("<the live page of a graph: a notebook with widgets shows it")
    for picture in (draw(Network([2, 1], seed=1)), animate(output())):
        assert repr(picture) == "<a picture in SVG: a notebook shows it, .save('picture.svg') writes it>"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("dot"), reason="only Graphviz' own program makes PNG")
def test_a_small_picture_is_png_too_for_who_does_not_trust_svg() -> None:
    for shown in (output(), draw(output())):
        bundle, _ = DisplayFormatter().format(shown)  # type: ignore[no-untyped-call]
        assert bundle["image/png"].startswith(b"\x89PNG")
        assert bundle["image/svg+xml"].rstrip().endswith("</svg>")
        assert list(shown._repr_mimebundle_())[-1:] == ["image/svg+xml"]  # of two pictures marimo makes two tabs
    large = Network([2, 20, 1], seed=1)([1, 2])
    assert draw(*large, collapse=[])._repr_png_() is large[0]._repr_png_() is None
