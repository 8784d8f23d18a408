"""What all tests share: the same examples on every run, and no test that fails because the machine was busy."""

import signal

from hypothesis import settings

pytest_plugins = ["pytester"]  # for tests of what pytest shows when a check fails

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("reproducible")

# A program started in the background of a shell may have Ctrl-C ignored, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
