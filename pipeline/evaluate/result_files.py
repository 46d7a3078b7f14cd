"""Tables of results on disk: CSV files, plotted by `dvc plots` and read by the report stage."""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar

from pipeline.errors import InputError

_DIGITS = 5


@dataclass(frozen=True)
class ResultRow:
    """A row of a result file: its fields are int, float or str, and name the columns."""


_KINDS: dict[type | str, Callable[[str], int | float | str]] = {int: int, float: float, str: str}


Row = TypeVar("Row", bound=ResultRow)


@dataclass(frozen=True)
class MetricInterval(ResultRow):
    """How far a metric depends on the photos that it was measured on.

    Attributes:
        split: `val` or `test`.
        metric: its name.
        value: NaN where there was nothing to measure.
        low, high: the 95 % interval; NaN where the photos are too few.
        note: a caveat that readers must know, or empty.
    """

    split: str
    metric: str
    value: float
    low: float
    high: float
    note: str


@dataclass(frozen=True)
class ClassAp(ResultRow):
    """Average precision of one class; NaN without objects."""

    name: str
    ap: float
    ap_11pt: float
    objects: int


@dataclass(frozen=True)
class CurvePoint(ResultRow):
    """A true positive on the curve of its class: recall and precision down to it."""

    name: str
    recall: float
    precision: float
    score: float


@dataclass(frozen=True)
class EpochDetection(ResultRow):
    """A detection in one of the first photos of val after an epoch; xyxy in pixels of the photo."""

    epoch: int
    image_id: int
    label: int
    score: float
    xmin: float
    ymin: float
    xmax: float
    ymax: float


@dataclass(frozen=True)
class ErrorKind(ResultRow):
    """How often one kind of error occurs among the labels, and what mAP@.5 gains without it."""

    kind: str
    count: int
    d_ap: float


@dataclass(frozen=True)
class ConfusedPair(ResultRow):
    """One object or detection: what it is and what it was taken for."""

    actual: str
    predicted: str


@dataclass(frozen=True)
class WorstPhoto(ResultRow):
    """A photo with errors among its labels, and a summary of them."""

    image_id: int
    file_name: str
    errors: int
    words: str


@dataclass(frozen=True)
class ObjectFit(ResultRow):
    """The IoU of an object's best anchor, and the square root of its area in input pixels."""

    side: float
    best_iou: float


def write_rows(path: Path, row_type: type[Row], rows: Iterable[Row]) -> None:
    """Write dataclass rows of one type under a header; floats have five digits."""
    names = [field.name for field in fields(row_type)]
    values = ([_text(value) for value in asdict(row).values()] for row in rows)
    write_csv(path, names, values)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def read_rows(path: Path, row_type: type[Row]) -> list[Row]:
    """Return the rows of a file that `write_rows` wrote with the same type.

    Raises:
        InputError: the file is missing or has other columns.
    """
    kinds = {field.name: _KINDS[field.type] for field in fields(row_type)}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            header, *lines = csv.reader(file)
        if header != list(kinds):
            raise ValueError(f"has the columns {header}, expected {list(kinds)}")
        return [
            row_type(*(kind(text) for kind, text in zip(kinds.values(), line, strict=True)))
            for line in lines
        ]
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the evaluate stage first") from None
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: {error}; run the evaluate stage again") from None


def _text(value: object) -> object:
    return round(value, _DIGITS) if isinstance(value, float) else value
