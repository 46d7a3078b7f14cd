"""A project with any number of small photos: its photos or its pixels, and its tables.

`python -m benchmarks.grown FOLDER PHOTOS source|pixels` makes it in a separate process, so that the
measured one does not include this work.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.photos import painted
from pipeline.files import PIXELS, SOURCE, TABLES
from pipeline.reading.parquet_file import write_parquet
from pipeline.schemas import BOX_SIDES, IMAGES_SCHEMA, OBJECTS_SCHEMA, SPLITS, with_classes

DISTINCT, PAINTED = 1_000, 64  # so many photos of this side are painted; the rest is linked to them
STORED, OBJECTS = 32, 3  # a photo's side in the store; its objects
CLASSES = [f"class {label}" for label in range(6)]
SHARD = 20_000  # photos in a file, as params.yaml has it
VAL = 20  # of so many photos one is of val


def grow(folder: Path, photos: int, what: str) -> None:
    """Let another process make a project with so many photos, its `source` or its `pixels`."""
    command = [sys.executable, "-m", "benchmarks.grown", str(folder), str(photos), what]
    subprocess.run(command, check=True)


def link_photos(folder: Path, photos: int) -> None:
    """Fill data/source with hard links to painted photos, 1,000 per folder."""
    paths, _ = painted(DISTINCT, side=PAINTED)
    for name, path in zip(_names(photos), paths * -(-photos // DISTINCT), strict=False):
        place = folder / SOURCE / name
        if path is paths[0]:
            place.parent.mkdir(parents=True)
        os.link(path, place)


def write_noise(path: Path, photos: int, side: int = STORED) -> None:
    """Write noise as a store of this name, in files of 20,000 photos."""
    from pipeline.data.pixel_store import digest_of, shard_paths, write_digests

    path.parent.mkdir(parents=True)
    generator = np.random.default_rng(0)
    starts = range(0, photos, SHARD)
    for file, start in zip(shard_paths(path, len(starts)), starts, strict=True):
        digests = []
        shape = (min(SHARD, photos - start), side, side, 3)
        with file.open("wb") as out:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(out, header)
            for _ in range(shape[0]):
                photo = generator.integers(0, 256, shape[1:], np.uint8)
                digests.append(digest_of(photo))
                out.write(photo.data)
        write_digests(file, bytes(32), digests)


def write_tables(folder: Path, photos: int) -> None:
    """Write the tables `images` and `objects`, with a box in three corners of each photo."""
    _, pascal = painted(DISTINCT, side=PAINTED)
    sizes = np.array([(image["width"], image["height"]) for image in pascal["images"]], np.int32)
    ids = np.arange(photos)
    width, height = sizes[ids % DISTINCT].T
    names = pa.array(_names(photos))
    images = {
        "image_id": ids,
        "file_name": names,
        "width": width,
        "height": height,
        "split": _words(np.where(ids % VAL, 0, 1).astype(np.int8), SPLITS),
        "photo": names,
        "turned": np.zeros(photos, bool),
    }
    owner = np.repeat(ids, OBJECTS)
    corner = np.tile(np.arange(OBJECTS, dtype=np.float32) * 8, photos)
    label = (np.arange(len(owner)) % len(CLASSES)).astype(np.int16)
    objects = {name: pa.array(images[name]).take(pa.array(owner)) for name in list(images)[:5]}
    objects |= {"object_id": np.arange(len(owner)), "label": label, "name": _words(label, CLASSES)}
    objects |= dict(zip(BOX_SIDES, (corner, corner, corner + 12, corner + 12), strict=True))
    objects |= {"area": np.full(len(owner), 144, np.float32), "ignore": np.zeros(len(owner), bool)}
    objects |= {"score": pa.nulls(len(owner), pa.float32())}
    (folder / TABLES).mkdir(parents=True)
    for name, columns, schema in (
        ("images", images, IMAGES_SCHEMA),
        ("objects", objects, OBJECTS_SCHEMA),
    ):
        ordered = [columns[column] for column in schema.names]
        table = pa.Table.from_arrays(
            list(map(pa.array, ordered)), schema=with_classes(schema, CLASSES)
        )
        write_parquet(table, folder / TABLES / f"{name}.parquet")


def _words(numbers: np.ndarray, words) -> pa.Array:
    return pa.DictionaryArray.from_arrays(numbers, pa.array(words))


def _names(photos: int) -> list[str]:
    return [f"{at // DISTINCT:06}/{at % DISTINCT:04}.jpg" for at in range(photos)]


if __name__ == "__main__":
    _folder, _photos = Path(sys.argv[1]), int(sys.argv[2])
    if sys.argv[3] == "source":
        link_photos(_folder, _photos)
    else:
        write_noise(_folder / PIXELS, _photos)
    write_tables(_folder, _photos)
