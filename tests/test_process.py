"""The edges of a process: closed streams, signals at any moment, unwritable places, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tinygrad_sigmoid.cli import COMMANDS
from tinygrad_sigmoid.interrupting import uninterrupted

pytestmark = pytest.mark.slow  # each starts a program

PYTHON = [sys.executable, "-m", "tinygrad_sigmoid"]
SECONDS = 120  # for a machine that is busy
WORDS = {
    "tune": ["--epochs", "1"],
    "draw": ["draw", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9", "-o", "graph.svg"],
    "step": ["step", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"],
    "explore": ["explore", "w*x", "w=0.6", "x=1"],
    "check": ["check", "w*x", "w=0.6", "x=1"],
    "chapter": ["chapter", "1"],
    "exercise": ["exercise"],
    "digits": ["digits", "--epochs", "1", "--hidden", "3"],
}
UNIX = os.name == "posix"
# The story takes longer: it is told once below, at several edges together.
OTHERS = list(WORDS)[1:]

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


@pytest.mark.parametrize("command", OTHERS)
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


@pytest.mark.usefixtures("folder")
def test_an_error_is_said_though_nobody_reads_the_output() -> None:
    explore = [*PYTHON, *WORDS["explore"], "--open"]  # which says where the page is before it fails to open it
    line = '( "$@"; echo "status $?" >&3 ) | true'
    done = ended("sh", "-c", f"exec 3>status; {line}", "sh", *explore, BROWSER="false %s", PYTHONUNBUFFERED="")
    assert done.stderr == b"tinygrad-sigmoid: no browser could be started: open explore.html by hand\n"
    assert Path("status").read_text() == "status 2\n"


# -- Surroundings ------------------------------------------------------------------------------------------------------

ELSEWHERE = {
    "asserts left out": (["-O"], {}),
    "docstrings left out": (["-OO"], {}),
    "warnings as errors": (["-X", "dev", "-W", "error"], {}),
    "another order of sets": ([], {"PYTHONHASHSEED": "1"}),
    "no home": ([], {"HOME": "/nonexistent"}),
}


@pytest.mark.parametrize("command", OTHERS)
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


@pytest.mark.usefixtures("folder")
def test_the_story_is_told_at_several_edges_together() -> None:
    environment = {"HOME": "/nonexistent", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    told = ended(PYTHON[0], "-OO", "-W", "error", *PYTHON[1:], *WORDS["tune"], **environment)
    assert (told.returncode, told.stderr, told.stdout.isascii()) == (0, b"", True)
    assert len(told.stdout.splitlines()) > 30


@pytest.mark.parametrize("command", ["tune", *OTHERS])
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

# The program, which says when it begins to load its modules, and sends itself a signal at the so-manieth one.
LOADING = """
import os, runpy, sys

class Signals:
    imported = 0

    def find_spec(self, name, path=None, target=None):
        if name == "tinygrad_sigmoid.cli":
            os.write(1, b"begun\\n")
            self.imported = 1
        self.imported += self.imported > 0
        if self.imported == place + 2:
            os.kill(os.getpid(), number)

place, number = map(int, sys.argv[1:3])
del sys.argv[1:3]
sys.meta_path.insert(0, Signals())
runpy.run_module("tinygrad_sigmoid", run_name="__main__", alter_sys=True)
"""
NEVER = -2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", [0, 1, 20, 60, 100])
@pytest.mark.usefixtures("folder")
def test_a_program_is_stopped_while_it_loads(place: int, number: int) -> None:
    done = ended(sys.executable, "-c", LOADING, str(place), str(int(number)), *WORDS["draw"])
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, b"begun\n", b"stopped\n")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("moments", [1, 2, 9])
@pytest.mark.usefixtures("folder")
def test_a_program_that_is_told_often_says_it_once(moments: int) -> None:
    program = [sys.executable, "-c", LOADING, str(NEVER), "0", *WORDS["draw"]]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        for _ in range(moments):
            process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=SECONDS) == (b"", b"stopped\n")


@pytest.mark.usefixtures("folder")
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(list(WORDS)),
    st.sampled_from([signal.SIGINT, signal.SIGTERM]),
    st.lists(st.floats(0, 0.6), min_size=1, max_size=2),
)
def test_a_program_is_stopped_at_any_moment(command: str, number: int, moments: list[float]) -> None:
    program = [sys.executable, "-c", LOADING, str(NEVER), "0", *WORDS[command]]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"begun\n"
        for moment in moments:
            time.sleep(moment)
            process.send_signal(number)
        _, complaints = process.communicate(timeout=SECONDS)
    assert process.returncode in (0, 128 + number)
    assert complaints in (b"", b"stopped\n")
    assert all(path.name in ("graph.svg", "explore.html", "neuron.svg", "neuron.html") for path in Path().iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_for_a_change_that_must_happen_as_a_whole(number: signal.Signals) -> None:
    heard: list[int] = []

    def hear(number: int, frame: object) -> None:
        heard.append(number)

    before = signal.signal(number, hear)
    try:
        with uninterrupted():
            for _ in range(2):
                signal.raise_signal(number)
            assert heard == []
        assert heard == [number]
        assert signal.getsignal(number) is hear
    finally:
        signal.signal(number, before)


def stopped(number: int, *command: str, after: bytes = b"", **environment: str) -> tuple[int, bytes]:
    """The exit status and the complaints of a command that gets a signal, once it has said this."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, env={**os.environ, **environment}) as process:
        assert process.stdout
        while after not in (line := process.stdout.readline()):
            assert line, "it ended before the signal came"
        process.send_signal(number)
        _, complaints = process.communicate(timeout=SECONDS / 4)
    return process.returncode, complaints


def runs(process: str) -> bool:
    """Whether there is a process with this number, other than one that has ended and is still to be counted."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, text=True).stdout
    return bool(state) and not state.startswith("Z")


def soon(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


# A Graphviz that tells its own number, and is never done.
ENDLESS = "#!/bin/sh\necho $$ >> {started}; exec sleep 1000\n"
KILLS = [signal.SIGKILL] if sys.platform == "linux" else []  # elsewhere, a limit of processor time has to do


@pytest.fixture
def endless(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file for the numbers of the processes of `dot`, none of which ends by itself."""
    (folder / "bin").mkdir()
    dot, started = folder / "bin" / "dot", folder / "started"
    dot.write_text(ENDLESS.format(started=started))
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", str(dot.parent), prepend=os.pathsep)
    return started


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, *KILLS])
@pytest.mark.parametrize("command", ["draw", "explore"])
def test_dot_ends_with_the_program_that_started_it(command: str, number: int, endless: Path) -> None:
    with subprocess.Popen([*PYTHON, *WORDS[command]], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        soon(lambda: endless.exists() and endless.read_text().endswith("\n"))
        dot = endless.read_text().strip()
        assert runs(dot)
        process.send_signal(number)
        told = process.communicate(timeout=SECONDS)
    killed = number == signal.SIGKILL
    assert (process.returncode, told) == (-number if killed else 128 + number, (b"", b"" if killed else b"stopped\n"))
    soon(lambda: not runs(dot))
    assert {path.name for path in Path().iterdir()} == {"bin", "started"}


# Draws a graph that takes Graphviz a minute, and says when it has begun.
RENDERING = """
import sys
from tinygrad_sigmoid.drawing import copies, render
from tinygrad_sigmoid.__main__ import main

def told(*arguments):
    print("rendering", flush=True)
    return made(*arguments)

made, render._by_webassembly = render._by_webassembly, told
render.SECONDS, render.MEMORY = 1000, 2**32 - 2**16
copies.MOST_PASSED = 2**20  # no edge is cut short
sys.argv[1:] = ["draw", "x" + "+x" * 999, "x=1", "-o", "graph.svg"]
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_webassembly_ends_with_the_program_that_runs_it(number: int, folder: Path) -> None:
    status, complaints = stopped(number, sys.executable, "-c", RENDERING, after=b"rendering", PATH=str(folder))
    assert (status, complaints) == (128 + number, b"stopped\n")
    assert list(folder.iterdir()) == []


# The system may give a signal to any thread, and Python hears it in the main one, once that has ended its wait.
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("folder")
def test_a_signal_that_another_thread_gets_is_heard(number: int) -> None:
    told = 'print("rendering", flush=True)'
    assert told in RENDERING
    waiting = "import signal, time; time.sleep(1)"  # by then, so is the main thread
    rendering = RENDERING.replace(told, f"{waiting}; signal.raise_signal({number})")
    started = time.monotonic()
    assert ended(sys.executable, "-c", rendering, PATH=os.curdir).returncode == 128 + number
    assert time.monotonic() - started < SECONDS / 4  # of the minute that the picture takes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_training_ends_between_two_batches_and_says_so(number: int, folder: Path) -> None:
    words = ["digits", "--epochs", "100000", "--hidden", "3", "--save", "network.json"]
    status, complaints = stopped(number, *PYTHON, *words, after=b"epoch 1")
    assert (status, complaints) == (128 + number, b"")
    assert [path.name for path in folder.iterdir()] == ["network.json"]
