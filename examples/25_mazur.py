"""25. Matt Mazur's "A Step by Step Backpropagation Example" (2015), figure by figure. Needs only the package (2 s)."""

# %% Two inputs, two hidden neurons, two outputs. The neurons of a layer share a bias, which he doesn't tune.
from tinygrad_sigmoid import GradientDescent, Layer, Network, Neuron, StaleGraph, Value, dot, squared_error

INPUTS, TARGETS = [0.05, 0.10], [0.01, 0.99]


def mazur() -> tuple[Network, GradientDescent, GradientDescent]:
    """His network, and descents for the weights of its hidden and its outer layer."""
    b1, b2 = Value(0.35, "b1"), Value(0.60, "b2")
    hidden = [Neuron([0.15, 0.20], b1), Neuron([0.25, 0.30], b1)]
    outer = [Neuron([0.40, 0.45], b2), Neuron([0.50, 0.55], b2)]
    descents = [GradientDescent(one.weights + other.weights, 0.5) for one, other in (hidden, outer)]
    return Network.of([Layer(hidden), Layer(outer)]), *descents


def rounded(number: float, published: str) -> str:
    return f"{number:.{len(published.partition('.')[2])}f}"


# %% One pass forward, one back, and one step with η = 0.5.
network, hidden, outer = mazur()
loss = squared_error(network(INPUTS), TARGETS)
loss.backward()
w = [*hidden.parameters, *outer.parameters]
figures = [("E", "0.298371109", loss.data), ("∂E/∂w5", "0.082167041", w[4].grad), ("∂E/∂w1", "0.000438568", w[0].grad)]
hidden.step(), outer.step()
weights = "0.149780716 0.19956143 0.24975114 0.29950229 0.35891648 0.408666186 0.511301270 0.561370121"
figures += [(f"new w{i}", published, w[i - 1].data) for i, published in enumerate(weights.split(), 1)]
print("Matt Mazur's network of two hidden and two output neurons, after one pass and one step, η = 0.5:")
print("             published          here")
for name, published, number in figures:
    print(f"{name:<8} {published:>13} {rounded(number, published):>13}")
print("Every gradient and every new weight is the same, to his last digit. One pass gives all gradients,")
print("and only then is anything changed. Changed earlier, they would be wrong, so backward() refuses:")
try:
    loss.backward()
except StaleGraph as error:
    print(f"  {type(error).__name__}: a weight was changed, so the numbers of this graph don't belong together.")


# %% What his page says of later steps is another matter.
def right(network: Network, hidden: GradientDescent, outer: GradientDescent) -> float:
    """One step; the error before it."""
    loss = squared_error(network(INPUTS), TARGETS)
    loss.backward()
    outer.step(), hidden.step()
    return loss.data


def slip(network: Network, hidden: GradientDescent, outer: GradientDescent) -> float:
    """The same, but the outer weights are changed before the gradients have reached the hidden layer."""
    outputs = network(INPUTS)
    loss = squared_error(outputs, TARGETS)
    loss.backward()
    upstream = [output.inputs[0].grad for output in outputs]
    outer.step(), hidden.zero_grad()
    dot(upstream, [output.inputs[0] for output in network(INPUTS)]).backward()
    hidden.step()
    return loss.data


columns = []
for step in (right, slip):
    network, hidden, outer = mazur()
    errors = []
    for _ in range(10_000):
        hidden.zero_grad(), outer.zero_grad()
        errors.append(step(network, hidden, outer))
    outputs = network.predict(INPUTS)
    columns.append([errors[1], errors[9_999], squared_error(outputs, TARGETS), *outputs])

print("\n                               published   all gradients first   w5 to w8 changed first")
names = "E after 1 step", "E after 9,999 steps", "E after 10,000 steps", "output 1 then", "output 2 then"
later = "0.291027924", "0.0000351085", "0.0000351085", "0.015912196", "0.984065734"
for name, published, first, second in zip(names, later, *columns, strict=True):
    print(f"{name:<25} {published:>14} {rounded(first, published):>21} {rounded(second, published):>24}")
print("Three of his figures come out if w5 to w8 are changed before the gradients of w1 to w4 are computed,")
print("which his text warns of; 0.0000351085 is right, one step early. A slip can learn too, so check.")
