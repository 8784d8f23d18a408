"""11. Both passes, one step at a time: what is computed from what, and who hands which gradient to whom. Needs only the
package; for a walk at the terminal there is `tinygrad-sigmoid step "sigmoid(w*x + b)" w=0.6 x=1 b=0.9`."""

# %% Each operation is a step forward, each edge a step back.
from tinygrad_sigmoid import Operation, Value, explain, formula, sigmoid, squared_error, steps

w, x, b = Value(0.6, "w"), Value(1.0, "x"), Value(0.9, "b")
z = w * x + b
a = sigmoid(z)
z.label, a.label = "z", "a"
print(steps(a))

# %% A step is data: what backward() does in this loop, with the same numbers to the last bit.
walked = steps(a)
step = walked[3]
print(f"step {step.number}: {step.sentence}")
print(f"{step.upstream:.4f} · {step.local_derivative:.4f} = {step.contribution:.4f}")
a.backward()
print("the same as backward():", all(walked.gradients[v] == v.grad for v in walked.gradients))

# %% A value that is used twice collects two contributions.
square = x * x
for step in steps(square).backward:
    print(step.accumulation)

# %% Why is this gradient what it is? The chain rule for one weight, path by path. Numbers are shown to four digits but
# computed with all of them: where the shown ones don't multiply to what is shown, there is ≈.
error = squared_error(a + a * b, 1.0)
print(explain(error, wrt=b))

# %% Formulas come from the rules, so an operation of your own explains itself too.
softsign = Operation("softsign", lambda x: x / (1 + abs(x)), lambda out, x: (1 / (1 + abs(x)) ** 2,))
print(formula(softsign))
print(steps(softsign(Value(3, "x")))[1].local)
