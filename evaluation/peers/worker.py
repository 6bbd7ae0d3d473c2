"""Runs one system on one task, for several seeds, in its own process and environment.

    python worker.py SYSTEM TASK_FOLDER

TASK_FOLDER holds task.json: the texts and codes of `train` and `test`, the seeds, and for each
seed the rows of `train` that are set apart for choosing thresholds. Written beside it, per seed:
<SYSTEM>.<SEED>.npz with the probabilities of the rows set apart and of the test by a model that
never saw the former ("held"), and of the test by a model fitted on all training rows ("full";
only for the first seed where the seed changes nothing), and <SYSTEM>.json with seconds, memory
and versions.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import platform
import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
SYSTEMS = {
    "logistic-tfidf": "sklearn_peers:LogisticTfidf",
    "svm-tfidf": "sklearn_peers:SvmTfidf",
    "fasttext": "fasttext_peer:FastText",
    "torchtextclassifiers": "ttc_peer:TorchTextClassifiers",
    "nearest-minilm": "nearest_peers:NearestByEmbedding",
    "nearest-rapidfuzz": "nearest_peers:NearestByRapidFuzz",
    "narracoder": "narracoder_own:Narracoder",
    "narracoder-untuned": "narracoder_own:NarracoderUntuned",
}
WARM_UP = 20
TIMED = 1000  # test records on which speed is measured


class Clock:
    """Wall-clock and processor seconds since it was made.

    Processor time counts all threads and tells more on a machine that does other work too.
    """

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def passed(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu


def main(name: str, folder: Path) -> None:
    module, cls = SYSTEMS[name].split(":")
    system = getattr(importlib.import_module(module), cls)()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    system.domain = task["domain"]
    system.store = folder.parents[1] / "vectors"
    train, test = task["train"], task["test"]
    texts, codes = np.array(train["texts"], dtype=object), np.array(train["codes"], dtype=object)
    costs = []
    for seed, apart in zip(task["seeds"], task["apart"], strict=True):
        tune = np.zeros(len(codes), dtype=bool)
        tune[apart] = True
        system.fit(list(texts[~tune]), list(codes[~tune]), seed)
        found = {
            "held_codes": np.array(system.codes),
            "held_tune": system.probabilities(list(texts[tune])),
            "held_test": system.probabilities(test["texts"]),
        }
        if not costs or not system.deterministic:
            start = Clock()
            system.fit(list(texts), list(codes), seed)
            wall, cpu = start.passed()
            cost = {"seed": seed, "fit_seconds": round(wall, 2), "fit_cpu_seconds": round(cpu, 2)}
            found |= {"codes": np.array(system.codes)}
            timed = test["texts"][:TIMED]
            system.remember = False
            system.probabilities(timed[:WARM_UP])
            start = Clock()
            system.probabilities(timed)
            wall, cpu = start.passed()
            system.remember = True
            found["test"] = system.probabilities(test["texts"])
            cost["ms_per_record"] = round(1000 * wall / len(timed), 4)
            cost["cpu_ms_per_record"] = round(1000 * cpu / len(timed), 4)
            costs.append(cost)
        np.savez_compressed(folder / f"{name}.{seed}.npz", **found)
    summary = {
        "runs": costs,
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "python": platform.python_version(),
        "versions": {p: importlib.metadata.version(p) for p in system.packages},
        "deterministic": system.deterministic,
    }
    (folder / f"{name}.json").write_text(json.dumps(summary), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
