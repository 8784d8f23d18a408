"""Wrong calls of every public function: right calls in which one argument, or two, is replaced by something else.

`python tests/attacks/wrong_calls.py 600` makes such calls at random for 600 seconds, and lists those that misbehave. A
call behaves if it succeeds with something that its parameter is for, or if it raises an error that this package has
written: one sentence that names what was given, with what to do about it after a colon. And it changes nothing.
"""

from __future__ import annotations

import itertools
import linecache
import operator
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_sigmoid
from tinygrad_sigmoid import GradientDescent, Network, Neuron, Operation, Value, compiled, sigmoid
from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.course.digits import digit_picture
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.elementary import ELEMENTARY
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.reading.parsing import recorded
from tinygrad_sigmoid.testing import check_gradients, check_operation, planted_bug, strategies
from tinygrad_sigmoid.training import correct

PACKAGE = Path(tinygrad_sigmoid.__file__).parent
LONGEST_MESSAGE = 400
LONGEST_CALL = 20  # seconds; the longest takes half of one, where nothing else runs


class EndlessError(Exception):
    """A call has taken longer than any of these should."""


def give_up(signal_number: int, frame: object) -> None:
    raise EndlessError(f"no end within {LONGEST_CALL} s")


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("it can't be shown")


class Unreachable:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError("it has no attributes, and says so in its own way")


def raising() -> Iterator[float]:
    yield 1.0
    raise RuntimeError("no more of them")


class World:
    """Fresh objects to make a call with, and a look at whether one has changed them."""

    def __init__(self) -> None:
        self.x, self.b = Value(2.0, "x"), Value(0.5, "b")
        self.output = sigmoid(self.x * self.b)
        self.output.label = "a"
        leaf = Value(1.0, "changed")
        self.stale = leaf * leaf
        leaf.data = 3.0
        self.neuron, self.network = Neuron([0.5, -0.5], 0.25), Network([2, 2, 1], seed=0)
        self.descent = GradientDescent([self.x, self.b], 0.1)
        self.x.grad = self.b.grad = 0.5
        self.own = Operation("own", lambda x: x * x, lambda out, x: (2.0 * x,))
        self.samples: list[Any] = [([0.0, 1.0], [1.0]), ([1.0, 0.5], [0.0])]

    def state(self) -> object:
        """All that a call might change."""
        parameters = [*self.neuron.parameters(), *self.network.parameters(), *self.descent.parameters]
        values = [self.output, *self.output.inputs, self.stale, *self.stale.inputs, *parameters]
        rules = [(one.forward, one.derivatives, one.notation) for one in (*table.TABLE.values(), self.own)]
        numbers = [(one.data, one.grad, one.label, one.local_derivatives) for one in values]
        return repr(numbers), rules, repr(self.samples), list(ELEMENTARY), dict(vars(Value)), sorted(os.listdir())


THINGS: dict[str, Callable[[World], object]] = {
    "None": lambda _: None,
    "True": lambda _: True,
    "an int": lambda _: 3,
    "-1": lambda _: -1,
    "0": lambda _: 0,
    "2**64": lambda _: 2**64,
    "10**400": lambda _: 10**400,
    "10**5000": lambda _: 10**5000,
    "1.5": lambda _: 1.5,
    "nan": lambda _: float("nan"),
    "inf": lambda _: float("inf"),
    "-inf": lambda _: -float("inf"),
    "an empty text": lambda _: "",
    "a text": lambda _: "text",
    "a text of two": lambda _: "12",
    "line terminators": lambda _: "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\0\x1b[2J",
    "a long text": lambda _: "x" * 10_000,
    "an operation's name": lambda _: "sigmoid",
    "bytes": lambda _: b"12",
    "a list": lambda _: [1.0, 0.5],
    "a list of three": lambda _: [1.0, 0.5, 2.0],
    "an empty list": lambda _: [],
    "a list of texts": lambda _: ["a", "b"],
    "a nested list": lambda _: [[1.0, 0.5], [0.5, 1.0]],
    "a ragged list": lambda _: [[1.0], [0.5, 1.0]],
    "a list of Values": lambda w: [w.x, w.b],
    "a list of nan": lambda _: [1.0, float("nan")],
    "a list that holds itself": lambda _: (itself := [1.0], itself.append(itself), itself)[-1],  # type: ignore[arg-type, func-returns-value]
    "a tuple": lambda _: (1.0, 0.5),
    "a dict": lambda _: {1.0: 1.0, 0.5: 0.5},
    "a dict of Values": lambda w: {w.x: 0.25, w.b: "text"},
    "a set": lambda _: {1.0, 0.5},
    "a generator": lambda _: (number for number in (1.0, 0.5)),
    "an iterator that raises": lambda _: raising(),
    "what can't be shown": lambda _: Unshowable(),
    "what has no attributes": lambda _: Unreachable(),
    "a bytearray": lambda _: bytearray(b"12"),
    "a memoryview": lambda _: memoryview(b"12"),
    "a deque": lambda _: deque([1.0, 0.5]),
    "the keys of a dict": lambda _: {1.0: 0, 0.5: 0}.keys(),
    "a list of what can't be shown": lambda _: [Unshowable(), Unshowable()],
    "an object": lambda _: object(),
    "a class": lambda _: list,
    "Value itself": lambda _: Value,
    "a built-in function": lambda _: len,
    "a function": lambda _: lambda x: x * x,
    "a lambda of no inputs": lambda _: lambda: 1.0,
    "a lambda of three inputs": lambda _: lambda a, b, c: a * b * c,
    "a Value": lambda w: w.x,
    "a computed Value": lambda w: w.output,
    "a stale Value": lambda w: w.stale,
    "a Neuron": lambda w: w.neuron,
    "a Network": lambda w: w.network,
    "an Operation": lambda _: sigmoid,
    "an operation on two inputs": lambda _: table.add,
    "an array of none": lambda _: np.array(0.5),
    "an array": lambda _: np.array([1.0, 0.5]),
    "an array of two dimensions": lambda _: np.ones((2, 2)),
    "an array of objects": lambda _: np.array([None, "a"], dtype=object),
    "a NumPy scalar": lambda _: np.float32(0.5),
    "a NumPy int": lambda _: np.int64(2),
    "a Decimal": lambda _: Decimal("0.5"),
    "a Fraction": lambda _: Fraction(1, 2),
    "a complex": lambda _: 1 + 1j,
    "a range": lambda _: range(7, 9),  # as an order it fits no samples here, not even a list of three
    "a pair of a text and a number": lambda _: ("text", 1.0),
    "samples in the wrong order": lambda _: [(1.0, [0.0, 1.0])],
    "ragged samples": lambda _: [([0.0, 1.0], [1.0]), ([0.0], [1.0])],
    "samples of nan": lambda _: [([0.0, float("nan")], [1.0])],
    "samples of texts": lambda _: [(["a", "b"], ["c"])],
    "other samples": lambda _: [((1, 0), 1.0)],
}

NUMBERS = {"True", "an int", "-1", "0", "2**64", "1.5", "a NumPy scalar", "a NumPy int", "a Fraction"}
NOT_FINITE = {"nan", "inf", "-inf"}
VALUES = {"a Value", "a computed Value", "a stale Value"}
TEXTS = {name for name in THINGS if "text" in name and "list" not in name and "pair" not in name}
TEXTS |= {"line terminators", "an operation's name"}
PAIRS = {"a list", "a deque", "a tuple", "an array", "a range"}  # of numbers
LISTS = {"a list of Values", "a list of three", "a list of nan"}
FUNCTIONS = {name for name in THINGS if "lambda" in name or "function" in name}
FUNCTIONS |= {"a Neuron", "a Network", "an Operation", "an operation on two inputs"}
RULES = {"a function", "a lambda of no inputs", "a lambda of three inputs"}
ANYTHING = set(THINGS)


class Kind(NamedTuple):
    """What a parameter is for: something right, and the names of those things that may be right as well."""

    right: Callable[[World], object]
    also: set[str]


Parameters = Mapping[str, Kind]


class Call(NamedTuple):
    """A right call of a function: what it is called with by keyword, the world being given to it as well."""

    function: Callable[..., object]
    parameters: Parameters


def constant(right: object, also: set[str]) -> Kind:
    return Kind(lambda _: right, also)


def optional(kind: Kind) -> Kind:
    return kind._replace(also=kind.also | {"None"})


number = constant(0.5, NUMBERS)
operand = Kind(lambda w: w.x, NUMBERS | VALUES)
any_operand = operand._replace(also=operand.also | NOT_FINITE)  # on plain floats they compute as floats do
value = Kind(lambda w: w.output, VALUES)
leaf = Kind(lambda w: w.x, VALUES)
values = Kind(lambda w: [w.x, w.b], {"an empty list", "a list of Values"})
inputs = constant([1.0, 0.5], PAIRS | {"a list of Values"})
numbers = constant([1.0, 0.5], PAIRS | {"a list of nan"})  # on plain floats all computes as floats do
outputs = Kind(lambda w: [w.x, w.b], PAIRS | VALUES | NUMBERS | NOT_FINITE | LISTS)
text = constant("z", TEXTS)
seed = constant(1, {"None", "an int", "a NumPy int", "0", "2**64", "10**400", "10**5000"})
function = constant(lambda x: x * x, FUNCTIONS)
operation = Kind(lambda w: w.own, {"an Operation", "an operation on two inputs"})
network = Kind(lambda w: w.network, {"a Neuron", "a Network"})
samples = Kind(lambda w: w.samples, {"other samples"})
flag = constant(False, {"True"})


def whole(right: int, *also: str) -> Kind:
    return constant(right, {"an int", "a NumPy int", *also})


def of_one(name: str) -> Call:
    return Call(lambda _, x: getattr(tinygrad_sigmoid, name)(x), {"x": any_operand})


def of_two(name: str) -> Call:
    return Call(lambda _, a, b: getattr(tinygrad_sigmoid, name)(a, b), {"a": any_operand, "b": any_operand})


def package(name: str, /, **parameters: Kind) -> Call:
    """A call of the package's own function of that name."""
    return Call(lambda _, /, **given: getattr(tinygrad_sigmoid, name)(**given), parameters)


def on(thing: Callable[[World], Any], method: str, /, **parameters: Kind) -> Call:
    return Call(lambda w, /, **given: getattr(thing(w), method)(**given), parameters)


def infix(symbol: Callable[[Any, Any], object], kind: Kind = operand) -> dict[str, Call]:
    return {
        f"v {symbol.__name__} other": Call(lambda w, other: symbol(w.x, other), {"other": kind}),
        f"other {symbol.__name__} v": Call(lambda w, other: symbol(other, w.x), {"other": kind}),
    }


def program(w: World, target: Any) -> Any:
    """A program of one input and one parameter."""
    return compiled(w.output, inputs=[w.x], wrt=[w.b], watch=[w.output] * (target in ("wasm", "native")), target=target)


def of_program(target: str) -> dict[str, Call]:
    """The calls of a program's methods."""

    def call(method: str, /, **parameters: Kind) -> Call:
        return on(lambda w: program(w, target), method, **parameters)

    def trained(w: World, /, **given: Any) -> None:
        order = given.pop("order", None)
        program(w, target).descent(**{"samples": [1.0, 0.5], "batch": 2, "rate": 0.1, **given})(order)

    column = constant([1.0, 0.5], PAIRS | {"a list of three"})
    own = constant([0.5], set())
    calls = {
        "__call__": Call(lambda w, x: program(w, target)(x), {"x": number}),
        "batch": Call(
            lambda w, column, parameters: program(w, target).batch(column, parameters=parameters),
            {"column": column, "parameters": optional(own)},
        ),
        "samples": Call(lambda w, column: program(w, target).samples(column), {"column": column}),
        "parameters_from": call("parameters_from", given=optional(own)),
        "descent": Call(trained, {"rate": constant(0.1, NUMBERS - {"-1", "0"}), "batch": whole(2)}),
        "descent on samples": Call(
            trained, {"samples": column, "order": optional(constant([0, 1], {"an empty list"}))}
        ),
        "descent from parameters": Call(
            lambda w, parameters: trained(w) if parameters is None else trained(w, parameters=parameters),
            {"parameters": WIDE},
        ),
    }
    if target != "python":
        calls["watched"] = call("watched", parameters=optional(own), samples=column)
    return {f"{target} program.{name}": one for name, one in calls.items()}


def planted(w: World, operation: object, **given: object) -> None:
    with planted_bug(operation, **given):  # type: ignore[arg-type]
        pass


# fmt: off
ONE_INPUT = [
    "absolute", "cos", "exp", "expm1", "heaviside", "log", "log1p", "log_sigmoid", "negate", "relu", "sigmoid", "sin",
    "softplus", "sqrt", "tanh",
]
# fmt: on
TWO_INPUTS = ["add", "divide", "maximum", "minimum", "multiply", "power", "subtract"]
GRAPH = Kind(lambda w: w.output, VALUES | {"an Operation", "an operation on two inputs"})
PLACES = constant([], {"None", "an empty list"})
WIDE = constant(None, {"None"})
UNSTEPPED = {"an int", "a NumPy int"}
STRATEGY = {
    "operations": Kind(lambda w: [w.own], {"None"}),
    "max_operations": whole(5, "0"),
    "max_inputs": whole(2),
    "numbers": WIDE,
    "well_scaled": flag,
}

CALLS: dict[str, Call] = {
    **{name: of_one(name) for name in ONE_INPUT},
    **{name: of_two(name) for name in TWO_INPUTS},
    "dot": package("dot", weights=outputs, inputs=outputs),
    "Value": package("Value", data=number, label=text),
    "Value.data": Call(lambda w, data: setattr(w.x, "data", data), {"data": number}),
    **{
        name: call
        for symbol in (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow)
        for name, call in infix(symbol).items()
    },
    **{
        name: call
        for symbol in (operator.lt, operator.ge)
        for name, call in infix(
            symbol, operand._replace(also=operand.also | NOT_FINITE | {"10**400", "10**5000"})
        ).items()
    },
    "Operation": package(
        "Operation",
        name=text,
        forward=function,
        derivatives=constant(lambda out, x: (2.0 * x,), RULES),
        notation=WIDE,
        defined=optional(function),
        hint=text,
        kink_at=optional(function),
    ),
    "Operation.__call__": Call(lambda w, x: w.own(x), {"x": any_operand}),
    "translated": package("translated", operation=operation, python=text, javascript=text, kernel=optional(function)),
    "gradients": package("gradients", output=value, wrt=values),
    "squared_error": package("squared_error", outputs=outputs, targets=numbers._replace(also=outputs.also)),
    "cross_entropy": package(
        "cross_entropy", outputs=Kind(lambda w: w.output, {"a computed Value"}), targets=constant(1.0, NUMBERS | VALUES)
    ),
    "softmax_cross_entropy": package(
        "softmax_cross_entropy", outputs=outputs, targets=numbers._replace(also=outputs.also)
    ),
    "Neuron": package(
        "Neuron",
        weights=inputs._replace(also=inputs.also | {"a list of three"}),
        bias=operand,
        activation=optional(constant(sigmoid, {"an Operation"})),
    ),
    "Neuron.random": Call(
        lambda _, **given: Neuron.random(**given),
        {"inputs": whole(2, "True"), "seed": seed, "activation": optional(constant(sigmoid, {"an Operation"}))},
    ),
    "Neuron.__call__": Call(lambda w, inputs: w.neuron(inputs), {"inputs": inputs}),
    "Neuron.predict": on(lambda w: w.neuron, "predict", inputs=numbers),
    "Neuron.label_values": on(lambda w: Neuron([1.0], 0.0), "label_values", place=text),
    "Perceptron": package("Perceptron", weights=inputs._replace(also=inputs.also | {"a list of three"}), bias=operand),
    "Layer": package("Layer", neurons=Kind(lambda w: [w.neuron], set())),
    "Layer.__call__": Call(lambda w, inputs: w.network.layers[0](inputs), {"inputs": inputs}),
    "Layer.predict": on(lambda w: w.network.layers[0], "predict", inputs=numbers),
    "Network": package(
        "Network",
        sizes=constant([2, 1], {"a range"}),
        seed=seed,
        activation=optional(constant(sigmoid, {"an Operation"})),
        output_activation=optional(constant(sigmoid, {"an Operation"})),
    ),
    "Network.of": Call(lambda _, layers: Network.of(layers), {"layers": Kind(lambda w: w.network.layers, set())}),
    "Network.__call__": Call(lambda w, inputs: w.network(inputs), {"inputs": inputs}),
    "Network.predict": on(lambda w: w.network, "predict", inputs=numbers),
    "Network.label_values": on(lambda w: Network([2, 1], seed=0), "label_values", place=text),
    "GradientDescent": package(
        "GradientDescent", parameters=Kind(lambda w: [w.x, w.b], {"a list of Values"}), rate=number
    ),
    "GradientDescent.step": on(lambda w: GradientDescent([w.x], 0.0001), "step", samples=whole(1, "True")),
    "nudge": package("nudge", output=value, changes=Kind(lambda w: {w.x: 0.01}, set())),
    "Nudge.halving": on(lambda w: tinygrad_sigmoid.nudge(w.output, {w.x: 0.01}), "halving", times=whole(2, "0")),
    "scan": package("scan", output=value, leaf=leaf, low=number, high=constant(4.0, NUMBERS), points=whole(3)),
    "steps": package("steps", output=value),
    "to_json": package("to_json", output=value),
    "explain": package("explain", output=value, wrt=value),
    "formula": package("formula", described=GRAPH),
    "latex": package("latex", described=GRAPH),
    "draw": Call(
        lambda _, output, **given: tinygrad_sigmoid.draw(output, **given),
        {"output": value, "collapse": PLACES, "expand": PLACES, "marks": Kind(lambda w: {w.x: "here"}, set())},
    ),
    "animate": package("animate", output=value, path=WIDE),
    "explore": package("explore", output=value, path=WIDE),
    "live": package("live", output=value),
    "train": package(
        "train",
        network=network,
        samples=samples,
        epochs=whole(1, "0"),
        batch=whole(2),
        rate=constant(0.0001, NUMBERS),
        loss=constant(tinygrad_sigmoid.squared_error, FUNCTIONS),
        seed=seed,
        test=samples._replace(also={"other samples", "an empty list"}),
        target=constant(None, {"None"}),
        watch=constant(None, FUNCTIONS | {"None", "a class"}),
    ),
    "check_gradients": Call(
        lambda w, checked, at, **given: check_gradients(checked, at, **given),
        {
            "checked": constant(lambda x: x * x, FUNCTIONS | VALUES | {"Value itself"}),
            "at": number,
            "order": whole(1, "True"),
            "backward": constant(Value.backward, FUNCTIONS | {"None"}),
            "strict": optional(flag),
            "digits": whole(9, "0"),
            "intended": flag,
        },
    ),
    **{
        f"check_gradients(numbers, {kind})": Call(
            lambda w, claim, kind=kind: check_gradients(lambda x: x * x, 3.0, **{kind: claim}),
            {"claim": constant(claim, FUNCTIONS | {"None"})},
        )
        for kind, claim in {
            "gradient": lambda x: 2 * x,
            "vjp": lambda upstream, x: upstream * 2 * x,
            "jvp": lambda tangents, x: tangents[0] * 2 * x,
        }.items()
    },
    "check_operation": Call(
        lambda w, **given: check_operation(**given),
        {"operation": operation, "at": number._replace(also=NUMBERS | PAIRS), "order": whole(1, "None")},
    ),
    **{
        f"planted_bug({name})": Call(
            planted, {"operation": operation._replace(also=operation.also | {"an operation's name"}), name: kind}
        )
        for name, kind in {
            "scale": constant(2.0, NUMBERS),
            "drop": whole(1),
            "sign": constant(True, {"True"}),
            "derivatives": constant(lambda out, x: (x,), FUNCTIONS),
            "forward": constant(lambda x: x, FUNCTIONS),
        }.items()
    },
    "expression": Call(
        lambda w, **given: strategies.expression(given["function"], x=given["x"]), {"function": function, "x": number}
    ),
    "expressions": Call(lambda w, **given: strategies.expressions(**given), STRATEGY),
    "graphs": Call(lambda w, **given: strategies.graphs(**given), STRATEGY),
    "points": Call(lambda w, **given: strategies.points(**given), {"operation": operation}),
    "networks": Call(
        lambda w, **given: strategies.networks(**given),
        {
            "max_inputs": whole(2),
            "max_layers": whole(2),
            "max_neurons": whole(2),
        },
    ),
    "arrays": Call(
        lambda w, size, **given: strategies.arrays(size, **given),
        {"size": whole(2, "0"), "numbers": WIDE, "nested": flag},
    ),
    "compiled": package("compiled", output=value, inputs=constant([], {"an empty list", "a list of Values"})),
    "compiled with gradients": Call(
        lambda w, **given: compiled(w.output, **given),
        {
            "inputs": Kind(lambda w: [w.x], {"an empty list", "a list of Values"}),
            "wrt": values,
            "target": constant("python", set()),
        },
    ),
    "compiled to watch": Call(
        lambda w, watch, target: compiled(w.output, inputs=[w.x], watch=watch, target=target),
        {"watch": values, "target": constant("wasm", set())},
    ),
    **{name: call for target in ("python", "wasm", "native") for name, call in of_program(target).items()},
    # What is in no `__all__`, but in the README, or is what others come to.
    "compare": Call(lambda w, **given: compare(**given), {"output": value}),
    "digit_picture": Call(lambda w, **given: digit_picture(**given), {"pixels": constant([0.5] * 4, set())}),
    "recorded": Call(
        lambda w, **given: recorded(**given), {"formula": constant("x*2", set()), "leaves": constant({"x": 1.0}, set())}
    ),
    "correct": Call(
        lambda w, **given: correct(**given),
        {"network": network, "samples": samples._replace(also={"other samples", "an empty list"})},
    ),
}

# Public names that nobody calls with arguments of their own, and those whose calls are attacked elsewhere.
NOT_CALLED = {
    "Certificate": "what check_gradients gives",
    "GradientMismatch": "what check_gradients raises",
    "StaleGraph": "raised",
    "TinygradSigmoidError": "raised",
    "Expression": "what expression and expressions give",
    "register": "takes nothing",
}

PYTHONS_OWN = re.compile(r"takes .*argument|missing \d+ required|unexpected keyword|got multiple values")


class Attempt(NamedTuple):
    """A call and which of its arguments are replaced by which thing."""

    name: str
    replaced: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(f'{parameter}={thing}' for parameter, thing in self.replaced)})"

    def complaint(self) -> str:
        """What is wrong with how the call behaves; empty if nothing is."""
        world, call = World(), CALLS[self.name]
        given = {name: kind.right(world) for name, kind in call.parameters.items()}
        given |= {parameter: THINGS[thing](world) for parameter, thing in self.replaced}
        wrong = [given[parameter] for parameter, _ in self.replaced]
        before, slots, translations = world.state(), dict(vars(Value)), dict(ELEMENTARY)
        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(LONGEST_CALL)
        try:
            call.function(world, **given)
        except Exception as error:  # whatever it raises is judged
            if not self.replaced:
                raise
            watched = any(parameter == "watch" for parameter, _ in self.replaced)  # which is called after an epoch
            changed = "" if watched or world.state() == before else "it changed something, and raised "
            return changed + (_complaint_about(error, wrong) or ("" if not changed else repr(error)))
        finally:
            signal.alarm(0)
            ELEMENTARY.clear()
            ELEMENTARY.update(translations)
            for name in Value.__slots__:  # a walk that is given the class itself may have left its mark on it
                setattr(Value, name, slots[name])
        if all(thing in call.parameters[parameter].also for parameter, thing in self.replaced):
            return ""
        return "it is accepted"


def _complaint_about(error: Exception, wrong: list[object]) -> str:
    """What is wrong with an error; empty if nothing is."""
    message = getattr(error, "culprit", None) or str(error)
    [*_, innermost] = traceback.extract_tb(error.__traceback__)
    called = any(callable(thing) and not isinstance(thing, type) for thing in wrong)
    if isinstance(error, TypeError) and PYTHONS_OWN.search(message):
        return ""
    if "wrong_calls" in innermost.filename and innermost.name in ("<lambda>", "raising"):
        return ""  # a function or an iterator of one's own has failed by itself, as `len` does, without a line here
    if not _is_ours(innermost) and not (len in filter(callable, wrong) and "len()" in message):
        return f"{type(error).__name__} from inside: {message[:200]!r} at {innermost.filename}:{innermost.lineno}"
    if not message.isprintable():
        return f"its message has more than one line: {message!r}"
    if len(message) > LONGEST_MESSAGE:
        return f"its message has {len(message)} characters: {message[:200]!r}"
    if not called and not re.search(r": \S", message):
        return f"its message has no cure: {message!r}"
    named = any(thing is None for thing in wrong) or any(token in message for token in _tokens(*wrong))
    if not called and not named:  # what was called may have been given something that is named
        return f"its message doesn't name what was given: {message!r}"
    return ""


def _is_ours(frame: traceback.FrameSummary) -> bool:
    """Whether an error was raised here by a statement of this package."""
    line = linecache.getline(frame.filename, frame.lineno or 0)
    return PACKAGE in Path(frame.filename).parents and line.strip().startswith("raise ")


def _tokens(*things: Any) -> Iterator[str]:
    """How a message may name one of these."""
    for thing in things:
        yield from (shown(thing)[:30], shown([thing])[:30], f"an object of type {type(thing).__name__}")
        with suppress(TypeError, ValueError, OverflowError):
            yield f"{float(thing):.6g}"
        if isinstance(thing, Value):
            yield f"{thing.label}={thing.data:.6g}"
            yield from [shown(used)[:30] for used in topological_order(thing)]
        elif isinstance(thing, str):
            yield f"{len(thing)} characters"
        elif isinstance(thing, dict):
            yield from _tokens(*thing, *thing.values())
        elif isinstance(thing, list | tuple | deque | range | set | np.ndarray) and getattr(thing, "shape", True) != ():
            yield f"{len(thing)}"
            yield from _tokens(*[entry for entry in thing if entry is not thing])


def single() -> Iterator[Attempt]:
    """Every call with every one of its arguments replaced by every thing."""
    for name, call in CALLS.items():
        for parameter, thing in itertools.product(call.parameters, THINGS):
            yield Attempt(name, ((parameter, thing),))


def double(generator: random.Random) -> Iterator[Attempt]:
    """Calls with two of their arguments replaced, without end."""
    names = [name for name, call in CALLS.items() if len(call.parameters) > 1]
    while True:
        name = generator.choice(names)
        one, other = generator.sample(list(CALLS[name].parameters), 2)
        yield Attempt(name, ((one, generator.choice(list(THINGS))), (other, generator.choice(list(THINGS)))))


def main(seconds: float) -> None:
    tried, failed, seen = 0, 0, Counter[str]()
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for attempt in itertools.chain(single(), double(random.Random())):
            if time.monotonic() > end:
                break
            tried += 1
            if complaint := attempt.complaint():
                failed += 1
                seen[f"{attempt.name}: {complaint[:60]}"] += 1
                if seen[f"{attempt.name}: {complaint[:60]}"] <= 3:
                    print(f"{attempt}: {complaint}", flush=True)
        os.chdir("/")
    print(f"tried {tried:,}, failed {failed:,}")


if __name__ == "__main__":
    main(float(sys.argv[1]))
