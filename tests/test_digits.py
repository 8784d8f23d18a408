"""The shipped digits, MNIST's files (made here from the shipped digits), and pictures."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from idx_files import write_idx, write_mnist, write_small_mnist

from tinygrad_sigmoid.course import digits
from tinygrad_sigmoid.course.digits import SHADES, digit_picture, load_digits, load_mnist


@pytest.fixture
def mnist(tmp_path: Path) -> Path:
    write_small_mnist(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_shipped_digits_are_whole() -> None:
    train, test = load_digits()
    assert (len(train), len(test)) == (1500, 297)
    for inputs, targets in train + test:
        assert len(inputs) == 64
        assert all(0 <= pixel <= 1 for pixel in inputs)
        assert sorted(targets) == [0.0] * 9 + [1.0]
    # the counts that the source gives for its 1,797 digits
    counts = Counter(digit.digit for digit in train + test)
    assert [counts[d] for d in range(10)] == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_mnist_files_give_the_digits_they_were_made_from(mnist: Path) -> None:
    train, test = load_mnist(mnist)
    shipped_train, shipped_test = load_digits()
    for read, shipped in ((train, shipped_train[:40]), (test, shipped_test[:20])):
        assert [digit.targets for digit in read] == [digit.targets for digit in shipped]
        for one, other in zip(read, shipped, strict=True):
            assert one.inputs == pytest.approx(other.inputs, abs=0.5 / 255)


def test_mnist_is_cut_to_the_training_digits_of_the_book(mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digits, "MNIST_TRAINING_DIGITS", 25)
    assert len(load_mnist(mnist)[0]) == 25


def test_names_with_a_dot_are_found(mnist: Path) -> None:
    (mnist / "train-images-idx3-ubyte").rename(mnist / "train-images.idx3-ubyte")
    assert len(load_mnist(mnist)[0]) == 40


def test_one_digit_to_train_on_and_one_to_test_with_are_enough(tmp_path: Path) -> None:
    for part in ("train", "t10k"):
        write_mnist(tmp_path, part, load_digits()[0][:1])
    train, test = load_mnist(tmp_path)
    assert train == test
    assert len(train) == 1


def swap(folder: Path, one: str, other: str) -> None:
    first, second = folder / one, folder / other
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(kept)


def swap_train_and_test(folder: Path) -> None:
    for kind in ("images-idx3", "labels-idx1"):
        swap(folder, f"train-{kind}-ubyte", f"t10k-{kind}-ubyte.gz")


def change(name: str, edit: object) -> object:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_bytes(edit(path.read_bytes()))  # type: ignore[operator]

    return apply


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
ZIPPED = "t10k-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    ("damage", "named", "said"),
    [
        (change(IMAGES, lambda b: b[:-1]), IMAGES, "has 2575: it is damaged or cut short"),
        (change(IMAGES, lambda b: b + b"\0"), IMAGES, "should have 2576 bytes but has 2577"),
        (change(IMAGES, lambda b: b[:10]), IMAGES, "cut short"),
        (change(IMAGES, lambda b: b""), IMAGES, "no IDX file"),
        (change(IMAGES, lambda b: b"<html>" + b), IMAGES, "should begin with 00 00 08 03"),
        (change(IMAGES, lambda b: b[:4] + b"\xff" * 12 + b[16:]), IMAGES, "should have"),
        (change(IMAGES, lambda b: b[:8] + struct.pack(">II", 4, 16) + b[16:]), IMAGES, "4×16 pixels"),
        (change(LABELS, lambda b: b[:-1] + b"\x0a"), LABELS, "label 10"),
        (change(LABELS, lambda b: b[:4] + struct.pack(">I", 39) + b[8:-1]), LABELS, "40 pictures but"),
        (change(IMAGES, lambda b: b + bytes(100)), IMAGES, "should have 2576 bytes but has 2577 or more"),
        (
            change(IMAGES, lambda b: b[:4] + struct.pack(">III", 47_040_000, 1, 1)),
            IMAGES,
            "but MNIST has at most 60,000 pictures of 28×28",
        ),
        (
            change(IMAGES, lambda b: b[:4] + struct.pack(">III", 1, 784, 784)),
            IMAGES,
            "but MNIST has at most 60,000 pictures of 28×28",
        ),
        (
            change(LABELS, lambda b: b[:4] + struct.pack(">I", 60_001)),
            LABELS,
            "but MNIST has at most 60,000 pictures of 28×28",
        ),
        (change(IMAGES, lambda b: b + bytes(10**8)), IMAGES, "it has more than 50,000,000 bytes"),
        (change(ZIPPED, lambda b: b + b"garbage"), ZIPPED, "damaged or cut short"),
        (change(ZIPPED, lambda b: b + gzip.compress(b"more")), ZIPPED, "should have 1296 bytes but has 1297 or more"),
        (change(ZIPPED, lambda b: b[:2]), ZIPPED, "damaged or cut short"),
        (change(ZIPPED, lambda b: b[:-8] + bytes(4) + b[-4:]), ZIPPED, "damaged or cut short"),
        (change(ZIPPED, lambda b: gzip.compress(b)), ZIPPED, "should begin with 00 00 08 03"),
        (change(ZIPPED, lambda b: b[:-20]), ZIPPED, "damaged or cut short"),
        (change(ZIPPED, lambda b: b[:30] + bytes([b[30] ^ 255]) + b[31:]), ZIPPED, "damaged or cut short"),
        (lambda folder: swap(folder, IMAGES, LABELS), IMAGES, "has 1 dimensions where 3 are needed"),
        (swap_train_and_test, "", "are the train and t10k files in each other's place?"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(mnist: Path, damage: object, named: str, said: str) -> None:
    damage(mnist)  # type: ignore[operator]
    with pytest.raises(ValueError, match=r".") as caught:
        load_mnist(mnist)
    assert named in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_in_several_zipped_parts_is_read_as_one(mnist: Path) -> None:
    whole = gzip.decompress((mnist / ZIPPED).read_bytes())
    before = load_mnist(mnist)
    (mnist / ZIPPED).write_bytes(gzip.compress(whole[:9]) + gzip.compress(whole[9:]) + bytes(512))
    assert load_mnist(mnist) == before


@pytest.mark.slow
@pytest.mark.parametrize("promised", [60_000, 20])
def test_a_small_file_does_not_become_a_large_one(mnist: Path, promised: int) -> None:
    with gzip.open(mnist / ZIPPED, "wb", compresslevel=1) as file:
        file.write(struct.pack(">BBBBIII", 0, 0, 8, 3, promised, 28, 28))
        for _ in range(200):
            file.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(ValueError, match="or more: it is damaged"):
        load_mnist(mnist)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * promised * 28 * 28 + 10_000_000


def test_pictures_of_two_sizes_are_refused(mnist: Path) -> None:
    write_idx(mnist / IMAGES, [40, 4, 4], bytes(40 * 16))
    with pytest.raises(ValueError, match="training pictures of 16 pixels but test pictures of 64"):
        load_mnist(mnist)


def test_a_missing_file_is_named(mnist: Path) -> None:
    (mnist / LABELS).unlink()
    with pytest.raises(FileNotFoundError, match=f"no file {LABELS}, plain or with .gz"):
        load_mnist(mnist)


def test_a_picture_shows_the_ink() -> None:
    zero = load_digits()[0][0]
    lines = digit_picture(zero.inputs).split("\n")
    assert [len(line) for line in lines] == [16] * 8
    for row, line in enumerate(lines):
        for column in range(8):
            ink = zero.inputs[8 * row + column]
            assert line[2 * column] == line[2 * column + 1] == SHADES[round(4 * ink)]


@pytest.mark.parametrize(("side", "height"), [(16, 16), (17, 9), (28, 14)])
def test_two_pixels_of_a_large_picture_share_a_character(side: int, height: int) -> None:
    pixels = [float(row == side - 1) for row in range(side) for _ in range(side)]
    *paper, ink = digit_picture(pixels).split("\n")
    assert len(paper) == height - 1
    assert set("".join(paper)) == {" "}
    assert ink == ("██" if side == 16 else "▒") * side


def test_a_picture_must_be_square() -> None:
    with pytest.raises(ValueError, match="5 pixels is not square"):
        digit_picture([0.0] * 5)


@pytest.mark.parametrize("folder", [3, None, b"mnist", ["mnist"]])
def test_what_is_no_name_of_a_folder_is_refused(folder: Any) -> None:
    with pytest.raises(TypeError, match=r"^a file's name must be a text or a path, but got .*: write"):
        load_mnist(folder)


@pytest.mark.parametrize("folder", ["x" * 10_000, "two\nlines", "\x1b[2J"])
def test_a_strange_name_of_a_folder_is_shown_on_one_line(folder: str) -> None:
    with pytest.raises(FileNotFoundError, match="has no file train-images-idx3-ubyte") as raised:
        load_mnist(folder)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 400
