"""Whatever is typed or stands in a file, only the documented errors come out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Layer, Network, Neuron, Perceptron, Value
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.reading.parsing import FormulaError, leaves_from, recorded

pytestmark = pytest.mark.slow

PIECES = [
    *TABLE,
    "abs",
    "max",
    "w",
    "x",
    "b",
    "σ",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "**",
    "//",
    "%",
    "@",
    "[",
    "]",
    " ",
]
PIECES += ["0", "1", "2.5", "1e400", "1_0", "0x1f", "1j", "nan", "inf", "'s'", "None", "True", "lambda x: x", "x.data"]
PIECES += [
    "__import__('os')",
    "=",
    ":=",
    "==",
    "<",
    "not",
    "if",
    "else",
    "{",
    "}",
    "\n",
    "\\",
    "#",
    "\0",
    "𝟙",
    "…",
    "9" * 400,
]

FORMULAS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
    st.text(max_size=60),
)


@settings(max_examples=1_500)
@given(FORMULAS, st.dictionaries(st.sampled_from("wxb"), st.floats(), max_size=3))
def test_a_formula_is_read_or_refused_in_words(formula: str, leaves: dict[str, float]) -> None:
    output, complaint = outcome(lambda: recorded(formula, leaves), FormulaError, ArithmeticError, ValueError)
    assert complaint or isinstance(output, Value)


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 1000 + "x" + ")" * 1000,
        "-" * 1999 + "x",
        "x" + "**2" * 600,
        "9**9**9**9*x",
        "exp(" * 400 + "x",
    ],
    ids=lambda formula: formula[:8],
)
def test_what_would_take_forever_is_refused(formula: str) -> None:
    with pytest.raises((FormulaError, ArithmeticError)):
        recorded(formula, {"x": 1.5})


@settings(max_examples=500)
@given(
    st.lists(
        st.one_of(st.text(max_size=12), st.sampled_from(["w=1", "w=", "=1", "w=1=2", "w=nan", "w=−1", "σ=2"])),
        max_size=4,
    )
)
def test_words_are_read_or_refused(words: list[str]) -> None:
    leaves, complaint = outcome(lambda: leaves_from(words), FormulaError)
    assert complaint or all(isinstance(number, float) for number in leaves.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "weights", "bias"]), inner),
    max_leaves=6,
)
PLACES = st.lists(st.integers(0, 3), min_size=1, max_size=6)
SAVED: dict[type, Any] = {
    Neuron: Neuron([1.0, -2.0], 0.5),
    Perceptron: Perceptron([1.0, -2.0], 0.5),
    Layer: Layer([Neuron([1.0], 0.5), Perceptron([2.0], 1.0)]),
    Network: Network([2, 2, 1], seed=0),
}


def spoiled(data: Any, places: list[int], instead: Any) -> Any:
    """The data with something else at one place in it, found by going down into it."""
    if not places or not isinstance(data, list | dict) or not data:
        return instead
    keys: list[Any] = list(data) if isinstance(data, dict) else list(range(len(data)))
    key = keys[places[0] % len(keys)]
    copied = data.copy()
    copied[key] = spoiled(data[key], places[1:], instead)
    return copied


@pytest.mark.parametrize("kind", SAVED, ids=lambda kind: kind.__name__)
@settings(max_examples=150)
@given(places=PLACES, instead=JSON)
def test_a_spoiled_file_is_refused_in_words(tmp_path_factory: Any, kind: Any, places: list[int], instead: Any) -> None:
    path = tmp_path_factory.getbasetemp() / "saved.json"
    SAVED[kind].save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(spoiled(data, places, instead)), encoding="utf-8")
    loaded_or_refused(kind, path)


@settings(max_examples=200)
@given(content=st.one_of(st.binary(max_size=40), st.integers(0, 400)))
def test_a_damaged_file_is_refused_in_words(tmp_path_factory: Any, content: bytes | int) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    SAVED[Network].save(path)
    path.write_bytes(path.read_bytes()[:content] if isinstance(content, int) else content)
    loaded_or_refused(Network, path)


def loaded_or_refused(kind: Any, path: Path) -> None:
    loaded, complaint = outcome(lambda: kind.load(path), ValueError)
    if loaded is None:
        assert str(path) in complaint
        assert "\n" not in complaint
    else:
        assert all(isinstance(parameter, Value) for parameter in loaded.parameters())
        loaded.predict([0.5] * inputs_of(loaded))


def inputs_of(loaded: Any) -> int:
    first = loaded.layers[0] if isinstance(loaded, Network) else loaded
    return len((first.neurons[0] if isinstance(first, Layer) else first).weights)


def outcome(attempt: Callable[[], Any], *documented: type[Exception]) -> tuple[Any, str]:
    """What an attempt gives, and what it complains about: one of the two. Any other error is not caught."""
    try:
        return attempt(), ""
    except documented as error:
        return None, str(error) or "an error without a word"


def test_a_long_sum_is_not_nested() -> None:
    assert recorded("x" + "+x" * 999, {"x": 1.0}).data == 1000.0
