"""Where rules meet the model: what the text says by itself, beside the probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coder.decide import Decisions, Signals
from coder.evidence import (
    IndexLookup,
    diagnosis_codes,
    prepare_records,
    several_injured,
    side_of_body,
    vagueness,
)
from coder.model.model import Model
from coder.model.probabilities import Probabilities
from coder.text import Prepared, Role, main_role

UNFAMILIAR = 0.5  # from this share of unknown words on, a misspelling is looked for in the index
ALIKE = 0.6  # an index term spelled at least this much alike is what the writer meant
SURE_MATCH = 0.9  # an index term that nearly all sources file under one code
DIAGNOSIS_ERROR = 0.02  # how often a diagnosis code beside a narrative is of another injury
INJURY_SCHEMES = ("injury-type", "body-part")


class Spoken(Protocol):
    """Whatever can name the words that speak for a code, as a model's `Reading` does."""

    def words_for(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: int = 3
    ) -> list[list[tuple[str, ...]]]:
        """Per row and code asked about, at most `limit` words."""


@dataclass(frozen=True)
class Seen:
    """n records as one model and the rules see them.

    `prepared` is what was read, `matches` the index terms that were met, by code.
    """

    prepared: list[Prepared]
    reading: Spoken
    probabilities: Probabilities
    signals: Signals
    matches: list[Mapping[str, str]]


class Shared:
    """What the schemes of one table have in common, worked out once: they often read the same."""

    def __init__(self) -> None:
        self._prepared: dict[Role | str, tuple[Mapping[Role, Sequence[str]], list[Prepared]]] = {}
        self._several: tuple[Sequence[str], NDArray[np.bool_]] | None = None

    def prepared(self, columns: Mapping[Role, Sequence[str]], scheme: str) -> list[Prepared]:
        """`prepare_records`, remembered for the next scheme that reads the same texts."""
        reads = main_role(scheme) or scheme
        known = self._prepared.get(reads)
        if known is None or known[0] != columns:
            known = self._prepared[reads] = columns, prepare_records(columns, scheme)
        return known[1]

    def several(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """(n,) narratives of more than one injured person."""
        if self._several is None or self._several[0] != texts:
            self._several = texts, np.array([several_injured(text) for text in texts], np.bool_)
        return self._several[1]


def see(columns: Mapping[Role, Sequence[str]], model: Model, shared: Shared | None = None) -> Seen:
    """Read n records: texts prepared, spelling mended, probabilities weighed with diagnoses."""
    scheme, shared = model.scheme.name, shared or Shared()
    prepared = shared.prepared(columns, scheme)
    novelty = model.novelty(prepared).astype(np.float64)
    prepared, matches, exact = _look_up(prepared, novelty, model)
    reading = model.read(prepared)
    p, disagree = _weigh_diagnosis(reading.probabilities, columns.get(Role.DIAGNOSIS), scheme)
    silent = p.values.max(axis=1, initial=0.0) == 0
    absent = [
        (one.absent or "no words") if quiet else None
        for one, quiet in zip(prepared, silent, strict=True)
    ]
    spoken_by_code = np.array([one.absent is not None for one in prepared], np.bool_) & ~silent
    novelty[spoken_by_code] = 0.0  # a diagnosis code speaks where the text is silent
    novelty[[i for i, codes in enumerate(exact) if codes]] = 0.0
    signals = Signals(
        absent=absent,
        novelty=novelty,
        conflict=disagree | _contradicts(p, exact),
        several=_several(columns, scheme, len(prepared), shared),
        vague=_vague(prepared, scheme),
    )
    return Seen(prepared, reading, p, signals, matches)


def _look_up(
    prepared: list[Prepared], novelty: NDArray[np.float64], model: Model
) -> tuple[list[Prepared], list[Mapping[str, str]], list[frozenset[str]]]:
    """Exact index terms; and for strange words the term that is spelled alike, read instead."""
    lookup = IndexLookup.load(model.scheme.name)
    matches: list[Mapping[str, str]] = [{} for _ in prepared]
    exact = [frozenset[str]()] * len(prepared)
    if not len(lookup):
        return prepared, matches, exact
    found = lookup.find_many([one.main for one in prepared], ready=True)
    out = list(prepared)
    for i, (one, near) in enumerate(zip(prepared, found, strict=True)):
        if not near and one.absent is None and novelty[i] >= UNFAMILIAR:
            alike = lookup.find(one.main, limit=1, ready=True)
            if alike and alike[0].score >= ALIKE:
                columns = {_main_role(model.scheme.name): [alike[0].term]}
                read = prepare_records(columns, model.scheme.name)[0]
                out[i], near = replace(read, context=one.context), alike
        elif near and near[0].score >= SURE_MATCH:
            exact[i] = frozenset([near[0].code])
        matches[i] = {match.code: match.term for match in near}
    return out, matches, exact


def _main_role(scheme: str) -> Role:
    return Role.INDUSTRY if scheme.startswith("isic") else Role.TITLE


def _weigh_diagnosis(
    p: Probabilities, diagnoses: Sequence[str] | None, scheme: str
) -> tuple[Probabilities, NDArray[np.bool_]]:
    """Probabilities after a diagnosis code has spoken, and where it disagrees at level 1.

    Bayes with a code that is right but for DIAGNOSIS_ERROR; where the text said nothing, the
    code alone decides among its leaves.
    """
    disagree = np.zeros(len(p), np.bool_)
    if diagnoses is None or scheme not in INJURY_SCHEMES:
        return p, disagree
    values = p.values.copy()
    known: dict[str, frozenset[str]] = {}
    for row, raw in enumerate(diagnoses):
        if raw and raw not in known:
            codes = diagnosis_codes(raw, scheme)
            known[raw] = frozenset(leaf for c in codes for leaf in p.scheme.leaves_under(c))
        leaves = known.get(raw, frozenset())
        inside = np.array([code in leaves for code in p.codes], np.bool_)
        if not inside.any():
            continue
        if values[row].max() == 0:
            values[row, inside] = 1 / inside.sum()
            continue
        best = p.scheme.ancestor(p.codes[int(values[row].argmax())], 1)
        disagree[row] = best not in {p.scheme.ancestor(leaf, 1) for leaf in leaves}
        # a wrong code is one of many: its share of the error is spread over all of them
        stray = DIAGNOSIS_ERROR / len(p.codes)
        weighed = np.where(inside, 1 - DIAGNOSIS_ERROR, stray) * values[row]
        values[row] = weighed / weighed.sum()
    return Probabilities(p.scheme, p.codes, values), disagree


def _contradicts(p: Probabilities, exact: Sequence[frozenset[str]]) -> NDArray[np.bool_]:
    """Where an index term that has one code names another than the model's best."""
    best = p.values.argmax(axis=1)
    return np.array(
        [bool(codes) and p.codes[b] not in codes for codes, b in zip(exact, best, strict=True)],
        np.bool_,
    )


def _several(
    columns: Mapping[Role, Sequence[str]], scheme: str, n: int, shared: Shared
) -> NDArray[np.bool_]:
    texts = columns.get(Role.NARRATIVE)
    if scheme not in INJURY_SCHEMES or texts is None:
        return np.zeros(n, np.bool_)
    return shared.several(texts)


def _vague(prepared: Sequence[Prepared], scheme: str) -> list[tuple[int, str] | None]:
    found = [None if one.absent else vagueness(one.main, scheme, ready=True) for one in prepared]
    return [None if one is None else (one.level, one.missing) for one in found]


def sides(
    columns: Mapping[Role, Sequence[str]], p: Probabilities, decisions: Decisions
) -> list[str | None]:
    """The side of the body that each text gives for its code (decided, else most probable)."""
    if p.scheme.name != "body-part":
        return [None] * len(p)
    best = p.values.argmax(axis=1)
    texts = columns.get(Role.NARRATIVE, [""] * len(p))
    return [
        side_of_body(text, code or p.codes[b]) if text else None
        for text, code, b in zip(texts, decisions.code.tolist(), best, strict=True)
    ]
