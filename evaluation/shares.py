"""Where the time of `coder code` goes: shares of reading, text, features, encoder and the rest.

    python evaluation/shares.py ../shared/data evaluation/results/shares.json [--rows N]

One process, distinct real texts. Each stage is timed by itself: what it calls of another stage
counts there. "rest" is what no stage claims.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from throughput import texts_of, write

import coder.batch.run
import coder.batch.workers
import coder.engine.coder
import coder.engine.signals
import coder.model.model
from coder.batch import Job, code_files
from coder.cli.loading import EngineSpec
from coder.model.encoder.onnx_encoder import OnnxEncoder
from coder.model.encoder.static_encoder import StaticEncoder
from coder.model.features import Features
from coder.model.model import Model

STAGES: dict[str, tuple[tuple[Any, str], ...]] = {
    "reading": ((coder.batch.run, "take_in"),),
    "text": ((coder.engine.signals, "prepare_records"),),
    "rules": (
        (coder.engine.signals, "_look_up"),
        (coder.engine.signals, "_weigh_diagnosis"),
        (coder.engine.signals, "_several"),
        (coder.engine.signals, "_vague"),
        (coder.engine.coder, "sides"),
        (coder.engine.coder, "phrase_flags"),
        (coder.engine.coder, "pair_flags"),
    ),
    "features": ((Features, "transform"), (Features, "novelty")),
    "encoder": ((OnnxEncoder, "encode"),),
    "token vectors": ((StaticEncoder, "encode"),),
    "classifier": ((Model, "_values"),),
    "decisions": ((coder.engine.coder, "decide"),),
    "writing": (
        (coder.engine.coder, "output_columns"),
        (coder.batch.workers, "write_table"),
        (coder.batch.run, "write_results"),
    ),
}


class Clock:
    """Seconds per stage, each without the stages that it calls."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inside: list[float] = []

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            start = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                taken = time.perf_counter() - start
                self.seconds[stage] += taken - self._inside.pop()
                if self._inside:
                    self._inside[-1] += taken

        return run


class Tokens:
    """A tokenizer whose work counts as tokenising."""

    def __init__(self, tokenizer: Any, clock: Clock) -> None:
        self.encode_batch_fast = clock.timed("tokenising", tokenizer.encode_batch_fast)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=4000)
    arguments = parser.parse_args()
    clock = Clock()
    for stage, places in STAGES.items():
        for place, name in places:
            setattr(place, name, clock.timed(stage, getattr(place, name)))
    result: dict[str, Any] = {"version": metadata.version("narracoder"), "cores": os.cpu_count()}
    plans = (("narrative", None), ("job_title", ("isco-08",)), ("industry", ("isic-4",)))
    with tempfile.TemporaryDirectory() as name:
        for kind, schemes in plans:
            texts = texts_of(arguments.data, kind)[: arguments.rows]
            path = Path(name) / f"{kind}.csv"
            write(path, kind, texts)
            for tier in ("auto", "fast", "accurate"):
                loader = EngineSpec(schemes=schemes, tier=tier)
                engine = coder.batch.workers.loaded(loader)
                for model in engine._models.values():
                    encoders = [model.encoder, *([model.fast.encoder] if model.fast else [])]
                    for encoder in encoders:
                        if not isinstance(encoder._tokenizer, Tokens):
                            encoder.__dict__["_tokenizer"] = Tokens(encoder._tokenizer, clock)
                clock.seconds.clear()
                start = time.perf_counter()
                code_files(Job((path,), Path(name) / f"{kind}-{tier}", loader))
                wall = time.perf_counter() - start
                shares = {stage: round(s / wall, 3) for stage, s in clock.seconds.most_common()}
                shares["rest"] = round(1 - sum(clock.seconds.values()) / wall, 3)
                entry = {"n": len(texts), "per_second": round(len(texts) / wall), "shares": shares}
                result.setdefault(kind, {})[tier] = entry
                print(kind, tier, json.dumps(entry), flush=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
