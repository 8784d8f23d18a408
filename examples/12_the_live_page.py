"""12. A page with a picture that computes: drag a weight and both passes follow. Needs only the package, and a browser
to look at what it writes."""

# %% A page is one file, to be opened from the disk, mailed, or put on a site.
from tinygrad_sigmoid import Neuron, Value, explore, squared_error

nand = Neuron([-2, -2], 3)
output = nand([Value(1, "x1"), Value(1, "x2")])
page = explore(output, path="nand.html")
print(f"nand.html: one file of {len(page.html.encode()) / 1000:.0f} kB, which needs no network")

# %% Drag w1 from −2 to −1.9. The page says what the gradients predict, 0.1966 · 0.1 = +0.01966, what happens, +0.02011,
# and that a perceptron with the same weights doesn't move at all. At about −1 the perceptron flips.
print(f"predicted {0.1 * 0.1966:+.5f}, actual {Neuron([-1.9, -2], 3).predict([1, 1]) - output.data:+.5f}")

# %% With a loss on top, the whole lesson: where does the error come from, and which weight should give way?
loss = squared_error(output, Value(0, "y"))
loss.label = "loss"
explore(loss, path="loss.html")
print("loss.html#8 opens at step 8: every step has its own address")

# %% In a notebook, the last line of a cell is shown: here the page, in a frame of its own.
explore(loss)
