"""A lowered graph as a few array operations: what can be computed at the same time, is.

Operations of one kind at one depth don't depend on each other, so they are one array operation over many rows and all
samples. Products of the same inputs with different weights are one matrix product, and gradients that are products,
summed over the samples, are another one: layers come back without anyone having said "layer".

What depends on no input of the program, as weights and constants, is kept once and not once for each sample.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

Array = NDArray[np.float64]
Places = NDArray[np.int64]
GAP = 4  # zeros behind the last gradient, for a target that changes so many parameters at a time


@dataclass(frozen=True)
class Rows:
    """Rows of a store at even distances, as a list or as a table."""

    batched: bool  # whether they are of the store that has a number for each sample; the other has one number a row
    start: int  # the first of them
    shape: tuple[int, ...]  # how many there are along each axis
    strides: tuple[int, ...]  # how many rows it is from one to the next along each axis


@dataclass(frozen=True)
class Group:
    """Operations of one kind at one depth, computed at once.

    The kinds: `"matrix"`, matrix–vector products; `"dot"`, products of pairs of rows, summed up; `"take"`, rows brought
    together; `"copy"`, single numbers copied to every sample; any other is the target's name of a function.
    """

    kind: str
    out: Rows
    operands: tuple[Rows, ...]
    places: Places | None = None  # the rows that are taken or copied


@dataclass(frozen=True)
class OuterProduct:
    """The products of each row with each of other rows, summed over the samples: a matrix product."""

    left: Rows
    right: Rows
    out: Rows  # where the sums go in the list of results, a row of them after the other


@dataclass(frozen=True)
class Plan:
    """A program as plain data."""

    inputs: int  # how many there are: the first rows of the batched store
    constants: tuple[float, ...]  # numbers that never change: the first rows of the other store
    parameters: tuple[float, ...]  # the recorded numbers of all other leaves: its next rows
    trainable: bool  # whether each gradient is that of the parameter in its place
    results: int  # how many there are: the output, then its gradients
    checked: int  # how long the list is with all that has to be finite beside them, behind a gap
    watch: int  # how many values can be asked for, sample by sample
    watched: tuple[Rows, ...]  # where they are, and then what has to be finite beside them
    outer: tuple[OuterProduct, ...]  # results that are sums of products
    summed: Rows  # whose sums over the samples are the other results
    places: Places  # where those, and what is checked beside them, go in the list of results
    groups: tuple[Group, ...]  # what is computed before, in this order
    sizes: tuple[int, int]  # how many rows the two stores have, the batched one second


def evenly(rows: Places) -> tuple[int, ...] | None:
    """The distance from one row to the next along each axis; `None` if it is not the same everywhere."""
    strides = []
    for axis in range(rows.ndim):
        steps = np.diff(rows, axis=axis)
        if steps.size and (steps != steps.flat[0]).any():
            return None
        strides.append(int(steps.flat[0]) if steps.size else 0)
    return tuple(strides)


class Planner:
    """Sorts operations into groups, and gives every number a row in one of the stores.

    A symbol goes by its place in the lowered graph here, a constant or a copy by an index after those.

    Args:
        lowered: What is planned.
        inputs: How many inputs there are.
        function_name: Gives the target's name of the function for an elementary operation.
        copied: Whether single numbers are copied to every sample before they are computed with, so that all operands
            of an operation are batched, but for the weights of a matrix–vector product.
    """

    def __init__(self, lowered: Lowered, inputs: int, function_name: Callable[[Operation], str], copied: bool) -> None:
        self.lowered = lowered
        self.inputs = inputs
        self.function_name = function_name
        self.copied = copied
        self.sizes = [0, 0]
        self.batched: dict[int, bool] = {}
        self.depth: dict[int, int] = {}
        self.row: dict[int, int] = {}
        self.constants: dict[str, int] = {}
        self.copies: dict[int, int] = {}
        self.products: dict[int, tuple[int, ...]] = {}  # gradients that are products, wanted only summed
        self.waiting: defaultdict[tuple[int, str, object], list[tuple[int, tuple[int, ...]]]] = defaultdict(list)
        self.groups: list[Group] = []
        self._new_index = count().__next__

    def plan(self, wrt: Sequence[Value], watch: Sequence[Value]) -> Plan:
        """The plan for the output, its gradients, and what is watched beside them."""
        lowered = self.lowered
        wanted, watched = [*lowered.results, *lowered.guards], [lowered.data[value] for value in watch]
        watched += lowered.lost_on_the_way(watched, topological_order(*watch))[0]
        if self.copied and lowered.guards:  # 0 times them, added up: 0, or nan
            zeros = [0.0] * len(lowered.guards)
            wanted[1 + len(wrt) :] = [lowered.record(table.dot_product, (*zeros, *lowered.guards))]
        self._new_index = count(len(lowered.symbols)).__next__
        checked = len(wanted)
        wanted += watched
        computed = [symbol for symbol in lowered.needed(wanted) if symbol.operation is not None]
        used = [*wanted, *[operand for symbol in computed for operand in symbol.inputs]]
        constants = {repr(number): number for number in used if not isinstance(number, Symbol)}
        self.constants = {text: self._new_index() for text in constants}
        self._place_leaves()
        indices = list(map(self._index, wanted))
        results, watched_indices = indices[:checked], indices[checked:]
        uses = Counter(map(self._index, used))
        only_summed = {index for index in results[1 : 1 + len(wrt)] if uses[index] == 1}
        for symbol in computed:
            self._enter(symbol, symbol.number in only_summed)
        outer = self._outer_products(results)
        places = [place for place, index in enumerate(results) if index not in self.products]
        summed = self._all_batched([results[place] for place in places])
        if not self.copied:
            self._merge_singletons()
        for (_, kind, _), members in sorted(self.waiting.items(), key=lambda group: group[0][0]):
            self._add_group(kind, members)
        return Plan(
            self.inputs,
            tuple(constants.values()),
            tuple([leaf.data for leaf in lowered.arguments[self.inputs :]]),
            lowered.trainable,
            1 + len(wrt),
            checked + GAP,
            len(watch),
            tuple([self._rows([index]) for index in watched_indices]),
            tuple([OuterProduct(self._rows(firsts), self._rows(seconds), out) for firsts, seconds, out in outer]),
            self._rows(summed),
            np.array([place + GAP * (place > len(wrt)) for place in places], np.int64),
            tuple(self.groups),  # now that all rows have been brought together
            (self.sizes[0], self.sizes[1]),
        )

    def _place_leaves(self) -> None:
        arguments = [self._index(self.lowered.data[leaf]) for leaf in self.lowered.arguments]
        leaves = [*arguments[: self.inputs], *self.constants.values(), *arguments[self.inputs :]]
        for place, index in enumerate(leaves):
            self.batched[index] = place < self.inputs
            self.depth[index] = 0
            self.row[index] = self._new_rows(self.batched[index], (1,)).start

    def _index(self, operand: Operand) -> int:
        return operand.number if isinstance(operand, Symbol) else self.constants[repr(operand)]

    def _new_rows(self, batched: bool, shape: tuple[int, ...]) -> Rows:
        start = self.sizes[batched]
        self.sizes[batched] += math.prod(shape)
        return Rows(batched, start, shape, (*shape[1:], 1))

    def _rows(self, indices: Sequence[int] | Sequence[Sequence[int]]) -> Rows:
        """Where these numbers are; they are brought together first, if they are not at even distances."""
        shape = np.shape(indices)
        flat = np.ravel(indices).tolist()
        batched = self.batched[flat[0]]
        rows = np.array([self.row[index] for index in flat], np.int64).reshape(shape)
        strides = evenly(rows)
        if strides is not None:
            return Rows(batched, int(rows.flat[0]), shape, strides)
        out = self._new_rows(batched, shape)
        self.groups.append(Group("take", out, (), rows))
        return out

    def _enter(self, symbol: Symbol, only_summed: bool) -> None:
        """Notes an operation for the group that it belongs to."""
        index, operation, operands = symbol.number, symbol.operation, tuple(map(self._index, symbol.inputs))
        assert operation is not None, "arguments have their rows already"
        if operation is table.dot_product:
            self._enter_dot(index, operands)
        elif only_summed and operation is table.multiply and all(self.batched[used] for used in operands):
            self.products[index] = operands
        else:
            if operation is table.fixed_power and isinstance(symbol.inputs[1], float) and symbol.inputs[1] == 2.0:
                operation, operands = table.multiply, (operands[0], operands[0])
            if self.copied:
                operands = self._all_batched(operands)
            alike = tuple([self.batched[used] for used in operands])
            self._wait(index, self.function_name(operation), alike, operands)

    def _enter_dot(self, index: int, operands: tuple[int, ...]) -> None:
        half = len(operands) // 2
        left, right = self._of_one_kind(operands[:half]), self._of_one_kind(operands[half:])
        if self.batched[left[0]] and not self.batched[right[0]]:
            left, right = right, left  # the weights first
        if self.copied and not self.batched[right[0]]:
            left, right = self._all_batched(left), self._all_batched(right)
        batched = self.batched[left[0]], self.batched[right[0]]
        if batched == (False, True):
            self._wait(index, "matrix", right, left + right)
        else:
            self._wait(index, "dot", (half, *batched), left + right)

    def _wait(self, index: int, kind: str, alike: object, operands: tuple[int, ...]) -> None:
        """Adds an operation to the group of those of one kind and depth whose operands are alike."""
        self.batched[index] = kind == "copy" or any(self.batched[used] for used in operands)
        self.depth[index] = 1 + max(self.depth[used] for used in operands)
        self.waiting[self.depth[index], kind, alike].append((index, operands))

    def _of_one_kind(self, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The same operands, all batched if one is."""
        return operands if len({self.batched[used] for used in operands}) == 1 else self._all_batched(operands)

    def _all_batched(self, operands: Iterable[int]) -> tuple[int, ...]:
        """The same operands, those that are not batched being copied to every sample."""
        for used in operands:
            if not self.batched[used] and used not in self.copies:
                self.copies[used] = self._new_index()
                self._wait(self.copies[used], "copy", None, (used,))
        return tuple([self.copies.get(used, used) for used in operands])

    def _merge_singletons(self) -> None:
        """Puts short products that share their inputs with no other into one group of plain sums of products."""
        for (depth, kind, right), members in list(self.waiting.items()):
            if kind == "matrix" and len(members) == 1 and isinstance(right, tuple) and len(right) < 8:
                del self.waiting[depth, kind, right]
                self.waiting[depth, "dot", (len(right), False, True)] += members

    def _add_group(self, kind: str, members: list[tuple[int, tuple[int, ...]]]) -> None:
        indices, operands = zip(*members, strict=True)
        half = len(operands[0]) // 2
        rows: list[Rows] = []
        places = None
        if kind == "copy":
            places = np.array([self.row[used] for (used,) in operands], np.int64)
        elif kind in ("matrix", "dot"):
            rows = [self._rows([both[:half] for both in operands])]
            rows += [self._rows(operands[0][half:] if kind == "matrix" else [both[half:] for both in operands])]
        else:
            rows = [self._rows(used) for used in zip(*operands, strict=True)]
        out = self._new_rows(self.batched[indices[0]], (len(indices),))
        self.row.update(zip(indices, count(out.start)))
        self.groups.append(Group(kind, out, tuple(rows), places))

    def _outer_products(self, results: Sequence[int]) -> list[tuple[list[int], list[int], Rows]]:
        """Values that are each multiplied with all of other values, those values, and the places of the sums.

        Products that make no table of the results, row after row, are left to be computed like anything else.
        """
        partners: defaultdict[int, dict[int, int]] = defaultdict(dict)
        for place, index in enumerate(results):
            if index in self.products:
                first, second = self.products[index]
                partners[first][second] = place
        tables: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for first, place_of in partners.items():
            tables[tuple(place_of)].append(first)
        outer = []
        for seconds, firsts in tables.items():
            places = np.array([[partners[first][second] for second in seconds] for first in firsts], np.int64)
            strides = evenly(places)
            one_row = len(firsts) == 1 and len(seconds) > 3
            if strides is not None and strides[1] == 1 and (one_row or strides[0] >= len(seconds)):
                outer.append((firsts, list(seconds), Rows(False, int(places[0, 0]), places.shape, strides)))
            else:
                for index in [results[place] for place in places.ravel().tolist()]:
                    self._wait(index, self.function_name(table.multiply), (True, True), self.products.pop(index))
        return outer
