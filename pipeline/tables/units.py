"""Finds out whether the boxes of a whole set are pixels `[x, y, width, height]`.

A single box is ambiguous, but a whole set is not, once the sizes of its photos are known. So it is
decided here for all formats, and not by their readers.
"""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.errors import InputError
from pipeline.formats.labels import Labels

_ROUNDING = 1.01  # shares are written with few digits
_LARGE = 4  # pixels of a side in which nobody labels
_MANY = 10  # boxes needed to reject a set that only looks odd
_FEW = 3  # boxes needed if another reading fits every box
_SLACK = 0.02  # share of a side by which boxes may leave their photo
_BLOCK = 1 << 18  # objects checked at once: with millions every copy counts


@dataclass(frozen=True)
class _Survey:
    """How many boxes of a set have area, and how many of these could be something else.

    Attributes:
        solid: with area.
        shares: within 0..1, in photos with larger sides.
        ends_above_one: with x + width or y + height above 1.
        beyond: leaving their photos.
        all_fit_as_corners: whether all fit if the last two numbers are the right and lower edge.
    """

    solid: int
    shares: int
    ends_above_one: int
    beyond: int
    all_fit_as_corners: bool


def known_shares_in_pixels(labels: Labels) -> Labels:
    """Return the labels with boxes that their format marks as shares converted to pixels.

    Args:
        labels: with all sizes of images, in the orientation of the labels.
    """
    if labels.shares is None:
        return labels
    boxes, shares = labels.boxes.copy(), labels.shares
    boxes[shares] *= np.tile(_sides(labels, shares), 2)
    return replace(labels, boxes=boxes, shares=None)


def in_pixels(labels: Labels) -> Labels:
    """Return the labels with boxes in pixels.

    If all boxes are shares of the sides of their photos (0..1), they are scaled, with a note.

    Args:
        labels: with all sizes of images.

    Raises:
        InputError: most boxes are shares and others are not, or nearly all leave their photos, as
            with corners in place of sizes.
    """
    found = _survey(labels)
    if found.shares == found.solid > 0:
        _check_shares(labels, found)
        note = f"the boxes of all {found.solid} objects are shares of the sides of their photos"
        scaled = labels.boxes * np.tile(_sides(labels, slice(None)), 2)
        notes = (*labels.notes, f"{note} (0..1); scaled to pixels")
        return replace(labels, boxes=scaled, notes=notes)
    if found.shares > found.solid / 2:
        raise InputError(
            f"{labels.file}: {found.shares} of {found.solid} boxes are within 0..1, as if shares "
            "of the sides, and the others are not; write all in pixels or all as shares"
        )
    _check_inside(labels, found)
    return labels


def _survey(labels: Labels) -> _Survey:
    counts, fits = np.zeros(4, int), True
    for start in range(0, len(labels.boxes), _BLOCK):
        some = slice(start, start + _BLOCK)
        boxes, sides = labels.boxes[some], _sides(labels, some)
        solid = (boxes[:, 2:] > 0).all(1)
        within = ((boxes >= 0) & (boxes <= _ROUNDING)).all(1) & (sides >= _LARGE).all(1)
        ends, slack = boxes[:, :2] + boxes[:, 2:], 1 + _SLACK * sides
        above_one = (ends > _ROUNDING).any(1)
        beyond = ((ends > sides + slack) | (boxes[:, :2] < -slack)).any(1)
        counts += [int((solid & part).sum()) for part in (solid, within, above_one, beyond)]
        as_corners = (boxes[:, 2:] > boxes[:, :2]) & (boxes[:, 2:] <= sides + slack)
        fits &= bool(as_corners[solid].all())
    solid_boxes, shares, ends_above_one, all_beyond = counts.tolist()
    return _Survey(solid_boxes, shares, ends_above_one, all_beyond, fits)


def _sides(labels: Labels, some: slice | np.ndarray) -> np.ndarray:
    """Return width and height `(K, 2)` of the photos of some objects."""
    sides = np.stack([labels.images["width"], labels.images["height"]], -1)
    return sides[labels.rows[some]].astype(np.float64)


def _check_shares(labels: Labels, found: _Survey) -> None:
    if found.ends_above_one:
        raise InputError(
            f"{labels.file}: all boxes are within 0..1, as shares of the sides, and "
            f"{found.ends_above_one} of {found.solid} leave their photos; "
            "write [x, y, width, height], in pixels"
        )


def _check_inside(labels: Labels, found: _Survey) -> None:
    count, total = found.beyond, found.solid
    problem = f"{labels.file}: {count} of {total} boxes leave their photos"
    if total >= _FEW and count > total / 3 and found.all_fit_as_corners:
        raise InputError(
            f"{problem}, and all fit when their last two numbers are taken for the right and the "
            "lower edge; write [x, y, width, height]"
        )
    if total >= _MANY and count > 0.8 * total:
        raise InputError(
            f"{problem}; check that they are pixels of these photos and not of larger ones"
        )
