"""One-line mistakes in the engine, each with the check that must notice it.

A mutant is a module, a piece of its source that stands there once, and what stands there instead. Run as a program,
this file builds the package anew with each mutant, in memory, runs the check that is named beside it, and prints a
line of JSON for each. A new operation comes with at least three mutants of its row.
"""

from __future__ import annotations

import copy
import importlib
import json
import math
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path
from typing import Any, NamedTuple


class Mutant(NamedTuple):
    module: str
    right: str
    wrong: str
    noticed_by: str


OPERATIONS, VALUE, GRAPH, ARITHMETIC = "operations", "value", "graph", "arithmetic"
DERIVATIVES, NUDGING, STEPPING, LOSSES = "derivatives", "nudging", "stepping", "losses"

MUTANTS = [
    Mutant(OPERATIONS, "    operator.add,", "    operator.sub,", "rule add"),
    Mutant(OPERATIONS, "lambda out, a, b: (1.0, 1.0)", "lambda out, a, b: (1.0, -1.0)", "rule add"),
    Mutant(OPERATIONS, "lambda out, a, b: (1.0, 1.0)", "lambda out, a, b: (1.0, 0.0)", "rule add"),
    Mutant(OPERATIONS, "    operator.sub,", "    operator.add,", "rule subtract"),
    Mutant(OPERATIONS, "lambda out, a, b: (1.0, -1.0)", "lambda out, a, b: (1.0, 1.0)", "rule subtract"),
    Mutant(OPERATIONS, "lambda out, a, b: (1.0, -1.0)", "lambda out, a, b: (-1.0, 1.0)", "rule subtract"),
    Mutant(OPERATIONS, "    operator.mul,", "    lambda a, b: a * a,", "rule multiply"),
    Mutant(OPERATIONS, "lambda out, a, b: (b, a)", "lambda out, a, b: (a, b)", "rule multiply"),
    Mutant(OPERATIONS, "lambda out, a, b: (b, a)", "lambda out, a, b: (b, b)", "rule multiply"),
    Mutant(OPERATIONS, "    operator.truediv,", "    lambda a, b: b / a,", "rule divide"),
    Mutant(OPERATIONS, "(1.0 / b, -out / b)", "(1.0 / b, out / b)", "rule divide"),
    Mutant(OPERATIONS, "(1.0 / b, -out / b)", "(b, -out / b)", "rule divide"),
    Mutant(OPERATIONS, "(1.0 / b, -out / b)", "(1.0 / b, -out / a)", "rule divide"),
    Mutant(OPERATIONS, "    operator.neg,", "    operator.pos,", "rule negate"),
    Mutant(OPERATIONS, "lambda out, a: (-1.0,)", "lambda out, a: (1.0,)", "rule negate"),
    Mutant(OPERATIONS, "lambda out, a: (-1.0,)", "lambda out, a: (0.0,)", "rule negate"),
    Mutant(OPERATIONS, "(p * power(x, p - 1.0), out", "(power(x, p - 1.0), out", "rule general_power"),
    Mutant(OPERATIONS, "(p * power(x, p - 1.0), out", "(p * power(x, p), out", "rule general_power"),
    Mutant(OPERATIONS, "out * log(x))", "log(x))", "rule general_power"),
    Mutant(OPERATIONS, "p * x ** (p - 1.0) if", "x ** (p - 1.0) if", "rule fixed_power"),
    Mutant(OPERATIONS, "p >= 0.5 else p * out / x", "p >= 0.5 else p * out * x", "rule fixed_power"),
    Mutant(OPERATIONS, "return p * x ** (p - 1.0) if p >= 0.5", "return p * x ** p if p >= 0.5", "rule fixed_power"),
    Mutant(OPERATIONS, "        return 0.0\n    # Below", "        return 1.0\n    # Below", "rule fixed_power"),
    Mutant(OPERATIONS, "    math.sqrt,", "    abs,", "rule sqrt"),
    Mutant(OPERATIONS, "(0.5 / out,)", "(0.5 * out,)", "rule sqrt"),
    Mutant(OPERATIONS, "(0.5 / out,)", "(1.0 / out,)", "rule sqrt"),
    Mutant(OPERATIONS, "return math.inf", "return 0.0", "rule sigmoid"),
    Mutant(OPERATIONS, "return math.exp(x)", "return math.exp2(x)", "rule exp"),
    Mutant(OPERATIONS, "lambda out, x: (out,)", "lambda out, x: (x,)", "rule exp"),
    Mutant(OPERATIONS, "lambda out, x: (out,)", "lambda out, x: (-out,)", "rule exp"),
    Mutant(OPERATIONS, "    math.expm1,", "    math.exp,", "rule expm1"),
    Mutant(OPERATIONS, "lambda out, x: (exp(x),)", "lambda out, x: (out,)", "rule expm1"),
    Mutant(OPERATIONS, "lambda out, x: (exp(x),)", "lambda out, x: (exp(-x),)", "rule expm1"),
    Mutant(OPERATIONS, "    math.log,", "    math.log2,", "rule log"),
    Mutant(OPERATIONS, "lambda out, x: (1.0 / x,)", "lambda out, x: (1.0 / out,)", "rule log"),
    Mutant(OPERATIONS, "lambda out, x: (1.0 / x,)", "lambda out, x: (x,)", "rule log"),
    Mutant(OPERATIONS, "    math.log1p,", "    math.log,", "rule log1p"),
    Mutant(OPERATIONS, "(1.0 / (1.0 + x),)", "(1.0 / x,)", "rule log1p"),
    Mutant(OPERATIONS, "(1.0 / (1.0 + x),)", "(1.0 / (1.0 - x),)", "rule log1p"),
    Mutant(OPERATIONS, "1.0 if x > 0 else 0.0", "1.0 if x >= 0 else 0.0", "at a kink"),
    Mutant(OPERATIONS, "1.0 if x > 0 else 0.0", "0.0 if x > 0 else 1.0", "at a kink"),
    Mutant(OPERATIONS, "lambda out, x: (0.0,)", "lambda out, x: (1.0,)", "rule heaviside"),
    Mutant(OPERATIONS, "    operator.abs,", "    operator.neg,", "rule absolute"),
    Mutant(OPERATIONS, "(heaviside(x) - heaviside(-x),)", "(heaviside(-x) - heaviside(x),)", "rule absolute"),
    Mutant(OPERATIONS, "(heaviside(x) - heaviside(-x),)", "(heaviside(x),)", "rule absolute"),
    Mutant(OPERATIONS, "b if b > a else a", "a if b > a else b", "rule maximum"),
    Mutant(
        OPERATIONS,
        "(1.0 - heaviside(b - a), heaviside(b - a))",
        "(heaviside(b - a), 1.0 - heaviside(b - a))",
        "rule maximum",
    ),
    Mutant(
        OPERATIONS,
        "(1.0 - heaviside(b - a), heaviside(b - a))",
        "(1.0 - heaviside(b - a), heaviside(a - b))",
        "rule maximum",
    ),
    Mutant(OPERATIONS, "b if b < a else a", "a if b < a else b", "rule minimum"),
    Mutant(
        OPERATIONS,
        "(1.0 - heaviside(a - b), heaviside(a - b))",
        "(heaviside(a - b), 1.0 - heaviside(a - b))",
        "rule minimum",
    ),
    Mutant(OPERATIONS, "(1.0 - heaviside(a - b), heaviside(a - b))", "(1.0, heaviside(a - b))", "rule minimum"),
    Mutant(
        OPERATIONS, "total += inputs[i] * inputs[half + i]", "total = inputs[i] * inputs[half + i]", "rule dot_product"
    ),
    Mutant(OPERATIONS, "total += inputs[i] * inputs[half + i]", "total += inputs[i] * inputs[i]", "rule dot_product"),
    Mutant(
        OPERATIONS, "return inputs[half:] + inputs[:half]", "return inputs[:half] + inputs[half:]", "rule dot_product"
    ),
    Mutant(OPERATIONS, "1.0 / (1.0 + exp(-z))", "1.0 / (1.0 + exp(z))", "rule sigmoid"),
    Mutant(OPERATIONS, "1.0 / (1.0 + exp(-z))", "1.0 / (2.0 + exp(-z))", "rule sigmoid"),
    Mutant(OPERATIONS, "(out * sigmoid(-z),)", "(out * (1.0 - out),)", "rule sigmoid"),
    Mutant(OPERATIONS, "(out * sigmoid(-z),)", "(out * sigmoid(z),)", "rule sigmoid"),
    Mutant(OPERATIONS, "(out * sigmoid(-z),)", "(-out * sigmoid(-z),)", "rule sigmoid"),
    Mutant(OPERATIONS, "log1p(exp(-abs(z)))", "log1p(exp(abs(z)))", "rule softplus"),
    Mutant(OPERATIONS, "lambda out, z: (sigmoid(z),)", "lambda out, z: (sigmoid(-z),)", "rule softplus"),
    Mutant(OPERATIONS, "lambda out, z: (sigmoid(z),)", "lambda out, z: (heaviside(z),)", "rule softplus"),
    Mutant(OPERATIONS, "lambda z: -softplus(-z)", "lambda z: -softplus(z)", "rule log_sigmoid"),
    Mutant(OPERATIONS, "lambda z: -softplus(-z)", "lambda z: softplus(-z)", "rule log_sigmoid"),
    Mutant(OPERATIONS, "lambda out, z: (sigmoid(-z),)", "lambda out, z: (sigmoid(z),)", "rule log_sigmoid"),
    Mutant(OPERATIONS, "e / (2.0 + e)", "e / (1.0 + e)", "rule tanh"),
    Mutant(OPERATIONS, "(4.0 * sigmoid(2.0 * x)", "(2.0 * sigmoid(2.0 * x)", "rule tanh"),
    Mutant(OPERATIONS, "* sigmoid(-2.0 * x),)", "* sigmoid(2.0 * x),)", "rule tanh"),
    Mutant(OPERATIONS, "lambda x: maximum(x, 0.0)", "lambda x: minimum(x, 0.0)", "rule relu"),
    Mutant(OPERATIONS, "lambda out, x: (heaviside(x),)", "lambda out, x: (heaviside(-x),)", "rule relu"),
    Mutant(OPERATIONS, "lambda out, x: (heaviside(x),)", "lambda out, x: (out,)", "rule relu"),
    Mutant(LOSSES, "return 0.5 * total", "return total", "losses"),
    Mutant(LOSSES, "inputs[half:] + inputs[:half])", "inputs[:half] + inputs[half:])", "losses"),
    Mutant(LOSSES, "y * softplus(-z)", "y * softplus(z)", "losses"),
    Mutant(LOSSES, "(1.0 - y) * softplus(z)", "y * softplus(z)", "losses"),
    Mutant(LOSSES, "softplus(rest - z)", "softplus(z - rest)", "losses"),
    Mutant(LOSSES, "logs[place ^ 1]", "logs[place]", "losses"),
    Mutant(LOSSES, "log1p(exp(-abs(a - b)))", "log1p(exp(abs(a - b)))", "losses"),
    Mutant(LOSSES, "(sigmoid(a - b), sigmoid(b - a))", "(sigmoid(b - a), sigmoid(a - b))", "losses"),
    Mutant(LOSSES, "(sigmoid(a - b), sigmoid(b - a))", "(sigmoid(a - b), sigmoid(a - b))", "losses"),
    Mutant(VALUE, "self.grad = 1.0 if self.inputs", "self.grad = 2.0 if self.inputs", "graphs"),
    Mutant(VALUE, "else (self.grad or 0.0) + 1.0", "else 1.0", "passes"),
    Mutant(VALUE, "for value in reversed(order):  # every", "for value in order:  # every", "graphs"),
    Mutant(VALUE, "else so_far + upstream * local", "else upstream * local", "graphs"),
    Mutant(VALUE, "else so_far + upstream * local", "else so_far + local", "graphs"),
    Mutant(VALUE, "used.grad = upstream * local if", "used.grad = local if", "graphs"),
    Mutant(VALUE, "            value.grad = None\n        self.grad", "            pass\n        self.grad", "graphs"),
    Mutant(VALUE, "if not used.constant:", "if used is not None:", "passes"),
    Mutant(VALUE, "value._compute(value.operation, value.inputs)", "pass", "replay"),
    Mutant(VALUE, "changed.data, changed.local_derivatives = data,", "changed.data, _ = data,", "replay"),
    Mutant(VALUE, "= operation.derivatives(out, a, b)", "= operation.derivatives(out, b, a)", "graphs"),
    Mutant(VALUE, "= operation.derivatives(out, a)\n", "= operation.derivatives(a, a)\n", "graphs"),
    Mutant(VALUE, "if not current:", "if current:", "replay"),
    Mutant(VALUE, "now == value.data and", "now != value.data or", "replay"),
    Mutant(ARITHMETIC, "record(add, (self, other))", "record(subtract, (self, other))", "operators"),
    Mutant(ARITHMETIC, "record(add, (other, self))", "record(add, (other, other))", "operators"),
    Mutant(ARITHMETIC, "record(subtract, (self, other))", "record(subtract, (other, self))", "operators"),
    Mutant(ARITHMETIC, "record(subtract, (other, self))", "record(subtract, (self, other))", "operators"),
    Mutant(ARITHMETIC, "record(multiply, (other, self))", "record(divide, (other, self))", "operators"),
    Mutant(ARITHMETIC, "record(divide, (self, other))", "record(divide, (other, self))", "operators"),
    Mutant(ARITHMETIC, "record(divide, (other, self))", "record(divide, (self, other))", "operators"),
    Mutant(ARITHMETIC, "record(power, (base, self))", "record(power, (self, base))", "operators"),
    Mutant(ARITHMETIC, "power if isinstance(exponent, Arithmetic) else fixed_power", "fixed_power", "graphs"),
    Mutant(ARITHMETIC, "record(negate, (self,))", "record(absolute, (self,))", "operators"),
    Mutant(ARITHMETIC, "record(absolute, (self,))", "record(negate, (self,))", "operators"),
    Mutant(ARITHMETIC, "record(tanh, (self,))", "record(sigmoid, (self,))", "operators"),
    Mutant(ARITHMETIC, "record(exp, (self,))", "record(log, (self,))", "operators"),
    Mutant(GRAPH, "    order.sort(key=_creation)", "    order.sort(key=_creation, reverse=True)", "graphs"),
    Mutant(GRAPH, "    order.sort(key=_creation)", "    pass", "graphs"),
    Mutant(GRAPH, "if used.inputs and used not in found:", "if used.inputs:", "graphs"),
    Mutant(DERIVATIVES, "for value in reversed(order):", "for value in order:", "second derivatives"),
    Mutant(DERIVATIVES, "[output] = [(1.0, 1.0)]", "[output] = [(1.0, 2.0)]", "second derivatives"),
    Mutant(
        DERIVATIVES,
        "contributions[used].append((upstream, local))",
        "contributions[used] = [(upstream, local)]",
        "second derivatives",
    ),
    Mutant(DERIVATIVES, "return -upstream", "return upstream", "second derivatives"),
    Mutant(
        DERIVATIVES, "total += _product(upstream, local)", "total = _product(upstream, local)", "second derivatives"
    ),
    Mutant(DERIVATIVES, "(upstream, 1.0) else upstream * local", "(upstream, 1.0) else local", "second derivatives"),
    Mutant(DERIVATIVES, "return value.data if value.constant else value", "return value.data", "second derivatives"),
    Mutant(NUDGING, "return self.after - self.before", "return self.before - self.after", "nudges"),
    Mutant(NUDGING, "return self.actual - self.predicted", "return self.actual + self.predicted", "nudges"),
    Mutant(NUDGING, "self.gradients[leaf] * change for", "self.gradients[leaf] + change for", "nudges"),
    Mutant(NUDGING, "leaf.data += change", "leaf.data -= change", "nudges"),
    Mutant(NUDGING, "            leaf.data = number\n", "            pass\n", "nudges"),
    Mutant(NUDGING, "0.5**k for k in", "0.25**k for k in", "nudges"),
    Mutant(STEPPING, "contribution = upstream * local", "contribution = local", "steps"),
    Mutant(STEPPING, "else before + contribution", "else contribution", "steps"),
]

# Mistakes that make no difference to any number, and why.
EQUIVALENT = [
    (Mutant(OPERATIONS, "b if b > a else a", "b if b >= a else a", ""), "equal numbers are the same number"),
    (Mutant(OPERATIONS, "b if b < a else a", "b if b <= a else a", ""), "equal numbers are the same number"),
    (Mutant(OPERATIONS, "if p >= 0.5 else", "if p > 0.5 else", ""), "at ½ both forms are right to the last digits"),
    (
        Mutant(DERIVATIVES, "if used in concerned and not _is(local, 0.0):", "if used in concerned:", ""),
        "a contribution of 0 is added; only the recorded graph is larger",
    ),
    (
        Mutant(DERIVATIVES, "        return -upstream", "        return upstream * local", ""),
        "to multiply by −1 is to change the sign",
    ),
    (
        Mutant(OPERATIONS, "* sigmoid(2.0 * x) * sigmoid(-2.0 * x)", "* sigmoid(-2.0 * x) * sigmoid(2.0 * x)", ""),
        "a·b = b·a",
    ),
]

POINTS = [0.7, -1.3, 3.1, 30.0, -30.0, 800.0, -800.0, 1e-3]


def check_rule(name: str) -> None:
    testing = importlib.import_module("tinygrad_sigmoid.testing")
    operation = importlib.import_module("tinygrad_sigmoid.operations").TABLE[name]
    at = {
        "dot_product": [(0.5, -1.5, 2.0, 0.7), (3.0, 4.0)],
        "fixed_power": [(1.3, 3.0), (-2.0, 2.0), (0.7, 0.3), (2.0, 0.0), (0.0, 2.0), (4.0, -1.0), (9.0, 0.5)],
        "general_power": [(1.7, 2.3), (0.3, -1.5), (2.0, 1.0)],
    }
    count = operation.derivatives.__code__.co_argcount - 1
    points = at.get(name) or [(a, b)[:count] for a in POINTS for b in (POINTS if count == 2 else [0.0])]
    for point in points:
        if operation.defined is None or operation.defined(*point):
            try:
                operation(*point)
            except ArithmeticError:
                continue
            if math.isfinite(operation(*point)):
                testing.check_operation(operation, point, order=1)


def random_graphs(count: int, seed: int) -> Iterator[Any]:
    package = importlib.import_module("tinygrad_sigmoid")
    generator = random.Random(seed)
    for _ in range(count):
        values = [package.Value(generator.uniform(0.3, 2.0), f"x{place}") for place in range(3)]
        for _ in range(8):
            a, b = generator.choice(values), generator.choice(values[-3:])
            kinds = [a + b, a - b, a * b, a / (b * b + 1), package.sigmoid(a) ** b, package.tanh(b), 2 - a, a**3]
            values.append(generator.choice([*kinds, package.dot([a, b, a], [b, b, values[0]])]))
        yield package.tanh(sum(values[-3:]))


def check_graphs() -> None:
    testing = importlib.import_module("tinygrad_sigmoid.testing")
    package = importlib.import_module("tinygrad_sigmoid")
    for output in random_graphs(12, seed=1):
        testing.check_gradients(output)
    x = package.Value(2.0)  # a graph in which the order of creation and the order of discovery differ
    y = 3 * x
    late = 2 * y
    early = y * 5
    (early + late + y).backward()
    assert x.grad == 24.0


def check_second_derivatives() -> None:
    testing = importlib.import_module("tinygrad_sigmoid.testing")
    package = importlib.import_module("tinygrad_sigmoid")
    testing.check_gradients(lambda x, y: package.sigmoid(x * x - y) * (x + x) - (y - x) * y, 0.7, 1.3, order=2)
    testing.check_gradients(lambda x: package.exp(x) * x - package.tanh(x * 3), 0.4, order=3)


def check_at_a_kink() -> None:
    operations = importlib.import_module("tinygrad_sigmoid.operations")
    value = importlib.import_module("tinygrad_sigmoid.value")
    assert [operations.heaviside(number) for number in (-1.0, 0.0, 1.0)] == [0.0, 0.0, 1.0]
    for row in (operations.relu, operations.absolute):
        at_kink = value.Value(0.0)
        assert row(at_kink).local_derivatives == (0.0,)


def check_operators() -> None:
    package = importlib.import_module("tinygrad_sigmoid")
    x = package.Value(3.0)
    y = package.Value(2.0)
    found = [x + y, 7 + x, x - y, 7 - x, x * y, 7 * x, x / y, 7 / x, x**y, x**2, 2**x, -x, abs(x), x.exp(), x.tanh()]
    expected = [5, 10, 1, 4, 6, 21, 1.5, 7 / 3, 9, 9, 8, -3, 3, math.exp(3), math.tanh(3)]
    for ours, true in zip(found, expected, strict=True):
        assert math.isclose(ours.data, true, rel_tol=1e-15), (ours, true)


def check_passes() -> None:
    package = importlib.import_module("tinygrad_sigmoid")
    x = package.Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0
    cube = 2 * x * x
    cube.zero_grad()
    assert x.grad is None
    cube.backward()
    cube.backward()
    assert x.grad == 24.0
    assert [used.grad for used in cube.inputs[0].inputs if used.constant] == [None]


def check_replay() -> None:
    package = importlib.import_module("tinygrad_sigmoid")
    x = package.Value(3.0)
    output = package.log(x * x) + x
    output.backward()
    x.data = 4.0
    try:
        output.backward()
    except package.StaleGraph:
        pass
    else:
        raise AssertionError("a changed leaf was not noticed")
    assert output.forward().data == math.log(16.0) + 4.0
    assert output.inputs[0].inputs[0].local_derivatives == (4.0, 4.0)
    before = copy.deepcopy(output)
    x.data = 0.0
    with suppress(ValueError):
        output.forward()
    assert output.inputs[0].inputs[0].local_derivatives == before.inputs[0].inputs[0].local_derivatives
    assert output.data == before.data


def check_nudges() -> None:
    package = importlib.import_module("tinygrad_sigmoid")
    nudging = importlib.import_module("tinygrad_sigmoid.nudging")
    x = package.Value(3.0)
    output = x * x
    nudged = nudging.nudge(output, {x: 0.5})
    assert (nudged.predicted, nudged.actual, nudged.remainder) == (3.0, 3.25, 0.25)
    assert (x.data, output.data) == (3.0, 9.0)
    assert math.isclose(nudged.halving(4).slope, 2.0)


def check_steps() -> None:
    package = importlib.import_module("tinygrad_sigmoid")
    stepping = importlib.import_module("tinygrad_sigmoid.reading.steps")
    x = package.Value(3.0, "x")
    walked = stepping.steps(package.sigmoid(x * x + x) * x)
    assert math.isclose(walked.gradients[x], 1 / (1 + math.exp(-12)) + 3 * 7 * math.exp(-12) / (1 + math.exp(-12)) ** 2)


def check_losses() -> None:
    testing = importlib.import_module("tinygrad_sigmoid.testing")
    losses = importlib.import_module("tinygrad_sigmoid.losses")
    package = importlib.import_module("tinygrad_sigmoid")
    assert losses.squared_error([0.5, 1.0], [1.0, 3.0]) == 2.125
    testing.check_gradients(lambda a, b: losses.squared_error([a, b], [1.0, 3.0]), 0.5, 2.0)
    z = package.Value(0.3)
    assert math.isclose(losses.cross_entropy(package.sigmoid(z), 1.0).data, -math.log(package.sigmoid(0.3)))
    testing.check_operation(losses.log_add_exp, (0.3, -0.7))
    for right in range(3):
        powers, targets = [math.exp(z) for z in (0.3, -0.7, 1.1)], [float(place == right) for place in range(3)]
        surprise = -math.log(powers[right] / sum(powers))
        assert math.isclose(losses.softmax_cross_entropy([0.3, -0.7, 1.1], targets), surprise)


CHECKS: dict[str, Callable[[], None]] = {
    "graphs": check_graphs,
    "second derivatives": check_second_derivatives,
    "at a kink": check_at_a_kink,
    "operators": check_operators,
    "passes": check_passes,
    "replay": check_replay,
    "nudges": check_nudges,
    "steps": check_steps,
    "losses": check_losses,
}


def run(check: str) -> str:
    """What a check says: nothing if all is right, else the first line of its complaint."""
    try:
        if check.startswith("rule "):
            check_rule(check.removeprefix("rule "))
        else:
            CHECKS[check]()
    except Exception as complaint:
        return f"{type(complaint).__name__}: {str(complaint).partition(chr(10))[0]}"
    return ""


@contextmanager
def package_with(mutant: Mutant | None) -> Iterator[None]:
    """The package, loaded anew, with one mistake in it."""

    class Loader(SourceFileLoader):
        def get_code(self, fullname: str) -> Any:
            source = Path(self.path).read_text(encoding="utf-8")
            if mutant is not None and fullname == f"tinygrad_sigmoid.{mutant.module}":
                if source.count(mutant.right) != 1:
                    raise LookupError(f"{mutant.right!r} stands {source.count(mutant.right)} times in {mutant.module}")
                return compile(source.replace(mutant.right, mutant.wrong), self.path, "exec")
            return CODES.setdefault(fullname, compile(source, self.path, "exec"))

    class Finder:
        @staticmethod
        def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
            spec = PathFinder.find_spec(name, path, target) if name.startswith("tinygrad_sigmoid") else None
            if spec is not None and spec.origin:
                spec.loader = Loader(name, spec.origin)
            return spec

    for name in [name for name in sys.modules if name.startswith("tinygrad_sigmoid")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.meta_path.remove(Finder)  # type: ignore[arg-type]


CODES: dict[str, Any] = {}  # of modules that are as they should be


def all_checks() -> list[str]:
    return [*CHECKS, *dict.fromkeys(mutant.noticed_by for mutant in MUTANTS if mutant.noticed_by.startswith("rule "))]


def main() -> None:
    with package_with(None):
        print(json.dumps([run(check) for check in all_checks()]))
    for mutant in MUTANTS:
        with package_with(mutant):
            print(json.dumps(run(mutant.noticed_by)))
    for mutant, _ in EQUIVALENT:
        with package_with(mutant):
            print(json.dumps([run(check) for check in all_checks()]))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main()
