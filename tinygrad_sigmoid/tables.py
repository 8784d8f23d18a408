"""What a notebook shows: HTML tables and sentences, without colours, so that they suit every theme.

Viewers that don't trust a notebook take away styles and unknown tags, some of them the table's too. Nothing here needs
those to be understood: cells and rows stand apart even as plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from tinygrad_sigmoid.quoting import in_html

_NUMBER = re.compile(r"[+−-]?[\d.,/]+(e[+−-]?\d+)?|·|–|[+−-]?∞|nan")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def table(rows: Iterable[Sequence[str]], headings: Sequence[str] = (), caption: str = "") -> str:
    r"""A table whose rows begin with what they are about; numbers, and the headings over them, stand at the right.

    >>> print(table([("w", "0.6")]))  # doctest: +ELLIPSIS
    <table>
    <tbody><tr><th scope="row" style="text-align:left;...">w</th> <td style="text-align:right;...">0.6</td></tr></tbody>
    </table>
    <BLANKLINE>

    Args:
        rows: The texts of each row's cells; `Markup` stands as it is.
        headings: Those of the columns.
        caption: That of the table.
    """
    rows = list(rows)
    columns = zip(headings, rows[-1] if rows else headings, strict=False)
    head = " ".join([f'<th scope="col"{_aligned(below)}>{in_html(heading)}</th>' for heading, below in columns])
    title = [f"<caption>{in_html(caption)}</caption>"] * bool(caption)
    first = [f"<thead><tr>{head}</tr></thead>"] * bool(head)
    body = "\n".join([f"<tr>{_row(cells)}</tr>" for cells in rows])
    return "\n".join(["<table>", *title, *first, f"<tbody>{body}</tbody>", "</table>\n"])


def shortened(rows: Iterable[Sequence[str]], most: int = 20) -> list[Sequence[str]]:
    """The rows, of which only the first and the last are left if there are more than `most`."""
    rows = list(rows)
    half, more = most // 2, len(rows) - most
    return rows if more <= 0 else [*rows[:half], (f"… {more:,} more",), *rows[-half:]]


def sentences(first: str, *others: str) -> str:
    """A sentence, and what belongs to it as a list."""
    items = "\n".join([f"<li>{in_html(text)}</li>" for text in others])
    return f"<p>{in_html(first)}</p>\n" + f"<ul>{items}</ul>\n" * bool(others)


def _row(cells: Sequence[str]) -> str:
    first, *others = [text if isinstance(text, Markup) else in_html(text) for text in cells]
    return " ".join(
        [f'<th scope="row"{_aligned(first)}>{first}</th>', *[f"<td{_aligned(text)}>{text}</td>" for text in others]]
    )


def _aligned(text: str) -> str:
    side = "right" if _NUMBER.fullmatch(text) else "left"
    return f' style="text-align:{side};padding:.2em .5em"'
