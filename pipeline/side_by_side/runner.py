"""Runs stale stages, each as soon as everything it waits for has ended and a slot is free."""

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
# A stage that is told to stop ends within ten seconds, whatever it is doing.
_SECONDS_TO_STOP = 12.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@dataclass
class RunSummary:
    """What became of the stages.

    Attributes:
        ended: stages that succeeded.
        failed: why the others failed, by name.
        not_run: stages that were not run, as they wait for a failed one.
        stopped: the signal that stopped the run; None if there was none.
    """

    ended: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)
    stopped: int | None = None


class Runner:
    """Starts stages, passes on their output, and keeps track of which have ended.

    Args:
        waits_for: the stages, with those that each waits for.
        slots: one for each stage that may run at the same time.
        screen: where their output goes.
    """

    def __init__(
        self, waits_for: Mapping[str, frozenset[str]], slots: Sequence[Slot], screen: Screen
    ):
        self._waiting, self._free, self._screen = dict(waits_for), list(slots), screen
        self._running: list[Child] = []
        self._listening = selectors.DefaultSelector()
        self._result = RunSummary()

    def run(self) -> RunSummary:
        """Run all stages that can run; SIGINT and SIGTERM stop them within seconds.

        A stage that fails does not stop the others, but stages that wait for it are not run.
        """
        with _signals_noted() as noted, self._listening:
            try:
                while not noted and self._start():
                    self._look()
                if noted:
                    self._stop(noted)
            finally:  # also after an error of our own: leave no process behind
                for child in self._running:
                    child.signal(signal.SIGKILL)
        self._result.not_run += self._waiting
        return self._result

    def _start(self) -> bool:
        """Start the stages that can start; return whether any is running."""
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
        """Pass on the output of the stages, and note which have ended."""
        self._listening.select(_SECONDS_BETWEEN_LOOKS)
        for child in list(self._running):
            code = child.ended()  # checked before its last lines are read
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
        """Stop all running stages: by SIGINT; after a timeout or a second signal, by SIGKILL."""
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
    """Yield a list that collects the signals which would otherwise end this process."""
    noted: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: noted.append(number)) for number in _SIGNALS
    }
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
