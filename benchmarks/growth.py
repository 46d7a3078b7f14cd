"""`python -m benchmarks.growth`: plot how time and memory grow with the number of photos."""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.grown import PAINTED, SHARD, STORED, grow
from benchmarks.measure import machine, peak_bytes
from benchmarks.photos import FOLDER

SIZES = (1_000, 10_000, 100_000)
GROWN = FOLDER / f"grown-{os.getpid()}"  # what is written there goes when a part ends
RESULT, PLOT = Path("benchmarks/results/growth.json"), Path("docs/growth.png")


def tables(photos: int):
    """Return the work of the stages fetch and tables, three annotations per photo."""
    from benchmarks.tables import ours, pascal_folder

    source, out = pascal_folder(3 * photos, photos), FOLDER / "out"
    out.mkdir(parents=True, exist_ok=True)
    return lambda: ours(source, out)


def store(photos: int):
    """Return the work of the pixels stage, to 32 pixels."""
    from pipeline.params.fetch import PixelParams
    from stages.pixels import store_pixels

    grow(GROWN, photos, "source")
    return lambda: store_pixels(PixelParams(size=STORED, shard_photos=SHARD))


def evaluation(photos: int):
    """Return the work of VOC average precision, 20 detections per photo."""
    from benchmarks.voc_ap import inputs, ours

    truth, detections = inputs(photos, 20)
    return lambda: ours(truth, detections)


def labelling(photos: int):
    """Return the work of `ladder label` with a small network at 64 pixels, parts included."""
    from pipeline.files import SOURCE
    from pipeline.labelling.photo_files import named_photos, passed_over

    grow(GROWN, photos, "source")

    def label() -> None:
        found, _, _ = named_photos([str(SOURCE)])
        passed_over([str(SOURCE)])
        from benchmarks.label import ours, random_detector  # torch, which the command loads now

        ours(found, random_detector(PAINTED, "mobilenetv3_small_050", channels=16), Path())

    return label


def training(photos: int):
    """Return the work of an epoch of `classifier` with a small network at 32 pixels."""
    from benchmarks.batches import our_batches
    from benchmarks.train_step import Silent, learner, model_of
    from pipeline.data.inputs import read_training_data
    from pipeline.memory import keep_freed_memory
    from pipeline.tasks import Task
    from pipeline.train.loop import train_one_epoch

    grow(GROWN, photos, "pixels")

    def train() -> None:
        keep_freed_memory()
        batches = our_batches(read_training_data(Task.DETECT, 1.0).train, STORED)
        model = model_of("classifier", STORED, backbone="mobilenetv3_small_050")
        learning = learner("classifier", len(batches), model=model)
        train_one_epoch(learning, batches.epoch(0), 1, 0, Silent())

    return train


PARTS = {part.__name__: part for part in (tables, store, evaluation, labelling, training)}


def main() -> None:
    """Run parts at some sizes, each in a separate process; write figures and plot.

    Earlier figures of other parts and sizes are kept.
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
    """Return rows with a new one, which replaces that of the same part and size."""

    def place(row: dict) -> tuple[int, int]:
        return list(PARTS).index(row["part"]), row["photos"]

    return sorted([row for row in rows if place(row) != place(new)] + [new], key=place)


def _run_once(part: str, photos: int) -> None:
    shutil.rmtree(GROWN, ignore_errors=True)
    try:
        work = PARTS[part](photos)
        GROWN.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(GROWN):
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
    """Draw time and peak memory over the number of photos, one line per part."""
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
