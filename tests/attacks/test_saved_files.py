"""Saved files, spoilt in their bytes or in their structure: what is loaded works, and all else is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Layer, Network, Neuron, Operation, Perceptron, Value, relu

pytestmark = pytest.mark.slow

softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
SAVED: list[Any] = [
    Neuron([1.0, -2.0], 0.5, softsign),
    Perceptron([1.0, -2.0], 0.5),
    Layer([Neuron([1.0], 0.5, relu), Perceptron([2.0], 1.0), Neuron([3.0], -0.0, None)]),
    Network([2, 2, 1], seed=0),
]

# -- Bytes -------------------------------------------------------------------------------------------------------------

Spoil = Callable[[bytes], bytes]
PLACE, PIECE = (
    st.integers(0, 2_000),
    st.binary(max_size=8) | st.sampled_from([b'"', b"{", b"]", b"9" * 500, b"\\ud800"]),
)
BYTES: list[st.SearchStrategy[Spoil]] = [
    st.builds(lambda at, piece: lambda content: content[:at] + piece + content[at:], PLACE, PIECE),
    st.builds(lambda at, piece: lambda content: content[:at] + piece + content[at + len(piece) :], PLACE, PIECE),
    st.builds(lambda at, size: lambda content: content[:at] + content[at + size :], PLACE, st.integers(1, 50)),
    st.builds(lambda at, size: lambda content: content[: at + size] + content[at:], PLACE, st.integers(1, 50)),
    st.builds(lambda at: lambda content: content[:at], PLACE),
    st.builds(lambda at, bit: lambda content: flipped(content, at, bit), PLACE, st.integers(0, 7)),
]


def flipped(content: bytes, at: int, bit: int) -> bytes:
    at %= len(content) or 1
    return content[:at] + bytes([byte ^ 1 << bit for byte in content[at : at + 1]]) + content[at + 1 :]


# -- Structure: objects are lists of pairs, so that a field can stand twice, and a number is whatever text -------------


class Fields(list[Any]):
    """The pairs of an object."""


class Raw(str):
    """What stands in the file as it is."""


def text(data: Any) -> str:
    if isinstance(data, Raw):
        return data
    if isinstance(data, Fields):
        return "{" + ", ".join(f"{text(name)}: {text(field)}" for name, field in data) + "}"
    if isinstance(data, list):
        return "[" + ", ".join(map(text, data)) + "]"
    return json.dumps(data)


WORDS = [
    "kind",
    "weights",
    "bias",
    "activation",
    "parts",
    "Neuron",
    "Perceptron",
    "Layer",
    "Network",
    "none",
    "tanh",
    "sin",
]
WORDS += ["maximum", "dot_product", "exp", "log", "__class__", "\x1b[31m", "\ud800", "two\nlines", "", "long " * 500]
NUMBERS = [
    "NaN",
    "-Infinity",
    "1e999",
    "1e308",
    "-1e308",
    "5e-324",
    "-0",
    "1" + "0" * 400,
    "9" * 5000,
    "0.1" * 2,
    "1.0",
]
NUMBERS += ["9007199254740993", "0x1", "01", "+1", "1.", "0." + "1" * 1000]
ATOMS: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(NUMBERS).map(Raw),
    st.sampled_from([None, True, False, 0, 3]),
    st.text(max_size=4),
)
INSTEAD = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from(WORDS), inner), max_size=4).map(Fields)
        | st.just(Raw("[" * 5_000 + "]" * 5_000))
    ),
    max_leaves=6,
)


def changed(data: Any, places: list[int], change: Callable[[list[Any], int], None]) -> Any:
    """The data with a change to one list of entries or fields in it, found by going down into it."""
    if not isinstance(data, list) or not data:
        return data
    copied = type(data)(data)
    at = places[0] % len(data)
    name, inner = data[at] if isinstance(data, Fields) else (None, data[at])
    if len(places) > 1 and isinstance(inner, list) and inner:
        inner = changed(inner, places[1:], change)
        copied[at] = (name, inner) if isinstance(data, Fields) else inner
    else:
        change(copied, at)
    return copied


def put(entries: list[Any], at: int, instead: Any) -> None:
    entries[at] = (entries[at][0], instead) if isinstance(entries, Fields) else instead


def rename(entries: list[Any], at: int, name: str) -> None:
    if isinstance(entries, Fields):
        entries[at] = (name, entries[at][1])


def drop(entries: list[Any], at: int) -> None:
    del entries[at]


def double(entries: list[Any], at: int) -> None:
    entries.append(entries[at])


def nest(entries: list[Any], at: int) -> None:
    put(entries, at, [entries[at][1] if isinstance(entries, Fields) else entries[at]])


def exchange(entries: list[Any], at: int) -> None:
    other = (at + 1) % len(entries)
    one = entries[at]
    put(entries, at, entries[other][1] if isinstance(entries, Fields) else entries[other])
    put(entries, other, one[1] if isinstance(entries, Fields) else one)


CHANGE: st.SearchStrategy[Callable[[list[Any], int], None]] = st.one_of(
    st.sampled_from([drop, double, nest, exchange]),
    (ATOMS | INSTEAD).map(lambda instead: lambda entries, at: put(entries, at, instead)),
    st.sampled_from(WORDS).map(lambda word: lambda entries, at: put(entries, at, word)),
    st.sampled_from(NUMBERS).map(lambda number: lambda entries, at: put(entries, at, Raw(number))),
    st.sampled_from(WORDS).map(lambda name: lambda entries, at: rename(entries, at, name)),
)
STRUCTURE: st.SearchStrategy[Spoil] = st.builds(
    lambda places, change: (
        lambda content: text(changed(structure(content), places, change)).encode(errors="surrogateescape")
    ),
    st.lists(st.integers(0, 5), min_size=1, max_size=7),
    CHANGE,
)
SPOILS = STRUCTURE.map(lambda spoil: [spoil]) | st.lists(st.one_of(STRUCTURE, *BYTES), min_size=1, max_size=3)


def structure(content: bytes) -> Any:
    """The data of a file; nothing, where it isn't JSON any more."""
    try:
        return json.loads(content, object_pairs_hook=Fields, parse_constant=Raw, parse_int=Raw, parse_float=Raw)
    except (ValueError, RecursionError):
        return Raw(content.decode(errors="surrogateescape"))


# -- The judge ---------------------------------------------------------------------------------------------------------


def judge(path: Path, thing: Any, spoils: list[Spoil]) -> str:
    thing.save(path)
    content = path.read_bytes()
    for spoil in spoils:
        content = spoil(content)
    path.write_bytes(content)
    try:
        loaded = type(thing).load(path, activations=[softsign])
    except ValueError as error:
        sentence = str(error)
        assert sentence.startswith(f"{path} is no saved {type(thing).__name__}: ")
        assert sentence.isprintable()
        assert len(sentence) < 400 + len(str(path))
        return "refused"
    numbers = [parameter.data for parameter in loaded.parameters()]
    assert all(type(parameter) is Value for parameter in loaded.parameters())
    assert numbers
    works(loaded)
    loaded.save(path)
    assert meaning(path.read_bytes()) == meaning(content), "nothing was passed over"
    again = type(thing).load(path, activations=[softsign])
    assert [parameter.data for parameter in again.parameters()] == numbers
    return "loaded"


def meaning(content: bytes) -> str:
    """The data of a file, whatever the order of its fields and the digits of its numbers."""

    def fields(pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        return sorted(pairs, key=lambda pair: pair[0])

    return repr(json.loads(content, object_pairs_hook=fields, parse_int=lambda digits: float(int(digits))))


def works(loaded: Any) -> None:
    first = loaded.layers[0] if isinstance(loaded, Network) else loaded
    inputs = [0.5] * len((first.neurons[0] if isinstance(first, Layer) else first).weights)
    with suppress(ArithmeticError, ValueError):  # 1e308 twice, or the logarithm of what is below 0
        outputs = loaded.predict(inputs)
        assert all(type(output) is float for output in (outputs if isinstance(outputs, list) else [outputs]))


@settings(max_examples=1_500)
@given(st.sampled_from(SAVED), SPOILS)
def test_a_spoilt_file_is_refused_by_name_or_gives_what_works(
    tmp_path_factory: pytest.TempPathFactory, thing: Any, spoils: list[Spoil]
) -> None:
    judge(tmp_path_factory.getbasetemp() / "spoilt.json", thing, spoils)
