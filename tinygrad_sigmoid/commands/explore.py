"""Writes the live page of a formula: drag its leaves in a browser, and both passes follow."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from tinygrad_sigmoid.commands import add_formula, file_name, graph_of
from tinygrad_sigmoid.files import printable_name

EXAMPLES = """examples:
  tinygrad-sigmoid explore "sigmoid(w*x + b)" w=0.6 x=1 b=0.9 -o page.html --open
The page is one file that needs no network: mail
it, put it on a site, open it from the disk."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_formula(parser)
    parser.add_argument(
        "-o", "--output", type=file_name, metavar="FILE", default="explore.html", help="the page (explore.html)"
    )
    parser.add_argument("--open", action="store_true", help="open it in the browser")


def run(arguments: argparse.Namespace) -> int:
    from tinygrad_sigmoid.page import explore

    explore(graph_of(arguments), path=arguments.output)
    print(printable_name(arguments.output))
    if arguments.open and not webbrowser.open(Path(arguments.output).resolve().as_uri()):
        raise OSError(f"no browser could be started: open {arguments.output} by hand")
    return 0
