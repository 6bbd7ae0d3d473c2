"""What the encoders that ship have in common: a folder with a tokenizer and its hashes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coder.errors import ModelError
from coder.model.files import check_files, read_config


class Stored(ABC):
    """A folder with `encoder.json` and `tokenizer.json`; the file `main` decides the vectors.

    See `coder.model.encoder.Encoder`. What it opens is opened on first use.
    """

    def __init__(self, folder: Path, main: str) -> None:
        config = read_config(folder)
        self.name = str(config["name"])
        self.dimensions = int(str(config["dimensions"]))
        self._max_tokens = int(str(config["max_tokens"]))
        self.folder = folder
        files = config["files"]
        if not isinstance(files, dict):
            raise ModelError(f"encoder folder {folder.name}: encoder.json lists no files")
        check_files(folder, files)
        self.fingerprint = str(files[main])
        self._last: dict[str, NDArray[np.float32]] = {}

    def __getstate__(self) -> dict[str, Any]:
        kept = {
            name: value
            for name, value in self.__dict__.items()
            if not isinstance(getattr(type(self), name, None), cached_property)
        }
        return kept | {"_last": {}}  # texts are personal data: they stay in this process

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings (n, dimensions) of length 1; zeros for an empty text."""
        known = self._last
        new = list(dict.fromkeys(text for text in texts if text and text not in known))
        fresh = dict(zip(new, self._run(new), strict=True)) if new else {}
        out = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            if text:
                out[row] = fresh[text] if text in fresh else known[text]
        # schemes that share an encoder read the same batch one after the other
        self._last = {text: out[row] for row, text in enumerate(texts) if text}
        return out

    @abstractmethod
    def _run(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embeddings (n, dimensions) of distinct texts, none of them empty."""

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.enable_truncation(self._max_tokens)
        tokenizer.no_padding()
        return tokenizer
