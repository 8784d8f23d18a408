"""11. Both passes, one step at a time: what is computed from what, and who hands which gradient to whom. Needs only the
package; for a walk at the terminal there is `tinygrad-sigmoid step "sigmoid(w*x + b)" w=0.6 x=1 b=0.9`."""

# %% Each operation is a step forward, each edge a step back.
from tinygrad_sigmoid import Operation, Value, explain, formula, sigmoid, squared_error, steps

w, x, b = Value(0.6, "w"), Value(1.0, "x"), Value(0.9, "b")
z = w * x + b
a = sigmoid(z)
z.label, a.label = "z", "a"
print("Each operation is a step forward; each edge is a step back, upstream gradient · local derivative:")
print(steps(a))

# %% A step is data: what backward() does in this loop, with the same numbers to the last bit.
walked = steps(a)
step = walked[3]
print(f"\nA step is data. Step {step.number}: {step.sentence}")
print(f"upstream · local = contribution: {step.upstream:g}·{step.local_derivative:.4f} = {step.contribution:.4f}")
a.backward()
same = all(walked.gradients[value] == value.grad for value in walked.gradients)
print(f"backward() computes the same, to the last bit: {same}.")

# %% A value that is used twice collects two contributions.
square = x * x
print("\nA value that is used twice, as in x·x, collects two contributions, the second added to the first:")
for step in steps(square).backward:
    print(f"  {step.accumulation}")

# %% Why is this gradient what it is? The chain rule for one weight, path by path.
total = a + a * b
total.label = "t"
error = squared_error(total, 1.0)
error.label = "C"
print("\nWhere does a gradient come from? Along each path the local derivatives are multiplied:")
print("(C = ½(t − 1)² is the cost of t = a + a·b, where a = σ(z) and z = w·x + b as above.)")
print(explain(error, wrt=b))
print("(Computed with all digits, shown with four: ≈ stands where the four alone don't give the result.)")

# %% Formulas come from the rules, so an operation of your own explains itself too.
softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
print("\nAn operation of your own explains itself too:")
print(f"  {formula(softsign)}".replace("\n", "\n  "))
print(f"  at x = 3: {steps(softsign(Value(3, 'x')))[1].local}")
