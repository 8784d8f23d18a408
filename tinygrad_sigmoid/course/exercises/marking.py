"""`mark`: a learner's file is right, or what is wrong in it is called by its name and shown on the smallest numbers."""

from __future__ import annotations

import ast
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tinygrad_sigmoid.course.exercises.exercise import LONGEST, Case, Exercise, Given, MarkedGraph, Row, plain
from tinygrad_sigmoid.course.exercises.listed import EXERCISES
from tinygrad_sigmoid.drawing import child
from tinygrad_sigmoid.files import printable_name, read_at_most
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.reading.tree import marked

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

ANSWERING = "tinygrad_sigmoid.course.exercises.answering"  # which is imported in another process only
SECONDS = 10  # that a file may take for all its cases
MEMORY = 4 << 30  # bytes of address space, most of which NumPy only reserves
LARGEST = 1_000_000  # bytes of a file
MOST_PRINTED = 20_000  # bytes
AS_IT_WAS = "this is still the function as it was, whose mistake you are to find: here is where it shows"


@dataclass(frozen=True)
class Marking:
    """What was found out about a learner's file; print it."""

    exercise: Exercise
    seed: int  # which gives the same cases again
    points: int  # how many cases are right,
    cases: int  # of how many
    wrong: str = ""  # what is wrong, by its name; empty if all is right
    case: str = ""  # the smallest case that shows it, as it would be typed
    rows: Sequence[Row] = field(default=(), repr=False)  # what is wrong in it: what it is called, yours, right
    picture: MarkedGraph | None = field(default=None, repr=False)  # where it first goes wrong

    @property
    def right(self) -> bool:
        """Whether all cases are right."""
        return not self.wrong

    def hint(self, number: int) -> str:
        """The hint of this number, from 1: each gives a little more away than the one before."""
        count = len(self.exercise.hints)
        if not 1 <= number <= count:
            raise ValueError(f"exercise {self.exercise.number} has no hint {number}: there are {count}, from 1")
        return f"hint {number} of {count}: {self.exercise.hints[number - 1]}"

    def draw(self) -> Drawing | None:
        """The graph, with the place marked where it first goes wrong; None if the exercise is about none."""
        from tinygrad_sigmoid.drawing import draw

        return draw(self.picture.output, marks=dict(self.picture.marks)) if self.picture else None

    def data(self) -> dict[str, Any]:
        """The marking for a program that collects points."""
        told = {"exercise": self.exercise.number, "title": self.exercise.title, "right": self.right}
        return told | {name: getattr(self, name) for name in ("points", "cases", "wrong", "case", "seed")}

    def __str__(self) -> str:
        heading = f"Exercise {self.exercise.number}: {self.exercise.title}"
        if self.right:
            return f"{heading}\nright, on {self.cases} fresh cases"
        lines = [heading, f"not yet: {self.wrong}"]
        if self.case:
            lines += ["", self.case]
        if self.rows:
            lines += _columns([("", "yours", "right"), *self.rows])
        if self.picture:
            lines += ["", marked(self.picture.output, self.picture.marks)]
        return "\n".join(lines)


def mark(path: str | os.PathLike[str], *, seed: int | None = None) -> Marking:
    """Whether the file at `path` solves its exercise, and if not, what is wrong.

    The code in it runs in a process of its own, on cases that are new each time, for at most 10 seconds and without a
    network. In a test: `marking = mark("03_tanh.py"); assert marking.right, marking`.

    Args:
        path: The file that `tinygrad-sigmoid exercise N` wrote, with the gap filled; it may have another name by now.
        seed: For the cases of an earlier marking once more.

    Raises:
        OSError: The file can't be read.
        ValueError: It is not known which exercise that is, or a package is not installed that it needs.
    """
    text = read_at_most(path, LARGEST).decode(errors="replace")
    exercise = _exercise(text, path)
    if exercise.needs and not find_spec(exercise.needs):
        raise ValueError(f"exercise {exercise.number} needs {exercise.needs}: run `pip install {exercise.needs}`")
    seed = random.randrange(1_000_000) if seed is None else seed
    cases = exercise.fresh(seed)
    untouched = _untouched(text, exercise)
    if untouched and "..." in exercise.text:
        gap = "nothing is written yet: fill the gap, where the three dots are, then mark it again"
        return Marking(exercise, seed, 0, len(cases), gap)
    answers = _answers(exercise, os.path.abspath(path), cases)
    try:
        marking = judge(exercise, cases, answers, seed)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        strange = "its answers are not what this exercise asks for: does the code change anything outside of itself?"
        return Marking(exercise, seed, 0, len(cases), strange)
    return replace(marking, wrong=AS_IT_WAS, points=0) if untouched else marking


def judge(exercise: Exercise, cases: Sequence[Case], answers: Sequence[Given], seed: int = 0) -> Marking:
    """What these answers to these cases come to; if some are missing, the last one says why."""
    wrong = [
        (case, given)
        for case, given in zip(cases, answers, strict=False)
        if given.error or given.answer is None or not exercise.agrees(case, given.answer)
    ]
    points = len(answers) - len(wrong)
    if not wrong:
        return Marking(exercise, seed, points, len(cases))
    case, given = min(wrong, key=lambda pair: exercise.size(pair[0]))
    name = ""
    if len(answers) == len(cases):
        name = exercise.name_of(cases, answers)
        if not name and cases[0] == cases[-1] and repr(answers[0].answer) != repr(answers[-1].answer):
            name = "the same case gives another answer the second time: is anything kept, or a set's order used?"
        given_only = [(one, answer) for one, answer in zip(cases, answers, strict=True) if not answer.error]
        if not name and len(wrong) > len(cases) - len(given_only):  # not only those are wrong that stop with an error
            name = exercise.described(*zip(*given_only, strict=True))
    if given.error:
        where = f" (line {given.line})" if given.line else ""
        error = f"{printable(given.error, LONGEST)}{where}"
        return Marking(exercise, seed, points, len(cases), f"{name} ({error})" if name else error, exercise.said(case))
    name = name or "not as it should be, and none of the usual mistakes"
    rows, picture = exercise.compared(case, given.answer), exercise.picture(case, given.answer)
    return Marking(exercise, seed, points, len(cases), name, exercise.said(case), rows, picture)


def _exercise(text: str, path: str | os.PathLike[str]) -> Exercise:
    if (found := re.search(r"Exercise (\d+)", text)) and 1 <= int(found[1]) <= len(EXERCISES):
        return EXERCISES[int(found[1]) - 1]
    likely = next((one for one in EXERCISES if one.file == os.path.basename(path)), EXERCISES[0])
    raise ValueError(
        f"'{printable_name(path)}' doesn't say which exercise it is: let it begin with # Exercise {likely.number}"
    )


def _untouched(text: str, exercise: Exercise) -> bool:
    with suppress(SyntaxError):
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse(exercise.text))
    return False


def _answers(exercise: Exercise, path: str, cases: Sequence[Case]) -> list[Given]:
    """What the learner's code gives for the cases, as far as it gets."""
    with tempfile.TemporaryDirectory() as folder:
        asked, written = Path(folder, "cases"), Path(folder, "answers")
        asked.write_text(json.dumps(cases), encoding="utf-8")
        command = [sys.executable, "-P", "-m", ANSWERING, str(exercise.number), path, str(asked), str(written)]
        in_time = _run(command)
        lines = written.read_text(encoding="utf-8").splitlines() if written.exists() else []
    answers = list(_read(lines))
    if len(answers) < len(cases) and not (answers and answers[-1].error):
        why = "it ends the program, with no answer"
        if not in_time:
            why = f"no answer after {SECONDS} seconds: does the loop, or the recursion, come to an end?"
        answers.append(Given(None, why))
    return answers


def _read(lines: Sequence[str]) -> Iterator[Given]:
    for line in lines:
        try:
            answer, error, number = json.loads(line)
            yield Given(answer if answer is None else plain(answer), str(error), int(number))
        except (TypeError, ValueError):  # it was stopped while it wrote, or wrote something else
            return


def _run(command: Sequence[str]) -> bool:
    """Runs the learner's code until it ends, or its time is over; whether it ended."""
    if os.name == "posix":
        limits = [str(os.getpid()), str(SECONDS + 1), str(MEMORY)]
        command = [sys.executable, "-I", "-S", child.__file__, *limits, *command]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, bufsize=0
    )
    printing = threading.Thread(target=_pass_on, args=[process.stderr], daemon=True)
    printing.start()
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return False
    finally:
        if os.name == "posix":
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with whatever it has started
        process.kill()
        process.wait()
        printing.join(1)
    return True


def _pass_on(printed: IO[bytes]) -> None:
    """Shows the first of what is printed, and takes the rest away."""
    left = MOST_PRINTED
    with printed:
        while piece := printed.read(1 << 16):
            sys.stderr.write(piece[:left].decode(errors="replace"))
            if 0 < left < len(piece):
                sys.stderr.write("\n… and more than that\n")
            left = max(0, left - len(piece))


def _columns(rows: Sequence[Row]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["   ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
