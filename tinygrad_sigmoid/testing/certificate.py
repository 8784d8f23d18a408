"""What a check has proven, how, and what it could not tell."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tinygrad_sigmoid.tables import sentences
from tinygrad_sigmoid.testing.precise import CONTEXT
from tinygrad_sigmoid.testing.slopes import SMALLEST_NORMAL, Judgement, Verdict

ULP = CONTEXT.ldexp(1, -52)
SMALLEST = math.ulp(0.0)


@dataclass
class Certificate:
    """What `check_gradients` has proven; printing it says it in words.

    Two questions are kept apart: whether the formulas are right, and how many digits floats lose with them here.

    Attributes:
        proven: What was proven, a sentence each, and by which means.
        worst_ulp: How far the worst local derivative, as a float, is from the right one, in units of the last place.
        losses: Where a right formula has lost so many digits here that fewer than `digits` are left.
        kinks: Where any value between the slopes of the two sides is right.
        jumps: Where there is no slope, and that of one side was taken for it.
        intended: What differs from the slope on purpose.
        unresolved: What could not be told, and why.
        limits: What an engine has not, stops at, or does otherwise than might be expected, though it is not wrong.
        derivatives: The certificates of the derivatives of each leaf's gradient, for higher orders.
        digits: With fewer right ones, a loss is reported.
    """

    proven: list[str] = field(default_factory=list)
    worst_ulp: float = 0.0
    losses: list[str] = field(default_factory=list)
    kinks: list[str] = field(default_factory=list)
    jumps: list[str] = field(default_factory=list)
    intended: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    derivatives: dict[str, Certificate] = field(default_factory=dict)
    digits: int = 6

    def walk(self) -> Iterator[Certificate]:
        """This one, and those of the derivatives."""
        yield self
        for derivative in self.derivatives.values():
            yield from derivative.walk()

    @property
    def open_points(self) -> int:
        """How many points are unresolved, those of the derivatives included."""
        return sum(len(one.unresolved) for one in self.walk())

    @property
    def verdict(self) -> str:
        """What all of it comes to."""
        if self.open_points:
            return f"nothing wrong found; {counted(self.open_points, 'point')} unresolved"
        if losses := sum(len(one.losses) for one in self.walk()):
            return f"the formulas are right, but floats lose digits here: {counted(losses, 'loss', 'losses')}"
        intended = any(one.intended for one in self.walk())
        within = ", within limits" if any(one.limits for one in self.walk()) else ""
        return "the gradients are right" + within + (", but for what is intended" if intended else "")

    def note(self, judgement: Judgement, where: str) -> bool:
        """Takes down what is neither right nor wrong; whether it was that."""
        match judgement.verdict:
            case Verdict.KINK:
                self.kinks.append(where)
            case Verdict.JUMP:
                self.jumps.append(where)
            case Verdict.UNRESOLVED:
                self.unresolved.append(f"{where}: {judgement.why}")
            case _:
                return False
        return True

    def note_digits(self, number: float, true: Any, where: str) -> None:
        """Takes down how near a float is to the right number, and that it has lost nearly all its digits if it has."""
        error, why = abs(CONTEXT.mpf(number) - true), ""
        if not math.isfinite(number):
            why = ", too large a number for floats"
        elif 0 < abs(true) < SMALLEST_NORMAL:
            why = ", too small a number for floats"
        else:
            self.worst_ulp = max(self.worst_ulp, in_ulp(error, true))
        if error > abs(true) * 10.0**-self.digits:
            self.losses.append(f"{where} is {CONTEXT.nstr(true, 6)}{why}, and as a float {number:.6g}")

    def __str__(self) -> str:
        return "\n".join([self.verdict, *self._proofs()])

    def _repr_html_(self) -> str:
        return sentences(self.verdict, *self._proofs())

    def _proofs(self) -> list[str]:
        lines = [*self.proven]
        lines += [f"digits lost: {loss}" for loss in self.losses]
        lines += [f"at a kink, where any slope between those of the two sides is right: {kink}" for kink in self.kinks]
        lines += [f"at a jump, where there is no slope, and that of one side is taken: {jump}" for jump in self.jumps]
        lines += [f"intended: {lie}" for lie in self.intended]
        lines += [f"unresolved: {reason}" for reason in self.unresolved]
        lines += [f"limit: {limit}" for limit in self.limits]
        for leaf, derivative in self.derivatives.items():
            lines.append(f"the gradient of {leaf}, itself a graph:")
            lines += [f"  {line}" for line in derivative._proofs()]
        return lines


def in_ulp(error: Any, true: Any) -> float:
    """How far a number is from the right one, in units of the last place."""
    return float(error / max(abs(true) * ULP, SMALLEST))


def counted(number: int, thing: str, things: str = "") -> str:
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
