"""Files: written whole or not at all, with the permissions that the user wants, and nothing else is touched."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tinygrad_sigmoid import Network, Neuron, Operation, neuron
from tinygrad_sigmoid.course.digits import load_mnist
from tinygrad_sigmoid.files import printable_name, read_at_most, require_writable, write_whole
from tinygrad_sigmoid.neuron import Tunable


@contextmanager
def umask(bits: int) -> Iterator[None]:
    before = os.umask(bits)
    try:
        yield
    finally:
        os.umask(before)


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("bits", "expected"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_a_new_file_has_the_permissions_that_the_user_has_set(tmp_path: Path, bits: int, expected: int) -> None:
    with umask(bits):
        write_whole(tmp_path / "new", "σ")
    assert permissions(tmp_path / "new") == expected


def test_a_file_that_exists_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("old")
    path.chmod(0o640)
    with umask(0o077):
        write_whole(path, "new")
    assert (permissions(path), path.read_text()) == (0o640, "new")


def test_a_link_stays_a_link_and_what_it_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("there", "not there yet"):
        link, file = tmp_path / f"link to {name}", tmp_path / "folder" / name
        link.symlink_to(file)
    (tmp_path / "folder" / "there").write_text("old")
    for name in ("there", "not there yet"):
        write_whole(tmp_path / f"link to {name}", "new")
        assert (tmp_path / f"link to {name}").is_symlink()
        assert (tmp_path / "folder" / name).read_text() == "new"
    assert sorted(os.listdir(tmp_path / "folder")) == ["not there yet", "there"]


def test_a_circle_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OSError, match="a' can't be written"):
        write_whole(tmp_path / "a", "")


def test_file_and_folder_are_on_the_disk_before_it_is_said_to_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    flush, replace = os.fsync, os.replace

    def flushed(handle: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else f"{os.fstat(handle).st_size} bytes")
        flush(handle)

    def replaced(old: str, new: str) -> None:
        done.append("renamed")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", replaced)
    write_whole(tmp_path / "new", "12345")
    assert done == ["5 bytes", "renamed", "folder"]


def test_nothing_is_left_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for path in (tmp_path / "file", "/dev/null", "/dev/stderr"):
        require_writable(path)
        write_whole(path, "")
    assert os.listdir("/proc/self/fd") == before


def test_a_folder_that_can_not_be_flushed_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flush = os.fsync

    def only_files(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(22, "Invalid argument")
        flush(handle)

    monkeypatch.setattr(os, "fsync", only_files)
    write_whole(tmp_path / "new", "12345")
    assert (tmp_path / "new").read_text() == "12345"


# -- Devices and pipes -----------------------------------------------------------------------------------------------


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    require_writable(pipe)
    write_whole(pipe, "all of it")
    reader.join(timeout=20)
    assert read == ["all of it"]
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_device_is_written_to_and_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*given: object) -> None:
        raise AssertionError("a device would be replaced")

    monkeypatch.setattr(os, "replace", never)
    (tmp_path / "link").symlink_to("/dev/null")
    for path in ("/dev/null", tmp_path / "link"):
        require_writable(path)
        write_whole(path, "gone")
    with pytest.raises(OSError, match="'/dev/full' can't be written \\(No space left on device\\): write elsewhere"):
        write_whole("/dev/full", "too much")


WRITER = """
from tinygrad_sigmoid.files import write_whole
print("first", flush=True)
write_whole("/dev/stdout", "second\\n")
print("third")
"""


def test_standard_output_is_written_to_whatever_it_is(tmp_path: Path) -> None:
    piped = subprocess.run([sys.executable, "-c", WRITER], capture_output=True, text=True, check=True, timeout=60)
    assert piped.stdout == "first\nsecond\nthird\n"
    for mode in ("w", "a"):
        (tmp_path / "log").write_text("old\n")
        with open(tmp_path / "log", mode) as log:
            subprocess.run([sys.executable, "-c", WRITER], stdout=log, check=True, timeout=60)
        assert (tmp_path / "log").read_text() == ("old\n" * (mode == "a")) + "first\nsecond\nthird\n"


# -- What can't be written or read -------------------------------------------------------------------------------------

FULL = """
import resource, signal, sys
from tinygrad_sigmoid.files import require_writable, write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
require_writable("file", 900)
for attempt in (lambda: require_writable("file", 2000), lambda: write_whole("file", "new" * 1000)):
    try:
        attempt()
    except OSError as error:
        print(error)
"""


def test_on_a_full_disk_the_old_file_stays_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    tried = subprocess.run(
        [sys.executable, "-c", FULL], capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path
    )
    assert tried.stdout.splitlines() == ["'file' can't be written (File too large): write elsewhere"] * 2
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


def test_nothing_is_left_when_it_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, name, interrupted)
            with pytest.raises(KeyboardInterrupt):
                write_whole(tmp_path / "file", "new")
        assert os.listdir(tmp_path) == []


def test_a_file_that_must_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "read-only"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # what any user but root is told of a file of 0444
    attempts: list[Callable[[], None]] = [lambda: write_whole(path, "new"), lambda: require_writable(path)]
    for attempt in attempts:
        with pytest.raises(PermissionError, match="read-only' is read-only: write elsewhere, or allow writing to it"):
            attempt()
    assert path.read_text() == "old"


def takes_a_name(path: object) -> list[Callable[[], object]]:
    """What takes a file's name, called with it."""
    given: Any = path
    return [
        lambda: write_whole(given, ""),
        lambda: require_writable(given),
        lambda: read_at_most(given, 10),
        lambda: Neuron([1], 0).save(given),
        lambda: Neuron.load(given),
        lambda: load_mnist(given),
    ]


@pytest.mark.parametrize(
    "name",
    ["", "nul\0", None, 3, b"bytes", True, ["list"], 10**5000],
    ids=lambda name: f"{name!r:.20}" if name != 10**5000 else "huge",
)
@pytest.mark.parametrize("which", range(6))
def test_what_can_be_no_name_is_refused(
    name: object, which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ValueError if isinstance(name, str) else TypeError, match=r"must be a text .*, but got .*: write"
    ):
        takes_a_name(name)[which]()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["\ud800", "two\nlines", "\x1b[31m", "no/where", "a" * 5000, "."])
@pytest.mark.parametrize("which", [2, 4, 5])
def test_what_can_not_be_read_is_named_in_one_line(
    name: str, which: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((OSError, ValueError)) as raised:
        takes_a_name(name)[which]()
    message = str(raised.value)
    assert message.isprintable()
    assert len(message) < 400
    assert name.encode("unicode_escape").decode()[-100:] in message


def test_of_a_very_long_name_the_end_is_shown() -> None:
    assert printable_name("a" * 255) == "a" * 255
    assert printable_name("a" * 255 + "b") == "…" + "a" * 254 + "b"


def test_what_would_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(ValueError, match="can't be read \\(it is no plain file\\): choose another file"):
            read_at_most(path, 10)


def test_no_more_is_read_than_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1001))
    assert read_at_most(path, 1001) == bytes(1001)
    with pytest.raises(ValueError, match=r"file' can't be read \(it has more than 1,000 bytes\)"):
        read_at_most(path, 1000)


# -- Saved networks ----------------------------------------------------------------------------------------------------

SAVED = '{"kind": "Neuron", "weights": [1.0, 2.0], "bias": 0.5, "activation": "sigmoid"}'
LAYER = f'{{"kind": "Layer", "parts": [{SAVED}]}}'
HUGE = "1" + "0" * 400


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SAVED.replace("0.5", HUGE), "each weight and bias must be a finite number, but got 1000"),
        (SAVED.replace("2.0", "9" * 5000), "each weight and bias must be a finite number, but got 9999"),
        (SAVED.replace("0.5", "1e999"), "each weight and bias must be a finite number, but got inf"),
        (SAVED.replace("0.5", "true"), "each weight and bias must be a finite number, but got True"),
        (SAVED.replace("0.5", "null"), "each weight and bias must be a finite number, but got None"),
        (SAVED.replace("2.0", '"2"'), "each weight and bias must be a finite number, but got '2'"),
        (SAVED.replace("2.0", "[2.0]"), "each weight and bias must be a finite number, but got [2.0]"),
        (SAVED.replace("[1.0, 2.0]", '"12"'), "weights must be a list of at least one weight, but got '12'"),
        (SAVED.replace("[1.0, 2.0]", SAVED), "weights must be a list of at least one weight, but got Neuron("),
        (
            SAVED.replace("sigmoid", "maximum"),
            "activation must be an operation on one input, or None, but got <operation maximum>",
        ),
        (
            SAVED.replace("sigmoid", "dot_product"),
            "activation must be an operation on one input, or None, but got <operation dot_product>",
        ),
        (SAVED.replace("sigmoid", "\\ud800"), r"its activation '\ud800' is unknown here"),
        (SAVED.replace('"sigmoid"', "[]"), "its activation [] is unknown here"),
        (SAVED.replace("Neuron", "\\u001b[31mred"), r"the kind '\x1b[31mred', which is not known here"),
        (SAVED.replace("Neuron", "K" * 5000), "which is not known here"),
        (SAVED.replace('"Neuron"', '{"kind": []}'), "the kind [], which is not known here"),
        (SAVED.replace("}", ', "bias": 0.5}'), "one of its fields stands there twice: keep one of the two"),
        (SAVED.replace("}", ', "rate": 0.5}'), "a Neuron has no field 'rate': leave it out"),
        (
            LAYER.replace(SAVED, LAYER),
            "each entry of neurons must be of type Neuron, but got Layer(",
        ),
        (
            LAYER.replace("Layer", "Network"),
            "each entry of layers must be of type Layer, but got Neuron(",
        ),
        (LAYER.replace(f"[{SAVED}]", "3"), "neurons must be a list of at least one neuron, but got 3"),
        ("{}", "'kind' is missing"),
        ("[" * 200_000, "it is nested too deeply"),
        ('{"kind":' * 200_000, "it is nested too deeply"),
        (" " * 1000, "it holds no JSON (Expecting value"),
        ("\ufeff" + SAVED, "BOM"),
        (f"{SAVED} {SAVED}", "Extra data"),
    ],
)
def test_a_file_that_save_has_not_written_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "saved.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"saved\.json is no saved Neuron: ") as raised:
        Neuron.load(path)
    message = str(raised.value)
    assert said in message
    assert message.isprintable()
    assert len(message) < 400


def test_what_is_too_large_for_a_network_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.touch()
    os.truncate(path, 10**9)
    with pytest.raises(ValueError, match=r"large\.json' can't be read \(it has more than 268,435,456 bytes\)"):
        Network.load(path)


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neuron, "LARGEST_FILE", 100)
    with pytest.raises(ValueError, match="it takes 1,406 bytes, more than load would read: save its layers one by one"):
        Network([3, 4, 2], seed=1).save(tmp_path / "network.json")
    assert os.listdir(tmp_path) == []


def test_an_activation_of_ones_own_takes_one_input(tmp_path: Path) -> None:
    path = tmp_path / "saved.json"
    path.write_text(SAVED.replace("sigmoid", "pair"))
    pair = Operation("pair", lambda a, b: a * b, lambda out, a, b: (b, a))
    with pytest.raises(
        ValueError, match="activation must be an operation on one input, or None, but got <operation pair>"
    ):
        Neuron.load(path, activations=[pair])
    for wrong in (pair, [3], None, "sigmoid"):
        given: Any = wrong
        with pytest.raises(TypeError, match=r"activations must be .*, but got .*: write for"):
            Neuron.load(path, activations=given)


class Unloadable(Tunable):
    """A class that doesn't say how it is made from saved data."""


def test_a_class_that_can_not_be_loaded_is_named(tmp_path: Path) -> None:
    Unloadable().save(tmp_path / "saved.json")
    with pytest.raises(ValueError, match="whose class can't be loaded: give Unloadable a method _from_data"):
        Unloadable.load(tmp_path / "saved.json")
