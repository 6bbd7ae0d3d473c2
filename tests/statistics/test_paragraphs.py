"""Each rule of paragraphs 12 to 23 of the 16th ICLS resolution, one test or more each."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from coder.errors import InputError
from coder.statistics.cases import days_between
from coder.statistics.options import QUARTER, WORKDAYS, Columns, Disclosure, Options
from coder.statistics.page import build_page
from coder.statistics.write import write_publication
from tests.statistics.made import figure, published, value


def test_paragraph_12_recurrent_absences_are_the_same_case(tmp_path: Path) -> None:
    rows = [{"no": "a", "days_lost": 3}, {"no": "b", "days_lost": 1}, {"no": "a", "days_lost": 4}]
    made = published(tmp_path, rows, options=Options(case="no"))
    assert value(made, "cases") == 2
    assert value(made, "days_lost", "temporary incapacity") == 8
    assert made.metadata["file"]["rows_merged"] == 1


def test_paragraph_12_each_person_injured_is_a_case(tmp_path: Path) -> None:
    rows = [{"persons_injured": 3}, {"persons_injured": ""}, {"persons_injured": 1}]
    assert value(published(tmp_path, rows), "cases") == 5
    assert value(published(tmp_path, rows, options=Options(one_per_row=True)), "cases") == 3


def test_paragraph_12_one_person_in_two_accidents_is_two_cases(tmp_path: Path) -> None:
    """Two accidents of p1, one of them with a recurrence: `--case` names the accident's case."""
    rows = [
        {"person": "p1", "no": "p1-march", "days_lost": 2},
        {"person": "p1", "no": "p1-june", "days_lost": 3},
        {"person": "p1", "no": "p1-march", "days_lost": 1},
    ]
    made = published(tmp_path, rows, options=Options(case="no"))
    assert value(made, "cases") == 2
    assert value(made, "mean_days", "temporary incapacity") == 3  # (2 + 1 and 3) / 2


def test_paragraph_12_the_unit_of_observation_is_stated(tmp_path: Path) -> None:
    concepts = published(tmp_path, [{"sex": "f"}]).metadata["concepts"]
    assert "one worker injured in one accident" in concepts["unit of observation"]


@pytest.mark.parametrize(
    ("death", "fatal"), [("2025-03-01", 1), ("2025-03-02", 0), ("2024-03-01", 1), ("", 0)]
)
def test_paragraph_13_death_within_one_year_of_the_accident(
    tmp_path: Path, death: str, fatal: int
) -> None:
    row = {"accident_date": "2024-03-01", "death_date": death}
    made = published(tmp_path, [row, {"accident_date": "2024-01-01", "death_date": "2024-01-02"}])
    assert value(made, "cases", "fatal") == 1 + fatal
    assert value(made, "cases", "non-fatal") == 1 - fatal


def test_paragraph_13_dates_outweigh_the_flag_and_are_counted(tmp_path: Path) -> None:
    row = {"fatal": "yes", "accident_date": "2020-01-01", "death_date": "2022-01-01"}
    made = published(tmp_path, [row])
    assert value(made, "cases", "fatal") == 0
    assert made.metadata["file"]["deaths_after_a_year"] == 1
    assert made.metadata["file"]["fatal_by_dates_not_flag"] == 1


def test_paragraph_14_only_temporary_incapacity_of_at_most_a_year(tmp_path: Path) -> None:
    made = published(tmp_path, [{"days_lost": d} for d in (365, 366, 10)])
    assert value(made, "days_lost", "temporary incapacity") == 375
    assert value(made, "days_lost", "permanent or fatal") == 366


def test_paragraph_14_workdays_become_calendar_days(tmp_path: Path) -> None:
    made = published(tmp_path, [{"days_lost": 10}], options=Options(days=WORKDAYS, week=5))
    assert value(made, "days_lost", "temporary incapacity") == 14  # 10 × 7 / 5
    assert any("converted by 7/5" in text for text in made.metadata["divergences"])


@pytest.mark.parametrize(("back", "days"), [(1, 0), (2, 0), (3, 1), (11, 9)])
def test_paragraph_15_from_the_day_after_to_the_day_before_the_return(back: int, days: int) -> None:
    accident = datetime.date(2024, 2, 1)
    assert days_between(accident, datetime.date(2024, 2, back)) == days


def test_paragraph_15_less_than_a_day_is_no_time_lost(tmp_path: Path) -> None:
    made = published(tmp_path, [{"days_lost": d} for d in (0.5, 0, 2)])
    assert value(made, "days_lost", "temporary incapacity") == 2
    assert value(made, "cases", "temporary incapacity") == 1
    assert value(made, "cases") == 3


def test_paragraph_16_death_and_permanent_incapacity_apart(tmp_path: Path) -> None:
    rows = [
        {"days_lost": 100, "fatal": 1, "permanent": 0},
        {"days_lost": 50, "fatal": 0, "permanent": 1},
        {"days_lost": 7, "fatal": 0, "permanent": 0},
    ]
    made = published(tmp_path, rows)
    assert value(made, "days_lost", "temporary incapacity") == 7
    assert value(made, "mean_days", "temporary incapacity") == 7
    assert value(made, "days_lost", "permanent or fatal") == 150


def test_paragraph_17_a_later_death_belongs_to_the_period_of_the_accident(tmp_path: Path) -> None:
    rows = [
        {"accident_date": "2023-12-30", "death_date": "2024-02-01"},
        {"accident_date": "2024-05-01", "death_date": ""},
    ]
    made = published(tmp_path, rows, options=Options(every="year"))
    assert value(made, "cases", "fatal", period="2023") == 1
    assert value(made, "cases", "fatal", period="2024") == 0


def test_paragraph_17_all_time_lost_belongs_to_the_period_of_the_accident(tmp_path: Path) -> None:
    """Accident on 30 December, back on 10 January: ten days (31 December to 9 January) of 2023."""
    rows = [
        {"accident_date": "2023-12-30", "return_date": "2024-01-10"},
        {"accident_date": "2024-01-03", "return_date": "2024-01-08"},
    ]
    made = published(tmp_path, rows, options=Options(every="year"))
    assert value(made, "days_lost", "temporary incapacity", period="2023") == 10
    assert value(made, "days_lost", "temporary incapacity", period="2024") == 4


def test_paragraph_18_periods_of_at_most_a_year(tmp_path: Path) -> None:
    row = {"accident_date": "2024-05-01"}
    made = published(tmp_path, [row], options=Options(every=QUARTER))
    assert made.metadata["periods"] == ["2024-Q2"]
    with pytest.raises(InputError, match="paragraph 18"):
        published(tmp_path, [{"period": "2019-2024"}])
    with pytest.raises(InputError, match="different length"):
        published(tmp_path, [{"period": "2024"}, {"period": "2024-Q1"}])


CASES_19 = [{"sex": "f", "days_lost": 4, "fatal": 0}] * 3 + [
    {"sex": "m", "days_lost": 10, "fatal": 0},
    {"sex": "m", "days_lost": "", "fatal": 1},
]
WORKERS_19 = [
    {"sex": "f", "workers": 500, "fte": 400, "hours": 750_000, "days_worked": 100_000},
    {"sex": "m", "workers": 300, "fte": 300, "hours": 500_000, "days_worked": 60_000},
]
BY_SEX = Options(tables=(("sex",),))


def test_paragraph_19_a_frequency_rate(tmp_path: Path) -> None:
    made = published(tmp_path, CASES_19, WORKERS_19, BY_SEX)
    # women: 3 cases × 1,000,000 / 750,000 hours = 4
    assert value(made, "frequency_rate", sex="f") == pytest.approx(4.0)
    # all: 5 × 1,000,000 / 1,250,000 = 4; fatal: 1 × 1,000,000 / 1,250,000 = 0.8
    assert value(made, "frequency_rate") == pytest.approx(4.0)
    assert value(made, "frequency_rate", "fatal") == pytest.approx(0.8)
    assert value(made, "frequency_rate", "non-fatal") == pytest.approx(3.2)


def test_paragraph_19_a_normal_hours_where_there_are_none_worked(tmp_path: Path) -> None:
    normal = [
        {"normal_hours": row["hours"], **{k: v for k, v in row.items() if k != "hours"}}
        for row in WORKERS_19
    ]
    made = published(tmp_path, CASES_19, normal, BY_SEX)
    # as with hours worked: 3 × 1,000,000 / 750,000 = 4 and 12 days × 1,000,000 / 750,000 = 16
    assert value(made, "frequency_rate", sex="f") == pytest.approx(4.0)
    assert value(made, "severity_rate", "temporary incapacity", sex="f") == pytest.approx(16.0)
    assert any("normal hours" in text for text in made.metadata["divergences"])
    both = [{**row, "normal_hours": 1} for row in WORKERS_19]
    made = published(tmp_path, CASES_19, both, BY_SEX)
    assert value(made, "frequency_rate", sex="f") == pytest.approx(4.0)  # worked ones come first
    assert not any("normal hours" in text for text in made.metadata["divergences"])


def test_paragraph_19_b_incidence_rate(tmp_path: Path) -> None:
    made = published(tmp_path, CASES_19, WORKERS_19, BY_SEX)
    # women: 3 cases × 1,000 / 400 full-time equivalents = 7.5, not 3 × 1,000 / 500 heads
    assert value(made, "incidence_rate", sex="f") == pytest.approx(7.5)
    # all: 5 × 1,000 / 700 = 7.142857…
    assert value(made, "incidence_rate") == pytest.approx(5000 / 700)
    heads = [{k: v for k, v in row.items() if k != "fte"} for row in WORKERS_19]
    made = published(tmp_path, CASES_19, heads, BY_SEX)
    assert value(made, "incidence_rate", sex="f") == pytest.approx(6.0)  # 3 × 1,000 / 500
    assert any("full-time equivalents" in text for text in made.metadata["divergences"])


def test_paragraph_19_c_severity_rate_in_hours_and_in_days_worked(tmp_path: Path) -> None:
    made = published(tmp_path, CASES_19, WORKERS_19, BY_SEX)
    # women: 3 × 4 = 12 days × 1,000,000 / 750,000 hours = 16
    assert value(made, "severity_rate", "temporary incapacity", sex="f") == pytest.approx(16.0)
    # all: 12 + 10 = 22 days (the death is no temporary incapacity) / 1,250,000 hours = 17.6
    assert value(made, "severity_rate", "temporary incapacity") == pytest.approx(17.6)
    # in time worked as days: 22 × 1,000,000 / 160,000 days = 137.5
    found = value(made, "severity_rate_per_days_worked", "temporary incapacity")
    assert found == pytest.approx(137.5)


def test_paragraph_19_d_days_lost_per_case(tmp_path: Path) -> None:
    made = published(tmp_path, CASES_19, WORKERS_19, BY_SEX)
    # days 4, 4, 4, 10: mean 22 / 4 = 5.5, median 4
    assert value(made, "mean_days", "temporary incapacity") == pytest.approx(5.5)
    assert value(made, "median_days", "temporary incapacity") == pytest.approx(4.0)


def test_paragraph_19_any_combination_of_groups(tmp_path: Path) -> None:
    rows = [{"sex": s, "age": a, "injury-type_code": "1.1"} for s in "fm" for a in ("20", "40")]
    workers = [{"sex": s, "age": a, "workers": 1000} for s in "fm" for a in ("20", "40")]
    options = Options(tables=(("sex", "age", "injury-type:2"), ("age",)))
    made = published(tmp_path, rows, workers, options)
    where = {"sex": "f", "age": "20", "injury_of_type__2": "1.1"}
    assert value(made, "incidence_rate", **where) == pytest.approx(1.0)  # 1 × 1,000 / 1,000
    # age 20 of both sexes: 2 × 1,000 / 2,000; all: 4 × 1,000 / 4,000
    assert value(made, "incidence_rate", age="20") == pytest.approx(1.0)
    assert value(made, "incidence_rate") == pytest.approx(1.0)
    assert [t.name for t in made.tables] == ["sex_by_age_by_injury-type-2", "age"]


def test_paragraph_19_self_employed_in_the_cases_are_in_the_denominator(tmp_path: Path) -> None:
    """The resolution's own example: a rate with own-account workers in one of both is refused."""
    rows = [{"icse-93_code": code} for code in ("1", "1", "3")]
    options = Options(tables=(("icse-93",),))
    employees = [{"icse-93": "1", "workers": 1000}]
    with pytest.raises(InputError, match=r"group that workers.csv lacks \(period, icse-93: , 3\)"):
        published(tmp_path, rows, employees, options)
    made = published(tmp_path, rows, [*employees, {"icse-93": "3", "workers": 500}], options)
    # 2 × 1,000 / 1,000 and 1 × 1,000 / 500
    assert value(made, "incidence_rate", icse_of_93="1") == pytest.approx(2.0)
    assert value(made, "incidence_rate", icse_of_93="3") == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("workers", "message"),
    [
        ([{"sex": "f", "hours": 10}], "are in a group that workers.csv lacks"),
        ([{"sex": s, "hours": 10} for s in "fmx"], "no case has sex x"),
        ([{"hours": 10}], "has no column 'sex'"),
        ([{"sex": s, "period": "2024", "hours": 10} for s in "fm"], "need the same periods"),
        ([{"sex": s, "region": "N", "hours": 10} for s in "fm"], "no dimension of the tables"),
        ([{"sex": s, "hours": -1} for s in "fm"], "row 2, column 'hours': negative"),
        ([{"sex": s, "hours": 0} for s in "fm"], "zero, but there are cases"),
        ([{"sex": s, "hours": "many"} for s in "fm"], "no number"),
        ([{"sex": s, "hours": 10} for s in "ffm"], "the same group and period"),
        ([{"sex": s, "people": 10} for s in "fm"], "none of the columns"),
        ([{"sex": s, "hours": 10} for s in ("f", "m", "")], "every row names its group"),
    ],
)
def test_paragraph_19_numerator_and_denominator_of_one_coverage(
    tmp_path: Path, workers: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        published(tmp_path, CASES_19, workers, BY_SEX)


def test_paragraph_19_periods_must_be_the_same(tmp_path: Path) -> None:
    rows = [{"period": "2023"}, {"period": "2024"}]
    with pytest.raises(InputError, match="periods in only one of the cases"):
        published(tmp_path, rows, [{"period": "2023", "hours": 5}])
    with pytest.raises(InputError, match="add the column"):
        published(tmp_path, rows, [{"hours": 5}])


def test_paragraph_19_groups_without_cases_can_be_said_to_be_covered(tmp_path: Path) -> None:
    workers = [*WORKERS_19, {**WORKERS_19[0], "sex": "x"}]
    made = published(tmp_path, CASES_19, workers, Options(tables=(("sex",),), empty_groups=True))
    assert value(made, "frequency_rate", sex="x") == 0.0
    assert figure(made, "frequency_rate", sex="x")["high"] == pytest.approx(3.689 / 0.75, abs=1e-3)


def test_paragraph_20_revised_figures_are_marked(tmp_path: Path) -> None:
    options = Options(tables=(("sex",),))
    first = published(tmp_path, [{"sex": "f"}, {"sex": "m"}], options=options)
    write_publication(tmp_path / "old", first, None, "_X")
    late = [{"sex": "f"}, {"sex": "m"}, {"sex": "m"}, {"sex": "x"}]
    made = published(tmp_path, late, options=options, earlier=tmp_path / "old")
    marks = {row["sex"]: (row["revision"], row["previous"]) for row in made.tables[0].rows}
    assert marks["f"] == ("same", "")
    assert marks["m"] == ("revised", 1.0)
    assert marks["total"] == ("revised", 2.0)
    assert marks["x"] == ("new", "")


def test_paragraph_20_the_page_has_the_series_and_the_latest_period(tmp_path: Path) -> None:
    rows = [{"period": p, "sex": s} for p in ("2022", "2023", "2024") for s in "fm"]
    rows.append({"period": "2024", "sex": "f"})
    page = build_page(published(tmp_path, rows, options=Options(tables=(("sex",),))), "Injuries")
    latest, series = page.sections[0].tables
    assert [(row["sex"], row["Cases"]) for row in latest.rows] == [
        ("f", "2"),
        ("m", "1"),
        ("total", "3"),
    ]
    assert [(row["period"], row["Cases"]) for row in series.rows] == [
        ("2024", "3"),
        ("2023", "2"),
        ("2022", "2"),
    ]


def test_paragraph_21_metadata_say_how_the_figures_came_about(tmp_path: Path) -> None:
    row = {"injury-type_code": "1.1", "injury-type_status": "auto"}
    row |= {"injury-type_confidence": 0.9, "injury-type_suggestions": "1.1:0.9|2.1:0.1"}
    rows = [row, {**row, "injury-type_status": "decided"}]
    made = published(tmp_path, rows, options=Options(tables=(("injury-type",),)))
    coding = made.metadata["coding"][0]
    assert (coding["share_automatic"], coding["share_people"]) == (0.5, 0.5)
    assert coding["expected_error"] == pytest.approx(0.1)
    assert made.metadata["classifications"][0]["scheme"] == "injury-type"
    assert made.metadata["sources"][0]["file"] == "cases.csv"
    assert len(made.metadata["sources"][0]["sha256"]) == 64


def test_paragraph_22_divergences_are_explained(tmp_path: Path) -> None:
    found = published(tmp_path, [{"sex": "f"}]).metadata["divergences"]
    for words in ("Fatal and non-fatal", "Commuting", "Days lost", "reference period", "counts"):
        assert any(words in text for text in found), words


def test_paragraph_23_small_cells_are_not_published(tmp_path: Path) -> None:
    rows = [{"sex": "f", "age": a} for a in "aaaaaabb"] + [{"sex": "m", "age": "a"}] * 9
    rows += [{"sex": "m", "age": "b"}] * 8
    options = Options(tables=(("sex", "age"),), disclosure=Disclosure(threshold=3))
    made = published(tmp_path, rows, options=options)
    gone = figure(made, "cases", sex="f", age="b")
    assert gone["value"] is None
    assert gone["low"] is None
    assert gone["status"] == "Q"
    # and neither total gives it back: in its row and column another cell is gone as well
    assert figure(made, "cases", sex="f", age="a")["status"] == "Q"
    assert figure(made, "cases", sex="m", age="b")["status"] == "Q"


def test_paragraph_24_what_is_sent_holds_no_individual_case(tmp_path: Path) -> None:
    rows = [
        {"record": f"PLANTED{i}", "narrative": "PLANTED", "sex": "f", "days_lost": i}
        for i in range(5)
    ]
    made = published(tmp_path, rows, options=Options(tables=(("sex",),)))
    paths = write_publication(tmp_path / "out", made, None, "NO")
    texts = [path.read_text(encoding="utf-8") for path in paths if path.suffix != ".xlsx"]
    assert len(texts) == 4
    assert not any("PLANTED" in text for text in texts)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"days_lost": -1}, "row 2, column 'days_lost': negative"),
        ({"days_lost": "long"}, "not a number"),
        ({"fatal": "perhaps"}, "neither yes nor no"),
        ({"accident_date": "2024-03-02", "death_date": "2024-03-01"}, "death is before"),
        ({"accident_date": "2024-03-02", "return_date": "2024-03-01"}, "return to work is before"),
        ({"accident_date": "02/03/24"}, "not a date"),
        ({"persons_injured": 0}, "whole number, 1 or more"),
    ],
)
def test_bad_cells_name_row_and_column_and_no_content(
    tmp_path: Path, row: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        published(tmp_path, [row | {"narrative": "PLANTED"}])
    assert "PLANTED" not in str(caught.value.as_dict())
    assert "perhaps" not in str(caught.value.as_dict())


def test_codes_of_two_revisions_in_one_column_are_refused(tmp_path: Path) -> None:
    rows = [{"isco-08_code": code} for code in ("7212", "1317")]
    options = Options(tables=(("isco-08:4",),))
    with pytest.raises(InputError, match="codes of isco-88: two revisions in one column"):
        published(tmp_path, rows, options=options)


def test_undecided_and_too_coarse_records_have_their_own_row(tmp_path: Path) -> None:
    rows = [
        {"injury-type_code": "1.1", "injury-type_status": "auto"},
        {"injury-type_code": "1", "injury-type_status": "auto"},
        {"injury-type_code": "", "injury-type_status": "review"},
        {"injury-type_code": "", "injury-type_status": "uncodable"},
    ]
    made = published(tmp_path, rows, options=Options(tables=(("injury-type:2",),)))
    assert value(made, "cases", injury_of_type__2="1.1") == 1
    assert value(made, "cases", injury_of_type__2="not coded") == 3
    assert value(made, "cases") == 4


def test_a_column_can_be_renamed(tmp_path: Path) -> None:
    made = published(
        tmp_path,
        [{"died": "1", "year": "2024"}, {"died": "0", "year": "2024"}],
        options=Options(columns=Columns(fatal="died", period="year")),
    )
    assert value(made, "cases", "fatal") == 1
