"""Any sentence-transformers folder as the encoder: needs the extra `train`, and no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from coder.errors import ModelError
from coder.model.files import digest


class TorchEncoder:
    """See `coder.model.encoder.Encoder`."""

    def __init__(self, folder: Path) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelError(
                f"encoder folder {folder.name} needs torch: install 'narracoder[train]', "
                "or convert the folder to ONNX"
            ) from error
        weights = sorted(folder.rglob("*.safetensors"))
        if not weights:
            raise ModelError(f"encoder folder {folder.name} has no .safetensors weights")
        self.name, self.folder = folder.name, folder
        self.fingerprint = digest(weights[0])
        self._model = SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, trust_remote_code=False
        )
        self.dimensions = int(self._model.get_sentence_embedding_dimension() or 0)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings (n, dimensions) of length 1; zeros for an empty text."""
        out: NDArray[np.float32] = self._model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False
        ).astype(np.float32)
        out[[not text for text in texts]] = 0
        return out
