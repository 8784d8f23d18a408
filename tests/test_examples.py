"""Every example is run, and must print the numbers that it is there to show."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest
from idx_files import write_small_mnist

pytestmark = pytest.mark.slow

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))

# What each example must print, in this order; `…` stands for anything. A new example needs an entry of its own.
SHOWN = {
    "01_value_and_gradient": [
        "y = x² + 2x = 15.0 at x = 3.0",
        "∂y/∂x = 8.0",
        "it grew by 0.008001",
        "after a second pass: 16.0",
        "after zero_grad() and a pass: 8.0",
    ],
    "02_weighted_input": [
        "w·x = 0.6000   z = w·x + b = 1.5000   σ(z) = 0.8176",
        "by hand 0.149146, by machine 0.149146",
        "multiply: gradient 0.1491, local derivatives 1.0000, 0.6000",
        "∂(a·a)/∂a = 6",
    ],
    "03_perceptrons": [
        "threshold 5: going on 4 of 8 days",
        "threshold 3: going on 5 of 8 days: [(0, 1, 1), ",
        "NAND(1, 1) = 0   because w·x + b = -1",
        "at the threshold: 0",
        "1 + 1 = 10 in binary",
    ],
    "04_flip": [
        "bias 2 + 0e+00: perceptron 0",
        "bias 2 + 1e-12: perceptron 1",
        "gradients: [0.0, 0.0, 0.0]",
        "actual change     +1  (from 0 to 1)",
        "predicted change  +2.5e-13",
    ],
    "05_sigmoid_neuron": [
        "+0 … 0.5000",
        "(1, 1): 0.268941",
        "∂output/∂w1 = 0.196612",
        "∂output/∂b = 0.196612",
    ],
    "06_equation_5": [
        "predicted change  +0.0196612",
        "actual change     +0.0201091",
        "predicted change  +0.00393224",
        "(slope 2.00): the gradient is right",
    ],
    "07_simulating_perceptrons": [
        "perceptrons, c = 1e+06: NAND gives 1 1 1 0",
        "c = 10: NAND gives 1.00000 0.99995 0.99995 0.00005",
        "c = 100: σ(−0.1 c) = 0.00005, σ(+0.1 c) = 0.99995",
        "sigmoid with c = 1e9 gives 0.5, a perceptron 0.0",
    ],
    "08_smoothness": [
        "σ: output 0.2689, slope of the remainder 2.00",
        "tanh: output -0.7616, slope of the remainder 2.00",
        "a smoothed step: output 0.1562, slope of the remainder 2.00",
        "the remainder does not fall fourfold (slope 0.00)",
    ],
    "09_topological_order": [
        "order: x y a b c",
        "dc/dx = 21",
        "naive recursion … 27  wrong",
        "depth first, visited set … 6  wrong",
        "depth first, stack … 15  wrong",
        "post-order, not reversed … 0  wrong",
        "naive recursion: edge 3: y hands 2 on to x, but the gradient of y is 7",
        "On w·x + b these agree with the right one: naive recursion; ",
    ],
    "10_drawing": [
        "6 boxes have no gradient yet",
        "neuron.svg: 1 · 0.1491 · 1 · 1 = 0.1491",
        "backward.svg: 8 steps",
        "2 edges with ∂ 3, so the gradient of a is 6.0",
        "network: 5 closed neurons, with one opened 4",
        "network.svg: the thickest line or ring is layer2.neuron2.b, whose gradient is 0.1365",
        "naive.svg: ",
    ],
    "11_stepping": [
        "4  ∂a/∂z = σ(z)·σ(−z) ≈ 0.1491",
        "gradient of x = 0.1491·0.6 ≈ 0.08949",
        "1.0000 · 0.1491 = 0.1491",
        "the same as backward(): True",
        "gradient of x = 1 + 1·1 = 2",
        "∂b along 3 paths:",
        "together: 0.08254 + 0.07428 + 0.4524 ≈ 0.6093",
        "∂softsign/∂x = 1/(1 + |x|)^2 = 0.0625",
    ],
    "12_the_live_page": [
        "nand.html: one file of ",
        "predicted +0.01966, actual +0.02011",
        "loss.html#8 opens at step 8",
    ],
    "13_your_own_operation": [
        "softsign(3) = 0.75, its derivative there 0.0625",
        "the gradient is right",
        "second derivative at 3: -0.03125, on paper −2/(1 + 3)³ = -0.03125",
        "swish'(1) = 0.927671",
        "does not fall fourfold",
    ],
    "14_second_derivatives": [
        "σ'(0) = 0.25, σ''(0) = 0.0, σ'''(0) = -0.125",
        "σ'(1) = 0.196612, σ''(1) = -0.090858, σ'''(1) = -0.035326",
        "step 5: x = 0.693147180560",
        "η = 0.1: 97 steps",
    ],
    "15_pictures_of_training": [
        "η = 0.3: the loss falls from 0.1780 to 0.1243",
        "η = 10: the loss falls from 0.1780 to 0.0011",
        "slope at 0: σ 0.25, step 0.0",
        "Δw1 = 1.0  : remainder 0.03445",
        "Δw1 = 0.125: remainder 0.00070",
        "training.png",
    ],
    "16_learning_rate": [
        "η = 0.3  : v = +0.0001",
        "η = 1.1  : v = +6.1917",
        "η = 0.001: 26 / 297, 25 / 297, 25 / 297",
        "η = 3    : 87 / 297, 148 / 297, 196 / 297",
        "η = 100  : 30 / 297, 30 / 297, 30 / 297",
    ],
    "17_digits": [
        "sigmoid neurons read 254 right, perceptrons 209",
        "perceptrons: nudge (one that makes it worse is taken back, and missing here), read as, others right",
        "   0   9   209",
        "  10   1   157",
        "   0   9   0.1825",
        "   9   1   0.3087   +0.0168 +0.0171   254",
    ],
    "18_bitwise_output": ["0: 0.000 0.000 0.000 0.000   0000", "9: 1.000 0.000 0.000 1.000   1001"],
    "19_mnist": [
        "1500 digits of 64 pixels to train on, 297 to test with; the first is a 0:",
        "by darkness alone: 32 / 297",
        "epoch 1: 213 / 297",
    ],
    "20_compile_a_graph": [
        "# loss and its gradients, by the chain rule.",
        "z = dot1 + b",
        "grad_w1 = grad_z * x1  # ∂loss/∂w1: through dot1 (·x1)",
        "loss 0.308768, the same as the graph's: True",
        "gradients the same: True",
        "∂loss/∂w1 -0.013010",
        "mean of the two: loss 0.168625, ∂loss/∂w1 +0.059622",
        "times faster",
        "let grad_w1 = grad_z * x1;",
    ],
    "21_sweep_on_every_core": [
        "learning rate  seed 0  seed 1  seed 2  seed 3  median",
        "40.7%   45.8%   43.1%   45.1%   44.1%  ▒▒▒▒▒▒▒▒",
        "best learning rate: 10",
    ],
    "22_gradient_check_test": [
        "both tests pass",
        "the gradients are right",
        "8 local derivatives: the slopes of the operations' own formulas",
        "test_softsign fails:",
        "test_neuron fails:",
        "the rule of softsign is wrong: ∂softsign/∂input 1 is the square root of the true one: is a square missing?",
        "is of the wrong sign: -2.26e-06 instead of 2.26e-06",
        "the formulas are right, but floats lose digits here: 2 losses",
        "fewer than 12 digits are right: ∂sigmoid/∂z at (30) is 9.35762e-14, and as a float 9.34808e-14",
        "naive recursion: order: y propagated its gradient 2 times",
        "= for +=: accumulation: of the 2 uses of y only the last was kept",
        "1 place marked",
    ],
    "23_anyones_gradients": [
        "2 gradients, of a and y: as cost changes in random directions, with many digits",
        "the gradient of y has the wrong sign",
        "where values are used again, the gradient of a is wrong: = for +=",
    ],
}


def run(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr("sys.argv", [str(path), *words])
    runpy.run_path(str(path), run_name="__main__")
    return capsys.readouterr().out


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_prints_its_numbers(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rest = run(path, capsys, monkeypatch)
    for expected in SHOWN[path.stem]:
        found = re.search(re.escape(expected).replace("…", ".*"), rest)
        assert found, f"{expected!r} does not come next in:\n{rest}"
        rest = rest[found.end() :]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_what_it_needs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 80
    assert "\n# %% " in text
    title = ast.get_docstring(ast.parse(text)) or ""
    assert re.match(rf"{int(path.stem[:2])}\. ", title)
    assert "Needs " in title.split("\n")[0]


def test_every_example_has_a_number_and_an_entry_of_its_own() -> None:
    assert [int(path.stem[:2]) for path in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))
    assert set(SHOWN) == {path.stem for path in EXAMPLES}


def test_the_mnist_example_reads_a_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_small_mnist(tmp_path)
    [path] = [path for path in EXAMPLES if path.stem == "19_mnist"]
    out = run(path, capsys, monkeypatch, str(tmp_path))
    assert "40 digits of 64 pixels to train on, 20 to test with" in out
    assert re.search(r"epoch 1: \d+ / 20", out)


@pytest.mark.parametrize(
    ("name", "missing", "words", "said"),
    [
        ("15_pictures_of_training", "matplotlib", [], "needs matplotlib: pip install 'tinygrad-sigmoid[plots]'"),
        (
            "21_sweep_on_every_core",
            "distributed",
            ["--scheduler", "tcp://localhost:1"],
            "needs Dask: pip install 'tinygrad-sigmoid[cluster]'",
        ),
    ],
)
def test_without_its_extra_an_example_says_which_to_install(
    name: str,
    missing: str,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)  # an import of it fails now
    [path] = [path for path in EXAMPLES if path.stem == name]
    with pytest.raises(SystemExit, match=re.escape(said)):
        run(path, capsys, monkeypatch, *words)
