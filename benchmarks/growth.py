"""`python -m benchmarks.growth`: time and memory of what takes any number of photos, as a plot."""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import machine, peak_bytes
from benchmarks.photos import FOLDER, painted, sizes_wh

SIZES = (1_000, 10_000, 100_000)
DISTINCT, SIDE = 1_000, 64  # so many small photos are painted; more photos are the same again
RESULT, PLOT = Path("benchmarks/results/growth.json"), Path("docs/growth.png")


def tables(photos: int):
    """Return the work of the stages fetch and tables, three annotations a photo."""
    from benchmarks.tables import ours, pascal_folder

    source, out = pascal_folder(3 * photos, photos), FOLDER / "out"
    out.mkdir(parents=True, exist_ok=True)
    return lambda: ours(source, out)


def store(photos: int):
    """Return the work of the pixels stage, to 32 pixels."""
    from pipeline.data.pixels import build_pixel_store

    paths, sizes = _small_photos(photos)
    return lambda: build_pixel_store(paths, sizes, FOLDER / "grown.npy", 32)


def evaluation(photos: int):
    """Return the work of VOC average precision, 20 detections a photo."""
    from benchmarks.voc_ap import inputs, ours

    truth, detections = inputs(photos, 20)
    return lambda: ours(truth, detections)


def labelling(photos: int):
    """Return the work of `ladder label` with a small network at 64 pixels, parts and all."""
    from benchmarks.label import ours, random_detector

    detector = random_detector(SIDE, "mobilenetv3_small_050", channels=16)
    paths, _ = _small_photos(photos)
    named = [(f"{number}/{path.name}", path) for number, path in enumerate(paths)]
    return lambda: ours(named, detector, FOLDER)


PARTS = {part.__name__: part for part in (tables, store, evaluation, labelling)}


def _small_photos(photos: int):
    paths, pascal = painted(DISTINCT, side=SIDE)
    repeats = photos // DISTINCT
    return paths * repeats, sizes_wh({"images": pascal["images"] * repeats})


def main() -> None:
    """Run every part at every size in a process of its own; write figures and plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=main.__doc__)
    parser.add_argument("--once", nargs=2, metavar=("PART", "PHOTOS"), help="run one of them")
    options = parser.parse_args()
    if options.once:
        _run_once(options.once[0], int(options.once[1]))
        return
    rows = [_measured(part, photos) for part in PARTS for photos in SIZES]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")
    draw(rows, PLOT)
    print(PLOT)


def _run_once(part: str, photos: int) -> None:
    work = PARTS[part](photos)
    start, before = time.perf_counter(), peak_bytes()
    work()
    print(f"\n{time.perf_counter() - start:.3f} {before / 2**20:.0f} {peak_bytes() / 2**20:.0f}")


def _measured(part: str, photos: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.growth", "--once", part, str(photos)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, before, peak = child.stdout.split()[-3:]
    row = {"part": part, "photos": photos, "seconds": float(seconds)}
    row |= {"mb_before": int(before), "mb_peak": int(peak)}
    print(row, file=sys.stderr, flush=True)
    return row


def draw(rows: list[dict], path: Path) -> None:
    """Draw time and peak memory over the number of photos, one line a part."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2)
    for part in PARTS:
        mine = [row for row in rows if row["part"] == part]
        photos = [row["photos"] for row in mine]
        time_axes.loglog(photos, [row["seconds"] for row in mine], "o-", label=part)
        memory_axes.semilogx(photos, [row["mb_peak"] for row in mine], "o-", label=part)
    time_axes.loglog(
        SIZES, [0.002 * size / 10 for size in SIZES], ":", color="grey", label="linear"
    )
    time_axes.set(xlabel="photos", ylabel="seconds", title="time")
    memory_axes.set(xlabel="photos", ylabel="MB", title="peak memory, imports and inputs included")
    memory_axes.set_ylim(bottom=0)
    time_axes.legend()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
