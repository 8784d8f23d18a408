"""2. w·x + b and σ by hand and by machine: local derivatives and the chain rule. Needs nothing but the package."""

# %% A neuron with one weight, written out.
from tinygrad_sigmoid import Value, sigmoid, steps
from tinygrad_sigmoid.course.museum import compare

w, x, b = Value(0.6, "w"), Value(2.0, "x"), Value(0.9, "b")
product = w * x
z = product + b
output = sigmoid(z)
z.label, output.label = "z", "a"

print("A neuron, forward:")
for step in steps(output).forward:
    print(f"  {step}")

# %% Every operation knows its local derivatives, from the rule in the package's table.
print("\nA local derivative says how fast one operation's result changes with one of its inputs.")
print("∂a/∂z, for instance, how fast a changes with z:")
for step in steps(output).backward:
    print(f"  {step.local}")

# %% By hand: multiply the local derivatives along the way from the output back to w.
along = [output.local_derivatives[0], z.local_derivatives[0], product.local_derivatives[0]]
by_hand = along[0] * along[1] * along[2]
written = "·".join(f"{local:.4g}" for local in along)
print(f"\nThe chain rule by hand, from a back to w: {written} ≈ {by_hand:.4g}")

# %% By machine.
output.backward()
print(f"By machine, w.grad: {w.grad:.4g}")

# %% The machine needs each value's gradient only once, and passes it on to the value's inputs.
print("\nAn operation's upstream gradient says how fast the final output, here a, changes with its result.")
print("Each input gets upstream · local, and that is upstream for the operation that computed the input:")
for step in steps(output).backward:
    print(f"  {step.name} to {step.input_name}: {step.accumulation}")
print(f"It begins with upstream 1, because ∂a/∂a = {output.grad:g}.")

# %% An input that is used twice gets a share from each use.
u = Value(3, "u")
square = u * u
square.backward()
replaced = compare(square)["= for +="].gradients[u]  # what a backward pass with `=` gives
print(f"\nA value that is used twice: in u·u at u = 3 each use gives 3, and `+=` adds them: 3 + 3 = {u.grad:g}")
print(f"With `=` the second use replaces the first, and {replaced:g} is left, half of what is right.")
u.data = 3.001
print(f"A check: with u = 3.001, u·u is {square.forward():.6f}, about 6·0.001 = 0.006 more than 9.")
