"""20. MNIST, exactly as the book, for whoever has its files. Needs them in a folder.

Run it as `python 20_mnist.py FOLDER`. Without a folder, it shows the same on the digits that ship with the package.
"""

# %% The digits: MNIST's from its four files, or those that ship.
import sys

from tinygrad_sigmoid import Network, train
from tinygrad_sigmoid.course.chapter import by_darkness
from tinygrad_sigmoid.course.digits import digit_picture, load_digits, load_mnist

folder = next((word for word in sys.argv[1:2] if not word.startswith("-")), None)  # a notebook has a -f there
digits, test = load_mnist(folder) if folder else load_digits()
first, pixels = digits[0], len(digits[0].inputs)
print(f"{len(digits)} digits of {pixels} pixels to train on, {len(test)} to test with; the first is a {first.digit}:")
print(digit_picture(first.inputs))

# %% What there is to beat: a guess is right one time in ten, and this is right by nothing but the ink.
print("What is there to beat? A guess reads one digit in ten, and the average ink of each digit:")
print(f"  by darkness alone: {by_darkness(digits, test)} of {len(test)} right (the book: 2225 of 10000)")

# %% The book's network and learning rate. One epoch here; the book has 30, and 9542 / 10000 at its best.
network = Network([pixels, 30, 10], seed=1)
for epoch in train(network, digits, epochs=1, batch=10, rate=3.0, seed=1, test=test):
    print(f"\nA network of {pixels}-30-10, η = 3, after epoch {epoch.number}: {epoch.correct} of {epoch.tested} right")
print("The book: 9542 of 10000 after 30 epochs at its best.")
