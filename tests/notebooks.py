"""Lessons and live widget in a real JupyterLab and a real marimo, driven by Chromium: `python tests/notebooks.py`.

No test of the suite, because `pip install jupyterlab jupytext marimo`, which it needs, brings some hundred packages.
Each lesson is made a notebook, and its cells are run: none ends in an error. In the live page, a leaf that is dragged
changes its Value, one that is changed in Python moves the page, and in the notebook's dark theme it is dark.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from textwrap import indent
from typing import Any

from browser import Browser
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

MADE = """from tinygrad_sigmoid import Value, live, sigmoid
w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
output = sigmoid(w * x + b)
"""
TOLD = 'f"Python has {w.data!r} {w.grad:.4f} {output.data:.4f}"'
MOVED = "a leaf moved in the page and in Python, each followed by the other; dark in the dark theme"
CHANGED = "b.data = -0.25\nview.refresh()"

DARK = '# /// script\n# [tool.marimo.display]\n# theme = "dark"\n# ///'
CELL = "@app.cell\ndef _({}):\n{}\n"

EXAMPLES = Path(__file__).parents[1] / "examples"

FRAME = """const find = (root) => [...root.querySelectorAll("*")].flatMap((element) =>
  element.matches(arguments[0]) ? [element] : element.shadowRoot ? find(element.shadowRoot) : []);
return find(document)"""


class Notebook:
    """One that is open in Chromium, with the live page in a frame."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser = browser
        browser.show_as()
        browser.driver.get(address)

    def element(self, selector: str) -> Any:
        """The first that matches, in the shadows too, once there is one."""
        return until(lambda: self.all(selector)[:1], selector)[0]

    def all(self, selector: str) -> list[Any]:
        return list(self.browser.run(FRAME, selector))

    def in_page(self, action: Callable[[], Any]) -> Any:
        self.browser.driver.switch_to.frame(self.element("iframe[title='The live page']"))
        try:
            return action()
        finally:
            self.browser.driver.switch_to.default_content()

    def drag_w(self) -> None:
        """By 10 pixels, each of them 0.01."""

        def drag() -> None:
            box = until(lambda: self.browser.driver.find_element("css selector", ".node.leaf[tabindex]"), "the leaf w")
            actions = ActionChains(self.browser.driver, duration=20).click_and_hold(box)
            for _ in range(10):
                actions = actions.move_by_offset(1, 0)
            actions.release().perform()

        self.in_page(drag)

    def shows(self, *texts: str) -> None:
        until(lambda: all(text in self.text() for text in texts), f"{texts} in the notebook")

    def page_shows(self, *texts: str) -> None:
        until(lambda: all(text in self.in_page(self.text) for text in texts), f"{texts} in the page")

    def choose(self, menu: str, command: str) -> None:
        """An item of a menu of JupyterLab."""
        [title] = [found for found in self.all(".lm-MenuBar-itemLabel") if found.text == menu]
        title.click()
        self.element(f".lm-Menu-item[data-command='{command}']").click()

    def page_is_dark(self) -> None:
        """As the notebook is, though not the system."""
        paper = "return getComputedStyle(document.body).backgroundColor"
        until(lambda: self.in_page(lambda: self.browser.run(paper)) == "rgb(18, 22, 28)", "a dark page")

    def text(self) -> str:
        return str(self.browser.run("return document.body.innerText"))


def until(found: Callable[[], Any], what: str) -> Any:
    """What is found in the end, while elements come and go and files are being written."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(WebDriverException, json.JSONDecodeError):
            if result := found():
                return result
        time.sleep(0.1)
    raise TimeoutError(f"waited in vain for {what}")


@contextmanager
def served(*command: str, port: int, folder: str) -> Iterator[str]:
    """The address of a server that runs in a folder of its own."""
    places = {f"JUPYTER_{name}_DIR": folder for name in ("CONFIG", "DATA", "RUNTIME")}
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **places, "HOME": folder, "PYTHONPATH": path}
    program = [sys.executable, "-m", *command]
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(program, cwd=folder, env=environment, stdout=nowhere, stderr=nowhere) as server:
        try:
            until(lambda: answers(port), command[0])
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


@contextmanager
def jupyterlab(folder: str) -> Iterator[str]:
    port = free_port()
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token="]
    options.append("--LabApp.expose_app_in_browser=True")
    with served("jupyterlab", *options, port=port, folder=folder) as address:
        yield address


def lessons(browser: Browser, folder: str) -> str:
    own = Path(folder, "lessons")
    shutil.copytree(EXAMPLES, own)
    program = [sys.executable, "-m", "jupytext", "--quiet", "--to", "notebook", "--set-kernel", "python3"]
    subprocess.run([*program, *own.glob("*.py")], check=True)
    notebooks = sorted(own.glob("*.ipynb"))
    assert notebooks, "there are no lessons"
    with jupyterlab(folder) as address:
        for path in notebooks:
            run_all(Notebook(browser, f"{address}/lab/tree/lessons/{path.name}?reset"), path)
    return f"{len(notebooks)} ran without an error"


def run_all(lab: Notebook, path: Path) -> None:
    """Runs all cells of the notebook, saves it, and reads in its file how each has ended."""

    def ended() -> list[Any]:
        lab.choose("File", "docmanager:save")
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        return cells if errors(cells) or all(cell["execution_count"] for cell in cells) else []

    until(lambda: "Idle" in lab.text(), "the kernel")
    lab.choose("Run", "runmenu:run-all")
    found = errors(until(ended, path.name))
    assert not found, f"{path.name}: {found}"


def errors(cells: list[Any]) -> list[Any]:
    return [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]


def in_jupyterlab(browser: Browser, folder: str) -> str:
    sources = [f"{MADE}view = live(output)\nview", f"print({TOLD})", CHANGED]
    empty: dict[str, Any] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**empty, "id": f"cell{place}", "source": source} for place, source in enumerate(sources)]
    written = {"cells": cells, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}}
    Path(folder, "live.ipynb").write_text(json.dumps({**written, "nbformat": 4, "nbformat_minor": 5}))
    with jupyterlab(folder) as address:
        lab = Notebook(browser, f"{address}/lab/tree/live.ipynb")

        def run(cell: int) -> None:
            lab.element(f".jp-CodeCell[data-windowed-list-index='{cell}'] .cm-content").click()
            keys = ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL)
            keys.perform()

        until(lambda: "Idle" in lab.text(), "the kernel")
        run(0)
        lab.page_shows("data 0.6", "data 0.8176")
        lab.drag_w()
        lab.page_shows("data 0.7", "data 0.832")
        run(1)
        lab.shows("Python has 0.7 0.1398 0.8320")
        run(2)
        lab.page_shows("data −0.25", "b went from 0.9 to −0.25.")
        browser.run("jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
        lab.page_is_dark()
        browser.driver.save_screenshot("jupyterlab.png")
    return MOVED


def in_marimo(browser: Browser, folder: str) -> str:
    cells = [
        ("", f"import marimo as mo\n{MADE}view = mo.ui.anywidget(live(output))\nview", "mo, w, b, output, view"),
        ("mo, w, output, view", f"view\nmo.md({TOLD})", ""),
        ("mo", "button = mo.ui.run_button(label='change b')\nbutton", "button,"),
        ("b, button, view", f"if button.value:\n{indent(CHANGED, '    ')}", ""),
    ]
    texts = [CELL.format(used, indent(f"{source}\nreturn {made}", "    ")) for used, source, made in cells]
    Path(folder, "live.py").write_text("\n".join([DARK, "import marimo", "app = marimo.App()", *texts]))
    port = free_port()
    options = ["run", "--headless", "--no-token", f"--port={port}", "live.py"]
    with served("marimo", *options, port=port, folder=folder) as address:
        marimo = Notebook(browser, address)
        marimo.page_shows("data 0.6", "data 0.8176")
        marimo.page_is_dark()
        marimo.shows("Python has 0.6 0.1491 0.8176")
        marimo.drag_w()
        marimo.page_shows("data 0.7", "data 0.832")
        marimo.shows("Python has 0.7 0.1398 0.8320")  # by itself: the cell depends on the widget
        marimo.element("marimo-button button, button[data-testid='marimo-plugin-button']").click()
        marimo.page_shows("data −0.25", "b went from 0.9 to −0.25.")
        browser.driver.save_screenshot("marimo.png")
    return MOVED


if __name__ == "__main__":
    chromium = Browser()
    try:
        for check in (lessons, in_jupyterlab, in_marimo):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
                print(f"{check.__name__}: {check(chromium, own)}")
    finally:
        chromium.close()
