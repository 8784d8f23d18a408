"""What a failed check says: what is wrong, by how much, and Python that shows it again."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tinygrad_sigmoid.errors import TinygradSigmoidError
from tinygrad_sigmoid.floats import in_json
from tinygrad_sigmoid.graph import computed, topological_order
from tinygrad_sigmoid.operation import Operation
from tinygrad_sigmoid.quoting import in_html
from tinygrad_sigmoid.reading.writer import number_text
from tinygrad_sigmoid.tables import sentences, table
from tinygrad_sigmoid.testing.certificate import in_ulp
from tinygrad_sigmoid.testing.pasting import as_call, as_lines
from tinygrad_sigmoid.value import Value

if TYPE_CHECKING:
    from tinygrad_sigmoid.drawing import Drawing

LONGEST = 16  # lines of Python that fit into a message
KEPT = ("culprit", "got", "true", "bug", "tier", "operation_name", "__notes__")  # by every copy


class GradientMismatch(TinygradSigmoidError, AssertionError):  # noqa: N818 (what it is, not that it is an error)
    """A gradient, or something it is made of, is not what it must be.

    It can be pickled, whatever it holds: a copy keeps all that is text or number, and no graph.

    Attributes:
        culprit: What is wrong, in one sentence.
        bug: The short name of the mistake, as `"sign"`, if it was recognised.
        operation: The operation whose rule is wrong; `None` if it is not a rule.
        operation_name: Its name; `""` if it is not a rule.
        value: The value in the graph at which it showed; `None` if there is no graph.
        used: The input of it that was concerned, if only one was.
        got: The number that was found.
        true: The right number; `None` if no single number is right.
        tier: By which means it was found, as `"many digits"`.
        shown: The values computed that belong to the part of the graph that shows it.
        gradients: The gradients found in that part.
        call: What `check_gradients` was given: what is checked, the inputs, and options such as `{"order": 2}`.
    """

    def __init__(
        self,
        culprit: str,
        value: Value | None = None,
        *,
        got: Any = None,
        true: Any = None,
        bug: str = "",
        tier: str = "",
        code: str = "",
        operation: Operation | None = None,
        used: Value | None = None,
        shown: Collection[Value] = (),
        gradients: Mapping[Value, float | None] | None = None,
    ) -> None:
        super().__init__(culprit)
        self.culprit, self.bug, self.tier, self._code = culprit, bug, tier, code
        self.value, self.operation, self.used = value, operation, used
        self.operation_name = operation.name if operation else ""
        self.got = None if got is None else float(got)
        self.true = None if true is None else float(true)
        self.shown = {part for part in shown if part.inputs} or (set() if value is None else {value})
        self.gradients: Mapping[Value, float | None] = gradients or {}
        self.call: tuple[object, Sequence[object], Mapping[str, object]] = (value, (), {})

    @property
    def error(self) -> float:
        """How far the number found is from the right one, in units of the last place."""
        if self.got is None or self.true is None:
            return math.nan
        return in_ulp(abs(self.got - self.true), self.true)

    @property
    def code(self) -> str:
        """Python to paste, which fails in the same way: whatever is your own is defined in it."""
        checked, at, options = self.call
        if self._code or checked is None:
            return self._code
        if self.value is not None and (self.operation or isinstance(checked, Value)):
            return "\n".join(as_lines(self.shown, self.value, options))  # no more of the graph than shows it
        return "\n".join(as_call(checked, at, options))

    def draw(self) -> Drawing:
        """The part of the graph that shows it as a picture, with the value and the edge that are wrong marked.

        Raises:
            ValueError: There is no graph.
        """
        from tinygrad_sigmoid.drawing import draw  # loads Graphviz

        if self.value is None:
            raise ValueError(f"there is no graph to draw ({self.culprit}): read the message, or run its .code")
        part = self._part()
        bad = part[self.value]
        numbers = [("got", self.got), ("true", self.true)]
        remark = ", ".join(f"{word} {number_text(number)}" for word, number in numbers if number is not None) or "wrong"
        marks: dict[Value | tuple[Value, Value], str] = {bad: remark}
        if self.used is not None:
            marks = {bad: "wrong rule", (bad, part[self.used]): remark}
        used = {used for value in self.shown for used in value.inputs}
        outputs = [part[value] for value in self.shown - used]
        return draw(*sorted(outputs, key=lambda value: value.index), collapse=[], marks=marks)

    def _part(self) -> dict[Value, Value]:
        """For each value of the part, a copy; what the part takes from outside of it becomes a leaf."""
        part: dict[Value, Value] = {}
        for value in topological_order(*self.shown):
            if value in self.shown and value.operation is not None:
                twin = value.operation(*[part[used] for used in value.inputs])
                twin.local_derivatives = value.local_derivatives
            else:
                twin = Value(value.data)
            twin.label, twin.grad, twin.constant = value.label, self.gradients.get(value), value.constant
            part[value] = twin
        return part

    def to_json(self) -> str:
        """All that is text or number, as an object of JSON; an infinity or nan is a text in it, as `"Infinity"`.

        >>> print(GradientMismatch("∂f/∂x is wrong", got=math.inf, true=1.0, bug="pole").to_json())
        {"culprit": "∂f/∂x is wrong", "bug": "pole", "tier": "", "operation": "", "got": "Infinity",
        "true": 1.0, "error": "Infinity", "code": ""}
        """
        texts = {"culprit": self.culprit, "bug": self.bug, "tier": self.tier, "operation": self.operation_name}
        numbers = {name: in_json(getattr(self, name)) for name in ("got", "true", "error")}
        return json.dumps({**texts, **numbers, "code": self.code}, ensure_ascii=False, allow_nan=False)

    def _figures(self) -> Iterator[tuple[str, str]]:
        if self.got is not None or self.true is not None:
            yield "got", repr(self.got)
        if self.true is not None:
            yield "true", repr(self.true)
        if self.got is not None and self.true is not None:
            yield "error", f"{self.error:.3g} ulp (units of the last place)"
        if self.tier:
            yield "found", self.tier

    def __str__(self) -> str:
        code = self.code.splitlines()
        if len(code) > LONGEST:
            code = [*code[:2], f"# … {len(code) - LONGEST} lines more in .code", *code[2 - LONGEST :]]
        figures = [f"{word:<8} {figure}" for word, figure in self._figures()]
        return "\n".join([self.culprit, *[f"    {line}" for line in [*figures, *code]]])

    def _repr_html_(self) -> str:
        """What a notebook shows: the sentence, the numbers, the picture if there is a graph, the code."""
        try:
            drawn = b64encode(self.draw().pipe("svg", quiet=True)).decode()
            # As SVG's own tags it would leave loose words where those are taken away.
            picture = f'<img alt="The graph, with what is wrong marked" src="data:image/svg+xml;base64,{drawn}">'
        except Exception:  # whatever it is: nobody who looks at a failure should be stopped by its picture
            picture = ""
        code = "\n".join(map(in_html, self.code.splitlines()))
        return f"{sentences(self.culprit)}{table(self._figures())}{picture}<pre>{code}</pre>"

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {name: getattr(self, name) for name in KEPT if hasattr(self, name)} | {"_code": self.code}
        return type(self), (self.culprit,), kept


def name_of(value: Value) -> str:
    """How a sentence calls a value: by its label, else by its operation or its number."""
    if value.label:
        return value.label
    return f"{value.operation.name}(…) = {value.data:.6g}" if value.operation else f"the leaf {value.data:.6g}"


def descendants(value: Value, output: Value) -> list[Value]:
    """What was computed from a value on the way to the output, inputs before what is computed from them."""
    concerned, found = {value}, []
    for later in computed(output):
        if not concerned.isdisjoint(later.inputs):
            concerned.add(later)
            found.append(later)
    return found


def same_bits(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


def compared(claim: float, true: Any) -> str:
    """How a wrong number compares with the right one, in words."""
    right = float(true)
    if not math.isfinite(claim):
        return f"{claim} instead of a number"
    if claim == 0 or right == 0:
        return f"{claim:.6g} instead of {right:.6g}"
    ratio = claim / right
    if abs(ratio + 1) < 1e-12:
        return "of the wrong sign"
    if abs(ratio - 1) < 1e-4:
        return f"off by {abs(ratio - 1):.2g} of itself"
    return f"{ratio:.6g} times the true one"
