"""Walks through both passes of a formula, one step at a time: each operation forward, then each edge backward."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import textwrap

from tinygrad_sigmoid.commands import add_formula, at_terminal, fitted, graph_of, say
from tinygrad_sigmoid.commands.keys import line_or_arrow
from tinygrad_sigmoid.reading.steps import BackwardStep, ForwardStep, Steps, counted, steps
from tinygrad_sigmoid.reading.tree import known_at, tree
from tinygrad_sigmoid.reading.writer import number_text

MOST_LINES = 20  # of the tree that is drawn beside each step
UPSTREAM, LOCAL, SUM = "33", "36", "32"  # the colours of the three numbers in a backward step, as of their names
NAMED = ("upstream", " · ", "local", " → ", "sum")

KEYS = """  Enter, n    the next step, as → and ↓; n 5: five
  p           one step back, as ← and ↑; p 5: five
  g 12        go to step 12
  b           go to the start of the backward pass
  p w         print what is known of the value w
  l           list the leaves
  q           quit
  h           these lines"""

EXAMPLES = f"""examples:
  tinygrad-sigmoid step "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid step "x*x" x=3 --all     print all steps and end (also when the output is a file or a pipe)
keys:
{KEYS}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument("--all", action="store_true", help="print all steps and end, without asking for keys")


def run(arguments: argparse.Namespace) -> int:
    walked = steps(graph_of(arguments))
    if arguments.all or not walked or not at_terminal():
        say(walked)
    else:
        walk(walked)
    return 0


def walk(walked: Steps) -> None:
    """Shows the first step, then does what is typed, until that is `q` or the end of input."""
    say(f"{counted(len(walked.forward), 'step')} forward, {len(walked.backward)} back.\n")
    place = 0
    show(walked, place)
    try:
        while (words := asked().split() or ["n"])[0] != "q":
            answer = answered(walked, place, *words)
            if isinstance(answer, str):
                say(answer)
            else:
                place = answer
                show(walked, place)
    except EOFError:
        print()


def asked() -> str:
    return line_or_arrow("\nEnter: next, h: help > ", dict(zip("ADBC", "ppnn", strict=True)))


def answered(walked: Steps, place: int, key: str, typed: str = "", *more: str) -> int | str:
    """The place to which a key leads from this one, or what is to be said where it leads nowhere."""
    if key == "l":
        return leaves_at(walked, place)
    if key == "p" and typed and not typed.isdecimal():
        return value_at(walked, place, "".join([typed, *more]))
    if key == "b":
        return len(walked.forward)
    if key not in ("n", "p", "g"):
        return KEYS if key in ("h", "help") else f"{key!r} is no key here:\n{KEYS}"
    example, typed = ("g 12", typed) if key == "g" else (f"{key} 5", typed or "1")
    if not typed.isdecimal():
        return f"{f'{typed!r} is not a whole number' if typed else 'a number is missing'}: type it as in {example}"
    number, last = int(typed), len(walked) - 1
    if key == "g":
        return (
            number - 1 if 0 < number <= len(walked) else f"there is no step {number}: they go from 1 to {len(walked)}"
        )
    if key == "p":
        return max(place - number, 0) if place or not number else "this is the first step"
    return min(place + number, last) if place < last or not number else ending(walked)


def ending(walked: Steps) -> str:
    """What is said after the last step: the gradients of the leaves."""
    lines = [f"    {walked.names[leaf]}  {number_text(walked.gradients[walked.values[leaf]])}" for leaf in own(walked)]
    return "\n".join(["that was the last step", "the gradients of the leaves:", *lines])


def own(walked: Steps) -> list[int]:
    """The leaves but for plain numbers, which have no gradient."""
    return [index for index, value in enumerate(walked.values) if not value.inputs and not value.constant]


def leaves_at(walked: Steps, place: int) -> str:
    known = known_at(walked, place)
    return "\n".join(f"    {walked.names[leaf]}  {known.numbers(leaf)}" for leaf in own(walked))


def value_at(walked: Steps, place: int, typed: str) -> str:
    """What is known of the value with this name; `w*x` may be typed for w·x."""
    written = {name.replace(" ", ""): index for index, name in enumerate(walked.names)}
    for name in (typed, typed.replace("*", "·").replace("sigmoid", "σ")):
        if name in written:
            return f"    {walked.names[written[name]]}  {known_at(walked, place).numbers(written[name])}"
    return f"no value is called {typed!r}: type l for the leaves, or a name as in a step, as in p {walked.names[-1]}"


def show(walked: Steps, place: int) -> None:
    """Prints the step at this place."""
    step = walked[place]
    forward = isinstance(step, ForwardStep)
    heading = f"step {step.number} of {len(walked)}, {'forward' if forward else 'backward'}"
    if place == len(walked.forward):
        heading += f", from {walked.beginning}"
    print(coloured(heading, "36" if forward else "33"))
    say(step.sentence)
    width = shutil.get_terminal_size().columns
    told = "\n".join(fitted(textwrap.indent(str(step), "    ").split("\n"), width))
    print(sum_coloured(told, step) if isinstance(step, BackwardStep) else told)
    draw_tree(walked, place, width)


def sum_coloured(told: str, step: BackwardStep) -> str:
    """A backward step with its three numbers, and their names below it, in three colours."""
    numbers = (step.upstream, step.local_derivative, step.after)
    upstream, local, total = [re.escape(number_text(number)) for number in numbers]
    sum_of = re.compile(rf"(\(?{upstream}\)?)(·)(\(?{local}\)?)(\s+[=≈]\s+)({total})$")
    return f"{sum_of.sub(lambda found: painted(*found.groups()), told)}\n    {painted(*NAMED)}"


def painted(upstream: str, times: str, local: str, equals: str, total: str) -> str:
    return f"{coloured(upstream, UPSTREAM)}{times}{coloured(local, LOCAL)}{equals}{coloured(total, SUM)}"


def draw_tree(walked: Steps, place: int, width: int) -> None:
    """Prints the graph as a tree in which the step is marked, if it is small enough for the terminal."""
    if 1 + sum(len(value.inputs) for value in walked.values) > MOST_LINES:
        return
    lines = list(tree(walked, place))
    if max(len(line.text) for line in lines) + 6 <= width:
        print()
        for text, current in lines:
            print("    " + (coloured(f"{text} ◀", "1") if current else text))


def coloured(text: str, colour: str) -> str:
    """The text in a colour, unless NO_COLOR is set or the terminal knows no colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
