"""10. Drawing a graph: boxes for values, edges for uses, local derivatives on the edges. Needs only the package."""

# %% In a notebook a value shows its picture by itself. Elsewhere, draw() gives one to write into a file.
from tinygrad_sigmoid import Network, Value, animate, draw, sigmoid, squared_error, steps
from tinygrad_sigmoid.course.museum import compare

w, x, b = Value(0.6, "w"), Value(1.0, "x"), Value(0.9, "b")
z = w * x + b
output = sigmoid(z)
z.label, output.label = "z", "output"
print(draw(output).source.count("grad ·"), "boxes have no gradient yet: a · is what nobody has computed")

# %% After a backward pass the gradients are in the boxes. Follow one with a finger: from the output back to w, the
# numbers on the edges multiply to the gradient of w.
output.backward()
draw(output).render(outfile="neuron.svg", cleanup=True)
print(f"neuron.svg: 1 · {output.local_derivatives[0]:.4f} · 1 · 1 = {w.grad:.4f}")

# %% The same picture plays both passes by itself: open it in a browser, put it into a README.
animate(output, "backward.svg")
print("backward.svg:", len(steps(output)), "steps, each with its arrows, its sentence and its numbers")

# %% An input that is used twice has two edges, and its gradient is the sum over both.
a = Value(3, "a")
square = a * a
square.backward()
print(draw(square).source.count('label="∂ 3"'), "edges with ∂ 3, so the gradient of a is", a.grad)

# %% In a large graph, neurons are closed boxes, which can be opened by name.
network = Network([4, 3, 2], seed=1)
loss = squared_error(network([0.1, 0.2, 0.3, 0.4]), [1, 0])
closed, opened = draw(loss, collapse="*.neuron*"), draw(loss, collapse="*.neuron*", expand="layer2.neuron1")
print(f"network: {closed.source.count('box3d')} closed neurons, with one opened {opened.source.count('box3d')}")

# %% A whole network is better seen as columns of neurons, with lines as thick as their weights, or as their gradients.
loss.backward()
draw(loss, show="gradients").save("network.svg")
steepest = max(network.named_parameters().items(), key=lambda named: abs(named[1].grad or 0.0))
print(f"network.svg: the thickest line or ring is {steepest[0]}, whose gradient is {steepest[1].grad:.4f}")

# %% Where does a wrong algorithm go wrong? The museum marks the place.
y = 3 * Value(2, "x")
c = 2 * y + 5 * y
compare(c).draw("naive recursion").render(outfile="naive.svg", cleanup=True)
print("naive.svg: the thick box and the thick edge are where naive recursion first goes wrong")
