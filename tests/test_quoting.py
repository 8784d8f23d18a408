"""Text that a user has chosen is data in every language in which it is shown."""

from __future__ import annotations

import ast
import html
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinygrad_sigmoid.quoting import (
    LONGEST,
    in_dot,
    in_html,
    in_latex,
    in_literal,
    in_mermaid,
    in_script,
    printable,
    shown,
)

# All that ends a line for `str.splitlines`, an editor, Python or JavaScript.
LINE_TERMINATORS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]

texts = st.text(st.characters()) | st.lists(st.sampled_from([*LINE_TERMINATORS, "a", "\\", '"', "<", "&"])).map("".join)


@given(texts)
@example("".join(LINE_TERMINATORS))
def test_printable_text_is_one_line_that_can_be_seen(text: str) -> None:
    one_line = printable(text)
    assert one_line.isprintable()
    assert len(one_line.splitlines()) <= 1
    assert printable(one_line) == one_line
    if text.isprintable():
        assert one_line == text


@given(texts, st.integers(1, 50))
def test_printable_text_is_cut_where_it_is_too_long(text: str, longest: int) -> None:
    whole, cut = printable(text), printable(text, longest)
    assert cut == whole if len(whole) <= longest else len(cut) == longest and cut == whole[: longest - 1] + "…"


@pytest.mark.parametrize("terminator", LINE_TERMINATORS)
def test_each_line_terminator_is_written_as_its_code(terminator: str) -> None:
    assert re.fullmatch(r"a(\\[nr]|\\x[0-9a-f]{2}|\\u202[89])+b", printable(f"a{terminator}b"))


@given(texts)
def test_a_literal_is_the_text_in_python_and_in_javascript(text: str) -> None:
    assert ast.literal_eval(in_literal(text)) == json.loads(in_literal(text)) == printable(text)


@given(texts)
def test_html_holds_the_text_and_nothing_else(text: str) -> None:
    quoted = in_html(text)
    assert not re.search("[<>\"']", quoted)
    assert html.unescape(quoted) == html.unescape(html.escape(printable(text)))


@pytest.mark.slow
@given(texts)
def test_no_text_ends_a_script_element(text: str) -> None:
    assert "<" not in in_script({"label": text})
    assert json.loads(in_script({"label": text})) == {"label": text}


@given(texts)
def test_no_text_ends_a_label_of_dot(text: str) -> None:
    assert re.fullmatch(r'(?:[^"\\]|\\\\|\\")*', in_dot(text))


@given(texts | st.text(st.sampled_from("1.)+-*_`$\\\\:#;&<>| anﬂ¶"), max_size=8))
@example("1. x")
@example("12) x")
@example("    code")
@example("www.example.com")
@example(r"\\n $$x$$ fa:fa-car ﬂ°°60¶ß")
def test_mermaid_holds_the_text_and_reads_no_more_in_it(text: str) -> None:
    quoted = in_mermaid(text)
    bare = re.sub(r"#\d+;", "", quoted)
    assert not re.search(r"[!-'*+:-<>?@\[-`{-~\-]|(?<!\d)\.|\.(?!\d)", bare)
    assert not re.match(r" |\d+[.)]( |$)", quoted)
    decoded = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), quoted)
    assert not re.search(r"\\n|\$\$|fa:fa|ﬂ°|¶ß", decoded)
    assert decoded.replace("\u200c", "") == printable(text)


@given(texts)
def test_latex_has_no_bare_special_character(text: str) -> None:
    assert not re.search(r"(?<!\\)[#$%&_]", in_latex(text).replace(r"\\", ""))


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "thing",
    [Unshowable(), [Unshowable()], 10**5000, [0.5] * 100_000, "\n" * 100, object()],
    ids=lambda thing: type(thing).__name__,
)
def test_anything_can_be_shown(thing: object) -> None:
    text = shown(thing)
    assert text.isprintable()
    assert 0 < len(text) <= LONGEST
