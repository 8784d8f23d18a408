"""The check for anyone's gradients: a function of numbers or arrays, and code that says what its gradients are.

The function is looked at along random directions, in which all entries move at once: if what is claimed is right there,
which takes a handful of evaluations whatever the size, every entry is. Only if it is not, halving finds the entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from tinygrad_sigmoid.testing.array_mistakes import Mistake, recognised
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.claimed import Direction, moved
from tinygrad_sigmoid.testing.mismatch import GradientMismatch
from tinygrad_sigmoid.testing.points import Checked, Function, Point, called
from tinygrad_sigmoid.testing.precise import CONTEXT, bare
from tinygrad_sigmoid.testing.preparing import prepared
from tinygrad_sigmoid.testing.slopes import FIRST_LOOK, Claim, Judgement, Verdict, bisected

AFAR = 1e-6  # as a part of itself: a claim with floats that is so near, where digits don't cancel, is right
SCATTER = 0.2  # by how much of itself a mistake may differ at points near by: rounding differs by more
SMALL = 1e-6  # as a part of the largest entry of an input: what is smaller has cancelled, and its digits don't count
MOST = 200  # looks: what takes more stays unresolved


def check_function(
    function: Function, at: Sequence[Any], claims: Mapping[str, Function | None], certificate: Certificate
) -> None:
    """Raises a mismatch if what is claimed of a function's gradients is wrong there; tells what was proven.

    The function takes floats, lists or NumPy arrays, and gives a float, an array, or a tuple of several. Integers, such
    as labels, are left as they are if their gradient is None.
    """
    __tracebackhide__ = True
    point = prepared(function, at, claims)
    _Look(point.checked, certificate).at_all(point)


@dataclass
class _Look:
    """A closer and closer look at one function."""

    checked: Checked
    certificate: Certificate
    looks: int = 0
    open: int = 0  # entries
    uncertain: float = 0.0  # how far differences may be off, at worst

    def at_all(self, point: Point) -> None:
        for entry, claim in enumerate(self.checked.float_gradient):
            if claim - claim != 0:
                self._no_number(point, entry, claim)
        for direction in point.directions():
            self._entries(point, direction)
        if self.open < len(self.checked.numbers):
            self.certificate.proven.append(self._proof())
        if self.checked.claims_precisely and self.checked.kind != "jvp":
            self._digits(point)

    def _no_number(self, point: Point, entry: int, claim: float) -> None:
        judgement = self._judged(point, point.towards(entry), claim=lambda t: 0.0)
        if judgement.verdict is Verdict.UNRESOLVED:
            self._unresolved([entry], f"it is {claim}, and {judgement.why}")
        else:
            self._fail(point, entry, judgement, Mistake("not a number", f"is {claim}", of_all=False))

    def _judged(self, point: Point, direction: Direction, claim: Claim | None = None) -> Judgement:
        self.looks += 1
        judgement = point.judged(direction, claim)
        if judgement.verdict is Verdict.RIGHT:
            self.uncertain = max(self.uncertain, judgement.uncertain)
        return judgement

    def _entries(self, point: Point, direction: Direction) -> None:
        """Looks at the entries that move, and at fewer of them where that does not show that all are right."""
        entries = moved(direction)
        judgement = self._judged(point, direction)
        verdict = judgement.verdict
        if verdict is Verdict.RIGHT and not self.checked.precise:  # what is wrong may cancel, to as few digits
            direction = [part * (-1) ** place for place, part in enumerate(direction)]
            verdict = Verdict.WRONG if self._is_wrong(point, direction) else verdict
        if verdict is Verdict.RIGHT:
            return
        if verdict in (Verdict.KINK, Verdict.JUMP):
            [beside] = point.beside(1)
            if self._is_wrong(beside, direction) and len(entries) > 1:
                self._entries(beside, direction)  # what is wrong was hidden between the slopes of the two sides
            self.certificate.note(judgement, self._name(entries))
        elif len(entries) > 1 and self.looks < MOST and (self.checked.precise or verdict is Verdict.WRONG):
            # Both halves may be right though the whole is not: where there are several kinks, slopes don't add up.
            middle = entries[len(entries) // 2]
            self._entries(point, [*direction[:middle], *[0.0] * (len(direction) - middle)])
            self._entries(point, [*[0.0] * middle, *direction[middle:]])
        elif verdict is Verdict.WRONG and len(entries) == 1:
            self._wrong(point, entries[0])
        else:
            self._unresolved(entries, judgement.why or "too many entries are not simply right")

    def _wrong(self, point: Point, entry: int) -> None:
        """Fails, if it is no accident of this very point: rounding scatters, a mistake stays."""
        direction = point.towards(entry)
        judgement = self._judged(point, direction)
        if judgement.verdict is not Verdict.WRONG:
            return
        at_true = self._judged(point, direction, claim=lambda t: judgement.true).verdict
        kink, precise = at_true in (Verdict.KINK, Verdict.JUMP), self.checked.claims_precisely
        if (precise and not kink) or _same_mistake([self._judged(other, direction) for other in point.beside(5)]):
            if precise or not self._right_afar(point, entry, judgement):
                self._fail(point, entry, judgement)
            self._unresolved([entry], "it is wrong here, but right further away: do digits cancel, or is it a branch?")
        elif not self.checked.precise:
            self._unresolved([entry], "it seems wrong here, but not in the same way beside: is it a kink, or noise?")
        elif kink:
            self.certificate.kinks.append(self._name([entry]))
        else:
            self._note_digits(entry, judgement.per_unit(direction[entry]).true)

    def _right_afar(self, point: Point, entry: int, judgement: Judgement) -> bool:
        """Whether floats that are wrong here, all around too, are right further away: then digits have cancelled."""
        judgements = [self._judged(other, other.towards(entry)) for other in point.afar()]
        enough = min(AFAR, _off(judgement) / 1_000)
        return sum(bool(one.true) and _off(one) < enough for one in judgements) >= 3

    def _unresolved(self, entries: list[int], why: str) -> None:
        self.open += len(entries)
        self.certificate.unresolved.append(f"{self._name(entries)}: {why}")

    def _fail(self, point: Point, entry: int, judgement: Judgement, mistake: Mistake | None = None) -> NoReturn:
        """Raises what is wrong with an entry, judged along its own direction."""
        __tracebackhide__ = True
        checked, direction, of_output, got = self.checked, point.towards(entry), "", None
        if mistake is None:
            mistake = recognised(point, entry, judgement)
            if not mistake.of_all and (concerned := self._output_concerned(point, direction)) is not None:
                point, of_output = point.of_outputs([concerned]), f"{checked.output_name(concerned)} with respect to "
                judgement = point.judged(direction)
                mistake = recognised(point, entry, judgement)
            got = judgement.per_unit(direction[entry]).claim
        whole, name = checked.input_at(entry).name, checked.name(entry)
        entry_too = mistake.of_all and not of_output and whole != name
        of, see = (whole, f" (see {name})") if entry_too else (name, "")
        raise GradientMismatch(
            f"the gradient of {of_output}{of} {mistake.phrase}{see}",
            got=got,
            true=judgement.per_unit(direction[entry]).true,
            bug=mistake.bug,
            tier=self._means(),
        )

    def _output_concerned(self, point: Point, direction: Direction) -> int | None:
        """The place of the number that comes out whose gradient is wrong, if it is one of several, and only one."""
        places = range(len(point.upstream))
        wrong = bisected(places, lambda half: self._is_wrong(point.of_outputs(half), direction))
        others = [place for place in places if place != wrong]
        only = others and not self._is_wrong(point.of_outputs(others), direction)
        return wrong if only and self._is_wrong(point.of_outputs([wrong]), direction) else None

    def _is_wrong(self, point: Point, direction: Direction) -> bool:
        return self._judged(point, direction).verdict is Verdict.WRONG

    def _digits(self, point: Point) -> None:
        """Notes how many digits the gradients lose, computed with floats."""
        with CONTEXT.workprec(FIRST_LOOK):
            right = [bare(number) for number in point.gradient(point.numbers)]
        for one in self.checked.inputs:
            largest = max([abs(right[place]) for place in one.entries], default=0)
            for place in one.entries:
                if abs(right[place]) > SMALL * largest:
                    self._note_digits(place, right[place])
        ulp = f"{self.certificate.worst_ulp:.2g} ulp (units of the last place)"
        self.certificate.proven.append(f"as floats, they are off by at most {ulp}")

    def _note_digits(self, entry: int, right: Any) -> None:
        float_gradient = self.checked.float_gradient[entry]
        self.certificate.note_digits(float_gradient, right, f"the gradient of {self.checked.name(entry)}")

    def _proof(self) -> str:
        what = "tangent" if self.checked.kind == "jvp" else "gradient"
        right = counted(len(self.checked.numbers) - self.open, what)
        names = _listed([one.name for one in self.checked.inputs if one.entries])
        limit = "" if self.checked.precise else f", which tell a slope to {self.uncertain:.1g} of itself"
        changes = f"as {called(self.checked.function)} changes in random directions"
        return f"{right}, of {names}: {changes}, {self._means()}{limit}"

    def _means(self) -> str:
        if self.checked.claims_precisely:
            return "with many digits"
        return "with many digits, the gradients with floats" if self.checked.precise else "by differences of floats"

    def _name(self, entries: list[int]) -> str:
        if len(entries) <= 3:
            return _listed([self.checked.name(place) for place in entries])
        inputs = {self.checked.input_at(place).name: None for place in entries}
        return f"{counted(len(entries), 'entry', 'entries')} of {_listed([*inputs])}"


def _same_mistake(judgements: list[Judgement]) -> bool:
    """Whether claims at several points are wrong by about the same, as rounding, and a kink at one of them, are not."""
    if any(one.verdict is not Verdict.WRONG for one in judgements):
        return False
    errors = [one.claim - one.true for one in judgements]
    return bool(max(errors) - min(errors) <= SCATTER * max(map(abs, errors)))


def _off(judgement: Judgement) -> float:
    size = max(abs(judgement.claim), abs(judgement.true))
    return float(abs(judgement.claim - judgement.true) / size) if size else 0.0


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]
