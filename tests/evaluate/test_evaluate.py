"""The whole evaluation over files: matching, readings, weights, recovery, same bytes."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coder.errors import InputError
from coder.evaluate.case import Options
from coder.evaluate.change import compare_runs
from coder.evaluate.evaluate import evaluate
from coder.evaluate.page import build_report
from coder.evaluate.pick import pick
from coder.evaluate.write import Tables, write_results
from coder.figures.report import render
from coder.schemes import load_scheme
from tests.evaluate.fake import make_files, write_csv

QUICK = Options(replicates=60)


def figures(tables: Tables, **wanted: object) -> dict[str, float]:
    rows = pick(tables["levels"], **wanted)
    return {str(row["metric"]): float(str(row["value"])) for row in rows}


def codes_file(path: Path, codes: list[str], **columns: list[object]) -> Path:
    header = ["id", "code", *columns]
    rows = [[f"r{i}", code, *(c[i] for c in columns.values())] for i, code in enumerate(codes)]
    return write_csv(path, header, rows)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_files(tmp_path_factory.mktemp("files"), load_scheme("isco-08"), 600)


def test_a_hand_counted_case(tmp_path: Path) -> None:
    gold = codes_file(tmp_path / "gold.csv", ["2411", "23", "7212|7223", "1120", ""])
    made = codes_file(tmp_path / "made.csv", ["2412", "2341", "7223", "", "5223"])
    meta, tables, _ = evaluate([made], gold, Options(schemes=("isco-08",), replicates=60))
    counts = meta["records"]
    assert isinstance(counts, dict)
    assert counts["isco-08"] | {"evaluated": 4, "without_gold_code": 1} == counts["isco-08"]
    # level 4: 2411 wrong, "23" too coarse, 7212|7223 right, blank wrong
    assert figures(tables, level=4, reading="all")["accuracy"] == pytest.approx(1 / 3)
    # level 2: 24 right, 23 right, 72 right, blank wrong
    assert figures(tables, level=2, reading="all")["accuracy"] == pytest.approx(3 / 4)
    automatic = figures(tables, level=2, reading="automatic")
    assert automatic["share"] == pytest.approx(3 / 4)
    assert automatic["accuracy"] == 1.0
    own = figures(tables, level="own")
    assert own["judged"] == pytest.approx(2 / 3)  # 2341 against "23" cannot be judged
    assert own["accuracy"] == pytest.approx(1 / 2)


def test_both_readings_of_this_engines_output(files: tuple[Path, Path]) -> None:
    _, tables, _ = evaluate([files[0]], files[1], QUICK)
    with files[0].open(encoding="utf-8") as handle:
        coded = {row["id"]: row for row in csv.DictReader(handle)}
    with files[1].open(encoding="utf-8") as handle:
        gold = {row["id"]: row["isco-08"] for row in csv.DictReader(handle)}
    first = {i: row["isco-08_suggestions"].split(":")[0] for i, row in coded.items()}
    hits = np.mean([first[i] == gold[i] for i in gold])
    assert figures(tables, level=4, reading="all")["accuracy"] == pytest.approx(hits)
    auto = {i: row["isco-08_code"] for i, row in coded.items() if row["isco-08_status"] == "auto"}
    right = np.mean([gold[i].startswith(code) for i, code in auto.items()])
    own = figures(tables, level="own", reading="automatic")
    assert own["accuracy"] == pytest.approx(right)
    assert own["share"] == pytest.approx(len(auto) / len(gold))
    assert figures(tables, level=4, reading="all")["top_5"] == pytest.approx(1.0)


def test_calibrated_files_are_found_calibrated(files: tuple[Path, Path]) -> None:
    _, tables, _ = evaluate([files[0]], files[1], QUICK)
    found = figures(tables, level=4, reading="all")
    assert found["ece"] < 0.08
    rows = pick(tables["dissimilarity"], level=1)
    index = {row["variant"]: float(str(row["value"])) for row in rows}
    assert index["mixed"] < index["best_suggestion"] + 0.02
    assert index["best_suggestion_corrected"] < 0.1


def test_row_order_and_column_order_do_not_matter(files: tuple[Path, Path], tmp_path: Path) -> None:
    _, tables, _ = evaluate([files[0]], files[1], QUICK)
    shuffled = []
    for path in files:
        with path.open(encoding="utf-8") as handle:
            header, *rows = csv.reader(handle)
        np.random.default_rng(1).shuffle(rows)
        order = np.random.default_rng(2).permutation(len(header))
        rows = [[row[i] for i in order] for row in rows]
        shuffled.append(write_csv(tmp_path / path.name, [header[i] for i in order], rows))
    _, again, _ = evaluate([shuffled[0]], shuffled[1], QUICK)
    assert repr(again) == repr(tables)


def test_same_inputs_give_the_same_bytes(files: tuple[Path, Path], tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        meta, tables, cases = evaluate([files[0]], files[1], QUICK)
        page = render(build_report(meta, tables, cases))
        paths = write_results(tmp_path / name, meta, tables, page)
        written.append({path.name: path.read_bytes() for path in paths})
    assert written[0] == written[1]
    assert {"metrics.json", "levels.csv", "codes.csv", "report.html"} <= set(written[0])
    assert str(tmp_path).encode() not in b"".join(written[0].values())


def test_weights_count_as_copies_and_lower_the_effective_n(tmp_path: Path) -> None:
    weight = [1, 1, 4]
    gold = codes_file(tmp_path / "gold.csv", ["1111", "1112", "2411"], w=weight)  # type: ignore[arg-type]
    made = codes_file(tmp_path / "made.csv", ["1111", "1111", "2411"])
    options = Options(schemes=("isco-08",), weight="w", replicates=60)
    _, tables, _ = evaluate([made], gold, options)
    assert figures(tables, level=4, reading="all")["accuracy"] == pytest.approx(5 / 6)
    row = pick(tables["levels"], level=4, reading="all", metric="accuracy")[0]
    assert row["n_effective"] == pytest.approx(36 / 18)


def test_plain_codes_without_a_scheme(tmp_path: Path) -> None:
    gold = codes_file(tmp_path / "gold.csv", ["a", "b", "b", "c"])
    made = codes_file(tmp_path / "made.csv", ["a", "b", "c", "d"])
    _, tables, _ = evaluate([made], gold, QUICK)
    assert figures(tables, level=1, reading="all")["accuracy"] == pytest.approx(0.5)
    missing = {row["code"] for row in tables["missing"]}
    assert missing == set()
    assert pick(tables["codes"], code="d", reading="all")[0]["gold_n"] == 0


def test_comparison_and_second_coder(tmp_path: Path) -> None:
    truth = ["1111", "1112", "1113", "2411", "2412", "2413"] * 20
    gold = codes_file(tmp_path / "gold.csv", truth)
    worse = ["2411" if i % 3 == 0 else code for i, code in enumerate(truth)]
    a = codes_file(tmp_path / "a.csv", worse)
    b = codes_file(tmp_path / "b.csv", truth)
    options = Options(schemes=("isco-08",), human=b, replicates=60)
    _, tables, cases = evaluate([a, b], gold, options)
    row = pick(tables["comparison"], second="b", level=4, metric="accuracy")[0]
    assert row["difference"] == pytest.approx(1 - row["value_first"])  # type: ignore[operator]
    assert row["only_first_right"] == 0
    assert float(str(row["p_mcnemar"])) < 1e-3
    assert float(str(row["low"])) > 0
    assert [s.name for s in cases[0].systems] == ["a", "b", "second coder"]


def test_change_without_gold(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = make_files(tmp_path, load_scheme("isco-08"), 600, seed=0)[0]
    _, same, _ = compare_runs(files[0], other, QUICK)
    assert {row["value"] for row in same["changes"]} == {0.0}
    assert same["flows"] == []
    new = make_files(tmp_path, load_scheme("isco-08"), 600, seed=5)[0]
    _, changed, _ = compare_runs(files[0], new, QUICK)
    by_level = [row["value"] for row in pick(changed["changes"], reading="all")]
    assert by_level == sorted(by_level)  # a finer level never changes less
    moves = sum(int(str(r["n"])) for r in pick(changed["flows"], reading="all", level=4))
    assert moves == pytest.approx(by_level[-1] * 600)  # type: ignore[operator]
    assert sum(float(str(r["value"])) for r in changed["status"]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("gold", "made", "options", "message"),
    [
        (["1111", "zzzz"], ["1111", "1112"], {}, "not codes of isco-08 .zzzz."),
        (["", ""], ["1111", "1112"], {}, "no record of the predictions has a gold code"),
        (["1111"], ["1111"], {"weight": "w"}, "no column 'w'"),
        (["1111"], ["1111"], {"gold_columns": ("x",)}, "no column 'x'.*id, code"),
        (["1111"], ["1111"], {"id_column": "key"}, "no column 'key'"),
        (["1111"], ["1111"], {"by": ("where",)}, "no column 'where'"),
    ],
)
def test_unusable_files_are_one_clear_error(
    tmp_path: Path, gold: list[str], made: list[str], options: dict[str, object], message: str
) -> None:
    a = codes_file(tmp_path / "gold.csv", gold)
    b = codes_file(tmp_path / "made.csv", made)
    with pytest.raises(InputError, match=message):
        evaluate([b], a, Options(schemes=("isco-08",), **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["1.5", "-0.1", "high"])
def test_bad_confidence_is_an_error(tmp_path: Path, bad: str) -> None:
    gold = codes_file(tmp_path / "gold.csv", ["1111"])
    made = codes_file(tmp_path / "made.csv", ["1111"], confidence=[bad])
    with pytest.raises(InputError, match="confidence"):
        evaluate([made], gold, Options(schemes=("isco-08",)))


def test_repeated_ids_and_foreign_ids_are_errors(tmp_path: Path) -> None:
    gold = write_csv(tmp_path / "gold.csv", ["id", "code"], [["a", "1111"], ["a", "1112"]])
    made = write_csv(tmp_path / "made.csv", ["id", "code"], [["a", "1111"], ["b", "1112"]])
    with pytest.raises(InputError, match="--id"):
        evaluate([made], gold, Options(schemes=("isco-08",)))
    other = write_csv(tmp_path / "other.csv", ["id", "code"], [["x", "1111"], ["y", "1112"]])
    with pytest.raises(InputError, match="occurs in all files"):
        evaluate([made], other, Options(schemes=("isco-08",)))


def test_schemes_without_gold_are_left_out(files: tuple[Path, Path], tmp_path: Path) -> None:
    with files[0].open(encoding="utf-8") as handle:
        header, *rows = csv.reader(handle)
    more = ["body-part_code", "body-part_status"]
    both = write_csv(tmp_path / "both.csv", header + more, [[*row, "1", "auto"] for row in rows])
    _, _, cases = evaluate([both], files[1], QUICK)
    assert [case.tree.name for case in cases] == ["isco-08"]
    other = codes_file(tmp_path / "gold.csv", ["1"])
    with pytest.raises(InputError, match="--scheme"):
        evaluate([both], other, QUICK)


def test_unknown_gold_can_be_dropped_and_is_counted(tmp_path: Path) -> None:
    gold = codes_file(tmp_path / "gold.csv", ["1111", "zzzz"])
    made = codes_file(tmp_path / "made.csv", ["1111", "qqqq"])
    options = Options(schemes=("isco-08",), drop_unknown=True, replicates=60)
    meta, _, _ = evaluate([made], gold, options)
    counts = meta["records"]["isco-08"]  # type: ignore[index]
    assert counts["gold_codes_unknown"] == 1
    assert counts["predicted_codes_unknown"] == {"made": 1}
    assert counts["evaluated"] == 1


def test_gold_and_narratives_stay_out_of_errors(tmp_path: Path) -> None:
    gold = write_csv(tmp_path / "gold.csv", ["id", "note"], [["a", "SECRETWORD fell"]])
    made = write_csv(tmp_path / "made.csv", ["id", "code", "narrative"],
                     [["a", "1111", "SECRETWORD fell"]])  # fmt: skip
    with pytest.raises(InputError) as caught:
        evaluate([made], gold, Options(schemes=("isco-08",)))
    assert "SECRETWORD" not in str(caught.value.as_dict())


@pytest.mark.slow
@pytest.mark.parametrize("weighted", [False, True])
def test_a_large_report_is_quick_and_small(tmp_path: Path, weighted: bool) -> None:
    """100,000 records × 436 codes: under 60 s of processor time and 2 GB in a fresh process."""
    coded, gold = make_files(tmp_path, load_scheme("isco-08"), 100_000)
    options = ["--gold", str(gold), "--out", str(tmp_path / "out")]
    if weighted:
        with gold.open(encoding="utf-8") as handle:
            header, *rows = csv.reader(handle)
        weight = np.random.default_rng(0).uniform(0.2, 5, len(rows))
        rows = [[*row, f"{w:.5f}"] for row, w in zip(rows, weight, strict=True)]
        write_csv(gold, [*header, "w"], rows)  # type: ignore[arg-type]
        options += ["--weight", "w"]
    program = (
        "import resource, sys; from coder.cli.evaluate import evaluate; "
        "evaluate(sys.argv[1:], standalone_mode=False); "
        "used = resource.getrusage(resource.RUSAGE_SELF); "
        "print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    command = [sys.executable, "-c", program, str(coded), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, kilobytes = map(float, done.stdout.splitlines()[-1].split())
    assert (tmp_path / "out" / "report.html").stat().st_size < 2_000_000
    assert seconds < 60
    assert kilobytes < 2_000_000
