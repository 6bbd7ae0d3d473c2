"""Every error a user can meet, as data: a code, one line of text, and its context.

The CLI turns them into one line and an exit status (`coder.cli.main`); an API turns them into
one JSON shape. No message and no context value may hold narrative text: name the row, the
column, the file or the code instead.
"""

from __future__ import annotations

from typing import ClassVar


class CoderError(Exception):
    """Base of all errors that a user can act on.

    `code` is a stable machine word, `exit_status` what the CLI ends with, `context` the named
    facts (row, column, file, scheme …) that the message mentions.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.context = context

    def as_dict(self) -> dict[str, object]:
        """The one shape of an error: {"error": code, "message": …, "context": {…}}."""
        return {"error": self.code, "message": self.message, "context": dict(self.context)}


class InputError(CoderError):
    """The input file cannot be used: missing column, unreadable file, empty gold."""

    code = "input"


class SchemeError(CoderError):
    """An unknown scheme or code, or a scheme file that contradicts itself."""

    code = "scheme"


class ModelError(CoderError):
    """A model folder that is missing, tampered with, too new, or made for another scheme."""

    code = "model"


class PolicyError(CoderError):
    """A policy that cannot be read, or was made for another model."""

    code = "policy"


class OutputError(CoderError):
    """The output cannot be written: folder in use, disk full, no permission."""

    code = "output"


class TrainingError(CoderError):
    """The training rows cannot make a model: too few, one code only, codes not in the scheme."""

    code = "training"
