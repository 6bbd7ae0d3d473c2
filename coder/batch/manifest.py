"""run.json: what was run on what, and counts that add up."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coder.batch.blocks import Source, file_sha256
from coder.batch.folder import MANIFEST
from coder.batch.intake import Intake
from coder.batch.outcome import Counts
from coder.batch.store import write_json

#: Grows when a key of run.json changes its meaning.
FORMAT: Final = 1
_LIBRARIES: Final = ("numpy", "onnxruntime", "pyarrow", "rapidfuzz", "scikit-learn", "tokenizers")


@dataclass(frozen=True, slots=True)
class Summary:
    """run.json, and whether the run had been complete before it was asked for."""

    content: Mapping[str, object]
    was_complete: bool = False


def program() -> dict[str, object]:
    """Name and versions of what runs."""
    return {
        "name": "narracoder",
        "version": importlib.metadata.version("narracoder"),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def sources(
    found: Sequence[Source], hashes: Sequence[str], intake: Intake
) -> list[dict[str, object]]:
    """Per input file: name, size, hash, how it was read, and its counts."""
    return [
        {
            "file": source.path.name,
            "bytes": source.path.stat().st_size,
            "sha256": sha256,
            **source.facts(),
            "read": read,
            "rejected": rejected,
        }
        for source, sha256, read, rejected in zip(
            found, hashes, intake.read, intake.rejected, strict=True
        )
    ]


def write(
    finished: Path,
    *,
    plan: Mapping[str, object],
    inputs: list[dict[str, object]],
    counts: Counts,
    skipped: Sequence[str],
    texts: int,
    reused: int,
    recalled: int | None,
    seconds: float,
) -> Summary:
    """Write run.json beside the finished files; equal runs differ in its last keys only, from
    `seconds` on."""
    content: dict[str, object] = {
        "format": FORMAT,
        "counts": {
            "read": counts.coded + counts.rejected,
            "coded": counts.coded,
            "rejected": counts.rejected,
            "review": counts.review,
            "distinct_texts": texts,
        },
        "schemes": counts.statuses,
        "schemes_without_text": list(skipped),
        "inputs": inputs,
        "outputs": {
            path.name: {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
            for path in sorted(finished.iterdir())
            if path.name != MANIFEST
        },
        **plan,
        "seconds": round(seconds, 3),
        "records_per_second": round(counts.coded / max(seconds, 1e-9), 1),
        "batches_from_an_earlier_start": reused,
        **({} if recalled is None else {"texts_from_memory": recalled}),
    }
    write_json(finished / MANIFEST, content)
    return Summary(content)


def read_summary(out: Path) -> Summary:
    """The summary of a run that is complete. Raises OSError and ValueError."""
    return Summary(json.loads((out / MANIFEST).read_text(encoding="utf-8")), was_complete=True)
