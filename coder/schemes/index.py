"""Official terms with their code: what a clerk looks up before thinking."""

from __future__ import annotations

import csv
import gzip
import io
from functools import lru_cache
from typing import NamedTuple

from coder.errors import SchemeError
from coder.resources import shipped


class IndexTerm(NamedTuple):
    """A term as its source prints it (perhaps inverted: "Welder, gas"), its code, its source.

    A named tuple, because 70,000 of them must be there before the first suggestion.
    """

    term: str
    code: str
    source: str


@lru_cache(maxsize=8)
def load_index(scheme: str) -> tuple[IndexTerm, ...]:
    """The index terms of a shipped scheme, in file order; empty when the scheme has no index.

    A (term, code) pair occurs once, ignoring case; a term may stand under several codes. Sources
    are explained in `training_data/SOURCES.md`. Raises SchemeError when the file is damaged.
    """
    folder = shipped("training_data", "index")
    packed, plain = folder / f"{scheme}.csv.gz", folder / f"{scheme}.csv"
    if packed.is_file():
        text = gzip.decompress(packed.read_bytes()).decode("utf-8")
    elif plain.is_file():
        text = plain.read_text(encoding="utf-8")
    else:
        return ()
    reader = csv.reader(io.StringIO(text, newline=""))
    if next(reader, None) != ["term", "code", "source"]:
        raise SchemeError(
            f"the index of {scheme} is damaged: install narracoder again", scheme=scheme
        )
    return tuple(map(IndexTerm._make, reader))
