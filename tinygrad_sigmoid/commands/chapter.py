"""Runs an item of the chapter: the book's numbers beside this run's, and what to notice. Without N, lists the items.

A number that the book doesn't print but that follows from what it says is shown as expected.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tinygrad_sigmoid.commands import at_terminal, columns, say, whole_number
from tinygrad_sigmoid.commands.keys import forget_typed
from tinygrad_sigmoid.course.chapter import ITEMS
from tinygrad_sigmoid.course.items import NEAR, RIGHT, WIDTH, Figure, Item, Question, filled, judged
from tinygrad_sigmoid.reading.steps import counted

EXAMPLES = """examples:
  tinygrad-sigmoid chapter              list the items
  tinygrad-sigmoid chapter 8            run one: Nielsen's equation 5
  tinygrad-sigmoid chapter 5 --quiz     predict first, then see
  tinygrad-sigmoid chapter --quiz       all of them, one after the other
"""

GREETING = (
    f"Predict each number before you see it: within {100 * RIGHT:g} % of it is right, within {100 * NEAR:g} % near. "
    "Write it as in 0.25, 1/4, 25 % or 2.5e-1. Enter alone skips a question; q, Ctrl-D or Ctrl-C ends the quiz. "
    "Your answers are not stored."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("item", nargs="?", type=whole_number, metavar="N", help=f"which item, 1 to {len(ITEMS)}")
    parser.add_argument("--quiz", action="store_true", help="ask for a prediction before a number is shown")


def run(arguments: argparse.Namespace) -> int:
    number = arguments.item
    width = columns(WIDTH)
    if number is None and not arguments.quiz:
        say("\n".join(f"{item.number:2}. {item.title}" for item in ITEMS))
        return 0
    if number is not None and not 1 <= number <= len(ITEMS):
        raise ValueError(f"there is no item {number}: choose one from 1 to {len(ITEMS)}")
    chosen = ITEMS if number is None else [ITEMS[number - 1]]
    if arguments.quiz and at_terminal():
        quiz(chosen, width)
        return 0
    if arguments.quiz:
        say("a quiz needs a terminal to ask at, so here are the numbers without it", sys.stderr)
    for item in chosen:
        print("\n" * (item is not chosen[0]) + item.heading(width), flush=True)  # some then compute for a few seconds
        print(item.table(item.figures(), width))
    return 0


def quiz(items: Sequence[Item], width: int) -> None:
    """Asks about one item after the other; `q`, Ctrl-D and Ctrl-C end it early, all with the score."""
    print(filled(GREETING, width))
    verdicts: list[str] = []
    try:
        for item in items:
            # Neither the title, which says what comes out, nor a figure is shown before it was predicted.
            print("\n" + filled(f"{item.number}. {item.story}", width), flush=True)
            figures = item.figures()
            forget_typed()
            for what, question in item.questions.items():
                figure = next(figure for figure in figures if figure.what == what)
                verdicts.append(asked(question, figure, width))
            print(f"\n{filled(item.title, width)}\n{item.table(figures, width)}")
    except EOFError:
        print()
    finally:
        counts = [f"{verdicts.count(verdict)} {verdict}" for verdict in ("right", "near", "wrong", "skipped")]
        print("\n" + filled(f"Of {counted(len(verdicts), 'question')}: {', '.join(counts)}.", width))


def asked(question: Question, figure: Figure, width: int) -> str:
    """Asks until there is an answer that can be judged, says why unless it is right, and gives the verdict."""
    choices = f" ({' / '.join(question.choices)})" if question.choices else ""
    while True:
        print("\n" + filled(f"{question.asks}{choices}", width))
        try:
            answer = input("> ").strip()
            if answer.lower() == "q":
                raise EOFError
            skipped = "skipped", f"Skipped. The answer: {figure.shown}."
            verdict, said = judged(figure, answer, question.choices) if answer else skipped
        except ValueError as error:
            print(filled(str(error), width))
            continue
        print(filled(said if verdict == "right" else f"{said} {question.why}", width))
        return verdict
