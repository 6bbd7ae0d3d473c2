"""The benchmarks: which rows, which split, which field, read from the shared real data.

Nothing of those files is kept here: only how to read them. Texts that occur in training and in
the test alike would be looked up, not coded, so a random split deals equal texts to one side.
The engine's encoder was tuned on the fitting part of the recipes' rows. Therefore a test consists
of rows of the recipes' test part, dealt by the same hash, and of no text that the encoder read.
"""

from __future__ import annotations

import csv
import functools
import gzip
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

RECIPES = Path(__file__).resolve().parents[1] / "training_data" / "recipes"
sys.path.append(str(RECIPES))

import industry  # noqa: E402 - after the path is set
import injury  # noqa: E402
import occupation  # noqa: E402
from scheme_indexes import kept_out, naics_to_isic  # noqa: E402

from coder.errors import InputError  # noqa: E402
from coder.model.train import CALIBRATE, FIT, TEST, TUNE, deal  # noqa: E402
from coder.schemes import load_crosswalk, load_index, load_scheme  # noqa: E402
from coder.text import normal  # noqa: E402
from coder.text.normal import Domain  # noqa: E402

TAUGHT = {
    "body-part": injury,
    "injury-type": injury,
    "isco-08": occupation,
    "isic-4": industry,
}
Pair = tuple[str, str]


@dataclass(frozen=True)
class Task:
    """Texts and codes of one benchmark. `scheme` is "" for codes without a hierarchy.

    `level` is the one at which systems are ranked and thresholds judged. `unread` are the training
    rows that the engine's encoder never read: only these can choose a threshold.
    """

    name: str
    title: str
    scheme: str
    domain: Domain
    split: str
    field: str
    published: str
    level: int
    train: tuple[list[str], list[str]]
    test: tuple[list[str], list[str]]
    unread: list[int]

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all rows in their order: systems with the same one saw the same task."""
        return hashlib.sha256(json.dumps([self.train, self.test]).encode()).hexdigest()


@functools.cache
def read_by_encoder(data: Path) -> frozenset[str]:
    """Every prepared text that a recipe gives to the fitting part, from which the encoder learned.

    It left out the mining narratives of 2012 and later, so this is more than it read.
    """
    return frozenset(
        rows.prepared[i].main
        for name, recipe in TAUGHT.items()
        for rows in [recipe.rows(data, name)]
        for i in rows.where(FIT)
    )


def read(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a CSV, gzipped or not. Raises InputError naming the origin when it is absent."""
    if not path.exists():
        raise InputError(f"{path.name} is not there: see evaluation/README.md for its origin")
    packed = gzip.open if path.suffix == ".gz" else open
    with packed(path, "rt", encoding="utf-8-sig") as handle:
        yield from csv.DictReader(handle)


def _mining(data: Path, last_train: int, published: str) -> Task:
    train: list[Pair] = []
    test: list[Pair] = []
    for row in read(data / "injury" / "narratives" / "msha_body_part_2010_2013.csv.gz"):
        year = int(row["YEAR"])
        side = train if year <= last_train else test if year == last_train + 1 else []
        side.append((row["NARRATIVE"], row["INJ_BODY_PART_CD"]))
    return Task(
        name=f"mining-{last_train + 1}",
        title="Part of body in mining accident narratives, 46 codes of the source",
        scheme="",
        domain="injury",
        split=f"train 2010–{last_train}, test {last_train + 1}",
        field="NARRATIVE",
        published=published,
        level=1,
        train=_columns(train),
        test=_columns(test),
        unread=_unread(data, train, "injury"),
    )


def _dealt(pairs: Iterable[Pair], domain: Domain) -> tuple[list[Pair], list[Pair]]:
    """Pairs of the recipes' test part, and the others; a text without words belongs to neither."""
    train: list[Pair] = []
    test: list[Pair] = []
    for text, code in pairs:
        main = normal(text, domain)
        if main:
            (test if deal(main) == TEST else train).append((text, code))
    return train, test


def _unseen(data: Path, test: Iterable[Pair], train: Iterable[Pair], domain: Domain) -> list[Pair]:
    """The test pairs whose text neither the encoder nor any training row has."""
    known = read_by_encoder(data) | {normal(text, domain) for text, _ in train}
    return [pair for pair in test if normal(pair[0], domain) not in known]


def _unread(data: Path, train: Iterable[Pair], domain: Domain) -> list[int]:
    known = read_by_encoder(data)
    mains = [normal(text, domain) for text, _ in train]
    return [i for i, m in enumerate(mains) if deal(m) in (CALIBRATE, TUNE) and m not in known]


def set_apart(task: Task, rows: int, seed: int) -> list[int]:
    """So many unread training rows, drawn at random, and all others that have one of their texts:
    a threshold chosen on texts that were trained on would be too bold."""
    drawn = np.random.default_rng(seed).choice(task.unread, rows, replace=False)
    texts = {normal(task.train[0][i], task.domain) for i in drawn}
    return [i for i in task.unread if normal(task.train[0][i], task.domain) in texts]


def _columns(pairs: Iterable[Pair]) -> tuple[list[str], list[str]]:
    texts, codes = zip(*pairs, strict=True)
    return list(texts), list(codes)


def _occupation(data: Path) -> Task:
    folder = data / "occupation"
    known = load_scheme("isco-08")
    vacancies = (
        (row["vacancyTitle"], row["isco08"]) for row in read(folder / "vacancy_titles_my.csv")
    )
    train, test = _dealt((pair for pair in vacancies if pair[1] in known), "occupation")
    for row in read(folder / "isco08_title_index.csv"):
        if row["isco08"] in known:
            train.append((row["title"], row["isco08"]))
    test = _unseen(data, test, train, "occupation")
    return Task(
        name="vacancy-titles",
        title="Occupation of job vacancy titles",
        scheme="isco-08",
        domain="occupation",
        split="vacancy titles: the tenth of the distinct titles that a hash deals to the test, "
        "without those that stand in an official index; the rest and the ILO index train. Labels "
        "come from the job board and are noisy",
        field="vacancyTitle",
        published="",
        level=4,
        train=_columns(train),
        test=_columns(test),
        unread=_unread(data, train, "occupation"),
    )


def _industry(data: Path) -> Task:
    classes = set(load_scheme("isic-4").leaves)
    naics = naics_to_isic(data / "industry", classes)
    test = [
        (row["phrase"], naics[row["naics2022"]])
        for row in read(data / "industry" / "naics2022_activity_phrases.csv")
        if row["naics2022"] in naics and kept_out(row["phrase"])
    ]
    index = load_index("isic-4")
    train = [(t.term, t.code) for t in index if t.source != "official title"]
    test = _unseen(data, test, train, "industry")
    return Task(
        name="activity-phrases",
        title="Economic activity of index phrases",
        scheme="isic-4",
        domain="industry",
        split="activity phrases of the UK SIC 2007 and NAICS 2022 indexes, through the published "
        "correspondences to ISIC 4; the test is the fifth of the NAICS phrases, by hash, that no "
        "shipped index holds",
        field="activity",
        published="",
        level=4,
        train=_columns(train),
        test=_columns(test),
        unread=_unread(data, train, "industry"),
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

    train, test = _dealt(labelled(), "injury")
    test = _unseen(data, test, train, "injury")
    return Task(
        name="severe-injuries",
        title="Type of injury in reports of severe injuries",
        scheme="injury-type",
        domain="injury",
        split="OIICS nature codes through the crosswalk to Annex E; the tenth of the distinct "
        "reports that a hash deals to the test. Where the source does not separate two codes, only "
        "what they have in common is gold, so few records have gold at level 2",
        field="text",
        published="",
        level=1,
        train=_columns(train),
        test=_columns(test),
        unread=_unread(data, train, "injury"),
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
