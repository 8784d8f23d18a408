"""6. Equation 5: small changes of weights make predictable changes of the output. Needs nothing but the package."""

# %% Predict with the gradient, then make the change, then compare.
from tinygrad_sigmoid import Neuron, nudge

nand = Neuron([-2, -2], 3)
w1, w2 = nand.weights
print(nudge(nand([1, 1]), {w1: 0.1}))

# %% Several changes at once: their contributions add up. That is what "linear" means in the book.
print(nudge(nand([1, 1]), {w1: 0.01, w2: -0.02, nand.bias: 0.03}))

# %% Halve the change again and again: what the prediction misses falls fourfold.
# It is the curve's bend that is missed, ½ σ″(z) Δ². A gradient that is wrong would leave a part that only halves.
print(nudge(nand([1, 1]), {w1: 0.1}).halving())

# %% Where σ is nearly flat, there is hardly anything to predict: the neuron is saturated.
saturated = Neuron([-20, -20], 30)
print(nudge(saturated([0, 0]), {saturated.bias: 0.1}))
