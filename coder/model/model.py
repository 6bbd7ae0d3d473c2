"""A trained model of one scheme: a folder of data, read without running any code."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from coder.errors import ModelError, SchemeError
from coder.model.encoder import Encoder, find_encoder
from coder.model.features import FeatureConfig, Features
from coder.model.files import check_files, digest
from coder.model.probabilities import Probabilities
from coder.model.softmax import Floats, log_softmax
from coder.resources import shipped
from coder.schemes import Scheme, load_scheme
from coder.text import Prepared

FORMAT = 1
_WEIGHTS, _VOCABULARY, _SCHEME = "weights.safetensors", "vocabulary.json", "scheme.csv"


@dataclass(frozen=True)
class Linear:
    """Quantised weights. Scores are X @ sparse + scale·E @ dense + bias, (n, k).

    `sparse` is (features, k) CSR float32, `dense` (dims, k), `bias` (k,). `context` is how much
    the scores of the context fields count beside the main text's.
    """

    sparse: sparse.csr_matrix
    dense: Floats
    bias: Floats
    context: float


@dataclass
class Model:
    """Probabilities over the leaf codes of a scheme for prepared texts."""

    scheme: Scheme
    codes: tuple[str, ...]
    features: Features
    linear: Linear
    encoder: Encoder
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest without its metrics: the identity that policies name."""
        identity = {k: v for k, v in self.manifest.items() if k != "metrics"}
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def probabilities(self, prepared: Sequence[Prepared]) -> Probabilities:
        """Probabilities (n, leaves); a row is all zero where `absent` says there is no text."""
        return self.read(prepared).probabilities

    def read(self, prepared: Sequence[Prepared]) -> Reading:
        """The probabilities together with the features they came from, for explanations."""
        main = [p.main for p in prepared]
        features = self.features.transform(main)
        scores = self._scores(features, main) + self.linear.bias
        rows = np.array([i for i, p in enumerate(prepared) if p.context], int)
        if len(rows) and self.linear.context:
            texts = [prepared[i].context for i in rows]
            more = self._scores(self.features.transform(texts), texts)
            scores[rows] += np.float32(self.linear.context) * more
        values = np.exp(log_softmax(scores))
        silent = [i for i, p in enumerate(prepared) if p.absent is not None or not p.main]
        values[silent] = 0
        return Reading(self, Probabilities(self.scheme, self.codes, values), features)

    def _scores(self, features: sparse.csr_matrix, texts: Sequence[str]) -> Floats:
        words = (features @ self.linear.sparse).toarray()
        # in double precision, so that the size of the batch leaves no trace in the sums
        meaning = self.encoder.encode(texts).astype(np.float64) @ self.linear.dense
        scores: Floats = words + meaning.astype(np.float32)
        return scores

    def novelty(self, prepared: Sequence[Prepared]) -> Floats:
        """Share of each text's words never seen in training, (n,) in 0..1."""
        return self.features.novelty([p.main for p in prepared])

    def save(self, folder: Path, card: str = "") -> None:
        """Write the folder; the manifest comes last, so that a torn write is not a model."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file(pack(self.linear, self.features), folder / _WEIGHTS)
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
            **{k: v for k, v in self.manifest.items() if k not in ("format", "files")},
            "files": {name: digest(folder / name) for name in files},
        }
        (folder / "README.md").write_text(card, encoding="utf-8")
        text = json.dumps(self.manifest, indent=1, ensure_ascii=False) + "\n"
        (folder / "manifest.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path, encoder: Encoder | None = None) -> Model:
        """Read a model folder. Raises ModelError for a missing, changed or newer one."""
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
        wanted = manifest["encoder"]
        used = encoder or find_encoder(wanted["fingerprint"], wanted.get("folder"))
        linear, features = unpack(path, manifest)
        return cls(scheme, tuple(manifest["codes"]), features, linear, used, manifest)


@dataclass(frozen=True)
class Reading:
    """What a model made of some texts."""

    model: Model
    probabilities: Probabilities
    features: sparse.csr_matrix

    def words_for(self, row: int, code: str, limit: int = 3) -> tuple[str, ...]:
        """The words and word pairs of a text that speak most for a code, strongest first."""
        column = self.probabilities.column[code]
        weights, words = self.model.linear.sparse, self.model.features.words
        start, end = self.features.indptr[row : row + 2]
        found: list[tuple[float, str]] = []
        # by hand: slicing a sparse matrix costs a hundred times what is looked up
        for i in range(start, end):
            name = int(self.features.indices[i])
            if name < len(words):
                first, last = int(weights.indptr[name]), int(weights.indptr[name + 1])
                place = bisect_left(weights.indices, column, first, last)
                if place < last and weights.indices[place] == column:
                    found.append((float(weights.data[place] * self.features.data[i]), words[name]))
        found.sort(key=lambda one: (-one[0], one[1]))
        return tuple(word for weight, word in found[:limit] if weight > 0)


def _encoder_entry(encoder: Encoder) -> dict[str, str]:
    entry = {"name": encoder.name, "fingerprint": encoder.fingerprint}
    if encoder.folder.resolve().parent != shipped("models").resolve():
        entry["folder"] = str(encoder.folder.resolve())
    return entry


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


def pack(linear: Linear, features: Features) -> dict[str, NDArray[Any]]:
    """The arrays on disk: sparse weights as int8 with one scale per feature, dense as float16."""
    value = linear.sparse.data
    counts = np.diff(linear.sparse.indptr)
    rows = np.repeat(np.arange(len(counts)), counts)
    scale = np.zeros(len(counts), np.float32)
    np.maximum.at(scale, rows, np.abs(value))
    scale /= 127
    return {
        "sparse.count": counts.astype(np.uint16),
        "sparse.column": linear.sparse.indices.astype(np.uint16),
        "sparse.value": np.rint(value / scale[rows]).astype(np.int8),
        "sparse.scale": scale,
        "dense": linear.dense.astype(np.float16),
        "bias": linear.bias,
        "word_idf": features.word_idf,
        "char_idf": features.char_idf,
    }


def unpack(folder: Path, manifest: Mapping[str, Any]) -> tuple[Linear, Features]:
    """The inverse of `pack`, from a folder whose hashes have been checked."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        arrays = load_file(folder / _WEIGHTS)
        vocabulary = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
        count = arrays["sparse.count"].astype(np.int64)
        value = arrays["sparse.value"] * np.repeat(arrays["sparse.scale"], count)
        weights = sparse.csr_matrix(
            (
                value.astype(np.float32),
                arrays["sparse.column"].astype(np.int32),
                np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
            ),
            shape=(len(count), len(manifest["codes"])),
        )
        features = Features(
            FeatureConfig.from_dict(manifest["features"]),
            vocabulary["words"],
            vocabulary["chars"],
            arrays["word_idf"],
            arrays["char_idf"],
        )
        dense, bias = arrays["dense"].astype(np.float32), arrays["bias"]
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"model {folder.name}: its arrays do not fit its manifest") from error
    return Linear(weights, dense, bias, float(manifest["context"])), features
