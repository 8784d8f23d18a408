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
print("Each step is v → v − η·∂C/∂v. Here it goes down the valley C = v² from v = 1; its bottom is at |.")
headings = [f"{name}, η = {rate}" for name, rate in rates.items()]
print(f"step  {''.join(f'{heading:<22}' for heading in headings)}".rstrip())
for step, places in enumerate(zip(*map(descent_from_1, rates.values()), strict=True)):
    print(f"{step:>4}  {' '.join(map(picture, places))}".rstrip())
print(f"v is  {''.join(f'{v:<+22.4f}' for v in places)}".rstrip())

# %% How large a step the valley allows, its second derivative says.
v = Value(1.0, "v")
[slope] = gradients(v * v, [v])
[bend] = gradients(slope, [v])
print(f"\nHow large may η be here? The second derivative of C tells: it is {bend:g}.")
print(f"  η = 1/{bend:g} = {1 / bend.data:g} ends at the bottom in one step, a larger one beyond it.")
print(f"  η = 2/{bend:g} = {2 / bend.data:g} ends as high as it began, a larger one higher, each time.")

# %% A network's bend nobody knows, so its rate is found by trying: here with three epochs on 500 digits.
print("\nA network bends differently everywhere. So try: rates far apart, each for a few epochs.")
training_digits, test_digits = load_digits()
for rate in (0.001, 3.0, 100.0):
    network = Network([64, 15, 10], seed=1)
    history = train(network, training_digits[:500], epochs=3, rate=rate, seed=1, test=test_digits)
    print(f"  η = {rate:<5g}: " + ", ".join(f"{epoch.correct} of {epoch.tested} right" for epoch in history))
print("Too small, and nothing seems to happen; too large, and it never gets off guessing: both look like")
print("a bug. Where the loss hardly falls, take three times as much; where it jumps or stays, a third.")
