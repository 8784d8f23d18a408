"""Whatever a public function is given, it does what it is for, or says in one sentence what is wrong, with a cure."""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import pytest
from wrong_calls import CALLS, NOT_CALLED, Attempt, double, single

import tinygrad_sigmoid
from tinygrad_sigmoid import testing
from tinygrad_sigmoid.testing import strategies


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def complaints(attempts: list[Attempt]) -> list[str]:
    judged = [(attempt, attempt.complaint()) for attempt in attempts]
    return [f"{attempt}: {complaint}" for attempt, complaint in judged if complaint]


def test_every_public_function_is_called() -> None:
    public = {*tinygrad_sigmoid.__all__, *testing.__all__, *strategies.__all__}
    called = {name.partition("(")[0].partition(".")[0] for name in CALLS}
    assert public - called == {*NOT_CALLED}


@pytest.mark.parametrize("name", CALLS)
def test_a_right_call_succeeds(name: str) -> None:
    assert Attempt(name, ()).complaint() == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_refused_in_one_sentence(name: str) -> None:
    assert complaints([attempt for attempt in single() if attempt.name == name]) == []


@pytest.mark.slow
def test_two_wrong_arguments_are_refused_in_one_sentence() -> None:
    assert complaints(list(islice(double(random.Random(0)), 500))) == []


@pytest.mark.slow
def test_two_wrong_arguments_are_refused_in_one_sentence_by_the_thousand() -> None:
    assert complaints(list(islice(double(random.Random(1)), 5_000))) == []
