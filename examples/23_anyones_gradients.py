"""23. Gradients that know nothing of this package, and somebody's engine, checked. Needs only the package."""

from tinygrad_sigmoid.testing import GradientMismatch, check_gradients


# %% A function of floats or of NumPy arrays, and what is claimed to be its gradient.
def cost(a, y):
    return (a - y) ** 2 / 2


print(f"\n{check_gradients(cost, 0.8, 1.0, gradient=lambda a, y: (a - y, y - a))}")
try:
    check_gradients(cost, 0.8, 1.0, gradient=lambda a, y: (a - y, a - y))
except GradientMismatch as mismatch:
    print(f"\n{mismatch.culprit}")


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


try:
    check_gradients(Number)
except GradientMismatch as mismatch:
    print(f"\n{mismatch.culprit}")
