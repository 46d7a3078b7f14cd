"""Finds the photo of each image, and its size where the labels have none."""

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.photo_files import photo_size

# Where the photos of a set usually lie, tried in this order.
_FOLDERS = ("", "annotations/", "images/", "photos/", "JPEGImages/")


def with_photos(labels: Labels, root: Path) -> Labels:
    """Return the labels with a column `photo` in their images, and with all sizes.

    Args:
        labels: each image names its photo by its path in `labels.photos`, or in any folder below.
        root: `photo` is the path below this folder.

    Raises:
        InputError: a photo is missing or in several folders, or its size cannot be read.
    """
    names = labels.images["file_name"].to_pylist()
    photos = _find(names, labels)
    below = labels.photos.relative_to(root).as_posix()
    prefix = "" if below == "." else f"{below}/"
    images = labels.images.append_column("photo", pa.array([prefix + photo for photo in photos]))
    return replace(labels, images=_with_sizes(images, root))


def _find(names: list[str], labels: Labels) -> list[str]:
    """Return the path below `labels.photos` of each photo; those that are missing are counted."""
    files = _files_below(labels.photos)
    places = ([folder + str(PurePosixPath(name)) for folder in _FOLDERS] for name in names)
    found = [next((place for place in tried if place in files), None) for tried in places]
    if None in found:
        found = _search_below(names, found, files, labels)
    missing = [name for name, place in zip(names, found, strict=True) if place is None]
    if missing:
        more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
        raise InputError(
            f"{labels.file}: photo {missing[0]!r}{more} missing below {labels.photos}; add the "
            "photos or remove their images from the labels"
        )
    return [place for place in found if place is not None]


def _files_below(folder: Path) -> set[str]:
    found: set[str] = set()
    for place, _, names in os.walk(folder):
        below = Path(place).relative_to(folder).as_posix()
        found.update(names if below == "." else (f"{below}/{name}" for name in names))
    return found


def _search_below(
    names: list[str], found: list[str | None], files: set[str], labels: Labels
) -> list[str | None]:
    """Fill the gaps in `found` with files anywhere below whose path ends in the file name."""
    by_name: dict[str, list[str]] = {}
    for file in sorted(files):
        by_name.setdefault(file.rpartition("/")[2], []).append(file)
    filled = list(found)
    for row, name in enumerate(names):
        if filled[row] is None:
            ending = f"/{PurePosixPath(name)}"
            alike = by_name.get(PurePosixPath(name).name, [])
            fits = [file for file in alike if file.endswith(ending)]
            if len(fits) > 1:
                raise InputError(
                    f"{labels.file}: photo {name!r} is in several folders "
                    f"({labels.photos / fits[0]}, {labels.photos / fits[1]}); "
                    "give its folder in file_name"
                )
            filled[row] = fits[0] if fits else None
    return filled


def _with_sizes(images: pa.Table, root: Path) -> pa.Table:
    """Complete `width` and `height` from the photo's header where the labels have none.

    Labels without a size were made on what a viewer shows: the photo turned as its EXIF has it.
    """
    sides = [images["width"], images["height"]]
    absent = pc.or_(pc.is_null(sides[0]), pc.is_null(sides[1])).to_numpy()
    if not absent.any():
        return images
    sizes = np.stack([pc.fill_null(side, 0).to_numpy() for side in sides], -1)
    for row in np.flatnonzero(absent):
        sizes[row] = photo_size(root / images["photo"][int(row)].as_py())
    for name, side in (("width", 0), ("height", 1)):
        column = images.schema.get_field_index(name)
        images = images.set_column(column, name, pa.array(sizes[:, side]))
    return images
