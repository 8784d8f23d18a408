"""The exercises: right is right, and each way to be wrong gets its name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import students
import wrong_backwards
from wrong_backwards import WRONG

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.course.exercises import EXERCISES, Marking, mark
from tinygrad_sigmoid.course.exercises.exercise import Exercise, Function
from tinygrad_sigmoid.course.exercises.marking import judge
from tinygrad_sigmoid.course.exhibits import EXHIBITS, Exhibit, Ledger
from tinygrad_sigmoid.graph import topological_order

NUMBERED = [pytest.param(exercise, id=exercise.file) for exercise in EXERCISES]


MISTAKES = [
    pytest.param(exercise, name, function, id=f"{exercise.number}-{name}-{number}")
    for exercise in EXERCISES
    for name, functions in exercise.mistakes.items()
    for number, function in enumerate(functions)
]


def judged(exercise: Exercise, function: Function, seed: int) -> Marking:
    cases = json.loads(json.dumps(exercise.fresh(seed)))
    return judge(exercise, cases, [exercise.given(function, case) for case in cases])


@pytest.mark.parametrize("exercise", NUMBERED)
def test_the_right_answer_is_right(exercise: Exercise) -> None:
    for seed in range(20):
        assert judged(exercise, exercise.right, seed).right


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "name", "function"), MISTAKES)
def test_a_mistake_gets_its_name(exercise: Exercise, name: str, function: Function) -> None:
    for seed in range(20):
        marking = judged(exercise, function, seed)
        assert marking.wrong.startswith(name)
        assert str(marking)


# -- Files, each in a process of its own -------------------------------------------------------------------------------


def written(folder: Path, number: int, *changes: tuple[str, str], name: str = "") -> Path:
    """The file of an exercise, with these changes of its text."""
    exercise = EXERCISES[number - 1]
    text = exercise.text
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / (name or exercise.file)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("says", "line"),
    [
        ("it stops with ZeroDivisionError: division by zero (line 10)", "1 / 0"),
        ("the gap is still there", "..., 1"),
        ("it returns nothing", "None"),
        ("'a' is text", "'a', 1"),
        ("it ends the program, with no answer", "__import__('os')._exit(0)"),
        ("it ends the program, with no answer (line 10)", "exit()"),
        ("it stops with KeyboardInterrupt", "(_ for _ in ()).throw(KeyboardInterrupt)"),
        (
            "it stops with PermissionError: an exercise needs no network",
            "__import__('socket').create_connection(('a', 1))",
        ),
        ("it asks for input, but here nobody answers", "input()"),
        ("it stops with SyntaxError: invalid syntax (line 10)", "1 +* 2"),
        ("it stops with RecursionError", "derivatives(out, x, y)"),
        ("nothing is written yet", "..., ..."),
        (
            "it ends the program, with no answer",
            "setattr(__import__('tinygrad_sigmoid.course.exercises.exercise', fromlist='x'), 'Given', lambda *_: 5)",
        ),
        ("wrong only in ∂out/∂x", "x, x"),
        ("the wrong shape", "y"),
        ("not as it should be, and none of the usual mistakes", "x * x + y, 7 - y"),
    ],
)
def test_whatever_the_code_does_there_is_a_sentence(tmp_path: Path, line: str, says: str) -> None:
    marking = mark(written(tmp_path, 1, ("..., ...", line)))
    assert marking.wrong.startswith(says)
    assert str(marking).startswith(f"Exercise 1: the local derivatives of multiply\nnot yet: {says}")


@pytest.mark.slow
def test_what_takes_too_long_is_stopped_and_says_on_which_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinygrad_sigmoid.course.exercises.marking.SECONDS", 2)
    marking = mark(written(tmp_path, 1, ("return ..., ...", "while x > 2: pass\n    return y, x")))
    assert "no answer after 2 seconds: does the loop" in marking.wrong
    assert marking.case.startswith("derivatives(out=")


def test_what_the_code_stores_or_changes_has_no_weight(tmp_path: Path) -> None:
    change = """from tinygrad_sigmoid.operations import multiply
    multiply.derivatives = lambda out, x, y: (x, y)
    from tinygrad_sigmoid.course.exercises import marking, EXERCISES
    marking.judge = None
    return"""
    marking = mark(written(tmp_path, 1, ("return", change), ("..., ...", "x, y")))
    assert marking.wrong.startswith("x and y are exchanged")


@pytest.mark.slow
def test_what_the_code_prints_is_seen_but_not_taken_for_an_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert mark(written(tmp_path, 1, ("return ..., ...", "print('[0]'); return y, x"))).right
    out, err = capfd.readouterr()
    assert not out
    assert set(err.split()) == {"[0]"}


def test_much_that_is_printed_is_cut_and_no_mistake(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert mark(written(tmp_path, 1, ("return ..., ...", "print('x' * 100_000); return y, x"))).right
    printed = capfd.readouterr().err
    assert len(printed) < 25_000
    assert printed.endswith("x\n… and more than that\n")


@pytest.mark.slow
@pytest.mark.parametrize("line", ["raise KeyboardInterrupt", "import sys; sys.exit(3)", "raise Silent"])
def test_whatever_ends_the_file_is_said_with_its_line(tmp_path: Path, line: str) -> None:
    silent = "class Silent(Exception):\n    def __str__(self): raise ValueError\n"
    path = tmp_path / "one.py"
    path.write_text(f'"""Exercise 1"""\n{silent}{line}\n', encoding="utf-8")
    wrong = mark(path).wrong
    assert wrong.startswith("it ends the program" if "exit" in line else f"it stops with {line.removeprefix('raise ')}")
    assert wrong.endswith(" (line 4)")


@pytest.mark.slow
def test_an_untouched_file_has_no_points(tmp_path: Path) -> None:
    for exercise in EXERCISES:
        assert mark(written(tmp_path, exercise.number)).points == 0


@pytest.mark.slow
def test_numbers_that_differ_in_the_tenth_digit_are_shown_with_it(tmp_path: Path) -> None:
    marking = mark(written(tmp_path, 1, ("return ..., ...", "return y * (1 + 1e-8), x")))
    assert all(yours != right for _, yours, right in marking.rows)


@pytest.mark.slow
def test_a_wrong_shape_is_told_as_numpy_has_it(tmp_path: Path) -> None:
    marking = mark(written(tmp_path, 15, ("return ..., ..., ...", "return upstream, W, b")))
    name, yours, right = marking.rows[0]
    assert (name, {yours, right} <= {f"({n}, {k})" for n in (1, 2, 3) for k in (1, 2, 3)}) == ("shape of ∂C/∂x", True)


@pytest.mark.slow
def test_of_several_files_each_is_marked_though_one_can_not_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, 1, ("..., ...", "y, x"))
    (tmp_path / "empty.py").touch()
    assert main(["exercise", "check", "nothing.py", "empty.py", "01_multiply.py"]) == 1
    out = capsys.readouterr().out
    assert "'nothing.py' can't be read" in out
    assert "'empty.py' doesn't say which exercise it is: let it begin with # Exercise 1" in out
    assert "right, on 27 fresh cases" in out
    assert main(["exercise", "3", "4"]) == 2
    assert main(["exercise", "3", "-o", "my tanh.py"]) == 0
    assert "exercise check 'my tanh.py'" in capsys.readouterr().out


@pytest.mark.slow
def test_the_cases_are_new_each_time_and_a_seed_brings_them_back(tmp_path: Path) -> None:
    path = written(tmp_path, 1, ("..., ...", "x, y"), name="any name.py")
    first, again = mark(path), mark(path)
    assert first.seed != again.seed
    assert str(mark(path, seed=first.seed)) == str(first)


@pytest.mark.slow
def test_the_command_for_learners_and_for_graders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["exercise"]) == 0
    assert [line[4:] for line in capsys.readouterr().out.splitlines()[:15]] == [one.title for one in EXERCISES]
    assert main(["exercise", "1"]) == 0
    assert main(["exercise", "check", "01_multiply.py", "--hint", "2"]) == 1
    assert "\nhint 2 of 3: x·y as a function" in capsys.readouterr().out
    assert main(["exercise", "1"]) == 2
    assert "is there already, perhaps with your work in it" in capsys.readouterr().err
    written(tmp_path, 1, ("..., ...", "y, x"))
    assert main(["exercise", "check", "01_multiply.py"]) == 0
    assert "right, on 27 fresh cases" in capsys.readouterr().out
    (tmp_path / "empty.py").touch()
    written(tmp_path, 10)
    assert main(["exercise", "check", "10_find_the_bug.py", "-o", "wrong.svg"]) == 1
    assert "this is still the function as it was" in capsys.readouterr().out
    assert "hands on" in (tmp_path / "wrong.svg").read_text(encoding="utf-8")
    assert main(["exercise", "check", "empty.py", "01_multiply.py", "--json"]) == 1
    empty, right = map(json.loads, capsys.readouterr().out.splitlines())
    assert (empty["file"], empty["right"], empty["points"]) == ("empty.py", False, 0)
    assert (right["exercise"], right["right"], right["points"], right["cases"]) == (1, True, 27, 27)


# -- Students ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("written", [pytest.param(one, id=f"{one.number}-{one.begins}") for one in students.WRITTEN])
def test_what_students_write_gets_its_name(written: students.Written) -> None:
    exercise = EXERCISES[written.number - 1]
    namespace: dict[str, Any] = {}
    exec(written.code, namespace)
    for seed in range(5):
        marking = judged(exercise, namespace[exercise.function], seed)
        assert marking.right == (written.begins == students.RIGHT), str(marking)
        assert marking.right or marking.wrong.startswith(written.begins), str(marking)


def test_each_exercise_is_solved_rightly_and_wrongly_in_five_ways() -> None:
    names = {number: {one.begins for one in students.WRITTEN if one.number == number} for number in range(1, 16)}
    for number in {*names} - {9, 10}:  # whose wrong passes are below
        assert students.RIGHT in names[number]
        assert len(names[number]) > 5


# Wrong backward passes that give gradients, which is not so where data is changed, or only a second pass is wrong.
GIVEN = {name: one for name, one in WRONG.items() if one.bug and name not in ("replaces_leaves", "adds_everywhere")}


@pytest.mark.parametrize("through_the_ledger", [True, False])
@pytest.mark.parametrize("number", [9, 10])
@pytest.mark.parametrize("name", GIVEN)
def test_a_hundred_wrong_backward_passes_get_their_names(
    name: str, number: int, through_the_ledger: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backward(output: Value, gradients: Ledger) -> None:
        def fresh(output: Value) -> Ledger:
            gradients.update(dict.fromkeys(topological_order(output), 0.0) | {output: 1.0})
            return gradients

        if through_the_ledger:
            monkeypatch.setattr(wrong_backwards, "fresh", fresh)
        found = GIVEN[name].backward(output)
        if found is None:
            found = {value: value.grad or 0.0 for value in topological_order(output)}
        if found is not gradients:
            gradients.update(found)

    marking = judged(EXERCISES[number - 1], backward, 1)
    bug = GIVEN[name].bug
    if bug == "the output's gradient is never set to 1":
        bug = "every gradient is 0"
    if name == "only_from_the_output" and through_the_ledger:  # from whose edges it can be told
        bug = "only the output passes its gradient back"
    assert marking.wrong.startswith(bug)
    assert marking.picture
    assert marking.picture.marks


PASS = """
def backward(output, gradients):
    gradients[output] = 1.0
    for value in reversed(topological_order(output)):
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("gradients[used] +=", "if used in gradients: gradients[used] +=", ""),
        ("gradients[used] += ", "gradients[used] = gradients.get(used) + ", ""),
        ("reversed(topological_order(output))", "reversed(list(gradients))", ""),
        ("gradients[value] *", "gradients[value.label] *", "it uses gradients[…] of what is no value"),
        ("edges(value)", "list(edges(value))[:2]", "not as it should be"),
        (
            "for value in reversed(topological_order(output)):\n        for used, local in edges(value):\n"
            "            gradients[used] += gradients[value] * local\n",
            "def visit(value, seen=set()):\n        for used, local in edges(value):\n"
            "            if used not in seen:\n                seen.add(used)\n"
            "                gradients[used] += gradients[value] * local\n                visit(used)\n"
            "    visit(output)\n",
            "only the first use kept",
        ),
        (
            "gradients):",
            "gradients, done=set()):\n    if output in done: return\n    done.add(output)",
            "called once more",
        ),
    ],
)
def test_a_pass_may_take_the_dict_for_what_the_text_says_it_is(old: str, new: str, wrong: str) -> None:
    assert old in PASS
    names: dict[str, Any] = {}
    exec(f"{students.IMPORTS}{PASS.replace(old, new)}", names)
    marking = judged(EXERCISES[8], names["backward"], 0)
    assert marking.wrong.startswith(wrong) if wrong else marking.right, str(marking)


def test_there_are_a_hundred() -> None:
    assert 4 * len(GIVEN) > 100


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_the_first_wrong_edge_of_an_exhibit_is_marked(exhibit: Exhibit) -> None:
    marking = judged(EXERCISES[8], exhibit.run, 0)
    assert marking.wrong == f"{exhibit.name}: {exhibit.lesson}"
    assert re.search(r"◀ (edge \d+: hands on|should hand on|.* replaces|given to once too often)", str(marking))
