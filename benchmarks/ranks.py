"""`python -m benchmarks.ranks`: the same training of `ssd_fpn` on VOC by two processes and by one.

Each process has one thread. Draws the losses of both and saves their rates. On a machine with other
work, compare `cpu_seconds` instead of rates; they cover all processes, imports included.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import machine
from pipeline.yaml_file import read_yaml

RESULT, PLOT = Path("benchmarks/results/ranks.json"), Path("docs/ranks.png")
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".ladder" / "benchmarks" / "ranks"
SIDE, BATCH, EPOCHS = 160, 16, 8


def main() -> None:
    """Train with one process and with two; write figures and plot."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranks", description=main.__doc__)
    parser.add_argument("voc", type=Path, help="a folder as shared/voc2007: images and Pascal JSON")
    parser.add_argument("--photos", type=int, default=400, help="the first so many")
    options = parser.parse_args()
    make_project(options.voc.resolve(), options.photos)
    rows = [measured(processes) for processes in (1, 2)]
    RESULT.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")
    draw(rows, PLOT)
    one, two = (row["photos_per_s"] for row in rows)
    print(f"{PLOT}; {one} and {two} photos/s, an efficiency of {two / one / 2:.2f}")


def make_project(voc: Path, photos: int) -> None:
    """Make a new project whose data are the first photos of a set."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    pascal = json.loads(next(voc.glob("pascal_*.json")).read_text())
    images = pascal["images"][:photos]
    known = {image["id"] for image in images}
    kept = [each for each in pascal["annotations"] if each["image_id"] in known]
    source = FOLDER / "photos"
    (source / "images").mkdir(parents=True, exist_ok=True)
    for image in images:
        link = source / "images" / image["file_name"]
        link.symlink_to(voc / "images" / image["file_name"])
    labels = pascal | {"images": images, "annotations": kept}
    (source / "annotations.json").write_text(json.dumps(labels))
    write_params(1)
    for stage in ("fetch", "tables", "pixels"):
        run(stage)


def write_params(processes: int) -> None:
    """Write the project's parameters."""
    params = read_yaml(ROOT / "params.yaml")
    params["fetch"] |= {"source": "local", "path": "photos", "split": "fraction"}
    params["pixels"]["size"] = SIDE
    params["train"]["shared"] |= {
        "device": "cpu",
        "devices": processes,
        "batch_size": BATCH,
        "precision": "float32",
    }
    phases = {"late": {"epochs": EPOCHS - 2, "lr": 0.004}, "all": {"epochs": 2, "lr": 0.001}}
    params["train"]["ssd_fpn"] |= {"image_size": SIDE, "train_size": SIDE} | phases
    (FOLDER / "params.yaml").write_text(json.dumps(params))  # which is YAML, too


def run(*stage: str) -> None:
    """Run a stage of the project, with one thread per process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", f"stages.{stage[0]}", *stage[1:]]
    subprocess.run(command, cwd=FOLDER, env=environment, check=True)


def measured(processes: int) -> dict:
    """Train from the start, and return the rate and the history."""
    write_params(processes)
    before = cpu_seconds()
    run("train", "ssd_fpn")
    used = cpu_seconds() - before
    lines = (FOLDER / "models/ssd_fpn/history.jsonl").read_text().splitlines()
    figures = json.loads((FOLDER / "training/ssd_fpn.json").read_text())
    return {
        "processes": processes,
        "photos_per_s": figures["photos_per_s"],
        "cpu_seconds": round(used, 1),
        "history": [without_boxes(json.loads(line)) for line in lines],
    }


def cpu_seconds() -> float:
    """Return the CPU time of all child processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def without_boxes(row: dict) -> dict:
    """Return the row of an epoch without the detections in the first photos."""
    return {key: value for key, value in row.items() if key != "found"}


def draw(rows: list[dict], path: Path) -> None:
    """Draw the losses of train and val over the epochs."""
    from matplotlib.figure import Figure

    axes_of = Figure(figsize=(9, 3.6), layout="constrained").subplots(1, 2)
    for row, style in zip(rows, ("o-", "x--"), strict=True):
        name = f"{row['processes']} process{'es' if row['processes'] > 1 else ''}"
        epochs = [each["epoch"] for each in row["history"]]
        for split, colour in (("train", "C0"), ("val", "C1")):
            losses = [each[split]["loss"] for each in row["history"]]
            axes_of[0].plot(epochs, losses, style, color=colour, label=f"{split}, {name}")
        found = [each["val"]["voc_map_50"] for each in row["history"]]
        axes_of[1].plot(epochs, found, style, color="C2", label=name)
    axes_of[0].set(xlabel="epoch", ylabel="loss", title=f"ssd_fpn, batches of {BATCH} photos")
    axes_of[1].set(xlabel="epoch", ylabel="mAP@.5 of val")
    for axes in axes_of:
        axes.legend()
    axes_of[0].figure.savefig(path, dpi=100)


if __name__ == "__main__":
    main()
