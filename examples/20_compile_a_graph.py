"""20. A recorded graph is a program: read it, run it for other numbers. Needs nothing but the package (a second)."""

# %% Record the graph of one sample. The numbers of the sample don't matter, only what is done with them.
import timeit

from tinygrad_sigmoid import Neuron, Value, compiled, squared_error

neuron = Neuron([0.6, -0.4], 0.9)
x = [Value(1.0, "x1"), Value(0.5, "x2")]
y = Value(0.0, "y")
loss = squared_error(neuron(x), y)
loss.label = "loss"

# %% The forward pass, then the chain rule, as Python that you can read, and paste into an empty file.
program = compiled(loss, inputs=[*x, y], wrt=neuron.parameters())
print(program.source)

# %% It computes the same bits as the graph.
value, gradients = program(1.0, 0.5, 0.0)
loss.backward()
print(f"loss {value:.6f}, the same as the graph's: {value == loss.data}")
print(f"gradients the same: {gradients == [parameter.grad for parameter in neuron.parameters()]}")

# %% Other numbers, without recording anything: one sample, or many and their mean.
value, gradients = program(0.3, -0.2, 1.0)
print(f"at x = (0.3, -0.2), y = 1: loss {value:.6f}, ∂loss/∂w1 {gradients[0]:+.6f}")
value, gradients = program.batch([[1.0, 0.5], [0.3, -0.2]], [0.0, 1.0])
print(f"mean of the two: loss {value:.6f}, ∂loss/∂w1 {gradients[0]:+.6f}")


# %% How much faster is it than recording the graph anew?
def eager() -> None:
    squared_error(neuron([0.3, -0.2]), 1.0).backward()


ratio = min(timeit.repeat(eager, number=2000)) / min(timeit.repeat(lambda: program(0.3, -0.2, 1.0), number=2000))
print(f"a sample is {ratio:.1f} times faster")

# %% The same graph for a web page.
print(compiled(loss, inputs=[*x, y], wrt=neuron.parameters(), target="javascript").source)
