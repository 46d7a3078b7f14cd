"""A model's results on labelled photos, printed to a terminal or, without colours, to a log."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.errors import counted
from pipeline.other_data.result import ModelEvaluation, about, label_scores_in_words, metric_rows

_WIDTH = 120
_CLASSES = 20  # half of them the best, half the worst; the page has all


def print_evaluation(evaluation: ModelEvaluation) -> None:
    """Print notes, then the metrics with their intervals and the classes, 120 columns wide."""
    console = Console(file=sys.stdout, width=_WIDTH, highlight=False)
    for note in evaluation.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    if evaluation.label_scores == "best here":
        words = label_scores_in_words(evaluation)
        console.print(f"note: {words}", markup=False, soft_wrap=True)
    counts = f"{counted(evaluation.photos, 'photo')}, {counted(evaluation.objects, 'object')}"
    title = f"{about(evaluation.model, evaluation.data, evaluation.split)}: {counts}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    console.print(_metrics(evaluation))
    if rows := class_lines(evaluation):
        table = Table("class")
        table.add_column("AP@.5", justify="right")
        table.add_column("objects", justify="right")
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)


def class_lines(evaluation: ModelEvaluation) -> list[tuple[str, str, str]]:
    """Return name, average precision and objects of the classes with objects, the best first.

    If there are many, only the best and the worst, with a line of dots between them.
    """
    known = [
        (name, one.ap, one.objects)
        for name, one in evaluation.classes.items()
        if one.ap is not None
    ]
    known.sort(key=lambda row: -row[1])
    rows = [(name, f"{ap:.3f}", str(objects)) for name, ap, objects in known]
    half = _CLASSES // 2
    if len(rows) <= _CLASSES:
        return rows
    return [*rows[:half], (f"... {len(rows) - _CLASSES} more", "", ""), *rows[-half:]]


def _metrics(evaluation: ModelEvaluation) -> Table:
    table = Table("metric")
    table.add_column("value", justify="right")
    table.add_column("95 % interval", justify="right")
    for row in metric_rows(evaluation):
        table.add_row(*row)
    return table
