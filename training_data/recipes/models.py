"""Train the shipped models from the real data, with one command.

    python training_data/recipes/models.py --data ../shared/data --out models [--scheme S …]

Each model is measured on rows that it never saw; the figures go into its card.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import circumstances
import industry
import injury
import occupation

from coder.model.card import card
from coder.model.encoder import SHIPPED, STATIC, Encoder, load_encoder
from coder.model.encoder.cached import CachedEncoder
from coder.model.train import train
from coder.schemes import load_scheme

RECIPES = {
    "body-part": injury,
    "injury-type": injury,
    "isco-08": occupation,
    "isic-4": industry,
    "injury-mode": circumstances,
    "material-agency": circumstances,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the ../shared/data folder")
    parser.add_argument("--out", type=Path, required=True, help="the folder of models")
    parser.add_argument("--scheme", action="append", choices=sorted(RECIPES))
    parser.add_argument("--cache", type=Path, help="a folder that remembers embeddings")
    arguments = parser.parse_args()
    for name in arguments.scheme or RECIPES:
        start = time.monotonic()

        def tell(what: str, share: float, name: str = name, start: float = start) -> None:
            passed = time.monotonic() - start
            print(f"{name} {what} {share:.0%} {passed:.0f} s", file=sys.stderr, flush=True)

        encoder: Encoder = load_encoder(arguments.out / SHIPPED)
        if arguments.cache:
            encoder = CachedEncoder(encoder, arguments.cache)
        scheme = load_scheme(name)
        rows = RECIPES[name].rows(arguments.data, name)
        settings = RECIPES[name].settings(name)
        model, scores = train(
            scheme, rows, encoder, settings, tell, static=load_encoder(arguments.out / STATIC)
        )
        for score in scores:
            print(name, score.as_dict(), flush=True)
        model.save(arguments.out / name, card(model, scores))


if __name__ == "__main__":
    main()
