"""Decides whether labels were made on photos as they are stored or as a viewer turns them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.photo_files import PhotoHeader, photo_header


def with_turns(labels: Labels, root: Path, turn: str = "auto") -> Labels:
    """Return the labels with a column `turned` in their images, and with all sizes.

    A camera stores a photo lying on its side, or upside down, with a note (EXIF) how to turn it.
    Labelling tools show it turned or as stored. Where the turn swaps the sides, the size in the
    labels tells which it was; the other photos go with most of these, or turned where no size
    tells, as most tools show them so.

    Args:
        labels: with a column `photo`.
        root: the folder below which these lie.
        turn: `auto` as above; `exif` and `stored` say it of all photos, whose sizes then follow.

    Returns:
        labels with `turned` true where EXIF's note is to be followed; photos without a note have
        it true as well.

    Raises:
        InputError: a size that the labels lack cannot be read.
    """
    images = labels.images
    given = np.stack(
        [pc.fill_null(images[side], 0).to_numpy() for side in ("width", "height")], -1
    ).copy()
    lacking = (given == 0).any(1)
    headers = [
        _header(root / photo, needed)
        for photo, needed in zip(images["photo"].to_pylist(), lacking.tolist(), strict=True)
    ]
    stored = np.array([header.size for header in headers], np.int64).reshape(-1, 2)
    seen = np.array([header.seen_size for header in headers], np.int64).reshape(-1, 2)
    noted = np.array([header.orientation > 1 for header in headers], bool)
    tells = (stored != seen).any(1) & ~lacking
    is_stored, is_seen = (tells & (given == size).all(1) for size in (stored, seen))
    turned = np.full(len(images), turn == "exif")
    if turn == "auto":
        turned[:] = is_seen.sum() >= is_stored.sum()
        turned = (turned | is_seen) & ~is_stored
    sizes = np.where(turned[:, None], seen, stored)
    replaced = (is_stored & turned) | (is_seen & ~turned)
    given[lacking | replaced] = sizes[lacking | replaced]
    columns = {"width": pa.array(given[:, 0]), "height": pa.array(given[:, 1])}
    for name, column in columns.items():
        images = images.set_column(images.schema.get_field_index(name), name, column)
    images = images.append_column("turned", pa.array(turned | ~noted))
    notes = _notes(noted, turned, is_stored, is_seen, turn)
    return replace(labels, images=images, notes=(*labels.notes, *notes))


def _header(photo: Path, needed: bool) -> PhotoHeader:
    """Return a photo's header; where its size is not needed, damage is for the decoder to name."""
    try:
        return photo_header(photo)
    except InputError:
        if needed:
            raise
        return PhotoHeader((0, 0), 1)


def _notes(
    noted: np.ndarray, turned: np.ndarray, is_stored: np.ndarray, is_seen: np.ndarray, turn: str
) -> list[str]:
    if not noted.any():
        return []
    if turn != "auto":
        why = f"fetch.turn is {turn}"
    else:
        tell = f"of the sizes in the labels {is_seen.sum()} say turned, {is_stored.sum()} stored"
        why = f"{tell}; fetch.turn can say it of all"
    return [
        f"photos with an EXIF note how to turn them: {noted.sum()}, of which "
        f"{(noted & turned).sum()} are read turned and {(noted & ~turned).sum()} as stored ({why})"
    ]
