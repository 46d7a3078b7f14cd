"""Finds the labelled set in a folder, in any format."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import InputError, counted
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.registry import FORMATS, find_format
from pipeline.photo_files import is_hidden, photos_below

AUTO = "auto"
_NAME_IT = "set fetch.format, or fetch.labels to the file that counts"
_NAME_EACH = "set fetch.path to the folder of one, or name each in fetch.sources"
_OTHER_LABELS = {".json", ".xml", ".txt", ".yaml", ".yml"}  # not .csv, whose own fault says more


def find_set(folder: Path, format_name: str = AUTO, labels: str = "") -> LabelledSet:
    """Return the labelled set in a folder, or in a single folder up to two levels below.

    Args:
        folder: with the labels and photos of one set.
        format_name: of a format; `auto` recognises it.
        labels: the file in `folder` that holds the labels, if there are several; empty for all.

    Raises:
        InputError: no labels, several sets, or photos beside the folder of the set.
    """
    if folder.is_file():
        raise InputError(
            f"{folder}: is a file, whose photos DVC would not watch; set fetch.path to "
            f"{folder.parent} and fetch.labels to {folder.name}"
        )
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; set fetch.path to the labelled photos")
    named = folder / labels if labels else None
    if named and (folder not in named.parents or ".." in named.parts or not named.is_file()):
        raise InputError(f"{named}: no such file in {folder}; set fetch.labels to one")
    formats = FORMATS if format_name == AUTO else (find_format(format_name),)
    found: list[LabelledSet] = []
    levels = [_level(folder, pattern) for pattern in ("", "*/", "*/*/")]
    for places in levels:
        roots = {one.root for one in found}
        apart = [place for place in places if not roots & {place, *place.parents}]
        found += _sets_in(apart, formats, named)
    found = _without_parts(found) if len(found) > 1 else found
    if len(found) > 1:
        names = " and ".join(f"{one.format.name} ({one.labels})" for one in found[:2])
        if len({one.format.name for one in found}) == 1:
            raise InputError(f"{folder}: holds {len(found)} sets, {names}; {_NAME_EACH}")
        raise InputError(f"{folder}: holds labels of {len(found)} kinds, {names}; {_NAME_IT}")
    if found:
        _refuse_others(folder, found[0])
        return found[0]
    raise _nothing_known(folder, formats, [place for places in levels for place in places])


def _refuse_others(folder: Path, found: LabelledSet) -> None:
    """Raise if the folder has photos outside the set that was found below it."""
    if found.root == folder:
        return
    root = found.root.resolve()
    others = [
        one
        for one in photos_below(folder)
        if not one.is_relative_to(found.root) and not one.resolve().is_relative_to(root)
    ]
    if others and not photos_below(found.root):
        raise InputError(
            f"{found.root}: holds {found.format.name} labels and no photo, while {others[0]} lies "
            f"outside; put them together as {found.format.holds}"
        )
    if others:
        photos = counted(len(others), "photo lies", "photos lie")
        raise InputError(
            f"{folder}: {photos} outside the labelled set {found.root}, {others[0]} the first; "
            f"set fetch.path to {found.root}, or give each labelled folder in fetch.sources"
        )


def _without_parts(found: Sequence[LabelledSet]) -> list[LabelledSet]:
    """Return the sets whose files are not all in another: a damaged one looks like Pascal JSON."""
    sets = [(one, set(one.files)) for one in found]
    return [one for one, its in sets if not its or not any(its < more for _, more in sets)]


def _level(folder: Path, pattern: str) -> list[Path]:
    return sorted(_visible(folder, folder.glob(pattern))) if pattern else [folder]


def _nothing_known(
    folder: Path, formats: Sequence[LabelFormat], places: Sequence[Path]
) -> InputError:
    """Return why nothing was found: what is wrong with the only candidate, or what is known."""
    faults = [fault for one in formats for place in places if (fault := one.fault(place))]
    others = (file.suffix.lower() in _OTHER_LABELS for place in places for file in place.iterdir())
    if faults and (len(formats) == 1 or not any(others)):
        return InputError(faults[0])
    return InputError(
        f"{folder}: no labels that are known; name the set's own folder with --photos "
        "(fetch.path), which holds one of these:",
        *(f"  {one.name}: {one.holds}" for one in formats),
        *(f"  {fault}" for fault in faults[:1]),
    )


def _visible(folder: Path, places: Iterable[Path]) -> Iterable[Path]:
    """Yield the places that are neither hidden nor below a hidden folder."""
    for place in places:
        if not any(map(is_hidden, place.relative_to(folder).parts)):
            yield place


def _sets_in(
    places: Iterable[Path], formats: Iterable[LabelFormat], named: Path | None
) -> Iterable[LabelledSet]:
    for place in places:
        for one in formats:
            if found := one.find(place, named):
                yield found
