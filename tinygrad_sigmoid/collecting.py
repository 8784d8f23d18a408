"""Building without interruption: while a graph or a program is built, there is no garbage for Python to look for.

Python's collector of reference cycles runs after every few hundred new objects, over all that are alive. What only
builds makes many objects and drops none, so each of these runs finds nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """For a `with` in which the collector doesn't run; afterwards it does, if it did before."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
