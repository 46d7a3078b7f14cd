"""What training has written of its epochs, read again."""

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
        epoch: from 1, over all phases.
        phase: `head`, `late` or `all`.
        lr: of the head at the first step.
        train, val: the mean of each loss; `loss` is what is minimised. A rung that names the
            largest object also has the `accuracy`, one of every object the `voc_map_50` of val.
        found: in the first photos of val, by a rung of every object; else empty.
    """

    epoch: int
    phase: str
    lr: float
    train: dict[str, float]
    val: dict[str, float]
    found: list[list[Found]]


class HistoryRow(BaseModel):
    """A row in a file, to check it."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    epoch: int
    phase: str
    lr: float
    train: dict[str, float]
    val: dict[str, float]
    found: list[list[Found]] = []  # histories of before it had these


def history_lines(history: list[EpochRow]) -> str:
    """Return the content of a `history.jsonl`."""
    return "".join(json.dumps(row) + "\n" for row in history)


def read_history(path: Path) -> list[EpochRow]:
    """Return the rows of a `history.jsonl`, one an epoch.

    Raises:
        InputError: a line is no epoch or not the one that follows; the line is named.
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
