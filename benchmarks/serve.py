"""`python -m benchmarks.serve`: photos over HTTP from several clients, and the detector alone.

A server is started as by `ladder serve`, with a rung of random weights unless a model is named, and
the photos are painted JPEGs of Pascal's usual size. It is not a topic of `make bench`, which
compares times of whole runs: here the time of each request matters, and that none fails.
"""

import argparse
import http.client
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import cycle, islice
from pathlib import Path

import numpy as np
import torch

from benchmarks.label import random_detector
from benchmarks.measure import machine
from benchmarks.photos import painted
from pipeline.inference.detector import Detector
from pipeline.rungs.saved_model import build_model, save_model

RESULT = Path("benchmarks/results/serve.json")
PHOTOS, SIDE, WARM_UP = 64, 224, 8


def main() -> None:
    """Measure, print a table and write benchmarks/results/serve.json."""
    options = _parse()
    paths, _ = painted(PHOTOS)
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or save_random(Path(folder))
        work = list(islice(cycle(paths), options.requests))
        cases = measure(model, work, options.clients)
    result = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "model": str(options.model or f"ssd_fpn, {SIDE} px, random weights"),
        "clients": options.clients,
        "requests": options.requests,
        "cases": cases,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print_table(cases)
    print(RESULT)


def save_random(folder: Path) -> Path:
    """Save a rung with random weights in a folder, and return it."""
    spec = random_detector(SIDE).spec
    torch.manual_seed(42)
    save_model(folder, build_model(spec), spec)
    return folder


def measure(model: Path, paths: Sequence[Path], clients: int) -> list[dict[str, float | str]]:
    """Return the figures of each way to get the boxes of all photos."""
    photos = [path.read_bytes() for path in paths]
    with serving(model) as port:
        ask_all(port, photos[:WARM_UP], clients)
        cases = [
            ask_all(port, photos, clients) | {"name": f"HTTP, {clients} clients"},
            ask_all(port, photos, 1) | {"name": "HTTP, 1 client"},
        ]
    detector = Detector.load(model)
    detector.predict(paths[:WARM_UP])
    start = time.perf_counter()
    times = [timed(lambda path=path: detector.predict([path])) for path in paths]
    alone = figures(times, time.perf_counter() - start, 0)
    together = timed(lambda: detector.predict(paths))
    return [
        *cases,
        alone | {"name": "Detector, one photo at a time"},
        {"name": "Detector, in batches", "photos_per_second": round(len(paths) / together, 2)},
    ]


@contextmanager
def serving(model: Path) -> Iterator[int]:
    """Yield the port of a server, which is stopped afterwards and must exit cleanly."""
    command = [sys.executable, "-m", "commands.main", "serve", "--model", str(model)]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        found = re.search(r":(\d+) \(", process.stdout.readline())
        if not found:
            raise SystemExit("the server did not start")
        yield int(found[1])
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait()
        process.stdout.close()
    if code:
        raise SystemExit(f"the server ended with {code}")


def ask_all(port: int, photos: Sequence[bytes], clients: int) -> dict[str, float | str]:
    """Return the figures of one-photo requests, from clients that wait for each response."""
    shares = [photos[client::clients] for client in range(clients)]
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        done = [one for share in pool.map(lambda share: _ask(port, share), shares) for one in share]
    seconds = time.perf_counter() - start
    return figures([took for took, _ in done], seconds, sum(not good for _, good in done))


def _ask(port: int, photos: Sequence[bytes]) -> list[tuple[float, bool]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    done = []
    for photo in photos:
        start = time.perf_counter()
        try:
            connection.request("POST", "/predict", photo, {"Content-Type": "image/jpeg"})
            answer = connection.getresponse()
            good = len(json.loads(answer.read())["photos"]) == 1 and answer.status == 200
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            good = False
            connection.close()
        done.append((time.perf_counter() - start, good))
    connection.close()
    return done


def timed(run: Callable[[], object]) -> float:
    """Return the seconds of one run."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def figures(times: Sequence[float], seconds: float, failed: int) -> dict[str, float | str]:
    """Return the figures of some requests.

    >>> figures([0.1, 0.2, 0.3], 0.5, 1)
    {'p50_ms': 200.0, 'p95_ms': 290.0, 'photos_per_second': 6.0, 'failed': 1}
    """
    p50, p95 = np.percentile(times, (50, 95)).tolist()
    return {
        "p50_ms": round(p50 * 1000, 2),
        "p95_ms": round(p95 * 1000, 2),
        "photos_per_second": round(len(times) / seconds, 2),
        "failed": failed,
    }


def print_table(cases: Sequence[dict[str, float | str]]) -> None:
    """Print a line for each case."""
    names = ("p50_ms", "p95_ms", "photos_per_second", "failed")
    print(f"{'':32}" + "".join(f"{name:>19}" for name in names))
    for case in cases:
        print(f"{case['name']:32}" + "".join(f"{case.get(name, ''):>19}" for name in names))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=main.__doc__)
    parser.add_argument("--model", type=Path, help="folder of a rung (default: random weights)")
    parser.add_argument("--clients", type=int, default=8, help="(%(default)s)")
    parser.add_argument("--requests", type=int, default=500, help="(%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
