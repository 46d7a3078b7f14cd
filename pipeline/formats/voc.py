"""Reads a VOC folder: Annotations/*.xml, JPEGImages, ImageSets/Main."""

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa

from pipeline.boxes import voc_to_xyxy, xyxy_to_xywh
from pipeline.errors import InputError
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import IMAGES, Labels
from pipeline.formats.names import fault_of_path
from pipeline.formats.split_lists import read_split_lists
from pipeline.formats.write_voc import write_voc
from pipeline.photo_files import files_below, is_photo
from pipeline.progress import progress

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with `Annotations` and `JPEGImages`."""
    xml, photos = root / "Annotations", root / "JPEGImages"
    if named or not (xml.is_dir() and photos.is_dir()):
        return None
    files = [*files_below(xml, {".xml"}), *files_below(root / "ImageSets/Main", {".txt"})]
    return LabelledSet(VOC, root, xml, tuple(files), photos)


def _read(found: LabelledSet) -> Labels:
    return read_voc(found.root)


def read_voc(folder: Path) -> Labels:
    """Return the labels of a VOC folder.

    The lists in `ImageSets/Main`, if any, decide which photos belong to the set, as VOC 2012 has
    thousands more that are not fully labelled for detection; each listed image gets its `split`.
    `difficult` becomes `ignore`. Boxes are not repaired, see `corners_to_xywh`.

    Returns:
        Labels whose file names are relative to `JPEGImages`, images ordered by stem, classes by
        name; ids are the number in the stem where all have one. Sizes are null where the XML has
        none.

    Raises:
        InputError: XML that is broken or incomplete, or a listed photo without XML.
    """
    lists = read_split_lists(folder / "ImageSets" / "Main")
    stems = sorted(lists) or sorted(file.stem for file in (folder / "Annotations").glob("*.xml"))
    if not stems:
        raise InputError(f"{folder / 'Annotations'}: holds no *.xml; check the path")
    photos = _photo_names(folder / "JPEGImages")
    images: list[dict] = []
    objects: list[_Object] = []
    named: set[str] = set()
    numbers = _image_ids(stems)
    for row, stem in enumerate(progress(stems, desc="reading XML", unit="files")):
        file = folder / "Annotations" / f"{stem}.xml"
        root = _parse(file)
        # The stem decides: labelling tools leave stale names in <filename> when files are renamed.
        name = photos.get(stem) or (root.findtext("filename") or f"{stem}.jpg").strip()
        _check_name(name, file, named)
        width, height = _size(root, file)
        images.append(
            {
                "id": numbers[row],
                "file_name": name,
                "width": width,
                "height": height,
                "split": lists.get(stem),
            }
        )
        objects += [_object(node, file, row) for node in root.findall("object")]
    return _labels(folder, images, objects)


@dataclass(frozen=True)
class _Object:
    """One object; `corners` are xmin, ymin, xmax, ymax as written, `row` that of its image."""

    row: int
    name: str
    corners: list[float]
    ignore: bool


def _labels(folder: Path, images: list[dict], objects: list[_Object]) -> Labels:
    classes = sorted({item.name for item in objects})
    label_of = {name: label for label, name in enumerate(classes)}
    file = folder / "Annotations"
    if not classes:
        raise InputError(f"{file}: no object in {len(images)} files; label objects in the photos")
    return Labels(
        file,
        folder / "JPEGImages",
        pa.Table.from_pylist(images, schema=IMAGES),
        classes,
        np.arange(1, len(objects) + 1),
        np.array([item.row for item in objects], np.int32),
        np.array([label_of[item.name] for item in objects], np.int16),
        corners_to_xywh(np.array([item.corners for item in objects])),
        np.array([item.ignore for item in objects], bool),
    )


def _photo_names(folder: Path) -> dict[str, str]:
    """Return the file name of each photo by its stem."""
    files = (file for file in folder.iterdir() if is_photo(file))
    return {file.stem: file.name for file in sorted(files)}


def _image_ids(stems: list[str]) -> list[int]:
    """Number the images by their stems, 2007_000027 as 2007000027, else from 1."""
    if all(re.fullmatch(r"[0-9]{1,9}(_[0-9]{1,8})?", stem) for stem in stems):
        numbers = [int(stem.replace("_", "")) for stem in stems]
        if len(set(numbers)) == len(numbers):
            return numbers
    return list(range(1, len(stems) + 1))


def _parse(file: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(file).getroot()
    except FileNotFoundError:
        raise InputError(
            f"{file}: is listed in ImageSets/Main but absent; add it or correct the list"
        ) from None
    # LookupError for an unknown encoding, ValueError for one that the parser does not support.
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"{file}: not XML ({error}); export it again in UTF-8") from None


def _check_name(name: str, file: Path, named: set[str]) -> None:
    """Refuse a name that leaves the folder or is among `named`, to which it is added."""
    if fault := fault_of_path(name):
        raise InputError(f"{file}: filename {name!r} {fault}")
    if name in named:
        raise InputError(f"{file}: filename {name!r} is there twice; keep one")
    named.add(name)


def _size(root: ElementTree.Element, file: Path) -> tuple[int | None, int | None]:
    """Return width and height; None for both where the XML lacks one or has 0."""
    texts = root.findtext("size/width"), root.findtext("size/height")
    if texts[0] is None or texts[1] is None:
        return None, None
    try:
        width, height = int(float(texts[0])), int(float(texts[1]))
    except (ValueError, OverflowError):
        raise InputError(f"{file}: size: {texts} are no numbers; correct it") from None
    return (width, height) if width > 0 and height > 0 else (None, None)


def _object(node: ElementTree.Element, file: Path, row: int) -> _Object:
    name = (node.findtext("name") or "").strip()
    if not name:
        raise InputError(f"{file}: object: has no name; add it or remove the object")
    texts = [node.findtext(f"bndbox/{corner}") for corner in _CORNERS]
    try:
        corners = [float(text) for text in texts if text is not None]
    except ValueError:
        corners = []
    if len(corners) != 4 or not all(map(isfinite, corners)):
        raise InputError(f"{file}: object {name}: bndbox {texts} is not four numbers; correct it")
    return _Object(row, name, corners, (node.findtext("difficult") or "0").strip() == "1")


def corners_to_xywh(corners: np.ndarray) -> np.ndarray:
    """Return 0-based `[x, y, width, height]` of VOC's 1-based, inclusive corners.

    Ends that coincide would be one pixel by VOC's rule, but what writes them is a click without a
    drag. Such sides, and reversed ones, come out as 0: the tables stage drops and reports them.

    Args:
        corners: `(N, 4)` as `[xmin, ymin, xmax, ymax]`, in pixels.

    Returns:
        `(N, 4)` float64; VOC's `[1, 1, 1, 1]` is `[0, 0, 0, 0]` and `[1, 1, 2, 3]` `[0, 0, 2, 3]`.
    """
    corners = np.asarray(corners, np.float64).reshape(-1, 4)
    boxes = xyxy_to_xywh(voc_to_xyxy(corners)).astype(np.float64)
    boxes[:, 2:] *= corners[:, 2:] > corners[:, :2]
    return boxes


VOC = LabelFormat(
    name="voc",
    holds="XML in Annotations/, photos in JPEGImages/, lists of splits in ImageSets/Main/ if any",
    find=_find,
    read=_read,
    write=write_voc,
)
