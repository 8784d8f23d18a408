"""The learner's code, in a process of its own: it is given cases, and each answer is written down as it comes.

Nothing is judged here. Whoever started this process works the right answers out for itself, so whatever the code in it
changes, or claims to know, has no weight. What it prints goes to standard error.
"""

from __future__ import annotations

import os
import runpy
import sys
from contextlib import suppress
from json import dumps, loads
from pathlib import Path
from typing import Any, TextIO

from tinygrad_sigmoid.course.exercises.exercise import Exercise, Function, Given, failure
from tinygrad_sigmoid.course.exercises.listed import EXERCISES

LARGEST = 100_000_000  # bytes of a file that the learner's code, or what it prints, may fill


def answer(number: str, path: str, cases: str, answers: str) -> None:
    """Writes what the function in the file at `path` gives for each of the cases into the file `answers`."""
    exercise = EXERCISES[int(number) - 1]
    with open(answers, "w", encoding="utf-8") as written:
        sys.addaudithook(_without_network)
        with suppress(ImportError):  # only POSIX has it
            import resource

            resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST, LARGEST))
        sys.path.append(str(Path(path).parent))
        loaded = _loaded(exercise, path)
        if isinstance(loaded, Given):
            _write(loaded, written)
            return
        for case in loads(Path(cases).read_text(encoding="utf-8")):
            try:
                _write(exercise.given(loaded, case, path), written)
            except BaseException as error:  # the code ends the program, or interrupts it
                _write(failure(error, path), written)


def _loaded(exercise: Exercise, path: str) -> Function | Given:
    """What the exercise asks for, out of the file; or why it isn't there."""
    try:
        found = runpy.run_path(path).get(exercise.function)
    except BaseException as error:  # an interruption too, which it may raise itself
        return failure(error, path)
    if not callable(found):
        what = f"there is no {exercise.function} in it" if found is None else f"{exercise.function} is no function"
        return Given(None, f"{what}: the exercise asks for a function of this name")
    function: Function = found
    return function


def _write(given: Given, written: TextIO) -> None:
    written.write(dumps(given) + "\n")
    written.flush()


def _without_network(event: str, _: Any) -> None:
    if event.startswith("socket.") and event != "socket.__new__":
        raise PermissionError("an exercise needs no network")


if __name__ == "__main__":
    os.dup2(2, 1)
    answer(*sys.argv[1:])
