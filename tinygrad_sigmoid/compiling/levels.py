"""A tape as a few array operations: what can be computed at the same time, is.

Instructions of one operation at one depth don't depend on each other, so they are one NumPy call over instructions and
samples. Products of the same inputs with different weights are one matrix product, and gradients that are products,
summed over the samples, are another one: layers come back without anyone having said "layer".

What depends on no input of the program, as weights and constants, is kept once and not once for each sample.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from tinygrad_sigmoid.compiling.arrays import Array, ArrayProgram, Numbers
from tinygrad_sigmoid.compiling.tape import Tape

_CACHE = 1 << 20  # bytes that stay near the processor while a batch is worked through

_UFUNC: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "negate": np.negative,
    "general_power": np.power,
    "sin": np.sin,
    "cos": np.cos,
    "fixed_power": np.power,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "absolute": np.absolute,
    "maximum": lambda a, b, out: np.maximum(a, b, out=out),
    "minimum": lambda a, b, out: np.minimum(a, b, out=out),
    "heaviside": lambda x, out: np.greater(x, 0.0, out),
    "copy": np.positive,
}


@dataclass(frozen=True)
class Rows:
    """Rows of the batched store (a row of samples each) or of the other one (one number each)."""

    batched: bool
    numbers: Numbers


@dataclass(frozen=True)
class Group:
    """Instructions of one operation at one depth: their results and their operands, as rows."""

    name: str
    out: Rows
    operands: tuple[Rows, ...]


@dataclass(frozen=True)
class Total:
    """Results, each a sum over the samples.

    Attributes:
        kind: `"outer"`: the products of every row of one operand with every row of another, a matrix product;
            `"inner"`: those of each row with its partner; `"sum"`: the rows themselves.
        operands: One or two.
        places: Where the sums go in the list of results, an array with the shape of the sums.
    """

    kind: str
    operands: tuple[Rows, ...]
    places: Numbers


@dataclass(frozen=True)
class Plan:
    """The groups of a tape, in an order in which they can be computed.

    Attributes:
        groups: What is computed, one array operation each.
        totals: What is summed up in the end.
        watched: The rows that can be read, one by one.
        sizes: How many rows the two stores have, the batched one second.
    """

    groups: list[Group]
    totals: list[Total]
    watched: list[Rows]
    sizes: tuple[int, int]


def planned(tape: Tape, copied: bool = False) -> Plan:
    """The plan of a tape.

    Args:
        tape: What is planned.
        copied: Whether single numbers are copied to every sample before they are computed with, so that all operands
            of an operation are batched, but for the weights of a matrix product.
    """
    return _Planner(tape, copied).plan()


class _Planner:
    """Sorts the instructions of a tape into groups and gives every slot a row in one of the stores."""

    def __init__(self, tape: Tape, copied: bool) -> None:
        self.tape = tape
        self.copied = copied
        self.sizes = [0, 0]
        self.batched = {slot: slot < tape.inputs for slot in range(tape.first)}
        self.depth = dict.fromkeys(self.batched, 0)
        self.row = {slot: self._new_row(batched) for slot, batched in self.batched.items()}
        self.copies: dict[int, int] = {}
        self.waiting: defaultdict[tuple[Any, ...], list[tuple[int, tuple[int, ...]]]] = defaultdict(list)

    def plan(self) -> Plan:
        products = self._only_summed()
        squares = {slot for slot, number in enumerate(self.tape.constants, self.first_constant) if number == 2.0}
        for slot, (name, operands) in enumerate(self.tape.instructions, self.tape.first):
            if name == "fixed_power" and operands[1] in squares:
                name, operands = "multiply", (operands[0], operands[0])
            self._enter(slot, name, operands, wait=slot not in products)
        self._unite_lonely()
        groups = [self._group(key[1], members) for key, members in sorted(self.waiting.items(), key=lambda g: g[0][0])]
        totals = [*self._product_totals(products), *self._sum_totals(products)]
        watched = [self._rows([slot]) for slot in self.tape.watched]
        return Plan(groups, totals, watched, (self.sizes[0], self.sizes[1]))

    @property
    def first_constant(self) -> int:
        return self.tape.first - len(self.tape.constants)

    def _new_row(self, batched: bool) -> int:
        self.sizes[batched] += 1
        return self.sizes[batched] - 1

    def _rows(self, slots: Any) -> Rows:
        slots = np.array(slots, np.int64)
        batched = self.batched[int(slots.flat[0])]
        return Rows(
            batched, np.array([self.row[slot] for slot in slots.ravel().tolist()], np.int64).reshape(slots.shape)
        )

    # -- Groups ------------------------------------------------------------------------------------------------------

    def _enter(self, slot: int, name: str, operands: tuple[int, ...], wait: bool = True) -> None:
        """Notes an instruction for the group that it belongs to."""
        half = len(operands) // 2
        if name == "dot_product":
            left, right = self._of_one_kind(operands[:half]), self._of_one_kind(operands[half:])
            if self.batched[left[0]] and not self.batched[right[0]]:
                left, right = right, left  # the weights first
            if self.copied and not self.batched[right[0]]:
                left, right = self._all_batched(left), self._all_batched(right)
            operands = left + right
        elif self.copied:
            operands = self._all_batched(operands)
        self.batched[slot] = any(self.batched[used] for used in operands)
        self.depth[slot] = 1 + max(self.depth[used] for used in operands)
        kinds: tuple[Any, ...] = tuple(self.batched[used] for used in operands)
        if name == "dot_product":
            kinds = (half, self.batched[left[0]], self.batched[right[0]])
            if kinds[1:] == (False, True):
                name, kinds = "weigh", right
        if wait:
            self.waiting[self.depth[slot], name, kinds].append((slot, operands))

    def _unite_lonely(self) -> None:
        """Puts short products that share their inputs with no other into one group of plain sums of products."""
        for (depth, name, right), members in [] if self.copied else list(self.waiting.items()):
            if name == "weigh" and len(members) == 1 and len(right) < 8:
                del self.waiting[depth, name, right]
                self.waiting[depth, "dot_product", (len(right), False, True)] += members

    def _of_one_kind(self, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The same operands, all batched if one is."""
        return operands if len({self.batched[used] for used in operands}) == 1 else self._all_batched(operands)

    def _all_batched(self, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The same operands, those that are not batched being copied to every sample."""
        for used in operands:
            if not self.batched[used] and used not in self.copies:
                copy = self.copies[used] = -1 - len(self.copies)
                self.batched[copy], self.depth[copy] = True, self.depth[used] + 1
                self.waiting[self.depth[copy], "copy", (False,)].append((copy, (used,)))
        return tuple(used if self.batched[used] else self.copies[used] for used in operands)

    def _group(self, name: str, members: list[tuple[int, tuple[int, ...]]]) -> Group:
        for slot, _ in members:
            self.row[slot] = self._new_row(self.batched[slot])
        half = len(members[0][1]) // 2
        if name == "weigh":
            operands = [[weights[:half] for _, weights in members], members[0][1][half:]]
        elif name == "dot_product":
            operands = [[both[:half] for _, both in members], [both[half:] for _, both in members]]
        else:
            operands = list(zip(*[used for _, used in members], strict=True))
        return Group(name, self._rows([slot for slot, _ in members]), tuple(map(self._rows, operands)))

    # -- Results -----------------------------------------------------------------------------------------------------

    def _only_summed(self) -> dict[int, tuple[int, int]]:
        """The gradients that are a product of two batched numbers and used for nothing else: slot to operands."""
        tape = self.tape
        used = {slot for _, operands in tape.instructions for slot in operands}.union(tape.watched)
        batched = set(range(tape.inputs))
        products = {}
        wanted = set(tape.results)
        for slot, (name, operands) in enumerate(tape.instructions, tape.first):
            if not batched.isdisjoint(operands):
                batched.add(slot)
            if name == "multiply" and slot in wanted and slot not in used and batched.issuperset(operands):
                products[slot] = (operands[0], operands[1])
        return products

    def _product_totals(self, products: dict[int, tuple[int, int]]) -> list[Total]:
        partners: defaultdict[int, dict[int, int]] = defaultdict(dict)
        twice = []
        for place, slot in enumerate(self.tape.results):
            if slot in products:
                first, second = products[slot]
                if second in partners[first]:
                    twice.append((place, first, second))
                partners[first].setdefault(second, place)
        grids: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
        for first, place_of in partners.items():
            grids[tuple(place_of)].append(first)
        totals = []
        pairs = twice
        for seconds, firsts in grids.items():
            if len(firsts) == 1 and len(seconds) < 4:
                pairs += [(partners[firsts[0]][second], firsts[0], second) for second in seconds]
            else:
                places = [[partners[first][second] for second in seconds] for first in firsts]
                totals.append(Total("outer", (self._rows(firsts), self._rows(seconds)), np.array(places)))
        if pairs:
            columns = list(zip(*sorted(pairs), strict=True))
            totals.append(Total("inner", (self._rows(columns[1]), self._rows(columns[2])), np.array(columns[0])))
        return totals

    def _sum_totals(self, products: dict[int, tuple[int, int]]) -> list[Total]:
        totals = []
        for batched in (False, True):
            places = [
                place
                for place, slot in enumerate(self.tape.results)
                if slot not in products and self.batched[slot] == batched
            ]
            if places:
                totals.append(Total("sum", (self._rows([self.tape.results[i] for i in places]),), np.array(places)))
        return totals


class Workspace:
    """The two stores for so many samples at a time, and every array operation bound to its views of them."""

    def __init__(self, tape: Tape, plan: Plan, samples: int) -> None:
        self.samples = samples
        self.numbers = np.empty(plan.sizes[0])
        self.batched = np.empty((plan.sizes[1], samples))
        self.results = np.empty(len(tape.results))
        self.inputs = self.batched[: tape.inputs]
        self.parameters = self.numbers[: len(tape.parameters)]
        self.numbers[len(tape.parameters) : tape.first - tape.inputs] = tape.constants
        self._steps: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        for group in plan.groups:
            self._bind(group)
        for total in plan.totals:
            self._bind_total(total)

    def run(self) -> Array:
        """The results, summed over the samples, from the inputs and parameters as they are in the stores."""
        for function, operands in self._steps:
            function(*operands)
        return self.results

    def _bind(self, group: Group) -> None:
        out = self._view(group.out)
        operands = [self._view(rows) for rows in group.operands]
        if group.name == "weigh":
            self._steps.append((np.matmul, (*operands, out)))
        elif group.name == "dot_product":
            if group.out.batched and not group.operands[0].batched:
                operands[0] = operands[0][:, :, np.newaxis]
            products = np.empty(np.broadcast_shapes(*[operand.shape for operand in operands]))
            self._steps.append((np.multiply, (*operands, products)))
            self._steps.append((np.add.reduce, (products, 1, None, out)))
        else:
            if group.out.batched:
                operands = [
                    operand if rows.batched else operand[:, np.newaxis]
                    for operand, rows in zip(operands, group.operands, strict=True)
                ]
            self._steps.append((_UFUNC[group.name], (*operands, out)))

    def _bind_total(self, total: Total) -> None:
        operands = [self._view(rows) for rows in total.operands]
        places = _view(self.results, total.places)
        sums = np.empty(total.places.shape) if places is None else places
        if total.kind == "outer":
            self._steps.append((np.matmul, (operands[0], operands[1].T, sums)))
        elif total.kind == "inner":
            products = np.empty(operands[0].shape)
            self._steps.append((np.multiply, (*operands, products)))
            self._steps.append((np.add.reduce, (products, 1, None, sums)))
        elif total.operands[0].batched:
            self._steps.append((np.add.reduce, (operands[0], 1, None, sums)))
        else:
            self._steps.append((np.multiply, (operands[0], float(self.samples), sums)))
        if places is None:
            self._steps.append((self.results.__setitem__, (total.places, sums)))

    def _view(self, rows: Rows) -> Array:
        """The rows of a store: where they are, if evenly spaced, else where each run copies them to."""
        store = self.batched if rows.batched else self.numbers
        view = _view(store, rows.numbers)
        if view is None:
            view = np.empty(rows.numbers.shape + store.shape[1:])
            self._steps.append((np.take, (store, rows.numbers, 0, view, "clip")))
        return view


def evenly(rows: Numbers) -> tuple[int, ...] | None:
    """The distance from one row number to the next along each axis; `None` if it is not the same everywhere."""
    spacing = []
    for axis in range(rows.ndim):
        steps = np.diff(rows, axis=axis)
        if steps.size and (steps != steps.flat[0]).any():
            return None
        spacing.append(int(steps.flat[0]) if steps.size else 0)
    return tuple(spacing)


def _view(store: Array, rows: Numbers) -> Array | None:
    """The rows as a view of the store, in the shape in which they are asked for, if they are evenly spaced."""
    spacing = evenly(rows)
    if spacing is None:
        return None
    strides = tuple(step * store.strides[0] for step in spacing) + store.strides[1:]
    return as_strided(store[int(rows.flat[0]) :], rows.shape + store.shape[1:], strides)


class NumpyProgram(ArrayProgram):
    """A program that computes with arrays over nodes and samples."""

    target = "numpy"

    def __init__(self, tape: Tape, plan: Plan | None = None) -> None:
        super().__init__(tape)
        self.plan = plan or planned(tape)
        self.most = max(32, _CACHE // (8 * self.plan.sizes[1] + 8))
        self._mine = threading.local()

    def __reduce__(self) -> tuple[Any, ...]:
        return NumpyProgram, (self.tape, self.plan)

    def sums(self, parameters: Array, samples: Array) -> Array:
        with np.errstate(all="ignore"):
            return self._sums(parameters, samples)

    def numbers(self, parameters: Array, samples: Array) -> Array:
        self.sums(parameters, samples)
        workspace = self._workspace(len(samples))
        stores = (workspace.numbers[:, np.newaxis], workspace.batched)
        rows = [stores[rows.batched][rows.numbers[0]] for rows in self.plan.watched]
        return np.array([np.broadcast_to(row, len(samples)) for row in rows]).T

    def epoch(self, parameters: Array, samples: Array, order: Any, batch: int, rate: float) -> float:
        losses = 0.0
        order = np.asarray(order)
        trained = parameters[: len(self.tape.results) - 1]
        nothing = np.zeros(len(self.tape.results))
        with np.errstate(all="ignore"):
            for start in range(0, len(order), batch):
                places = order[start : start + batch]
                chosen = samples[places]
                results = self.total(parameters, chosen)
                if results @ nothing != 0.0:  # infinity and nan alone do this
                    self.require_finite(results, parameters, chosen, places)
                losses += float(results[0])
                trained -= rate / len(chosen) * results[1:]
        return losses

    def total(self, parameters: Array, samples: Array) -> Array:
        """The results summed over any number of samples."""
        if len(samples) <= self.most:
            return self._sums(parameters, samples)
        total = np.zeros(len(self.tape.results))
        for start in range(0, len(samples), self.most):
            total += self._sums(parameters, samples[start : start + self.most])
        return total

    def _sums(self, parameters: Array, samples: Array) -> Array:
        workspace = self._workspace(len(samples))
        workspace.inputs[:] = samples.T
        workspace.parameters[:] = parameters
        return workspace.run()

    def _workspace(self, samples: int) -> Workspace:
        """This thread's workspace for so many samples; the last few sizes are kept."""
        kept: dict[int, Workspace] = self._mine.__dict__.setdefault("kept", {})
        if samples not in kept:
            if len(kept) == 3:
                del kept[next(iter(kept))]
            kept[samples] = Workspace(self.tape, self.plan, samples)
        return kept[samples]
