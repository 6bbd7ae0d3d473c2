"""docs/statistics.md lists the columns that are written, the measures, and every paragraph."""

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


def paragraphs() -> list[tuple[str, str]]:
    """The rows of the table "Paragraph by paragraph": the paragraph, and the tests it names."""
    part = PAGE.read_text(encoding="utf-8").split("## Paragraph by paragraph")[1]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    assert rows[0] == ["paragraph", "what the engine does", "test"]
    return [(paragraph, tests) for paragraph, _, tests in rows[1:]]


def test_every_paragraph_from_5_to_26_has_a_row() -> None:
    found = [int(re.match(r"\d+", name)[0]) for name, _ in paragraphs()]  # type: ignore[index]  # a number
    assert sorted(set(found)) == list(range(5, 27))
    assert found == sorted(found)


def test_every_test_that_the_table_names_exists() -> None:
    root = Path(__file__).parents[1]
    text = "".join(path.read_text(encoding="utf-8") for path in root.rglob("test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", text, re.MULTILINE))
    for paragraph, tests in paragraphs():
        named = re.findall(r"`(\w+)`", tests)
        assert named, paragraph
        assert set(named) <= defined, paragraph


def test_a_paragraph_that_a_test_cites_has_a_row() -> None:
    """A test that cites a paragraph cites one that has a row."""
    rows = {re.match(r"\d+", name)[0] for name, _ in paragraphs()}  # type: ignore[index]  # a number
    cited: set[str] = set()
    for path in Path(__file__).parents[1].rglob("test_*.py"):
        cited |= set(re.findall(r"def test_paragraph_(\d+)", path.read_text(encoding="utf-8")))
    assert cited <= rows
