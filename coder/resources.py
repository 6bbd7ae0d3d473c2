"""Where the shipped folders lie: inside the wheel, or at the root of a checkout."""

from __future__ import annotations

from pathlib import Path

from coder.errors import CoderError

_PACKAGE = Path(__file__).resolve().parent
_IN_CHECKOUT = {
    "models": "models",
    "training_data": "training_data",
    "examples": "evaluation/examples",
}


def shipped(folder: str, *parts: str) -> Path:
    """Path of `parts` below a shipped folder ("models", "training_data" or "examples").

    Raises CoderError when the installation lacks the folder. The path itself need not exist.
    """
    for root in (_PACKAGE / "_shipped" / folder, _PACKAGE.parent / _IN_CHECKOUT[folder]):
        if root.is_dir():
            return root.joinpath(*parts)
    raise CoderError(
        f"this installation lacks its '{folder}' folder: install narracoder again", folder=folder
    )
