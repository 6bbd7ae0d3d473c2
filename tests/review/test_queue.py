"""The queue: order, leases, identical texts, skip, return, undo, on both kinds of database."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from coder.errors import SchemeError
from coder.review import ledger, queue
from coder.review.errors import ConflictError, LeaseError, NotFoundError
from coder.review.importing import import_folder
from coder.review.models import Decision, Entry, Event, Item, Result, Turn, User
from coder.review.queue import Filters, Held, Saved
from coder.review.store import Store
from tests.review.conftest import Clock, configure, person
from tests.review.folders import FINGERS, HAND, plain_rows, review, write_folder


def take(store: Store, user: User, filters: Filters | None = None) -> Held | None:
    with store.write() as session:
        return queue.take(store, session, user, filters)


def decide(store: Store, user: User, held: Held | None, **what: str) -> Saved:
    assert held is not None
    with store.write() as session:
        return queue.decide(store, session, user, held.turn.id, **what)


def item(store: Store, number: int) -> Item:
    with store.read() as session:
        return session.get_one(Item, number)


@pytest.fixture
def filled(store: Store, tmp_path: Path) -> Store:
    import_folder(store, write_folder(tmp_path / "out", plain_rows()))
    return store


def test_identical_texts_come_first_and_are_decided_once(filled: Store) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    assert held is not None
    assert held.item.n_records == 3
    saved = decide(filled, ann, held, code=HAND)
    assert (saved.state, saved.records) == ("decided", 3)
    with filled.read() as session:
        rows = session.scalars(sa.select(Result).where(Result.item_id == held.item.id)).all()
        event = session.scalars(sa.select(Event)).one()
    assert len(rows) == 3
    assert event.body["records"] == ["c0", "c1", "c2"]


def test_after_the_many_the_doubtful_then_the_old(filled: Store, tmp_path: Path) -> None:
    later = [
        ({"id": "s0", "narrative": "rather sure"}, review((HAND, 0.9), (FINGERS, 0.1))),
        ({"id": "s1", "narrative": "very doubtful"}, review((HAND, 0.31), (FINGERS, 0.3))),
    ]
    import_folder(filled, write_folder(tmp_path / "later", later))
    ann = person(filled, "ann")
    seen = []
    while (held := take(filled, ann)) is not None:
        seen.append((held.item.n_records, (held.item.text or {})["narrative"]))
        decide(filled, ann, held, code=HAND)
    assert seen[0] == (3, "caught hand in the press")
    texts = [text for _, text in seen]
    assert texts[1:10] == [f"slipped on step {n}, hurt left hand" for n in range(3, 12)]
    assert texts[10:] == ["very doubtful", "rather sure"]


def test_two_people_never_hold_the_same(filled: Store) -> None:
    held = [take(filled, person(filled, f"clerk{n}")) for n in range(11)]
    turns = [h.turn.id for h in held if h is not None]
    assert len(turns) == len(set(turns)) == 10
    assert held[10] is None


def test_asking_again_gives_the_same_turn(filled: Store) -> None:
    ann = person(filled, "ann")
    first, second = take(filled, ann), take(filled, ann)
    assert first is not None
    assert second is not None
    assert first.turn.id == second.turn.id


def test_a_lease_that_ran_out_goes_to_the_next(filled: Store, clock: Clock) -> None:
    ann, bob = person(filled, "ann"), person(filled, "bob")
    held = take(filled, ann)
    clock.pass_(16)
    again = take(filled, bob)
    assert held is not None
    assert again is not None
    assert held.turn.id == again.turn.id
    with pytest.raises(LeaseError):
        decide(filled, ann, held, code=HAND)
    decide(filled, bob, again, code=HAND)


def test_a_late_decision_counts_while_nobody_took_it(filled: Store, clock: Clock) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    clock.pass_(60)
    assert decide(filled, ann, held, code=HAND).state == "decided"


def test_keeping_extends_the_lease(filled: Store, clock: Clock) -> None:
    ann, bob = person(filled, "ann"), person(filled, "bob")
    held = take(filled, ann)
    assert held is not None
    clock.pass_(14)
    with filled.write() as session:
        queue.keep(filled, session, ann, held.turn.id)
    clock.pass_(14)
    other = take(filled, bob)
    assert other is not None
    assert other.turn.id != held.turn.id


def test_nobody_decides_twice(filled: Store) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    decide(filled, ann, held, code=HAND)
    with pytest.raises(LeaseError):
        decide(filled, ann, held, code=FINGERS)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ({"code": "77.7"}, SchemeError),
        ({"code": HAND, "cannot": "unreadable"}, ConflictError),
        ({}, ConflictError),
        ({"cannot": "because"}, ConflictError),
        ({"code": HAND, "note": "x" * 2001}, ConflictError),
    ],
)
def test_bad_decisions_change_nothing(
    filled: Store, what: dict[str, str], error: type[Exception]
) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    with pytest.raises(error):
        decide(filled, ann, held, **what)
    with filled.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 0
        assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == 0
        ledger.verify(session)


def test_cannot_be_coded_is_a_decision(filled: Store) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    saved = decide(filled, ann, held, cannot="no_information")
    done = item(filled, saved.item_id)
    assert (done.final_verdict, done.final_code, done.state) == ("cannot", None, "decided")


def test_skipped_comes_back_later_and_goes_up_after_three(filled: Store, clock: Clock) -> None:
    people = [person(filled, f"clerk{n}") for n in range(3)]
    boss = person(filled, "boss", "supervisor")
    seen = []
    for who in people:
        held = take(filled, who)
        assert held is not None
        seen.append(held.item.id)
        with filled.write() as session:
            queue.skip(filled, session, who, held.turn.id, "unsure")
    assert len(set(seen)) == 1
    held = take(filled, boss)
    assert held is not None
    assert (held.item.id, held.turn.role) == (seen[0], "supervisor")
    decide(filled, boss, held, code=FINGERS)
    assert item(filled, seen[0]).final_source == "supervisor"


def test_one_skip_hides_it_for_a_while(filled: Store, clock: Clock) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    assert held is not None
    with filled.write() as session:
        queue.skip(filled, session, ann, held.turn.id, "unsure")
    other = take(filled, ann)
    assert other is not None
    assert other.item.id != held.item.id
    clock.pass_(13 * 60)
    back = take(filled, ann)
    assert back is not None
    assert back.item.id == held.item.id


def test_returned_goes_to_the_supervisor_only(filled: Store) -> None:
    ann, bob = person(filled, "ann"), person(filled, "bob")
    boss = person(filled, "boss", "supervisor")
    held = take(filled, ann)
    assert held is not None
    with filled.write() as session:
        queue.hand_up(filled, session, ann, held.turn.id, "two people hurt?")
    taken = take(filled, bob)
    assert taken is not None
    assert taken.item.id != held.item.id
    theirs = take(filled, boss)
    assert theirs is not None
    assert theirs.item.id == held.item.id


def test_undo_gives_the_turn_back(filled: Store, clock: Clock) -> None:
    ann = person(filled, "ann")
    held = take(filled, ann)
    decide(filled, ann, held, code=HAND)
    take(filled, ann)
    with filled.write() as session:
        again = queue.undo(filled, session, ann)
    assert held is not None
    assert again.item.id == held.item.id
    assert item(filled, held.item.id).state == "open"
    saved = decide(filled, ann, again, code=FINGERS)
    assert item(filled, saved.item_id).final_code == FINGERS
    with filled.read() as session:
        actions = session.scalars(sa.select(Entry.action).order_by(Entry.seq)).all()
        assert list(actions)[-3:] == ["decide", "undo", "decide"]
        ledger.verify(session)


def test_undo_has_an_end(filled: Store, clock: Clock) -> None:
    ann = person(filled, "ann")
    with filled.write() as session, pytest.raises(NotFoundError):
        queue.undo(filled, session, ann)
    decide(filled, ann, take(filled, ann), code=HAND)
    clock.pass_(31)
    with filled.write() as session, pytest.raises(NotFoundError):
        queue.undo(filled, session, ann)


def test_filters_choose_and_release(filled: Store) -> None:
    ann = person(filled, "ann")
    assert take(filled, ann) is not None
    assert take(filled, ann, Filters(scheme="isco-08")) is None
    assert take(filled, ann, Filters(major="5", source="out")) is not None
    with filled.read() as session:
        held = session.scalars(sa.select(Turn).where(Turn.holder == ann.id)).all()
    assert len(held) == 1


def test_double_coding_agreement_ends_it(filled: Store, tmp_path: Path) -> None:
    configure(filled, double_share=1.0)
    rows = [({"id": "d", "narrative": "crushed thumb"}, plain_rows()[0][1])]
    import_folder(filled, write_folder(tmp_path / "second", rows))
    ann, bob = person(filled, "ann"), person(filled, "bob")
    only = Filters(source="second")
    first = take(filled, ann, only)
    assert decide(filled, ann, first, code=FINGERS).state == "open"
    assert take(filled, ann, only) is None
    second = take(filled, bob, only)
    assert second is not None
    assert second.others == ()
    done = decide(filled, bob, second, code=FINGERS)
    assert item(filled, done.item_id).final_source == "two agreeing"


def test_disagreement_goes_to_a_third_who_sees_both(filled: Store, tmp_path: Path) -> None:
    configure(filled, double_share=1.0)
    rows = [({"id": "d", "narrative": "crushed thumb"}, plain_rows()[0][1])]
    import_folder(filled, write_folder(tmp_path / "second", rows))
    ann, bob = person(filled, "ann"), person(filled, "bob")
    judge = person(filled, "judge", "adjudicator")
    only = Filters(source="second")
    decide(filled, ann, take(filled, ann, only), code=FINGERS)
    assert decide(filled, bob, take(filled, bob, only), code=HAND).state == "disputed"
    with filled.write() as session:  # bob thinks again, and again
        queue.undo(filled, session, bob)
    assert take(filled, judge, only) is None
    decide(filled, bob, take(filled, bob, only), code=HAND)
    held = take(filled, judge, only)
    assert held is not None
    assert [d.code for d in held.others] == [FINGERS, HAND]
    with filled.write() as session, pytest.raises(ConflictError):
        queue.undo(filled, session, bob)
    done = decide(filled, judge, held, code=HAND)
    result = item(filled, done.item_id)
    assert (result.final_source, result.final_code) == ("adjudicated", HAND)
