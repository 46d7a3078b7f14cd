"""Says which photos are learnt from (train), steered by (val) and kept apart (test)."""

import re
from pathlib import Path

import numpy as np

from pipeline.errors import InputError
from pipeline.schemas import SPLITS

# VOC's class lists write a flag in two columns after the name: `name -1`, `name  0`, `name  1`.
# With a single space before it a 1 belongs to the name, as in `IMG 1`.
_FLAG = re.compile(r"( -1|  [01])$")


def assign_splits(
    pascal: dict,
    how: str,
    *,
    where: str,
    val_fraction: float = 0.2,
    test_fraction: float = 0.0,
    seed: int = 42,
) -> dict:
    """Return the Pascal JSON with a `split` of train, val or test in every image.

    Args:
        pascal: checked Pascal JSON; not changed.
        how: `given` keeps the `split` that each image has; `fraction` draws by `seed`; `lesson` is
            the split of the lesson's own notebook, drawn from the images whose `split` is train,
            or from all where none has one.
        where: file or folder for messages.
        val_fraction: share of val in `fraction`, 0..1, rounded down.
        test_fraction: share of test in `fraction`, 0..1, rounded down.
        seed: of the draw in `fraction`.

    Returns:
        A new dict with the images in their order; those that `lesson` leaves out are missing from
        it, and their annotations with them.

    Raises:
        InputError: a split that is missing or unknown, or no photo in train.
    """
    images = pascal["images"]
    if how == "given":
        splits = [image.get("split") for image in images]
        _check_given(images, splits, where)
    elif how == "fraction":
        splits = _draw(len(images), val_fraction, test_fraction, seed)
    elif how == "lesson":
        pascal = _only_train(pascal)
        splits = _draw_like_lesson(len(pascal["images"]))
    else:
        raise ValueError(f"unknown way to split: {how}")
    if "train" not in splits:
        raise InputError(
            f"{where}: split '{how}': no photo of {len(images)} is in train; "
            "give more photos, or change fetch.split or its fractions"
        )
    together = zip(pascal["images"], splits, strict=True)
    return pascal | {"images": [image | {"split": split} for image, split in together]}


def _check_given(images: list[dict], splits: list[str | None], where: str) -> None:
    for image, split in zip(images, splits, strict=True):
        if split is None:
            raise InputError(
                f"{where}: image {image['file_name']!r}: has no split; "
                "give it one, or set fetch.split to fraction"
            )
        if split not in SPLITS:
            raise InputError(
                f"{where}: image {image['file_name']!r}: unknown split {split!r}; "
                f"use one of {', '.join(SPLITS)}"
            )


def _draw(photos: int, val_fraction: float, test_fraction: float, seed: int) -> list[str]:
    order = np.random.default_rng(seed).permutation(photos)
    val, test = int(val_fraction * photos), int(test_fraction * photos)
    splits = np.full(photos, "train", dtype=object)
    splits[order[:val]] = "val"
    splits[order[val : val + test]] = "test"
    return splits.tolist()


def _only_train(pascal: dict) -> dict:
    """Return the images that their source calls train, and their objects; all if it names none."""
    images = pascal["images"]
    if all(image.get("split") is None for image in images):
        return pascal
    kept = [image for image in images if image.get("split") == "train"]
    ids = {image["id"] for image in kept}
    objects = [item for item in pascal["annotations"] if item["image_id"] in ids]
    return pascal | {"images": kept, "annotations": objects}


def _draw_like_lesson(photos: int) -> list[str]:
    """Return the split of fastai 0.7's `get_cv_idxs`: seed 42, the first fifth is val."""
    val = np.random.RandomState(42).permutation(photos)[: int(0.2 * photos)]
    splits = np.full(photos, "train", dtype=object)
    splits[val] = "val"
    return splits.tolist()


def read_split_lists(folder: Path) -> dict[str, str]:
    """Return the split of each name in VOC's lists `{train,val,test,trainval}.txt`.

    A line is a name, which may hold spaces; the flag that class lists carry after it falls off.
    `trainval` alone means train.

    Args:
        folder: such as `ImageSets/Main`; absent means no lists.

    Raises:
        InputError: a name that two splits claim.
    """
    splits: dict[str, str] = {}
    for split in SPLITS:
        for name in _read_list(folder / f"{split}.txt"):
            if splits.setdefault(name, split) != split:
                raise InputError(
                    f"{folder / split}.txt: {name}: is in {splits[name]}.txt as well; keep it in "
                    "one list"
                )
    for name in _read_list(folder / "trainval.txt"):
        splits.setdefault(name, "train")
    return splits


def _read_list(file: Path) -> list[str]:
    if not file.is_file():
        return []
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{file}: not text in UTF-8; save it again") from None
    return [_FLAG.sub("", line.strip()).strip() for line in lines if line.strip()]
