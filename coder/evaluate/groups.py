"""Parts of the data worth looking at: confidence, text length, source, language, the unusual."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coder.evaluate.case import Options
from coder.evaluate.measure import View
from coder.evaluate.read import TEXT_COLUMNS
from coder.evaluate.tree import FloatArray, IntArray
from coder.figures.tables import need

Grouping = tuple[IntArray, list[str]]

BANDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WORDS = (0, 2, 5, 10, 20, 50)
ALWAYS_BY = ("source", "language")
MOST_GROUPS = 30


def groupings(view: View, options: Options) -> dict[str, Grouping]:
    """All groupings that the files allow, each as (group number per record, names)."""
    found: dict[str, Grouping] = {}
    case, confidence = view.case, view.system.confidence
    if np.isnan(confidence).all() and len(view.finest.rows) == case.gold.n:
        confidence = view.finest.probability
    if not np.isnan(confidence).all():
        found["confidence"] = confidence_bands(confidence)
    texts = [c for c in (options.text or TEXT_COLUMNS) if c in case.table.column_names]
    if texts:
        words = words_of(case.table, texts)
        found["words in the text"] = length_bands(words)
        found["how typical the words are"] = typicality_tenths(words)
    for column in dict.fromkeys([*options.by, *ALWAYS_BY]):
        if column in options.by or column in case.table.column_names:
            found[column] = by_column(need(case.table, column, "predictions and gold"))
    return found


def confidence_bands(confidence: FloatArray) -> Grouping:
    """Bands of confidence; records without one come last."""
    edges = [0.0, *BANDS, 1.0]
    names = [f"{a:g} to under {b:g}" for a, b in pairwise(edges[:-1])]
    names += [f"{edges[-2]:g} to 1", "no confidence"]
    place = np.searchsorted(BANDS, confidence, side="right")
    return np.where(np.isnan(confidence), len(names) - 1, place), names


def by_column(values: pa.ChunkedArray) -> Grouping:
    """The values of a column, most frequent first; beyond 30 they share "(other)"."""
    encoded = values.combine_chunks().dictionary_encode()
    place = encoded.indices.to_numpy(zero_copy_only=False)
    names = [name or "(blank)" for name in encoded.dictionary.to_pylist()]
    count = np.bincount(place, minlength=len(names))
    order = sorted(range(len(names)), key=lambda i: (-count[i], names[i]))
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    kept = [names[i] for i in order]
    if len(kept) > MOST_GROUPS:
        kept = [*kept[:MOST_GROUPS], "(other)"]
    return np.minimum(rank, MOST_GROUPS)[place], kept


class Words:
    """Words of n records as (row, word number) pairs."""

    def __init__(self, n: int, row: IntArray, word: IntArray, size: int) -> None:
        self.n, self.row, self.word, self.size = n, row, word, size

    def count(self) -> IntArray:
        """Words per record, shape (n,)."""
        return np.bincount(self.row, minlength=self.n)


def words_of(table: pa.Table, columns: list[str]) -> Words:
    """Lower-case runs of letters and digits in the given columns."""
    text = pc.binary_join_element_wise(*[table[c].combine_chunks() for c in columns], " ")
    plain = pc.replace_substring_regex(pc.utf8_lower(text), r"[^\pL\pN]+", " ")
    lists = pc.split_pattern(pc.utf8_trim_whitespace(plain), " ")
    words = pc.list_flatten(lists)
    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False).astype(np.int64)
    encoded = words.dictionary_encode()
    number = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    filled = pc.not_equal(words, "").to_numpy(zero_copy_only=False).astype(bool)
    return Words(table.num_rows, row[filled], number[filled], len(encoded.dictionary))


def length_bands(words: Words) -> Grouping:
    """Bands of the number of words."""
    names = ["no words"]
    for low, high in pairwise(WORDS):
        names.append(f"{low + 1} to {high}")
    names.append(f"{WORDS[-1] + 1} or more")
    return np.searchsorted(WORDS, words.count(), side="left"), names


def typicality_tenths(words: Words) -> Grouping:
    """Least typical tenth, most typical tenth, and the rest.

    Typical: the mean over a record's words of log(share of these records that hold the word) is
    high. Records without words count as least typical; ties are cut in record order.
    """
    n = words.n
    pairs = np.unique(words.row * max(words.size, 1) + words.word)
    row, word = pairs // max(words.size, 1), pairs % max(words.size, 1)
    share = np.bincount(word, minlength=words.size) / max(n, 1)
    total = np.bincount(row, weights=np.log(share[word]), minlength=n)
    size = np.bincount(row, minlength=n)
    mean = np.divide(total, size, out=np.full(n, -np.inf), where=size > 0)
    rank = np.empty(n, dtype=np.int64)
    rank[np.argsort(mean, kind="stable")] = np.arange(n)
    place = np.where(rank < n / 10, 0, np.where(rank >= n * 0.9, 2, 1))
    return place, ["least typical tenth", "between", "most typical tenth"]
