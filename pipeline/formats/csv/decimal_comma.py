"""Numbers with a decimal comma, as spreadsheets write them where people do."""

import re
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import InputError, counted
from pipeline.formats.csv.columns import Columns

_COMMA = re.compile(r"[+-]?\d*,\d+")
_POINT = re.compile(r"[+-]?\d*\.\d+")
_FOUR = re.compile(r"[\[(]?\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+?)\s*[\])]?")  # of a box in one cell
EXPORT_POINTS = "export numbers with a decimal point and without marks between thousands"

Lines = Sequence[tuple[int, list[str]]]


def with_points(lines: Lines, columns: Columns, file: Path) -> tuple[Lines, list[str]]:
    """Return the lines with points for the decimal commas in columns of numbers, and a note.

    It is for files with `;` or a tab between cells, where a comma can be nothing else.

    Args:
        lines: number and cells of each.
        columns: of the cells.
        file: for messages.

    Raises:
        InputError: some numbers have a comma and others a point, which might part thousands.
    """
    count, first, found = 0, "", []
    for number, cells in lines:
        changed = list(cells)
        for at in _columns_of_numbers(columns):
            commas = _numbers_with(_COMMA, cells[at])
            if commas:
                changed[at] = cells[at].replace(",", ".")
                count, first = count + len(commas), first or commas[0]
        found.append((number, changed))
    if not count:
        return lines, []
    _refuse_points(lines, columns, file, first)
    have = counted(count, "number has", "numbers have")
    return found, [f"{have} a decimal comma, the first is {first}"]


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
    """Return the numbers of a form in a cell, which holds one or the four of a box."""
    four = _FOUR.fullmatch(cell)
    numbers = four.groups() if four else (cell,)
    return [number for number in numbers if form.fullmatch(number)]
