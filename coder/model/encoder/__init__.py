"""Sentence embeddings: one face, whatever computes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coder.errors import ModelError
from coder.model.files import read_config
from coder.resources import shipped

SHIPPED = "encoder"
STATIC = "encoder-static"  # the fast tier's


class Encoder(Protocol):
    """Turns texts into unit vectors; the same text gives the same vector in any company."""

    name: str
    fingerprint: str  # SHA-256 of the file that decides the vectors
    folder: Path
    dimensions: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings of shape (n, dimensions), each of length 1."""
        ...


def load_encoder(folder: str | Path | None = None) -> Encoder:
    """The encoder in a folder; without one, the shipped all-MiniLM-L6-v2.

    A folder with `model.onnx` and `tokenizer.json` runs on ONNX Runtime, one with
    `vectors.safetensors` is a table of token vectors. Any other sentence-transformers folder
    needs the extra `train`. Raises ModelError when there is none.
    """
    path = shipped("models", SHIPPED) if folder is None else Path(folder)
    if (path / "model.onnx").is_file():
        from coder.model.encoder.onnx_encoder import OnnxEncoder

        return OnnxEncoder(path)
    if (path / "vectors.safetensors").is_file():
        from coder.model.encoder.static_encoder import StaticEncoder

        return StaticEncoder(path)
    if (path / "modules.json").is_file() or (path / "config.json").is_file():
        from coder.model.encoder.torch_encoder import TorchEncoder

        return TorchEncoder(path)
    raise ModelError(
        f"no encoder in {path.name}: it needs model.onnx and tokenizer.json, or must be a "
        "sentence-transformers folder",
        folder=path.name,
    )


def find_encoder(fingerprint: str, folder: str | None = None) -> Encoder:
    """The encoder that a model was trained with: a shipped one, else the one in `folder`.

    Raises ModelError when neither has the fingerprint.
    """
    for path in sorted(shipped("models").glob(f"{SHIPPED}*")):
        files = read_config(path).get("files")
        if isinstance(files, dict) and fingerprint in files.values():
            return load_encoder(path)
    if folder is None or not Path(folder).is_dir():
        raise ModelError(
            "the encoder that the model was trained with is not here; train the model again, "
            "or put the encoder's folder back where it was",
            fingerprint=fingerprint[:12],
        )
    found = load_encoder(folder)
    if found.fingerprint != fingerprint:
        raise ModelError(f"encoder {found.name} is not the one that the model was trained with")
    return found
