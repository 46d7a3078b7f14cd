"""Reads VOC XML, one file per photo, with lists of the splits if any."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import numpy as np

from pipeline.boxes import voc_to_xyxy, xyxy_to_xywh
from pipeline.errors import InputError, counted
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.names import fault_of_name, fault_of_photo
from pipeline.formats.numbers import MOST_SIDE
from pipeline.formats.split_lists import read_split_lists
from pipeline.formats.split_names import split_in_path, told_apart
from pipeline.formats.upright_boxes import (
    around_turned,
    degrees_of,
    note_reversed,
    note_turned,
    upright,
)
from pipeline.formats.voc.files import KeysOfLists, PhotosOfSet, key_of, voc_files
from pipeline.formats.voc.writer import write_voc
from pipeline.photo_files import files_below
from pipeline.progress import progress

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_LISTS = "ImageSets/Main"
_TRUE = frozenset(("1", "1.0", "true", "yes", "y"))
_FALSE = frozenset(("0", "0.0", "false", "no", "n", "", "unspecified"))


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    found = None if named else voc_files(root)
    if found is None:
        return None
    labels, xml, photos = found
    lists = files_below(root / _LISTS, {".txt"})
    return LabelledSet(VOC, root, labels, (*xml, *lists), photos)


def read_voc(found: LabelledSet) -> Labels:
    """Return the labels of a VOC set.

    The lists in `ImageSets/Main`, if any, say which photos belong to the set and their `split`, as
    VOC 2012 has thousands more that are not fully labelled for detection. Without lists, folders
    called train, val and test give the split. `difficult` becomes `ignore`. For boxes see
    `corners_to_xywh`. The format:
    http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html

    Returns:
        Labels with file names relative to the folder of photos, images sorted by stem and classes
        by name. Ids are the numbers in the stems if all have one. Sizes are null if the XML has
        none.

    Raises:
        InputError: XML is broken or incomplete, or a listed photo has no XML.
    """
    xml = _by_key(found)
    lists = read_split_lists(found.root / _LISTS, KeysOfLists(xml).of)
    keys = sorted(lists) or sorted(xml)
    if not keys:
        raise InputError(f"{found.labels}: holds no *.xml; check the path")
    splits = [lists[key] for key in keys] if lists else _splits_of_folders(keys)
    photos = PhotosOfSet(found.photos, found.root)
    images: list[dict] = []
    objects: list[_Object] = []
    named: set[str] = set()
    numbers = _image_ids(keys)
    for row, key in enumerate(progress(keys, desc="reading XML", unit="files")):
        file = _file_of(key, xml, found)
        root = _parse(file)
        stated = (root.findtext("filename") or "").strip()
        name = _photo_of(key, photos, stated, found, file)
        _check_name(name, file, named)
        width, height = _size(root, file)
        images.append(
            {
                "id": numbers[row],
                "file_name": name,
                "width": width,
                "height": height,
                "split": splits[row],
            }
        )
        objects += [_object(node, file, row) for node in root.findall("object")]
    if not objects:
        problem = f"no object in {counted(len(images), 'file')}"
        raise InputError(f"{found.labels}: {problem}; label objects in the photos")
    unlisted = len(xml.keys() - set(keys)) if lists else 0
    notes = [f"XML files in no list of {_LISTS}, left out: {unlisted}"] if unlisted else []
    return _labels(found, images, objects, notes)


@dataclass(frozen=True)
class _Object:
    """One object; `corners` are xmin, ymin, xmax, ymax as written, `row` is that of its image.

    `degrees` is the rotation of its box, which CVAT writes into VOC as well.
    """

    row: int
    name: str
    corners: list[float]
    ignore: bool
    degrees: float


def _labels(
    found: LabelledSet, images: list[dict], objects: list[_Object], notes: list[str]
) -> Labels:
    sides, count = corners_to_xywh(np.array([item.corners for item in objects]))
    sides, turned = around_turned(sides, np.array([item.degrees for item in objects]))
    notes = [*notes, *note_reversed(count, len(objects), found.labels), *note_turned(turned)]
    boxes = [
        LabelledBox(item.row, item.name, box, item.ignore)
        for item, box in zip(objects, sides.tolist(), strict=True)
    ]
    return labels_of_boxes(found.labels, found.photos, images, boxes, notes=notes)


def _by_key(found: LabelledSet) -> dict[str, Path]:
    """Return the XML of each key; see `key_of`."""
    files: dict[str, Path] = {}
    for file in found.files:
        if file.suffix.lower() == ".xml":
            other = files.setdefault(key_of(file, found.root), file)
            if other != file:
                raise InputError(f"{file}: {other} is for the same photo; keep one")
    return files


def _splits_of_folders(keys: Iterable[str]) -> list[str | None]:
    return told_apart([split_in_path(PureWindowsPath(key).parent) for key in keys])


def _file_of(key: str, xml: dict[str, Path], found: LabelledSet) -> Path:
    if key not in xml:
        raise InputError(
            f"{found.labels / key}.xml: is listed in {_LISTS} but absent; add it or correct the "
            "list"
        )
    return xml[key]


def _photo_of(key: str, photos: PhotosOfSet, stated: str, found: LabelledSet, file: Path) -> str:
    """Return the name of an XML file's photo, relative to the folder of photos if it is there.

    The stem decides, as labelling tools leave stale names in <filename> when files are renamed.
    Only if several photos or none have that stem does <filename> say which is meant, in the folder
    of the XML.
    """
    alike = photos.of_key(key)
    if len(alike) > 1:
        last = PureWindowsPath(stated).name.lower()
        fits = [photo for photo in alike if photo.name.lower() == last]
        if len(fits) != 1:
            raise InputError(
                f"{file}: may be of {alike[0]} or of {alike[1]}; name one of them in <filename>"
            )
        alike = fits
    if alike:
        # Spelled like the XML, so that the later search notes the difference.
        name = key.rpartition("/")[2] + alike[0].suffix
        return alike[0].relative_to(found.photos).with_name(name).as_posix()
    folder = key.rpartition("/")[0]
    if stated and folder:
        return f"{folder}/{PureWindowsPath(stated).name}"
    return stated or f"{key}.jpg"


def _image_ids(keys: list[str]) -> list[int]:
    """Number the images by their stems, 2007_000027 as 2007000027, else from 1."""
    if all(re.fullmatch(r"[0-9]{1,9}(_[0-9]{1,8})?", key) for key in keys):
        numbers = [int(key.replace("_", "")) for key in keys]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(1, len(keys) + 1))


def _parse(file: Path) -> ElementTree.Element:
    """Return the root of a VOC file with namespaces removed."""
    try:
        root = ElementTree.parse(file).getroot()
    # LookupError for an unknown encoding, ValueError for one that the parser does not support.
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"{file}: not XML ({error}); export it again in UTF-8") from None
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
    if root.tag != "annotation":
        raise InputError(f"{file}: begins with <{root.tag}>, not <annotation>; export it as VOC")
    # Taken as they are, such files would be photos without objects, learned as background.
    elsewhere = (node for child in root if child.tag != "object" for node in child.iter())
    stray = next((node.tag for node in elsewhere if node.tag.lower() in ("object", "bndbox")), None)
    if stray:
        raise InputError(f"{file}: <{stray}> is not in its place; export it as VOC")
    return root


def _check_name(name: str, file: Path, named: set[str]) -> None:
    """Refuse a name that is invalid or already in `named`; else add it."""
    if fault := fault_of_photo(name):
        raise InputError(f"{file}: filename {name!r} {fault}")
    if name in named:
        raise InputError(f"{file}: filename {name!r} occurs twice; keep one")
    named.add(name)


def _size(root: ElementTree.Element, file: Path) -> tuple[int | None, int | None]:
    """Return width and height; None for both if the XML lacks one or has 0."""
    texts = root.findtext("size/width"), root.findtext("size/height")
    if texts[0] is None or texts[1] is None:
        return None, None
    try:
        width, height = int(float(texts[0])), int(float(texts[1]))
        if max(width, height) > MOST_SIDE:
            raise ValueError
    except (ValueError, OverflowError):
        raise InputError(f"{file}: size: {texts} is not valid; correct it") from None
    return (width, height) if width > 0 and height > 0 else (None, None)


def _object(node: ElementTree.Element, file: Path, row: int) -> _Object:
    name = (_text(node, "name", f"{file}: object") or "").strip()
    if not name:
        raise InputError(f"{file}: object: has no name; add it or remove the object")
    if fault := fault_of_name(name):
        raise InputError(f"{file}: object: name {name!r} {fault}")
    place = f"{file}: object {name}"
    box = _only(node, "bndbox", place)
    if box is None:
        raise InputError(f"{place}: has no bndbox; add it or remove the object")
    texts = [_text(box, corner, place) for corner in _CORNERS]
    try:
        corners = [float(text) for text in texts if text is not None]
    except ValueError:
        corners = []
    if len(corners) != 4 or not all(map(isfinite, corners)):
        raise InputError(f"{place}: bndbox {texts} is not four numbers; correct it")
    difficult = (_text(node, "difficult", place) or "").strip().lower()
    if difficult not in _TRUE | _FALSE:
        raise InputError(f"{place}: difficult {difficult!r} is neither 0 nor 1; correct it")
    marks = {one.findtext("name"): one.findtext("value") for one in node.iter("attribute")}
    return _Object(row, name, corners, difficult in _TRUE, degrees_of(marks.get("rotation")))


def _only(node: ElementTree.Element, tag: str, place: str) -> ElementTree.Element | None:
    """Return the only child with a tag, None if there is none; several are refused."""
    found = node.findall(tag)
    if len(found) > 1:
        raise InputError(f"{place}: <{tag}> occurs {len(found)} times; keep one or add an <object>")
    return found[0] if found else None


def _text(node: ElementTree.Element, tag: str, place: str) -> str | None:
    found = _only(node, tag, place)
    return None if found is None else found.text or ""


def corners_to_xywh(corners: np.ndarray) -> tuple[np.ndarray, int]:
    """Convert VOC's 1-based, inclusive corners to 0-based `[x, y, width, height]`.

    Reversed corners are put in order, see `upright`. Equal ends would be one pixel by VOC's rule,
    but they come from a click without a drag: such sides become 0, and the tables stage drops and
    reports the boxes. If no number exceeds 1 and some are fractions, they are shares of the sides,
    which start at 0, and the tables stage scales them.

    Args:
        corners: `(N, 4)` of a whole set, as `[xmin, ymin, xmax, ymax]`, in pixels.

    Returns:
        `(N, 4)` float64; VOC's `[1, 1, 1, 1]` is `[0, 0, 0, 0]` and `[1, 1, 2, 3]` `[0, 0, 2, 3]`;
        and how many had reversed corners.
    """
    corners = np.asarray(corners, np.float64).reshape(-1, 4)
    if corners.size and corners.max() <= 1 and (corners % 1).any():
        return upright(xyxy_to_xywh(corners))
    # With inclusive ends, an empty side ends one pixel before it begins, up to rounding.
    swapped = corners[:, :2] - corners[:, 2:] > 1.01
    low = np.where(swapped, corners[:, 2:], corners[:, :2])
    high = np.where(swapped, corners[:, :2], corners[:, 2:])
    boxes = xyxy_to_xywh(voc_to_xyxy(np.concatenate([low, high], -1))).astype(np.float64)
    boxes[:, 2:] *= high > low
    return boxes, int(swapped.any(1).sum())


VOC = LabelFormat(
    name="voc",
    holds="XML in Annotations/, labels/ or xml/ with photos in JPEGImages/ or images/, or next to "
    "the photos, or in train/, valid/ and test/",
    find=_find,
    read=read_voc,
    write=write_voc,
)
