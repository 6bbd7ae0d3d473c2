"""Memory does not grow with the file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import sys
from pathlib import Path
from coder.batch import Job, code_files
from tests.batch.engine import LoadKeywordEngine
code_files(Job((Path(sys.argv[1]),), Path(sys.argv[2]), LoadKeywordEngine()))
# not ru_maxrss: that starts at the size of the process that started this one
print(next(x for x in open("/proc/self/status") if x.startswith("VmHWM")).split()[1])
"""


def peak(folder: Path, rows: int) -> float:
    """Peak memory in MB of coding so many distinct narratives, a tenth of them for review."""
    source = folder / f"{rows}.csv"
    with source.open("w") as stream:
        stream.write("id,narrative\n")
        for number in range(rows):
            more = "and head " if number % 10 == 0 else ""
            stream.write(f"{number},case {number} cut his hand {more}{'on the saw ' * 12}\n")
    command = [sys.executable, "-c", CODE, str(source), str(folder / f"out{rows}")]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(shown.stdout) / 1024


@pytest.mark.slow
def test_peak_memory_of_ten_times_the_rows(tmp_path: Path) -> None:
    small, large = peak(tmp_path, 30_000), peak(tmp_path, 300_000)
    # 24 bytes per id and per text, a few numbers per row, and pages of mapped files that the
    # system may take back: together under 0.5 kB a row, where the file has 160 bytes a row
    assert large - small < 130
    assert large < 500
