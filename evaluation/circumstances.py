"""How right the rules for deviation and specific activity are, where something can be checked.

    python evaluation/circumstances.py ../shared/data evaluation/results/circumstances.json

No source codes deviations. The event codes of the severe-injury rows allow one or two groups of
deviation each (PROXY below), and the activity codes of the mining rows groups of specific activity:
a rule is called right when its group is among them. Rows whose narrative has an even SHA-256 were
looked at while the patterns were written, the odd ones are reported. The confidences stated beside
the patterns should lie below what is measured here. Location and status in employment have no
coded rows: their confidences rest on nothing but judgement, and stay under 0.95.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

from named_occupation import half, share

from coder.evidence import said_in_text

SEVERE = "injury/narratives/osha_severe_injury_2015_2017.csv"
MINING = "injury/narratives/msha_all_variables_2000_2015.csv"
# OIICS 2.01 event, longest prefix -> groups of deviation that it allows
PROXY = {
    "4": "50", "2736": "50", "2313": "50", "7": "70", "51": "10", "3": "10", "11": "80",
    "12": "80", "13": "80", "22": "40", "24": "40", "26": "40", "27": "40", "552": "20",
    "554": "20", "533": "20 10", "623": "30 40", "65": "30", "624": "30 20", "6252": "40 60",
    "62": "40 30", "63": "60 40", "631": "60 40", "632": "60", "64": "60 40", "641": "60 40",
    "642": "40 30 60",
}  # fmt: skip
# MSHA activity code -> groups of specific activity
ACTIVITY = {
    "10": "2 6 8 19 20 46 49 54 56 61 63 64 72 77 78 79 80 82",
    "20": "24 30 31 93",
    "30": "47 52 53 55 57 58 60 62 65 69 71",
    "40 50": "10 26 27 28 29 32 40 41 89",
    "20 50": "25",
    "60": "9 13 16 22 23 90 92",
    "70": "34 42 87",
    "10 20 40": "39",
}
OF_ACTIVITY = {code: set(g.split()) for g, codes in ACTIVITY.items() for code in codes.split()}


def of_event(code: str) -> set[str]:
    """The groups of deviation that an event code allows; none where it tells too little."""
    found = max((prefix for prefix in PROXY if code.startswith(prefix)), key=len, default=None)
    return set(PROXY[found].split()) if found else set()


def measure(cases: list[tuple[str, set[str]]], scheme: str) -> dict[str, object]:
    """Per group and whether other groups matched as well: stated confidence and share right."""
    met: dict[tuple[str, str, float], list[bool]] = defaultdict(list)
    silent = 0
    for text, allowed in cases:
        shares = said_in_text(text, scheme).shares
        if not shares:
            silent += 1
            continue
        first = next(iter(shares))
        among = "alone" if len(shares) == 1 else "among others"
        met[first, among, round(shares[first], 2)].append(first in allowed)
    every = [right for some in met.values() for right in some]
    return {
        "n": len(cases),
        "no rule": share(silent, len(cases)),
        "right": share(sum(every), len(every)),
        "by group": [
            {"group": g, "matched": among, "stated": stated, "right": share(sum(some), len(some))}
            for (g, among, stated), some in sorted(met.items())
        ],
    }


def table(data: Path, name: str) -> list[dict[str, str]]:
    """The rows of a file of the shared data. Ends the program when it is absent."""
    if not (data / name).is_file():
        raise SystemExit(f"{name} is not in {data.name}: see training_data/SOURCES.md for origins")
    with (data / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    severe = [
        (row["text"], of_event(row["event_code_oiics201"])) for row in table(arguments.data, SEVERE)
    ]
    mining = [
        (row["NARRATIVE"], OF_ACTIVITY.get(row["ACTIVITY_CD"], set()))
        for row in table(arguments.data, MINING)
    ]
    result = {
        part: {
            scheme: measure([c for c in cases if c[1] and half(c[0]) == part], scheme)
            for scheme, cases in (("deviation", severe), ("specific-activity", mining))
        }
        for part in ("odd", "even")
    }
    text = json.dumps(result, indent=1)
    arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
