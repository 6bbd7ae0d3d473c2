"""From probabilities and a policy to decisions: the deepest code that is safe, or a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from coder.decide.candidates import candidate_sets, shared_part
from coder.decide.policy import EVERYONE, Policy, Rule
from coder.errors import PolicyError
from coder.model.probabilities import Probabilities

Objects = NDArray[np.object_]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]

NO_LIMIT = np.iinfo(np.int32).max
NOVEL = 0.5  # share of words unseen in training from which that is the reason for a review
CLOSE = 0.5  # the second code has at least this share of the first one's probability …
BOTH = 0.5  # … and the two together at least this probability


class Status(StrEnum):
    """What became of a record in one scheme."""

    AUTO = "auto"
    REVIEW = "review"
    UNCODABLE = "uncodable"


class Reason(StrEnum):
    """Why a record goes to a person. A fixed list: clerks sort their queue by it."""

    NO_TEXT = "no usable text"
    INCONSISTENT = "codes that do not go together"
    REVISED = "no single code in this revision"
    CONFLICT = "conflict between evidence and model"
    UNFAMILIAR = "unlike anything seen in training"
    SEVERAL = "several injuries named"
    CLOSE = "two codes close"
    VAGUE = "too vague for this level"


@dataclass(frozen=True)
class Signals:
    """What is known about n records besides the probabilities; all columns have length n.

    `absent`: why there is nothing to say, or None. `novelty`: share of the text's words unseen in
    training, 0 to 1. `conflict`: exact evidence (index, diagnosis) disagrees with the model.
    `several`: several injuries or persons are named. `vague`: the level that the text does not
    reach and what is missing ("level of school"), where the scheme knows it.
    """

    absent: Sequence[str | None]
    novelty: NDArray[np.float64]
    conflict: Bools
    several: Bools
    vague: Sequence[tuple[int, str] | None] | None = None

    @classmethod
    def none(cls, n: int) -> Signals:
        """Nothing known about n records."""
        return cls([None] * n, np.zeros(n), np.zeros(n, np.bool_), np.zeros(n, np.bool_))

    @property
    def blocked(self) -> Bools:
        """(n,) records that are never coded automatically, whatever the probability says."""
        missing = np.array([reason is not None for reason in self.absent], np.bool_)
        return missing | self.conflict | (self.novelty >= 1.0)

    def deepest(self, n: int) -> NDArray[np.int32]:
        """(n,) the finest level that each text can reach: "teacher" has no unit group."""
        vague = self.vague or [None] * n
        return np.array([NO_LIMIT if v is None else v[0] for v in vague], np.int32)

    def take(self, rows: Rows) -> Signals:
        """The same for some rows, in the order given."""
        wanted = rows.tolist()
        return Signals(
            [self.absent[i] for i in wanted],
            self.novelty[rows],
            self.conflict[rows],
            self.several[rows],
            None if self.vague is None else [self.vague[i] for i in wanted],
        )


@dataclass(frozen=True)
class Decisions:
    """Decisions on n records, as columns of length n.

    `status` (Status), `code` and `reason` (Reason) and `detail` and `sure_part` are object arrays
    with None where there is none; `level` is int32, 0 without a code; `confidence` is 0 to 1, the
    probability of the code at its level, for review that of the best code at the finest level;
    `candidates` has the codes for the clerk, best first, () unless the status is review.
    `sure_part` is the coarser code that a clerk may take as settled.
    """

    status: Objects
    code: Objects
    level: NDArray[np.int32]
    confidence: NDArray[np.float64]
    reason: Objects
    detail: Objects
    candidates: list[tuple[str, ...]]
    sure_part: Objects

    def __len__(self) -> int:
        return len(self.status)


def decide(
    p: Probabilities,
    policy: Policy,
    signals: Signals | None = None,
    groups: Sequence[str] | None = None,
) -> Decisions:
    """Decide n records: each gets the finest level whose threshold its probability reaches.

    `groups` (n,) are the values of the policy's `by` column. Raises PolicyError when the policy
    was made for another scheme version, or needs groups that are not given.
    """
    policy.check(p.scheme)
    n = len(p)
    signals = signals or Signals.none(n)
    threshold, levels = _thresholds(policy, groups, n)
    out = _blank(n)
    deepest = signals.deepest(n)
    open_rows = np.flatnonzero(~signals.blocked)
    for column, level in enumerate(levels):
        if not np.isfinite(threshold[open_rows, column]).any():
            continue
        here = p.take(open_rows).at_level(level)
        best = here.values.argmax(axis=1)
        confidence = here.values.max(axis=1, initial=0.0).astype(np.float64)
        met = (confidence >= threshold[open_rows, column]) & (level <= deepest[open_rows])
        rows, codes = open_rows[met], np.array(here.codes, object)[best[met]]
        if level < policy.minimum_level:
            out.sure_part[rows] = codes
        else:
            out.status[rows] = Status.AUTO
            out.code[rows] = codes
            depth = {code: p.scheme[code].level for code in here.codes}
            out.level[rows] = [depth[code] for code in codes]
            out.confidence[rows] = confidence[met]
        open_rows = open_rows[~met]
    absent = np.array([reason is not None for reason in signals.absent], np.bool_)
    out.status[absent], out.reason[absent] = Status.UNCODABLE, Reason.NO_TEXT
    _explain(out, np.flatnonzero(out.status == Status.REVIEW), p, policy, signals)
    return out


def send_to_review(
    decisions: Decisions,
    rows: Rows,
    reason: Reason,
    detail: Sequence[str],
    p: Probabilities,
    policy: Policy,
) -> Decisions:
    """The decisions with the automatic ones among `rows` taken back, with their reason.

    `detail` has one text per row of `rows`; rows that are not automatic stay as they are.
    """
    auto = decisions.status[rows] == Status.AUTO
    rows, details = rows[auto], [d for d, keep in zip(detail, auto, strict=True) if keep]
    out = replace(
        decisions,
        **{name: getattr(decisions, name).copy() for name in decisions.__dataclass_fields__},
    )
    out.status[rows], out.reason[rows], out.detail[rows] = Status.REVIEW, reason, details
    out.code[rows], out.level[rows] = None, 0
    chosen = p.take(rows)
    out.confidence[rows] = chosen.values.max(axis=1, initial=0.0)
    _offer(out, rows, chosen, policy)
    return out


def _thresholds(
    policy: Policy, groups: Sequence[str] | None, n: int
) -> tuple[NDArray[np.float64], list[int]]:
    """((n, levels) thresholds, inf where none; the levels, finest first)."""
    if policy.by is not None and groups is None:
        raise PolicyError(
            f"the policy has thresholds per value of the column {policy.by}: give that column",
            column=policy.by,
        )
    levels = sorted({level for group in policy.groups.values() for level in group.levels})[::-1]
    names = list(policy.groups)
    table = np.full((len(names) + 1, len(levels)), np.inf)  # the last row: groups not known
    for i, name in enumerate(names):
        for j, level in enumerate(levels):
            rule: Rule | None = policy.groups[name].levels.get(level)
            if rule is not None:
                table[i, j] = rule.threshold
    place = {name: i for i, name in enumerate(names)}
    everyone = place.get(EVERYONE, len(names))
    if policy.by is None or groups is None:
        return np.broadcast_to(table[everyone], (n, len(levels))), levels
    place |= dict.fromkeys(policy.pooled, everyone)
    return table[[place.get(group, len(names)) for group in groups]], levels


def _blank(n: int) -> Decisions:
    def nothing() -> Objects:
        return np.full(n, None, object)

    return Decisions(
        status=np.array([Status.REVIEW, None], object)[np.zeros(n, np.intp)],
        code=nothing(),
        level=np.zeros(n, np.int32),
        confidence=np.zeros(n),
        reason=nothing(),
        detail=nothing(),
        candidates=[()] * n,
        sure_part=nothing(),
    )


def _explain(
    out: Decisions, rows: Rows, p: Probabilities, policy: Policy, signals: Signals
) -> None:
    """Fill confidence, reason, detail, candidates and sure part of the records for review."""
    chosen = p.take(rows)
    first, second = _best_two(chosen.values)
    out.confidence[rows] = first
    close = (second >= CLOSE * first) & (first + second >= BOTH)
    vague = signals.vague
    missing = np.array(
        [None if vague is None else vague[i] for i in rows.tolist()] + [None], object
    )[:-1]
    said = np.array([m is not None for m in missing], np.bool_)
    causes = [
        (signals.conflict[rows], Reason.CONFLICT),
        (signals.novelty[rows] >= NOVEL, Reason.UNFAMILIAR),
        (signals.several[rows], Reason.SEVERAL),
        (said, Reason.VAGUE),
        (close, Reason.CLOSE),
        (np.ones(len(rows), np.bool_), Reason.VAGUE),
    ]
    which = np.select([cause for cause, _ in causes], range(len(causes)))
    out.reason[rows] = np.array([reason for _, reason in causes] + [None], object)[which]
    for i in np.flatnonzero(said & (out.reason[rows] == Reason.VAGUE)).tolist():
        out.detail[rows[i]] = missing[i][1]
    _offer(out, rows, chosen, policy)


def _best_two(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The largest and the second largest value of each row; twice max beats any sorting."""
    rows, best = np.arange(len(values)), values.argmax(axis=1)
    rest = values.copy()
    rest[rows, best] = 0.0
    second = rest.max(axis=1, initial=0.0)
    return values[rows, best].astype(np.float64), second.astype(np.float64)


def _offer(out: Decisions, rows: Rows, chosen: Probabilities, policy: Policy) -> None:
    sets = candidate_sets(chosen, policy.candidates)
    shared = shared_part(chosen.scheme, sets)
    for row, kind, part in zip(rows.tolist(), sets, shared, strict=True):
        out.candidates[row] = kind
        safe = out.sure_part[row]
        if part is not None and (
            safe is None or chosen.scheme[part].level > chosen.scheme[safe].level
        ):
            out.sure_part[row] = part
