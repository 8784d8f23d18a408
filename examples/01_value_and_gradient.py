"""1. A value remembers how it was computed, and so can say how fast it changes. Needs nothing but the package."""

# %% A value is a number with a memory.
from tinygrad_sigmoid import Value

x = Value(3, "x")
y = x * x + 2 * x

print(f"y = x² + 2x is {y.data:g} where x is {x.data:g}.")
print("x is a leaf, a number that is put in; y is computed.")
print(f"y remembers how it was made: {y.operation.name}, of {' and '.join(f'{used:g}' for used in y.inputs)}.")

# %% One call passes the chain rule back through that memory.
y.backward()

print(f"\nThe pass begins at y itself, with ∂y/∂y = {y.grad:g}: y changes exactly as fast as y.")
print(f"It ends at x, with ∂y/∂x = {x.grad:g}: if x grows a little, y grows by {x.grad:g} times as much.")
print("On paper: ∂y/∂x = 2x + 2 = 2·3 + 2 = 8")

# %% Is that true? Make x a little larger and see.
before = y.data
x.data = 3.001
y.forward()  # compute the same things again, with x as it is now

print(f"\nIs it true? With x = {x.data}, 0.001 more, y is {y.data:.6f}.")
print(f"It grew by {y.data - before:.6f}, and predicted was {x.grad:g}·0.001 = {x.grad * 0.001:.3f}")

# %% Leaves keep their gradients and add up those of later passes: the gradient of a sum of losses is the sum of theirs.
x.data = 3.0
y.forward()
first = x.grad
y.backward()

print(f"\nA second pass adds its gradient to the one that x has: {first:g} + {first:g} = {x.grad:g}")
y.zero_grad()
y.backward()
print(f"After zero_grad(), which forgets it, a pass gives {x.grad:g} again.")
print("So: zero_grad() before each step of training. Lesson 17 shows what happens without.")
