"""16. The learning rate: too small, right, too large. Needs nothing but the package (about 5 seconds)."""

# %% A valley first: C = v² from v = 1, and where ten steps lead.
from tinygrad_sigmoid import GradientDescent, Network, Value, train
from tinygrad_sigmoid.course.digits import load_digits

for rate in (0.001, 0.3, 0.99, 1.1):
    v = Value(1.0, "v")
    cost = v * v
    descent = GradientDescent([v], rate)
    for _ in range(10):
        descent.zero_grad()
        cost.forward().backward()
        descent.step()
    print(f"η = {rate:<5}: v = {v.data:+.4f} after ten steps")

# %% Digits: the same network from the same beginning, three epochs on 500 of them.
training_digits, test_digits = load_digits()
for rate in (0.001, 3.0, 100.0):
    network = Network([64, 15, 10], seed=1)
    history = train(network, training_digits[:500], epochs=3, rate=rate, seed=1, test=test_digits)
    print(f"η = {rate:<5g}: " + ", ".join(f"{epoch.correct} / {epoch.tested}" for epoch in history))

# %% Too small, and nothing seems to happen; too large, and it never gets off guessing. Both look like a broken
# program from outside: try other rates before you look for a bug.
