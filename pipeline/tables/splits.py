"""Assigns every photo to train, val or test."""

import hashlib
import math
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import InputError
from pipeline.formats.labels import Labels
from pipeline.schemas import SPLITS

_KEY_BYTES = 8  # enough to tell photos apart, and a million of them take 50 MB
_ROUNDING = 1e-9  # .29 of 100 photos is a little less than 29


def assign_splits(
    labels: Labels,
    how: str,
    *,
    val_fraction: float = 0.2,
    test_fraction: float = 0.0,
    seed: int = 42,
) -> Labels:
    """Return the labels with a `split` of train, val or test in every image.

    Args:
        labels: of the whole set.
        how: `given` keeps the `split` that each image has; `fraction` draws by `seed` and file
            name, so that photos added later move few others; `lesson` is the split of the lesson's
            own notebook, drawn from the images whose `split` is train, or from all if none has one.
        val_fraction: share of val in `fraction`, 0..1, rounded down.
        test_fraction: share of test in `fraction`, 0..1, rounded down.
        seed: of the draw in `fraction`.

    Returns:
        Labels with the images in the same order; `lesson` drops those that are not train, and
        their objects.

    Raises:
        InputError: a split is missing or unknown, or a draw leaves no photo in train. A given split
            may lack train, as other sets may have the photos of train.
    """
    photos = len(labels.images)
    if how == "given":
        _check_given(labels)
        splits = labels.images["split"]
    elif how == "fraction":
        order = order_by_name(labels.images["file_name"].to_pylist(), seed)
        splits = pa.array(_draw(order, val_fraction, test_fraction), pa.string())
    elif how == "lesson":
        labels = _only_train(labels)
        splits = pa.array(_draw_like_lesson(len(labels.images)), pa.string())
    else:
        raise ValueError(f"unknown way to split: {how}")
    if how != "given" and pc.index(splits, "train").as_py() < 0:
        raise InputError(
            f"{labels.file}: split '{how}': no photo of {photos} is in train; "
            "give more photos, or change fetch.split or its fractions"
        )
    column = labels.images.schema.get_field_index("split")
    return replace(labels, images=labels.images.set_column(column, "split", splits))


def _check_given(labels: Labels) -> None:
    names, splits = labels.images["file_name"], labels.images["split"]
    if splits.null_count:
        name = names[pc.index(pc.is_null(splits), True).as_py()].as_py()
        raise InputError(
            f"{labels.file}: image {name!r}: has no split; "
            "give it one, or set fetch.split to fraction"
        )
    if (bad := pc.index(pc.is_in(splits, pa.array(SPLITS)), False).as_py()) >= 0:
        split = splits[bad].as_py()
        fault = f"unknown split {split!r}; use one of {', '.join(SPLITS)}"
        if set(split.split(" and ")) <= set(SPLITS):
            fault = f"is in {split}; keep it in one, or set fetch.split to fraction"
        raise InputError(f"{labels.file}: image {names[bad].as_py()!r}: {fault}")


def order_by_name(names: list[str], seed: int) -> np.ndarray:
    """Return the rows of photos in a random order that adding or removing a name does not change.

    With a permutation of the rows, one more photo would replace nearly all of val: metrics before
    and after could not be compared, and former train photos would be tested on. The folder of a
    photo, which differs between formats of a set, only breaks ties between equal names.
    """

    def drawn(text: str) -> bytes:
        return hashlib.sha256(f"{seed}/{text}".encode()).digest()[:_KEY_BYTES]

    keys = [drawn(PurePosixPath(name).name) + drawn(name) for name in names]
    return np.array(sorted(range(len(names)), key=keys.__getitem__), np.int64)


def _draw(order: np.ndarray, val_fraction: float, test_fraction: float) -> np.ndarray:
    photos = len(order)
    val, test = (math.floor(share * photos + _ROUNDING) for share in (val_fraction, test_fraction))
    splits = np.full(photos, "train", dtype=object)
    splits[order[:val]] = "val"
    splits[order[val : val + test]] = "test"
    return splits


def _only_train(labels: Labels) -> Labels:
    """Return the labels of the images whose source split is train; all if no image has one."""
    splits = labels.images["split"]
    if splits.null_count == len(splits):
        return labels
    keep = pc.fill_null(pc.match_substring_regex(splits, "^train( and |$)"), False)
    return labels.of_images(keep.to_numpy())


def _draw_like_lesson(photos: int) -> np.ndarray:
    """Return the split of fastai 0.7's `get_cv_idxs`: seed 42, the first fifth is val."""
    val = np.random.RandomState(42).permutation(photos)[: int(0.2 * photos)]
    splits = np.full(photos, "train", dtype=object)
    splits[val] = "val"
    return splits
