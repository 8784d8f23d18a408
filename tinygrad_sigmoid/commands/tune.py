"""The whole story on real handwriting: a neuron is tuned, drawn and nudged; then ten digits are repaired."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import indent

from tinygrad_sigmoid.commands import require_seed
from tinygrad_sigmoid.course.digits import Digit, load_digits, picture, side_by_side
from tinygrad_sigmoid.course.repair import (
    Repair,
    as_perceptrons,
    misread,
    nudged_until_right,
    reading,
    tuned_until_right,
)
from tinygrad_sigmoid.drawing import draw
from tinygrad_sigmoid.files import require_writable, write_whole
from tinygrad_sigmoid.neuron import Network, Neuron, Perceptron
from tinygrad_sigmoid.nudging import nudge
from tinygrad_sigmoid.page import explore
from tinygrad_sigmoid.training import Epoch, Sample, correct, train
from tinygrad_sigmoid.value import Value

HELP = "the whole story on real handwriting (the default)"
EXAMPLES = """examples:
  tinygrad-sigmoid                       the story, its pictures written to this folder
  tinygrad-sigmoid --seed 7 --rate 0.1   other weights to begin with, and too small a learning rate
  tinygrad-sigmoid --epochs 3 --out /tmp stop tuning early, write the pictures elsewhere"""

# Three places of a picture, two pixels by two: (row, column) of the first pixel. A "2" begins with a hook and ends
# with a foot; a "1" is dark in its stem, where a "2" is mostly paper.
PLACES = {"hook": (0, 2), "stem": (2, 2), "foot": (6, 2)}
PICTURES = ("neuron.svg", "neuron.html")
MOMENTS = 12  # of a repair are shown
BARS = "▁▂▃▄▅▆▇█"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=1, help="for the first weights and the order of the digits (1)")
    parser.add_argument("--epochs", type=int, default=30, help="how often the neuron sees all training digits (30)")
    parser.add_argument("--rate", type=float, default=3.0, help="the learning rate η (3.0)")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where the pictures go (this folder)")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.out.is_dir():
        raise NotADirectoryError(f"{arguments.out} is not a folder: make it first, or pass another as --out")
    require_seed(arguments.seed)
    for name in PICTURES:
        require_writable(arguments.out / name)
    train_digits, test_digits = load_digits()
    samples, test = ones_and_twos(train_digits), ones_and_twos(test_digits)
    neuron = Neuron.random(len(PLACES), seed=arguments.seed)
    before = correct(neuron, test)
    history = train(neuron, samples, epochs=arguments.epochs, rate=arguments.rate, seed=arguments.seed, test=test)

    print('1. A neuron that is to tell a "1" from a "2", by the darkness of three places of the picture')
    print(indent(side_by_side(*pictures_of_places(test_digits), gap=6), "   "))

    epochs = "epoch" if arguments.epochs == 1 else "epochs"
    print(f"\n2. Tuned by gradient descent, {arguments.epochs} {epochs} with learning rate {arguments.rate:g}")
    print(shown_history(history))
    print(f"   of {len(test)} test digits it read {before} right before, {correct(neuron, test)} after")
    print(f"   {shown_neuron(neuron)}")
    least_sure = min((inputs for inputs, [target] in test if target == 1), key=neuron.predict)
    output = neuron([Value(number, f"x{i}") for i, number in enumerate(least_sure, 1)])
    output.backward()
    for path in write_pictures(output, arguments.out):
        print(f"   wrote {path}")

    print('\n3. A small change of the stem\'s weight and the bias, on the "1" it is least sure of')
    print(shown_nudges(neuron, least_sure, output))

    print('\n4. Ten digits: a network that reads a "1" as something else, repaired')
    print(shown_repairs(train_digits, test_digits, arguments.seed))
    return 0


def ones_and_twos(digits: list[Digit]) -> list[Sample]:
    """Samples for a neuron whose output is to be 1 for a "1" and 0 for a "2": the darkness of three places."""
    return [(darkness(digit), [float(digit.digit == 1)]) for digit in digits if digit.digit in (1, 2)]


def darkness(digit: Digit) -> list[float]:
    """How dark each of the `PLACES` is, from 0 (paper) to 1 (ink)."""
    return [sum(digit.inputs[pixel] for pixel in pixels_of(place)) / 4 for place in PLACES]


def pixels_of(place: str) -> list[int]:
    row, column = PLACES[place]
    return [8 * (row + i) + column + j for i in (0, 1) for j in (0, 1)]


def pictures_of_places(digits: list[Digit]) -> tuple[list[str], list[str]]:
    """A "1", a "2" and the three places, as pictures and their titles."""
    one, two = (next(digit for digit in digits if digit.digit == wanted) for wanted in (1, 2))
    places = [0.0] * 64
    for place in PLACES:
        for pixel in pixels_of(place):
            places[pixel] = 1.0
    pictures = [picture(one.inputs), picture(two.inputs), picture(places)]
    return pictures, ['a "1"', 'a "2"', ", ".join(f"x{i} {place}" for i, place in enumerate(PLACES, 1))]


def shown_history(history: list[Epoch]) -> str:
    """The loss of each epoch as a bar, at most 40 of them."""
    losses = [epoch.loss for epoch in history][:: max(1, len(history) // 40)]
    if not losses:
        return "   not tuned at all"
    highest = max(losses)
    bars = "".join(BARS[min(int(loss / highest * len(BARS)), len(BARS) - 1)] for loss in losses)
    return f"   loss, epoch by epoch: {bars} from {history[0].loss:.4f} to {history[-1].loss:.4f}"


def shown_neuron(neuron: Neuron) -> str:
    terms = [f"{weight.data:+.2f}·{name}" for weight, name in zip(neuron.weights, PLACES, strict=True)]
    return f"output = σ({' '.join(terms)} {neuron.bias.data:+.2f})"


def write_pictures(output: Value, folder: Path) -> Iterator[Path]:
    """Writes the neuron's graph, and the page on which its numbers can be dragged; each path as it is written."""
    graph, page = [folder / name for name in PICTURES]
    write_whole(graph, draw(output).pipe(format="svg", encoding="utf-8"))
    yield graph
    explore(output, page)
    yield page


def shown_nudges(neuron: Neuron, inputs: Sequence[float], output: Value) -> str:
    """Nudges of growing size: what the gradient predicts, what happens, and what a perceptron does."""
    stem = list(PLACES).index("stem")
    weight, bias, z = neuron.weights[stem], neuron.bias, output.inputs[0]
    perceptron = Perceptron([w.data for w in neuron.weights], bias.data)
    answer = perceptron(inputs)
    # A quarter more than what brings w·x + b to 0: that flips the perceptron, and half of it does not.
    largest = -1.25 * z.data / (inputs[stem] + 1)
    halving = nudge(output, {weight: largest, bias: largest}).halving(5)
    rows = ["       change    predicted       actual    remainder   perceptron"]
    for moved in reversed(halving.nudges):
        size = moved.changes[weight]
        flipped = nudge(answer, {perceptron.weights[stem]: size, perceptron.bias: size}).actual
        numbers = "".join(f"{number:+13.5f}" for number in (size, moved.predicted, moved.actual))
        rows.append(f"{numbers}{moved.remainder:+13.1e}   {'flips' if flipped else 'nothing'}")
    return "\n".join([*rows, f"   {halving.verdict}"])


def shown_repairs(train_digits: list[Digit], test_digits: list[Digit], seed: int) -> str:
    """How many other digits stay right while one "1" is repaired, with perceptrons and with σ."""
    network = Network([64, 12, 10], seed=seed)
    train(network, train_digits[:1000], epochs=6, seed=seed)
    perceptrons = as_perceptrons(network)
    candidates = misread([network, perceptrons], test_digits, 1)
    if not candidates:
        return f'   with seed {seed} every "1" is read right: try another --seed'
    one = next((digit for digit in candidates if reading(perceptrons.predict(digit.inputs)) is not None), candidates[0])
    others = [digit for digit in test_digits if digit is not one]
    read = f'"{reading(network.predict(one.inputs))}"'
    blind = list(nudged_until_right(perceptrons, one, others, size=0.3, seed=seed))
    tuned = list(tuned_until_right(network, one, others))
    predicted, actual = tuned[-1].predicted, tuned[-1].actual
    return "\n".join(
        [
            f'   trained a little, it reads a certain "1" as a {read}; how many of the other {len(others)} digits',
            f"   stay right while that one is repaired? Each number is such a count: at most {MOMENTS} of them, from",
            "   before the first nudge to after the last",
            f"   perceptrons, nudged blindly: {shown_counts(blind)}",
            f"      {shown_end(blind)}",
            f"   sigmoid neurons, tuned:      {shown_counts(tuned)}",
            f"      {shown_end(tuned)}; the last nudge moved its output by {actual:+.5f}, predicted {predicted:+.5f}",
        ]
    )


def shown_counts(repairs: list[Repair]) -> str:
    """The right answers on the other digits, from first to last, at `MOMENTS` at most."""
    last = len(repairs) - 1
    chosen = sorted({round(last * k / (MOMENTS - 1)) for k in range(MOMENTS)})
    return " ".join(str(repairs[k].right) for k in chosen)


def shown_end(repairs: list[Repair]) -> str:
    end = repairs[-1]
    if end.reads == 1:
        return f'the "1" is right after {end.nudges} nudges'
    return f'the "1" is still wrong after {end.nudges} nudges, and given up'
