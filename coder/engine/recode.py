"""Old codes to another scheme: by the crosswalk where it has one answer, else by the text.

`Recoder` answers like the engine, so that batch runs it over files like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coder.decide import Reason, Status
from coder.engine.columns import cells
from coder.errors import SchemeError
from coder.evidence import SplitText, split_text
from coder.schemes import Crosswalk, Scheme, load_crosswalk, load_scheme, read_revision
from coder.schemes.crosswalk import ALIASES, UNCHECKED, crosswalk_of
from coder.text import normal, nothing_to_say

SURE = 0.95  # of a text's share: 0.958 of such codes are right (evaluation/revisions.py --fit)
EVIDENCE = 3
_COLUMNS = ("code", "title", "level", "confidence", "status", "suggestions", "reason",
            "candidates", "evidence")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of one old code and text."""

    status: Status
    shares: tuple[tuple[str, float], ...] = ()  # best first
    reason: str | None = None
    evidence: str | None = None


@dataclass(frozen=True)
class Recoder:
    """Recodes the column `column` through a crosswalk, with the texts of `texts` for splits.

    `sure` is the share from which the text decides. What it decides is right given that the old
    code is.
    """

    crosswalk: Crosswalk
    target: Scheme
    text: SplitText
    column: str
    texts: tuple[str, ...] = ()
    sure: float = SURE

    @classmethod
    def load(
        cls,
        source: str,
        target: str,
        column: str,
        texts: Sequence[str] = (),
        sure: float = SURE,
    ) -> Recoder:
        """For two schemes by name, or a revision of one's own by its folder.

        Raises SchemeError when there is no crosswalk between them.
        """
        crosswalk, terms, source_terms = _way(source, target)
        scheme = crosswalk.schemes[1]
        if scheme is None:
            raise SchemeError(f"{target} is no scheme to recode to: its codes are not listed here")
        text = split_text(crosswalk.source, scheme, terms, source_terms)
        return cls(crosswalk, scheme, text, column, tuple(texts), sure)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The one scheme that is written."""
        return (self.target.name,)

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The input column that decides beside the texts: that of the old codes."""
        return (self.column,)

    def scheme(self, name: str) -> Scheme:  # noqa: ARG002 - as the engine has it
        """The target scheme."""
        return self.target

    def manifest(self) -> Mapping[str, Any]:
        """What decides the new codes: for run.json."""
        return {
            "version": metadata.version("narracoder"),
            "recode": {
                "from": self.crosswalk.source,
                "to": self.target.name,
                "scheme_version": self.target.version_hash,
                "column": self.column,
                "text": list(self.texts),
                "sure": self.sure,
            },
        }

    def code_table(
        self,
        table: pa.Table,
        schemes: Sequence[str] | None = None,  # noqa: ARG002 - as the engine has it
        text: Mapping[str, Sequence[str]] | None = None,  # noqa: ARG002
        redact: bool = False,  # noqa: ARG002
    ) -> pa.Table:
        """The table with the new code's columns. Pure; columns and scheme are those of `load`."""
        old = cells(table, self.column)
        parts = [cells(table, name) for name in self.texts]
        texts = [". ".join(filter(None, row)) for row in zip(*parts, strict=True)]
        found = self.recode(old, texts if parts else [""] * len(old))
        columns = {name: [_value(name, one, self.target) for one in found] for name in _COLUMNS}
        kinds = {"level": pa.int32(), "confidence": pa.float64()}
        for name, values in columns.items():
            array = pa.array(values, kinds.get(name, pa.string()))
            table = table.append_column(f"{self.target.name}_{name}", array)
        return table

    def recode(self, codes: Sequence[str], texts: Sequence[str]) -> list[_Outcome]:
        """One outcome per record, from its old code and its text ("" without one)."""
        read = [_readable(text, self.text) for text in texts]
        known: dict[tuple[str, str], _Outcome] = {}
        for code, words in zip(codes, read, strict=True):
            if (code, words) not in known:
                known[code, words] = self._one(code.strip(), words)
        return [known[pair] for pair in zip(codes, read, strict=True)]

    def _one(self, code: str, words: str) -> _Outcome:
        source = self.crosswalk.source
        if not code:
            return _Outcome(Status.UNCODABLE, reason="no old code")
        try:
            links = self.crosswalk.targets(code)
        except SchemeError:
            other = f", but of {self.target.name}" if code in self.target else ""
            return _Outcome(Status.REVIEW, reason=f"not a code of {source}{other}")
        if not links:
            why = self.crosswalk.note(code) or "no counterpart"
            return _Outcome(Status.REVIEW, reason=why)
        targets = [(link.target, link.note) for link in links]
        if any(note.startswith(UNCHECKED) for _, note in targets):
            why = f"{links[0].source} of {source} has no checked counterpart"
            return _Outcome(Status.REVIEW, self._ranked(links[0].source, targets, words), why)
        if len(targets) == 1:
            return _Outcome(Status.AUTO, ((targets[0][0], 1.0),))
        shares = self._ranked(links[0].source, targets, words)
        best, share = shares[0]
        near = self.text.nearest(best, words) if words else ""
        said = f"{best}: index: {near}" if near else None
        if words and share >= self.sure:
            return _Outcome(Status.AUTO, shares, evidence=said)
        why = f"{Reason.REVISED}: {links[0].source} of {source} became {len(targets)} codes"
        return _Outcome(Status.REVIEW, shares, why if words else f"{why}; no text", said)

    def _ranked(
        self, code: str, targets: Sequence[tuple[str, str]], words: str
    ) -> tuple[tuple[str, float], ...]:
        found = (
            self.text.weights(code, targets, [words])[0]
            if words
            else self.text.prior(code, targets)
        )
        order = np.argsort(-found, kind="stable")
        return tuple((targets[i][0], float(found[i])) for i in order.tolist())


def _readable(text: str, split: SplitText) -> str:
    return "" if nothing_to_say(text) is not None else normal(text, split.domain)


def _value(column: str, one: _Outcome, scheme: Scheme) -> object:
    auto = one.status == Status.AUTO
    best = one.shares[0] if one.shares else None
    if column in ("code", "title", "level"):
        if not auto or best is None:
            return None
        entry = scheme[best[0]]
        return {"code": entry.code, "title": entry.title, "level": entry.level}[column]
    if column == "confidence":
        return round(best[1], 4) if best else 0.0
    if column == "suggestions":
        return "|".join(f"{code}:{share:.4f}" for code, share in one.shares[:5])
    if column == "candidates":
        open_codes = one.status == Status.REVIEW
        return "|".join(code for code, _ in one.shares) if open_codes else None
    return {"status": str(one.status), "reason": one.reason, "evidence": one.evidence}[column]


def _way(
    source: str, target: str
) -> tuple[Crosswalk, tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """The crosswalk, and the index terms of the target and the source where they are one's own."""
    for name, other, turned in ((target, source, False), (source, target, True)):
        if not Path(name).is_dir():
            continue
        revision = read_revision(Path(name))
        if ALIASES.get(other, other) != revision.base.name:
            raise SchemeError(
                f"{revision.name} has a crosswalk to {revision.base.name} only, not to {other}",
                scheme=revision.name,
            )
        if not turned:
            return revision.crosswalk, revision.terms, None
        back = [
            (link.target, leaf, link.note)
            for leaf in revision.base.leaves
            for link in revision.crosswalk.targets(leaf)
        ]
        return crosswalk_of(revision.scheme, revision.base, back), None, revision.terms
    for name in (source, target):
        if ALIASES.get(name, name).partition("-")[0] in ("isco", "isic"):
            load_scheme(name)  # an unknown name is said as such
    return load_crosswalk(source, target), None, None
