"""How often a narrative names the injured person's occupation, and how often the words are right.

    python evaluation/named_occupation.py DATA [--half even|odd] [--out evaluation/results]

DATA is the folder that holds `injury/narratives/` (origins: training_data/SOURCES.md). The rules
were designed on the rows whose narrative has an even SHA-256; the odd half is reported.

Two sources carry an occupation beside the narrative: OSHA construction cases (census titles, one
per victim; rows with one victim are used) and MSHA accidents (job groups). Their titles are mapped
by hand to ISCO-08 sub-major groups (named_occupation_groups.csv; "not reported" and titles without
a group are left out). The named words are looked up in the ISCO-08 index. They agree when the
two-digit code (or the one-digit code of a vague text, see `coded`) covers one of the recorded
title's groups. The recorded occupation is
itself often wrong or coarser than the text (a foreman filed as a carpenter), so agreement is a
lower bound of precision.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from coder.evidence import Cue, IndexLookup, named_activity, occupation_evidence, vagueness

HERE = Path(__file__).resolve().parent
SOURCES = {
    "osha": ("osha_construction_cases.csv.gz", "narrative", "occupation", "industry"),
    "msha": ("msha_all_variables_2000_2015.csv", "NARRATIVE", "OCCUPATION", ""),
}
# SIC 1987 two-digit construction groups as ISIC Rev.4 divisions
SIC_DIVISIONS = {"15": {"41"}, "16": {"42"}, "17": {"43", "41", "42"}}


def half(text: str) -> str:
    """Even or odd, by the last bit of the SHA-256 of the narrative."""
    return "odd" if hashlib.sha256(text.encode()).digest()[-1] & 1 else "even"


def wilson(hits: int, n: int) -> list[float]:
    """95 % Wilson interval of a share, rounded; [0, 1] for n = 0."""
    if n == 0:
        return [0.0, 1.0]
    z, p = 1.959964, hits / n
    middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return [round((middle + s * spread) / (1 + z * z / n), 4) for s in (-1, 1)]


def share(hits: int, n: int) -> dict[str, object]:
    """A share with its counts and interval."""
    return {
        "hits": hits,
        "n": n,
        "share": round(hits / n, 4) if n else None,
        "ci95": wilson(hits, n),
    }


def rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a source."""
    path = folder / "injury" / "narratives" / name
    if not path.is_file():
        sys.exit(f"{name} is not in {path.parent}: see training_data/SOURCES.md for its origin")
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace", newline="") as file:
        yield from csv.DictReader(file)


def groups_of(source: str) -> dict[str, set[str]]:
    """Recorded title -> ISCO-08 sub-major groups."""
    with (HERE / "named_occupation_groups.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["recorded"]: set(row["groups"].split("|"))
            for row in csv.DictReader(file)
            if row["source"] == source
        }


def recorded(source: str, raw: str, known: dict[str, set[str]]) -> set[str]:
    """The groups of a row's recorded occupation; empty when not reported or several victims."""
    if source == "msha":
        return known.get(raw, set())
    return known.get(raw.removeprefix(",").strip(), set())


def coded(words: str, index: IndexLookup) -> str | None:
    """The ISCO-08 code that the words stand for, at most two digits; None when there is none.

    A text of the table of vague texts gives the coarse code named there ("foreman" 3, "laborer"
    9); else the best exact match of the words or of their longest tail ("journeyman electrician"
    is found as "electrician"); else the best fuzzy match.
    """
    vague = vagueness(words, "isco-08")
    if vague is not None:
        return vague.code[:2] if vague.code else None
    parts = words.split()
    tails = [" ".join(parts[start:]) for start in range(len(parts))]
    for fuzzy in (False, True):
        for tail in tails:
            if (tail_vague := vagueness(tail, "isco-08")) is not None:
                return tail_vague.code[:2] if tail_vague.code else None
            found = index.find(tail, limit=1, fuzzy=fuzzy)
            if found:
                return found[0].code[:2]
    return None


def measure(source: str, folder: Path, wanted: str) -> dict[str, object]:
    """The report of one source."""
    name, text_column, title_column, sic_column = SOURCES[source]
    index, known = IndexLookup.load("isco-08"), groups_of(source)
    activities = IndexLookup.load("isic-4")
    n = named = 0
    cues: Counter[str] = Counter()
    agree: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    misses: Counter[str] = Counter()
    activity = activity_found = activity_right = activity_looked = 0
    for row in rows(folder, name):
        text = row[text_column]
        if half(text) != wanted:
            continue
        n += 1
        if sic_column:
            activity += 1
            if words := named_activity(text):
                activity_found += 1
                best = activities.find(words, limit=1)
                if best:
                    activity_looked += 1
                    activity_right += best[0].code[:2] in SIC_DIVISIONS.get(
                        row[sic_column][:2], set()
                    )
        found = occupation_evidence(text)
        if found is None:
            continue
        named += 1
        cues[found.cue.name] += 1
        groups = recorded(source, row[title_column], known)
        group = coded(found.words, index) if groups else None
        if group is not None:
            right = any(known_group.startswith(group) for known_group in groups)
            compared[found.cue.name] += 1
            agree[found.cue.name] += right
            if not right:
                misses[f"{found.words} [{group}] / {row[title_column].strip(',')[:40]}"] += 1
    report: dict[str, object] = {
        "file": name,
        "narratives": n,
        "names_an_occupation": share(named, n),
        "agrees_with_recorded_group": share(sum(agree.values()), sum(compared.values())),
        "by_cue": {
            cue.name.lower(): {
                "found": cues[cue.name],
                "agrees": share(agree[cue.name], compared[cue.name]),
            }
            for cue in Cue
        },
    }
    if activity:
        report["names_an_activity"] = share(activity_found, activity)
        report["activity_index_match_in_recorded_division"] = share(activity_right, activity_looked)
    if wanted == "even":
        report["disagreements"] = dict(misses.most_common(60))
    return report


def main() -> None:
    """Measures both sources and writes named_occupation.json."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=("even", "odd"), default="odd")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    result = {source: measure(source, args.data, args.half) for source in SOURCES}
    text = json.dumps({"half": args.half, **result}, indent=2, sort_keys=False) + "\n"
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        (args.out / "named_occupation.json").write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
