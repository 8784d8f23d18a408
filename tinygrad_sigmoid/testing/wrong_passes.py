"""Backward passes with one thing done wrong, so that a wrong one can be called by its name: what gives the same, is it.

A backward pass takes the edges of a graph in some order, and along each edge it adds a share, *upstream gradient ·
local derivative*, to the gradient of the input. Each of these choices has its famous mistakes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import add, mul

from tinygrad_sigmoid.graph import leaves, topological_order
from tinygrad_sigmoid.value import Value

Edges = Iterator[tuple[Value, int]]  # a value, and which of its inputs the share goes to
Walk = Callable[[Value], Edges]
Found = Mapping[Value, float | None]

LARGEST = 60  # values of a graph on which the wrong passes are tried, which recurse
LONGEST = 5_000  # edges: some take every path, and paths can be 2^n


# -- Orders ------------------------------------------------------------------------------------------------------------


def _places(value: Value, backwards: bool = False) -> list[int]:
    places = [place for place, used in enumerate(value.inputs) if not used.constant]
    return places[::-1] if backwards else places


def post_order(output: Value) -> Edges:
    return ((value, place) for value in topological_order(output) for place in _places(value))


def reversed_order(output: Value) -> Edges:
    return ((value, place) for value in reversed(topological_order(output)) for place in _places(value))


def each_input_once(output: Value) -> Edges:
    return ((value, i) for value, i in reversed_order(output) if value.inputs[i] not in value.inputs[:i])


def without_the_output(output: Value) -> Edges:
    return ((value, place) for value, place in reversed_order(output) if value is not output)


def equal_data_once(output: Value) -> Edges:
    """Of values with the same data only the last one passes its gradient back."""
    taken = {value.data: value for value in topological_order(output)}
    return ((value, place) for value, place in reversed_order(output) if taken[value.data] is value)


def recursion(*, once: bool, together: bool, backwards: bool) -> Walk:
    """Down into the inputs from each value: into each once or each time, after all its edges or edge by edge."""

    def walk(output: Value) -> Edges:
        visited: set[Value] = set()

        def visit(value: Value) -> Edges:
            if once and value in visited:
                return
            visited.add(value)
            places = _places(value, backwards)
            if together:
                yield from ((value, place) for place in places)
            for place in places:
                if not together:
                    yield value, place
                yield from visit(value.inputs[place])

        return visit(output)

    return walk


def first_uses(output: Value) -> Edges:
    """Down into each value along the edge that comes first, and along no other."""
    reached: set[Value] = set()
    for value, place in recursion(once=True, together=False, backwards=False)(output):
        if value.inputs[place] not in reached:
            reached.add(value.inputs[place])
            yield value, place


def waiting_list(*, stack: bool, backwards: bool) -> Walk:
    """With a list of values that wait for their turn, each of which comes once: a stack, or a queue."""

    def walk(output: Value) -> Edges:
        waiting, seen = [output], {output}
        while waiting:
            value = waiting.pop(-1 if stack else 0)
            for place in _places(value, backwards):
                yield value, place
                used = value.inputs[place]
                if used not in seen:
                    seen.add(used)
                    waiting.append(used)

    return walk


# -- Mistakes ----------------------------------------------------------------------------------------------------------

Pass = Callable[[Value], dict[Value, float]]
BOTH = (False, True)


def _with(
    walk: Walk = reversed_order,
    *,
    slopes: Callable[[Value], Sequence[float]] = lambda value: value.local_derivatives,
    share: Callable[[float, float], float] = mul,
    add: Callable[[float, float], float] = add,
    seed: Callable[[Value], float] = lambda output: 1.0,
    start: Callable[[Value], dict[Value, float]] = lambda output: dict.fromkeys(topological_order(output), 0.0),
) -> Pass:
    """The gradients that come of these choices."""

    def gradients(output: Value) -> dict[Value, float]:
        found = start(output) | {output: seed(output)}
        for count, (value, place) in enumerate(walk(output)):
            if count == LONGEST:
                raise OverflowError("it takes too many edges")
            used = value.inputs[place]
            found[used] = add(found[used], share(found[value], slopes(value)[place]))
        return found

    return gradients


def _slopes(change: Callable[[Sequence[float]], Sequence[float]]) -> Pass:
    return _with(slopes=lambda value: change(value.local_derivatives))


def _ones(output: Value) -> dict[Value, float]:
    return dict.fromkeys(topological_order(output), 1.0)


def _left_by_a_pass(output: Value) -> dict[Value, float]:
    return _with()(output)


def _left_but_at_leaves(output: Value) -> dict[Value, float]:
    return _with()(output) | dict.fromkeys(leaves(output), 0.0)


def _clip(gradient: float) -> float:
    return max(-1.0, min(1.0, gradient))


def _of_clipped(upstream: float, local: float) -> float:
    return _clip(upstream) * local


# The names, those of the museum first and in its order; a test holds them together.
MUSEUM: dict[str, list[Pass]] = {
    "naive recursion": [
        _with(recursion(once=False, together=together, backwards=backwards)) for together in BOTH for backwards in BOTH
    ],
    "depth first, visited set": [_with(recursion(once=True, together=together, backwards=False)) for together in BOTH],
    "depth first, stack": [_with(waiting_list(stack=True, backwards=backwards)) for backwards in BOTH]
    + [_with(recursion(once=True, together=together, backwards=True)) for together in BOTH],
    "post-order, not reversed": [_with(post_order)],
    "= for +=": [_with(add=lambda so_far, more: more)],
    "second pass, nothing reset": [_with(start=_left_by_a_pass)],
    "second pass, leaves reset": [_with(start=_left_but_at_leaves)],
}
OTHERS: dict[str, list[Pass]] = {
    "breadth first": [_with(waiting_list(stack=False, backwards=backwards)) for backwards in BOTH],
    "a set for a list of inputs": [_with(each_input_once)],
    "values with equal data are taken for one": [_with(equal_data_once)],
    "the output does not pass its gradient back": [_with(without_the_output)],
    "only the first use kept": [
        _with(add=lambda so_far, more: so_far or more),
        _with(first_uses),
    ],
    "the largest use kept": [_with(add=max), _with(add=lambda so_far, more: max(so_far, more, key=abs))],
    "-= for +=": [_with(add=lambda so_far, more: so_far - more)],
    "*= for +=": [_with(add=lambda so_far, more: so_far * more, start=_ones)],
    "each value sets its own gradient to 1, and only the output may": [_ones],
    "the output's gradient is never set to 1": [_with(seed=lambda output: 0.0)],
    "the output's gradient begins with its data": [_with(seed=lambda output: output.data)],
    "the output's gradient begins with 2": [_with(seed=lambda output: 2.0)],
    "the output's gradient begins with −1": [_with(seed=lambda output: -1.0)],
    "gradients begin with 1, not with 0": [_with(start=_ones)],
    "the upstream gradient is left out": [_with(share=lambda upstream, local: local)],
    "the local derivative is left out": [_with(share=lambda upstream, local: upstream)],
    "upstream + local, not upstream · local": [_with(share=lambda upstream, local: upstream + local)],
    "upstream / local, not upstream · local": [_with(share=lambda upstream, local: upstream / (local or math.inf))],
    "negative shares left out": [
        _with(share=lambda upstream, local: max(upstream * local, 0.0)),
        _with(share=lambda upstream, local: max(upstream, 0.0) * local),
    ],
    "each share halved": [_with(share=lambda upstream, local: upstream * local / 2)],
    "each share doubled": [_with(share=lambda upstream, local: upstream * local * 2)],
    "clipped to ±1": [
        lambda output: {value: _clip(gradient) for value, gradient in _with(share=_of_clipped)(output).items()},
        _with(share=lambda upstream, local: _clip(upstream * local)),
        _with(add=lambda so_far, more: _clip(so_far + more)),
    ],
}
OF_RULES: dict[str, list[Pass]] = {  # what one operation's rule alone may be the reason of
    "the local derivatives of the inputs swapped": [_slopes(lambda slopes: slopes[::-1])],
    "the first local derivative for all inputs": [_slopes(lambda slopes: [slopes[0] for _ in slopes])],
    "the last local derivative for all inputs": [_slopes(lambda slopes: [slopes[-1] for _ in slopes])],
    "absolute values": [_slopes(lambda slopes: [*map(abs, slopes)])],
    "the local derivative squared": [_slopes(lambda slopes: [slope * slope for slope in slopes])],
    "the data of the input for the local derivative": [
        _with(slopes=lambda value: [used.data for used in value.inputs])
    ],
    "the data of the output for the local derivative": [_with(slopes=lambda value: [value.data] * len(value.inputs))],
}
PLACES = {name: number for number, name in enumerate(MUSEUM, 2)}  # the first exhibit is the right one


def titled(name: str) -> str:
    """A name with its place in the museum, if it has one.

    >>> titled("naive recursion")
    'naive recursion: exhibit 2 of the museum'
    """
    return f"{name}: exhibit {PLACES[name]} of the museum" if name in PLACES else name


def recognised(observed: Sequence[tuple[Value, Found]]) -> str:
    """The name of the wrong pass that gives what was found on all of these graphs; empty if none is known that does.

    >>> from tinygrad_sigmoid import Value
    >>> x = Value(3.0)
    >>> y = x * x
    >>> recognised([(y, {x: 3.0})])
    '= for +='
    """
    small = [(output, found) for output, found in observed if len(topological_order(output)) <= LARGEST]
    for name, passes in {**MUSEUM, **OTHERS, **OF_RULES}.items():
        if small and any(all(_gives(one, output, found) for output, found in small) for one in passes):
            return name
    return "= for +=" if small and all(_keeps_one_share(output, found) for output, found in small) else ""


def _keeps_one_share(output: Value, found: Found) -> bool:
    """Whether each gradient is one of its shares, whichever came last: children in a set have no order."""
    shares: dict[Value, list[float]] = {}
    for value, place in reversed_order(output):
        share = (found.get(value) or 0.0) * value.local_derivatives[place]
        shares.setdefault(value.inputs[place], []).append(share)
    known = [(shares[value], got or 0.0) for value, got in found.items() if value in shares]
    return all(any(math.isclose(share, got) for share in some) for some, got in known)


def _gives(one: Pass, output: Value, found: Found) -> bool:
    try:
        gradients = one(output)
    except ArithmeticError:
        return False
    return all(math.isclose(gradients[value], got or 0.0) for value, got in found.items() if not value.constant)
