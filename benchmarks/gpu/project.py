"""A project in the folder of work: the packed photos, with the parameters of the profile `gpu`."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.gpu.packed_photos import LABELS
from benchmarks.gpu.results import Results
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import Stopwatch
from pipeline.files import PARAMS, PROFILES
from pipeline.profiles import profile_values
from pipeline.yaml_file import flatten, read_yaml, with_values

ROOT = Path(__file__).parents[2]
PHOTOS = Path("photos")


def measure(results: Results, size: Size, seconds: float) -> None:
    """Write the parameters, and run the stages up to the pixels here."""
    write_params(size)
    if size.photos:
        keep_photos(size.photos)
    for stage in ("fetch", "tables", "pixels"):
        watch = Stopwatch()
        subprocess.run([sys.executable, "-m", f"stages.{stage}"], check=True)
        results.add("project", {"stage": stage, "seconds": round(watch.seconds(), 1)})


def write_params(size: Size) -> None:
    """Write the project's params.yaml with the profile laid over it, and the size over both."""
    PROFILES.mkdir()
    for profile in (ROOT / PROFILES).glob("*.yaml"):
        (PROFILES / profile.name).write_text(profile.read_text())
    values = profile_values("gpu", flatten(read_yaml(ROOT / PARAMS)))
    values |= {"fetch.source": "local", "fetch.path": str(PHOTOS)} | size.changes
    PARAMS.write_text(with_values((ROOT / PARAMS).read_text(), values))


def keep_photos(count: int) -> None:
    """Let the labels be of the first photos only."""
    pascal = json.loads((PHOTOS / LABELS).read_text())
    pascal["images"] = pascal["images"][:count]
    kept = {image["id"] for image in pascal["images"]}
    pascal["annotations"] = [item for item in pascal["annotations"] if item["image_id"] in kept]
    (PHOTOS / LABELS).write_text(json.dumps(pascal))
