"""`python -m benchmarks.ladder`: time every rung's train stage, now and in the first version.

The first version is taken from git's history. Both train for two late epochs at 224 pixels on the
same painted photos, alternately; figures go to `benchmarks/results/ladder.json`.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from benchmarks.measure import machine

FIRST = "6870db0f69de121fe1d960c82c54f4273f9a6bed"
RESULT = Path("benchmarks/results/ladder.json")
PHOTOS, SIDE, BATCH, EPOCHS = 500, 224, 32, 2
NEEDED = ("pipeline", "stages", "params.yaml")


def main() -> None:
    """Train every rung with both versions; print and save photos per second and CPU use."""
    argparse.ArgumentParser(prog="python -m benchmarks.ladder", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        projects = {name: Path(folder) / name for name in ("first", "now")}
        for name, project in projects.items():
            check_out(FIRST if name == "first" else "HEAD", project)
            rungs = set_params(project / "params.yaml")
            for stage in ("fetch", "tables", "pixels"):
                run_stage(project, stage)
        rows = [
            {"rung": rung, "version": name, **trained(project, rung)}
            for rung in rungs
            for name, project in projects.items()
        ]
    RESULT.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")
    print("\n".join(table(rows)))


def check_out(revision: str, folder: Path) -> None:
    """Write the files of a revision that training needs into a new folder."""
    packed = subprocess.run(
        ["git", "archive", revision, *NEEDED], stdout=subprocess.PIPE, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def set_params(path: Path) -> list[str]:
    """Set all rungs to train alike, as far as this version can; return their names."""
    from ruamel.yaml import YAML

    yaml = YAML()
    params = yaml.load(path.read_text())
    params["fetch"]["demo"] |= {"photos": PHOTOS, "size": SIDE}
    params["pixels"]["size"] = SIDE
    params["train"]["shared"] |= {"batch_size": BATCH, "device": "cpu"}
    if "image_size" in params["train"]["shared"]:
        params["train"]["shared"]["image_size"] = SIDE
    rungs = [name for name in params["train"] if name != "shared"]
    for rung in rungs:
        section = params["train"][rung]
        section["head"]["epochs"], section["late"]["epochs"] = 0, EPOCHS
        section |= {key: SIDE for key in ("image_size", "train_size") if key in section}
    yaml.dump(params, path)
    return rungs


def run_stage(project: Path, *words: str) -> None:
    """Run `python -m stages.NAME ...` in a project folder."""
    command = [sys.executable, "-m", f"stages.{words[0]}", *words[1:]]
    environment = {name: v for name, v in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run(command, cwd=project, env=environment, stdout=subprocess.DEVNULL, check=True)


def trained(project: Path, rung: str) -> dict:
    """Return photos per second of training, and seconds and CPU use of the whole process."""
    start, before = time.perf_counter(), os.times()
    run_stage(project, "train", rung)
    seconds, after = time.perf_counter() - start, os.times()
    cpu = sum(getattr(after, f"children_{kind}") for kind in ("user", "system"))
    cpu -= sum(getattr(before, f"children_{kind}") for kind in ("user", "system"))
    return {
        "photos_per_s": photos_per_s(project, rung),
        "seconds": round(seconds, 1),
        "cores_busy": round(cpu / seconds, 2),
    }


def photos_per_s(project: Path, rung: str) -> float:
    """Return the rate that the stage recorded, where and under the name that its version uses."""
    now = project / "training" / f"{rung}.json"
    if now.is_file():
        return json.loads(now.read_text())["photos_per_s"]
    return json.loads((project / "timings" / f"{rung}.json").read_text())["img_per_s"]


def table(rows: list[dict]) -> list[str]:
    """Return the lines of a Markdown table, one per rung."""
    lines = [
        "| rung | first version | now | ratio | cores busy, of 2 |",
        "|---|---|---|---|---|",
    ]
    for first, now in zip(rows[::2], rows[1::2], strict=True):
        ratio = now["photos_per_s"] / first["photos_per_s"]
        lines.append(
            f"| {now['rung']} | {first['photos_per_s']} photos/s | {now['photos_per_s']} photos/s "
            f"| {ratio:.2f} x | {first['cores_busy']} → {now['cores_busy']} |"
        )
    return lines


if __name__ == "__main__":
    main()
