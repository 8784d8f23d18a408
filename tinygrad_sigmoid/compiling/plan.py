"""A lowered graph as a few array operations: what can be computed at the same time, is.

Operations of one kind at one depth don't depend on each other, so they are one array operation over many rows and all
samples. Products of the same inputs with different weights are one matrix product, and gradients that are products,
summed over the samples, are another one: layers come back without anyone having said "layer".

What depends on no input of the program, as weights and constants, is kept once and not once for each sample.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from tinygrad_sigmoid import operations as table
from tinygrad_sigmoid.compiling.lowering import Lowered, Operand, Symbol
from tinygrad_sigmoid.graph import topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.value import Value

Places = Sequence[int]
Kind = str | Operation
_ONE = (1,)  # shared, because a deep graph has many single rows


class Rows(NamedTuple):
    """Rows of a store at even distances, as a list or as a table."""

    batched: bool  # whether they are of the store that has a number for each sample; the other has one number a row
    start: int  # the first of them
    shape: tuple[int, ...]  # how many there are along each axis
    strides: tuple[int, ...]  # how many rows it is from one to the next along each axis


class Group(NamedTuple):
    """Operations of one kind at one depth, computed at once.

    The kinds: `"matrix"`, matrix–vector products, each added to a bias; `"dot"`, products of pairs of rows, summed up;
    `"take"`, rows brought together; `"copy"`, single numbers copied to every sample; `"complement"`, σ(−z) from e^−z
    and σ(z); any other is an elementary operation.
    """

    kind: Kind
    out: Rows
    operands: tuple[Rows, ...]
    places: Places | None = None  # the rows that are taken or copied


class OuterProduct(NamedTuple):
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
    watch: int  # how many values can be asked for, sample by sample
    watched: tuple[Rows, ...]  # where they are, and then what has to be finite beside them
    outer: tuple[OuterProduct, ...]  # results that are sums of products
    summed: Places  # rows of the batched store whose sums over the samples are the other results
    places: Places  # where those go in the list of results
    guards: Places  # rows of the batched store that have to be finite beside the results
    groups: tuple[Group, ...]  # what is computed before, in this order
    sizes: tuple[int, int]  # how many rows the two stores have, the batched one second


def _steps(lines: Sequence[Sequence[int]]) -> tuple[int, int] | None:
    """How far it is from one line of a table to the next, and along a line; `None` if not the same everywhere."""
    down, along = _step([line[0] for line in lines]), _step(lines[0])
    if down is None or along is None or any(_step(line) != along for line in lines):
        return None
    return down, along


def _step(rows: Sequence[int]) -> int | None:
    if len(rows) == 1:
        return 0
    step = rows[1] - rows[0]
    even = range(rows[0], rows[0] + step * len(rows), step) if step else [rows[0]] * len(rows)
    return step if list(rows) == list(even) else None


def _complements(lowered: Lowered) -> set[int]:
    """The numbers of symbols 1/(1 + e^z) that from now on are computed from e^−z and 1/(1 + e^−z), where those are."""
    found: dict[tuple[int, bool], tuple[Symbol, Symbol]] = {}  # by z, and whether it is −z that is the exponent
    complements = set()
    for symbol in lowered.computed:
        match symbol:
            case Symbol(
                operation=table.divide,
                inputs=(
                    float() as one,
                    Symbol(
                        operation=table.add,
                        inputs=(float() as other, Symbol(operation=table.exp, inputs=(Symbol() as z,)) as power),
                    ),
                ),
            ) if one == other == 1.0:
                negated = z.operation is table.negate
                inner = z.inputs[0] if negated else z
                assert isinstance(inner, Symbol), "what is computed from a constant is a constant"
                key = inner.number
                if (key, not negated) in found:
                    symbol.inputs = found[key, not negated]
                    complements.add(symbol.number)
                else:
                    found[key, negated] = power, symbol
    return complements


class Planner:
    """Sorts operations into groups, and gives every number a row in one of the stores.

    A symbol goes by its place in the lowered graph here, a constant or a copy by an index after those. Single numbers
    are copied to every sample before they are computed with, but for the weights of a matrix–vector product: so all
    that is computed is batched.
    """

    def __init__(self, lowered: Lowered, inputs: int) -> None:
        self.lowered = lowered
        self.inputs = inputs
        self.sizes = [0, 0]
        self.depth = array("i")  # 0 for a single number, 1 for an input or a copy: what is batched is above 0
        self.row: list[int] = []
        self.constants: dict[str, int] = {}  # by their digits, because 0.0 and −0.0 are not the same
        self.copies: dict[int, int] = {}
        self.complements: set[int] = set()
        self.products: defaultdict[int, dict[int, int]] = defaultdict(dict)  # places of results that are nothing else
        self.tabled: set[int] = set()  # places of those that outer products compute
        self.waiting: dict[int, tuple[Kind, tuple[int, ...]]] = {}  # what is computed, and from what
        self.alone: list[Rows | None] = []  # what is computed by itself
        self.groups: list[Group] = []
        self.level = 0  # the depth at which groups are being added
        self.last_use: dict[int, float] = {}  # the depth at which each is read for the last time
        self.used_up: defaultdict[float, list[tuple[int, int]]] = defaultdict(list)  # blocks to be free after a depth
        self.free: defaultdict[int, list[int]] = defaultdict(list)  # blocks that are free now: first rows, by length

    def plan(self, wrt: Sequence[Value], watch: Sequence[Value]) -> Plan:
        """The plan for the output, its gradients, and what is watched beside them."""
        lowered = self.lowered
        watched = [lowered.data[value] for value in watch]
        watched += lowered.lost_on_the_way(watched, topological_order(*watch))[0]
        self.complements = _complements(lowered)  # only now: they no longer show an infinity in what they divide by
        self._enter_all([*lowered.results, *lowered.guards], watched, len(wrt))
        results, seen = list(map(self._index, lowered.results)), list(map(self._index, watched))
        outer = self._outer_products(results)
        places = tuple([place for place in range(len(results)) if place not in self.tabled])
        summed = self._all_batched([results[place] for place in places])
        guards = self._all_batched(list(map(self._index, lowered.guards)))
        self._place_leaves()
        multiplied = [index for firsts, seconds, _ in outer for index in (*firsts, *seconds)]
        self._add_groups([*summed, *guards, *seen, *multiplied])
        return Plan(
            self.inputs,
            tuple(map(float, self.constants)),
            tuple([leaf.data for leaf in lowered.arguments[self.inputs :]]),
            lowered.trainable,
            1 + len(wrt),
            len(watch),
            tuple([self._rows([index]) for index in seen]),
            tuple([OuterProduct(self._rows(firsts), self._rows(seconds), out) for firsts, seconds, out in outer]),
            tuple([self.row[index] for index in summed]),
            places,
            tuple([self.row[index] for index in guards]),
            tuple(self.groups),  # now that all rows have been brought together
            (self.sizes[0], self.sizes[1]),
        )

    def _enter_all(self, wanted: Sequence[Operand], watched: Sequence[Operand], gradients: int) -> None:
        """Notes each operation for the group that it belongs to; a gradient used for nothing else may be a product."""
        lowered = self.lowered
        self.depth = array("i", [1] * self.inputs + [0] * (len(lowered.symbols) - self.inputs))
        self.uses = uses = lowered.uses([*wanted, *watched])
        place_of = {used.number: place for place, used in enumerate(wanted) if type(used) is Symbol}
        for symbol in lowered.computed:
            if not (times_used := uses[symbol.number]):
                continue
            operands = tuple([used.number if type(used) is Symbol else self._index(used) for used in symbol.inputs])
            place = place_of.get(symbol.number, 0) if times_used == 1 and symbol.operation is table.multiply else 0
            if 0 < place <= gradients and self.depth[operands[0]] and self.depth[operands[1]]:
                self.products[operands[0]][operands[1]] = place
            else:
                self._enter(symbol, operands)

    def _index(self, operand: Operand) -> int:
        if type(operand) is Symbol:
            return operand.number
        index = self.constants.setdefault(repr(operand), len(self.depth))
        if index == len(self.depth):
            self.depth.append(0)
        return index

    def _enter(self, symbol: Symbol, operands: tuple[int, ...]) -> None:
        index, operation = symbol.number, symbol.operation
        assert operation is not None, "arguments have their rows already"
        if operation is table.dot_product:
            half = len(operands) // 2
            left, right = sorted([operands[:half], operands[half:]], key=self._any_batched)  # the weights first
            if self._any_batched(right) and not self._any_batched(left):
                self._wait(index, "matrix", (*left, *self._all_batched(right), self._index(0.0)))
            else:
                self._wait(index, "dot", self._all_batched(operands))
        elif operation is table.add and (biased := self._biased(*operands) or self._biased(*reversed(operands))):
            self._wait(index, "matrix", biased)
        else:
            if operation is table.fixed_power and operands[1] == self.constants.get("2.0"):
                operation, operands = table.multiply, operands[:1] * 2
            self._wait(index, "complement" if index in self.complements else operation, self._all_batched(operands))

    def _biased(self, product: int, bias: int) -> tuple[int, ...] | None:
        """The operands of a matrix–vector product with a bias, if these two are a product without one, and a bias."""
        kind, operands = self.waiting.get(product, ("", ()))
        if kind != "matrix" or operands[-1] != self._index(0.0) or self.uses[product] > 1 or self.depth[bias]:
            return None
        del self.waiting[product]
        return (*operands[:-1], bias)

    def _wait(self, index: int, kind: Kind, operands: tuple[int, ...]) -> None:
        self.depth[index] = 1 + max([self.depth[used] for used in operands])
        self.waiting[index] = kind, operands

    def _any_batched(self, operands: tuple[int, ...]) -> bool:
        return any(self.depth[used] for used in operands)

    def _all_batched(self, operands: Sequence[int]) -> tuple[int, ...]:
        """The same operands, those that are not batched being copied to every sample."""
        return tuple([used if self.depth[used] else self._copy(used) for used in operands])

    def _copy(self, number: int) -> int:
        index = self.copies.setdefault(number, len(self.depth))
        if index == len(self.depth):
            self.depth.append(0)
            self._wait(index, "copy", (number,))
        return index

    def _outer_products(self, results: Sequence[int]) -> list[tuple[list[int], tuple[int, ...], Rows]]:
        """Values that are each multiplied with all of other values, those values, and the places of the sums.

        Products that make no table of the results, row after row, are left to be computed like anything else.
        """
        tables: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for first, place_of in self.products.items():
            tables[tuple(place_of)].append(first)
        outer = []
        for seconds, firsts in tables.items():
            lines = [list(self.products[first].values()) for first in firsts]
            down, along = _steps(lines) or (0, 0)
            one_row = len(firsts) == 1 and len(seconds) > 3
            if along == 1 and (one_row or down >= len(seconds)):
                outer.append((firsts, seconds, Rows(False, lines[0][0], (len(firsts), len(seconds)), (down, along))))
                self.tabled.update(*lines)
                continue
            for first, line in zip(firsts, lines, strict=True):
                for second, place in zip(seconds, line, strict=True):
                    self._wait(results[place], table.multiply, (first, second))
        return outer

    def _place_leaves(self) -> None:
        """Gives rows to the inputs in the batched store; in the other to constants, then to parameters."""
        numbers = range(len(self.constants), len(self.constants) + len(self.lowered.arguments) - self.inputs)
        self.row = [*range(self.inputs), *numbers]
        self.row += [0] * (len(self.depth) - len(self.row))
        self.alone = [None] * len(self.row)
        for place, index in enumerate(self.constants.values()):
            self.row[index] = place
        self.sizes = [numbers.stop, self.inputs]

    def _add_groups(self, kept: Sequence[int]) -> None:
        """Adds the groups level by level; rows of which nothing more is read are used again, but for what is kept."""
        depth_of = self.depth.__getitem__
        indices = sorted(self.waiting, key=depth_of)
        for index in indices:
            self.last_use.update(dict.fromkeys(self.waiting[index][1], depth_of(index)))
        self.last_use.update(dict.fromkeys(kept, math.inf))
        for depth, level in groupby(indices, depth_of):
            self.level = depth
            groups: defaultdict[object, list[int]] = defaultdict(list)
            for index in level:
                kind, operands = self.waiting[index]
                shared = operands[len(operands) // 2 : -1] if kind == "matrix" else len(operands)
                groups[kind, shared].append(index)
            for group in groups.values():
                self._add_group(group)
            for start, count in self.used_up.pop(depth, ()):
                self.free[count].append(start)

    def _add_group(self, indices: list[int]) -> None:
        kind = self.waiting[indices[0]][0]
        operands = [self.waiting.pop(index)[1] for index in indices]
        half = len(operands[0]) // 2
        rows: tuple[Rows, ...] = ()
        if kind == "matrix":
            weights, biases = [given[:half] for given in operands], [given[-1] for given in operands]
            rows = self._table(weights), self._rows(operands[0][half:-1]), self._rows(biases)
        elif kind == "dot":
            rows = self._table([both[:half] for both in operands]), self._table([both[half:] for both in operands])
        elif kind != "copy":
            rows = tuple([self._rows(used) for used in zip(*operands, strict=True)])
        places = tuple([self.row[number] for (number,) in operands]) if kind == "copy" else None
        shape = (len(indices),) if len(indices) > 1 else _ONE
        out = self._new_rows(True, shape, max([self.last_use[index] for index in indices]))
        self.groups.append(Group(kind, out, rows, places))
        if len(indices) == 1:
            self.row[indices[0]], self.alone[indices[0]] = out.start, out
        for row, index in enumerate(indices if len(indices) > 1 else (), out.start):
            self.row[index] = row

    def _new_rows(self, batched: bool, shape: tuple[int, ...], until: float) -> Rows:
        """New rows, or free ones of the batched store; after the level `until` nothing reads them."""
        count = math.prod(shape)
        if batched and self.free[count]:
            start = self.free[count].pop()
        else:
            start = self.sizes[batched]
            self.sizes[batched] += count
        if batched:
            self.used_up[until].append((start, count))
        return Rows(batched, start, shape, _ONE if len(shape) == 1 else (shape[1], 1))

    def _rows(self, indices: Sequence[int]) -> Rows:
        """Where these numbers are; they are brought together first, if they are not at even distances."""
        if len(indices) == 1 and (alone := self.alone[indices[0]]):
            return alone
        rows = [self.row[index] for index in indices]
        step = _step(rows)
        return self._at(indices[0], rows, (len(rows),), None if step is None else (step,))

    def _table(self, indices: Sequence[Sequence[int]]) -> Rows:
        """The same for a table of numbers."""
        lines = [[self.row[index] for index in line] for line in indices]
        rows = [row for line in lines for row in line]
        return self._at(indices[0][0], rows, (len(lines), len(lines[0])), _steps(lines))

    def _at(self, first: int, rows: list[int], shape: tuple[int, ...], strides: tuple[int, ...] | None) -> Rows:
        batched = self.depth[first] > 0
        if strides is not None:
            return Rows(batched, rows[0], shape, strides)
        self.groups.append(Group("take", self._new_rows(batched, shape, self.level), (), tuple(rows)))
        return self.groups[-1].out
