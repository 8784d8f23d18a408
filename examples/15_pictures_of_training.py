"""15. Pictures: a falling loss, σ beside the step, an output against a weight. Needs matplotlib (extra `plots`)."""

# %% The package gives numbers, any plotting library draws them.
from tinygrad_sigmoid import Network, Neuron, Value, heaviside, nudge, scan, sigmoid, train

try:
    import matplotlib
except ImportError:
    raise SystemExit("this example needs matplotlib: pip install 'tinygrad-sigmoid[plots]'") from None

matplotlib.use("agg")  # pictures into files; in a notebook leave this line out
import matplotlib.pyplot as plt

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 3.5), layout="constrained")

# %% How the loss falls while a network learns XOR, for three learning rates.
xor = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
print("training.png, left: the loss of a network that learns XOR, epoch by epoch, for three learning rates.")
for rate in (0.3, 3.0, 10.0):
    history = train(Network([2, 4, 1], seed=3), xor, epochs=400, batch=4, rate=rate, seed=3)
    left.plot([epoch.number for epoch in history], [epoch.loss for epoch in history], label=f"η = {rate:g}")
    print(f"  η = {rate:g}: in 400 epochs it falls from {history[0].loss:.4f} to {history[-1].loss:.4f}")
left.set(title="XOR", xlabel="epoch", ylabel="loss")
left.legend(loc="lower left")

# %% σ is a step that has been smoothed.
z = Value(0.0, "z")
smooth, sharp = scan(sigmoid(z), z, -6, 6), scan(heaviside(z), z, -6, 6)
middle.plot(smooth.numbers, smooth.outputs, label="σ(z)")
middle.plot(sharp.numbers, sharp.outputs, "--", label="heaviside(z)")
middle.set(title="a sigmoid neuron and a perceptron", xlabel="z")
middle.legend()
print("\nMiddle: σ is a step that has been smoothed.")
print(f"  slope at z = 0: of σ {smooth.gradient:g}, of the step {sharp.gradient:g}")

# %% An output against one weight. The tangent is what the gradient predicts; near the weight they are one.
nand = Neuron([-2, -2], 3)
output = nand([1, 1])
swept = scan(output, nand.weights[0], -6, 2)
right.plot(swept.numbers, swept.outputs, label="output")
right.plot(swept.numbers, swept.tangent, ":", label="tangent")
right.plot([swept.at], [swept.output], "o")
right.set(title="NAND at (1, 1)", xlabel="w1", ylim=(-0.2, 1.2))
right.legend()

# %% And how far they are apart, for smaller and smaller changes.
print("\nRight: the output against one weight, and its tangent, which is what the gradient predicts.")
for nudged in nudge(output, {nand.weights[0]: 1.0}).halving(3).nudges:
    print(f"  {nudged.changes[nand.weights[0]]:<5} away from w1 they are {nudged.remainder:.5f} apart")
print("Half as far, a fourth of the distance: near the weight the curve and its tangent are one.")

figure.savefig("training.png")
