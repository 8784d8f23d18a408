"""13. Your own operation: a formula and its derivative, once, and everything works. Needs nothing but the package."""

# %% Three lines make an operation. The rule is written in ordinary arithmetic and other operations.
from tinygrad_sigmoid import Neuron, Operation, Value, gradients, nudge, sigmoid

softsign = Operation(
    "softsign",
    lambda x: x / (1 + abs(x)),
    lambda out, x: (1 / (1 + abs(x)) ** 2,),
    kink_at=lambda x: x,
)

x = Value(3, "x")
y = softsign(x)
y.backward()
print("softsign(x) = x/(1 + |x|), with the local derivative 1/(1 + |x|)². At x = 3:")
print(f"  softsign(3) = 3/(1 + 3) = {y.data:g}")
print(f"  its slope   = 1/(1 + 3)² = {x.grad:g}")

# %% It is a neuron's activation like any other, and the nudge test vouches for its derivative.
neuron = Neuron([-2, -2], 3, softsign)
print("\nIt is a neuron's activation like any other. Is its derivative right? Halve a change, and see:")
print(nudge(neuron([1, 1]), {neuron.bias: 0.1}).halving(3))

# %% Because the rule works on Values too, it can be differentiated again.
[first] = gradients(softsign(x), [x])
[second] = gradients(first, [x])
print("\nThe rule works on Values too, so it can be differentiated again. The second derivative at 3:")
print(f"  by machine {second:g}, on paper −2/(1 + 3)³ = {-2 / 4**3:g}")


# %% What is composed of other operations needs no rule at all.
def swish(z):
    return z * sigmoid(z)


z = Value(1.0, "z")
swish(z).backward()
print(f"\nz·σ(z) is composed of operations that have rules, and needs none: its slope at 1 is {z.grad:.6f}.")

# %% And a wrong derivative? The nudge test says so.
wrong = Operation("wrong", lambda x: x * x, lambda out, x: (2.06 * x,))
v = Value(1.0, "v")
halving = nudge(wrong(v), {v: 0.01}).halving(3)
print("\nA wrong rule, 2.06·x for the slope of x², leaves a remainder that falls only twofold:")
print(f"  {', '.join(f'{ratio:.2f}' for ratio in halving.ratios)}, where a right one falls fourfold.")
