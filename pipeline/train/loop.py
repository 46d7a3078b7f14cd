"""The training loop, from top to bottom.

`fit` iterates over phases and epochs, `train_one_epoch` over batches. All randomness is reseeded
for every epoch, so a training that was killed and resumes from its last epoch ends with the same
weights as one that was not.
"""

import math
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor

from pipeline.data import ranks
from pipeline.data.batches import Batch, Batches
from pipeline.errors import InputError
from pipeline.models.layer_groups import LayerGroups
from pipeline.models.precision import autocast
from pipeline.params.train import RungParams, SharedTrainParams
from pipeline.reading.damage import naming_damage
from pipeline.rungs.rung import Criterion, Outputs, PhotoDetections, RungModel
from pipeline.train.averaging import average_of
from pipeline.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pipeline.train.feature_cache import FeatureCache, outputs_of
from pipeline.train.first_photos import found_in_first
from pipeline.train.history import EpochRow, Found
from pipeline.train.learner import Learner
from pipeline.train.ranking import Ranking
from pipeline.train.schedule import THAWED, Phase
from pipeline.train.training_log import TrainingWatch

# On a GPU, to check that losses are finite: each check synchronises.
_STEPS_BETWEEN_CHECKS = 50

BatchSource = Batches | FeatureCache
Decode = Callable[[Outputs, int], list[PhotoDetections]]


def fit(
    model: RungModel,
    criterion: Criterion,
    phases: list[Phase],
    train: Batches,
    val: Batches,
    *,
    shared: SharedTrainParams,
    rung: RungParams,
    watch: TrainingWatch,
    checkpoint: Path,
    decode: Decode | None = None,
) -> tuple[RungModel, list[EpochRow]]:
    """Return the trained model (averaged unless `rung.ema` is 0) and one row per epoch.

    Args:
        model: on its device; trained in place.
        criterion: maps outputs and batch to named losses; `loss` is minimised.
        phases: in order.
        train: source of shuffled, augmented batches.
        val: source of plain batches.
        shared: parameters of all rungs.
        rung: parameters of this one.
        watch: is notified of every step and epoch.
        checkpoint: file that is written after every epoch, and resumed from if it exists.
        decode: see `validate`.

    Raises:
        InputError: a loss is not finite; the message names the epoch and, in training, the
            positions of the batch's photos.
    """
    layers = LayerGroups(model, model.backbone)
    average = average_of(model, rung.ema) if rung.ema else None
    saved = ranks.broadcast_from_rank_zero(lambda: load_checkpoint(checkpoint))
    history = saved["history"] if saved else []
    if saved:
        watch.resume(len(history), saved["seconds"], saved["photos"])
    epochs_before = 0
    for phase in phases:
        layers.thaw(THAWED[phase.name])
        learner = Learner(
            model,
            layers,
            criterion,
            average,
            phase,
            steps_per_epoch=len(train),
            steps_before=epochs_before * len(train),
            shared=shared,
            rung=rung,
        )
        sources = _sources(phase, model, train, val, shared, checkpoint.parent)
        # Of this phase only: newly unfrozen layers first make the loss jump, which is not a stall.
        rows = [row for row in history if row["phase"] == phase.name]
        if saved and rows and rows[-1] is history[-1]:
            with naming_damage(checkpoint, "of this training", "remove it"):
                learner.restore(saved["learner"])
        while len(rows) < phase.epochs and not _stalled(rows, shared.early_stop):
            layers.thaw(THAWED[phase.name])  # validation left the model in evaluation mode
            row = _epoch(learner, len(history) + 1, phase.name, *sources, watch, decode)
            history.append(row)
            rows.append(row)
            if ranks.is_rank_zero():
                save_checkpoint(checkpoint, _state(history, learner, watch))
            watch.epoch(row)
        epochs_before += len(rows)
    return (average.module if average else model), history


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of one epoch of a training, far from those of other trainings."""
    return seed * 100_003 + epoch


def _sources(
    phase: Phase,
    model: RungModel,
    train: Batches,
    val: Batches,
    shared: SharedTrainParams,
    folder: Path,
) -> tuple[BatchSource, BatchSource]:
    """Return what a phase trains and validates on: cached features on a CPU, if they pay off.

    A GPU computes features faster than it reads them.
    """
    on_cpu = next(model.parameters()).device.type == "cpu"
    if phase.name != "head" or phase.epochs < 2 or not on_cpu:
        return train, val
    seed, precision = shared.seed, shared.precision
    return (
        FeatureCache(train, model, seed=seed, shuffled=True, precision=precision, folder=folder),
        FeatureCache(val, model, seed=seed, shuffled=False, precision=precision, folder=folder),
    )


def _epoch(
    learner: Learner,
    epoch: int,
    phase_name: str,
    train: BatchSource,
    val: BatchSource,
    watch: TrainingWatch,
    decode: Decode | None,
) -> EpochRow:
    """Train for one epoch and validate; return the epoch's row."""
    seed = epoch_seed(learner.shared.seed, epoch)
    rate = learner.rate()
    train_losses = train_one_epoch(learner, train.epoch(seed), epoch, seed, watch)
    evaluated = learner.average.module if learner.average else learner.model
    precision = learner.shared.precision
    val_losses, found = validate(evaluated, learner.criterion, val, precision, decode)
    for name, value in val_losses.items():
        if not math.isfinite(value):  # which JSON cannot represent
            raise InputError(f"{name} of val became {value} in epoch {epoch}; try a lower lr")
    return EpochRow(
        epoch=epoch, phase=phase_name, lr=rate, train=train_losses, val=val_losses, found=found
    )


def train_one_epoch(
    learner: Learner, batches: Iterable[Batch], epoch: int, seed: int, watch: TrainingWatch
) -> dict[str, float]:
    """Return the mean of each loss over the epoch's batches; the learner is trained on them."""
    torch.manual_seed(seed)  # for dropout
    totals: dict[str, Tensor] = {}
    unchecked: list[tuple[Tensor, Tensor]] = []
    steps = 0
    for batch in batches:
        steps += 1
        losses = learner.step(batch)
        unchecked.append((losses["loss"], batch.photo))
        if batch.images.device.type == "cpu" or len(unchecked) == _STEPS_BETWEEN_CHECKS:
            _check_finite(unchecked, epoch)
        for name, value in losses.items():
            totals[name] = totals.get(name, 0) + value
        watch.step(len(batch.photo), losses)
    _check_finite(unchecked, epoch)
    return {name: float(total) / steps for name, total in totals.items()}


@torch.no_grad()
def validate(
    model: RungModel,
    criterion: Criterion,
    batches: BatchSource,
    precision: str,
    decode: Decode | None = None,
) -> tuple[dict[str, float], list[list[Found]]]:
    """Return the losses in evaluation mode, and detections in the first photos.

    A loss is the mean over the batches, each weighted by its photos.

    Args:
        model: is left in evaluation mode.
        criterion: see `fit`.
        batches: of all photos.
        precision: see `autocast`.
        decode: maps outputs and the input's side to the detections of each photo; without it there
            is neither `voc_map_50` among the losses nor any detection.
    """
    model.eval()
    measured: list[tuple[int, dict[str, Tensor]]] = []
    ranking = Ranking()
    first: list[list[Found]] = []
    for batch in batches.epoch(0):
        with autocast(batch.images.device, precision):
            outputs = outputs_of(model, batch)
        measured.append((len(batch.photo), criterion(outputs, batch)))
        if decode:
            side = batch.images.shape[-1]
            detections = decode(outputs, side)
            ranking.add(detections, batch)
            first = first or found_in_first(detections, side)
    means = _means_over_photos(measured)
    if decode:
        means["voc_map_50"] = ranking.mean_average_precision()
    return means, first


def _means_over_photos(measured: list[tuple[int, dict[str, Tensor]]]) -> dict[str, float]:
    """Return the mean losses over the batches of all ranks."""
    on_cpu = [(n, {name: value.cpu() for name, value in each.items()}) for n, each in measured]
    totals: dict[str, Tensor] = {}
    photos = 0
    for batch, losses in ranks.gather_round_robin(on_cpu):
        photos += batch
        for name, value in losses.items():
            totals[name] = totals.get(name, 0) + value * batch
    return {name: float(total) / photos for name, total in totals.items()}


def _check_finite(unchecked: list[tuple[Tensor, Tensor]], epoch: int) -> None:
    for loss, photo in unchecked:
        if not math.isfinite(float(loss)):
            raise InputError(
                f"the loss became {float(loss)} in epoch {epoch}, at the batch of photos "
                f"{photo.tolist()} (positions in the train split); try a lower lr"
            )
    unchecked.clear()


def _state(history: list[EpochRow], learner: Learner, watch: TrainingWatch) -> Checkpoint:
    return {
        "history": history,
        "seconds": watch.seconds(),
        "photos": watch.photos,
        "learner": learner.state(),
    }


def _stalled(rows: list[EpochRow], patience: int) -> bool:
    if not patience or len(rows) <= patience:
        return False
    values = [row["val"]["loss"] for row in rows]
    return min(values[-patience:]) >= min(values[:-patience])
