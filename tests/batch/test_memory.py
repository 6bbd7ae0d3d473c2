"""Memory does not grow with the file."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import sys, threading
from pathlib import Path
from coder.batch import Job, code_files
from tests.batch.engine import LoadKeywordEngine

done, highest = threading.Event(), 0
def watch():
    # RssAnon: pages of mapped files count as memory too, but the system may take them back
    global highest
    while not done.wait(0.01):
        status = open("/proc/self/status").read()
        highest = max(highest, int(status.split("RssAnon:")[1].split()[0]))
watcher = threading.Thread(target=watch)
watcher.start()
code_files(Job((Path(sys.argv[1]),), Path(sys.argv[2]), LoadKeywordEngine()))
done.set()
watcher.join()
print(highest)
"""


def peak(folder: Path, rows: int, distinct: int) -> float:
    """Peak memory of its own, in MB, of coding so many narratives, a tenth of them for review."""
    source = folder / f"{rows}.csv"
    with source.open("w") as stream:
        stream.write("id,narrative\n")
        for number in range(rows):
            case = number % distinct
            more = "and head " if case % 10 == 0 else ""
            stream.write(f"{number},case {case} cut his hand {more}{'on the saw ' * 12}\n")
    command = [sys.executable, "-c", CODE, str(source), str(folder / f"out{rows}")]
    shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(shown.stdout) / 1024


@pytest.mark.slow
def test_peak_memory_of_ten_times_the_rows(tmp_path: Path) -> None:
    small, large = peak(tmp_path, 30_000, 30_000), peak(tmp_path, 300_000, 300_000)
    # 24 bytes per text, and a few numbers; the rest are the engine's and blocks of rows
    assert large - small < 270_000 * 300 / 2**20
    assert large < 500


@pytest.mark.slow
def test_rows_of_texts_that_recur_take_no_memory_however_many_they_are(tmp_path: Path) -> None:
    small, large = peak(tmp_path, 200_000, 1_000), peak(tmp_path, 2_000_000, 1_000)
    assert large - small < 1_800_000 * 24 / 2**20  # less than an id's hash and row
