"""Writes labels as VOC XML."""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import LabelFileNames


def write_voc(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write a folder with `Annotations/*.xml` and `ImageSets/Main/*.txt`.

    Corners are 1-based and inclusive, as in VOC, and keep their fractions; `ignore` becomes
    `difficult`.

    Returns:
        A note of thin boxes, which are read back as empty.

    Raises:
        InputError: a photo lies outside its folder, or two would share one XML.
    """
    names, thin = LabelFileNames(".xml"), 0
    stems: dict[str, list[str]] = {}  # of each split
    (out / "Annotations").mkdir(parents=True)
    for labels in blocks:
        images = labels.images.to_pylist()
        for image, objects in zip(images, labels.of_each_image(), strict=True):
            name = names.of(image["file_name"])
            _write_annotation(out / "Annotations" / name, labels, image, objects)
            if image["split"]:
                stems.setdefault(image["split"], []).append(name.removesuffix(".xml"))
        thin += int((labels.boxes[:, 2:] <= 1).any(1).sum())
    _write_lists(stems, out / "ImageSets" / "Main")
    one = "box is at most a pixel wide or high, which counts as empty when read again"
    many = "boxes are at most a pixel wide or high, which count as empty when read again"
    return (counted(thin, one, many),) if thin else ()


def _write_annotation(file: Path, labels: Labels, image: dict, objects: np.ndarray) -> None:
    root = ElementTree.Element("annotation")
    _add(root, "filename", image["file_name"])
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", image["width"]), ("height", image["height"]), ("depth", 3)):
        _add(size, name, value)
    for at in objects.tolist():
        root.append(_object(labels, at))
    ElementTree.indent(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(file, encoding="utf-8")


def _object(labels: Labels, at: int) -> ElementTree.Element:
    item = ElementTree.Element("object")
    _add(item, "name", labels.classes[labels.labels[at]])
    _add(item, "difficult", int(labels.ignore[at]))
    if (score := labels.score_of(at)) is not None:
        _add(item, "score", score)
    x, y, width, height = labels.boxes[at].tolist()
    box = ElementTree.SubElement(item, "bndbox")
    corners = {"xmin": x + 1, "ymin": y + 1, "xmax": x + width, "ymax": y + height}
    for name, value in corners.items():
        _add(box, name, f"{value:.4f}".rstrip("0").rstrip("."))
    return item


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)


def _write_lists(stems: dict[str, list[str]], folder: Path) -> None:
    for split, named in stems.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in named))
