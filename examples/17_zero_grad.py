"""17. What zero_grad() does, and a training that fails without it. Needs nothing but the package (a second)."""

# %% A leaf keeps its gradient, and the next backward pass adds to it.
from tinygrad_sigmoid import GradientDescent, Neuron, Value, squared_error

v = Value(1.0, "v")
cost = v * v
print("backward() adds to the gradients that leaves have: so the samples of a mini-batch add up.")
for number in (1, 2, 3):
    cost.backward()
    print(f"  C = v² at v = 1, after pass {number}: v.grad is {v.grad:g}")
cost.zero_grad()
cost.backward()
print(f"zero_grad() forgets them: after it and a pass, v.grad is {v.grad:g} again, the slope of C at v.")


# %% Gradient descent without it: every step follows all gradients since the beginning.
def places(zeroing: bool) -> list[float]:
    """v before each of 41 steps down the valley C = v²."""
    v = Value(1.0, "v")
    cost, descent, found = v * v, GradientDescent([v], 0.1), []
    for _ in range(41):
        if zeroing:
            descent.zero_grad()
        cost.forward().backward()
        found.append(v.data)
        descent.step()
    return found


print("\nWithout it, a step follows the sum of all gradients so far, as a ball rolls without friction.")
print("Down the valley C = v² with η = 0.1, v before every fifth step:")
print(f"  with zero_grad()    {' '.join(f'{v:+6.2f}' for v in places(True)[::5])}   it arrives")
print(f"  without             {' '.join(f'{v:+6.2f}' for v in places(False)[::5])}   it doesn't")


# %% A neuron that is to learn NOR, as in the README, but from other weights.
def losses(seed: int, zeroing: bool) -> list[float]:
    """The mean loss before each of 101 steps."""
    neuron, found = Neuron.random(2, seed=seed), []
    descent = GradientDescent(neuron.parameters(), 3.0)
    for _ in range(101):
        if zeroing:
            descent.zero_grad()
        samples = [squared_error(neuron([x1, x2]), 1.0 - max(x1, x2)) for x1 in (0, 1) for x2 in (0, 1)]
        for loss in samples:
            loss.backward()
        found.append(sum(loss.data for loss in samples) / len(samples))
        descent.step(len(samples))
    return found


print("\nA neuron learns NOR with η = 3. Its loss:")
print("  step   with zero_grad()                   without")
good, bad = losses(1, True), losses(1, False)
for step in (0, 2, 4, 6, 10, 20, 50, 100):
    bars = ["█" * round(80 * run[step]) for run in (good, bad)]
    print(f"{step:>6}   {good[step]:.4f} {bars[0]:<27} {bad[step]:.4f} {bars[1]}")
print("Without, it is faster at first, shoots past, and saturates: σ is flat there, so nothing leads back.")

# %% It may go well by chance, which makes the bug hard to see.
stuck = {zeroing: sum(losses(seed, zeroing)[-1] > 0.1 for seed in range(20)) for zeroing in (True, False)}
print(f"\nOf 20 neurons with other beginnings, {stuck[True]} get stuck with zero_grad(), and {stuck[False]} without.")
print("The others arrive, some even sooner: a wrong program that often works.")
