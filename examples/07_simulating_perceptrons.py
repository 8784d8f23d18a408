"""7. Two exercises of the chapter: when do sigmoid neurons behave like perceptrons? Needs nothing but the package."""

# %% I. Multiply all weights and biases of perceptrons by c > 0. Nothing changes, for any c.
from itertools import product

from tinygrad_sigmoid import Neuron, Perceptron

for c in (0.001, 1, 1e6):
    gate = Perceptron([-2 * c, -2 * c], 3 * c)
    outputs = [f"{gate.predict(bits):.0f}" for bits in product((0, 1), repeat=2)]
    print(f"perceptrons, c = {c:g}: NAND gives {' '.join(outputs)}")

# %% II. Do the same to sigmoid neurons: the larger c, the more they are like perceptrons.
for c in (1, 10, 100):
    neuron = Neuron([-2 * c, -2 * c], 3 * c)
    outputs = [f"{neuron.predict(bits):.5f}" for bits in product((0, 1), repeat=2)]
    print(f"sigmoids,    c = {c:g}: NAND gives {' '.join(outputs)}")

# %% How near depends on c times w·x + b.
for c in (1, 10, 100):
    neuron = Neuron([c], 0)
    print(f"c = {c:3}: σ(−0.1 c) = {neuron.predict([-0.1]):.5f}, σ(+0.1 c) = {neuron.predict([0.1]):.5f}")

# %% Except at w·x + b = 0 exactly: c · 0 is 0, and σ(0) is a half for every c. A perceptron says 0 there.
print(
    f"at w·x + b = 0: sigmoid with c = 1e9 gives {Neuron([1e9], 0).predict([0])}, a perceptron "
    f"{Perceptron([1], 0).predict([0])}"
)

# %% And steep neurons have lost what they were made for: far from 0 their gradient is almost 0 again.
steep = Neuron([-200, -200], 300)
output = steep([1, 1])
output.backward()
print(f"c = 100: ∂output/∂b = {steep.bias.grad:.1e}, with c = 1 it is 0.196612")
