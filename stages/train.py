"""Stage `train`: one rung of the ladder learns, and its model is written."""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pipeline.data.batches import Augmentation, Batches
from pipeline.data.inputs import Inputs, read_inputs
from pipeline.errors import InputError
from pipeline.files import MODELS, PARAMS, PIXELS, TABLES, fresh_folder, write_beside
from pipeline.memory import keep_freed_memory
from pipeline.models.backbone import Backbone, load_pretrained
from pipeline.models.device import choose_device
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.layer_table import summary_text
from pipeline.params import Params, load_params
from pipeline.rungs.registry import RUNGS, Rung, find_rung
from pipeline.rungs.saved_model import ModelSpec, build_model, save_model
from pipeline.train.checkpoint import config_digest, files_digest
from pipeline.train.learner import Recipe
from pipeline.train.loop import fit
from pipeline.train.schedule import THAWED, Phase
from pipeline.train.training_log import TrainingWatch
from stages.entry import die_with_parent, run_stage


def main() -> None:
    """Train the rung named on the command line; write models/RUNG and timings/RUNG.json."""
    parser = argparse.ArgumentParser(prog="python -m stages.train", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    die_with_parent()
    keep_freed_memory()
    inputs = read_inputs(rung.task)
    torch.manual_seed(params.train.shared.seed)
    device = choose_device(params.train.shared.device)
    spec = model_spec(rung, params, inputs.classes)
    model = pretrained_model(spec, params.train.shared.weights, device)
    train_rung(rung, params, inputs, spec, model)


def model_spec(rung: Rung, params: Params, classes: list[str]) -> ModelSpec:
    """Return what the rung's model is to be, from the parameters and the backbone's own data."""
    shared = params.train.shared
    section = params.rung(rung.name)
    record = section.model_dump(mode="json")
    backbone = Backbone(shared.backbone)
    with _naming(rung.name):
        for size in {record["image_size"], _train_size(record)}:
            backbone.check_size(size)
    return ModelSpec(
        rung=rung.name,
        backbone=shared.backbone,
        task=rung.task.value,
        image_size=record["image_size"],
        classes=classes,
        mean=backbone.mean,
        std=backbone.std,
        precision=shared.precision,
        options=rung.options(section),
        params={"shared": shared.model_dump(mode="json"), rung.name: record},
    )


def pretrained_model(spec: ModelSpec, weights: str, device: torch.device) -> nn.Module:
    """Return the spec's model with a pretrained backbone and a fresh head, on `device`."""
    with _naming(spec.rung):
        model = build_model(spec)
    load_pretrained(model.backbone, weights)
    return model.to(device, memory_format=torch.channels_last)


@contextmanager
def _naming(rung: str) -> Iterator[None]:
    """Say of what is wrong with a rung's parameters where they are."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{PARAMS}: train.{rung}: {error}") from None


def train_rung(
    rung: Rung, params: Params, inputs: Inputs, spec: ModelSpec, model: nn.Module
) -> None:
    """Train, then write the model's folder and the timings."""
    section = spec.params[rung.name]
    phases = [Phase(name, **section[name]) for name in THAWED if section[name]["epochs"]]
    if not phases:
        raise InputError(f"{PARAMS}: train.{rung.name}: no phase has an epoch; give one at least 1")
    layers, device = LayerGroups(model), next(model.parameters()).device
    learning = THAWED[phases[-1].name]  # each phase thaws more than the one before it
    layers.thaw(learning)
    summary = summary_text(model, spec.image_size)  # says what learns
    if device.type == "cpu" and "early" not in learning:
        layers.freeze_and_fold(torch.zeros(1, 3, spec.image_size, spec.image_size))
    recipe = Recipe(**_recipe(params, section))
    train, val = batches(params, inputs, spec, model)
    checkpoint = checkpoint_path(rung, spec)
    watch = TrainingWatch(rung.name, sum(phase.epochs for phase in phases), len(train))
    losses = rung.criterion(model, params.rung(rung.name))
    trained, history = fit(model, layers, losses, phases, train, val, recipe, watch, checkpoint)
    watch.close()
    with fresh_folder(MODELS / rung.name) as folder:
        save_model(folder, trained, spec)
        lines = [json.dumps(row) for row in history]
        (folder / "history.jsonl").write_text("\n".join(lines) + "\n")
        (folder / "summary.txt").write_text(summary)
    write_timings(rung, watch, device)
    checkpoint.unlink(missing_ok=True)


def _recipe(params: Params, section: dict[str, Any]) -> dict[str, Any]:
    shared = params.train.shared.model_dump()
    names = (
        *("seed", "schedule", "weight_decay", "grad_clip", "early_stop", "compile"),
        "precision",
    )
    own = {name: section[name] for name in ("ema", "lr_divisor")}
    return {name: shared[name] for name in names} | own


def batches(
    params: Params, inputs: Inputs, spec: ModelSpec, model: nn.Module
) -> tuple[Batches, Batches]:
    """Return the sources of train and val batches.

    Raises:
        InputError: a split has no photo for this rung.
    """
    common = {
        "batch_size": params.train.shared.batch_size,
        "mean": spec.mean,
        "std": spec.std,
        "device": next(model.parameters()).device,
    }
    photos = {split: inputs.photos(split) for split in ("train", "val")}
    for split, of_split in photos.items():
        if len(of_split) < 2:
            raise InputError(
                f"{TABLES}: {len(of_split)} {split} photos for {spec.rung}; it needs 2 at least, "
                "see fetch.split in params.yaml"
            )
    section = spec.params[spec.rung]
    augmentation = Augmentation(**section["augment"])
    size = _train_size(section)
    return (
        Batches(photos["train"], image_size=size, augmentation=augmentation, **common),
        Batches(photos["val"], image_size=spec.image_size, **common),
    )


def _train_size(section: dict[str, Any]) -> int:
    """Return at what size a rung learns: some learn at a smaller one than they are asked at."""
    return section.get("train_size", section["image_size"])


def checkpoint_path(rung: Rung, spec: ModelSpec) -> Path:
    """Return where this very training keeps its state: same data, parameters, code and versions."""
    root = Path(os.environ.get("DVC_ROOT", "."))
    code = [Path(m.__file__) for name, m in sorted(sys.modules.items()) if _is_ours(name, m)]
    inputs = [TABLES / "images.parquet", TABLES / f"{rung.task.table}.parquet", PIXELS]
    digest = config_digest(
        spec.params, spec.classes, files_digest(code), files_digest(inputs), torch.__version__
    )
    return root / ".ladder" / "checkpoints" / rung.name / f"{digest}.pt"


def _is_ours(name: str, module: object) -> bool:
    return name.split(".")[0] in ("pipeline", "stages") and getattr(module, "__file__", None)


def write_timings(rung: Rung, watch: TrainingWatch, device: torch.device) -> None:
    """Write how long it took: a by-product, since equal runs must give equal outputs."""
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    figures = {
        "seconds": round(watch.seconds, 1),
        "img_per_s": round(watch.rate(), 1),
        "device": f"{device.type} {named}",
        "threads": torch.get_num_threads(),
        "cores_busy": round(watch.cores_busy, 2),
    }
    write_beside(
        Path("timings") / f"{rung.name}.json",
        lambda path: path.write_text(json.dumps(figures, indent=2) + "\n"),
    )


if __name__ == "__main__":
    run_stage(main)
