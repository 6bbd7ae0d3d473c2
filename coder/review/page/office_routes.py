"""The supervisor's page: what people did, how well, and the settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from coder.errors import CoderError
from coder.measures.pairs import Estimate
from coder.review import administration, figures, quality, queue
from coder.review.api.context import Shared
from coder.review.page import charts
from coder.review.page.render import page
from coder.review.page.session import Form, Poster, Signed, value
from coder.review.page.strings import Words
from coder.review.page.work_routes import see_other
from coder.review.store import SETTINGS, Store, setting

router = APIRouter(include_in_schema=False)
_DAY = 86_400_000


@router.get("/office")
def office(
    request: Request, shared: Shared, who: Signed, problem: str = Query("", max_length=64)
) -> Response:
    """Throughput, queue, agreement, accuracy, checks, drift, settings."""
    queue.require(who.user, "supervisor", "reader")
    store = shared.store
    with store.read() as session:
        schemes = figures.schemes(session)
        values: dict[str, Any] = {
            "people": figures.work(store, session),
            "queue": figures.queue_length(session),
            "agreement": [row for s in schemes for row in quality.agreement(store, session, s)],
            "accuracy": {s: quality.automatic_accuracy(store, session, s) for s in schemes},
            "checks": quality.checked(session),
            "drift": {s: quality.drift(store, session, s) for s in schemes},
            "settings": {name: setting(session, name) for name in SETTINGS},
        }
        plots = _charts(who.words, store, values)
    values |= {"plots": plots, "day": _day, "figure": lambda e: figure(e, who.words)}
    return page(request, "office.html", who.words, who, problem=problem, values=values)


def _charts(t: Words, store: Store, values: Mapping[str, Any]) -> dict[str, charts.Chart]:
    today = store.clock() // _DAY * _DAY
    days = [today - (figures.DAYS - 1 - n) * _DAY for n in range(figures.DAYS)]
    people: list[figures.Work] = values["people"]
    accuracy: dict[str, Estimate] = values["accuracy"]
    waiting: dict[str, dict[str, int]] = values["queue"]
    made = [float(sum(w.days.get(d, 0) for w in people)) for d in days]
    plots = {
        "throughput": charts.columns(t("throughput_help"), [_day(d)[5:] for d in days], made),
        "queue": charts.columns(
            t("queue_help"), list(waiting), [float(sum(q.values())) for q in waiting.values()]
        ),
        "accuracy": charts.ranges(
            t("accuracy_help"), [(s, e.value, e.low, e.high) for s, e in accuracy.items()]
        ),
    }
    agreement: list[quality.Agreement] = values["agreement"]
    plots["agreement"] = charts.ranges(
        t("agreement_help"),
        [
            (f"{r.scheme} {r.level}", r.alpha.value, r.alpha.low, r.alpha.high)
            for r in agreement
            if r.code is None
        ],
    )
    drift: dict[str, list[quality.Week]] = values["drift"]
    for scheme, weeks in drift.items():
        plots[f"drift {scheme}"] = charts.columns(
            t("drift_help"),
            [_day(w.start)[5:] for w in weeks],
            [w.distance or 0.0 for w in weeks],
            top=0.2,
        )
    return plots


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()


def figure(estimate: Estimate, t: Words) -> str:
    """`0.81 [0.70, 0.92]`, or the word for undefined."""
    if estimate.value is None:
        return t("undefined")
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


@router.post("/office/settings")
def settings(shared: Shared, who: Poster, fields: Form) -> Response:
    """Change the settings that differ."""
    queue.require(who.user, "supervisor")
    store = shared.store
    problem = ""
    try:
        with store.write() as session:
            for name in SETTINGS:
                given = value(fields, name, 32)
                if given and given != f"{setting(session, name):g}":
                    administration.change_setting(store, session, name, given, who.user)
    except CoderError as error:
        problem = error.code
    return see_other("/office", problem=problem)
