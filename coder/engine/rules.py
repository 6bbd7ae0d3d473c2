"""Schemes that no model was trained for: rules read the texts, and say how sure they are.

The confidences are stated beside the rules (training_data/evidence/circumstances.csv) and not
calibrated, so no accuracy is proven: what reaches the target is coded, the rest goes to a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coder.decide import Policy, Signals
from coder.decide.policy import EVERYONE, CandidateRule, Group, Rule
from coder.engine.signals import Seen
from coder.evidence import Said, employment, said_in_text, several_injured, size_class
from coder.model.probabilities import Probabilities
from coder.resources import shipped
from coder.schemes import Scheme, load_scheme
from coder.text import Prepared, Role

Reads = Callable[[Mapping[Role, str], str], Said]


def _narrative(values: Mapping[Role, str], scheme: str) -> Said:
    return said_in_text(values.get(Role.NARRATIVE, ""), scheme)


def _size(values: Mapping[Role, str], _scheme: str) -> Said:
    return size_class(values)


RULES: Mapping[str, Reads] = {
    "deviation": _narrative,
    "specific-activity": _narrative,
    "location": _narrative,
    "size-class": _size,
    "icse-93": employment,
    "icse-18": employment,
}
_ABOUT_THE_ACCIDENT = frozenset({"deviation", "specific-activity", "location"})
_STATED = "stated by rule, not measured on gold: run coder tune to prove an accuracy"


@dataclass(frozen=True)
class RuleWords:
    """The words that spoke for each code of each record."""

    codes: tuple[str, ...]
    said: Sequence[Mapping[str, tuple[str, ...]]]

    def words_for(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: int = 3
    ) -> list[list[tuple[str, ...]]]:
        """The words behind some codes; `columns` (len(rows), k) are the codes asked about."""
        return [
            [self.said[row].get(self.codes[column], ())[:limit] for column in asked]
            for row, asked in zip(rows.tolist(), columns.tolist(), strict=True)
        ]


@dataclass(frozen=True)
class Rules:
    """The rules of one scheme, ready to code."""

    scheme: Scheme
    policy: Policy
    hash: str

    @classmethod
    def load(cls, name: str, target_accuracy: float, own: Policy | None = None) -> Rules:
        """The rules of a scheme with the policy that takes their word, or with an `own` one.

        Raises PolicyError when the own policy was made for other rules.
        """
        scheme = load_scheme(name)
        identity = hashlib.sha256(scheme.version_hash.encode())
        identity.update(shipped("training_data", "evidence", "circumstances.csv").read_bytes())
        policy = own or _as_stated(scheme, identity.hexdigest(), target_accuracy)
        policy.check(scheme, identity.hexdigest())
        return cls(scheme, policy, identity.hexdigest())

    def entry(self) -> dict[str, str]:
        """What the manifest says of them."""
        return {
            "scheme": self.scheme.name,
            "scheme_version": self.scheme.version_hash,
            "hash": self.hash,
            "rules": _STATED,
        }

    def see(self, columns: Mapping[Role, Sequence[str]]) -> Seen:
        """n records as the rules see them; equal records are read once."""
        known: dict[tuple[str, ...], Said] = {}
        said = []
        for row in zip(*columns.values(), strict=True):
            if row not in known:
                values = dict(zip(columns, row, strict=True))
                known[row] = RULES[self.scheme.name](values, self.scheme.name)
            said.append(known[row])
        p = self._probabilities(said)
        signals = replace(
            Signals.none(len(said)),
            absent=[one.absent for one in said],
            several=self._several(columns, len(said)),
        )
        prepared = [Prepared("", "", one.absent) for one in said]
        words = [self._of_leaves(one.words) for one in said]
        return Seen(prepared, RuleWords(p.codes, words), p, signals, [{} for _ in said])

    def _several(self, columns: Mapping[Role, Sequence[str]], n: int) -> NDArray[np.bool_]:
        texts = columns.get(Role.NARRATIVE)
        if texts is None or self.scheme.name not in _ABOUT_THE_ACCIDENT:
            return np.zeros(n, np.bool_)
        return np.array([several_injured(text) for text in texts], np.bool_)

    def _of_leaves(self, words: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {leaf: some for code, some in words.items() for leaf in self._below(code)}

    def _below(self, code: str) -> tuple[str, ...]:
        return self.scheme.leaves_under(code)

    def _probabilities(self, said: Sequence[Said]) -> Probabilities:
        """Shares go to the leaves below a code; the rest is spread over what no rule claims."""
        codes = self.scheme.leaves
        column = {code: i for i, code in enumerate(codes)}
        values = np.zeros((len(said), len(codes)), np.float64)
        for i, one in enumerate(said):
            if one.absent is not None:
                continue
            for code, share in one.shares.items():
                leaves = self._below(code)
                values[i, [column[leaf] for leaf in leaves]] += share / len(leaves)
            unclaimed = values[i] == 0
            values[i, unclaimed] = (1 - values[i].sum()) / max(unclaimed.sum(), 1)
        return Probabilities(self.scheme, codes, values.astype(np.float32))


def _as_stated(scheme: Scheme, identity: str, target: float) -> Policy:
    """The policy that codes what a rule is sure enough of, at any level."""
    levels = {level: Rule(target, 0, 0.0, target, 0.0) for level in scheme.levels}
    return Policy(
        scheme=scheme.name,
        scheme_version=scheme.version_hash,
        model=identity,
        target_accuracy=target,
        confidence=0.0,
        groups={EVERYONE: Group(0, levels)},
        candidates=CandidateRule(0.9, 5, 0.05, {}, 0, None, None, None),
        provenance={"note": _STATED},
    )
