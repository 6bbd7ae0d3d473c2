"""Double coding, the random sample, known texts and drift, from the store."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import sqlalchemy as sa

from coder.review import administration, figures, quality, queue
from coder.review.errors import ConflictError
from coder.review.importing import Options, import_folder
from coder.review.models import Item, Result, Turn, User
from coder.review.store import Store
from tests.review.conftest import Clock, configure, person
from tests.review.folders import FINGERS, FOOT, HAND, auto, plain_rows, review, write_folder

Rows = list[tuple[dict[str, str], dict[str, object]]]


def work_off(store: Store, user: User, choose: dict[str, str], most: int = 1000) -> int:
    """Decide all that `user` gets: the code that `choose` has for a text, else the first."""
    for number in range(most):
        with store.write() as session:
            held = queue.take(store, session, user)
            if held is None:
                return number
            text = (held.item.text or {})["narrative"]
            code = choose.get(text, held.item.suggestions[0][0])
            queue.decide(store, session, user, held.turn.id, code=code)
    return most


def auto_rows(count: int) -> Rows:
    return [
        ({"id": f"a{n}", "narrative": f"hand hurt, case {n}"}, auto(HAND)) for n in range(count)
    ]


def test_agreement_of_blind_pairs(lite: Store, tmp_path: Path) -> None:
    configure(lite, double_share=1.0)
    rows = plain_rows(22)
    import_folder(lite, write_folder(tmp_path / "out", rows))
    ann, bob = person(lite, "ann"), person(lite, "bob")
    texts = sorted({f["narrative"] for f, r in rows if r["status"] == "review"})
    assert work_off(lite, ann, {}) == 20
    assert work_off(lite, bob, dict.fromkeys(texts[:5], FINGERS)) == 20
    with lite.read() as session:
        found = quality.agreement(lite, session, "body-part")
    by_level = {r.level: r for r in found if r.code is None}
    assert (by_level[1].share.value, by_level[2].share.value) == (1.0, 0.75)
    assert by_level[2].share.n == 20
    assert by_level[1].alpha.value is None
    assert by_level[2].alpha.value == pytest.approx(1 - 0.25 / (2 * 35 * 5 / (40 * 39)))
    assert {r.code for r in found if r.code} == {HAND, FINGERS}


def test_changing_the_share_applies_to_untouched_items(lite: Store, tmp_path: Path) -> None:
    import_folder(lite, write_folder(tmp_path / "out", plain_rows(40)))
    ann = person(lite, "ann")
    work_off(lite, ann, {}, most=5)

    def turns() -> int:
        with lite.read() as session:
            query = sa.select(sa.func.count()).select_from(Turn).where(Turn.state == "open")
            return session.scalar(query) or 0

    assert turns() == 33
    with lite.write() as session:
        administration.change_setting(lite, session, "double_share", 1)
    assert turns() == 66
    with lite.write() as session:
        administration.change_setting(lite, session, "double_share", 0.5)
    assert 40 < turns() < 60
    with lite.write() as session, pytest.raises(ConflictError):
        administration.change_setting(lite, session, "double_share", 1.5)


def test_the_sample_recovers_a_known_accuracy(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=0.5)
    rows = auto_rows(400)
    wrong = random.Random(3).sample(range(400), 80)
    import_folder(lite, write_folder(tmp_path / "out", rows))
    ann = person(lite, "ann")
    truth = {rows[n][0]["narrative"]: FOOT for n in wrong}
    assert work_off(lite, ann, truth) == 200
    with lite.read() as session:
        estimate = quality.automatic_accuracy(lite, session, "body-part")
    assert estimate.n == 200
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < 0.8 < estimate.high
    assert estimate.high - estimate.low < 0.12


def test_two_batches_count_by_their_size(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=1.0, sample_most=10)
    ann = person(lite, "ann")
    import_folder(lite, write_folder(tmp_path / "large", auto_rows(90)))
    work_off(lite, ann, {})
    rows: Rows = [({"id": f"b{n}", "narrative": f"other {n}"}, auto(HAND)) for n in range(10)]
    import_folder(lite, write_folder(tmp_path / "small", rows))
    work_off(lite, ann, {f["narrative"]: FOOT for f, _ in rows})
    with lite.read() as session:
        estimate = quality.automatic_accuracy(lite, session, "body-part")
    assert estimate.value == pytest.approx(0.9)
    assert estimate.n == 20


def test_samples_hide_among_the_others_and_keep_to_their_number(
    lite: Store, tmp_path: Path
) -> None:
    configure(lite, sample_share=0.2)
    import_folder(lite, write_folder(tmp_path / "out", [*plain_rows(102), *auto_rows(500)]))
    with lite.read() as session:
        order = sa.select(Item.kind).join(Turn, Turn.item_id == Item.id)
        order = order.order_by(Turn.worth.desc(), Turn.doubt.desc(), Turn.id)
        kinds = list(session.scalars(order))
        sampled = session.scalar(
            sa.select(sa.func.count()).select_from(Result).where(Result.sampled.is_(True))
        )
    assert sampled == 101
    places = [n for n, kind in enumerate(kinds) if kind == "sample"]
    assert 0.35 < sum(places) / len(places) / len(kinds) < 0.65


def test_known_texts_go_to_new_clerks_once_each(lite: Store, tmp_path: Path) -> None:
    configure(lite, check_share=0.5, check_first=30)
    rows: Rows = [
        (
            {"id": f"k{n}", "narrative": f"known {n}", "gold": HAND},
            review((FINGERS, 0.5), (HAND, 0.4)),
        )
        for n in range(6)
    ]
    options = Options(known={"body-part": "gold"})
    folder = write_folder(tmp_path / "known", rows)
    assert import_folder(lite, folder, options).items == {"body-part": 6}
    import_folder(lite, write_folder(tmp_path / "out", plain_rows(42)))
    ann, bob = person(lite, "ann"), person(lite, "bob")
    boss = person(lite, "boss", "supervisor")
    known = {f"known {n}": HAND for n in range(4)}
    assert work_off(lite, ann, known) == 46
    work_off(lite, bob, {})
    with lite.read() as session:
        found = {c.user: c.right for c in quality.checked(session)}
        assert found["ann"].value == pytest.approx(4 / 6)
        assert found["ann"].n == 6
        assert figures.queue_length(session) == {}
    assert "boss" not in found
    assert work_off(lite, boss, {}) == 0


def test_drift_is_the_distance_from_earlier_weeks(
    lite: Store, tmp_path: Path, clock: Clock
) -> None:
    import_folder(lite, write_folder(tmp_path / "one", auto_rows(10)))
    clock.pass_(8 * 24 * 60)
    rows: Rows = [({"id": str(n), "narrative": f"x{n}"}, auto(FOOT)) for n in range(5)]
    import_folder(lite, write_folder(tmp_path / "two", [*rows, *auto_rows(5)]))
    with lite.read() as session:
        weeks = quality.drift(lite, session, "body-part")
    assert [w.distance for w in weeks] == [None, 0.5]
    assert weeks[1].shares == {"5": 0.5, "6": 0.5}


def test_a_finer_code_confirms_a_coarse_automatic_one(lite: Store) -> None:
    scheme = lite.scheme("body-part")
    assert quality.is_right(scheme, "5", HAND)
    assert quality.is_right(scheme, HAND, HAND)
    assert not quality.is_right(scheme, HAND, "5")
    assert not quality.is_right(scheme, HAND, None)
