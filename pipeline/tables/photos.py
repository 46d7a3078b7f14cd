"""Finds the photo of each image."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from pipeline.errors import InputError, listed
from pipeline.formats.labels import Labels
from pipeline.formats.names import fault_of_name
from pipeline.formats.photo_names import USUAL_FOLDERS
from pipeline.photo_files import photos_below
from pipeline.tables.spellings import Spellings
from pipeline.tables.turns import with_turns
from pipeline.tables.units import known_shares_in_pixels

# Usual folders of photos, tried in this order; `_find` puts that of the labels first or last.
_FOLDERS = ("", *USUAL_FOLDERS)
_LABELS = "annotations/"
_SHOWN = 3


def with_photos(labels: Labels, root: Path, turn: str = "auto") -> Labels:
    """Return the labels with columns `photo` and `turned` in their images, and with all sizes.

    Boxes that are known to be shares are converted to pixels of the photos as they are read. A file
    name that is spelled differently from its photo is replaced by the photo's path below
    `labels.photos`. No files other than photos are opened.

    Args:
        labels: each image names its photo by the path below `labels.photos` or a subfolder.
        root: `photo` is the path below this folder.
        turn: see `with_turns`.

    Raises:
        InputError: a photo is missing, is in several folders, is named twice, or its size cannot be
            read.
    """
    names = labels.images["file_name"].to_pylist()
    files = {photo.relative_to(labels.photos).as_posix() for photo in photos_below(labels.photos)}
    photos, respelled = _find(names, files, labels)
    _refuse_shared(names, photos, labels)
    below = labels.photos.relative_to(root).as_posix()
    prefix = "" if below == "." else f"{below}/"
    images = labels.images
    if respelled:
        new = list(names)
        for row in respelled:
            new[row] = photos[row]
        column = images.schema.get_field_index("file_name")
        images = images.set_column(column, "file_name", pa.array(new, pa.string()))
    images = images.append_column("photo", pa.array([prefix + photo for photo in photos]))
    notes = [
        *labels.notes,
        *_note("names spelled otherwise than their photos", [names[row] for row in respelled]),
        *_note("photos that the labels do not name, left out", sorted(files - set(photos))),
    ]
    placed = replace(labels, images=images, notes=tuple(notes))
    return known_shares_in_pixels(with_turns(placed, root, turn))


def _find(
    names: Sequence[str], files: Collection[str], labels: Labels
) -> tuple[list[str], list[int]]:
    """Return the path of each photo below `labels.photos`, and the rows spelled differently."""
    is_beside = labels.file.parent == labels.photos / _LABELS
    folders = ("", _LABELS, *_FOLDERS[1:]) if is_beside else (*_FOLDERS, _LABELS)
    places = ([folder + str(PurePosixPath(name)) for folder in folders] for name in names)
    found = [next((place for place in tried if place in files), None) for tried in places]
    if None not in found:
        return [place for place in found if place is not None], []
    known = Spellings(files)
    respelled: list[int] = []
    missing: list[str] = []
    for row, name in enumerate(names):
        if found[row] is None:
            found[row] = _only(known.find(name), name, labels)
            if found[row] is None:
                missing.append(name)
            elif not f"/{found[row]}".endswith(f"/{PurePosixPath(name)}"):
                respelled.append(row)
    if missing:
        raise InputError(_message(missing, known, labels))
    return [place for place in found if place is not None], respelled


def _only(fits: list[str], name: str, labels: Labels) -> str | None:
    if len(fits) > 1:
        raise InputError(
            f"{labels.file}: photo {name!r} is in several folders ({labels.photos / fits[0]}, "
            f"{labels.photos / fits[1]}); give its folder in file_name"
        )
    if fits and (fault := fault_of_name(fits[0])):
        raise InputError(f"{labels.photos}: photo {fits[0]!r} {fault}")
    return fits[0] if fits else None


def _message(missing: list[str], known: Spellings, labels: Labels) -> str:
    more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
    nearest = known.nearest(missing[0])
    hint = f" (the nearest is {nearest!r})" if nearest else ""
    return (
        f"{labels.file}: photo {missing[0]!r}{more} missing below {labels.photos}{hint}; add the "
        "photos or remove their images from the labels"
    )


def _refuse_shared(names: Sequence[str], photos: Sequence[str], labels: Labels) -> None:
    first: dict[str, str] = {}
    for name, photo in zip(names, photos, strict=True):
        if photo in first:
            raise InputError(
                f"{labels.file}: {first[photo]!r} and {name!r} are both {labels.photos / photo}; "
                "keep one"
            )
        first[photo] = name


def _note(what: str, names: Sequence[str]) -> list[str]:
    """Return a note of how many names there are, with the first of them; empty if none."""
    if not names:
        return []
    return [f"{what}: {len(names)} ({listed(names, _SHOWN)})"]
