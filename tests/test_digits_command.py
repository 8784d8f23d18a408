"""The command `digits`: training with the book's lines, pictures of what is misread, files, and wrong arguments."""

from __future__ import annotations

import json
import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from idx_files import write_small_mnist
from terminal import Terminal

from tinygrad_sigmoid import Network
from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.commands import digits
from tinygrad_sigmoid.course.digits import load_digits, load_mnist
from tinygrad_sigmoid.training import correct, train


@pytest.fixture
def mnist(tmp_path: Path) -> str:
    (tmp_path / "mnist").mkdir()
    write_small_mnist(tmp_path / "mnist")
    return str(tmp_path / "mnist")


def test_training_prints_the_books_lines_and_pictures(mnist: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["digits", "--mnist", mnist, "--hidden", "4", "--epochs", "3", "--seed", "2", "--rate", "2"]) == 0
    captured = capsys.readouterr()
    network = Network([64, 4, 10], seed=2)
    samples, tests = load_mnist(mnist)
    history = train(network, samples, epochs=3, rate=2.0, seed=2, test=tests)
    lines = captured.out.split("\n")
    assert lines[0] == "Network([64, 4, 10]), 40 digits to train on, mini-batches of 10, η = 2"
    assert lines[1:4] == [f"epoch {epoch.number}: {epoch.correct} / 20" for epoch in history]
    right = history[-1].correct
    assert lines[4] == f"{right} of 20 test digits are read right: {5 * right:.1f} %"
    titles = re.findall(r"(\d) read as (\d)", captured.out)
    misread = [digit for digit in tests if not correct(network, [digit])]
    assert [title[0] for title in titles] == [str(digit.digit) for digit in misread[: digits.SHOWN]]
    assert all(read != digit for digit, read in titles)
    assert captured.err == "", "there is no progress bar away from a terminal"


@pytest.mark.slow
def test_the_shipped_digits_are_the_default(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    Network([64, 5, 10], seed=7).save(path)
    assert main(["digits", "--load", str(path)]) == 0
    right = correct(Network.load(path), load_digits()[1])
    assert capsys.readouterr().out.startswith(f"{right} of 297 test digits are read right")


@pytest.mark.slow
def test_without_options_it_trains_as_the_book(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: dict[str, Any] = {}

    def recorded(network: Network, samples: Any, **options: Any) -> list[Any]:
        asked.update(options, network=network, samples=samples)
        return []

    monkeypatch.setattr(digits, "train", recorded)
    assert main(["digits"]) == 0
    assert repr(asked["network"]) == "Network([64, 30, 10])"
    assert len(asked["samples"]) == 1500
    assert (asked["epochs"], asked["rate"], len(asked["test"])) == (30, 3.0, 297)
    assert signature(train).parameters["batch"].default == 10


def test_a_network_is_kept_and_trained_on(mnist: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, longer = tmp_path / "kept.json", tmp_path / "longer.json"
    assert main(["digits", "--mnist", mnist, "--hidden", "4", "--epochs", "1", "--save", str(kept)]) == 0
    before = capsys.readouterr().out
    assert main(["digits", "--mnist", mnist, "--load", str(kept)]) == 0
    assert capsys.readouterr().out == before.split("\n", 2)[2], "the same network reads the same"
    assert main(["digits", "--mnist", mnist, "--load", str(kept), "--epochs", "2", "--save", str(longer)]) == 0
    assert "epoch 2: " in capsys.readouterr().out
    assert json.loads(kept.read_text())["parts"] != json.loads(longer.read_text())["parts"]


def test_ctrl_c_keeps_the_network_so_far(
    mnist: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(network: Network, *given: Any, watch: Any, **options: Any) -> list[Any]:
        def stop(epoch: Any) -> None:
            watch(epoch)
            for parameter in network.parameters():  # as if the next epoch had begun
                parameter.data = 0.0
            raise KeyboardInterrupt

        return train(network, *given, watch=stop, **options)

    monkeypatch.setattr(digits, "train", stopped)
    path = tmp_path / "so_far.json"
    assert main(["digits", "--mnist", mnist, "--hidden", "3", "--save", str(path)]) == 130
    out = capsys.readouterr().out
    assert "epoch 1: " in out
    assert "epoch 2: " not in out
    assert "stopped: this is the network so far" in out
    kept = Network.load(path)
    assert {parameter.data for parameter in kept.parameters()} == {0.0}
    assert f"{correct(kept, load_mnist(mnist)[1])} of 20 test digits are read right" in out


def test_a_terminal_sees_a_progress_bar(mnist: str) -> None:
    terminal = Terminal("digits", "--mnist", mnist, "--hidden", "3", "--epochs", "2")
    shown = terminal.read(until="")
    assert "0/2" in shown
    assert "epoch 2: " in shown
    assert terminal.end() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--mnist", "nowhere"], "nowhere has no file train-images-idx3-ubyte, plain or with .gz"),
        (["--epochs", "-1"], "epochs must be a whole number of at least 0"),
        (["--hidden", "0"], "a network needs its number of inputs and at least one layer, all above 0"),
        (["--rate", "0"], "the learning rate must be a finite number above 0"),
        (["--rate", "nan"], "the learning rate must be a finite number above 0"),
        (["--save", "nowhere/network.json"], "there is no directory 'nowhere': make it first"),
        (["--load", "small.json"], "small.json holds a network of 2 inputs and 10 outputs, but these digits have 64"),
        (["--load", "small.json", "--hidden", "5"], "leave out --hidden or --load"),
        (["--load", "broken.json"], "broken.json is no saved Network"),
        (["--load", "list.json"], "list.json is no saved Network: it holds a list where save writes an object"),
        (["--load", "nowhere.json"], "there is no file nowhere.json: make it with --save"),
        (["--save", "/proc/network.json"], "'/proc/network.json' can't be written ("),
        (["--save", "."], "'.' is a directory: name a file in it"),
        (["--rate", "-3"], "the learning rate must be a finite number above 0"),
        (["--seed", "-1"], "a seed is a whole number from 0, but got -1, which would give the same as 1"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Network([2, 3, 10], seed=0).save("small.json")
    Path("broken.json").write_text("{")
    Path("list.json").write_text("[]")
    assert main(["digits", *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("tinygrad-sigmoid: ")
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
