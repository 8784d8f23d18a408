"""The commands of `tinygrad-sigmoid`, one module each.

The first line of a command's docstring says what it does; `EXAMPLES` shows it. `add_arguments(parser)` adds what can be
typed after its name, and `run(arguments)` does the work and returns the exit status.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import TextIO, TypeVar
from warnings import catch_warnings

from tinygrad_sigmoid import files
from tinygrad_sigmoid.checks import LARGEST, whole
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.parsing import leaves_from, recorded, typed_number
from tinygrad_sigmoid.value import Value

Typed = TypeVar("Typed")


def _converter(convert: Callable[[str], Typed], wanted: str) -> Callable[[str], Typed]:
    """A `type` for argparse, which gives a wrong word back in one sentence."""

    def converted(word: str) -> Typed:
        try:
            return convert(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{shown(word)} is not {wanted}") from None

    return converted


whole_number = _converter(
    lambda word: whole(int(word.replace("−", "-")), "it", "", least=-LARGEST),
    "a whole number, or it is too large: write it as in 12",
)
number = _converter(typed_number, "a number: write it as in 0.5")
file_name = _converter(files.file_name, "the name of a file: give one, as in network.json")


def add_formula(parser: argparse.ArgumentParser) -> None:
    """Adds what every command about a formula takes: the formula and a number for each of its names."""
    parser.add_argument("formula", help="such as 'sigmoid(w*x + b)'; ' -x', with a space, if it begins with a minus")
    parser.add_argument("leaves", nargs="*", metavar="NAME=NUMBER", help="a number for each name in it")


def graph_of(arguments: argparse.Namespace) -> Value:
    """The formula that `add_formula` has read, recorded with its numbers."""
    with catch_warnings(action="ignore"):  # of Python's parser, which would print them beside our own sentence
        return recorded(arguments.formula, leaves_from(arguments.leaves))


def add_training(parser: argparse.ArgumentParser, seed: int) -> None:
    """Adds what every command that trains takes: a learning rate and a seed."""
    use = f"for the first weights and the order of the digits ({seed})"
    parser.add_argument("--seed", type=whole_number, default=seed, metavar="N", help=use)
    parser.add_argument("--rate", type=number, default=3.0, metavar="η", help="the learning rate (3.0)")


def at_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return all(stream is not None and not stream.closed and stream.isatty() for stream in (sys.stdin, sys.stdout))


def columns(most: int = 100) -> int:
    """How many characters a line may have: as many as the terminal, but no more than are read with ease."""
    return min(most, shutil.get_terminal_size(fallback=(most, 24)).columns)


def say(text: object, stream: TextIO | None = None) -> None:
    """Prints the text; a line that is too long for the terminal goes on where a word begins."""
    print(for_terminal(text, stream or sys.stdout), file=stream)


def for_terminal(text: object, stream: TextIO) -> str:
    """The text with its lines broken to fit, if the stream is a terminal."""
    lines = str(text).split("\n")
    return "\n".join(fitted(lines, shutil.get_terminal_size().columns) if stream.isatty() else lines)


def ask(question: str) -> str:
    """What is typed in answer to a question, which is broken to fit; its last line is the prompt of the line editor."""
    *lines, prompt = for_terminal(question, sys.stdout).split("\n")
    print("".join(f"{line}\n" for line in lines), end="")
    return input(f"{prompt} ")


def fitted(lines: Iterable[str], width: int) -> list[str]:
    """The lines, broken where a word begins if they are longer than the width; what is indented goes on indented more.

    >>> fitted(["  gradient of w = 0.1491·1"], 20)
    ['  gradient of w =', '    0.1491·1']
    """
    pieces: list[str] = []
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        wrapper = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
        wrapper.subsequent_indent = indent and indent + "  "
        pieces += wrapper.wrap(line) if len(line) > width else [line]
    return pieces
