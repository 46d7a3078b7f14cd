"""From photos and labels to the three tables: the stages fetch and tables without the checks."""

import io
import json
import random
import shutil
from pathlib import Path

from PIL import Image

from benchmarks.photos import FOLDER
from benchmarks.topic import Case, Setting, Topic

CLASSES = 20
PHOTOS = 2000
XML_FILES = 17_000  # about as many as VOC 2012 has


def pascal_folder(
    annotations: int, photos: int = PHOTOS, folder: Path = FOLDER, indent: int | None = None
) -> Path:
    """Return a folder with so many annotations in a JSON, keys in COCO's order, and its photos.

    The photos are one grey JPEG of that size: what is measured here reads their headers alone.
    """
    place = folder / f"labelled-{annotations}-{photos}-{indent}"
    if place.exists():
        return place
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / "images").mkdir(parents=True)
    chance = random.Random(42)
    names = [f"{number:012d}.jpg" for number in range(photos)]
    document = {
        "images": [
            {
                "file_name": name,
                "height": 375,
                "width": 500,
                "id": number,
                "split": "val" if number % 5 == 0 else "train",
            }
            for number, name in enumerate(names)
        ],
        "type": "instances",
        "annotations": [_annotation(number, photos, chance) for number in range(annotations)],
        "categories": [{"id": 1 + c, "name": f"class {c}"} for c in range(CLASSES)],
    }
    (partial / "labels.json").write_text(json.dumps(document, indent=indent))
    photo = _photo()
    for name in names:
        (partial / "images" / name).write_bytes(photo)
    partial.rename(place)
    return place


def _photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (500, 375), 128).save(buffer, "JPEG", quality=10)
    return buffer.getvalue()


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


def voc_folder(files: int, folder: Path = FOLDER) -> Path:
    """Return a VOC folder with so many XML files of one to five objects, and its photos."""
    place = folder / f"xml-{files}"
    if place.exists():
        return place
    partial = place.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (partial / name).mkdir(parents=True)
    chance, photo = random.Random(42), _photo()
    stems = [f"2008_{number:06d}" for number in range(files)]
    for stem in stems:
        objects = "".join(_voc_object(chance) for _ in range(chance.randrange(1, 6)))
        text = (
            f"<annotation>\n<folder>VOC2012</folder>\n<filename>{stem}.jpg</filename>\n"
            "<source><database>none</database></source>\n<size><width>500</width>"
            f"<height>375</height><depth>3</depth></size>\n{objects}</annotation>\n"
        )
        (partial / "Annotations" / f"{stem}.xml").write_text(text)
        (partial / "JPEGImages" / f"{stem}.jpg").write_bytes(photo)
    half = files // 2
    for split, chosen in (("train", stems[:half]), ("val", stems[half:])):
        (partial / "ImageSets/Main" / f"{split}.txt").write_text("\n".join(chosen))
    partial.rename(place)
    return place


def _voc_object(chance: random.Random) -> str:
    x, y = chance.randrange(1, 400), chance.randrange(1, 300)
    return (
        f"<object>\n<name>class {chance.randrange(CLASSES)}</name><pose>Left</pose>"
        "<truncated>0</truncated><difficult>0</difficult>\n<bndbox>"
        f"<xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + chance.randrange(1, 99)}</xmax>"
        f"<ymax>{y + chance.randrange(1, 74)}</ymax></bndbox>\n</object>\n"
    )


def ours(source: Path, out: Path) -> None:
    """Copy the set and write its three tables, as the two stages do before the checks."""
    from pipeline.formats.layout import find_set
    from pipeline.formats.read import read_labels
    from pipeline.sources.copies import copy_set
    from pipeline.tables.build import build_tables, write_tables
    from pipeline.tables.photos import with_photos
    from pipeline.tables.splits import assign_splits
    from pipeline.tables.units import in_pixels

    copied = out / "source"
    shutil.rmtree(copied, ignore_errors=True)
    copy_set(find_set(source), copied)
    # Nothing here keeps the labels: of millions of boxes every copy counts.
    tables = build_tables(
        assign_splits(in_pixels(with_photos(read_labels(copied), copied)), "given")
    )
    write_tables(out, tables)


def with_pandas(source: Path, out: Path) -> None:
    """Copy the set and write the same rows with `json` and pandas, keys and ids checked alike."""
    import pandas as pd

    copied = out / "source"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(source, copied)
    data = json.loads((copied / "labels.json").read_bytes())
    for key in ("images", "annotations", "categories"):
        if not isinstance(data.get(key), list):
            raise ValueError(f"{key}: missing")
    images = pd.DataFrame(data["images"]).rename(columns={"id": "image_id"})
    images = images[["image_id", "file_name", "width", "height", "split"]]
    missing = [name for name in images["file_name"] if not (copied / "images" / name).is_file()]
    objects = pd.DataFrame(data["annotations"]).rename(columns={"id": "object_id"})
    categories = {c["id"]: label for label, c in enumerate(data["categories"])}
    sound = (
        not missing
        and images["image_id"].is_unique
        and images["file_name"].is_unique
        and objects["object_id"].is_unique
        and objects["image_id"].isin(images["image_id"]).all()
        and objects["category_id"].isin(list(categories)).all()
        and (objects["bbox"].str.len() == 4).all()
    )
    sides = pd.DataFrame(objects.pop("bbox").tolist(), columns=["xmin", "ymin", "w", "h"])
    if not sound or sides.isna().any(axis=None) or (sides[["w", "h"]] < 0).any(axis=None):
        raise ValueError("something is missing or wrong")
    objects = pd.concat(
        [objects[["object_id", "image_id", "category_id", "ignore"]], sides], axis=1
    )
    objects = objects.merge(images.assign(row=range(len(images))), on="image_id")
    objects = objects.sort_values(["row", "object_id"], kind="stable", ignore_index=True)
    objects["label"] = objects["category_id"].map(categories)
    objects["name"] = objects["label"].map([c["name"] for c in data["categories"]].__getitem__)
    objects["xmax"] = (objects["xmin"] + objects["w"]).clip(0, objects["width"])
    objects["ymax"] = (objects["ymin"] + objects["h"]).clip(0, objects["height"])
    objects["area"] = (objects["xmax"] - objects["xmin"]) * (objects["ymax"] - objects["ymin"])
    objects = objects[objects["area"] > 0].drop(columns=["w", "h", "row", "category_id"])
    valid = objects[objects["ignore"] == 0]
    largest = objects.loc[valid.groupby("image_id", sort=False)["area"].idxmax()]
    for name, table in (("images", images), ("objects", objects), ("largest", largest)):
        table.to_parquet(out / f"{name}.parquet", compression="zstd", index=False)


def copy_only(source: Path, out: Path) -> None:
    """Copy the set, which cannot be avoided."""
    copied = out / "source"
    shutil.rmtree(copied, ignore_errors=True)
    shutil.copytree(source, copied)


def _out() -> Path:
    out = FOLDER / "out"
    out.mkdir(parents=True, exist_ok=True)
    return out


def _setting(name: str, annotations: int, repeats: int, goal: float, **form: int) -> Setting:
    def cases() -> list[Case]:
        source, out = pascal_folder(annotations, **form), _out()
        return [
            Case("ours", "ours", lambda: ours(source, out)),
            Case("json + pandas", "peer", lambda: with_pandas(source, out)),
            Case("copy alone", "limit", lambda: copy_only(source, out)),
        ]

    return Setting(name, annotations, "annotations", cases, goal, repeats)


def _alone(source: Path) -> list[Case]:
    out = _out()
    return [
        Case("ours", "ours", lambda: ours(source, out)),
        Case("copy alone", "limit", lambda: copy_only(source, out)),
    ]


TOPIC = Topic(
    "labels and photos to the three tables",
    (
        _setting("16k", 16_000, 5, 1.0),
        _setting("1M", 1_000_000, 3, 3.0),
        _setting("1M, indented", 1_000_000, 3, 3.0, indent=1),
        Setting("5M", 5_000_000, "annotations", lambda: _alone(pascal_folder(5_000_000)), None, 1),
        Setting("VOC XML", XML_FILES, "files", lambda: _alone(voc_folder(XML_FILES)), None, 3),
    ),
    "The whole way of both stages, fetch and tables, over 2000 photos of a few bytes (17,000 for "
    "XML). Both sides write the same rows (`tests/benchmarks/test_tables.py`) and check keys, ids, "
    "references, boxes and that every photo is there. Files whose annotations hold objects, or "
    "closing braces in strings, take the plain parser. The peak is to be below 500 MB at 1M, below "
    "1000 MB at 5M, and the XML is to take 15 s at most.",
)
