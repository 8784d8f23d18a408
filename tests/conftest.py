"""What all tests share: the same examples on every run, and no test that fails because the machine was busy."""

from hypothesis import settings

pytest_plugins = ["pytester"]  # for tests of what pytest shows when a check fails

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("reproducible")
