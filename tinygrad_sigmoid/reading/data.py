"""`to_json`: a recorded graph as data, for programs in other languages to read."""

from __future__ import annotations

import json

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.floats import in_json
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.value import Value, require_fresh

VERSION = 1  # of the format: it goes up if what a reader of the last one relies on changes


def to_json(output: Value) -> str:
    """The graph of an output as JSON: its values, each after its inputs, so that the output is the last.

    >>> from tinygrad_sigmoid import Value
    >>> a = Value(3, "a")
    >>> print(to_json(a * a))
    {"version": 1, "values":
    [{"label": "a", "data": 3.0, "grad": null, "constant": false,
    "operation": null, "inputs": [], "local_derivatives": []},
    {"label": "", "data": 9.0, "grad": null, "constant": false,
    "operation": "multiply", "inputs": [0, 0], "local_derivatives": [3.0, 3.0]}]}

    `inputs` are the indices of what a value is computed from, as often as it is used, with a local derivative for each;
    a leaf has no `operation`. A `constant` is a plain number, which has no gradient. `grad` is null until a backward
    pass has computed it. Numbers are exact; an infinity or nan, which JSON hasn't, is a text:
    `"Infinity"`, `"-Infinity"` or `"NaN"`.

    Raises:
        StaleGraph: A leaf was changed after the graph was recorded or last replayed.
    """
    checks.value(output)
    require_fresh(computed(output))
    order = topological_order(output)
    index = {value: i for i, value in enumerate(order)}
    values = [
        {
            "label": value.label,
            "data": value.data,
            "grad": in_json(value.grad),
            "constant": value.constant,
            "operation": value.operation and value.operation.name,
            "inputs": [index[used] for used in value.inputs],
            "local_derivatives": [in_json(local) for local in value.local_derivatives],
        }
        for value in order
    ]
    return json.dumps({"version": VERSION, "values": values}, allow_nan=False)
