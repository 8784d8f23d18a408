"""MNIST's files, spoilt: what is read is digits, all else is refused by name, and nothing takes long or much memory."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from idx_files import write_small_mnist

from tinygrad_sigmoid.course.digits import load_mnist

pytestmark = pytest.mark.slow

Spoil = Callable[[bytes], bytes]
SIZES = [0, 1, 8, 9, 19, 20, 21, 28, 29, 40, 60_000, 60_001, 2**31 - 1, 2**31, 2**32 - 1]
PLACE, PIECE = st.integers(0, 3_000), st.binary(max_size=8) | st.sampled_from([bytes(100), b"\xff" * 100, b"\x1f\x8b"])
SPOIL: st.SearchStrategy[Spoil] = st.one_of(
    st.builds(
        lambda at, size: lambda content: put(content, 4 + 4 * at, size), st.integers(0, 2), st.sampled_from(SIZES)
    ),
    st.builds(
        lambda at, byte: lambda content: content[:at] + bytes([byte]) + content[at + 1 :], PLACE, st.integers(0, 255)
    ),
    st.builds(
        lambda at: lambda content: put(content, 0, at), st.sampled_from([0x801, 0x802, 0x803, 0x804, 0x8FF, 0xD03])
    ),
    st.builds(lambda at, piece: lambda content: content[:at] + piece + content[at:], PLACE, PIECE),
    st.builds(lambda at, size: lambda content: content[:at] + content[at + size :], PLACE, st.integers(1, 99)),
    st.builds(lambda at: lambda content: content[:at], PLACE),
    st.builds(lambda piece: lambda content: content + piece, PIECE),
    st.builds(lambda at: lambda content: gzip.compress(content[:at]) + gzip.compress(content[at:]), PLACE),
    st.just(lambda content: gzip.compress(content)),
    st.just(lambda content: gzip.compress(content) * 2),
    st.just(lambda content: gzip.compress(content + bytes(10**7), 1)),
    st.just(lambda content: b""),
)
NAMES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def put(content: bytes, at: int, number: int) -> bytes:
    return content[:at] + struct.pack(">I", number) + content[at + 4 :]


@cache
def right(folder: Path) -> dict[str, bytes]:
    write_small_mnist(folder)
    return {name: (folder / name).read_bytes() for name in NAMES}


def judge(folder: Path, name: str, unpacked: bool, spoils: list[Spoil]) -> str:
    for file, content in right(folder).items():
        (folder / file).write_bytes(content)
    path, content = folder / name, right(folder)[name]
    if unpacked and path.suffix == ".gz":
        content = gzip.decompress(content)
    for spoil in spoils:
        content = spoil(content)
    path.write_bytes(content)
    tracemalloc.start()
    try:
        train, test = load_mnist(folder)
    except (ValueError, OSError) as error:
        sentence = str(error)
        assert sentence.startswith(str(folder))
        assert sentence.isprintable()
        assert ": " in sentence
        assert len(sentence) < 400 + len(str(folder))
        return "refused"
    else:
        assert train
        assert test
        [size] = {len(digit.inputs) for digit in [*train, *test]}
        assert int(size**0.5) ** 2 == size
        assert all(0 <= pixel <= 1 for digit in [*train, *test] for pixel in digit.inputs)
        assert {digit.digit for digit in [*train, *test]} <= set(range(10))
        return "read"
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 100_000_000, "promised 60,000 pictures of 28×28, of which there are none"


@settings(max_examples=500)
@given(st.sampled_from(NAMES), st.booleans(), st.lists(SPOIL, min_size=1, max_size=3))
def test_a_spoilt_file_is_refused_by_name_or_gives_digits(
    tmp_path_factory: pytest.TempPathFactory, name: str, unpacked: bool, spoils: list[Spoil]
) -> None:
    judge(tmp_path_factory.getbasetemp(), name, unpacked, spoils)
