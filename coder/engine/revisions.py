"""Schemes without a model: their probabilities and decisions, from those of the base scheme.

A code of the base that has one target gives it all its probability; where it has several, the
text divides it among them (`coder.evidence.split`). The base's policy then decides, for a sum of
calibrated probabilities is one. What the base was sure of and the split leaves open goes to a
person, with the codes of that split as the only candidates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.decide import Decisions, Policy, Reason, Status, decide, send_to_review
from coder.decide.candidates import LIMIT, shared_part
from coder.engine.signals import Seen
from coder.errors import SchemeError
from coder.evidence import SplitText, split_text
from coder.model.model import Reading
from coder.model.probabilities import Probabilities
from coder.schemes import Revision, Scheme, is_revision_folder, read_revision, shipped_revision

READ = 5  # the base's best codes that the text divides; the others are divided as the index is …
LEAST = 0.01  # … and so are those less probable than this


@dataclass(frozen=True)
class DerivedReading(Reading):
    """The base's reading, asked by codes of the revision.

    `origin` (n, codes) is the column of the base's code that gave most to each code.
    """

    origin: NDArray[np.intp]

    def words_for(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: int = 3
    ) -> list[list[tuple[str, ...]]]:
        """The words that speak for the codes of the base behind these codes."""
        return super().words_for(rows, self.origin[rows[:, None], columns], limit)


@dataclass(frozen=True)
class Derived:
    """How one revision is reached: crosswalk, text, and the policy that decides."""

    revision: Revision
    text: SplitText
    policy: Policy
    hash: str

    @property
    def scheme(self) -> Scheme:
        """The revision's scheme."""
        return self.revision.scheme

    @property
    def base(self) -> str:
        """The name of the scheme whose model reads the texts."""
        return self.revision.base.name

    def entry(self) -> dict[str, str]:
        """What the manifest says of it."""
        return {
            "scheme": self.scheme.name,
            "scheme_version": self.scheme.version_hash,
            "hash": self.hash,
            "derived_from": self.base,
        }

    @cached_property
    def links(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """The targets of every leaf of the base, () where the crosswalk has none."""
        return {leaf: self.revision.targets(leaf) for leaf in self.revision.base.leaves}

    @cached_property
    def column(self) -> Mapping[str, int]:
        """Column number of each leaf of the revision."""
        return {leaf: i for i, leaf in enumerate(self.revision.scheme.leaves)}

    def shares(self, codes: Sequence[str]) -> sparse.csr_matrix:
        """(base codes, leaves) how a code divides before any text is read; rows sum to 1 or 0."""
        out = sparse.lil_matrix((len(codes), len(self.column)))
        for i, code in enumerate(codes):
            if links := self.links[code]:
                out[i, [self.column[target] for target, _ in links]] = self.text.prior(code, links)
        return out.tocsr()

    def read(self, base: Seen) -> Seen:
        """The base's records as the revision sees them."""
        p = base.probabilities
        usual = self.shares(p.codes)
        # the transpose keeps one order of summation, whatever the size of the batch
        values = np.asarray((usual.T @ p.values.astype(np.float64).T).T)
        texts = [one.main for one in base.prepared]
        best, chances = p.top(READ)
        matches: list[Mapping[str, str]] = [{} for _ in texts]
        for column in np.unique(best[chances >= LEAST]).tolist():
            code = p.codes[column]
            if len(self.links[code]) < 2:
                continue
            rows = np.flatnonzero(((best == column) & (chances >= LEAST)).any(axis=1))
            shares = self.text.weights(code, self.links[code], [texts[i] for i in rows])
            into = [self.column[target] for target, _ in self.links[code]]
            usually = usual[column, into].toarray()[0]
            values[rows[:, None], into] += p.values[rows, column][:, None] * (shares - usually)
        values = np.clip(values, 0.0, 1.0).astype(np.float32)
        probabilities = Probabilities(self.revision.scheme, tuple(self.column), values)
        assert isinstance(base.reading, Reading)  # revisions derive from models alone
        reading = DerivedReading(
            base.reading.model, probabilities, base.reading.features, self._origin(p, usual)
        )
        return Seen(base.prepared, reading, probabilities, base.signals, matches)

    def _origin(self, p: Probabilities, usual: sparse.csr_matrix) -> NDArray[np.intp]:
        behind = usual.tocsc()
        out = np.zeros((len(p), len(self.column)), np.intp)
        for j in range(len(self.column)):
            sources = behind.indices[behind.indptr[j] : behind.indptr[j + 1]]
            if len(sources):
                out[:, j] = sources[p.values[:, sources].argmax(axis=1)]
        return out

    def decide(
        self,
        seen: Seen,
        base: Probabilities,
        first: Decisions,
        groups: Sequence[str] | None = None,
    ) -> Decisions:
        """Decide as the base's policy does; `first` is what the base decided for each record.

        A record for which the base has a leaf, and whose split stays open, is for review, with
        the codes of that split as candidates; other records keep the usual back-off. What rests
        on unchecked links is never automatic.
        """
        out = decide(seen.probabilities, self.policy, seen.signals, groups)
        leaves = [code if self._is_leaf(code) else None for code in first.code.tolist()]
        for reason, rows, details in (
            (Reason.INCONSISTENT, *_inconsistent(first)),
            (Reason.REVISED, *self._open(out, base, leaves)),
        ):
            out = send_to_review(out, rows, reason, details, seen.probabilities, self.policy)
        for i in np.flatnonzero(out.status == Status.REVIEW).tolist():
            self._explain(out, i, seen.probabilities, leaves[i], first)
        return out

    def _is_leaf(self, code: str | None) -> bool:
        return code is not None and not self.revision.base.children(code)

    def _open(
        self, out: Decisions, base: Probabilities, leaves: Sequence[str | None]
    ) -> tuple[NDArray[np.intp], list[str]]:
        """The automatic records that a split or an unchecked link forbids, and why."""
        found = {}
        for i in np.flatnonzero(out.status == Status.AUTO).tolist():
            leaf = leaves[i] or base.codes[int(base.values[i].argmax())]
            coarse = bool(self.revision.scheme.children(out.code[i]))
            split = leaves[i] is not None and coarse and len(self.links[leaf]) > 1
            if split or not self.revision.is_checked(leaf):
                found[i] = self._detail(leaf)
        return np.array(list(found), np.intp), list(found.values())

    def _detail(self, leaf: str) -> str:
        codes = [target for target, _ in self.links[leaf]]
        if not codes:
            return f"{leaf} of {self.revision.base.name} has no counterpart"
        shown = ", ".join(codes[:LIMIT]) + (" …" if len(codes) > LIMIT else "")
        return f"{leaf} of {self.revision.base.name} may be {shown}"

    def _explain(
        self, out: Decisions, i: int, p: Probabilities, leaf: str | None, first: Decisions
    ) -> None:
        """Reason and candidates of one record for review: where the base's own codes lead."""
        if leaf is not None and out.reason[i] != Reason.INCONSISTENT:
            out.reason[i], out.detail[i] = Reason.REVISED, self._detail(leaf)
        behind = (leaf,) if leaf else first.candidates[i]
        led = {to for code in behind for to, _ in self.links[code]}
        if led:
            columns = sorted(self.column[code] for code in led)
            order = np.argsort(-p.values[i, columns], kind="stable")[:LIMIT]
            out.candidates[i] = tuple(p.codes[columns[k]] for k in order)
            out.sure_part[i] = shared_part(p.scheme, [out.candidates[i]])[0]


def _inconsistent(first: Decisions) -> tuple[NDArray[np.intp], list[str]]:
    rows = np.flatnonzero(first.reason == Reason.INCONSISTENT)
    return rows, [str(first.detail[i] or "") for i in rows]


def find_revisions(
    names: Sequence[str], folders: Mapping[str, Path], bases: Sequence[str]
) -> dict[str, Revision]:
    """Those of `names` that are revisions, in the user's folders or shipped, and no models.

    Raises SchemeError when a folder is no revision of a scheme that has a model.
    """
    found: dict[str, Revision] = {}
    for name in names:
        folder = folders.get(name)
        if folder is not None and is_revision_folder(folder):
            found[name] = read_revision(folder, name)
        elif folder is None and name not in bases:
            shipped = shipped_revision(name, bases)
            found |= {name: shipped} if shipped else {}
    for name, one in found.items():
        if one.base.name not in bases:
            raise SchemeError(
                f"{name} is a revision of {one.base.name}, which has no model; models: "
                f"{', '.join(bases)}",
                scheme=name,
            )
    return found


def own_policies(
    schemes: Mapping[str, str], files: Sequence[str | Path]
) -> tuple[dict[str, Policy], list[str | Path]]:
    """The policies of what has no model of its own (name -> scheme), and the files of the rest."""
    own: dict[str, Policy] = {}
    others: list[str | Path] = []
    for path in files:
        policy = Policy.load(path)
        fitting = [name for name, scheme in schemes.items() if scheme == policy.scheme]
        own |= dict.fromkeys(fitting, policy)
        others += [] if fitting else [path]
    return own, others


def derive(revision: Revision, model: str, base: Policy, own: Policy | None = None) -> Derived:
    """Make a revision ready to code, by its `own` policy or by that of the base.

    `model` is the hash of the base's model. Raises PolicyError when the own policy was made for
    another.
    """
    identity = hashlib.sha256(f"{model} {revision.fingerprint}".encode()).hexdigest()
    policy = own or replace(
        base,
        scheme=revision.scheme.name,
        scheme_version=revision.scheme.version_hash,
        model=identity,
    )
    policy.check(revision.scheme, identity)
    text = split_text(revision.base.name, revision.scheme, revision.terms)
    return Derived(revision, text, policy, identity)
