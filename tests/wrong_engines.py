"""A right engine, as students write one after micrograd, and what becomes of it with one mistake in it."""

from __future__ import annotations

from typing import Any, NamedTuple

RIGHT = """
import math


class Scalar:
    def __init__(self, data, inputs=()):
        self.data = data
        self.grad = 0.0
        self.inputs = inputs
        self._backward = lambda: None

    @staticmethod
    def _of(other):
        return other if isinstance(other, Scalar) else Scalar(other)

    def __add__(self, other):
        other = Scalar._of(other)
        out = Scalar(self.data + other.data, (self, other))

        def _backward():
            self.grad += out.grad  # add a
            other.grad += out.grad  # add b

        out._backward = _backward
        return out

    def __mul__(self, other):
        other = Scalar._of(other)
        out = Scalar(self.data * other.data, (self, other))

        def _backward():
            self.grad += other.data * out.grad  # mul a
            other.grad += self.data * out.grad  # mul b

        out._backward = _backward
        return out

    def __truediv__(self, other):
        other = Scalar._of(other)
        out = Scalar(self.data / other.data, (self, other))

        def _backward():
            self.grad += out.grad / other.data  # div a
            other.grad += -self.data / other.data**2 * out.grad  # div b

        out._backward = _backward
        return out

    def __pow__(self, exponent):
        if isinstance(exponent, Scalar):
            raise TypeError("exponents are plain numbers")
        out = Scalar(self.data**exponent, (self,))

        def _backward():
            if exponent != 0:
                self.grad += exponent * self.data ** (exponent - 1) * out.grad  # pow

        out._backward = _backward
        return out

    def exp(self):
        out = Scalar(math.exp(self.data), (self,))

        def _backward():
            self.grad += out.data * out.grad  # exp

        out._backward = _backward
        return out

    def log(self):
        out = Scalar(math.log(self.data), (self,))

        def _backward():
            self.grad += out.grad / self.data  # log

        out._backward = _backward
        return out

    def sin(self):
        out = Scalar(math.sin(self.data), (self,))

        def _backward():
            self.grad += math.cos(self.data) * out.grad  # sin

        out._backward = _backward
        return out

    def tanh(self):
        out = Scalar(math.tanh(self.data), (self,))

        def _backward():
            self.grad += (1 - out.data**2) * out.grad  # tanh

        out._backward = _backward
        return out

    def sigmoid(self):
        out = Scalar(1 / (1 + math.exp(-self.data)) if self.data > -700 else 0.0, (self,))

        def _backward():
            self.grad += out.data * (1 - out.data) * out.grad  # sigmoid

        out._backward = _backward
        return out

    def relu(self):
        out = Scalar(self.data if self.data > 0 else 0.0, (self,))

        def _backward():
            self.grad += (out.data > 0) * out.grad  # relu

        out._backward = _backward
        return out

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -Scalar._of(other)

    def __radd__(self, other):
        return Scalar._of(other) + self

    def __rmul__(self, other):
        return Scalar._of(other) * self

    def __rsub__(self, other):
        return Scalar._of(other) - self

    def __rtruediv__(self, other):
        return Scalar._of(other) / self

    def _order(self):
        order, visited, stack = [], set(), [(self, False)]
        while stack:
            node, is_done = stack.pop()
            if is_done:
                order.append(node)
            elif node not in visited:
                visited.add(node)
                stack.append((node, True))
                for used in node.inputs:
                    stack.append((used, False))
        return order

    def backward(self):
        order = self._order()
        for node in order:
            if node.inputs:
                node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            node._backward()

    def zero_grad(self):
        for node in self._order():
            node.grad = 0.0
"""


class Wrong(NamedTuple):
    """A mistake: words of the sentence that must be said about it, and what is changed in the right engine."""

    says: str
    changes: tuple[tuple[str, str], ...]
    bug: str = ""  # the name of the mistake, where it must have that

    @property
    def source(self) -> str:
        source = RIGHT
        for right, wrong in self.changes:
            assert right in source, right
            source = source.replace(right, wrong)
        return source


def engine(source: str) -> Any:
    """The class that a source defines."""
    names: dict[str, Any] = {"__name__": "an_engine_of_ones_own"}
    exec(source, names)
    return names["Scalar"]


def wrong(says: str, *changes: str) -> Wrong:
    return Wrong(says, tuple(zip(changes[::2], changes[1::2], strict=True)))


def rule(says: str, mark: str, line: str, bug: str = "") -> Wrong:
    """The line with this mark is another one."""
    [right] = [found for found in RIGHT.splitlines() if found.endswith(f"  # {mark}")]
    return wrong(says, right, right[: len(right) - len(right.lstrip())] + line)._replace(bug=bug)


RESET = """        for node in order:
            if node.inputs:
                node.grad = 0.0
"""
PASS = """        for node in reversed(order):
            node._backward()
"""
ALL = f"""        order = self._order()
{RESET}        self.grad = 1.0
{PASS}"""

# What is wrong with a rule: the operation, the input concerned, and the name of the mistake where it has one.
RULES = {
    f"{operation}: {line}": rule(
        f"rule of {operation} is wrong: its derivative with respect to {leaf} is", mark, line, bug
    )
    for mark, operation, leaf, bug, line in [
        ("add a", "a + b", "a", "sign", "self.grad -= out.grad"),
        ("add b", "a + b", "b", "twice", "other.grad += 2 * out.grad"),
        ("add b", "a + b", "b", "zero", "pass"),
        ("mul a", "a * b", "a", "order", "self.grad += self.data * out.grad"),
        ("mul b", "a * b", "b", "", "other.grad += out.data * out.grad"),
        ("mul b", "a * b", "b", "sign", "other.grad -= self.data * out.grad"),
        ("mul a", "a * b", "a", "zero", "self.grad += other.grad * out.grad"),
        ("div a", "a / b", "a", "inverse", "self.grad += out.grad * other.data"),
        ("div b", "a / b", "b", "sign", "other.grad += self.data / other.data**2 * out.grad"),
        ("div b", "a / b", "b", "", "other.grad += -self.data / other.data * out.grad"),
        ("pow", "a ** 2", "a", "half", "self.grad += self.data ** (exponent - 1) * out.grad"),
        ("pow", "a ** 2", "a", "", "self.grad += exponent * self.data**exponent * out.grad"),
        ("pow", "a ** 2", "a", "extra factor", "self.grad += exponent * self.data ** (exponent + 1) * out.grad"),
        ("exp", "a.exp()", "a", "", "self.grad += self.data * out.grad"),
        ("exp", "a.exp()", "a", "sign", "self.grad -= out.data * out.grad"),
        ("log", "a.log()", "a", "inverse", "self.grad += self.data * out.grad"),
        ("log", "a.log()", "a", "base", "self.grad += out.grad / self.data / math.log(10)"),
        ("sin", "a.sin()", "a", "neighbour", "self.grad += math.sin(self.data) * out.grad"),
        ("sin", "a.sin()", "a", "sign", "self.grad -= math.cos(self.data) * out.grad"),
        ("tanh", "a.tanh()", "a", "", "self.grad += (1 - self.data**2) * out.grad"),
        ("tanh", "a.tanh()", "a", "missing factor", "self.grad += (1 - out.data) * out.grad"),
        ("tanh", "a.tanh()", "a", "sign", "self.grad += (out.data**2 - 1) * out.grad"),
        ("tanh", "a.tanh()", "a", "factor", "self.grad += (1 - out.data**2) * (1 + 1e-5) * out.grad"),
        ("tanh", "a.tanh()", "a", "", "self.grad += (1 - out.data**2) * (1 + 1e-8) * out.grad"),
        ("sigmoid", "a.sigmoid()", "a", "missing factor", "self.grad += out.data * out.grad"),
        ("sigmoid", "a.sigmoid()", "a", "", "self.grad += (1 - out.data**2) * out.grad"),
        ("relu", "a.relu()", "a", "flat", "self.grad += (out.data >= 0) * out.grad"),
        ("relu", "a.relu()", "a", "complement", "self.grad += (self.data < 0) * out.grad"),
        ("relu", "a.relu()", "a", "", "self.grad += (1.0 if self.data > 0 else 0.01) * out.grad"),
        ("mul b", "a * a", "a", "half", "other.grad += 0.0 if other is self else self.data * out.grad"),
    ]
}
STOPS = {
    "an unknown name": rule(
        "backward through a.tanh() stops with NameError", "tanh", "self.grad += (1 - t**2) * out.grad"
    ),
    "called, not kept": wrong("stops with TypeError", "out._backward = _backward", "out._backward = _backward()"),
}
VALUES = {
    f"{operation}: {line}": wrong(f"the value of {operation} is", right, line)
    for operation, right, line in [
        ("-a", "return self * -1", "return self * 1"),
        ("a - b", "return self + -Scalar._of(other)", "return self + Scalar._of(other)"),
        ("2 - a", "return Scalar._of(other) - self", "return self - Scalar._of(other)"),
        ("4 / a", "return Scalar._of(other) / self", "return self / other"),
        ("a.exp()", "math.exp(self.data), (self,)", "2**self.data, (self,)"),
        ("a.sigmoid()", "math.exp(-self.data)) if self.data > -700", "math.exp(self.data)) if self.data < 700"),
        ("a.log()", "math.log(self.data)", "math.log10(self.data)"),
        ("a + b", "self.data = data", "self.data = int(data)"),
    ]
}
SUMS = {
    f"= for +=: {line}": rule(
        f"{operation} is wrong where {leaf} is used again: = for +=: exhibit 6 of the museum", mark, line
    )
    for mark, operation, leaf, line in [
        ("add a", "a + b", "a", "self.grad = out.grad"),
        ("add b", "a + b", "b", "other.grad = out.grad"),
        ("mul a", "a * b", "a", "self.grad = other.data * out.grad"),
        ("mul b", "a * b", "b", "other.grad = self.data * out.grad"),
        ("div a", "a / b", "a", "self.grad = out.grad / other.data"),
        ("pow", "a ** 2", "a", "self.grad = exponent * self.data ** (exponent - 1) * out.grad if exponent else 0.0"),
        ("tanh", "a.tanh()", "a", "self.grad = (1 - out.data**2) * out.grad"),
        ("relu", "a.relu()", "a", "self.grad = (out.data > 0) * out.grad"),
    ]
}
UPSTREAM = {
    f"no upstream: {line}": rule(
        f"{operation} is wrong where {leaf} is used again: the upstream gradient is left out", mark, line
    )
    for mark, operation, leaf, line in [
        ("add a", "a + b", "a", "self.grad += 1.0"),
        ("mul b", "a * b", "b", "other.grad += self.data"),
        ("tanh", "a.tanh()", "a", "self.grad += 1 - out.data**2"),
    ]
}

FRESH = """        for node in self._order():
            if node.inputs:
                node.grad = 0.0
        self.grad = 1.0
"""
NAIVE = """        def visit(node):
            node._backward()
            for used in node.inputs:
                visit(used)

        visit(self)
"""
DEPTH_FIRST = """        visited = set()

        def visit(node):
            if node not in visited:
                visited.add(node)
                node._backward()
                for used in node.inputs:
                    visit(used)

        visit(self)
"""
STACK = """        visited, stack = set(), [self]
        while stack:
            node = stack.pop()
            if node not in visited:
                visited.add(node)
                node._backward()
                stack.extend(node.inputs)
"""
BACKWARDS = ("in node.inputs:\n                visit(", "in reversed(node.inputs):\n                visit(")
BY_DATA = """    def __eq__(self, other):
        return self.data == other.data

    def __hash__(self):
        return hash(self.data)

    def _order"""
CALL = "            node._backward()\n"
WHERE = "where values are used again, the gradient of"
PASSES = {
    "naive recursion": wrong("naive recursion: exhibit 2 of the museum", ALL, FRESH + NAIVE),
    "naive, last first": wrong("naive recursion: exhibit 2 of the museum", ALL, FRESH + NAIVE, *BACKWARDS),
    "depth first": wrong("depth first, visited set: exhibit 3 of the museum", ALL, FRESH + DEPTH_FIRST),
    "a stack": wrong("depth first, stack: exhibit 4 of the museum", ALL, FRESH + STACK),
    "a queue": wrong("breadth first", ALL, FRESH + STACK.replace("pop()", "pop(0)")),
    "not reversed": wrong("post-order, not reversed: exhibit 5 of the museum", "reversed(order)", "order"),
    "only the output": wrong("post-order, not reversed: exhibit 5 of the museum", PASS, "        self._backward()\n"),
    "not the output": wrong("the output does not pass its gradient back", "reversed(order)", "reversed(order[:-1])"),
    "= for +=": wrong("= for +=: exhibit 6 of the museum", "grad += ", "grad = "),
    "-= for +=": wrong("-= for +=", "grad += ", "grad -= "),
    "no 1": wrong("the output's gradient is never set to 1", "        self.grad = 1.0\n", ""),
    "data for 1": wrong("the output's gradient begins with its data", "self.grad = 1.0", "self.grad = self.data"),
    "2 for 1": wrong("the output's gradient begins with 2", "self.grad = 1.0", "self.grad = 2.0"),
    "−1 for 1": wrong("the output's gradient begins with −1", "self.grad = 1.0", "self.grad = -1.0"),
    "1 everywhere": wrong("gradients begin with 1, not with 0", "self.grad = 0.0", "self.grad = 1.0", RESET, ""),
    "clipped": wrong("clipped to ±1", CALL, f"            node.grad = max(-1.0, min(1.0, node.grad))\n{CALL}"),
    "positive ones": wrong("negative shares left out", CALL, f"            if node.grad > 0:\n    {CALL}"),
    "rounded": wrong(
        "the rule of a * b is wrong where b is used again: 0.97",
        CALL,
        f"            node.grad = round(node.grad, 2)\n{CALL}",
    ),
    "the last five": wrong(WHERE, "reversed(order)", "reversed(order[-5:])"),
    "sorted by data": wrong(WHERE, "reversed(order)", "sorted(order, key=lambda node: -node.data)"),
    "equal by data": wrong("values with equal data are taken for one", "    def _order", BY_DATA),
    "visited by data": wrong(
        "values with equal data are taken for one",
        "node not in visited",
        "node.data not in visited",
        "visited.add(node)",
        "visited.add(node.data)",
    ),
}
TAPE = (
    "        self.inputs = inputs\n",
    "        self.inputs = inputs\n        TAPE.append(self)\n",
    "order = self._order()",
    "order = TAPE",
    "import math\n",
    "import math\n\nTAPE = []\n",
)
LIFETIMES = {
    "marks": wrong(
        "what else is kept", "node not in visited", "not hasattr(node, 'seen')", "visited.add(node)", "node.seen = True"
    ),
    "one tape": wrong("an earlier graph is still there", *TAPE),
    "one tape, not reset": wrong("an earlier graph is still there", *TAPE, RESET, ""),
    "a step": wrong(
        "a backward pass changes data", PASS, f"{PASS}        for node in order:\n            node.data -= node.grad\n"
    ),
    "old data": wrong(
        "still computes with the old",
        "self.data = data",
        "self.data = self.old = data",
        "* other.data,",
        "* other.old,",
    ),
    "zero_grad to 1": wrong(
        "zero_grad leaves", "self._order():\n            node.grad = 0.0", "self._order():\n            node.grad = 1.0"
    ),
}
ENGINES = RULES | STOPS | VALUES | SUMS | UPSTREAM | PASSES | LIFETIMES
