"""The classifier: ordinary softmax regression on plain labels, and more on sets of labels."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from coder.errors import TrainingError
from coder.model.softmax import Design, fit, log_softmax, partial_target, scores


def world(n: int, seed: int) -> tuple[Design, np.ndarray]:
    """Rows drawn from a known softmax over three codes and four features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    truth = np.array([[2, 0, -2], [0, 1.5, 0], [-1, 0, 1], [0, 0, 0]], np.float32)
    p = np.exp(log_softmax(x @ truth))
    y = (rng.random((n, 1)) > p.cumsum(axis=1)).sum(axis=1)
    return Design(sparse.csr_matrix(x[:, :2]), x[:, 2:]), y


def sets(y: np.ndarray, also: np.ndarray | None = None) -> sparse.csr_matrix:
    allowed = np.zeros((len(y), 3), np.float32)
    allowed[np.arange(len(y)), y] = 1
    if also is not None:
        allowed[np.arange(len(y)), also] = 1
    return sparse.csr_matrix(allowed)


def test_single_labels_give_what_scikit_learn_gives() -> None:
    design, y = world(3000, 1)
    ours = fit(design, sets(y), rate=0.5, epochs=30, penalty=0.0)
    x = np.hstack([design.sparse.toarray(), design.dense])
    theirs = LogisticRegression(C=1e4, max_iter=500).fit(x, y)
    p = np.exp(log_softmax(scores(design, ours)))
    assert np.abs(p - theirs.predict_proba(x)).mean() < 0.01


def test_sets_of_labels_recover_the_truth_that_single_labels_would() -> None:
    """A label that lists a wrong code beside the right one still teaches, if the noise varies."""
    design, y = world(6000, 2)
    noise = np.random.default_rng(5).integers(0, 3, len(y))
    ours = fit(design, sets(y, noise), rate=0.5, epochs=20, penalty=0.0)
    found = scores(design, ours).argmax(axis=1)
    single = scores(design, fit(design, sets(y), rate=0.5, epochs=20, penalty=0.0)).argmax(axis=1)
    assert (found == single).mean() > 0.93


def test_a_partial_target_is_the_own_distribution_inside_the_set() -> None:
    log_p = np.log(np.array([[0.5, 0.3, 0.2]], np.float32))
    likelihood, target = partial_target(log_p, sets(np.array([1]), np.array([2])))
    assert likelihood == pytest.approx(np.log(0.5), abs=1e-6)
    assert target == pytest.approx(np.array([[0, 0.6, 0.4]]), abs=1e-6)


def test_the_same_seed_gives_the_same_weights_and_weights_matter() -> None:
    design, y = world(500, 3)
    one, two = (fit(design, sets(y), epochs=2, seed=4) for _ in range(2))
    assert (one.sparse == two.sparse).all()
    heavy = fit(design, sets(y), epochs=2, seed=4, weight=np.where(y == 0, 9.0, 1.0))
    chosen = [scores(design, w).argmax(axis=1) for w in (one, heavy)]
    assert (chosen[1] == 0).sum() > (chosen[0] == 0).sum()


def test_a_row_without_a_code_is_named() -> None:
    design, y = world(10, 3)
    allowed = sets(y).tolil()
    allowed[6] = 0
    with pytest.raises(TrainingError, match="row 7"):
        fit(design, allowed.tocsr())


def test_damping_keeps_a_rare_feature_small_and_a_common_one_as_it_is() -> None:
    design, y = world(2000, 6)
    rare = np.zeros((2000, 1), np.float32)
    rare[:2] = 1
    wider = Design(sparse.hstack([design.sparse, rare], format="csr"), design.dense)
    free, damped = (
        fit(wider, sets(y), epochs=6, damping=damping).sparse for damping in (1e-6, 1e-2)
    )
    assert np.abs(damped[2]).max() < np.abs(free[2]).max() / 4
    assert damped[:2] == pytest.approx(free[:2], abs=0.1)


def test_an_offset_counts_and_is_not_learned() -> None:
    design, y = world(3000, 1)
    whole = fit(design, sets(y), rate=0.5, epochs=30, penalty=0.0)
    offset = scores(design, whole)
    rest = fit(design, sets(y), offset=offset, rate=0.5, epochs=30, penalty=0.0)
    assert np.abs(scores(design, rest)).mean() < 0.1 * np.abs(offset).mean()
    half = fit(design, sets(y), offset=offset / 2, rate=0.5, epochs=30, penalty=0.0)
    together = np.exp(log_softmax(offset / 2 + scores(design, half)))
    assert np.abs(together - np.exp(log_softmax(offset))).mean() < 0.02
