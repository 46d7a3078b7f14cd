"""The history of a training: one row per epoch, as it is written and read again."""

import json
from pathlib import Path
from typing import TypedDict

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.errors import InputError

# A detection: label, score, and xyxy in shares of the photo's sides.
Found = tuple[int, float, float, float, float, float]


class EpochRow(TypedDict):
    """One epoch of a training.

    Attributes:
        epoch: counted from 1 over all phases.
        phase: `head`, `late` or `all`.
        lr: of the head at the first step.
        train, val: the mean of each loss; `loss` is the one minimised. A rung that classifies the
            largest object adds `accuracy`; one for every object adds `voc_map_50` to `val`.
        found: detections in the first photos of val, of a rung for every object; else empty.
    """

    epoch: int
    phase: str
    lr: float
    train: dict[str, float]
    val: dict[str, float]
    found: list[list[Found]]


class HistoryRow(BaseModel):
    """The schema of a row in a file."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: int
    phase: str
    lr: float
    train: dict[str, float]
    val: dict[str, float]
    found: list[list[Found]] = []  # absent in older histories


def history_lines(history: list[EpochRow]) -> str:
    """Return the content of a `history.jsonl`."""
    return "".join(json.dumps(row) + "\n" for row in history)


def read_history(path: Path) -> list[EpochRow]:
    """Return the rows of a `history.jsonl`, one per epoch.

    Raises:
        InputError: a line is not an epoch, or not the next one; the message names the line.
    """
    again = "train the rung again"
    rows = []
    # As bytes, so that a line that is not UTF-8 is named like any other.
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = HistoryRow.model_validate_json(line)
        except ValidationError:
            raise InputError(f"{path}: line {number}: not an epoch; {again}") from None
        if row.epoch != number:
            raise InputError(f"{path}: line {number}: is of epoch {row.epoch}; {again}")
        rows.append(
            EpochRow(
                epoch=row.epoch,
                phase=row.phase,
                lr=row.lr,
                train=row.train,
                val=row.val,
                found=row.found,
            )
        )
    return rows
