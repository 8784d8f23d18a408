"""14. Derivatives are graphs too: differentiate them again, find a minimum in five steps. Needs only the package."""

# %% gradients() gives the derivative as a Value, recorded like any other.
from tinygrad_sigmoid import Value, exp, gradients, sigmoid

z = Value(0.0, "z")
[first] = gradients(sigmoid(z), [z])
[second] = gradients(first, [z])
[third] = gradients(second, [z])
print(f"σ'(0) = {first.data}, σ''(0) = {second.data}, σ'''(0) = {third.data}")

# %% Each is an output of its own: change z, and replay all three.
z.data = 1.0
for derivative in (first, second, third):
    derivative.forward()
print(f"σ'(1) = {first.data:.6f}, σ''(1) = {second.data:.6f}, σ'''(1) = {third.data:.6f}")

# %% Newton's method: where is e^x − 2x smallest? Step by −f′/f″, with the same two graphs replayed each time.
x = Value(0.0, "x")
f = exp(x) - 2 * x
[slope] = gradients(f, [x])
[bend] = gradients(slope, [x])
for number in range(1, 6):
    x.data -= slope.data / bend.data
    f.forward(), slope.forward(), bend.forward()
    print(f"step {number}: x = {x.data:.12f}, slope {slope.data:.1e}")
print("on paper: e^x = 2, so x = ln 2 = 0.693147180560")

# %% Gradient descent gets there too, without the second derivative, but in many more steps.
x.data, steps = 0.0, 0
slope.forward()
while abs(slope.data) > 1e-9:
    x.data -= 0.1 * slope.data
    slope.forward()
    steps += 1
print(f"gradient descent with η = 0.1: {steps} steps")
