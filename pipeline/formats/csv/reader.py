"""Reads CSV with one row per box, from any tool."""

from collections.abc import Iterable, Set
from pathlib import Path, PurePosixPath

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.csv.columns import recognise, tells_of_objects
from pipeline.formats.csv.rows import (
    Row,
    boxes_of,
    columns_of,
    fault_in_words,
    first_line_of,
    read_rows,
)
from pipeline.formats.csv.writer import write_csv
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.names import fault_of_photo
from pipeline.formats.photo_names import PhotoNames
from pipeline.formats.split_names import plain_split, split_in_path, split_of_name
from pipeline.formats.upright_boxes import note_reversed, upright
from pipeline.formats.voc.files import label_folders
from pipeline.photo_files import files_below, is_file, is_hidden, photo_size

_CSV_FOLDER = "csv"  # as a folder of it is called besides
_ROUNDING = 1e-3  # of shares, at the photo's edge


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with CSV in it, in its folders of splits, or in one of labels."""
    if named:
        return _set(root, [named]) if named.suffix.lower() == ".csv" else None
    splits = [place for place in sorted(root.iterdir()) if split_of_name(place.name)]
    own = _files([root, *(place for place in splits if place.is_dir())])
    there = own if any(map(_is_known, own)) else _files_of_labels(root)
    files = [file for file in there if _is_known(file)]
    known = {split_in_path(file.relative_to(root)) for file in files}
    _refuse_unknown(there, root, known)
    if len(files) > 1 and len(known - {None}) < len(files):
        names = ", ".join(file.relative_to(root).as_posix() for file in files[:4])
        raise InputError(f"{root}: {len(files)} CSV files ({names}); set fetch.labels to one")
    return _set(root, files) if files else None


def _set(root: Path, files: list[Path]) -> LabelledSet:
    return LabelledSet(CSV, root, files[0] if len(files) == 1 else root, tuple(files), root)


def _is_known(file: Path) -> bool:
    return columns_of(file)[0] is not None


def _files(folders: Iterable[Path]) -> list[Path]:
    files = (file for folder in folders for file in sorted(folder.iterdir()))
    named = (one for one in files if one.suffix.lower() == ".csv" and not is_hidden(one.name))
    return list(filter(is_file, named))


def _files_of_labels(root: Path) -> list[Path]:
    """Return the files in folders that are called as folders of labels are, and below them."""
    folders = label_folders(root, _CSV_FOLDER)
    return [file for folder in folders for file in files_below(folder, {".csv"})]


def _refuse_unknown(files: Iterable[Path], root: Path, known: Set[str | None]) -> None:
    """Refuse a file of a split beside known ones of others: its part of the set would be missing.

    A file without objects, as a list of photos or a log of a training, is not missed.
    """
    if known <= {None}:
        return
    for file in files:
        first, _ = first_line_of(file)
        columns, fault = recognise(first)
        is_missed = columns is None and tells_of_objects(first)
        if is_missed and split_in_path(file.relative_to(root)) not in known | {None}:
            raise InputError(f"{fault_in_words(file, fault)}; or remove it if it holds no labels")


def _fault(folder: Path) -> str | None:
    faults = ((file, *columns_of(file)) for file in _files([folder]))
    return next(
        (fault_in_words(file, fault) for file, known, fault, _ in faults if not known), None
    )


def _read(found: LabelledSet) -> Labels:
    return read_csv(found.root, found.files)


def read_csv(root: Path, files: tuple[Path, ...]) -> Labels:
    """Return the labels of CSV files with one row per box; see `recognise` for the columns.

    Boxes are in pixels, or if no number in a file is above 1, in shares, which stay shares. A row
    without a box is a photo without objects. If no column gives the split, a word in the name of
    the file or of its folder does.

    Args:
        root: the folder with everything.
        files: the files that make up the set.

    Returns:
        Labels with file names relative to `root`, if the photo is found there.

    Raises:
        InputError: columns are not understood, or a row is incomplete, wrong or contradicts another
            of the same photo.
    """
    photos = PhotoNames(root)
    images: dict[str, tuple[Row, str | None]] = {}
    found: list[tuple[str, Row, bool]] = []
    notes: list[str] = []
    sizes: dict[Path, tuple[int, int]] = {}
    for file in files:
        rows, columns, choice = read_rows(file)
        notes += [f"{file.name}: {note}" for note in choice]
        edges = [side for box in boxes_of(rows) for side in box]
        shares = bool(edges) and min(edges) >= -_ROUNDING and max(edges) <= 1 + _ROUNDING
        if shares:
            notes.append(f"{file.name}: boxes are taken for shares, as no number is above 1")
        if columns.maybe_centre:
            notes.append(f"{file.name}: x,y is taken for the upper left corner of a box")
        place, split = _place_of_photos(file, root, photos), split_in_path(file.relative_to(root))
        for row in rows:
            name = _photo_name(row, place, split, photos)
            # Shares of which one would leave its photo are none.
            if columns.maybe_centre and not shares and (row.size or name in photos):
                _check_corner(row, _size_of(row, root / name, sizes))
            _add(images, name, row, split, root)
            found.append((name, row, shares))
    names = sorted(images)
    rows_of = {name: index for index, name in enumerate(names)}
    boxed = [one for one in found if one[1].box]
    sides, count = upright(np.array([row.box for _, row, _ in boxed], np.float64).reshape(-1, 4))
    boxes = [
        LabelledBox(rows_of[name], row.name, box, row.ignore, row.score, shares)
        for (name, row, shares), box in zip(boxed, sides.tolist(), strict=True)
    ]
    table = [_image(name, *images[name]) for name in names]
    labels = files[0] if len(files) == 1 else root
    notes += [*note_reversed(count, len(boxes), labels), *photos.notes()]
    return labels_of_boxes(labels, root, table, boxes, notes=notes)


def _place_of_photos(file: Path, root: Path, photos: PhotoNames) -> str:
    """Return what goes before the names in a file: its folder, unless that is one of labels."""
    folder = file.parent.relative_to(root)
    if folder == Path():
        return ""
    of_labels = root / folder.parts[0] in label_folders(root, _CSV_FOLDER)
    return "" if of_labels and folder.as_posix() not in photos.folders else f"{folder.as_posix()}/"


def _photo_name(row: Row, place: str, split: str | None, photos: PhotoNames) -> str:
    """Return the path of a row's photo, in the folder of the file or of its split.

    The split is that of the file: photos of a single folder `train` are often split by a column.
    """
    if found := photos.find(photos.of_split(f"{place}{row.photo}", split)):
        return found
    if fault := fault_of_photo(row.photo):
        raise InputError(f"{row.place}: photo {row.photo!r} {fault}")
    return photos.of_split(f"{place}{_path(row)}", split)


def _size_of(row: Row, photo: Path, sizes: dict[Path, tuple[int, int]]) -> tuple[int, int]:
    """Return the size in the row, or that of its photo, cached in `sizes`."""
    if row.size:
        return row.size
    if photo not in sizes:
        sizes[photo] = photo_size(photo)
    return sizes[photo]


def _check_corner(row: Row, size: tuple[int, int]) -> None:
    """Refuse x and y that fit the photo only as the centre of the box, not as its corner."""
    if row.box is None:
        return
    x, y, w, h = row.box
    width, height = size
    leaves = x + w > 1.01 * width + 1 or y + h > 1.01 * height + 1
    if leaves and x - w / 2 >= -1 and y - h / 2 >= -1 and x + w / 2 <= width + 1:
        raise InputError(
            f"{row.place}: the box leaves its photo if x,y is its corner and fits if it is its "
            "centre; give xmin,ymin,xmax,ymax"
        )


def _add(
    images: dict[str, tuple[Row, str | None]], name: str, row: Row, split: str | None, root: Path
) -> None:
    """Add the photo of a row to `images`; if it is there, path, size and split must be the same."""
    split = plain_split(row.split) if row.split else split
    first, first_split = images.setdefault(name, (row, split))
    file, number = first.place.rsplit(": ", 1)
    there = number if row.place.startswith(f"{file}: ") else first.place
    if _path(first) != _path(row):
        raise InputError(
            f"{row.place}: {row.photo!r} and {first.photo!r} in {there} are both {root / name}; "
            "keep one"
        )
    if (first.size, first_split) != (row.size, split):
        raise InputError(
            f"{row.place}: size or split of photo {name!r} is not as in {there}; give the same in "
            "all its rows"
        )


def _path(row: Row) -> PurePosixPath:
    return PurePosixPath(row.photo.replace("\\", "/"))


def _image(name: str, row: Row, split: str | None) -> dict:
    width, height = row.size or (None, None)
    return {"file_name": name, "width": width, "height": height, "split": split}


CSV = LabelFormat(
    name="csv",
    holds="a *.csv with one row per box, e.g. file_name,class,xmin,ymin,xmax,ymax, also in labels/",
    find=_find,
    read=_read,
    write=write_csv,
    fault=_fault,
)
