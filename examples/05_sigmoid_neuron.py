"""5. The sigmoid neuron: a perceptron without the jump. Needs nothing but the package."""

# %% σ against the step, drawn with characters: each line is one z.
import math

from tinygrad_sigmoid import Neuron, heaviside, sigmoid

print("σ(z) = 1/(1 + e^−z), marked o, is a step, marked |, without the jump:")
for z in range(-6, 7):
    smooth, sharp = sigmoid(z), heaviside(z)
    row = [" "] * 41
    row[round(40 * sharp)] = "|"
    row[round(40 * smooth)] = "o"
    print(f"{z:+d} {''.join(row)} {smooth:.4f}")
print("Far from 0 they agree. Near 0 the step jumps, and σ climbs.")

# %% The NAND neuron with σ: the same weights, softer answers.
nand = Neuron([-2, -2], 3)
print("\nThe NAND gate with σ gives shades of yes and no:")
for inputs in ((0, 0), (0, 1), (1, 0), (1, 1), (0.638, 0.2)):
    print(f"  {inputs}: {nand.predict(inputs):.6f}")

# %% Its gradient: how fast the output changes with each weight and with the bias.
output = nand([1, 1])
output.backward()
print("\nAnd it has a gradient. At (1, 1):")
for name, parameter in nand.named_parameters().items():
    print(f"  ∂output/∂{name} = {parameter.grad:.6f}")

# %% Where it comes from: σ′(z) = σ(z)·(1 − σ(z)) in textbooks, σ(z)·σ(−z) here. On paper they are the same.
print("\nσ is symmetric: σ(−z) = 1 − σ(z).")
for z in (1, 3):
    print(f"  σ(−{z}) is {sigmoid(-z):.6f}, and 1 − σ({z}) is {1 - sigmoid(z):.6f}")
print("So its slope σ′(z), σ(z)·(1 − σ(z)) in textbooks, is also σ(z)·σ(−z), the same on paper. In floats:")

# %% With floats, 1 − σ(z) keeps only the digits that σ(z) has beyond its nines.
print("   z  σ(z)                  1 − σ(z)    σ(−z)       textbook σ(z)·(1 − σ(z))  here σ(z)·σ(−z)")
for z in (2, 20, 30, 40):
    a = sigmoid(z)
    [slope] = sigmoid.derivatives(a, z)
    print(f"{z:>4}  {a:<20.17g}  {1 - a:<10.4g}  {sigmoid(-z):<10.4g}  {a * (1 - a):<24.4g}  {slope:.4g}")
print(f"Just below 1 the next float is {1 - math.nextafter(1, 0):.1e} away. σ(40) is nearer to 1 than that: it is")
print("stored as 1, and 1 − σ(40) is 0. Not one digit is left, and of 1 − σ(30) only two are right.")
print(f"σ(−40) is a small number by itself, with all its digits: the slope is {slope:.1e}, not 0.")
print("A slope of 0 would say that nothing can change this neuron any more, which isn't true.")
