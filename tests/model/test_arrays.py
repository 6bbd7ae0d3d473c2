import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from coder.model.arrays import Linear, pack, unpack


def linear(features: int, codes: int, share: float, seed: int) -> Linear:
    random = np.random.default_rng(seed)
    weights = random.normal(size=(features, codes)).astype(np.float32)
    weights[random.random((features, codes)) > share] = 0
    dense = random.normal(size=(3, codes)).astype(np.float32)
    return Linear(sparse.csr_matrix(weights), dense, np.arange(codes, dtype=np.float32), 0.3)


@given(
    st.integers(1, 6),
    st.sampled_from([1, 2, 255, 256, 257, 600]),
    st.sampled_from([0.0, 0.01, 1.0]),
    st.integers(0, 9),
)
def test_what_is_read_back_is_what_was_written(
    features: int, codes: int, share: float, seed: int
) -> None:
    before = linear(features, codes, share, seed)
    arrays = pack(before, "fast.")
    assert arrays["fast.sparse.column"].dtype == np.uint8
    after = unpack(arrays, codes, 0.3, "fast.")
    wrong = np.abs(after.sparse.toarray() - before.sparse.toarray())
    assert (wrong <= np.abs(before.sparse.toarray()).max(axis=1, keepdims=True) / 253).all()
    assert np.allclose(after.dense, before.dense, atol=0.01)
    assert (after.bias == before.bias).all()
    again = after.stored()
    assert (again.sparse != after.sparse).nnz == 0


def test_columns_out_of_order_are_written_in_order() -> None:
    weights = sparse.csr_matrix(
        (np.array([1.0, 2.0], np.float32), np.array([300, 5]), np.array([0, 2])), shape=(1, 400)
    )
    model = Linear(weights, np.zeros((1, 400), np.float32), np.zeros(400, np.float32), 0.3)
    found = unpack(pack(model), 400, 0.3).sparse.toarray()[0]
    assert found[5] == pytest.approx(2)
    assert found[300] == pytest.approx(1, rel=0.01)


def test_weights_of_format_2_are_read() -> None:
    before = linear(4, 300, 0.2, 1)
    arrays = pack(before)
    now = unpack(arrays, 300, 0.3).sparse
    arrays |= {
        "sparse.count": np.diff(now.indptr).astype(np.uint16),
        "sparse.column": now.indices.astype(np.uint16),
    }
    assert (unpack(arrays, 300, 0.3).sparse != now).nnz == 0
