"""What ships: sizes, licences' whereabouts, no code in models."""

import json
from pathlib import Path

from coder.engine import SHIPPED
from coder.resources import shipped

MODELS = shipped("models")
ON_REQUEST = ("injury-mode", "material-agency")
MEGABYTE = 1_000_000


def files() -> list[Path]:
    return [path for path in MODELS.rglob("*") if path.is_file()]


def test_models_are_under_sixty_megabytes() -> None:
    assert sum(path.stat().st_size for path in files()) < 60 * MEGABYTE


def test_models_are_data_only() -> None:
    kinds = {path.suffix for path in files()}
    assert kinds <= {".json", ".safetensors", ".onnx", ".md", ".csv"}


def test_every_model_has_a_card_with_intervals_and_policies() -> None:
    folders = [path.parent for path in MODELS.glob("*/manifest.json")]
    assert {folder.name for folder in folders} == {*SHIPPED, *ON_REQUEST}
    for folder in folders:
        card = (folder / "README.md").read_text(encoding="utf-8")
        assert "95 % Wilson interval" in card
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert {"n", "low", "high", "ece"} <= set(manifest["metrics"][0])
        policies = json.loads((folder / "policies.json").read_text(encoding="utf-8"))
        assert policies
        assert "| target |" in (folder / "policies.md").read_text(encoding="utf-8")


def test_encoders_name_their_upstream() -> None:
    for path in MODELS.glob("encoder*/encoder.json"):
        config = json.loads(path.read_text(encoding="utf-8"))
        assert len(config["upstream_sha256"]) == 64
        assert set(config["files"]) & {"model.onnx", "vectors.safetensors"}
