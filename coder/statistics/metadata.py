"""What a reader must know of the tables (paragraphs 21 and 22)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from coder.errors import InputError
from coder.figures.tables import Row
from coder.statistics.cases import Cases, frequency
from coder.statistics.denominators import (
    DAYS_WORKED,
    FTE,
    HOURS,
    NORMAL_HOURS,
    WORKERS,
    Denominators,
)
from coder.statistics.dimensions import AUTO, REVIEW, UNCODABLE, Dimension
from coder.statistics.options import WORKDAYS, Options
from coder.statistics.scope import covered, gaps

FORMAT = 1
CONCEPTS = {
    "unit of observation": "one worker injured in one accident; recurrences are the same case "
    "(paragraph 12)",
    "incapacity for work": "inability to perform the normal duties of the job held at the time of "
    "the accident, as the source states it (paragraph 5 e)",
    "fatal": "death within one year of the day of the accident (paragraph 13)",
    "commuting": "tabulated apart, never added to other accidents (paragraph 6)",
    "abroad": "accidents in another country are of its statistics, and tabulated apart "
    "(paragraph 8)",
    "disease": "a disease from exposure over time is no injury; tabulated under neither "
    "(paragraph 5 c)",
    "days lost": "calendar days from the day after the accident to the day before the return, "
    "absences of one case added up, temporary incapacity of at most a year (paragraphs 14, 15); "
    "permanent incapacity and death apart (paragraph 16)",
    "days lost per case": "cases with temporary incapacity of at least one day",
    "reference period": "the period of the accident, also for later deaths (paragraph 17)",
    "frequency rate": "new cases per 1,000,000 hours worked (paragraph 19 a)",
    "incidence rate": "new cases per 1,000 workers or full-time equivalents (paragraph 19 b)",
    "severity rate": "days lost per 1,000,000 hours worked, or days worked (paragraph 19 c)",
    "se_sampling": "Poisson error of counts and rates, compound Poisson of days, of the mean its "
    "standard error, of the median Woodruff's",
    "se_coding": "what codes that the machine assigned add, from draws out of their "
    "probabilities; codes that people gave add nothing; it holds as far as the probabilities "
    "are calibrated",
    "low, high": "95 % interval of sampling and coding together",
}


def describe(
    path: Path,
    below: Path | None,
    cases: Cases,
    dimensions: Sequence[Dimension],
    denominators: Denominators | None,
    options: Options,
) -> Row:
    """Sources, concepts, classifications, models, coding, rules and divergences, as data."""
    run = _manifest(path)
    engine = run.get("engine", {})
    coverage = covered(cases, dimensions, options)
    return {
        "format": FORMAT,
        "narracoder": metadata.version("narracoder"),
        "sources": [_file(path), *([_file(below)] if below else [])],
        "concepts": CONCEPTS,
        "file": _told(cases.notes, options),
        "periods": [p for p in cases.periods if p],
        "classifications": [_scheme(d) for d in dimensions if d.scheme is not None],
        "models": engine.get("models", {}),
        "policies": engine.get("policies", {}),
        "coding": [_coding(d, options) for d in dimensions if d.scheme is not None],
        "undecided_records": options.undecided,
        "draws": {"number": options.draws, "seed": options.seed, "systematic": options.systematic},
        "disclosure": _disclosure(options),
        "coverage": coverage,
        "divergences": [*gaps(coverage), *divergences(cases, denominators, options)],
    }


def _disclosure(options: Options) -> Row:
    rule = options.disclosure
    return {
        "applied": rule.active,
        "secondary_suppression": rule.active,
        "dominance_rule": bool(rule.dominance[0] or rule.p_percent),
    }


def _manifest(path: Path) -> Mapping[str, Any]:
    """run.json beside the coded file; nothing where there is none."""
    found = path.with_name("run.json")
    if not found.is_file():
        return {}
    try:
        run = json.loads(found.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("run.json beside the coded file cannot be read as JSON") from error
    return run if isinstance(run, dict) else {}


def _file(path: Path) -> Row:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"file": path.name, "bytes": path.stat().st_size, "sha256": digest}


def _scheme(dimension: Dimension) -> Row:
    assert dimension.scheme is not None
    scheme = dimension.scheme
    return {
        "dimension": dimension.name,
        "scheme": scheme.name,
        "title": scheme.title,
        "level": dimension.level,
        "version": scheme.version_hash,
    }


def _told(notes: Mapping[str, object], options: Options) -> Row:
    """What is told of the file: under disclosure control no counts, which could give cells back."""
    hidden = options.disclosure.active
    return {k: v for k, v in notes.items() if isinstance(v, bool) or not hidden}


def _coding(dimension: Dimension, options: Options) -> Row:
    """Shares of cases coded automatically, by people, and not; the error to be expected.

    `expected_error` is the mean probability, by the model's own account, that an automatic code
    is wrong at this level; empty without probabilities.
    """
    count = Counter(dimension.status)
    n = len(dimension.status)
    people = n - count[AUTO] - count[REVIEW] - count[UNCODABLE] - count[""]
    shares = {"automatic": count[AUTO], "people": people, "undecided": count[REVIEW]}
    shares["uncodable_or_empty"] = count[UNCODABLE] + count[""]
    hidden = options.disclosure.active
    return {
        "dimension": dimension.name,
        "records": None if hidden else n,
        **{
            f"share_{name}": round(number / n, 2) if hidden else number / n
            for name, number in shares.items()
        },
        "expected_error": _expected_error(dimension),
    }


def _expected_error(dimension: Dimension) -> float | None:
    chances = dimension.chances
    if chances is None:
        return None
    automatic = np.array([dimension.status[i] == AUTO for i in chances.row], bool)
    decided = dimension.index[chances.row]
    if not (chosen := automatic & (decided < dimension.rest)).any():
        return None
    agrees = chances.value == decided[:, None]
    right = (chances.weight * agrees).sum(axis=1)
    return float(1 - right[chosen].mean())


def divergences(cases: Cases, denominators: Denominators | None, options: Options) -> list[str]:
    """Where the file or the choices differ from the resolution (paragraph 22)."""
    notes = cases.notes
    amounts = {} if denominators is None else denominators.amount

    def number(name: str) -> str:
        return "Some" if options.disclosure.active else str(notes[name])

    found = {
        "Fatal and non-fatal cases are not told apart (paragraph 9 c).": not notes["fatal_known"],
        "Commuting accidents are not identified and may be included (paragraph 6).": not notes[
            "commuting_known"
        ],
        f"{number('neither')} records are neither occupational nor commuting; they are tabulated "
        "apart (paragraph 5).": notes["neither"],
        f"{number('diseases')} records are flagged as diseases from exposure over time; they are "
        "counted under neither until the flag is taken back (paragraph 5 c).": notes["diseases"],
        f"{number('abroad')} accidents were in another country; they are tabulated apart "
        "(paragraph 8).": notes["abroad"],
        "Fatal cases are as the source states them; the one-year limit could not be checked "
        "(paragraph 13).": notes["fatal_known"]
        and options.columns.death_date not in cases.table.column_names,
        "Days lost are not available (paragraph 14).": not notes["days_known"],
        f"{number('days_not_stated')} non-fatal cases do not state the days lost and are in no "
        "severity rate (paragraph 14).": notes["days_known"] and notes["days_not_stated"],
        f"Days lost were measured in workdays and converted by 7/{options.week:g} (paragraph "
        "14).": notes["days_known"] and options.days == WORKDAYS,
        f"{number('without_absence')} non-fatal cases without a day of absence are counted "
        "(paragraph 6 asks for at least one day).": notes["days_known"]
        and notes["without_absence"],
        "No absence is shorter than 3 days: shorter ones may not be covered (paragraph 6).": float(
            str(notes["least_days"] or 0)
        )
        >= 3,
        "The cases name no reference period (paragraph 17).": cases.periods == ("",),
        "No denominators: counts only (paragraph 19).": denominators is None,
        "The incidence rate is per head; part-timers are not converted to full-time equivalents "
        "(paragraph 19 b).": WORKERS in amounts and FTE not in amounts,
        "Time worked is normal hours, not hours actually worked (paragraph 19 a).": NORMAL_HOURS
        in amounts
        and HOURS not in amounts,
        "Time worked is in days, not hours (paragraph 19 c).": DAYS_WORKED in amounts
        and not {HOURS, NORMAL_HOURS} & set(amounts),
        f"{number('over_a_year')} absences over a year are counted as permanent incapacity "
        "(paragraph 14).": notes["over_a_year"],
        "Undecided records are spread over the codes by their probabilities.": options.undecided
        == "spread",
        "Figures are for periods shorter than a year.": cases.periods != ("",)
        and frequency(cases.periods[0]) != "A",
    }
    return [text for text, holds in found.items() if holds]
