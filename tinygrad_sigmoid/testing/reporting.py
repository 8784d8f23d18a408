"""What a check tells whoever runs it, beside the certificate that it gives back: pytest lists what was proven."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a program that only wants to be told need not load the judge
    from tinygrad_sigmoid.testing.certificate import Certificate

observers: list[Callable[[Certificate], None]] = []  # each is called with every certificate
strict = False  # whether what is unresolved fails where a check doesn't say
