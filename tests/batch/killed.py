"""A run in a process of its own, for tests that kill it: killed.py SOURCE OUT JOBS DELAY."""

import sys
from pathlib import Path

from coder.batch import Job, code_files
from tests.batch.engine import LoadKeywordEngine

if __name__ == "__main__":
    source, out, jobs, delay = sys.argv[1:]
    code_files(
        Job(
            inputs=(Path(source),),
            out=Path(out),
            loader=LoadKeywordEngine(delay=float(delay)),
            jobs=int(jobs),
            batch_size=5,
            resume=True,
        )
    )
