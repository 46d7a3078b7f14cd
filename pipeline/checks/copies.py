"""Finds duplicate photos, and leaves out those of train that leak from val or test."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from pipeline.checks.box_keys import keys_of_photos
from pipeline.checks.duplicates import find_copies
from pipeline.checks.fingerprints import Fingerprints
from pipeline.errors import counted
from pipeline.findings import CopiedPhoto, CopyChecks, CopyPair
from pipeline.formats.labels import Labels

_PAIRS_SHOWN = 60
_NAMED = 3  # pairs in a message


def check_copies(
    images: pa.Table, objects: pa.Table, prints: Fingerprints
) -> tuple[np.ndarray, CopyChecks]:
    """Return which photos of train have a copy in val or test, `(P,)` bool, and all checks.

    Args:
        images: the table of P photos.
        objects: the table of their objects.
        prints: of the photos, in the order of `images`.
    """
    held = images["split"].cast(pa.string()).to_numpy() != "train"
    copies = find_copies(prints, held)
    leaked = copies.leaked(held)
    first, second = copies.pairs.T
    keys = keys_of_photos(images, objects)
    same_boxes = keys[first] == keys[second]
    contradicting = copies.equal & ~same_boxes
    across = held[first] != held[second]
    shown = np.lexsort((~contradicting, ~across))[:_PAIRS_SHOWN]
    examples = map(
        CopyPair,
        _photos(images, first[shown]),
        _photos(images, second[shown]),
        copies.equal[shown].tolist(),
        same_boxes[shown].tolist(),
    )
    counts = (len(first), int(contradicting.sum()), int(leaked.sum()))
    return leaked, CopyChecks(*counts, left_out=False, examples=list(examples))


def without_leaked(labels: Labels, leaked: np.ndarray) -> Labels:
    """Return the labels without the photos where `leaked`, `(P,)` bool, is true; a note says so."""
    photos = ("photo of train is left out", "photos of train are left out")
    note = f"{counted(int(np.count_nonzero(leaked)), *photos)}: val or test has copies"
    return replace(labels.of_images(~leaked), notes=(*labels.notes, note))


def leak_in_words(copies: CopyChecks) -> str:
    """Return how many photos of train have a copy in val or test, and the names of the first."""
    pairs = ", ".join(
        f"{pair.first.photo} ({pair.first.split}) and {pair.second.photo} ({pair.second.split})"
        for pair in copies.examples[:_NAMED]
    )
    return f"photos of train with a copy in val or test: {copies.leaked}, first {pairs}"


def _photos(images: pa.Table, rows: np.ndarray) -> list[CopiedPhoto]:
    chosen = images.take(pa.array(rows))
    columns = (chosen[name].to_pylist() for name in ("file_name", "image_id", "split"))
    return [CopiedPhoto(*values) for values in zip(*columns, strict=True)]
