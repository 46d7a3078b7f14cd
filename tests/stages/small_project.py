"""A project folder made small: painted photos, a small backbone with random weights."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import timm
import torch
from ruamel.yaml import YAML
from safetensors.torch import save_file

from stages import fetch, pixels, predict, tables, train
from tests.conftest import ROOT

BACKBONE = "mobilenetv3_small_050"
SIZES = {"ssd_4x4": 128}  # a 4x4 grid; the others take 64
_STAGES = (fetch, tables, pixels)
_PHASES = {"head": {"epochs": 1, "lr": 0.003}, "late": {"epochs": 1, "lr": 0.003}}


def paint_project(root: Path) -> None:
    """Write parameters, weights and all data of a project into an empty folder; chdir there."""
    os.chdir(root)
    torch.manual_seed(5)
    save_file(timm.create_model(BACKBONE).state_dict(), root / "backbone.safetensors")
    write_params(root)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # torchvision's
        for stage in _STAGES:
            run_main(stage)


def write_params(root: Path, **changes) -> None:
    """Write params.yaml; `changes` are keyed by dotted paths, with `__` for the dots."""
    yaml = YAML()
    params = yaml.load((ROOT / "params.yaml").read_text())
    # With this seed a photo of train and one of val are empty.
    params["fetch"] |= {"val_fraction": 0.2, "test_fraction": 0.15, "seed": 2}
    params["fetch"]["demo"] = {"photos": 24, "size": 64}
    params["pixels"]["size"] = 64
    params["train"]["shared"] |= {
        "device": "cpu",
        "backbone": BACKBONE,
        "weights": "backbone.safetensors",
        "batch_size": 4,
        "min_epoch_steps": 1,
    }
    for name, section in params["train"].items():
        if name != "shared":
            section |= _PHASES | {"image_size": 64}
            if "train_size" in section:
                section["train_size"] = 32
    params["report"]["grid_photos"] = 2
    for path, value in changes.items():
        *sections, key = path.split("__")
        part = params
        for section in sections:
            part = part[section]
        part[key] = value
    yaml.dump(params, root / "params.yaml")


def run_main(stage, *args: str) -> None:
    """Call a stage's `main` with these arguments, in this process."""
    before, sys.argv = sys.argv, [stage.__name__, *args]
    try:
        stage.main()
    finally:
        sys.argv = before


def train_and_evaluate(root: Path, rung: str) -> None:
    """Train a rung, let it predict, and evaluate it."""
    write_params(root, **{f"train__{rung}__image_size": SIZES.get(rung, 64)})
    from stages import evaluate

    for stage in (train, predict, evaluate):
        run_main(stage, rung)


def command(stage: str, *args: str, **options) -> subprocess.Popen:
    """Start a stage as people do, in the current folder, on one thread."""
    return subprocess.Popen(
        [sys.executable, "-m", f"stages.{stage}", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def history(rung: str) -> list[dict]:
    """Return the rows of a rung's history in the current folder."""
    lines = Path("models", rung, "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def predictions(rung: str) -> pa.Table:
    """Return what a rung said of the photos in the current folder."""
    return pq.read_table(Path("predictions", f"{rung}.parquet"))


def rewrite_tables(change: Callable[[dict], None]) -> None:
    """Let `change` alter the current folder's Pascal JSON, and make its tables anew."""
    path = Path("data/source/annotations.json")
    pascal = json.loads(path.read_text())
    change(pascal)
    path.write_text(json.dumps(pascal))
    run_main(tables)


def move_split(of: str, to: str, leave: int = 0) -> None:
    """Move all photos of one split to another, but for the first few."""
    path = Path("data/tables/images.parquet")
    images = pq.read_table(path)
    splits = images["split"].to_pylist()
    for row in [row for row, split in enumerate(splits) if split == of][leave:]:
        splits[row] = to
    column = pa.array(splits).cast(images.schema.field("split").type)
    at = images.schema.get_field_index("split")
    pq.write_table(images.set_column(at, images.schema.field("split"), column), path)


def rename_class() -> None:
    """Give the first class another name."""

    def change(pascal: dict) -> None:
        pascal["categories"][0]["name"] = "submarine"

    rewrite_tables(change)


def copy_of(root: Path, to: Path) -> Path:
    """Copy a project folder."""
    return Path(shutil.copytree(root, to, dirs_exist_ok=True))
