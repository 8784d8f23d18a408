"""The kernel: it carries out instructions, operations on rows of numbers in one memory, for any graph.

To choose the operation costs nothing beside carrying it out for many numbers, so no graph is compiled by itself: it
becomes a table of instructions. Rows of samples are as wide as whole vectors; what is in their padding never counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from tinygrad_sigmoid import vectorized
from tinygrad_sigmoid.compiling.emitter import INTEGER, NUMBER, Emitter, Index, Vector
from tinygrad_sigmoid.quoting import shown


class Instruction(NamedTuple):
    """An operation on rows of numbers, all in bytes but for counts.

    Where the results and the operands begin, how far it is from one row to the next and from one term of a sum to the
    next, and how many rows and terms there are. What `extra` is depends on the kind.
    """

    kind: Any
    out: Any
    out_stride: Any
    a: Any
    a_stride: Any
    a_inner: Any
    b: Any
    b_stride: Any
    b_inner: Any
    rows: Any
    terms: Any
    extra: Any


INSTRUCTION = len(Instruction._fields) * INTEGER


class Arguments(NamedTuple):
    """What the descent is told: whole numbers at the beginning of the memory, widths and places in bytes.

    Behind them are the learning rate and the sum of the outputs.
    """

    instructions: Any  # where they begin
    length: Any  # how many there are
    width: Any  # of a row of samples
    samples: Any  # in such a row
    inputs: Any  # where their rows begin
    columns: Any  # how many inputs there are
    table: Any  # where the samples are, a row of inputs for each
    row: Any  # how many bytes such a row has
    palette: Any  # where the numbers are whose places the samples then are, a byte for each; 0 if they are numbers
    order: Any  # where the numbers of the samples to be seen are
    total: Any  # how many
    batch: Any  # how many of them make a mini-batch
    parameters: Any  # where they are
    trained: Any  # how many bytes of them are changed
    results: Any  # where the output and its gradients are summed up
    checked: Any  # how many bytes of that have to be finite
    done: Any  # what it tells: how many samples have been seen, up to the first mini-batch that has no finite result


DONE = Arguments._fields.index("done") * INTEGER
RATE = -(-len(Arguments._fields) * INTEGER // NUMBER) * NUMBER
LOSSES = RATE + NUMBER
AT_ONCE = 4  # vectors that are added up, or changed
HEAD = LOSSES + NUMBER  # bytes of all of that

Write = Callable[[Emitter, Instruction, Index, Index], None]  # with the width of a row, and how many samples it has
Function = Callable[..., Vector]


def _elementwise(e: Emitter, it: Instruction, width: Index, count: Index, function: Function, arity: int) -> None:
    """A function of each number, or of each two; `extra` is how long a row is."""
    with e.loop(it.rows) as i:
        places, out = [it.a + i * it.a_stride, it.b + i * it.b_stride][:arity], it.out + i * it.out_stride
        for start, vectors in _blocks(e, it.extra, e.at_once):
            e.store(out + start, _applied(function, [e.load(place + start, vectors=vectors) for place in places]))


def _applied(function: Function, vectors: Sequence[Vector]) -> Vector:
    """What a function makes of vectors."""
    try:
        result = function(*vectors)
    except (TypeError, AttributeError) as error:
        result, reason = None, f"it raises {type(error).__name__}: {error}"
    else:
        reason = f"it gives {shown(result)}"
    if not isinstance(result, Vector):
        raise TypeError(
            f"the kernel {shown(function)} computes no vector of numbers from vectors ({reason}): write it in "
            f"arithmetic, with `where`, and with the functions of tinygrad_sigmoid.vectorized"
        )
    return result


def _blocks(e: Emitter, length: Index, at_once: int) -> Iterator[tuple[Index, int]]:
    """Loops over vectors, so many of them at a time, and then one by one: where they start, and how many they are."""
    whole = length.rounded_down(at_once * e.bytes)
    for begin, stop, vectors in ((e.index(0), whole, at_once), (whole, length, 1)):
        with e.loop(stop - begin, vectors * e.bytes) as start:
            yield begin + start, vectors


def _copy(e: Emitter, it: Instruction, width: Index, count: Index) -> None:
    """The number at each place in the index, to every sample; `terms` is how long a row is."""
    with e.loop(it.rows) as i:
        number = e.load_spread(e.load_index(it.extra + i * INTEGER))
        out = it.out + i * it.out_stride
        with e.loop(it.terms, e.bytes) as s:
            e.store(out + s, number)


def _take(e: Emitter, it: Instruction, width: Index, count: Index) -> None:
    """The rows at the places in the index, one after the other."""
    with e.loop(it.rows) as i:
        row = e.load_index(it.extra + i * INTEGER)
        out = it.out + i * it.out_stride
        with e.loop(width, e.bytes) as s:
            e.store(out + s, e.load(row + s))


def _matrix(e: Emitter, it: Instruction, width: Index, count: Index, adding: bool) -> None:
    """out[i, :] = Σ_j a[i, j] · b[j, :] + bias[i], some rows and vectors at a time, so that loads don't hold it up.

    Past the last row, the last is computed again. All that a block adds to is read before any of it is written, and
    rows are written in order, so that neither this nor zeros behind a row's end can spoil anything.

    Biases begin at `extra`, so far from each other as `b_inner` says.

    Args:
        adding: Whether to add to what is there, without biases. The terms are then the samples, and `extra` is the
            width.
    """
    width, terms = (it.extra, count) if adding else (width, it.terms)
    last = it.rows - 1
    with e.loop(it.rows, e.rows) as first:
        rows = [(first + k).least(last) for k in range(e.rows)]
        outs = [it.out + i * it.out_stride for i in rows]
        weights = [it.a + i * it.a_stride for i in rows]
        biases = [] if adding else [it.extra + i * it.b_inner for i in rows]
        with e.loop(width, e.columns * e.bytes) as start:
            left = width - start
            block = partial(_block, e, it, weights, [out + start for out in outs], it.b + start, terms, biases)
            for columns in range(1, e.columns):
                with e.when("eq", left, columns * e.bytes):
                    block(columns)
            with e.when("ge_u", left, e.columns * e.bytes):
                block(e.columns)


def _block(
    e: Emitter,
    it: Instruction,
    weights: Sequence[Index],
    outs: Sequence[Index],
    b: Index,
    terms: Index,
    biases: Sequence[Index],
    columns: int,
) -> None:
    """The sums of some rows and vectors of a matrix product."""
    offsets = [column * e.bytes for column in range(columns)]
    old = [[e.vector(0.0) if biases else e.load(out, offset) for offset in offsets] for out in outs]
    sums = [[e.variable(value) for value in row] for row in old]
    place, inner = e.variable(b), e.variable(e.index(0))
    with e.loop(terms):
        xs = [e.load(place.get(), offset) for offset in offsets]
        for weight_at, row in zip(weights, sums, strict=True):
            weight = e.load_spread(weight_at + inner.get())
            for x, total in zip(xs, row, strict=True):
                total.set(weight.times_plus(x, total.get()))
        place.set(place.get() + it.b_stride)
        inner.set(inner.get() + it.a_inner)
    added: Sequence[Vector | int] = [e.load_spread(bias) for bias in biases] or [0] * len(outs)
    for out, row, bias in zip(outs, sums, added, strict=True):
        for offset, total in zip(offsets, row, strict=True):
            e.store(out, total.get() + bias, offset)


def _dot(e: Emitter, it: Instruction, width: Index, count: Index) -> None:
    """out[i, :] = Σ_j a[i, j, :] · b[i, j, :]"""
    with e.loop(it.rows) as i:
        a, b, out = it.a + i * it.a_stride, it.b + i * it.b_stride, it.out + i * it.out_stride
        with e.loop(width, e.bytes) as s:
            total = e.variable(e.vector(0.0))
            with e.loop(it.terms) as j:
                total.set(total.get() + e.load(a + s + j * it.a_inner) * e.load(b + s + j * it.b_inner))
            e.store(out + s, total.get())


def _transpose(e: Emitter, it: Instruction, width: Index, count: Index) -> None:
    """out[s, i] = a[i, s]"""
    _write_transposed(e, lambda i: it.a + i * it.a_stride, it.rows, count, it.out, it.out_stride)


def _write_transposed(
    e: Emitter, row_at: Callable[[Index], Index], rows: Index, columns: Index, out: Index, out_stride: Index
) -> None:
    """out[c, r] = row r [c], in squares of vectors: behind the last row are zeros, behind the last column anything."""
    with e.loop(rows, e.lanes) as r:
        places = [row_at((r + k).least(rows - 1)) for k in range(e.lanes)]
        is_row = e.lane_numbers() < e.converted(rows - r)
        with e.loop(columns, e.lanes) as c:
            swapped = e.transposed([e.load(place + c * NUMBER) for place in places])
            target = out + r * NUMBER + c * out_stride
            for vector in swapped:
                e.store(target, is_row.where(vector, 0.0))
                target = target + out_stride


def _sum(e: Emitter, it: Instruction, width: Index, count: Index) -> None:
    """Adds the sum over the samples of the row at each place in an index, `a`, to what is at its place in another.

    Times `terms`: once, or 0 times, which is 0 unless a number is infinite or nan.
    """
    zero, times = e.vector(0.0), e.converted(it.terms)
    whole = count.rounded_down(AT_ONCE * e.lanes)
    samples = e.converted(count) - e.lane_numbers()
    with e.loop(it.rows) as i:
        row, place = [e.load_index(index + i * INTEGER) for index in (it.a, it.extra)]
        totals = [e.variable(zero) for _ in range(AT_ONCE)]  # so that none has to wait for the last addition
        with e.loop(whole, AT_ONCE * e.lanes) as s:
            for k, total in enumerate(totals):
                total.set(times.times_plus(e.load(row + s * NUMBER, k * e.bytes), total.get()))
        first, *others = totals
        with e.loop(count - whole, e.lanes) as s:
            number = e.load(row + (whole + s) * NUMBER)
            number = (e.converted(whole + s) < samples).where(number, 0.0)  # not what is in the padding
            first.set(times.times_plus(number, first.get()))
        total = sum([total.get() for total in others], first.get())
        e.store_first(place, e.load_spread(place) + e.sum_of_lanes(total))


STRUCTURAL: dict[str, Write] = {
    "copy": _copy,
    "take": _take,
    "matrix": partial(_matrix, adding=False),
    "outer": partial(_matrix, adding=True),
    "dot": _dot,
    "complement": partial(_elementwise, function=vectorized.complement, arity=2),
    "transpose": _transpose,
    "sum": _sum,
}


def _descend(e: Emitter) -> None:
    """Gradient descent over mini-batches, until one has no finite result."""
    head = e.index(0)
    given = Arguments(*[e.load_index(head, INTEGER * k) for k in range(len(Arguments._fields))])
    rate, gradients = e.load_spread(head, RATE), given.results + NUMBER
    zero = e.vector(0.0)
    with e.loop(given.checked, e.bytes) as place:
        e.store(given.results + place, zero)
    with e.loop(given.total, given.batch) as start:
        size = given.batch.least(given.total - start)
        with e.loop(size, given.samples) as offset:
            count = given.samples.least(size - offset)
            first = given.order + (start + offset) * INTEGER

            def sample(s: Index, first: Index = first) -> Index:
                at: Index = given.table + e.load_index(first + s * INTEGER) * given.row
                return at

            with e.when("eq", given.palette, 0):
                _write_transposed(e, sample, count, given.columns, given.inputs, given.width)
            with e.when("ne", given.palette, 0), e.loop(count) as s:
                row, target = sample(s), given.inputs + s * NUMBER
                with e.loop(given.columns) as c:
                    number = e.load_spread(given.palette + e.load_byte(row + c) * NUMBER)
                    e.store_first(target + c * given.width, number)
            with e.loop(given.length) as k:
                e.call("instruction", given.instructions + k * INSTRUCTION, given.width, count)
        # The step is computed twice, first only to see whether it is finite: 0 times it is 0 then. So a mini-batch that
        # fails changes nothing. Behind the last gradient are zeros, which change nothing either.
        change = rate / e.converted(size)

        def stepped(place: Index, vectors: int, change: Vector = change) -> Vector:
            """The parameters there after this step."""
            old, gradient = [e.load(begin + place, vectors=vectors) for begin in (given.parameters, gradients)]
            return old - change * gradient

        zeros = [e.variable(zero) for _ in range(AT_ONCE)]
        for place, vectors in _blocks(e, given.trained, AT_ONCE):
            for total, handle in zip(zeros, stepped(place, vectors).handles, strict=False):
                total.set(Vector(e, handle).times_plus(zero, total.get()))
        first, *others = zeros
        rest = given.results + given.trained
        with e.loop(given.checked - given.trained, e.bytes) as place:
            first.set(e.load(rest + place).times_plus(zero, first.get()))
        first.set(e.load_spread(given.results).times_plus(zero, first.get()))
        with e.when_not_zero(sum([total.get() for total in others], first.get())):
            e.store_index(head, start, DONE)
            e.end()
        e.store_first(head, e.load_spread(head, LOSSES) + e.load_spread(given.results), LOSSES)
        with e.when("ne", given.trained, 0):
            for place, vectors in _blocks(e, given.trained, AT_ONCE):
                e.store(given.parameters + place, stepped(place, vectors))
                e.store(gradients + place, Vector(e, *zero.handles * vectors))
            e.store_first(given.results, zero)
    e.store_index(head, given.total, DONE)


class Module(Protocol):
    """What the functions of a kernel are written into."""

    def function(self, name: str, arguments: int, write: Callable[[Emitter, Sequence[Index]], None]) -> None: ...


def write_kernel(module: Module, functions: Sequence[tuple[Function, int]]) -> None:
    """Writes the kernel: each kind of instruction as a function, with `instruction` to choose, and `descend`.

    Args:
        module: Where it goes.
        functions: Those of numbers, with how many operands each has; after `STRUCTURAL`, they are the kinds. One that
            several operations have, as the two powers, is written once.
    """
    numerical = {(f, arity): partial(_elementwise, function=f, arity=arity) for f, arity in functions}
    writers: dict[object, Write] = dict([*STRUCTURAL.items(), *numerical.items()])
    names = {kind: f"kind {number}" for number, kind in enumerate(writers)}

    def write_kind(e: Emitter, arguments: Sequence[Index], write: Write) -> None:
        place, width, count = arguments
        fields = [e.load_index(place, INTEGER * k) for k in range(len(Instruction._fields))]
        write(e, Instruction(*fields), width, count)

    def choose(e: Emitter, arguments: Sequence[Index]) -> None:
        calls = [partial(e.call, names[kind], *arguments) for kind in (*STRUCTURAL, *functions)]
        e.switch(e.load_index(arguments[0]), calls)

    for kind, write in writers.items():
        module.function(names[kind], 3, partial(write_kind, write=write))
    module.function("instruction", 3, choose)
    module.function("descend", 0, lambda e, _: _descend(e))
