"""The engine's own training code, as one more system: same rows, same fields, same split.

Its encoder is the shipped one, which was tuned on the fitting part of all recipes' rows: on other
sources too, on no test row. `NarracoderUntuned` has the encoder as it was published, and so has
read nothing but the training rows.
"""

from __future__ import annotations

import subprocess  # runs a recipe of this project
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from vectors import Vectors

from coder.model.encoder import Encoder, load_encoder
from coder.model.train import APART, CALIBRATE, FIT, Expert, Rows, Settings, deal, train
from coder.schemes import Code, Scheme
from coder.text import Prepared, normal
from coder.text.normal import Domain

ROOT = Path(__file__).resolve().parents[2]


class _Remembering:
    """See `coder.model.encoder.Encoder`; a text is embedded once for all tasks and seeds."""

    def __init__(self, encoder: Encoder, store: Path) -> None:
        self.encoder = encoder
        self.name, self.fingerprint = encoder.name, encoder.fingerprint
        self.folder, self.dimensions = encoder.folder, encoder.dimensions
        self._memory = Vectors(encoder.encode, store, encoder.fingerprint[:16])

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._memory.of(texts)


class Narracoder:
    packages = ("narracoder", "numpy", "onnxruntime", "scikit-learn")
    deterministic = False  # the seed shuffles the rows while fitting
    domain: Domain = "injury"  # what the texts are about; the task says it
    remember = True
    store = Path()
    experts = APART  # the encoder has read training rows

    @cached_property
    def _encoder(self) -> _Remembering:
        return _Remembering(self._load(), self.store)

    def _load(self) -> Encoder:
        return load_encoder()

    def _prepare(self, texts: Sequence[str]) -> list[Prepared]:
        return [Prepared(normal(text, self.domain), "", None) for text in texts]

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        names = sorted(set(codes))
        scheme = Scheme("benchmark", "Codes of a benchmark", [Code(c, c, 1, None) for c in names])
        prepared = self._prepare(texts)
        parts = [CALIBRATE if deal(p.main) == CALIBRATE else FIT for p in prepared]
        rows = Rows(prepared, [frozenset([c]) for c in codes], ["benchmark"] * len(codes), parts)
        settings = Settings(experts=self.experts, seed=seed, rate=1.0, epochs=6, damping=1e-4)
        self._model, _ = train(scheme, rows, self._encoder, settings, shipped_scheme=False)

    @property
    def codes(self) -> list[str]:
        return list(self._model.codes)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self._model.encoder = self._encoder if self.remember else self._encoder.encoder
        return self._model.probabilities(self._prepare(texts)).values


class NarracoderUntuned(Narracoder):
    experts = (Expert(),)

    def _load(self) -> Encoder:
        """The encoder as published, made once by its recipe (needs the extra `train`)."""
        folder = self.store.parent / "encoder-published"
        if not (folder / "encoder.json").is_file():
            recipe = ROOT / "training_data" / "recipes" / "encoder.py"
            subprocess.run([sys.executable, str(recipe), "--out", str(folder)], check=True)
        return load_encoder(folder)
