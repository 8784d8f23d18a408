"""A graph as JSON: all of it is there, exactly, for whoever reads it without this package."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_sigmoid import StaleGraph, Value, operations, to_json
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.testing.strategies import graphs

KEYS = ["label", "data", "grad", "constant", "operation", "inputs", "local_derivatives"]


def read(output: Value) -> list[dict[str, Any]]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    graph = json.loads(to_json(output), parse_constant=refuse)
    assert list(graph) == ["version", "values"]
    assert graph["version"] == 1
    values: list[dict[str, Any]] = graph["values"]
    assert all(list(value) == KEYS for value in values)
    return values


@pytest.mark.slow
@given(graphs(), st.booleans())
def test_a_graph_is_recorded_again_from_its_json_bit_for_bit(output: Value, backward: bool) -> None:
    if backward:
        output.backward()
    again: list[Value] = []
    values = read(output)
    for told in values:
        if told["operation"] is None:
            made = Value(told["data"], told["label"])
            made.constant = told["constant"]
        else:
            made = getattr(operations, told["operation"])(*[again[i] for i in told["inputs"]])
        again.append(made)
    assert [value.data for value in again] == [told["data"] for told in values]
    locals_ = [[float(local) for local in told["local_derivatives"]] for told in values]
    assert repr([list(value.local_derivatives) for value in again]) == repr(locals_)
    assert all(told["grad"] is None for told in values) != backward
    again[-1].backward()
    if backward:
        assert repr([value.grad for value in again]) == repr(
            [None if told["grad"] is None else float(told["grad"]) for told in values]
        )


@given(graphs())
def test_each_value_stands_after_its_inputs_once(output: Value) -> None:
    values, order = read(output), topological_order(output)
    assert [(told["label"], told["data"], told["constant"]) for told in values] == [
        (value.label, value.data, value.constant) for value in order
    ]
    for i, (told, value) in enumerate(zip(values, order, strict=True)):
        assert [order[j] for j in told["inputs"]] == list(value.inputs)
        assert all(j < i for j in told["inputs"])
        assert len(told["inputs"]) == len(told["local_derivatives"])


@given(st.text())
def test_a_label_comes_out_as_it_was_given(label: str) -> None:
    assert to_json(Value(1, label)).isascii()
    assert read(Value(1, label))[0]["label"] == label


def test_what_json_has_no_number_for_is_a_text() -> None:
    x = Value(1e-300, "x")
    ((1 / x) * 1e-200).backward()
    [slope] = [told["local_derivatives"][1] for told in read(1 / x) if told["operation"] == "divide"]
    assert slope == "-Infinity"
    assert read(x)[0]["grad"] == "-Infinity"


def test_a_stale_graph_is_refused() -> None:
    x = Value(1, "x")
    square = x * x
    x.data = 2
    with pytest.raises(StaleGraph):
        to_json(square)
