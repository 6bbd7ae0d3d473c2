"""Distil the encoder into a table of token vectors: the fast tier's encoder.

    python training_data/recipes/static.py --data ../shared/data --models models [--cache DIR]

A text's vector is the mean of its tokens'. The table starts from what the encoder says of each
token alone and learns to agree with the encoder, brought to fewer dimensions by its principal
axes, on the fitting rows of every scheme. Needs the extra `train`; minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from coder.model.encoder import SHIPPED, STATIC, Encoder, load_encoder
from coder.model.encoder.cached import CachedEncoder
from coder.model.encoder.static_encoder import VECTORS
from coder.model.files import digest
from coder.model.train import FIT, embed
from models import RECIPES

DIMENSIONS = 128
MAX_TOKENS = 128
BATCH = 512
EPOCHS = 6
RATE = 0.02
Floats = NDArray[np.float32]


def gather(data: Path, encoder: Encoder) -> tuple[list[str], Floats]:
    """The fitting texts of every scheme and what the encoder says of them, (n, dimensions)."""
    texts: list[str] = []
    vectors = []
    for name, recipe in RECIPES.items():
        rows = recipe.rows(data, name)
        found = embed(encoder, rows, lambda _what, _share: None)
        kept = rows.where(FIT)
        texts += [rows.prepared[i].main for i in kept]
        vectors.append(found[kept])
        print(f"{name}: {len(kept):,} texts", flush=True)
    first = np.unique(np.array(texts, dtype=object), return_index=True)[1]
    return [texts[i] for i in first], np.vstack(vectors)[first]


def axes(vectors: Floats) -> Floats:
    """The principal axes (dimensions, DIMENSIONS) of centred vectors."""
    centred = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIMENSIONS])


def distil(tokens: list[list[int]], goal: Floats, start: Floats) -> Floats:
    """Token vectors (tokens, DIMENSIONS) whose mean points where the goal does."""
    torch.manual_seed(0)
    table = torch.nn.EmbeddingBag.from_pretrained(
        torch.tensor(start), freeze=False, mode="mean", sparse=True
    )
    optimiser = torch.optim.SparseAdam(list(table.parameters()), lr=RATE)
    wanted = torch.nn.functional.normalize(torch.tensor(goal), dim=1)
    random = np.random.default_rng(0)
    steps = EPOCHS * (len(tokens) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / steps)
    for epoch in range(EPOCHS):
        order, total = random.permutation(len(tokens)), 0.0
        for rows in np.array_split(order, len(tokens) // BATCH + 1):
            lists = [tokens[i] for i in rows]
            ends = torch.tensor(np.concatenate([[0], np.cumsum([len(t) for t in lists])])[:-1])
            mean = table(torch.tensor([i for t in lists for i in t]), ends)
            cosine = torch.nn.functional.cosine_similarity(mean, wanted[rows], dim=1)
            loss = (1 - cosine).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(cosine.detach().sum())
        print(f"epoch {epoch + 1}: mean cosine {total / len(tokens):.4f}", flush=True)
    return table.weight.detach().numpy()


def write(table: Floats, out: Path, tokenizer: Path, name: str, upstream: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    scale = np.maximum(np.abs(table).max(axis=1), 1e-9).astype(np.float32) / 127
    packed = np.rint(table / scale[:, None]).astype(np.int8)
    save_file({"vectors": packed, "scale": scale}, out / VECTORS)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    config = {
        "name": name,
        "dimensions": table.shape[1],
        "max_tokens": MAX_TOKENS,
        "pooling": "mean",
        "quantised": "int8 per token",
        "upstream_sha256": upstream,
        "files": {file: digest(out / file) for file in (VECTORS, "tokenizer.json")},
    }
    (out / "encoder.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that remembers embeddings")
    arguments = parser.parse_args()
    encoder: Encoder = load_encoder(arguments.models / SHIPPED)
    folder = encoder.folder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(folder))
    alone = encoder.encode([tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())])
    if arguments.cache:
        encoder = CachedEncoder(encoder, arguments.cache)
    texts, vectors = gather(arguments.data, encoder)
    turn = axes(vectors)
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    found = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    spoken = [(one.ids, row) for row, one in enumerate(found) if one.ids]
    table = distil(
        [ids for ids, _ in spoken], vectors[[row for _, row in spoken]] @ turn, alone @ turn
    )
    name = f"token vectors of {encoder.name}"
    write(table, arguments.models / STATIC, folder, name, encoder.fingerprint)


if __name__ == "__main__":
    main()
