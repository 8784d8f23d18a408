"""The command `digits`: training with the book's lines, pictures of what is misread, files, and wrong arguments."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
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
def test_an_output_that_sleeps_is_told_once_and_once_more_when_it_wakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["digits", "--epochs", "6", "--seed", "2"]) == 0
    asleep, epochs, told = set(), 0, 0
    for line in capsys.readouterr().out.split("\n"):
        if line.startswith("epoch "):
            epochs += 1
        if sleeps := re.match(r"  The output for (\d) sleeps: even on pictures of a \1 it is at most (\S+)\.", line):
            assert sleeps[1] not in asleep
            assert 0 < float(sleeps[2]) < digits.NEAR_0
            asleep.add(sleeps[1])
            told += 1
        if wakes := re.match(r"  The output for (\d) is awake\.", line):
            asleep.remove(wakes[1])
    assert (epochs, told, asleep) == (6, 1, set())


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


@pytest.mark.slow
def test_a_terminal_sees_a_progress_bar(mnist: str) -> None:
    terminal = Terminal("digits", "--mnist", mnist, "--hidden", "3", "--epochs", "2")
    shown = terminal.read(until="")
    assert "0/2" in shown
    assert "epoch 2: " in shown
    assert terminal.end() == 0


FULL = """
import resource, signal, sys
from tinygrad_sigmoid.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
def test_on_a_full_disk_nothing_is_trained(tmp_path: Path) -> None:
    (tmp_path / "network.json").write_text("old")
    command = [sys.executable, "-c", FULL, "digits", "--save", "network.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tinygrad-sigmoid: 'network.json' can't be written (File too large): write elsewhere\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("network.json", "old")]


SMALL = ("--hidden", "3", "--epochs", "1")


def test_what_can_not_be_saved_is_kept_elsewhere(
    mnist: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert main(["digits", "--mnist", mnist, *SMALL, "--save", "/dev/full"]) == 2
    [kept] = (tmp_path / "temporary").iterdir()
    assert capsys.readouterr().err == (
        f"tinygrad-sigmoid: '/dev/full' can't be written (No space left on device): write elsewhere; the network is "
        f"kept in {kept}: move it from there\n"
    )
    assert repr(Network.load(kept)) == "Network([64, 3, 10])"


def test_ctrl_c_while_saving_loses_nothing(
    mnist: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save = Network.save

    def interrupted(network: Network, path: str) -> None:
        monkeypatch.setattr(Network, "save", save)
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(Network, "save", interrupted)
    assert main(["digits", "--mnist", mnist, *SMALL, "--save", str(tmp_path / "network.json")]) == 2
    [_, kept] = re.findall(r"stopped while (.*); the network is kept in (.*): move", capsys.readouterr().err)[0]
    Network.load(kept)


@pytest.mark.slow
def test_at_a_terminal_it_is_asked_for_another_file_until_one_can_be_written(mnist: str, tmp_path: Path) -> None:
    words = ["digits", "--mnist", mnist, *SMALL, "--save", "/dev/full"]
    terminal = Terminal(*words, prompt=") ", columns=400, TMPDIR=str(tmp_path))
    asked = terminal.read()
    assert "'/dev/full' can't be written (No space left on device)" in asked
    assert "there is no directory 'no/such'" in terminal.type("no/such/file")
    ended = terminal.type(str(tmp_path / "network.json"), until="")
    assert f"the network is in {tmp_path / 'network.json'}" in ended
    assert "test digits are read right" in ended
    assert terminal.end() == 0
    Network.load(tmp_path / "network.json")


@pytest.mark.slow
@pytest.mark.parametrize(("key", "status"), [("", 0), ("\x04", 2)])
def test_at_a_terminal_no_answer_means_a_temporary_file(mnist: str, tmp_path: Path, key: str, status: int) -> None:
    terminal = Terminal("digits", "--mnist", mnist, *SMALL, "--save", "/dev/full", prompt=") ", TMPDIR=str(tmp_path))
    terminal.read()
    terminal.type(key, until="")
    assert terminal.end() == status
    [kept] = tmp_path.glob("network-*.json")
    Network.load(kept)


@pytest.mark.slow
def test_a_reader_who_leaves_does_not_stop_what_is_to_be_saved(mnist: str, tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    command = [sys.executable, "-m", "tinygrad_sigmoid", "digits", "--mnist", mnist, "--hidden", "3", "--epochs", "9"]
    with subprocess.Popen([*command, "--save", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    trained = Network([64, 3, 10], seed=0)
    train(trained, load_mnist(mnist)[0], epochs=9, seed=0)
    numbers = [parameter.data for parameter in Network.load(path).parameters()]
    assert numbers == pytest.approx([parameter.data for parameter in trained.parameters()])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--save", ""], "argument --save: '' is not the name of a file: give one"),
        (["--save="], "argument --save: '' is not the name of a file: give one"),
        (["--load", ""], "argument --load: '' is not the name of a file: give one"),
        (["--mnist", ""], "argument --mnist: '' is not the name of a file: give one"),
        (["--epochs", "9" * 20], "'99999999999999999999' is not a whole number, or it is too large: write it as in 12"),
        (["--epochs", "9" * 5000], "999' is not a whole number, or it is too large: write it as in 12"),
        (["--seed", "1e3"], "argument --seed: '1e3' is not a whole number"),
        (["--hidden", "½"], "argument --hidden: '½' is not a whole number"),
        (["--rate", "fast"], "argument --rate: 'fast' is not a number: write it as in 0.5"),
        (["\x1b[31m" * 1000], r"unrecognized arguments: \x1b[31m\x1b[31m"),
        (["--s=\x1b[31m"], r"ambiguous option: --s=\x1b[31m could match --seed, --save"),
    ],
)
def test_a_word_that_can_not_be_read_is_repeated_in_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["digits", *words])
    assert stopped.value.code == 2
    *_, last = capsys.readouterr().err.strip().split("\n")
    assert said in last
    assert last.isprintable()
    assert len(last) < 700


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hidden", "1000000000"], "--hidden must be a whole number of at least 0 and at most 1000, but got 10000"),
        (["--load", "."], "'.' can't be read (it is no plain file): choose another file"),
        (["--load", "no\nwhere"], r"there is no file no\nwhere: make it with --save"),
        (["--mnist", "\x1b[31m"], r"\x1b[31m has no file train-images-idx3-ubyte"),
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
        (["--seed", "-1"], "seed must be a whole number of at least 0, but got -1"),
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
