"""Step 6: the training loop, from top to bottom.

`fit` goes through the phases and epochs, `train_one_epoch` through the batches. Everything that
chance decides is seeded anew for every epoch, so a training that was killed and goes on from its
last epoch ends with the same weights as one that was not.
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from pipeline.errors import InputError
from pipeline.models.precision import autocast
from pipeline.train.averaging import RunningAverage
from pipeline.train.checkpoint import load_checkpoint, save_checkpoint
from pipeline.train.feature_cache import FeatureCache, outputs_of
from pipeline.train.learner import Layers, Learner, Losses, Recipe
from pipeline.train.schedule import THAWED, Phase

# How often a GPU is asked whether the loss is still finite: asking makes it wait.
_STEPS_BETWEEN_CHECKS = 50


class BatchSource(Protocol):
    """Gives the batches of an epoch; a batch has `images` and `photo`."""

    def __len__(self) -> int: ...

    def epoch(self, seed: int, *, whole: bool = False) -> Iterable[Any]:
        """Yield one pass; equal seeds give equal passes, a `whole` one leaves no photo out."""


class Watcher(Protocol):
    """Is told how a training goes on."""

    def resume(self, epochs: int) -> None:
        """Hear how many epochs an earlier run has finished."""

    def step(self, photos: int, losses: dict[str, Tensor]) -> None:
        """Hear of a step that has been made."""

    def epoch(self, row: dict) -> None:
        """Hear of an epoch that has ended."""


def fit(
    model: nn.Module,
    layers: Layers,
    losses: Losses,
    phases: list[Phase],
    train: BatchSource,
    val: BatchSource,
    recipe: Recipe,
    watcher: Watcher,
    checkpoint: Path,
) -> tuple[nn.Module, list[dict]]:
    """Return the trained model (averaged where `recipe.ema` says so) and a row for each epoch.

    Args:
        model: on its device; trained in place.
        layers: its layer groups.
        losses: from outputs and batch to named scalars; `loss` is what is minimised.
        phases: in order; those of 0 epochs are left out.
        train: source of shuffled, augmented batches.
        val: source of plain batches.
        recipe: see `Recipe`.
        watcher: hears of every step and epoch.
        checkpoint: written after every epoch, and where one lies, training goes on from it.

    Raises:
        InputError: a loss is not finite; names the epoch, and in training the photos of the batch
            by position.
    """
    averaged = RunningAverage(model, recipe.ema) if recipe.ema else None
    saved = load_checkpoint(checkpoint)
    history: list[dict] = saved["history"] if saved else []
    watcher.resume(len(history))
    epoch = 0
    for phase in phases:
        layers.thaw(THAWED[phase.name])
        learner = Learner(model, layers, losses, averaged, phase, len(train), recipe)
        learns_from, scored_on = _sources(phase, model, train, val, recipe, checkpoint.parent)
        for _ in range(phase.epochs):
            epoch += 1
            if epoch <= len(history):
                if epoch == len(history):
                    learner.restore(saved)
                continue
            if _stalled(history, recipe.early_stop):
                break
            layers.thaw(THAWED[phase.name])  # validation put the model at rest
            seed = epoch_seed(recipe.seed, epoch)
            row = {"epoch": epoch, "phase": phase.name, "lr": learner.rate()}
            row["train"] = train_one_epoch(learner, learns_from.epoch(seed), epoch, seed, watcher)
            resting = averaged.module if averaged else model
            row["val"] = mean_losses(resting, losses, scored_on, recipe.precision)
            _check_val(row)
            history.append(row)
            save_checkpoint(checkpoint, {"history": history, **learner.states()})
            watcher.epoch(row)
    return (averaged.module if averaged else model), history


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of one epoch of a training, far from those of other trainings."""
    return seed * 100_003 + epoch


def _sources(
    phase: Phase,
    model: nn.Module,
    train: BatchSource,
    val: BatchSource,
    recipe: Recipe,
    folder: Path,
) -> tuple[BatchSource, BatchSource]:
    """Return what a phase learns from and is scored on: features, where a CPU gains by them.

    A GPU computes them again sooner than it has read them.
    """
    on_cpu = next(model.parameters()).device.type == "cpu"
    if phase.name != "head" or phase.epochs < 2 or not on_cpu:
        return train, val
    options = {"seed": recipe.seed, "precision": recipe.precision, "folder": folder}
    return (
        FeatureCache(train, model, shuffled=True, **options),
        FeatureCache(val, model, shuffled=False, **options),
    )


def train_one_epoch(
    learner: Learner, batches: Iterable[Any], epoch: int, seed: int, watcher: Watcher
) -> dict[str, float]:
    """Return the mean of each loss over the epoch's batches; the learner has learnt from them."""
    torch.manual_seed(seed)  # of dropout
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
        watcher.step(len(batch.photo), losses)
    _check_finite(unchecked, epoch)
    return {name: float(total) / steps for name, total in totals.items()}


@torch.no_grad()
def mean_losses(
    model: nn.Module, losses: Losses, batches: BatchSource, precision: str
) -> dict[str, float]:
    """Return the mean of each batch's losses, weighed by its photos, with the model at rest."""
    model.eval()
    totals: dict[str, Tensor] = {}
    photos = 0
    for batch in batches.epoch(0):
        with autocast(batch.images.device, precision):
            outputs = outputs_of(model, batch)
        photos += len(batch.photo)
        for name, value in losses(outputs, batch).items():
            totals[name] = totals.get(name, 0) + value * len(batch.photo)
    return {name: float(total) / photos for name, total in totals.items()}


def _check_finite(unchecked: list[tuple[Tensor, Tensor]], epoch: int) -> None:
    for loss, photo in unchecked:
        if not math.isfinite(float(loss)):
            raise InputError(
                f"the loss became {float(loss)} in epoch {epoch}, at the batch of photos "
                f"{photo.tolist()} (positions in the train split); try a lower lr"
            )
    unchecked.clear()


def _check_val(row: dict) -> None:
    for name, value in row["val"].items():
        if not math.isfinite(value):  # JSON knows no such number
            raise InputError(
                f"{name} of val became {value} in epoch {row['epoch']}; try a lower lr"
            )


def _stalled(history: list[dict], patience: int) -> bool:
    if not patience or len(history) <= patience:
        return False
    values = [row["val"]["loss"] for row in history]
    return min(values[-patience:]) >= min(values[:-patience])
