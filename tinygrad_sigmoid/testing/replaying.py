"""Level 4: the whole graph computed again with many digits, and its slope with each leaf beside the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, getcontext, localcontext
from typing import Any

from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.exact import Exact, Opaque, digits, exact, exact_result
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, descendants, name_of
from tinygrad_sigmoid.testing.slopes import (
    CLOSENESS,
    DIGITS,
    EXPLODED,
    SMALLEST,
    SMALLEST_NORMAL,
    Verdict,
    enough_digits,
    judged,
)
from tinygrad_sigmoid.value import Value

AT_MOST = 200  # values, unless it is asked for: the time grows with values times leaves
MARGIN = 32  # times what those move the slope

SHIFT = 2.0**-10  # by what part of themselves leaves are moved to look at a gradient elsewhere
ELSEWHERE = Decimal("1e-6")  # how well it must agree there, as a part of what all paths contribute
TAME = 1e6  # where some number of a graph, or its inverse, is larger, that is not done

_ULP = Decimal(2) ** -52
Moves = Mapping[Value, int]


def wrong_end_to_end(
    output: Value, gradients: Mapping[Value, float | None], certificate: Certificate
) -> GradientMismatch | None:
    """The mismatch if a leaf's gradient is not the slope of the output, computed from that leaf with many digits."""
    graph = _Replayed(output)
    try:
        if undecided := graph.decided_by_rounding():
            # There the chain rule has a choice for each operation, and need not arrive at a slope of the whole.
            certificate.unresolved.append(
                f"end to end: {undecided} is at its kink or jump, or as near as rounding lets it be"
            )
            return None
    except Opaque as opaque:
        certificate.unresolved.append(f"end to end: {opaque} takes floats only, so more digits can't be had")
        return None
    except (InvalidOperation, DivisionByZero):
        certificate.unresolved.append("end to end: with more digits it is not defined here")
        return None
    size = sum(abs(value.data) * weight for value, weight in absolute_adjoints(output).items())
    rounding = rounding_of(output)
    if not all(map(math.isfinite, [size, *rounding.values()])):
        certificate.unresolved.append("end to end: a gradient is too large for a float")
        return None
    for leaf in graph.leaves:
        gradient = gradients.get(leaf)
        if leaf.constant or gradient is None:
            continue
        moved = graph.moved(leaf, gradient, size)
        if moved is None:
            certificate.unresolved.append(f"end to end, {name_of(leaf)}: rounding moves the slope beyond all bounds")
            continue
        allowed = MARGIN * moved + Decimal(rounding[leaf])
        verdict, true = graph.judged(leaf, gradient, size, allowed)
        if verdict is Verdict.WRONG:
            return GradientMismatch(
                f"end to end: the gradient of {name_of(leaf)} is not the slope of the graph as it is computed",
                leaf,
                got=gradient,
                true=true,
                allowed=float(allowed / max(abs(true) * _ULP, SMALLEST)),
                shown=graph.order,
            )
        if verdict is Verdict.UNRESOLVED:
            certificate.unresolved.append(f"end to end, {name_of(leaf)}: the slope does not settle")
            continue
        certificate.leaves += 1
        if verdict is Verdict.RIGHT and allowed:
            certificate.worst_leaf = max(certificate.worst_leaf, float(abs(Decimal(gradient) - true) / allowed))
    return None


class _Replayed:
    """A graph computed again with many digits: as it is, with one leaf changed, with every result moved by an ulp."""

    def __init__(self, output: Value) -> None:
        self.output = output
        self.order = computed(output)
        self.leaves = leaves(output)
        self._moves = _ways_to_move(self.order)
        self._unchanged: dict[tuple[int, int], dict[Value, Decimal]] = {}
        self._concerned: dict[Value, list[Value]] = {}
        self._smallest = min([1.0, *[abs(leaf.data) for leaf in self.leaves if leaf.data]])

    def judged(self, leaf: Value, claim: float, size: float, allowed: Decimal) -> tuple[Verdict, Decimal]:
        """The verdict on the slope of the output with a leaf."""

        def result(x: Decimal) -> Decimal:
            return self._output(leaf, x)

        return judged(claim, result, leaf.data, self.scale(leaf), size, lambda true: allowed)

    def moved(self, leaf: Value, claim: float, size: float) -> Decimal | None:
        """How far the slope moves, at most, when every result is moved by one ulp; None if that can't be told."""
        at = Decimal(leaf.data)
        with localcontext(digits(enough_digits(CLOSENESS[0], size, self.scale(leaf), claim))):
            change = Decimal(self.scale(leaf)).scaleb(-CLOSENESS[0])
            slopes = []
            for moves in range(-1, len(self._moves)):
                with suppress(InvalidOperation, DivisionByZero):  # beyond the edge of where it is defined
                    slopes.append((self._output(leaf, at + change, moves) - self._output(leaf, at, moves)) / change)
            settled = len(slopes) == 1 + len(self._moves)
            if not settled or not all(slope.is_finite() and slope.adjusted() < EXPLODED for slope in slopes):
                return None
            return max(slopes) - min(slopes)

    def sides(self, numbers: Mapping[Value, Decimal]) -> list[int]:
        """On which side of its kink each operation is that has one, −1 or 1; 0 at the kink itself."""
        kinked = [(value, row.kink_at) for value in self.order if (row := value.operation) and row.kink_at]
        places = [exact(kink(*[_given(used, numbers) for used in value.inputs])) for value, kink in kinked]
        return [(place > 0) - (place < 0) for place in places]

    def decided_by_rounding(self) -> str:
        """An operation that is at its kink, or nearer to it than the rounding of its inputs; '' if there is none."""
        with localcontext(digits(DIGITS)):
            numbers = _results(self.order, {}, {})
            for value in self.order:
                operation: Any = value.operation
                if operation.kink_at is not None:
                    true = exact(operation.kink_at(*[_given(used, numbers) for used in value.inputs])).number
                    rounded = Decimal(operation.kink_at(*[used.data for used in value.inputs]))
                    if not abs(true - rounded) < abs(true) / 64:
                        return f"{operation.name} = {value.data:.6g}"
        return ""

    def scale(self, leaf: Value) -> float:
        return abs(leaf.data) or self._smallest

    def _output(self, leaf: Value, x: Decimal, moves: int = -1) -> Decimal:
        """The output with a leaf at `x`, and with the results moved in one of the ways; −1 moves none."""
        moved = self._moves[moves] if moves >= 0 else {}
        key = (getcontext().prec, moves)
        if key not in self._unchanged:
            self._unchanged[key] = _results(self.order, {}, moved)
        unchanged = self._unchanged[key]
        if x == leaf.data:
            return unchanged.get(self.output, x)
        return _results(self._computed_from(leaf), {**unchanged, leaf: x}, moved)[self.output]

    def _computed_from(self, leaf: Value) -> list[Value]:
        if leaf not in self._concerned:
            later = descendants(leaf, self.output)
            self._concerned[leaf] = [value for value in self.order if value in later]
        return self._concerned[leaf]


def _ways_to_move(order: Sequence[Value]) -> list[Moves]:
    """All results up by an ulp; then, for each binary digit of their places, up where it is 1 and down where it is 0.

    So any two results move the same way once and opposite ways once: what one of them does to the slope can't be
    undone by the other in all of them.
    """
    by_digit = [
        {value: 1 if place >> digit & 1 else -1 for place, value in enumerate(order)}
        for digit in range(len(order).bit_length())
    ]
    return [dict.fromkeys(order, 1), *by_digit]


def _results(order: Iterable[Value], known: Mapping[Value, Decimal], moves: Moves) -> dict[Value, Decimal]:
    """The numbers of a graph with the digits now in force, each result moved by so many ulp."""
    numbers = dict(known)
    for value in order:
        operation: Any = value.operation
        result = exact_result(operation, [_given(used, numbers) for used in value.inputs])
        if move := moves.get(value):
            result += move * max(abs(result) * _ULP, SMALLEST_NORMAL)
        numbers[value] = result
    return numbers


def _given(used: Value, numbers: Mapping[Value, Decimal]) -> Any:
    return Exact(numbers[used]) if used in numbers else used.data if used.constant else Exact(Decimal(used.data))


def wrong_elsewhere(
    output: Value, recorded: Mapping[Value, Value], certificate: Certificate
) -> GradientMismatch | None:
    """The mismatch if a gradient recorded as a graph is the slope where it was recorded, but not a little way off."""
    graph = _Replayed(output)
    adjoint = absolute_adjoints(output)
    numbers = [abs(number) for value in adjoint for number in (value.data, *value.local_derivatives)]
    if not all(number == 0 or 1 / TAME <= number <= TAME for number in numbers):
        certificate.unresolved.append(f"the derivatives elsewhere: a number is too large or too small ({TAME:.0e})")
        return None
    shifted = {
        leaf: Decimal(leaf.data) * Decimal(1 + SHIFT) if leaf.data else Decimal(SHIFT)
        for leaf in graph.leaves
        if not leaf.constant
    }
    try:
        with localcontext(digits(2 * DIGITS)):
            there = _results(graph.order, shifted, {})
            here = graph.sides(_results(graph.order, {}, {}))
            if 0 in here or graph.sides(there) != here:
                certificate.unresolved.append("the derivatives elsewhere: a kink or a jump is near")
                return None
            for leaf, gradient in recorded.items():
                change = Decimal(graph.scale(leaf)).scaleb(-CLOSENESS[0])
                moved = _results(graph.order, {**shifted, leaf: shifted[leaf] + change}, {})
                true = (moved[output] - there[output]) / change
                got = _results(computed(gradient), shifted, {}).get(gradient, Decimal(gradient.data))
                got = shifted.get(gradient, got)
                if abs(got - true) > Decimal(max(adjoint[leaf], 1 / TAME)) * ELSEWHERE:
                    return GradientMismatch(
                        f"the gradient of {name_of(leaf)} as a graph is right where it was recorded, but not where "
                        f"the leaves are {SHIFT:.1%} larger: is a number frozen in it?",
                        leaf,
                        got=float(got),
                        true=true,
                        allowed=float(ELSEWHERE / _ULP),
                        shown=graph.order,
                    )
    except (Opaque, InvalidOperation, DivisionByZero, Overflow):
        certificate.unresolved.append("the derivatives elsewhere: they can't be computed with more digits")
    return None


def absolute_adjoints(output: Value) -> dict[Value, float]:
    """For each value, the sum over all its paths to the output of the size of what they contribute to its gradient."""
    adjoint = {output: 1.0}
    for value in reversed(computed(output)):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            adjoint[used] = adjoint.get(used, 0.0) + adjoint[value] * abs(local)
    return adjoint


def rounding_of(output: Value) -> dict[Value, float]:
    """How far rounding in the local derivatives and in the backward pass may take each gradient of a graph."""
    order = computed(output)
    adjoint = absolute_adjoints(output)
    underflow = {output: 0.0}
    for value in reversed(order):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            lost = underflow[value] * abs(local) + float(SMALLEST) + adjoint[value] * float(SMALLEST_NORMAL)
            underflow[used] = underflow.get(used, 0.0) + lost
    return {value: (MARGIN + len(order)) * 2.0**-53 * adjoint[value] + underflow[value] for value in adjoint}
