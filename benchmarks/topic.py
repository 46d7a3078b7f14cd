"""What a topic is made of: settings, and in each the cases that do the same work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One way to do the work of a setting.

    Attributes:
        name: as in the table, e.g. `json + pandas`.
        role: `ours`, `peer` (does the same work) or `limit` (a part of it that cannot be avoided).
        run: does the work once; called again and again.
    """

    name: str
    role: str
    run: Callable[[], Any]


@dataclass(frozen=True)
class Setting:
    """One size or kind of work.

    Attributes:
        name: as in the table, e.g. `1M annotations`.
        items: how much work one run is, in `unit`.
        unit: what is counted, e.g. `photos`.
        cases: makes the inputs and returns the cases; everything it does is not timed.
        goal: the smallest acceptable ratio of the first peer's time to ours; None for no goal.
        repeats: timed runs of each case.
    """

    name: str
    items: int
    unit: str
    cases: Callable[[], list[Case]]
    goal: float | None = None
    repeats: int = 5


@dataclass(frozen=True)
class Topic:
    """A section of `docs/performance.md`.

    Attributes:
        title: what is measured, in a few words.
        settings: in the order of the table.
        note: what a reader must know to read the ratios: what differs, what fell short and why.
    """

    title: str
    settings: tuple[Setting, ...]
    note: str = ""
