"""torchTextClassifiers (INSEE): n-gram tokenizer, mean embedding, linear head.

Probabilities are read from the trained network itself, because its `predict` rounds them to two
digits.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytorch_lightning as pl
import torch
from torchTextClassifiers import ModelConfig, TrainingConfig, torchTextClassifiers
from torchTextClassifiers.tokenizers import NGramTokenizer

_BATCH = 512


class TorchTextClassifiers:
    packages = ("torchTextClassifiers", "torch", "pytorch-lightning", "numpy")
    deterministic = False

    def fit(self, texts: Sequence[str], codes: Sequence[str], seed: int) -> None:
        logging.disable(logging.INFO)
        pl.seed_everything(seed, verbose=False)
        self._codes = sorted(set(codes))
        number = {code: i for i, code in enumerate(self._codes)}
        x = np.array(list(texts))
        y = np.array([number[code] for code in codes])
        held = np.random.default_rng(seed).random(len(y)) < 0.1
        self._tokenizer = NGramTokenizer(
            min_count=2, min_n=3, max_n=6, num_tokens=50_000, len_word_ngrams=2,
            training_text=list(x[~held]),
        )  # fmt: skip
        self._model = torchTextClassifiers(
            self._tokenizer, ModelConfig(embedding_dim=128, num_classes=len(self._codes))
        )
        with tempfile.TemporaryDirectory() as folder:
            how = TrainingConfig(
                num_epochs=15, batch_size=256, lr=4e-3, raw_labels=False, num_workers=0,
                raw_categorical_inputs=False, patience_early_stopping=2, accelerator="cpu",
                save_path=str(Path(folder, "model")),
                trainer_params={
                    "enable_progress_bar": False, "log_every_n_steps": 200, "logger": True,
                    "default_root_dir": folder, "enable_model_summary": False,
                },
            )  # fmt: skip
            self._model.train(x[~held], y[~held], how, x[held], y[held])

    @property
    def codes(self) -> list[str]:
        return self._codes

    def probabilities(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        network = self._model.pytorch_model.eval()
        parts = []
        with torch.no_grad():
            for start in range(0, len(texts), _BATCH):
                batch = self._tokenizer.tokenize(list(texts[start : start + _BATCH]))
                none = torch.empty((len(batch.input_ids), 0))
                logits = network(batch.input_ids, batch.attention_mask, none)
                parts.append(logits.softmax(dim=1).numpy())
        return np.concatenate(parts).astype(np.float32)
