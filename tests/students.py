"""What students write into the gaps of the exercises, right and wrong, and how the marking of each must begin."""

from __future__ import annotations

from typing import NamedTuple

RIGHT = "right"


class Written(NamedTuple):
    """What was written: the number of an exercise, and the Python that defines what it asks for."""

    number: int
    code: str
    begins: str = RIGHT


def function(number: int, head: str, *bodies: tuple[str, str]) -> list[Written]:
    """Bodies of one function, each with how its marking begins; lines are divided by semicolons or new lines."""
    return [Written(number, f"{head}\n    " + body.replace("\n", "\n    "), begins) for body, begins in bodies]


SIGMOID = "from math import exp\ndef s(z): return 1/(1+exp(-z)) if z >= 0 else exp(z)/(1+exp(z))\n"
IMPORTS = "from tinygrad_sigmoid.course.exhibits import edges\nfrom tinygrad_sigmoid.graph import topological_order\n"
LAYER = """import numpy as np
def layer_backward(upstream, x, W, b):
    a = 1 / (1 + np.exp(-(x @ W + b)))
    d = upstream * a * (1 - a)"""
VALUE = """class Value:
    def __init__(self, data, inputs=()):
        self.data, self.grad, self.inputs = data, 0.0, inputs
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)))
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)))
    __radd__, __rmul__ = __add__, __mul__
    def backward(self):
        order, seen = [], set()
        def visit(value):
            if value not in seen:
                seen.add(value)
                for used, _ in value.inputs:
                    visit(used)
                order.append(value)
        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            for used, local in value.inputs:
                used.grad += value.grad * local
"""
CLOSURES = """class Value:
    def __init__(self, data, inputs=()):
        self.data, self.grad, self._prev, self._backward = data, 0, set(inputs), lambda: None
    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def _backward():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = _backward
        return out
    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = _backward
        return out
    __radd__, __rmul__ = __add__, __mul__
    def backward(self):
        topo, visited = [], set()
        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._prev:
                    build(child)
                topo.append(v)
        build(self)
        self.grad = 1
        for v in reversed(topo):
            v._backward()
"""


def changed(code: str, begins: str, *changes: tuple[str, str]) -> Written:
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    return Written(11, code, begins)


WRITTEN = [
    *function(
        1,
        "def derivatives(out, x, y):",
        ("return y, x", RIGHT),
        ("return [float(y), float(x)]", RIGHT),
        ("return x, y", "x and y are exchanged"),
        ("return 1, 1", "those of x + y"),
        ("return out, out", "that is out itself"),
        ("return out / x, out / y", "out/x is y, but not at x = 0"),
        ("return y, out / y", "out/y is x, but not at y = 0"),
        ("return {'x': y, 'y': x}.values()", RIGHT),
        ("import collections; return collections.deque([y, x])", RIGHT),
        ("return {y, x}", "{"),
        ("return y, None", "None is among the numbers"),
        ("return -y, -x", "the sign is the other way round"),
        ("return y, 1", "wrong only in ∂out/∂y"),
    ),
    *function(
        2,
        "def derivatives(out, x, y):",
        ("return 1 / y, -x / y ** 2", RIGHT),
        ("return 1 / y, -out / y", RIGHT),
        ("return 1 / y, x / y ** 2", "the minus is missing"),
        ("return 1 / y, -x / y", "−x/y, not −x/y²"),
        ("return y, x", "those of x·y"),
        ("return 1 / y, 1 / x", "wrong only in ∂out/∂y"),
        ("return 1 / y, -1 / y ** 2", "the derivative of 1/y is −1/y²"),
        ("return 2 / y, -2 * x / y ** 2", "2 times the right one"),
    ),
    *function(
        3,
        "def derivative(out, z):",
        ("return 1 - out * out", RIGHT),
        ("return (1 - out) * (1 + out)", RIGHT),
        ("h = 1e-5; return (__import__('math').tanh(z + h) - out) / h", "close, but not exact"),
        ("return [1 - out * out]", "the right numbers, in another shape"),
        ("return 'text'", "'text' is text"),
        ("return 1 - __import__('math').tanh(z) ** 2", RIGHT),
        ("return 1 - out", "1 − t, not 1 − t²: did you forget the square?"),
        ("return 1 - z ** 2", "1 − z², not 1 − t²"),
        ("return out * (1 - out)", "t·(1 − t) is the slope of σ"),
        ("return 1 + out ** 2", "1 + t², not 1 − t²"),
        ("return out", "that is tanh itself"),
        ("return 2 * (1 - out ** 2)", "2 times the right one"),
    ),
    *function(
        4,
        f"{SIGMOID}def gradients(w, x, b):",
        ("a = s(w*x + b); d = a * (1 - a); return d * x, d * w, d", RIGHT),
        ("z = w*x + b; return tuple(s(z) * s(-z) * k for k in (x, w, 1))", RIGHT),
        ("return x, w, 1", "the slope of σ is missing"),
        ("a = s(w*x + b); d = a * (1 - a); return d * w, d * x, d", "w and x are exchanged"),
        ("a = s(w*x); d = a * (1 - a); return d * x, d * w, d", "the slope of σ is that at w·x"),
        ("a = s(w*x + b); return a * x, a * w, a", "σ(z) stands where its slope belongs"),
        ("a = s(w*x + b); d = a * (1 - a); return d, d, d", "the local derivatives of z are missing"),
        ("a = s(w*x + b); d = a * (1 - a); return d * x, d * w, 0", "∂z/∂b is 1"),
    ),
    *function(
        5,
        "def predicted_change(slopes, changes):",
        ("return sum(s * c for s, c in zip(slopes, changes))", RIGHT),
        ("total = 0\nfor i in range(len(slopes)): total += slopes[i] * changes[i]\nreturn total", RIGHT),
        ("return sum(changes)", "the changes alone"),
        ("return sum(slopes) * sum(changes)", "the sum of all slopes times"),
        ("for s, c in zip(slopes, changes): return s * c", "only the first leaf counts"),
        ("for s, c in zip(slopes, changes): total = s * c\nreturn total", "only the last leaf counts"),
        ("return sum(abs(s * c) for s, c in zip(slopes, changes))", "the signs are gone"),
        ("return sum(s * c for s, c in zip(slopes, changes)) / len(slopes)", "the mean of the contributions"),
        ("return [s * c for s, c in zip(slopes, changes)]", "the wrong shape"),
        ("return -sum(s * c for s, c in zip(slopes, changes))", "the sign is the other way round"),
        ("return sum(s * changes[slopes.index(s)] for s in slopes)", "right in "),
        ("return sum({s * c for s, c in zip(slopes, changes)})", "right in "),
        ("return sum(s * c for s, c in dict(zip(slopes, changes)).items())", "right in "),
        (
            "total = 0\nfor s, c in zip(slopes, changes):\n    if not s or not c: break\n"
            "    total += s * c\nreturn total",
            "0 wherever it is wrong",
        ),
        ("return sum(slopes[i] * changes[i] for i in range(len(slopes) - 1))", "the last leaf is left out"),
        ("return sum(s + c for s, c in zip(slopes, changes))", "slope and change are added"),
    ),
    *function(
        6,
        "import math\ndef sigmoid(z):",
        ("return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))", RIGHT),
        ("e = math.exp(-abs(z)); return (1 if z >= 0 else e) / (1 + e)", RIGHT),
        ("return 1 / (1 + math.exp(-z))", "e^−z overflows below z = −709"),
        ("return math.exp(z) / (1 + math.exp(z))", "e^z overflows above z = 709"),
        ("return 0.5 * (1 + math.tanh(z / 2))", "½(1 + tanh(z/2)) is right on paper"),
        ("return 1 / (1 + math.exp(-z)) if z >= 0 else 1 - 1 / (1 + math.exp(z))", "1 − (almost 1) has lost"),
        ("return 0.0 if z < -700 else 1 / (1 + math.exp(-z))", "0 wherever it is wrong"),
        ("return 1 / (1 + math.exp(-max(z, -500)))", "7.12458e-218 wherever it is wrong"),
        ("return float(z > 0)", "a perceptron"),
        ("return 1 / (1 + math.exp(-max(z, -709)))", "1.21678e-308 wherever it is wrong"),
        ("return 1 / (1 + math.exp(-z)) if z > -10 else math.exp(z)", ""),
        ("return math.exp(z / 2) / (math.exp(z / 2) + math.exp(-z / 2))", "it stops with OverflowError"),
    ),
    *function(
        7,
        f"{SIGMOID}def slope(z):",
        ("return s(z) * s(-z)", RIGHT),
        ("e = exp(-abs(z)); return e / (1 + e) ** 2", RIGHT),
        ("return s(z) * (1 - s(z))", "1 − σ(z) has lost its digits"),
        ("return s(z) - s(z) ** 2", "1 − σ(z) has lost its digits"),
        ("return 1 - s(z) ** 2", "1 − σ², as that of tanh"),
        ("return s(z)", "that is σ itself"),
        ("return exp(-z) / (1 + exp(-z)) ** 2", "e^−z/(1 + e^−z)² overflows"),
        ("return -s(z) * s(-z)", "the slope is never negative"),
        ("return (2 / (exp(z / 2) + exp(-z / 2))) ** 2 / 4", "it stops with OverflowError"),
        ("return exp(-z) if z > 15 else s(z) * s(-z)", ""),
        ("return exp(-abs(z)) if abs(z) > 10 else s(z) * s(-z)", ""),
        ("return 0.0 if abs(z) > 36 else s(z) * (1 - s(z))", "1 − σ(z) has lost its digits"),
        ("from math import tanh; return (1 - tanh(z / 2) ** 2) / 4", "(1 − tanh²(z/2))/4 is right on paper"),
    ),
    *function(
        8,
        "def topological_order(output):",
        (
            "order = []\ndef visit(v):\n    if v not in order:\n        for u in v.inputs: visit(u)\n"
            "        order.append(v)\nvisit(output)\nreturn order",
            RIGHT,
        ),
        (
            "seen, order, stack = set(), [], [(output, False)]\nwhile stack:\n    v, done = stack.pop()\n"
            "    if done: order.append(v)\n    elif v not in seen:\n        seen.add(v); stack.append((v, True))\n"
            "        stack += [(u, False) for u in v.inputs]\nreturn iter(order)",
            RIGHT,
        ),
        ("return [output]", "a value is missing"),
        (
            "order, seen = [], set()\ndef visit(v):\n    if v in seen: return\n    seen.add(v)\n"
            "    for u in v.inputs:\n        if u in seen: break\n        visit(u)\n    order.append(v)\n"
            "visit(output)\nreturn order",
            "a value is missing",
        ),
        (
            "order, seen = [], set()\ndef visit(v):\n    if v.label in seen: return\n    seen.add(v.label)\n"
            "    for u in v.inputs: visit(u)\n    order.append(v)\nvisit(output)\nreturn order",
            "a value is missing",
        ),
        (
            "order = []\ndef visit(v):\n    if v in order: return\n    if len(v.inputs) == 2:\n"
            "        l, r = v.inputs; visit(l); visit(r)\n    order.append(v)\nvisit(output)\nreturn order",
            "a value is missing",
        ),
        (
            "order = []\ndef visit(v):\n    if v in order: return\n    for u in v.inputs[:2]: visit(u)\n"
            "    order.append(v)\nvisit(output)\nreturn order",
            "a value is missing",
        ),
        (
            "order, seen = [output], {output}\nfor v in order:\n    for u in v.inputs:\n        if u not in seen:\n"
            "            seen.add(u); order.append(u)\nreturn order[::-1]",
            "breadth first",
        ),
        ("return output", "Value"),
        ("return [list(output.inputs), output]", "something that is not in the graph"),
        ("import copy; return [copy.copy(output)]", "something that is not in the graph"),
        (
            "order = []\ndef visit(v):\n    if v not in order:\n        for u in v.inputs: visit(u)\n"
            "        order.append(v)\nif output.inputs: visit(output)\nreturn order",
            "a value is missing",
        ),
        ("return [*output.inputs, output]", "only the output and its own inputs"),
        (
            "order = []\ndef visit(v):\n    order.append(v)\n    for u in v.inputs: visit(u)\nvisit(output)\n"
            "return order[::-1]",
            "a value is there twice",
        ),
        (
            "order = []\ndef visit(v):\n    if v not in order:\n        order.append(v)\n"
            "        for u in v.inputs: visit(u)\nvisit(output)\nreturn order",
            "each value is put into the list on the way down",
        ),
        (
            "order = [output]\nfor v in order: order += [u for u in v.inputs if u not in order]\nreturn order[::-1]",
            "breadth first",
        ),
        ("return [v.label for v in output.inputs]", "something that is not in the graph"),
    ),
    Written(11, VALUE),
    Written(11, CLOSURES),
    changed(VALUE, "= for +=", ("used.grad += value", "used.grad = value")),
    changed(
        CLOSURES,
        "it goes wrong at +",
        ("self.grad += out", "self.grad = out"),
        ("other.grad += out", "other.grad = out"),
    ),
    changed(VALUE, "post-order, not reversed", ("reversed(order)", "order")),
    changed(VALUE, "every gradient is 0: is that of the output set to 1", ("self.grad = 1.0", "pass")),
    changed(
        VALUE,
        "the local derivatives of the inputs swapped",
        ("(self, other.data), (other, self", "(self, self.data), (other, other"),
    ),
    changed(VALUE, "data is wrong before any gradient is", ("self.data + other.data", "self.data - other.data")),
    changed(VALUE, "the upstream gradient is left out", ("value.grad * local", "local")),
    changed(
        VALUE,
        "each value sets its own gradient to 1",
        ("for value in reversed(order)", "for value in order: value.grad = 1.0\n        for value in []"),
    ),
    changed(CLOSURES, "it goes wrong at *", ("self.data * out.grad", "self.data")),
    changed(
        VALUE,
        "it stops with AttributeError",
        (
            "        other = other if isinstance(other, Value) else Value(other)\n"
            "        return Value(self.data + other.data",
            "        return Value(self.data + other.data",
        ),
    ),
    changed(VALUE, "it stops with TypeError", ("__radd__, __rmul__ = __add__, __mul__", "__rmul__ = __mul__")),
    changed(
        VALUE,
        "a second pass is wrong",
        (
            "    def backward(self):\n        order, seen = [], set()\n",
            "    order, seen = [], set()\n    def backward(self):\n        order, seen = self.order, self.seen\n",
        ),
    ),
    changed(
        VALUE,
        "a second pass is wrong",
        (
            "    def backward(self):\n        order, seen = [], set()\n",
            "    seen = set()\n    def backward(self):\n        order, seen = [], self.seen\n",
        ),
    ),
    changed(
        VALUE,
        "two values with the same number are taken for one",
        ("if value not in seen", "if value.data not in seen"),
        ("seen.add(value)", "seen.add(value.data)"),
    ),
    changed(
        VALUE,
        "it stops with ZeroDivisionError",
        ("(self, other.data), (other, self.data)", "(self, self.data * other.data / self.data), (other, self.data)"),
    ),
    *function(
        12,
        f"{SIGMOID}def gradients(w, x, b, y):",
        ("a = s(w*x + b); d = (a - y) * a * (1 - a); return d * x, d", RIGHT),
        ("a = s(w*x + b); d = (y - a) * a * (1 - a); return d * x, d", "(y − a), not (a − y)"),
        ("a = s(w*x + b); return (a - y) * x, a - y", "the slope of σ is missing"),
        ("a = s(w*x + b); d = 2 * (a - y) * a * (1 - a); return d * x, d", "twice as large"),
        ("a = s(w*x + b); d = a * (1 - a); return d * x, d", "the derivative of the cost is missing"),
        ("a = s(w*x + b); d = (a - y) * a * (1 - a); return d, d", "x is missing"),
        ("a = s(w*x + b); d = (a - 1 if y == 1 else a) * a * (1 - a); return d * x, d", "right in "),
        ("a = s(w*x + b); d = (a - round(y)) * a * (1 - a); return d * x, d", "right in "),
        ("a = s(w*x + b); d = (a - y) * y * (1 - y); return d * x, d", "y·(1 − y) where the slope"),
        ("a = s(w*x + b); d = (a + y) * a * (1 - a); return d * x, d", "a + y, not a − y"),
        ("a = s(w*x + b); d = (a - y) * a * (1 - a) * x; return d, d / x", "it stops with ZeroDivisionError"),
        ("a = s(w*x + b); d = -y*a + (1 + y)*a**2 - a**3; return d * x, d", RIGHT),
        ("a = s(w*x + b); d = abs(a - y) * a * (1 - a); return d * x, d", "|a − y|"),
        ("z = w*x + b; a = s(z); d = (a - y) * a * (1 - z); return d * x, d", "a·(1 − z), or 1 − a²"),
        ("a = s(w*x + b); d = (a - y) * a; return d * x, d", "a where its slope belongs"),
    ),
    *function(
        13,
        f"{SIGMOID}def step(w, x, b, y, rate):\n    a = s(w*x + b); d = (a - y) * a * (1 - a)",
        ("return w - rate * d * x, b - rate * d", RIGHT),
        ("return w + rate * d * x, b + rate * d", "uphill"),
        ("rate = min(rate, 3.0); return w - rate * d * x, b - rate * d", "right in "),
        ("return w - d * x, b - d", "the learning rate is missing"),
        ("return -rate * d * x, -rate * d", "that is the step alone"),
        ("return w - rate * d * x, b", "only w moves"),
        (
            "w -= rate * d * x; a = s(w*x + b); return w, b - rate * (a - y) * a * (1 - a)",
            "the gradient of b is taken after",
        ),
        ("return w - rate * (a - y) * x, b - rate * (a - y)", "the slope of σ is missing"),
    ),
    *function(
        14,
        "from tinygrad_sigmoid import GradientDescent, squared_error\ndef train(neuron, samples, rate, epochs):",
        *[
            (
                f"for _ in range(epochs):\n    {zero}\n    for inputs, target in samples:\n"
                f"        squared_error(neuron(inputs), target).backward()\n    for p in {which}: p.data {step}",
                begins,
            )
            for zero, which, step, begins in [
                ("neuron.zero_grad()", "neuron.parameters()", "-= rate * p.grad / len(samples)", RIGHT),
                (
                    "for p in neuron.parameters(): p.grad = 0",
                    "neuron.parameters()",
                    "-= rate * p.grad / 4",
                    "right in 7 of 9",
                ),
                (
                    "pass",
                    "neuron.parameters()",
                    "-= rate * p.grad / len(samples)",
                    "the gradients are not zeroed in each epoch",
                ),
                ("pass", "neuron.parameters()", "-= rate * p.grad", "two lines are missing"),
                (
                    "neuron.zero_grad()",
                    "neuron.parameters()",
                    "-= rate * p.grad",
                    "the gradients of all samples add up",
                ),
                ("neuron.zero_grad()", "neuron.parameters()", "+= rate * p.grad / len(samples)", "uphill"),
                ("neuron.zero_grad()", "neuron.weights", "-= rate * p.grad / len(samples)", "the bias never moves"),
                (
                    "neuron.zero_grad()",
                    "neuron.parameters()",
                    "-= p.grad / len(samples)",
                    "the learning rate is missing",
                ),
            ]
        ],
        (
            "descent = GradientDescent(neuron.parameters(), rate)\nfor _ in range(epochs):\n    descent.zero_grad()\n"
            "    for x, y in samples: squared_error(neuron(x), y).backward()\n    descent.step(len(samples))",
            RIGHT,
        ),
        (
            "for _ in range(min(epochs, 4)):\n    neuron.zero_grad()\n"
            "    for x, y in samples: squared_error(neuron(x), y).backward()\n"
            "    for p in neuron.parameters(): p.data -= rate * p.grad / len(samples)",
            "right in 8 of 9",
        ),
        (
            "for _ in range(epochs):\n    if all(round(neuron.predict(x)) == y for x, y in samples): break\n"
            "    neuron.zero_grad()\n    for x, y in samples: squared_error(neuron(x), y).backward()\n"
            "    for p in neuron.parameters(): p.data -= rate * p.grad / len(samples)",
            "the training stops when all samples are read right",
        ),
        (
            "for _ in range(epochs):\n    neuron.zero_grad()\n    w1, w2, b = neuron.parameters()\n"
            "    for x, y in samples: squared_error(neuron(x), y).backward()\n"
            "    for p in w1, w2, b: p.data -= rate * p.grad / len(samples)",
            "it stops with ValueError: too many values to unpack",
        ),
    ),
    *function(
        15,
        LAYER,
        ("return d @ W.T, x.T @ d, d.sum(axis=0)", RIGHT),
        ("return np.einsum('no,io->ni', d, W), np.einsum('ni,no->io', x, d), np.ones(len(x)) @ d", RIGHT),
        ("return upstream @ W.T, x.T @ upstream, upstream.sum(axis=0)", "the slope of σ is missing"),
        ("return d @ W.T, x.T @ d, d", "b belongs to every sample"),
        ("return d @ W.T, x.T @ d, d.mean(axis=0)", "the mean over the samples"),
        ("return d @ W.T, (x.T @ d).T, d.sum(axis=0)", "∂C/∂W is transposed"),
        ("return d @ W, x.T @ d, d.sum(axis=0)", "W must be transposed for ∂C/∂x"),
        ("return d @ W.T, x.T @ d, d.sum(axis=1)", "summed over the outputs"),
        ("return x.T @ d, d @ W.T, d.sum(axis=0)", "in another order"),
        ("return np.squeeze(d @ W.T), x.T @ d, d.sum(axis=0)", "wrong only in ∂C/∂x: the right numbers, in another"),
        (
            "upstream *= a * (1 - a); return upstream @ W.T, x.T @ upstream, upstream.sum(0)",
            "it writes into the arrays",
        ),
    ),
]
