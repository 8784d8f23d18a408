"""Which simple product has these values? The search behind the names of mistakes; it knows nothing of derivatives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, product
from typing import Any, NamedTuple

ENOUGH = 3  # values; fewer are a product of something by chance
FITS = 1e-6

_ROOTS = {"√2": 2**0.5, "√π": math.pi**0.5, "√(2π)": (2 * math.pi) ** 0.5, "√(2/π)": (2 / math.pi) ** 0.5}
_LOGARITHMS = {"ln 2": math.log(2), "ln 10": math.log(10)}
_NUMBERS = {f"{n}": float(n) for n in range(2, 11)} | {"(3/2)": 1.5}
_NAMED = _NUMBERS | {"π": math.pi, "(2π)": 2 * math.pi, "(√π/2)": math.pi**0.5 / 2, "(π/180)": math.pi / 180}
_NAMED |= _ROOTS | _LOGARITHMS
CONSTANTS = {"": 1.0, "½": 0.5} | _NAMED | {f"1/{text}": 1 / number for text, number in _NAMED.items()}
UNIT = {"": 1.0}
EXPONENTS = {1.0: "", 2.0: "²", 0.5: "^½", 3.0: "³"}
STEEPEST = 16  # the largest exponent of a single factor
IN_PAIRS = (-1.0, 1.0, -2.0, 2.0, -0.5, 0.5)

Factors = Mapping[str, Sequence[Any]]  # a name, and the values at each point
Powers = tuple[tuple[str, float], ...]


class Monomial(NamedTuple):
    """A number times powers of some factors."""

    number: float
    powers: Powers

    @property
    def inverse(self) -> Monomial:
        return Monomial(1 / self.number, tuple([(name, -exponent) for name, exponent in self.powers]))

    def __str__(self) -> str:
        above = [f"{name}{_superscript(exponent)}" for name, exponent in self.powers if exponent > 0]
        below = [f"{name}{_superscript(-exponent)}" for name, exponent in self.powers if exponent < 0]
        constant = constant_text(self.number)
        number = f"{self.number:.6g}" if constant is None else constant
        if number.strip("−") or not above:
            above.insert(0, number if number.strip("−") else f"{number}1")
        elif number:
            above[0] = number + above[0]
        return "/".join(["·".join(above), *below])


def _superscript(exponent: float) -> str:
    return EXPONENTS.get(exponent, f"^{exponent:g}")


def constant_text(number: float, constants: Mapping[str, float] = CONSTANTS) -> str | None:
    """How a number is written, if it is one of the constants or minus one; 1 is the empty text."""
    for text, constant in constants.items():
        if math.isclose(abs(number), constant, rel_tol=FITS):
            return text if number > 0 else f"−{text}"
    return None


def monomial(
    values: Sequence[Any], factors: Factors, *, most: int = 1, constants: Mapping[str, float] | None = CONSTANTS
) -> Monomial | None:
    """The product that has these values, of as few of the factors as possible, and `most` at most.

    >>> x = [0.5, -1.5, 3.0]
    >>> print(monomial([-2 / number**2 for number in x], {"x": x}))
    −2/x²

    Factors that are 0 somewhere are left out. The constants, and their negatives, are the numbers that it may be
    multiplied with; None for any.
    """
    wanted = [*map(float, values)]
    if len(values) < ENOUGH or not all(wanted):
        return None
    known = {name: floats for name, numbers in factors.items() if all(floats := [*map(float, numbers)])}
    singles: list[Powers] = [((name, exponent),) for name in known for exponent in _exponents(wanted, known[name])]
    singles.sort(key=lambda single: abs(single[0][1]))
    pairs = (
        tuple(zip(names, exponents, strict=True))
        for exponents in product(IN_PAIRS, repeat=2)
        for names in combinations(known, 2)
    )
    tried: list[Iterable[Powers]] = [[()], singles, pairs]
    for powers in chain.from_iterable(tried[: most + 1]):
        number = _common_ratio(wanted, [(known[name], exponent) for name, exponent in powers])
        if number and (constants is None or constant_text(number, constants) is not None):
            return Monomial(number, powers)
    return None


def _exponents(wanted: Sequence[float], factor: Sequence[float]) -> list[float]:
    """The exponent that a single factor must have, going by two points, if that is a multiple of a half."""
    run, rise = [math.log(abs(numbers[1] / numbers[0])) for numbers in (factor, wanted)]
    twice = 2 * rise / run if run else 0.0
    fits = 0.5 < abs(twice) < 2 * STEEPEST and math.isclose(twice, round(twice), rel_tol=FITS)
    return [round(twice) / 2] if fits else []


def _common_ratio(wanted: Sequence[float], powers: Sequence[tuple[Sequence[float], float]]) -> float:
    """The wanted values divided by the product of some powers, if that is the same number everywhere; else 0."""
    first = 0.0
    for place, ratio in enumerate(wanted):
        for factor, exponent in powers:
            if factor[place] < 0 and exponent % 1:
                return 0.0
            try:
                ratio /= factor[place] ** exponent
            except ArithmeticError:  # it is too large or too small for floats
                return 0.0
        first = first or ratio
        if not math.isfinite(ratio) or not math.isclose(ratio, first, rel_tol=FITS):
            return 0.0
    return first
