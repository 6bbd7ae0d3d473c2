"""An encoder on ONNX Runtime and tokenizers: what the plain install uses.

Texts are run one by one. Dynamic int8 quantisation scales activations over whatever shares the
batch, so a batched embedding would depend on its neighbours; alone, it is the same in any batch,
shard or process (docs/decisions/001-one-text-at-a-time.md).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coder.model.encoder.stored import Stored

CHUNK = 64


class OnnxEncoder(Stored):
    """See `coder.model.encoder.Encoder`. `threads` texts are computed at a time."""

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        super().__init__(folder, "model.onnx")
        self._threads = threads or _threads_allowed()

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # one text a thread beats two threads a text
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(
            str(self.folder / "model.onnx"),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],  # slower than what it fuses
        )

    def _run(self, texts: Sequence[str]) -> NDArray[np.float32]:
        out = np.zeros((len(texts), self.dimensions), np.float32)
        tokens = [e.ids for e in self._tokenizer.encode_batch_fast(list(texts))]
        session = self._session

        def run(start: int) -> None:
            for row in range(start, min(start + CHUNK, len(tokens))):
                ids = np.array([tokens[row]], np.int64)
                feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
                out[row] = session.run(None, feed)[0][0]

        starts = range(0, len(tokens), CHUNK)
        if self._threads == 1 or len(starts) <= 1:
            for start in starts:
                run(start)
        else:
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(run, starts))
        return out


def _threads_allowed() -> int:
    """What OMP_NUM_THREADS allows (joblib sets it in its workers), else one per core."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else os.cpu_count() or 1
