"""Files of a model folder: hashed when written, checked before they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from coder.errors import ModelError


def digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, files: Mapping[str, str]) -> None:
    """Raise ModelError for the first listed file that is missing or not what was written."""
    for name, expected in files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"model {folder.name}: file {name} is missing", file=name)
        if digest(path) != expected:
            raise ModelError(
                f"model {folder.name}: file {name} has been changed or is damaged; "
                "copy the folder again",
                file=name,
            )


def read_config(path: Path) -> dict[str, object]:
    """The `encoder.json` beside an ONNX encoder; raises ModelError when it is broken."""
    try:
        loaded = json.loads((path / "encoder.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"encoder folder {path.name}: encoder.json cannot be read") from error
    if not isinstance(loaded, dict):
        raise ModelError(f"encoder folder {path.name}: encoder.json is not an object")
    return loaded
