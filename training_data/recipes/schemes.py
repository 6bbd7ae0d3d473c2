"""Rebuild the schemes, indexes and correspondences of this folder from the published lists.

    python training_data/recipes/schemes.py ../shared/data [--out FOLDER]

The argument is the folder that holds occupation/, industry/ and injury/ as described in
training_data/SOURCES.md, which also names the public origin of every file. Same input, same bytes.
Annex E and F (injury-type, body-part) and the maps from injury coding systems to them are kept by
hand, because they were checked line by line: this script leaves them as they are.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from scheme_crosswalks import BUILDERS as CROSSWALKS
from scheme_indexes import BUILDERS as INDEXES
from scheme_indexes import distinct
from scheme_structures import READERS

CROSSWALK_COLUMNS = ("source_code", "source_title", "target_code", "partial", "note")
HERE = Path(__file__).resolve().parents[1]


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV in UTF-8 with \\n line ends."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode("utf-8")


def put(path: Path, content: bytes) -> None:
    """Write `content`, gzip-packed without a time stamp when the name ends in .gz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        content = gzip.compress(content, 9, mtime=0)
    path.write_bytes(content)
    sys.stdout.write(f"{path.parent.name}/{path.name}: {len(content):,} bytes\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with occupation/, industry/ and injury/")
    parser.add_argument("--out", type=Path, default=HERE, help="default: this training_data folder")
    arguments = parser.parse_args()
    data: Path = arguments.data
    missing = [f for f in ("occupation", "industry") if not (data / f).is_dir()]
    if missing:
        sys.stderr.write(
            f"{data} lacks {' and '.join(missing)}: fetch the published lists named in "
            "training_data/SOURCES.md (ILO, UN Statistics Division, European Commission, US DOL, "
            "US BLS, US Census, ONS, Eurostat) into that folder first\n"
        )
        return 1
    structures = {name: reader(data) for name, reader in READERS.items()}
    for name, rows in structures.items():
        content = csv_bytes(("code", "title", "level", "parent"), rows)
        put(arguments.out / "schemes" / f"{name}.csv", content)
    for name, builder in INDEXES.items():
        terms = list(distinct(builder(data, structures[name])))
        content = csv_bytes(("term", "code", "source"), terms)
        put(arguments.out / "index" / f"{name}.csv.gz", content)
    for name, correspondence in CROSSWALKS.items():
        content = csv_bytes(CROSSWALK_COLUMNS, correspondence(data, structures))
        put(arguments.out / "crosswalks" / f"{name}.csv", content)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
