"""24. Gradients that know nothing of this package, and somebody's engine, checked. Needs only the package."""

from tinygrad_sigmoid.testing import GradientMismatch, check_gradients


# %% A function of floats or of NumPy arrays, and what is claimed to be its gradient.
def cost(a, y):
    return (a - y) ** 2 / 2


print("A gradient that somebody worked out on paper, (a − y, y − a) for (a − y)²/2:")
print(check_gradients(cost, 0.8, 1.0, gradient=lambda a, y: (a - y, y - a)))
print("\nAnd a wrong one, (a − y, a − y):")
try:
    check_gradients(cost, 0.8, 1.0, gradient=lambda a, y: (a - y, a - y))
except GradientMismatch as mismatch:
    print(f"{mismatch.culprit}: {mismatch.got:.1f} instead of {mismatch.true:.1f}")


# %% An engine that somebody has written: a class whose values record how they are computed. This one loses `+=`.
class Number:
    def __init__(self, data, inputs=()):
        self.data, self.grad, self.inputs, self.pass_back = data, 0.0, inputs, lambda: None

    def __add__(self, other):
        out = Number(self.data + other.data, (self, other))

        def pass_back():
            self.grad = out.grad
            other.grad = out.grad

        out.pass_back = pass_back
        return out

    def __mul__(self, other):
        out = Number(self.data * other.data, (self, other))

        def pass_back():
            self.grad = other.data * out.grad
            other.grad = self.data * out.grad

        out.pass_back = pass_back
        return out

    def backward(self):
        order, seen = [], set()

        def visit(number):
            if number not in seen:
                seen.add(number)
                for used in number.inputs:
                    visit(used)
                order.append(number)

        visit(self)
        self.grad = 1.0
        for number in reversed(order):
            number.pass_back()


print("\nAn engine that somebody wrote, a class with + and *, is tried on graphs of its own:")
try:
    check_gradients(Number)
except GradientMismatch as mismatch:
    print(mismatch.culprit)
