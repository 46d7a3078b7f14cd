"""Decides whether labels were made on photos as stored or as rotated by viewers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.photo_files import PhotoHeader, photo_header

_BEYOND = 1.01  # pixels by which boxes of some tools end outside their photo


def with_turns(labels: Labels, root: Path, turn: str = "auto") -> Labels:
    """Return the labels with a column `turned` in their images, and with all sizes.

    Cameras store a photo sideways or upside down, with an EXIF tag that says how to rotate it.
    Labelling tools show it either rotated or as stored. If the rotation swaps the sides, a box that
    leaves the photo one way and not the other decides, since some tools write the stored size next
    to boxes on the rotated photo. Else the size in the labels decides, unless more boxes contradict
    such sizes than agree. The remaining photos follow the majority, or are rotated if there is no
    evidence, as most tools show them so.

    Args:
        labels: with a column `photo`.
        root: the folder that these paths are relative to.
        turn: `auto` as above; `exif` and `stored` set it for all photos and their sizes.

    Returns:
        labels with `turned` true if EXIF's rotation is to be applied; also true for photos without
        one.

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
    is_stored, is_seen = _told(labels, given, stored, seen)
    turned = np.full(len(images), turn == "exif")
    if turn == "auto":
        turned[:] = is_seen.sum() >= is_stored.sum()
        turned = (turned | is_seen) & ~is_stored
    swapped = (stored != seen).any(1) & ((given == stored).all(1) | (given == seen).all(1))
    sizes = np.where(turned[:, None], seen, stored)
    given[lacking | swapped] = sizes[lacking | swapped]
    columns = {"width": pa.array(given[:, 0]), "height": pa.array(given[:, 1])}
    for name, column in columns.items():
        images = images.set_column(images.schema.get_field_index(name), name, column)
    images = images.append_column("turned", pa.array(turned | ~noted))
    notes = _notes(noted, turned, is_stored, is_seen, turn)
    return replace(labels, images=images, notes=(*labels.notes, *notes))


def _told(
    labels: Labels, given: np.ndarray, stored: np.ndarray, seen: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return for each photo whether its labels say they are on it as stored, and as seen."""
    swaps = (stored != seen).any(1)
    leave_stored, leave_seen = (_has_box_outside(labels, size, swaps) for size in (stored, seen))
    only_stored, only_seen = leave_seen & ~leave_stored, leave_stored & ~leave_seen
    sized_stored = _told_by_size(swaps & (given == stored).all(1), only_stored, only_seen)
    sized_seen = _told_by_size(swaps & (given == seen).all(1), only_seen, only_stored)
    return sized_stored | only_stored, sized_seen | only_seen


def _told_by_size(sized: np.ndarray, agree: np.ndarray, contradict: np.ndarray) -> np.ndarray:
    """Return for which photos the size in the labels decides, as boxes do not.

    It decides for none if more boxes contradict such sizes than agree: then the tool writes the
    size of one orientation next to boxes in the other.
    """
    if (sized & contradict).sum() > (sized & agree).sum():
        return np.zeros_like(sized)
    return sized & ~contradict


def _has_box_outside(labels: Labels, sizes: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return which of the given photos have a box that ends outside the given size."""
    boxes = photos[labels.rows]
    rows = labels.rows[boxes]
    ends = labels.boxes[boxes].reshape(-1, 2, 2).sum(1)
    outside = (ends > sizes[rows] + _BEYOND).any(1)
    return np.bincount(rows[outside], minlength=len(sizes)) > 0


def _header(photo: Path, needed: bool) -> PhotoHeader:
    """Return a photo's header; if its size is not needed, damage is left to the decoder."""
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
        tell = f"of their labels {is_seen.sum()} say turned, {is_stored.sum()} stored"
        why = f"{tell}; fetch.turn can say it of all"
    return [
        f"photos with an EXIF note how to turn them: {noted.sum()}, of which "
        f"{(noted & turned).sum()} are read turned and {(noted & ~turned).sum()} as stored ({why})"
    ]
