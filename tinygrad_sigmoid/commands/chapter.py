"""Runs an item of the chapter: the book's numbers beside this run's, and what to notice. Without N, lists the items."""

from __future__ import annotations

import argparse
import sys

from tinygrad_sigmoid.chapter import ITEMS, Figure, Item, judged

HELP = "the book's numbers beside yours, item by item, or as a quiz"
EXAMPLES = """examples:
  tinygrad-sigmoid chapter              list the items
  tinygrad-sigmoid chapter 8            run one: Nielsen's equation 5
  tinygrad-sigmoid chapter 5 --quiz     predict first, then see
  tinygrad-sigmoid chapter --quiz       all of them, one after the other
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", type=int, metavar="N", help=f"which item, 1 to {len(ITEMS)}")
    parser.add_argument("--quiz", action="store_true", help="ask for a prediction before a number is shown")


def run(arguments: argparse.Namespace) -> int:
    if arguments.item is None and not arguments.quiz:
        print("\n".join(f"{item.number:2}. {item.title}" for item in ITEMS))
        return 0
    if arguments.item is not None and not 1 <= arguments.item <= len(ITEMS):
        raise ValueError(f"there is no item {arguments.item}: choose one from 1 to {len(ITEMS)}")
    chosen = ITEMS if arguments.item is None else [ITEMS[arguments.item - 1]]
    if arguments.quiz and sys.stdin.isatty() and sys.stdout.isatty():
        _quiz(chosen)
    else:
        _show(chosen)
    return 0


def _show(items: list[Item]) -> None:
    for position, item in enumerate(items):
        print("\n" * (position > 0) + item.heading, flush=True)  # some items then compute for a few seconds
        print(item.table(list(item.figures())))


def _quiz(items: list[Item]) -> None:
    """Asks about one item after the other; the end of input or `q` ends it early."""
    print("Predict before you see. Enter alone skips a question, q ends the quiz.")
    answers: list[bool] = []
    for item in items:
        print(f"\n{item.heading}", flush=True)
        figures = list(item.figures())
        try:
            for figure in figures:
                if figure.question:
                    answers.append(_asked(figure))
        except EOFError:
            break
        print(item.table(figures))
    print(f"\n{sum(answers)} of {len(answers)} predicted.")


def _asked(figure: Figure) -> bool:
    """Asks until there is an answer that can be judged, and whether it was right."""
    choices = f" ({' / '.join(figure.choices)})" if figure.choices else ""
    while True:
        answer = input(f"{figure.question}{choices} ")
        if answer.strip().lower() == "q":
            raise EOFError
        if not answer.strip():
            print(f"It is {figure.shown}.")
            return False
        try:
            judgement = judged(figure, answer)
        except ValueError as error:
            print(error)
            continue
        print(judgement.said)
        return judgement.right
