"""The commands of `tinygrad-sigmoid`, one module each.

The first line of a command's docstring says what it does; `EXAMPLES` shows it. `add_arguments(parser)` adds what can be
typed after its name, and `run(arguments)` does the work and returns the exit status.
"""

from __future__ import annotations

import argparse

from tinygrad_sigmoid.reading.parsing import leaves_from, recorded
from tinygrad_sigmoid.value import Value


def add_formula(parser: argparse.ArgumentParser) -> None:
    """Adds what every command about a formula takes: the formula and a number for each of its names."""
    parser.add_argument("formula", help="such as 'sigmoid(w*x + b)'; ' -x', with a space, if it begins with a minus")
    parser.add_argument("leaves", nargs="*", metavar="NAME=NUMBER", help="a number for each name in it")


def graph_of(arguments: argparse.Namespace) -> Value:
    """The formula that `add_formula` has read, recorded with its numbers."""
    return recorded(arguments.formula, leaves_from(arguments.leaves))


def add_training(parser: argparse.ArgumentParser, seed: int) -> None:
    """Adds what every command that trains takes: a learning rate and a seed."""
    use = f"for the first weights and the order of the digits ({seed})"
    parser.add_argument("--seed", type=int, default=seed, metavar="N", help=use)
    parser.add_argument("--rate", type=float, default=3.0, metavar="η", help="the learning rate (3.0)")


def require_seed(seed: int) -> None:
    """Raises ValueError for a seed below 0, which Python's generator takes for the same number above 0."""
    if seed < 0:
        raise ValueError(f"a seed is a whole number from 0, but got {seed}, which would give the same as {-seed}")
