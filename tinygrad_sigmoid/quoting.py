"""A user's own text, wherever it is shown: a label, a name, a symbol, a file's name is data, and never becomes more.

Text that is shown is one line, in which nothing is invisible; each language then has one function that quotes it.
"""

from __future__ import annotations

import math
import reprlib

LONGEST = 60  # characters of what a message shows

_brief = reprlib.Repr()  # which doesn't write out a million entries to show the first few
_brief.maxstring = _brief.maxother = _brief.maxlong = LONGEST


def printable(text: str, longest: float = math.inf) -> str:
    r"""A text as one line that does no harm to a terminal: what can't be seen is written as its code.

    >>> print(printable("two\nlines"))
    two\nlines
    """
    if not text.isprintable():
        text = "".join([char if char.isprintable() else char.encode("unicode_escape").decode() for char in text])
    return text if len(text) <= longest else f"{text[: int(longest) - 1]}…"


def shown(thing: object) -> str:
    """Anything at all, as an error message shows it: on one line, and short.

    >>> print(shown("text"), shown(range(3)), shown([0.5] * 1_000_000))
    'text' range(0, 3) [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ...]
    """
    try:
        return printable(_brief.repr(thing), LONGEST)
    except Exception:  # it can't show itself, as an int of 5,000 digits can't
        return printable(f"an object of type {type(thing).__name__}", LONGEST)


def in_literal(text: str) -> str:
    """A text as a string of Python or of JavaScript."""
    import json  # which, like `html`, would take as long to load as the core, and that imports from here

    return json.dumps(printable(text), ensure_ascii=False)


def in_dot(text: str) -> str:
    """A text as it stands between the double quotes of DOT."""
    # Graphviz reads backslashes and entities such as &lt;. Doubled, they come out as they were written.
    return printable(text).replace("\\", r"\\").replace('"', r"\"").replace("&", "&amp;")


def in_mermaid(text: str) -> str:
    """A text as it stands between the double quotes of Mermaid, which reads Markdown, HTML and #35; in it."""
    import re

    # Punctuation as its code, but for what means nothing; a point or a bracket after a number would begin a list.
    active = r"(?<!\d)\.|\.(?!\d)|^ |^\d+\)|[!-'*+:;<>?@\[-`{-~ﬂ¶-]"
    coded = re.sub(active, lambda found: "".join([f"#{ord(char)};" for char in found[0]]), printable(text))
    # Mermaid 11 reads \n, $$x$$, fa:fa-x and its own ﬂ°x¶ß in what it has decoded: what nobody sees stands in between.
    return re.sub("#(92|36|58|64258|182);", r"#\1;#8204;", coded)


def in_html(text: str) -> str:
    """A text as it stands between HTML's tags and in its attributes."""
    import html

    return html.escape(printable(text))


def in_script(data: object) -> str:
    """Data as JSON that can stand inside a script element: no text in it can end that."""
    import json

    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", r"\u003c")


def in_latex(text: str) -> str:
    """A text in LaTeX's math mode."""
    special = {"\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{\ }", " ": r"\ ", "σ": r"\sigma "}
    escaped = [special.get(char) or (f"\\{char}" if char in "#$%&_{}" else char) for char in printable(text)]
    return "".join(escaped)
