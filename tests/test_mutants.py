"""The code is proven by its tests, and the tests by mistakes: nearly every small mistake is noticed by one of them."""

from __future__ import annotations

import ast
import random
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from mutants import (
    EQUIVALENT,
    ROOT,
    TESTS,
    Mutant,
    Run,
    all_mutants,
    judged,
    listed_as_equivalent,
    matches,
    mutants_of,
    path_of,
)

pytestmark = pytest.mark.slow

SAMPLE = 10


def test_every_mutant_is_a_module_of_its_own_that_can_be_compiled() -> None:
    found = all_mutants()
    assert len(found) > 1_000
    assert len({(mutant.module, mutant.source) for mutant in found}) == len(found)
    for mutant in found[::20]:
        ast.parse(mutant.source)
    for mutant in found:
        assert mutant.line != mutant.mutated
        assert mutant.source != (ROOT / path_of(mutant.module)).read_text(encoding="utf-8")


def test_mistakes_are_made_all_over_a_module() -> None:
    for module in TESTS:
        source = (ROOT / path_of(module)).read_text(encoding="utf-8")
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
        abstract = {node.name for node in nodes if "abstractmethod" in map(ast.unparse, node.decorator_list)}
        functions = {node.name for node in nodes} - abstract
        reached = {name for mutant in mutants_of(module) for name in mutant.where.split(".")}
        assert len(functions - reached) <= 0.25 * len(functions), sorted(functions - reached)


def test_the_list_of_equivalent_mutants_is_not_stale() -> None:
    made = all_mutants()
    assert [known for known in EQUIVALENT if not any(matches(mutant, known) for mutant in made)] == []
    assert len({known[:3] for known in EQUIVALENT}) == len(EQUIVALENT)
    assert all(known.reason for known in EQUIVALENT)


def runs(mutants: list[Mutant], jobs: int) -> list[tuple[Mutant, Run]]:
    return list(judged(mutants, jobs))


def in_a_fresh_process(mutants: list[Mutant], jobs: int) -> list[tuple[Mutant, Run]]:
    """What came of each mutant; the process that judges them must not have imported the package."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(runs, mutants, jobs).result()


def test_nearly_all_of_a_sample_are_killed() -> None:
    # Those of the compiler and of the checks, which take minutes, are for `python tests/mutants.py`.
    quick = [module for module in TESTS if not module.startswith(("compiling/", "testing/"))]
    mutants = [mutant for mutant in all_mutants(quick) if not listed_as_equivalent(mutant)]
    judgement = in_a_fresh_process(random.Random(0).sample(mutants, SAMPLE), jobs=2)
    survivors = [str(mutant) for mutant, run in judgement if run.passed]
    assert len(judgement) == SAMPLE
    # The code decides which are drawn: where 5 % survive, one sample in ninety has more than two survivors.
    assert len(survivors) <= 2, "\n".join(survivors)


def test_a_change_that_matters_is_noticed_and_one_that_does_not_is_not() -> None:
    source = (ROOT / path_of("descent")).read_text(encoding="utf-8")
    line = "rate = self.rate / samples"
    assert source.count(line) == 1
    texts = {
        "harmless": f"{line}  # the rate of one sample",
        "wrong": "rate = -self.rate / samples",
        "endless": "while True:\n            pass",
        "broken": "rate = (",
    }
    mutants = [Mutant("descent", name, line, text, source.replace(line, text)) for name, text in texts.items()]
    said = {mutant.where: run for mutant, run in in_a_fresh_process(mutants, jobs=1)}
    assert {name: run.passed for name, run in said.items()} == {
        "harmless": True,
        "wrong": False,
        "endless": False,
        "broken": False,
    }
    assert "test_descent" in said["wrong"].failed
    assert "test_descent" in said["endless"].failed
