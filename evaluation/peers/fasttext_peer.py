"""fastText, supervised, words and word pairs.

Its `predict` breaks under numpy 2 when given one string (it asks for a copy-free array); given a
list it works, so it is given lists.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import fasttext
import numpy as np
import numpy.typing as npt

_LABEL = "__label__"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


class FastText:
    packages = ("fasttext", "numpy")
    deterministic = False

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        self._codes = sorted(set(codes))
        number = {code: i for i, code in enumerate(self._codes)}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "train.txt")
            lines = (f"{_LABEL}{number[c]} {_plain(t)}" for t, c in zip(texts, codes, strict=True))
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            self._model = fasttext.train_supervised(
                str(path), lr=0.5, epoch=25, wordNgrams=2, minCount=1, dim=100, bucket=200_000,
                loss="softmax", thread=2, seed=seed, verbose=0,
            )  # fmt: skip

    @property
    def codes(self) -> list[str]:
        return self._codes

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        labels, scores = self._model.predict([_plain(t) for t in texts], k=-1)
        out = np.zeros((len(texts), len(self._codes)), dtype=np.float32)
        for i, (names, values) in enumerate(zip(labels, scores, strict=True)):
            out[i, [int(name.removeprefix(_LABEL)) for name in names]] = values
        total = out.sum(axis=1, keepdims=True)
        return np.divide(out, total, out=out, where=total > 0)
