"""The package as a whole: what its names are and that each leads where it should."""

import ast
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygrad_sigmoid


@pytest.mark.parametrize("name", tinygrad_sigmoid.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(tinygrad_sigmoid, name) is getattr(tinygrad_sigmoid, name)


def test_no_public_name_is_that_of_a_room() -> None:
    # `from package import nudge` would give the function or the module nudge.py, depending on what was imported before.
    rooms = {room.name for room in pkgutil.iter_modules(tinygrad_sigmoid.__path__)}
    assert rooms.isdisjoint(tinygrad_sigmoid.__all__)


# From the ground floor up: a room may import from those before it in this list, and from none after it.
ROOMS = [
    "collecting",
    "interrupting",
    "quoting",
    "tables",
    "floats",
    "notation",
    "checks",
    "samples",
    "files",
    "errors",
    "graph",
    "copying",
    "operation",
    "operations",
    "vectorized",
    "elementary",
    "arithmetic",
    "value",
    "derivatives",
    "losses",
    "neuron",
    "descent",
    "nudging",
    "reading",
    "scanning",
    "drawing",
    "compiling",
    "replaying",
    "training",
    "page",
    "testing",
    "course",
    "commands",
    "cli",
    "__main__",
]
PACKAGE = Path(tinygrad_sigmoid.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported_by(source: str) -> Iterator[str]:
    """The rooms that a module imports from; the package's own name if it imports that, and so everything."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an absolute import says from which room it is"
            modules = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for module in modules:
            package, _, inside = module.partition(".")
            if package == PACKAGE.name and inside != "__version__":
                room = inside.partition(".")[0]
                yield room if room in ROOMS else PACKAGE.name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_only_downwards(path: Path) -> None:
    assert room_of(path) in ROOMS, "a new room needs its place in ROOMS"
    below = ROOMS[: ROOMS.index(room_of(path)) + 1]
    assert set(rooms_imported_by(path.read_text(encoding="utf-8"))) <= {*below}


@pytest.mark.parametrize(
    ("line", "rooms"),
    [
        ("import tinygrad_sigmoid", ["tinygrad_sigmoid"]),
        ("import tinygrad_sigmoid as package, math", ["tinygrad_sigmoid"]),
        ("from tinygrad_sigmoid import Value, __version__", ["tinygrad_sigmoid"]),
        ("from tinygrad_sigmoid import graph", ["graph"]),
        ("def f():\n    from tinygrad_sigmoid.testing.precise import Precise", ["testing"]),
        ("import tinygrad_sigmoid.drawing.dot", ["drawing"]),
        ("import json", []),
    ],
)
def test_each_way_to_import_is_seen(line: str, rooms: list[str]) -> None:
    assert list(rooms_imported_by(line)) == rooms


def loaded_by(code: str) -> set[str]:
    listing = "import sys; before = set(sys.modules); {}; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run(
        [sys.executable, "-c", listing.format(code)], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return {name.split(".")[0] for name in run.stdout.split()}


def test_importing_the_package_loads_nothing_but_the_core_and_the_standard_library() -> None:
    loaded = loaded_by("import tinygrad_sigmoid")
    assert loaded <= {*sys.stdlib_module_names, "tinygrad_sigmoid"}
    # Each of these would take as long to load as the whole core.
    assert loaded.isdisjoint({"inspect", "json", "random", "tempfile", "pathlib", "dataclasses", "argparse", "asyncio"})


def test_neurons_losses_and_descent_need_no_other_package() -> None:
    loaded = loaded_by("from tinygrad_sigmoid import Network, GradientDescent, squared_error, gradients, nudge")
    assert loaded <= {*sys.stdlib_module_names, "tinygrad_sigmoid"}


def test_the_top_level_holds_five_things() -> None:
    if not (PACKAGE.parent / ".git").exists():
        pytest.skip("this is no clone, so nothing tells which files belong to the project")
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True, cwd=PACKAGE.parent).stdout
    top = {line.split("/")[0] for line in tracked.splitlines() if not line.startswith(".")}
    assert top <= {"tinygrad_sigmoid", "tests", "examples", "pyproject.toml", "README.md"}
