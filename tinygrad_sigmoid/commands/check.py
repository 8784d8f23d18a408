"""Proves the gradients of a formula at some numbers, and prints what was proven and how sharply."""

from __future__ import annotations

import argparse
import sys

from tinygrad_sigmoid.commands import add_formula
from tinygrad_sigmoid.expression import leaves_from, recorded
from tinygrad_sigmoid.formulas import number_text
from tinygrad_sigmoid.graph import leaves

NAME = "check"
HELP = "prove that a formula's gradients are right"
EXAMPLES = """examples:
  tinygrad-sigmoid check "sigmoid(w*x + b)" w=0.6 x=1 b=0.9
  tinygrad-sigmoid check "tanh(x)**2" x=0.3 --order 2      # the derivatives of the derivatives as well
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument("--order", type=int, default=1, choices=(1, 2, 3), help="derivatives of derivatives: 2 or 3")


def run(arguments: argparse.Namespace) -> int:
    from tinygrad_sigmoid.testing import GradientMismatch, check_gradients

    output = recorded(arguments.formula, leaves_from(arguments.leaves))
    try:
        certificate = check_gradients(output, order=arguments.order)
    except GradientMismatch as mismatch:
        print(mismatch, file=sys.stderr)
        return 1
    output.backward()
    print(f"{arguments.formula} = {number_text(output.data)}")
    for leaf in leaves(output):
        if not leaf.constant:
            print(f"  ∂/∂{leaf.label} = {number_text(leaf.grad or 0.0)}")
    print(certificate)
    return 0
