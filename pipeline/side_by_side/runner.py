"""Runs what is out of date: each stage as soon as all it waits for has ended and a slot is free."""

import selectors
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from pipeline.side_by_side.child import Child
from pipeline.side_by_side.screen import Screen
from pipeline.side_by_side.slots import Slot

_SECONDS_BETWEEN_LOOKS = 0.2
# A stage that is told to stop ends itself within ten seconds, whatever it hangs in.
_SECONDS_TO_STOP = 12.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class RunSummary:
    """What has become of the stages.

    Attributes:
        ended: stages that have ended well.
        failed: why the others have failed, by name.
        not_run: stages that wait for one of these.
        stopped: the signal that has ended all, None without one.
    """

    ended: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)
    stopped: int | None = None


class Runner:
    """Starts stages, listens to them, and counts their ends.

    Args:
        waits_for: the stages, with those that each waits for.
        slots: one for each stage that may run at the same time.
        screen: where their lines go.
    """

    def __init__(
        self, waits_for: Mapping[str, frozenset[str]], slots: Sequence[Slot], screen: Screen
    ):
        self._waiting, self._free, self._screen = dict(waits_for), list(slots), screen
        self._running: list[Child] = []
        self._listening = selectors.DefaultSelector()
        self._result = RunSummary()

    def run(self) -> RunSummary:
        """Return when all stages have ended that can; SIGINT and SIGTERM stop them within seconds.

        A stage that fails stops no other, but what waits for it is not run.
        """
        with _signals_noted() as noted, self._listening:
            try:
                while not noted and self._start():
                    self._look()
                if noted:
                    self._stop(noted)
            finally:  # of an error of our own: nobody is left behind
                for child in self._running:
                    child.signal(signal.SIGKILL)
        self._result.not_run += self._waiting
        return self._result

    def _start(self) -> bool:
        """Start what can start; return whether anything runs."""
        for name, before in list(self._waiting.items()):
            if not before.isdisjoint([*self._result.failed, *self._result.not_run]):
                del self._waiting[name]
                self._result.not_run.append(name)
            elif self._free and before <= set(self._result.ended):
                del self._waiting[name]
                child = Child(name, self._free.pop(0))
                self._running.append(child)
                self._listening.register(child.output, selectors.EVENT_READ)
        return bool(self._running)

    def _look(self) -> None:
        """Pass on what the stages say, and note which have ended."""
        self._listening.select(_SECONDS_BETWEEN_LOOKS)
        for child in list(self._running):
            code = child.ended()  # before its last lines are read
            self._screen.say(child.stage, child.read())
            if code is not None:
                self._end(child, code)
        left = len(self._waiting) + len(self._running)
        self._screen.show(self._running, left)

    def _end(self, child: Child, code: int) -> None:
        self._listening.unregister(child.output)
        self._screen.say(child.stage, child.close())
        self._running.remove(child)
        self._free.append(child.slot)
        if code:
            self._result.failed[child.stage] = child.cause()
        else:
            self._result.ended.append(child.stage)

    def _stop(self, noted: list[int]) -> None:
        """End all that runs: as Ctrl-C does, then, or when it came twice, at any price."""
        self._result.stopped = noted[0]
        until = time.monotonic() + _SECONDS_TO_STOP
        for child in self._running:
            child.signal(signal.SIGINT)
        while self._running:
            if time.monotonic() > until or len(noted) > 1:
                for child in self._running:
                    child.signal(signal.SIGKILL)
            self._look()


@contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """Yield the signals that would end this process, as they come; they do not."""
    noted: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: noted.append(number)) for number in _SIGNALS
    }
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
