"""Terms, coverage and variables: each rule of paragraphs 5 to 11 of the 16th ICLS resolution.

What a text says of these is tested in tests/evidence; here is what the tables make of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from coder.errors import InputError
from coder.schemes import load_scheme
from coder.statistics.bands import band_names
from coder.statistics.options import Columns, Disclosure, Options
from coder.statistics.run import Publication
from tests.statistics.made import published, value

Rows = Sequence[Mapping[str, object]]


def counts(made: Publication, accident: str = "work", measure: str = "cases") -> dict[str, object]:
    """Value of the one dimension → figure, without totals and zeros."""
    table = made.tables[0]
    (name,) = table.dimensions
    return {
        str(row[name]): row["value"]
        for row in table.rows
        if (row["accident"], row["outcome"], row["measure"]) == (accident, "all", measure)
        and row[name] != "total"
        and row["value"]
    }


def by(folder: Path, name: str, rows: Rows, workers: Rows | None = None) -> Publication:
    return published(folder, rows, workers, Options(tables=((name,),)))


# paragraph 5


def test_paragraph_5_a_violence_is_counted_as_an_accident_at_work(tmp_path: Path) -> None:
    rows = [{"violence": "physical", "occupational": "occupational"}, {"violence": ""}]
    made = by(tmp_path, "violence", rows)
    assert counts(made) == {"physical": 1, "not stated": 1}


def test_paragraph_5_what_is_neither_is_apart(tmp_path: Path) -> None:
    kinds = ("occupational", "neither", "commuting", "", "occupational")
    made = published(tmp_path, [{"occupational": kind} for kind in kinds])
    found = {name: value(made, "cases", accident=name) for name in ("work", "commuting", "neither")}
    assert found == {"work": 3, "commuting": 1, "neither": 1}


def test_paragraph_5_c_a_disease_from_exposure_is_no_injury(tmp_path: Path) -> None:
    rows = [
        {"occupational": "occupational", "occupational_disease": "yes"},
        {"occupational": "commuting", "occupational_disease": "yes"},
        {"occupational": "occupational", "occupational_disease": "no"},
        {"occupational": "", "occupational_disease": ""},
    ]
    made = published(tmp_path, rows)
    assert value(made, "cases") == 2
    assert value(made, "cases", accident="neither") == 2  # and the total is the file's
    assert any("2 records are flagged as diseases" in t for t in made.metadata["divergences"])


def test_paragraph_5_d_one_worker_in_one_accident_is_a_case(tmp_path: Path) -> None:
    """Two workers of one accident, one of them in a second accident: three cases."""
    rows = [{"accident_no": a, "worker": w} for a, w in (("1", "x"), ("1", "y"), ("2", "x"))]
    assert value(published(tmp_path, rows), "cases") == 3


def test_paragraph_5_e_incapacity_for_work_is_a_stated_concept(tmp_path: Path) -> None:
    concepts = published(tmp_path, [{"days_lost": 3}]).metadata["concepts"]
    assert "normal duties of the job held" in concepts["incapacity for work"]


# paragraph 6


def test_paragraph_6_commuting_is_compiled_apart(tmp_path: Path) -> None:
    rows = [{"commuting": c, "days_lost": 2} for c in ("yes", "no", "no", "")]
    made = published(tmp_path, rows)
    assert value(made, "cases") == 3
    assert value(made, "cases", accident="commuting") == 1
    assert {row["accident"] for row in made.tables[0].rows} == {"work", "commuting"}


def test_paragraph_6_absences_of_a_day_and_deaths_are_covered(tmp_path: Path) -> None:
    """One day counts; a case without one is counted too, and said to be outside paragraph 6."""
    rows = [{"days_lost": d, "fatal": f} for d, f in ((1, 0), (0, 0), ("", 1))]
    made = published(tmp_path, rows)
    assert value(made, "cases", "temporary incapacity") == 1
    assert value(made, "cases", "fatal") == 1
    assert value(made, "cases") == 3
    found = "1 non-fatal cases without a day of absence are counted"
    assert any(found in text for text in made.metadata["divergences"])


@pytest.mark.parametrize(("least", "told"), [(2, False), (3, True), (4, True)])
def test_paragraph_6_a_source_of_longer_absences_only_is_told(
    tmp_path: Path, least: int, told: bool
) -> None:
    made = published(tmp_path, [{"days_lost": least}, {"days_lost": 9}])
    divergences = made.metadata["divergences"]
    assert any("No absence is shorter than 3 days" in text for text in divergences) == told


# paragraphs 7 and 8


def test_paragraph_7_workers_of_every_status_are_counted_and_missing_ones_told(
    tmp_path: Path,
) -> None:
    rows = [{"icse-93_code": code} for code in ("1", "1", "2", "3", "5", "6")]
    made = by(tmp_path, "icse-93", rows)
    assert counts(made) == {"1": 2, "2": 1, "3": 1, "5": 1, "6": 1}
    (group,) = made.metadata["coverage"]["groups"]
    assert group["without_cases"] == ["4 Members of producers' cooperatives"]
    assert group["groups"] == 5  # those not classifiable by status are no group
    said = [text for text in made.metadata["divergences"] if "paragraph 7" in text]
    assert len(said) == 1
    assert "4 Members of producers' cooperatives" in said[0]


def test_paragraph_7_coverage_is_told_without_a_table_of_it(tmp_path: Path) -> None:
    made = by(tmp_path, "sex", [{"sex": "f", "icse-18_code": "42"}])
    (group,) = made.metadata["coverage"]["groups"]
    assert [text[0] for text in group["without_cases"]] == ["A", "B", "C", "E"]
    assert made.metadata["coverage"]["not_stated"] == ["economic activity (paragraph 8)"]


def test_paragraph_7_groups_that_the_source_leaves_out_are_named(tmp_path: Path) -> None:
    left_out = ("homeworkers", "workers of the informal sector")
    made = published(tmp_path, [{"sex": "f"}], options=Options(not_covered=left_out))
    assert made.metadata["coverage"]["not_covered"] == list(left_out)
    assert made.metadata["divergences"][0] == "Not covered: homeworkers (paragraphs 7 and 8)."


def test_paragraph_8_branches_without_a_case_are_told(tmp_path: Path) -> None:
    sections = [c for c, entry in load_scheme("isic-4").codes.items() if entry.level == 1]
    rows = [{"isic-4_code": code} for code in sections if code not in "TU"]
    made = by(tmp_path, "isic-4", rows)
    said = [text for text in made.metadata["divergences"] if "paragraph 8" in text]
    assert len(said) == 1
    assert "T Activities of households" in said[0]
    assert "U Activities of extraterritorial" in said[0]
    rows += [{"isic-4_code": code} for code in "TU"]
    made = by(tmp_path, "isic-4", rows)
    assert not any("paragraph 8" in text for text in made.metadata["divergences"])


def test_paragraph_8_coverage_outside_the_tables_is_not_told_under_disclosure(
    tmp_path: Path,
) -> None:
    rows = [{"sex": s, "icse-93_code": "1"} for s in "ffff"]
    hidden = Options(tables=(("sex",),), disclosure=Disclosure(threshold=3))
    assert published(tmp_path, rows, options=hidden).metadata["coverage"]["groups"] == []


def test_paragraph_8_a_case_abroad_belongs_to_the_other_country(tmp_path: Path) -> None:
    rows = [{"where": c, "commuting": k} for c, k in (("NO", 0), ("no", 1), ("", 0), ("SE", 0))]
    options = Options(columns=Columns(country="where"), area="NO")
    workers = [{"hours": 1_000_000}]
    made = published(tmp_path, rows, workers, options)
    found = {name: value(made, "cases", accident=name) for name in ("work", "commuting", "abroad")}
    assert found == {"work": 2, "commuting": 1, "abroad": 1}
    # no rate of the cases abroad: the workers of the denominator are not theirs (paragraph 19)
    assert value(made, "frequency_rate") == 2
    assert not [
        row
        for row in made.tables[0].rows
        if row["accident"] == "abroad" and row["measure"] == "frequency_rate"
    ]
    assert any("1 accidents were in another country" in t for t in made.metadata["divergences"])
    with pytest.raises(InputError, match="needs --area"):
        published(tmp_path, rows, options=Options(columns=Columns(country="where")))


# paragraph 9 (a): the enterprise


def test_paragraph_9_a_i_location_of_the_enterprise(tmp_path: Path) -> None:
    rows = [{"region": r} for r in ("north", "north", "south")]
    workers = [{"region": "north", "workers": 400}, {"region": "south", "workers": 500}]
    made = by(tmp_path, "region", rows, workers)
    # 2 × 1,000 / 400 = 5 and 1 × 1,000 / 500 = 2
    assert counts(made, measure="incidence_rate") == {"north": 5.0, "south": 2.0}


def test_paragraph_9_a_ii_economic_activity(tmp_path: Path) -> None:
    rows = [{"isic-4_code": code} for code in ("4100", "4290", "0111", "")]
    assert counts(by(tmp_path, "isic-4", rows)) == {
        "F": 2,
        "A": 1,
        "not coded": 1,
    }
    fine = counts(by(tmp_path, "isic-4:2", rows))
    assert fine == {"01": 1, "41": 1, "42": 1, "not coded": 1}
    with pytest.raises(InputError, match="need the workers of each group"):
        by(tmp_path, "isic-4", rows, [{"workers": 10}])


def test_paragraph_9_a_iii_size_classes_of_annex_b(tmp_path: Path) -> None:
    """Annex B: classes from 1, 5, 10, 20, 50, 100, 150, 200, 250, 500 and 1,000 persons, and Z."""
    scheme = load_scheme("size-class")
    first = [title.title.split()[0].replace(",", "") for title in scheme.codes.values()][:-1]
    assert first == ["1", "5", "10", "20", "50", "100", "150", "200", "250", "500", "1000"]
    assert list(scheme.codes) == [*map(str, range(1, 12)), "Z"]
    rows = [{"size-class_code": code} for code in ("1", "11", "11", "Z")]
    found = counts(by(tmp_path, "size-class", rows))
    assert found == {"1": 1, "11": 2, "Z": 1}
    with pytest.raises(InputError, match="need the workers of each group"):
        by(tmp_path, "size-class", rows, [{"workers": 10}])


# paragraph 9 (b): the person


def test_paragraph_9_b_i_sex(tmp_path: Path) -> None:
    assert counts(by(tmp_path, "sex", [{"sex": s} for s in ("f", "m", "m", "")])) == {
        "f": 1,
        "m": 2,
        "not stated": 1,
    }


def test_paragraph_9_b_ii_age_in_groups(tmp_path: Path) -> None:
    rows = [{"age": a} for a in (14, 15, 24, "24.9", 25, 64, 70, "")]
    workers = [{"age": name, "workers": 1000} for name in band_names((15, 25, 65))]
    options = Options(tables=(("age",),), bands=(("age", (15, 25, 65)),))
    made = published(tmp_path, rows, workers, options)
    assert list(counts(made).items()) == [  # in the order of age
        ("under 15", 1),
        ("15 to 24", 3),
        ("25 to 64", 2),
        ("65 and over", 1),
        ("not stated", 1),
    ]
    assert value(made, "incidence_rate", age="15 to 24") == pytest.approx(3.0)
    with pytest.raises(InputError, match=r"row 2, column 'age': neither a number nor a time"):
        published(tmp_path, [{"age": "old"}], options=options)


def test_paragraph_9_b_iii_occupation(tmp_path: Path) -> None:
    rows = [{"isco-08_code": code} for code in ("7212", "7115", "2221")]
    assert counts(by(tmp_path, "isco-08", rows)) == {"2": 1, "7": 2}
    with pytest.raises(InputError, match="need the workers of each group"):
        by(tmp_path, "isco-08", rows, [{"workers": 10}])


def test_paragraph_9_b_iv_status_in_employment_of_annex_d(tmp_path: Path) -> None:
    groups = [
        "Employees",
        "Employers",
        "Own-account workers",
        "Members of producers' cooperatives",
        "Contributing family workers",
        "Workers not classifiable by status",
    ]
    assert [entry.title for entry in load_scheme("icse-93").codes.values()] == groups
    rows = [{"icse-93_code": code} for code in ("1", "3", "3")]
    assert counts(by(tmp_path, "icse-93", rows)) == {"1": 1, "3": 2}


@pytest.mark.parametrize("name", ["status", "unit", "value"])
def test_a_dimension_cannot_be_named_as_a_column_of_the_tables(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"a column '{name}' of their own; rename"):
        by(tmp_path, name, [{name: "employee"}])


# paragraph 9 (c): the injury


def test_paragraph_9_c_i_fatal_and_non_fatal(tmp_path: Path) -> None:
    made = published(tmp_path, [{"fatal": f} for f in (1, 0, 0)])
    assert (value(made, "cases", "fatal"), value(made, "cases", "non-fatal")) == (1, 2)
    made = published(tmp_path, [{"sex": "f"}])
    assert any("paragraph 9 c" in text for text in made.metadata["divergences"])


@pytest.mark.parametrize(
    ("scheme", "codes", "groups", "parts"),
    [
        ("injury-type", ("1.1", "1.2", "2.1"), {"1": 2, "2": 1}, {"1.1": 1, "1.2": 1, "2.1": 1}),
        ("body-part", ("5.4", "5.6", "10"), {"5": 2, "10": 1}, {"5.4": 1, "5.6": 1, "10": 1}),
    ],
)
def test_paragraph_9_c_ii_and_iii_type_of_injury_and_part_of_body(
    tmp_path: Path, scheme: str, codes: Sequence[str], groups: object, parts: object
) -> None:
    rows = [{f"{scheme}_code": code} for code in codes]
    made = by(tmp_path, scheme, rows, [{"workers": 1000}])  # rates are per all workers
    assert counts(made) == groups
    assert counts(made, measure="incidence_rate") == groups  # × 1,000 / 1,000
    fine = counts(by(tmp_path, f"{scheme}:2", rows))
    assert fine == parts


# paragraph 9 (d): the accident


def test_paragraph_9_d_i_type_of_location(tmp_path: Path) -> None:
    titles = [entry.title for entry in load_scheme("location").codes.values()]
    assert titles[:3] == [
        "The usual workplace",
        "Another place within the establishment",
        "Outside the premises of the establishment",
    ]
    rows = [{"location_code": code} for code in ("1", "1", "3")]
    made = by(tmp_path, "location", rows, [{"workers": 1000}])
    assert counts(made) == {"1": 2, "3": 1}


def test_paragraph_9_d_ii_date_and_time_of_the_accident(tmp_path: Path) -> None:
    days, times = ("2024-01-31", "2024-02-01", "2024-02-28"), ("06:00", "13:59", "23:15")
    rows = [{"accident_date": d, "hour": t} for d, t in zip(days, times, strict=True)]
    made = published(
        tmp_path,
        rows,
        options=Options(tables=(("hour",),), bands=(("hour", (6, 14, 22)),), every="month"),
    )
    assert made.metadata["periods"] == ["2024-01", "2024-02"]
    found = {(row["period"], row["hour"]): row["value"] for row in made.tables[0].rows}
    assert found["2024-01", "6 to 13"] == 1
    assert found["2024-02", "6 to 13"] == 1
    assert found["2024-02", "22 and over"] == 1
    assert found["2024-02", "total"] == 2


@pytest.mark.parametrize(
    ("scheme", "codes"), [("injury-mode", ("30", "60")), ("material-agency", ("02", "06"))]
)
def test_paragraph_9_d_iii_and_iv_mode_and_material_agency(
    tmp_path: Path, scheme: str, codes: tuple[str, str]
) -> None:
    rows = [{f"{scheme}_code": code} for code in (codes[0], codes[1], codes[1])]
    made = by(tmp_path, scheme, rows, [{"workers": 500}])
    assert counts(made) == {codes[0]: 1, codes[1]: 2}
    # per all workers: 2 × 1,000 / 500
    assert counts(made, measure="incidence_rate")[codes[1]] == pytest.approx(4.0)


# paragraph 10


def test_paragraph_10_a_incapacity_in_calendar_days(tmp_path: Path) -> None:
    """Friday 1 March to Monday 11 March: nine days, the two week-ends among them."""
    made = published(tmp_path, [{"accident_date": "2024-03-01", "return_date": "2024-03-11"}])
    assert value(made, "days_lost", "temporary incapacity") == 9


def test_paragraph_10_b_i_shift_and_hours_worked_before_the_accident(tmp_path: Path) -> None:
    rows = [{"shift": s, "hours_in": h} for s, h in (("day", 0.5), ("night", 7), ("night", 8))]
    assert counts(by(tmp_path, "shift", rows)) == {"day": 1, "night": 2}
    options = Options(tables=(("hours_in",),), bands=(("hours_in", (1, 8)),))
    assert counts(published(tmp_path, rows, options=options)) == {
        "under 1": 1,
        "1 to 7": 1,
        "8 and over": 1,
    }


def test_paragraph_10_b_ii_number_of_workers_injured_in_the_accident(tmp_path: Path) -> None:
    """One accident with three injured and two with one: three cases of three, two of one."""
    rows = [{"persons_injured": n} for n in (3, 1, 1)]
    made = by(tmp_path, "persons_injured", rows, [{"workers": 1000}])
    assert counts(made) == {"1": 2, "3": 3}


@pytest.mark.parametrize("name", ["place", "process"])
def test_paragraph_10_b_iii_and_iv_place_and_work_process(tmp_path: Path, name: str) -> None:
    """Any column of the file; it says nothing of workers, so its rates are per all of them."""
    rows = [{name: v} for v in ("farm", "street", "street")]
    workers = [{"workers": 1000}]
    with pytest.raises(InputError, match=f"--per-all-workers {name}"):
        by(tmp_path, name, rows, workers)
    options = Options(tables=((name,),), characteristics=(name,))
    made = published(tmp_path, rows, workers, options)
    assert counts(made, measure="incidence_rate")["street"] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("scheme", "code"), [("specific-activity", "40"), ("deviation", "50"), ("deviation", "10")]
)
def test_paragraph_10_b_v_and_vii_specific_activity_and_deviation(
    tmp_path: Path, scheme: str, code: str
) -> None:
    rows = [{f"{scheme}_code": code}, {f"{scheme}_code": ""}]
    made = by(tmp_path, scheme, rows, [{"workers": 1000}])
    assert counts(made) == {code: 1, "not coded": 1}


@pytest.mark.parametrize("name", ["agency_of_activity", "agency_of_deviation"])
def test_paragraph_10_b_vi_and_viii_agencies_of_activity_and_deviation(
    tmp_path: Path, name: str
) -> None:
    """A second agency beside that of the injury: `--codes COLUMN=material-agency`."""
    rows = [{name: "02", "material-agency_code": "06"}, {name: "12", "material-agency_code": "06"}]
    options = Options(tables=((name,), ("material-agency",)), codes=((name, "material-agency"),))
    made = published(tmp_path, rows, [{"workers": 1000}], options)
    assert counts(made) == {"02": 1, "12": 1}


# paragraph 11


COMMUTERS = [
    {"commuting": "yes", "location_code": "3", "transport_mode": "bicycle",
     "transport_role": "driver", "counterpart_mode": "car", "sex": "f"},
    {"commuting": "yes", "location_code": "3", "transport_mode": "foot",
     "transport_role": "pedestrian", "counterpart_mode": "car", "sex": "m"},
    {"commuting": "no", "location_code": "1", "transport_mode": "", "transport_role": "",
     "counterpart_mode": "", "sex": "m"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("location", {"3": 2}),  # (a) place of accident
        ("transport_mode", {"bicycle": 1, "foot": 1}),  # (b)
        ("transport_role", {"driver": 1, "pedestrian": 1}),  # (c)
        ("counterpart_mode", {"car": 2}),  # (d)
        ("sex", {"f": 1, "m": 1}),  # what paragraph 9 asks for
    ],
)
def test_paragraph_11_variables_of_commuting_accidents(
    tmp_path: Path, name: str, wanted: object
) -> None:
    made = by(tmp_path, name, COMMUTERS)
    assert counts(made, "commuting") == wanted
    assert sum(map(float, map(str, counts(made).values()))) == 1  # at work, apart


def test_paragraph_11_b_to_d_are_per_all_workers(tmp_path: Path) -> None:
    made = by(tmp_path, "transport_mode", COMMUTERS, [{"workers": 1000}])
    assert counts(made, "commuting", "incidence_rate")["bicycle"] == pytest.approx(1.0)
