"""The live widget without a notebook: what its messages do to Values, and its page in a browser."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser

from tinygrad_sigmoid import Value, live, log
from tinygrad_sigmoid.page.widget import Live


def logarithm() -> tuple[Value, Value, Value, Value]:
    w, x, b = Value(0.6, "w"), Value(2, "x"), Value(0.9, "b")
    return w, x, b, log(w * x + b)


def move(view: Live, asked: float, *leaves: list[float]) -> dict[str, Any]:
    """What the widget answers to a message of the page, both as JSON, which has no infinities."""
    view.set_state(json.loads(json.dumps({"moved": {"asked": asked, "leaves": leaves}})))
    answer: dict[str, Any] = json.loads(json.dumps(view.get_state("passes"), allow_nan=False))["passes"]
    return answer


def test_a_moved_leaf_changes_its_value_and_both_passes_run() -> None:
    w, x, b, output = logarithm()
    view = live(output)
    assert w.grad is not None  # from the first
    answer = move(view, 0.25, [0, 1.5])
    assert (w.data, x.data, b.data) == (1.5, 2, 0.9)
    assert output.data == log(1.5 * x + 0.9).data
    assert (w.grad, b.grad) == pytest.approx((2 / 3.9, 1 / 3.9))
    assert answer == {
        "data": [1.5, 2, 0.9, 3, 3.9, output.data],
        "local": [[], [], [], [2, 1.5], [1, 1], [1 / 3.9]],
        "gradients": [w.grad, x.grad, b.grad, 1 / 3.9, 1 / 3.9, 1],
        "asked": 0.25,
        "refused": "",
    }


def test_refresh_shows_what_was_changed_in_python() -> None:
    w, _, b, output = logarithm()
    view = live(output)
    w.data, b.data = 1.5, 0.0
    view.refresh()
    view.refresh()  # gradients don't add up
    assert view.passes["data"][:3] == [1.5, 2, 0]
    assert view.passes["gradients"][0] == w.grad == pytest.approx(1 / 1.5)
    assert view.passes["asked"] is None


def test_what_was_changed_in_python_stays_when_another_leaf_is_moved() -> None:
    w, _, _, output = logarithm()
    view = live(output)
    w.data = 1.5
    assert move(view, 0.5, [2, 1.0])["data"] == [1.5, 2, 1, 3, 4, log(Value(4)).data] == [*view.passes["data"]]


def test_a_number_for_which_nothing_can_be_computed_is_refused() -> None:
    w, _, b, output = logarithm()
    view = live(output)
    before = (output.data, w.data, w.grad)
    shown = dict(view.passes)
    answer = move(view, 0.5, [2, 1.0], [0, -7.0])
    assert answer.pop("refused").startswith("log(-13) is not defined")
    assert (output.data, w.data, w.grad, b.data) == (*before, 0.9)
    assert answer.items() <= {**shown, "asked": 0.5}.items()
    assert move(view, 0.75, [0, 7.0])["refused"] == ""
    assert w.data == 7


def test_infinities_pass_as_text() -> None:
    x = Value(0.0, "x")
    view = live(x * 1e200 * 1e200)
    assert move(view, 0.5, [0, 1e-300])["gradients"][0] == "Infinity"


@pytest.mark.parametrize("missing", ["anywidget", "traitlets"])
def test_without_the_extra_one_sentence_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tinygrad_sigmoid.page.widget")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=rf"needs {missing}: pip install 'tinygrad-sigmoid\[notebook\]'"):
        live(logarithm()[-1])


# -- In a browser ------------------------------------------------------------------------------------------------------

HOST = """<!DOCTYPE html><meta charset=utf-8><div id=view></div><div style="height: 5000px"></div><script type=module>
%s
const traits = %s, questions = [], listeners = new Set();
const model = {
  get: (name) => traits[name],
  set: (name, asked) => (traits[name] = asked),
  save_changes: () => questions.push(traits.moved),
  on: (_, tell) => listeners.add(tell),
  off: (_, tell) => listeners.delete(tell),
};
render({ model, el: document.getElementById("view") });
Object.assign(window, { questions, answer: (passes) => {
  traits.passes = passes;
  for (const tell of listeners) tell();
} });
</script>"""


class Notebook:
    """The widget's page in Chromium; the test carries questions to Python, and answers back, as it likes."""

    def __init__(self, browser: Browser, path: Path, view: Live) -> None:
        self.browser, self.view = browser, view
        script = view._esm.replace("export default { render };", "")
        traits = json.dumps({"page": view.page, "passes": view.passes}).replace("</", "<\\/")
        path.write_text(HOST % (script, traits), encoding="utf-8")
        browser.open(path)

    def inside(self, script: str, *arguments: Any) -> Any:
        self.browser.driver.switch_to.frame(0)
        try:
            return self.browser.run(script, *arguments)
        finally:
            self.browser.driver.switch_to.default_content()

    def type(self, leaf: int, number: float) -> dict[str, Any]:
        """Types a number for a leaf, and gives the question that the page asks."""
        before = len(self.browser.run("return questions"))
        script = """const field = document.getElementById(`exact-${arguments[0]}`);
            field.value = arguments[1];
            field.dispatchEvent(new Event("input"));"""
        self.inside(script, leaf, number)
        self.until(lambda: len(self.browser.run("return questions")) > before)
        question: dict[str, Any] = self.browser.run("return questions.at(-1)")
        return question

    def answer(self, passes: dict[str, Any]) -> None:
        self.browser.run("answer(arguments[0])", passes)

    def settle(self) -> None:
        self.browser.driver.switch_to.frame(0)
        self.browser.settle()
        self.browser.driver.switch_to.default_content()

    def text(self) -> str:
        return str(self.inside("return document.body.innerText"))

    def shows(self, *texts: str) -> None:
        """Waits until the page does."""
        self.until(lambda: all(text in self.text() for text in texts))

    def until(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not reached():
            assert time.monotonic() < end, self.text()
            time.sleep(0.02)


@pytest.fixture
def notebook(browser: Browser, tmp_path: Path) -> Iterator[Notebook]:
    yield Notebook(browser, tmp_path / "notebook.html", live(logarithm()[-1]))
    assert browser.log() == []


@pytest.mark.slow
def test_the_page_asks_python_and_shows_what_it_answers(notebook: Notebook) -> None:
    question = notebook.type(0, 1.5)
    assert question["leaves"] == [[0, 1.5]]
    answer = move(notebook.view, question["asked"], *question["leaves"])
    answer["data"][-1] = 77.25  # which no page would compute by itself
    notebook.answer(answer)
    notebook.shows("w went from 0.6 to 1.5.", "data 77.25")


@pytest.mark.slow
def test_an_answer_that_comes_late_does_not_take_the_leaf_back(notebook: Notebook) -> None:
    first = notebook.type(0, 1.5)
    second = notebook.type(2, 1.25)
    assert second["leaves"] == [[0, 1.5], [2, 1.25]]  # should the first be lost
    notebook.answer(move(notebook.view, first["asked"], *first["leaves"]))
    notebook.settle()
    assert "data 1.25" in notebook.text()
    answer = move(notebook.view, second["asked"], *second["leaves"])
    answer["data"][-1] = 77.25
    notebook.answer(answer)
    notebook.shows("data 1.5", "data 1.25", "data 77.25")


@pytest.mark.slow
def test_the_page_says_why_python_refused_and_goes_back(notebook: Notebook) -> None:
    for _ in range(2):
        question = notebook.type(0, -7)
        notebook.answer(move(notebook.view, question["asked"], *question["leaves"]))
        notebook.shows("log(-13.1) is not defined", "data 0.6")


@pytest.mark.slow
def test_without_an_answer_the_page_computes_and_says_so(notebook: Notebook) -> None:
    question = notebook.type(0, 1.5)
    notebook.shows("Python hasn't answered yet", "data 3.9")
    answer = move(notebook.view, question["asked"], *question["leaves"])
    notebook.answer(answer)
    notebook.until(lambda: "answered" not in notebook.text())
    notebook.answer({**answer, "asked": notebook.type(0, 1.75)["asked"]})
    time.sleep(1.2)
    assert "answered" not in notebook.text()


@pytest.mark.slow
def test_what_changes_out_of_sight_is_shown_once_it_is_seen(notebook: Notebook) -> None:
    """Browsers draw no frame of what is out of sight."""
    x = notebook.view.output.inputs[0].inputs[0].inputs[1]
    notebook.browser.run("scrollTo(0, 4000)")
    x.data = 5
    notebook.view.refresh()
    notebook.answer(notebook.view.passes)
    notebook.browser.run("scrollTo(0, 0)")
    notebook.shows("x went from 2 to 5.", "data 3.9")
