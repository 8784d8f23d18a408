"""9. Why a topological sort? Seven famous wrong ways to pass gradients back, on one graph. Needs only the package."""

# %% x is used once, but y twice: y must wait for both of its uses before it hands anything on.
from tinygrad_sigmoid import Value
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.graph import topological_order

x = Value(2, "x")
y = 3 * x
a = 2 * y
b = 5 * y
c = a + b
y.label, a.label, b.label, c.label = "y", "a", "b", "c"

# %% The order: inputs come before what is computed from them. Backward, it is walked the other way.
print("order:", " ".join(value.label for value in topological_order(c) if not value.constant))
c.backward()
print(f"dc/dx = {x.grad:.0f}, and on paper (2 + 5) · 3 = 21")

# %% The museum: what other orders give, and the first step where each goes wrong.
print(compare(c))

# %% Many mistakes hide on a graph where nothing is used twice, which is why tests need graphs like the one above.
w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
agreeing = [outcome.exhibit.name for outcome in compare(w * x + b).outcomes if outcome.agrees]
print(f"\nOn w·x + b these agree with the right one: {'; '.join(agreeing)}.")
