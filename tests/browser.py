"""A headless Chromium for the tests of the live page, and what they ask of it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

_SWITCHES = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars --window-size=1280,1000"
)


def needed(found: str | None, what: str) -> str:
    """What was found; if nothing was, the tests are skipped, and in CI they fail."""
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(f"there is no {what}, and in CI these tests must run")
    pytest.skip(f"there is no {what} on this machine")


class Browser:
    """One Chromium: opens pages, says what they logged and what they asked the network for."""

    def __init__(self) -> None:
        webdriver = pytest.importorskip("selenium.webdriver")
        options = webdriver.ChromeOptions()
        options.binary_location = needed(shutil.which("chromium") or shutil.which("chromium-browser"), "Chromium")
        driver = needed(shutil.which("chromedriver"), "chromedriver")
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        for switch in [*_SWITCHES.split(), f"--user-data-dir={self.profile.name}"]:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))

    def close(self) -> None:
        self.driver.quit()
        self.profile.cleanup()

    def open(self, path: Path, step: str = "") -> None:
        self.driver.get("about:blank")
        self.log()
        self.requests()
        self.driver.get(f"{path.as_uri()}{step}")
        self.settle()

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def drags(self, times: int) -> list[float]:
        """Milliseconds from the event of a drag to the drawn frame, the fastest first; the first drag doesn't count."""
        took: list[float] = self.driver.execute_async_script(
            """const [times, done] = arguments, slider = document.getElementById('slide-0'), took = [];
            function drag(i) {
              if (i === times) return done(took.slice(1).sort((a, b) => a - b));
              const start = performance.now();
              slider.value = Number(slider.value) + 0.01;
              slider.dispatchEvent(new Event('input'));
              requestAnimationFrame(() => {
                document.body.getBoundingClientRect();
                took.push(performance.now() - start);
                drag(i + 1);
              });
            }
            drag(0);""",
            times,
        )
        print(f"a drag took {took[len(took) // 2]:.1f} ms, at most {took[-1]:.1f}")
        return took

    def heard(self) -> list[tuple[str, str]]:
        """What each stop of the tour says, from here to the last."""
        said = []
        while self.driver.find_element("id", "on").is_enabled():
            self.driver.find_element("id", "on").click()
            self.settle()
            said.append((self.text("#step-heading"), self.text("#step-sentence")))
        return said

    def settle(self) -> None:
        """Waits until the page has drawn what it was told."""
        self.driver.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
        )

    def press(self, *keys: str) -> None:
        from selenium.webdriver import ActionChains

        ActionChains(self.driver, duration=0).send_keys(*keys).perform()
        self.settle()

    def choose(self, id: str, value: object) -> None:
        """Chooses an option of a list by its value."""
        script = """const list = document.getElementById(arguments[0]);
            list.value = arguments[1];
            list.dispatchEvent(new Event('change'));"""
        self.run(script, id, f"{value}")
        self.settle()

    def middle(self, selector: str) -> tuple[float, float]:
        """Where in the window the middle of an element is."""
        x, y = self.run(
            "const { left, right, top, bottom } = document.querySelector(arguments[0]).getBoundingClientRect();"
            "return [(left + right) / 2, (top + bottom) / 2]",
            selector,
        )
        return x, y

    def touch(self, *moments: list[tuple[float, float]]) -> None:
        """Fingers on the screen: where they are put down, where they go to, and lifted from the last places."""
        kinds = ["touchStart"] + ["touchMove"] * (len(moments) - 1)
        for kind, places in [*zip(kinds, moments, strict=True), ("touchEnd", [])]:
            points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
            self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.settle()

    def text(self, selector: str) -> Any:
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def log(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def show_as(
        self, *, dark: bool = False, forced: bool = False, media: str = "", width: int = 1280, height: int = 1000
    ) -> None:
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        features.append({"name": "forced-colors", "value": "active" if forced else "none"})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.settle()
