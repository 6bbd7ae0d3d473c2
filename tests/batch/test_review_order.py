from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coder.batch.queueing import review_order
from coder.batch.seen import Ints, joined


@given(
    blocks=st.lists(st.lists(st.integers(0, 7), max_size=9), max_size=9),
    review=st.lists(st.booleans(), min_size=8, max_size=8),
    margin=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=8, max_size=8),
    size=st.integers(1, 9),
    held=st.integers(1, 30),
)
def test_like_sorting_all_rows_at_once(
    blocks: list[list[int]], review: list[bool], margin: list[float], size: int, held: int
) -> None:
    texts = [text for block in blocks for text in block]

    def again() -> Iterator[Ints]:
        return (np.array(block, np.int64) for block in blocks)

    parts = list(review_order(again, np.array(review), np.array(margin, np.float32), size, held))
    expected = sorted(
        (row for row, text in enumerate(texts) if review[text]),
        key=lambda row: (-texts.count(texts[row]), margin[texts[row]], texts[row], row),
    )
    assert joined(parts).tolist() == expected
    assert all(0 < len(part) <= size for part in parts)
