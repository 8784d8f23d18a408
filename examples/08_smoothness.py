"""8. It is the smoothness of σ that matters, not its form. Needs nothing but the package."""

# %% A neuron with other functions in place of σ. A function of your own needs no rule if it is composed of others.
from tinygrad_sigmoid import Neuron, heaviside, nudge, sigmoid, tanh
from tinygrad_sigmoid.course.chapter import smoothed_step

print("Any smooth function will do. A change of the bias by 0.1, then half of it, and half again:")
print("                   output  predicted     actual  remainder falls, with each halving, by")
for name, activation in (("σ", sigmoid), ("tanh", tanh), ("a smoothed step", smoothed_step)):
    neuron = Neuron([-2, -2], 3, None)
    output = activation(neuron([1, 1]))
    nudged = nudge(output, {neuron.bias: 0.1})
    ratios = " ".join(f"{ratio:.2f}" for ratio in nudged.halving().ratios)
    print(f"{name:<16} {output.data:>8.4f} {nudged.predicted:>10.5f} {nudged.actual:>10.5f}  {ratios}")
print("Fourfold each time: the prediction is as good as a tangent can be, for each of the three.")

# %% The step is not smooth: its gradient says 0 everywhere, and is wrong exactly where something happens.
print("\nThe step of a perceptron is not smooth. At its threshold:")
neuron = Neuron([-2, -2], 2, None)
halving = nudge(heaviside(neuron([1, 0])), {neuron.bias: 0.1}).halving(3)
for nudged in halving.nudges:
    [change] = nudged.changes.values()
    print(f"  Δb = {change:<6}  predicted {nudged.predicted:g}, actual {nudged.actual:g}")
print("However small the change, the prediction is wrong by all there is.")

# %% Then why σ? Because its derivative is easily computed from σ itself.
neuron = Neuron([-2, -2], 3)
output = neuron([1, 1])
output.backward()
[z] = output.inputs
print("\nThen why σ? Because σ itself tells its slope:")
print(f"  σ′(−1) = σ(−1)·σ(1) = {output:.4f}·{sigmoid(-z.data):.4f} ≈ {z.grad:.4f}")
