"""The documented tables are the written ones, and the page prints both."""

from __future__ import annotations

from pathlib import Path

import pytest

from coder.evaluate.case import Options
from coder.evaluate.evaluate import evaluate
from coder.evaluate.schema import SAME_COLUMNS, TABLES, markdown, measures_markdown
from coder.schemes import load_scheme
from tests.evaluate.fake import make_files

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evaluation.md"


def test_every_written_column_is_documented_and_the_other_way_round(tmp_path: Path) -> None:
    coded, gold = make_files(tmp_path, load_scheme("body-part"), 200)
    options = Options(replicates=50, by=("region",), human=coded)
    _, tables, _ = evaluate([coded], gold, options)
    for name, rows in tables.items():
        written = {column for row in rows for column in row}
        assert written == set(TABLES[SAME_COLUMNS.get(name, name)]), name


@pytest.mark.parametrize("part", [markdown(), measures_markdown()], ids=["tables", "measures"])
def test_the_page_prints_the_tables_and_measures(part: str) -> None:
    assert part in PAGE.read_text(encoding="utf-8")
