"""Writes labels as VOC XML."""

from pathlib import Path
from xml.etree import ElementTree

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import names_of_label_files


def write_voc(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write a folder with `Annotations/*.xml` and `ImageSets/Main/*.txt`.

    Corners are 1-based and inclusive, as VOC has them, and keep their fractions; `ignore` becomes
    `difficult`.

    Raises:
        InputError: a photo outside its folder, or two that would share one XML.
    """
    images = labels.images.to_pylist()
    files = names_of_label_files(images, ".xml")
    (out / "Annotations").mkdir(parents=True)
    for name, image, objects in zip(files, images, labels.of_each_image(), strict=True):
        root = _annotation(image)
        for at in objects:
            root.append(_object(labels, int(at)))
        file = out / "Annotations" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.indent(root)
        ElementTree.ElementTree(root).write(file, encoding="utf-8")
    _write_lists(images, out / "ImageSets" / "Main")
    thin = int((labels.boxes[:, 2:] <= 1).any(1).sum())
    one = "box is at most a pixel wide or high, which counts as empty when read again"
    many = "boxes are at most a pixel wide or high, which count as empty when read again"
    return (counted(thin, one, many),) if thin else ()


def _annotation(image: dict) -> ElementTree.Element:
    root = ElementTree.Element("annotation")
    _add(root, "filename", image["file_name"])
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", image["width"]), ("height", image["height"]), ("depth", 3)):
        _add(size, name, value)
    return root


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


def _write_lists(images: list[dict], folder: Path) -> None:
    """Write a list of stems for each split that a photo is in."""
    lists: dict[str, list[str]] = {}
    for image in images:
        if image["split"]:
            stem = Path(image["file_name"]).with_suffix("").as_posix()
            lists.setdefault(image["split"], []).append(stem)
    for split, stems in lists.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{split}.txt").write_text("".join(f"{stem}\n" for stem in stems))
