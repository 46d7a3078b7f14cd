"""What the tests of `ladder evaluate` work on: models with random weights, and labelled photos."""

import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import torch

from pipeline.rungs.saved_model import build_model, save_model
from pipeline.schemas import read_classes
from tests.inference.making import spec_of


def save(rung: str) -> None:
    """Write a model with random weights for the classes of the project in the current folder."""
    classes = read_classes(pq.read_table("data/tables/images.parquet"))
    folder, spec = Path("models", rung), spec_of(rung, classes=classes)
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    save_model(folder, build_model(spec).eval(), spec)
    (folder / "history.jsonl").touch()


def val_as_a_folder(folder: Path) -> None:
    """Write the photos and labels of val into a folder of its own."""
    images = pq.read_table("data/tables/images.parquet").to_pylist()
    photos = {one["file_name"]: one["photo"] for one in images if one["split"] == "val"}
    pascal = json.loads(Path("data/source/annotations.json").read_text())
    chosen = [one for one in pascal["images"] if one["file_name"] in photos]
    pascal["images"] = [{**one, "split": "anything"} for one in chosen]
    ids = {one["id"] for one in chosen}
    pascal["annotations"] = [one for one in pascal["annotations"] if one["image_id"] in ids]
    folder.mkdir(parents=True)
    for name, photo in photos.items():
        shutil.copyfile(Path("data/source", photo), folder / name)
    (folder / "labels.json").write_text(json.dumps(pascal))
