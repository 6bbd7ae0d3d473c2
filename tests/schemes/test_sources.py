"""Every shipped fact file is accounted for in SOURCES.md, with the number it really has."""

from __future__ import annotations

import re

import pytest

from coder.resources import shipped
from coder.schemes import load_index

TEXT = shipped("training_data", "SOURCES.md").read_text(encoding="utf-8")
FILES = sorted(
    path.name
    for folder in ("schemes", "crosswalks", "index")
    for path in shipped("training_data", folder).iterdir()
    if path.suffix in (".csv", ".gz")
)


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_named(name: str) -> None:
    assert re.search(rf"(?<![\w.-]){re.escape(name)}", TEXT)


@pytest.mark.parametrize("name", ["isco-08", "isco-88", "isic-4"])
def test_the_printed_number_of_terms_is_right(name: str) -> None:
    printed = re.search(rf"\| {re.escape(name)}\.csv\.gz \| ([\d,]+) \|", TEXT)
    assert printed is not None
    assert int(printed[1].replace(",", "")) == len(load_index(name))


def test_the_facts_stay_small() -> None:
    folders = [shipped("training_data", folder) for folder in ("schemes", "crosswalks", "index")]
    total = sum(path.stat().st_size for folder in folders for path in folder.iterdir())
    assert total < 3_000_000
