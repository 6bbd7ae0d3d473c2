"""The kernel inside Spark, as docs/cluster.md has it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coder import Coder

PAGE = Path(__file__).parents[2] / "docs" / "cluster.md"
TITLES = ["welder", "primary school teacher", "n/a", "nurse", "lorry driver", "welder"]


def block() -> str:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


@pytest.fixture
def spark(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    pytest.importorskip("pyspark", reason="PySpark is not installed (400 MB, and needs Java 17)")
    pytest.importorskip("pandas", reason="PySpark's mapInArrow asks for pandas")
    from pyspark.sql import SparkSession

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    yield session
    session.stop()


def test_the_block_is_ten_lines_of_work() -> None:
    lines = [line for line in block().splitlines() if line and "import" not in line]
    assert len(lines) <= 10
    compile(block(), "docs/cluster.md", "exec")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # PySpark's own
def test_spark_gives_the_kernels_codes(spark: Any, tmp_path: Path) -> None:
    table = pa.table({"id": list(range(len(TITLES))), "job_title": TITLES})
    pq.write_table(table, tmp_path / "in.parquet")
    names = {
        "spark": spark,
        "source": str(tmp_path / "in.parquet"),
        "target": str(tmp_path / "out"),
    }
    exec(block(), names)
    found = pq.read_table(tmp_path / "out").sort_by("id")
    wanted = Coder.load(schemes=["isco-08"]).code_table(table)
    assert found.column_names == wanted.column_names
    assert found.to_pylist() == wanted.to_pylist()
