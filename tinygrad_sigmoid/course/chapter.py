"""The chapter, runnable: each of its claims as an item that computes its numbers, here and now, beside the book's.

The book is Michael Nielsen's *Neural Networks and Deep Learning*, chapter 1. An item runs nothing of its own making:
perceptrons, neurons, nudges and training are the package's. Where the book has MNIST, an item has the digits that ship
with the package, and says so.
"""

from __future__ import annotations

import math
import random
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

from tinygrad_sigmoid.course.digits import Digit, load_digits
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.course.repair import as_perceptrons
from tinygrad_sigmoid.descent import GradientDescent
from tinygrad_sigmoid.losses import squared_error
from tinygrad_sigmoid.neuron import Network, Neuron, Perceptron
from tinygrad_sigmoid.nudging import Nudge, nudge
from tinygrad_sigmoid.operations import heaviside, maximum, minimum, sigmoid, tanh
from tinygrad_sigmoid.training import training
from tinygrad_sigmoid.value import Value

MNIST_TESTED = 10_000
WIDTH = 100  # characters a line


@dataclass(frozen=True)
class Figure:
    """What is to be expected, by the book or worked out from what it says, beside what this run gives.

    Attributes:
        what: What is measured.
        expected: What should come out, to as many digits as are certain; empty where nobody can say beforehand.
        here: What this run gives: a number, or a word.
        question: What a reader is asked before it is shown, if this is a figure to predict.
        choices: The words to choose from, where the answer is a word.
        why: Why it comes out so, for a reader who predicted something else.
        of_book: Whether what is expected stands in the book itself; else it was worked out.
    """

    what: str
    expected: str
    here: float | str
    question: str = ""
    choices: tuple[str, ...] = ()
    why: str = ""
    of_book: bool = False

    @property
    def shown(self) -> str:
        """This run's number or word as text."""
        return self.here if isinstance(self.here, str) else f"{self.here:.6g}"


@dataclass(frozen=True)
class Item:
    """One item of the chapter.

    Attributes:
        number: Its place.
        title: What it claims.
        story: What is done.
        figures: Computes its figures, afresh each time.
        notice: What to look at in them.
    """

    number: int
    title: str
    story: str
    figures: Callable[[], Iterator[Figure]]
    notice: str

    def heading(self, width: int = WIDTH) -> str:
        """Its number, what it claims and what is done, as text; lines of prose have at most `width` characters."""
        return f"{self.number}. {self.title}\n{textwrap.fill(self.story, width)}"

    def table(self, figures: Sequence[Figure], width: int = WIDTH) -> str:
        """These figures of it, as text, and what to notice in at most `width` characters a line.

        Numbers that stand in the book itself have a column of their own, beside those that were worked out.

        >>> flip = ITEMS[4]
        >>> print(flip.heading())
        5. A tiny change can flip a perceptron
        NAND at x = (1, 0), first with the bias 2, then with 2 + 10⁻¹².
        >>> print(flip.table(list(flip.figures())))
                                                expected      here
        perceptron, b = 2                              0         0
        perceptron, b = 2 + 10⁻¹²                      1         1
        the perceptron's output                    flips     flips
        change of the sigmoid neuron's output    2.5e-13   2.5e-13
        Notice: The same change of the same bias: everything or 2.5·10⁻¹³. Only one of these two can be
        tuned.
        """
        columns = {
            "": [figure.what for figure in figures],
            "the book": [figure.expected if figure.of_book else "" for figure in figures],
            "expected": ["" if figure.of_book else figure.expected for figure in figures],
            "here": [figure.shown for figure in figures],
        }
        cells = [[name, *column] for name, column in columns.items() if any(column)]
        names, *numbers = [(column, max(map(len, column))) for column in cells]
        lines = [
            "   ".join([names[0][row].ljust(names[1]), *[column[row].rjust(wide) for column, wide in numbers]])
            for row in range(len(figures) + 1)
        ]
        return "\n".join([*lines, textwrap.fill(f"Notice: {self.notice}", width)])


@dataclass(frozen=True)
class Judgement:
    """What became of a reader's prediction: whether it was right, and how close it was, in a sentence."""

    right: bool
    said: str


def judged(figure: Figure, answer: str) -> Judgement:
    """How close a prediction is: 2 % off is right, since nobody predicts the sixth digit.

    >>> slope = Figure("∂output/∂w1", "0.196612", 0.19661, "What is ∂output/∂w1?")
    >>> judged(slope, "0.2").said
    'Right: 0.19661.'
    >>> judged(slope, "0.25").said
    'Close, 27 % off: 0.19661.'
    >>> judged(slope, "19.7 %").said
    'Right: 0.19661.'
    >>> judged(slope, "-0.2").said
    'The sign is the other way round: 0.19661.'

    Raises:
        ValueError: The answer is neither a number nor one of the words to choose from.
    """
    if isinstance(figure.here, str):
        return _judged_word(figure, answer.strip().lower())
    given = answer.strip().replace("−", "-")
    unit = 0.01 if given.endswith("%") and "%" not in figure.what else 1.0
    try:
        predicted = float(given.rstrip("%")) * unit
    except ValueError:
        raise ValueError(f"{answer.strip()!r} is not a number: write it as in 0.25, or 1e-6") from None
    here = figure.here
    off = abs(predicted - here) / abs(here) if here else abs(predicted)
    if off <= 0.02:
        return Judgement(True, f"Right: {figure.shown}.")
    if here * predicted < 0:
        return Judgement(False, f"The sign is the other way round: {figure.shown}.")
    if here and off < 0.5:
        return Judgement(False, f"Close, {100 * off:.0f} % off: {figure.shown}.")
    return Judgement(False, f"Not so: {figure.shown}.")


def _judged_word(figure: Figure, word: str) -> Judgement:
    chosen = [choice for choice in figure.choices if word and choice.startswith(word)]
    if len(chosen) != 1:
        raise ValueError(f"{word!r} is none of the answers: choose from {', '.join(figure.choices)}")
    right = chosen[0] == figure.here
    return Judgement(right, f"{'Right' if right else 'Not so'}: it {figure.here}.")


ITEMS: list[Item] = []


def _item(title: str, notice: str) -> Callable[[Callable[[], Iterator[Figure]]], Callable[[], Iterator[Figure]]]:
    """Makes a function that computes figures the next item; its docstring is the item's story."""

    def added(figures: Callable[[], Iterator[Figure]]) -> Callable[[], Iterator[Figure]]:
        ITEMS.append(Item(len(ITEMS) + 1, title, " ".join((figures.__doc__ or "").split()), figures, notice))
        return figures

    return added


# -- Perceptrons -----------------------------------------------------------------------------------------------------


@_item(
    "A perceptron gives 1 if w·x + b > 0, else 0",
    "The threshold itself belongs to 0, and a bias is a threshold on the other side: b = −threshold.",
)
def threshold() -> Iterator[Figure]:
    """A perceptron with weight 1 and bias −5, so with threshold 5, just below, at and just above it."""
    perceptron = Perceptron([1], -5)
    yield Figure("output at w·x = 4.999", "0", perceptron.predict([4.999]))
    yield Figure(
        "output at w·x = 5",
        "0",
        perceptron.predict([5]),
        "What is the output at exactly w·x + b = 0?",
        why="For a 1, w·x + b must be more than 0.",
        of_book=True,
    )
    yield Figure("output at w·x = 5.001", "1", perceptron.predict([5.001]))


@_item(
    "Weights and a threshold make a decision",
    "A lower threshold makes it easier to say yes: now company and a train outweigh the weather.",
)
def festival() -> Iterator[Figure]:
    """Off to the cheese festival? The weather weighs 6, company 2, a train 2; the threshold is 5, then 3."""
    days = list(product((0, 1), repeat=3))
    strict, eager = ([Perceptron([6, 2, 2], -threshold).predict(day) for day in days] for threshold in (5, 3))
    weather = [float(day[0]) for day in days]
    yield Figure(
        "threshold 5: days out of 8 decided by the weather alone",
        "8",
        sum(went == good for went, good in zip(strict, weather, strict=True)),
    )
    changed = [day for day, before, after in zip(days, strict, eager, strict=True) if before != after]
    yield Figure(
        "threshold 3: days decided otherwise",
        "1",
        len(changed),
        "With threshold 3 in place of 5, how many of the 8 possible days are decided otherwise?",
        why="Company and a train weigh 4 together, more than 3 but not more than 5: only 0 1 1 changes.",
    )
    which = " / ".join(" ".join(map(str, day)) for day in changed)
    yield Figure("which (weather, company, train)", "0 1 1", which, of_book=True)


@_item(
    "A perceptron can be a NAND gate",
    "Every circuit can be built from NAND gates, so perceptrons can compute whatever a computer can.",
)
def nand_gate() -> Iterator[Figure]:
    """Weights −2 and −2, bias 3, and the four inputs."""
    gate, weighted = Perceptron([-2, -2], 3), Neuron([-2, -2], 3, None)
    for (x1, x2), z, output in zip(product((0, 1), repeat=2), ("3", "1", "1", "-1"), "1110", strict=True):
        asked = "What is the output of NAND for 1 1?" if x1 and x2 else ""
        yield Figure(f"{x1} {x2}: w·x + b", z, weighted.predict([x1, x2]), of_book=x1 == x2)
        why = "−2·1 − 2·1 + 3 = −1, which is not above 0."
        yield Figure(f"{x1} {x2}: output", output, gate.predict([x1, x2]), asked, why=why, of_book=True)


def half_adder(x1: Any, x2: Any, nand: Neuron, carry: Neuron) -> tuple[Any, Any]:
    """The sum and the carry of two bits, from five gates, the last of which takes the same wire twice.

    Args:
        x1: A bit.
        x2: A bit.
        nand: The gate that is used four times.
        carry: A gate with one weight, which stands for two wires.
    """
    both = nand.predict([x1, x2])
    return nand.predict([nand.predict([x1, both]), nand.predict([x2, both])]), carry.predict([both])


@_item(
    "NAND gates add two bits",
    "Two wires of weight −2 from the same gate are one wire of weight −4: a network has no need of the second.",
)
def adder() -> Iterator[Figure]:
    """A half adder of five NAND perceptrons; the carry's takes one wire twice, so its single weight is −4."""
    nand = Perceptron([-2, -2], 3)
    both_wires = sum(weight.data for weight in nand.weights)
    carry = Perceptron([both_wires], 3)
    for x1, x2 in product((0, 1), repeat=2):
        total, carried = half_adder(x1, x2, nand, carry)
        yield Figure(f"{x1} + {x2}: carry and sum", f"{x1 & x2} {x1 ^ x2}", f"{carried:.0f} {total:.0f}")
    yield Figure(
        "one weight for two wires of weight −2",
        "-4",
        both_wires,
        "A gate takes the same wire twice, each time with weight −2. Which single weight does the same?",
        why="−2·x − 2·x = −4·x.",
        of_book=True,
    )


@_item(
    "A tiny change can flip a perceptron",
    "The same change of the same bias: everything or 2.5·10⁻¹³. Only one of these two can be tuned.",
)
def flip() -> Iterator[Figure]:
    """NAND at x = (1, 0), first with the bias 2, then with 2 + 10⁻¹²."""
    before, after = (Perceptron([-2, -2], bias).predict([1, 0]) for bias in (2, 2 + 1e-12))
    yield Figure("perceptron, b = 2", "0", before)
    yield Figure("perceptron, b = 2 + 10⁻¹²", "1", after)
    yield Figure(
        "the perceptron's output",
        "flips",
        "flips" if before != after else "moves a little",
        "The bias of this perceptron grows by 10⁻¹². What does its output do?",
        ("flips", "moves a little"),
        why="At b = 2, w·x + b is exactly 0, and whatever is above 0 gives 1.",
    )
    neuron = Neuron([-2, -2], 2)
    moved = nudge(neuron([1, 0]), {neuron.bias: 1e-12}).actual
    yield Figure("change of the sigmoid neuron's output", "2.5e-13", float(f"{moved:.2g}"))


# -- Sigmoid neurons -------------------------------------------------------------------------------------------------


@_item(
    "A sigmoid neuron gives σ(w·x + b), and takes any numbers from 0 to 1",
    "The output is a number between 0 and 1 as well, so it can be the input of the next neuron.",
)
def sigmoid_neuron() -> Iterator[Figure]:
    """The NAND neuron with σ in place of the step, on inputs a perceptron would have no use for."""
    nand = Neuron([-2, -2], 3)
    yield Figure("output at (1, 1)", "0.268941", nand.predict([1, 1]))
    yield Figure("output at (0.638, 0.638)", "", nand.predict([0.638, 0.638]))
    half = nand.predict([0.75, 0.75])
    yield Figure("output at w·x + b = 0", "0.5", half, "What is σ(0)?", why="σ(0) = 1/(1 + e⁰) = 1/2.")


@_item(
    "Far from 0, σ is nearly a step",
    "Only for modest w·x + b does a sigmoid neuron differ much from a perceptron, and there it can be tuned.",
)
def shape() -> Iterator[Figure]:
    """How far σ(z) is from the step function, for small and large z."""
    for z, book in ((-10, "4.5e-05"), (-1, "0.27"), (0.1, "0.475"), (1, "0.27"), (10, "4.5e-05")):
        asked = "How far is σ(−10) from 0?" if z == -10 else ""
        why = "σ(−10) = 1/(1 + e¹⁰), and e¹⁰ is about 22,000."
        yield Figure(f"|σ(z) − step(z)| at z = {z:g}", book, abs(sigmoid(z) - heaviside(z)), asked, why=why)


@_item(
    "Equation 5: a small change of the output is predicted by the gradient",
    "Halve the nudge and what the prediction missed falls fourfold (slope 2). If the gradient were 3 % wrong, it would "
    "only halve (slope 1): that is how a wrong gradient gives itself away.",
)
def equation_5() -> Iterator[Figure]:
    """The NAND neuron at (1, 1): its first weight is nudged, the change predicted, made, and compared."""
    neuron = Neuron([-2, -2], 3)
    output = neuron([1, 1])
    w1 = neuron.weights[0]
    yield Figure("output", "0.268941", output.data)
    slope = nudge(output, {w1: 0.1}).gradients[w1]
    yield Figure(
        "∂output/∂w1",
        "0.196612",
        slope,
        "The output is 0.269 and x1 = 1. What is ∂output/∂w1?",
        why="∂output/∂w1 = σ′(z)·x1 = output·(1 − output)·x1 = 0.269 · 0.731 · 1.",
    )
    for change, predicted, actual in (
        (0.1, "0.019661", "0.020109"),
        (0.01, "0.00196612", "0.00197066"),
        (0.001, "0.000196612", "0.000196657"),
    ):
        nudged = nudge(output, {w1: change})
        yield Figure(f"Δw1 = {change}: predicted", predicted, nudged.predicted)
        yield Figure(f"Δw1 = {change}: actual", actual, nudged.actual)
    yield Figure("remainder / Δ²", "0.0454", nudged.remainder / change**2)
    halving = nudge(output, {w1: 0.1}).halving()
    yield Figure("slope of the remainder", "2", round(halving.slope, 2))
    yield Figure("slope with a gradient 3 % wrong", "1", round(_slope_of_wrong_gradient(halving.nudges, 1.03), 2))


def _slope_of_wrong_gradient(nudges: Sequence[Nudge], factor: float) -> float:
    *_, larger, smaller = [abs(nudged.actual - factor * nudged.predicted) for nudged in nudges]
    return math.log2(larger / smaller)


def smoothed_step(z: Any) -> Any:
    """A step from 0 at z = −2 to 1 at z = 2, without a corner: 3t² − 2t³ of the way."""
    t = minimum(maximum(z / 4 + 0.5, 0.0), 1.0)
    return t * t * (3 - 2 * t)


@_item(
    "It is the smoothness of σ that matters, not its form",
    "Anything smooth obeys equation 5. The step predicts 0 everywhere, and is wrong exactly where something happens.",
)
def smoothness() -> Iterator[Figure]:
    """The NAND neuron with other functions in place of σ: how the remainder of a nudge falls when it is halved."""
    for name, activation in (("σ", sigmoid), ("tanh", tanh), ("a smoothed step", smoothed_step)):
        neuron = Neuron([-2, -2], 3, None)
        halving = nudge(activation(neuron([1, 1])), {neuron.bias: 0.1}).halving()
        asked = "With tanh in place of σ, what is the slope of the remainder?" if name == "tanh" else ""
        why = "Of anything smooth, half the nudge leaves a quarter of the remainder, and log₂ 4 = 2."
        yield Figure(f"slope of the remainder with {name}", "2", round(halving.slope, 2), asked, why=why)
    perceptron = Perceptron([-2, -2], 2)
    nudged = nudge(perceptron([1, 0]), {perceptron.bias: 0.1})
    yield Figure("the step at w·x + b = 0, Δb = 0.1: predicted", "0", nudged.predicted)
    yield Figure("the step at w·x + b = 0, Δb = 0.1: actual", "1", nudged.actual)


@_item(
    "Simulating perceptrons, part I: a positive factor changes nothing",
    "c·(w·x + b) has the sign of w·x + b, and a perceptron looks at nothing but the sign.",
)
def scaled_perceptrons() -> Iterator[Figure]:
    """Perceptrons read 50 digits; then all their weights and biases are multiplied by c, and they read again."""
    digits = load_digits()[1][:50]
    network = Network([64, 8, 10], seed=1)
    outputs = [as_perceptrons(network).predict(digit.inputs) for digit in digits]
    for c in (0.01, 1000):
        scaled = as_perceptrons(_scaled(network, c))
        changed = sum(scaled.predict(digit.inputs) != output for digit, output in zip(digits, outputs, strict=True))
        asked = "How many of 50 digits get another output when every weight and bias is 1000 times as large?"
        why = "c·(w·x + b) is above 0 exactly where w·x + b is."
        yield Figure(f"c = {c:g}: digits with another output", "0", changed, asked if c == 1000 else "", why=why)


def _scaled(network: Network, c: float) -> Network:
    scaled = Network.from_data(network.as_data(), {"sigmoid": sigmoid})
    for parameter in scaled.parameters():
        parameter.data *= c
    return scaled


@_item(
    "Simulating perceptrons, part II: steep sigmoid neurons become perceptrons, except at w·x + b = 0",
    "The larger c, the nearer to 0 or 1. At w·x + b = 0 no c helps: σ(c · 0) is 1/2, and a perceptron says 0.",
)
def steep_sigmoids() -> Iterator[Figure]:
    """Weights and bias of a sigmoid neuron are multiplied by c."""
    for c, below, above in ((1, "0.475", "0.525"), (10, "0.269", "0.731"), (100, "4.5e-05", "0.99995")):
        neuron = Neuron([c], 0)
        yield Figure(f"c = {c}: output at w·x + b = −0.1", below, neuron.predict([-0.1]))
        yield Figure(f"c = {c}: output at w·x + b = +0.1", above, neuron.predict([0.1]))
    yield Figure(
        "c = 10⁹: output at w·x + b = 0",
        "0.5",
        Neuron([1e9], 0).predict([0]),
        "The weight is 10⁹ and w·x + b is exactly 0. What does the sigmoid neuron give?",
        why="10⁹ · 0 is still 0, and σ(0) is 1/2.",
    )
    nand = Neuron([-20, -20], 30)
    for (x1, x2), book in zip(product((0, 1), repeat=2), ("", "0.99995", "0.99995", "4.5e-05"), strict=True):
        yield Figure(f"NAND with c = 10 at {x1} {x2}", book, nand.predict([x1, x2]))


# -- Networks and learning -------------------------------------------------------------------------------------------


def bitwise_layer() -> list[Neuron]:
    """Four neurons that turn ten outputs, one for each digit, into the digit's four bits, the lowest first."""
    return [Neuron([10 if digit >> bit & 1 else -10 for digit in range(10)], 0) for bit in range(4)]


@_item(
    "Ten outputs can become four bits",
    "The network learned nothing new: the layer only spells what the ten outputs say.",
)
def bitwise_output() -> Iterator[Figure]:
    """A layer with the weight +10 from each digit whose bit is set and −10 from the others, and outputs that are only
    just good enough: 0.99 for the right digit, 0.0099 for each of the others."""
    right, least_sure = 0, 1.0
    for digit in range(10):
        outputs = [0.99 if place == digit else 0.0099 for place in range(10)]
        bits = [neuron.predict(outputs) for neuron in bitwise_layer()]
        right += sum(1 << place for place, bit in enumerate(bits) if bit > 0.5) == digit
        least_sure = min(least_sure, *(max(bit, 1 - bit) for bit in bits))
    yield Figure(
        "digits spelled right, of 10",
        "10",
        right,
        "How many of the ten digits does it spell right?",
        why="To each bit the right digit brings ±9.9, the nine others together at most 0.891.",
        of_book=True,
    )
    yield Figure("how sure the layer is of its least sure bit", "", least_sure)


@_item(
    "Gradient descent: a small step against the gradient lowers the cost by η‖∇C‖²",
    "Downhill by as much as the gradient says, as long as the step is small. Too large a step climbs the other side.",
)
def descent() -> Iterator[Figure]:
    """One step of a small network on one sample with a small learning rate η; then C = v² at v = 1 with η = 1.5."""
    network = Network([2, 3, 1], seed=1)
    network.zero_grad()
    cost = squared_error(network([0.2, 0.9]), [0])
    cost.backward()
    rate = 0.01
    predicted = -rate * sum(parameter.grad**2 for parameter in network.parameters() if parameter.grad is not None)
    GradientDescent(network.parameters(), rate).step()
    before = cost.data
    actual = cost.forward().data - before
    yield Figure("η = 0.01: ΔC", "below 0", actual)
    yield Figure("η = 0.01: ΔC / (−η‖∇C‖²)", "1", actual / predicted)
    v = Value(1, "v")
    valley = v * v
    valley.backward()
    GradientDescent([v], 1.5).step()
    yield Figure(
        "C = v², η = 1.5: ΔC",
        "above 0",
        valley.forward().data - 1,
        "C = v², v = 1, η = 1.5: v becomes 1 − 1.5 · 2. By how much does C change?",
        why="v becomes −2, and C goes from 1 to 4.",
    )


@_item(
    "A mini-batch: the mean of its gradients, one step",
    "A few samples give nearly the direction that all would give, at a fraction of the work. A batch of 1 is online "
    "learning.",
)
def mini_batch() -> Iterator[Figure]:
    """A neuron that should become NAND: the four inputs as one mini-batch, η = 3, and the change of its bias."""
    neuron = Neuron.random(2, seed=0)
    samples = [((x1, x2), float(not (x1 and x2))) for x1, x2 in product((0, 1), repeat=2)]
    separate = []
    for inputs, target in samples:
        neuron.zero_grad()
        squared_error(neuron(inputs), target).backward()
        separate.append(neuron.bias.grad or 0.0)
    neuron.zero_grad()
    for inputs, target in samples:
        squared_error(neuron(inputs), target).backward()
    before = neuron.bias.data
    GradientDescent(neuron.parameters(), 3.0).step(len(samples))
    yield Figure("−η/m · Σ ∂C/∂b, one by one", "", -3.0 / len(samples) * sum(separate))
    yield Figure(
        "change of b in one step",
        "",
        neuron.bias.data - before,
        f"The four samples have ∂C/∂b = {', '.join(f'{slope:.3f}' for slope in separate)}. How does b change?",
        why="It changes by −η/m times their sum, with η = 3 and m = 4.",
    )


@_item(
    "A network learns to read",
    "1,500 digits are no 50,000: the beginning is slower here. The command `digits` trains for all 30 epochs.",
)
def reading() -> Iterator[Figure]:
    """Network([n, 30, 10]), mini-batches of 10, η = 3: the book's on MNIST, here on the digits that ship."""
    train, test = load_digits()
    epochs = training(Network([64, 30, 10], seed=1), train, epochs=3, seed=1, test=test)
    for epoch, book in zip(epochs, (9129, 9295, 9348), strict=True):
        asked = "After the first epoch, what percentage of the test digits is read right here?"
        yield Figure(
            f"epoch {epoch.number}: % right",
            f"{_percent(book, MNIST_TESTED)} (MNIST)",
            _percent(epoch.correct, epoch.tested),
            asked if epoch.number == 1 else "",
            why="An epoch has 150 mini-batches here, and 5,000 with MNIST.",
            of_book=True,
        )


@_item(
    "The learning rate can be too small and too large",
    "Too small: hardly anything happens. Too large: it never finds the valley. Only trying other rates tells why.",
)
def learning_rates() -> Iterator[Figure]:
    """The same network from the same beginning, with three learning rates, three epochs on 500 digits each. In the
    book, η = 0.001 comes to 21.42 % in the end, and η = 100 to 9.82 %."""
    train, test = load_digits()
    books = {0.001: ("11.39", "11.36", "11.35"), 3.0: ("", "", ""), 100.0: ("10.09", "", "")}
    for rate, book in books.items():
        epochs = training(Network([64, 15, 10], seed=1), train[:500], epochs=3, rate=rate, seed=1, test=test)
        for epoch, percent in zip(epochs, book, strict=True):
            asked = "With η = 100, what percentage of the test digits is read right in the end?"
            yield Figure(
                f"η = {rate:g}, epoch {epoch.number}: % right",
                f"{percent} (MNIST)" if percent else "",
                _percent(epoch.correct, epoch.tested),
                asked if rate == 100 and epoch.number == 3 else "",
                why="After steps so large every w·x + b is far from 0, where σ is flat: it is left guessing, 1 in 10.",
                of_book=bool(percent),
            )


def _percent(right: int, tested: int) -> float:
    return round(100 * right / tested, 2)


def by_darkness(train: Sequence[Digit], test: Sequence[Digit]) -> int:
    """How many test digits are told right by nothing but their ink: that of the nearest digit's average."""
    darkness = [fmean(fmean(sample.inputs) for sample in train if sample.digit == digit) for digit in range(10)]
    return sum(
        min(range(10), key=lambda digit: abs(darkness[digit] - fmean(sample.inputs))) == sample.digit for sample in test
    )


@_item(
    "What there is to beat",
    "A guess is right about one time in ten. Ink alone tells MNIST's digits somewhat better than a guess, and these "
    "hardly at all: what a network reads must be something else.",
)
def baselines() -> Iterator[Figure]:
    """Guessing, and telling digits by how dark they are on average: the book's on MNIST, here on the digits that ship.
    The book's support-vector machine, 94.35 %, is not computed here."""
    train, test = load_digits()
    guesses = random.Random(0).choices(range(10), k=len(test))
    guessed = sum(guess == sample.digit for guess, sample in zip(guesses, test, strict=True))
    yield Figure("guessing: % right", "10 (MNIST)", _percent(guessed, len(test)), of_book=True)
    yield Figure(
        "average darkness: % right",
        "22.25 (MNIST)",
        _percent(by_darkness(train, test), len(test)),
        "What percentage is told right by darkness alone?",
        why="On average these digits have nearly the same ink, so it is hardly better than guessing, 1 in 10.",
        of_book=True,
    )


# -- Backpropagation -------------------------------------------------------------------------------------------------


@_item(
    "Why backpropagation goes in reversed topological order",
    "y may hand its gradient on only when both a and b have reported to it. `museum.compare` shows each mistake on a "
    "graph of your own.",
)
def museum() -> Iterator[Figure]:
    """x = 2; y = 3x; a = 2y; b = 5y; c = a + b. What is dc/dx, the right way and the famous wrong ways?"""
    x = Value(2, "x")
    y = 3 * x
    comparison = compare(2 * y + 5 * y)
    yield Figure("dc/dx", "21", comparison.right[x], "What is dc/dx?", why="y reaches c by 2 and by 5: (2 + 5) · 3.")
    for name, book in (
        ("naive recursion", "27"),
        ("depth first, visited set", "6"),
        ("depth first, stack", "15"),
        ("post-order, not reversed", "0"),
    ):
        yield Figure(name, book, comparison[name].gradients[x])
    x = Value(3, "x")
    yield Figure("= for += on x·x at 3 (right: 6)", "3", compare(x * x)["= for +="].gradients[x])
    leaves_reset = compare(x * x * x)["second pass, leaves reset"]
    yield Figure("second pass, leaves reset, on x³ at 3 (right: 27)", "45", leaves_reset.gradients[x])
