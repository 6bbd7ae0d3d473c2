"""Which of several codes a text means: what a crosswalk leaves open, the index terms may settle.

When one code of a scheme became several in another, the text is compared with the index terms
and titles of those codes only. The three coefficients were fitted on ILO index titles that carry
both an ISCO-88 and an ISCO-08 code, apart from those on which `evaluation/revisions.py` measures.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.evidence.terms import Entries, build_entries, entries_of, load_entries
from coder.schemes import IndexTerm, Scheme
from coder.text import Domain, domain_of, normal

Floats = NDArray[np.float64]
Target = tuple[str, str]  # a code and the note of its link, "" without one

NEAR, TITLE, SHARED = 9.2, 4.0, 0.54  # see fit() in evaluation/revisions.py
EXACT = 0.97  # of a term that stands in the index under one of the codes
_NEAREST = 3
_SLOTS = 1 << 20
_WORD = re.compile(r"\w+")
_GRAMS = (3, 4, 5)


class WordVectors:
    """Texts as unit vectors of their words and the characters inside them, rare words first.

    A word of the index counts log(terms / terms that hold it); unknown words count as the rarest.
    """

    def __init__(self, forms: Sequence[str]) -> None:
        found = Counter(word for form in forms for word in set(_WORD.findall(form)))
        total = len(forms) + 1
        self._weight = {word: 1 + math.log(total / (n + 1)) for word, n in found.items()}
        self._rarest = 1 + math.log(total)
        self._known: dict[str, tuple[NDArray[np.int64], Floats]] = {}

    def matrix(self, texts: Sequence[str]) -> sparse.csr_matrix:
        """(n, slots) rows of length 1; all zero for a text without words."""
        columns, values, ends = [], [], [0]
        for text in texts:
            parts = [self._word(word) for word in _WORD.findall(text)]
            slots = np.concatenate([p[0] for p in parts]) if parts else np.zeros(0, np.int64)
            weights = np.concatenate([p[1] for p in parts]) if parts else np.zeros(0)
            merged, back = np.unique(slots, return_inverse=True)
            summed = np.bincount(back, weights, len(merged))
            columns.append(merged)
            values.append(summed / (math.sqrt(float(summed @ summed)) or 1.0))
            ends.append(ends[-1] + len(merged))
        if not columns:
            return sparse.csr_matrix((0, _SLOTS))
        return sparse.csr_matrix(
            (np.concatenate(values), np.concatenate(columns), ends), (len(texts), _SLOTS)
        )

    def _word(self, word: str) -> tuple[NDArray[np.int64], Floats]:
        known = self._known.get(word)
        if known is None:
            padded = f" {word} "
            grams = [padded[i : i + n] for n in _GRAMS for i in range(len(padded) - n + 1)]
            slots = [crc32(f"w {word}".encode()), *(crc32(g.encode()) for g in grams)]
            weight = self._weight.get(word, self._rarest)
            each = weight / math.sqrt(max(1, len(grams)))
            known = (
                np.array(slots, np.int64) % _SLOTS,
                np.array([weight] + [each] * len(grams)),
            )
            self._known[word] = known
        return known

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_known": {}}  # words of texts stay in this process


class SplitText:
    """Shares of a code's targets, given a text, from the index terms of both schemes.

    source   entries of the scheme that the code is in (may be empty)
    target   entries of the scheme that the targets are in (may be empty: titles alone decide)
    """

    def __init__(self, scheme: Scheme, source: Entries, target: Entries, domain: Domain) -> None:
        self._scheme, self._domain = scheme, domain
        self._exact = {form: i for i, form in enumerate(target.forms())}
        self._target = target
        self._forms: dict[str, list[str]] = defaultdict(list)
        for entry in target:
            for code, _ in entry.codes:
                self._forms[code].append(entry.form)
        self._shared: Counter[tuple[str, str]] = Counter()
        for entry in source:
            if (row := self._exact.get(entry.form)) is not None:
                both = [(a, b) for a, _ in entry.codes for b, _ in target[row].codes]
                self._shared.update(both)
        titles = [normal(scheme[leaf].title, domain) for leaf in scheme.leaves]
        self._vectors = WordVectors([*target.forms(), *titles])
        self._near: dict[str, sparse.csr_matrix] = {}

    @property
    def domain(self) -> Domain:
        """How texts are brought into normal form."""
        return self._domain

    def prior(self, code: str, targets: Sequence[Target]) -> Floats:
        """Shares of the targets before any text, (k,): by the index terms that both codes hold."""
        counts = [math.log(self._shared[code, target] + 0.5) for target, _ in targets]
        shares: Floats = _softmax(SHARED * np.array(counts)[None])[0]
        return shares

    def weights(self, code: str, targets: Sequence[Target], texts: Sequence[str]) -> Floats:
        """(n, k) shares of the targets of `code` for texts in `normal` form; rows sum to 1."""
        if len(targets) == 1:
            return np.ones((len(texts), 1))
        shares: Floats = _softmax(self.features(code, targets, texts) @ COEFFICIENTS)
        for i, text in enumerate(texts):
            if (row := self._exact.get(text)) is None:
                continue
            filed = dict(self._target[row].codes)
            known = np.array([filed.get(target, 0.0) for target, _ in targets])
            if known.sum() > 0:
                shares[i] = EXACT * known / known.sum() + (1 - EXACT) * shares[i]
        return shares

    def features(self, code: str, targets: Sequence[Target], texts: Sequence[str]) -> Floats:
        """(n, k, 3): nearness to index terms and to title or note, both 0..1; log shared terms."""
        read = self._vectors.matrix(texts)
        out: Floats = np.zeros((len(texts), len(targets), 3))
        for j, (target, note) in enumerate(targets):
            best = -np.sort(-_alike(read, self._terms(target)), axis=1)[:, :_NEAREST]
            out[:, j, 0] = best.sum(axis=1) / _NEAREST
            out[:, j, 1] = _alike(read, self._words(target, note)).max(axis=1)
            out[:, j, 2] = math.log(self._shared[code, target] + 0.5)
        return out

    def nearest(self, target: str, text: str) -> str:
        """The index term of a code that is most like a text, "" when none resembles it."""
        forms = self._forms.get(target, [])
        alike = _alike(self._vectors.matrix([text]), self._terms(target))[0]
        return forms[int(alike.argmax())] if len(alike) and alike.max() > 0 else ""

    def _terms(self, target: str) -> sparse.csr_matrix:
        if target not in self._near:
            self._near[target] = self._vectors.matrix(self._forms.get(target, []))
        return self._near[target]

    def _words(self, target: str, note: str) -> sparse.csr_matrix:
        key = f"title {target} {note}"
        if key not in self._near:
            texts = [normal(text, self._domain) for text in (self._scheme[target].title, note)]
            self._near[key] = self._vectors.matrix(texts)
        return self._near[key]

    def __getstate__(self) -> dict[str, object]:
        return self.__dict__ | {"_near": {}}


COEFFICIENTS = np.array([NEAR, TITLE, SHARED])


def _alike(texts: sparse.csr_matrix, terms: sparse.csr_matrix) -> Floats:
    """(texts, terms) cosines; only the slots that the texts use are looked at."""
    slots = np.unique(texts.indices)
    if not len(slots):
        return np.zeros((texts.shape[0], terms.shape[0]))
    asked = np.zeros((len(slots), texts.shape[0]))
    row = np.repeat(np.arange(texts.shape[0]), np.diff(texts.indptr))
    asked[np.searchsorted(slots, texts.indices), row] = texts.data
    place = np.minimum(np.searchsorted(slots, terms.indices), len(slots) - 1)
    met = np.flatnonzero(slots[place] == terms.indices)
    starts = np.searchsorted(met, terms.indptr)
    shape = (terms.shape[0], len(slots))
    few = sparse.csr_matrix((terms.data[met], place[met], starts), shape)
    alike: Floats = (few @ asked).T
    return alike


def _softmax(scores: Floats) -> Floats:
    raised: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def split_text(
    source: str,
    target: Scheme,
    terms: Iterable[IndexTerm] | None = None,
    source_terms: Iterable[IndexTerm] | None = None,
) -> SplitText:
    """What tells apart the codes of `target` that one code of the scheme `source` became.

    `terms` and `source_terms` stand in for the shipped indexes of the two schemes.
    """
    if terms is None and source_terms is None:
        return _shipped(source, target)
    domain = domain_of(source)
    return SplitText(
        target,
        _entries(source, source_terms, domain),
        _entries(target.name, terms, domain),
        domain,
    )


@lru_cache(maxsize=8)
def _shipped(source: str, target: Scheme) -> SplitText:
    return SplitText(target, load_entries(source), load_entries(target.name), domain_of(source))


def _entries(scheme: str, terms: Iterable[IndexTerm] | None, domain: Domain) -> Entries:
    if terms is None:
        return load_entries(scheme)
    return entries_of(build_entries(scheme, tuple(terms), domain))


def by_code(codes: Sequence[str]) -> Mapping[str, NDArray[np.intp]]:
    """Row numbers of each code, in the order of first occurrence."""
    rows: dict[str, list[int]] = {}
    for i, code in enumerate(codes):
        rows.setdefault(code, []).append(i)
    return {code: np.array(found, np.intp) for code, found in rows.items()}
