"""Writes labels as CVAT's own XML, "CVAT for images"."""

from pathlib import Path
from xml.etree import ElementTree

from pipeline.formats.labels import Labels


def write_cvat(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write one XML file beside the photos.

    The split becomes the subset; `ignore` and a score become attributes of the box.
    """
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    images = labels.images.to_pylist()
    for image, objects in zip(images, labels.of_each_image(), strict=True):
        node = ElementTree.SubElement(root, "image", _attributes(image))
        for at in objects:
            _add_box(node, labels, int(at))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return ()


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
