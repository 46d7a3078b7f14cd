"""Tables that `dvc plots` draws: step 7 of the journey."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def write_plot_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence]) -> None:
    """Write rows under a header."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
