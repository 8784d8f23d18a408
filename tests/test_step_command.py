"""The command `step`, at a terminal (a pseudo-terminal here) and away from one."""

import os
import signal
import time

import pytest
from terminal import Terminal

from tinygrad_sigmoid import Value, sigmoid, steps
from tinygrad_sigmoid.cli import main

FORMULA = ["sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]


def all_steps():
    w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
    return steps(sigmoid(w * x + b))


def test_a_walk_at_a_terminal():
    terminal = Terminal("step", *FORMULA)
    assert "step 1 of 8, forward" in (start := terminal.read())
    assert "w·x = 0.6·1 = 0.6" in start
    assert "step 2 of 8" in terminal.type("")
    assert "step 3 of 8" in terminal.type("n")
    assert "step 2 of 8" in terminal.type("p")
    backward = terminal.type("b")
    assert "step 4 of 8, backward, from ∂σ/∂σ(w·x + b) = 1" in backward
    assert "∂σ/∂(w·x + b) = σ(w·x + b)·σ(−(w·x + b)) ≈ 0.1491" in backward
    assert "step 6 of 8" in terminal.type("n 2")
    assert "step 7 of 8" in terminal.type("g 7")
    assert "step 8 of 8" in terminal.type("n 100")
    end = terminal.type("")
    assert "that was the last step" in end
    assert "    x  0.08949" in end
    assert "step 1 of 8" in terminal.type("p 100")
    assert "this is the first step" in terminal.type("p")
    assert "'x' is not a whole number: type it as in n 5" in terminal.type("n x")
    assert "a number is missing: type it as in g 12" in terminal.type("g")
    assert "there is no step 99: they go from 1 to 8" in terminal.type("g 99")
    assert "there is no step 0: they go from 1 to 8" in terminal.type("g 0")
    assert "'what' is no key here" in terminal.type("what is this")
    assert "go to the start of the backward pass" in terminal.type("h")
    terminal.type("q", until="")
    assert terminal.end() == 0


def test_ctrl_d_ends_the_walk():
    terminal = Terminal("step", *FORMULA)
    terminal.read()
    os.write(terminal.master, b"\x04")
    terminal.read(until="")
    assert terminal.end() == 0


@pytest.mark.slow
def test_colours_on_a_terminal_only_and_not_with_no_color():
    for environment, coloured in [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]:
        terminal = Terminal("step", *FORMULA, **environment)
        assert ("\x1b[36mstep 1" in terminal.read()) == coloured
        terminal.type("q", until="")
        terminal.end()


@pytest.mark.parametrize("begun", ["\x1b[", "\x1bO"])
def test_arrow_keys_walk_and_what_was_typed_before_them_is_forgotten(begun, tmp_path):
    (tmp_path / "readline.py").write_text("raise ImportError")  # as in a Python that was built without it
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    terminal = Terminal("step", *FORMULA, PYTHONPATH=path)
    terminal.read()
    assert "step 2 of 8" in terminal.press(f"{begun}C")
    assert "step 3 of 8" in terminal.press(f"{begun}B")
    assert "step 2 of 8" in terminal.press(f"{begun}D")
    assert "step 1 of 8" in terminal.press(f"g 7{begun}A")
    terminal.type("q", until="")
    assert terminal.end() == 0


def test_what_is_typed_can_be_corrected():
    terminal = Terminal("step", *FORMULA)
    terminal.read()
    assert "step 5 of 8" in terminal.type("\x7fg 7\x7f5")
    assert "step 2 of 8" in terminal.type("g 7\x15g 2")
    assert "    σ(w·x + b)  ·  grad ·\n" in terminal.type("pσ\b σ(w·x + b)")
    assert "step 3 of 8" in terminal.type(
        "\x1b[3~\x1b[H\x1bOPg\x04 3"
    )  # Delete, Home, F1 and Ctrl-D, which say nothing
    terminal.press("g 77\x7f", until="g 77\b \b")  # the 7 is wiped out
    terminal.type("\x15q", until="")
    assert terminal.end() == 0


def test_values_and_leaves_are_printed_as_far_as_they_are_known():
    terminal = Terminal("step", *FORMULA)
    terminal.read()
    assert "    σ(w·x + b)  ·  grad ·\n" in terminal.type("p sigmoid(w*x + b)")
    terminal.type("g 7")
    assert "    w  0.6  grad 0.1491\n    x  1  grad ·\n    b  0.9  grad 0.1491\n" in terminal.type("l")
    assert "    w·x  0.6  grad 0.1491\n" in terminal.type("p w * x")
    assert "no value is called 'y': type l for the leaves, or a name" in terminal.type("p y")
    terminal.type("q", until="")
    assert terminal.end() == 0


def test_the_graph_is_drawn_with_the_edge_of_the_step_where_it_fits():
    terminal = Terminal("step", "w*x + x", "w=2", "x=3", NO_COLOR="1")
    terminal.read()
    tree = """
    w·x + x  9  grad 1
    ├─ w·x   6  grad 1
    │  ├─ w  2  grad ·
    │  └─ x  3  grad 1
    └─ x     3  grad 1 ◀
"""
    assert tree in terminal.type("g 4")
    terminal.type("q", until="")
    assert terminal.end() == 0
    for words, columns in [(FORMULA, 24), (["+".join("w" * 30), "w=1"], 80)]:
        terminal = Terminal("step", *words, columns=columns)
        assert "◀" not in terminal.read()
        terminal.type("q", until="")
        terminal.end()


def test_lines_are_broken_at_words_to_fit_the_terminal():
    terminal = Terminal("step", *FORMULA, columns=50, NO_COLOR="1")
    terminal.read()
    step = terminal.type("b")
    assert "\nσ(w·x + b) hands w·x + b its gradient times the\nlocal derivative.\n" in step
    assert "\n    ∂σ/∂(w·x + b) = σ(w·x + b)·σ(−(w·x + b)) ≈\n      0.1491\n" in step
    for key in ("h", "n", "n", "n", "n"):
        assert max(map(len, terminal.type(key).splitlines())) <= 50
    terminal.type("q", until="")
    assert terminal.end() == 0
    at_once = Terminal("step", *FORMULA, "--all", columns=30)
    assert "∂(w·x" in (text := at_once.read(until=""))
    assert max(map(len, text.splitlines())) <= 30
    assert at_once.end() == 0


def test_the_three_numbers_of_a_backward_step_have_the_colours_of_their_names():
    terminal = Terminal("step", *FORMULA, NO_COLOR="")
    terminal.read()
    upstream, local, total = (f"\x1b[{colour}m%s\x1b[0m" for colour in (33, 36, 32))
    step = terminal.type("g 8")
    assert f"gradient of x = {upstream % '0.1491'}·{local % '0.6'} ≈ {total % '0.08949'}\n" in step
    assert f"    {upstream % 'upstream'} · {local % 'local'} → {total % 'sum'}\n" in step
    terminal.type("q", until="")
    assert terminal.end() == 0


@pytest.mark.parametrize(("end", "status"), [("q\n", 0), (signal.SIGINT, 130), ("\x04", 0), (signal.SIGTERM, 143)])
def test_the_terminal_is_left_as_it_was(end, status):
    termios = pytest.importorskip("termios")
    terminal = Terminal("step", *FORMULA)
    terminal.read()
    time.sleep(0.1)  # the line editor sets the terminal after the prompt
    edited = termios.tcgetattr(terminal.master)[3]
    if isinstance(end, str):
        os.write(terminal.master, end.encode())
    else:
        terminal.process.send_signal(end)
    assert terminal.process.wait(timeout=20) == status
    assert not edited & termios.ICANON
    flags = termios.tcgetattr(terminal.master)[3]
    assert flags & termios.ICANON
    assert flags & termios.ECHO
    terminal.end()


def test_ascii_where_the_terminal_knows_no_greek():
    terminal = Terminal("step", *FORMULA, PYTHONIOENCODING="ascii")
    terminal.read()
    assert "dsigmoid/d(w*x + b) = sigmoid(w*x + b)*sigmoid(-(w*x + b)) ~ 0.1491" in terminal.type("b")
    terminal.type("q", until="")
    assert terminal.end() == 0


def test_a_walk_of_one_step_each_way():
    terminal = Terminal("step", "x*2", "x=1")
    assert terminal.read().startswith("1 step forward, 1 back.\n")
    terminal.type("q", until="")
    assert terminal.end() == 0


def test_a_leaf_has_nothing_to_walk_through():
    terminal = Terminal("step", "x", "x=1")
    assert terminal.read(until="") == "x is a leaf: nothing is computed, so there are no passes\n"
    assert terminal.end() == 0


def test_all_steps_at_once(capsys):
    assert main(["step", *FORMULA, "--all"]) == 0
    assert capsys.readouterr().out == f"{all_steps()}\n"


def test_away_from_a_terminal_nothing_is_asked(capsys):
    assert main(["step", *FORMULA]) == 0
    assert capsys.readouterr().out == f"{all_steps()}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sigmoid(w*x", "w=1", "x=1"], "can't be read as a formula"),
        (["w*x", "w=1"], "the name 'x' has no number"),
        (["log(w)", "w=-1"], "is not defined"),
        (["w*x", "w=one", "x=1"], "one"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(words, message, capsys):
    assert main(["step", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1
