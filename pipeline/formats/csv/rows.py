"""Reads the rows of one CSV."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from pipeline.errors import InputError
from pipeline.formats.csv.columns import UNDERSTOOD, Columns, recognise

_TRUE, _FALSE = {"1", "1.0", "true", "yes"}, {"0", "0.0", "-1", "false", "no", ""}


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        place: file and row, for messages.
        photo: as it stands there.
        name: of the class; empty where there is no box.
        box: `[x, y, width, height]`; None for a photo without objects.
        size: width and height of the photo, None where the row has none.
        split: as it stands there, None where the row has none.
        score: 0..1, None where the row has none.
        ignore: whether the object is marked so.
    """

    place: str
    photo: str
    name: str
    box: tuple[float, float, float, float] | None
    size: tuple[int, int] | None
    split: str | None
    score: float | None
    ignore: bool


def columns_of(file: Path) -> tuple[Columns | None, str, str]:
    """Return the columns of a file, what is wrong if they are None, and the delimiter."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            line = opened.readline(1 << 16)
    except UnicodeDecodeError:
        return None, "not text in UTF-8", ","
    delimiter = max(",;\t", key=line.count)
    first = next(csv.reader([line], delimiter=delimiter), [])
    return *recognise([cell.strip() for cell in first]), delimiter


def read_rows(file: Path) -> tuple[list[Row], Columns]:
    """Return the rows of a CSV and its columns.

    Raises:
        InputError: columns that are not understood, or a row that is incomplete or wrong.
    """
    columns, fault, delimiter = columns_of(file)
    if columns is None:
        raise InputError(f"{file}: {fault}; name the columns {UNDERSTOOD}")
    names = [str(index) for index in range(columns.count)]
    try:
        table = pa.csv.read_csv(
            file,
            pa.csv.ReadOptions(column_names=names, skip_rows=int(columns.header)),
            pa.csv.ParseOptions(delimiter=delimiter),
            pa.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except (pa.ArrowInvalid, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{file}: not a CSV in UTF-8 ({reason}); save it again") from None
    first = 1 + columns.header
    cells = zip(*(column.to_pylist() for column in table.columns), strict=True)
    rows = [
        _row([cell.strip() for cell in row], columns, f"{file}: row {number}")
        for number, row in enumerate(cells, first)
    ]
    if not rows:
        raise InputError(f"{file}: no rows; add the photos and their boxes")
    return rows, columns


def _row(cells: Sequence[str], columns: Columns, place: str) -> Row:
    photo = cells[columns.photo]
    if not photo:
        raise InputError(f"{place}: names no photo; add it or remove the row")
    box = _box(cells, columns, place)
    name = cells[columns.name]
    if box and not name:
        raise InputError(f"{place}: a box without a class; add its name or remove the row")
    split = "" if columns.split is None else cells[columns.split]
    marks = [cells[at].lower() for at in columns.ignore]
    if unknown := [mark for mark in marks if mark not in _TRUE | _FALSE]:
        raise InputError(f"{place}: {unknown[0]!r} is neither 0 nor 1; correct it")
    score = _score(cells, columns, place) if box else None
    ignore = any(mark in _TRUE for mark in marks)
    return Row(place, photo, name, box, _size(cells, columns, place), split or None, score, ignore)


def _box(
    cells: Sequence[str], columns: Columns, place: str
) -> tuple[float, float, float, float] | None:
    texts = [cells[at] for at in columns.box]
    if len(texts) == 1:
        texts = texts[0].strip("[]() ").replace(",", " ").split()
    if not any(texts):
        return None
    if len(texts) != 4 or not all(texts):
        raise InputError(f"{place}: box {texts} is not four numbers; correct or empty all four")
    x, y, right, below = (_number(text, "box", place) for text in texts)
    width, height = (right - x, below - y) if columns.corners else (right, below)
    if width < 0 or height < 0:
        raise InputError(f"{place}: box {texts} ends before it begins; correct it")
    return x, y, width, height


def _size(cells: Sequence[str], columns: Columns, place: str) -> tuple[int, int] | None:
    if columns.width is None or columns.height is None:
        return None
    texts = cells[columns.width], cells[columns.height]
    if not any(texts):
        return None
    width, height = (_number(text, "size of the photo", place) for text in texts)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise InputError(f"{place}: size of the photo {texts} is none; correct it")
    return int(width), int(height)


def _score(cells: Sequence[str], columns: Columns, place: str) -> float | None:
    if columns.score is None or not cells[columns.score]:
        return None
    score = _number(cells[columns.score], "score", place)
    if not 0 <= score <= 1:
        raise InputError(f"{place}: score {score} is outside 0..1; correct it")
    return score


def _number(text: str, what: str, place: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise InputError(f"{place}: {what} {text!r} is no finite number; correct it")
    return number


def boxes_of(rows: Sequence[Row]) -> Iterator[tuple[float, float, float, float]]:
    """Return the edges `[xmin, ymin, xmax, ymax]` of all boxes."""
    for row in rows:
        if row.box:
            x, y, width, height = row.box
            yield x, y, x + width, y + height
