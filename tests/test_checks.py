"""The checks of what functions are given: they give it back, or say in one sentence what was wanted."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.quoting import shown


@pytest.mark.parametrize("given", [1, 10, np.int64(3), np.uint8(7), 2**63 - 1])
def test_whole_numbers(given: object) -> None:
    number = checks.whole(given, "batch", "write for instance 10", least=1)
    assert type(number) is int
    assert number == given


@pytest.mark.parametrize("given", [True, np.bool_(True), 1.0, math.nan, "1", None, [1], np.array([1, 2]), Decimal(1)])
def test_what_is_no_whole_number(given: object) -> None:
    with pytest.raises(TypeError, match=r"^batch must be a whole number of at least 1, but got .*: write"):
        checks.whole(given, "batch", "write for instance 10", least=1)


@pytest.mark.parametrize("given", [0, -1, 2**63, 2**64 + 1, 10**5000], ids=shown)
def test_whole_numbers_out_of_range(given: int) -> None:
    upper = f" and at most {2**63 - 1}" if given > 0 else ""
    with pytest.raises(ValueError, match=f"^batch must be a whole number of at least 1{upper}, but got .*: write"):
        checks.whole(given, "batch", "write for instance 10", least=1)


def test_an_upper_bound_is_said() -> None:
    with pytest.raises(ValueError, match="of at least 0 and at most 9, but got 10: "):
        checks.whole(10, "digit", "write 0 to 9", most=9)


@pytest.mark.parametrize("given", [0.1, 3, np.float32(0.5), Fraction(1, 3)])
def test_numbers(given: float) -> None:
    number = checks.number(given, "rate", "try 0.1", above=0)
    assert type(number) is float
    assert number == float(given)


@pytest.mark.parametrize("given", ["0.1", None, 1j, [0.1], (0.1,), np.array([0.1])])
def test_what_is_no_number(given: object) -> None:
    with pytest.raises(TypeError, match=r"^rate must be a finite number above 0, but got .*: try 0\.1$"):
        checks.number(given, "rate", "try 0.1", above=0)


@pytest.mark.parametrize("given", [0.0, -1, math.inf, -math.inf, math.nan, 10**400, 10**5000], ids=shown)
def test_numbers_out_of_range(given: float) -> None:
    with pytest.raises(ValueError, match=r"^rate must be a finite number above 0, but got .*: try 0\.1$"):
        checks.number(given, "rate", "try 0.1", above=0)


def test_choices() -> None:
    checks.choice("wasm", "target", ["python", "wasm", None])
    checks.choice(None, "target", ["python", "wasm", None])
    for wrong in ("nump", 1, ["python"], np.array([1, 2])):
        with pytest.raises(ValueError, match=r"^target must be one of 'python', 'wasm', None, but got .*: write"):
            checks.choice(wrong, "target", ["python", "wasm", None])


def test_kinds_and_functions() -> None:
    assert checks.instance("w", str, "label", "a text", "write it in quotes") == "w"
    with pytest.raises(TypeError, match=r"^label must be a text, but got 3: write it in quotes$"):
        checks.instance(3, str, "label", "a text", "write it in quotes")
    checks.function(math.exp, "loss", "pass a function")
    checks.function(None, "watch", "pass a function", optional=True)
    for wrong in (3, None, "exp", float):
        with pytest.raises(TypeError, match=r"^loss must be a function, but got .*: pass a function$"):
            checks.function(wrong, "loss", "pass a function")


@pytest.mark.parametrize("kind", [list, tuple, np.array, range])
def test_entries(kind: Callable[..., object]) -> None:
    given = range(3) if kind is range else kind([0, 1, 2])
    assert checks.entries(given, "sizes", "a list", "write [2, 3]", kind=object) == [0, 1, 2]


@pytest.mark.parametrize(
    "given",
    [
        "text",
        b"x",
        bytearray(b"x"),
        {1: 2}.keys(),
        list,
        {1: 2},
        {1, 2},
        None,
        3,
        np.array(1.0),
        iter([1]),
        (i for i in [1]),
    ],
)
def test_what_is_no_list(given: object) -> None:
    with pytest.raises(TypeError, match=r"^sizes must be a list, but got .*: write \[2, 3\]$"):
        checks.entries(given, "sizes", "a list", "write [2, 3]", kind=object)


def test_entries_of_another_kind_and_too_few() -> None:
    with pytest.raises(TypeError, match=r"^each entry of sizes must be of type str, but got 1: write"):
        checks.entries(["a", 1], "sizes", "a list of texts", "write it", kind=str)
    with pytest.raises(ValueError, match=r"^sizes must be a list, but got \[\]: write"):
        checks.entries([], "sizes", "a list", "write it", kind=str)
