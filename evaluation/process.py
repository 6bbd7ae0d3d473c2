"""A command in a process of its own, and what it cost."""

from __future__ import annotations

import os
import subprocess  # runs the command line of this project
import sys
import time
from collections.abc import Sequence
from pathlib import Path


def cost_of(arguments: Sequence[str | Path]) -> dict[str, float]:
    """Run `coder` with arguments: wall-clock and processor seconds, peak memory in MB.

    Processor time is that of all its processes together, memory that of the largest.
    """
    coder = Path(sys.executable).with_name("coder")
    start = time.perf_counter()
    process = subprocess.Popen([coder, *arguments], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"coder {arguments[0]} failed with exit code {process.returncode}")
    return {
        "seconds": round(time.perf_counter() - start, 2),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 2),
        "peak_mb": round(used.ru_maxrss / 1024),
    }
