"""Photos of a comparison, read from the files in the project."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image

from pipeline.compare.common_photos import CommonPhotos
from pipeline.data.rgb import to_rgb
from pipeline.photo_files import open_photo, upright
from pipeline.report.pages.html_photos import Gallery

_SIDE = 256  # of the squares that photos are squashed to; the page shows them a little smaller


def read_photos(common: CommonPhotos, image_ids: Sequence[int], source: Path) -> Gallery:
    """Return the photos that can be shown, with the true objects.

    A photo is left out if it is missing, does not decode, or has a different size from the one in
    the tables.

    Args:
        common: what was compared.
        image_ids: of the photos to show.
        source: the folder that the paths of photos are relative to.
    """
    chosen = pc.is_in(common.images["image_id"], value_set=pa.array(image_ids, pa.int64()))
    images = common.images.filter(chosen)
    squares = [
        _square(
            source / row.get("photo", row["file_name"]),  # old tables lack these two columns
            (row["width"], row["height"]),
            turned=row.get("turned", True),
        )
        for row in images.to_pylist()
    ]
    there = [place for place, square in enumerate(squares) if square is not None]
    pixels = [square for square in squares if square is not None]
    return Gallery(
        images.take(pa.array(there, pa.int64())),
        common.truth,
        np.stack(pixels) if pixels else np.zeros((0, _SIDE, _SIDE, 3), np.uint8),
    )


def _square(path: Path, size_wh: tuple[int, int], *, turned: bool) -> np.ndarray | None:
    """Return a photo squashed to a square, None if it is not the one in the tables."""
    try:
        with open_photo(path) as photo:
            seen = upright(photo) if turned else photo
            if seen.size != size_wh:
                return None
            shown = to_rgb(seen).resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    except Exception:  # PIL raises a dozen types; the page does without the picture
        return None
    return np.asarray(shown)
