"""The words NAME=NUMBER of a command line."""

from __future__ import annotations

import pytest

from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.reading.parsing import FormulaError, leaves_from, recorded


def test_each_word_gives_a_name_a_number_in_their_order() -> None:
    assert list(leaves_from(["w=0.6", "x=-1e3", "b=−0.9", "σ=2", "w1=7"]).items()) == [
        ("w", 0.6),
        ("x", -1000.0),
        ("b", -0.9),
        ("σ", 2.0),
        ("w1", 7.0),
    ]


def test_both_signs_for_micro_are_the_name_that_a_formula_means() -> None:
    assert recorded("µ * 2", leaves_from(["\N{MICRO SIGN}=3"])).data == 6
    assert recorded("\N{MICRO SIGN} * 2", leaves_from(["\N{GREEK SMALL LETTER MU}=3"])).data == 6


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["w"], "'w' gives no name a number: write it as in w=0.6, without spaces"),
        (["w", "=", "3"], "'w' gives no name a number"),
        (["=3"], "'' in '=3' can't be a name"),
        (["2=3"], "'2' in '2=3' can't be a name: use letters, digits and _, as in w1=0.6"),
        (["layer1.w=3"], "'layer1.w' in 'layer1.w=3' can't be a name"),
        (["lambda=3"], "'lambda' in 'lambda=3' can't be a name"),
        (["w="], "'' in 'w=' is not a number: write it as in w=0.6"),
        (["w=a"], "'a' in 'w=a' is not a number"),
        (["w=1=2"], "'1=2' in 'w=1=2' is not a number"),
        (["w=nan"], "'nan' in 'w=nan' is not a finite number"),
        (["w=-inf"], "'-inf' in 'w=-inf' is not a finite number"),
        (["w=1", "w=2"], "'w' is given a number twice: keep one of the two"),
    ],
)
def test_any_other_word_is_named_with_the_cure(words: list[str], message: str) -> None:
    with pytest.raises(FormulaError) as caught:
        leaves_from(words)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_wrong_on_the_command_line_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["draw", "w*x", "w=1", "x"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "tinygrad-sigmoid: 'x' gives no name a number: write it as in w=0.6, without spaces"
    ]
