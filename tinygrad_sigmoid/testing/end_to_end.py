"""Level 5: the whole graph computed again with many digits, and its slope with each leaf beside the gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, Overflow, getcontext, localcontext

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.graph import computed, leaves
from tinygrad_sigmoid.testing import slopes
from tinygrad_sigmoid.testing.accumulation import Gradients
from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.exact import UNDEFINED, Exact, digits
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, descendants, name_of
from tinygrad_sigmoid.value import Value, operation_of

AT_MOST = 200  # values, unless it is asked for: the time grows with values times leaves
MARGIN = 32  # times what those move the slope

SHIFT = 2.0**-10  # by what part of themselves leaves are moved to look at a gradient at a shifted point
CLOSE = Decimal("1e-6")  # how well it must agree there, as a part of what all paths contribute
WELL_SCALED = 1e6  # where some number of a graph, or its inverse, is larger, that is not done

AsFunction = Callable[..., Decimal]


def check_end_to_end(output: Value, gradients: Gradients, certificate: Certificate) -> None:
    """Raises a mismatch if a leaf's gradient is not the slope of the output, computed with many digits."""
    graph = Replay(output)
    contributions, noise = noise_floors(output)
    size = sum(abs(value.data) * weight for value, weight in contributions.items())
    finite = all(map(math.isfinite, [size, *noise.values()]))
    if obstacle := graph.obstacle() or ("" if finite else "a gradient is too large for a float"):
        certificate.unresolved.append(f"end to end: {obstacle}")
        return
    for leaf in graph.leaves:
        gradient = gradients.get(leaf)
        if not leaf.constant and gradient is not None:
            _check_leaf(graph, leaf, gradient, size, noise[leaf], certificate)


def _check_leaf(
    graph: Replay, leaf: Value, gradient: float, size: float, noise: float, certificate: Certificate
) -> None:
    result = graph.as_function_of(leaf)
    moved = graph.moved(leaf, result, gradient, size)
    if moved is None:
        certificate.unresolved.append(f"end to end, {name_of(leaf)}: rounding moves the slope beyond all bounds")
        return
    allowed = MARGIN * moved + Decimal(noise)
    verdict, true, *_ = slopes.judged(gradient, result, leaf.data, graph.scale(leaf), size, lambda true: allowed)
    if verdict is slopes.Verdict.WRONG:
        sentence = f"end to end: the gradient of {name_of(leaf)} is not the slope of the graph as it is computed"
        raise GradientMismatch(sentence, leaf, got=gradient, true=true, allowed=allowed, shown=graph.order)
    if verdict is slopes.Verdict.UNRESOLVED:
        certificate.unresolved.append(f"end to end, {name_of(leaf)}: the slope does not settle")
        return
    certificate.leaves += 1
    if verdict is slopes.Verdict.RIGHT and allowed:
        certificate.worst_leaf = max(certificate.worst_leaf, float(abs(Decimal(gradient) - true) / allowed))


class Replay:
    """A graph computed again with many digits: as it is, with one leaf changed, with every result moved by an ulp."""

    def __init__(self, output: Value) -> None:
        self.output = output
        self.order = computed(output)
        self.leaves = leaves(output)
        self._ways: list[Mapping[Value, int]] = [{}, *_ways_to_move(self.order)]
        self._smallest = min([1.0, *[abs(leaf.data) for leaf in self.leaves if leaf.data]])
        self._unchanged: dict[tuple[int, int], dict[Value, Decimal]] = {}

    def scale(self, leaf: Value) -> float:
        return min(abs(leaf.data), 1.0) or self._smallest

    def as_function_of(self, leaf: Value) -> AsFunction:
        """The output with the leaf at `x`, and with the results moved in one of the ways; 0 moves none."""
        concerned = descendants(leaf, self.output)

        def result(x: Decimal, way: int = 0) -> Decimal:
            key = getcontext().prec, way
            if key not in self._unchanged:
                self._unchanged[key] = replayed(self.order, {}, self._ways[way])
            unchanged = self._unchanged[key]
            if x == leaf.data:
                return unchanged.get(self.output, x)
            return replayed(concerned, {**unchanged, leaf: x}, self._ways[way])[self.output]

        return result

    def moved(self, leaf: Value, result: AsFunction, claim: float, size: float) -> Decimal | None:
        """How far the slope moves, at most, when every result is moved by one ulp; None if that can't be told."""
        at, scale = Decimal(leaf.data), self.scale(leaf)
        with localcontext(digits(slopes.enough_digits(slopes.CLOSENESS[0], leaf.data, size, scale, claim))):
            change = Decimal(scale).scaleb(-slopes.CLOSENESS[0])
            try:
                found = [(result(at + change, way) - result(at, way)) / change for way in range(len(self._ways))]
            except UNDEFINED:  # beyond the edge of where it is defined
                return None
            if all(slope.is_finite() and slope.adjusted() < slopes.OVERFLOW_BOUND for slope in found):
                return max(found) - min(found)
            return None

    def distances(self, numbers: Mapping[Value, Decimal]) -> dict[Value, Decimal]:
        """How far each kink or jump is away, signed by side; values without a number have the recorded one."""
        return {
            value: Exact(operation.kink_at(*_inputs(value, numbers))).number
            for value in self.order
            if (operation := value.operation) and operation.kink_at
        }

    def obstacle(self) -> str:
        """Why the slope of the whole can't be computed, or the chain rule need not arrive at it; '' if it must."""
        try:
            with localcontext(digits(slopes.DIGITS)):
                true = self.distances(replayed(self.order))
                rounded = self.distances({})
        except Opaque as opaque:
            return f"{opaque} takes floats only, so more digits can't be had"
        except UNDEFINED:
            return "with more digits it is not defined here"
        for value, distance in true.items():
            if not abs(distance - rounded[value]) < abs(distance) / 64:
                # There the chain rule has a choice for each operation.
                name = f"{operation_of(value).name} = {value.data:.6g}"
                return f"{name} is at its kink or jump, or as near as rounding lets it be"
        return ""


def _ways_to_move(order: Sequence[Value]) -> list[Mapping[Value, int]]:
    """All results up by an ulp; then, for each binary digit of their places, up where it is 1 and down where it is 0.

    So any two results move the same way once and opposite ways once: what one of them does to the slope can't be
    undone by the other in all of them.
    """
    by_digit = [
        {value: 1 if place >> digit & 1 else -1 for place, value in enumerate(order)}
        for digit in range(len(order).bit_length())
    ]
    return [dict.fromkeys(order, 1), *by_digit]


def replayed(
    order: Iterable[Value], known: Mapping[Value, Decimal] = {}, moves: Mapping[Value, int] = {}
) -> dict[Value, Decimal]:
    """The numbers of a graph with the digits now in force, some known already, each result moved by so many ulp."""
    numbers = dict(known)
    for value in order:
        result = Exact.record(operation_of(value), _inputs(value, numbers)).number
        if move := moves.get(value):
            result += move * max(abs(result) * slopes.EPSILON, slopes.SMALLEST_NORMAL)
        numbers[value] = result
    return numbers


def _inputs(value: Value, numbers: Mapping[Value, Decimal]) -> list[Exact]:
    return [Exact(numbers.get(used, used.data)) for used in value.inputs]


def noise_floors(output: Value) -> tuple[dict[Value, float], dict[Value, float]]:
    """For each value, what all paths to the output contribute to its gradient, and what rounding may do to that.

    The first is the sum of the sizes of all contributions. The second is how far rounding in the local derivatives and
    in the backward pass may take the gradient.
    """
    order = computed(output)
    sizes, underflow = {output: 1.0}, {output: 0.0}
    for value in reversed(order):
        for used, local in zip(value.inputs, value.local_derivatives, strict=True):
            sizes[used] = sizes.get(used, 0.0) + sizes[value] * abs(local)
            lost = underflow[value] * abs(local) + float(slopes.SMALLEST) + sizes[value] * float(slopes.SMALLEST_NORMAL)
            underflow[used] = underflow.get(used, 0.0) + lost
    relative = (MARGIN + len(order)) * 2.0**-53
    return sizes, {value: relative * sizes[value] + underflow[value] for value in sizes}


# -- Gradients that are graphs -----------------------------------------------------------------------------------------


def check_at_shifted_point(output: Value, recorded: Mapping[Value, Value], certificate: Certificate) -> None:
    """Raises a mismatch if a gradient as a graph is the slope where it was recorded, but not a little way off."""
    try:
        problem = _compared_at_shifted_point(output, recorded)
    except (Opaque, Overflow, *UNDEFINED):
        problem = "they can't be computed with more digits"
    if problem:
        certificate.unresolved.append(f"the derivatives at a shifted point: {problem}")


def _compared_at_shifted_point(output: Value, recorded: Mapping[Value, Value]) -> str:
    """Why the gradients can't be compared with slopes there; '' if they could be, and agree."""
    graph = Replay(output)
    sizes, _ = noise_floors(output)
    numbers = [abs(number) for value in sizes for number in (value.data, *value.local_derivatives)]
    if not all(number == 0 or 1 / WELL_SCALED <= number <= WELL_SCALED for number in numbers):
        return f"a number is too large or too small ({WELL_SCALED:.0e})"
    shifted = {
        leaf: Decimal(leaf.data) * Decimal(1 + SHIFT) if leaf.data else Decimal(SHIFT)
        for leaf in graph.leaves
        if not leaf.constant
    }
    with localcontext(digits(2 * slopes.DIGITS)):
        here, there = replayed(graph.order), replayed(graph.order, shifted)
        distances = zip(graph.distances(here).values(), graph.distances(there).values(), strict=True)
        if not all(one * other > 0 for one, other in distances):
            return "a kink or a jump is near"
        for leaf, gradient in recorded.items():
            change = Decimal(graph.scale(leaf)).scaleb(-slopes.CLOSENESS[0])
            moved = replayed(graph.order, {**shifted, leaf: shifted[leaf] + change})
            true = (moved[output] - there[output]) / change
            got = replayed(computed(gradient), shifted).get(gradient, Decimal(gradient.data))
            allowed = Decimal(max(sizes[leaf], 1 / WELL_SCALED)) * CLOSE
            if abs(got - true) > allowed:
                sentence = (
                    f"the gradient of {name_of(leaf)} as a graph is right where it was recorded, but not where the "
                    f"leaves are {SHIFT:.1%} larger: is a number frozen in it?"
                )
                raise GradientMismatch(sentence, leaf, got=float(got), true=true, allowed=allowed, shown=graph.order)
    return ""
