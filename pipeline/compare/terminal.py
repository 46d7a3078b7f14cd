"""A comparison printed to a terminal, or without colours to a log."""

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.compare.by_class import ClassChange
from pipeline.compare.comparison import Comparison, RungComparison
from pipeline.compare.words import (
    CLASS_HEAD,
    METRIC_HEAD,
    OTHER_CHANCE,
    PHOTO_HEAD,
    SETTING_HEAD,
    class_rows,
    inputs_line,
    metric_rows,
    notes,
    of_whom,
    photo_row,
    photos_line,
    setting_rows,
    verdict,
)

_WIDTH = 120
_CLASSES = 10  # for each rung; the page has all
_PHOTOS = 5


def print_comparison(comparison: Comparison) -> None:
    """Print a comparison to stdout, 120 columns wide, the verdicts last."""
    console = Console(file=sys.stdout, width=_WIDTH, highlight=False)
    for side, result in (("A", comparison.a), ("B", comparison.b)):
        _say(console, f"{side}: {result.name}, {result.about}")
    rows = setting_rows(comparison)
    if rows:
        _show(console, "Parameters that differ", SETTING_HEAD, rows, words=4)
    else:
        _say(console, "parameters: no differences")
    if inputs_line(comparison):
        _say(console, inputs_line(comparison))
    for rung in comparison.rungs:
        _print_parts(console, rung)
    title = f"A and B on the same photos{of_whom(comparison)}"
    _show(console, title, METRIC_HEAD, metric_rows(comparison.rungs), words=2)
    for line in notes(comparison):
        _say(console, line)
    for rung in comparison.rungs:
        console.print(Text(verdict(rung), style="bold"), soft_wrap=True)
    _say(console, OTHER_CHANCE)


def _print_parts(console: Console, rung: RungComparison) -> None:
    changed = [one for one in rung.classes if one.change]
    if changed:
        shown = most_changed(changed)
        more = f", {len(shown)} of {len(changed)} that differ" if len(shown) < len(changed) else ""
        title = f"{rung.name}: classes that rose and fell{more}"
        _show(console, title, CLASS_HEAD, class_rows(shown))
    if rung.photos:
        title = f"{rung.name}: {photos_line(rung)}"
        rows = [photo_row(one) for one in rung.photos[:_PHOTOS]]
        _show(console, title, PHOTO_HEAD, rows)


def most_changed(classes: Sequence[ClassChange]) -> list[ClassChange]:
    """Return some classes, in their order: those beyond chance, and those that changed most."""
    by_change = sorted(classes, key=lambda one: (not one.beyond_chance, -abs(one.change)))
    chosen = {one.name for one in by_change[:_CLASSES]}
    return [one for one in classes if one.name in chosen]


def _say(console: Console, line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)


def _show(
    console: Console,
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    words: int = 1,
) -> None:
    """Print a table whose first `words` columns hold text and whose others hold numbers."""
    table = Table()
    for place, name in enumerate(head):
        table.add_column(name, justify="left" if place < words else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(Text(title, style="bold"), soft_wrap=True)  # its title would wrap at its width
    console.print(table)
