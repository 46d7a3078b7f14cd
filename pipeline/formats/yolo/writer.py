"""Writes labels as YOLO's label files."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import LabelFileNames
from pipeline.formats.yolo.places import text_of

_OTHER = "train"  # where photos without a split go when others have one


def write_yolo(blocks: Iterable[Labels], out: Path) -> tuple[str, ...]:
    """Write a folder with `data.yaml` and `labels/SPLIT/NAME.txt`.

    Put the photos into `images/SPLIT/` next to `labels`, under their own names, and Ultralytics
    trains with the `data.yaml`. If no photo has a split, label files are in `labels/`, photos go
    into `images/`, and all of them are both train and val. Boxes are clipped to their photos.

    Returns:
        Notes of what YOLO cannot express: objects to ignore and those without area in their photo
        are left out, and so are scores, as Ultralytics takes a file with them for broken.

    Raises:
        InputError: a photo lies outside its folder, or two would share one label file.
    """
    splits = {split for labels in blocks for split in _splits(labels) if split}
    out.mkdir(exist_ok=True)
    names, counts = LabelFileNames(".txt"), Counter[str]()
    for labels in blocks:
        folders = [f"{split or _OTHER}/" if splits else "" for split in _splits(labels)]
        counts.update(_write_texts(labels, folders, names, out))
    if splits and counts["without a split"]:
        splits.add(_OTHER)
    _write_yaml(out / "data.yaml", next(iter(blocks)).classes, splits)
    return tuple(_notes(counts, bool(splits)))


def _splits(labels: Labels) -> list[str | None]:
    return labels.images["split"].to_pylist()


def _write_texts(
    labels: Labels, folders: list[str], names: LabelFileNames, out: Path
) -> dict[str, int]:
    """Write the label files of photos; return counts of what could not be expressed.

    Args:
        labels: of the photos.
        folders: of each photo below `images`, with a slash at the end.
        names: of all label files.
        out: the folder of the set.
    """
    sides = np.stack([labels.images[side].to_numpy() for side in ("width", "height")], -1)
    across = np.tile(sides, 2)[labels.rows].astype(float)
    edges = np.concatenate([labels.boxes[:, :2], labels.boxes[:, :2] + labels.boxes[:, 2:]], 1)
    inside = np.clip(edges, 0, across)
    has_area = (inside[:, 2:] > inside[:, :2]).all(1)
    shares = inside / across
    photos = labels.images["file_name"].to_pylist()
    for folder, photo, objects in zip(folders, photos, labels.of_each_image(), strict=True):
        kept = objects[(has_area & ~labels.ignore)[objects]]
        # In `labels`, unless a folder of the photo is called `images`, too: the last is replaced.
        path = out / text_of(f"images/{names.of(folder + photo)}")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (_line(int(labels.labels[at]), *shares[at].tolist()) for at in kept)
        path.write_text("".join(lines))
    return {
        "ignored": int(labels.ignore.sum()),
        "without area": int((~labels.ignore & ~has_area).sum()),
        "cut": int((~labels.ignore & has_area & (inside != edges).any(1)).sum()),
        "scores": 0 if labels.scores is None else len(labels.scores),
        "without a split": sum(not split for split in _splits(labels)),
    }


def _line(label: int, left: float, top: float, right: float, bottom: float) -> str:
    # A millionth of a photo 20,000 pixels wide would be 0.02 pixels.
    numbers = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return f"{label} {' '.join(f'{number:.8f}' for number in numbers)}\n"


def _write_yaml(file: Path, classes: list[str], splits: set[str]) -> None:
    places = {"train": "images", "val": "images"}
    if splits:
        # Ultralytics wants both keys, and test only where there are photos.
        names = dict.fromkeys(["train", "val", *sorted(splits)])
        places = {split: f"images/{split}" for split in names}
    with file.open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump(places | {"names": dict(enumerate(classes))}, opened)


def _notes(counts: Counter[str], has_splits: bool) -> Iterator[str]:
    if ignored := counts["ignored"]:
        one, many = "object to ignore is left out", "objects to ignore are left out"
        yield f"{counted(ignored, one, many)}, as YOLO cannot mark them"
    if without_area := counts["without area"]:
        one = "object without area in its photo is left out"
        yield counted(without_area, one, "objects without area in their photo are left out")
    if cut := counts["cut"]:
        yield counted(cut, "object is cut to its photo", "objects are cut to their photo")
    if scores := counts["scores"]:
        yield f"{counted(scores, 'score is', 'scores are')} left out, as YOLO's labels have none"
    if has_splits and (missing := counts["without a split"]):
        one, many = "photo without a split is", "photos without a split are"
        yield f"{counted(missing, one, many)} in {_OTHER}"
