"""3. Perceptrons: a decision, a NAND gate, and an adder made of gates. Needs nothing but the package."""

# %% To the cheese festival? The weather weighs 6, company 2, a train 2.
from itertools import product

from tinygrad_sigmoid import Neuron, Perceptron
from tinygrad_sigmoid.course.chapter import half_adder

print("A perceptron weighs its inputs and says 1 if w·x + b > 0, else 0.")
print("The cheese festival: good weather weighs 6, company 2, a train 2.")
for threshold in (5, 3):
    festival = Perceptron([6, 2, 2], -threshold)  # a bias is a threshold on the other side
    days = [day for day in product((0, 1), repeat=3) if festival.predict(day) == 1]
    print(f"  threshold {threshold}: going on {len(days)} of 8 days: {' '.join(f'{a}{b}{c}' for a, b, c in days)}")
print("With 5 the weather decides alone; with 3, company and a train are enough without it (011).")

# %% With weights −2 and −2 and the bias 3, a perceptron is a NAND gate.
print("\nWith the weights −2 and −2 and the bias 3 it is a NAND gate:")
nand, weighted_input = Perceptron([-2, -2], 3), Neuron([-2, -2], 3, None)
for bits in product((0, 1), repeat=2):
    z = weighted_input.predict(bits)
    print(f"  NAND{bits} is {nand.predict(bits):.0f}, because w·x + b is {z:g}")
print(f"At exactly w·x + b = 0 it says {Perceptron([1], -5).predict([5]):.0f}.")

# %% Gates add two bits. The carry takes the same wire twice: one weight of −4 stands for both.
print("\nNAND gates can compute anything, a sum of two bits for instance:")
carry = Perceptron([-4], 3)
for x1, x2 in product((0, 1), repeat=2):
    total, carried = half_adder(x1, x2, nand, carry)
    print(f"  {x1} + {x2}: carry {carried:.0f}, sum {total:.0f}")

print("\nAll these weights were thought out by someone. The question of the chapter: can they be learned?")
