"""Pictures in a notebook's cell: no wider than the cell, and dark where it is dark."""

from __future__ import annotations

import re

from tinygrad_sigmoid.drawing.looks import FILLED, INK, RED

WIDE = 700  # pixels; below, a picture keeps its size, which JupyterLab would make that of the cell

COLOURS = [INK, *[colour for _, *both in FILLED.values() for colour in both], RED]
# A picture that is a document, or an image in one, chooses by itself; one inside of a page is as dark as that.
SCHEME = "svg:root{color-scheme:light dark}"
STYLES = "\n".join(
    [
        SCHEME,
        *[
            f'.graph [{part}="{light}"]{{{part}:light-dark({light},{dark})}}'
            for light, dark in COLOURS
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
