"""The command line: `tinygrad-sigmoid COMMAND …`, or `python -m tinygrad_sigmoid COMMAND …`.

Each command is a module of `commands`. Without a command, `tune` runs.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import re
import sys
import textwrap
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from tinygrad_sigmoid import __version__
from tinygrad_sigmoid.commands import (
    chapter,
    check,
    columns,
    digits,
    draw,
    exercise,
    explore,
    for_terminal,
    say,
    step,
    tune,
)
from tinygrad_sigmoid.quoting import printable

LONGEST = 600  # characters of a complaint

COMMANDS = {
    command.__name__.split(".")[-1]: command
    for command in (tune, draw, step, explore, check, chapter, exercise, digits)
}

# What a terminal is shown in place of the characters that it does not have.
_PLAIN = {
    **dict(zip("∂·×′−–≈▁▂▃▄▅▆▇█░▒▓├└│─◀", "d*x'--~_.:-=+*#.:%|`|-<", strict=True)),
    "σ": "sigmoid",
    "η": "eta",
    "Δ": "delta ",
    "∇": "gradient of ",
    "Σ": "sum ",
    "∞": "inf",
    "√": "sqrt",
    "‖": "||",
    "≤": "<=",
    "≥": ">=",
    "←": "<-",
    "→": "->",
    "…": "...",
}
_RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0 done, 2 for what can't be done, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if words is None else words)
    _prepare_streams()
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words = ["tune", *words]
    try:
        return _run(words)
    except KeyboardInterrupt:
        return _ended("stopped", 130)
    except BrokenPipeError:  # whoever read our output has stopped reading
        return 0
    except (ArithmeticError, ValueError, OSError) as error:
        return _ended(f"tinygrad-sigmoid: {printable(str(error), LONGEST)}", 2)
    except ImportError as error:  # of a package that pip should have brought
        return _ended(f"tinygrad-sigmoid: {error}: run `pip install --force-reinstall tinygrad-sigmoid`", 2)
    except Exception as error:
        if not _came_of_ctrl_c(error):
            raise
        return _ended("stopped", 130)
    finally:
        _give_up_streams()


def _run(words: list[str]) -> int:
    try:
        arguments = _parsed(_parser(), words)
        status: int = arguments.run(arguments)
    except SystemExit:  # argparse has said what there is to say
        sys.stdout.flush()
        raise
    sys.stdout.flush()  # here, where an error is caught
    return status


def _came_of_ctrl_c(error: BaseException | None) -> bool:
    """Whether it was raised while Ctrl-C was being dealt with, as by a package that releases what it never had."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def _ended(why: str, status: int) -> int:
    with suppress(OSError):  # perhaps nobody reads it
        say(why, sys.stderr)
    return status


def _prepare_streams() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 (for as long as Python runs)
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_IN_PLAIN_WORDS)


def _give_up_streams() -> None:
    """Sends what nobody reads to nowhere, or Python would complain about it in the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _in_plain_words(error: UnicodeError) -> tuple[str, int]:
    """What stands for the characters that the terminal can't show: `sigmoid` for σ, or their codes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = "".join(_PLAIN.get(character, character) for character in error.object[error.start : error.end])
    characters = _RAISED.sub(lambda raised: f"^{raised[0]}", characters)
    plain = unicodedata.normalize("NFKD", characters).replace("−", "-").replace("⁄", "/")
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


_IN_PLAIN_WORDS = "tinygrad_sigmoid.in_plain_words"
codecs.register_error(_IN_PLAIN_WORDS, _in_plain_words)


class _Parser(argparse.ArgumentParser):
    """Repeats what was typed in one line, and not all of it; its help fits the terminal."""

    def format_help(self) -> str:
        text = super().format_help()
        if columns() < max(map(len, text.split("\n"))):
            text = re.sub(r"(?m)^(  tinygrad-sigmoid(?: \S.*?)??)  +(\S)", r"\1\n    \2", text)
        # A command is to be pasted, so it stays in one piece.
        lines = [line if line.startswith("  tinygrad") else for_terminal(line, sys.stdout) for line in text.split("\n")]
        return "\n".join(lines)

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        say(f"{self.prog}: error: {printable(message, LONGEST)}", sys.stderr)
        self.exit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="tinygrad-sigmoid",
        description="Understand backpropagation: tune a sigmoid neuron, draw its graph, step through both passes.",
        epilog="Without a command, `tune` tells the whole story on handwritten digits.",
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-sigmoid {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=(command.__doc__ or "").partition("\n")[0],  # which `python -OO` leaves out
            description=_paragraphs(command.__doc__ or ""),
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _paragraphs(text: str) -> str:
    """The text with its lines broken to fit; argparse would break those of the examples as well."""
    return "\n\n".join(textwrap.fill(paragraph, columns()) for paragraph in text.split("\n\n"))


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    # argparse takes no more plain words after an option, but `draw FORMULA -o FILE w=0.6` is natural to type.
    arguments, left = parser.parse_known_args(words)
    if hasattr(arguments, "leaves"):
        later = [word for word in left if "=" in word and not word.startswith("-")]
        arguments.leaves = [*arguments.leaves, *later]
        left = [word for word in left if word not in later]
    if left:
        minus = re.match("-[^-]", left[0]) and hasattr(arguments, "leaves")
        hint = "; a formula that begins with a minus needs a space before it" if minus else ""
        parser.error(f"unrecognized arguments: {' '.join(left)}{hint}")
    return arguments
