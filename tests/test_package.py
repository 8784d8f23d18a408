"""The package as a whole: what its names are and that each leads where it should."""

import ast
import pkgutil
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
    "operation",
    "operations",
    "graph",
    "value",
    "derivatives",
    "losses",
    "neuron",
    "descent",
    "nudging",
    "sweeping",
    "formulas",
    "stepping",
    "drawing",
    "compiling",
    "training",
    "page",
    "testing",
    "digits",
    "repair",
    "museum",
    "expression",
    "chapter",
    "cli",
    "commands",
    "__main__",
]
PACKAGE = Path(tinygrad_sigmoid.__file__).parent
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def rooms_imported_by(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an absolute import says from which room it is"
            modules = [f"{node.module}.{name.name}" for name in node.names]
        else:
            continue
        for module in modules:
            package, *rest = module.split(".")
            if package == "tinygrad_sigmoid" and rest and rest[0] != "__version__":
                yield rest[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_only_downwards(path: Path) -> None:
    assert room_of(path) in ROOMS, "a new room needs its place in ROOMS"
    here = ROOMS.index(room_of(path))
    assert [room for room in rooms_imported_by(path) if ROOMS.index(room) > here] == []
