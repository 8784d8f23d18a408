"""Pictures in a notebook's cell: no wider than the cell, and dark where it is dark."""

from __future__ import annotations

import re

from tinygrad_sigmoid.drawing.mermaid import INK

WIDE = 700  # pixels; below, a picture keeps its size, which JupyterLab would make that of the cell

DARK = {  # what the colours of boxes are on dark paper; the grey of edges can be read on both
    INK: "#e8ecf2",
    "#fdf1d0": "#3b2f12",
    "#b07d12": "#e5b752",
    "#e2edfa": "#182c45",
    "#3b6fb5": "#82b4ee",
    "#dcf3e3": "#163524",
    "#2c8650": "#74cf9b",
    "#ece5f7": "#2c2341",
    "#7a5bb0": "#c3a5f0",
    "#c0392b": "#ff8a80",
}
# A picture that is a document, or an image in one, chooses by itself; one inside of a page is as dark as that.
SCHEME = "svg:root{color-scheme:light dark}"
STYLES = "\n".join(
    [
        SCHEME,
        *[
            f'.graph [{part}="{light}"]{{{part}:light-dark({light},{dark})}}'
            for light, dark in DARK.items()
            for part in ("fill", "stroke")
        ],
    ]
)


def in_a_cell(svg: str, styles: str = "") -> str:
    """The picture with these styles, and as wide as the cell if it would be wider."""
    before, attributes, rest = re.split(r"<svg\b([^>]*)>", svg, maxsplit=1)
    known = dict(re.findall(r'([\w:-]+)="([^"]*)"', attributes))
    width = float(known["width"].removesuffix("pt")) * (4 / 3 if known["width"].endswith("pt") else 1)
    if width > WIDE:
        known = {name: text for name, text in known.items() if name not in ("width", "height")}
        known["style"] = f"width:100%;max-width:{width:.0f}px;{known.get('style', '')}"
    root = " ".join(["<svg", *[f'{name}="{text}"' for name, text in known.items()]]) + ">"
    return f"{before}{root}{f'<style>{styles}</style>' * bool(styles)}{rest}"
