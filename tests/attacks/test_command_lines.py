"""Command lines by a grammar, right ones and spoilt ones: the work is done, or it is said in one sentence why not."""

from __future__ import annotations

import io
import os
import sys
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from idx_files import write_small_mnist

from tinygrad_sigmoid import Network, cli
from tinygrad_sigmoid.commands import digits, tune
from tinygrad_sigmoid.course import chapter
from tinygrad_sigmoid.course.digits import load_digits
from tinygrad_sigmoid.course.items import Figure, Item
from tinygrad_sigmoid.training import train

pytestmark = pytest.mark.slow

# -- The grammar -------------------------------------------------------------------------------------------------------

Words = list[str]
FORMULAS = [
    ["sigmoid(w*x + b)", "w=0.6", "x=1", "b=−0.9"],
    ["σ(w·x)", " w = 2", "x=1e-3"],
    [" -a*a + 3*a", "a=2"],
    ["max(a, 2)^2", "a=3"],
    ["relu(x)", "x=1"],
]


def option(name: str, *words: str) -> st.SearchStrategy[Words]:
    """An option with one of these words, in each way to write it, or without it."""
    word = st.sampled_from(words)
    forms = [st.just([]), word.map(lambda word: [name, word])]
    return st.one_of(*forms, word.map(lambda word: [f"{name}={word}"])) if name.startswith("--") else st.one_of(*forms)


def flag(name: str) -> st.SearchStrategy[Words]:
    return st.sampled_from([[], [name]])


def line(*parts: Words | st.SearchStrategy[Words]) -> st.SearchStrategy[Words]:
    """The parts one after the other."""
    drawn = [part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts]
    return st.tuples(*drawn).map(lambda parts: [word for part in parts for word in part])


SEED, RATE = option("--seed", "0", "7", str(2**62)), option("--rate", "3", "0.1", "1e-3")
FORMULA = st.sampled_from(FORMULAS)
RIGHT = st.one_of(
    line(SEED, RATE, option("--epochs", "0", "1", "2"), option("--out", ".", "folder")),
    line(["tune"], option("--epochs", "1"), SEED, RATE),
    line(["draw"], FORMULA, option("-o", "a.svg", "a.gv", "a.dot", "folder/σ.svg", "old.svg", "/dev/null.gv")),
    line(["draw"], option("--output", "a.svg"), FORMULA),
    line(["step"], FORMULA, flag("--all")),
    line(["explore"], FORMULA, option("-o", "a.html", "b.HTM"), flag("--open")),
    line(["check"], FORMULA),
    line(["chapter"], st.sampled_from([[], ["1"], ["8"], ["18"]]), flag("--quiz")),
    line(
        ["digits"], option("--hidden", "1", "5"), option("--epochs", "0", "2"), SEED, RATE, option("--save", "a.json")
    ),
    line(["digits"], option("--load", "small.json"), option("--mnist", "mnist"), option("--save", "small.json")),
)
TYPED = """
1e3
99999999999999999999 9223372036854775807 -1 0 nan inf -inf 1e999 ½ ١ w=1e999 w= =1 w==1 w=nan w=− x=1 w*x sigmoid( 2x
__import__('os') 9**9**9**9 (x) x.y no/where no/where.svg . .. folder small.json wrong.json mnist a.txt a.svg a.html
/dev/full /dev/zero /dev/null --seed --rate --epochs --save --load --mnist --hidden --all --quiz --open --out -o
--output --help -h --version -- - --s --o=1 -o=a.svg -xyz draw digits tune chapter
"""
HIDDEN = ["", " ", "\n", "\0", "\r\n", "\ud800", "\udcff", "\x1b[31m", "\u202e", "\u2028"]
LONG = ["a" * 300, "9" * 5000, "-" * 100_000 + "x", "w=" + "9" * 5000]
WRONG = st.sampled_from(TYPED.split() + HIDDEN + LONG) | st.text(st.characters(blacklist_characters="/"), max_size=8)
PLACE = st.integers(0, 20)


def at(place: int, words: Words) -> int:
    return place % len(words) if words else 0


def misspelt(word: str, place: int, letter: str) -> str:
    place %= len(word) + 1
    return word[:place] + letter + word[place + 1 :]


SPOIL: list[Callable[[Words, int, str], Words]] = [
    lambda words, place, wrong: words[:place] + words[place + 1 :],
    lambda words, place, wrong: words[: place + 1] + words[place:],
    lambda words, place, wrong: [*words[:place], wrong, *words[place + 1 :]],
    lambda words, place, wrong: [*words[:place], wrong, *words[place:]],
    lambda words, place, wrong: [*words[:place], words[place].partition("=")[0] + "=" + wrong, *words[place + 1 :]],
    lambda words, place, wrong: [*words[:place], misspelt(words[place], len(wrong), wrong[:1]), *words[place + 1 :]],
    lambda words, place, wrong: [words[place], *words[:place], *words[place + 1 :]],
]


def spoilt(words: Words, changes: list[tuple[int, int, str]]) -> Words:
    for kind, place, wrong in changes:
        if words:
            words = SPOIL[kind](words, at(place, words), wrong)
    return words


CHANGES = st.lists(st.tuples(st.integers(0, len(SPOIL) - 1), PLACE, WRONG), min_size=1, max_size=3)
SPOILT = st.builds(spoilt, RIGHT, CHANGES)

# -- The judge ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with files to find, in which all commands take milliseconds: what is long is made short."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("folder", "mnist"):
        (folder / name).mkdir()
    write_small_mnist(folder / "mnist")
    Network([64, 4, 10], seed=0).save(folder / "small.json")
    Network([2, 4, 10], seed=0).save(folder / "wrong.json")
    (folder / "old.svg").write_text("old")
    few = tuple(part[:60] for part in load_digits())

    def train_briefly(*given: Any, epochs: int, **options: Any) -> Any:
        return train(*given, epochs=min(epochs, 2), **options)

    with pytest.MonkeyPatch.context() as patched:
        for command in (digits, tune, chapter):
            patched.setattr(command, "load_digits", lambda: few)
            patched.setattr(command, "train", train_briefly)
        patched.setattr(tune, "story_of_repairs", lambda *given: "a story")
        patched.setattr(webbrowser, "open", lambda address: True)
        patched.setattr(Item, "figures", lambda item: [Figure(what, 1.0) for what in item.questions])
        patched.setattr(os, "environ", {**os.environ, "COLUMNS": "100"})
        patched.chdir(folder)
        yield folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def outcome(words: Words) -> tuple[int, str, str]:
    """The exit status, what is printed, and what is complained of."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdin", None)  # as it is where it was closed
        patched.setattr(sys, "stdout", streams[0])
        patched.setattr(sys, "stderr", streams[1])
        try:
            status = cli.main(words)
        except SystemExit as stopped:
            status = stopped.code if isinstance(stopped.code, int) else 99
        if sys.stdin:  # which the program has opened, for as long as it runs
            sys.stdin.close()
    for stream in streams:
        stream.flush()
    out, complaint = (stream.buffer.getvalue().decode("utf-8") for stream in streams)
    return status, out, complaint


def judge(words: Words, folder: Path) -> tuple[int, set[str]]:
    """Runs a command line and gives its status and what files it has written, if that is right for the status."""
    before = contents(folder)
    try:
        status, out, complaint = outcome(words)
        after = contents(folder)
    finally:
        for name in contents(folder).keys() - before.keys():
            (folder / name).unlink()
        for name, content in before.items():
            (folder / name).write_bytes(content)
    assert status in (0, 2)
    if status == 0:
        assert out, "something was done"
        assert complaint in ("", "a quiz needs a terminal to ask at, so here are the numbers without it\n")
    else:
        assert after == before, "nothing is left"
        *usage, sentence = complaint.rstrip("\n").split("\n")
        assert all(line.startswith(("usage:", " ")) for line in usage)
        assert sentence.startswith("tinygrad-sigmoid")
        assert sentence.isprintable()
        assert len(sentence) < 700
        thing, cure = sentence.split(": ", 1)[1], sentence.rpartition(": ")[2]
        assert usage or cure != thing, "and what to do about it"
    return status, {name for name, content in after.items() if content != before.get(name)}


@given(RIGHT)
def test_a_right_command_line_does_its_work(folder: Path, words: Words) -> None:
    status, written = judge(words, folder)
    assert status == 0
    named = {word.rpartition("=")[2] for word in words}
    assert {word for word in named if word.endswith((".svg", ".gv", ".dot", ".html", ".HTM", "a.json"))} <= written


@settings(max_examples=600)
@given(SPOILT)
def test_a_spoilt_command_line_is_refused_in_one_sentence_or_does_its_work(folder: Path, words: Words) -> None:
    judge(words, folder)
