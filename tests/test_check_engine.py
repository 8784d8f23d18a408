"""The check of somebody's engine: right ones pass and are told their limits, wrong ones are found and named."""

from __future__ import annotations

import math
from typing import Any

import pytest
from test_mismatch import mismatch_of
from wrong_engines import ENGINES, RESET, RIGHT, Wrong, engine, wrong

import tinygrad_sigmoid
from tinygrad_sigmoid.testing import check_gradients


def test_a_right_engine_passes_and_what_floats_lose_in_it_is_told() -> None:
    certificate = check_gradients(engine(RIGHT))
    assert certificate.unresolved == []
    assert certificate.kinks == ["∂(a.relu())/∂a at 0"]
    assert any("∂(a.tanh())/∂a at 30" in loss for loss in certificate.losses)
    assert "Scalar has no a ** b, 2 ** a, abs(a)" in certificate.limits
    assert "a chain of 10,000 values: the gradient of the leaf, exactly" in certificate.proven


def test_our_own_values_pass() -> None:
    certificate = check_gradients(tinygrad_sigmoid.Value)
    assert "a second graph on the same leaves adds its gradients to theirs" in certificate.proven
    assert not any("recurses" in limit or "second backward pass" in limit for limit in certificate.limits)


def test_micrograd_passes_but_for_what_is_wrong_with_it() -> None:
    micrograd = pytest.importorskip("micrograd.engine")
    certificate = check_gradients(micrograd.Value)
    assert certificate.verdict == "the gradients are right, within limits"
    limits = "\n".join(certificate.limits)
    assert "it recurses, and stops at a depth of 1,000 values or fewer" in limits
    assert "backward through a ** 0 stops with ZeroDivisionError" in limits
    assert "a second backward pass through one graph is wrong" in limits
    assert "second pass, nothing reset: exhibit 7 of the museum" in limits


@pytest.mark.slow
@pytest.mark.parametrize("mistake", ENGINES.values(), ids=ENGINES)
def test_a_wrong_engine_is_found_and_its_mistake_named(mistake: Wrong) -> None:
    found = mismatch_of(engine(mistake.source))
    assert mistake.says in found.culprit
    assert mistake.bug in ("", found.bug)


def test_a_reproduction_shows_the_wrong_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    source = ENGINES["a + b: self.grad -= out.grad"].source
    found = mismatch_of(engine(source))
    names: dict[str, Any] = {"Scalar": engine(source)}
    exec("\n".join(found.code.splitlines()[1:]), names)
    assert float(capsys.readouterr().out) == found.got == -1.0 * (found.true or 0.0)


GOES_DOWN = """            node._backward()
        self.go_down()

    def go_down(self):
        for used in self.inputs[:1]:
            used.go_down()
"""
RECURSIVE = wrong("", "            node._backward()\n", GOES_DOWN)


def test_what_an_engine_stops_at_is_told() -> None:
    limits = "\n".join(check_gradients(engine(RECURSIVE.source)).limits)
    assert "it recurses, and stops at a depth of 1,000 values or fewer" in limits
    kept = "\n".join(check_gradients(engine(wrong("", RESET, "").source)).limits)
    assert "a second backward pass through one graph is wrong" in kept


def test_an_engine_that_stops_only_where_a_value_is_used_again_does_not_pass() -> None:
    call = "            node._backward()\n"
    stops = f"            if any(used.inputs for used in node.inputs[1:]):\n                raise ValueError\n{call}"
    assert "stops with ValueError" in mismatch_of(engine(wrong("", call, stops).source)).culprit


OPAQUE = wrong(
    "",
    "math.tanh(self.data)",
    "TABLE['tanh'](float(str(self.data)))",
    "import math\n",
    "import math\n\nTABLE = {'tanh': math.tanh}\n",
)


def test_what_takes_floats_only_is_judged_by_differences() -> None:
    assert check_gradients(engine(OPAQUE.source)).proven
    sign = wrong("", "(1 - out.data**2)", "(out.data**2 - 1)")
    found = mismatch_of(engine(OPAQUE._replace(changes=OPAQUE.changes + sign.changes).source))
    assert "the rule of a.tanh() is wrong" in found.culprit


def test_what_only_floats_get_wrong_is_wrong() -> None:
    doubled = "(1 - out.data**2) * (2 if 'Precise' not in str(type(out.data)) else 1)"
    found = mismatch_of(engine(wrong("", "(1 - out.data**2)", doubled).source))
    assert "the rule of a.tanh() is wrong" in found.culprit


class Operation:
    """An engine as minitorch has it: a class for each operation, and no gradients but those of leaves."""

    def __init__(self, *inputs: Scalar) -> None:
        self.inputs = inputs

    @classmethod
    def apply(cls, *inputs: Scalar | float) -> Scalar:
        given = [one if isinstance(one, Scalar) else Scalar(one) for one in inputs]
        operation = cls(*given)
        return Scalar(operation.forward(*[one.data for one in given]), operation)

    def forward(self, *numbers: float) -> float:
        raise NotImplementedError

    def backward(self, upstream: float) -> tuple[float, ...]:
        raise NotImplementedError


class Add(Operation):
    def forward(self, *numbers: float) -> float:
        return numbers[0] + numbers[1]

    def backward(self, upstream: float) -> tuple[float, ...]:
        return upstream, upstream


class Multiply(Operation):
    def forward(self, *numbers: float) -> float:
        self.numbers = numbers
        return numbers[0] * numbers[1]

    def backward(self, upstream: float) -> tuple[float, ...]:
        return upstream * self.numbers[1], upstream * self.numbers[0]


class Sine(Operation):
    def forward(self, *numbers: float) -> float:
        self.numbers = numbers
        return math.sin(numbers[0])

    def backward(self, upstream: float) -> tuple[float, ...]:
        return (upstream * math.cos(self.numbers[0]),)


class Scalar:
    def __init__(self, data: float, operation: Operation | None = None) -> None:
        self.data, self.operation = data, operation
        self.derivative: float | None = None

    def __add__(self, other: Scalar | float) -> Scalar:
        return Add.apply(self, other)

    def __mul__(self, other: Scalar | float) -> Scalar:
        return Multiply.apply(self, other)

    def sin(self) -> Scalar:
        return Sine.apply(self)

    def order(self, visited: list[Scalar]) -> list[Scalar]:
        if all(self is not one for one in visited):
            for used in self.operation.inputs if self.operation else ():
                used.order(visited)
            visited.append(self)
        return visited

    def backward(self) -> None:
        upstream = {self: 1.0}
        for node in reversed(self.order([])):
            if node.operation is None:
                node.derivative = (node.derivative or 0.0) + upstream[node]
                continue
            for used, share in zip(node.operation.inputs, node.operation.backward(upstream[node]), strict=True):
                upstream[used] = upstream.get(used, 0.0) + share


def test_an_engine_with_a_class_for_each_operation_passes() -> None:
    certificate = check_gradients(Scalar)
    assert certificate.verdict == "the gradients are right, within limits"
    assert certificate.proven[0].endswith("a + b, a * b, a + 2, a * 3, a + a, a * a, a.sin()")


class Empty:
    def __init__(self) -> None:
        self.data = self.grad = 0.0


def test_what_is_no_engine_is_refused_in_a_sentence() -> None:
    with pytest.raises(TypeError, match="values of int lack data, grad or backward"):
        check_gradients(int)
    with pytest.raises(TypeError, match="a class whose values are made of one number"):
        check_gradients(Empty)
