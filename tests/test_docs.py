"""docs/cli.md and docs/files.md say what the program says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", ["cli.md", "files.md"])
def test_page_has_not_drifted(name: str, tmp_path: Path) -> None:
    """In a process of its own: click remembers the help option of its first context."""
    copy = shutil.copy(DOCS / "generate.py", tmp_path / "generate.py")
    subprocess.run([sys.executable, copy], check=True, cwd=DOCS.parent)
    made = (tmp_path / name).read_text(encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == made, "run: python docs/generate.py"


def test_every_command_and_option_is_documented() -> None:
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    for word in ("## coder code", "--redact", "## coder schemes"):
        assert word in page


def test_decision_records_name_a_test_that_exists() -> None:
    root = DOCS.parent
    for record in sorted((DOCS / "decisions").glob("*.md")):
        text = " ".join(record.read_text(encoding="utf-8").split())
        assert "tests/" in text, f"{record.name} names no test"
        file = None
        for word in text.replace("`", " ").replace(",", " ").split():
            name = word.rstrip(".;:)").lstrip("(")
            if name.startswith("tests/") and name.split("::")[0].endswith(".py"):
                file = root / name.split("::")[0]
                assert file.is_file(), f"{record.name} names {name}"
            if "::" in name and file and name.startswith(("tests/", "::")):
                test = name.split("::")[-1].split("[")[0]
                assert f"def {test}(" in file.read_text(encoding="utf-8"), f"{record.name}: {test}"
