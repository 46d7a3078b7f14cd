"""Numbers with a decimal comma, as spreadsheets write them in some locales."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError, counted
from pipeline.formats.csv.columns import Columns

_COMMA = re.compile(r"[+-]?\d*,\d+")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_POINT = re.compile(r"[+-]?\d*\.\d+")
_FOUR = re.compile(r"[\[(]?\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+?)\s*[\])]?")  # of a box in one cell
EXPORT_POINTS = "export numbers with a decimal point and without marks between thousands"

Lines = Sequence[tuple[int, list[str]]]


def with_points(lines: Lines, columns: Columns, file: Path) -> tuple[Lines, list[str]]:
    """Return the lines with decimal commas in numeric columns replaced by points, and a note.

    It is for files that separate cells by `;` or tabs.

    Args:
        lines: number and cells of each line.
        columns: of the cells.
        file: for messages.

    Raises:
        InputError: some numbers have a comma and others a point, or all commas could separate
            thousands.
    """
    commas: list[str] = []
    found = []
    for number, cells in lines:
        changed = list(cells)
        for at in _columns_of_numbers(columns):
            if here := _numbers_with(_COMMA, cells[at]):
                changed[at] = cells[at].replace(",", ".")
                commas += here
        found.append((number, changed))
    if not commas:
        return lines, []
    _refuse_points(lines, columns, file, commas[0])
    if all(map(_THOUSANDS.fullmatch, commas)):
        raise InputError(
            f"{file}: {commas[0]!r}: has three digits after its comma, like all such numbers here, "
            f"so it may be in the thousands; {EXPORT_POINTS}"
        )
    have = counted(len(commas), "number has", "numbers have")
    return found, [f"{have} a decimal comma, the first is {commas[0]}"]


def _refuse_points(lines: Lines, columns: Columns, file: Path, comma: str) -> None:
    for number, cells in lines:
        for at in _columns_of_numbers(columns):
            if points := _numbers_with(_POINT, cells[at]):
                raise InputError(
                    f"{file}: row {number}: {points[0]!r} has a point where others, as {comma!r}, "
                    f"have a decimal comma; {EXPORT_POINTS}"
                )


def _columns_of_numbers(columns: Columns) -> list[int]:
    others = (columns.width, columns.height, columns.score, *columns.ignore)
    return [*columns.box, *(at for at in others if at is not None)]


def _numbers_with(form: re.Pattern[str], cell: str) -> list[str]:
    """Return the numbers of this form in a cell, which holds one or the four of a box."""
    four = _FOUR.fullmatch(cell)
    numbers = four.groups() if four else (cell,)
    return [number for number in numbers if form.fullmatch(number)]
