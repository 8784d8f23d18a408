"""Whatever is typed or stands in a file, only the documented errors come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.operations import TABLE
from tinygrad_sigmoid.reading.parsing import FormulaError, leaves_from, recorded

pytestmark = pytest.mark.slow

PIECES = [
    *TABLE,
    "abs",
    "max",
    "w",
    "x",
    "b",
    "σ",
    "(",
    ")",
    ",",
    "+",
    "-",
    "*",
    "/",
    "**",
    "//",
    "%",
    "@",
    "[",
    "]",
    " ",
]
PIECES += ["0", "1", "2.5", "1e400", "1_0", "0x1f", "1j", "nan", "inf", "'s'", "None", "True", "lambda x: x", "x.data"]
PIECES += [
    "__import__('os')",
    "=",
    ":=",
    "==",
    "<",
    "not",
    "if",
    "else",
    "{",
    "}",
    "\n",
    "\\",
    "#",
    "\0",
    "𝟙",
    "…",
    "9" * 400,
]

FORMULAS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=25).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join),
    st.text(max_size=60),
)


@settings(max_examples=1_500)
@given(FORMULAS, st.dictionaries(st.sampled_from("wxb"), st.floats(), max_size=3))
def test_a_formula_is_read_or_refused_in_words(formula: str, leaves: dict[str, float]) -> None:
    output, complaint = outcome(lambda: recorded(formula, leaves), FormulaError, ArithmeticError, ValueError)
    assert complaint or isinstance(output, Value)


@pytest.mark.parametrize(
    "formula",
    [
        "(" * 1000 + "x" + ")" * 1000,
        "-" * 1999 + "x",
        "x" + "**2" * 600,
        "9**9**9**9*x",
        "exp(" * 400 + "x",
    ],
    ids=lambda formula: formula[:8],
)
def test_what_would_take_forever_is_refused(formula: str) -> None:
    with pytest.raises((FormulaError, ArithmeticError)):
        recorded(formula, {"x": 1.5})


@settings(max_examples=500)
@given(
    st.lists(
        st.one_of(st.text(max_size=12), st.sampled_from(["w=1", "w=", "=1", "w=1=2", "w=nan", "w=−1", "σ=2"])),
        max_size=4,
    )
)
def test_words_are_read_or_refused(words: list[str]) -> None:
    leaves, complaint = outcome(lambda: leaves_from(words), FormulaError)
    assert complaint or all(isinstance(number, float) for number in leaves.values())


def outcome(attempt: Callable[[], Any], *documented: type[Exception]) -> tuple[Any, str]:
    """What an attempt gives, and what it complains about: one of the two. Any other error is not caught."""
    try:
        return attempt(), ""
    except documented as error:
        complaint = str(error) or "an error without a word"
    assert complaint.isprintable()
    assert len(complaint) < 600
    return None, complaint


def test_a_long_sum_is_not_nested() -> None:
    assert recorded("x" + "+x" * 999, {"x": 1.0}).data == 1000.0
