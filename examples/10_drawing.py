"""10. Drawing a graph: boxes for values, edges for uses, local derivatives on the edges. Needs only the package."""

# %% In a notebook a value shows its picture by itself. Elsewhere, draw() gives one to write into a file.
from tinygrad_sigmoid import Network, Value, animate, draw, sigmoid, squared_error, steps
from tinygrad_sigmoid.course.museum import compare

w, x, b = Value(0.6, "w"), Value(1.0, "x"), Value(0.9, "b")
z = w * x + b
output = sigmoid(z)
z.label, output.label = "z", "output"
empty = draw(output).source.count("grad ·")
print(f"A graph has a box for each value. Before a backward pass, {empty} say `grad ·`: nobody has computed it.")

# %% After a backward pass the gradients are in the boxes.
output.backward()
draw(output).render(outfile="neuron.svg", cleanup=True)
along = f"1·{output.local_derivatives[0]:.4f}·1·1 = {w.grad:.4f}"
print("\nneuron.svg: each edge has its local derivative, each box the gradient.")
print(f"Follow one with a finger from the output to w, and multiply: {along}")

# %% The same picture plays both passes by itself: open it in a browser, put it into a README.
animate(output, "backward.svg")
print(f"\nbackward.svg plays both passes: {len(steps(output))} steps, each with its arrows, sentence and numbers.")

# %% An input that is used twice has two edges, and its gradient is the sum over both.
a = Value(3, "a")
square = a * a
square.backward()
edges = draw(square).source.count('label="∂ 3"')
print(f"\na·a has {edges} edges from a, each with ∂ 3, and their sum is the gradient of a: 3 + 3 = {a.grad:g}")

# %% In a large graph, neurons are closed boxes, which can be opened by name.
network = Network([4, 3, 2], seed=1)
loss = squared_error(network([0.1, 0.2, 0.3, 0.4]), [1, 0])
closed, opened = draw(loss, collapse="*.neuron*"), draw(loss, collapse="*.neuron*", expand="layer2.neuron1")
print(f"\nA network of {closed.source.count('box3d')} neurons shows each as one closed box.")
print(f'With expand="layer2.neuron1" one is open, and {opened.source.count("box3d")} are closed.')

# %% A whole network is better seen as columns of neurons, with lines as thick as their weights, or as their gradients.
loss.backward()
draw(loss, show="gradients").save("network.svg")
name, steepest = max(network.named_parameters().items(), key=lambda named: abs(named[1].grad or 0.0))
print("\nnetwork.svg has lines as thick as their gradients: what is thick matters most to the loss now.")
print(f"Thickest is {name}, whose gradient is {steepest.grad:.4f}.")

# %% Where does a wrong algorithm go wrong? The museum marks the place.
y = 3 * Value(2, "x")
c = 2 * y + 5 * y
compare(c).draw("naive recursion").render(outfile="naive.svg", cleanup=True)
print("\nnaive.svg: the thick box and the thick edge are where naive recursion first goes wrong.")
