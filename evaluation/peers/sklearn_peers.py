"""scikit-learn on TF-IDF of words and word pairs: logistic regression and a linear SVM."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC


def _vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32)


class LogisticTfidf:
    packages = ("scikit-learn", "numpy", "scipy")
    deterministic = True

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        self._features = _vectorizer()
        self._model = LogisticRegression(C=10.0, max_iter=100, random_state=seed)
        self._model.fit(self._features.fit_transform(texts), codes)

    @property
    def codes(self) -> list[str]:
        return list(self._model.classes_)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return self._model.predict_proba(self._features.transform(texts)).astype(np.float32)


class SvmTfidf:
    """LinearSVC has no probabilities: its margins go through a softmax whose one temperature is
    chosen on a tenth of the training rows, then the machine is fitted again on all of them."""

    packages = ("scikit-learn", "numpy", "scipy")
    deterministic = True

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        known = np.asarray(codes)
        rng = np.random.default_rng(seed)
        held = rng.random(len(known)) < 0.1
        every = np.asarray(texts, dtype=object)
        self._train(every[~held], known[~held], seed)
        self._temperature = self._choose(every[held], known[held])
        self._train(every, known, seed)

    def _train(
        self, texts: npt.NDArray[np.object_], codes: npt.NDArray[np.str_], seed: int
    ) -> None:
        self._features = _vectorizer()
        self._model = LinearSVC(C=0.5, random_state=seed)
        self._model.fit(self._features.fit_transform(texts), codes)

    def _margins(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        margins = self._model.decision_function(self._features.transform(texts))
        return margins if margins.ndim == 2 else np.column_stack([-margins, margins])

    def _choose(self, texts: npt.NDArray[np.object_], codes: npt.NDArray[np.str_]) -> float:
        margins = self._margins(texts)
        place = {code: i for i, code in enumerate(self._model.classes_)}
        rows = [i for i, code in enumerate(codes) if code in place]
        columns = [place[codes[i]] for i in rows]

        def loss(scale: float) -> float:
            scores = margins[rows] * scale
            return float(np.mean(logsumexp(scores, axis=1) - scores[range(len(rows)), columns]))

        return float(minimize_scalar(loss, bounds=(0.1, 30.0), method="bounded").x)

    @property
    def codes(self) -> list[str]:
        return list(self._model.classes_)

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return softmax(self._margins(texts) * self._temperature, axis=1).astype(np.float32)
