"""A graph of neurons in columns, as the page draws it: each neuron in one place, every other value in its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tinygrad_sigmoid.drawing.boxes import in_common
from tinygrad_sigmoid.drawing.layout import are_pixels
from tinygrad_sigmoid.drawing.neurons import Unit, neurons
from tinygrad_sigmoid.quoting import printable
from tinygrad_sigmoid.reading.steps import counted
from tinygrad_sigmoid.reading.writer import LONGEST_LABEL
from tinygrad_sigmoid.value import Value


@dataclass(eq=False, slots=True)
class Entry:
    """What stands in one place of a column: a neuron with all of its values, an input, or any other value."""

    values: list[Value]
    unit: Unit | None = None  # of a neuron, or of what a neuron takes

    @property
    def neuron(self) -> Unit | None:
        return self.unit if self.unit is not None and self.unit.product is not None else None

    @property
    def is_input(self) -> bool:
        """Whether a neuron takes it, and nothing has computed it."""
        return self.unit is not None and self.unit.product is None and not self.unit.value.inputs


@dataclass(slots=True)
class Column:
    """What stands side by side: it takes nothing but what the columns before it give."""

    number: int
    entries: list[Entry] = field(default_factory=list)
    image: bool = False  # whether its entries are the pixels of an image

    @property
    def neurons(self) -> list[Unit]:
        return [entry.neuron for entry in self.entries if entry.neuron]

    @property
    def name(self) -> str:
        """The place that its neurons have in common, `layer1`, or if they have none, which column it is."""
        places = [tuple(unit.name.split(".")[:-1]) for unit in self.neurons]
        return printable(".".join(in_common(places)) if places else "", LONGEST_LABEL) or f"column {self.number}"

    @property
    def title(self) -> str:
        """What stands above it: its name, if it has neurons, and how many there are, or how many inputs."""
        if self.neurons:
            return f"{self.name}: {counted(len(self.neurons), 'neuron')}"
        inputs = sum(entry.is_input for entry in self.entries)
        return counted(inputs, "input") if inputs else ""


def in_columns(order: Sequence[Value]) -> list[Column]:
    """The columns of a graph, inputs first; none where no neuron is found.

    A computed value stands right after all that it takes, a leaf right before all that take it.
    """
    index = {value: i for i, value in enumerate(order)}
    entry_of = _entries(order)
    if not any(entry.neuron for entry in entry_of.values()):
        return []
    entries = sorted(set(entry_of.values()), key=lambda entry: index[entry.values[-1]])
    takes = {entry: set(_taken(entry, entry_of)) for entry in entries}
    place: dict[Entry, int] = {}
    for entry in takes:
        place[entry] = max([place[taken] + 1 for taken in takes[entry]], default=0)
    before_use: dict[Entry, int] = {}
    for user in takes:
        for leaf in takes[user]:
            if not takes[leaf]:
                before_use[leaf] = min(place[user] - 1, before_use.get(leaf, place[user]))
    place |= before_use
    columns = [Column(number) for number in range(max(place.values()) + 1)]
    for entry, number in place.items():
        columns[number].entries.append(entry)
    inputs = [entry.unit for entry in columns[0].entries if entry.unit]
    columns[0].image = len(inputs) == len(columns[0].entries) and are_pixels(inputs, columns[1].neurons)
    return columns


def _entries(order: Sequence[Value]) -> dict[Value, Entry]:
    """For each value that is drawn its place; plain numbers are drawn as inputs only."""
    entry_of: dict[Value, Entry] = {}
    units: dict[Value, Unit] = {}  # of inputs, and of neurons by their outputs
    for unit in neurons(order):
        units[unit.value] = unit
        units |= {source.value: source for source in unit.sources}
        # A weight that is used several times belongs to the neuron that was recorded first.
        entry = Entry([value for value in _members(unit) if value not in entry_of], unit)
        entry_of |= dict.fromkeys(entry.values, entry)
    for value in order:
        if value not in entry_of and (value in units or not value.constant):
            entry_of[value] = Entry([value], units.get(value))
    return entry_of


def _members(unit: Unit) -> Iterator[Value]:
    assert unit.product is not None
    yield from [*unit.parameters, unit.product]
    if unit.value is not unit.product:
        yield from [used for used in unit.value.inputs if used.inputs and used is not unit.product]
        yield unit.value


def _taken(entry: Entry, entry_of: Mapping[Value, Entry]) -> Iterator[Entry]:
    """From where a place takes something: the parameters of another neuron are not what that neuron gives."""
    for value in entry.values:
        for used in value.inputs:
            taken = entry_of.get(used)
            if taken not in (None, entry) and (used.inputs or taken.neuron is None):
                yield taken
