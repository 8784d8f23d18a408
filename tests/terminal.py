"""A command of ours at a pseudo-terminal, for the tests of what only a terminal is shown."""

from __future__ import annotations

import os
import select
import subprocess
import sys

import pytest


class Terminal:
    """A session of `tinygrad-sigmoid …` at a pseudo-terminal, whose prompts end with `> ` unless said otherwise."""

    def __init__(self, *words: str, prompt: str = "> ", columns: int = 80, **environment: str) -> None:
        pty = pytest.importorskip("pty")
        self.prompt = prompt
        self.master, slave = pty.openpty()
        termios = pytest.importorskip("termios")
        termios.tcsetwinsize(slave, (24, columns))
        # A shell that opens the terminal makes it the session's own, or Ctrl-C would not reach it.
        shell = ["sh", "-c", 'exec "$@" <"$0"', os.ttyname(slave)]
        command = [*shell, sys.executable, "-m", "tinygrad_sigmoid", *words]
        inherited = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment = {**inherited, "TERM": "xterm", "PYTHONIOENCODING": "utf-8", **environment}
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
        )
        os.close(slave)

    def read(self, until: str | None = None) -> str:
        """What is printed up to the next prompt, or to the end where `until` is empty."""
        until = self.prompt if until is None else until
        text = b""
        while not (until and text.decode("utf-8", "ignore").endswith(until)):
            assert select.select([self.master], [], [], 20)[0], f"nothing more came after {text!r}"
            try:
                piece = os.read(self.master, 4096)
            except OSError:  # the other end is closed
                piece = b""
            if not piece:
                break
            text += piece
        return text.decode("utf-8").replace("\r\n", "\n")

    def type(self, keys: str, until: str | None = None) -> str:
        return self.press(f"{keys}\n", until)

    def press(self, keys: str, until: str | None = None) -> str:
        """The same without Enter."""
        os.write(self.master, keys.encode())
        return self.read(until)

    def end(self) -> int:
        status = self.process.wait(timeout=20)
        os.close(self.master)
        return status
