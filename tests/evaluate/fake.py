"""Made-up coded files and gold files of any size, with a known share of errors."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from coder.schemes import Scheme

TEXT = "worker cut slipped on the wet floor near lathe welding pipe truck left hand knee"
WORDS = TEXT.split()


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def make_files(
    folder: Path, scheme: Scheme, n: int, seed: int = 0, skill: float = 0.8
) -> tuple[Path, Path]:
    """coded.csv in this engine's layout and gold.csv, calibrated by construction.

    Each record draws a confidence; its best suggestion is right with that probability, else the
    gold is another of its suggestions or a random leaf.
    """
    rng = np.random.default_rng(seed)
    leaves = list(scheme.leaves)
    popular = rng.dirichlet(np.full(len(leaves), 0.5))
    coded, gold = [], []
    tops = rng.choice(len(leaves), size=n, p=popular)
    confidence = rng.beta(6 * skill, 6 * (1 - skill), size=n)
    right = rng.random(n) < confidence
    other = rng.integers(0, len(leaves), (n, 4))
    for i in range(n):
        near = list(dict.fromkeys([int(tops[i]), *map(int, other[i])]))
        rest = (1 - confidence[i]) / (len(near) - 1 or 1) * 0.9
        pairs = [f"{leaves[near[0]]}:{confidence[i]:.4f}"]
        pairs += [f"{leaves[c]}:{rest:.4f}" for c in near[1:]]
        pairs.sort(key=lambda pair: -float(pair.split(":")[1]))
        best = leaves[near[0]]
        if confidence[i] > 0.7:
            code, status, sure = best, "auto", confidence[i]
        elif confidence[i] > 0.5:
            code, status, sure = scheme.path(best)[0], "auto", 0.5 + confidence[i] / 2
        else:
            code, status, sure = "", "review", confidence[i]
        level = scheme[code].level if code else ""
        text = " ".join(rng.choice(WORDS, size=int(rng.integers(1, 14))))
        name = scheme.name
        coded.append([f"r{i:06}", text, code, level, f"{sure:.4f}", status, "|".join(pairs)])
        truth = best if right[i] else leaves[near[-1] if len(near) > 1 else 0]
        gold.append([f"r{i:06}", truth, ("en", "fr", "es")[i % 3]])
    header = ["id", "narrative"]
    header += [f"{name}_{c}" for c in ("code", "level", "confidence", "status", "suggestions")]
    return (
        write_csv(folder / "coded.csv", header, coded),
        write_csv(folder / "gold.csv", ["id", scheme.name, "region"], gold),
    )
