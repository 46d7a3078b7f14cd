"""Finds the Pascal JSON (COCO style) of a set: one file, or one for each split."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.errors import InputError
from pipeline.formats.json_files import is_labelme_json, json_beginning
from pipeline.formats.split_names import split_in_path
from pipeline.formats.voc.files import label_folders
from pipeline.photo_files import is_hidden

# What COCO's archives have for other tasks, next to `instances_*.json` (https://cocodataset.org).
_INSTANCES = "instances_"
_OTHER_TASKS = ("captions_", "person_keypoints_", "image_info_", "stuff_", "panoptic_")

JSON_FOLDERS = ("json", "jsons", "coco")  # other names of its folders
_LISTS = (b'"images"', b'"annotations"', b'"categories"')
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


def may_be_pascal(file: Path) -> bool:
    """Return whether a file starts like a JSON object and is not one of LabelMe's."""
    if file.suffix.lower() != ".json" or is_hidden(file.name) or not file.is_file():
        return False
    if file.name == _NOTES:
        return False
    return not is_labelme_json(beginning := json_beginning(file)) and beginning[:1] != b"["


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
    # Such folders hold other JSON, too, such as statistics or maps of classes.
    yield [folder for folder in of_labels if folder not in own and _has_lists(folder)]


def _has_lists(folder: Path) -> bool:
    """Return whether a folder has a JSON file that starts with a list of Pascal JSON."""
    files = (file for file in sorted(folder.iterdir()) if may_be_pascal(file))
    return any(list_ in json_beginning(file) for file in files for list_ in _LISTS)


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
