"""Walks through both passes of a formula, one step at a time: each operation forward, then each edge backward."""

from __future__ import annotations

import argparse
import os
import textwrap

from tinygrad_sigmoid.commands import add_formula, at_terminal, graph_of
from tinygrad_sigmoid.reading.steps import ForwardStep, Steps, counted, steps
from tinygrad_sigmoid.reading.writer import number_text

KEYS = """  Enter, n    the next step; n 5: five steps on
  p           one step back; p 5: five
  g 12        go to step 12
  b           go to the start of the backward pass
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
        print(walked)
    else:
        walk(walked)
    return 0


def walk(walked: Steps) -> None:
    """Shows the first step, then does what is typed, until that is `q` or the end of input."""
    print(f"{counted(len(walked.forward), 'step')} forward, {len(walked.backward)} back.\n")
    place = 0
    show(walked, place)
    try:
        while (words := input("\nEnter: next, h: help > ").split() or ["n"])[0] != "q":
            answer = answered(walked, place, *words)
            if isinstance(answer, str):
                print(answer)
            else:
                place = answer
                show(walked, place)
    except EOFError:
        print()


def answered(walked: Steps, place: int, key: str, typed: str = "", *_: str) -> int | str:
    """The place to which a key leads from this one, or what is to be said where it leads nowhere."""
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
    lines = [
        f"    {name}  {number_text(walked.gradients[value])}"
        for value, name in zip(walked.values, walked.names, strict=True)
        if not value.inputs and not value.constant
    ]
    return "\n".join(["that was the last step", "the gradients of the leaves:", *lines])


def show(walked: Steps, place: int) -> None:
    """Prints the step at this place."""
    step = walked[place]
    forward = isinstance(step, ForwardStep)
    heading = f"step {step.number} of {len(walked)}, {'forward' if forward else 'backward'}"
    if place == len(walked.forward):
        heading += f", from {walked.beginning}"
    print(coloured(heading, "36" if forward else "33"))
    print(step.sentence)
    print(textwrap.indent(str(step), "    "))


def coloured(text: str, colour: str) -> str:
    """The text in a colour, unless NO_COLOR is set or the terminal knows no colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
