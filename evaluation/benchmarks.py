"""The benchmarks: which rows, which split, which field, read from the shared real data.

Nothing of those files is kept here: only how to read them. Texts that occur in training and in
the test alike would be looked up, not coded, so a random split deals equal texts to one side.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from coder.errors import InputError
from coder.schemes import load_crosswalk, load_scheme


@dataclass(frozen=True)
class Task:
    """Texts and codes of one benchmark. `scheme` is "" for codes without a hierarchy.

    `level` is the one at which systems are ranked and thresholds judged.
    """

    name: str
    title: str
    scheme: str
    domain: str
    split: str
    field: str
    published: str
    level: int
    train: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]


def read(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV, gzipped or not. Raises InputError naming the origin when it is absent."""
    if not path.exists():
        raise InputError(f"{path.name} is not there: see evaluation/README.md for its origin")
    packed = gzip.open if path.suffix == ".gz" else open
    with packed(path, "rt", encoding="utf-8-sig") as handle:
        yield from csv.DictReader(handle)


def _mining(data: Path, last_train: int, published: str) -> Task:
    rows = read(data / "injury" / "narratives" / "msha_body_part_2010_2013.csv.gz")
    train: tuple[list[str], list[str]] = ([], [])
    test: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        year = int(row["YEAR"])
        side = train if year <= last_train else test if year == last_train + 1 else None
        if side is not None:
            side[0].append(row["NARRATIVE"])
            side[1].append(row["INJ_BODY_PART_CD"])
    return Task(
        name=f"mining-{last_train + 1}",
        title="Part of body in mining accident narratives, 46 codes of the source",
        scheme="",
        domain="injury",
        split=f"train 2010–{last_train}, test {last_train + 1}",
        field="NARRATIVE",
        published=published,
        level=1,
        train=train,
        test=test,
    )


def _dealt(pairs: Iterator[tuple[str, str]]) -> tuple[tuple[list[str], list[str]], ...]:
    """A fifth of the distinct texts to the test, by a hash of the folded text."""
    train: tuple[list[str], list[str]] = ([], [])
    test: tuple[list[str], list[str]] = ([], [])
    for text, code in pairs:
        folded = " ".join(text.casefold().split())
        if not folded:
            continue
        side = test if hashlib.sha256(folded.encode()).digest()[0] < 51 else train
        side[0].append(text)
        side[1].append(code)
    return train, test


def _occupation(data: Path) -> Task:
    folder = data / "occupation"
    known = load_scheme("isco-08")
    vacancies = (
        (row["vacancyTitle"], row["isco08"]) for row in read(folder / "vacancy_titles_my.csv")
    )
    train, test = _dealt(pair for pair in vacancies if pair[1] in known)
    for row in read(folder / "isco08_title_index.csv"):
        if row["isco08"] in known:
            train[0].append(row["title"])
            train[1].append(row["isco08"])
    return Task(
        name="vacancy-titles",
        title="Occupation of job vacancy titles",
        scheme="isco-08",
        domain="occupation",
        split="vacancy titles: a fifth of the distinct titles is the test; the rest and the ILO "
        "index train. Labels come from the job board and are noisy",
        field="vacancyTitle",
        published="",
        level=4,
        train=train,
        test=test,
    )


def _industry(data: Path) -> Task:
    folder = data / "industry"
    known = load_scheme("isic-4")
    other = {r["nace2_code"]: r["isic4"] for r in read(folder / "nace2_isic4_where_different.csv")}

    def phrases() -> Iterator[tuple[str, str]]:
        for row in read(folder / "uk_sic2007_activity_index.csv"):
            nace = row["uk_sic2007"].zfill(5)[:4]
            isic = other.get(nace, nace)
            if isic in known:
                yield row["activity"], isic

    train, test = _dealt(phrases())
    return Task(
        name="activity-phrases",
        title="Economic activity of index phrases",
        scheme="isic-4",
        domain="industry",
        split="UK SIC 2007 activity phrases through NACE 2 to ISIC 4; a fifth of the distinct "
        "phrases is the test",
        field="activity",
        published="",
        level=4,
        train=train,
        test=test,
    )


def _one(step: tuple[str, ...]) -> bool:
    return len(set(step)) == 1


def _severe_injuries(data: Path) -> Task:
    """OIICS nature through the crosswalk; several targets become what they have in common."""
    scheme, crosswalk = load_scheme("injury-type"), load_crosswalk("oiics-nature", "injury-type")
    rows = read(data / "injury" / "narratives" / "osha_severe_injury_2015_2017.csv")

    def labelled() -> Iterator[tuple[str, str]]:
        for row in rows:
            paths = [scheme.path(t) for t in crosswalk.convert(row["nature_code_oiics201"])]
            common = [step[0] for step in takewhile(_one, zip(*paths, strict=False))]
            if common:
                yield row["text"], common[-1]

    train, test = _dealt(labelled())
    return Task(
        name="severe-injuries",
        title="Type of injury in reports of severe injuries",
        scheme="injury-type",
        domain="injury",
        split="OIICS nature codes through the crosswalk to Annex E; a fifth of the distinct "
        "reports is the test. Where the source does not separate two codes, only what they have "
        "in common is gold, so few records have gold at level 2",
        field="text",
        published="",
        level=1,
        train=train,
        test=test,
    )


BENCHMARKS: Mapping[str, Callable[[Path], Task]] = {
    "mining-2012": lambda data: _mining(
        data, 2011, "published course benchmark: 0.752 and 0.758 (logistic regression)"
    ),
    "mining-2013": lambda data: _mining(
        data, 2012, "published course: count-vector logistic regression 0.773"
    ),
    "severe-injuries": _severe_injuries,
    "vacancy-titles": _occupation,
    "activity-phrases": _industry,
}
