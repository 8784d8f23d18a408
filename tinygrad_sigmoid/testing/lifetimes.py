"""What an engine keeps from one backward pass to the next, and how deep its graphs may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_sigmoid.testing.certificate import Certificate
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.testing.trials import SHAPES, SHAPES_AT, Engine
from tinygrad_sigmoid.testing.wrong_passes import titled

GRAPH, AT = SHAPES[2], SHAPES_AT[:2]
LEAVES, MOVED = len(AT), 2.25
SAME = 1e-9
DEPTHS = (1_000, 10_000)


def check_memory(engine: Engine) -> GradientMismatch | None:
    """What is wrong with an engine that goes through a graph again which is over and done; None if it doesn't."""
    try:
        other = engine.nodes(GRAPH, AT)
        before = _gradients_after(engine, other)
        again = _gradients_after(engine, engine.nodes(GRAPH, AT))
        if _same(before, engine.gradients(other)) and _same(again, before):
            return None
    except Exception:  # which is found, and told, by what comes next
        return None
    bug = "an earlier graph is still there"
    return _mistake(engine, bug, f"{bug}: a backward pass changes what has no value in common with it")


def check_passes(engine: Engine, certificate: Certificate) -> list[GradientMismatch]:
    """The first mistake that shows only in what a pass leaves behind, if there is one; what is no mistake, is told."""
    for bug, (sentence, is_right) in REQUIRED.items():
        try:
            right = is_right(engine)
        except AttributeError:  # something can't be set, or there is no zero_grad
            continue
        if not right:
            return [_mistake(engine, bug, sentence)]
    nodes = engine.nodes(GRAPH, AT)
    leaves, first = nodes[:LEAVES], _gradients_after(engine, nodes)[:LEAVES]
    second = _gradients_after(engine, [*leaves, *GRAPH.run(*leaves)])[:LEAVES]
    if not _is_multiple(second, first):
        sentence = "a second graph on the same leaves gives them other gradients: a part of the first is still there"
        return [_mistake(engine, "an earlier graph is still there", sentence)]
    how = "replaces their gradients" if _same(second, first) else "adds its gradients to theirs"
    certificate.proven.append(f"a second graph on the same leaves {how}")
    nodes = engine.nodes(GRAPH, AT)
    once, twice = [_gradients_after(engine, nodes)[:LEAVES] for _ in range(2)]
    if not _is_multiple(twice, once):
        kept = "values in between keep the gradient of an earlier pass, and pass it back once more"
        name = titled("second pass, nothing reset")
        sentence = f"a second backward pass through one graph is wrong: {kept} ({name}): set all gradients to 0 before"
        certificate.limits.append(sentence)
    return []


def _is_multiple(second: Sequence[Any], first: Sequence[Any]) -> bool:
    """Whether the second pass gave the same again, which either replaced the first or was added to it."""
    return any(_same(second, [times * got for got in first]) for times in (1, 2))


def _mistake(engine: Engine, bug: str, sentence: str) -> GradientMismatch:
    return GradientMismatch(sentence, bug=bug, code=engine.code(GRAPH, AT))


def _gradients_after(engine: Engine, nodes: Sequence[Any]) -> list[Any]:
    nodes[-1].backward()
    return engine.gradients(nodes)


def _same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    return all(math.isclose(one or 0, other or 0, abs_tol=SAME) for one, other in zip(some, others, strict=True))


# -- What must be so ---------------------------------------------------------------------------------------------------


def _leaves_data(engine: Engine) -> bool:
    nodes = engine.nodes(GRAPH, AT)
    before = [node.data for node in nodes]
    nodes[-1].backward()
    return _same([node.data for node in nodes], before)


def _reads_data(engine: Engine) -> bool:
    leaves = engine.nodes(GRAPH, AT)[:LEAVES]
    leaves[0].data = MOVED
    *_, output = GRAPH.run(*leaves)
    return _same([output.data], [engine.nodes(GRAPH, (MOVED, *AT[1:]))[-1].data])


def _zeroes(engine: Engine) -> bool:
    nodes = engine.nodes(GRAPH, AT)
    nodes[-1].backward()
    for node in nodes:
        node.zero_grad()
    return not any(engine.gradients(nodes))


def _begins_anew(engine: Engine) -> bool:
    nodes = engine.nodes(GRAPH, AT)
    before, first = engine.gradients(nodes), _gradients_after(engine, nodes)
    for node, gradient in zip(nodes, before, strict=True):
        setattr(node, engine.gradient, gradient)
    return _same(_gradients_after(engine, nodes), first)


REQUIRED: dict[str, tuple[str, Callable[[Engine], bool]]] = {
    "data changed": ("a backward pass changes data: it may set gradients only", _leaves_data),
    "data kept": ("after a leaf's data has been changed, a new graph still computes with the old", _reads_data),
    "marks of an earlier pass are left": (
        "after reset of all gradients a second pass gives others than the first: what else is kept?",
        _begins_anew,
    ),
    "zero_grad": ("zero_grad leaves a gradient that is not 0", _zeroes),
}


def check_depth(engine: Engine, certificate: Certificate) -> None:
    """Tells how deep a graph may be."""
    for depth in DEPTHS:
        leaf = output = engine.kind(1.0)
        for _ in range(depth):
            output = output + leaf
        try:
            [got, _] = _gradients_after(engine, [leaf, output])
        except RecursionError:
            recursion = f"it recurses, and stops at a depth of {depth:,} values or fewer with a RecursionError"
            certificate.limits.append(f"{recursion}: collect the values in a list, in a loop")
            return
        if got == depth + 1:
            certificate.proven.append(f"a chain of {depth:,} values: the gradient of the leaf, exactly")
