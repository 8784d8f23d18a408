"""Ctrl-C waits its turn: a change that must happen as a whole is finished before the program stops."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets Ctrl-C, and SIGTERM where a program handles it, wait until the block is done."""
    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handled = {number: handler for number, handler in handlers.items() if callable(handler)}
    # Only the main thread may set handlers, and where signals are ignored there is nothing to wait.
    if threading.current_thread() is not threading.main_thread() or not handled:
        yield
        return
    received: list[tuple[int, FrameType | None]] = []
    for number in handled:
        signal.signal(number, lambda number, frame: received.append((number, frame)))
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)
        for number, frame in received[:1]:
            handled[number](number, frame)
