"""What a check has proven, and to what resolution."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Certificate:
    """What `check_gradients` has proven of a graph; printing it says it in words."""

    values: int = 0  # values computed that are what their operations give, bit for bit
    local_derivatives: int = 0  # local derivatives that agree with their operation's own formula
    worst_ulp: float = 0.0  # how far the worst of them is off, in units of the last place
    gradients: int = 0  # gradients that are the sum of their contributions
    worst_sum: float = 0.0  # how far the worst of them is off, as a part of what rounding allows
    leaves: int = 0  # leaves whose gradient agrees with the whole graph, differenced
    worst_leaf: float = 0.0  # how far the worst of them is off, as a part of what rounding allows
    kinks: list[str] = field(default_factory=list)  # where any value between the slopes of the two sides is right
    jumps: list[str] = field(default_factory=list)  # where there is no slope, and that of one side was taken for it
    unresolved: list[str] = field(default_factory=list)  # what could not be told, and why
    derivatives: dict[str, Certificate] = field(default_factory=dict)  # of each leaf's gradient, for higher orders

    @property
    def open_points(self) -> int:
        """How many points are unresolved, those of the derivatives included."""
        return len(self.unresolved) + sum(derivative.open_points for derivative in self.derivatives.values())

    @property
    def verdict(self) -> str:
        """What all of it comes to."""
        if not self.open_points:
            return "the gradients are right"
        return f"nothing wrong found; {_counted(self.open_points, 'point')} unresolved"

    def __str__(self) -> str:
        return "\n".join([self.verdict, *self._proofs()])

    def _proofs(self) -> list[str]:
        lines = [
            f"{_counted(self.values, 'value')} computed: what the operations give, bit for bit",
            f"{_counted(self.local_derivatives, 'local derivative')}: what each operation's own formula gives, off by "
            f"at most {self.worst_ulp:.2g} ulp (units of the last place)",
            f"{_counted(self.gradients, 'gradient')}: the sum of the contributions, off by at most "
            f"{_percent(self.worst_sum)} of what rounding allows",
        ]
        if self.leaves:
            lines.append(
                f"{_counted(self.leaves, 'leaf', 'leaves')}: move one a little, and the output moves as its gradient "
                f"says, off by at most {_percent(self.worst_leaf)} of what rounding allows"
            )
        lines.append("a second backward pass adds the same once more to the leaves, and no data has changed")
        lines += [f"at a kink, where any slope between those of the two sides is right: {kink}" for kink in self.kinks]
        lines += [f"at a jump, where there is no slope, and that of one side is taken: {jump}" for jump in self.jumps]
        lines += [f"unresolved: {reason}" for reason in self.unresolved]
        for leaf, derivative in self.derivatives.items():
            lines.append(f"the gradient of {leaf}, itself a graph:")
            lines += [f"  {line}" for line in derivative._proofs()]
        return lines


def _counted(number: int, thing: str, things: str = "") -> str:
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def _percent(share: float) -> str:
    return f"{math.ceil(100 * share)}%"  # rounded up: it says "at most"
