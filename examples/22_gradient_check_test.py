"""22. A test of gradients, from its first line to a planted bug found. Needs only the package."""

# %% An operation of one's own, and the test of it: one line, and no tolerance to choose.
from tinygrad_sigmoid import Operation, Value, sigmoid
from tinygrad_sigmoid.course.exhibits import EXHIBITS, Ledger
from tinygrad_sigmoid.testing import GradientMismatch, check_gradients, check_operation, planted_bug

softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))


def test_softsign() -> None:
    for at in (-1e10, -3.0, -1e-300, 0.0, 0.5, 800.0):
        check_operation(softsign, at)


# %% A test of a whole model: any function of numbers that gives a Value.
def neuron(w, x, b):
    return softsign(w * x + b) * sigmoid(b)


def test_neuron() -> None:
    check_gradients(neuron, 0.6, 1, 0.9)


test_softsign()
test_neuron()
print("both tests pass; what was proven of the neuron:")
print(check_gradients(neuron, 0.6, 1, 0.9))

# %% Would they have noticed a mistake? Plant one and see: the rule that is wrong is named, and how wrong it is.
with planted_bug(softsign, derivatives=lambda out, x: (1 / (1 + abs(x)),)):  # somebody forgot the square
    for test in (test_softsign, test_neuron):
        try:
            test()
        except GradientMismatch as mismatch:
            print(f"\n{test.__name__} fails:\n{mismatch}")

# %% A sign that is wrong where the gradient is small: checks with an absolute tolerance let this pass.
with planted_bug("sigmoid", sign=True):
    try:
        check_gradients(sigmoid, -13.0)
    except GradientMismatch as mismatch:
        print(f"\n{mismatch.culprit}: {mismatch.got:.3g} instead of {mismatch.true:.3g}")

# %% The textbook's σ·(1 − σ) is right on paper: it passes. How many digits it loses as floats is another question, and
# has a switch of its own: at z = 2 nearly none, at z = 30 all but two.
with planted_bug("sigmoid", derivatives=lambda out, z: (out * (1 - out),)):
    check_gradients(sigmoid, 2.0, digits=12)
    print(f"\n{check_gradients(sigmoid, 30.0).verdict}")
    try:
        check_gradients(sigmoid, 30.0, digits=12)
    except GradientMismatch as mismatch:
        print(mismatch.culprit)


# %% Somebody else's backward pass can be checked as well: hand it over, and its mistake gets a name.
def diamond(x):
    y = 3 * x
    if isinstance(y, Value):
        y.label = "y"
    return 2 * y + 5 * y


print()
for exhibit in EXHIBITS[:5]:

    def backward(output, exhibit=exhibit):
        gradients = Ledger()
        exhibit.run(output, gradients)
        return gradients

    try:
        check_gradients(diamond, 2.0, backward=backward)
    except GradientMismatch as mismatch:
        print(f"{exhibit.name}: {mismatch.culprit}")
        drawing = mismatch.draw()

# %% `mismatch.draw()` is its picture, with the place marked: a notebook shows it; here is only its text, for Graphviz.
print(f"\n{drawing.source.count('penwidth=4')} place marked in {len(drawing.source.splitlines())} lines of DOT")
