"""Files that are written whole or not at all, and read no further than makes sense."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tinygrad_sigmoid.checks import refused
from tinygrad_sigmoid.quoting import printable

LONGEST_NAME = 255  # characters of a file's name that a message shows


def write_whole(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Writes `contents` to `path` so that the file is complete or untouched, whatever happens meanwhile.

    A file that exists keeps its permissions, and a link stays a link: the file it points to is replaced. A device or a
    pipe, where there is nothing to replace, is written to.
    """
    name = file_name(path)
    with _named_errors(name, "written", "write elsewhere"):
        data = contents.encode() if isinstance(contents, str) else contents
        if (stream := _stream(name)) is not None:
            with open(stream, "ab", closefd=isinstance(stream, str)) as file:
                file.write(data)
            return
        target = _replaceable(name)
        with _unfinished_beside(target, data) as unfinished:
            os.replace(unfinished, target)
        with suppress(OSError):  # not every system can do this with a folder, and the file is there already
            _put_on_disk(os.path.dirname(target))


def require_writable(path: str | os.PathLike[str], room: int = 0) -> None:
    """Fails as writing so many bytes would fail: for whoever computes for long before there is something to write."""
    name = file_name(path)
    with _named_errors(name, "written", "write elsewhere"):
        if _stream(name) is None:
            with _unfinished_beside(_replaceable(name), bytes(room)):
                pass


def read_at_most(path: str | os.PathLike[str], most: int) -> bytes:
    """The contents of a plain file; a device or a pipe, which might never end, is refused.

    Raises:
        OSError: It can't be read.
        ValueError: It has more bytes than `most`.
    """
    name = file_name(path)
    with _named_errors(name, "read", "choose another file"):
        status = os.stat(name)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no plain file")
        if status.st_size > most:
            raise ValueError(f"it has more than {most:,} bytes")
        with open(name, "rb") as file:
            return file.read()


def file_name(path: object) -> str:
    """A path as a text, which is not empty."""
    name = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(name, str):
        raise refused("a file's name", "a text or a path", path, "write for instance 'network.json'")
    if not name or "\0" in name:
        raise refused(
            "a file's name", "a text without \\0, not empty", path, "write for instance 'network.json'", ValueError
        )
    return name


def printable_name(path: str | os.PathLike[str]) -> str:
    """A file's name as a message shows it: in one line, and of a very long one, the end."""
    name = printable(os.fspath(path))
    return name if len(name) <= LONGEST_NAME else f"…{name[-LONGEST_NAME:]}"


@contextmanager
def _named_errors(name: str, done: str, cure: str) -> Iterator[None]:
    """Errors that name the file which is meant, and not the unfinished one beside it."""
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is None:  # it is a sentence already
            raise
        kind = type(error) if isinstance(error, OSError) else ValueError
        raise kind(f"'{printable_name(name)}' can't be {done} ({getattr(error, 'strerror', error)}): {cure}") from None


def _stream(name: str) -> str | int | None:
    """What to open where something else than a plain file is to be written to."""
    try:
        status = os.stat(name)
    except FileNotFoundError:
        return None
    ours = name.startswith(("/dev/std", "/dev/fd/", "/proc/self/fd/"))  # which may lead to a plain file
    if stat.S_ISDIR(status.st_mode) or (stat.S_ISREG(status.st_mode) and not ours):
        return None
    for output in (1, 2):
        with suppress(OSError):  # it is closed
            if os.path.samestat(status, os.fstat(output)):
                return output  # what is printed next comes after this, and not over it
    return name


def _replaceable(name: str) -> str:
    """The path of the file itself, all links followed, in a folder that exists."""
    if os.path.isdir(name):
        raise IsADirectoryError(f"'{printable_name(name)}' is a directory: name a file in it instead")
    folder = os.path.dirname(name)
    if folder and not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no directory '{printable_name(folder)}': make it first, or write elsewhere")
    return os.path.realpath(name)


@contextmanager
def _unfinished_beside(target: str, data: bytes) -> Iterator[str]:
    """A new file in the folder of `target` and with its permissions, which is removed if it is not renamed."""
    try:
        permissions = stat.S_IMODE(os.stat(target).st_mode)
        if not os.access(target, os.W_OK):
            raise PermissionError(f"'{printable_name(target)}' is read-only: write elsewhere, or allow writing to it")
    except FileNotFoundError:
        permissions = None
    unfinished = os.path.join(os.path.dirname(target), f".{os.urandom(8).hex()}.unfinished")
    try:
        with open(unfinished, "xb") as file:
            if permissions is not None:
                os.chmod(unfinished, permissions)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield unfinished
    finally:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)


def _put_on_disk(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
