"""Painted photos of Pascal's usual size, shared by the topics that need them."""

import json
import tempfile
from pathlib import Path

import numpy as np

SIDE = 500  # the longer side of most Pascal photos
STORE = 224
FOLDER = Path(tempfile.gettempdir()) / "detection-ladder-benchmarks"


def painted(count: int, folder: Path = FOLDER, side: int = SIDE) -> tuple[list[Path], dict]:
    """Return the paths of `count` painted JPEGs and their Pascal JSON; painted once, then kept."""
    from pipeline.demo.painter import paint_demo

    place = folder / f"photos-{count}-{side}"
    if not (place / "annotations.json").exists():
        pascal = paint_demo(place, count, side, seed=42)
        (place / "annotations.json").write_text(json.dumps(pascal))
    pascal = json.loads((place / "annotations.json").read_text())
    return [place / "photos" / image["file_name"] for image in pascal["images"]], pascal


def stored(count: int, folder: Path = FOLDER):
    """Return `Photos` of the painted ones, with their pixel store at 224 pixels."""
    from pipeline.data.photos import photos_of_split
    from pipeline.data.pixel_store import open_pixel_store
    from pipeline.data.pixels import build_pixel_store
    from pipeline.formats.read import read_labels
    from pipeline.tables.build import build_tables
    from pipeline.tables.photos import with_photos
    from pipeline.tables.splits import assign_splits

    paths, pascal = painted(count, folder)
    place = paths[0].parent.parent
    labels = with_photos(read_labels(place), place)
    tables = build_tables(assign_splits(labels, "fraction", val_fraction=0.0))
    store = folder / f"store-{count}.npy"
    if not store.exists():
        build_pixel_store(paths, sizes_wh(pascal), store, STORE)
    pixels = open_pixel_store(store)
    return photos_of_split(pixels, tables.images, tables.objects, "train", empty_photos=True)


def sizes_wh(pascal: dict) -> np.ndarray:
    """Return `(P, 2)` width and height of each photo."""
    return np.array([(image["width"], image["height"]) for image in pascal["images"]])
