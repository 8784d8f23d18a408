"""Walk through both passes of a formula, one step at a time: each operation forward, then each edge backward."""

from __future__ import annotations

import argparse
import cmd
import os
import sys
from typing import IO

from tinygrad_sigmoid.commands import add_formula
from tinygrad_sigmoid.reading.parsing import leaves_from, recorded
from tinygrad_sigmoid.reading.steps import ForwardStep, Steps, counted, steps
from tinygrad_sigmoid.reading.writer import number_text

HELP = "walk through both passes of a formula, step by step"
EXAMPLES = """examples:
  tinygrad-sigmoid step "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid step "x*x" x=3 --all     print all steps and end (also when the output is a file or a pipe)
keys: Enter or n next, n 5 five at once, p back, g 12 go to step 12, b start of the backward pass, q quit, h help"""

_KEYS = """  Enter, n    the next step; n 5: five steps on
  p           one step back; p 5: five
  g 12        go to step 12
  b           go to the start of the backward pass
  q           quit
  h           these lines"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument("--all", action="store_true", help="print all steps and end, without asking for keys")


def run(arguments: argparse.Namespace) -> int:
    walked = steps(recorded(arguments.formula, leaves_from(arguments.leaves)))
    if arguments.all or not walked or not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(walked)
    else:
        Walk(walked).cmdloop()
    return 0


class Walk(cmd.Cmd):
    """A terminal session in which the steps are walked."""

    def __init__(self, walked: Steps) -> None:
        super().__init__()
        self.walked = walked
        self.place = 0
        self.prompt = "\nEnter: next, h: help > "

    def preloop(self) -> None:
        forward, backward = len(self.walked.forward), len(self.walked.backward)
        self._say(f"{counted(forward, 'step')} forward, {backward} back.\n")
        self._show()

    def emptyline(self) -> bool:
        return self.do_n("")

    def do_n(self, arg: str) -> bool:
        return self._go_by(arg, +1)

    def do_p(self, arg: str) -> bool:
        return self._go_by(arg, -1)

    def do_g(self, arg: str) -> bool:
        number = self._whole(arg, "g 12")
        if number is not None and not 1 <= number <= len(self.walked):
            self._say(f"there is no step {number}: they go from 1 to {len(self.walked)}")
        elif number is not None:
            self._go_to(number - 1)
        return False

    def do_b(self, arg: str) -> bool:
        self._go_to(len(self.walked.forward))
        return False

    def do_h(self, arg: str) -> bool:
        self._say(_KEYS)
        return False

    def do_help(self, arg: str) -> bool:
        return self.do_h(arg)

    def do_q(self, arg: str) -> bool:
        return True

    def do_EOF(self, arg: str) -> bool:  # noqa: N802 (the name under which cmd asks for Ctrl-D)
        self._say("")
        return True

    def default(self, line: str) -> None:
        self._say(f"{line.split()[0]!r} is no key here:\n{_KEYS}")

    def _go_by(self, arg: str, direction: int) -> bool:
        count = self._whole(arg, "n 5") if arg else 1
        if count is not None:
            self._go_to(self.place + direction * count)
        return False

    def _go_to(self, place: int) -> None:
        inside = min(max(place, 0), len(self.walked) - 1)
        if inside == self.place != place:
            self._say("that was the last step" if place > inside else "this is the first step")
            if place > inside:
                self._say(self._gradients())
        else:
            self.place = inside
            self._show()

    def _whole(self, arg: str, example: str) -> int | None:
        if arg.isdecimal():
            return int(arg)
        missing = f"{arg!r} is not a whole number" if arg else "a number is missing"
        self._say(f"{missing}: type it as in {example}")
        return None

    def _show(self) -> None:
        step = self.walked[self.place]
        forward = isinstance(step, ForwardStep)
        heading = f"step {step.number} of {len(self.walked)}, {'forward' if forward else 'backward'}"
        if self.place == len(self.walked.forward):
            heading += f", from {self.walked.beginning}"
        self._say(coloured(heading, "36" if forward else "33", self.stdout))
        self._say(step.sentence)
        self._say("".join(f"\n    {line}" for line in str(step).splitlines())[1:])

    def _gradients(self) -> str:
        leaves = [(value, name) for value, name in zip(self.walked.values, self.walked.names, strict=True)]
        lines = ["the gradients of the leaves:"]
        lines += [
            f"    {name}  {number_text(self.walked.gradients[value])}"
            for value, name in leaves
            if not value.inputs and not value.constant
        ]
        return "\n".join(lines)

    def _say(self, text: str) -> None:
        print(text, file=self.stdout)


def coloured(text: str, colour: str, stream: IO[str]) -> str:
    """The text in a colour, unless NO_COLOR is set or the stream is no terminal that knows colours."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
