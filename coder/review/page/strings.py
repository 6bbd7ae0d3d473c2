"""The one catalogue of the page's strings: strings.csv, a column per language."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from coder.review.users import LANGUAGES

RIGHT_TO_LEFT = frozenset({"ar"})


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Language -> key -> string."""
    with (Path(__file__).parent / "strings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {lang: {row["key"]: row[lang] for row in rows} for lang in LANGUAGES}


class Words:
    """The strings of one language: `words("records_count", n=3)`. KeyError for an unknown key."""

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "en"
        self._strings = catalogue()[self.language]

    def __call__(self, key: str, **values: object) -> str:
        """The string, with its {places} filled."""
        return self._strings[key].format(**values)

    def __contains__(self, key: str) -> bool:
        return key in self._strings

    @property
    def direction(self) -> str:
        """ltr or rtl."""
        return "rtl" if self.language in RIGHT_TO_LEFT else "ltr"


def preferred(header: str) -> str:
    """The first of our languages in an Accept-Language header; English when there is none."""
    for part in header.split(","):
        language = part.split(";")[0].strip().lower()[:2]
        if language in LANGUAGES:
            return language
    return "en"
