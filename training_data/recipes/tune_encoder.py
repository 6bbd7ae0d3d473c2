"""Teach the encoder every scheme at once: fine-tune all-MiniLM-L6-v2 on all fitting rows.

    python training_data/recipes/tune_encoder.py --data ../shared/data --work work/encoder \\
        --out models/encoder

One linear head per task on the normalised mean vector; the loss of a row is the negative log
of the probability that its label set gets (see coder.model.softmax). The tasks are the four
schemes, and the sources' own codes for part of body, event, source and kind of accident. Only
rows of the fitting part are read, and no mining narrative of 2012 or later, so that both splits
of the public mining benchmark stay unseen. Killed and started again, it goes on from the last
checkpoint in --work. Needs the extra `train`; about 20 minutes an epoch on two cores that
multiply bfloat16, seconds on a GPU.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from encoder import NAME, convert, upstream
from encoder_rows import Task, gather
from sentence_transformers import SentenceTransformer

SCALE = 10.0  # unit vectors times this, so that the heads can be sure of something
MAX_TOKENS = 112
TOKENS = 1536  # of a batch
CHECKPOINT_STEPS = 200


def batches(lengths: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Rows of similar length together, about as many tokens in each, in random order."""
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(lengths)), lengths // 4))
    batch = np.cumsum(lengths[order]) // TOKENS
    cut = np.split(order, np.flatnonzero(np.diff(batch)) + 1)
    random.shuffle(cut)
    yield from cut


class Net(torch.nn.Module):
    """The encoder with a linear head per scheme."""

    def __init__(self, bert: torch.nn.Module, sizes: dict[str, int]) -> None:
        super().__init__()
        self.bert = bert
        width = bert.config.hidden_size
        self.heads = torch.nn.ModuleDict({n: torch.nn.Linear(width, k) for n, k in sizes.items()})

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        hidden = self.bert(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1) * SCALE

    def loss(
        self, vectors: torch.Tensor, allowed: dict[str, torch.Tensor], weight: torch.Tensor
    ) -> torch.Tensor:
        total = vectors.new_zeros(())
        for name, head in self.heads.items():
            inside = allowed[name]
            known = inside.any(dim=1)
            if known.any():
                logs = torch.log_softmax(head(vectors[known]), dim=1)
                kept = logs.masked_fill(~inside[known], -torch.inf).logsumexp(dim=1)
                total = total - (kept * weight[known]).sum() / len(vectors)
        return total


def tune(task: Task, epochs: int, rate: float, work: Path) -> SentenceTransformer:
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(str(upstream()), device=device, local_files_only=True)
    tokenizer = model.tokenizer
    sizes = {name: allowed.shape[1] for name, allowed in task.allowed.items()}
    weight = torch.tensor(task.weight)
    net = Net(model[0].auto_model, sizes).to(device)
    tokens = tokenizer(task.texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
    lengths = np.array([len(ids) for ids in tokens])
    plan = [b for epoch in range(epochs) for b in batches(lengths, epoch)]
    heads = {"params": net.heads.parameters(), "lr": rate * 20}
    optimiser = torch.optim.AdamW([{"params": net.bert.parameters()}, heads], lr=rate)
    warm = max(1, len(plan) // 16)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / warm, (len(plan) - step) / (len(plan) - warm))
    )
    saved, first = work / "checkpoint.pt", 0
    if saved.is_file():
        state = torch.load(saved, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first = int(state["step"])
    net.train()
    start, recent = time.monotonic(), 0.0
    for step in range(first, len(plan)):
        rows = plan[step]
        batch = tokenizer.pad({"input_ids": [tokens[i] for i in rows]}, return_tensors="pt")
        batch = {k: batch[k].to(device) for k in ("input_ids", "attention_mask")}
        chosen = {
            name: torch.tensor(allowed[rows].toarray(), dtype=torch.bool, device=device)
            for name, allowed in task.allowed.items()
        }
        with torch.autocast(device, dtype=torch.bfloat16):
            vectors = net(batch)
        loss = net.loss(vectors.float(), chosen, weight[rows].to(device))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        recent = 0.98 * recent + 0.02 * float(loss.detach())
        if step % CHECKPOINT_STEPS == CHECKPOINT_STEPS - 1:
            left = (time.monotonic() - start) / (step + 1 - first) * (len(plan) - step - 1)
            done = f"step {step + 1} of {len(plan)}"
            print(f"{done}, loss {recent:.3f}, {left:.0f} s left", flush=True)
            state = {"net": net.state_dict(), "step": step + 1}
            state |= {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}
            torch.save(state, saved.with_suffix(".new"))
            saved.with_suffix(".new").replace(saved)
    model.eval()
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints and fp32 weights")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    task = gather(arguments.data)
    print(f"{len(task.texts):,} texts", flush=True)
    model = tune(task, arguments.epochs, arguments.rate, arguments.work)
    model.save(str(arguments.work / "fp32"))
    convert(arguments.work / "fp32", arguments.out, f"{NAME}, tuned on every scheme")


if __name__ == "__main__":
    main()
