"""19. An exercise of the chapter: from ten outputs to four bits, without learning. Needs only the package."""

# %% The layer: +10 from each digit whose bit is set, −10 from the others, bias 0.
from tinygrad_sigmoid import Layer
from tinygrad_sigmoid.course.chapter import bitwise_layer

layer = Layer(bitwise_layer())
print("Four neurons turn ten outputs, one for each digit, into the digit's bits. Their weights:")
for bit, neuron in enumerate(layer.neurons):
    print(f"  bit {bit}: {' '.join(f'{weight.data:+.0f}' for weight in neuron.weights)}")

# %% Outputs that are only just good enough: at least 0.99 for the right digit, less than 0.01 for the others.
print("\nThe right output 0.99, the others 0.0099: the four bits, and the digit in binary:")
for digit in range(10):
    outputs = [0.99 if place == digit else 0.0099 for place in range(10)]
    bits = [f"{bit:.3f}" for bit in reversed(layer.predict(outputs))]
    print(f"  {digit}: {' '.join(bits)}   {digit:04b}")

# %% Why it works.
print("\nWhy it works: the right digit brings ±10·0.99 = ±9.9 to z, the nine others together at most")
print("9·10·0.0099 = 0.891. So z is beyond ±9, where σ is as good as 0 or 1. Nothing was learned for it.")
