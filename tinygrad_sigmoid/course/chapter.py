"""The chapter, runnable: each of its claims is an item that computes its numbers here and now, beside the book's.

The book is Michael Nielsen's *Neural Networks and Deep Learning*, chapter 1. What an item claims, asks and expects
stands in `data/chapter.toml`; the function of its name here computes its numbers, with nothing but the package's own
perceptrons, neurons, nudges and training. Where the book has MNIST, an item has the digits that ship with the package.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import product
from statistics import fmean

from tinygrad_sigmoid.course.digits import Digit, load_digits
from tinygrad_sigmoid.course.exhibits import Ledger, topological
from tinygrad_sigmoid.course.items import Numbers, items_of
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.course.repair import as_perceptrons
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Network, Neuron, Perceptron
from tinygrad_sigmoid.nudging import nudge
from tinygrad_sigmoid.operations import heaviside, maximum, minimum, sigmoid, tanh
from tinygrad_sigmoid.training import train
from tinygrad_sigmoid.value import Value, write

BITS = list(product((0, 1), repeat=2))

# -- Perceptrons -----------------------------------------------------------------------------------------------------


def threshold() -> Numbers:
    perceptron = Perceptron([1], -5)
    return {f"output at w·x = {z}": perceptron.predict([z]) for z in (4.999, 5, 5.001)}


def festival() -> Numbers:
    days = list(product((0, 1), repeat=3))
    strict, eager = (Perceptron([6, 2, 2], -threshold) for threshold in (5, 3))
    changed = [day for day in days if strict.predict(day) != eager.predict(day)]
    return {
        "threshold 5: days out of 8 decided by the weather alone": sum(strict.predict(day) == day[0] for day in days),
        "threshold 3: days decided otherwise": len(changed),
        "which (weather, company, train)": " / ".join(" ".join(map(str, day)) for day in changed),
    }


def nand_gate() -> Numbers:
    neurons = {"w·x + b": Neuron([-2, -2], 3, None), "output": Perceptron([-2, -2], 3)}
    return {f"{x1} {x2}: {what}": neuron.predict([x1, x2]) for x1, x2 in BITS for what, neuron in neurons.items()}


def half_adder(x1: float, x2: float, nand: Neuron, carry: Neuron) -> tuple[float, float]:
    """The sum and the carry of two bits: `nand` is used four times; the one weight of `carry` stands for two wires."""
    both = nand.predict([x1, x2])
    return nand.predict([nand.predict([x1, both]), nand.predict([x2, both])]), carry.predict([both])


def adder() -> Numbers:
    nand = Perceptron([-2, -2], 3)
    both_wires = sum(weight.data for weight in nand.weights)
    numbers: Numbers = {}
    for x1, x2 in BITS:
        total, carried = half_adder(x1, x2, nand, Perceptron([both_wires], 3))
        numbers[f"{x1} + {x2}: carry and sum"] = f"{carried:.0f} {total:.0f}"
    return numbers | {"one weight for two wires of weight −2": both_wires}


def flip() -> Numbers:
    perceptrons = Perceptron([-2, -2], 2), Perceptron([-2, -2], 2 + 1e-12), Perceptron([-2, 3], 2)
    before, after, aside = (perceptron.predict([1, 0]) for perceptron in perceptrons)
    neuron = Neuron([-2, -2], 2)
    moved = nudge(neuron([1, 0]), {neuron.bias: 1e-12}).actual
    return {
        "perceptron, b = 2": before,
        "perceptron, b = 2 + 10⁻¹²": after,
        "Δb = 10⁻¹²: the perceptron": "flips" if after != before else "stays",
        "Δw2 = 5: the perceptron": "flips" if aside != before else "stays",
        "change of the sigmoid neuron's output": float(f"{moved:.2g}"),
    }


# -- Sigmoid neurons -------------------------------------------------------------------------------------------------


def sigmoid_neuron() -> Numbers:
    nand = Neuron([-2, -2], 3)
    return {
        "output at (1, 1)": nand.predict([1, 1]),
        "output at (0.638, 0.638)": nand.predict([0.638, 0.638]),
        "output at w·x + b = 0": nand.predict([0.75, 0.75]),
    }


def shape() -> Numbers:
    return {f"|σ(z) − step(z)| at z = {z:g}": abs(sigmoid(z) - heaviside(z)) for z in (-10, -1, 0.1, 1, 10)}


def equation_5() -> Numbers:
    neuron = Neuron([-2, -2], 3)
    output, w1 = neuron([1, 1]), neuron.weights[0]
    numbers: Numbers = {"output": output.data, "∂output/∂w1": nudge(output, {w1: 0.1}).gradients[w1]}
    for change in (0.1, 0.01, 0.001):
        nudged = nudge(output, {w1: change})
        numbers[f"Δw1 = {change}: predicted"] = nudged.predicted
        numbers[f"Δw1 = {change}: actual"] = nudged.actual
    numbers["remainder / Δ²"] = nudged.remainder / change**2
    halving = nudge(output, {w1: 0.1}).halving()
    numbers["slope of the remainder"] = round(halving.slope, 2)
    *_, larger, smaller = [abs(nudged.actual - 1.03 * nudged.predicted) for nudged in halving.nudges]
    numbers["slope with a gradient 3 % wrong"] = round(math.log2(larger / smaller), 2)
    return numbers


def smoothed_step(z: Value) -> Value:
    """A step from 0 at z = −2 to 1 at z = 2, without a corner: 3t² − 2t³ of the way."""
    t = minimum(maximum(z / 4 + 0.5, 0.0), 1.0)
    return t * t * (3 - 2 * t)


def smoothness() -> Numbers:
    numbers: Numbers = {}
    for name, activation in (("σ", sigmoid), ("tanh", tanh), ("a smoothed step", smoothed_step)):
        neuron = Neuron([-2, -2], 3, None)
        halving = nudge(activation(neuron([1, 1])), {neuron.bias: 0.1}).halving()
        numbers[f"slope of the remainder with {name}"] = round(halving.slope, 2)
    perceptron = Perceptron([-2, -2], 2)
    nudged = nudge(perceptron([1, 0]), {perceptron.bias: 0.1})
    numbers["the step at w·x + b = 0, Δb = 0.1: predicted"] = nudged.predicted
    numbers["the step at w·x + b = 0, Δb = 0.1: actual"] = nudged.actual
    return numbers


def scaled_perceptrons() -> Numbers:
    digits = load_digits()[1][:50]
    network = as_perceptrons(Network([64, 8, 10], seed=1))
    numbers: Numbers = {}
    for c in (0.01, 1000):
        scaled = as_perceptrons(network)
        write(scaled.parameters(), [c * parameter.data for parameter in network.parameters()])
        changed = [digit for digit in digits if scaled.predict(digit.inputs) != network.predict(digit.inputs)]
        numbers[f"c = {c:g}: digits with another output"] = len(changed)
    return numbers


def steep_sigmoids() -> Numbers:
    numbers: Numbers = {}
    for c in (1, 10, 100):
        neuron = Neuron([c], 0)
        numbers[f"c = {c}: output at w·x + b = −0.1"] = neuron.predict([-0.1])
        numbers[f"c = {c}: output at w·x + b = +0.1"] = neuron.predict([0.1])
    numbers["c = 10⁹: output at w·x + b = 0"] = Neuron([1e9], 0).predict([0])
    nand = Neuron([-20, -20], 30)
    return numbers | {f"NAND with c = 10 at {x1} {x2}": nand.predict([x1, x2]) for x1, x2 in BITS}


# -- Networks and learning -------------------------------------------------------------------------------------------


def bitwise_layer() -> list[Neuron]:
    """Four neurons that turn ten outputs, one for each digit, into the digit's four bits, the lowest first."""
    return [Neuron([10 if digit >> bit & 1 else -10 for digit in range(10)], 0) for bit in range(4)]


def bitwise_output() -> Numbers:
    right, least_sure = 0, 1.0
    for digit in range(10):
        outputs = [0.99 if place == digit else 0.0099 for place in range(10)]
        bits = [neuron.predict(outputs) for neuron in bitwise_layer()]
        right += sum(1 << place for place, bit in enumerate(bits) if bit > 0.5) == digit
        least_sure = min(least_sure, *(max(bit, 1 - bit) for bit in bits))
    return {"digits spelled right, of 10": right, "how sure the layer is of its least sure bit": least_sure}


def descent() -> Numbers:
    network = Network([2, 3, 1], seed=1)
    cost = squared_error(network([0.2, 0.9]), [0])
    before = cost.data
    cost.backward()
    predicted = -0.01 * sum((parameter.grad or 0.0) ** 2 for parameter in network.parameters())
    GradientDescent(network.parameters(), 0.01).step()
    actual = cost.forward().data - before
    v = Value(1, "v")
    valley = v * v
    valley.backward()
    GradientDescent([v], 1.5).step()
    return {
        "η = 0.01: ΔC": actual,
        "η = 0.01: ΔC / (−η‖∇C‖²)": actual / predicted,
        "C = v², η = 1.5: ΔC": valley.forward().data - 1,
    }


def mini_batch() -> Numbers:
    neuron = Neuron.random(2, seed=0)
    before, slopes = neuron.bias.data, []
    for x1, x2 in BITS:
        nand = float(not (x1 and x2))
        alone = Neuron.random(2, seed=0)
        squared_error(alone([x1, x2]), nand).backward()
        slopes.append(alone.bias.grad or 0.0)
        squared_error(neuron([x1, x2]), nand).backward()
    GradientDescent(neuron.parameters(), 3.0).step(len(BITS))
    return {
        "−η/m · Σ ∂C/∂b, one by one": -3.0 / len(BITS) * sum(slopes),
        "change of b in one step": neuron.bias.data - before,
    }


def reading() -> Numbers:
    digits, test = load_digits()
    history = train(Network([64, 30, 10], seed=1), digits, epochs=3, seed=1, test=test)
    numbers: Numbers = {f"epoch {epoch.number}: % right": _percent(epoch.correct, epoch.tested) for epoch in history}
    first, theirs = history[0].correct / history[0].tested, 0.9129
    numbers["epoch 1: is it as good as on MNIST"] = "worse" if first < theirs - 0.02 else "as good or better"
    return numbers


def learning_rates() -> Numbers:
    digits, test = load_digits()
    numbers: Numbers = {}
    for rate in (0.001, 3.0, 100.0):
        for epoch in train(Network([64, 15, 10], seed=1), digits[:500], epochs=3, rate=rate, seed=1, test=test):
            numbers[f"η = {rate:g}, epoch {epoch.number}: % right"] = _percent(epoch.correct, epoch.tested)
    return numbers


def _percent(right: int, tested: int) -> float:
    return round(100 * right / tested, 2)


def by_darkness(train: Sequence[Digit], test: Sequence[Digit]) -> int:
    """How many test digits are told right by nothing but their ink: that of the nearest digit's average."""
    darkness = [fmean(fmean(sample.inputs) for sample in train if sample.digit == digit) for digit in range(10)]
    return sum(
        min(range(10), key=lambda digit: abs(darkness[digit] - fmean(sample.inputs))) == sample.digit for sample in test
    )


def baselines() -> Numbers:
    digits, test = load_digits()
    guesses = random.Random(0).choices(range(10), k=len(test))
    guessed = sum(guess == sample.digit for guess, sample in zip(guesses, test, strict=True))
    told = by_darkness(digits, test)
    near = abs(told / len(test) - 0.1) < 0.05
    return {
        "guessing: % right": _percent(guessed, len(test)),
        "average darkness: % right": _percent(told, len(test)),
        "darkness against guessing, which is right 1 time in 10": "about the same" if near else "far off",
    }


# -- Backpropagation -------------------------------------------------------------------------------------------------


def museum() -> Numbers:
    x = Value(2, "x")
    y = 3 * x
    a, b = 2 * y, 5 * y
    comparison = compare(a + b)
    topological(a + b, ledger := Ledger())
    added = {edge.value: edge.after - edge.before for edge in ledger.edges if edge.used is y}
    numbers: Numbers = {"the edge from a to y adds": added[a], "the edge from b to y adds": added[b]}
    numbers["dc/dx"] = comparison.right[x]
    for outcome in comparison.outcomes[:4]:
        numbers[outcome.exhibit.name] = outcome.gradients[x]
    x = Value(3, "x")
    numbers["= for += on x·x at 3 (right: 6)"] = compare(x * x)["= for +="].gradients[x]
    leaves_reset = compare(x * x * x)["second pass, leaves reset"]
    numbers["second pass, leaves reset, on x³ at 3 (right: 27)"] = leaves_reset.gradients[x]
    return numbers


ITEMS = items_of(
    *(threshold, festival, nand_gate, adder, flip),
    *(sigmoid_neuron, shape, equation_5, smoothness, scaled_perceptrons, steep_sigmoids),
    *(bitwise_output, descent, mini_batch, reading, learning_rates, baselines, museum),
)
