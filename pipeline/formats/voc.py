"""Turns a VOC folder (Annotations/*.xml, JPEGImages, ImageSets/Main) into Pascal JSON."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pipeline.boxes import voc_to_xyxy, xyxy_to_xywh
from pipeline.errors import InputError
from pipeline.formats.pascal import PHOTO_SUFFIXES, new_annotation, new_pascal
from pipeline.progress import progress
from pipeline.tables.splits import read_split_lists

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def is_voc_folder(folder: Path) -> bool:
    """Tell whether the folder holds `Annotations` and `JPEGImages`."""
    return (folder / "Annotations").is_dir() and (folder / "JPEGImages").is_dir()


def read_voc_folder(folder: Path) -> dict:
    """Return the Pascal JSON of a VOC folder.

    Where `ImageSets/Main` has lists they say which photos belong to the set, as VOC 2012 carries
    thousands more that are not fully labelled for detection; each listed image gets its `split`.
    `difficult` becomes `ignore`. Boxes are not repaired, see `corners_to_xywh`.

    Returns:
        `{"images", "annotations", "categories", "type"}`; file names are relative to `JPEGImages`,
        images ordered by stem, categories by name, ids the number in the stem where all have one.
        `width` and `height` are absent where the XML has no size.

    Raises:
        InputError: XML that is broken or incomplete, or a listed photo without XML.
    """
    lists = read_split_lists(folder / "ImageSets" / "Main")
    stems = sorted(lists) or sorted(file.stem for file in (folder / "Annotations").glob("*.xml"))
    if not stems:
        raise InputError(f"{folder / 'Annotations'}: holds no *.xml; check the path")
    photos = _photo_names(folder / "JPEGImages")
    images, objects = [], []
    numbers = _image_ids(stems)
    for number, stem in progress(
        zip(numbers, stems, strict=True), total=len(stems), desc="reading XML", unit="files"
    ):
        file = folder / "Annotations" / f"{stem}.xml"
        root = _parse(file)
        # The stem leads: labelling tools leave stale names in <filename> when files are renamed.
        name = photos.get(stem) or (root.findtext("filename") or f"{stem}.jpg").strip()
        split = {"split": lists[stem]} if lists else {}
        images.append({"id": number, "file_name": name} | _size(root, file) | split)
        objects += [_object(node, file, number) for node in root.findall("object")]
    return _to_pascal(images, objects)


def _photo_names(folder: Path) -> dict[str, str]:
    """Return the file name of each photo by its stem."""
    files = (file for file in folder.iterdir() if file.suffix.lower() in PHOTO_SUFFIXES)
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
    # Of an encoding that the parser does not know: LookupError, of one that it cannot: ValueError.
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"{file}: not XML ({error}); export it again in UTF-8") from None


def _size(root: ElementTree.Element, file: Path) -> dict[str, int]:
    """Return width and height as far as the XML has them; nothing where it has 0."""
    texts = root.findtext("size/width"), root.findtext("size/height")
    if None in texts:
        return {}
    try:
        width, height = (int(float(text)) for text in texts)
    except (ValueError, OverflowError):
        raise InputError(f"{file}: size: {texts} are no numbers; mend it") from None
    return {"width": width, "height": height} if width > 0 and height > 0 else {}


def _object(node: ElementTree.Element, file: Path, image_id: int) -> dict:
    """Return one object: name, corners (xmin, ymin, xmax, ymax) as written, ignore, image_id."""
    name = (node.findtext("name") or "").strip()
    if not name:
        raise InputError(f"{file}: object: has no name; add it or remove the object")
    texts = [node.findtext(f"bndbox/{corner}") for corner in _CORNERS]
    try:
        corners = [float(text) for text in texts]
    except (TypeError, ValueError):
        corners = [float("nan")]
    if not np.isfinite(corners).all():
        raise InputError(f"{file}: object {name}: bndbox {texts} is not four numbers; mend it")
    ignore = int((node.findtext("difficult") or "0").strip() == "1")
    return {"name": name, "corners": corners, "ignore": ignore, "image_id": image_id}


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


def _to_pascal(images: list[dict], objects: list[dict]) -> dict:
    names = sorted({item["name"] for item in objects})
    boxes = corners_to_xywh([item["corners"] for item in objects])
    annotations = [
        new_annotation(number, item["image_id"], names.index(item["name"]) + 1, box, item["ignore"])
        for number, (item, box) in enumerate(zip(objects, boxes.tolist(), strict=True), 1)
    ]
    return new_pascal(images, annotations, names, "none")
