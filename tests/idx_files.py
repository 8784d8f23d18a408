"""IDX files, as MNIST's are, made from the digits that ship."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

from tinygrad_sigmoid.course.digits import Digit, load_digits


def write_idx(path: Path, sizes: list[int], content: bytes) -> None:
    whole = struct.pack(f">BBBB{len(sizes)}I", 0, 0, 8, len(sizes), *sizes) + content
    path.write_bytes(gzip.compress(whole) if path.suffix == ".gz" else whole)


def write_mnist(folder: Path, part: str, chosen: list[Digit], ending: str = "") -> None:
    pixels = bytes(round(255 * pixel) for digit in chosen for pixel in digit.inputs)
    write_idx(folder / f"{part}-images-idx3-ubyte{ending}", [len(chosen), 8, 8], pixels)
    write_idx(folder / f"{part}-labels-idx1-ubyte{ending}", [len(chosen)], bytes(digit.digit for digit in chosen))


def write_small_mnist(folder: Path) -> None:
    """40 digits to train on, plain, and 20 to test with, gzipped."""
    train, test = load_digits()
    write_mnist(folder, "train", train[:40])
    write_mnist(folder, "t10k", test[:20], ".gz")
