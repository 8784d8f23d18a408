"""Samples to train on or to test with: pairs of inputs and targets, looked at before anything is computed with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinygrad_sigmoid import checks
from tinygrad_sigmoid.checks import is_list, listed

Sample = tuple[Sequence[float], Sequence[float] | float]


def as_samples(given: Sequence[Sample], name: str, *, least: int = 0) -> list[Sample]:
    """The samples, each found to be a pair of inputs and targets, all of them finite numbers."""
    cure = "give a list of pairs (inputs, targets), as in [([0, 1], 1), ([1, 1], 0)]"
    samples: list[Any] = checks.entries(given, name, "a list of samples", cure, kind=object, least=least)
    for place, sample in enumerate(samples):
        if not _is_sample(sample):
            wanted = "a list of inputs and their targets, all finite numbers"
            raise checks.refused(f"sample {place} of {name}, counted from 0,", wanted, sample, cure, ValueError)
    return samples


def _is_sample(given: Any) -> bool:
    try:
        inputs, targets = given
        numbers = [*inputs, *listed(targets)]
        # Of finite numbers that are very large, the sum may be infinite: then each is looked at.
        finite = math.isfinite(sum(numbers, 0.0)) or all(map(math.isfinite, numbers))
        return is_list(given) and is_list(inputs) and finite
    except (TypeError, ValueError, OverflowError):  # not two of them, no numbers, too large
        return False


def require_same_widths(samples: Sequence[Sample], first: Sample) -> None:
    """Raises a ValueError that names the sample, if one has more or fewer inputs or targets than the first."""
    wanted, *found = [
        f"{len(inputs)} inputs and {len(listed(targets))} targets" for inputs, targets in [first, *samples]
    ]
    for place, widths in enumerate(found):
        if widths != wanted:
            raise ValueError(
                f"sample {place}, counted from 0, has {widths}, but the first to be trained on has {wanted}: give as "
                f"many in all"
            )
