"""What each kind of box looks like, in DOT and in Mermaid, on light paper and on dark.

Shape as well as colour tells kinds apart; in SVG, the kind is the box's class too. The fills are pale enough for dark
letters. What has no fill, edges and their numbers, is of a grey that can be read on white and on black.
"""

Colour = tuple[str, str]  # on light paper and on dark

INK: Colour = ("#1c2330", "#e8ecf2")
RED: Colour = ("#c0392b", "#ff8a80")
GREY = "#7c8594"

MARKED = f'penwidth=4 color="{RED[0]}"'  # in DOT

# Each kind's attributes in DOT but for colours, then its fill and its outline; after those, what has no fill.
FILLED: dict[str, tuple[str, Colour, Colour]] = {
    "leaf": ("shape=box style=filled", ("#fdf1d0", "#3b2f12"), ("#b07d12", "#e5b752")),
    "computed": ('shape=box style="rounded,filled"', ("#e2edfa", "#182c45"), ("#3b6fb5", "#82b4ee")),
    "output": ('shape=box style="rounded,filled" peripheries=2', ("#dcf3e3", "#163524"), ("#2c8650", "#74cf9b")),
    "closed": ("shape=box3d style=filled", ("#ece5f7", "#2c2341"), ("#7a5bb0", "#c3a5f0")),
}
DOT = {kind: f'{shape} color="{stroke}" fillcolor="{fill}"' for kind, (shape, (fill, _), (stroke, _)) in FILLED.items()}
DOT["constant"] = f'shape=plaintext fontsize=11 fontcolor="{GREY}" margin="0.04,0.02" width=0.2 height=0.2'
DOT["copy"] = f'shape=box style=dashed color="{GREY}" fontcolor="{GREY}" margin="0.08,0.04" width=0.2 height=0.2'
