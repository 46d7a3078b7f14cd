"""`python -m tests.faults.ray_kills`: labelling on Ray, beside the plain engine, and under kill -9.

The same photos are labelled by the plain engine and by one and two workers of Ray, each of one
thread; then with a worker and the driver killed in the middle, and on a cluster that a node joins.
Every job must end with the rows of the plain engine. Rates are between the first part and the last,
so that nothing of a start is in them.
"""

import argparse
import hashlib
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pyarrow.parquet as pq

from pipeline.labelling.job import JobSettings, LabelJob
from pipeline.labelling.ray_data import HERE, QUIET
from tests.conftest import ROOT
from tests.ended import left_after
from tests.faults.label_kills import make_photos

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

_ASKED = JobSettings("", [], "", 0, 0, 0)  # to read parts, nothing needs to be known
_WORKER = "ray::MapWorker"
_NODE = {"num_cpus": 1, "object_store_memory": 100 << 20}
_COMPLETE = (0, 1)  # exit codes; 1 where a photo does not decode


class Run:
    """A run of `ladder label` in a folder of its own, and what is seen of it from outside.

    Args:
        folder: of the labels; a run that follows a killed one goes on there.
        photos: to label.
        model: to label them with.
        options: of the command.
    """

    def __init__(self, folder: Path, photos: Path, model: Path, *options: str):
        folder.mkdir(exist_ok=True)
        self.job = LabelJob(folder / ".labels.job", _ASKED)
        words = [sys.executable, "-m", "commands.main", "label", str(photos), "--model", str(model)]
        words += ["--out", str(folder / "labels.json"), "--score", "0.001", *options]
        before = os.environ.get("PYTHONPATH", "")
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), before])),
            "OMP_NUM_THREADS": "1",
        }
        self._log = (folder / "log").open("w")
        self.driver = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log
        )
        self.peaks = {"driver": 0, "worker": 0}
        self._begun = 0  # rows in the first part, from which on processor time is counted
        self._spent: dict[int, tuple[str, float, float]] = {}

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Wait until something is so, or for the end; the peaks of memory are noted meanwhile."""
        while self.driver.poll() is None and not until():
            self._note("worker", self.workers())
            self._note("driver", [psutil.Process(self.driver.pid)])
            time.sleep(0.2)

    def finish(self) -> None:
        """Wait for the end, which must be a good one."""
        self.watch()
        if self.driver.returncode not in _COMPLETE:
            raise SystemExit(f"ended with {self.driver.returncode}, see {self._log.name}")

    def has_parts(self, number: int) -> Callable[[], bool]:
        """Return what says whether there are so many parts."""
        return lambda: len(self.job.parts) >= number

    def workers(self) -> list[psutil.Process]:
        """Return the processes of this run, or of a cluster of this script, that label."""
        below = psutil.Process().children(recursive=True)
        return [one for one in below if _title(one).startswith(_WORKER)]

    def rate(self) -> float:
        """Return the photos a second after the first part."""
        times = sorted(
            (part.stat().st_mtime, pq.read_metadata(part).num_rows) for part in self.job.parts
        )
        return sum(rows for _, rows in times[1:]) / max(times[-1][0] - times[0][0], 1e-9)

    def rows(self) -> tuple[str, int]:
        """Return the digest of the rows by name, and how many rows all parts have together."""
        digest = hashlib.sha256(
            repr(
                [row for block in self.job.blocks(self.job.done()) for row in block.to_pylist()]
            ).encode()
        ).hexdigest()
        return digest[:16], sum(pq.read_metadata(part).num_rows for part in self.job.parts)

    def efficiency(self) -> float:
        """Return the photos a second of processor time, after the first part."""
        who = "worker" if self.peaks["worker"] else "driver"
        spent = sum(last - first for role, first, last in self._spent.values() if role == who)
        return (self.rows()[1] - self._begun) / max(spent, 1e-9)

    def _note(self, who: str, processes: list[psutil.Process]) -> None:
        if not self._begun and self.job.parts:
            self._begun = self.rows()[1]
        for process in processes:
            try:
                self.peaks[who] = max(self.peaks[who], process.memory_info().rss)
                seconds = sum(process.cpu_times()[:2])
            except psutil.NoSuchProcess:
                continue
            if self._begun:
                _, first, _ = self._spent.get(process.pid, (who, seconds, seconds))
                self._spent[process.pid] = (who, first, seconds)


def _title(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return ""


def killed(folder: Path, photos: Path, model: Path) -> Run:
    """Label with two workers: one is killed, then the driver, and the command is given again."""
    run = Run(folder, photos, model, "--engine", "ray", "--workers", "2")
    run.watch(run.has_parts(1))
    [one, *_] = run.workers()
    one.kill()
    run.watch(run.has_parts(4))
    below = [one.pid for one in psutil.Process(run.driver.pid).children(recursive=True)]
    os.kill(run.driver.pid, signal.SIGKILL)
    run.driver.wait()
    left = left_after(120, below)
    print(f"  driver killed after {len(run.job.parts)} parts; {len(left)} processes of Ray stay on")
    again = Run(folder, photos, model, "--engine", "ray", "--workers", "2")
    again.finish()
    return again


@contextmanager
def cluster_of_one(place: str) -> Iterator["Cluster"]:
    """Yield a cluster on 127.0.0.1 whose one node has one core."""
    os.environ |= HERE | QUIET | {"RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_TMPDIR": place}
    Path(place, "ray").mkdir()
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=_NODE | {"include_dashboard": False})
    try:
        yield cluster
    finally:
        cluster.shutdown()


def joined(folder: Path, photos: Path, model: Path) -> Run:
    """Label on a cluster of one node that a second joins after the first part."""
    with (
        tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as place,
        cluster_of_one(place) as cluster,
    ):
        run = Run(folder, photos, model, "--engine", "ray", "--address", cluster.address)
        run.watch(run.has_parts(1))
        before = len(run.workers())
        cluster.add_node(**_NODE)
        run.watch(lambda: len(run.workers()) > before)
        print(f"  workers before and after a node joined: {before}, {len(run.workers())}")
        run.finish()
    return run


def main() -> None:
    """Print a line a job, and end with 1 where rows differ from the plain engine's."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.ray_kills", description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000, metavar="N")
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ray-kills-") as name:
        photos, model = Path(name) / "photos", options.model.absolute()
        make_photos(photos, options.photos)
        jobs: dict[str, Callable[[Path], Run]] = {
            "plain": lambda folder: Run(folder, photos, model),
            "ray, 1 worker": lambda folder: Run(
                folder, photos, model, "--engine", "ray", "--workers", "1"
            ),
            "ray, 2 workers": lambda folder: Run(
                folder, photos, model, "--engine", "ray", "--workers", "2"
            ),
            "worker and driver killed": lambda folder: killed(folder, photos, model),
            "node joined": lambda folder: joined(folder, photos, model),
        }
        results = set()
        for job, start in jobs.items():
            run = start(Path(name) / job)
            run.finish()
            digest, rows = run.rows()
            results.add((digest, rows))
            driver, worker = (run.peaks[who] >> 20 for who in ("driver", "worker"))
            print(
                f"{job}: {run.rate():.1f} photos/s, {run.efficiency():.1f} a second of processor "
                f"time; peak of the driver {driver} MiB, of a worker {worker} MiB; "
                f"{rows} rows, {digest}",
                flush=True,
            )
    raise SystemExit(0 if len(results) == 1 else 1)


if __name__ == "__main__":
    main()
