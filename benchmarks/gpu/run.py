"""The parts of a run, most important first, each in a process of its own with its share of time."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from benchmarks.gpu.packed_wheels import install_wheels
from benchmarks.gpu.results import Results
from benchmarks.measure import machine
from pipeline.errors import InputError

ROOT = Path(__file__).parents[2]
# The share of the whole time after which a part, a module here, is ended: what follows it is worth
# more than its rest. Without the project there is nothing to measure on.
PARTS = {
    "gpu_tests": 0.2,
    "project": 0.4,
    "steps": 0.25,
    "reference": 0.1,
    "label": 0.1,
    "choices": 0.3,
    "training": 1.0,
}
COMPLETE = "complete"


def run(source: Path, results: Path, until: float) -> None:
    """Measure with a folder that `--pack` has made; what is known is in the file at any moment.

    Args:
        source: the folder.
        results: takes the figures, as JSON.
        until: when all has to be over, by `time.monotonic`.

    Raises:
        InputError: it is no such folder.
    """
    if not (source / "pack.json").is_file():
        raise InputError(f"{source}: no pack.json; make it with python -m benchmarks.gpu --pack")
    whole = until - time.monotonic()
    figures = Results(results.absolute())
    with tempfile.TemporaryDirectory() as temporary:
        work, site = Path(temporary) / "project", Path(temporary) / "site"
        shutil.copytree(source / "photos", work / "photos")
        if (source / "wheels").is_dir():
            install_wheels(source / "wheels", site)
        figures.begin(_head(json.loads((source / "pack.json").read_text())["commit"]))
        environment = os.environ | {
            "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
            "PYTHONUNBUFFERED": "1",
        }
        for part, share in PARTS.items():
            start = time.monotonic()
            seconds = min(share * whole, until - start)
            print(f"{part}: at most {seconds:.0f} seconds", file=sys.stderr, flush=True)
            how = _ended(part, figures, seconds, work, environment)
            figures.end(part, how, time.monotonic() - start)
            print(f"{part}: {how}", file=sys.stderr, flush=True)


def _ended(
    part: str, figures: Results, seconds: float, work: Path, environment: dict[str, str]
) -> str:
    """Run a part and return how it has ended."""
    if seconds <= 0:
        return "no time was left"
    words = [part, str(figures.path), f"{seconds:.1f}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gpu.part", *words],
        cwd=work,
        env=environment,
        stdout=sys.stderr,
        start_new_session=True,  # so that what it has started goes with it
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"ended after {seconds:.0f} seconds"
    finally:
        _end(process)
    return COMPLETE if code == 0 else f"failed with exit code {code}"


def _end(process: subprocess.Popen) -> None:
    """End a process and all that it has started, such as the workers of a loader."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _head(commit: str) -> dict[str, object]:
    import torch  # also for the parts: its files are then in memory

    return {
        "date": date.today().isoformat(),
        "card": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "driver": _driver(),
        "commit": commit,
        "machine": machine(),
    }


def _driver() -> str | None:
    """Return the version of the GPU's driver; None where nobody says it."""
    words = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.splitlines()[0]
