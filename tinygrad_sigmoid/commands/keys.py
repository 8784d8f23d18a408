"""A line typed at a terminal, in whose place an arrow key may be pressed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

END, ESCAPE, FORGET = "\x04", "\x1b", "\x15"  # Ctrl-D, …, Ctrl-U
ERASING = {FORGET, "\x7f", "\b"}


def line_or_arrow(prompt: str, arrows: Mapping[str, str]) -> str:
    """What is typed after the prompt up to Enter, or what stands in `arrows` for the arrow key: A up, B, C, D left.

    Python's own line editors don't know of such keys everywhere: macOS has another than Linux, some have none.

    Raises:
        EOFError: The end of input, as by Ctrl-D on an empty line.
    """
    try:
        import termios  # noqa: F401
    except ImportError:  # as on Windows
        return input(prompt)
    line = ""
    with _unbuffered():
        _write(prompt)
        while (key := sys.stdin.read(1)) != "\n":
            if not key or (key == END and not line):
                raise EOFError
            if key == ESCAPE:
                if arrow := arrows.get(_sequence()):
                    line = arrow
                    break
            elif key in ERASING:
                kept = "" if key == FORGET else line[:-1]
                _write("\b \b" * (len(line) - len(kept)))
                line = kept
            elif key.isprintable():
                line += key
                _write(key)
        _write("\n")
    return line


def forget_typed() -> None:
    """Forgets what was typed while nobody asked, as an Enter while something was computed."""
    with suppress(ImportError, OSError):  # on Windows, and where no terminal is
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def _sequence() -> str:
    """The last letter of what a terminal sends for a key after Escape, as the C of [C or OC, or the ~ of [3~."""
    letter = sys.stdin.read(1)
    if letter in ("[", "O"):
        while not ((letter := sys.stdin.read(1)).isalpha() or letter in ("~", "")):
            pass
    return letter


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


@contextmanager
def _unbuffered() -> Iterator[None]:
    """Lets each key be read as it is pressed, without its letter being written; afterwards all is as it was."""
    import termios

    before = termios.tcgetattr(sys.stdin)
    pressed = list(before)
    pressed[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, pressed)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
