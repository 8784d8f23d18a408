"""3. Perceptrons: a decision, a NAND gate, and an adder made of gates. Needs nothing but the package."""

# %% To the cheese festival? The weather weighs 6, company 2, a train 2.
from itertools import product

from tinygrad_sigmoid import Perceptron
from tinygrad_sigmoid.course.chapter import half_adder

for threshold in (5, 3):
    festival = Perceptron([6, 2, 2], -threshold)  # a bias is a threshold on the other side
    days = [day for day in product((0, 1), repeat=3) if festival.predict(day) == 1]
    print(f"threshold {threshold}: going on {len(days)} of 8 days: {days}")

# %% With weights −2 and −2 and the bias 3, a perceptron is a NAND gate.
nand = Perceptron([-2, -2], 3)
for x1, x2 in product((0, 1), repeat=2):
    print(f"NAND({x1}, {x2}) = {nand.predict([x1, x2]):.0f}   because w·x + b = {-2 * x1 - 2 * x2 + 3}")

# %% At exactly w·x + b = 0 a perceptron says 0.
print(f"at the threshold: {Perceptron([1], -5).predict([5]):.0f}")

# %% Gates add two bits. The carry takes the same wire twice: one weight of −4 stands for both.
carry = Perceptron([-4], 3)
for x1, x2 in product((0, 1), repeat=2):
    total, carried = half_adder(x1, x2, nand, carry)
    print(f"{x1} + {x2} = {carried:.0f}{total:.0f} in binary")

# %% All of this was thought out by someone. The question of the chapter: could it be learned?
