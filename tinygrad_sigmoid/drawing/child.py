"""A program in a process of its own that has limits, and that ends when the process which started it does.

This file runs by itself, in a Python of its own, sets the limits for its own process, and then becomes the program.
(Setting them between fork and exec, as with `preexec_fn`, is not safe in a process with threads.)
"""

import os
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # Linux: the signal to get when the thread that started this process ends
SIGKILL = 9


def become(parent: str, seconds: str, memory: str, *command: str) -> None:
    """Becomes the command, with so many seconds of processor time and bytes of memory, unless the parent has ended."""
    import resource  # which only Unix has

    for limited, most in ((resource.RLIMIT_CPU, int(seconds)), (resource.RLIMIT_AS, int(memory))):
        with suppress(OSError, ValueError):  # the limit is lower already, or this system has none, as macOS for memory
            resource.setrlimit(limited, (most, most))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
    if os.getppid() != int(parent):  # it ended before its end could be heard of
        sys.exit("the process that started this one has ended")
    try:
        os.execv(command[0], command)
    except OSError as error:
        sys.exit(f"{command[0]} can't be run ({error.strerror})")


if __name__ == "__main__":
    become(*sys.argv[1:])
