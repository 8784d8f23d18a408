"""7. Two exercises of the chapter: when do sigmoid neurons behave like perceptrons? Needs nothing but the package."""

# %% I. Multiply all weights and biases of perceptrons by c > 0. Nothing changes, for any c.
from itertools import product

from tinygrad_sigmoid import Neuron, Perceptron

print("A perceptron asks only whether w·x + b > 0, and c·(w·x + b) > 0 is the same question:")
for c in (0.001, 1, 1e6):
    gate = Perceptron([-2 * c, -2 * c], 3 * c)
    outputs = [f"{gate.predict(bits):.0f}" for bits in product((0, 1), repeat=2)]
    print(f"  c is {c:g}: NAND gives {' '.join(outputs)}")

# %% II. Do the same to sigmoid neurons: the larger c, the more they are like perceptrons.
print("\nA sigmoid neuron gives σ(c·(w·x + b)), and the larger c is, the more it is like a perceptron:")
for c in (1, 10, 100):
    neuron = Neuron([-2 * c, -2 * c], 3 * c)
    outputs = [f"{neuron.predict(bits):.5f}" for bits in product((0, 1), repeat=2)]
    print(f"  c is {c:g}: NAND gives {' '.join(outputs)}")

# %% How near depends on c times w·x + b.
print("\nHow like depends on c times w·x + b, here with w·x + b = ±0.1:")
for c in (1, 10, 100):
    neuron = Neuron([c], 0)
    print(f"  c is {c:3}: σ(−0.1c) is {neuron.predict([-0.1]):.5f}, σ(0.1c) is {neuron.predict([0.1]):.5f}")

# %% Except at w·x + b = 0 exactly: c · 0 is 0, and σ(0) is a half for every c. A perceptron says 0 there.
print("\nAt exactly w·x + b = 0 no c helps, because c·0 is 0:")
print(f"  σ(1e9·0) is {Neuron([1e9], 0).predict([0])}, the perceptron {Perceptron([1], 0).predict([0])}")

# %% And steep neurons have lost what they were made for: far from 0 their gradient is almost 0 again.
print("\nAnd a neuron like a perceptron can't be tuned, like a perceptron. At (1, 1):")
for c in (1, 100):
    steep = Neuron([-2 * c, -2 * c], 3 * c)
    steep([1, 1]).backward()
    print(f"  c is {c}: ∂output/∂b is {steep.bias.grad:.2g}")
