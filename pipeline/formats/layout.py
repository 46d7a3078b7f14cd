"""Tells what labels a folder holds by the names of its files; none is opened."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError


@dataclass(frozen=True)
class LabelledSet:
    """Where a set lies.

    Attributes:
        root: the folder with everything of the set.
        labels: its JSON file, or its folder of XML.
    """

    root: Path
    labels: Path


def find_set(path: Path) -> LabelledSet:
    """Return the labelled set at `path`.

    Args:
        path: a folder with exactly one Pascal/COCO `*.json` in it or in its `annotations`; or the
            JSON file itself; or a VOC folder (`Annotations`, `JPEGImages`), at most two levels
            below.

    Raises:
        InputError: no labels or several.
    """
    if path.is_file():
        return LabelledSet(_folder_of(path), path)
    if not path.is_dir():
        raise InputError(f"{path}: no such file or folder; set fetch.path to the labelled photos")
    file = _find_json(path)
    if file is not None:
        return LabelledSet(path, file)
    folder = _find_voc(path)
    return LabelledSet(folder, folder / "Annotations")


def _find_json(folder: Path) -> Path | None:
    files = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files[:4])
        raise InputError(f"{folder}: {len(files)} JSON files ({names}); set fetch.path to one file")
    return files[0] if files else None


def _folder_of(labels: Path) -> Path:
    """Return the folder of a set by its JSON: COCO has labels in `annotations`, photos beside."""
    folder = labels.parent
    return folder.parent if folder.name == "annotations" else folder


def _find_voc(folder: Path) -> Path:
    places = [folder, *sorted(folder.glob("*/")), *sorted(folder.glob("*/*/"))]
    found = [place for place in places if _is_voc(place)]
    if not found:
        raise InputError(
            f"{folder}: neither a *.json nor Annotations and JPEGImages; "
            "set fetch.path to the folder that holds them"
        )
    if len(found) > 1:
        names = ", ".join(str(place.relative_to(folder)) for place in found[:4])
        raise InputError(f"{folder}: {len(found)} VOC folders ({names}); set fetch.path to one")
    return found[0]


def _is_voc(folder: Path) -> bool:
    return (folder / "Annotations").is_dir() and (folder / "JPEGImages").is_dir()
