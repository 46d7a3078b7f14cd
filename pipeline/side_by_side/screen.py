"""Several stages on one screen: their lines, each after its stage's name, and who is at work."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pipeline.side_by_side.child import Child

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
# What DVC says after each stage; the last lines of a run are ours.
_SAID_TOO_OFTEN = ("Use `dvc push`",)


class Screen:
    """Lines of many stages.

    Args:
        names: of the stages, for the width of a column.
        live: a line at the bottom that is always true, None where a log is written.
    """

    def __init__(self, names: Sequence[str], live: Live | None):
        self._live = live
        self._width = max(map(len, names), default=0)
        self._colours = {name: _COLOURS[i % len(_COLOURS)] for i, name in enumerate(names)}

    def say(self, stage: str, lines: Sequence[str]) -> None:
        """Print lines of a stage."""
        for line in lines:
            if line.startswith(_SAID_TOO_OFTEN):
                continue
            prefix = f"{stage:{self._width}} | "
            if self._live is None:
                print(f"{prefix}{line}", flush=True)
            else:
                text = Text(prefix, self._colours[stage]).append(line, "default")
                self._live.console.print(text, soft_wrap=True)

    def show(self, running: Sequence[Child], left: int) -> None:
        """Say at the bottom of a terminal who is at work, since when, and how many are left."""
        if self._live is None:
            return
        now, parts = time.monotonic(), []
        for child in running:
            seconds = int(now - child.started)
            where = f" on {child.slot.name}" if child.slot.name else ""
            parts.append(f"{child.stage}{where} {seconds // 60}:{seconds % 60:02}")
        line = f"{left} to go: {', '.join(parts)}" if parts else ""
        self._live.update(Text(line, "bold", no_wrap=True, overflow="ellipsis"), refresh=True)


@contextmanager
def open_screen(names: Sequence[str]) -> Iterator[Screen]:
    """Give the screen of these stages: a terminal with a line at its bottom, or a log."""
    if not sys.stdout.isatty():
        yield Screen(names, None)
        return
    # Refreshed by the caller: a thread of its own would be in the way of starting processes.
    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        yield Screen(names, live)
