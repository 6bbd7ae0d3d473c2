"""What the encoders that ship have in common: a folder with a tokenizer and its hashes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from coder.errors import ModelError
from coder.model.files import check_files, read_config


class Stored:
    """A folder with `encoder.json` and `tokenizer.json`; `main` decides the vectors."""

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

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.enable_truncation(self._max_tokens)
        tokenizer.no_padding()
        return tokenizer
