"""`python -m benchmarks.growth`: time and memory of what takes any number of photos, as a plot."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.grown import SHARD, grown
from benchmarks.measure import machine, peak_bytes
from benchmarks.photos import FOLDER, painted, sizes_wh

SIZES = (1_000, 10_000, 100_000)
DISTINCT, SIDE = 1_000, 64  # so many small photos are painted; more photos are the same again
GROWN = FOLDER / f"grown-{os.getpid()}"  # what is written there goes when a part ends
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
    out = GROWN / "photos.npy"
    return lambda: build_pixel_store(paths, sizes, out, 32, shard_photos=SHARD)


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


def training(photos: int):
    """Return the work of an epoch of `classifier` with a small network at 32 pixels."""
    from benchmarks.batches import our_batches
    from benchmarks.train_step import Silent, learner, model_of
    from pipeline.memory import keep_freed_memory
    from pipeline.train.loop import train_one_epoch

    keep_freed_memory()
    batches = our_batches(grown(photos, GROWN), 32)
    model = model_of("classifier", 32, backbone="mobilenetv3_small_050")
    learning = learner("classifier", len(batches), model=model)
    return lambda: train_one_epoch(learning, batches.epoch(0), 1, 0, Silent())


PARTS = {part.__name__: part for part in (tables, store, evaluation, labelling, training)}


def _small_photos(photos: int):
    paths, pascal = painted(DISTINCT, side=SIDE)
    repeats = photos // DISTINCT
    return paths * repeats, sizes_wh({"images": pascal["images"] * repeats})


def main() -> None:
    """Run parts at some sizes, each in a process of its own; write figures and plot.

    Figures of other parts and sizes that were measured before stay.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=main.__doc__)
    parser.add_argument("--once", nargs=2, metavar=("PART", "PHOTOS"), help="run one of them")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="PHOTOS")
    options = parser.parse_args()
    if options.once:
        _run_once(options.once[0], int(options.once[1]))
        return
    known = json.loads(RESULT.read_text())["rows"] if RESULT.exists() else []
    for part in options.parts:
        for photos in options.sizes:
            known = merged(known, _measured(part, photos))
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps({"machine": machine(), "rows": known}, indent=2) + "\n")
    draw(known, PLOT)
    print(PLOT)


def merged(rows: list[dict], new: dict) -> list[dict]:
    """Return rows with a new one, which takes the place of that of the same part and size."""

    def place(row: dict) -> tuple[int, int]:
        return list(PARTS).index(row["part"]), row["photos"]

    return sorted([row for row in rows if place(row) != place(new)] + [new], key=place)


def _run_once(part: str, photos: int) -> None:
    shutil.rmtree(GROWN, ignore_errors=True)
    try:
        work = PARTS[part](photos)
        start, before = time.perf_counter(), peak_bytes()
        work()
        seconds = time.perf_counter() - start
    finally:
        shutil.rmtree(GROWN, ignore_errors=True)
    print(f"\n{seconds:.3f} {before / 2**20:.0f} {peak_bytes() / 2**20:.0f}")


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
    sizes = sorted({row["photos"] for row in rows})
    linear = [size / 5000 for size in sizes]
    time_axes.loglog(sizes, linear, ":", color="grey", label="linear")
    time_axes.set(xlabel="photos", ylabel="seconds", title="time")
    memory_axes.set(xlabel="photos", ylabel="MB", title="peak memory, imports and inputs included")
    memory_axes.set_ylim(bottom=0)
    time_axes.legend()
    figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
