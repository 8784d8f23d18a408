"""Does a test notice when the code is wrong? Small mistakes, put into the package one at a time, tell.

A *mutant* is the package with one small mistake in it: `<` for `<=`, `+` for `-`, two arguments swapped, a statement
left out. It is *killed* if one of the tests named for its module fails, and *survives* if all of them pass: then the
suite would not notice that mistake, unless the mutant is *equivalent*, that is, no worse than the original. The tests
marked as slow are left out, so what is found is that the fast ones notice.

    python tests/mutants.py                     # a sample of all mutants, about ten minutes
    python tests/mutants.py --all graph value   # every mutant of two modules
    python tests/mutants.py --equivalent        # those that are listed below: they must survive

Text is not mutated, and neither is anything inside an f-string: what messages say is for readers to judge.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from pathlib import Path
from typing import NamedTuple

os.environ["HYPOTHESIS_NO_PLUGINS"] = "1"  # ours would import the package, and not the mutated one

import hypothesis
import pytest
from tqdm import tqdm

FORK = get_context("fork")
ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "tinygrad_sigmoid"

KERNELS = ["test_kernel", "test_plan", "test_compiled_targets", "test_compiled", "test_compiled_edges"]
SOURCES = ["test_source", "test_source_names", "test_compiled_javascript", "test_compiled"]
CHECKS = ["test_naming", "test_check_functions", "test_gradient_check", "test_mismatch"]
OTHERS = ["test_check_functions", "test_mismatch", "test_check_backward", "test_check_engine", "test_gradient_check"]
ENGINES = ["test_check_engine", "test_check_backward", "test_gradient_check"]
# Which tests answer for a module, those that notice most first. A mutant is killed by one of these or not at all.
TESTS = {
    "errors": ["test_errors", "test_operations", "test_value", "test_steps"],
    "floats": ["test_value", "test_errors"],
    "copying": ["test_value", "test_errors", "test_state_machine"],
    "notation": ["test_formula", "test_steps"],
    "operation": ["test_value", "test_errors", "test_operations", "test_formula"],
    "operations": ["test_value", "test_operations", "test_errors", "test_derivatives", "test_neuron", "test_formula"],
    "elementary": ["test_elementary", "test_source", "test_compiled_javascript"],
    "graph": ["test_graph", "test_value", "test_state_machine", "test_steps"],
    "arithmetic": ["test_value", "test_errors", "test_operations"],
    "value": [
        "test_value",
        "test_errors",
        "test_operations",
        "test_graph",
        "test_state_machine",
        "test_steps",
        "test_derivatives",
    ],
    "derivatives": ["test_derivatives", "test_errors", "test_value", "test_compiled"],
    "losses": ["test_losses", "test_errors", "test_operations"],
    "files": ["test_files", "test_errors"],
    "neuron": ["test_neuron", "test_files", "test_errors"],
    "descent": ["test_descent", "test_errors"],
    "nudging": ["test_nudge", "test_errors"],
    "reading/names": ["test_formula", "test_steps", "test_source"],
    "reading/writer": ["test_formula", "test_steps", "test_source"],
    "reading/formulas": ["test_formula", "test_steps"],
    "reading/steps": ["test_steps", "test_errors"],
    "reading/explain": ["test_steps", "test_errors"],
    "reading/parsing": ["test_expression", "test_errors"],
    "vectorized": ["test_kernel"],
    "replaying": ["test_training"],
    "training": ["test_training"],
    "compiling/lowering": [*SOURCES, "test_plan", "test_compiled_targets", "test_compiled_edges"],
    "compiling/source": [*SOURCES, "test_compiled_edges"],
    "compiling/identifiers": SOURCES,
    "compiling/targets": ["test_compiled_targets", "test_compiled", "test_compiled_javascript"],
    "compiling/program": ["test_compiled_edges", "test_compiled", "test_table"],
    "compiling/python": ["test_compiled", "test_compiled_edges", "test_compiled_targets"],
    "compiling/table": ["test_table", "test_compiled", "test_compiled_targets", "test_compiled_edges"],
    "compiling/plan": ["test_plan", *KERNELS],
    "compiling/kernel": KERNELS,
    "compiling/emitter": KERNELS,
    "compiling/llvm": KERNELS,
    "compiling/webassembly": KERNELS,
    "compiling/memory": [*KERNELS, "test_table"],
    "compiling/running": [*KERNELS, "test_training"],
    "testing/checking": CHECKS,
    "testing/rules": CHECKS,
    "testing/slopes": CHECKS,
    "testing/points": CHECKS,
    "testing/differences": CHECKS,
    "testing/precise": CHECKS,
    "testing/twins": CHECKS,
    "testing/end_to_end": CHECKS,
    "testing/monomials": ["test_naming"],
    "testing/naming": ["test_naming", "test_mismatch", "test_check_functions"],
    "testing/mismatch": ["test_mismatch", "test_gradient_check"],
    "testing/pasting": ["test_mismatch", "test_check_functions", "test_gradient_check"],
    "testing/certificate": ["test_gradient_check", "test_check_functions", "test_mismatch"],
    "testing/functions": OTHERS,
    "testing/arrays": OTHERS,
    "testing/array_mistakes": ["test_check_functions"],
    "testing/shapes": ["test_check_functions"],
    "testing/calling": OTHERS,
    "testing/preparing": OTHERS,
    "testing/probing": OTHERS,
    "testing/rebinding": OTHERS,
    "testing/sources": OTHERS,
    "testing/trials": OTHERS,
    "testing/claimed": OTHERS,
    "testing/engine": ENGINES,
    "testing/lifetimes": ENGINES,
    "testing/accumulation": ENGINES,
    "testing/wrong_passes": ENGINES,
    "testing/planting": ["test_gradient_check", "test_mismatch"],
    "testing/strategies": ["test_testing_strategies"],
    "testing/plugin": ["test_plugin"],
    "testing/reporting": ["test_plugin"],
}


class Equivalent(NamedTuple):
    """Mutants that no test could tell from the original: where `right` in a line becomes `wrong`; and why."""

    module: str
    right: str
    wrong: str
    reason: str


SHORTCUT = "fewer numbers take the shortcut; the way below it gives the same"
EQUIVALENT = [
    Equivalent("floats", "-(2**53) <= number <= 2**53", "(2 ** 53) <= number <= 2**53", SHORTCUT),
    Equivalent("floats", "-(2**53) <= number <= 2**53", "-((2 * 53)) <= number <= 2**53", SHORTCUT),
    Equivalent("floats", "-(2**53) <= number <= 2**53", "-(2**53) <= number <= (2 * 53)", SHORTCUT),
    Equivalent("floats", "-(2**53) <= number <= 2**53", "-2 ** 53 < number <= 2 ** 53", SHORTCUT),
    Equivalent("floats", "-(2**53) <= number <= 2**53", "-2 ** 53 <= number < 2 ** 53", SHORTCUT),
    Equivalent("operations", "p >= 0.5", "p > 0.5", "at ½ both forms are right to the last digits"),
    Equivalent("reading/writer", 'return ""', "return None", "asked only whether it is empty"),
    Equivalent("graph", "count(1)", "count(2)", "only the order of the indices is used"),
    Equivalent(
        "graph", "last_write: float = 0", "last_write: float = 1", "no operation is recorded before that moment"
    ),
    Equivalent("graph", "value.mark = mark", "pass", "an output that is met twice is taken out again below"),
    Equivalent("value", "type(given) is not Value", "type(given) is Value", "values stay what they are in `as_values`"),
    Equivalent("value", "number - number == 0.0", "number + number == 0.0", SHORTCUT),
    Equivalent(
        "value", "used.moment > value.moment and", "used.moment >= value.moment and", "no two moments are equal"
    ),
    Equivalent("value", "max([used.moment", "min([used.moment", "the graph is only looked at once more"),
    Equivalent(
        "losses", "(logs[place ^ 1], beyond[place // 2])", "(beyond[place // 2], logs[place ^ 1])", "a + b = b + a"
    ),
    Equivalent("notation", "1, 2, 3, 4, 100", "1, 2, 3, 5, 100", "nothing binds as tightly as 5"),
    Equivalent("reading/explain", "continue", "pass", "no path leads back to where it ends"),
    Equivalent("value", "__array_priority__ = 1", "__array_priority__ = 2", "any number above 0 will do"),
    Equivalent("files", "room: int = 0", "room: int = 1", "a disk has room for no byte or for many"),
    Equivalent("files", "(1, 2)", "(2, 1)", "in whichever order the two streams are looked at"),
    Equivalent("files", "(status, os.fstat(output))", "(os.fstat(output), status)", "both are the same file"),
    Equivalent("neuron", "indent=1, allow_nan", "indent=2, allow_nan", "white space in a file"),
    Equivalent("reading/formulas", "Value(start + place", "Value(start - place", "no formula depends on where"),
    Equivalent("reading/formulas", "continue", "pass", "it is the last statement of its loop"),
    Equivalent(
        "reading/writer",
        '(f"{{0}} {symbol} {{1}}", f"{symbol}{{0}}")',
        "(f'{symbol}{{0}}', f'{{0}} {symbol} {{1}}')",
        "asked only whether something is among them",
    ),
    Equivalent("reading/steps", "<= 1e-12 * total", "< 1e-12 * total", "no contribution is so exactly that share"),
    Equivalent(
        "reading/parsing", "(row.name, row.notation.symbol)", "(row.notation.symbol, row.name)", "both are keys"
    ),
    Equivalent(
        "reading/parsing", "in (left, right)", "in (right, left)", "what counts is how many there are, or which one"
    ),
    Equivalent("reading/parsing", 'return ""', "return None", "asked only whether it is empty"),
    Equivalent("compiling/llvm", "size + 2 * LINE", "size + 3 * LINE", "a few bytes more"),
    Equivalent("compiling/memory", "self._samples = samples", "pass", "they are only brought in once more"),
    Equivalent("compiling/memory", "extra: int = 0", "extra: int = 1", "who doesn't give it has no use for it"),
    Equivalent("compiling/memory", "(plan.results + GAP + 1)", "(plan.results + GAP + 2)", "one more number, of 0"),
    Equivalent("compiling/kernel", "complement, arity=2", "complement, arity=3", "of two, all are"),
    Equivalent("compiling/lowering", "suspected.rfind(True)", "suspected.rfind(False)", "only more is looked at"),
    Equivalent("replaying", "isclose(found, wanted", "isclose(wanted, found", "it is the same either way"),
    Equivalent("compiling/source", "[effect.number] += 2", "[effect.number] += 3", "more than once"),
    Equivalent("vectorized", "k <= -2.0", "k < -2.0", "at −2 both forms are right to the last digits"),
    Equivalent("compiling/source", "place > 0 and", "place >= 0 and", "no part is longer than a line"),
    Equivalent("compiling/lowering", "seen[symbol.number] = True", "pass", "it is only looked at twice"),
    Equivalent("compiling/lowering", 'raise AssertionError("only a symbol records")', "pass", "it is never reached"),
    Equivalent("compiling/memory", "sizes[1] + lanes - 1", "sizes[1] + lanes + 1", "a few rows more"),
    Equivalent("compiling/memory", "(summed, 0, 0)", "(summed, 0, 1)", "what isn't used for sums"),
    Equivalent("compiling/running", "min(batch, len(", "max(batch, len(", "the right one comes later"),
    Equivalent("compiling/lowering", "last + 1]", "last + 2]", "the one more is neither seen nor suspected"),
    Equivalent("compiling/plan", "[rows[0]] * len(rows)", "[rows[1]] * len(rows)", "there both are the same"),
    Equivalent("vectorized", "-1000.0, 1000.0", "-1000.0, 1001.0", "2^−k is 0 beside the rest long before"),
    Equivalent("compiling/source", "WIDTH = 116", "WIDTH = 117", "lines may be so long, too"),
    Equivalent("compiling/source", "PRODUCTS = 8", "PRODUCTS = 9", "sums may be so long, too"),
    Equivalent("compiling/plan", "(first, second))", "(second, first))", "a · b = b · a"),
    Equivalent("compiling/plan", "len(self.depth) - len", "len(self.depth) + len", "more rows than are asked for"),
    Equivalent("compiling/llvm", "(table.add, table.subtract,", "(table.subtract, table.add,", "in any order"),
    Equivalent("compiling/running", "self.told = True", "pass", "it is told again each time"),
    Equivalent("compiling/kernel", "count - whole, e.lanes", "count + whole, e.lanes", "past the end all is padding"),
    Equivalent("testing/strategies", "(value.data) > LARGEST", "(value.data) >= LARGEST", "no number is just that"),
    Equivalent("testing/differences", "range(3, 14)", "range(4, 14)", "one distance fewer"),
    Equivalent("testing/probing", "-0.3571", "-1.3571", "any points will do"),
    Equivalent("compiling/memory", "GAP = 4", "GAP = 5", "one more number, of 0"),
    Equivalent("compiling/kernel", "INTEGER // NUMBER", "INTEGER * NUMBER", "more room than is needed"),
    Equivalent("replaying", "(self.parameters, self.inputs)", "(self.inputs, self.parameters)", "neither is left"),
    Equivalent("training", "read_as(found), read_as(targets)", "read_as(targets), read_as(found)", "equal is equal"),
    Equivalent("reading/parsing", "_CALLABLE, n=1", "_CALLABLE, n=2", "the first is the closest, and only it is used"),
]


# -- Making mutants ----------------------------------------------------------------------------------------------------


Part = ast.expr | ast.stmt


class Mutant(NamedTuple):
    """One mistake.

    Attributes:
        module: The module, by its path in the package: `reading/steps`.
        where: The function, class or name of the module that it stands in: `Value.backward`.
        line: The line that is changed.
        mutated: What stands there instead.
        source: The whole module with the mistake in it.
    """

    module: str
    where: str
    line: str
    mutated: str
    source: str

    def __str__(self) -> str:
        return f"{self.module}: {self.where}\n    - {self.line}\n    + {self.mutated}"


def path_of(module: str) -> Path:
    return Path(PACKAGE, f"{module}.py")


def tests_of(module: str) -> list[str]:
    """The files whose tests answer for a module; it is one of them, for the examples in its docstrings."""
    return [*[f"tests/{name}.py" for name in TESTS[module]], str(path_of(module))]


def mutants_of(module: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines."""
    source = (ROOT / path_of(module)).read_text(encoding="utf-8")
    found = {}
    for where, part in _parts(ast.parse(source), ""):
        for first, last, text in _changes(part):
            mutant = _with(module, where, source, first, last, text)
            if mutant.mutated != mutant.line:  # as where two equal numbers of a tuple change places
                found[mutant.source] = mutant
    return list(found.values())


def _with(module: str, where: str, source: str, first: Part, last: Part, text: str) -> Mutant:
    """The mutant in which `text` stands in place of all from the first part to the last."""
    lines = source.encode().splitlines(keepends=True)  # as bytes, because `ast` counts columns in bytes
    assert last.end_lineno is not None
    above, touched, below = (
        lines[: first.lineno - 1],
        lines[first.lineno - 1 : last.end_lineno],
        lines[last.end_lineno :],
    )
    changed = touched[0][: first.col_offset] + text.encode() + touched[-1][last.end_col_offset :]
    line, mutated = (" ".join(piece.decode().split()) for piece in (b"".join(touched), changed))
    return Mutant(module, where, line, mutated, b"".join([*above, changed, *below]).decode())


# Annotations and the like, and the exceptions that an `except` catches, whose order says nothing.
NOT_MUTATED = ("annotation", "returns", "decorator_list", "bases", "type")


def _parts(tree: ast.AST, where: str) -> Iterator[tuple[str, Part]]:
    """The expressions and statements that run when the package is used, each with the place where it stands."""
    for name, value in ast.iter_fields(tree):
        if name in NOT_MUTATED:
            continue
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, ast.AST) or _is_never_mutated(part):
                continue
            inside = where
            if isinstance(part, ast.FunctionDef | ast.ClassDef):
                inside = f"{where}.{part.name}".lstrip(".")
            elif not where and isinstance(part, ast.Assign):
                inside = ast.unparse(part.targets[0])
            elif not where and isinstance(part, ast.AnnAssign):
                inside = ast.unparse(part.target)
            if isinstance(part, ast.expr | ast.stmt):
                yield inside, part
            yield from _parts(part, inside)


def _is_never_mutated(part: ast.AST) -> bool:
    match part:
        case ast.JoinedStr() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Subscript(value=ast.Name(id="tuple" | "list" | "dict")):  # a type
            return True
        case ast.keyword(arg="strict"):  # of zip: a check of what is so anyway
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.ClassDef(bases=[ast.Name(id="Protocol"), *_]):
            return True
        case ast.FunctionDef(decorator_list=[ast.Name(id="overload"), *_]):
            return True
    return False


# -- The mistakes ------------------------------------------------------------------------------------------------------

COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.Gt],
    ast.LtE: [ast.Lt, ast.GtE],
    ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}
# Functions that can stand in each other's place; nothing stands for the argument as it is.
FUNCTIONS = {
    "any": "all",
    "all": "any",
    "min": "max",
    "max": "min",
    "sorted": "list",
    "reversed": "list",
    "abs": "",
    "math.fsum": "sum",
    "math.floor": "math.ceil",
    "math.isfinite": "math.isnan",
    "math.isnan": "math.isfinite",
}


def _changes(part: Part) -> Iterator[tuple[Part, Part, str]]:
    """The mistakes that can be made in a part of the source: from where to where, and what would stand there."""
    match part:
        case ast.Compare(left, ops, comparators):
            for place, operator in enumerate(ops):
                for other in COMPARISONS[type(operator)]:
                    changed = [*ops[:place], other(), *ops[place + 1 :]]
                    yield part, part, ast.unparse(ast.Compare(left, changed, comparators))
        case ast.Constant(value=bool() as truth):
            yield part, part, str(not truth)
        case ast.Constant(value=int() | float() as number):
            yield part, part, repr(number + 1)
        case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
            text = ast.unparse(ast.BinOp(left, OPERATORS[type(operator)](), right))
            yield part, part, f"({text})" if isinstance(operator, ast.Pow) else text
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield part, part, f"({ast.unparse(operand)})"
        case ast.BoolOp(operator, values):
            yield part, part, ast.unparse(ast.BoolOp(ast.Or() if isinstance(operator, ast.And) else ast.And(), values))
        case ast.If(test) | ast.While(test) | ast.IfExp(test):
            yield test, test, f"not ({ast.unparse(test)})"
        case ast.ListComp(generators=loops) | ast.GeneratorExp(generators=loops) | ast.DictComp(generators=loops):
            for test in [test for loop in loops for test in loop.ifs]:
                yield test, test, f"not ({ast.unparse(test)})"
        case ast.Call(function, arguments):
            name = ast.unparse(function)
            if name in FUNCTIONS:
                yield function, function, FUNCTIONS[name]
            if name not in ("isinstance", "getattr", "hasattr", "max", "min"):  # which would only fail, or be the same
                yield from _swapped(arguments)
        case ast.Tuple(elements, ast.Load()):
            yield from _swapped(elements)
        case ast.Slice(lower, upper, None) if (lower is None) != (upper is None):
            yield part, part, ast.unparse(ast.Slice(upper, lower))
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield part, part, "return None"
        case ast.AugAssign(target, operator, value):
            yield part, part, f"{ast.unparse(target)} = {ast.unparse(value)}"
            if type(operator) in OPERATORS:
                yield part, part, ast.unparse(ast.AugAssign(target, OPERATORS[type(operator)](), value))
        case ast.Assign(targets=[ast.Attribute() | ast.Subscript(), *_]) | ast.Raise() | ast.Break() | ast.Continue():
            yield part, part, "pass"
        case ast.Expr(value=ast.Call()):
            yield part, part, "pass"
        case ast.ClassDef(body=body):
            for statement in body:
                if isinstance(statement, ast.Assign):
                    yield statement, statement, "pass"


def _swapped(listed: Sequence[ast.expr]) -> Iterator[tuple[Part, Part, str]]:
    """The first two of a list, the other way round; with a text among them that would only fail."""
    if len(listed) > 1 and not any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in listed[:2]):
        yield listed[0], listed[1], f"{ast.unparse(listed[1])}, {ast.unparse(listed[0])}"


# -- Running the tests on them -----------------------------------------------------------------------------------------

MOST_MEMORY = 4 * 2**30
LONGEST_START = 60  # seconds for the imports
# What a test may import, loaded once: the processes that run the tests are copies of this one.
WARM = ("hypothesis.stateful", "hypothesis.strategies", "mpmath", "numpy", "graphviz", "wasmtime", "doctest")


@dataclass
class Run:
    """What came of the tests.

    Attributes:
        passed: Whether all of them passed.
        failed: The test that failed first, or that never ended.
        seconds: How long each of them took.
        output: What pytest printed.
    """

    passed: bool
    failed: str
    seconds: dict[str, float]
    output: str


class Watch:
    """A pytest plugin that notes how long each test takes and which one fails, and ends one that never would.

    Args:
        seconds: How long each test takes on the package as it is.
        kills: How many mutants each test has killed so far: those that have killed most are run first.
        report: Where to write what was noted.
    """

    def __init__(self, seconds: dict[str, float], kills: Counter[str], report: Path) -> None:
        self.usual = seconds
        self.kills = kills
        self.report = report
        self.seconds: dict[str, float] = {}
        self.failed = ""

    def pytest_sessionstart(self) -> None:
        """One counterexample is enough, and nobody reads it: the shortest one isn't searched for."""
        usual = hypothesis.settings.get_profile("reproducible")
        phases = hypothesis.Phase.explicit, hypothesis.Phase.generate
        hypothesis.settings.register_profile("first failure", usual, phases=phases, report_multiple_bugs=False)
        hypothesis.settings.load_profile("first failure")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        assert sys.modules[PACKAGE].__file__ == str(Path.cwd() / PACKAGE / "__init__.py"), "this is no mutated copy"
        items.sort(key=lambda item: (-self.kills[item.nodeid], self.usual.get(item.nodeid, 0.0)))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._write(nodeid)
        signal.alarm(10 + int(10 * self.usual.get(nodeid, 60.0)))  # which ends the process

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed and not self.failed:
            self.failed = report.nodeid
        self._write("" if report.when == "teardown" else report.nodeid)

    def _write(self, running: str) -> None:
        """What would be known if this process were ended now: then the test that is running never came to an end."""
        self.report.write_text(json.dumps([self.failed or running, self.seconds]))


class Bench:
    """A copy of the project, in which one mutant at a time is put to the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.report, self.output, self.original = folder / "report.json", folder / "output.txt", folder / "original.py"
        for name in (PACKAGE, "tests", "examples"):
            shutil.copytree(ROOT / name, folder / name)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy2(ROOT / name, folder / name)

    def start(
        self, mutant: Mutant | None, tests: Sequence[str], seconds: dict[str, float], kills: Counter[str]
    ) -> None:
        """Begins to run these test files, one after the other, up to the first failure."""
        self.report.unlink(missing_ok=True)
        if mutant is not None:
            changed = self.folder / path_of(mutant.module)
            shutil.copy2(changed, self.original)
            changed.write_text(mutant.source, encoding="utf-8")
            os.utime(changed, (1, 1))  # not the time that stands in the compiled file of the original
        self.mutant = mutant
        watch = Watch(seconds, kills, self.report)
        self.process = FORK.Process(target=self._run, args=(tests, watch))
        self.process.start()

    def _run(self, tests: Sequence[str], watch: Watch) -> None:
        os.setpgid(0, 0)
        os.chdir(self.folder)
        sys.path.insert(0, str(self.folder))
        os.environ |= {"PYTHONPATH": str(self.folder), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
        if self.mutant is not None:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
        signal.alarm(LONGEST_START)
        for file in tests:
            outcome = pytest.main(["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider", file], plugins=[watch])
            if outcome not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                os._exit(outcome)
        os._exit(pytest.ExitCode.OK)

    def finish(self) -> Run:
        """What came of it; the original is put back."""
        self.process.join()
        with suppress(ProcessLookupError):  # what a test may have started and left behind
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        if self.mutant is not None:
            shutil.copy2(self.original, self.folder / path_of(self.mutant.module))
        failed, seconds = json.loads(self.report.read_text()) if self.report.exists() else ("the import", {})
        output = self.output.read_text(encoding="utf-8", errors="replace")
        self.output.unlink()
        return Run(self.process.exitcode == pytest.ExitCode.OK, failed, seconds, output)


def judged(mutants: Iterable[Mutant], jobs: int) -> Iterator[tuple[Mutant, Run]]:
    """Each mutant with what the tests of its module said of it, as soon as it is known.

    Raises:
        RuntimeError: A test fails on the package as it is.
    """
    mutants = list(mutants)
    for module in WARM:
        importlib.import_module(module)
    assert PACKAGE not in sys.modules, "a copy of this process must import the mutated package"
    kills: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        first = Bench(Path(folder, "0"))
        first.start(None, sorted({file for mutant in mutants for file in tests_of(mutant.module)}), {}, kills)
        healthy = first.finish()
        if not healthy.passed:
            raise RuntimeError(f"a test fails on the package as it is, so it can judge no mutant:\n{healthy.output}")
        idle = [first, *[Bench(Path(folder, str(number))) for number in range(1, jobs)]]
        busy: list[tuple[Mutant, Bench]] = []
        while mutants or busy:
            while mutants and idle:
                mutant, bench = mutants.pop(0), idle.pop()
                bench.start(mutant, tests_of(mutant.module), healthy.seconds, kills)
                busy.append((mutant, bench))
            ended = connection.wait([bench.process.sentinel for _, bench in busy])
            for mutant, bench in [pair for pair in busy if pair[1].process.sentinel in ended]:
                run = bench.finish()
                kills[run.failed] += not run.passed
                busy.remove((mutant, bench))
                idle.append(bench)
                yield mutant, run


ENOUGH = 0.95  # of the mutants that aren't listed as equivalent must be killed

# -- The program -------------------------------------------------------------------------------------------------------


def matches(mutant: Mutant, known: Equivalent) -> bool:
    changed = mutant.line.replace(known.right, known.wrong) == mutant.mutated
    return mutant.module == known.module and known.right in mutant.line and changed


def listed_as_equivalent(mutant: Mutant) -> bool:
    return any(matches(mutant, known) for known in EQUIVALENT)


def all_mutants(modules: Iterable[str] = TESTS) -> list[Mutant]:
    return [mutant for module in modules for mutant in mutants_of(module)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="*", default=list(TESTS), metavar="MODULE", help=f"of {', '.join(TESTS)}")
    parser.add_argument("--sample", type=int, default=300, metavar="N", help="how many mutants are drawn (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="which are drawn (%(default)s)")
    parser.add_argument("--all", action="store_true", help="try all of them")
    parser.add_argument("--equivalent", action="store_true", help="try those that are listed as equivalent")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (%(default)s)")
    given = parser.parse_args()
    if unknown := set(given.modules) - set(TESTS):
        parser.error(f"no tests are named for {', '.join(sorted(unknown))}")
    mutants = [m for m in all_mutants(given.modules) if listed_as_equivalent(m) == given.equivalent]
    count = len(mutants) if given.all or given.equivalent else min(given.sample, len(mutants))
    chosen = random.Random(given.seed).sample(mutants, count)
    tried, killed = Counter[str](), Counter[str]()
    for mutant, run in tqdm(judged(chosen, given.jobs), total=count, unit="mutant"):
        tried[mutant.module] += 1
        killed[mutant.module] += not run.passed
        if run.passed != given.equivalent:
            tqdm.write(f"survived  {mutant}" if run.passed else f"killed by {run.failed}  {mutant}")
    print(f"{'module':<18}{'mutants':>8}{'killed':>8}")
    for module in sorted(tried):
        print(f"{module:<18}{tried[module]:>8}{killed[module]:>8}")
    rate = killed.total() / count
    print(f"{'together':<18}{count:>8}{killed.total():>8}  {rate:.1%}")
    sys.exit(rate > 0 if given.equivalent else rate < ENOUGH)


if __name__ == "__main__":
    main()
