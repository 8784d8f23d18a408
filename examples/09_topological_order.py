"""9. Why a topological sort? Seven famous wrong ways to pass gradients back, on one graph. Needs only the package."""

# %% x is used once, but y twice: y must wait for both of its uses before it hands anything on.
from textwrap import fill

from tinygrad_sigmoid import Value, steps
from tinygrad_sigmoid.course.museum import compare
from tinygrad_sigmoid.graph import topological_order

x = Value(2, "x")
y = 3 * x
a = 2 * y
b = 5 * y
c = a + b
y.label, a.label, b.label, c.label = "y", "a", "b", "c"

print("y = 3·x is used twice, in a = 2·y and b = 5·y, and c = a + b. How fast does c change with x?")
print("On paper: c = 7·y, y = 3·x, so ∂c/∂x = 7·3 = 21")

# %% The order: inputs come before what is computed from them. Backward, it is walked the other way.
order = [value.label for value in topological_order(c) if not value.constant]
print(f"\nTopological order, inputs before what is computed from them: {' '.join(order)}")
print(f"The backward pass goes through it in reverse:                 {' '.join(reversed(order))}")
for step in steps(c).backward:
    print(f"  {step.name} to {step.input_name}: {step.accumulation}")
print("So when y's turn comes, both uses have added theirs, 2 + 5 = 7, and y passes on all of it, once.")
print("That is why the order is reversed topological: a value comes after everything that uses it.")

# %% The museum: what other orders give, and the first step where each goes wrong.
wrong = compare(c)
print("\nOther ways, and what they give; an edge has the number of its turn in that way:")
print(str(wrong).split("\n\n")[0])
for outcome in wrong.outcomes:
    for line in str(outcome).splitlines():
        print(fill(line, 100, subsequent_indent="    "))

# %% Many mistakes hide on a graph where nothing is used twice, which is why tests need graphs like the one above.
w, x, b = Value(0.6, "w"), Value(1, "x"), Value(0.9, "b")
agreeing = [outcome.exhibit.name for outcome in compare(w * x + b).outcomes if outcome.agrees]
print("\nWhere nothing is used twice, mistakes hide. On w·x + b these are right:")
print(f"  {'; '.join(agreeing)}.")
