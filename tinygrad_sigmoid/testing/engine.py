"""A check of an engine: a class whose values record how they are computed, and pass gradients back, as micrograd's do.

What an engine can do is found by trying. Each operation alone comes first, then graphs in which the order and the sums
of a backward pass show, then what one pass leaves for the next: what is built on something wrong tells nothing.
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tinygrad_sigmoid.elementary import Opaque
from tinygrad_sigmoid.testing.certificate import Certificate, counted
from tinygrad_sigmoid.testing.lifetimes import check_depth, check_memory, check_passes
from tinygrad_sigmoid.testing.mismatch import GradientMismatch, compared
from tinygrad_sigmoid.testing.naming import mistake
from tinygrad_sigmoid.testing.precise import CONTEXT, UNDEFINED, Precise, bare
from tinygrad_sigmoid.testing.slopes import LARGEST, SMALLEST_NORMAL, Verdict
from tinygrad_sigmoid.testing.trials import SHAPES, SHAPES_AT, Engine, Program, Trial, engine_of
from tinygrad_sigmoid.testing.wrong_passes import OF_RULES, recognised, titled
from tinygrad_sigmoid.value import Value

BASIC = ["a + b", "a * b"]  # which the graphs are made of
OTHERS = ["-a", "a - b", "a / b", "a ** b", "a + 2", "2 + a", "a * 3", "3 * a", "a - 2", "2 - a", "a / 4", "4 / a"]
OTHERS += ["a ** 2", "a ** 3", "a ** 2.5", "a ** -1", "a ** 0.5", "a ** 0", "2 ** a", "abs(a)", "sum([a, a])"]
OTHERS += ["a + a", "a * a", "a - a", "a / a", "a.exp()", "a.log()", "a.tanh()", "a.sigmoid()", "a.relu()"]
NO_OPERATIONS = {"backward", "copy", "detach", "forward", "zero_grad"}  # that may give a value, but compute none

AT_ONE = [(x,) for x in (0.7, -1.3, 2.0, -4.0, 0.0, 1.0, -1.0, 0.5, 3.0, 30.0, -40.0, 1e-9, 710.0, -750.0)]
AT_TWO = [(1.3, 0.7), (0.6, -1.4), (-2.5, 3.0), (2.0, 2.0), (-0.5, -4.0), (0.0, 1.5), (1.5, 0.0), (0.0, 0.0)]
AT_TWO += [(40.0, 1e8)]
TRIED = (0.6, 1.7)  # whether an operation is there
REUSED_AT = [(0.7, 1.4), (0.9, 0.6), (0.4, 2.3)]  # in the domain of all that is usual
WEIGHT = -1.75

BITS = 200
SAME = 1e-9
AGAIN = "where values are used again, the gradient of"


def check_engine(kind: type, certificate: Certificate) -> None:
    """Raises the first mistake of a class of values, with the others in its notes; tells what was proven.

    The class makes a value of a number; values have `data`, `grad` and `backward()`. Which operators and which methods
    without arguments there are is found by trying. What is no wrong gradient, but good to know, stands in `limits`.
    """
    __tracebackhide__ = True
    check = _Check(engine_of(kind), certificate)
    check.run()
    if check.mistakes:
        first, *others = check.mistakes
        for other in others:
            first.add_note(f"wrong as well: {other.culprit}")
        raise first


@dataclass
class _Check:
    engine: Engine
    certificate: Certificate
    mistakes: list[GradientMismatch] = field(default_factory=list)

    def run(self) -> None:
        operations = self._operations()
        basic = [operation for operation in operations if operation in BASIC]
        whole = basic == BASIC
        if whole and (kept := check_memory(self.engine)):  # what many digits leave there would be passed back, too
            self.mistakes.append(kept)
            return
        broken = [operation for operation in basic if self._rule(operation)]
        wrong_pass = self._graphs() if whole else None
        if wrong_pass and wrong_pass.bug and not (len(broken) == 1 and wrong_pass.bug in OF_RULES):
            self.mistakes = [wrong_pass]  # and what it gives says nothing about the rules
            return
        if wrong_pass and not broken:  # it is the pass, if both are wrong where they are not alone
            found = [self._reused(operation) for operation in BASIC]
            self.mistakes = [wrong_pass] if all(found) else [*found[0], *found[1]]
        sound = whole and not self.mistakes
        for operation in operations[len(basic) :]:
            if not self._rule(operation) and sound:
                self.mistakes += self._reused(operation)
        if wrong_pass and not self.mistakes:
            self.mistakes = [wrong_pass]
        if sound and not self.mistakes:
            self.mistakes += check_passes(self.engine, self.certificate)
        if sound and not self.mistakes:
            check_depth(self.engine, self.certificate)
        points = f"at {len(AT_ONE)} points each, or {len(AT_TWO)} where there are two inputs"
        tried = f"{counted(len(operations), 'operation')}, {points}, with many digits: {', '.join(operations)}"
        self.certificate.proven.insert(0, tried)

    # -- What there is -------------------------------------------------------------------------------------------------

    def _operations(self) -> list[str]:
        members = inspect.getmembers(self.engine.kind, inspect.isfunction)
        names = [name for name, member in members if name not in NO_OPERATIONS and _takes_nothing(member)]
        tried = dict.fromkeys([*BASIC, *OTHERS, *[f"a.{name}()" for name in names if not name.startswith("_")]])
        found = [operation for operation in tried if self._is_there(operation)]
        if lacking := [operation for operation in [*BASIC, *OTHERS] if operation not in found]:
            self.certificate.limits.append(f"{self.engine.kind.__name__} has no {', '.join(lacking)}")
        return found

    def _is_there(self, operation: str) -> bool:
        program = _program(operation)
        try:
            return isinstance(self.engine.nodes(program, TRIED[: len(program.leaves)])[-1], self.engine.kind)
        except Exception:  # whatever says so, it can't be done
            return False

    # -- Each operation alone ------------------------------------------------------------------------------------------

    def _rule(self, operation: str) -> bool:
        """Whether something is wrong with an operation; what, is added to the mistakes."""
        program, wrong, before = _program(operation), [], len(self.mistakes)
        for numbers in AT_ONE if len(program.leaves) == 1 else AT_TWO:
            trial = Trial(self.engine, program, numbers)
            if isinstance(trial.value, complex):  # a power of a negative number
                continue
            if not trial.gradients:
                self._stopped(operation, trial)
            else:
                self._value(operation, trial)
                wrong += [(trial, place) for place in trial.leaves if self._is_wrong(operation, trial, place)]
            if len(self.mistakes) > before:
                return True
        if wrong:
            self.mistakes.append(self._wrong_rule(operation, *max(wrong, key=_how_telling)))
        return bool(wrong)

    def _is_wrong(self, operation: str, trial: Trial, place: int) -> bool:
        """Whether a gradient is wrong; what else there is to say about it goes into the certificate."""
        if trial.gradients[place] is None:
            return True
        where = f"∂({operation})/∂{trial.program.names[place]} at {_point(trial)}"
        judgement = trial.judgement(place)
        if self.certificate.note(judgement, where) or judgement.verdict is Verdict.WRONG:
            return judgement.verdict is Verdict.WRONG
        if judgement.true and SMALLEST_NORMAL <= abs(judgement.true) < LARGEST:
            self.certificate.note_digits(float(trial.gradients[place]), judgement.true, where)
        return False

    def _wrong_rule(self, operation: str, trial: Trial, place: int) -> GradientMismatch:
        bug, how = ("", "") if self.mistakes else mistake(trial.operation(operation), trial.numbers, place)  # slow
        what = f"its derivative with respect to {trial.program.leaves[place]} is"
        return trial.mistake(place, f"the rule of {operation} is wrong: {what}", how, bug)

    def _stopped(self, operation: str, trial: Trial) -> None:
        """What is said about an error: there may be no result, or none that floats can reach."""
        if not isinstance(trial.error, UNDEFINED):
            self.mistakes.append(_stops(operation, trial))
            return
        which, what, truth = f"backward through {operation}", "the slope", trial.slope
        if trial.value is None:
            which, what, truth = operation, "the result", lambda: bare(trial.result(trial.numbers))
        try:
            with CONTEXT.workprec(BITS):
                true = truth()
        except (Opaque, *UNDEFINED):
            return
        told = any(limit.startswith(f"{which} stops ") for limit in self.certificate.limits)
        if true is not None and abs(true) < LARGEST and not told:
            there = f"at {_point(trial)}, although {what} is {CONTEXT.nstr(true, 6)}"
            self.certificate.limits.append(f"{which} stops with {trial.error!r} {there}")

    def _value(self, operation: str, trial: Trial) -> None:
        """Compares a value with what an operation of this name must give, where that is known."""
        value, meant = float(trial.value), _meant(trial)
        if meant is not None and math.isfinite(value) and not math.isclose(value, meant, abs_tol=SAME):
            code = trial.code(f"print({trial.program.names[-1]}.data)  # it must be {meant!r}")
            sentence = f"the value of {operation} is {compared(value, meant)}"
            self.mistakes.append(GradientMismatch(sentence, got=value, true=meant, code=code))

    # -- Several together ----------------------------------------------------------------------------------------------

    def _graphs(self) -> GradientMismatch | None:
        """What is wrong where values are used again, if anything is."""
        trials = [Trial(self.engine, shape, SHAPES_AT[: len(shape.leaves)]) for shape in SHAPES]
        names = ["; ".join(trial.program.lines) for trial in trials]
        for name, trial in zip(names, trials, strict=True):
            if not trial.gradients:
                return _stops(name, trial)
        for name, trial in zip(names, trials, strict=True):
            for place in trial.leaves:
                if self._is_wrong(name, trial, place):
                    bug = recognised([_on_our_values(each) for each in trials])
                    return trial.mistake(place, f"{AGAIN} {trial.program.names[place]} is wrong:", titled(bug), bug)
        where = f"{counted(len(SHAPES), 'graph')} in which values are used again"
        self.certificate.proven.append(f"{where}: the gradient of each leaf, with many digits")
        return None

    def _reused(self, operation: str) -> list[GradientMismatch]:
        """What is wrong with an operation whose inputs are used again, and whose output is not the last."""
        leaves, mistakes = _program(operation).leaves, []
        sums = [f"z = z + {leaf}" for leaf in leaves]
        program = Program(" ".join([*leaves, "w"]), f"y = {operation}", "z = y * w", *sums)
        trials = [Trial(self.engine, program, (*numbers[: len(leaves)], WEIGHT)) for numbers in REUSED_AT]
        trials = [trial for trial in trials if trial.gradients]
        for place, leaf in enumerate(leaves):
            if not trials or trials[0].judgement(place).verdict is not Verdict.WRONG:
                continue
            bugs = [name for name, gives in REUSES.items() if all(_gives(gives, trial, place) for trial in trials)]
            bug, which = bugs[0] if bugs else "", f"the rule of {operation} is wrong where {leaf} is used again:"
            mistakes.append(trials[0].mistake(place, which, titled(bug), bug))
        return mistakes


# What the gradient of an input comes to that is used once more beside an operation, if its rule is wrong in this way:
# from the derivative of the operation and the gradient of its output.
REUSES: dict[str, Callable[[Any, Any], Any]] = {
    "= for +=": lambda slope, upstream: slope * upstream,
    "-= for +=": lambda slope, upstream: 1 - slope * upstream,
    "the upstream gradient is left out": lambda slope, upstream: slope + 1,
    "the local derivative is left out": lambda slope, upstream: upstream + 1,
}


def _gives(gives: Callable[[Any, Any], Any], trial: Trial, place: int) -> bool:
    """Whether that comes to what was found beside the true gradient, which is upstream · slope + 1."""
    got, true = float(trial.gradients[place]), trial.judgement(place).true
    return math.isclose(got, gives((float(true or 0) - 1) / WEIGHT, WEIGHT), abs_tol=SAME)


def _stops(operation: str, trial: Trial) -> GradientMismatch:
    return GradientMismatch(f"backward through {operation} stops with {trial.error!r}", code=trial.code())


def _program(operation: str) -> Program:
    return Program("a b" if "b" in re.findall(r"[a-z]\w*", operation) else "a", f"y = {operation}")


def _takes_nothing(method: Callable[..., Any]) -> bool:
    _, *parameters = inspect.signature(method).parameters.values()
    return all(one.default is not one.empty or one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD) for one in parameters)


def _point(trial: Trial) -> str:
    return ", ".join([f"{number:g}" for number in trial.numbers])


def _how_telling(found: tuple[Trial, int]) -> tuple[bool, bool]:
    """Where a gradient is 0, or an input 0 or 1, little can be told about why it is wrong."""
    trial, place = found
    return bool(trial.gradients[place]), not {0.0, 1.0, -1.0} & {*trial.numbers}


def _meant(trial: Trial) -> float | None:
    """What a program gives, by what its operations are called; None if that is not known."""
    try:
        [result] = trial.program.run(*map(Precise, trial.numbers))
        return float(bare(result))
    except (AttributeError, Opaque, *UNDEFINED):
        return None


def _on_our_values(trial: Trial) -> tuple[Value, dict[Value, float | None]]:
    """The graph of a program on our own values, and for each the gradient that was found."""
    leaves = [Value(number) for number in trial.numbers]
    nodes = [*leaves, *trial.program.run(*leaves)]
    given = {node: float(got) for node, got in zip(nodes, trial.gradients, strict=True) if got is not None}
    return nodes[-1], dict.fromkeys(leaves) | given
