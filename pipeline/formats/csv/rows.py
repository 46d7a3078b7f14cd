"""Reads the rows of one CSV."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.csv.class_column import are_numbers, column_of_names, note_of_choice
from pipeline.formats.csv.columns import UNDERSTOOD, Columns, recognise
from pipeline.formats.csv.decimal_comma import EXPORT_POINTS, Lines, with_points
from pipeline.formats.names import fault_of_name
from pipeline.formats.numbers import checked_score
from pipeline.formats.text_files import SAVE_IT, beginning_of

_TRUE, _FALSE = {"1", "1.0", "true", "yes"}, {"0", "0.0", "-1", "false", "no", ""}
_FIRST_LINE = 1 << 16  # most bytes of the first line
_OF_EXCEL = b"sep="  # a line before the header, with the delimiter


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        place: file and row, for messages.
        photo: as written.
        name: of the class; empty if there is no box.
        box: `[x, y, width, height]`, negative where corners are in reversed order; None for a
            photo without objects.
        size: width and height of the photo, None if the row has none.
        split: as written, None if the row has none.
        score: 0..1, None if the row has none.
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
    first, delimiter = first_line_of(file)
    return *recognise(first), delimiter


def first_line_of(file: Path) -> tuple[list[str], str]:
    """Return the cells of the first line of a file, and the delimiter."""
    beginning = beginning_of(file, _FIRST_LINE).lstrip(b"\r\n")
    lines = re.split(rb"[\r\n]+", beginning, maxsplit=2)[:2]
    first_line = next((line for line in lines if not line.startswith(_OF_EXCEL)), b"")
    line = first_line.decode(errors="replace")
    delimiter = max(",;\t", key=line.count)
    first = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    return [cell.strip() for cell in first], delimiter


def fault_in_words(file: Path, fault: str) -> str:
    """Return the message for a fault in the columns of a file, with the remedy."""
    return f"{file}: {fault}; name the columns {UNDERSTOOD}"


def read_rows(file: Path) -> tuple[list[Row], Columns, list[str]]:
    """Return the rows of a CSV, its columns, with `names` reduced to the one used, and notes.

    Raises:
        InputError: columns are not understood, or a row is incomplete or wrong.
    """
    columns, fault, delimiter = columns_of(file)
    if columns is None:
        raise InputError(fault_in_words(file, fault))
    lines: Lines = _cells(file, columns, delimiter)
    if not lines:
        raise InputError(f"{file}: no rows; add the photos and their boxes")
    # If commas separate cells, one in a number might separate thousands.
    lines, notes = (lines, []) if delimiter == "," else with_points(lines, columns, file)
    at = column_of_names([cells for _, cells in lines], columns)
    notes = [*note_of_choice(columns, at), *notes]
    columns = replace(columns, names=(at,))
    rows = [_row(cells, columns, f"{file}: row {number}") for number, cells in lines]
    if are_numbers({row.name for row in rows if row.box}):
        # Tables with an empty cell in this column are often written with 1.0 for the class 1.
        rows = [replace(row, name=row.name.partition(".")[0]) for row in rows]
    return rows, columns, notes


def _cells(file: Path, columns: Columns, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return the cells of each row, with the line of the file where it starts."""
    found = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, delimiter=delimiter, skipinitialspace=True, strict=True)
            end = 0
            for cells in reader:
                start, end = end + 1, reader.line_num
                if "".join(cells).strip():  # spreadsheets end with lines of empty cells
                    found.append((start, [cell.strip() for cell in cells]))
    except UnicodeDecodeError:
        raise InputError(f"{file}: {SAVE_IT}") from None
    except csv.Error as error:
        raise InputError(f"{file}: row {end + 1}: not CSV ({error}); correct it") from None
    if found and found[0][1][0].startswith(_OF_EXCEL.decode()):
        del found[0]
    found = found[int(columns.header) :]
    for number, cells in found:
        if len(cells) != columns.count:
            raise InputError(
                f"{file}: row {number}: has {len(cells)} cells, not {columns.count}; correct it"
            )
    return found


def _row(cells: Sequence[str], columns: Columns, place: str) -> Row:
    photo = cells[columns.photo]
    if not photo:
        raise InputError(f"{place}: names no photo; add it or remove the row")
    box = _box(cells, columns, place)
    name = cells[columns.names[0]]
    if box and not name:
        raise InputError(f"{place}: a box without a class; add its name or remove the row")
    if box and (fault := fault_of_name(name)):
        raise InputError(f"{place}: class {name!r} {fault}")
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
    return (x, y, right - x, below - y) if columns.corners else (x, y, right, below)


def _size(cells: Sequence[str], columns: Columns, place: str) -> tuple[int, int] | None:
    if columns.width is None or columns.height is None:
        return None
    texts = cells[columns.width], cells[columns.height]
    if not any(texts):
        return None
    width, height = (_number(text, "size of the photo", place) for text in texts)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise InputError(f"{place}: size of the photo {texts} is not valid; correct it")
    return int(width), int(height)


def _score(cells: Sequence[str], columns: Columns, place: str) -> float | None:
    if columns.score is None or not cells[columns.score]:
        return None
    return checked_score(_number(cells[columns.score], "score", place), place)


def _number(text: str, what: str, place: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        remedy = EXPORT_POINTS if re.fullmatch(r"[+-]?[\d.,' ]*,[\d.,' ]*", text) else "correct it"
        raise InputError(f"{place}: {what} {text!r} is not a finite number; {remedy}")
    return number


def boxes_of(rows: Sequence[Row]) -> Iterator[tuple[float, float, float, float]]:
    """Yield the edges `[xmin, ymin, xmax, ymax]` of all boxes."""
    for row in rows:
        if row.box:
            x, y, width, height = row.box
            yield x, y, x + width, y + height
