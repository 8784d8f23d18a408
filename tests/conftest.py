"""What all tests share: the same examples on every run, and no test that fails because the machine was busy."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser
from hypothesis import settings

from tinygrad_sigmoid import Value, explore
from tinygrad_sigmoid.page import Page

pytest_plugins = ["pytester"]  # for tests of what pytest shows when a check fails

settings.register_profile("reproducible", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("reproducible")

# A program started in the background of a shell may have Ctrl-C ignored, and so would all that the tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    opened = Browser()
    yield opened
    opened.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """Opens a page, or that of a value, and checks at the end that nothing was logged and nothing left the page."""
    browser.show_as()

    def open_page(shown: Value | Page, step: str = "") -> Browser:
        page = shown if isinstance(shown, Page) else explore(shown)
        page.save(tmp_path / "page.html")
        browser.open(tmp_path / "page.html", step)
        return browser

    yield open_page
    assert browser.log() == []
    assert {address.split(":")[0] for address in browser.requests()} <= {"file", "data", "about"}
