"""Runs an item of the chapter: the book's numbers beside this run's, and what to notice. Without N, lists the items.

A number that the book doesn't print but that follows from what it says is shown as expected.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence

from tinygrad_sigmoid.commands import at_terminal, whole_number
from tinygrad_sigmoid.course.chapter import ITEMS
from tinygrad_sigmoid.course.items import WIDTH, Figure, Item, judged

EXAMPLES = """examples:
  tinygrad-sigmoid chapter              list the items
  tinygrad-sigmoid chapter 8            run one: Nielsen's equation 5
  tinygrad-sigmoid chapter 5 --quiz     predict first, then see
  tinygrad-sigmoid chapter --quiz       all of them, one after the other
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", type=whole_number, metavar="N", help=f"which item, 1 to {len(ITEMS)}")
    parser.add_argument("--quiz", action="store_true", help="ask for a prediction before a number is shown")


def run(arguments: argparse.Namespace) -> int:
    number = arguments.item
    if number is None and not arguments.quiz:
        print("\n".join(f"{item.number:2}. {item.title}" for item in ITEMS))
        return 0
    if number is not None and not 1 <= number <= len(ITEMS):
        raise ValueError(f"there is no item {number}: choose one from 1 to {len(ITEMS)}")
    chosen = ITEMS if number is None else [ITEMS[number - 1]]
    width = min(WIDTH, shutil.get_terminal_size(fallback=(WIDTH, 24)).columns)
    if arguments.quiz and at_terminal():
        quiz(chosen, width)
        return 0
    if arguments.quiz:
        print("a quiz needs a terminal to ask at, so here are the numbers without it", file=sys.stderr)
    for item in chosen:
        print("\n" * (item is not chosen[0]) + item.heading(width), flush=True)  # some then compute for a few seconds
        print(item.table(item.figures(), width))
    return 0


def quiz(items: Sequence[Item], width: int) -> None:
    """Asks about one item after the other; the end of input or `q` ends it early."""
    print("Predict before you see. Enter alone skips a question, q ends the quiz.")
    answers: list[bool] = []
    for item in items:
        print(f"\n{item.heading(width)}", flush=True)
        figures = item.figures()
        try:
            answers.append(asked(item, figures, width))
        except EOFError:
            break
        print(item.table(figures, width))
    print(f"\n{sum(answers)} of {len(answers)} predicted.")


def asked(item: Item, figures: Sequence[Figure], width: int) -> bool:
    """Asks until there is an answer that can be judged, says why if it is wrong, and gives whether it was right."""
    figure = next(figure for figure in figures if figure.what == item.about)
    choices = f" ({' / '.join(item.choices)})" if item.choices else ""
    while True:
        answer = input(f"{item.question}{choices} ").strip()
        if answer.lower() == "q":
            raise EOFError
        if not answer:
            print(textwrap.fill(f"It is {figure.shown}. {item.why}", width))
            return False
        try:
            right, said = judged(figure, answer, item.choices)
        except ValueError as error:
            print(error)
            continue
        print(said)
        if not right:
            print(textwrap.fill(item.why, width))
        return right
