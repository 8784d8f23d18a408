"""14. Derivatives are graphs too: differentiate them again, find a minimum in five steps. Needs only the package."""

# %% gradients() gives the derivative as a Value, recorded like any other.
from tinygrad_sigmoid import Value, exp, gradients, sigmoid

z = Value(0.0, "z")
[first] = gradients(sigmoid(z), [z])
[second] = gradients(first, [z])
[third] = gradients(second, [z])
print("The derivative of a graph is a graph, so it has a derivative too:")
print(f"  at z = 0: σ′ is {first:g}, σ″ is {second:g}, σ‴ is {third:g}")

# %% Each is an output of its own: change z, and replay all three.
z.data = 1.0
for derivative in (first, second, third):
    derivative.forward()
print(f"  at z = 1: σ′ is {first:.6f}, σ″ is {second:.6f}, σ‴ is {third:.6f}")
print("σ″ is what equation 5 misses: 0 in the middle of σ, where it is straight, and not 0 where it bends.")

# %% Newton's method: where is e^x − 2x smallest? Step by −f′/f″, with the same two graphs replayed each time.
x = Value(0.0, "x")
f = exp(x) - 2 * x
[slope] = gradients(f, [x])
[bend] = gradients(slope, [x])
print("\nWhere is f = e^x − 2x smallest? Where its slope is 0. Newton: a step of −f′/f″, from x = 0:")
for number in range(1, 6):
    x.data -= slope.data / bend.data
    f.forward(), slope.forward(), bend.forward()
    print(f"  step {number}: x is {x.data:.12f}, slope {slope.data:.1e}")
print("On paper: e^x = 2, so x is ln 2, 0.693147180560. The right digits double with each step.")

# %% Gradient descent gets there too, without the second derivative, but in many more steps.
x.data, steps = 0.0, 0
slope.forward()
while abs(slope.data) > 1e-9:
    x.data -= 0.1 * slope.data
    slope.forward()
    steps += 1
print(f"Gradient descent, which knows only the slope, with η = 0.1 takes {steps} steps.")
