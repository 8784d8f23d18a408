"""12. A page with a picture that computes: drag a weight and both passes follow. Needs only the package, and a browser
to look at what it writes."""

# %% A page is one file, to be opened from the disk, mailed, or put on a site.
from tinygrad_sigmoid import Neuron, Value, explore, nudge, squared_error

nand = Neuron([-2, -2], 3)
output = nand([Value(1, "x1"), Value(1, "x2")])
page = explore(output, path="nand.html")
size = len(page.html.encode()) / 1000
print(f"nand.html is one file of {size:.0f} kB, which needs no network: open it in a browser.")

# %% What the page says while w1 is dragged.
nudged = nudge(output, {nand.weights[0]: 0.1})
print("\nDrag w1 from −2 to −1.9. The page says what the gradient predicts, and what happens:")
print(f"  predicted: {nudged.gradients[nand.weights[0]]:.4f}·0.1 = {nudged.predicted:.5f}")
print(f"  actual:    {nudged.actual:.5f}")
print("And that a perceptron with these weights does not move at all. At about w1 = −1 it flips.")

# %% With a loss on top, the whole lesson: where does the error come from, and which weight should give way?
loss = squared_error(output, Value(0, "y"))
loss.label = "loss"
explore(loss, path="loss.html")
print("\nloss.html adds a loss: step back from it, and see which weight has the largest part in the error.")
print("loss.html#8 opens at step 8: every step has its own address.")

# %% In a notebook, the last line of a cell is shown: here the page, in a frame of its own.
explore(loss)
