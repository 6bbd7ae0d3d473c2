"""docs/statistics.md lists the columns that are written, and the measures."""

from __future__ import annotations

import re
from pathlib import Path

from coder.statistics.figures import MEASURES
from coder.statistics.options import Options
from coder.statistics.write import write_publication
from tests.statistics.made import published

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"


def test_columns_of_a_table_are_documented(tmp_path: Path) -> None:
    options = Options(tables=(("sex",),))
    first = published(tmp_path, [{"sex": "f"}], options=options)
    write_publication(tmp_path / "old", first, None, "_X")
    made = published(tmp_path, [{"sex": "f"}], options=options, earlier=tmp_path / "old")
    text = PAGE.read_text(encoding="utf-8").split("| column of `<table>.csv`")[1].split("\n\n")[0]
    documented = re.findall(r"^\| `(\w+)`", text, re.MULTILINE)
    assert set(documented) | {"sex"} == set(made.tables[0].rows[0])


def test_measures_are_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for measure in MEASURES:
        assert f"`{measure.name}`" in text
        assert f"`{measure.outcome}`" in text
