"""The command line as a user meets it: one line and exit status 2 for nonsense, 130 for Ctrl-C, never a traceback."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from terminal import Terminal

from tinygrad_sigmoid import cli
from tinygrad_sigmoid.commands import tune
from tinygrad_sigmoid.course.digits import SHADES, load_digits


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("story")
    command = [sys.executable, "-m", "tinygrad_sigmoid", "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, folder


@pytest.mark.slow
def test_the_main_job_tells_its_story_in_about_forty_lines(story: tuple[str, Path]) -> None:
    told, _ = story
    assert 30 <= len(told.splitlines()) <= 48
    assert max(map(len, told.splitlines())) <= 120
    assert [line[0] for line in told.splitlines() if line[:2] in ("1.", "2.", "3.", "4.")] == ["1", "2", "3", "4"]


@pytest.mark.slow
def test_the_main_job_writes_the_picture_and_the_page_and_says_where(story: tuple[str, Path]) -> None:
    told, folder = story
    for name, part in (("neuron.svg", "</svg>"), ("neuron.html", "</html>")):
        assert f"wrote {folder / name}" in told
        assert part in (folder / name).read_text(encoding="utf-8")


@pytest.mark.slow
def test_tuning_reads_more_digits_right_and_the_loss_falls(story: tuple[str, Path]) -> None:
    told, _ = story
    [read] = [line.split() for line in told.splitlines() if "test digits it read" in line]
    total, before, after = (int(word) for word in read if word.isdigit())
    assert before < 0.75 * total
    assert after > 0.95 * total
    [loss] = [line.split() for line in told.splitlines() if line.startswith("   loss")]
    assert float(loss[-1]) < 0.3 * float(loss[-3])


@pytest.mark.slow
def test_what_the_numbers_stand_for_is_said(story: tuple[str, Path], tmp_path: Path) -> None:
    told, _ = story
    assert "Tuned by gradient descent, 30 epochs with" in told
    assert "   loss, epoch by epoch: " in told
    assert "Each number is such a count: at most 12 of them, from before the first nudge to after the last" in " ".join(
        told.split()
    )
    done = subprocess.run(
        [sys.executable, "-m", "tinygrad_sigmoid", "--epochs", "1", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "Tuned by gradient descent, 1 epoch with" in done.stdout


@pytest.mark.slow
def test_the_nudges_behave_as_the_text_says(story: tuple[str, Path]) -> None:
    told, _ = story
    rows = [line.split() for line in told.splitlines() if line.endswith(("nothing", "flips"))]
    assert [row[-1] for row in rows] == ["nothing"] * 5 + ["flips"]
    for row in rows:
        change, predicted, actual, remainder = map(float, row[:4])
        assert change < 0
        assert abs(remainder) < 0.1 * abs(predicted)
        assert actual == pytest.approx(predicted + remainder, abs=6e-5)
    assert "falls fourfold" in told


@pytest.mark.slow
def test_the_repair_breaks_other_digits_with_perceptrons_but_not_with_sigma(story: tuple[str, Path]) -> None:
    told, _ = story
    perceptrons, sigmoid = (
        [int(word) for word in line.partition(": ")[2].split() if word.isdigit()]
        for line in told.splitlines()
        if "blindly:" in line or "tuned:" in line
    )
    assert min(perceptrons) < 0.7 * perceptrons[0]
    assert max(sigmoid) - min(sigmoid) < 0.05 * sigmoid[0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 11])
def test_the_repair_tells_the_same_with_other_seeds(seed: int) -> None:
    told = tune.story_of_repairs(*load_digits(), seed)
    assert told.count('the "1" is right after ') == 2
    perceptrons, sigmoid = (
        [int(word) for word in line.partition(": ")[2].split()]
        for line in told.splitlines()
        if "blindly:" in line or "tuned:" in line
    )
    assert min(perceptrons) < 0.8 * perceptrons[0]
    assert max(sigmoid) - min(sigmoid) < 0.05 * sigmoid[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "0"], "learning rate must be a finite number above 0"),
        (["--rate", "nan"], "learning rate must be a finite number above 0"),
        (["--epochs", "-1"], "epochs"),
        (["--out", "no/such/folder"], "is not a folder: make it first"),
        (["--out", "/proc"], "'/proc/neuron.svg' can't be written ("),
        (["--seed", "-1"], "seed must be a whole number of at least 0, but got -1"),
    ],
)
def test_nonsense_is_one_line_and_exit_status_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(words) == 2
    out, error = capsys.readouterr()
    assert out == "", "it is said before anything is tuned"
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["--rate", "fast"], ["no-such-command"], ["--no-such-option"]])
def test_argparse_refuses_what_it_does_not_know(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([command, "--help"])
    assert stopped.value.code == 0
    assert f"tinygrad-sigmoid {command}" in capsys.readouterr().out


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "train", interrupted)
    assert cli.main([]) == 130
    assert "stopped" in capsys.readouterr().err


FORMULA = ["sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]
LAYERS = """
from tinygrad_sigmoid import Operation
cube = Operation("cube", lambda x: x * x * x, lambda out, x: (2 * x * x,))
def square_of_a_sum(x, y): return (x + y) * (x + y)
"""
SAID = [  # and the exit status
    (["tune", "--epochs", "1"], 0),
    (["draw", *FORMULA, "-o", "graph.svg"], 0),
    (["draw", *FORMULA, "-o", "no such folder/graph.svg"], 2),
    (["step", *FORMULA, "--all"], 0),
    (["step", "w*x", "w=1"], 2),
    (["explore", *FORMULA, "-o", "page.html"], 0),
    (["check", *FORMULA], 0),
    (["check", "layers.py::square_of_a_sum", "x=0.5", "y=1"], 0),
    (["check", "layers.py::cube", "x=0.5"], 1),
    (["check", "layers.py::square_of_a_sum"], 2),
    (["chapter"], 0),
    (["chapter", "5"], 0),
    (["chapter", "6"], 0),
    (["exercise"], 0),
    (["exercise", "3"], 0),
    (["exercise", "check", "03_tanh.py"], 1),
    (["exercise", "check", "nothing.py"], 2),
    (["digits", "--epochs", "1", "--hidden", "3"], 0),
    (["digits", "--load", "no_such_file.json"], 2),
    (["no-such-command"], 2),
    (["tune", "--rate", "fast"], 2),
    (["--help"], 0),
    *[([command, "--help"], 0) for command in cli.COMMANDS],
]


@pytest.mark.slow
def test_whatever_a_command_says_fits_a_terminal_of_fifty_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "layers.py").write_text(LAYERS)
    for words, status in SAID:
        terminal = Terminal(*words, columns=50)
        said = re.split("[\r\n]", terminal.read(until=""))
        assert terminal.end() == status, words
        to_paste = re.compile(r"  tinygrad-sigmoid |    (from|cube|check_gradients)\b")  # in one piece
        assert [line for line in said if len(line) > 50 and not to_paste.match(line)] == [], words
        assert len(said) > 1, words


SIGNS = "σ′(z)·w − Δη‖∇C‖² ≈ 10⁻³/½ → x₂ █▁ 中"


@pytest.mark.parametrize("error", [AttributeError, RuntimeError])
def test_ctrl_c_ends_with_130_though_another_package_trips_over_it(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise error("a lock that was never taken")

    monkeypatch.setattr(tune, "train", interrupted)
    assert cli.main(["tune", "--epochs", "1"]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_terminal_without_sigma_is_told_the_same_in_plain_words() -> None:
    plain = SIGNS.encode("ascii", cli._IN_PLAIN_WORDS).decode()
    assert plain == r"sigmoid'(z)*w - delta eta||gradient of C||^2 ~ 10^-3/1/2 -> x2 #_ \u4e2d"
    assert SHADES.encode("ascii", cli._IN_PLAIN_WORDS) == b" .:%#", "pictures of digits keep their five shades"
    assert "−≈".encode("cp437", cli._IN_PLAIN_WORDS) == b"-\xf7"  # what it has, it shows


@pytest.mark.slow
def test_dot_text_is_utf8_whatever_the_terminal_shows() -> None:
    command = [sys.executable, "-m", "tinygrad_sigmoid", "draw", "sigmoid(x)", "x=1"]
    done = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "ascii", "PATH": ""}, timeout=60)
    assert done.returncode == 0
    assert "σ(x)" in done.stdout.decode("utf-8")


@pytest.mark.slow
def test_a_terminal_without_sigma_and_a_reader_who_leaves_are_no_errors(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tinygrad_sigmoid", "--epochs", "1", "--out", str(tmp_path)]
    environment = {"PYTHONIOENCODING": "ascii", "PATH": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(("word", "hinted"), [("-w*x", True), ("--ouput=g.svg", False)])
def test_only_what_may_be_a_formula_is_told_of_its_minus(
    word: str, hinted: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["draw", "w*x", "w=1", word])
    assert ("begins with a minus" in capsys.readouterr().err) == hinted
