"""Wrong backward passes over our graphs, each written as its author might, and the name that each must get."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tinygrad_sigmoid import Value
from tinygrad_sigmoid.graph import leaves, topological_order

Gradients = dict[Value, float]
Backward = Callable[[Value], Gradients | None]


class Wrong(NamedTuple):
    """A wrong backward pass, and the name that it must get; empty where it has none."""

    backward: Backward
    bug: str


WRONG: dict[str, Wrong] = {}


def wrong(bug: str) -> Callable[[Backward], Backward]:
    def kept(backward: Backward) -> Backward:
        WRONG[backward.__name__] = Wrong(backward, bug)
        return backward

    return kept


def edges(value: Value) -> list[tuple[Value, float]]:
    return [
        (used, local) for used, local in zip(value.inputs, value.local_derivatives, strict=True) if not used.constant
    ]


def fresh(output: Value) -> Gradients:
    return dict.fromkeys(topological_order(output), 0.0) | {output: 1.0}


def pass_back(value: Value, gradients: Gradients) -> None:
    for used, local in edges(value):
        gradients[used] += gradients[value] * local


def last_first(output: Value) -> Iterable[Value]:
    return reversed(topological_order(output))


# -- The order ---------------------------------------------------------------------------------------------------------


@wrong("naive recursion")
def recursion(output: Value) -> Gradients:
    gradients = fresh(output)

    def visit(value: Value) -> None:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
            visit(used)

    visit(output)
    return gradients


@wrong("naive recursion")
def recursion_after_all_inputs(output: Value) -> Gradients:
    gradients = fresh(output)

    def visit(value: Value) -> None:
        pass_back(value, gradients)
        for used, _ in edges(value):
            visit(used)

    visit(output)
    return gradients


@wrong("naive recursion")
def recursion_from_the_last_input(output: Value) -> Gradients:
    gradients = fresh(output)

    def visit(value: Value) -> None:
        for used, local in reversed(edges(value)):
            gradients[used] += gradients[value] * local
            visit(used)

    visit(output)
    return gradients


@wrong("depth first, visited set")
def depth_first(output: Value) -> Gradients:
    gradients, visited = fresh(output), set()

    def visit(value: Value) -> None:
        if value in visited:
            return
        visited.add(value)
        pass_back(value, gradients)
        for used, _ in edges(value):
            visit(used)

    visit(output)
    return gradients


@wrong("depth first, visited set")
def depth_first_edge_by_edge(output: Value) -> Gradients:
    gradients, visited = fresh(output), set()

    def visit(value: Value) -> None:
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                visit(used)

    visit(output)
    return gradients


@wrong("depth first, stack")
def a_stack(output: Value) -> Gradients:
    gradients, stack, visited = fresh(output), [output], set()
    while stack:
        value = stack.pop()
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                stack.append(used)
    return gradients


@wrong("depth first, stack")
def a_stack_that_marks_early(output: Value) -> Gradients:
    gradients, stack, visited = fresh(output), [output], {output}
    while stack:
        value = stack.pop()
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
            if used not in visited:
                visited.add(used)
                stack.append(used)
    return gradients


@wrong("breadth first")
def a_queue(output: Value) -> Gradients:
    gradients, queue, visited = fresh(output), [output], set()
    while queue:
        value = queue.pop(0)
        if value not in visited:
            visited.add(value)
            for used, local in edges(value):
                gradients[used] += gradients[value] * local
                queue.append(used)
    return gradients


@wrong("breadth first")
def a_queue_that_marks_early(output: Value) -> Gradients:
    gradients, queue, visited = fresh(output), [output], {output}
    for value in queue:
        for used, local in edges(value):
            gradients[used] += gradients[value] * local
            if used not in visited:
                visited.add(used)
                queue.append(used)
    return gradients


@wrong("post-order, not reversed")
def not_reversed(output: Value) -> Gradients:
    gradients = fresh(output)
    for value in topological_order(output):
        pass_back(value, gradients)
    return gradients


@wrong("post-order, not reversed")
def only_from_the_output(output: Value) -> Gradients:
    gradients = fresh(output)
    for used, local in edges(output):
        gradients[used] += local
    return gradients


@wrong("the output does not pass its gradient back")
def without_the_last(output: Value) -> Gradients:
    gradients = fresh(output)
    for value in reversed(topological_order(output)[:-1]):
        pass_back(value, gradients)
    return gradients


@wrong("")
def in_random_order(output: Value) -> Gradients:
    gradients, order = fresh(output), topological_order(output)
    random.Random(4).shuffle(order)
    for value in order:
        pass_back(value, gradients)
    return gradients


@wrong("values with equal data are taken for one")
def equal_data_once(output: Value) -> Gradients:
    gradients, seen = fresh(output), set()
    for value in last_first(output):
        if value.data not in seen:
            seen.add(value.data)
            pass_back(value, gradients)
    return gradients


# -- Sums and shares ---------------------------------------------------------------------------------------------------

Sum = Callable[[float, float], float]
Share = Callable[[float, float], float]


def passing(
    bug: str,
    name: str,
    add: Sum = lambda a, b: a + b,
    share: Share = lambda g, d: g * d,
    seed: float = 1.0,
    start: float = 0.0,
) -> None:
    """Keeps the right pass with another sum, another share or another beginning."""

    def backward(output: Value) -> Gradients:
        gradients = dict.fromkeys(topological_order(output), start) | {output: seed}
        for value in last_first(output):
            for used, local in edges(value):
                gradients[used] = add(gradients[used], share(gradients[value], local))
        return gradients

    WRONG[name] = Wrong(backward, bug)


passing("= for +=", "assigned", add=lambda a, b: b)
passing("only the first use kept", "first only", add=lambda a, b: a or b)
passing("the largest use kept", "maximum", add=max)
passing("the largest use kept", "largest", add=lambda a, b: max(a, b, key=abs))
passing("-= for +=", "subtracted", add=lambda a, b: a - b)
passing("*= for +=", "multiplied", add=lambda a, b: a * b, start=1.0)
passing("the output's gradient is never set to 1", "no seed", seed=0.0)
passing("the output's gradient begins with 2", "seed 2", seed=2.0)
passing("the output's gradient begins with −1", "seed -1", seed=-1.0)
passing("gradients begin with 1, not with 0", "ones", start=1.0)
passing("the upstream gradient is left out", "no upstream", share=lambda g, d: d)
passing("the local derivative is left out", "no local", share=lambda g, d: g)
passing("upstream + local, not upstream · local", "plus", share=lambda g, d: g + d)
passing("upstream / local, not upstream · local", "divided", share=lambda g, d: g / d if d else 0.0)
passing("absolute values", "absolute", share=lambda g, d: g * abs(d))
passing("the local derivative squared", "squared", share=lambda g, d: g * d * d)
passing("negative shares left out", "positive shares", share=lambda g, d: max(g * d, 0.0))
passing("negative shares left out", "positive upstream", share=lambda g, d: max(g, 0.0) * d)
passing("each share halved", "halved", share=lambda g, d: g * d / 2)
passing("each share doubled", "doubled", share=lambda g, d: g * d * 2)
passing("clipped to ±1", "clipped shares", share=lambda g, d: max(-1.0, min(1.0, g * d)))
passing("clipped to ±1", "clipped sums", add=lambda a, b: max(-1.0, min(1.0, a + b)))
passing("", "rounded", share=lambda g, d: round(g * d, 3))
passing("", "a little off", share=lambda g, d: g * d * (1 + 1e-9))


@wrong("clipped to ±1")
def clipped_gradients(output: Value) -> Gradients:
    gradients = fresh(output)
    for value in last_first(output):
        gradients[value] = max(-1.0, min(1.0, gradients[value]))
        pass_back(value, gradients)
    return gradients


def with_slopes(bug: str, name: str, slopes: Callable[[Value], Iterable[float]]) -> None:
    """Keeps the right pass with other local derivatives."""

    def backward(output: Value) -> Gradients:
        gradients = fresh(output)
        for value in last_first(output):
            for used, local in zip(value.inputs, slopes(value), strict=True):
                gradients[used] += gradients[value] * local
        return gradients

    WRONG[name] = Wrong(backward, bug)


def each_once(value: Value) -> list[float]:
    pairs = zip(value.inputs, value.local_derivatives, strict=True)
    return [0.0 if used in value.inputs[:place] else local for place, (used, local) in enumerate(pairs)]


with_slopes("the local derivatives of the inputs swapped", "swapped", lambda v: v.local_derivatives[::-1])
with_slopes("the first local derivative for all inputs", "first", lambda v: [v.local_derivatives[0] for _ in v.inputs])
with_slopes("the last local derivative for all inputs", "last", lambda v: [v.local_derivatives[-1] for _ in v.inputs])
with_slopes("the data of the input for the local derivative", "input data", lambda v: [used.data for used in v.inputs])
with_slopes("the data of the output for the local derivative", "own data", lambda v: [v.data for _ in v.inputs])
with_slopes("a set for a list of inputs", "a set", each_once)


# -- Several passes ----------------------------------------------------------------------------------------------------


@wrong("second pass, nothing reset")
def adds_everywhere(output: Value) -> None:
    output.grad = 1.0
    for value in last_first(output):
        for used, local in edges(value):
            used.grad = (used.grad or 0.0) + (value.grad or 0.0) * local


@wrong("a leaf's gradient doesn't add up over passes")
def replaces_leaves(output: Value) -> None:
    output.zero_grad()
    output.backward()


@wrong("second pass, nothing reset")
def passes_twice(output: Value) -> Gradients:
    gradients = fresh(output)
    for _ in range(2):
        gradients[output] = 1.0
        for value in last_first(output):
            pass_back(value, gradients)
    return gradients


@wrong("second pass, leaves reset")
def passes_twice_with_fresh_leaves(output: Value) -> Gradients:
    gradients = fresh(output)
    for _ in range(2):
        gradients |= dict.fromkeys(leaves(output), 0.0) | {output: 1.0}
        for value in last_first(output):
            pass_back(value, gradients)
    return gradients


@wrong("")
def changes_data(output: Value) -> None:
    output.backward()
    for leaf in leaves(output):
        if not leaf.constant:
            leaf.data -= 0.5
