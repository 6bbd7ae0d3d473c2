"""A model from rows to a folder and back."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from coder.errors import ModelError, TrainingError
from coder.model.encoder import Encoder, load_encoder
from coder.model.files import digest
from coder.model.labels import at_level
from coder.model.model import Model
from coder.model.train import Rows, deal, fingerprint, train
from coder.text import Prepared
from tests.model.helpers import animals, sample, shipped_encoder, small, trained

NEW = [Prepared("a puppy with a leash", "", None), Prepared("quacks on the pond", "", None)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model, _ = trained()
    model.save(tmp_path / "animals", "card")
    return tmp_path / "animals"


def test_it_learns_and_says_how_well() -> None:
    model, scores = trained()
    p = model.probabilities(NEW)
    assert [p.codes[c] for c in p.values.argmax(axis=1)] == ["11", "22"]
    assert p.values.sum(axis=1) == pytest.approx(1, abs=1e-5)
    everything = {s.level: s for s in scores if s.source == "all"}
    assert everything[2].n == 24
    assert everything[2].top1 > 0.9
    assert everything[2].low < everything[2].top1 <= everything[2].high
    assert {s.source for s in scores} == {"all", "zoo", "farm"}


def test_labels_of_level_one_still_teach_level_one() -> None:
    model, scores = train(animals(), sample(coarse=0.5), shipped_encoder(), small())
    assert next(s for s in scores if s.level == 1 and s.source == "all").top1 > 0.9
    assert model.codes == ("11", "12", "21", "22")


def test_what_is_read_back_says_the_same(folder: Path) -> None:
    model, _ = trained()
    again = Model.load(folder)
    assert (again.probabilities(NEW).values == model.probabilities(NEW).values).all()
    assert again.hash == model.hash
    assert again.scheme.version_hash == animals().version_hash
    assert again.scheme.name == "animals"


def test_a_text_gets_the_same_answer_in_any_company() -> None:
    model, _ = trained()
    texts = [f"the puppy swims {i}" for i in range(150)]
    many = [Prepared(text, "", None) for text in texts]
    together = model.probabilities(many).values
    alone = np.vstack([model.probabilities([one]).values for one in many[::30]])
    assert (together[::30] == alone).all()


def test_silence_has_no_probability() -> None:
    model, _ = trained()
    p = model.probabilities([Prepared("", "", "empty"), *NEW])
    assert (p.values[0] == 0).all()
    assert model.novelty([Prepared("zyx vut", "", None), NEW[0]])[0] == 1.0


def test_the_words_that_speak_for_a_code() -> None:
    model, _ = trained()
    dog, duck = (model.codes.index(code) for code in ("11", "22"))
    asked = np.array([[dog, duck], [dog, duck]])
    first, second = model.read(NEW).words_for(np.array([0, 1]), asked)
    assert "puppy" in first[0]
    assert "puppy" not in first[1]
    assert "pond" in second[1]


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.json", "scheme.csv"])
def test_a_changed_or_missing_file_is_named(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelError, match=f"{name} has been changed"):
        Model.load(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        Model.load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 99}, "newer narracoder"),
        ({"format": "x"}, "damaged"),
        ({"codes": None}, "incomplete"),
        ({"scheme_version": "0"}, "another version of scheme"),
        ({"encoder": {"name": "other", "fingerprint": "0"}}, "encoder"),
    ],
)
def test_a_manifest_that_does_not_fit(
    folder: Path, change: dict[str, object], message: str
) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= change
    (folder / "manifest.json").write_text(
        json.dumps({k: v for k, v in manifest.items() if v is not None})
    )
    with pytest.raises(ModelError, match=message):
        Model.load(folder)


def test_arrays_that_are_none_are_an_error_and_no_code_runs(folder: Path) -> None:
    (folder / "weights.safetensors").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["weights.safetensors"] = digest(folder / "weights.safetensors")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="do not fit its manifest"):
        Model.load(folder)


def test_no_manifest_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        Model.load(tmp_path)


def test_too_little_to_learn_from() -> None:
    with pytest.raises(TrainingError, match="at least 50"):
        train(animals(), sample(30), shipped_encoder(), small())
    rows = sample(60)
    rows.labels = [frozenset(["11"])] * len(rows)
    with pytest.raises(TrainingError, match="same code"):
        train(animals(), rows, shipped_encoder(), small())


def test_the_fingerprint_forgets_the_order_only() -> None:
    rows = sample(20)
    turned = Rows(rows.prepared[::-1], rows.labels[::-1], rows.source[::-1], rows.part[::-1])
    assert fingerprint(rows) == fingerprint(turned)
    turned.labels[0] = frozenset(["2"])
    assert fingerprint(rows) != fingerprint(turned)


def test_equal_texts_fall_into_the_same_part() -> None:
    parts = [deal(f"text {i}") for i in range(2000)]
    assert parts == [deal(f"text {i}") for i in range(2000)]
    shares = {part: parts.count(part) / 2000 for part in set(parts)}
    stated = {"fit": 0.72, "calibrate": 0.08, "tune": 0.1, "test": 0.1}
    assert shares == pytest.approx(stated, abs=0.03)


def test_labels_at_a_level() -> None:
    scheme = animals()
    assert at_level(frozenset(["11"]), scheme, 1) == {"1"}
    assert at_level(frozenset(["1"]), scheme, 2) is None
    assert at_level(frozenset(["11", "12"]), scheme, 2) == {"11", "12"}


def test_an_encoder_is_checked_too(tmp_path: Path) -> None:
    encoder: Encoder = shipped_encoder()
    copy = tmp_path / "encoder"
    shutil.copytree(encoder.folder, copy)
    with (copy / "model.onnx").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelError, match=r"model\.onnx has been changed"):
        load_encoder(copy)
    with pytest.raises(ModelError, match="no encoder in"):
        load_encoder(tmp_path)
