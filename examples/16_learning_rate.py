"""16. The learning rate: too small, right, too large. Needs nothing but the package (about 2 seconds)."""

# %% A valley first: C = v² from v = 1. The learning rate η says how far to go against the gradient.
from tinygrad_sigmoid import GradientDescent, Network, Value, gradients, train
from tinygrad_sigmoid.course.digits import load_digits


def descent_from_1(rate: float) -> list[float]:
    """v at the beginning and after each of seven steps."""
    v = Value(1.0, "v")
    cost, descent, places = v * v, GradientDescent([v], rate), [v.data]
    for _ in range(7):
        descent.zero_grad()
        cost.forward().backward()
        descent.step()
        places.append(v.data)
    return places


def picture(v: float) -> str:
    """v from −4 to 4 as an o, on a line whose bar is the bottom of the valley."""
    row = [" "] * 21
    row[10] = "|"
    row[round(10 + 2.5 * v)] = "o"
    return "".join(row)


rates = {"too small": 0.02, "good": 0.3, "overshoots": 0.9, "too large": 1.1}
print("The learning rate η says how far a step goes against the gradient of the cost C: v → v − η·∂C/∂v.")
print("Here it goes down the valley C = v² from v = 1; its bottom is at |.")
headings = [f"{name}, η = {rate}" for name, rate in rates.items()]
print(f"step  {''.join(f'{heading:<22}' for heading in headings)}".rstrip())
for step, places in enumerate(zip(*map(descent_from_1, rates.values()), strict=True)):
    print(f"{step:>4}  {' '.join(map(picture, places))}".rstrip())
print(f"v is  {''.join(f'{v:<+22.4f}' for v in places)}".rstrip())

# %% How large a step the valley allows, its second derivative says.
v = Value(1.0, "v")
[slope] = gradients(v * v, [v])
[bend] = gradients(slope, [v])
print(f"\nHow large may η be here? The second derivative of C, C″ = {bend:g}, tells us:")
print("v − η·C″·v = (1 − η·C″)·v, so each step multiplies v by 1 − η·C″. That is")
for rate, what in {
    1 / bend.data: "at the bottom in one step; this rate is 1/C″",
    0.9: "beyond the bottom, but nearer than before",
    2 / bend.data: "beyond it, and as far away as before; this rate is 2/C″",
    1.1: "beyond it, and farther away each time",
}.items():
    print(f"  {1 - rate * bend.data:>4.1f} for η = {rate:g}: {what}")

# %% A network's bend nobody knows, so its rate is found by trying: here with three epochs on 500 digits.
print("\nA network bends differently everywhere. So try rates far apart; the best ends with the lowest loss.")
print("The loss is the mean cost in an epoch, one pass over the samples; 30 of 297 right is guessing.")
print("           mean loss of three epochs    right, of 297")
training_digits, test_digits = load_digits()


def trained(rate: float) -> Network:
    network = Network([64, 15, 10], seed=1)
    history = train(network, training_digits[:500], epochs=3, rate=rate, seed=1, test=test_digits)
    losses = ", ".join(f"{epoch.loss:.3f}" for epoch in history)
    print(f"η = {rate:<7g}{losses:<29}{', '.join(str(epoch.correct) for epoch in history)}")
    return network


trained(0.001), trained(3.0)
network = trained(100.0)
most = max(max(network.predict(digit.inputs)) for digit in test_digits)
print("Too small: the loss hardly falls. Too large: it rises, as with 1.1 above, or stays high.")
print(f"With 100 the first steps flew so far that no output is above {most:.5f} for any digit: σ is flat")
print("there, so nothing leads back, and all 0s cost ½ where one 1 is wanted. A valley has no such plain.")

print("\nThen three times the best rate, and a third of it, again and again until both are worse:")
trained(1.0), trained(9.0)
print("So 9 is better than 3, and its neighbours are 3 and 27:")
trained(27.0)
print("Both are worse, so stop: about 9 it is. If you can't tell which way to go, try both.")
