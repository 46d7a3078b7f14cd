"""Reads LabelMe's JSON, one file per photo."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from pathlib import Path, PureWindowsPath

from pipeline.errors import InputError, counted
from pipeline.formats.json_files import JsonKind, json_kind, read_json
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labelme.writer import write_labelme
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.names import fault_of_name
from pipeline.formats.numbers import checked_score, is_side
from pipeline.formats.photo_names import PhotoNames
from pipeline.formats.split_names import split_of_path
from pipeline.formats.upright_boxes import around_parts
from pipeline.photo_files import files_below, photos_below
from pipeline.progress import progress

_AREAS = ("rectangle", "polygon", "circle", "mask", "rotation", "oriented_rectangle")
_IGNORE = ("difficult", "ignore", "crowd", "iscrowd")
_TRUE = ("1", "1.0", "true", "yes")  # in lower case


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with LabelMe's JSON in it or in several folders below."""
    if named:
        return None
    kinds = {file: json_kind(file) for file in files_below(root, {".json"})}
    places = {file.parent for file, kind in kinds.items() if kind is JsonKind.LABELME}
    # A damaged file among them is one, too: its reader names it, while its photo would be left out.
    known = (JsonKind.LABELME, JsonKind.DAMAGED)
    files = tuple(file for file in kinds if file.parent in places and kinds[file] in known)
    folders = {place.relative_to(root) for place in places}
    # A single folder below is a set of its own, unless it is named after a split.
    own = [folder for folder in folders if split_of_path(folder / "photo") or folder == Path()]
    if not own and len(folders) < 2 and not any(_is_apart(root, folder) for folder in folders):
        return None
    return LabelledSet(LABELME, root, root, files, root)


def _is_apart(root: Path, folder: Path) -> bool:
    """Return whether a folder lies in one of the root with labels alone, beside photos."""
    return not photos_below(root / folder.parts[0]) and bool(photos_below(root))


def _read(found: LabelledSet) -> Labels:
    return read_labelme(found.root, found.files)


def read_labelme(root: Path, files: tuple[Path, ...]) -> Labels:
    """Return the labels of a folder of LabelMe (https://github.com/wkentaro/labelme).

    The photo is the one beside a JSON with its stem, as `imagePath` is stale in files that were
    renamed, else the one of `imagePath`, as where JSON lies in a folder of its own, else the one in
    like folders elsewhere, `images/day1/a.jpg` for `json/day1/a.json`. Polygons,
    circles and turned boxes count as the boxes around them, and so do shapes of one label and
    `group_id`, which are one object (https://github.com/wkentaro/labelme/issues/714); corners are
    edges in pixels as they stand there. A flag `difficult`, `ignore` or `crowd` of a shape becomes
    `ignore`; a folder named after a split gives it.

    Args:
        root: the folder with everything.
        files: its JSON files, sorted.

    Returns:
        Labels whose file names are relative to `root`.

    Raises:
        InputError: a file that is broken or incomplete.
    """
    photos = PhotoNames(root)
    pages: dict[str, _Page] = {}
    for file in progress(files, desc="reading LabelMe", unit="files"):
        page = _page(file)
        name = _photo_of(file, page.image_path, root, photos)
        if name in pages:
            raise InputError(f"{file}: photo {name!r} has {pages[name].file} as well; keep one")
        pages[name] = page
    images: list[dict] = []
    boxes: list[LabelledBox] = []
    groups: list[int | str | None] = []
    for row, name in enumerate(sorted(pages)):
        page = pages[name]
        split = split_of_path(Path(name))
        width, height = page.size
        images.append({"file_name": name, "width": width, "height": height, "split": split})
        for index, shape in enumerate(page.shapes):
            if _kind(shape) in _AREAS:
                boxes.append(_box(shape, row, f"{page.file}: shapes[{index}]"))
                groups.append(_group(shape))
    boxes, of_parts = around_parts(boxes, groups)
    kinds = Counter(_kind(shape) for page in pages.values() for shape in page.shapes)
    notes = [*_notes(kinds), *of_parts, *photos.notes()]
    return labels_of_boxes(root, root, images, boxes, notes=notes)


@dataclass(frozen=True)
class _Page:
    """One JSON file; `size` is width and height, None if the file has none."""

    file: Path
    image_path: str
    size: tuple[int | None, int | None]
    shapes: list[dict]


def _page(file: Path) -> _Page:
    data = read_json(file)
    if not isinstance(data, dict):
        raise InputError(f"{file}: top level: not an object; save it again in LabelMe")
    shapes = data.get("shapes")
    if not isinstance(shapes, list) or not all(isinstance(shape, dict) for shape in shapes):
        raise InputError(f"{file}: shapes: not a list of objects; save it again in LabelMe")
    size = data.get("imageWidth"), data.get("imageHeight")
    if size == (None, None):
        return _Page(file, str(data.get("imagePath") or ""), (None, None), shapes)
    width, height = size
    if not (is_side(width) and is_side(height)):
        raise InputError(
            f"{file}: imageWidth, imageHeight: {size} is not a size in pixels; correct it"
        )
    return _Page(file, str(data.get("imagePath") or ""), (width, height), shapes)


def _group(shape: dict) -> int | str | None:
    """Return the group of a shape; converters write 0, -1 or empty text for none."""
    match shape.get("group_id"):
        case int(group) if group > 0:
            return group
        case str(group) if group.strip() not in ("", "0", "-1"):
            return group
    return None


def _photo_of(file: Path, image_path: str, root: Path, photos: PhotoNames) -> str:
    """Return the path below the root of the photo that a file labels."""
    folder = file.parent.relative_to(root)
    stem = (folder / file.stem).as_posix()
    if beside := photos.all_with_stem(stem):
        return _meant(beside, file, image_path)
    if fault := fault_of_name(image_path):
        raise InputError(f"{file}: imagePath {image_path!r} {fault}")
    path = image_path.replace("\\", "/")
    # Where labels lie apart from photos, their own folder has none, but may be called like one.
    holder = next(place for place in (folder, *folder.parents) if _holds_photos(place, photos))
    place = "" if holder == Path() else f"{holder.as_posix()}/"
    found = photos.find(f"{place}{path}")
    if found and photos.may_be(found, os.path.normpath(f"/{folder.as_posix()}/{path}")):
        return found
    if alike := photos.all_in_like_folders(stem):
        return _meant(alike, file, image_path)
    return (folder / Path(path).name).as_posix()


def _meant(found: Sequence[str], file: Path, image_path: str) -> str:
    """Return the only photo that was found, or the one of several that is named in the file."""
    name = PureWindowsPath(image_path).name
    meant = [photo for photo in found if len(found) == 1 or Path(photo).name == name]
    if len(meant) != 1:
        raise InputError(f"{file}: may be of {found[0]} or of {found[1]}; name one in imagePath")
    return meant[0]


def _holds_photos(folder: Path, photos: PhotoNames) -> bool:
    return folder == Path() or folder.as_posix() in photos.folders


def _kind(shape: dict) -> str:
    return str(shape.get("shape_type") or "polygon")  # early versions left it out


def _box(shape: dict, row: int, place: str) -> LabelledBox:
    name = shape.get("label")
    if fault := fault_of_name(name):
        raise InputError(f"{place}: label {name!r} {fault}")
    points, kind = _points(shape, place), _kind(shape)
    if len(points) < (3 if kind == "polygon" else 2):
        raise InputError(f"{place} ({name}): a {kind} of {len(points)} points; correct it")
    if kind == "circle":
        (x, y), edge = points[0], points[1]
        radius = hypot(edge[0] - x, edge[1] - y)
        points = [[x - radius, y - radius], [x + radius, y + radius]]
    xs, ys = zip(*points, strict=True)
    flags = shape.get("flags")
    marks = shape | (flags if isinstance(flags, dict) else {})
    box = (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
    ignore = any(str(marks.get(flag)).strip().lower() in _TRUE for flag in _IGNORE)
    score = checked_score(shape.get("score"), place)  # which AnyLabeling and our own writer add
    return LabelledBox(row, str(name), box, ignore, score)


def _points(shape: dict, place: str) -> list[list[float]]:
    points = shape.get("points")
    if not (isinstance(points, list) and all(_is_point(point) for point in points)):
        raise InputError(f"{place}: points: not a list of finite [x, y]; correct it")
    return points


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(side) in (int, float) and isfinite(side) for side in point)
    )


def _notes(kinds: Counter[str]) -> Iterator[str]:
    if around := sum(kinds[kind] for kind in _AREAS if kind not in ("rectangle", "mask")):
        yield f"{around} polygons, circles or turned boxes count as the boxes around them"
    if flat := {kind: count for kind, count in sorted(kinds.items()) if kind not in _AREAS}:
        named = ", ".join(f"{count} {kind}" for kind, count in flat.items())
        one, many = "shape has no area and is left out", "shapes have no area and are left out"
        yield f"{counted(sum(flat.values()), one, many)}: {named}"


LABELME = LabelFormat(
    name="labelme",
    holds="LabelMe's JSON beside each photo, or in folders beside those of the photos",
    find=_find,
    read=_read,
    write=write_labelme,
)
