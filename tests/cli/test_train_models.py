"""`coder train` and `coder models` end to end, on a small scheme and texts made here."""

import csv
import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from coder.cli import main

WORDS = {
    "11": ["barks", "bone", "leash", "puppy", "kennel"],
    "12": ["meows", "whisker", "purrs", "kitten", "mouse"],
    "21": ["hoots", "night", "forest", "feather", "silent"],
    "22": ["quacks", "pond", "swims", "duckling", "bread"],
}
SCHEME = "code,title,parent\n1,Mammals,\n11,Dogs,1\n12,Cats,1\n2,Birds,\n21,Owls,2\n22,Ducks,2\n"


def run(*arguments: object) -> tuple[int, str, str]:
    with CliRunner().isolation() as (out, err, _):
        status = main.run([str(argument) for argument in arguments])
        return status, out.getvalue().decode(), err.getvalue().decode()


def write_rows(path: Path, change: dict[int, str] | None = None) -> Path:
    """200 coded texts; `change` replaces the code of single rows."""
    rng = random.Random(3)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "description", "animal"])
        for number in range(200):
            code = rng.choice(list(WORDS))
            text = " ".join([*rng.choices(WORDS[code], k=3), "garden", str(rng.randrange(99))])
            writer.writerow([number, text, (change or {}).get(number, code)])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scheme and a model trained on it through the command."""
    made = tmp_path_factory.mktemp("train")
    (made / "animals.csv").write_text(SCHEME)
    write_rows(made / "coded.csv", {0: "", 1: "1", 2: "11|12"})
    status, out, err = run(
        "train", made / "animals.csv", made / "coded.csv", "--code", "animal",
        "--out", made / "model", "--epochs", "4",
    )  # fmt: skip
    assert status == 0, err
    assert out.splitlines()[0].split()[:4] == ["level", "n", "top", "1"]
    assert "1 rows without code: left out" in err
    return made


def test_the_model_has_a_card_with_its_score(folder: Path) -> None:
    status, out, _ = run("models", "show", folder / "model")
    assert status == 0
    assert "199" in out
    assert "| all | 2 |" in out
    manifest = json.loads(run("models", "show", folder / "model", "--format", "json")[1])
    assert manifest["scheme"] == "animals"
    top1 = next(m["top1"] for m in manifest["metrics"] if m["source"] == "all" and m["level"] == 1)
    assert top1 > 0.8


def test_training_again_gives_the_same_model(folder: Path) -> None:
    again = folder / "again"
    command = ("train", folder / "animals.csv", folder / "coded.csv", "--code", "animal")
    assert run(*command, "--out", again, "--epochs", "4")[0] == 0
    for path in (folder / "model").iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes(), path.name


def test_a_model_is_not_overwritten_without_force(folder: Path) -> None:
    before = (folder / "model/manifest.json").read_bytes()
    status, _, err = run(
        "train", folder / "animals.csv", folder / "coded.csv", "--code", "animal",
        "--out", folder / "model",
    )  # fmt: skip
    assert status == 1
    assert "--force" in err
    assert (folder / "model/manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--code", "nope"], "has no column 'nope'; found: id, description, animal"),
        (["--code", "animal", "--part", "nope"], "has no column 'nope'"),
        (["--code", "animal", "--part", "id"], "row 3: column id must say fit, calibrate"),
        (["--code", "animal", "--text", "nope"], "'nope'"),
        (["--code", "animal", "--encoder", "nope"], "no encoder in nope"),
    ],
)
def test_what_cannot_be_trained(folder: Path, options: list[str], message: str) -> None:
    out = folder / "never"
    status, _, err = run(
        "train", folder / "animals.csv", folder / "coded.csv", "--out", out, *options
    )
    assert status == 1
    assert message in err
    assert not out.exists()


def test_unknown_codes_name_file_and_row_or_are_skipped(folder: Path) -> None:
    source = write_rows(folder / "unknown.csv", {7: "99"})
    command = ("train", folder / "animals.csv", source, "--code", "animal", "--out", folder / "u")
    status, _, err = run(*command)
    assert status == 1
    assert "unknown.csv row 9, column animal" in err
    assert err.count("\n") == 1
    status, _, err = run(*command, "--skip-unknown", "--epochs", "1")
    assert status == 0
    assert "1 rows with unknown code: left out" in err


def test_too_few_rows(folder: Path) -> None:
    (folder / "few.csv").write_text("description,animal\nbarks,11\nmeows,12\n")
    status, _, err = run(
        "train", folder / "animals.csv", folder / "few.csv", "--code", "animal",
        "--out", folder / "few",
    )  # fmt: skip
    assert status == 1
    assert "2 usable rows" in err


def test_verify_finds_a_changed_byte_a_missing_file_and_a_newer_format(
    folder: Path, tmp_path: Path
) -> None:
    assert run("models", "verify", folder / "model")[0] == 0
    copy = tmp_path / "copy"
    copy.mkdir()

    def changed(name: str, content: bytes | None) -> str:
        for path in (folder / "model").iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
        (copy / name).unlink()
        if content is not None:
            (copy / name).write_bytes(content)
        status, out, err = run("models", "verify", copy)
        assert status == 1
        assert "1 of 1 models cannot be used" in err
        return out

    weights = bytearray((folder / "model/weights.safetensors").read_bytes())
    weights[-1] ^= 1
    assert "has been changed or is damaged" in changed("weights.safetensors", bytes(weights))
    assert "vocabulary.json is missing" in changed("vocabulary.json", None)
    manifest = json.loads((folder / "model/manifest.json").read_text())
    newer = json.dumps(manifest | {"format": 99}).encode()
    assert "install a newer narracoder" in changed("manifest.json", newer)


def test_unknown_models(tmp_path: Path) -> None:
    for command in (("show", "nope"), ("verify", "nope"), ("show", tmp_path)):
        status, _, err = run("models", *command)
        assert status == 1
        assert err.startswith("error: no model")


def test_list_shows_what_is_shipped() -> None:
    status, out, _ = run("models", "list")
    assert status == 0
    found = json.loads(run("models", "list", "--format", "json")[1])
    for one in found:
        assert one["name"] in out
        assert one["bytes"] > 1000
