"""Finds the Pascal JSON (COCO style) of a set: one file, or one for each split."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.json_files import JsonKind, json_kind
from pipeline.formats.split_names import split_in_path
from pipeline.formats.voc.files import label_folders
from pipeline.photo_files import is_hidden

# What COCO's archives have for other tasks, next to `instances_*.json` (https://cocodataset.org).
_INSTANCES = "instances_"
_OTHER_TASKS = ("captions_", "person_keypoints_", "image_info_", "stuff_", "panoptic_")

JSON_FOLDERS = ("json", "jsons", "coco")  # other names of its folders
_NOTES = "notes.json"  # which Label Studio puts next to YOLO's label files


def pascal_files(root: Path) -> list[Path]:
    """Return the JSON files of labels in a folder, in its `annotations`, or in `train`, `val`...

    Other folders of labels come last; see `label_folders`.

    Raises:
        InputError: there are several, and their names do not say their splits.
    """
    for places in _places(root):
        files = _without_other_tasks(
            file for place in places for file in sorted(place.iterdir()) if may_be_pascal(file)
        )
        if files:
            _check_splits(files, root)
            return files
    return []


def may_be_pascal(file: Path, *, named: bool = False) -> bool:
    """Return whether a file is JSON with lists of Pascal's, or is damaged and may have been.

    Args:
        file: any file.
        named: the user says that these are the labels, so any object counts, and the reader can say
            what it lacks.
    """
    if file.suffix.lower() != ".json" or is_hidden(file.name) or not file.is_file():
        return False
    kinds = {JsonKind.PASCAL, JsonKind.DAMAGED} | ({JsonKind.OTHER} if named else set())
    return file.name != _NOTES and json_kind(file) in kinds


def splits_of_files(files: Iterable[Path], root: Path) -> list[str | None]:
    """Return the split that each file's name says, or that of its folder in the set."""
    return [split_in_path(file.relative_to(root)) for file in files]


def _places(root: Path) -> Iterator[list[Path]]:
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    of_labels = label_folders(root, *JSON_FOLDERS)
    own = [folder for folder in of_labels if folder.name.lower() == "annotations"]
    yield [root]
    yield own
    yield [folder for folder in folders if split_in_path(folder.relative_to(root))]
    yield [folder for folder in of_labels if folder not in own]


def _without_other_tasks(files: Iterable[Path]) -> list[Path]:
    files = list(files)
    if not any(file.name.startswith(_INSTANCES) for file in files):
        return files
    return [file for file in files if not file.name.startswith(_OTHER_TASKS)]


def _check_splits(files: list[Path], root: Path) -> None:
    splits = splits_of_files(files, root)
    if len(files) > 1 and (None in splits or len(set(splits)) < len(splits)):
        names = ", ".join(file.name for file in files[:4])
        raise InputError(f"{root}: {len(files)} JSON files ({names}); set fetch.labels to one")
