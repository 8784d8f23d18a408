"""Tells the whole story on real handwriting: a neuron is tuned, drawn and nudged; then ten digits are repaired."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from textwrap import fill, indent

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.commands import add_training, columns, file_name, say, whole_number
from tinygrad_sigmoid.course.digits import Digit, digit_picture, load_digits, side_by_side
from tinygrad_sigmoid.course.repair import Repair, as_perceptrons, misread, nudged_until_right, tuned_until_right
from tinygrad_sigmoid.files import printable_name, require_writable, write_whole
from tinygrad_sigmoid.neuron import Network, Neuron, Perceptron
from tinygrad_sigmoid.nudging import nudge
from tinygrad_sigmoid.reading.steps import counted
from tinygrad_sigmoid.training import Epoch, correct, read_as, train
from tinygrad_sigmoid.value import Value

EXAMPLES = """examples:
  tinygrad-sigmoid                        the story, its pictures written to this folder
  tinygrad-sigmoid --seed 7 --rate 0.1    other weights to begin with, and too small a learning rate
  tinygrad-sigmoid --epochs 3 --out /tmp  stop tuning early, write the pictures elsewhere"""

# The pixels of three places, two by two. A "2" begins with a hook and ends with a foot; a "1" is dark in its stem.
PLACES = {
    name: [8 * (row + i) + column + j for i in (0, 1) for j in (0, 1)]
    for name, row, column in (("hook", 0, 2), ("stem", 2, 2), ("foot", 6, 2))
}
MOMENTS = 12  # of a repair are shown
BARS = "▁▂▃▄▅▆▇█"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training(parser, seed=1)
    parser.add_argument(
        "--epochs", type=whole_number, default=30, help="how often the neuron sees all training digits (30)"
    )
    parser.add_argument("--out", type=file_name, default=".", metavar="DIR", help="where the pictures go (this folder)")


def run(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.out)
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{printable_name(folder)} is not a folder: make it first, or pass another as --out")
    checks.seed(arguments.seed)
    graph, page = folder / "neuron.svg", folder / "neuron.html"
    require_writable(graph)
    require_writable(page)
    digits, test_digits = load_digits()
    samples, test = ones_and_twos(digits), ones_and_twos(test_digits)
    neuron = Neuron.random(len(PLACES), seed=arguments.seed)
    before = correct(neuron, test)
    history = train(neuron, samples, epochs=arguments.epochs, rate=arguments.rate, seed=arguments.seed, test=test)

    say('1. A neuron that is to tell a "1" from a "2", by the darkness of three places of the picture')
    say(indent(pictures_of_places(test_digits), "   "))

    tuned = f"{counted(arguments.epochs, 'epoch')} with learning rate {arguments.rate:g}"
    say(f"\n2. Tuned by gradient descent, {tuned}")
    say(f"   {losses_as_bars(history)}")
    say(f"   of {len(test)} test digits it read {before} right before, {correct(neuron, test)} after")
    terms = [f"{weight.data:+.2f}·{name}" for weight, name in zip(neuron.weights, PLACES, strict=True)]
    say(f"   output = σ({' '.join(terms)} {neuron.bias.data:+.2f})")
    least_sure = min((inputs for inputs, [target] in test if target == 1), key=neuron.predict)
    output = neuron([Value(number, f"x{i}") for i, number in enumerate(least_sure, 1)])
    output.backward()
    say(indent(pictures(output, graph, page), "   "))

    say('\n3. A small change of the stem\'s weight and the bias, on the "1" it is least sure of')
    say(table_of_nudges(neuron, least_sure, output))

    say('\n4. Ten digits: a network that reads a "1" as something else, repaired')
    say(indent(story_of_repairs(digits, test_digits, arguments.seed), "   "))
    return 0


def ones_and_twos(digits: list[Digit]) -> list[tuple[list[float], list[float]]]:
    """Samples for a neuron that is to give 1 for a "1" and 0 for a "2": how dark each of the `PLACES` is, 0 to 1."""
    return [
        ([fmean(digit.inputs[pixel] for pixel in pixels) for pixels in PLACES.values()], [float(digit.digit == 1)])
        for digit in digits
        if digit.digit in (1, 2)
    ]


def pictures_of_places(digits: list[Digit]) -> str:
    """A "1", a "2" and the three places, side by side."""
    one, two = (next(digit.inputs for digit in digits if digit.digit == wanted) for wanted in (1, 2))
    inked = {pixel for pixels in PLACES.values() for pixel in pixels}
    pictures = [digit_picture(pixels) for pixels in (one, two, [float(pixel in inked) for pixel in range(64)])]
    places = ", ".join(f"x{i} {place}" for i, place in enumerate(PLACES, 1))
    return side_by_side(pictures, ['a "1"', 'a "2"', places], columns() - 3)


def pictures(output: Value, graph: Path, page: Path) -> str:
    """Writes the drawing and the live page of a neuron, and says so, or why there are none: the story goes on."""
    from tinygrad_sigmoid.drawing import RenderError, draw
    from tinygrad_sigmoid.page import explore

    try:
        write_whole(graph, draw(output).pipe("svg"))
        explore(output, path=page)
    except RenderError as error:
        return fill(f"without pictures: {error}", columns() - 3, break_long_words=False, break_on_hyphens=False)
    return f"wrote {printable_name(graph)}\nwrote {printable_name(page)}"


def losses_as_bars(history: list[Epoch]) -> str:
    """The loss of each epoch as a bar, at most 40 of them."""
    losses = [epoch.loss for epoch in history][:: max(1, len(history) // 40)]
    if not losses:
        return "not tuned at all"
    highest = max(losses)
    bars = "".join(BARS[min(int(loss / highest * len(BARS)), len(BARS) - 1)] for loss in losses)
    return f"loss, epoch by epoch: {bars} from {history[0].loss:.4f} to {history[-1].loss:.4f}"


def table_of_nudges(neuron: Neuron, inputs: Sequence[float], output: Value) -> str:
    """Nudges of growing size: what the gradient predicts, what happens, and what a perceptron does."""
    stem = list(PLACES).index("stem")
    weight, bias, z = neuron.weights[stem], neuron.bias, output.inputs[0]
    perceptron = Perceptron([w.data for w in neuron.weights], bias.data)
    answer = perceptron(inputs)
    # A quarter more than what brings w·x + b to 0: that flips the perceptron, and half of it does not.
    largest = -1.25 * z.data / (inputs[stem] + 1)
    halving = nudge(output, {weight: largest, bias: largest}).halving(5)
    rows = ["    change predicted   actual remainder perceptron"]
    for moved in reversed(halving.nudges):
        size = moved.changes[weight]
        flipped = nudge(answer, {perceptron.weights[stem]: size, perceptron.bias: size}).actual
        numbers = f"{size:+10.5f}{moved.predicted:+10.5f}{moved.actual:+9.5f}{moved.remainder:+10.1e}"
        rows.append(f"{numbers} {'flips' if flipped else 'nothing'}")
    return "\n".join([*rows, f"   {halving.verdict}"])


def story_of_repairs(digits: list[Digit], test_digits: list[Digit], seed: int) -> str:
    """How many other digits stay right while one "1" is repaired, with perceptrons and with σ."""
    network = Network([64, 12, 10], seed=seed)
    train(network, digits[:1000], epochs=6, seed=seed)
    perceptrons = as_perceptrons(network)
    candidates = misread([network, perceptrons], test_digits, 1)
    if not candidates:
        return f'with seed {seed} every "1" is read right: try another --seed'
    one = next((digit for digit in candidates if read_as(perceptrons.predict(digit.inputs)) is not None), candidates[0])
    others = [digit for digit in test_digits if digit is not one]
    read = f'"{read_as(network.predict(one.inputs))}"'
    blind = list(nudged_until_right(perceptrons, one, others, size=0.3, seed=seed))
    tuned = list(tuned_until_right(network, one, others))
    predicted, actual = tuned[-1].predicted, tuned[-1].actual
    asked = (
        f'trained a little, it reads a certain "1" as a {read}; how many of the other {len(others)} digits stay right '
        f"while that one is repaired? Each number is such a count: at most {MOMENTS} of them, from before the first "
        "nudge to after the last"
    )
    return f"""\
{fill(asked, columns() - 3)}
perceptrons, nudged blindly: {counts(blind)}
   {end(blind)}
sigmoid neurons, tuned:      {counts(tuned)}
   {end(tuned)}; the last nudge moved its output by {actual:+.5f}, predicted {predicted:+.5f}"""


def counts(repairs: list[Repair]) -> str:
    """The right answers on the other digits, from first to last, at `MOMENTS` at most."""
    last = len(repairs) - 1
    chosen = sorted({round(last * k / (MOMENTS - 1)) for k in range(MOMENTS)})
    return " ".join(str(repairs[k].right) for k in chosen)


def end(repairs: list[Repair]) -> str:
    state, given_up = ("right", "") if repairs[-1].reads == 1 else ("still wrong", ", and given up")
    return f'the "1" is {state} after {counted(repairs[-1].nudges, "nudge")}{given_up}'
