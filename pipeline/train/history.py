"""What training has written of its epochs, read again."""

import json
from pathlib import Path
from typing import TypedDict

from pipeline.errors import InputError


class EpochRow(TypedDict):
    """One epoch of a training.

    Attributes:
        epoch: from 1, over all phases.
        phase: `head`, `late` or `all`.
        lr: of the head at the first step.
        train, val: the mean of each loss; `loss` is what is minimised. A rung of every object also
            has the `voc_map_50` of val.
    """

    epoch: int
    phase: str
    lr: float
    train: dict[str, float]
    val: dict[str, float]


def history_lines(history: list[EpochRow]) -> str:
    """Return the content of a `history.jsonl`."""
    return "".join(json.dumps(row) + "\n" for row in history)


def read_history(path: Path) -> list[EpochRow]:
    """Return the rows of a `history.jsonl`, one an epoch.

    Raises:
        InputError: a line is not JSON or has no epoch; the line is named.
    """
    rows = []
    # As bytes, so that a line that is not UTF-8 is named like any other.
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            rows.append(json.loads(line))
            int(rows[-1]["epoch"])
        except (ValueError, KeyError, TypeError):
            raise InputError(f"{path}: line {number}: not an epoch; train the rung again") from None
    return rows
