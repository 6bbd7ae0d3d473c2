from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.batch import ids as ids_module
from coder.batch.blocks import Block
from coder.batch.ids import BUCKETS, Ids, id_keys, places, source_and_row
from coder.batch.seen import hashes


@given(
    blocks=st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=9), max_size=9),
    held=st.integers(1, 20),
)
def test_repeated_ids_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[list[str]], held: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids_module, "_HELD", held)
        patch.setattr(ids_module, "BUCKETS", 3)
        ids = Ids(tmp_path_factory.mktemp("run") / "ids")
        first: dict[str, int] = {}
        expected: dict[int, int] = {}
        start = 1
        for names in blocks:
            at = np.arange(start, start + len(names))
            ids.add(hashes(names), at)
            start += len(names)
            for name, place in zip(names, at.tolist(), strict=True):
                if first.setdefault(name, place) != place:
                    expected[place] = first[name]
        repeated = ids.repeated()
    assert len(repeated) == len(expected)
    assert dict(zip(repeated.later.tolist(), repeated.first.tolist(), strict=True)) == expected
    assert repeated.later.tolist() == sorted(expected)
    every = np.arange(0, start + 1)
    assert repeated.among(every) == expected  # here a place is its own number


def test_keys_that_share_half_their_hash_are_different_ids(tmp_path: Path) -> None:
    ids = Ids(tmp_path / "ids")
    keys = np.array([[7, 1], [7, 2], [7, 1]], np.uint64)
    ids.add(keys, np.array([1, 2, 3]))
    repeated = ids.repeated()
    assert repeated.among(np.array([1, 2, 3])) == {2: 1}


def test_nothing_stays_in_the_folder_and_what_a_killed_run_left_is_forgotten(
    tmp_path: Path,
) -> None:
    keys = hashes(["a", "b"])
    killed = Ids(tmp_path / "ids")
    killed.add(keys, np.array([1, 2]))
    killed._deal()
    assert list((tmp_path / "ids").iterdir())
    again = Ids(tmp_path / "ids")
    again.add(keys, np.array([1, 2]))
    assert not len(again.repeated())
    assert not list(tmp_path.iterdir())


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_ids_have_the_same_key_only_when_they_are_the_same(ids: list[str]) -> None:
    keys = [tuple(key) for key in id_keys(pa.array(ids, pa.string())).tolist()]
    assert len(set(keys)) == len(set(ids))
    assert dict(zip(ids, keys, strict=True)) == dict(zip(ids[::-1], keys[::-1], strict=True))


def test_keys_of_ids_that_begin_alike_are_spread_over_the_files(tmp_path: Path) -> None:
    ids = Ids(tmp_path / "ids")
    names = pa.array([f"case-2026-{n:06}" for n in range(20_000)])
    ids.add(id_keys(names), np.arange(1, 20_001))
    ids._deal()
    sizes = [path.stat().st_size / 24 for path in (tmp_path / "ids").iterdir()]
    assert len(sizes) == BUCKETS
    assert max(sizes) < 3 * 20_000 / BUCKETS


def test_a_place_tells_its_source_and_row() -> None:
    block = Block(None, np.array([2, 3_000_000_000]), [])
    assert [source_and_row(place) for place in places(block, 5).tolist()] == [
        (5, 2),
        (5, 3_000_000_000),
    ]
