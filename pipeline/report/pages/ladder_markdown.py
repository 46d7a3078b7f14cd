"""The ladder's results as Markdown, small enough for a pull request."""

from collections.abc import Sequence

from pipeline.report.answers import Answers
from pipeline.report.pages.ladder_page import REPRODUCE
from pipeline.report.pages.result_rows import class_rows, evaluated_split, result_head, result_rows

_CLASSES = 20  # in the table of classes: half of them the best, half the worst
_LINES = 12


def ladder_markdown(ladder: Sequence[Answers], lines: Sequence[str], data: str) -> str:
    """Return the content of `ladder_page` without pictures.

    Args:
        ladder: all rungs, in their order.
        lines: what the checks found in the data set.
        data: a line with the size of the data set.
    """
    parts = [
        f"## The ladder, {evaluated_split(ladder)}",
        markdown_table(result_head(ladder), result_rows(ladder)),
        "95 % intervals over the photos; for L1 px, lower is better.",
        *_classes(ladder),
        "## The data set",
        f"{data}.",
        *_found(lines),
        REPRODUCE,
    ]
    return "\n\n".join(parts) + "\n"


def _classes(ladder: Sequence[Answers]) -> list[str]:
    """Return the classes of the last rung that has them, the best one of the ladder."""
    tables = [(answers.rung, class_rows(answers)) for answers in ladder]
    rung, rows = next(((rung, rows) for rung, rows in reversed(tables) if rows), ("", []))
    if not rows:
        return []
    half = _CLASSES // 2
    left_out = len(rows) - _CLASSES
    shown = rows if left_out <= 0 else [*rows[:half], ["...", "", ""], *rows[-half:]]
    note = [f"{left_out} classes between them are left out."] if left_out > 0 else []
    head = ["class", "average precision", "objects"]
    return [f"## The classes of {rung}", markdown_table(head, shown), *note]


def _found(lines: Sequence[str]) -> list[str]:
    if not lines:
        return ["The checks found no problems."]
    rest = [f"- and {len(lines) - _LINES} more"] if len(lines) > _LINES else []
    return ["\n".join([*(f"- {plain_words(line)}" for line in lines[:_LINES]), *rest])]


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(plain_words, cells))} |" for cells in lines)


def plain_words(words: str) -> str:
    """Return text on one line, with a backslash before each character special in Markdown."""
    for sign in "\\`*|<[":
        words = words.replace(sign, f"\\{sign}")
    return " ".join(words.split())
