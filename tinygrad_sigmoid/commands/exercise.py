"""Exercises: lists them, writes one as a file with a gap, and marks it by calling what is wrong by its name.

`exercise check` runs the file on fresh cases, in a process of its own, for at most 10 seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.commands import file_name, say, whole_number
from tinygrad_sigmoid.commands.draw import save
from tinygrad_sigmoid.course.exercises import EXERCISES, Marking, mark
from tinygrad_sigmoid.files import printable_name, write_whole

EXAMPLES = """examples:
  tinygrad-sigmoid exercise                            list them
  tinygrad-sigmoid exercise 3                          write 03_tanh.py, with a gap to fill
  tinygrad-sigmoid exercise check 03_tanh.py           right, or what is wrong, and a hint
  tinygrad-sigmoid exercise check 03_tanh.py --hint 2  the next hint
  tinygrad-sigmoid exercise check 09_backward.py -o wrong.svg   the picture of the first wrong step
  tinygrad-sigmoid exercise check *.py --json          points for a grader, a line for each file
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", metavar="N|check", help=f"an exercise, 1 to {len(EXERCISES)}; or check")
    parser.add_argument("files", nargs="*", type=file_name, metavar="FILE", help="what to check")
    parser.add_argument(
        "-o", "--output", type=file_name, metavar="FILE", help="where to write the exercise, or the picture"
    )
    parser.add_argument("--hint", type=whole_number, default=1, metavar="N", help="which hint to give (1)")
    parser.add_argument("--seed", type=whole_number, metavar="N", help="for the cases of an earlier marking once more")
    parser.add_argument("--json", action="store_true", help="the marking for a program, and no hint")


def run(arguments: argparse.Namespace) -> int:
    if arguments.what is None:
        for exercise in EXERCISES:
            say(f"{exercise.number:2}. {exercise.title}")
        say("\nwrite one: tinygrad-sigmoid exercise 1")
        return 0
    if arguments.what != "check":
        if arguments.files:
            raise ValueError(f"one exercise is written at a time: leave out {' '.join(arguments.files)}, or use check")
        return _write(arguments)
    if not arguments.files:
        raise ValueError("there is no file to check: name it, as in exercise check 03_tanh.py")
    checks.seed(arguments.seed)
    check = _graded if arguments.json else _marked if len(arguments.files) == 1 else _marked_or_refused
    right = [check(name, arguments) for name in arguments.files]
    return 0 if all(right) else 1


def _write(arguments: argparse.Namespace) -> int:
    number = whole_number(arguments.what) if arguments.what.isdecimal() else 0
    if not 1 <= number <= len(EXERCISES):
        raise ValueError(f"there is no exercise {arguments.what}: choose one from 1 to {len(EXERCISES)}, or check FILE")
    exercise = EXERCISES[number - 1]
    name = arguments.output or exercise.file
    if os.path.lexists(name):
        raise ValueError(
            f"'{printable_name(name)}' is there already, perhaps with your work in it: name another file with -o"
        )
    write_whole(name, exercise.text)
    say(f"{printable_name(name)}: {exercise.title}")
    if exercise.needs:
        say(f"it needs {exercise.needs}: pip install {exercise.needs}")
    say(f"fill the gap, then: tinygrad-sigmoid exercise check {shlex.quote(printable_name(name))}")
    return 0


def _draw(marking: Marking, name: str) -> None:
    drawing = marking.draw()
    if drawing is None:
        raise ValueError(f"there is no picture of this mistake, so '{printable_name(name)}' was not written")
    save(drawing, name)


def _graded(name: str, arguments: argparse.Namespace) -> bool:
    """Prints the marking as JSON; a file that can't be marked is wrong, and the others have their turn."""
    try:
        told = mark(name, seed=arguments.seed).data()
    except (ValueError, OSError) as error:
        told = {"right": False, "points": 0, "wrong": str(error)}
    print(json.dumps({"file": name, **told}, ensure_ascii=False), flush=True)
    return bool(told["right"])


def _marked_or_refused(name: str, arguments: argparse.Namespace) -> bool:
    """Marks one of several files: if it can't be marked, that is said, and the others have their turn."""
    say(f"\n{printable_name(name)}")
    try:
        return _marked(name, arguments)
    except (ValueError, OSError) as error:
        say(error)
        return False


def _marked(name: str, arguments: argparse.Namespace) -> bool:
    marking = mark(name, seed=arguments.seed)
    say(marking)
    if marking.right:
        if marking.exercise.number < len(EXERCISES):
            say(f"the next one: tinygrad-sigmoid exercise {marking.exercise.number + 1}")
        return True
    say(f"\n{marking.hint(arguments.hint)}")
    if arguments.hint < len(marking.exercise.hints):
        say(f"(another one: --hint {arguments.hint + 1})")
    if arguments.output:
        _draw(marking, arguments.output)
    say(f"{marking.points} of {marking.cases} cases are right; the same cases again: --seed {marking.seed}")
    return False
