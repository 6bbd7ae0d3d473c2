"""A trained model of one scheme: a folder of data, read without running any code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.errors import ModelError, SchemeError
from coder.model.arrays import Linear, pack, unpack
from coder.model.encoder import Encoder, find_encoder
from coder.model.features import FeatureConfig, Features
from coder.model.files import check_files, digest
from coder.model.probabilities import Probabilities
from coder.model.softmax import Floats, log_softmax
from coder.resources import shipped
from coder.schemes import Scheme, load_scheme
from coder.text import Prepared

FORMAT = 3
Tier = Literal["auto", "fast", "accurate"]
Find = Callable[[str, str | None], Encoder]  # by fingerprint and folder, as find_encoder
TIERS: tuple[Tier, ...] = ("auto", "fast", "accurate")
_FAST = "fast."
_WEIGHTS, _VOCABULARY, _SCHEME = "weights.safetensors", "vocabulary.json", "scheme.csv"


@dataclass(frozen=True)
class Fast:
    """The fast tier: other weights over the same n-grams and a cheaper encoder.

    Where it gives its best code at least the probability `sure`, the encoder proper would
    change next to nothing; the tier `auto` asks that one only below it.
    """

    linear: Linear
    encoder: Encoder
    sure: float


@dataclass
class Model:
    """Probabilities over the leaf codes of a scheme for prepared texts."""

    scheme: Scheme
    codes: tuple[str, ...]
    features: Features
    linear: Linear
    encoder: Encoder
    fast: Fast | None = None
    tier: Tier = "auto"
    manifest: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        """Feature x codes + column of every stored weight, ascending."""
        weights = self.linear.sparse
        rows = np.repeat(np.arange(weights.shape[0], dtype=np.int64), np.diff(weights.indptr))
        keys: NDArray[np.int64] = rows * weights.shape[1] + weights.indices
        return keys

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest without its metrics: the identity that policies name.

        Each tier of a model that has two gives other probabilities, so it has its own.
        """
        identity = {k: v for k, v in self.manifest.items() if k not in ("metrics", "tiers")}
        if self.fast is not None:
            identity["tier"] = self.tier
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def probabilities(self, prepared: Sequence[Prepared]) -> Probabilities:
        """Probabilities (n, leaves); a row is all zero where `absent` says there is no text."""
        return self.read(prepared).probabilities

    def read(self, prepared: Sequence[Prepared]) -> Reading:
        """The probabilities together with the features they came from, for explanations."""
        features = self.features.transform([p.main for p in prepared])
        silent = np.array([p.absent is not None or not p.main for p in prepared], np.bool_)
        if self.fast is None or self.tier == "accurate":
            values = self._values(self.linear, self.encoder, prepared, features)
        else:
            values = self._values(self.fast.linear, self.fast.encoder, prepared, features)
        if self.fast is not None and self.tier == "auto":
            sure = values.max(axis=1, initial=0) >= self.fast.sure
            if len(ask := np.flatnonzero(~sure & ~silent)):
                asked = [prepared[i] for i in ask.tolist()]
                values[ask] = self._values(self.linear, self.encoder, asked, features[ask])
        values[silent] = 0
        return Reading(self, Probabilities(self.scheme, self.codes, values), features)

    def _values(
        self,
        linear: Linear,
        encoder: Encoder,
        prepared: Sequence[Prepared],
        features: sparse.csr_matrix,
    ) -> Floats:
        scores = _scores(linear, encoder, features, [p.main for p in prepared]) + linear.bias
        rows = np.array([i for i, p in enumerate(prepared) if p.context], int)
        if len(rows) and linear.context:
            texts = [prepared[i].context for i in rows]
            more = _scores(linear, encoder, self.features.transform(texts), texts)
            scores[rows] += np.float32(linear.context) * more
        values: Floats = np.exp(log_softmax(scores))
        return values

    def novelty(self, prepared: Sequence[Prepared]) -> Floats:
        """Share of each text's words never seen in training, (n,) in 0..1."""
        return self.features.novelty([p.main for p in prepared])

    def save(self, folder: Path, card: str = "") -> None:
        """Write the folder; the manifest comes last, so that a torn write is not a model."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        arrays = pack(self.linear)
        arrays |= {"word_idf": self.features.word_idf, "char_idf": self.features.char_idf}
        if self.fast is not None:
            arrays |= pack(self.fast.linear, _FAST)
        save_file(arrays, folder / _WEIGHTS)
        vocabulary = {"words": self.features.words, "chars": self.features.chars}
        text = json.dumps(vocabulary, ensure_ascii=False, separators=(",", ":"))
        (folder / _VOCABULARY).write_text(text, encoding="utf-8")
        files = [_WEIGHTS, _VOCABULARY]
        if not self.manifest.get("shipped_scheme", True):
            (folder / _SCHEME).write_text(scheme_csv(self.scheme), encoding="utf-8")
            files.append(_SCHEME)
        self.manifest = {
            "format": FORMAT,
            "scheme": self.scheme.name,
            "scheme_version": self.scheme.version_hash,
            "encoder": _encoder_entry(self.encoder),
            "codes": list(self.codes),
            "features": self.features.config.as_dict(),
            "context": self.linear.context,
            **({"fast": _fast_entry(self.fast)} if self.fast else {}),
            **{k: v for k, v in self.manifest.items() if k not in ("format", "files")},
            "files": {name: digest(folder / name) for name in files},
        }
        (folder / "README.md").write_text(card, encoding="utf-8")
        text = json.dumps(self.manifest, indent=1, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, tier: Tier = "auto", find: Find = find_encoder) -> Model:
        """Read a model folder. Raises ModelError for a missing, changed or newer one.

        `find` gets the encoders that it names; one that remembers lets models share them.
        """
        path = Path(folder)
        manifest = read_manifest(path)
        check_files(path, manifest["files"])
        own = path / _SCHEME
        if own.is_file():  # the scheme's name is in the manifest, not in the name of its file
            scheme = Scheme.from_csv(own, manifest["scheme"])
        else:
            scheme = _shipped_scheme(path, manifest)
        if scheme.version_hash != manifest["scheme_version"]:
            raise ModelError(
                f"model {path.name} was trained on another version of scheme {manifest['scheme']}; "
                "train it again",
                model=path.name,
            )
        used = _encoder(manifest["encoder"], find)
        linear, fast, features = _read_arrays(path, manifest, find)
        return cls(scheme, tuple(manifest["codes"]), features, linear, used, fast, tier, manifest)


@dataclass(frozen=True)
class Reading:
    """What a model made of some texts."""

    model: Model
    probabilities: Probabilities
    features: sparse.csr_matrix

    def words_for(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: int = 3
    ) -> list[list[tuple[str, ...]]]:
        """The words and word pairs that speak most for some codes, strongest first.

        `columns` (len(rows), k) are the codes asked about; so many lists of k tuples come back.
        """
        weights, words = self.model.linear.sparse, self.model.features.words
        asked = self.features[rows]
        entry = np.flatnonzero(asked.indices < len(words))
        row = np.repeat(np.arange(len(rows)), np.diff(asked.indptr))[entry]
        name = asked.indices[entry]
        # one sorted key per stored weight: all questions are answered by one binary search
        found = np.searchsorted(self.model.keys, name[:, None] * weights.shape[1] + columns[row])
        found = np.minimum(found, len(self.model.keys) - 1)
        there = self.model.keys[found] == name[:, None] * weights.shape[1] + columns[row]
        value = np.where(there, weights.data[found], 0) * asked.data[entry][:, None]
        out: list[list[tuple[str, ...]]] = [[()] * columns.shape[1] for _ in rows]
        for column in range(columns.shape[1]):
            spoken = np.flatnonzero(value[:, column] > 0)
            order = spoken[np.lexsort((name[spoken], -value[spoken, column], row[spoken]))]
            place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
            order = order[place < limit]
            best = [words[n] for n in name[order].tolist()]
            starts = np.searchsorted(row[order], np.arange(len(rows) + 1)).tolist()
            for i, (start, end) in enumerate(pairwise(starts)):
                out[i][column] = tuple(best[start:end])
        return out


def _scores(
    linear: Linear, encoder: Encoder, features: sparse.csr_matrix, texts: Sequence[str]
) -> Floats:
    words = (features @ linear.sparse).toarray()
    # in double precision, so that the size of the batch leaves no trace in the sums
    meaning = encoder.encode(texts).astype(np.float64) @ linear.dense
    scores: Floats = words + meaning.astype(np.float32)
    return scores


def _fast_entry(fast: Fast) -> dict[str, Any]:
    return {"encoder": _encoder_entry(fast.encoder), "sure": fast.sure}


def _encoder_entry(encoder: Encoder) -> dict[str, str]:
    entry = {"name": encoder.name, "fingerprint": encoder.fingerprint}
    if encoder.folder.resolve().parent != shipped("models").resolve():
        entry["folder"] = str(encoder.folder.resolve())
    return entry


def _encoder(entry: Mapping[str, str], find: Find) -> Encoder:
    """The encoder of an entry that `_encoder_entry` made."""
    return find(entry["fingerprint"], entry.get("folder"))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a model folder; raises ModelError when there is none that we can read."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise ModelError(f"no model in {folder.name}: manifest.json is missing", folder=folder.name)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        newer = int(manifest["format"]) > FORMAT
        complete = {"scheme", "scheme_version", "encoder", "codes", "files"} <= set(manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model {folder.name}: manifest.json is damaged") from error
    if newer:
        raise ModelError(
            f"model {folder.name} has format {manifest['format']}, this version reads {FORMAT}; "
            "install a newer narracoder",
            model=folder.name,
        )
    if not complete:
        raise ModelError(f"model {folder.name}: manifest.json is incomplete", model=folder.name)
    checked: dict[str, Any] = manifest
    return checked


def _shipped_scheme(path: Path, manifest: Mapping[str, Any]) -> Scheme:
    try:
        return load_scheme(manifest["scheme"])
    except SchemeError as error:
        raise ModelError(f"model {path.name}: {error.message}", model=path.name) from error


def scheme_csv(scheme: Scheme) -> str:
    """The scheme as the CSV that `load_scheme` reads."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["code", "title", "level", "parent"])
    writer.writerows([c.code, c.title, c.level, c.parent or ""] for c in scheme.codes.values())
    return out.getvalue()


def _read_arrays(
    folder: Path, manifest: Mapping[str, Any], find: Find
) -> tuple[Linear, Fast | None, Features]:
    """Weights and vocabularies of a folder whose hashes have been checked."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    codes, context, entry = len(manifest["codes"]), float(manifest["context"]), manifest.get("fast")
    try:
        arrays = load_file(folder / _WEIGHTS)
        vocabulary = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
        linear = unpack(arrays, codes, context)
        quick = unpack(arrays, codes, context, _FAST) if entry else None
        features = Features(
            FeatureConfig.from_dict(manifest["features"]),
            vocabulary["words"],
            vocabulary["chars"],
            arrays["word_idf"],
            arrays["char_idf"],
        )
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"model {folder.name}: its arrays do not fit its manifest") from error
    if not entry or quick is None:
        return linear, None, features
    return linear, Fast(quick, _encoder(entry["encoder"], find), float(entry["sure"])), features
