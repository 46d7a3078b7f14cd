"""Stage `train`: trains one rung of the ladder and writes its model."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from pipeline.data import ranks
from pipeline.data.batches import Batches
from pipeline.data.first_batch import first_batch
from pipeline.data.inputs import TrainingData, read_training_data
from pipeline.data.pixel_store import digest_files
from pipeline.errors import InputError
from pipeline.files import (
    AUGMENTED,
    MODELS,
    PARAMS,
    PIXELS,
    TABLES,
    TRAINING,
    fresh_folder,
    write_beside,
)
from pipeline.memory import keep_freed_memory
from pipeline.models.backbone import Backbone, load_pretrained
from pipeline.models.device import choose_device, device_name, processor_name
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.layer_table import summary_text
from pipeline.params.params import Params, load_params
from pipeline.repair.finished_training import checkpoint_folder, finish, reopen
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.rungs.rung import Rung, RungModel
from pipeline.rungs.saved_model import build_model, save_model
from pipeline.train.checkpoint import config_digest, files_digest
from pipeline.train.follower import Follower
from pipeline.train.history import history_lines
from pipeline.train.launch import launch
from pipeline.train.loop import Decode, epoch_seed, fit
from pipeline.train.schedule import THAWED, Phase, phases_of
from pipeline.train.training_log import TrainingWatch
from stages.entry import run_stage


def main() -> None:
    """Train the rung named on the command line; write models/RUNG."""
    parser = argparse.ArgumentParser(prog="python -m stages.train", description=main.__doc__)
    parser.add_argument("rung", metavar="RUNG", help=", ".join(rung.name for rung in RUNGS))
    rung = find_rung(parser.parse_args().rung)
    params = load_params(PARAMS)
    devices, batch_size = params.train.shared.devices, params.train.shared.batch_size
    if devices > batch_size:
        raise InputError(
            f"{PARAMS}: train.shared.batch_size = {batch_size}: {devices} devices share a batch; "
            "each needs at least one photo"
        )
    if devices > 1 and not ranks.is_worker():
        raise SystemExit(launch(devices, "stages.train", [rung.name]))
    with ranks.joined():
        work(rung, params)


def work(rung: Rung, params: Params) -> None:
    """Train the rung in this process, together with any other ranks."""
    keep_freed_memory()
    data = read_training_data(rung.task, params.train.shared.machine_weight)
    torch.manual_seed(params.train.shared.seed)
    device = choose_device(ranks.own_device(params.train.shared.device))
    if device.type == "cuda" and ranks.world_size() > 1:
        torch.cuda.set_device(device)  # the device that NCCL uses
    spec = model_spec(rung, params, data.classes)
    model = pretrained_model(spec, params.train.shared.weights, device)
    try:
        train_rung(rung, params, data, spec, model)
    except torch.OutOfMemoryError:
        raise InputError(
            f"{PARAMS}: train.shared.batch_size = {params.train.shared.batch_size}: too large for "
            f"the memory of {device}; lower it, or train.{rung.name}.image_size"
        ) from None


def model_spec(rung: Rung, params: Params, classes: list[str]) -> ModelSpec:
    """Return the spec of the rung's model, from the parameters and the backbone's own data."""
    shared, own = params.train.shared, params.rung(rung.name)
    backbone = Backbone(shared.backbone)
    with _naming(rung.name):
        for size in {own.image_size, own.size_in_training}:
            backbone.check_size(size)
    return ModelSpec(
        rung=rung.name,
        backbone=shared.backbone,
        task=rung.task.value,
        image_size=own.image_size,
        classes=classes,
        mean=backbone.mean,
        std=backbone.std,
        precision=shared.precision,
        processor=processor_name(),
        options=rung.options(own),
        params={"shared": shared.model_dump(mode="json"), rung.name: own.model_dump(mode="json")},
    )


def pretrained_model(spec: ModelSpec, weights: str, device: torch.device) -> RungModel:
    """Return the spec's model with a pretrained backbone and a fresh head, on `device`."""
    with _naming(spec.rung):
        model = build_model(spec)
    load_pretrained(model.backbone, weights)
    model.to(device)
    return model.to(memory_format=torch.channels_last)


@contextmanager
def _naming(rung: str) -> Iterator[None]:
    """Prefix errors in a rung's parameters with their location."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{PARAMS}: train.{rung}: {error}") from None


def train_rung(
    rung: Rung, params: Params, data: TrainingData, spec: ModelSpec, model: RungModel
) -> None:
    """Train, then write the model's folder, the training time and a batch of augmented photos."""
    shared, own = params.train.shared, params.rung(rung.name)
    train, val = batches(params, data, spec, next(model.parameters()).device)
    phases = phases_of(own, len(train), shared.min_epoch_steps)
    if not phases:
        raise InputError(f"{PARAMS}: train.{rung.name}: no phase has an epoch; give one at least 1")
    summary = _summary(model, phases, spec.image_size)
    checkpoint = checkpoint_path(rung, spec, Path(params.train.shared.weights))
    ranks.check_alike(checkpoint.stem)
    first = ranks.is_rank_zero()
    if first:
        reopen(checkpoint)
    follower = live_curves(rung, checkpoint.stem) if first else None
    epochs = sum(phase.epochs for phase in phases)
    watch = TrainingWatch(rung.name, epochs, len(train), follower, shown=first)
    trained, history = fit(
        model,
        rung.criterion(model, own),
        phases,
        train,
        val,
        shared=shared,
        rung=own,
        watch=watch,
        checkpoint=checkpoint,
        decode=decoder(rung),
    )
    if not first:
        return
    figures = training_figures(watch, train.device, checkpoint.stem)
    watch.close()
    with fresh_folder(MODELS / rung.name) as folder:
        save_model(folder, trained, spec)
        (folder / "history.jsonl").write_text(history_lines(history))
        (folder / "summary.txt").write_text(summary)
    # Not in the model's folder, so that equal trainings give equal folders.
    text = json.dumps(figures, indent=2) + "\n"
    write_beside(TRAINING / f"{rung.name}.json", lambda path: path.write_text(text))
    seen = first_batch(train, epoch_seed(shared.seed, 1))
    write_beside(AUGMENTED / f"{rung.name}.npy", lambda path: np.save(path, seen))
    finish(checkpoint)


def decoder(rung: Rung) -> Decode | None:
    """Return how to decode val after each epoch; None for a rung whose losses say enough."""
    if not rung.task.every_object:
        return None
    # Constants, not `params.predict`: a change of that section must not retrain.
    return lambda outputs, side: rung.decode(
        outputs, image_size=side, min_score=0.05, nms_threshold=0.5, max_detections=100
    )


def _summary(model: RungModel, phases: list[Phase], image_size: int) -> str:
    """Return the table of the model's layers, trainable as in the last phase."""
    # Each phase thaws more layers than the one before.
    LayerGroups(model, model.backbone).thaw(THAWED[phases[-1].name])
    return summary_text(model, image_size)


def batches(
    params: Params, data: TrainingData, spec: ModelSpec, device: torch.device
) -> tuple[Batches, Batches]:
    """Return the sources of train and val batches.

    Raises:
        InputError: a split has too few photos for this rung.
    """
    shared = params.train.shared
    if shared.compile and ranks.world_size() > 1:
        raise InputError(f"{PARAMS}: train.shared.compile is for one device; set it to false")
    for split, photos in (("train", data.train), ("val", data.val)):
        if len(photos) < 2:
            raise InputError(
                f"{TABLES}: {len(photos)} {split} photos for {spec.rung}; it needs at least 2, "
                "see fetch.split in params.yaml"
            )
    own, batch_size = params.rung(spec.rung), shared.batch_size
    if min(batch_size, len(data.train)) < ranks.world_size():
        raise InputError(
            f"{PARAMS}: train.shared.batch_size = {batch_size}: {ranks.world_size()} processes "
            f"share a batch of {len(data.train)} train photos; each needs at least one"
        )
    train = Batches(
        data.train,
        image_size=own.size_in_training,
        batch_size=batch_size,
        mean=spec.mean,
        std=spec.std,
        device=device,
        augment=own.augment,
    )
    val = Batches(
        data.val,
        image_size=spec.image_size,
        batch_size=batch_size,
        mean=spec.mean,
        std=spec.std,
        device=device,
    )
    return train, val


def checkpoint_path(rung: Rung, spec: ModelSpec, weights: Path) -> Path:
    """Return the checkpoint of exactly this training: same data, parameters, code and versions."""
    tables = [TABLES / "images.parquet", TABLES / f"{rung.task.table}.parquet"]
    inputs = [*tables, *digest_files(PIXELS)]  # the digests cover every photo
    if weights.is_file():  # not `bundled` or `download`
        inputs.append(weights)
    digest = config_digest(
        spec.params,
        spec.classes,
        files_digest(code_of(rung)),
        files_digest(inputs),
        torch.__version__,
    )
    return checkpoint_folder(rung.name) / f"{digest}.pt"


def code_of(rung: Rung) -> list[Path]:
    """Return the loaded files of the project's code, without other families of rungs."""
    others = {other.family for other in RUNGS} - {rung.family}
    loaded = {
        name: module.__file__
        for name, module in sys.modules.items()
        if name.split(".")[0] in ("pipeline", "stages")
    }
    return [
        Path(file)
        for name, file in sorted(loaded.items())
        if file and not any(name == other or name.startswith(f"{other}.") for other in others)
    ]


def live_curves(rung: Rung, digest: str) -> Follower:
    """Return what shows epochs live in MLflow: a separate process, so that training never waits."""
    return Follower([sys.executable, "-m", "pipeline.tracking.live.process", rung.name, digest])


def training_figures(
    watch: TrainingWatch, device: torch.device, digest: str
) -> dict[str, float | str]:
    """Return how long the training took, and on what; `digest` identifies it."""
    return {
        "digest": digest,
        "seconds": round(watch.seconds(), 1),
        "photos_per_s": round(watch.rate(), 1),
        "device": device_name(device),
        "processor": processor_name(),
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    run_stage(main)
