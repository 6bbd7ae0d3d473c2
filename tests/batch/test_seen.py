import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from coder.batch.cutting import distinct_texts, text_keys
from coder.batch.seen import Seen

CELL = st.sampled_from(["", "a", "b", "ab", "\u00e9"])


def columns(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table({name: [row[n] for row in rows] for n, name in enumerate(("one", "two"))})


@given(st.lists(st.lists(st.tuples(CELL, CELL), max_size=12), max_size=12))
def test_numbers_like_a_dictionary(blocks: list[list[tuple[str, str]]]) -> None:
    seen, slow = Seen(), {}
    for block in blocks:
        keys, first, number = distinct_texts(columns(block))
        assert [block[int(first[n])] for n in number] == block
        assert first.tolist() == sorted({block.index(row) for row in block})
        assert (text_keys(columns(block)) == keys[number]).all()
        values = seen.find(keys)
        new = np.flatnonzero(values < 0)
        values[new] = np.arange(len(slow), len(slow) + len(new))
        seen.add(keys[new], values[new])
        for key in block:
            slow.setdefault(key, len(slow))
        assert values[number].tolist() == [slow[key] for key in block]
        assert len(seen) == len(slow)


def test_keys_that_share_half_their_hash_are_never_taken_for_each_other() -> None:
    keys = np.array([[7, 1], [7, 2], [9, 1]], dtype=np.uint64)
    seen = Seen()
    seen.add(keys[:1], np.array([10]))
    assert seen.find(keys).tolist() == [10, -1, -1]
