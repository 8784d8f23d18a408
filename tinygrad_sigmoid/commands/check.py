"""Proves the gradients of a formula at some numbers, or of a function in a file, and prints what was proven.

FILE.py::f is a function of numbers that computes with this package, an Operation, a class with its own backward(), or
a function beside one with its derivatives: f_gradient or d_f gives those with respect to all inputs, f_backward or
f_vjp gets an upstream gradient first, f_jvp a tangent. FILE.py alone checks every Operation and all such pairs. Where
NAME=NUMBER is left out, numbers are drawn, the same in every run.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations_with_replacement
from math import comb

from tinygrad_sigmoid.commands import add_formula, graph_of, say, whole_number
from tinygrad_sigmoid.commands.check_file import TYPED, check_file, wrong
from tinygrad_sigmoid.derivatives import gradients
from tinygrad_sigmoid.graph import leaves
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.reading.parsing import leaves_from
from tinygrad_sigmoid.reading.writer import number_text

EXAMPLES = """examples:
  tinygrad-sigmoid check "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid check "tanh(x)**2" x=0.3 --order 2      # the derivatives of the derivatives as well
  tinygrad-sigmoid check layers.py::softsign x=0.5
  tinygrad-sigmoid check layers.py                          # all in it that has derivatives
"""
MOST = 5_000  # derivatives, which take half a minute
POWERS = ("", "", "²", "³")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument("--strict", action="store_true", default=None, help="what can't be told is a failure")
    parser.add_argument(
        "--order", type=whole_number, default=1, choices=(1, 2, 3), help="derivatives of derivatives: 2 or 3"
    )


def run(arguments: argparse.Namespace) -> int:
    from tinygrad_sigmoid.testing import GradientMismatch, check_gradients

    if typed := TYPED.fullmatch(arguments.formula):
        orders = {"order": arguments.order} if arguments.order > 1 else {}
        return check_file(typed, leaves_from(arguments.leaves), {**orders, "strict": arguments.strict})
    output = graph_of(arguments)
    own = [leaf for leaf in leaves(output) if not leaf.constant]
    if (count := comb(len(own) + arguments.order - 1, arguments.order)) > MOST:
        raise ValueError(
            f"the formula has {count:,} derivatives of order {arguments.order}, more than {MOST:,}: check fewer names, "
            f"or a lower order"
        )
    try:
        certificate = check_gradients(output, order=arguments.order, strict=arguments.strict)
    except GradientMismatch as mismatch:
        return wrong(mismatch)
    say(f"{printable(arguments.formula)} {_equals(output.data)}")
    for order in range(1, arguments.order + 1):
        for chosen in combinations_with_replacement(own, order):
            derivative = output
            with suppress(ArithmeticError):  # it is too large, and the certificate says so
                for leaf in chosen:
                    [derivative] = gradients(derivative, [leaf])
                say(f"  {_quotient([leaf.label for leaf in chosen])} {_equals(derivative.data)}")
    say(certificate)
    return 0


def _quotient(names: Sequence[str]) -> str:
    """∂²/∂x∂y for the names x and y, ∂²/∂x² for x twice."""
    counts = Counter(names)
    below = "".join(f"∂{name}{POWERS[count]}" for name, count in counts.items())
    return f"∂{POWERS[len(names)]}/{below}"


def _equals(number: float) -> str:
    return f"{'=' if float(f'{number:.4g}') == number else '≈'} {number_text(number)}"
