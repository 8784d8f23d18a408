"""18. A misread 1, repaired twice: with perceptrons and with σ. Needs nothing but the package (about 2 seconds)."""

# %% A network that reads handwritten digits, and the same weights in a network of perceptrons.
from tinygrad_sigmoid import Network, train
from tinygrad_sigmoid.course.digits import digit_picture, load_digits
from tinygrad_sigmoid.course.repair import as_perceptrons, misread, nudged_until_right, tuned_until_right
from tinygrad_sigmoid.training import correct

training_digits, test_digits = load_digits()
network = Network([64, 15, 10], seed=3)
train(network, training_digits, epochs=5, seed=3)
perceptrons = as_perceptrons(network)
print(f"A network of sigmoid neurons reads {correct(network, test_digits)} of {len(test_digits)} test digits right,")
print(f"perceptrons with the same weights {correct(perceptrons, test_digits)}. Both misread this 1:")

# %% A 1 that both misread.
one = misread([network, perceptrons], test_digits, 1)[0]
others = [digit for digit in test_digits if digit is not one]
print(digit_picture(one.inputs))

# %% Nudge the perceptrons until they read it. There is no gradient to say which way.
print("\nPerceptrons are nudged at random until they read it: no gradient says which way.")
print("(A nudge that makes it worse is taken back, and missing here.)")
print("nudge  reads it as  others right")
repairs = list(nudged_until_right(perceptrons, one, others, seed=1))
for repair in repairs:
    print(f"{repair.nudges:>5}  {'undecided' if repair.reads is None else repair.reads!s:<11}  {repair.right:>12}")
print(f"The 1 is repaired. Of the others {repairs[0].right} were right before, {repairs[-1].right} are now.")

# %% Follow the gradient through σ instead: each step moves the output by about what the gradient predicted.
print("\nSigmoid neurons follow the gradient, and each small step does about what it predicted:")
print("nudge  reads it as  output for 1  predicted   actual  others right")
repairs = list(tuned_until_right(network, one, others))
for repair in repairs:
    print(f"{repair.nudges:>5}  {repair.reads!s:<11}  {repair.outputs[1]:>12.4f}", end="  ")
    print(f"{repair.predicted:>+9.4f}  {repair.actual:>+7.4f}  {repair.right:>12}")
print(f"The 1 is repaired. Of the others {repairs[0].right} were right before, {repairs[-1].right} are now.")
print("That is what σ is for.")
