"""The engine's own training code, as one more system: same rows, same fields, same split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coder.model.encoder import load_encoder
from coder.model.train import CALIBRATE, FIT, Rows, Settings, train
from coder.schemes import Code, Scheme
from coder.text import Prepared, normal


class Narracoder:
    packages = ("narracoder", "numpy", "onnxruntime", "scikit-learn")
    deterministic = True
    domain = "injury"  # what the texts are about; the task says it

    def _prepare(self, texts: Sequence[str]) -> list[Prepared]:
        return [Prepared(normal(text, self.domain), "", None) for text in texts]

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        names = sorted(set(codes))
        scheme = Scheme("benchmark", "Codes of a benchmark", [Code(c, c, 1, None) for c in names])
        prepared = self._prepare(texts)
        parts = [
            CALIBRATE if hashlib.sha256(p.main.encode()).digest()[0] < 26 else FIT for p in prepared
        ]
        rows = Rows(prepared, [frozenset([c]) for c in codes], ["benchmark"] * len(codes), parts)
        self._model, _ = train(
            scheme, rows, load_encoder(), Settings(seed=seed), shipped_scheme=False
        )

    @property
    def codes(self) -> list[str]:
        return list(self._model.codes)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._model.probabilities(self._prepare(texts)).values
