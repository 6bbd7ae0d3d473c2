"""The policy: thresholds that turn probabilities into decisions, and what they promise.

A policy is data. It is written by `tune`, read by `decide`, and says for which model and which
version of a scheme it holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from coder.errors import PolicyError
from coder.schemes import Scheme

FORMAT = 1
TARGETS = (0.80, 0.85, 0.90, 0.95, 0.97, 0.99)  # those that models ship policies for
EVERYONE = "*"  # the group of records that belong to no group with thresholds of its own


@dataclass(frozen=True, slots=True)
class Rule:
    """A proven threshold. Measured on the `n` gold records that it codes at its level.

    `share` is of all gold records of the group, `lower_bound` the lower limit of the accuracy at
    the confidence that the proof used (the policy's, corrected for testing several levels).
    """

    threshold: float
    n: int
    share: float
    accuracy: float
    lower_bound: float


@dataclass(frozen=True, slots=True)
class Group:
    """Thresholds of one group: per level a rule, or None where nothing can be promised."""

    n: int
    levels: Mapping[int, Rule | None]

    @property
    def share(self) -> float:
        """Share of the group's gold records that are coded automatically, at any level."""
        return sum(rule.share for rule in self.levels.values() if rule)


@dataclass(frozen=True, slots=True)
class CandidateRule:
    """Conformal candidate sets: a leaf is a candidate when its probability reaches a threshold.

    `threshold` holds for the codes without one of their own in `by_code`; at most `limit` codes.
    `measured_coverage` and `mean_size` are cross-fitted on the `n` gold records sent to review,
    None where they were fewer than needed; `uncut_coverage` is the coverage without `limit`.
    """

    coverage: float
    limit: int
    threshold: float
    by_code: Mapping[str, float]
    n: int
    measured_coverage: float | None
    uncut_coverage: float | None
    mean_size: float | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything `decide` needs, and the promise: accuracy ≥ `target_accuracy` at `confidence`.

    The promise holds for the codes given at each level of each group, and so for all of them
    together, on records that come from where the gold came from. `by` names the column whose
    values are the groups; `pooled` are the values whose gold was too small and that share the
    group "*". Records of other values go to review.
    """

    scheme: str
    scheme_version: str
    model: str
    target_accuracy: float
    confidence: float
    groups: Mapping[str, Group]
    candidates: CandidateRule
    minimum_level: int = 1
    by: str | None = None
    pooled: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)

    @property
    def promised_share(self) -> float:
        """Share of the gold records that are coded automatically at `minimum_level` or finer."""
        total = sum(group.n for group in self.groups.values())
        taken = sum(
            group.n * rule.share
            for group in self.groups.values()
            for level, rule in group.levels.items()
            if rule and level >= self.minimum_level
        )
        return taken / total if total else 0.0

    def check(self, scheme: Scheme, model: str | None = None) -> None:
        """Raises PolicyError unless made for this scheme version and, if given, this model hash."""
        if (self.scheme, self.scheme_version) != (scheme.name, scheme.version_hash):
            raise PolicyError(
                f"the policy was made for {self.scheme} ({self.scheme_version[:12]}), not for "
                f"{scheme.name} ({scheme.version_hash[:12]}): run coder tune with this scheme",
                policy_scheme=self.scheme,
                scheme=scheme.name,
            )
        if model is not None and model != self.model:
            raise PolicyError(
                f"the policy was made for the model {self.model[:12] or 'of no name'}, not for "
                f"{model[:12]}: run coder tune with this model",
                policy_model=self.model,
                model=model,
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the format number."""
        return {"format": FORMAT, **asdict(self)}

    def save(self, path: str | Path) -> None:
        """Write as JSON: the same policy gives the same bytes."""
        _write(Path(path), self.as_dict())

    @classmethod
    def load(cls, path: str | Path) -> Policy:
        """Read one policy. Raises PolicyError when the file is missing, broken or too new."""
        return _policy(_read(Path(path)), Path(path).name)


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Policies of one model for several targets: `policies.json` in the model's folder."""

    policies: tuple[Policy, ...]

    @property
    def targets(self) -> tuple[float, ...]:
        """The target accuracies at hand, ascending."""
        return tuple(sorted(policy.target_accuracy for policy in self.policies))

    def for_target(self, target: float) -> Policy:
        """The policy for a target accuracy. Raises PolicyError that lists the targets there are."""
        for policy in self.policies:
            if abs(policy.target_accuracy - target) < 1e-9:
                return policy
        there = ", ".join(f"{t:g}" for t in self.targets) or "none"
        raise PolicyError(
            f"no policy for target accuracy {target:g}; there are: {there}; make one: coder tune",
            target=target,
        )

    def save(self, path: str | Path) -> None:
        """Write as JSON."""
        _write(Path(path), {"format": FORMAT, "policies": [p.as_dict() for p in self.policies]})


def load_policies(path: str | Path) -> PolicySet:
    """Read a file of several policies, or of one. Raises PolicyError."""
    path = Path(path)
    data = _read(path)
    several = data.get("policies", [data])
    if not isinstance(several, list) or not several:
        raise PolicyError(f"{path.name} holds no policy", file=path.name)
    return PolicySet(tuple(_policy(one, path.name) for one in several))


def _write(path: Path, data: Mapping[str, object]) -> None:
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise PolicyError(f"policy file {path.name}: {reason}", file=path.name) from error
    except ValueError as error:
        raise PolicyError(f"policy file {path.name} is not JSON", file=path.name) from error
    if not isinstance(data, dict):
        raise PolicyError(f"policy file {path.name} is not a policy", file=path.name)
    return data


def _policy(data: Mapping[str, Any], name: str) -> Policy:
    if not isinstance(data, Mapping) or not isinstance(data.get("format"), int):
        raise PolicyError(f"policy file {name} has no format number: not a policy", file=name)
    if data["format"] > FORMAT:
        raise PolicyError(
            f"policy file {name} has format {data['format']}, I know {FORMAT}: update narracoder",
            file=name,
        )
    try:
        policy = Policy(
            scheme=_text(data["scheme"]),
            scheme_version=_text(data["scheme_version"]),
            model=_text(data["model"]),
            target_accuracy=_share(data["target_accuracy"]),
            confidence=_share(data["confidence"]),
            groups={_text(key): _group(value) for key, value in data["groups"].items()},
            candidates=_candidates(data["candidates"]),
            minimum_level=int(data["minimum_level"]),
            by=None if data["by"] is None else _text(data["by"]),
            pooled=tuple(map(_text, data["pooled"])),
            provenance=dict(data["provenance"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else "has a value of the wrong kind"
        raise PolicyError(f"policy file {name} is damaged: it {what}", file=name) from error
    return policy


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError
    return float(value)


def _group(data: Mapping[str, Any]) -> Group:
    levels: dict[int, Rule | None] = {}
    for level, rule in data["levels"].items():
        levels[int(level)] = rule and Rule(
            threshold=_share(rule["threshold"]),
            n=int(rule["n"]),
            share=_share(rule["share"]),
            accuracy=_share(rule["accuracy"]),
            lower_bound=_share(rule["lower_bound"]),
        )
    return Group(int(data["n"]), levels)


def _candidates(data: Mapping[str, Any]) -> CandidateRule:
    def maybe(value: object) -> float | None:
        return None if value is None else float(value)  # type: ignore[arg-type]  # checked by float

    return CandidateRule(
        coverage=_share(data["coverage"]),
        limit=int(data["limit"]),
        threshold=_share(data["threshold"]),
        by_code={_text(code): _share(value) for code, value in data["by_code"].items()},
        n=int(data["n"]),
        measured_coverage=maybe(data["measured_coverage"]),
        uncut_coverage=maybe(data["uncut_coverage"]),
        mean_size=maybe(data["mean_size"]),
    )


def one_of_each(policies: Sequence[Policy]) -> PolicySet:
    """A set with one policy per target. Raises PolicyError when two have the same."""
    targets = [policy.target_accuracy for policy in policies]
    if len(set(targets)) != len(targets):
        raise PolicyError("two policies have the same target accuracy")
    return PolicySet(tuple(sorted(policies, key=lambda policy: policy.target_accuracy)))
