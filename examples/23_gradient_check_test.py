"""23. A test of gradients, from its first line to a planted bug found. Needs only the package."""

# %% An operation of one's own, and the test of it: one line, and no tolerance to choose.
from textwrap import fill

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


def show(text: object) -> None:
    for line in str(text).splitlines():
        print(fill(line, 98, initial_indent="  ", subsequent_indent="      "))


test_softsign()
test_neuron()
print("A test of gradients is one line, check_gradients(neuron, 0.6, 1, 0.9). It passes, and proves:")
show(check_gradients(neuron, 0.6, 1, 0.9))

# %% Would they have noticed a mistake? Plant one and see: the rule that is wrong is named, and how wrong it is.
print("\nWould it notice a mistake? Somebody forgets the square in softsign's rule:")
with planted_bug(softsign, derivatives=lambda out, x: (1 / (1 + abs(x)),)):
    for test in (test_softsign, test_neuron):
        try:
            test()
        except GradientMismatch as mismatch:
            print(f"{test.__name__} fails, and gives the lines that fail again:")
            show(mismatch)

# %% A sign that is wrong where the gradient is small: checks with an absolute tolerance let this pass.
print("\nA wrong sign where the gradient is tiny, which a tolerance of 1e-5 would let pass:")
with planted_bug("sigmoid", sign=True):
    try:
        check_gradients(sigmoid, -13.0)
    except GradientMismatch as mismatch:
        show(f"{mismatch.culprit}: {mismatch.got:.3g} instead of {mismatch.true:.3g}")

# %% How many digits a right formula loses as floats is another question, and has a switch of its own.
print("\nThe textbook's σ·(1 − σ) is right on paper, and passes. How many digits are right is another matter:")
with planted_bug("sigmoid", derivatives=lambda out, z: (out * (1 - out),)):
    show(f"at z = 30: {check_gradients(sigmoid, 30.0).verdict}")
    try:
        check_gradients(sigmoid, 30.0, digits=12)
    except GradientMismatch as mismatch:
        show(f"with digits=12: {mismatch.culprit}")

# %% Somebody else's backward pass can be checked as well: hand it over, and its mistake gets a name.
print("\nSomebody else's backward pass, on y = 3·x, 2·y + 5·y, is told by name what is wrong with it:")
y = 3 * Value(2.0, "x")
y.label = "y"
for exhibit in EXHIBITS[:5]:

    def backward(output, exhibit=exhibit):
        exhibit.run(output, gradients := Ledger())
        return gradients

    try:
        check_gradients(2 * y + 5 * y, backward=backward)
    except GradientMismatch as mismatch:
        show(mismatch.culprit)
