"""What experts of one kind give: each recipe's experts beside one that reads everything at once.

    python evaluation/experts.py ../shared/data evaluation/results/experts.json [--scheme S …]

Both are fitted and calibrated on the same rows and compared on the tuning rows, which nobody has
read: share right with its Wilson interval, and the mean log-likelihood.
"""

from __future__ import annotations

from tuning_rows import RECIPES, answers, main

from coder.model.encoder import Encoder
from coder.model.train import TUNE, Expert, Rows


def compare(rows: Rows, name: str, encoder: Encoder) -> dict[str, object]:
    return {
        "n": len(rows.where(TUNE)),
        "together": answers(rows, name, encoder, experts=(Expert(),)).summary(),
        "apart": answers(rows, name, encoder).summary(),
    }


if __name__ == "__main__":
    main(__doc__, tuple(RECIPES), compare)
