"""Changes drawn splits so that train has every class."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.formats.labels import Labels
from pipeline.tables.splits import order_by_name


def with_every_class(
    labels: Labels, drawn_by: pa.ChunkedArray, by_people: np.ndarray, seed: int
) -> Labels:
    """Return the labels, moving as few photos as it takes for train to have every class.

    If a class is missing, its first photo in the order of the draw is swapped with the first photo
    that train can spare; without such a photo it just moves. A note says so.

    Args:
        labels: of all sets, P photos, as what one set lacks in train another may have there.
        drawn_by: P strings, the names by which splits were drawn; null where they were given,
            so that the photo does not move.
        by_people: `(P,)` bool. Photos that a model has labelled change nothing: otherwise val would
            change as soon as they join.
        seed: of the draw.
    """
    drawn = drawn_by.is_valid().to_numpy()
    if not drawn.any():
        return labels
    held = {label: rows[by_people[rows]] for label, rows in photos_by_class(labels).items()}
    in_train = pc.equal(labels.images["split"], "train").to_numpy()
    missing = [
        label
        for label, photos in held.items()
        if drawn[photos].any() and not in_train[photos].any()
    ]
    if not missing:
        return labels
    new = labels.images["split"].to_numpy().copy()
    rank = _ranks(drawn_by, drawn, seed)
    for label in missing:
        photos = held[label]
        if (new[photos] == "train").any():  # came with a photo of another class
            continue
        chosen = photos[rank[photos].argmin()]
        left, new[chosen] = new[chosen], "train"
        spare = np.flatnonzero(_spare(new, held) & drawn)
        spare = spare[spare != chosen]
        if len(spare):
            new[spare[rank[spare].argmin()]] = left
    names = ", ".join(labels.classes[label] for label in missing)
    moved = int(((new == "train") & ~in_train).sum())
    note = f"photos moved into train, which had no object of {names}: {moved}"
    column = labels.images.schema.get_field_index("split")
    images = labels.images.set_column(column, "split", pa.array(new, pa.string()))
    return replace(labels, images=images, notes=(*labels.notes, note))


def photos_by_class(labels: Labels) -> dict[int, np.ndarray]:
    """Return the rows of the photos of each class that has an object that counts.

    It counts if it is not ignored and has area inside its photo, as far as the size is known.
    """
    sides = np.stack(
        [pc.fill_null(labels.images[side], 2**31).to_numpy() for side in ("width", "height")], -1
    )[labels.rows]
    starts, sizes = labels.boxes[:, :2], labels.boxes[:, 2:]
    counts = ((sizes > 0) & (starts + sizes > 0) & (starts < sides)).all(1) & ~labels.ignore
    photos = len(labels.images)
    pairs = np.unique(labels.labels[counts].astype(np.int64) * photos + labels.rows[counts])
    classes, starts_of = np.unique(pairs // photos, return_index=True)
    rows = np.split(pairs % photos, starts_of[1:])
    return {int(label): of_class for label, of_class in zip(classes, rows, strict=False)}


def _ranks(drawn_by: pa.ChunkedArray, drawn: np.ndarray, seed: int) -> np.ndarray:
    """Return the position of each photo in the order of the draw; those not drawn come last."""
    rank = np.full(len(drawn), len(drawn))
    order = order_by_name(drawn_by.drop_null().to_pylist(), seed)
    rank[np.flatnonzero(drawn)[order]] = np.arange(len(order))
    return rank


def _spare(splits: np.ndarray, held: dict[int, np.ndarray]) -> np.ndarray:
    """Return which photos of train are not the only one there of a class."""
    in_train = splits == "train"
    spare = in_train.copy()
    for photos in held.values():
        of_train = photos[in_train[photos]]
        if len(of_train) == 1:
            spare[of_train] = False
    return spare
