"""What goes back into training, and what must not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import sqlalchemy as sa

from coder.errors import TrainingError
from coder.review import queue
from coder.review.importing import import_folder
from coder.review.learning import decided, undecided, write_training
from coder.review.models import Item
from coder.review.store import Store
from tests.review.conftest import configure, person
from tests.review.folders import FINGERS, FOOT, HAND, auto, plain_rows, review, write_folder
from tests.review.test_quality import work_off


def test_the_sample_stays_out_of_training(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=1.0)
    rows = plain_rows(8)
    import_folder(lite, write_folder(tmp_path / "one", rows))
    later = [({"id": "x", "narrative": rows[8][0]["narrative"]}, review((FOOT, 0.4), (HAND, 0.2)))]
    import_folder(lite, write_folder(tmp_path / "two", later))
    with pytest.raises(TrainingError):
        decided(lite, "body-part")
    ann = person(lite, "ann")
    text = rows[4][0]["narrative"]
    with lite.write() as session:
        held = queue.take(lite, session, ann)
        assert held is not None
        queue.decide(lite, session, ann, held.turn.id, cannot="several")
    work_off(lite, ann, {text: FINGERS})
    found = decided(lite, "body-part")
    training, sample = found.training.to_pylist(), found.sample.to_pylist()
    texts = {r["narrative"] for r in training}
    sampled = {r["narrative"] for r in sample}
    assert not texts & sampled
    assert sampled <= {f["narrative"] for f, r in rows if r["status"] == "auto"}
    assert len(training) + len(sample) == 8
    if text in texts:
        row = next(r for r in training if r["narrative"] == text)
        assert (row["code"], row["source"], row["records"]) == (FINGERS, "one clerk", "1")


def test_the_undecided_are_neither_decided_nor_sampled(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=0.4)
    import_folder(lite, write_folder(tmp_path / "one", plain_rows(8)))
    ann = person(lite, "ann")
    with lite.write() as session:
        held = queue.take(lite, session, ann)
        assert held is not None
        queue.decide(lite, session, ann, held.turn.id, code=HAND)
    texts = undecided(lite, "body-part")["narrative"].to_pylist()
    rows = plain_rows(8)
    auto_texts = {f["narrative"] for f, r in rows if r["status"] == "auto"}
    with lite.read() as session:
        drawn = session.scalars(sa.select(Item.id).where(Item.kind == "sample")).all()
    assert len(texts) == len(set(texts)) == 5 + 3 - len(drawn)
    assert len(auto_texts & set(texts)) == 3 - len(drawn)
    assert "caught hand in the press" not in texts
    assert len(undecided(lite, "body-part", most=2)) == 2 + 1


def test_a_text_that_was_sampled_never_trains(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=1.0)
    same = [({"id": "a", "narrative": "hand cut"}, auto(HAND))]
    import_folder(lite, write_folder(tmp_path / "one", same))
    asked = [({"id": "b", "narrative": "Hand  cut"}, review((HAND, 0.4), (FINGERS, 0.2)))]
    import_folder(lite, write_folder(tmp_path / "two", asked))
    work_off(lite, person(lite, "ann"), {})
    found = decided(lite, "body-part")
    assert (found.training.num_rows, found.sample.num_rows) == (0, 1)
    parts = set(found.sample["part"].to_pylist())
    assert parts == {"test"}


def test_the_training_file_says_which_part_a_row_is(lite: Store, tmp_path: Path) -> None:
    configure(lite, sample_share=1.0)
    doubt, sure = review((HAND, 0.5), (FINGERS, 0.2)), auto(FOOT)
    # each store deals its own way; of 160 texts every part gets some (none: twice in a million)
    rows = [({"id": f"c{n}", "narrative": f"slipped on step {n}"}, doubt) for n in range(160)]
    rows += [({"id": f"a{n}", "narrative": f"brick number {n} fell"}, sure) for n in range(3)]
    import_folder(lite, write_folder(tmp_path / "one", rows))
    work_off(lite, person(lite, "ann"), {})
    path = tmp_path / "train.csv"
    assert write_training(lite, "body-part", path) == (160, 3)
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert {r["part"] for r in written} == {"fit", "calibrate", "tune", "test"}
    assert sum(r["part"] == "test" for r in written) == 3
    again = tmp_path / "again.csv"
    write_training(lite, "body-part", again)
    assert again.read_bytes() == path.read_bytes()
