"""What every system in the benchmark must do, in whatever environment it lives.

This file and the adapters beside it run in environments of their own, so they import nothing of
narracoder (but for `narracoder_own.py`, which is the engine itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt


class System(Protocol):
    """A text classifier: fitted once, then asked for probabilities over its codes."""

    packages: tuple[str, ...]  # distributions whose versions are written into the results
    deterministic: bool  # the seed changes nothing
    domain: str  # optional: "injury", "occupation" or "industry", set from the task
    store: Path  # optional: a folder for what may be remembered from task to task
    remember: bool  # optional: whether it may be; off while speed is measured

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        """Learn from texts and their codes, both of shape (n,)."""

    @property
    def codes(self) -> list[str]:
        """The codes in the order of the columns of `probabilities`."""

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Shape (n, k); rows sum to 1, or to 0 for a record without an answer."""
