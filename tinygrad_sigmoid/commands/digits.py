"""Trains a network to read handwritten digits as the book does, and shows some of those that it misreads."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tinygrad_sigmoid.commands import require_seed
from tinygrad_sigmoid.course.digits import Digit, load_digits, load_mnist, picture, side_by_side
from tinygrad_sigmoid.files import require_writable
from tinygrad_sigmoid.neuron import Network
from tinygrad_sigmoid.training import correct, training

HELP = "train a network to read handwritten digits"
EXAMPLES = """examples:
  tinygrad-sigmoid digits                                30 hidden neurons, 30 epochs, the digits that ship
  tinygrad-sigmoid digits --epochs 5 --save read.json    and keep the network
  tinygrad-sigmoid digits --load read.json               how well a kept one reads
  tinygrad-sigmoid digits --rate 100                     a learning rate that is too large
  tinygrad-sigmoid digits --mnist FOLDER                 MNIST, exactly as the book, from its four files
"""
EPOCHS = 30
HIDDEN = 30
SHOWN = 6  # misread digits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hidden", type=int, metavar="N", help=f"hidden neurons ({HIDDEN})")
    parser.add_argument("--epochs", type=int, metavar="N", help=f"epochs ({EPOCHS}; after --load none)")
    parser.add_argument("--rate", type=float, default=3.0, metavar="η", help="learning rate (3.0)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed, the same network (0)")
    parser.add_argument("--mnist", metavar="FOLDER", help="MNIST's four files instead of the digits that ship")
    parser.add_argument("--save", metavar="FILE", help="keep the trained network in this file")
    parser.add_argument("--load", metavar="FILE", help="begin with the network of this file")


def run(arguments: argparse.Namespace) -> int:
    require_seed(arguments.seed)
    if arguments.save:
        require_writable(arguments.save)
    train, test = load_mnist(arguments.mnist) if arguments.mnist else load_digits()
    network = _network(arguments, len(train[0].inputs))
    epochs = arguments.epochs if arguments.epochs is not None else 0 if arguments.load else EPOCHS
    status, right = 0, None
    if epochs:
        status, right = _train(network, train, test, epochs, arguments.rate, arguments.seed)
    if arguments.save:
        network.save(arguments.save)
    _show(network, test, correct(network, test) if right is None else right)
    return status


def _network(arguments: argparse.Namespace, pixels: int) -> Network:
    if not arguments.load:
        hidden = HIDDEN if arguments.hidden is None else arguments.hidden
        return Network([pixels, hidden, 10], seed=arguments.seed)
    if arguments.hidden is not None:
        raise ValueError("a network from a file has its own hidden neurons: leave out --hidden or --load")
    if not Path(arguments.load).is_file():
        raise FileNotFoundError(f"there is no file {arguments.load}: make it with --save, then load it")
    network = Network.load(arguments.load)
    inputs, outputs = len(network.layers[0].neurons[0].weights), len(network.layers[-1].neurons)
    if (inputs, outputs) != (pixels, 10):
        raise ValueError(
            f"{arguments.load} holds a network of {inputs} inputs and {outputs} outputs, but these digits have "
            f"{pixels} pixels and there are 10 of them: load one that was trained on digits of this size"
        )
    return network


def _train(
    network: Network, train: Sequence[Digit], test: Sequence[Digit], epochs: int, rate: float, seed: int
) -> tuple[int, int | None]:
    """Trains with a progress bar and a line for each epoch; Ctrl-C ends it early with the network as it is then.

    Returns:
        The exit status, and how many test digits are read right in the end; `None` if nobody has counted.
    """
    from tqdm import tqdm

    right = None
    watched = training(network, train, epochs=epochs, batch=10, rate=rate, seed=seed, test=test)
    print(f"{network!r}, {len(train):,} digits to train on, mini-batches of 10, η = {rate:g}")
    try:
        with tqdm(watched, total=epochs, unit="epoch", leave=False, disable=not sys.stderr.isatty()) as bar:
            for epoch in bar:
                bar.write(f"epoch {epoch.number}: {epoch.correct} / {epoch.tested}", file=sys.stdout)
                sys.stdout.flush()
                right = epoch.correct
    except KeyboardInterrupt:
        print("stopped: this is the network so far")
        return 130, None
    return 0, right


def _show(network: Network, test: Sequence[Digit], right: int) -> None:
    """Prints how many are read right, and the first few that are not as pictures."""
    print(f"{right} of {len(test)} test digits are read right: {100 * right / len(test):.1f} %")
    pictures, titles = [], []
    for digit in islice((digit for digit in test if not correct(network, [digit])), SHOWN):
        outputs = network.predict(digit.inputs)
        pictures.append(picture(digit.inputs))
        titles.append(f"{digit.digit} read as {outputs.index(max(outputs))}")
    if pictures:
        print("Some that are not:")
        across = max(1, (shutil.get_terminal_size().columns + 4) // (pictures[0].index("\n") + 4))
        for start in range(0, len(pictures), across):
            print(f"\n{side_by_side(pictures[start : start + across], titles[start : start + across])}")
