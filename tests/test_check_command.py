"""The command `check`: a certificate, or the mismatch and exit status 1, of a formula or of what is in a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinygrad_sigmoid.cli import main
from tinygrad_sigmoid.testing import planted_bug

FORMULA = ["check", "sigmoid(w*x + b)", "w=0.6", "x=1", "b=0.9"]


def test_it_prints_the_gradients_and_the_certificate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FORMULA) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "sigmoid(w*x + b) ≈ 0.8176\n  ∂/∂w ≈ 0.1491\n  ∂/∂x ≈ 0.08949\n  ∂/∂b ≈ 0.1491\nthe gradients are right\n"
    )
    assert "\n3 leaves: moved, the output moves as the gradients say, " in shown
    assert "itself a graph" not in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["1/(x-1)", "x=1.0000000001"], "1/(x-1) ≈ 1e10\n  ∂/∂x ≈ −1e20\n"),  # x − 1 is a little more than 1e-10
        (["1/x", "x=3"], "1/x ≈ 0.3333\n  ∂/∂x ≈ −0.1111\n"),
        (["1/x", "x=4"], "1/x = 0.25\n  ∂/∂x = −0.0625\n"),
    ],
)
def test_a_number_whose_digits_were_dropped_is_only_about_what_is_shown(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *words]) == 0
    assert capsys.readouterr().out.startswith(said)


def test_a_kink_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "relu(x)", "x=0"]) == 0
    assert "\nat a kink, where any slope between those of the two sides is right: ∂relu" in capsys.readouterr().out


def test_a_mismatch_goes_to_standard_error_with_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    with planted_bug("multiply", scale=1.01):
        assert main(FORMULA) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("the rule of multiply is wrong: ∂multiply/∂w is 1.01 times the true one\n")


@pytest.mark.parametrize("words", [["check", "sigmoid(x", "x=1"], ["check", "log(x)", "x=-1"], ["check", "x*y", "x=1"]])
def test_what_cant_be_computed_is_one_line_and_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1


# -- Files -------------------------------------------------------------------------------------------------------------

LAYERS = """
import math
from tinygrad_sigmoid import Operation, Value, log
from constants_of_layers import TWO

print("loaded")
softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
wrong = Operation("wrong", lambda x: x * x, lambda out, x: (-TWO * x,))

def loss(w, x, scale=2.0):
    return log(w) * x * scale

coarse = Operation("coarse", lambda x: float(round(x * 1e4)) / 1e4, lambda out, x: (1.0,))

def many(*xs):
    return xs[0] * xs[-1]

def on_arrays(x):
    return x[0]
"""


@pytest.fixture
def layers(tmp_path: Path) -> Iterator[str]:
    """The name of a file with functions to check, and nothing left behind of having loaded it."""
    (tmp_path / "layers_to_check.py").write_text(LAYERS, encoding="utf-8")
    (tmp_path / "constants_of_layers.py").write_text("import layers_to_check\nTWO = 2.0\n", encoding="utf-8")
    path, modules = [*sys.path], {*sys.modules}
    yield str(tmp_path / "layers_to_check.py")
    sys.path[:] = path
    for name in {*sys.modules} - modules:
        if getattr(sys.modules[name], "__file__", "").startswith(str(tmp_path)):
            del sys.modules[name]


def test_a_function_in_a_file_is_checked_at_the_numbers_given(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"{layers}::loss", "w=2", "x=0.5"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("loaded\nloss(w=2.0, x=0.5): the gradients are right\n3 values computed: ")
    assert main(["check", f"{layers}:loss", "w=3", "x=0.5"]) == 0  # as objects of modules are written elsewhere
    assert capsys.readouterr().out.startswith("loss(w=3.0, x=0.5): "), "and the file is not run again"


def test_what_is_wrong_in_a_file_goes_to_standard_error_with_status_1(
    layers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", f"{layers}::wrong", "x=0.5"]) == 1
    told = capsys.readouterr()
    assert told.out == "loaded\n"
    assert told.err.startswith("wrong(x=0.5): the rule of wrong is wrong: ∂wrong/∂x is of the wrong sign\n")
    assert "    TWO = 2.0\n    wrong = Operation('wrong', lambda x: x * x, lambda out, x: (-TWO * x,))\n" in told.err


def test_what_could_not_be_told_is_counted_in_the_verdict(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"{layers}::coarse", "x=1.23456"]) == 0
    shown = capsys.readouterr().out
    assert "nothing wrong found; " in shown
    assert "\nunresolved: " in shown


@pytest.mark.slow
def test_a_class_is_tried_on_numbers_of_its_own(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", f"{layers}::Value"]) == 0
    assert "\nValue: nothing wrong found; " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["::los"], "names nothing in it: write for instance "),
        ([""], "names nothing in it: write for instance "),
        (["::loss", "y=1"], "loss needs a number for each of its inputs, which are w, x: write them as in x=0.5"),
        (["::loss", "w=-1", "x=1"], "loss(w=-1.0, x=1.0) can't be checked (ValueError: log(w=-1) is not defined"),
        (["::many", "xs=1"], "many takes any number of inputs: check a function that calls it with some"),
        (["::on_arrays", "x=1"], "on_arrays(x=1.0) can't be checked (TypeError: "),
        (["::math"], "which has no inputs: name a function, an Operation or a class"),
        (["::Value", "x=1"], "Value needs a number for each of its inputs, which are none: "),
        (["x.py"], "is no file: give the name of one with Python, as in layers.py::loss"),
    ],
)
def test_what_cant_be_checked_in_a_file_is_one_line_and_status_2(
    words: list[str], said: str, layers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", layers + words[0], *words[1:]]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = = 1", "can't be imported (SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "can't be imported (SystemExit: 3): run it with Python first"),
    ],
)
def test_a_file_that_cant_be_used_is_one_line_and_status_2(
    text: str, said: str, layers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(layers).write_text(text, encoding="utf-8")
    assert main(["check", layers]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_file_with_the_name_of_something_loaded_is_refused(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path(layers).with_name("argparse.py")
    other.write_text(LAYERS, encoding="utf-8")
    assert main(["check", str(other)]) == 2
    assert "has the name of a module that is loaded already: give it another name" in capsys.readouterr().err


def test_a_file_in_a_package_may_import_from_it(layers: str, capsys: pytest.CaptureFixture[str]) -> None:
    package = Path(layers).with_name("package_to_check")
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "sizes.py").write_text("SIZE = 3.0\n", encoding="utf-8")
    (package / "layer.py").write_text("from .sizes import SIZE\ndef f(x): return x * SIZE\n", encoding="utf-8")
    assert main(["check", f"{package / 'layer.py'}::f", "x=1"]) == 0
    assert capsys.readouterr().out.startswith("f(x=1.0): the gradients are right\n")
