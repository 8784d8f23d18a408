"""5. The sigmoid neuron: a perceptron without the jump. Needs nothing but the package."""

# %% σ against the step, drawn with characters: each line is one z.
from tinygrad_sigmoid import Neuron, heaviside, sigmoid

for z in range(-6, 7):
    smooth, sharp = sigmoid(z), heaviside(z)
    row = [" "] * 41
    row[round(40 * sharp)] = "|"
    row[round(40 * smooth)] = "o"
    print(f"{z:+d} {''.join(row)} {smooth:.4f}")
print("o is σ(z), | the step where they differ: only near 0 is it by much")

# %% The NAND neuron with σ: the same weights, softer answers.
nand = Neuron([-2, -2], 3)
for x1, x2 in ((0, 0), (0, 1), (1, 0), (1, 1)):
    print(f"({x1}, {x2}): {nand.predict([x1, x2]):.6f}")

# %% Its inputs may be any numbers, and its output too is between 0 and 1.
print(f"(0.638, 0.2): {nand.predict([0.638, 0.2]):.6f}")

# %% Its gradient: how fast the output changes with each weight and with the bias.
output = nand([1, 1])
output.backward()
for name, parameter in nand.named_parameters().items():
    print(f"∂output/∂{name} = {parameter.grad:.6f}")
