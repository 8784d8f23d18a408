"""The command line: `tinygrad-sigmoid COMMAND …`, or `python -m tinygrad_sigmoid COMMAND …`.

Each command is a module of `commands`. Without a command, `tune` runs.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from tinygrad_sigmoid import __version__
from tinygrad_sigmoid.commands import chapter, check, digits, draw, explore, step, tune

COMMANDS = {
    "tune": tune,
    "draw": draw,
    "step": step,
    "explore": explore,
    "check": check,
    "chapter": chapter,
    "digits": digits,
}


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status: 0 done, 2 for arguments that make no sense, 130 for Ctrl-C."""
    words = list(sys.argv[1:] if words is None else words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that knows no σ shows a question mark instead
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words = ["tune", *words]
    try:
        arguments = _parsed(_parser(), words)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has stopped reading
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ArithmeticError, ValueError, OSError) as error:
        print(f"tinygrad-sigmoid: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tinygrad-sigmoid",
        description="Understand backpropagation: tune a sigmoid neuron, draw its graph, step through both passes.",
        epilog="Without a command, `tune` tells the whole story on handwritten digits.",
    )
    parser.add_argument("--version", action="version", version=f"tinygrad-sigmoid {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=command.HELP,
            description=command.__doc__,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


def _parsed(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    # argparse takes no more plain words after an option, but `draw FORMULA -o FILE w=0.6` is natural to type.
    arguments, left = parser.parse_known_args(words)
    if hasattr(arguments, "leaves"):
        later = [word for word in left if "=" in word and not word.startswith("-")]
        arguments.leaves = [*arguments.leaves, *later]
        left = [word for word in left if word not in later]
    if left:
        minus = "; a formula that begins with a minus needs a space before it" if hasattr(arguments, "leaves") else ""
        parser.error(f"unrecognized arguments: {' '.join(left)}{minus}")
    return arguments
