"""Finding models and the policies that belong to them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from coder.decide import Policy, load_policies
from coder.decide.policy import EVERYONE, CandidateRule, Group
from coder.errors import ModelError, PolicyError, SchemeError
from coder.model.encoder import find_encoder
from coder.model.model import Model, Tier
from coder.resources import shipped

POLICIES = "policies.json"


def policy_file(tier: Tier) -> str:
    """The file in a model folder that holds the policies of a tier."""
    return POLICIES if tier == "auto" else f"policies-{tier}.json"


def load_models(
    names: Sequence[str], folders: Mapping[str, Path], tier: Tier = "auto"
) -> dict[str, Model]:
    """The models by name, encoders shared. Raises ModelError, SchemeError for an unknown name."""
    find = functools.cache(find_encoder)
    return {name: Model.load(model_folder(name, folders), tier, find) for name in names}


def model_folder(name: str, folders: Mapping[str, Path]) -> Path:
    """The folder of a model, given by the user or shipped."""
    if name in folders:
        if not folders[name].is_dir():
            raise ModelError(f"model {name}: there is no folder {folders[name].name}", model=name)
        return folders[name]
    found = shipped("models", name)
    if not (found / "manifest.json").is_file():
        there = sorted(path.parent.name for path in shipped("models").glob("*/manifest.json"))
        raise SchemeError(
            f"no model for the scheme {name}; shipped: {', '.join(there)}; "
            "name your own with --model NAME=PATH",
            scheme=name,
        )
    return found


def choose_policies(
    models: Mapping[str, Model],
    folders: Mapping[str, Path],
    files: Sequence[str | Path],
    target_accuracy: float,
) -> dict[str, Policy]:
    """One policy per model: from the files, else the model's own for the target.

    A model without policies sends everything to review. Raises PolicyError.
    """
    out: dict[str, Policy] = {}
    for path in files:
        policy = Policy.load(path)
        fitting = [name for name, model in models.items() if model.scheme.name == policy.scheme]
        if not fitting:
            raise PolicyError(
                f"policy {Path(path).name} is for {policy.scheme}, which is not coded here",
                scheme=policy.scheme,
            )
        out.update(dict.fromkeys(fitting, policy))
    for name, model in models.items():
        tier = model.tier if model.fast is not None else "auto"
        own = model_folder(name, folders) / policy_file(tier)
        if name not in out:
            found = load_policies(own).for_target(target_accuracy) if own.is_file() else None
            out[name] = found or nothing_automatic(model, target_accuracy)
        out[name].check(model.scheme, model.hash)
    return out


def nothing_automatic(model: Model, target_accuracy: float) -> Policy:
    """The policy of a model that nobody has tuned: every record goes to a person."""
    return Policy(
        scheme=model.scheme.name,
        scheme_version=model.scheme.version_hash,
        model=model.hash,
        target_accuracy=target_accuracy,
        confidence=0.95,
        groups={EVERYONE: Group(n=0, levels={})},
        candidates=CandidateRule(0.9, 5, 0.02, {}, 0, None, None, None),
        provenance={"note": "not tuned: everything goes to review"},
    )
