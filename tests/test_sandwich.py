"""An operation between two other uses of its input: in whatever order the three are added, nothing is lost."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.operations import TABLE, fixed_power
from tinygrad_sigmoid.testing import check_gradients

AT = 0.7


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("operation", list(TABLE.values()), ids=list(TABLE))
def test_three_uses_of_one_value(operation: Any, order: tuple[int, int, int]) -> None:
    x = Value(AT, "x")
    inputs: list[Any] = [x, 2.5] if operation is fixed_power else [x] * (operation.arity or 2)
    parts = [3 * x, operation(*inputs), 5 * x]
    output = sum(parts[place] for place in order)
    output.backward()

    slopes = operation.derivatives(parts[1].data, *[AT if one is x else one for one in inputs])
    assert x.grad == pytest.approx(8 + sum(slopes), rel=1e-14)
    assert not check_gradients(output).unresolved or operation.kink_at is not None
