"""A second engine, by keyword: small, exact and quick, so that batch is tested without models."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa

from coder.batch.columns import decision_schema
from coder.text import resolve_fields

WORDS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "body-part": (("hand", "5.5", "Hand"), ("head", "1", "Head"), ("back", "3", "Back")),
    "injury-type": (("burn", "5", "Burns"), ("broke", "2", "Fractures"), ("cut", "1", "Wounds")),
    "isco-08": (("welder", "7212", "Welders"), ("roofer", "7121", "Roofers")),
}


@dataclass(frozen=True)
class KeywordEngine:
    """One known word decides, two send to review, none is uncodable."""

    schemes: tuple[str, ...] = tuple(WORDS)
    delay: float = 0.0
    log: Path | None = None
    group_columns: tuple[str, ...] = ()
    calls: list[int] = field(default_factory=list, compare=False)

    def scheme(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(name=name)

    def manifest(self) -> Mapping[str, object]:
        return {"models": {scheme: {"hash": "0" * 16} for scheme in self.schemes}, "policy": "word"}

    def code_table(
        self,
        table: pa.Table,
        schemes: Sequence[str] | None = None,
        text: Mapping[str, Sequence[str]] | None = None,
        redact: bool = False,  # noqa: ARG002 - batch masks before it calls
    ) -> pa.Table:
        self.calls.append(table.num_rows)
        time.sleep(self.delay)
        if self.log:
            with self.log.open("a") as stream:
                stream.write(f"{os.getpid()} {table.num_rows}\n")
        for scheme in schemes or self.schemes:
            names = resolve_fields(table.column_names, scheme, (text or {}).get(scheme)).names
            cells = [table[name].to_pylist() for name in names]
            answers = [_decide(scheme, " ".join(row).lower()) for row in zip(*cells, strict=True)]
            for name, kind in zip(
                decision_schema({scheme: scheme}).names,
                decision_schema({scheme: scheme}).types,
                strict=True,
            ):
                key = name.removeprefix(f"{scheme}_")
                table = table.append_column(name, pa.array([a.get(key) for a in answers], kind))
        return table


def _decide(scheme: str, text: str) -> dict[str, object]:
    found = [(code, title) for word, code, title in WORDS[scheme] if word in text]
    # longer texts are surer: gives margins that differ
    share = round(min(0.5 + len(text) / 1000, 0.99), 4)
    rest = round(1 - share, 4)
    answer: dict[str, object] = {"suggestions": "|".join(f"{c}:{share}" for c, _ in found)}
    if not found:
        return answer | {"status": "uncodable", "reason": "no usable text"}
    if len(found) > 1:
        (first, _), (second, _) = found[:2]
        return {
            "status": "review",
            "suggestions": f"{first}:{share}|{second}:{rest}",
            "reason": "two codes close",
            "candidates": f"{first}|{second}",
            "evidence": "two words",
        }
    code, title = found[0]
    level = code.count(".") + 1 if "." in code else len(code)
    return answer | {
        "status": "auto",
        "code": code,
        "title": title,
        "level": level,
        "confidence": share,
    }


@dataclass(frozen=True)
class LoadKeywordEngine:
    """Makes the engine in any process."""

    schemes: tuple[str, ...] = tuple(WORDS)
    delay: float = 0.0
    log: Path | None = None

    def __call__(self) -> KeywordEngine:
        return KeywordEngine(self.schemes, self.delay, self.log)
