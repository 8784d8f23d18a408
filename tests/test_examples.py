"""Every example is run, must say what it is there to teach, and the figures in its sentences must be right."""

from __future__ import annotations

import ast
import doctest
import re
import runpy
import shlex
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
from idx_files import write_small_mnist

from tinygrad_sigmoid.cli import _parser

pytestmark = pytest.mark.slow

Table = Callable[[str, str, str], list[list[float]]]
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.py"))

# What each example must say, in this order; `…` stands for anything. A new example needs an entry of its own.
SHOWN = {
    "01_value_and_gradient": [
        "The pass begins at y itself, with ∂y/∂y = 1: y changes exactly as fast as y.",
        "if x grows a little, y grows by 8 times as much",
        "It grew by 0.008001, and predicted was 8·0.001 = 0.008",
        "A second pass adds its gradient to the one that x has: 8 + 8 = 16",
        "After zero_grad(), which forgets it, a pass gives 8 again.",
    ],
    "02_weighted_input": [
        "A local derivative says how fast one operation's result changes with one of its inputs.",
        "∂a/∂z, for instance, how fast a changes with z:",
        "from a back to w: 0.09719·1·2 ≈ 0.1944",
        "By machine, w.grad: 0.1944",
        "An operation's upstream gradient says how fast the final output, here a, changes with its result.",
        "w·x to x: gradient of x = 0.09719·0.6 ≈ 0.05832",
        "It begins with upstream 1, because ∂a/∂a = 1.",
        "and `+=` adds them: 3 + 3 = 6",
        "With `=` the second use replaces the first, and 3 is left",
    ],
    "03_perceptrons": [
        "threshold 5: going on 4 of 8 days",
        "threshold 3: going on 5 of 8 days: 011 ",
        "NAND(1, 1) is 0, because w·x + b is -1",
        "At exactly w·x + b = 0 it says 0.",
        "1 + 1: carry 1, sum 0",
    ],
    "04_flip": [
        "bias 2 + 0: output 0",
        "bias 2 + 1e-12: output 1",
        "w1, w2, b: [0.0, 0.0, 0.0]",
        "Predicted change for Δb = 1e-12: 0. Actual change: 1, the whole range.",
        "Predicted change for Δb = 1e-12: 2.5e-13. Actual change: 2.5e-13.",
    ],
    "05_sigmoid_neuron": [
        "+0 … 0.5000",
        "(1, 1): 0.268941",
        "∂output/∂b = 0.196612",
        "σ(−z) = 1 − σ(z)",
        "textbook σ(z)·(1 − σ(z))  here σ(z)·σ(−z)",
        "stored as 1, and 1 − σ(40) is 0",
        "the slope is 4.2e-18, not 0",
    ],
    "06_equation_5": [
        "Δoutput ≈ ∂output/∂w1·Δw1 + ∂output/∂w2·Δw2 + ∂output/∂b·Δb",
        "predicted: 0.1966·(0.01) + 0.1966·(-0.02) + 0.1966·(0.03) ≈ 0.003932",
        "actual:    0.27289178 − 0.26894142 = 0.00395036: 0.000018 more",
        "The gradient misses about ½σ″Δ², if Δ, a change of z, is small:",
        "½·0.0909·0.02² ≈ 0.000018, as it did.",
        "2% too low for Δ = 0.1, 15% too low for 1,",
        "and 38% too high for 5: 0.98 instead of 0.71.",
        "(slope 2.00): the gradient is right",
        "slope 9.4e-14, so Δb = 0.1 changes almost nothing",
    ],
    "07_simulating_perceptrons": [
        "c is 1e+06: NAND gives 1 1 1 0",
        "c is 10: NAND gives 1.00000 0.99995 0.99995 0.00005",
        "c is 100: σ(−0.1c) is 0.00005, σ(0.1c) is 0.99995",
        "σ(1e9·0) is 0.5, the perceptron 0.0",
        "c is 100: ∂output/∂b is 3.7e-44",
    ],
    "08_smoothness": [
        "σ … 0.01966 … 0.02011 … 4.00",
        "tanh … 4.00",
        "a smoothed step … 4.00",
        "Δb = 0.0125  predicted 0, actual 1",
        "σ′(−1) = σ(−1)·σ(1) = 0.2689·0.7311 ≈ 0.1966",
    ],
    "09_topological_order": [
        "so ∂c/∂x = 7·3 = 21",
        "inputs before what is computed from them: x y a b c",
        "in reverse:                 c b a y x",
        "a to y: gradient of y = 5 + 1·2 = 7",
        "y to x: gradient of x = 7·3 = 21",
        "a value comes after everything that uses it",
        "naive recursion … 27  wrong",
        "depth first, visited set … 6  wrong",
        "depth first, stack … 15  wrong",
        "post-order, not reversed … 0  wrong",
        "naive recursion: edge 3: y hands 2 on to x, but the gradient of y is 7",
        "= for +=: edge 4: a hands 1 on to y, and its 5 is replaced by 2 where it should become 7.",
        "naive recursion; depth first, visited set; depth first, stack; = for +=.",
    ],
    "10_drawing": [
        "6 say `grad ·`",
        "from the output to w, and multiply: 1·0.1491·1·1 = 0.1491",
        "backward.svg plays both passes: 8 steps",
        "a·a has 2 edges from a, each with ∂ 3",
        "A network of 5 neurons",
        "one is open, and 4 are closed",
        "Thickest is layer2.neuron2.b, whose gradient is 0.1365.",
        "naive.svg: ",
    ],
    "11_stepping": [
        "4  ∂a/∂z = σ(z)·σ(−z) ≈ 0.1491",
        "gradient of x = 0.1491·0.6 ≈ 0.08949",
        "upstream · local = contribution: 1·0.1491 = 0.1491",
        "to the last bit: True",
        "gradient of x = 1 + 1·1 = 2",
        "∂C/∂b along 3 paths:",
        "together: 0.08254 + 0.07428 + 0.4524 ≈ 0.6093",
        "∂softsign/∂x = 1/(1 + |x|)^2 = 0.0625",
    ],
    "12_the_live_page": [
        "nand.html is one file of ",
        "predicted: 0.1966·0.1 = 0.01966",
        "actual:    0.02011",
        "loss.html#8 opens at step 8",
    ],
    "13_your_own_operation": [
        "softsign(3) = 3/(1 + 3) = 0.75",
        "its slope   = 1/(1 + 3)² = 0.0625",
        "the gradient is right",
        "by machine -0.03125, on paper −2/(1 + 3)³ = -0.03125",
        "its slope at 1 is 0.927671",
        "1.82, 1.91, 1.96, where a right one falls fourfold",
    ],
    "14_second_derivatives": [
        "at z = 0: σ′ is 0.25, σ″ is 0, σ‴ is -0.125",
        "at z = 1: σ′ is 0.196612, σ″ is -0.090858, σ‴ is -0.035326",
        "step 5: x is 0.693147180560",
        "with η = 0.1 takes 97 steps",
    ],
    "15_pictures_of_training": [
        "η = 0.3: in 400 epochs it falls from 0.1780 to 0.1243",
        "η = 10: in 400 epochs it falls from 0.1780 to 0.0011",
        "slope at z = 0: of σ 0.25, of the step 0",
        "1.0   away from w1 they are 0.03445 apart",
        "0.125 away from w1 they are 0.00070 apart",
    ],
    "16_learning_rate": [
        "too small, η = 0.02   good, η = 0.3         overshoots, η = 0.9   too large, η = 1.1",
        " 0.0 for η = 0.5: at the bottom in one step; this rate is 1/C″",
        "-0.8 for η = 0.9: beyond the bottom, but nearer than before",
        "-1.0 for η = 1: beyond it, and as far away as before; this rate is 2/C″",
        "η = 0.001  1.495, 1.485, 1.476          26, 25, 25",
        "η = 3      0.459, 0.339, 0.258          87, 148, 196",
        "η = 100    0.523, 0.500, 0.500          30, 30, 30",
        "no output is above 0.00013 for any digit: σ is flat",
        "η = 9      0.462, 0.292, 0.180          112, 164, 213",
        "η = 27     0.525, 0.501, 0.501          43, 38, 27",
        "Both are worse, so stop",
    ],
    "17_zero_grad": [
        "after pass 3: v.grad is 6",
        "after it and a pass, v.grad is 2 again",
        "a step follows the sum of all gradients so far",
        "0 get stuck with zero_grad(), and 3 without",
    ],
    "18_digits": [
        "sigmoid neurons reads 254 of 297 test digits right,",
        "perceptrons with the same weights 209.",
        "10  1                     157",
        "Of the others 209 were right before, 157 are now.",
        "9  1                  0.3087    +0.0168  +0.0171           254",
        "Of the others 254 were right before, 254 are now.",
    ],
    "19_bitwise_output": [
        "0: 0.000 0.000 0.000 0.000   0000",
        "9: 1.000 0.000 0.000 1.000   1001",
        "±10·0.99 = ±9.9",
        "9·10·0.0099 = 0.891",
    ],
    "20_mnist": [
        "1500 digits of 64 pixels to train on, 297 to test with; the first is a 0:",
        "by darkness alone: 32 of 297 right",
        "after epoch 1: 213 of 297 right",
    ],
    "21_compile_a_graph": [
        "# C and its gradients, by the chain rule.",
        "z = dot1 + b",
        "grad_w1 = grad_z * x1  # ∂C/∂w1: through dot1 (·x1)",
        "loss 0.308768 and the gradients. The same bits as the graph: True.",
        "∂C/∂w1 -0.013010",
        "the mean of both samples: loss 0.168625, ∂C/∂w1 +0.059622",
        "of the time that recording it takes",
        "let grad_w1 = grad_z * x1;",
    ],
    "22_sweep_on_every_core": [
        "learning rate  seed 0  seed 1  seed 2  seed 3  median",
        "40.7%   45.8%   43.1%   45.1%   44.1%  ▒▒▒▒▒▒▒▒",
        "Best in the median is η = 10.",
    ],
    "23_gradient_check_test": [
        "the gradients are right",
        "8 local derivatives: the slopes of the operations' own formulas",
        "test_softsign fails",
        "test_neuron fails",
        "the rule of softsign is wrong: ∂softsign/∂input 1 is the square root of the true one",
        "is of the wrong sign: -2.26e-06 instead of 2.26e-06",
        "the formulas are right, but floats lose digits here: 2 losses",
        "fewer than 12 digits are right: ∂sigmoid/∂z at (30) is 9.35762e-14",
        "order: y propagated its gradient 2 times, each time all it had so far",
        "accumulation: of the 2 uses of y only the last was kept",
    ],
    "24_anyones_gradients": [
        "2 gradients, of a and y: as cost changes in random directions, with many digits",
        "the gradient of y has the wrong sign: -0.2 instead of 0.2",
        "where values are used again, the gradient of a is wrong: = for +=",
    ],
    "25_mazur": ["Every gradient and every new weight is the same", "StaleGraph", "all gradients first"],
}

NUMBER = r"\d+(?:\.\d+)?(?:e[-+−]?\d+)?"
ARITHMETIC = rf"(?:{NUMBER}|[-+−·/()²³]| (?! ))*{NUMBER}[)²³]*"
RESULT = rf"[-−]?{NUMBER}(?=$|[^\d·.]|\.(?:\s|$))"
EQUATION = re.compile(rf"(?:^|[=≈:;,]|  )\s*({ARITHMETIC}) ([=≈]) (?=({RESULT}))", re.MULTILINE)


def wrong_equations(text: str) -> list[str]:
    """Those that don't hold in the figures that they show: `=` to the last digit, `≈` to half a percent."""
    found = []
    for left, sign, right in EQUATION.findall(text):
        python = left.translate(str.maketrans({"−": "-", "·": "*", "²": "**2", "³": "**3"}))
        exact = eval(re.sub(NUMBER, r"Fraction('\g<0>')", python), {"Fraction": Fraction})
        shown = Fraction(right.replace("−", "-"))
        if abs(exact - shown) > (abs(shown) / 200 if sign == "≈" else 0):
            found.append(f"{left} {sign} {right}")
    return found


def run(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setattr("sys.argv", [str(path), *words])
    runpy.run_path(str(path), run_name="__main__")
    return capsys.readouterr().out


def test_equations_are_found_and_judged_by_the_figures_that_they_show() -> None:
    text = "x = 2 + 2 = 4, ∂y/∂x = 2x + 2 = 2·3 + 2 = 9\n  so: 0.1·(−3)² = 0.9.  1/3 ≈ 0.333  1/3 = 0.333  2·2 ≈ 4.1"
    assert wrong_equations(text) == ["2·3 + 2 = 9", "1/3 = 0.333", "2·2 ≈ 4.1"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_says_what_it_teaches(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rest = run(path, capsys, monkeypatch)
    assert max(map(len, rest.splitlines())) <= 100
    assert not wrong_equations(rest)
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


def test_the_list_of_lessons_has_them_all_in_their_order_and_its_commands_exist() -> None:
    text = (EXAMPLES[0].parent / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\| \[(\d\d) .*?\]\((\w+)\.py\) \|", text) == [(path.stem[:2], path.stem) for path in EXAMPLES]
    for command in re.findall(r"`tinygrad-sigmoid (.+?)`", text):
        assert _parser().parse_args(shlex.split(command)).run
    assert f"[{len(EXAMPLES)} lessons]" in (EXAMPLES[0].parents[1] / "README.md").read_text(encoding="utf-8")


def test_the_page_on_micrograd_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("micrograd")
    monkeypatch.chdir(tmp_path)
    page = EXAMPLES[0].parent / "porting_from_micrograd.md"
    assert doctest.testfile(str(page), module_relative=False) == (0, 51)


def test_the_mnist_example_reads_a_folder(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_small_mnist(tmp_path)
    [path] = [path for path in EXAMPLES if path.stem == "20_mnist"]
    out = run(path, capsys, monkeypatch, str(tmp_path))
    assert "40 digits of 64 pixels to train on, 20 to test with" in out
    assert re.search(r"epoch 1: \d+ of 20", out)


@pytest.mark.parametrize(
    ("name", "missing", "words", "said"),
    [
        ("15_pictures_of_training", "matplotlib", [], "needs matplotlib: pip install 'tinygrad-sigmoid[plots]'"),
        (
            "22_sweep_on_every_core",
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


# -- The figures of the tables, told by other means -------------------------------------------------------------------


@pytest.fixture
def table(
    request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Table:
    """The numbers of an example's lines that begin as `row` says, from `heading` on to the next empty line."""

    def read(name: str, heading: str, row: str) -> list[list[float]]:
        monkeypatch.chdir(tmp_path)
        [path] = [path for path in EXAMPLES if path.stem == name]
        lines = run(path, capsys, monkeypatch).partition(heading)[2].partition("\n\n")[0].splitlines()
        rows = [line for line in lines if re.match(rf"\s*(?:{row})\s", line)]
        return [[float(number) for number in re.findall(rf"(?<![\w.])-?\+?{NUMBER}", line)] for line in rows]

    return read


def test_the_slope_of_sigma_keeps_its_digits_where_the_textbooks_loses_them(table: Table) -> None:
    rows = table("05_sigmoid_neuron", "In floats:", "2|20|30|40")
    for z, _, _, _, textbook, here in rows:
        with mpmath.workdps(50):
            true = float(mpmath.diff(lambda at: 1 / (1 + mpmath.exp(-at)), z))
        assert here == pytest.approx(true, rel=5e-4)
        assert (abs(textbook / true - 1) < 5e-4) == (z < 30)
    assert rows[-1][4] == 0


def test_what_equation_5_misses_is_the_bend(table: Table) -> None:
    rows = table("06_equation_5", "     z     Δ", r"-?[01] ")
    assert len(rows) == 5
    for _, change, slope, bend, predicted, actual, remainder, expected in rows:
        assert predicted == pytest.approx(slope * change, abs=3e-4)
        assert remainder == pytest.approx(actual - predicted, abs=2e-5)
        assert expected == pytest.approx(bend * change**2 / 2, abs=1e-3)
        if change == 0.1:
            assert remainder == pytest.approx(expected, abs=3e-5)


def test_each_learning_rate_goes_where_the_valley_sends_it(table: Table) -> None:
    [ends] = table("16_learning_rate", "step", "v is")
    assert ends == pytest.approx([(1 - 2 * rate) ** 7 for rate in (0.02, 0.3, 0.9, 1.1)], abs=1e-4)


def test_without_zero_grad_the_valley_is_never_still_and_the_neuron_is_stuck(table: Table) -> None:
    [good], [bad] = (table("17_zero_grad", "Down the valley", row) for row in (r"with zero_grad\(\)", "without"))
    v, total, places = 1.0, 0.0, []
    for _ in range(41):
        places.append(v)
        total += 2 * v
        v -= 0.1 * total
    assert good == pytest.approx([0.8**step for step in range(0, 41, 5)], abs=0.005)
    assert bad == pytest.approx(places[::5], abs=0.005)
    losses = {row[0]: row[1:] for row in table("17_zero_grad", "learns NOR", r"\d+")}
    assert losses[4][1] < losses[4][0]  # it looks better at first,
    assert losses[100][0] < 0.02 < losses[100][1] == 1 / 8  # and ends wrong for one of the four, ½·1² of it, for ever


# As on his page; the figures after the first step are those of another algorithm, or another step, as the example says.
MAZUR = """E 0.298371109 ∂E/∂w5 0.082167041 ∂E/∂w1 0.000438568 new_w1 0.149780716 new_w2 0.19956143 new_w3 0.24975114
new_w4 0.29950229 new_w5 0.35891648 new_w6 0.408666186 new_w7 0.511301270 new_w8 0.561370121"""
MAZUR_LATER = ["0.291027924", "0.0000351085", "0.0000351085", "0.015912196", "0.984065734"]


def test_every_figure_that_mazur_has_published(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = run(EXAMPLES[-1], capsys, monkeypatch)
    for name, published in zip(MAZUR.split()[::2], MAZUR.split()[1::2], strict=True):
        assert re.search(rf"^{name.replace('_', ' ')} +{published} +{published}$", out, re.MULTILINE)
    rows = re.findall(r"^(?:E after|output \d).*?(0\.\d+) +(0\.\d+) +(0\.\d+)$", out, re.MULTILINE)
    assert [row[0] for row in rows] == MAZUR_LATER
    agreeing = [{row[1]: "right", row[2]: "slip"}.get(row[0], "neither") for row in rows]
    assert agreeing == ["slip", "right", "neither", "slip", "slip"]
