"""Every item of the chapter with its numbers, and the quiz."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from terminal import Terminal

from tinygrad_sigmoid import Neuron, Perceptron, squared_error
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.course.chapter import BITS, ITEMS, half_adder
from tinygrad_sigmoid.course.items import WIDTH, Figure, Item, Question, filled, judged

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
            if not wanted:  # a word about numbers beside the book's, which has none
                continue
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


def test_every_item_says_what_to_notice(ran: tuple[Item, list[Figure]]) -> None:
    item, computed = ran
    assert item.story.endswith((".", "?"))
    assert item.notice
    assert item.heading().startswith(f"{item.number}. {item.title}\n")
    text = item.table(computed)
    assert max(map(len, f"{item.heading()}\n{text}".split("\n"))) <= WIDTH
    for figure in computed:
        assert any(line.startswith(figure.what) and line.endswith(figure.shown) for line in text.split("\n"))


def test_nothing_gives_an_answer_away_before_it_is_asked_for(ran: tuple[Item, list[Figure]]) -> None:
    item, computed = ran
    read = item.story
    assert item.questions
    for what, question in item.questions.items():
        [figure] = [figure for figure in computed if figure.what == what]
        read += f" {question.asks}"
        assert question.asks.endswith("?")
        assert question.why.endswith("."), "a wrong answer is told why"
        if isinstance(figure.here, str):
            assert figure.here in question.choices
            assert figure.here not in read
        elif figure.here not in range(11):  # which stand everywhere
            numbers = [number.replace(",", "") for number in re.findall(r"[−-]?\d[\d.,]*(?<=\d)", read)]
            assert not [number for number in numbers if judged(figure, number)[0] == "right"]
        read += f" {question.why}"


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
    assert f"∂C/∂b = {', '.join(slopes)};" in ITEMS[13].questions["change of b in one step"].asks


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
MINUS = Figure("slope", -0.2)
PERCENT = Figure("epoch 1: % right", 45.0)
ZERO = Figure("output", 0.0)
WORD = Figure("output", "1 0")
CHOICES = ("0 0", "0 1", "1 0", "stays")


@pytest.mark.parametrize("answer", ["0.25", "1/4", " 1 / 4 ", "25%", "25 %", "25\N{NO-BREAK SPACE}%", "2.5e-1", "+.25"])
def test_a_number_may_be_written_in_any_usual_way(answer: str) -> None:
    assert judged(Figure("slope", 0.25), answer) == ("right", "Right: 0.25.")


@pytest.mark.parametrize(
    ("figure", "answer", "verdict", "said"),
    [
        (NUMBER, "0.2", "right", "Right: 0.196612."),
        (NUMBER, "0.201", "near", "Near, 2.2 % off. The answer: 0.196612."),
        (NUMBER, "0.18", "near", "Near, 8.4 % off. The answer: 0.196612."),
        (NUMBER, "0.217", "wrong", "Not so. The answer: 0.196612."),
        (NUMBER, "0.197 %", "wrong", "Not so. The answer: 0.196612."),
        (NUMBER, "−0.2", "wrong", "Not so, the sign is the other way round. The answer: 0.196612."),
        (NUMBER, "-5", "wrong", "Not so. The answer: 0.196612."),
        (NUMBER, "0", "wrong", "Not so. The answer: 0.196612."),
        (MINUS, "−0.2", "right", "Right: -0.2."),
        (MINUS, "-1 / 5", "right", "Right: -0.2."),
        (PERCENT, "45%", "right", "Right: 45."),
        (PERCENT, "45", "right", "Right: 45."),
        (PERCENT, "0.45", "right", "Right: 45."),
        (PERCENT, "0.45 %", "wrong", "Not so. The answer: 45."),
        (ZERO, "−0", "right", "Right: 0."),
        (ZERO, "0.01", "wrong", "Not so. The answer: 0."),
        (WORD, "1 0", "right", "Right: 1 0."),
        (WORD, "10", "right", "Right: 1 0."),
        (WORD, "S", "wrong", "Not so. The answer: 1 0."),
    ],
)
def test_a_prediction_is_judged(figure: Figure, answer: str, verdict: str, said: str) -> None:
    assert judged(figure, answer, CHOICES) == (verdict, said)


@pytest.mark.parametrize("answer", ["a lot", "1/0", "1/", "/4", "1/2/3", "nan", "-inf", "%", "1e999", "0,25"])
def test_what_is_no_number_is_said(answer: str) -> None:
    with pytest.raises(ValueError, match="is not a number: write it as in"):
        judged(NUMBER, answer)


@pytest.mark.parametrize("answer", ["flips", "0", ""])
def test_what_is_no_choice_is_said(answer: str) -> None:
    with pytest.raises(ValueError, match="is none of the answers: choose from 0 0, 0 1, 1 0, stays"):
        judged(WORD, answer, CHOICES)


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


*_, LAST = ITEMS[-1].questions.values()


def typed(figure: Figure, question: Question, verdict: str) -> str:
    """An answer that earns this verdict."""
    if verdict == "skipped":
        return ""
    if isinstance(figure.here, str):
        return next(choice for choice in question.choices if (choice == figure.here) == (verdict == "right"))
    return figure.shown if verdict == "right" else f"{3 * abs(figure.here) + 1}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "begins"), [("right", "Right:"), ("wrong", "Not so. The answer:"), ("skipped", "Skipped. The answer:")]
)
def test_the_whole_quiz_at_a_narrow_terminal(verdict: str, begins: str, tmp_path: Path) -> None:
    terminal = Terminal("chapter", "--quiz", prompt="\n> ", columns=50, HOME=str(tmp_path))
    read, count = terminal.read(), sum(len(item.questions) for item in ITEMS)
    for item in ITEMS:
        for what, question in item.questions.items():
            [figure] = [figure for figure in figures(item.number) if figure.what == what]
            assert filled(item.title, 50) not in read.rpartition(f"\n{item.number}. ")[2], "which says what comes out"
            assert "'a lot' is no" in terminal.type("a lot")
            more = terminal.type(typed(figure, question, verdict), until="" if question is LAST else None)
            why = "" if verdict == "right" else f" {question.why}"
            assert f"{begins} {figure.shown}.{why}" in " ".join(more.split())
            read += more
        assert filled(item.title, 50) in read
    scores = [f"{count if each == verdict else 0} {each}" for each in ("right", "near", "wrong", "skipped")]
    assert " ".join(read.split()).endswith(f"Of {count} questions: {', '.join(scores)}.")
    assert max(len(line.rpartition("\r")[2]) for line in read.split("\n")) <= 50
    assert terminal.end() == 0
    assert not [*tmp_path.iterdir()], "no answer is stored"


@pytest.mark.slow
@pytest.mark.parametrize(("keys", "status"), [("q\n", 0), ("\x04", 0), ("\x03\n", 130)])
def test_the_quiz_can_be_left_at_any_question(keys: str, status: int) -> None:
    terminal = Terminal("chapter", "8", "--quiz", prompt="\n> ", columns=100)
    assert "within 2 % of it is right, within 10 % near" in terminal.read()
    assert "Near, 8.4 % off. The answer: 0.196612. ∂output/∂w1 = σ′(z)·x1" in terminal.type("0.18")
    # Enter after Ctrl-C, which Python sees no earlier if it comes just before it begins to read.
    assert "\nOf 1 question: 0 right, 1 near, 0 wrong, 0 skipped.\n" in terminal.press(keys, until="")
    assert terminal.end() == status


def test_the_half_adder_adds() -> None:
    nand, carry = Perceptron([-2, -2], 3), Perceptron([-4], 3)
    for x1 in (0, 1):
        for x2 in (0, 1):
            total, carried = half_adder(x1, x2, nand, carry)
            assert 2 * carried + total == x1 + x2
