"""Writes labels as CVAT's own XML, "CVAT for images"."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from pipeline.formats.labels import Labels


def write_cvat(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write one XML file, which belongs next to the photos.

    The split becomes the subset; `ignore` and a score become attributes of the box.
    """
    with out.open("wb") as file:
        file.write(
            b"<?xml version='1.0' encoding='utf-8'?>\n<annotations>\n  <version>1.1</version>\n"
        )
        for labels in blocks:
            for node in _images(labels):
                ElementTree.indent(node, level=1)
                file.write(b"  " + ElementTree.tostring(node, "utf-8") + b"\n")
        file.write(b"</annotations>\n")
    return ()


def _images(labels: Labels) -> Iterator[ElementTree.Element]:
    for image, objects in zip(labels.images.to_pylist(), labels.of_each_image(), strict=True):
        node = ElementTree.Element("image", _attributes(image))
        for at in objects:
            _add_box(node, labels, int(at))
        yield node


def _attributes(image: dict) -> dict[str, str]:
    known = {key: image[key] for key in ("id", "width", "height")}
    known |= {"name": image["file_name"], "subset": image["split"]}
    return {key: str(value) for key, value in known.items() if value is not None}


def _add_box(node: ElementTree.Element, labels: Labels, at: int) -> None:
    x, y, width, height = labels.boxes[at].tolist()
    corners = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
    numbers = {key: repr(value) for key, value in corners.items()}
    name = {"label": labels.classes[labels.labels[at]], "occluded": "0"}
    box = ElementTree.SubElement(node, "box", name | numbers)
    marks = {"ignore": "true" if labels.ignore[at] else None, "score": labels.score_of(at)}
    for key, value in marks.items():
        if value is not None:
            ElementTree.SubElement(box, "attribute", {"name": key}).text = str(value)
