"""ISIC Rev.4 to Rev.5 from equal titles and notes: the published table is not among our lists.

A Rev.4 class has a checked counterpart when one Rev.5 class has the same title, the two are each
other's nearest by their explanatory notes (TF-IDF cosine of words and word pairs, without
"excludes") and at least SAFE alike, and no new Rev.5 class has it as its nearest. Every other
class gets the Rev.5 classes that are near it, marked "unchecked": the program never codes by
those links without a person. The notes are read here and not copied.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from isic_notes import notes_4, notes_5
from scheme_structures import Row
from sklearn.feature_extraction.text import TfidfVectorizer

SAFE = 0.5
NEAR = 0.1
MOST = 2


def isic_4_isic_5(data: Path, older: list[Row], newer: list[Row]) -> list[tuple[str, str, str]]:
    """(Rev.4 class, Rev.5 class, note) in the order of Rev.4."""
    four = {code: title for code, title, level, _ in older if level == 4}
    five = {code: title for code, title, level, _ in newer if level == 4}
    alike = _alike(data / "industry", four, five)
    rows, columns = list(four), list(five)
    same = _same_titles(rows, columns, four, five)
    new = set(range(len(columns))) - set(same.values())
    nearest = alike.argmax(axis=0)
    lose = {int(nearest[j]) for j in new if alike[nearest[j], j] >= NEAR}
    safe = {
        i: j
        for i, j in same.items()
        if alike[i].argmax() == j and nearest[j] == i and alike[i, j] >= SAFE and i not in lose
    }
    return [
        (rows[i], columns[j], note)
        for i in range(len(rows))
        for j, note in _targets(i, safe, same, alike, nearest)
    ]


def _targets(
    i: int, safe: dict[int, int], same: dict[int, int], alike: np.ndarray, nearest: np.ndarray
) -> list[tuple[int, str]]:
    if i in safe:
        return [(safe[i], "same title, and nearest by its notes")]
    taken = set(safe.values())
    own = [j for j in np.argsort(-alike[i], kind="stable")[:MOST] if alike[i, j] >= NEAR]
    found = {int(j) for j in (*own, *np.flatnonzero(nearest == i)) if j not in taken}
    found |= {same[i]} if i in same else set()
    found = found or {int(alike[i].argmax())}
    order = sorted(found, key=lambda j: (-alike[i, j], j))
    return [(j, "unchecked: near by title and notes only") for j in order]


def _same_titles(
    rows: list[str], columns: list[str], four: dict[str, str], five: dict[str, str]
) -> dict[int, int]:
    places: dict[str, list[int]] = {}
    for j, code in enumerate(columns):
        places.setdefault(_key(five[code]), []).append(j)
    found = {i: places.get(_key(four[code]), []) for i, code in enumerate(rows)}
    return {i: js[0] for i, js in found.items() if len(js) == 1}


def _key(title: str) -> str:
    return re.sub(
        r"\W+", " ", title.casefold().replace("n.e.c", "not elsewhere classified")
    ).strip()


def _alike(folder: Path, four: dict[str, str], five: dict[str, str]) -> np.ndarray:
    """(Rev.4 classes, Rev.5 classes) cosine of titles and notes."""
    older, newer = notes_4(folder), notes_5(folder)
    texts_4 = [older.get(code, title) for code, title in four.items()]
    texts_5 = [newer.get(code, title) for code, title in five.items()]
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, stop_words="english")
    vectors.fit([*texts_4, *texts_5])
    alike: np.ndarray = (vectors.transform(texts_4) @ vectors.transform(texts_5).T).toarray()
    return alike
