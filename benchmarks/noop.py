"""`make repro` with nothing to do, in a project that has been run."""

import subprocess
from pathlib import Path

from benchmarks.topic import Case, Setting, Topic


def _quietly(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _cases() -> list[Case]:
    dvc = str(Path(".venv/bin/dvc"))
    _quietly("make", "repro")
    return [
        Case("make repro", "ours", lambda: _quietly("make", "repro")),
        Case("dvc status", "limit", lambda: _quietly(dvc, "status")),
    ]


TOPIC = Topic(
    "No-op `make repro`",
    (Setting("all stages up to date", 1, "runs", _cases),),
    "The goal is at most twice `dvc status`, .5 of ours. What `make repro` adds is `track`, which "
    "always runs, in a process of its own: it checks `params.yaml`, reads `dvc.lock`, asks "
    "MLflow's store and prints the table.",
)
