"""Writes labels as YOLO's texts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from pipeline.errors import counted
from pipeline.formats.labels import Labels
from pipeline.formats.names import names_of_label_files
from pipeline.formats.yolo.places import text_of

_OTHER = "train"  # where photos without a split go when others have one


def write_yolo(labels: Labels, out: Path) -> tuple[str, ...]:
    """Write a folder with `data.yaml` and `labels/SPLIT/NAME.txt`.

    Put the photos into `images/SPLIT/` beside, under their own names, and Ultralytics trains with
    the `data.yaml`. Where no photo has a split, texts are in `labels/`, photos go into `images/`,
    and train and val are all of them. Boxes are cut to their photos.

    Returns:
        Notes of what YOLO cannot express: objects to ignore and those without area in their photo
        are left out, as are scores, with which Ultralytics takes a text for broken.

    Raises:
        InputError: a photo outside its folder, or two that would share one text.
    """
    images = labels.images.to_pylist()
    folders = _folders([image["split"] for image in images])
    files = names_of_label_files(
        [
            image | {"file_name": f"{folder}{image['file_name']}"}
            for folder, image in zip(folders, images, strict=True)
        ],
        ".txt",
    )
    edges = np.concatenate([labels.boxes[:, :2], labels.boxes[:, :2] + labels.boxes[:, 2:]], 1)
    sides = np.array([[image["width"], image["height"]] * 2 for image in images], float)
    inside = np.clip(edges, 0, sides.reshape(-1, 4)[labels.rows])
    has_area = (inside[:, 2:] > inside[:, :2]).all(1)
    shares = inside / sides.reshape(-1, 4)[labels.rows]
    for file, objects in zip(files, labels.of_each_image(), strict=True):
        kept = objects[(has_area & ~labels.ignore)[objects]]
        # Below `labels`, unless a folder of the photo is called `images` as well: the last counts.
        path = out / text_of(f"images/{file}")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (_line(int(labels.labels[at]), *shares[at].tolist()) for at in kept)
        path.write_text("".join(lines))
    _write_yaml(out / "data.yaml", labels.classes, set(folders))
    cut = int(((inside != edges).any(1) & has_area & ~labels.ignore).sum())
    return tuple(_notes(labels, images, cut, int((~has_area & ~labels.ignore).sum())))


def _folders(splits: list[str | None]) -> list[str]:
    """Return the folder of each photo, with its slash; empty where no photo has a split."""
    return [f"{split or _OTHER}/" if any(splits) else "" for split in splits]


def _line(label: int, left: float, top: float, right: float, bottom: float) -> str:
    # A millionth of a photo would be .02 pixels at 20000.
    numbers = ((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)
    return f"{label} {' '.join(f'{number:.8f}' for number in numbers)}\n"


def _write_yaml(file: Path, classes: list[str], folders: set[str]) -> None:
    places = {"train": "images", "val": "images"}
    if folders != {""}:
        # Ultralytics wants both keys, and test only where there are photos.
        splits = dict.fromkeys(["train", "val", *sorted(folder[:-1] for folder in folders)])
        places = {split: f"images/{split}" for split in splits}
    with file.open("w", encoding="utf-8") as opened:
        YAML(typ="safe").dump(places | {"names": dict(enumerate(classes))}, opened)


def _notes(labels: Labels, images: list[dict], cut: int, without_area: int) -> Iterator[str]:
    if ignored := int(labels.ignore.sum()):
        one, many = "object to ignore is left out", "objects to ignore are left out"
        yield f"{counted(ignored, one, many)}, as YOLO cannot mark such"
    if without_area:
        one = "object without area in its photo is left out"
        yield counted(without_area, one, "objects without area in their photo are left out")
    if cut:
        yield counted(cut, "object is cut to its photo", "objects are cut to their photo")
    if labels.scores is not None:
        scores = counted(len(labels.scores), "score is", "scores are")
        yield f"{scores} left out, as YOLO's labels have none"
    missing = sum(image["split"] is None for image in images)
    if 0 < missing < len(images):
        one, many = "photo without a split is", "photos without a split are"
        yield f"{counted(missing, one, many)} in {_OTHER}"
