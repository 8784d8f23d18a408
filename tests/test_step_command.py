"""The command `step`, at a terminal (a pseudo-terminal here) and away from one."""

import os

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
