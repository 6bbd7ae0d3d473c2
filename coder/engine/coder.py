"""Coder: load it once, code anything."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from coder.decide import Decisions, Policy, Reason, Signals, decide, send_to_review
from coder.decide.consistency import pair_flags, phrase_flags
from coder.engine.columns import (
    SUGGESTIONS,
    group_values,
    output_columns,
    read_columns,
    reason_text,
    redact_columns,
    suggestions,
)
from coder.engine.loading import choose_policies, load_models
from coder.engine.revisions import Derived, derive, find_revisions, own_policies
from coder.engine.rules import RULES, Rules
from coder.engine.signals import Seen, Shared, see, sides
from coder.engine.types import Decision, Suggestion
from coder.errors import SchemeError
from coder.model.model import Model, Tier
from coder.model.probabilities import Probabilities
from coder.schemes import Scheme
from coder.text import Role, resolve_fields

SHIPPED = ("isco-08", "isic-4", "injury-type", "body-part")
TARGET_ACCURACY = 0.95
LONE_TEXT = "text"


@dataclass(frozen=True)
class Coded:
    """What became of n records in one scheme, before it is written as columns or objects."""

    scheme: Scheme
    policy: Policy
    seen: Seen
    decisions: Decisions
    sides: list[str | None]


class Coder:
    """Models, policies and rules of some schemes, ready to code.

    Make one with `Coder.load`. It holds no state between calls: a record gets the same answer
    alone, in a table, and in any process.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        policies: Mapping[str, Policy],
        derived: Mapping[str, Derived] | None = None,
        names: Sequence[str] | None = None,
        rules: Mapping[str, Rules] | None = None,
    ) -> None:
        self._models = dict(models)
        self._policies = dict(policies)
        self._derived = dict(derived or {})
        self._rules = dict(rules or {})
        self._asked = tuple(names or (*models, *self._derived, *self._rules))

    @classmethod
    def load(
        cls,
        models: Mapping[str, str | Path] | None = None,
        policies: Sequence[str | Path] | None = None,
        schemes: Sequence[str] | None = None,
        target_accuracy: float = TARGET_ACCURACY,
        tier: Tier = "auto",
    ) -> Coder:
        """Load models and policies, the shipped ones unless told otherwise.

        `models` maps names to folders; they replace or join the shipped ones. `schemes` limits
        what is loaded. `policies` are files that replace the models' own; `target_accuracy`
        picks among a model's own. `tier` says who reads: "fast" the token vectors, "accurate"
        the encoder, "auto" the encoder where the token vectors are not sure. Raises ModelError,
        PolicyError or SchemeError.
        """
        folders = {name: Path(folder) for name, folder in (models or {}).items()}
        names = list(dict.fromkeys(schemes or (*SHIPPED, *folders)))
        ruled = [name for name in names if name in RULES and name not in folders]
        read = [name for name in names if name not in ruled]
        revisions = find_revisions(read, folders, SHIPPED)
        needed = dict.fromkeys(revisions[n].base.name if n in revisions else n for n in read)
        loaded = load_models(tuple(needed), folders, tier)
        without_model = {name: one.scheme.name for name, one in revisions.items()}
        own, others = own_policies(without_model | {n: n for n in ruled}, policies or ())
        chosen = choose_policies(loaded, folders, others, target_accuracy)
        derived = {
            name: derive(one, loaded[one.base.name].hash, chosen[one.base.name], own.get(name))
            for name, one in revisions.items()
        }
        rules = {name: Rules.load(name, target_accuracy, own.get(name)) for name in ruled}
        return cls(loaded, chosen, derived, names, rules)

    @property
    def schemes(self) -> tuple[str, ...]:
        """The names that can be asked for: schemes, or the names given to models."""
        return self._asked

    def scheme(self, name: str) -> Scheme:
        """The scheme that a model codes to. Raises SchemeError for a name that is not loaded."""
        return self._loaded(name).scheme

    def model_hash(self, name: str) -> str:
        """The identity that a policy names. Raises SchemeError for a name that is not loaded."""
        return self._loaded(name).hash

    @property
    def group_columns(self) -> tuple[str, ...]:
        """The input columns, beside the texts, that the policies' thresholds depend on."""
        names = (*self._models, *self._derived, *self._rules)
        found = (self._policy(name).by for name in names)
        return tuple(dict.fromkeys(column for column in found if column is not None))

    def suggest(self, text: str, scheme: str, limit: int = SUGGESTIONS) -> list[Suggestion]:
        """The `limit` best leaf codes for a text, best first; none when it says nothing.

        Raises SchemeError for a scheme that is not loaded.
        """
        seen = self._see(self._fields({LONE_TEXT: text}, scheme), scheme)
        return list(suggestions(seen, 0, limit))

    def code(
        self, record: Mapping[str, str] | str, schemes: Sequence[str] | None = None
    ) -> dict[str, Decision]:
        """One decision per scheme for a record: a text, or its fields by column name.

        Raises InputError when a scheme finds no text field, SchemeError for one not loaded.
        """
        fields = {LONE_TEXT: record} if isinstance(record, str) else record
        coded = self._coded(
            self._names(schemes),
            lambda name: self._fields(fields, name),
            lambda name: self._group(fields, name),
        )
        return {name: _decision(name, one) for name, one in coded.items()}

    def code_table(
        self,
        table: pa.Table,
        schemes: Sequence[str] | None = None,
        text: Mapping[str, Sequence[str]] | None = None,
        redact: bool = False,
    ) -> pa.Table:
        """The table with its decision columns: the kernel of every batch. Pure.

        Input columns come back unchanged (masked where `redact`), then per scheme `_code`,
        `_title`, `_level`, `_confidence` (0..1), `_status`, `_suggestions` and, for the review
        file, `_reason`, `_candidates`, `_evidence`. `text` names the text columns per scheme.
        Raises InputError for a scheme without a text column, SchemeError for one not loaded.
        """
        wanted = {name: (text or {}).get(name) for name in self._names(schemes)}
        if redact:
            table = redact_columns(table, [(self.scheme(n).name, w) for n, w in wanted.items()])
        coded = self._coded(
            tuple(wanted),
            lambda name: read_columns(table, self.scheme(name).name, wanted[name]),
            lambda name: self._groups(table, name),
        )
        for name, one in coded.items():
            for column, values in output_columns(name, one).items():
                table = table.append_column(column, values)
        return table

    def probabilities(
        self, table: pa.Table, scheme: str, text: Sequence[str] | None = None
    ) -> tuple[Probabilities, Signals]:
        """Probabilities over leaf codes and the signals of n records: what `coder tune` needs.

        Raises InputError without a text column, SchemeError for a scheme that is not loaded.
        """
        seen = self._see(read_columns(table, self.scheme(scheme).name, text), scheme)
        return seen.probabilities, seen.signals

    def manifest(self) -> dict[str, Any]:
        """Models with their hashes, the policies in force, and the version: for run.json."""
        from importlib import metadata  # brings the modules for e-mail: no suggestion needs them

        return {
            "version": metadata.version("narracoder"),
            "models": {
                name: {
                    "scheme": model.scheme.name,
                    "scheme_version": model.scheme.version_hash,
                    "hash": model.hash,
                    "encoder": model.encoder.name,
                    "tier": model.tier if model.fast is not None else "accurate",
                }
                for name, model in self._models.items()
            }
            | {name: one.entry() for name, one in (self._derived | self._rules).items()},
            "policies": {
                name: {
                    "target_accuracy": policy.target_accuracy,
                    "confidence": policy.confidence,
                    "minimum_level": policy.minimum_level,
                    "promised_share": round(policy.promised_share, 4),
                }
                for name in (*self._models, *self._derived, *self._rules)
                for policy in [self._policy(name)]
            },
        }

    def _names(self, schemes: Sequence[str] | None) -> list[str]:
        names = list(dict.fromkeys(schemes)) if schemes else list(self.schemes)
        for name in names:
            self._loaded(name)
        return names

    def _loaded(self, name: str) -> Model | Derived | Rules:
        found = self._derived.get(name) or self._models.get(name) or self._rules.get(name)
        if found is None or name not in self._asked:
            loaded = ", ".join(self._asked)
            raise SchemeError(f"no model for {name} is loaded; loaded: {loaded}", scheme=name)
        return found

    def _policy(self, name: str) -> Policy:
        without = self._derived.get(name) or self._rules.get(name)
        return without.policy if without else self._policies[name]

    def _see(self, columns: Mapping[Role, Sequence[str]], name: str) -> Seen:
        if name in self._rules:
            return self._rules[name].see(columns)
        derived = self._derived.get(name)
        seen = see(columns, self._models[derived.base if derived else name])
        return derived.read(seen) if derived else seen

    def _group(self, fields: Mapping[str, str], name: str) -> list[str] | None:
        column = self._policy(name).by
        return None if column is None else [str(fields.get(column, ""))]

    def _fields(self, fields: Mapping[str, str], name: str) -> dict[Role, list[str]]:
        cells = {field: ["" if value is None else str(value)] for field, value in fields.items()}
        return resolve_fields(list(cells), self.scheme(name).name).texts(cells)

    def _groups(self, table: pa.Table, name: str) -> list[str] | None:
        """The values of the column that the policy has thresholds by, None where it has none."""
        column = self._policy(name).by
        return None if column is None else group_values(table, column)

    def _coded(
        self,
        names: Sequence[str],
        read: Callable[[str], Mapping[Role, Sequence[str]]],
        groups: Callable[[str], list[str] | None],
    ) -> dict[str, Coded]:
        """What became of the records in each scheme: models first, then what derives from them."""
        shared, read = Shared(), functools.cache(read)  # a revision reads what its base has read
        own = {
            n: self._code(read(n), n, groups(n), shared) for n in names if n not in self._derived
        }
        own = _consistent(own)
        return {name: own.get(name) or self._derive(name, own, read, groups) for name in names}

    def _derive(
        self,
        name: str,
        own: Mapping[str, Coded],
        read: Callable[[str], Mapping[Role, Sequence[str]]],
        groups: Callable[[str], list[str] | None],
    ) -> Coded:
        """A revision's decisions, from the base's where both read the same columns."""
        derived, columns = self._derived[name], read(name)
        first = own.get(derived.base)
        if first is None or columns != read(derived.base):
            first = self._code(columns, derived.base, groups(name))
        seen = derived.read(first.seen)
        found = derived.decide(seen, first.seen.probabilities, first.decisions, groups(name))
        return Coded(derived.scheme, derived.policy, seen, found, [None] * len(found))

    def _code(
        self,
        columns: Mapping[Role, Sequence[str]],
        name: str,
        groups: Sequence[str] | None,
        shared: Shared | None = None,
    ) -> Coded:
        rules, policy = self._rules.get(name), self._policy(name)
        seen = rules.see(columns) if rules else see(columns, self._models[name], shared)
        scheme = seen.probabilities.scheme
        decisions = decide(seen.probabilities, policy, seen.signals, groups)
        texts = [one.main for one in seen.prepared]
        flags = phrase_flags(scheme.name, texts, decisions.code.tolist())
        coded = _taken_back(Coded(scheme, policy, seen, decisions, []), flags)
        return replace(coded, sides=sides(columns, seen.probabilities, coded.decisions))


def _consistent(coded: Mapping[str, Coded]) -> dict[str, Coded]:
    """Codes of different schemes that do not go together go to a person."""
    by_scheme = {one.scheme.name: name for name, one in coded.items()}
    flags = pair_flags({s: coded[name].decisions.code.tolist() for s, name in by_scheme.items()})
    out = dict(coded)
    for scheme, found in flags.items():
        name = by_scheme[scheme]
        out[name] = _taken_back(coded[name], found)
    return out


def _taken_back(coded: Coded, flags: Sequence[tuple[int, str]]) -> Coded:
    if not flags:
        return coded
    rows = np.array([row for row, _ in flags], np.intp)
    details = [detail for _, detail in flags]
    decisions = send_to_review(
        coded.decisions, rows, Reason.INCONSISTENT, details, coded.seen.probabilities, coded.policy
    )
    return replace(coded, decisions=decisions)


def _decision(name: str, coded: Coded) -> Decision:
    d, scheme = coded.decisions, coded.scheme
    code = d.code[0]
    return Decision(
        scheme=name,
        status=str(d.status[0]),
        code=code,
        title=scheme[code].title if code else None,
        level=int(d.level[0]) or None,
        confidence=round(float(d.confidence[0]), 4),
        suggestions=suggestions(coded.seen, 0),
        reason=reason_text(d.reason[0], d.detail[0]),
        candidates=d.candidates[0],
        sure_part=d.sure_part[0],
        side=coded.sides[0],
    )
