import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coder.batch.seen import Seen, distinct, hashes


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=12), max_size=12))
def test_numbers_like_a_dictionary(blocks: list[list[str]]) -> None:
    seen, slow = Seen(), {}
    for block in blocks:
        first, inverse = distinct(hashes(block))
        assert [block[int(first[n])] for n in inverse] == block
        keys = hashes(block)[first]
        values = seen.find(keys)
        new = np.flatnonzero(values < 0)
        values[new] = np.arange(len(slow), len(slow) + len(new))
        seen.add(keys[new], values[new])
        for key in block:
            slow.setdefault(key, len(slow))
        assert values[inverse].tolist() == [slow[key] for key in block]
        assert len(seen) == len(slow)


def test_keys_that_share_half_their_hash_are_never_taken_for_each_other() -> None:
    keys = np.array([[7, 1], [7, 2], [9, 1]], dtype=np.uint64)
    first, inverse = distinct(keys)
    assert first.tolist() == [0, 1, 2]
    assert inverse.tolist() == [0, 1, 2]
    seen = Seen()
    seen.add(keys[:1], np.array([10]))
    assert seen.find(keys).tolist() == [10, -1, -1]
