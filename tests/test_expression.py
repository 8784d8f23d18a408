"""Formulas typed as text: what they record, and that nothing else gets in."""

from __future__ import annotations

import contextlib
import math
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid import Value, formula
from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.reading.parsing import FormulaError, leaves_from, recorded

LEAVES = {"w": 0.6, "x": 1.0, "b": 0.9}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("sigmoid(w*x + b)", 1 / (1 + math.exp(-1.5))),
        ("σ(w·x + b)", 1 / (1 + math.exp(-1.5))),
        ("w + x - b", 0.6 + 1.0 - 0.9),
        ("w*x/b", 0.6 / 0.9),
        ("-w**2 + x + b", -(0.6**2) + 1.0 + 0.9),
        ("−w^2 + x + b", -(0.6**2) + 1.0 + 0.9),
        ("2**w*x*b", 2**0.6 * 0.9),
        ("x**w**b", 1.0),
        ("w - (x - b)", 0.6 - (1.0 - 0.9)),
        ("+w*x*b*1e3", 540.0),
        ("max(w, x) + min(w, b) + abs(-b)", 1.0 + 0.6 + 0.9),
        ("exp(log(w)) + tanh(x*0) + sqrt(b*b)", 1.5),
        ("power(w, 2)*x*b", 0.36 * 0.9),
        (" w*x + b  ", 1.5),
    ],
)
def test_a_formula_is_recorded(text: str, number: float) -> None:
    output = recorded(text, LEAVES)
    assert output.data == pytest.approx(number, rel=1e-15)
    named = {leaf.label: leaf.data for leaf in leaves(output) if not leaf.constant}
    assert named == LEAVES


def test_what_the_package_writes_it_also_reads() -> None:
    output = recorded("sigmoid(w*x**2 - (b - x))/max(w, 2) + sqrt(b)", LEAVES)
    assert recorded(formula(output), LEAVES).data == output.data


def test_what_is_no_text_is_no_formula() -> None:
    for text in (3, None, b"w*w", ["w*w"]):
        with pytest.raises(TypeError, match=r"^a formula must be a text, but got .*: write it as in 'sigmoid\(w\*x"):
            recorded(text, {"w": 3.0})  # type: ignore[arg-type]


def test_a_name_used_twice_is_one_leaf() -> None:
    output = recorded("w*w", {"w": 3})
    assert output.inputs[0] is output.inputs[1]
    assert len(topological_order(output)) == 2


@pytest.mark.parametrize("typed", ["\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"])
@pytest.mark.parametrize("given", ["\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}"])
def test_a_name_is_read_as_python_reads_it(typed: str, given: str) -> None:
    assert recorded(f"{typed}*2", {given: 3.0}).data == 6.0
    with pytest.raises(FormulaError, match="given a number twice"):
        recorded(f"{typed}*2", {"\N{MICRO SIGN}": 3.0, "\N{GREEK SMALL LETTER MU}": 3.0})


def test_a_value_may_be_given_as_a_leaf() -> None:
    w = Value(2.0)
    assert recorded("w*3", {"w": w}).inputs[0] is w


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("w*x + b + c", "the name 'c' has no number: add c=… (in Python, {'c': …})"),
        ("w + x", "'b' was given a number but is not in 'w + x'"),
        ("sigmoid(w, x) + b", "sigmoid takes 1 input, but was given 2"),
        ("sigmoid()", "sigmoid takes 1 input, but was given 0"),
        ("power(w)", "power takes 2 inputs, but was given 1"),
        ("sigmoid(z=w)", "'sigmoid(z=w)': an operation takes its inputs without names"),
        ("tangent(w)", "'tangent' is not an operation of the table: use one of abs"),
        ("dot(w, x)", "'dot' is not an operation of the table"),
        ("fixed_power(w, 2)", "'fixed_power' is not an operation of the table"),
        ("__import__('os').system('id')", "has no place in a formula"),
        ("print(w)", "'print' is not an operation of the table"),
        ("w.data", "'w.data' has no place in a formula"),
        ("w.__class__", "'w.__class__' has no place in a formula"),
        ("(lambda: w)()", "has no place in a formula"),
        ("[w for w in x]", "has no place in a formula"),
        ("w if x else b", "has no place in a formula"),
        ("w < x", "'w < x' has no place in a formula"),
        ("w // x", "'w // x' has no place in a formula"),
        ("f'{w}'", "has no place in a formula"),
        ("sigmoid(*w)", "has no place in a formula"),
        ("(w, x, b)", "has no place in a formula"),
        ("w*True", "True is not a number"),
        ("w*1j", "1j is not a number"),
        ("w*'a'", "'a' is not a number"),
        ("w*...", "is not a number|has no place"),
        ("w*1e400", "inf is not a number to compute with"),
        ("w*10000000000000000000001", "would lose digits"),
        ("w*0x" + "f" * 1_900, "would lose digits as a float, or is too large for one: write it as in 1e22"),
        ("'a'" * 600, "is not a number"),
        ("\0" * 1_900, "can't be read as a formula"),
        ("\U000e0001" * 1_900, "can't be read as a formula"),
        ("-" * 100_000 + "w", "100001 characters, more than 2000"),
        ("(" * 500_000 + "w" + ")" * 500_000, "1000001 characters, more than 2000"),
        ("w" + ".a" * 990, "a part of it has no place in a formula"),
        ("w" + " or w" * 390, "has no place in a formula"),
        ("~" * 1_999 + "w", "has no place in a formula"),
        ("w := 3", "can't be read as a formula"),
        ("w x", "write the multiplication: w*x"),
        ("sin x + 1", "write the brackets: sin(x)"),
        ("exp 2", "write the brackets: exp(2)"),
        ("2x + w*b", "write the multiplication: 2*x"),
        ("w*b + 2.5 x", "write the multiplication: 2.5*x"),
        ("(w + b) x", "write the multiplication: )*x"),
        ("2(x + w)", "write the multiplication"),
        ("w(x + b)", "write the multiplication: w*(…)"),
        ("w*x + (b", "write it as in"),
        ("w*2 + (b", "write it as in"),
        ("w" * 60, f"the name '{'w' * 60}' has no number"),
        ("w" * 61, f"the name '{'w' * 59}…' has no number"),
        ("w if x", "write it as in"),
        ("sigmod(w)", "'sigmod' is not an operation of the table: did you mean sigmoid?"),
        ("w < " + "+".join(["x"] * 900), "a part of it has no place in a formula"),
        ("w*x; b", "can't be read as a formula"),
        ("w*x\nb", "can't be read as a formula"),
        ("", "can't be read as a formula"),
        ("w*x + b)", "can't be read as a formula"),
        ("w\0", "can't be read as a formula (source code string cannot contain null bytes"),
        ("(" * 900 + "w" + ")" * 900, "can't be read as a formula"),
        ("-" * 1_900 + "w", "nested more than 100 deep"),
        ("**".join(["w"] * 600), "nested more than 100 deep"),
        ("w" * 1_900, "has no number"),
        ("w+" * 1_500 + "w", "3001 characters, more than 2000"),
    ],
)
def test_what_has_no_place_in_a_formula_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(FormulaError) as raised:
        recorded(text, LEAVES)
    message = str(raised.value)
    assert any(words in message for words in said.split("|"))
    assert "\n" not in message
    assert len(message) < 400  # nobody wants a long formula back


@pytest.mark.parametrize("sign", ["+", "-", "*"])
def test_a_sum_may_have_as_many_terms_as_fit(sign: str) -> None:
    output = recorded(sign.join(["w"] * 1_000), {"w": 1.0})
    assert output.data == {"+": 1_000.0, "-": -998.0, "*": 1.0}[sign]
    assert len(topological_order(output)) == 1_000


def test_a_chain_is_read_from_the_left() -> None:
    assert recorded("w - x/b*2 - 3", {"w": 20, "x": 8, "b": 4}).data == 20 - 8 / 4 * 2 - 3


def test_a_formula_without_names_has_nothing_to_differentiate() -> None:
    with pytest.raises(FormulaError, match="nothing to differentiate"):
        recorded("2*3", {})


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("w*9**9**9**9", OverflowError, "too large for a float"),
        ("w*10**100000", OverflowError, "too large for a float"),
        ("1/(w - w)", ZeroDivisionError, "keep the divisor away from 0"),
        ("log(w - 1)", ValueError, "keep its input above 0"),
        ("(-w)**0.5", ValueError, "a negative base a whole number"),
    ],
)
def test_what_can_not_be_computed_says_so_at_once(text: str, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        recorded(text, {"w": 0.5})


@given(st.text(alphabet="wxb0123456789.+-*/^()|,·− e_σ[]{}'\"=:<>\\\n", max_size=30))
@example("w" * 2_000)
@example("\N{MICRO SIGN}")
def test_any_text_records_a_graph_or_says_why_not(text: str) -> None:
    with contextlib.suppress(FormulaError, ArithmeticError, ValueError):
        assert isinstance(recorded(text, {"w": 0.5}), Value)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("w=abc", "'abc' in 'w=abc' is not a number: write it as in w=0.6"),
        ("w=", "'' in 'w=' is not a number"),
        ("w=nan", "'nan' in 'w=nan' is not a finite number"),
        ("w", "'w' gives no name a number"),
        ("w=" + "9" * 1_000_000, "999…' is not a finite number"),
        ("w=" + "a" * 1_000_000, "aaa…' is not a number"),
        ("\x1b" * 1_000_000, r"\x1b\x1b"),
        ("w==1", "'=1' in 'w==1' is not a number"),
        ("=1", "'' in '=1' can't be a name"),
        ("w=1e999", "'1e999' in 'w=1e999' is not a finite number"),
        ("2=3", "'2' in '2=3' can't be a name"),
        ("if=3", "'if' in 'if=3' can't be a name"),
    ],
)
def test_a_word_that_gives_no_name_a_number_is_named(word: str, said: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(said)) as raised:
        leaves_from(["x=1", word])
    assert len(str(raised.value)) < 400


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            ["w", "(", ")", "-", "**", "+", "/", "exp(", "9", "1e3", ".a", "[0]", " or ", "x if ", " else ", ","]
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 1_000),
)
@example(["-"], 1_999)
@example(["w/"], 999)
@example(["9**"], 600)
def test_a_long_formula_takes_no_longer_than_it_must(pieces: list[str], times: int) -> None:
    begun = time.process_time()
    with contextlib.suppress(FormulaError, ArithmeticError, ValueError):
        recorded("".join(pieces) * times + "w", {"w": 0.5})
    assert time.process_time() - begun < 5


def test_a_name_is_given_one_number() -> None:
    assert leaves_from(["w=0.6", " x = −1 "]) == {"w": 0.6, "x": -1.0}
    with pytest.raises(FormulaError, match="'w' is given a number twice"):
        leaves_from(["w=1", "w=2"])


@pytest.mark.parametrize("nested", ["sigmoid({})", "-({})", "(1 + {})"])
def test_a_formula_may_be_nested_a_hundred_deep(nested: str) -> None:
    def deep(levels: int) -> str:
        text = "w"
        for _ in range(levels):
            text = nested.format(text)
        return text

    assert recorded(deep(95), {"w": 0.0}).label == ""
    with pytest.raises(FormulaError, match=r"nested more than 100 deep|nested parentheses|too many nested"):
        recorded(deep(150), {"w": 0.0})


def test_a_hundred_levels_are_read_and_one_more_is_not() -> None:
    assert recorded("sigmoid(" * 100 + "w" + ")" * 100, {"w": 0.0}).inputs
    with pytest.raises(FormulaError, match="nested more than 100 deep"):
        recorded("sigmoid(" * 101 + "w" + ")" * 101, {"w": 0.0})
