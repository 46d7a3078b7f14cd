"""Checks boxes, block by block: which are unusual, and how they are distributed."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from pipeline.checks.box_keys import BLOCK, box_keys
from pipeline.findings import (
    ASPECTS,
    GRID,
    LONG_BOX,
    PIXEL_SIDE,
    SHOWN,
    SIDE_BINS,
    TINY_SIDE,
    BoxChecks,
    BoxExample,
    BoxFinding,
)
from pipeline.schemas import BOX_SIDES, box_columns


class _Found:
    """Counts what a check finds, and keeps the rows of the first."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[int] = []

    def add(self, places: np.ndarray) -> None:
        self.count += len(places)
        self.first += places[: SHOWN - len(self.first)].tolist()

    def of(self, objects: pa.Table) -> BoxFinding:
        rows = [objects.slice(place, 1).to_pylist()[0] for place in self.first]
        return BoxFinding(self.count, [_example(row) for row in rows])


def check_boxes(objects: pa.Table, input_side: int) -> BoxChecks:
    """Check the boxes of the `objects` table.

    Args:
        objects: in the order of their photos.
        input_side: side in pixels of the square that every photo is squashed to for the network.
    """
    repeated, tiny, pixel_sized, long = (_Found() for _ in range(4))
    sides, aspects = np.zeros(SIDE_BINS, int), np.zeros(len(ASPECTS) + 1, int)
    centres = np.zeros((GRID, GRID), int)
    for start, block in _blocks(objects):
        boxes = box_columns(block)
        photo_wh = np.stack([block["width"].to_numpy(), block["height"].to_numpy()], -1)
        wh = boxes[:, 2:] - boxes[:, :2]
        aspect = wh[:, 0] / wh[:, 1]
        repeated.add(start + _repeated(block, boxes))
        tiny.add(start + np.flatnonzero((wh * input_side < TINY_SIDE * photo_wh).any(1)))
        pixel_sized.add(start + np.flatnonzero((wh < PIXEL_SIDE).any(1)))
        long.add(start + np.flatnonzero((aspect > LONG_BOX) | (aspect < 1 / LONG_BOX)))
        share = np.sqrt((wh / photo_wh).prod(1))
        sides += np.bincount(_bins(share, SIDE_BINS), minlength=SIDE_BINS)
        aspects += np.bincount(np.searchsorted(ASPECTS, aspect, "right"), minlength=len(aspects))
        cells = _bins((boxes[:, :2] + boxes[:, 2:]) / 2 / photo_wh, GRID)
        flat = np.bincount(cells[:, 1] * GRID + cells[:, 0], minlength=GRID * GRID)
        centres += flat.reshape(GRID, GRID)
    return BoxChecks(
        repeated.of(objects),
        tiny.of(objects),
        pixel_sized.of(objects),
        long.of(objects),
        sides.tolist(),
        aspects.tolist(),
        centres.tolist(),
    )


def _blocks(objects: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """Yield blocks, each with its first row, such that the boxes of a photo stay together."""
    ids = objects["image_id"].to_numpy()
    begins = np.flatnonzero(ids[1:] != ids[:-1]) + 1  # of all photos but the first
    wanted = np.append(begins, len(ids))[begins.searchsorted(np.arange(BLOCK, len(ids), BLOCK))]
    edges = np.unique([0, *wanted, len(ids)])
    for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        yield start, objects.slice(start, end - start)


def _repeated(block: pa.Table, boxes: np.ndarray) -> np.ndarray:
    """Return the rows, ascending, of boxes equal to an earlier one of the same photo and class."""
    keys = box_keys(block["image_id"].to_numpy(), block["label"].to_numpy(), boxes)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    return np.sort(order[1:][keys[1:] == keys[:-1]])


def _bins(shares: np.ndarray, count: int) -> np.ndarray:
    """Return the bin 0..count-1 of values of 0..1."""
    return np.clip((shares * count).astype(np.int64), 0, count - 1)


def _example(row: dict) -> BoxExample:
    xmin, ymin, xmax, ymax = (row[side] for side in BOX_SIDES)
    return BoxExample(row["file_name"], row["image_id"], row["name"], (xmin, ymin, xmax, ymax))
