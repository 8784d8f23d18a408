"""The kernel: its functions are right to the last digits, and WebAssembly gives the same bits wherever it runs."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mpmath
import pytest
from browser import Browser, needed

from tinygrad_sigmoid import Network, Operation, Value, cos, exp, expm1, log, log1p, sigmoid, sin, sqrt, squared_error
from tinygrad_sigmoid.compiling import compiled
from tinygrad_sigmoid.compiling.running import KernelProgram
from tinygrad_sigmoid.compiling.wasm import module
from tinygrad_sigmoid.operations import general_power
from tinygrad_sigmoid.vectorized import MOST

TARGETS: list[Any] = ["wasm", "native"]
CONTEXT = mpmath.MPContext()
CONTEXT.prec = 200


def computed(operation: Any, points: Sequence[Sequence[float]], target: Any) -> list[float]:
    """What a kernel makes of these inputs."""
    leaves = [Value(number) for number in points[0]]
    output = operation(*leaves)
    program = compiled(output, inputs=leaves, watch=[output], target=target)
    return [number for [number] in program.watched([], program.samples(points))]


def spread_out(count: int, low: float, high: float, signs: Sequence[int]) -> list[float]:
    """Numbers of all magnitudes between two powers of 2."""
    generator = random.Random(1)
    return [generator.choice(signs) * 2.0 ** generator.uniform(low, high) for _ in range(count)]


def evenly(count: int, low: float, high: float) -> list[float]:
    """Numbers anywhere between two others."""
    generator = random.Random(2)
    return [generator.uniform(low, high) for _ in range(count)]


BOTH = (-1, 1)
NEAR_1 = [1.0 + sign * 2.0**-power for power in range(1, 53) for sign in BOTH]
NEAR_0 = [*spread_out(500, -1074, -50, BOTH), 5e-324, -5e-324, 0.0]
LARGEST, LARGEST_EXPONENT = 1.7976931348623157e308, 709.782712893384
# Where an exponential changes from one power of 2 to the next, and a logarithm.
HALVES_OF_LN2 = [k * math.log(2) / 2 + d for k in range(-2100, 2047) for d in (-1e-13, 0.0, 1e-13)]
ROOTS = [math.sqrt(0.5) * 2.0**k * (1.0 + d) for k in range(-1000, 1000, 9) for d in (-1e-15, 0.0, 1e-15)]
EXPONENTS = [*spread_out(3000, -60, 9.4, BOTH), *evenly(3000, -745.1, LARGEST_EXPONENT), *HALVES_OF_LN2, *NEAR_0]
POSITIVE = [*spread_out(3000, -1074, 1023.9, (1,)), *evenly(3000, 0.4, 3.0), *NEAR_1, *ROOTS, 5e-324, LARGEST]
ABOVE_MINUS_1 = [*evenly(3000, -0.999, 3.0), *[-one for one in NEAR_1 if one < 1.0]]
ANGLES = [*spread_out(3000, -60, 19.6, BOTH), *evenly(3000, -MOST, MOST), *NEAR_0, MOST, -MOST]
ANGLES += [k * math.pi / 4 for k in [*range(2000), *range(2**20 - 2000, 2**20)]]
# Where each is looked at, and by how many units in the last place it may be wrong: what was measured, rounded up.
FUNCTIONS: dict[str, tuple[Operation, Any, list[float], float]] = {
    "exp": (exp, CONTEXT.exp, [*EXPONENTS, LARGEST_EXPONENT], 0.9),
    "expm1": (expm1, CONTEXT.expm1, [*EXPONENTS, *evenly(3000, -1.0, 1.0), LARGEST_EXPONENT], 1.1),
    "log": (log, CONTEXT.log, POSITIVE, 0.9),
    "log1p": (log1p, CONTEXT.log1p, [*POSITIVE, *ABOVE_MINUS_1, *NEAR_0], 0.9),
    "sqrt": (sqrt, CONTEXT.sqrt, [*POSITIVE, 0.0], 0.5),
    "sin": (sin, CONTEXT.sin, ANGLES, 0.9),
    "cos": (cos, CONTEXT.cos, ANGLES, 0.9),
}


def units_off(found: float, right: Any) -> float:
    """By how many units in the last place a float differs from the right number."""
    return float(abs(CONTEXT.mpf(found) - right) / math.ulp(float(right)))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_right_to_the_last_digit(name: str) -> None:
    operation, exact, points, most = FUNCTIONS[name]
    right = [exact(CONTEXT.mpf(point)) for point in points]
    for target in TARGETS:
        found = computed(operation, [[point] for point in points], target)
        worst = max((units_off(f, r), p) for f, r, p in zip(found, right, points, strict=True))
        assert worst[0] <= most, (target, worst)


@pytest.mark.parametrize("target", TARGETS)
def test_powers_are_right_to_the_last_digit(target: Any) -> None:
    bases, factors = [*spread_out(3000, -1074, 1023.9, (1,)), *NEAR_1], spread_out(3000, -10, 0, BOTH)
    # Results of all sizes: log2 of them is this factor of the least and the largest.
    # Their powers are of all sizes: a factor says how near a logarithm is to the largest, or to the least.
    logarithms = [factor * (1024 if factor > 0 else 1074) for factor in factors]
    points = [[base, logarithm / math.log2(base)] for base, logarithm in zip(bases, logarithms * 2, strict=False)]
    points += [[one, exponent] for one in NEAR_1 for exponent in (3.0, 1e5, -1e9) if abs(one - 1) * abs(exponent) < 600]
    found = computed(general_power, points, target)
    worst = max((units_off(f, CONTEXT.power(*p)), p) for f, p in zip(found, points, strict=True))
    assert worst[0] <= 0.9, worst


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("operation", [expm1, log1p, sin, sqrt], ids=str)
def test_minus_0_stays_minus_0(operation: Operation, target: Any) -> None:
    assert repr(computed(operation, [[1.0], [-0.0]], target)[1]) == "-0.0"


SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e300, -1e300, 5e-324, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("target", TARGETS)
def test_a_power_has_the_edges_that_c_has(target: Any) -> None:
    # Infinite and nan operands are made inside: what comes in is finite. min(…, 7) keeps what comes out visible.
    for base in SPECIAL:
        for exponent in SPECIAL:
            try:
                wanted = math.pow(base, exponent)
            except OverflowError:
                wanted = math.inf if base > 0 or exponent % 2 == 0 else -math.inf
            except ValueError:  # a pole, or no real number
                pole = base == 0
                wanted = math.copysign(math.inf, base if exponent % 2 == 1 else 1.0) if pole else math.nan
            found = raw_power(base, exponent, target)
            same = math.isclose(found, wanted, rel_tol=3e-16) and abs(wanted) not in (0.0, 1.0)
            assert same or repr(found) == repr(wanted), (base, exponent)


def raw_power(base: float, exponent: float, target: Any) -> float:
    """What the kernel's power makes of any two floats, which are written into its memory."""
    x, p = Value(2.0, "x"), Value(3.0, "p")
    output = general_power(x, p)
    program: Any = compiled(output, inputs=[x, p], watch=[output], target=target)
    memory, samples = program.memory(1), program.samples([[2.0, 3.0]])
    samples.numbers[:] = type(samples.numbers)("d", [base, exponent])
    memory.compute(program.parameters_from(), samples, type(samples.numbers)("i", [0]))
    [number] = memory.row(program.plan.watched[0], 1)
    return float(number)


@pytest.mark.parametrize("target", TARGETS)
def test_waves_that_go_round_too_often_are_refused_and_not_wrong(target: Any) -> None:
    x = Value(1.0, "x")
    program = compiled(sin(x), inputs=[x], wrt=[x], target=target)
    assert math.isclose(program(MOST)[0], math.sin(MOST), rel_tol=1e-9)
    for number in (math.nextafter(MOST, math.inf), -1e9, 1.7e308):
        with pytest.raises(ArithmeticError, match="not finite"):
            program(number)


@pytest.mark.parametrize("target", TARGETS)
def test_a_memory_that_a_kernel_can_not_have_is_refused(target: Any) -> None:
    x = Value(1.0, "x")
    machine = compiled(x * x, inputs=[x], target=target).memory(1).machine  # type: ignore[attr-defined]
    with pytest.raises(MemoryError, match=r"need 2\.0 GiB, but a kernel has at most 2: give fewer samples"):
        machine.require(2**31)


LITTLE = """
import resource
from tinygrad_sigmoid import Value, compiled
x = Value(1.0, "x")
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
compiled(x * x, inputs=[x], target="wasm")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="others don't limit the address space")
def test_a_process_of_little_address_space_is_told_what_to_do() -> None:
    run = subprocess.run([sys.executable, "-c", LITTLE], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "\nMemoryError: a program for 'wasm' reserves 4 GiB of address space, more than this" in run.stderr


# -- The same bits everywhere ------------------------------------------------------------------------------------------

RUN = """
const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes(given.module)));
const {memory, descend} = instance.exports;
const image = bytes(given.memory);
memory.grow(image.length / 65536 - memory.buffer.byteLength / 65536);
new Uint8Array(memory.buffer).set(image);
descend();
const letters = Array.from(new Uint8Array(memory.buffer), byte => String.fromCharCode(byte));
"""


@pytest.fixture(scope="module")
def epoch() -> dict[str, str]:
    """A module and its memory before an epoch of 64-30-10, for any engine, and a digest of the memory afterwards."""
    generator = random.Random(3)
    network = Network([64, 30, 10], seed=0)
    x, y = [Value(0.5) for _ in range(64)], [Value(0.5) for _ in range(10)]
    program: Any = compiled(squared_error(network(x), y), inputs=[*x, *y], wrt=network.parameters(), target="wasm")
    assert isinstance(program, KernelProgram)
    samples = program.samples([[generator.random() for _ in range(74)] for _ in range(203)])
    descent: Any = program.descent(samples, 10, 0.5)
    machine: Any = descent.memory.machine
    before: list[bytes] = []
    run = machine.run

    def observed() -> None:
        before.append(bytes(machine.numbers))
        run()

    machine.run = observed
    descent()
    functions = tuple(program.functions().values())
    return {
        "module": base64.b64encode(module(functions)).decode(),
        "memory": base64.b64encode(before[0]).decode(),
        "digest": hashlib.sha256(machine.numbers).hexdigest(),
    }


def test_node_gives_the_same_bits(epoch: dict[str, str], tmp_path: Path) -> None:
    node = needed(shutil.which("node"), "node")
    end = 'console.log(require("crypto").createHash("sha256").update(Buffer.from(memory.buffer)).digest("hex"))'
    (tmp_path / "run.js").write_text(f"const given = {json.dumps(epoch)};\n{RUN}\n{end}")
    done = subprocess.run([node, tmp_path / "run.js"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == epoch["digest"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    browser = Browser()
    yield browser
    browser.close()


@pytest.mark.slow
def test_a_browser_gives_the_same_bits(epoch: dict[str, str], browser: Any, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><title>kernel</title>")
    browser.open(tmp_path / "page.html")
    found = browser.run(f"const given = arguments[0];\n{RUN}\nreturn btoa(letters.join(''));", epoch)
    assert hashlib.sha256(base64.b64decode(found)).hexdigest() == epoch["digest"]


ALONE = """
import hashlib, sys
from tinygrad_sigmoid import Network, train
network = Network([4, 5, 3], seed=0)
samples = [([i / 9, i / 7, i / 5, i / 3], [float(i % 3 == k) for k in range(3)]) for i in range(40)]
train(network, samples, epochs=3, seed=1, target="wasm")
print(hashlib.sha256(repr([p.data for p in network.parameters()]).encode()).hexdigest(), "numpy" in sys.modules)
"""


def test_another_process_gives_the_same_bits_and_needs_no_numpy() -> None:
    run = [sys.executable, "-W", "error", "-c", ALONE]
    one, other = [subprocess.run(run, capture_output=True, text=True, check=True) for _ in range(2)]
    assert one.stdout == other.stdout
    assert one.stdout.endswith(" False\n")
    assert one.stderr == other.stderr == ""


def test_what_sigmoid_of_minus_z_is_computed_from_is_as_right() -> None:
    z = Value(0.5, "z")
    output = sigmoid(z)
    points = [*spread_out(2000, -60, 9.46, BOTH), 709.0, -709.0]
    for target in TARGETS:
        program = compiled(output, inputs=[z], wrt=[z], target=target)
        assert any(group.kind == "complement" for group in program.plan.groups)  # type: ignore[attr-defined]
        for point in points:
            power = CONTEXT.exp(-abs(CONTEXT.mpf(point)))
            _, [slope] = program(point)
            assert abs(slope - power / (1 + power) ** 2) <= 5 * math.ulp(slope), point
        for point in (-709.9, -745.0, 745.0, -800.0, 800.0):  # where one of the powers is infinite, or 0
            assert math.isclose(program(point)[1][0], sigmoid(point) * sigmoid(-point), abs_tol=5e-324), point
        program = compiled(sigmoid(z) + 2.0 * sigmoid(-z), inputs=[z], target=target)
        assert any(group.kind == "complement" for group in program.plan.groups)  # type: ignore[attr-defined]
        assert [program(point)[0] for point in (-800.0, 0.0, 800.0)] == [2.0, 1.5, 1.0]


# -- Machine code ------------------------------------------------------------------------------------------------------

STRIDED_SUM = """
define double @total(ptr %numbers, i64 %count, i64 %stride) {
entry: br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %total = phi double [0.0, %entry], [%more, %loop]
  %offset = mul i64 %i, %stride
  %place = getelementptr double, ptr %numbers, i64 %offset
  %number = load double, ptr %place
  %more = fadd double %total, %number
  %next = add i64 %i, 1
  %goes_on = icmp ult i64 %next, %count
  br i1 %goes_on, label %loop, label %end
end: ret double %more
}
"""


def test_what_others_compile_with_llvm_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    from llvmlite import binding

    from tinygrad_sigmoid.compiling import llvm

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(opt=2)

    def assembly() -> str:
        return str(machine.emit_assembly(binding.parse_assembly(STRIDED_SUM)))

    before = assembly()
    with llvm._loops_left_alone():
        assert assembly() != before
    assert assembly() == before
    with pytest.raises(KeyboardInterrupt), llvm._loops_left_alone():
        raise KeyboardInterrupt
    assert assembly() == before
    monkeypatch.setattr(llvm, "TRIED", range(0))  # another LLVM may not know the option
    with llvm._loops_left_alone():
        assert assembly() == before
