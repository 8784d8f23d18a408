"""The program: `python -m tinygrad_sigmoid`, or `tinygrad-sigmoid`. It can be stopped from its first moment on.

Ctrl-C and SIGTERM stop it alike: what was begun is finished or undone, and the exit status is 128 plus the signal's
number. Only the program handles signals: the package, imported by another one, leaves them alone.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from types import FrameType


def main() -> int:
    """Runs the command that was typed, and returns its exit status."""
    stopping = [number for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN]
    received: list[int] = []

    def handle(handler: signal.Handlers | Callable[[int, FrameType | None], None]) -> None:
        for number in stopping:
            signal.signal(number, handler)

    def at_once(number: int, frame: FrameType | None) -> None:
        handle(signal.SIG_IGN)  # once is enough
        with suppress(OSError):
            os.write(2, b"stopped\n")
        os._exit(128 + number)

    def after_tidying_up(number: int, frame: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    handle(at_once)  # while modules are loaded, there is nothing to tidy up yet
    from tinygrad_sigmoid.cli import main as run

    try:
        try:
            handle(after_tidying_up)
            status = run()
        finally:
            handle(signal.SIG_IGN)  # it ends anyway
    except KeyboardInterrupt:
        status = 130
    return 128 + received[0] if received else status


if __name__ == "__main__":
    sys.exit(main())
