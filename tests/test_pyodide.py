"""In Pyodide, which is Python as WebAssembly for browsers and node, the package does the same as anywhere else."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser import needed

pytestmark = pytest.mark.slow  # each test starts a Python, which takes two seconds
PYODIDE = Path(__file__).parent.parent / ".ci" / "node_modules" / "pyodide"
START = """
const [pyodide, folders, program] = process.argv.slice(1);
require(pyodide).loadPyodide({env: {PYTHONDONTWRITEBYTECODE: "1"}}).then(python => {
  for (const [name, folder] of JSON.parse(folders)) python.mountNodeFS("/packages/" + name, folder);
  python.runPython("import sys; sys.path.append('/packages')");
  python.runPython(program);
}).catch(error => { console.error(error.message); process.exit(1); });
"""

TRAINED = """
import random
from tinygrad_sigmoid import Network, train

chance = random.Random(1)
samples = [([chance.random() for _ in range(20)], [chance.random() for _ in range(3)]) for _ in range(400)]
for target in TARGETS:
    chance.seed(3)
    network = Network([20, 10, 3])
    for parameter in network.parameters():  # a seed's own differ: their logarithm and cosine are the machine's
        parameter.data = chance.uniform(-1, 1)
    print(train(network, samples, epochs=60, batch=7, seed=2, test=samples[:70], target=target)[-1])
    print([parameter.data for parameter in network.parameters()])
"""
CALLED = """
from array import array
from tinygrad_sigmoid import Neuron, Value, sin, squared_error
from tinygrad_sigmoid.compiling import compiled

neuron, x, y = Neuron([0.6], 0.9), Value(1.0, "x"), Value(0.0, "y")
program = compiled(squared_error(sin(neuron([x])), y), inputs=[x, y], wrt=neuron.parameters(), target="wasm")
print(program(0.5, 1.0), program.batch([0.5, 0.25, 0.0] * 5000, [1.0, 1.0, 0.0] * 5000))
descent = program.descent([[0.5, 1.0], [0.2, 0.0]], 1, 0.5)
print(descent(), descent([1, 0, 1]), descent.parameters.tolist())
try:
    program.batch([0.5, 1e308, 0.0], [1.0, -1e308, 0.0])
except ArithmeticError as error:
    print(error)
"""
EXPLAINED = """
import tinygrad_sigmoid
from tinygrad_sigmoid import *
from tinygrad_sigmoid.testing import *

x, w, b = Value(1.0, "x"), Value(0.6, "w"), Value(0.9, "b")
output = sigmoid(w * x + b)
output.backward()
print(steps(output), explain(output, w), formula(output), draw(output).source, sep="\\n")
print(check_gradients(output))
with planted_bug(sigmoid, scale=2):
    try:
        check_gradients(lambda z: sigmoid(z), 0.5)
    except GradientMismatch as mismatch:
        print(mismatch)
"""


def in_pyodide(program: str) -> str:
    node = needed(shutil.which("node"), "node")
    needed(str(PYODIDE) if PYODIDE.exists() else None, "Pyodide (npm ci --prefix .ci)")
    found = {name: importlib.util.find_spec(name) for name in ("tinygrad_sigmoid", "graphviz", "mpmath", "tqdm")}
    folders = [(name, path) for name, spec in found.items() if spec for path in spec.submodule_search_locations or ()]
    return output_of(node, "-e", START, str(PYODIDE), json.dumps(folders), program)


def output_of(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return done.stdout


def test_training_gives_the_same_bits_and_the_best_target_is_webassembly() -> None:
    here = output_of(sys.executable, "-c", f"TARGETS = ['wasm']\n{TRAINED}")
    assert in_pyodide(f"TARGETS = ['wasm', 'best']\n{TRAINED}") == 2 * here


@pytest.mark.parametrize("program", [CALLED, EXPLAINED])
def test_what_is_computed_and_shown_is_the_same(program: str) -> None:
    assert in_pyodide(program) == output_of(sys.executable, "-c", program)
