"""The command `check`: a certificate, or the mismatch and exit status 1."""

from __future__ import annotations

import pytest

from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.testing import planted_bug

FORMULA = ["check", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]


def test_it_prints_the_gradients_and_the_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FORMULA) == 0
    shown = capsys.readouterr().out
    assert "sigmoid(w*x + b) = 0.8176" in shown
    assert "  ∂/∂w = 0.1491\n  ∂/∂x = 0.08949\n  ∂/∂b = 0.1491\n" in shown
    assert "3 leaves as the whole graph, differenced, has it" in shown
    assert "itself a graph" not in shown


def test_with_order_2_the_gradients_are_graphs_that_are_checked_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FORMULA, "--order", "2"]) == 0
    assert capsys.readouterr().out.count("itself a graph:") == 3


def test_a_mismatch_goes_to_standard_error_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    with planted_bug("multiply", scale=1.01):
        assert main(FORMULA) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("the rule of multiply is wrong: ∂multiply/∂w is 1.01 times the true one\n")


@pytest.mark.parametrize("words", [["check", "sigmoid(x", "x=1"], ["check", "log(x)", "x=-1"], ["check", "x*y", "x=1"]])
def test_what_cant_be_computed_is_one_line_and_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
