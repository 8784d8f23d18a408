"""1. A value remembers how it was computed, and so can say how fast it changes. Needs nothing but the package."""

# %% A value is a number with a memory.
from tinygrad_sigmoid import Value

x = Value(3, "x")
y = x * x + 2 * x

print(f"y = x² + 2x = {y.data} at x = {x.data}")
print(f"the last thing that was done: {y.operation.name}, to {[value.data for value in y.inputs]}")

# %% One call passes the chain rule back through that memory.
y.backward()

print(f"∂y/∂x = {x.grad}: where x grows by a little, y grows by {x.grad:.0f} times as much")
print("on paper: 2x + 2 = 8")

# %% Is that true? Make x a little larger and see.
x.data = 3.001
y.forward()  # compute the same things again, with x as it is now

print(f"at x = 3.001, y = {y.data:.6f}: it grew by {y.data - 15:.6f}, and 8 · 0.001 = 0.008")

# %% Gradients of leaves add up over passes, until they are zeroed.
x.data = 3.0
y.forward()
y.backward()
print(f"after a second pass: {x.grad}")
y.zero_grad()
y.backward()
print(f"after zero_grad() and a pass: {x.grad}")
