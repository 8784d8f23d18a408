"""Gradient descent: a small step against the gradient, for every parameter at once."""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.errors import value_error
from tinygrad_sigmoid.quoting import shown
from tinygrad_sigmoid.value import Value, write


class GradientDescent:
    """Changes parameters by −rate · gradient, so that the loss falls by about rate · ‖gradient‖².

    >>> w = Value(2.0, "w")
    >>> descent = GradientDescent([w], rate=0.1)
    >>> loss = w * w
    >>> loss.backward()
    >>> descent.step()
    >>> w.data
    1.6

    Args:
        parameters: The leaves that are tuned, each once, however often it is listed.
        rate: The learning rate η, above 0. Too small, and nothing seems to happen; too large, and the loss grows.
    """

    def __init__(self, parameters: Sequence[Value], rate: float) -> None:
        cure = "pass network.parameters(), or [w, b]"
        found = checks.entries(parameters, "parameters", "a list of at least one Value", cure, kind=Value)
        self.parameters = list(dict.fromkeys(found))
        for parameter in self.parameters:
            if parameter.inputs:
                raise value_error("computed", parameter, "tune")
        self.rate = checks.number(rate, "the learning rate", "try 0.1", above=0)

    def step(self, samples: int = 1) -> None:
        """Changes every parameter once: v → v − (η/m) · gradient, m being the samples whose gradients were added up.

        Raises:
            RuntimeError: No backward pass has reached a parameter since `zero_grad`.
            ArithmeticError: A parameter would become infinite or nan; none is changed then.
        """
        if type(samples) is not int or not 1 <= samples <= checks.LARGEST:
            samples = checks.whole(samples, "samples", "say how many gradients were added up", least=1)
        rate = self.rate / samples
        numbers: list[float] = []
        for parameter in self.parameters:
            grad = parameter.grad
            if grad is None:
                raise RuntimeError(f"{shown(parameter)} has no gradient yet: call backward() on the loss before step()")
            number = parameter._data - rate * grad
            if number - number != 0.0:  # infinity and nan alone do this
                raise ArithmeticError(
                    f"{shown(parameter)} would not stay finite in this step: try a smaller learning rate"
                )
            numbers.append(number)
        write(self.parameters, numbers)

    def zero_grad(self) -> None:
        """Forgets the gradients, so that the next backward pass does not add to them."""
        for parameter in self.parameters:
            parameter.grad = None
