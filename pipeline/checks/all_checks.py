"""Runs all checks of a data set and puts what they found into sentences."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.checks.box_keys import BLOCK
from pipeline.checks.boxes import check_boxes
from pipeline.checks.photos import check_photos
from pipeline.findings import (
    FEWEST_PHOTOS,
    LONG_BOX,
    LONG_PHOTO,
    PIXEL_SIDE,
    RARE,
    TINY_SIDE,
    BoxChecks,
    BoxFinding,
    ClassCount,
    CopyChecks,
    Findings,
    PhotoChecks,
    SplitCount,
)
from pipeline.schemas import SPLITS, read_classes

_FRACTIONS = {  # by which a split gets more photos
    "train": "smaller fractions",
    "val": "a larger fetch.val_fraction",
}


def check_tables(
    images: pa.Table,
    objects: pa.Table,
    *,
    decoded: np.ndarray,
    copies: CopyChecks,
    input_side: int,
) -> Findings:
    """Return what all checks have found.

    Args:
        images: the table of photos.
        objects: the table of their objects, in the order of the photos.
        decoded: `(P,)` bool, which photos of `images` decode.
        copies: the result of the check for duplicate photos.
        input_side: side in pixels of the square that every photo is squashed to for the network.
    """
    names = read_classes(objects)
    counts = _count_objects(objects, len(names))
    splits, classes = _count_splits(images, objects, counts), _count_classes(names, counts)
    boxes, photos = check_boxes(objects, input_side), check_photos(images, decoded)
    lines = [
        *_split_lines(splits),
        *_copy_lines(copies),
        *_class_lines(classes),
        *_box_lines(boxes, len(objects), input_side),
        *_photo_lines(photos),
    ]
    return Findings(input_side, splits, classes, boxes, photos, copies, lines)


def _count_splits(images: pa.Table, objects: pa.Table, counts: np.ndarray) -> list[SplitCount]:
    photos = images["split"].cast(pa.string()).to_numpy()
    empty = ~pc.is_in(images["image_id"], value_set=objects["image_id"].unique()).to_numpy()
    return [
        SplitCount(
            split,
            int(np.count_nonzero(photos == split)),
            int(np.count_nonzero((photos == split) & empty)),
            *map(int, counts[:, row].sum(1)),
        )
        for row, split in enumerate(SPLITS)
    ]


def _count_classes(names: list[str], counts: np.ndarray) -> list[ClassCount]:
    columns = [*counts[0].tolist(), counts[1].sum(0).tolist()]
    return [ClassCount(*one) for one in zip(names, *columns, strict=True)]


def _count_objects(objects: pa.Table, classes: int) -> np.ndarray:
    """Return `(2, 3, C)` counts by split and class: objects that count, and those marked ignore."""
    counts = np.zeros(2 * len(SPLITS) * classes, np.int64)
    columns = objects.select(["split", "label", "ignore"])
    for batch in columns.to_batches(max_chunksize=BLOCK):
        split = batch["split"].indices.to_numpy().astype(np.int64)
        ignore = batch["ignore"].to_numpy(zero_copy_only=False)
        places = (ignore * len(SPLITS) + split) * classes + batch["label"].to_numpy()
        counts += np.bincount(places, minlength=len(counts))
    return counts.reshape(2, len(SPLITS), classes)


def _split_lines(splits: list[SplitCount]) -> Iterator[str]:
    photos = sum(one.photos for one in splits)
    for one in splits:
        if one.split != "test" and one.photos < FEWEST_PHOTOS:
            found = f"photos in {one.split}: {one.photos} of {photos}"
            remedy = f"put more there, or set fetch.split to fraction with {_FRACTIONS[one.split]}"
            yield f"{found}, and training needs {FEWEST_PHOTOS}; {remedy}"


def _copy_lines(copies: CopyChecks) -> Iterator[str]:
    if not copies.pairs:
        return
    pair = copies.examples[0]
    names = f"{pair.first.photo} ({pair.first.split}) and {pair.second.photo} ({pair.second.split})"
    yield f"pairs of photos that are copies: {copies.pairs}, first {names}; keep one of each"
    if copies.leaked:
        # If there is a pair across the splits, it comes first.
        name = next(one.photo for one in (pair.first, pair.second) if one.split == "train")
        left_out = "left out" if copies.left_out else "tables.duplicates: drop leaves them out"
        what = "photos of train with a copy in val or test"
        yield f"{what}: {copies.leaked}, first {name}; {left_out}"
    if copies.contradicting:
        pairs = [pair for pair in copies.examples if pair.equal and not pair.same_boxes]
        first = f", first {pairs[0].first.photo} and {pairs[0].second.photo}" if pairs else ""
        what = "pairs of equal photos with different boxes"
        yield f"{what}: {copies.contradicting}{first}; keep one photo of each"


def _class_lines(classes: list[ClassCount]) -> Iterator[str]:
    absent = [one for one in classes if not one.train + one.val + one.test]
    rare = [one for one in classes if one.train < RARE and one not in absent]
    if absent:
        what = "classes without objects that count"
        yield f"{what}: {len(absent)}, first {absent[0].name}; label some or remove the class"
    if rare:
        what = f"classes with under {RARE} objects in train"
        yield f"{what}: {len(rare)}, first {rare[0].name} with {rare[0].train}; label more of them"


def _box_lines(boxes: BoxChecks, objects: int, input_side: int) -> Iterator[str]:
    tiny = f"with a side under {TINY_SIDE:g} pixels in a photo of {input_side} x {input_side}"
    pixel_sized = f"with a side under {PIXEL_SIDE:g} pixels of their photo"
    kinds: list[tuple[BoxFinding, str, str]] = [
        (boxes.repeated, "equal to another of the same photo and class", "remove them"),
        (boxes.tiny, tiny, "a larger pixels.size and image_size show them"),
        (boxes.pixel_sized, pixel_sized, "remove those drawn by accident"),
        (boxes.long, f"over {LONG_BOX:g} times as long as wide", "check whether they are right"),
    ]
    for finding, what, remedy in kinds:
        if finding.count:
            one = finding.examples[0]
            first = f"first in {one.photo} ({one.name})"
            yield f"boxes {what}: {finding.count} of {objects}, {first}; {remedy}"


def _photo_lines(photos: PhotoChecks) -> Iterator[str]:
    kinds = [
        (
            photos.long,
            f"over {LONG_PHOTO:g} times as long as wide",
            "cut them into several, or they get squashed",
        ),
        (photos.undecoded, "that cannot be decoded", "replace or remove them"),
    ]
    for finding, what, remedy in kinds:
        if finding.count:
            yield f"photos {what}: {finding.count}, first {finding.examples[0]}; {remedy}"
