"""Processes that have imported torch already: forked from one that does nothing else."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TextIO

from stages.entry import run_stage

FORK_SERVER = get_context("forkserver")  # there is one in a process, whoever asks for it
FORK_SERVER.set_forkserver_preload(
    ["stages.train", "commands.label", "pipeline.labelling.bulk", "pipeline.inference.engines.load"]
)


@dataclass(frozen=True)
class Started:
    """A process of its own, and all that it and its children print."""

    process: BaseProcess
    said: TextIO

    def end(self) -> tuple[int | None, str]:
        """Wait for it; return its exit code and what has not been read yet."""
        rest = self.said.read()
        self.process.join()
        return self.process.exitcode, rest


def start(work: Callable[..., object], *args: object) -> Started:
    """Call a function of a module in another process, in this folder and environment."""
    said, says = FORK_SERVER.Pipe(duplex=False)
    words = (says, dict(os.environ), work, args)
    process = FORK_SERVER.Process(target=_call, args=words, daemon=True)  # ends with the tests
    process.start()
    says.close()
    return Started(process, os.fdopen(os.dup(said.fileno()), "r"))


def start_stage(name: str, *args: str) -> Started:
    """Start a stage as people do, but for its imports."""
    return start(_stage, name, args)


def _stage(name: str, args: tuple[str, ...]) -> None:
    sys.argv = [name, *args]
    run_stage(import_module(f"stages.{name}").main)


def _call(
    says: Connection, environment: Mapping[str, str], work: Callable[..., object], args: tuple
) -> None:
    for standard in (1, 2):
        os.dup2(says.fileno(), standard)
    says.close()
    os.environ.clear()  # it is that of the first process
    os.environ.update(environment)
    work(*args)
