"""6. Equation 5: small changes of weights make predictable changes of the output. Needs nothing but the package."""

# %% Predict with the gradient, then make the change, then compare.
from tinygrad_sigmoid import Neuron, Value, gradients, nudge, sigmoid

print("Equation 5 of the book says: a small change of the output is about the sum of slope · change.")
print("  Δoutput ≈ ∂output/∂w1·Δw1 + ∂output/∂w2·Δw2 + ∂output/∂b·Δb")
nand = Neuron([-2, -2], 3)
w1, w2, b = nand.parameters()
nudged = nudge(nand([1, 1]), {w1: 0.01, w2: -0.02, b: 0.03})
terms = [f"{nudged.gradients[leaf]:.4f}·({change})" for leaf, change in nudged.changes.items()]
print("The NAND neuron at (1, 1), with Δw1 = 0.01, Δw2 = −0.02, Δb = 0.03:")
print(f"  predicted: {' + '.join(terms)} ≈ {nudged.predicted:.6f}")
print(f"  actual:    {nudged.after:.8f} − {nudged.before:.8f} = {nudged.actual:.8f}: {nudged.remainder:.6f} more")

# %% The curve is taken for its tangent. What is missed is the bend: half the second derivative times Δ².
print("\nWhen is it bad? Where the curve bends and Δ is not small: a gradient knows only the tangent.")
print("σ″, the slope of σ′, is the bend. The gradient misses about ½σ″Δ², if Δ, a change of z, is small:")
print("on the way the slope drifts by σ″Δ, on average by half of that.")
z = Value(-1.0, "z")
[slope] = gradients(sigmoid(z), [z])
[bend] = gradients(slope, [z])
print("Above, z = −1 and Δz = 0.01 − 0.02 + 0.03 = 0.02, so the gradient misses about")
print(f"  ½·{bend:.4f}·0.02² ≈ {0.5 * bend.data * 0.02**2:.6f}, as it did.")
print("\nOther places and other changes; the remainder is actual − predicted:")
print("     z     Δ  slope σ′   bend σ″  predicted σ′Δ      actual  remainder   predicted remainder ½σ″Δ²")
too_low = []
for place, change in ((0, 0.1), (-1, 0.1), (1, 0.1), (-1, 1), (-1, 5)):
    z.data = place
    slope.forward(), bend.forward()
    far = nudge(sigmoid(z), {z: change})
    print(f"{place:>6} {change:>5} {slope:>9.4f} {bend:>9.4f} {far.predicted:>14.5f}", end=" ")
    print(f"{far.actual:>11.5f} {far.remainder:>10.5f} {0.5 * bend.data * change**2:>12.5f}")
    too_low.append(far.remainder / far.actual)
print("For a small Δ it is worst around ±1.3, where σ bends most; what little is left at 0 goes with Δ³.")
print(f"By how much? At z = −1 the prediction is {too_low[1]:.0%} too low for Δ = 0.1, {too_low[3]:.0%} too low for 1,")
print(f"and {-too_low[4]:.0%} too high for 5: {far.predicted:.2f} instead of {far.actual:.2f}.", end=" ")
print("A large Δ goes where no tangent leads.")
print("There ½σ″Δ² is no help either: it assumes the same bend all the way, but σ flattens out.")
print("At a jump, as in lesson 4, there is no slope, and so no prediction.")

# %% Halve the change again and again. A gradient that is wrong would leave a part that only halves.
print("\nΔ² falls fourfold when Δ is halved, so smaller changes are predicted better.")
print("The NAND neuron again, z = −1, with Δz = Δw1 = 0.1·size:")
print(nudge(nand([1, 1]), {w1: 0.1}).halving())
print('("slope 2.00": the remainder goes with the 2nd power of Δ. Of a wrong gradient it would be 1.)')

# %% Where σ is nearly flat, there is hardly anything to predict: the neuron is saturated.
saturated = Neuron([-20, -20], 30)
flat = nudge(saturated([0, 0]), {saturated.bias: 0.1})
slope = flat.gradients[saturated.bias]
print(f"\nA saturated neuron, at z = 30: slope {slope:.1e}, so Δb = 0.1 changes almost nothing, as predicted.")
