"""The table of translations: which operations have one, and that what it says is what the operation computes."""

from __future__ import annotations

import math
from itertools import product

import pytest

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.elementary import ELEMENTARY, Opaque, traced
from tinygrad_sigmoid.operations import TABLE, dot_product

TRANSLATED = sorted(name for name, row in TABLE.items() if row in ELEMENTARY and row is not dot_product)


def test_what_is_not_composed_of_other_operations_is_translated() -> None:
    assert {*TRANSLATED, "dot_product"} >= {name for name in TABLE if is_opaque(name)}
    assert {"add", "subtract", "multiply", "divide", "negate", "absolute", "fixed_power", "general_power"} <= {
        *TRANSLATED
    }
    assert dot_product in ELEMENTARY


def is_opaque(name: str) -> bool:
    row = TABLE[name]
    try:
        traced(row.forward, *[Value(0.3 + place) for place in range(row.arity or 4)])
    except Opaque:
        return True
    return False


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_computes_what_the_operation_does(name: str) -> None:
    row = TABLE[name]
    text, javascript, _ = ELEMENTARY[row]
    assert javascript
    for point in product([0.3, 1.7, 0.9], repeat=row.arity or 2):
        written = text.format(*[repr(number) for number in point])
        assert eval(written, {"__builtins__": {}, "abs": abs, **vars(math)}) == row(*point), written
