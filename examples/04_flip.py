"""4. Why perceptrons can't be tuned: a tiny change flips the output, and no gradient warns. Needs only the package."""

# %% NAND at (1, 0), with a bias that puts it exactly at its threshold, and a hair's breadth above.
from tinygrad_sigmoid import Neuron, Perceptron, nudge

for bias in (2, 2 + 1e-12):
    print(f"bias 2 + {bias - 2:.0e}: perceptron {Perceptron([-2, -2], bias).predict([1, 0]):.0f}")

# %% What does the gradient say? Nothing, anywhere: a step is flat on both sides of its jump.
perceptron = Perceptron([-2, -2], 2)
output = perceptron([1, 0])
output.backward()
print(f"the perceptron's gradients: {[parameter.grad for parameter in perceptron.parameters()]}")
print(nudge(perceptron([1, 0]), {perceptron.bias: 1e-12}))

# %% The same neuron with σ: the same change of the same bias moves the output by a quarter of it.
neuron = Neuron([-2, -2], 2)
print(nudge(neuron([1, 0]), {neuron.bias: 1e-12}))
