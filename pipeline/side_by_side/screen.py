"""Several stages on one screen: their lines, prefixed by stage, and which are running."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from pipeline.side_by_side.child import Child

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_cyan", "bright_magenta")
# DVC prints this after each stage; the command prints its own summary at the end.
_SAID_TOO_OFTEN = ("Use `dvc push`",)


class Screen:
    """Prints the lines of several stages.

    Args:
        names: of the stages, for the width of the column.
        live: a status line at the bottom; None if the output is a log.
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
        """Show at the bottom of a terminal what is running, since when, and how many are left."""
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
    """Yield the screen for these stages: a terminal with a status line, or a log."""
    if not sys.stdout.isatty():
        yield Screen(names, None)
        return
    # Refreshed by the caller: starting processes (fork) does not go well with a second thread.
    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        yield Screen(names, live)
