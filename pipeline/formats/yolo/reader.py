"""Reads a YOLO folder: photos, a label file for each, and a data.yaml or a list of names."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from pipeline.errors import InputError, counted
from pipeline.formats.label_format import LabelFormat, LabelledSet
from pipeline.formats.labels import LabelledBox, Labels, labels_of_boxes
from pipeline.formats.text_files import beginning_of
from pipeline.formats.yolo.lines import YoloObject, begins_with_object, read_yolo_lines
from pipeline.formats.yolo.places import TextsOfSet, text_of
from pipeline.formats.yolo.sets import read_yolo_set
from pipeline.formats.yolo.writer import write_yolo
from pipeline.photo_files import files_below, is_file
from pipeline.progress import progress

_YAML = re.compile(rb"^[\"']?(names|nc)[\"']?\s*:", re.M)
_YAML_NAMES = re.compile(rb"^[\"']?names[\"']?\s*:", re.M)
_YAML_SPLIT = re.compile(rb"^[\"']?(train|val|valid|validation|test)[\"']?\s*:", re.M)
_YAML_LONGEST = 1 << 20  # bytes that are searched
_NAMES = ("obj.names", "classes.txt", "labels/classes.txt", "data/obj.names", "classes.names")
_SPLITS = ("", "train/", "valid/", "val/", "test/")
_LABELS = tuple(f"{split}labels" for split in _SPLITS)
_IMAGES = tuple(f"{split}images" for split in _SPLITS)


def _find(root: Path, named: Path | None) -> LabelledSet | None:
    """Return the set of a folder with a data.yaml, a list of names, or a folder `labels`."""
    description = named or _description(root)
    if named and not (_has_key(named, _YAML) or named.name in {Path(name).name for name in _NAMES}):
        return None
    if not description and not any(_has_text(root, place) for place in _LABELS):
        return None
    files = files_below(root, {".txt"})
    if description:
        files = sorted({*files, description})
    return LabelledSet(YOLO, root, description or root, tuple(files), root)


def _description(root: Path) -> Path | None:
    """Return the file that names the classes: the YAML of the folder, else a list of names."""
    yamls = [file for file in sorted(root.glob("*.y*ml")) if _is_description(file)]
    has_labels = any(_has_text(root, place) for place in (*_LABELS, "obj_train_data")) or any(
        _has_text(root, place, begins_with_object) for place in _IMAGES
    )
    if not yamls and has_labels:  # without splits it may be any tool's
        yamls = [file for file in sorted(root.glob("*.y*ml")) if _has_key(file, _YAML_NAMES)]
    if len(yamls) > 1:
        names = ", ".join(file.name for file in yamls[:4])
        raise InputError(f"{root}: {len(yamls)} YAML files ({names}); set fetch.labels to one")
    lists = [root / name for name in _NAMES if is_file(root / name)]
    if yamls or not lists:
        return next(iter(yamls), None)
    # A list of names alone proves nothing: other tools have one, too.
    beside = any(is_file(file) and file not in lists for file in root.glob("*.txt"))
    return lists[0] if beside or has_labels else None


def _is_description(file: Path) -> bool:
    """Return whether a file is YAML with classes and splits."""
    return _has_key(file, _YAML) and _has_key(file, _YAML_SPLIT)


def _has_key(file: Path, key: re.Pattern[bytes]) -> bool:
    """Return whether a file is YAML with a matching key at its top level."""
    if file.suffix.lower() not in {".yaml", ".yml"} or file.name.startswith("."):
        return False
    return bool(key.search(beginning_of(file, _YAML_LONGEST)))


def _has_text(root: Path, place: str, fits: Callable[[Path], bool] = is_file) -> bool:
    """Return whether a folder, in any case, has a text file that fits, in it or a level below."""
    folder = root
    for part in place.split("/"):
        below = sorted(folder.iterdir())
        named = [entry for entry in below if entry.name.lower() == part and entry.is_dir()]
        if not named:
            return False
        folder = named[0]
    files = chain(folder.glob("*"), folder.glob("*/*"))
    return any(file.suffix.lower() == ".txt" and fits(file) for file in files)


def _read(found: LabelledSet) -> Labels:
    return read_yolo(found.root, None if found.labels == found.root else found.labels)


def read_yolo(root: Path, description: Path | None = None) -> Labels:
    """Return the labels of a YOLO folder (https://docs.ultralytics.com/datasets/detect/).

    For a photo's label file see `TextsOfSet.of`; without one, the photo has no objects. Outlines
    and rotated boxes become the boxes around them. Boxes stay shares of the sides of their photos,
    whose sizes are not read here.

    Args:
        root: the folder with everything.
        description: data.yaml or the list of class names; if None, classes are called `class_0`,
            `class_1`, ...

    Returns:
        Labels whose file names are relative to `root`.

    Raises:
        InputError: there are no photos, or a label file, name or list is wrong.
    """
    described = read_yolo_set(root, description)
    images: list[dict] = []
    boxes: list[LabelledBox] = []
    objects: list[YoloObject] = []
    there = TextsOfSet(root)
    texts = _texts(sorted(described.splits), there)
    names = described.classes or []
    for row, (name, text) in enumerate(progress(texts.items(), desc="reading YOLO", unit="files")):
        images.append({"file_name": name, "split": described.splits[name]})
        found = read_yolo_lines(text, keypoints=described.keypoints) if text else []
        if described.classes is None:
            names += [f"class_{label}" for label in range(len(names), _count(found))]
        if _count(found) > len(names):
            raise InputError(
                f"{text}: class {_count(found) - 1} is not among the {len(names)} names in "
                f"{description}; add its name or correct the class"
            )
        for item in found:
            name_of_class = names[item.label]
            boxes.append(LabelledBox(row, name_of_class, item.box, score=item.score, shares=True))
        objects += found
    _refuse_keypoints(objects, description or root)
    notes = [*described.notes, *_notes(objects, described.classes is None)]
    notes += [*_without_text(described.splits, texts), *_without_photo(root, texts, there)]
    return labels_of_boxes(description or root, root, images, boxes, classes=names, notes=notes)


def _texts(photos: list[str], there: TextsOfSet) -> dict[str, Path | None]:
    """Return each photo's label file, None if it has none.

    Raises:
        InputError: two photos share one.
    """
    texts: dict[str, Path | None] = {}
    owners: dict[Path, str] = {}
    for photo in photos:
        text = there.of(photo)
        if text and (other := owners.setdefault(text, photo)) != photo:
            raise InputError(f"{text}: belongs to {other} and to {photo}; rename one of them")
        texts[photo] = text
    return texts


def _count(objects: list[YoloObject]) -> int:
    """Return how many classes there must be at least."""
    return max((item.label + 1 for item in objects), default=0)


def _refuse_keypoints(objects: list[YoloObject], file: Path) -> None:
    """Refuse outlines that may all be boxes with keypoints, which would be other boxes."""
    outlines = [item for item in objects if item.outline]
    points = {item.keypoints for item in outlines}
    if len(points) == 1 and (count := points.pop()):
        raise InputError(
            f"{file}: {len(outlines)} lines may be outlines or boxes with {count} keypoints (x, y, "
            f"visibility); give kpt_shape: [{count}, 3] in data.yaml, or repeat a point of the "
            "outlines"
        )


def _notes(objects: list[YoloObject], unnamed: bool) -> Iterator[str]:
    if unnamed:
        yield "classes have no names, so they are called by their numbers"
    if outlines := sum(item.outline for item in objects):
        yield counted(
            outlines,
            "outline or turned box counts as the box around it",
            "outlines or turned boxes count as the boxes around them",
        )
    if rounded := sum(item.rounded for item in objects):
        yield counted(
            rounded,
            "object was outside its photo by rounding and is set to its edge",
            "objects were outside their photo by rounding and are set to its edge",
        )


def _without_text(splits: dict[str, str | None], texts: dict[str, Path | None]) -> Iterator[str]:
    """Yield a note of each split, or of a set without splits, in which no photo has a label file.

    Its labels probably lie where no photo's label file is looked for.
    """
    named: Sequence[str | None] = sorted(filter(None, set(splits.values())))
    for split in named or [None]:
        photos = [photo for photo in texts if splits[photo] == split]
        if not any(texts[photo] for photo in photos):
            yield (
                f"no photo{f' of {split}' if split else ''} has a label file, such as "
                f"{text_of(photos[0])}, so they all count as background: {len(photos)}"
            )


def _without_photo(root: Path, texts: dict[str, Path | None], there: TextsOfSet) -> list[str]:
    """Return a note of label files, in folders `labels` or by their content, that were not read."""
    read = set(texts.values())
    lost = [
        file
        for file in there.files
        if file not in read
        and file.name.lower() != "classes.txt"
        and (_is_in_labels(file, root) or begins_with_object(file))
    ]
    if not lost:
        return []
    name = lost[0].relative_to(root).as_posix()
    one = "label file belongs to no photo of a split, or to one with another, and is left out"
    many = "label files belong to no photo of a split, or to one with another, and are left out"
    return [f"{counted(len(lost), one, many)}, {name} the first"]


def _is_in_labels(file: Path, root: Path) -> bool:
    return "labels" in [part.lower() for part in file.relative_to(root).parts[:-1]]


def _where_photos_go(root: Path) -> str:
    if not (root / "labels").is_dir():
        return ""
    return f"put the photos of labels/ into {root / 'images'}, in the same folders"


YOLO = LabelFormat(
    name="yolo",
    holds="data.yaml, obj.names or classes.txt, and label files in labels/ or next to the photos",
    find=_find,
    read=_read,
    write=write_yolo,
    photos_go=_where_photos_go,
)
