"""4. Why perceptrons can't be tuned: a tiny change flips the output, and no gradient warns. Needs only the package."""

# %% NAND at (1, 0), with a bias that puts it exactly at its threshold, and a hair's breadth above.
from tinygrad_sigmoid import Neuron, Perceptron, nudge

print("To tune is to change a weight a little, see the output change a little, and go on.")
print("A perceptron jumps instead:")
for extra in (0, 1e-12):
    print(f"  bias 2 + {extra:g}: output {Perceptron([-2, -2], 2 + extra).predict([1, 0]):.0f}")

# %% What does the gradient say? Nothing, anywhere: a step is flat on both sides of its jump.
perceptron = Perceptron([-2, -2], 2)
output = perceptron([1, 0])
output.backward()
print(f"\nIts gradients with respect to w1, w2, b: {[parameter.grad for parameter in perceptron.parameters()]}")
print("A gradient of 0 says: whatever you change, nothing happens. So no way is better than another.")
flipped = nudge(output, {perceptron.bias: 1e-12})
print(f"Predicted change for Δb = 1e-12: {flipped.predicted:g}. Actual change: {flipped.actual:g}, the whole range.")

# %% The same neuron with σ: the same change of the same bias moves the output by a quarter of it.
neuron = Neuron([-2, -2], 2)
moved = nudge(neuron([1, 0]), {neuron.bias: 1e-12})
print(f"\nThe same neuron with σ has ∂output/∂b = {moved.gradients[neuron.bias]:g}.")
print(f"Predicted change for Δb = 1e-12: {moved.predicted:.4g}. Actual change: {moved.actual:.4g}.")
print("A small change makes a small change, and the gradient says which. So σ can be tuned.")
