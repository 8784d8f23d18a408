"""The command `check`: a certificate, or the mismatch and exit status 1."""

from __future__ import annotations

import pytest

from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.testing import planted_bug

FORMULA = ["check", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]


def test_it_prints_the_gradients_and_the_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FORMULA) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "sigmoid(w*x + b) ≈ 0.8176\n  ∂/∂w ≈ 0.1491\n  ∂/∂x ≈ 0.08949\n  ∂/∂b ≈ 0.1491\nthe gradients are right\n"
    )
    assert "3 leaves: move one a little, and the output moves as its gradient says" in shown
    assert "itself a graph" not in shown


def test_with_order_2_the_gradients_are_graphs_that_are_checked_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FORMULA, "--order", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("itself a graph:") == 3
    assert shown.count("the gradients are right") == 1, "one verdict on all of it"


def test_derivatives_of_derivatives_are_printed_each_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "x*x*y", "x=3", "y=2", "--order", "3"]) == 0
    shown = capsys.readouterr().out.partition("the gradients")[0]
    assert shown.splitlines() == [
        "x*x*y = 18",
        "  ∂/∂x = 12",
        "  ∂/∂y = 9",
        "  ∂²/∂x² = 4",
        "  ∂²/∂x∂y = 6",
        "  ∂²/∂y² = 0",
        "  ∂³/∂x³ = 0",
        "  ∂³/∂x²∂y = 2",
        "  ∂³/∂x∂y² = 0",
        "  ∂³/∂y³ = 0",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1/(x-1)", "x=1.0000000001"], "1/(x-1) ≈ 1e10\n  ∂/∂x ≈ −1e20\n"),  # x − 1 is a little more than 1e-10
        (["1/x", "x=3"], "1/x ≈ 0.3333\n  ∂/∂x ≈ −0.1111\n"),
        (["1/x", "x=4"], "1/x = 0.25\n  ∂/∂x = −0.0625\n"),
    ],
)
def test_a_number_whose_digits_were_dropped_is_only_about_what_is_shown(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 0
    assert capsys.readouterr().out.startswith(said)


def test_what_could_not_be_told_is_counted_in_the_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "relu(x)", "x=0"]) == 0
    shown = capsys.readouterr().out
    assert "\nnothing wrong found; 1 point unresolved\n" in shown
    assert shown.count("\nunresolved: ") == 1


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


def test_what_would_take_hours_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"a{i}" for i in range(100)]
    assert main(["check", "*".join(names), *[f"{name}=1" for name in names], "--order", "3"]) == 2
    assert "the formula has 171,700 derivatives of order 3, more than 5,000: check fewer" in capsys.readouterr().err
