"""The package as a whole: what its names are and that each leads where it should."""

import pkgutil

import pytest

import tinygrad_sigmoid


@pytest.mark.parametrize("name", tinygrad_sigmoid.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(tinygrad_sigmoid, name) is getattr(tinygrad_sigmoid, name)


def test_no_public_name_is_that_of_a_room() -> None:
    # `from package import nudge` would give the function or the module nudge.py, depending on what was imported before.
    rooms = {room.name for room in pkgutil.iter_modules(tinygrad_sigmoid.__path__)}
    assert rooms.isdisjoint(tinygrad_sigmoid.__all__)
