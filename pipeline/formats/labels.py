"""The labels of a set as columns, whatever format they came in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipeline.errors import InputError
from pipeline.formats.names import fault_of_name, plain_name

MOST_CLASSES = 2**15  # whose numbers are 0..32767
IMAGES = pa.schema(
    [
        ("id", pa.int64()),
        ("file_name", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("split", pa.string()),
    ]
)


@dataclass(frozen=True)
class Labels:
    """What a label reader returns; all references are valid and all boxes finite.

    Attributes:
        file: where the labels are, for messages.
        photos: the folder below which their photos lie.
        images: `P` rows with the columns of `IMAGES`; sizes and splits are null if the labels have
            none.
        classes: names in label order.
        ids: `(O,)` int64, of the objects.
        rows: `(O,)` int32, the row of each object's image.
        labels: `(O,)` int16, 0..C-1.
        boxes: `(O, 4)` float64, 0-based `[x, y, width, height]` in pixels, sizes not negative.
        ignore: `(O,)` bool; marked so, or a crowd, which is a region rather than an object.
        scores: `(O,)` float32 in 0..1, from a model; NaN for labels of people, None if people
            labelled everything.
        notes: what was left out or not taken literally, one sentence each with its count, for the
            report.
        shares: `(O,)` bool; whether the box is in shares of its photo's sides, 0..1, which become
            pixels once it is decided how the photo is rotated; None if all are in pixels.
    """

    file: Path
    photos: Path
    images: pa.Table
    classes: list[str]
    ids: np.ndarray
    rows: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    ignore: np.ndarray
    scores: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    shares: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Refuse more classes than there are numbers for."""
        if len(self.classes) > MOST_CLASSES:
            raise InputError(
                f"{self.file}: has {len(self.classes)} classes, of which {MOST_CLASSES} can be "
                "numbered; remove the others"
            )

    def of_each_image(self) -> list[np.ndarray]:
        """Return the indices of the objects of each of the `P` images, in their order."""
        order = np.argsort(self.rows, kind="stable")
        return np.split(order, np.searchsorted(self.rows[order], np.arange(len(self.images))))[1:]

    def score_of(self, at: int) -> float | None:
        """Return the score of an object to four digits, None if a person labelled it."""
        if self.scores is None or np.isnan(self.scores[at]):
            return None
        return round(float(self.scores[at]), 4)

    def with_plain_classes(self) -> "Labels":
        """Return the labels with `plain_name` applied to the names of their classes.

        Classes whose names become equal are merged, and a note says so.
        """
        plain = list(map(plain_name, self.classes))
        if plain == self.classes:
            return self
        label_of = {name: label for label, name in enumerate(dict.fromkeys(plain))}
        new = np.array([label_of[name] for name in plain], np.int16)
        twice = [name for name, count in Counter(plain).items() if count > 1]
        notes = [f"classes in several spellings, read as one: {', '.join(twice)}"] if twice else []
        return replace(
            self,
            classes=list(label_of),
            labels=new[self.labels],
            notes=(*self.notes, *notes),
        )

    def of_images(self, keep: np.ndarray) -> "Labels":
        """Return the labels of the images for which `keep`, `(P,)` bool, is true."""
        kept = self.of_objects(keep[self.rows])
        rows = (np.cumsum(keep, dtype=np.int32) - 1)[kept.rows]
        return replace(kept, images=self.images.filter(pa.array(keep)), rows=rows)

    def of_objects(self, keep: np.ndarray) -> "Labels":
        """Return the labels with only the objects for which `keep`, `(O,)` bool, is true."""
        return replace(
            self,
            ids=self.ids[keep],
            rows=self.rows[keep],
            labels=self.labels[keep],
            boxes=self.boxes[keep],
            ignore=self.ignore[keep],
            scores=None if self.scores is None else self.scores[keep],
            shares=None if self.shares is None else self.shares[keep],
        )


@dataclass(frozen=True)
class LabelledBox:
    """One object, as read from a small file.

    Attributes:
        row: of its image.
        name: of its class.
        box: `[x, y, width, height]`, 0-based, in pixels or shares; sizes not negative.
        ignore: whether it counts neither as an object nor as background.
        score: in 0..1, from a model; None for labels of people.
        shares: whether the box is in shares of the sides of its photo; see `Labels`.
    """

    row: int
    name: str
    box: Sequence[float]
    ignore: bool = False
    score: float | None = None
    shares: bool = False


def labels_of_boxes(
    file: Path,
    photos: Path,
    images: list[dict],
    boxes: Sequence[LabelledBox],
    *,
    classes: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Labels:
    """Return the labels of boxes that were read one by one, with ids from 1.

    Args:
        file: where the labels are, for messages.
        photos: the folder below which their photos lie.
        images: rows of `IMAGES`; missing values are null, a missing `id` is the row plus 1.
        boxes: of all images.
        classes: names in label order; by default those of the boxes, sorted.
        notes: see `Labels`.

    Raises:
        InputError: the name of a photo is not text, or has a control character.
    """
    for image in images:  # some formats take the names from the file system, which allows any bytes
        if fault := fault_of_name(image["file_name"]):
            raise InputError(f"{photos}: photo {image['file_name']!r} {fault}")
    names = list(classes) or sorted({box.name for box in boxes})
    label_of = {name: label for label, name in enumerate(names)}
    rows = [{"id": row} | image for row, image in enumerate(images, 1)]
    scored = any(box.score is not None for box in boxes)
    scores = [np.nan if box.score is None else box.score for box in boxes]
    shares = np.array([box.shares for box in boxes], bool)
    return Labels(
        file,
        photos,
        pa.Table.from_pylist(rows, schema=IMAGES),
        names,
        np.arange(1, len(boxes) + 1),
        np.array([box.row for box in boxes], np.int32),
        np.array([label_of[box.name] for box in boxes], np.int64).astype(np.int16),
        np.array([box.box for box in boxes], np.float64).reshape(-1, 4),
        np.array([box.ignore for box in boxes], bool),
        np.array(scores, np.float32) if scored else None,
        tuple(notes),
        shares if shares.any() else None,
    )
