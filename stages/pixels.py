"""Stage `pixels`: decodes the photos into one array or several, in the order of `images`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
import pyarrow as pa

from pipeline.data.pixels import build_pixel_store
from pipeline.errors import counted
from pipeline.files import PARAMS, PIXELS, SOURCE, TABLES, resumed_folder
from pipeline.params.fetch import PixelParams
from pipeline.params.params import load_params
from pipeline.schemas import IMAGES_SCHEMA, read_table
from stages.entry import naming_originals, run_stage


class PathsBelow(Sequence[Path]):
    """The paths of a column of names in a folder, made on access.

    A million of them would take half a gigabyte.
    """

    def __init__(self, folder: Path, names: pa.ChunkedArray):
        self.folder = folder
        self.names = names

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, place: int) -> Path: ...

    @overload
    def __getitem__(self, place: slice) -> "PathsBelow": ...

    def __getitem__(self, place: int | slice) -> "Path | PathsBelow":
        """Return one path, or the paths of a slice."""
        if isinstance(place, slice):
            return PathsBelow(self.folder, self.names[place])
        return self.folder / self.names[place].as_py()


def main() -> None:
    """Read the photos that data/tables/images.parquet names and write data/pixels/photos.npy."""
    argparse.ArgumentParser(prog="python -m stages.pixels", description=main.__doc__).parse_args()
    params = load_params(PARAMS)
    with naming_originals(params.fetch):
        photos = store_pixels(params.pixels)
    side = params.pixels.size
    print(f"{PIXELS}: {counted(photos, 'photo')} of {side} x {side} pixels")


def store_pixels(params: PixelParams) -> int:
    """Write data/pixels; return the number of photos."""
    images = read_table(
        TABLES / "images.parquet", IMAGES_SCHEMA, ("width", "height", "photo", "turned")
    )
    paths = PathsBelow(SOURCE, images["photo"])
    sizes_wh = np.stack([images["width"], images["height"]], -1)
    turned = images["turned"].to_numpy()
    with resumed_folder(PIXELS.parent) as folder:
        build_pixel_store(
            paths,
            sizes_wh,
            folder / PIXELS.name,
            params.size,
            turned=turned,
            shard_photos=params.shard_photos,
            earlier=PIXELS.parent,
        )
    return len(paths)


if __name__ == "__main__":
    run_stage(main)
