"""The edges of a process: closed streams, signals at any moment, unwritable places, and nothing left running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinygrad_sigmoid.cli import COMMANDS

PYTHON = [sys.executable, "-m", "tinygrad_sigmoid"]
SECONDS = 120  # for a machine that is busy
WORDS = {
    "tune": ["--epochs", "1"],
    "draw": ["draw", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9", "-o", "graph.svg"],
    "step": ["step", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"],
    "explore": ["explore", "w*x", "w=0.6", "x=1"],
    "check": ["check", "w*x", "w=0.6", "x=1"],
    "chapter": ["chapter", "1"],
    "digits": ["digits", "--epochs", "1", "--hidden", "3"],
}
UNIX = os.name == "posix"
QUICK = [pytest.param(name, marks=[] if name in ("draw", "step") else pytest.mark.slow) for name in WORDS]
every_command = pytest.mark.parametrize("command", QUICK)

# `python -m` under the bounds of the users who may not write everywhere, which root is not by itself.
RIGHTS = "-dac_override,-dac_read_search"
AS_A_USER = ["setpriv", f"--bounding-set={RIGHTS}", f"--inh-caps={RIGHTS}"] if UNIX and os.geteuid() == 0 else []


def test_every_command_is_tried_here() -> None:
    assert WORDS.keys() == COMMANDS.keys()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    return tmp_path


def ended(*command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=SECONDS, env={**os.environ, **environment})


# -- Streams -----------------------------------------------------------------------------------------------------------


@every_command
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-", "| head -1", "| true", "2>/dev/full"])
@pytest.mark.usefixtures("folder")
def test_a_stream_that_nobody_reads_is_no_error(command: str, closed: str) -> None:
    # The shell's own status is that of `head`: ours is said aloud, and 0 whether or not anybody reads.
    line = f'( "$@"; echo "status $?" >&3 ) {closed}'
    done = ended("sh", "-c", f"exec 3>status; {line}", "sh", *PYTHON, *WORDS[command])
    assert done.stderr == b""
    assert Path("status").read_text() == "status 0\n"


@pytest.mark.parametrize("words", [WORDS["step"], ["--help"], ["--version"]], ids=lambda words: words[0])
@pytest.mark.usefixtures("folder")
def test_output_that_is_lost_on_a_full_disk_is_said(words: list[str]) -> None:
    done = ended("sh", "-c", '"$@" >/dev/full', "sh", *PYTHON, *words)
    assert done.returncode == 2
    assert done.stderr == b"tinygrad-sigmoid: [Errno 28] No space left on device\n"


@pytest.mark.usefixtures("folder")
def test_an_error_that_nobody_reads_keeps_its_status() -> None:
    for closed in ("2>&-", "2>/dev/full", "2>&1 | true"):
        line = f'( "$@"; echo "status $?" >&3 ) {closed}'
        done = ended("sh", "-c", f"exec 3>status; {line}", "sh", *PYTHON, "step", "w*x", "w=")
        assert (done.stdout, done.stderr, Path("status").read_text()) == (b"", b"", "status 2\n")


# -- Surroundings ------------------------------------------------------------------------------------------------------

ELSEWHERE = {
    "asserts left out": (["-O"], {}),
    "docstrings left out": (["-OO"], {}),
    "warnings as errors": (["-X", "dev", "-W", "error"], {}),
    "another order of sets": ([], {"PYTHONHASHSEED": "1"}),
    "no home": ([], {"HOME": "/nonexistent"}),
}


@every_command
@pytest.mark.usefixtures("folder")
def test_a_command_says_the_same_wherever_it_runs(command: str) -> None:
    usual = ended(*PYTHON, *WORDS[command], PYTHONHASHSEED="0", PYTHONUTF8="1")
    assert (usual.returncode, usual.stderr) == (0, b"")
    for options, environment in ELSEWHERE.values():
        done = ended(PYTHON[0], *options, *PYTHON[1:], *WORDS[command], PYTHONUTF8="1", **environment)
        assert (done.returncode, done.stderr, done.stdout) == (0, b"", usual.stdout)
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = ended(*PYTHON, *WORDS[command], **ascii_only)
    assert (done.returncode, done.stderr, done.stdout.isascii()) == (0, b"", True)


@every_command
def test_where_nothing_can_be_written_that_is_one_line(command: str, folder: Path) -> None:
    folder.chmod(0o555)
    done = ended(*AS_A_USER, *PYTHON, *WORDS[command], HOME=str(folder))
    folder.chmod(0o755)
    assert list(folder.iterdir()) == []
    if command in ("tune", "draw", "explore"):
        [line] = done.stderr.decode().splitlines()
        assert line.endswith("can't be written (Permission denied): write elsewhere")
        assert (done.returncode, done.stdout) == (2, b"")
    else:
        assert (done.returncode, done.stderr) == (0, b"")


# -- Signals -----------------------------------------------------------------------------------------------------------

# Sends itself a signal when the so-manieth module is imported from __main__ on.
AT_AN_IMPORT = """
import os, runpy, sys

class Signals:
    imported = 0

    def find_spec(self, name, path=None, target=None):
        self.imported += bool(self.imported or name == "tinygrad_sigmoid.cli")
        if self.imported == place:
            os.kill(os.getpid(), number)

place, number = map(int, sys.argv[1:3])
del sys.argv[1:3]
sys.meta_path.insert(0, Signals())
runpy.run_module("tinygrad_sigmoid", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", [1, 2, 3, 20, 60, 100])
@pytest.mark.usefixtures("folder")
def test_a_program_is_stopped_while_it_loads(place: int, number: int) -> None:
    done = ended(sys.executable, "-c", AT_AN_IMPORT, str(place), str(int(number)), *WORDS["draw"])
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"", b"stopped\n")
    assert list(Path().iterdir()) == []
