"""Reads CVAT's own XML, "CVAT for images", one file for many photos."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import isfinite
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pipeline.errors import InputError, counted, or_correct
from pipeline.formats.cvat.writer import write_cvat
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.names import fault_of_name, fault_of_photo
from pipeline.formats.numbers import MOST_SIDE
from pipeline.formats.split_names import split_in_name
from pipeline.formats.upright_boxes import (
    around_parts,
    around_turned,
    note_reversed,
    note_turned,
    upright,
)
from pipeline.formats.voc.files import XML_FOLDERS, label_folders, root_name
from pipeline.photo_files import is_file, is_hidden

_CORNERS = ("xtl", "ytl", "xbr", "ybr")
_READ_SHAPES = ("box", "polygon")
_IGNORE = ("ignore", "difficult", "crowd")
_OTHER_SHAPES = ("polyline", "points", "ellipse", "cuboid", "skeleton", "mask")


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with CVAT's XML in it or in a folder of labels."""
    files = []
    for file in filter(_is_xml, [named]) if named else _xml(root):
        kind = root_name(file)
        if kind == "annotation":  # then the set is VOC, whose reader reports stray files of CVAT
            return None
        if kind == "annotations":
            files.append(file)
    if not files:
        return None
    return LabelledSet(CVAT, root, files[0] if len(files) == 1 else root, tuple(files), root)


def _xml(root: Path) -> Iterator[Path]:
    for folder in (root, *label_folders(root, *XML_FOLDERS)):
        yield from (file for file in sorted(folder.iterdir()) if _is_xml(file))


def _is_xml(file: Path) -> bool:
    return file.suffix.lower() == ".xml" and not is_hidden(file.name) and is_file(file)


def read_cvat(found: LabelledSet) -> Labels:
    """Return the labels of CVAT's XML, of all files together.

    The format: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat. Corners
    `xtl ytl xbr ybr` are pixel edges, 0-based. Rotated boxes and polygons become the upright boxes
    around them; polygons of one label and group are one object, as in CVAT's export to COCO
    (https://github.com/cvat-ai/cvat/issues/2600). Other shapes are left out; all this is noted.
    Classes are sorted by name. A subset called train, val or test is the `split`. An attribute
    `ignore`, `difficult` or `crowd` of a box becomes `ignore`, `score` or `confidence` its score.

    Raises:
        InputError: a file is not XML, is of a video, or is broken.
    """
    images: list[dict] = []
    boxes: list[LabelledBox] = []
    turns: list[float] = []
    groups: list[str | None] = []
    counts: Counter[str] = Counter()  # by kind of shape
    files: dict[str, Path] = {}  # in which each photo was first
    for file in found.files:
        for node in _images(file):
            row = len(images)
            images.append(_image(node, file))
            _refuse_again(images[-1]["file_name"], file, files)
            shapes = [shape for shape in node if shape.tag in _READ_SHAPES]
            boxes += [_box(shape, row, file) for shape in shapes]
            turns += [float(shape.get("rotation", "0")) for shape in shapes]
            groups += map(_group, shapes)
            counts.update(shape.tag for shape in node)
    if not boxes:
        problem = f"no box in {counted(len(images), 'photo')}"
        remedy = f"label objects in the photos{or_correct(_notes(counts))}"
        raise InputError(f"{found.labels}: {problem}; {remedy}")
    sides, reversed_ones = upright(np.array([box.box for box in boxes], np.float64))
    sides, turned = around_turned(sides, np.array(turns))
    boxes = [replace(box, box=side) for box, side in zip(boxes, sides.tolist(), strict=True)]
    reversed_note = note_reversed(reversed_ones, len(boxes), found.labels)
    boxes, of_parts = around_parts(boxes, groups)
    notes = [*note_turned(turned), *_notes(counts), *of_parts, *reversed_note]
    return labels_of_boxes(found.labels, found.photos, images, boxes, notes=notes)


def _refuse_again(name: str, file: Path, files: dict[str, Path]) -> None:
    """Refuse a photo that is already in `files`; else add it."""
    if name in files:
        where = "occurs twice" if files[name] == file else f"is in {files[name]} too"
        raise InputError(f"{file}: image {name!r} {where}; keep one")
    files[name] = file


def _images(file: Path) -> list[ElementTree.Element]:
    root = _parse(file)
    nodes = root.findall("image")
    if not nodes:
        kind = "holds tracks of a video" if root.find("track") is not None else "holds no <image>"
        raise InputError(f"{file}: {kind}; export it as 'CVAT for images' or as COCO")
    return nodes


def _notes(counts: Counter[str]) -> list[str]:
    others = sum(counts[tag] for tag in _OTHER_SHAPES)
    sentences = {
        "polygons, read as the boxes around them": counts["polygon"],
        "shapes that are neither boxes nor polygons, left out": others,
    }
    return [f"{sentence}: {count}" for sentence, count in sentences.items() if count]


def _parse(file: Path) -> ElementTree.Element:
    try:
        return ElementTree.parse(file).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise InputError(f"{file}: not XML ({error}); export it again in UTF-8") from None


def _image(node: ElementTree.Element, file: Path) -> dict:
    name = node.get("name", "")
    if fault := fault_of_photo(name):
        raise InputError(f"{file}: image name {name!r} {fault}")
    try:
        width, height = int(node.get("width", "0")), int(node.get("height", "0"))
    except ValueError:
        raise InputError(f"{file}: image {name!r}: size is not a number; correct it") from None
    if max(width, height) > MOST_SIDE:
        raise InputError(f"{file}: image {name!r}: size is too large for a photo; correct it")
    known = width > 0 and height > 0
    return {
        "file_name": name,
        "width": width if known else None,
        "height": height if known else None,
        "split": split_in_name(node.get("subset", "")),
    }


def _box(node: ElementTree.Element, row: int, file: Path) -> LabelledBox:
    """Return the box of a shape before its rotation."""
    name = node.get("label", "").strip()
    if fault := fault_of_name(name):
        raise InputError(f"{file}: box: label {name!r} {fault}")
    try:
        left, top, right, bottom = _corners(node)
        turn = float(node.get("rotation", "0"))
    except ValueError:
        left = top = right = bottom = turn = float("nan")
    if not isfinite(left + top + right + bottom + turn):
        raise InputError(f"{file}: {node.tag} {name}: {node.attrib} lacks numbers; correct it")
    marks = {one.get("name"): (one.text or "").strip().lower() for one in node.iter("attribute")}
    ignore = any(marks.get(flag) in ("1", "true") for flag in _IGNORE)
    box = [left, top, right - left, bottom - top]
    return LabelledBox(row, name, box, ignore, _score(marks, file))


def _score(marks: Mapping[str | None, str], file: Path) -> float | None:
    """Return the `score` that our own writer adds, or the `confidence` that models add.

    People also define an attribute `confidence` with words as values, so it only counts if it can
    be a score.
    """
    text = marks.get("score")
    if text is None:
        return _share(marks.get("confidence", ""))
    score = _share(text)
    if score is None:
        raise InputError(f"{file}: score {text!r} is not a number from 0 to 1; correct it")
    return score


def _share(text: str) -> float | None:
    """Return the number of a text; None if it is not one from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


def _group(shape: ElementTree.Element) -> str | None:
    """Return the group of a polygon, None for a box: grouped boxes are mostly separate objects."""
    group = shape.get("group_id", "0")
    return None if shape.tag != "polygon" or group in ("", "0") else group


def _corners(node: ElementTree.Element) -> tuple[float, float, float, float]:
    """Return the left, upper, right and lower edge of a box or polygon.

    Raises:
        ValueError: a number is missing or invalid.
    """
    if node.tag == "box":
        left, top, right, bottom = (float(node.get(corner, "")) for corner in _CORNERS)
        return left, top, right, bottom
    points = [point.split(",") for point in node.get("points", "").split(";")]
    xs, ys = ([float(value) for value in values] for values in zip(*points, strict=True))
    return min(xs), min(ys), max(xs), max(ys)


CVAT = LabelFormat(
    name="cvat",
    holds="annotations.xml of 'CVAT for images', in the folder or in annotations/",
    find=_find,
    read=read_cvat,
    write=write_cvat,
)
