"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Writes `contents` to `path` so that the file is complete or untouched, whatever happens meanwhile."""
    target = Path(path)
    with _said_of(target):
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(contents.encode() if isinstance(contents, str) else contents)
            os.chmod(unfinished, target.stat().st_mode & 0o777 if target.exists() else 0o644)
            os.replace(unfinished, target)
        except BaseException:
            os.unlink(unfinished)
            raise


def require_writable(path: str | os.PathLike[str]) -> None:
    """Fails as `write_whole` would fail: for whoever computes for long before there is something to write."""
    target = Path(path)
    with _said_of(target), tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
        pass


@contextmanager
def _said_of(target: Path) -> Iterator[None]:
    """Errors that name the file which is to be written, and not the unfinished one beside it."""
    if os.path.isdir(target):  # which is silent about names that are too long
        raise IsADirectoryError(f"{str(target)!r} is a directory: name a file in it instead")
    if not os.path.isdir(target.parent):
        raise FileNotFoundError(f"there is no directory {str(target.parent)!r}: make it first, or write elsewhere")
    try:
        yield
    except OSError as error:
        raise type(error)(f"{str(target)!r} can't be written ({error.strerror or error}): write elsewhere") from None
