"""8. It is the smoothness of σ that matters, not its form. Needs nothing but the package."""

# %% A neuron with other functions in place of σ. A function of your own needs no rule if it is composed of others.
from tinygrad_sigmoid import Neuron, heaviside, nudge, sigmoid, tanh
from tinygrad_sigmoid.course.chapter import smoothed_step

for name, activation in (("σ", sigmoid), ("tanh", tanh), ("a smoothed step", smoothed_step)):
    neuron = Neuron([-2, -2], 3, None)
    output = activation(neuron([1, 1]))
    halving = nudge(output, {neuron.bias: 0.1}).halving()
    print(f"{name}: output {output.data:.4f}, slope of the remainder {halving.slope:.2f}")
print("slope 2: with each of them, what the gradient misses falls fourfold when the nudge is halved")

# %% The step is not smooth: its gradient says 0 everywhere, and is wrong exactly where something happens.
neuron = Neuron([-2, -2], 2, None)
output = heaviside(neuron([1, 0]))
print(nudge(output, {neuron.bias: 0.1}).halving(3))

# %% Then why σ? Because its derivative is easily computed from σ itself.
output = sigmoid(neuron([1, 0]))
output.backward()
print(f"σ' = {output.inputs[0].grad:.4f} = σ(z)·σ(−z) = {output.data:.2f} · {1 - output.data:.2f}")
