"""The engine is proven by its tests, and the tests by mistakes: each one-line mistake is noticed by a named check."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import mutants
import pytest

from tinygrad_sigmoid.operations import TABLE


@pytest.fixture(scope="module")
def outcomes() -> list[Any]:
    """What the checks said of the right package, of each mutant, and of each equivalent one, in this order."""
    program = [sys.executable, "-W", "error", str(Path(mutants.__file__))]
    finished = subprocess.run(program, capture_output=True, text=True, timeout=300, check=True)
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_every_check_passes_on_the_right_package(outcomes: list[Any]) -> None:
    assert dict(zip(mutants.all_checks(), outcomes[0], strict=True)) == dict.fromkeys(mutants.all_checks(), "")


@pytest.mark.parametrize(
    "number", range(len(mutants.MUTANTS)), ids=[" ".join(m.wrong.split()) for m in mutants.MUTANTS]
)
def test_a_mutant_is_noticed(number: int, outcomes: list[Any]) -> None:
    mutant, complaint = mutants.MUTANTS[number], outcomes[1 + number]
    assert complaint, f"{mutant.noticed_by!r} does not notice it"
    assert not complaint.startswith("LookupError"), complaint


@pytest.mark.parametrize("number", range(len(mutants.EQUIVALENT)))
def test_an_equivalent_one_makes_no_difference(number: int, outcomes: list[Any]) -> None:
    said = dict(zip(mutants.all_checks(), outcomes[1 + len(mutants.MUTANTS) + number], strict=True))
    assert said == dict.fromkeys(said, "")


def test_every_operation_has_three_and_every_rule_names_its_own() -> None:
    noticed_by = Counter(mutant.noticed_by for mutant in mutants.MUTANTS)
    # step is flat but for its jump, so two of its three are noticed there.
    assert {name for name in TABLE if noticed_by[f"rule {name}"] < 3} == {"heaviside"}
    assert noticed_by["at a kink"] >= 2
    assert len(set(mutants.MUTANTS)) == len(mutants.MUTANTS) >= 60
