"""17. A misread 1, repaired twice: with perceptrons and with σ. Needs nothing but the package (about 10 seconds)."""

# %% A network that reads handwritten digits, and the same weights in a network of perceptrons.
from tinygrad_sigmoid import Network, train
from tinygrad_sigmoid.course.digits import digit_picture, load_digits
from tinygrad_sigmoid.course.repair import as_perceptrons, misread, nudged_until_right, tuned_until_right
from tinygrad_sigmoid.training import correct

training_digits, test_digits = load_digits()
network = Network([64, 15, 10], seed=3)
train(network, training_digits, epochs=5, seed=3)
perceptrons = as_perceptrons(network)
print(
    f"of {len(test_digits)} digits, sigmoid neurons read {correct(network, test_digits)} right, "
    f"perceptrons {correct(perceptrons, test_digits)}"
)

# %% A 1 that both misread.
one = misread([network, perceptrons], test_digits, 1)[0]
others = [digit for digit in test_digits if digit is not one]
print(digit_picture(one.inputs))

# %% Nudge the perceptrons until they read it. There is no gradient to say which way.
print("perceptrons: nudge (one that makes it worse is taken back, and missing here), read as, others right")
for repair in nudged_until_right(perceptrons, one, others, seed=1):
    print(f"{repair.nudges:4}   {'undecided' if repair.reads is None else repair.reads}   {repair.right}")

# %% Follow the gradient through σ instead: each step moves the output by about what the gradient predicted.
print("sigmoid neurons: nudge, read as, output for 1, predicted and actual change, others right")
for repair in tuned_until_right(network, one, others):
    print(
        f"{repair.nudges:4}   {repair.reads}   {repair.outputs[1]:.4f}   "
        f"{repair.predicted:+.4f} {repair.actual:+.4f}   {repair.right}"
    )
