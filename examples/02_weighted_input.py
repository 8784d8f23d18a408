"""2. w·x + b and σ by hand and by machine: local derivatives and the chain rule. Needs nothing but the package."""

# %% A neuron with one weight, written out.
from tinygrad_sigmoid import Value, sigmoid

w, x, b = Value(0.6, "w"), Value(1.0, "x"), Value(0.9, "b")
product = w * x
z = product + b
output = sigmoid(z)

print(f"w·x = {product.data:.4f}   z = w·x + b = {z.data:.4f}   σ(z) = {output.data:.4f}")

# %% By hand: multiply the local derivatives along the way from the output back to w.
# ∂σ/∂z = σ(z)·σ(−z), ∂z/∂product = 1, ∂product/∂w = x
by_hand = sigmoid(z.data) * sigmoid(-z.data) * 1 * x.data

# %% By machine.
output.backward()

print(f"∂output/∂w by hand {by_hand:.6f}, by machine {w.grad:.6f}")

# %% The machine did the same: each value kept its local derivatives when it was computed.
for value in (output, z, product):
    local = ", ".join(f"{number:.4f}" for number in value.local_derivatives)
    print(f"{value.operation.name:>8}: gradient {value.grad:.4f}, local derivatives {local}")

# %% An input that is used twice gets a share from each use.
a = Value(3, "a")
square = a * a
square.backward()
print(f"∂(a·a)/∂a = {a.grad:.0f} at a = 3: one 3 from each of the two uses")
