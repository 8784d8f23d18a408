"""Every item of the chapter with its numbers, and the quiz."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import pytest
from terminal import Terminal

from tinygrad_sigmoid import Neuron, Perceptron, squared_error
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.course.chapter import BITS, ITEMS, half_adder
from tinygrad_sigmoid.course.items import WIDTH, Figure, Item, judged

WITHOUT_A_NUMBER_OF_THE_BOOK = {14, 15, 16, 17}  # or with one on MNIST only


@cache
def figures(number: int) -> list[Figure]:
    return ITEMS[number - 1].figures()


TRAINS_NETWORKS = 16  # the item that takes as long as all others together


def marked(number: int) -> object:
    return pytest.param(number, marks=pytest.mark.slow) if number == TRAINS_NETWORKS else number


@pytest.fixture(scope="module", params=[marked(item.number) for item in ITEMS])
def ran(request: pytest.FixtureRequest) -> tuple[Item, list[Figure]]:
    return ITEMS[request.param - 1], figures(request.param)


def as_printed(number: float, book: str) -> str:
    """A number to as many significant digits as the book prints."""
    mantissa = re.split("e", book.lstrip("-"))[0].replace(".", "").lstrip("0")
    return f"{number:.{max(1, len(mantissa))}g}"


def test_every_number_of_the_book_comes_out(ran: tuple[Item, list[Figure]]) -> None:
    compared = 0
    for figure in ran[1]:
        wanted = figure.book or figure.expected
        if isinstance(figure.here, str):
            assert wanted == figure.here
        elif wanted and not wanted.endswith("(MNIST)"):
            if wanted in ("below 0", "above 0"):
                assert (figure.here > 0) == (wanted == "above 0")
                assert figure.here != 0
            else:
                assert float(as_printed(figure.here, wanted)) == float(wanted), figure.what
        else:
            continue
        compared += 1
    assert bool(compared) == (ran[0].number not in WITHOUT_A_NUMBER_OF_THE_BOOK)


def test_every_item_says_what_to_notice_and_asks_something(ran: tuple[Item, list[Figure]]) -> None:
    item, computed = ran
    assert item.story.endswith((".", "?"))
    assert item.notice
    assert item.question.endswith("?")
    assert item.why.endswith("."), "a wrong answer is told why"
    assert item.heading().startswith(f"{item.number}. {item.title}\n")
    text = item.table(computed)
    assert max(map(len, f"{item.heading()}\n{text}".split("\n"))) <= WIDTH
    for figure in computed:
        assert any(line.startswith(figure.what) and line.endswith(figure.shown) for line in text.split("\n"))
    [asked] = [figure for figure in computed if figure.what == item.about]
    assert isinstance(asked.here, str) == bool(item.choices)
    assert not item.choices or asked.here in item.choices


def test_what_is_expected_is_computed(ran: tuple[Item, list[Figure]]) -> None:
    item, computed = ran
    measured = {figure.what for figure in computed}
    assert measured >= item.expected.keys() | item.book.keys()
    assert item.expected.keys().isdisjoint(item.book)


def test_what_stands_in_the_book_itself_has_a_column_of_its_own(ran: tuple[Item, list[Figure]]) -> None:
    item, computed = ran
    header, *rows = item.table(computed).split("\n")
    for column, numbers in (("the book", item.book), ("expected", item.expected)):
        shown = [numbers[figure.what] for figure in computed if figure.what in numbers]
        assert (column in header) == bool(shown)
        end = header.find(column) + len(column)
        ending = [row[:end].split("   ")[-1].strip() for row in rows[: len(computed)]] if shown else []
        assert [number for number in ending if number in shown] == shown
    if any("(MNIST)" in number for number in item.book.values()):
        assert not item.expected, "nobody here has worked MNIST out"


def test_all_that_is_written_of_the_chapter_is_used_in_its_order() -> None:
    written = (files("tinygrad_sigmoid.course") / "data" / "chapter.toml").read_text(encoding="utf-8")
    assert list(tomllib.loads(written)) == [item.computed.__name__ for item in ITEMS]
    assert [item.number for item in ITEMS] == list(range(1, 19))


def test_the_question_about_the_mini_batch_has_the_right_numbers() -> None:
    slopes = []
    for x1, x2 in BITS:
        neuron = Neuron.random(2, seed=0)
        squared_error(neuron([x1, x2]), float(not (x1 and x2))).backward()
        slopes.append(f"{neuron.bias.grad:.3f}")
    assert f"∂C/∂b = {', '.join(slopes)}." in ITEMS[13].question


def test_prose_is_wrapped_to_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert main(["chapter", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    notice = next(row for row, line in enumerate(lines) if line.startswith("Notice: "))
    assert max(map(len, lines[notice:])) <= 60
    assert len(lines[notice:]) == 2
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["chapter", "5"]) == 0
    assert WIDTH - 15 < max(map(len, capsys.readouterr().out.splitlines())) <= WIDTH


def figures_of(number: int) -> dict[str, float]:
    return {figure.what: figure.here for figure in figures(number) if not isinstance(figure.here, str)}


@pytest.mark.slow
def test_the_learning_rates_have_the_shape_of_the_book() -> None:
    percent = figures_of(TRAINS_NETWORKS)
    assert abs(percent["η = 0.001, epoch 3: % right"] - percent["η = 0.001, epoch 1: % right"]) < 2
    assert percent["η = 3, epoch 1: % right"] < percent["η = 3, epoch 2: % right"] < percent["η = 3, epoch 3: % right"]
    assert percent["η = 3, epoch 3: % right"] > 50
    assert percent["η = 100, epoch 3: % right"] < 15


def test_the_mini_batch_is_the_mean_of_its_gradients() -> None:
    one_by_one, together = figures_of(14).values()
    assert together == pytest.approx(one_by_one, rel=1e-12)
    assert together != 0


def test_the_network_reads_more_after_each_epoch() -> None:
    first, second, third = figures_of(15).values()
    assert 50 < first < second < third


def test_each_bit_is_spelled_clearly() -> None:
    assert figures_of(12)["how sure the layer is of its least sure bit"] > 0.999


def test_ink_alone_hardly_tells_the_digits() -> None:
    assert 5 < figures_of(17)["average darkness: % right"] < 25


NUMBER = Figure("∂output/∂w1", 0.196612)
PERCENT = Figure("epoch 1: % right", 45.0)
ZERO = Figure("output", 0.0)
WORD = Figure("output", "flips")
CHOICES = ("flips", "moves a little")


@pytest.mark.parametrize(
    ("figure", "answer", "right", "said"),
    [
        (NUMBER, "0.1966", True, "Right: 0.196612."),
        (NUMBER, " 0.2 ", True, "Right: 0.196612."),
        (NUMBER, "19.7%", True, "Right: 0.196612."),
        (NUMBER, "0.197 %", False, "Not so: 0.196612."),
        (PERCENT, "45%", True, "Right: 45."),
        (PERCENT, "45", True, "Right: 45."),
        (NUMBER, "0.25", False, "Close, 27 % off: 0.196612."),
        (NUMBER, "−0.1966", False, "The sign is the other way round: 0.196612."),
        (NUMBER, "5", False, "Not so: 0.196612."),
        (NUMBER, "0", False, "Not so: 0.196612."),
        (NUMBER, "nan", False, "Not so: 0.196612."),
        (ZERO, "0", True, "Right: 0."),
        (ZERO, "0.5", False, "Not so: 0."),
        (WORD, "flips", True, "Right: it flips."),
        (WORD, "F", True, "Right: it flips."),
        (WORD, "moves a little", False, "Not so: it flips."),
    ],
)
def test_a_prediction_is_judged(figure: Figure, answer: str, right: bool, said: str) -> None:
    assert judged(figure, answer, CHOICES) == (right, said)


@pytest.mark.parametrize(
    ("figure", "answer", "message"),
    [
        (NUMBER, "a lot", "'a lot' is not a number: write it as in 0.25, or 1e-6"),
        (WORD, "stays", "'stays' is none of the answers: choose from flips, moves a little"),
        (WORD, "", "is none of the answers"),
    ],
)
def test_what_is_no_answer_is_said(figure: Figure, answer: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judged(figure, answer, CHOICES)


# -- The command -----------------------------------------------------------------------------------------------------


def test_without_a_number_the_items_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chapter"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{item.number:2}. {item.title}" for item in ITEMS]


def test_an_item_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chapter", "8"]) == 0
    assert re.search(r"^Δw1 = 0.1: actual +0.020109 +0.0201091$", capsys.readouterr().out, re.MULTILINE)


@pytest.mark.parametrize("number", ["0", "19", "-1"])
def test_there_is_no_other_item(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chapter", number]) == 2
    assert f"there is no item {number}: choose one from 1 to 18" in capsys.readouterr().err


def test_without_a_terminal_the_quiz_only_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chapter", "5", "--quiz"]) == 0
    quiz = capsys.readouterr()
    assert quiz.err == "a quiz needs a terminal to ask at, so here are the numbers without it\n"
    assert main(["chapter", "5"]) == 0
    assert capsys.readouterr() == (quiz.out, "")


def test_the_quiz_at_a_terminal() -> None:
    terminal = Terminal("chapter", "5", "--quiz", prompt=") ")
    asked = terminal.read()
    assert "5. A tiny change can flip a perceptron" in asked
    assert asked.endswith("What does its output do? (flips / moves a little) ")
    assert "2.5e-13" not in asked, "nothing is shown before it was predicted"
    assert "'jumps' is none of the answers" in terminal.type("jumps")
    shown = terminal.type("flips", until="")
    assert "Right: it flips." in shown
    assert "change of the sigmoid neuron's output    2.5e-13   2.5e-13" in shown
    assert shown.endswith("1 of 1 predicted.\n")
    assert terminal.end() == 0


def test_the_whole_quiz_can_be_left_and_questions_skipped() -> None:
    terminal = Terminal("chapter", "--quiz", prompt="? ")
    assert terminal.read().endswith("What is the output at exactly w·x + b = 0? ")
    assert "Not so: 0.\nFor a 1, w·x + b must be more than 0.\n" in terminal.type("1")
    assert "It is 1. Company and a train weigh 4 together, more than 3" in terminal.type("")
    left = terminal.type("q", until="")
    assert left.endswith("0 of 2 predicted.\n")
    assert terminal.end() == 0


def test_the_end_of_input_ends_the_quiz() -> None:
    terminal = Terminal("chapter", "1", "--quiz", prompt="? ")
    terminal.read()
    terminal.type("\x04", until="predicted.\n")
    assert terminal.end() == 0


def test_the_half_adder_adds() -> None:
    nand, carry = Perceptron([-2, -2], 3), Perceptron([-4], 3)
    for x1 in (0, 1):
        for x2 in (0, 1):
            total, carried = half_adder(x1, x2, nand, carry)
            assert 2 * carried + total == x1 + x2
