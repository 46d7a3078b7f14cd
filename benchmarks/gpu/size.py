"""How much each part does: on a GPU, and where it is rehearsed without one."""

from dataclasses import dataclass, field

from pydantic import JsonValue

from pipeline.params.train import TrainParams

_SIZES = {
    f"train.{rung}.{key}": 128
    for rung, section in TrainParams.model_fields.items()
    if rung != "shared"
    for key in ("image_size", "train_size")
    if key in section.annotation.model_fields
}
_SMALL: dict[str, JsonValue] = {
    "fetch.classes.keep": ["person"],  # of few photos not every class would be in train
    "pixels.size": 128,
    "train.shared.device": "cpu",
    "train.shared.batch_size": 2,
    "train.shared.min_epoch_steps": 1,
    "train.ssd_fpn.channels": 32,
    "train.ssd_fpn.late.epochs": 1,
    "train.ssd_fpn.all.epochs": 1,
    **_SIZES,
}


@dataclass(frozen=True)
class Size:
    """The amount of work.

    Attributes:
        photos: of the pack that are used; None for all.
        steps: of training in one timed round.
        rounds: of each case.
        labelled: photos that are labelled.
        changes: to the parameters of the profile `gpu`, by dotted keys.
    """

    photos: int | None
    steps: int
    rounds: int
    labelled: int
    changes: dict[str, JsonValue] = field(default_factory=dict)


FULL = Size(photos=None, steps=40, rounds=3, labelled=2501)
TINY = Size(photos=40, steps=2, rounds=1, labelled=8, changes=_SMALL)


def chosen_size() -> Size:
    """Return the size for this machine: full where there is a CUDA device."""
    import torch

    return FULL if torch.cuda.is_available() else TINY
