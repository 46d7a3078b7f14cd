"""A set of any number of small photos for training, made of noise in seconds."""

from pathlib import Path

import numpy as np
import pyarrow as pa

SIDE, CLASSES, OBJECTS = 32, 6, 3  # a photo's side in pixels; its objects
SHARD = 20_000  # photos in a file, as params.yaml has it


def grown(photos: int, folder: Path, side: int = SIDE):
    """Return `Photos` of noise, whose store is written into `folder` in files of 20,000."""
    from pipeline.data.photos import photos_of_split
    from pipeline.data.pixel_store import open_pixel_store

    write_store(folder / "photos.npy", photos, side)
    pixels = open_pixel_store(folder / "photos.npy", photos)
    return photos_of_split(pixels, *tables_of(photos), "train", empty_photos=True)


def write_store(path: Path, photos: int, side: int) -> None:
    """Write noise as a store of this name."""
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


def tables_of(photos: int) -> tuple[pa.Table, pa.Table]:
    """Return what batches need of the tables `images` and `objects`, one box in three corners."""
    ids = np.arange(photos)
    images = pa.table({"image_id": ids, "split": pa.array(["train"] * photos)})
    rows = photos * OBJECTS
    corner = np.tile(np.arange(OBJECTS), photos) * 8.0
    objects = {
        "image_id": np.repeat(ids, OBJECTS),
        "label": np.arange(rows) % CLASSES,
        "ignore": np.zeros(rows, bool),
        "score": pa.nulls(rows, pa.float32()),
        "width": np.full(rows, SIDE),
        "height": np.full(rows, SIDE),
        "xmin": corner,
        "ymin": corner,
        "xmax": corner + 12,
        "ymax": corner + 12,
    }
    return images, pa.table(objects)
