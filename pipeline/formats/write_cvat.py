"""Writes labels as CVAT's own XML, "CVAT for images"."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from pipeline.formats.labels import Labels


def write_cvat(labels: Labels, out: Path) -> None:
    """Write one XML file; the split becomes the subset, and the format has no `ignore`."""
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    nodes = [_image(root, image) for image in labels.images.to_pylist()]
    names = np.array(labels.classes)[labels.labels]
    for row, name, box in zip(labels.rows, names.tolist(), labels.boxes.tolist(), strict=True):
        x, y, width, height = box
        corners = {"xtl": x, "ytl": y, "xbr": x + width, "ybr": y + height}
        numbers = {key: repr(value) for key, value in corners.items()}
        ElementTree.SubElement(nodes[row], "box", {"label": name, "occluded": "0"} | numbers)
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)


def _image(root: ElementTree.Element, image: dict) -> ElementTree.Element:
    size = {"width": str(image["width"]), "height": str(image["height"])}
    name = {"id": str(image["id"]), "name": image["file_name"]}
    node = ElementTree.SubElement(root, "image", name | size)
    if image["split"]:
        node.set("subset", image["split"])
    return node
