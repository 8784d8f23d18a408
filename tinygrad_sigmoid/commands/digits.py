"""Trains a network to read handwritten digits as the book does, and shows some of those that it misreads."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.commands import (
    add_training,
    ask,
    at_terminal,
    columns,
    file_name,
    for_terminal,
    say,
    whole_number,
)
from tinygrad_sigmoid.course.digits import Digit, digit_picture, load_digits, load_mnist, side_by_side
from tinygrad_sigmoid.files import printable_name, require_writable
from tinygrad_sigmoid.neuron import Network
from tinygrad_sigmoid.training import Epoch, correct, read_as, train

EXAMPLES = """examples:
  tinygrad-sigmoid digits                                30 hidden neurons, 30 epochs, the digits that ship
  tinygrad-sigmoid digits --epochs 5 --save read.json    and keep the network
  tinygrad-sigmoid digits --load read.json               how well a kept one reads
  tinygrad-sigmoid digits --rate 100                     a learning rate that is too large
  tinygrad-sigmoid digits --mnist FOLDER                 MNIST, exactly as the book, from its four files
"""
EPOCHS = 30
HIDDEN = 30
MOST_HIDDEN = 1_000  # neurons, which MNIST's 784 pixels make 800,000 parameters
SHOWN = 6  # misread digits
SAVED_NUMBER = 100  # bytes in a file, at most, where a neuron has but one weight
NEAR_0, AWAKE = 0.01, 0.5  # what an output gives at most, on pictures of its own digit, that sleeps; and that doesn't
ASLEEP = (
    "  The output for {0} sleeps: even on pictures of a {0} it is at most {1:.2g}. σ is flat there, its slope no "
    "larger than that, so its weights get next to no gradient. It may wake in some epochs, or never."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hidden", type=whole_number, metavar="N", help=f"hidden neurons ({HIDDEN})")
    parser.add_argument("--epochs", type=whole_number, metavar="N", help=f"epochs ({EPOCHS}; after --load none)")
    add_training(parser, seed=0)
    parser.add_argument(
        "--mnist", type=file_name, metavar="FOLDER", help="MNIST's four files instead of the digits that ship"
    )
    parser.add_argument("--save", type=file_name, metavar="FILE", help="keep the trained network in this file")
    parser.add_argument("--load", type=file_name, metavar="FILE", help="begin with the network of this file")


def run(arguments: argparse.Namespace) -> int:
    checks.seed(arguments.seed)
    digits, test = load_mnist(arguments.mnist) if arguments.mnist else load_digits()
    network = loaded_or_new(arguments, len(digits[0].inputs))
    if arguments.save:
        require_writable(arguments.save, room=SAVED_NUMBER * len(network.parameters()))
    epochs = arguments.epochs if arguments.epochs is not None else 0 if arguments.load else EPOCHS
    status = 0
    history: list[Epoch] = []
    heading = f"{network!r}, {len(digits):,} digits to train on, mini-batches of 10, η = {arguments.rate:g}"

    asleep: set[int] = set()

    def show(epoch: Epoch) -> None:
        from tqdm import tqdm

        lines = [f"epoch {epoch.number}: {epoch.correct} / {epoch.tested}"]
        for digit, most in epoch.highest.items():
            if most < NEAR_0 and digit not in asleep:
                lines.append(ASLEEP.format(digit, most))
                asleep.add(digit)
            elif most > AWAKE and digit in asleep:
                lines.append(f"  The output for {digit} is awake.")
                asleep.remove(digit)
        try:
            text = "\n".join(lines if epoch.number > 1 else [heading, *lines])
            tqdm.write(for_terminal(text, sys.stdout), file=sys.stdout)  # above the progress bar
            sys.stdout.flush()
        except BrokenPipeError:  # nobody reads any more, but a file waits for the network
            if not arguments.save:
                raise

    try:
        history = train(network, digits, epochs=epochs, rate=arguments.rate, seed=arguments.seed, test=test, watch=show)
    except KeyboardInterrupt:
        say("stopped: this is the network so far")
        status = 130
    if arguments.save:
        saved = save_or_keep(network, arguments.save)
        if saved != arguments.save:
            say(f"the network is in {printable_name(saved)}")
    right = history[-1].correct if history else correct(network, test)
    say(f"{right} of {len(test)} test digits are read right: {100 * right / len(test):.1f} %")
    show_misread(network, test)
    return status


def save_or_keep(network: Network, path: str) -> str:
    """Saves the network, which took long to train, elsewhere if it must be; gives the name of the file.

    Raises:
        OSError: Nobody could be asked, so it is in a temporary file, which the message names.
    """
    try:
        network.save(path)
    except (OSError, ValueError, KeyboardInterrupt) as error:
        reason = str(error) or "stopped while the network was being saved"
        temporary = os.path.join(tempfile.gettempdir(), f"network-{os.urandom(8).hex()}.json")
        if at_terminal():
            say(reason)
            with suppress(EOFError, KeyboardInterrupt):
                other = ask(f"Save the network in which file instead? (Enter: {temporary})")
                return save_or_keep(network, other or temporary)
        network.save(temporary)
        raise OSError(f"{reason}; the network is kept in {temporary}: move it from there") from None
    return path


def loaded_or_new(arguments: argparse.Namespace, pixels: int) -> Network:
    """The network to begin with, which must fit the digits."""
    if not arguments.load:
        hidden = HIDDEN if arguments.hidden is None else arguments.hidden
        checks.whole(hidden, "--hidden", "write for instance 30", most=MOST_HIDDEN)
        return Network([pixels, hidden, 10], seed=arguments.seed)
    if arguments.hidden is not None:
        raise ValueError("a network from a file has its own hidden neurons: leave out --hidden or --load")
    name = printable_name(arguments.load)
    if not os.path.exists(arguments.load):
        raise FileNotFoundError(f"there is no file {name}: make it with --save, then load it")
    network = Network.load(arguments.load)
    inputs, outputs = len(network.layers[0].neurons[0].weights), len(network.layers[-1].neurons)
    if (inputs, outputs) != (pixels, 10):
        raise ValueError(
            f"{name} holds a network of {inputs} inputs and {outputs} outputs, but these digits have "
            f"{pixels} pixels and there are 10 of them: load one that was trained on digits of this size"
        )
    return network


def show_misread(network: Network, test: Sequence[Digit]) -> None:
    """Prints the first few digits that are misread as pictures, as many side by side as the terminal is wide."""
    pictures, titles = [], []
    for digit in islice((digit for digit in test if not correct(network, [digit])), SHOWN):
        reading = read_as(network.predict(digit.inputs))
        pictures.append(digit_picture(digit.inputs))
        titles.append(f"{digit.digit} read as {'nothing' if reading is None else reading}")
    if pictures:
        print(f"Some that are not:\n\n{side_by_side(pictures, titles, columns())}")
