"""Step 6: the training loop, from top to bottom.

`fit` goes through the phases and epochs, `train_one_epoch` through the batches. Everything that
chance decides is seeded anew for every epoch, so a training that was killed and goes on from its
last epoch ends with the same weights as one that was not.
"""

import math
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from pipeline.errors import InputError
from pipeline.train.checkpoint import load_checkpoint, save_checkpoint
from pipeline.train.schedule import THAWED, Phase, make_optimizer, make_scheduler

Losses = Callable[[dict[str, Tensor], Any], dict[str, Tensor]]

# How often a GPU is asked whether the loss is still finite: asking makes it wait.
_STEPS_BETWEEN_CHECKS = 50


class BatchSource(Protocol):
    """Gives the batches of an epoch; a batch has `images` and `photo`."""

    def __len__(self) -> int: ...

    def epoch(self, seed: int) -> Iterable[Any]:
        """Yield the batches of one pass; equal seeds give equal passes."""


class Layers(Protocol):
    """The layer groups of a model: `head`, `late`, `early`."""

    parameters: dict[str, list[nn.Parameter]]

    def thaw(self, names: tuple[str, ...]) -> None:
        """Let only the named groups learn."""


class Watcher(Protocol):
    """Is told how a training goes on."""

    def resume(self, epochs: int) -> None:
        """Hear how many epochs an earlier run has finished."""

    def step(self, photos: int, losses: dict[str, Tensor]) -> None:
        """Hear of a step that has been made."""

    def epoch(self, row: dict) -> None:
        """Hear of an epoch that has ended."""


@dataclass(frozen=True)
class Recipe:
    """What `fit` needs to know beside the model, the data and the phases.

    Attributes:
        seed: of order, augmentation and dropout.
        schedule: `one_cycle` or `cosine`, in every phase.
        lr_divisor: how much slower each layer group learns than the one above it.
        weight_decay: decoupled.
        grad_clip: largest norm of the gradient.
        ema: decay of the averaged weights that are kept; 0 keeps the last ones.
        early_stop: epochs without a lower val loss after which training ends; 0 never does.
        compile: run the model through `torch.compile`.
    """

    seed: int
    schedule: str
    lr_divisor: float
    weight_decay: float
    grad_clip: float
    ema: float
    early_stop: int
    compile: bool


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
    device = next(model.parameters()).device
    averaged = _averaged(model, recipe.ema) if recipe.ema else None
    forward = torch.compile(model) if recipe.compile else model
    saved = load_checkpoint(checkpoint, device)
    history: list[dict] = saved["history"] if saved else []
    watcher.resume(len(history))
    epoch = 0
    for phase in phases:
        layers.thaw(THAWED[phase.name])
        optimizer = make_optimizer(
            layers.parameters, phase, lr_divisor=recipe.lr_divisor, weight_decay=recipe.weight_decay
        )
        scheduler = make_scheduler(optimizer, recipe.schedule, phase.epochs * len(train))
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
        if averaged:
            parts["averaged"] = averaged
        for _ in range(phase.epochs):
            epoch += 1
            if epoch <= len(history):
                if epoch == len(history):
                    for name, part in parts.items():
                        part.load_state_dict(saved[name])
                continue
            if _stalled(history, recipe.early_stop):
                return (averaged.module if averaged else model), history
            layers.thaw(THAWED[phase.name])
            torch.manual_seed(_epoch_seed(recipe.seed, epoch))
            row = {"epoch": epoch, "phase": phase.name, "lr": optimizer.param_groups[0]["lr"]}
            row["train"] = train_one_epoch(
                forward,
                model,
                losses,
                train,
                optimizer,
                scheduler,
                recipe,
                epoch,
                averaged,
                watcher,
            )
            row["val"] = mean_losses(averaged.module if averaged else model, losses, val)
            _check_val(row)
            history.append(row)
            states = {name: part.state_dict() for name, part in parts.items()}
            save_checkpoint(checkpoint, {"history": history, **states})
            watcher.epoch(row)
    return (averaged.module if averaged else model), history


def train_one_epoch(
    forward: nn.Module,
    model: nn.Module,
    losses: Losses,
    batches: BatchSource,
    optimizer: torch.optim.Optimizer,
    scheduler: torch.optim.lr_scheduler.LRScheduler,
    recipe: Recipe,
    epoch: int,
    averaged: AveragedModel | None,
    watcher: Watcher,
) -> dict[str, float]:
    """Return the mean of each loss over the epoch's batches; the model has learnt from them."""
    device = next(model.parameters()).device
    totals: dict[str, Tensor] = {}
    unchecked: list[tuple[Tensor, Tensor]] = []
    for batch in batches.epoch(_epoch_seed(recipe.seed, epoch)):
        with autocast(device):
            outputs = forward(batch.images)
        step_losses = losses(outputs, batch)
        optimizer.zero_grad(set_to_none=True)
        step_losses["loss"].backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe.grad_clip)
        unchecked.append((step_losses["loss"].detach(), batch.photo))
        if device.type == "cpu" or len(unchecked) == _STEPS_BETWEEN_CHECKS:
            _check_finite(unchecked, epoch)
        optimizer.step()
        scheduler.step()
        if averaged:
            averaged.update_parameters(model)
        for name, value in step_losses.items():
            totals[name] = totals.get(name, 0) + value.detach()
        watcher.step(len(batch.photo), {k: v.detach() for k, v in step_losses.items()})
    _check_finite(unchecked, epoch)
    return {name: float(total) / len(batches) for name, total in totals.items()}


@torch.no_grad()
def mean_losses(model: nn.Module, losses: Losses, batches: BatchSource) -> dict[str, float]:
    """Return the mean of each loss over the photos of `batches`, with the model at rest."""
    model.eval()
    totals: dict[str, Tensor] = {}
    photos = 0
    for batch in batches.epoch(0):
        with autocast(batch.images.device):
            outputs = model(batch.images)
        photos += len(batch.photo)
        for name, value in losses(outputs, batch).items():
            totals[name] = totals.get(name, 0) + value * len(batch.photo)
    return {name: float(total) / photos for name, total in totals.items()}


def autocast(device: torch.device):
    """Return the context for a forward pass: bf16 on CUDA; a CPU without such units is slower."""
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()


def _averaged(model: nn.Module, decay: float) -> AveragedModel:
    @torch.no_grad()
    def average(averages: list[Tensor], currents: list[Tensor], steps: Tensor | int) -> None:
        # Early on the mean is short, or it would be one of random weights.
        share = 1 - min(decay, (1 + int(steps)) / (10 + int(steps)))
        if averages[0].is_floating_point():  # a call has tensors of one kind only
            torch._foreach_lerp_(averages, currents, share)
        else:
            torch._foreach_copy_(averages, currents)

    return AveragedModel(model, multi_avg_fn=average, use_buffers=True)


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


def _epoch_seed(seed: int, epoch: int) -> int:
    return seed * 100_003 + epoch


def recipe_record(recipe: Recipe, phases: list[Phase]) -> dict:
    """Return the recipe and its phases as plain values, for `model.json` and the digest."""
    return {**asdict(recipe), "phases": [asdict(phase) for phase in phases]}
