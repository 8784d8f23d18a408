"""21. A recorded graph is a program: read it, run it for other numbers. Needs nothing but the package (a second)."""

# %% Record the graph of one sample. The numbers of the sample don't matter, only what is done with them.
import timeit

from tinygrad_sigmoid import Neuron, Value, compiled, squared_error

neuron = Neuron([0.6, -0.4], 0.9)
x = [Value(1.0, "x1"), Value(0.5, "x2")]
y = Value(0.0, "y")
loss = squared_error(neuron(x), y)
loss.label = "C"

# %% The forward pass, then the chain rule, as Python that you can read, and paste into an empty file.
program = compiled(loss, inputs=[*x, y], wrt=neuron.parameters())
print("A recorded graph is a program: forward first, then the chain rule backward, line by line.")
print(program.source)

# %% It computes the same bits as the graph.
value, gradients = program(1.0, 0.5, 0.0)
loss.backward()
same = value == loss.data and gradients == [parameter.grad for parameter in neuron.parameters()]
print(f"It gives the loss {value:.6f} and the gradients. The same bits as the graph: {same}.")

# %% Other numbers, without recording anything: one sample, or many and their mean.
value, gradients = program(0.3, -0.2, 1.0)
print("\nOther numbers need no new recording:")
print(f"  x = (0.3, −0.2), y = 1: loss {value:.6f}, ∂C/∂w1 {gradients[0]:+.6f}")
value, gradients = program.batch([[1.0, 0.5], [0.3, -0.2]], [0.0, 1.0])
print(f"  the mean of both samples: loss {value:.6f}, ∂C/∂w1 {gradients[0]:+.6f}")


# %% How much faster is it than recording the graph anew?
def eager() -> None:
    squared_error(neuron([0.3, -0.2]), 1.0).backward()


ratio = min(timeit.repeat(eager, number=2000)) / min(timeit.repeat(lambda: program(0.3, -0.2, 1.0), number=2000))
print(f"A sample takes 1/{ratio:.0f} of the time that recording it takes.")

# %% The same graph for a web page.
print("\nThe same for a web page, with the gradients of the weights alone:")
print(compiled(loss, inputs=[*x, y], wrt=neuron.weights, target="javascript").source)
