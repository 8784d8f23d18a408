"""Walks through both passes of a formula, one step at a time: each operation forward, then each edge backward."""

from __future__ import annotations

import argparse
import os
import sys

from tinygrad_sigmoid.commands import add_formula, graph_of
from tinygrad_sigmoid.reading.steps import ForwardStep, Steps, counted, steps
from tinygrad_sigmoid.reading.writer import number_text

EXAMPLES = """examples:
  tinygrad-sigmoid step "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid step "x*x" x=3 --all     print all steps and end (also when the output is a file or a pipe)
keys: Enter or n next, n 5 five at once, p back, g 12 go to step 12, b start of the backward pass, q quit, h help"""

KEYS = """  Enter, n    the next step; n 5: five steps on
  p           one step back; p 5: five
  g 12        go to step 12
  b           go to the start of the backward pass
  q           quit
  h           these lines"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument("--all", action="store_true", help="print all steps and end, without asking for keys")


def run(arguments: argparse.Namespace) -> int:
    walked = steps(graph_of(arguments))
    if arguments.all or not walked or not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(walked)
    else:
        Walk(walked).until_quit()
    return 0


class Walk:
    """A terminal session in which the steps are walked."""

    def __init__(self, walked: Steps) -> None:
        self.walked = walked
        self.place = 0

    def until_quit(self) -> None:
        """Shows the first step, then does what is typed, until that is `q` or the end of input."""
        print(f"{counted(len(self.walked.forward), 'step')} forward, {len(self.walked.backward)} back.\n")
        self.show()
        try:
            while (words := input("\nEnter: next, h: help > ").split() or ["n"])[0] != "q":
                self.do(*words)
        except EOFError:
            print()

    def do(self, key: str, typed: str = "", *_: str) -> None:
        """Does what one key asks for."""
        if key in ("n", "p", "g"):
            number = whole_number(typed, "g 12") if key == "g" else whole_number(typed or "1", "n 5")
            if number is not None:
                self.move(key, number)
        elif key == "b":
            self.go_to(len(self.walked.forward))
        else:
            print(KEYS if key in ("h", "help") else f"{key!r} is no key here:\n{KEYS}")

    def move(self, key: str, number: int) -> None:
        if key != "g":
            self.go_by(number if key == "n" else -number)
        elif 1 <= number <= len(self.walked):
            self.go_to(number - 1)
        else:
            print(f"there is no step {number}: they go from 1 to {len(self.walked)}")

    def go_by(self, steps_on: int) -> None:
        """Goes so many steps on, but not beyond the first or the last, where it says so."""
        place = min(max(self.place + steps_on, 0), len(self.walked) - 1)
        if place != self.place or not steps_on:
            self.go_to(place)
        elif steps_on < 0:
            print("this is the first step")
        else:
            print("that was the last step\nthe gradients of the leaves:")
            for value, name in zip(self.walked.values, self.walked.names, strict=True):
                if not value.inputs and not value.constant:
                    print(f"    {name}  {number_text(self.walked.gradients[value])}")

    def go_to(self, place: int) -> None:
        self.place = place
        self.show()

    def show(self) -> None:
        step = self.walked[self.place]
        forward = isinstance(step, ForwardStep)
        heading = f"step {step.number} of {len(self.walked)}, {'forward' if forward else 'backward'}"
        if self.place == len(self.walked.forward):
            heading += f", from {self.walked.beginning}"
        print(coloured(heading, "36" if forward else "33"))
        print(step.sentence)
        print("".join(f"\n    {line}" for line in str(step).splitlines())[1:])


def whole_number(typed: str, example: str) -> int | None:
    """The number that was typed; if it is none, `None`, and a line that says so."""
    if typed.isdecimal():
        return int(typed)
    print(f"{f'{typed!r} is not a whole number' if typed else 'a number is missing'}: type it as in {example}")
    return None


def coloured(text: str, colour: str) -> str:
    """The text in a colour, unless NO_COLOR is set or the terminal knows no colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
