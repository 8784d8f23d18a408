"""Tables of samples: whether one keeps a number or a byte for each, programs give the same, to the last bit."""

from __future__ import annotations

import math
import random
from array import array
from typing import Any

import numpy as np
import pytest

from tinygrad_sigmoid import Network
from tinygrad_sigmoid.compiling import table
from tinygrad_sigmoid.compiling.table import Table, table_of
from tinygrad_sigmoid.course.digits import Pixels, load_digits
from tinygrad_sigmoid.training import train


@pytest.fixture
def any_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table is worth a closer look."""
    monkeypatch.setattr(table, "LARGE", 0)


def rows(made: Table) -> list[bytes]:
    return [made.row(place).tobytes() for place in range(len(made))]


@pytest.mark.usefixtures("any_is_large")
@pytest.mark.parametrize(
    ("different", "packed"), [([0.5], True), ([0.0, -0.0], True), (range(256), True), (range(257), False)]
)
def test_up_to_256_different_numbers_take_a_byte_each(different: Any, packed: bool) -> None:
    generator = random.Random(0)
    numbers = [*different, *generator.choices([*different], k=3 * 300 - len(different))]
    generator.shuffle(numbers)
    columns = [[numbers[3 * place : 3 * place + 3] for place in range(300)]]
    made = table_of(columns, 3)
    assert made.size == (904 if packed else 7200)
    assert rows(made) == [array("d", row).tobytes() for row in columns[0]]


@pytest.mark.usefixtures("any_is_large")
@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_what_is_not_finite_is_refused_however_it_is_kept(number: float) -> None:
    with pytest.raises(ValueError, match=r"inf|nan"):
        table_of([[[0.0, 1.0], [number, 0.0]]], 2)


@pytest.mark.parametrize("kind", [np.int64, np.uint64])
@pytest.mark.parametrize("number", [2**53 - 1, 2**53, 2**53 + 2, 2**60, -(2**53), 1 - 2**53, -(2**60)])
def test_whole_numbers_of_arrays_stay_what_they_are(kind: Any, number: int) -> None:
    if number > 0 or kind is np.int64:
        assert list(table_of([np.array([[number]], dtype=kind)], 1).row(0)) == [float(number)]
        odd = number | 1
        if abs(odd) > 2**53:
            with pytest.raises(OverflowError, match=f"^{odd} would lose digits as a float"):
                table_of([np.array([[odd]], dtype=kind)], 1)


@pytest.mark.usefixtures("any_is_large")
def test_a_sample_of_another_width_is_named() -> None:
    with pytest.raises(ValueError, match="a sample has 1 numbers, but there are 2 inputs"):
        table_of([[[0.0, 1.0], [1.0]]], 2)


@pytest.mark.parametrize("target", ["python", "wasm", "native"])
@pytest.mark.parametrize("batch", [1, 3, 10, 70])
def test_training_gives_the_same_bits(target: Any, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    digits, tests = load_digits()
    found = []
    for large in (table.LARGE, 0):
        monkeypatch.setattr(table, "LARGE", large)
        network = Network([64, 3, 10], seed=1)
        history = train(network, digits[:71], epochs=2, batch=batch, seed=1, test=tests[:9], target=target)
        found.append(([*history], [parameter.data for parameter in network.parameters()]))
    assert found[0] == found[1]


def test_the_pixels_of_a_picture_are_the_numbers_that_they_stand_for() -> None:
    pixels = Pixels(bytes(range(256)))
    numbers = [byte / 255 for byte in range(256)]
    assert [*pixels] == pixels.tolist() == pixels[:] == numbers
    assert pixels[-1] == 1.0
    assert numbers.index(pixels[7]) == 7
    assert (len(pixels), pixels.index(0.2), 0.2 in pixels) == (256, 51, True)
    assert rows(table_of([[pixels, pixels]], 256)) == [array("d", numbers).tobytes()] * 2
