"""What a rung's training has written of its epochs, read again."""

import json
from pathlib import Path
from typing import Any

from pipeline.errors import InputError


def read_history(path: Path) -> list[dict[str, Any]]:
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
