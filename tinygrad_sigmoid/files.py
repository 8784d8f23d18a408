"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: str | os.PathLike[str], contents: str | bytes) -> None:
    """Writes `contents` to `path` so that the file is complete or untouched, whatever happens meanwhile."""
    target = Path(path)
    if os.path.isdir(target):  # which is silent about names that are too long
        raise IsADirectoryError(f"{str(target)!r} is a directory: name a file in it instead")
    if not os.path.isdir(target.parent):
        raise FileNotFoundError(f"there is no directory {str(target.parent)!r}: make it first, or write elsewhere")
    try:
        _replace(target, contents.encode() if isinstance(contents, str) else contents)
    except OSError as error:  # whose own message would name the unfinished file
        raise type(error)(f"{str(target)!r} can't be written ({error.strerror or error}): write elsewhere") from None


def _replace(target: Path, contents: bytes) -> None:
    handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
        os.chmod(unfinished, target.stat().st_mode & 0o777 if target.exists() else 0o644)
        os.replace(unfinished, target)
    except BaseException:
        os.unlink(unfinished)
        raise
