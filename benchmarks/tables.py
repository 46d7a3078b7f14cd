"""Pascal JSON to the three tables."""

import json
import random
from pathlib import Path

from benchmarks.photos import FOLDER
from benchmarks.topic import Case, Setting, Topic

CLASSES = 20


def pascal_file(annotations: int, folder: Path = FOLDER, indent: int | None = None) -> Path:
    """Return the path of a JSON with so many annotations, three a photo, keys in COCO's order."""
    path = folder / f"pascal-{annotations}-{indent}.json"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(42)
    photos = max(2, annotations // 3)
    document = {
        "images": [
            {
                "file_name": f"{number:012d}.jpg",
                "height": 375,
                "width": 500,
                "id": number,
                "split": "val" if number % 5 == 0 else "train",
            }
            for number in range(photos)
        ],
        "type": "instances",
        "annotations": [_annotation(number, photos, chance) for number in range(annotations)],
        "categories": [{"id": 1 + c, "name": f"class {c}"} for c in range(CLASSES)],
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document, indent=indent))
    partial.rename(path)
    return path


def _annotation(number: int, photos: int, chance: random.Random) -> dict:
    x, y = chance.randrange(400), chance.randrange(300)
    width, height = chance.randrange(1, 100), chance.randrange(1, 75)
    corners = [x, y, x, y + height, x + width, y + height, x + width, y]
    return {
        "segmentation": [corners],
        "area": width * height,
        "iscrowd": 0,
        "image_id": chance.randrange(photos),
        "bbox": [x, y, width, height],
        "category_id": chance.randrange(CLASSES) + 1,
        "id": number + 1,
        "ignore": int(number % 7 == 6),
    }


def ours(source: Path, out: Path) -> None:
    """Write the three tables as the stage does."""
    from pipeline.formats.columns import load_fetched
    from pipeline.tables.build import build_tables, write_tables

    write_tables(out, build_tables(load_fetched(source)))


def with_pandas(source: Path, out: Path) -> None:
    """Write the same rows with `json` and pandas: clipped, in order, largest by idxmax."""
    import pandas as pd

    data = json.loads(source.read_bytes())
    images = pd.DataFrame(data["images"]).rename(columns={"id": "image_id"})
    images = images[["image_id", "file_name", "width", "height", "split"]]
    objects = pd.DataFrame(data["annotations"]).rename(columns={"id": "object_id"})
    sides = pd.DataFrame(objects.pop("bbox").tolist(), columns=["xmin", "ymin", "w", "h"])
    objects = pd.concat(
        [objects[["object_id", "image_id", "category_id", "ignore"]], sides], axis=1
    )
    objects = objects.merge(images.assign(row=range(len(images))), on="image_id")
    objects = objects.sort_values(["row", "object_id"], kind="stable", ignore_index=True)
    categories = {c["id"]: label for label, c in enumerate(data["categories"])}
    objects["label"] = objects["category_id"].map(categories)
    objects["name"] = objects["label"].map([c["name"] for c in data["categories"]].__getitem__)
    objects["xmax"] = (objects["xmin"] + objects["w"]).clip(0, objects["width"])
    objects["ymax"] = (objects["ymin"] + objects["h"]).clip(0, objects["height"])
    objects["area"] = (objects["xmax"] - objects["xmin"]) * (objects["ymax"] - objects["ymin"])
    objects = objects[objects["area"] > 0].drop(columns=["w", "h", "row", "category_id"])
    asked = objects[objects["ignore"] == 0]
    largest = objects.loc[asked.groupby("image_id", sort=False)["area"].idxmax()]
    out.mkdir(parents=True, exist_ok=True)
    for name, table in (("images", images), ("objects", objects), ("largest", largest)):
        table.to_parquet(out / f"{name}.parquet", compression="zstd", index=False)


def parse_only(source: Path) -> None:
    """Parse the JSON into Python objects and do nothing with them."""
    import orjson

    orjson.loads(source.read_bytes())


def _setting(name: str, annotations: int, repeats: int, goal: float | None, **form: int) -> Setting:
    def cases() -> list[Case]:
        source, out = pascal_file(annotations, **form), FOLDER / "out"
        return [
            Case("ours", "ours", lambda: ours(source, out)),
            Case("json + pandas", "peer", lambda: with_pandas(source, out)),
            Case("bytes read", "limit", lambda: source.read_bytes()),
            Case("orjson, parse alone", "limit", lambda: parse_only(source)),
        ]

    return Setting(name, annotations, "annotations", cases, goal, repeats)


def _five_million() -> list[Case]:
    source = pascal_file(5_000_000)
    return [
        Case("ours", "ours", lambda: ours(source, FOLDER / "out")),
        Case("bytes read", "limit", lambda: source.read_bytes()),
    ]


TOPIC = Topic(
    "JSON to the three tables",
    (
        _setting("16k", 16_000, 5, 1.0),
        _setting("1M", 1_000_000, 3, 3.0),
        _setting("1M, indented", 1_000_000, 3, 3.0, indent=1),
        Setting("5M", 5_000_000, "annotations", _five_million, repeats=1),
    ),
    "Both write the same rows (`tests/benchmarks/test_tables.py`). Ours checks schema, ids, splits "
    "and boxes besides. Files whose annotations hold objects, or closing braces in strings, take "
    "the plain parser. No row is short of its goal, nor is the peak of 5M annotations, which is to "
    "be below 1500 MB.",
)
